import pytest
from django import forms

from engagement.staff.hours import NotHours, WeekHoursField, read_day, write_day

OFFICE = [["08:30", "12:30"], ["13:00", "17:00"]]


class WeekForm(forms.Form):
    hours = WeekHoursField(required=False, label="Hours")


def typed(**days):
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return {f"hours_{names.index(day)}": text for day, text in days.items()}


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("08:30-12:30, 13:00-17:00", OFFICE),
        ("13:00-17:00; 8.30 – 12.30", OFFICE),
        ("8:30 to 12:30 and 1pm to 5 p.m.", OFFICE),
        ("9-17", [["09:00", "17:00"]]),
        ("12am-12pm", [["00:00", "12:00"]]),
        ("20:00-24:00", [["20:00", "24:00"]]),
        ("", []),
        ("off", []),
    ],
)
def test_a_day_is_read_as_people_write_it(text, spans):
    assert read_day(text) == spans


@pytest.mark.parametrize(
    "text", ["nine to five", "9", "17-9", "9-9", "9-25", "9:75-10", "24:30-25", "13pm-14pm", "9-12, 11-15", "9-12-15"]
)
def test_a_day_that_makes_no_sense_is_refused(text):
    with pytest.raises(NotHours):
        read_day(text)


def test_a_day_is_written_as_it_can_be_read():
    assert read_day(write_day(OFFICE)) == OFFICE


def test_the_week_comes_out_as_the_models_keep_it():
    form = WeekForm(typed(mon="08:30-12:30, 13:00-17:00", sat="9-12"))

    assert form.is_valid()
    assert form.cleaned_data["hours"] == [OFFICE, [], [], [], [], [["09:00", "12:00"]], []]


def test_an_empty_week_is_none():
    form = WeekForm({})

    assert form.is_valid()
    assert form.cleaned_data["hours"] is None


def test_an_empty_week_can_be_refused():
    field = WeekHoursField()

    with pytest.raises(forms.ValidationError, match="at least one day"):
        field.clean([""] * 7)


def test_every_day_that_cannot_be_read_is_named_and_kept_as_typed():
    form = WeekForm(typed(mon="nine", tue="9-17", fri="17-9"))

    assert not form.is_valid()
    assert form.errors["hours"] == [
        "Monday: write hours like 08:30-12:30, 13:00-17:00, or leave it empty for a free day",
        "Friday: write hours like 08:30-12:30, 13:00-17:00, or leave it empty for a free day",
    ]
    assert 'value="nine"' in form["hours"].as_widget()


def test_saved_hours_are_shown_as_they_are_written():
    form = WeekForm(initial={"hours": [OFFICE, [], [], [], [], [], []]})

    assert 'value="08:30-12:30, 13:00-17:00"' in form["hours"].as_widget()


def test_each_day_has_a_label_of_its_own():
    html = WeekForm()["hours"].as_widget()

    assert '<label for="id_hours_6">Sunday</label>' in html
