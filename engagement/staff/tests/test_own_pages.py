"""One's profile, working weeks and days away; an administrator keeps them for others too."""

from datetime import date, time

import pytest
import time_machine

from conftest import DAY, NOW
from engagement.staff.models import Absence, User, WorkingWeek
from engagement.staff.signals import diary_changed

TODAY = date(2026, 11, 18)
PROFILE = {
    "name": "Thandi Mokoena",
    "title": "Architect",
    "phone": "021 555 0111",
    "zone": "Africa/Johannesburg",
    "language": "en",
    "digest_time": "8am",
    "single_keys": "on",
}
WEEK = {"valid_from": "1 December", "hours_0": "9-12, 13-17", "hours_2": "9-12", "share": "0.5"}
AWAY = {"first_day": "14 December", "last_day": "18 December", "cover": "", "note": "By the sea"}


@pytest.fixture(autouse=True)
def _on_a_wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mine(client, thandi):
    client.force_login(thandi)
    return client


def errors(page, field):
    assert page.status_code == 200
    assert "<title>Error: " in page.content.decode()
    return " ".join(page.context["form"].errors[field])


def test_the_profile_is_saved(mine, thandi, told):
    mine.post("/me/", PROFILE | {"zone": "Europe/London", "digest_time": "6:30", "single_keys": ""})

    thandi.refresh_from_db()
    assert (thandi.title, thandi.zone, thandi.digest_time) == ("Architect", "Europe/London", time(6, 30))
    assert not thandi.single_keys


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("6:30", time(6, 30)), ("7", time(7)), ("06.30", time(6, 30)), ("6pm", time(18)), ("8am", time(8))],
)
def test_the_morning_message_comes_in_the_morning(mine, thandi, typed, meant):
    mine.post("/me/", PROFILE | {"digest_time": typed})

    thandi.refresh_from_db()
    assert thandi.digest_time == meant


def test_another_zone_is_another_diary(mine, thandi, told):
    mine.post("/me/", PROFILE)
    assert told == []

    mine.post("/me/", PROFILE | {"zone": "Europe/London"})
    assert told == [thandi]


@pytest.mark.parametrize("change", [{"digest_time": "7:00"}, {"zone": "Europe/London"}])
def test_another_hour_or_zone_moves_the_next_morning_message(mine, thandi, change):
    User.objects.filter(pk=thandi.pk).update(next_digest_at=NOW + DAY)

    mine.post("/me/", PROFILE | change)

    thandi.refresh_from_db()
    assert thandi.next_digest_at is None


def test_the_same_hour_leaves_it(mine, thandi):
    User.objects.filter(pk=thandi.pk).update(next_digest_at=NOW + DAY)

    mine.post("/me/", PROFILE | {"title": "Lead architect"})

    thandi.refresh_from_db()
    assert thandi.next_digest_at == NOW + DAY


def test_nobody_gives_themselves_a_role(mine, thandi):
    mine.post("/me/", PROFILE | {"role": "administrator", "email": "other@word.example", "is_active": ""})

    thandi.refresh_from_db()
    assert (thandi.role, thandi.email, thandi.is_active) == ("staff", "thandi@word.example", True)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Enter your name"),
        ("title", "x" * 101, "Title must be 100 characters or fewer"),
        ("phone", "1" * 41, "Work phone must be 40 characters or fewer"),
        ("zone", "", "Choose a time zone"),
        ("zone", "EST5EDT", "“EST5EDT” is not in the list: choose another one"),
        ("zone", "Nowhere/Land", "is not in the list"),
        ("language", "xx", "Choose one from the list"),
        ("digest_time", "", "Enter a time, for example 8am"),
        ("digest_time", "early", "Enter a time, for example 5pm or 17:00"),
    ],
)
def test_what_will_not_do_is_said_and_the_rest_kept(mine, thandi, field, typed, words):
    page = mine.post("/me/", PROFILE | {"title": "Carpenter", field: typed})

    assert words in errors(page, field)
    assert field == "title" or 'value="Carpenter"' in page.content.decode()
    thandi.refresh_from_db()
    assert thandi.title == ""


