"""Whether a date fits the diary: free hours after what is promised earlier, the chance, the earliest that holds."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import DAY, HOUR, NOW
from engagement.staff.models import Absence, Firm, WorkingWeek
from promises.capacity import HOLDS_FROM, weigh
from promises.due import due_for
from promises.fit_words import say
from promises.load import Earlier, Load, Owed
from promises.models import PastJob
from promises.track_record import JOBS_ENOUGH
from promises.weighing import Weighing

FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)
# Of 8 working hours a day, seven tenths are free for promised work; on Wednesday at eleven 5.5 hours are left.
A_DAY = 5.6
TODAY = 5.5 * 0.7


@pytest.fixture
def fit(firm, thandi, karoo):
    """Of so many hours to Karoo by this Friday, unless told otherwise."""

    def of(hours=None, on=FRIDAY, at=None, *, owner=thandi, client=karoo, now=NOW, moved=None):
        due = due_for(client, Firm.get(), on, at)
        estimate = None if hours is None else Decimal(str(hours))
        return weigh(Weighing(Firm.get()), owner, client, due, now, estimate=estimate, moved=moved)

    return of


@pytest.fixture
def words(fit, karoo, thandi, sam):
    def of(*args, reader=thandi, owner=thandi, **how):
        said = say(fit(*args, owner=owner, **how), owner, karoo, reader, NOW)
        return [said.verdict, *said.lines]

    return of


# What is free


def test_free_hours_are_the_share_of_working_time_before_the_date(fit):
    assert fit(1).free_hours == pytest.approx(TODAY + 2 * A_DAY)
    assert fit(1, on=NOW.date()).free_hours == pytest.approx(TODAY)


def test_what_is_promised_earlier_is_taken_off_and_counted(fit, make_promise):
    make_promise("Earlier", due_on=date(2026, 11, 19), estimate_hours=Decimal(3))
    make_promise("At the same moment", estimate_hours=Decimal(2))
    make_promise("Later", due_on=date(2026, 11, 27), estimate_hours=Decimal(9))

    seen = fit(1)

    assert seen.free_hours == pytest.approx(TODAY + 2 * A_DAY - 5)
    assert seen.earlier == Earlier(5.0, 2, 0)


def test_a_promise_without_an_estimate_is_counted_and_not_taken_as_nothing(fit, make_promise):
    make_promise("Nobody knows", due_on=date(2026, 11, 19))

    seen = fit(1)

    assert seen.earlier == Earlier(4.0, 1, 1)
    assert seen.free_hours == pytest.approx(TODAY + 2 * A_DAY - 4)


def test_nobody_has_fewer_free_hours_than_none(fit, make_promise):
    make_promise("Everything", due_on=date(2026, 11, 19), estimate_hours=Decimal(500))

    assert fit(1).free_hours == 0


@pytest.mark.parametrize("why", ["away", "a holiday", "another week", "a smaller share"])
def test_the_owners_own_diary_counts(fit, thandi, why):
    before = fit(1, on=date(2026, 12, 16)).free_hours if why == "a holiday" else fit(1).free_hours
    match why:
        case "away":
            Absence.objects.create(user=thandi, first_day=FRIDAY, last_day=FRIDAY)
            assert fit(1).free_hours == pytest.approx(before - A_DAY)
        case "a holiday":
            # The 16th is one in South Africa: a date on it has the hours of the day before.
            assert before == pytest.approx(fit(1, on=date(2026, 12, 15)).free_hours)
        case "another week":
            mornings = [[["09:00", "12:00"]]] * 5 + [[], []]
            WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=mornings, share=Decimal("0.5"))
            assert fit(1).free_hours == pytest.approx(0.5 + 2 * 1.5)
        case "a smaller share":
            Firm.objects.update(share=Decimal("0.35"))
            assert fit(1).free_hours == pytest.approx(before / 2)


# When it is too much


@pytest.mark.parametrize(("over", "is_short"), [(-0.1, False), (0, False), (0.1, True)])
def test_more_hours_than_are_free_are_too_many(fit, over, is_short):
    hours = round(TODAY + 2 * A_DAY, 2) + over

    assert fit(hours).is_short is is_short


@pytest.mark.parametrize(("threshold", "is_over"), [(0.46, True), (0.47, False)])
def test_a_chance_at_the_firms_threshold_is_too_much(fit, threshold, is_over):
    Firm.objects.update(at_risk_from=threshold)

    seen = fit(13.7)

    assert seen.chance == pytest.approx(0.465, abs=0.001)
    assert (seen.is_short, seen.is_over, seen.wants_reason) == (False, is_over, is_over)


def test_a_promise_that_takes_the_hours_of_a_later_one_is_too_much(fit, make_promise):
    make_promise("The whole of next week", due_on=date(2026, 11, 27), estimate_hours=Decimal(42))

    seen = fit(3)

    assert [moment.date() for moment in seen.squeezed] == [date(2026, 11, 27)]
    assert (seen.is_short, seen.is_at_risk, seen.is_over, seen.holds) == (False, False, True, False)


@pytest.mark.parametrize(("promised", "hours"), [(30, 3), (60, 3), (42, None)], ids=["room", "too much before", "none"])
def test_a_later_promise_with_room_or_without_hope_is_left_out(fit, make_promise, promised, hours):
    make_promise("Next week", due_on=date(2026, 11, 27), estimate_hours=Decimal(promised))

    assert fit(hours).squeezed == ()


# Who is asked why


def test_by_four_o_clock_is_not_asked_why(fit, make_promise):
    make_promise("Everything", due_on=NOW.date(), estimate_hours=Decimal(500))

    seen = fit(on=NOW.date(), at=time(16))

    assert (seen.is_over, seen.is_call_back, seen.wants_reason) == (True, True, False)


def test_today_with_an_estimate_that_does_not_fit_is_asked_why(fit):
    assert fit(9, on=NOW.date()).wants_reason


def test_without_an_estimate_nobody_is_asked_why_as_long_as_any_time_is_free(fit, make_promise):
    tomorrow = {"on": date(2026, 11, 19), "at": time(8, 30)}
    assert fit(**tomorrow).is_over
    assert not fit(**tomorrow).wants_reason

    make_promise("The rest of the day", due_on=NOW.date(), estimate_hours=Decimal(8))

    assert fit(**tomorrow).wants_reason


# The earliest date that holds


def test_the_earliest_date_is_the_first_with_eighty_per_cent(fit):
    seen = fit(8)

    assert not seen.holds
    assert seen.earliest == MONDAY
    assert fit(8, on=MONDAY).holds_per_cent >= HOLDS_FROM > seen.holds_per_cent


def test_the_same_time_of_day_is_meant(fit):
    by_noon = fit(8, at=time(12))

    assert not fit(8, on=MONDAY, at=time(12)).holds
    assert by_noon.earliest == date(2026, 11, 24)


@pytest.mark.parametrize("who", ["client", "owner"])
def test_both_sides_work_on_it(fit, karoo, thandi, who):
    if who == "owner":
        Absence.objects.create(user=thandi, first_day=MONDAY, last_day=date(2026, 11, 24))
    else:
        karoo.hours = [[], [], *[[["08:00", "17:00"]]] * 3, [], []]
        karoo.save()

    assert fit(8, client=karoo).earliest == date(2026, 11, 25)


def test_it_comes_after_what_is_promised_in_between(fit, make_promise):
    make_promise("Earlier", due_on=date(2026, 11, 19), estimate_hours=Decimal(20))

    assert fit(8).earliest > date(2026, 11, 26)


def test_it_leaves_the_hours_of_what_is_due_later(fit, make_promise):
    make_promise("The whole of next week", due_on=date(2026, 11, 27), estimate_hours=Decimal(42))

    earliest = fit(3).earliest

    assert earliest > date(2026, 11, 27)
    assert fit(3, on=earliest).squeezed == ()


def test_no_date_within_a_year_is_said(fit, words):
    assert fit(5000).earliest is None
    assert words(5000)[0] == "Friday 20 November would hardly hold. No date within a year would."


def test_where_nobody_ever_works_no_date_is_weighed(fit, thandi, words):
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=[[]] * 7)

    seen = fit(1)

    assert (seen.ever_works, seen.earliest) == (False, None)
    assert words(1) == ["You have no working time in the diary for a year: no date can be weighed."]


@given(hours=st.integers(1, 60), promised=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 30)), max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_promised_the_earliest_holds_and_none_before_it(firm, karoo, thandi, hours, promised):
    weighing = Weighing(firm)
    owed = [Owed(NOW + days * DAY + 6 * HOUR, pk, float(size)) for pk, (days, size) in enumerate(promised)]
    weighing._loads[thandi.pk] = Load(owed, 4.0)

    def weighed(day):
        return weigh(weighing, thandi, karoo, due_for(karoo, firm, day, None), NOW, estimate=Decimal(hours))

    earliest = weighed(FRIDAY).earliest

    assert weighed(earliest).holds
    before = [NOW.date() + number * DAY for number in range((earliest - NOW.date()).days)]
    assert [day for day in before if day.weekday() < 5 and weighed(day).holds] == []


# A date that moves


def test_a_promise_that_moves_does_not_stand_in_its_own_way(fit, make_promise):
    moved = make_promise("It", estimate_hours=Decimal(8))

    seen = fit(on=date(2026, 11, 27), moved=moved)

    assert seen.earlier == Earlier()
    assert seen.hours_needed == 8
    assert seen.free_hours == pytest.approx(TODAY + 7 * A_DAY)


def test_what_is_left_of_it_counts(fit, make_promise):
    moved = make_promise("It", estimate_hours=Decimal(40))
    moved.hours_left = Decimal(2)

    seen = fit(on=date(2026, 11, 24), moved=moved)

    assert (seen.hours_needed, seen.holds) == (2, True)


def test_moved_earlier_it_may_take_the_hours_of_what_was_before_it(fit, make_promise):
    moved = make_promise("It", due_on=date(2026, 12, 4), estimate_hours=Decimal(8))
    make_promise("Before it", due_on=date(2026, 11, 27), estimate_hours=Decimal(40))
    make_promise("After it", due_on=date(2026, 12, 11), estimate_hours=Decimal(24))

    assert [moment.date() for moment in fit(moved=moved).squeezed] == [date(2026, 11, 27)]
    assert fit(on=date(2026, 12, 7), moved=moved).squeezed == ()


# In words


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [
        (3, "Friday 20 November would hold."),
        (8, "Monday 23 November would hold; Friday 20 November only probably."),
        (13, "Thursday 26 November would hold; Friday 20 November is a coin toss."),
        (16, "Friday 27 November would hold; Friday 20 November has too few free hours."),
        (40, "Friday 11 December would hold; Friday 20 November would hardly hold."),
    ],
)
def test_the_verdict_names_the_date_that_would_hold(words, hours, verdict):
    assert words(hours)[0] == verdict


def test_it_is_said_what_the_chance_rests_on(words, make_promise):
    make_promise("Nobody knows", due_on=date(2026, 11, 19))

    assert words(8)[1:] == [
        "You have about 11 hours free before then, after 1 promise due earlier.",
        "1 of those has no estimate and counts as about 4 hours.",
        "This takes about 8 hours.",
        "You have no working week in the diary yet: the firm's is used.",
        "Not enough record yet: a first guess.",
    ]


def test_of_somebody_else_it_speaks_by_name(words, sam):
    assert words(8, reader=sam)[1] == "Thandi has about 15 hours free before then; nothing is promised earlier."


def test_without_an_estimate_it_asks_for_one(words):
    line = "Nobody has said how long this takes, so about 4 hours are supposed: an estimate makes it surer."
    assert line in words(on=date(2026, 11, 23))


def test_of_a_call_back_nothing_is_judged(fit, karoo, thandi):
    said = say(fit(on=NOW.date(), at=time(16)), thandi, karoo, thandi, NOW)

    assert (said.verdict, said.chance, said.offer) == ("", "", None)
    assert said.lines[0] == "You have about 3 hours free before then; nothing is promised earlier."


def test_the_earliest_is_said_where_a_later_date_was_chosen(words):
    assert "The earliest that would is Thursday 19 November." in words(3, on=date(2026, 11, 27))
    assert "No earlier date would." in words(3, on=date(2026, 11, 19))


def test_with_a_week_and_a_record_nothing_is_excused(words, thandi):
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1))
    day = {"made_on": date(2026, 10, 1), "finished_on": date(2026, 10, 2), "working_days": 1, "hours_a_day": 5.6}
    hours = {"estimate_hours": 8, "actual_hours": 8, "owner_name": "Thandi Mokoena"}
    PastJob.objects.bulk_create([PastJob(owner=thandi, **day, **hours) for _ in range(JOBS_ENOUGH)])

    assert words(8) == [
        "Friday 20 November would hold.",
        "You have about 15 hours free before then; nothing is promised earlier.",
        "This takes about 8 hours.",
        "The earliest that would is Thursday 19 November.",
    ]


def test_jobs_that_never_were_so_quick_are_spoken_of(words, thandi):
    day = {"made_on": date(2026, 10, 1), "finished_on": date(2026, 10, 14), "working_days": 9, "hours_a_day": 5.6}
    hours = {"estimate_hours": 8, "actual_hours": 8, "owner_name": "Thandi Mokoena"}
    PastJob.objects.bulk_create([PastJob(owner=thandi, **day, **hours) for _ in range(JOBS_ENOUGH)])

    assert "Jobs like this took about 9 working days; this leaves 2 working days." in words(8)
    assert "Jobs like this took about 9 working days; this leaves 2 working days." in words()
    assert not [line for line in words(8, on=date(2026, 12, 15)) if "this leaves" in line]


def test_a_promise_squeezed_out_is_named_by_its_date(words, make_promise):
    make_promise("The whole of next week", due_on=date(2026, 11, 27), estimate_hours=Decimal(42))

    said = words(3)

    assert said[0].endswith("; Friday 20 November takes hours that are promised for later dates.")
    assert "What is due on Friday 27 November would then have too few hours." in said


@pytest.mark.parametrize("role", ["owner", "manager", "other"])
def test_a_later_date_of_somebody_elses_is_named_to_managers_only(words, make_promise, secret, thandi, mara, sam, role):
    make_promise("The whole week", client=secret, due_on=date(2026, 11, 27), estimate_hours=Decimal(42))
    reader = {"owner": thandi, "manager": mara, "other": sam}[role]

    said = " ".join(words(3, reader=reader))

    assert ("Friday 27 November" in said.split("would hold;")[1]) is (role != "other")
    assert ("What is due on a later day would then have too few hours." in said) is (role == "other")


def test_what_ends_at_midnight_is_squeezed_on_the_day_before(words, make_promise):
    make_promise("Next week", due_on=date(2026, 11, 28), due_time=time(0), estimate_hours=Decimal(42))

    assert "What is due on Friday 27 November would then have too few hours." in words(3)


def test_a_record_is_not_told_as_the_owners(words, thandi, sam):
    day = {"made_on": date(2026, 10, 1), "finished_on": date(2026, 10, 14), "working_days": 9, "hours_a_day": 5.6}
    hours = {"estimate_hours": 8, "actual_hours": 8, "owner_name": "Thandi Mokoena"}
    PastJob.objects.bulk_create([PastJob(owner=thandi, **day, **hours) for _ in range(JOBS_ENOUGH)])

    said = words(8, reader=sam)

    assert "Jobs like this took about 9 working days; this leaves 2 working days." in said
    assert not [line for line in said if "Thandi's" in line]
