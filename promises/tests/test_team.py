"""Load and free hours by person and week: what managers see of everybody, and everybody of themselves."""

from datetime import date, time, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse

from clients.actions import make_client
from clients.models import Client
from conftest import DAY, NOW
from engagement.staff.models import Absence, User, WorkingWeek
from promises import actions
from promises.board import Board
from promises.coming_weeks import Promised
from promises.forecast import UNKNOWN_HOURS
from promises.models import Promise
from promises.team import WEEKS, Team, promised_by_week
from promises.weighing import Weighing

pytestmark = pytest.mark.django_db

TEAM = "/team/"
# NOW is Wednesday 18 November, eleven o'clock: 15 h of the firm's 28 h a week are left of this one.
THIS_WEEK, SUNDAY, MONDAY = 15.05, date(2026, 11, 22), date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def office(client, mara):
    client.force_login(mara)
    return client


def rows_of(page):
    assert page.status_code == 200
    return {str(row.line.person): row for row in page.context["rows"]}


def weeks_of(firm, person):
    lines, _following = Team(firm, NOW).page()
    return [cell.week for line in lines if line.person == person for cell in line.cells]


def promised(person, firm):
    weeks = Team(firm, NOW).weeks
    found = promised_by_week(Promise.objects.all(), weeks)
    return [found.get((person.pk, number), Promised()) for number in range(len(weeks))]


# What is promised


@pytest.mark.parametrize("estimate", [None, "40", "2.75", "0.1"])
@pytest.mark.parametrize("said", [None, "0", "7.5"])
@pytest.mark.parametrize("per_cent", [None, 0, 33, 100])
@pytest.mark.parametrize("standing", ["", "on_track", "done"])
def test_the_database_and_the_forecast_mean_the_same_by_what_is_left(
    make_promise, thandi, firm, estimate, said, per_cent, standing
):
    promise = make_promise(estimate_hours=estimate and Decimal(estimate))
    Promise.objects.update(standing=standing, per_cent=per_cent, hours_left=said and Decimal(said))

    (this_week, *_later) = promised(thandi, firm)

    earlier = Weighing(firm).load(thandi.pk).before(promise.due_at)
    assert this_week.needed == pytest.approx(earlier.hours)
    assert (this_week.count, this_week.unestimated) == (earlier.count, earlier.unestimated)


def test_what_has_ended_takes_no_hours_any_more(make_promise, thandi, firm):
    done = make_promise("Done", estimate_hours=8)
    make_promise("Still open", estimate_hours=3)
    actions.deliver(done, delivered_at=NOW, by=thandi, now=NOW)

    assert promised(thandi, firm)[0] == Promised(1, 3.0, 0)


def test_what_is_overdue_counts_into_this_week(make_promise, thandi, firm):
    make_promise(due_on=date(2026, 9, 1), made_at=NOW - 100 * DAY, estimate_hours=6)

    assert promised(thandi, firm)[0] == Promised(1, 6.0, 0)


def test_a_promise_belongs_to_the_week_of_its_own_zone(make_promise, thandi, firm):
    honolulu = make_client(Client(name="Aloha", zone="Pacific/Honolulu", lead=thandi), thandi, NOW)
    apia = make_client(Client(name="Talofa", zone="Pacific/Apia", lead=thandi), thandi, NOW)
    late_sunday = make_promise(client=honolulu, due_on=SUNDAY, estimate_hours=1)
    early_monday = make_promise(client=apia, due_on=MONDAY, due_time=time(9), estimate_hours=2)
    assert early_monday.due_at < late_sunday.due_at

    this_week, next_week, *_later = promised(thandi, firm)

    assert (this_week.hours, next_week.hours) == (1.0, 2.0)


@pytest.mark.parametrize("days", [6, 7, 13, 14, 41, 42])
def test_a_week_ends_with_its_sunday(make_promise, thandi, firm, days):
    make_promise(due_on=date(2026, 11, 16) + timedelta(days=days), estimate_hours=5)

    number = days // 7

    assert [week.hours for week in promised(thandi, firm)] == [5.0 if n == number else 0.0 for n in range(WEEKS)]


# What is free


def test_what_does_not_fit_is_over_and_flows_into_the_next_week(make_promise, thandi, firm):
    make_promise(estimate_hours=21)

    this_week, next_week, *_later = weeks_of(firm, thandi)

    assert this_week.free == pytest.approx(THIS_WEEK)
    assert this_week.over == next_week.carried == pytest.approx(21 - THIS_WEEK)
    assert (next_week.free, next_week.over) == (pytest.approx(28), 0)