def test_a_zone_that_is_listed_no_more_is_shown_and_has_to_be_changed(mine, thandi):
    User.objects.filter(pk=thandi.pk).update(zone="US/Eastern")

    assert '<option value="US/Eastern" selected>' in mine.get("/me/").content.decode()
    assert "is not in the list" in errors(mine.post("/me/", PROFILE | {"zone": "US/Eastern"}), "zone")


def test_a_week_is_kept_from_a_day_on(mine, thandi, told):
    mine.post("/me/weeks/new/", WEEK)

    week = thandi.weeks.get()
    assert week.valid_from == date(2026, 12, 1)
    assert week.hours[0] == [["09:00", "12:00"], ["13:00", "17:00"]]
    assert week.hours[1] == []
    assert str(week.share) == "0.50"
    assert told == [thandi]


def test_a_new_week_begins_with_the_hours_so_far(mine, thandi):
    WorkingWeek.objects.create(user=thandi, valid_from="2026-01-01", hours=[[["07:00", "11:00"]]] + [[]] * 6)

    assert 'value="07:00-11:00"' in mine.get("/me/weeks/new/").content.decode()


def test_a_week_is_changed_and_the_one_before_stays(mine, thandi, told):
    first = WorkingWeek.objects.create(user=thandi, valid_from="2026-01-01")
    second = WorkingWeek.objects.create(user=thandi, valid_from="2026-06-01")

    mine.post(f"/weeks/{second.pk}/", WEEK)

    first.refresh_from_db()
    second.refresh_from_db()
    assert first.hours[5] == []
    assert first.hours[0] == [["08:30", "12:30"], ["13:00", "17:00"]]
    assert second.valid_from == date(2026, 12, 1)
    assert len(told) == 1


def test_two_weeks_from_one_day_are_refused(mine, thandi):
    WorkingWeek.objects.create(user=thandi, valid_from="2026-12-01")

    page = mine.post("/me/weeks/new/", WEEK)

    assert "There is a week from this day already" in errors(page, "valid_from")


@pytest.mark.parametrize(
    ("field", "typed", "error_on", "words"),
    [
        ("valid_from", "", "valid_from", "Enter the first day of this week"),
        ("valid_from", "sometime", "valid_from", "Enter a date"),
        ("hours_0", "9 to noonish", "hours", "Monday: write hours"),
        ("hours_6", "17-9", "hours", "Sunday: write hours"),
        ("share", "", "share", "Enter the share"),
        ("share", "0", "share", "must be at least 0.05"),
        ("share", "70", "share", "decimal"),
        ("share", "most", "share", "must be a number"),
        ("share", "NaN", "share", "must be a number"),
    ],
)
def test_a_week_that_will_not_do_says_why(mine, thandi, told, field, typed, error_on, words):
    page = mine.post("/me/weeks/new/", WEEK | {field: typed})

    if words == "decimal":
        assert errors(page, error_on)
    else:
        assert words in errors(page, error_on)
    assert 'value="9-12"' in page.content.decode()
    assert not thandi.weeks.exists()
    assert told == []


def test_a_week_without_work_is_refused(mine, thandi):
    page = mine.post("/me/weeks/new/", {"valid_from": "1 December", "share": "0.5"})

    assert "at least one day" in errors(page, "hours")


def test_a_week_is_removed_after_a_question(mine, thandi, told):
    week = WorkingWeek.objects.create(user=thandi, valid_from="2026-12-01")

    asked = mine.get(f"/weeks/{week.pk}/remove/")
    assert "Tuesday 1 December" in asked.content.decode()
    assert thandi.weeks.exists()

    mine.post(f"/weeks/{week.pk}/remove/")
    assert not thandi.weeks.exists()
    assert told == [thandi]


def test_days_away_are_kept_with_a_cover(mine, thandi, sam, told):
    mine.post("/me/absences/new/", AWAY | {"cover": sam.pk})

    away = thandi.absences.get()
    assert (away.first_day, away.last_day, away.cover) == (date(2026, 12, 14), date(2026, 12, 18), sam)
    assert told == [thandi]
    assert "Sam Outsider receives the reminders" in mine.get("/me/").content.decode()


