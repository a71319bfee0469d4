from datetime import date, time
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from engagement.staff.fields import DateTextField, HoursField, TimeTextField, ZoneField, zone_names

WEDNESDAY = date(2026, 11, 18)
UNWANTED = ("please", "sorry", "valid", "oops", "forbidden", "required field")


def error_of(field: forms.Field, typed: str) -> str:
    with pytest.raises(ValidationError) as caught:
        field.clean(typed)
    return caught.value.messages[0]


@pytest.fixture
def due() -> DateTextField:
    return DateTextField(label="Due date", today=WEDNESDAY)


@pytest.mark.parametrize(
    "typed", ["2026-11-27", "27 November", "27/11/2026", "Nov 27", " by  27 Nov. ", "Friday next week"]
)
def test_a_date_is_taken_as_people_write_it(due, typed):
    assert due.clean(typed) == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Enter a date, for example 27 November or Friday"),
        ("   ", "Enter a date, for example 27 November or Friday"),
        ("soon", "Enter a date, for example 27 November or Friday"),
        ("yesterday", "Due date must be today or in the future"),
        ("31 November", "There is no such day as “31 November”: check the day and the month"),
        ("5pm", "Enter the date alone, for example 27 November or Friday"),
        ("Friday 5pm", "Enter the date alone, for example 27 November or Friday"),
        ("within 2 hours", "Enter the date alone, for example 27 November or Friday"),
        (
            "next Friday",
            "“next Friday” can be read in two ways: write Friday 20 November or Friday 27 November",
        ),
        (
            "03/04",
            "“03/04” can be read in two ways: write Thursday 4 March 2027 or Saturday 3 April 2027",
        ),
        ("3 March", "“3 March” has passed this year: write Wednesday 3 March 2027 if you mean that day"),
        ("31 March", "“31 March” has passed this year: write Wednesday 31 March 2027 if you mean that day"),
        ("17 November", "“17 November” has passed this year: write Wednesday 17 November 2027 if you mean that day"),
    ],
)
def test_what_is_not_one_day_is_answered_with_what_to_write(due, typed, error):
    assert error_of(due, typed) == error


def test_what_an_error_says_to_write_is_taken(due):
    error = error_of(due, "03/04")

    for written in error.partition("write ")[2].split(" or "):
        assert due.clean(written).year == 2027


def test_a_question_of_several_days_names_one(due):
    due.today = date(2026, 11, 22)

    assert error_of(due, "next week") == (
        "“next week” can be read in several ways: write the date, for example Monday 23 November"
    )


def test_long_nonsense_is_not_repeated_in_full():
    field = DateTextField(today=WEDNESDAY)

    assert len(error_of(field, "03/04" + " " * 5 + "!" * 5000)) < 200


def test_the_language_of_the_person_is_read():
    field = DateTextField(today=WEDNESDAY)

    with translation.override("nl"):
        assert field.clean("overmorgen") == date(2026, 11, 20)


def test_the_form_says_which_day_it_is():
    class PromiseForm(forms.Form):
        due_on = DateTextField()

        def __init__(self, *args, today, **kwargs):
            super().__init__(*args, **kwargs)
            self.fields["due_on"].today = today

    form = PromiseForm({"due_on": "tomorrow"}, today=WEDNESDAY)

    assert form.is_valid()
    assert form.cleaned_data == {"due_on": date(2026, 11, 19)}


def test_a_field_that_looks_back_takes_yesterday():
    field = DateTextField(today=WEDNESDAY, past_ok=True)

    assert field.clean("yesterday") == date(2026, 11, 17)


def test_a_saved_date_goes_round_unchanged():
    class PromiseForm(forms.Form):
        due_on = DateTextField(today=WEDNESDAY, required=False)

    shown = PromiseForm(initial={"due_on": date(2026, 12, 3)})["due_on"]
    form = PromiseForm({"due_on": shown.value()}, initial={"due_on": date(2026, 12, 3)})

    assert 'value="2026-12-03"' in str(shown)
    assert form.is_valid()
    assert not form.has_changed()


def test_nothing_typed_is_no_date_where_none_is_needed():
    assert DateTextField(today=WEDNESDAY, required=False).clean(" ") is None


@pytest.mark.parametrize(("typed", "meant"), [("5pm", time(17)), ("17:00", time(17)), ("", None), (" ", None)])
def test_a_time_may_be_left_open(typed, meant):
    assert TimeTextField(required=False).clean(typed) == meant


def test_a_time_that_is_none_is_answered_with_what_to_write():
    assert error_of(TimeTextField(), "soon") == "Enter a time, for example 5pm or 17:00"


def test_a_saved_time_goes_round_unchanged():
    field = TimeTextField()

    assert field.clean(field.prepare_value(time(9, 30))) == time(9, 30)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("3", "3"),
        ("3h", "3"),
        ("3 hours", "3"),
        ("1,5", "1.5"),
        ("1.5 h", "1.5"),
        ("90 min", "1.5"),
        ("90 minuten", "1.5"),
        ("2 uur", "2"),
        ("2h30", "2.5"),
        ("1h 15m", "1.25"),
        ("1:30", "1.5"),
        ("20 min", "0.33"),
        ("0,25", "0.25"),
    ],
)
def test_hours_are_taken_as_people_write_them(typed, hours):
    assert HoursField().clean(typed) == Decimal(hours)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Enter hours, for example 3h, 90 min or 1.5"),
        ("long", "Enter hours, for example 3h, 90 min or 1.5"),
        ("-3", "Enter hours, for example 3h, 90 min or 1.5"),
        ("3 days", "Enter hours, for example 3h, 90 min or 1.5"),
        ("1e5", "Enter hours, for example 3h, 90 min or 1.5"),
        ("NaN", "Enter hours, for example 3h, 90 min or 1.5"),
        ("0", "Enter more than no time, for example 15 min"),
        ("101", "Enter at most 100 hours"),
    ],
)
def test_what_is_no_effort_is_answered_with_what_to_write(typed, error):
    assert error_of(HoursField(most=100), typed) == error


def test_saved_hours_go_round_unchanged():
    field = HoursField()

    assert field.prepare_value(Decimal("10.00")) == "10"
    assert field.clean(field.prepare_value(Decimal("1.50"))) == Decimal("1.5")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Africa/Johannesburg", "Africa/Johannesburg"),
        (" africa/johannesburg ", "Africa/Johannesburg"),
        ("Johannesburg", "Africa/Johannesburg"),
        ("new york", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_a_zone_is_found_by_its_name(typed, name):
    assert ZoneField().clean(typed) == name


@pytest.mark.parametrize("typed", ["Mars/Olympus", "EST", "Etc/GMT+5", "../../etc/passwd", "\x00"])
def test_an_unknown_zone_is_answered_with_what_to_write(typed):
    shown = typed.strip()

    assert error_of(ZoneField(), typed) == (
        f"“{shown}” is not a known time zone: enter a place, for example Africa/Johannesburg"
    )


def test_the_zones_offered_are_places():
    assert "Europe/Amsterdam" in zone_names()
    assert not {"EST", "Etc/GMT+5", "US/Pacific"} & set(zone_names())


@pytest.mark.parametrize("field", [DateTextField, TimeTextField, HoursField, ZoneField])
def test_no_error_blames(field):
    messages = " ".join(str(message) for message in field.default_error_messages.values()).lower()

    assert [word for word in UNWANTED if word in messages] == []