def test_somebody_without_a_week_works_by_the_firms_and_is_marked(office, thandi, firm):
    WorkingWeek.objects.create(user=thandi, valid_from=NOW.date() - 30 * DAY, share=Decimal("0.50"))

    page = office.get(TEAM)
    rows = rows_of(page)

    assert page.context["without_week"] == 1  # Mara alone
    assert (rows["Mara Botha"].line.has_own_week, rows["Thandi Mokoena"].line.has_own_week) == (False, True)
    assert rows["Mara Botha"].squares[1].week.free == pytest.approx(28)
    assert rows["Thandi Mokoena"].squares[1].week.free == pytest.approx(20)
    assert "1 person has no working week set" in page.content.decode()


def test_who_is_away_is_said_and_why_is_not(office, thandi):
    Absence.objects.create(user=thandi, first_day=MONDAY, last_day=date(2026, 12, 1), note="An operation")

    page = office.get(TEAM)
    this_week, next_week, after = rows_of(page)["Thandi Mokoena"].squares[:3]

    assert (this_week.cell.away, this_week.cell.is_away) == (0, False)
    assert (next_week.week.free, next_week.cell.away, next_week.cell.is_away) == (0, 5, True)
    assert (after.cell.away, after.cell.is_away) == (2, False)
    assert "away 2 days" in page.content.decode()
    assert "An operation" not in page.content.decode()


def test_days_away_that_have_passed_are_not_spoken_of(office, thandi):
    Absence.objects.create(user=thandi, first_day=date(2026, 11, 16), last_day=date(2026, 11, 17))

    assert rows_of(office.get(TEAM))["Thandi Mokoena"].squares[0].cell.away == 0


def test_a_public_holiday_is_named_and_free_for_nobody(office, thandi):
    page = office.get(TEAM)

    assert page.context["heads"][4].holidays == [date(2026, 12, 16)]
    assert rows_of(page)["Thandi Mokoena"].squares[4].week.free == pytest.approx(22.4)


# Who stands there


def test_somebody_who_left_stands_there_while_something_of_theirs_is_undone(office, thandi, sam, make_promise):
    make_promise(owner=thandi, estimate_hours=6)
    User.objects.filter(pk__in=[thandi.pk, sam.pk]).update(is_active=False)

    page = office.get(TEAM)
    rows = rows_of(page)

    assert list(rows) == ["Mara Botha", "Thandi Mokoena"]
    assert rows["Thandi Mokoena"].squares[0].week.over == 6.0
    assert [square.week.free for square in rows["Thandi Mokoena"].squares] == [0.0] * WEEKS
    assert "no longer works here" in page.content.decode()


def test_people_stand_in_the_order_of_their_names_whatever_they_carry(office, make_person, make_promise):
    for name in ("zola Adams", "Bram Visser", "anna Nel"):
        make_promise(owner=make_person(name), estimate_hours=len(name) ** 2)

    assert list(rows_of(office.get(TEAM))) == ["anna Nel", "Bram Visser", "Mara Botha", "Thandi Mokoena", "zola Adams"]


def test_pages_show_everybody_once(firm, mara, make_person):
    for number in range(5):
        make_person("Twin" if number < 2 else f"Person {number}", email=f"p{number}@word.example")
    names, after = [], None
    while True:
        lines, after = Team(firm, NOW).page(after, size=2)
        names += [line.person.name for line in lines]
        if after is None:
            break

    assert names == ["Mara Botha", "Person 2", "Person 3", "Person 4", "Twin", "Twin"]


@pytest.mark.parametrize("after", ["nonsense", "-1", "99999", "\x00", "9" * 30])
def test_nonsense_for_a_page_is_as_if_it_were_not_there(office, after):
    assert list(rows_of(office.get(TEAM, {"after": after}))) == ["Mara Botha"]


def test_where_nothing_is_promised_everybody_is_free(office):
    page = office.get(TEAM)

    assert [square.week.promised.count for square in rows_of(page)["Mara Botha"].squares] == [0] * WEEKS
    assert "over by" not in page.content.decode()


# What the page shows, and leads to


def test_what_is_not_estimated_is_counted_and_shown(office, make_promise):
    for number in range(2):
        make_promise(f"Promise {number}")

    page = office.get(TEAM)

    assert rows_of(page)["Thandi Mokoena"].squares[0].week.promised == Promised(2, 0.0, 2)
    assert "2 not estimated" in page.content.decode()
    assert f"counted as {UNKNOWN_HOURS:.0f} h" in page.content.decode()