def test_somebody_ill_since_yesterday_can_say_so(mine, thandi):
    mine.post("/me/absences/new/", AWAY | {"first_day": "yesterday", "last_day": "Friday 20 November"})

    assert thandi.absences.get().first_day == date(2026, 11, 17)


def test_days_away_are_changed_and_removed(mine, thandi, told):
    away = Absence.objects.create(user=thandi, first_day="2026-12-01", last_day="2026-12-02")

    mine.post(f"/absences/{away.pk}/", AWAY)
    away.refresh_from_db()
    assert away.note == "By the sea"

    mine.post(f"/absences/{away.pk}/remove/")
    assert not thandi.absences.exists()
    assert len(told) == 2


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("first_day", "", "Enter the first day away"),
        ("last_day", "", "Enter the last day away"),
        ("last_day", "11 December", "Last day away must not be before the first"),
        ("last_day", "31 February", "There is no such day"),
        ("note", "x" * 201, "Note must be 200 characters or fewer"),
        ("cover", "999", "Choose one from the list"),
    ],
)
def test_days_away_that_will_not_do_say_why(mine, thandi, told, field, typed, words):
    page = mine.post("/me/absences/new/", AWAY | {field: typed})

    assert words in errors(page, field)
    assert 'value="14 December"' in page.content.decode() or field == "first_day"
    assert told == []


def test_nobody_covers_for_themselves_and_nobody_who_left_does(mine, thandi, sam):
    User.objects.filter(pk=sam.pk).update(is_active=False)

    for cover in (thandi, sam):
        assert "Choose one from the list" in errors(mine.post("/me/absences/new/", AWAY | {"cover": cover.pk}), "cover")


@pytest.mark.parametrize("address", ["/weeks/{}/", "/weeks/{}/remove/"])
def test_anothers_week_is_not_there(client, thandi, sam, address):
    week = WorkingWeek.objects.create(user=thandi, valid_from="2026-12-01")
    client.force_login(sam)

    assert client.get(address.format(week.pk)).status_code == 404
    assert client.post(address.format(week.pk), WEEK).status_code == 404
    assert WorkingWeek.objects.get().valid_from == date(2026, 12, 1)


def test_an_administrator_keeps_anybodys_days_away(client, ada, thandi, told):
    client.force_login(ada)

    response = client.post(f"/people/{thandi.pk}/absences/new/", AWAY)

    assert response.url == f"/people/{thandi.pk}/"
    assert thandi.absences.exists()
    assert told == [thandi]


class DeafError(Exception):
    pass


@pytest.mark.parametrize(
    ("address", "answers"),
    [
        ("/me/", PROFILE | {"zone": "Europe/London", "title": "Changed"}),
        ("/me/weeks/new/", WEEK),
        ("/weeks/{week}/remove/", {}),
        ("/me/absences/new/", AWAY),
        ("/absences/{away}/remove/", {}),
    ],
)
def test_what_the_rooms_above_cannot_follow_has_not_happened(mine, thandi, address, answers):
    week = WorkingWeek.objects.create(user=thandi, valid_from="2026-01-01")
    away = Absence.objects.create(user=thandi, first_day=TODAY, last_day=TODAY)

    def fail(sender, user, now, **kwargs):
        raise DeafError

    diary_changed.connect(fail)
    try:
        with pytest.raises(DeafError):
            mine.post(address.format(week=week.pk, away=away.pk), answers)
    finally:
        diary_changed.disconnect(fail)

    thandi.refresh_from_db()
    assert (thandi.title, thandi.zone) == ("", "Africa/Johannesburg")
    assert list(thandi.weeks.all()) == [week]
    assert list(thandi.absences.all()) == [away]


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_profile_costs_the_same_for_one_absence_and_for_three(
    mine, thandi, sam, django_assert_num_queries, how_many
):
    for number in range(how_many):
        Absence.objects.create(user=thandi, first_day=TODAY, last_day=TODAY + number * DAY, cover=sam)
        WorkingWeek.objects.create(user=thandi, valid_from=TODAY + number * DAY)

    with django_assert_num_queries(7):  # the four of every page, the copy of oneself, weeks, absences
        mine.get("/me/")
