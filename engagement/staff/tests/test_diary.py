"""Weeks, absences and public holidays of the database, as arithmetic sees them."""

from datetime import UTC, date, datetime, time

import pytest

from conftest import NOW
from engagement.staff.calendars import is_working_day, spans_on
from engagement.staff.diary import Covers, Diaries, calendar_of, cover_for, firm_calendar, line_for, public_holidays
from engagement.staff.models import Absence, User, WorkingWeek

WEDNESDAY = date(2026, 11, 18)
OFFICE = [[["09:00", "12:00"]]] * 5 + [[], []]


def away(user, cover=None, first=WEDNESDAY, last=WEDNESDAY):
    return Absence.objects.create(user=user, first_day=first, last_day=last, cover=cover)


def starts(calendar, day):
    return [opens for opens, _closes in spans_on(calendar, day)]


def test_without_a_week_of_their_own_the_firms_holds(thandi, firm):
    calendar = calendar_of(thandi, firm)

    assert starts(calendar, WEDNESDAY) == [
        datetime(2026, 11, 18, 6, 30, tzinfo=UTC),
        datetime(2026, 11, 18, 11, 0, tzinfo=UTC),
    ]


def test_the_week_in_force_on_a_day_holds(thandi, firm):
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 11, 23), hours=OFFICE)
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=[[["07:00", "15:00"]]] * 5 + [[], []])

    calendar = calendar_of(thandi, firm)

    assert starts(calendar, WEDNESDAY) == [datetime(2026, 11, 18, 5, 0, tzinfo=UTC)]
    assert starts(calendar, date(2026, 11, 25)) == [datetime(2026, 11, 25, 7, 0, tzinfo=UTC)]


def test_a_week_is_read_in_its_owners_zone(thandi, firm):
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=OFFICE)
    thandi.zone = "America/New_York"

    assert starts(calendar_of(thandi, firm), WEDNESDAY) == [datetime(2026, 11, 18, 14, 0, tzinfo=UTC)]


def test_nobody_works_while_away(thandi, firm):
    away(thandi, first=date(2026, 11, 18), last=date(2026, 11, 19))

    calendar = calendar_of(thandi, firm)

    assert [is_working_day(calendar, date(2026, 11, day)) for day in (17, 18, 19, 20)] == [True, False, False, True]


def test_a_day_may_end_at_midnight(thandi, firm):
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=[[["20:00", "24:00"]]] * 7)

    [(_opens, closes)] = spans_on(calendar_of(thandi, firm), WEDNESDAY)

    assert closes == datetime(2026, 11, 18, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 12, 16), "Day of Reconciliation"),
        (date(2026, 12, 25), "Christmas"),
        (date(2027, 4, 27), "Freedom Day"),
        (date(2027, 3, 22), "the Monday after a Sunday that is a holiday"),
    ],
)
def test_south_africa_is_off_on(firm, thandi, day, why):
    assert not is_working_day(calendar_of(thandi, firm), day), why
    assert not is_working_day(firm_calendar(firm), day), why


def test_the_day_after_is_not(firm):
    assert is_working_day(firm_calendar(firm), date(2026, 12, 17))


def test_a_part_of_a_country_has_its_own():
    fasnacht = date(2026, 6, 4)

    assert public_holidays("DE-BY")(fasnacht)
    assert not public_holidays("DE-BE")(fasnacht)


@pytest.mark.parametrize("region", ["", "XX", "ZA-XX", "atlantis", "-", "12"])
def test_an_unknown_region_has_none(region):
    assert not public_holidays(region)(date(2026, 12, 25))


def test_diaries_are_read_once(thandi, firm, django_assert_num_queries):
    diaries = Diaries(firm)
    diaries.of(thandi)

    with django_assert_num_queries(0):
        assert diaries.of(thandi) is diaries.of(thandi)


def test_people_who_work_alike_share_a_calendar_until_one_is_away(thandi, mara, firm):
    alike = calendar_of(thandi, firm) is calendar_of(mara, firm)
    away(thandi, mara)

    assert alike
    assert calendar_of(thandi, firm).absences
    assert not calendar_of(mara, firm).absences


def test_whoever_is_here_hears_themselves(thandi):
    assert cover_for(thandi, NOW) == thandi


def test_whoever_is_away_is_covered_for(thandi, sam):
    away(thandi, sam)

    assert cover_for(thandi, NOW) == sam


def test_the_day_is_theirs_and_not_the_servers(thandi, sam):
    away(thandi, sam)
    thandi.zone = "Pacific/Auckland"

    # In Auckland it is Thursday by then.
    assert cover_for(thandi, datetime(2026, 11, 18, 12, 0, tzinfo=UTC)) == thandi
    assert cover_for(thandi, datetime(2026, 11, 17, 12, 0, tzinfo=UTC)) == sam


def test_a_cover_who_is_away_is_covered_for_too(thandi, sam, mara):
    away(thandi, sam)
    away(sam, mara)

    assert cover_for(thandi, NOW) == mara


def test_two_who_cover_for_each_other_end_with_the_last(thandi, sam):
    away(thandi, sam)
    away(sam, thandi)

    assert cover_for(thandi, NOW) == sam


def test_without_a_cover_they_hear_themselves(thandi):
    away(thandi)

    assert cover_for(thandi, NOW) == thandi


def test_a_cover_who_left_does_not_count(thandi, sam):
    away(thandi, sam)
    User.objects.filter(pk=sam.pk).update(is_active=False)

    assert cover_for(thandi, NOW) == thandi


def test_time_of_day_does_not_matter_on_a_day_away(thandi, sam):
    away(thandi, sam)
    for clock in (time(0), time(23, 59)):
        moment = datetime.combine(WEDNESDAY, clock, thandi.zoneinfo)

        assert cover_for(thandi, moment) == sam


def test_many_diaries_are_read_in_two_questions(thandi, mara, sam, firm, django_assert_num_queries):
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 1, 1), hours=OFFICE)
    away(mara)
    people, diaries = [thandi, mara, sam], Diaries(firm)

    with django_assert_num_queries(2):  # weeks, absences
        diaries.read(people)
        diaries.read(people)
        calendars = [diaries.of(person) for person in people]

    assert calendars == [calendar_of(person, firm) for person in people]


def test_covers_that_were_read_together_are_those_that_are_asked_one_by_one(
    thandi, mara, sam, ada, django_assert_num_queries
):
    away(thandi, cover=sam)
    away(sam, cover=ada)
    away(mara, cover=thandi, first=date(2026, 11, 10), last=date(2026, 11, 12))
    people = [thandi, mara, sam, ada]

    with django_assert_num_queries(1):
        covers = Covers(WEDNESDAY)
        read = [covers.line(person, NOW) for person in people]

    assert read == [line_for(person, NOW) for person in people]
    assert read == [[ada, sam, thandi], [mara], [ada, sam], [ada]]
    assert [cover_for(person, NOW) for person in people] == [ada, mara, ada, ada]


def test_who_cannot_be_written_to_stands_in_for_nobody(thandi, sam, ada):
    away(thandi, cover=sam)
    away(sam, cover=ada)
    ada.email = "ada@nowhere.invalid"
    ada.save(update_fields=["email"])

    assert line_for(thandi, NOW) == [sam, thandi]
