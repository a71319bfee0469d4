"""The firm's own past replayed at the terminal, and its picture."""

import io
import re
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from conftest import DAY, NOW
from promises import actions
from promises.models import PastJob
from promises.tests.test_events import ASK, DONE, lines
from promises.track_record import JOBS_ENOUGH

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def jobs(thandi):
    """Of years ago; what took them three days of five hours was estimated at five."""

    def make(how_many):
        PastJob.objects.bulk_create(
            PastJob(
                owner=thandi,
                owner_name=thandi.name,
                estimate_hours=5,
                actual_hours=5 + number % 10,
                made_on=date(2024, 1, 1),
                finished_on=date(2024, 1, 2) + timedelta(days=number),
                working_days=number % 20,
                hours_a_day=5,
                fingerprint=str(number),
            )
            for number in range(how_many)
        )

    return make


@pytest.fixture
def ended(make_promise, thandi):
    """Three kept and two late, of three weeks each."""
    for number, late in enumerate((False, True, False, True, False)):
        made_at = NOW - (60 - number) * DAY
        promise = make_promise(due_on=(made_at + 21 * DAY).date(), made_at=made_at, estimate_hours=20)
        ended_at = promise.due_at + (DAY if late else -7 * DAY)
        actions.deliver(promise, delivered_at=ended_at, by=thandi, now=ended_at)


def backtest(**options):
    out = io.StringIO()
    call_command("backtest", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_a_record_that_is_too_short_is_said_to_be(firm, jobs, tmp_path):
    jobs(JOBS_ENOUGH - 1)

    told = backtest(html=tmp_path / "picture.html")

    assert told == (
        "Not enough record yet: 49 finished jobs, and a forecast wants 50."
        " Jobs of earlier years come in with manage.py import_track_record FILE.csv.\n"
    )
    assert not (tmp_path / "picture.html").exists()


def test_the_table_says_how_right_the_flags_would_have_been(firm, jobs, ended):
    jobs(JOBS_ENOUGH)

    told = backtest()

    # Five promises: made, a week, half, a fortnight, four fifths; the kept ones were done when two weeks had gone.
    assert re.search(r"^\d+ questions, \d+ answered; what came of \d+ is known\. 55 finished jobs\.", told)
    making = next(line for line in told.splitlines() if line.startswith("When it was promised"))
    assert making.split()[4:6] == ["5", "40%"]
    assert "Flags from 50% on: of 2 late dates" in told
    assert "“Due soon” alone" in told
    assert "90% or more" in told


def test_what_was_said_before_there_was_a_record_is_not_held_against_it(firm, jobs, ended):
    PastJob.objects.all().delete()
    jobs(JOBS_ENOUGH)
    PastJob.objects.update(finished_on=NOW.date())

    told = backtest()

    assert "what came of 0 is known. 50 finished jobs." in told


def test_the_flag_is_raised_from_the_firms_own_threshold_on(firm, jobs, ended):
    jobs(JOBS_ENOUGH)
    firm.at_risk_from = 0.85
    firm.save()

    assert "Flags from 85% on" in backtest()


def test_the_picture_needs_nothing_but_itself(firm, jobs, ended, tmp_path):
    jobs(JOBS_ENOUGH)
    file = tmp_path / "picture.html"

    told = backtest(html=file)

    page = file.read_text()
    assert f"The picture is in {file}." in told
    assert page.startswith("<!doctype html>")
    assert page.count('class="came"') > 1
    assert "Word &amp; Co" in page
    assert "Flags from 50% on" in page
    for foreign in ("<script", "<link", "src=", "href=", "http:", "https:", "url(", "@import"):
        assert foreign not in page


def test_the_picture_of_events_is_drawn_without_a_database(tmp_path, django_db_blocker):
    events, file = tmp_path / "past.jsonl", tmp_path / "picture.html"
    events.write_bytes(lines(ASK, DONE))

    with django_db_blocker.block():
        backtest(events=events, html=file)

    assert "past.jsonl" in file.read_text()


def test_a_picture_that_cannot_be_written_is_refused_in_words(firm, jobs, ended, tmp_path):
    jobs(JOBS_ENOUGH)

    with pytest.raises(CommandError, match=r"none/picture\.html: No such file"):
        backtest(html=tmp_path / "none" / "picture.html")


def test_answers_are_written_for_events_alone(firm, tmp_path):
    with pytest.raises(CommandError, match="name them with --events"):
        backtest(out=tmp_path / "answers.csv")