def test_what_does_not_fit_is_said_in_words(office, make_promise):
    make_promise(estimate_hours=21)

    assert "over by 6 h" in office.get(TEAM).content.decode()


def test_each_cell_leads_to_exactly_the_promises_that_it_counts(office, make_promise, thandi, sam):
    honolulu = make_client(Client(name="Aloha", zone="Pacific/Honolulu"), thandi, NOW)
    for days in (-9, -1, 0, 3, 4, 5, 11, 12, 30, 40):
        make_promise(f"Karoo {days}", due_on=NOW.date() + days * DAY, made_at=NOW - 20 * DAY)
        make_promise(f"Aloha {days}", client=honolulu, due_on=NOW.date() + days * DAY, made_at=NOW - 20 * DAY)
    make_promise("Somebody else's", owner=sam)

    for square in rows_of(office.get(TEAM))["Thandi Mokoena"].squares:
        listed = office.get(square.url).context["rows"]
        assert len(listed) == square.week.promised.count
        assert {row.promise.owner for row in listed} <= {thandi}


def test_a_manager_sees_the_load_of_restricted_clients(office, make_promise, secret):
    make_promise(client=secret, estimate_hours=9)

    assert rows_of(office.get(TEAM))["Thandi Mokoena"].squares[0].week.promised.hours == 9.0


# What it costs


@pytest.mark.parametrize("how_many", [1, 3])
def test_it_costs_the_same_for_one_person_and_for_three(
    office, make_person, make_promise, how_many, django_assert_num_queries
):
    for number in range(how_many):
        person = make_person(f"Person {number}", email=f"p{number}@word.example")
        WorkingWeek.objects.create(user=person, valid_from=NOW.date())
        Absence.objects.create(user=person, first_day=MONDAY, last_day=MONDAY)
        make_promise(owner=person)

    # session, person, firm, people, their weeks and absences, loads, who has no week, heartbeat, oldest unsent
    with django_assert_num_queries(9):
        assert office.get(TEAM).status_code == 200


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a small table as it lies")
def test_loads_are_read_through_the_index_of_open_promises_by_owner(
    make_promise, thandi, mara, firm, django_assert_num_queries
):
    make_promise()
    weeks = Team(firm, NOW).weeks

    with django_assert_num_queries(1) as asked:
        promised_by_week(Promise.objects.filter(owner__in=[thandi, mara]), weeks)

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + asked[0]["sql"])
        plan = " ".join(row[-1] for row in cursor.fetchall())
    assert "USING INDEX promise_owner_counted (owner_id=? AND due_at<?)" in plan


# The board's chart of the coming weeks


def coming(page):
    return [bar.week for bar in page.context["coming"]]


def test_the_board_adds_up_what_the_team_shows(office, make_promise, make_person, thandi, mara):
    WorkingWeek.objects.create(user=thandi, valid_from=NOW.date() - 30 * DAY, share=Decimal("0.50"))
    make_promise(estimate_hours=9)
    make_promise("Late", due_on=date(2026, 11, 2), made_at=NOW - 30 * DAY, owner=mara, estimate_hours=5)
    make_promise("Next", due_on=date(2026, 11, 25), owner=mara)
    lines = [row.line for row in rows_of(office.get(TEAM)).values()]

    for number, week in enumerate(coming(office.get(reverse("promises:board")))):
        parts = [line.cells[number].week for line in lines]
        assert week.free == pytest.approx(sum(part.free for part in parts))
        assert week.promised.needed == pytest.approx(sum(part.promised.needed for part in parts))
        assert week.promised.count == sum(part.promised.count for part in parts)


def test_the_bars_of_the_board_lead_to_what_they_count(office, make_promise):
    for days in (-9, -1, 0, 4, 5, 11, 12):
        make_promise(f"Promise {days}", due_on=NOW.date() + days * DAY, made_at=NOW - 20 * DAY)

    bars = office.get(reverse("promises:board")).context["coming"]

    assert [bar.week.promised.count for bar in bars] == [4, 2, 1, 0]
    for bar in bars:
        assert len(office.get(bar.url).context["rows"]) == bar.week.promised.count


def test_one_persons_board_sets_their_load_against_their_own_hours(office, make_promise, thandi):
    WorkingWeek.objects.create(user=thandi, valid_from=NOW.date() - 30 * DAY, share=Decimal("0.50"))
    make_promise(due_on=MONDAY, estimate_hours=26)

    page = office.get(reverse("promises:board"), {"owner": thandi.pk})

    assert [week.free for week in coming(page)][1:] == [pytest.approx(20)] * 3
    assert page.context["with_free"] is True


