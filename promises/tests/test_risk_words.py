"""What the watch says: names, numbers and dates, three reasons at the most, right for whoever reads it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations, product
from time import process_time

import pytest
from django.utils import translation

from conftest import DAY, NOW
from engagement.staff.models import User
from promises.forecast import Forecast
from promises.models import Promise
from promises.risk_words import sentence

# Friday at five in Johannesburg.
DUE = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
WORK = Forecast(
    chance=0.6, left=9.0, free=5.2, grounds=("work",), usual_ratio=1.38, usual_days=6.0, days_elapsed=0, days_left=4,
    jobs=214, own_ratio=True, own=True, enough=True,
)  # fmt: skip
DAYS = replace(WORK, grounds=("days",))
GUESS = replace(WORK, enough=False, usual_ratio=None, usual_days=None)
NO_ESTIMATE = replace(WORK, grounds=("no_estimate",), left=None)


def promise(**fields):
    owner = User(name="Anna Nel", language="en")
    moments = {"due_at": DUE, "tell_by_at": DUE - DAY, "last_update_at": NOW - 2 * DAY}
    return Promise(owner=owner, what="Drawings", zone="Africa/Johannesburg", **moments | fields)


def said(forecast, now=NOW, **fields):
    return sentence(promise(**fields), forecast, now)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {},
            "About 9 hours left; jobs like this usually took 1.4 × their estimate; about 5 hours free before"
            " Fri 20 Nov.",
        ),
        (
            {"usual_ratio": 0.62},
            "About 9 hours left; jobs like this usually took 0.6 × their estimate; about 5 hours free before"
            " Fri 20 Nov.",
        ),
        (
            {"usual_ratio": 1.04, "left": 0.5},
            "About half an hour left; jobs like this usually took what was estimated;"
            " about 5 hours free before Fri 20 Nov.",
        ),
        (
            {"usual_ratio": 0.96, "left": 1.0},
            "About 1 hour left; jobs like this usually took what was estimated; about 5 hours free before Fri 20 Nov.",
        ),
        ({"usual_ratio": None}, "About 9 hours left, about 5 hours free before Fri 20 Nov."),
        (
            {"free": 0.0},
            "About 9 hours left; jobs like this usually took 1.4 × their estimate; no hours still free before"
            " Fri 20 Nov.",
        ),
    ],
)
def test_hours_stand_beside_what_estimates_have_meant(changes, text):
    assert said(replace(WORK, **changes)) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Jobs like this usually took about 6 working days; 4 are left."),
        ({"days_left": 1}, "Jobs like this usually took about 6 working days; 1 is left."),
        ({"days_elapsed": 3}, "Jobs like this usually took about 6 working days; 3 of 7 are gone."),
        ({"days_elapsed": 1, "usual_days": 1.2}, "Jobs like this usually took about 1 working day; 1 of 5 is gone."),
        ({"days_elapsed": 5, "days_left": 0}, "Jobs like this usually took about 6 working days; 5 of 5 are gone."),
        (
            {"days_elapsed": 3, "usual_days": 0.0},
            "Jobs like this usually took less than a working day; 3 of 7 are gone.",
        ),
    ],
)
def test_days_stand_beside_what_such_jobs_took(changes, text):
    assert said(replace(DAYS, **changes)) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"per_cent": 60}, "3 of 7 are gone. 60% of the work is done."),
        ({"per_cent": 60, "hours_left": Decimal("2.5")}, "3 of 7 are gone. About 2.5 hours of work left."),
        ({"per_cent": 95}, "3 of 7 are gone. 95% of the work is done. Is it done?"),
    ],
)
def test_beside_days_stands_what_is_known_to_be_done(fields, text):
    nearly = fields["per_cent"] > 90

    assert said(replace(DAYS, days_elapsed=3, is_nearly_done=nearly), **fields).endswith(f"; {text}")


@pytest.mark.parametrize(
    ("forecast", "text"),
    [
        (GUESS, "A first guess: about 9 hours left, about 5 hours free before Fri 20 Nov."),
        (
            replace(GUESS, left=None, grounds=("no_estimate",)),
            "A first guess, without an estimate: about 5 hours free before Fri 20 Nov.",
        ),
    ],
)
def test_without_enough_of_a_record_it_is_called_a_guess(forecast, text):
    assert said(forecast) == text


@pytest.mark.parametrize("ground", ["work", "days", "no_estimate"])
@pytest.mark.parametrize("enough", [True, False])
def test_whose_record_it_is_stays_unsaid(ground, enough):
    of_owner = replace(WORK, grounds=(ground,), enough=enough)

    text = said(of_owner)

    assert "Anna" not in text
    assert text == said(replace(of_owner, own=False, own_ratio=False))


def test_without_an_estimate_the_days_that_make_it_likely_are_said_first():
    days = "Jobs like this usually took about 6 working days; 3 of 7 are gone."
    no_estimate = replace(DAYS, left=None, days_elapsed=3, grounds=("days", "no_estimate"))

    assert said(no_estimate) == f"{days} Nobody has estimated it."
    assert said(no_estimate, now=DUE) == "The date has passed."
    assert said(replace(no_estimate, usual_days=None)) == (
        "Nobody has estimated it; about 5 hours free before Fri 20 Nov."
    )


@pytest.mark.parametrize("grounds", [("days", "no_estimate", "silent"), ("silent", "days", "no_estimate")])
def test_a_missing_estimate_gives_way_to_another_reason(grounds):
    text = said(replace(DAYS, left=None, days_elapsed=3, grounds=grounds))

    assert "Jobs like this usually took" in text
    assert "Nobody has said lately how this stands" in text
    assert "estimated" not in text


def test_what_nobody_has_estimated_says_so():
    assert said(NO_ESTIMATE) == "Nobody has estimated it; about 5 hours free before Fri 20 Nov."


@pytest.mark.parametrize(
    ("grounds", "text"),
    [
        (("said", "work"), "Anna said on Mon 16 Nov that it may be late. About 9 hours left, about 5 hours free"),
        (("said", "days"), "Anna said on Mon 16 Nov that it may be late. Jobs like this usually took about 6"),
        (
            ("silent", "work"),
            "Nobody has said lately how this stands, and the client would soon have to hear of a slip.",
        ),
        (
            ("waiting", "work"),
            "Waiting for the client since Thu 5 Nov: the keys. About 9 hours left, about 5 hours free",
        ),
        (("work", "waiting"), "About 9 hours left, about 5 hours free before Fri 20 Nov. Waiting for the client"),
        (("seems_done",), "The work seems finished. Is it done?"),
        (("not_delivered",), "The work seems finished. Is it done?"),
    ],
)
def test_the_weightiest_reason_is_said_first(grounds, text):
    waiting = {"waiting_for": "the keys", "waiting_since": NOW - 13 * DAY}

    assert said(replace(WORK, grounds=grounds), **waiting).startswith(text)


def test_three_reasons_are_the_most():
    waiting = {"waiting_for": "the keys", "waiting_since": NOW}
    records = ["work", "days", "no_estimate", "seems_done", "not_delivered"]
    for record, number in product([*([record] for record in records), ["days", "no_estimate"]], range(4)):
        for grounds in permutations([*record, *["said", "silent", "waiting"][:number]]):
            text = said(replace(WORK, grounds=grounds), **waiting)

            reasons = re.split(r"[.;,?] (?!Is it done)", text.replace(", and", " and"))
            assert 1 <= len(reasons) <= 3, text


@pytest.mark.parametrize(
    ("forecast", "text"),
    [(WORK, "The date has passed with about 9 hours left."), (NO_ESTIMATE, "The date has passed.")],
)
def test_after_the_date_it_says_so(forecast, text):
    assert said(forecast, now=DUE) == text


@pytest.mark.parametrize("is_asked", [True, False])
@pytest.mark.parametrize("forecast", [WORK, DAYS])
def test_what_is_nearly_done_is_asked_about(forecast, is_asked):
    assert said(replace(forecast, is_nearly_done=is_asked)).endswith(". Is it done?") == is_asked


def test_what_seems_finished_is_asked_about_once():
    finished = replace(WORK, grounds=("seems_done",), is_nearly_done=True)

    assert said(finished, per_cent=100).count("Is it done?") == 1


def test_what_is_due_at_midnight_is_due_on_the_day_before():
    assert "before Fri 20 Nov." in said(WORK, due_at=datetime(2026, 11, 20, 22, 0, tzinfo=UTC))


def test_a_date_of_another_year_says_which():
    assert "before Fri 8 Jan 2027." in said(WORK, due_at=datetime(2027, 1, 8, 15, 0, tzinfo=UTC))


def test_it_is_right_for_its_owner_and_for_everybody_else():
    grounds = ["said", "silent", "waiting", "work", "days", "no_estimate", "seems_done", "not_delivered"]
    for ground, own, enough in product(grounds, [True, False], [True, False]):
        text = said(replace(WORK, grounds=(ground,), own=own, own_ratio=own, enough=enough), waiting_for="the keys")

        assert not re.search(r"\b(you|yours?|today|tomorrow|yesterday)\b", text, re.IGNORECASE)


def test_numbers_and_days_are_those_of_the_language_in_force():
    english = said(WORK)
    with translation.override("nl"):
        dutch = said(WORK)

    assert "1.4 ×" in english
    assert "1,4 ×" in dutch
    assert "vr 20 nov" in dutch
    assert said(WORK) == english


def test_a_sweep_can_afford_it():
    """Twenty microseconds on a quiet machine: a hundred thousand of them within seconds."""
    rows = [
        (promise(due_at=DUE + timedelta(hours=number % 500)), replace(ground, left=number / 7, free=number / 11))
        for number in range(250)
        for ground in (WORK, DAYS, GUESS, NO_ESTIMATE)
    ]
    for row in rows:
        sentence(*row, NOW)

    began = process_time()
    for row in rows:
        sentence(*row, NOW)
    spent = process_time() - began

    assert spent / len(rows) < 0.0005