def test_part_of_the_load_is_not_set_against_all_of_the_hours(office, make_promise, karoo):
    make_promise(estimate_hours=90)

    page = office.get(reverse("promises:board"), {"client": karoo.pk})

    assert page.context["with_free"] is False
    assert [week.promised.hours for week in coming(page)] == [90.0, 0.0, 0.0, 0.0]
    assert "over by" not in page.content.decode()


def copies(like, how_many):
    fields = {
        field.attname: getattr(like, field.attname) for field in Promise._meta.concrete_fields if field.attname != "id"
    }
    Promise.objects.bulk_create([Promise(**fields) for _each in range(how_many)])


def test_of_more_than_a_thousand_nobody_adds_up_the_hours(office, make_promise):
    copies(make_promise(estimate_hours=1), 1000)

    page = office.get(reverse("promises:board"))

    assert coming(page) == []
    assert "More than 1,000 promises are overdue or due this week" in page.content.decode()


def test_weeks_after_one_of_too_many_are_not_walked(make_promise, mara):
    next_week, _later = make_promise(due_on=MONDAY), make_promise(due_on=MONDAY + 7 * DAY)
    shown = Board(user=mara, zone=ZoneInfo("Africa/Johannesburg"), now=NOW)

    assert [shown.counts()[f"week_{number}"] for number in range(4)] == [0, 1, 1, 0]
    copies(next_week, 1000)
    assert [shown.counts()[f"week_{number}"] for number in range(4)] == [0, 1001, 0, 0]
    copies(make_promise(due_on=NOW.date() - DAY, made_at=NOW - 20 * DAY), 1000)
    assert [shown.counts()[f"week_{number}"] for number in range(4)] == [0, 0, 0, 0]


def test_a_thousand_are_added_up(office, make_promise):
    copies(make_promise(estimate_hours=1), 999)

    page = office.get(reverse("promises:board"))

    assert [week.promised.hours for week in coming(page)] == [1000.0, 0.0, 0.0, 0.0]
    assert "More than 1,000" not in page.content.decode()


def test_what_flows_over_from_a_week_of_too_many_is_not_guessed_at(office, make_promise):
    this_week, next_one = make_promise(estimate_hours=3), make_promise(due_on=MONDAY, estimate_hours=1)
    make_promise(due_on=MONDAY + 7 * DAY, estimate_hours=5)
    copies(next_one, 1000)

    page = office.get(reverse("promises:board"))

    assert [week.promised.hours for week in coming(page)] == [3.0]
    assert coming(page)[0].first <= this_week.due_on <= coming(page)[0].last
    said = page.content.decode()
    assert "More than 1,000 promises are due in the week of" in said
    assert "too many to add up their hours and those of later weeks." in said
    assert f'datetime="{MONDAY.isoformat()}"' in said.split("More than 1,000 promises")[1][:120]


def test_where_too_many_are_overdue_this_week_is_not_added_up(office, make_promise):
    late = make_promise(due_on=NOW.date() - DAY, made_at=NOW - 20 * DAY)
    copies(late, 1000)
    make_promise(due_on=MONDAY, estimate_hours=5)

    page = office.get(reverse("promises:board"))

    assert coming(page) == []
    assert "More than 1,000 promises are overdue or due this week" in page.content.decode()


# A person's own, on My day


def test_my_day_says_how_much_of_ones_own_weeks_is_promised(client, thandi, mara, make_promise):
    make_promise(estimate_hours=21)
    make_promise("Next", due_on=MONDAY)
    make_promise("Somebody else's", owner=mara, estimate_hours=99)
    client.force_login(thandi)

    page = client.get(reverse("promises:my_day"))
    (this_week, url), (next_week, _url) = page.context["own_weeks"]

    assert (this_week.promised.hours, next_week.promised) == (21.0, Promised(1, 0.0, 1))
    assert parse_qs(urlsplit(url).query) == {"owner": [str(thandi.pk)], "state": ["open"], "due_to": ["2026-11-22"]}
    for words in ("21 h promised", "of 15 h free", "over by 6 h", "1 not estimated"):
        assert words in page.content.decode()


def test_my_day_says_nothing_of_weeks_in_which_nothing_is_due(client, thandi, make_promise):
    make_promise(due_on=date(2026, 12, 20), estimate_hours=9)
    client.force_login(thandi)

    assert client.get(reverse("promises:my_day")).context["own_weeks"] == []


def test_my_day_counts_only_what_one_may_see(client, sam, secret, make_promise):
    make_promise(client=secret, owner=sam)
    client.force_login(sam)

    assert client.get(reverse("promises:my_day")).context["own_weeks"] == []
