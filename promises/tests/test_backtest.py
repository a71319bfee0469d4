"""A file of events replayed at the terminal. None of these may touch the database, and the runner sees to it."""

import csv
import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from promises.tests.test_events import ASK, DONE, HOURS, lines


def backtest(tmp_path, *said, name="past.jsonl", **options):
    """What was answered, and what was said at the terminal."""
    events, out = tmp_path / name, tmp_path / "answers.csv"
    content = lines(*said)
    events.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command("backtest", events=events, out=out, stdout=stdout, stderr=stderr, **options)
    with out.open(newline="") as file:
        return list(csv.reader(file)), stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize("name", ["past.jsonl", "past.jsonl.gz"])
def test_every_question_is_answered_under_its_name(tmp_path, name):
    answers, _told, faults = backtest(tmp_path, ASK, {**HOURS, "ask": "E-1"}, DONE, name=name)

    assert [row[0] for row in answers] == ["ask", "C-1-0", "E-1"]
    assert all(0 < float(row[1]) < 1 for row in answers[1:])
    assert faults == ""


def test_what_cannot_be_answered_stays_empty(tmp_path):
    answers, _told, _faults = backtest(tmp_path, {**HOURS, "estimate_h": 0})

    assert answers[1] == ["C-1-0", ""]


def test_bad_lines_are_named_by_their_number_and_the_rest_is_answered(tmp_path):
    answers, _told, faults = backtest(
        tmp_path, b"nonsense\n", {**ASK, "spent_h": -1}, ASK, {**DONE, "day": "2026-02-01"}
    )

    assert [row[0] for row in answers] == ["ask", "C-1-0"]
    assert faults.splitlines() == [
        "Left out: line 1: not an object in JSON.",
        "Left out: line 2: spent_h is below zero.",
        "Left out: line 4: the day lies before the line above it.",
    ]


def test_what_is_refused_for_its_size_or_its_letters_is_said_in_words(tmp_path):
    answers, _told, faults = backtest(
        tmp_path, {**ASK, "ask": "\ud83d"}, {**ASK, "free_hours": 1e300}, {**ASK, "estimate_h": 1e-300}, DONE, DONE
    )

    assert answers == [["ask", "p"]]
    assert faults.splitlines() == [
        "Left out: line 1: ask has a character that no text has.",
        "Left out: line 2: free_hours is larger than it can be.",
        "Left out: line 3: estimate_h is too small: 0 says that nobody estimated it.",
        "Left out: line 5: asked or done already.",
    ]


@pytest.mark.parametrize("option", ["out", "html"])
@pytest.mark.parametrize("link", ["none", "soft", "hard"])
def test_nothing_is_written_where_the_events_stand(tmp_path, option, link):
    events = tmp_path / "past.jsonl"
    events.write_bytes(lines(ASK, DONE))
    other = tmp_path / "." / "other" if link != "none" else tmp_path / ".." / tmp_path.name / "past.jsonl"
    if link == "soft":
        other.symlink_to(events)
    elif link == "hard":
        other.hardlink_to(events)

    with pytest.raises(CommandError, match=r"holds the events\. Write to another file\."):
        call_command("backtest", events=events, **{option: other})

    assert events.read_bytes() == lines(ASK, DONE)


def test_of_very_many_bad_lines_some_are_named_and_the_others_counted(tmp_path):
    _answers, _told, faults = backtest(tmp_path, b"nonsense\n" * 1234, ASK)

    assert len(faults.splitlines()) == 51
    assert faults.splitlines()[-1] == "Left out: and 1,184 more."


def test_what_came_of_the_answers_is_told_in_figures(tmp_path):
    late = [{**ASK, "ask": f"L{n}", "task": f"L{n}"} for n in range(4)]
    kept = [{**ASK, "ask": f"K{n}", "task": f"K{n}"} for n in range(6)]
    on_time = [{**DONE, "task": f"K{n}", "day": "2026-03-12"} for n in range(6)]
    too_late = [{**DONE, "task": f"L{n}", "day": "2026-03-13"} for n in range(4)]
    # Nobody knows what becomes of this one.
    open_yet = {**ASK, "ask": "O", "task": "O"}

    _answers, told, _faults = backtest(tmp_path, *late, *kept, open_yet, *on_time, *too_late)

    assert "11 questions, 11 answered; what came of 10 is known. 10 finished jobs." in told
    making = next(line for line in told.splitlines() if line.startswith("When it was promised"))
    # All were called the same: 4 of 10 slipped, and nothing tells them apart.
    assert making.split()[4:6] == ["10", "40%"]
    assert making.split()[8] == "0.500"
    assert "of 4 late dates 0% were flagged" in told


def test_a_question_about_hours_is_judged_by_the_hours(tmp_path):
    asked = [{**HOURS, "ask": f"E{n}", "task": f"E{n}"} for n in range(10)]
    done = [{**DONE, "task": f"E{n}", "actual_h": 20.0 if n else 20.1} for n in range(10)]

    _answers, told, _faults = backtest(tmp_path, *asked, *done)

    hours = next(line for line in told.splitlines() if line.startswith("Against the free hours"))
    # Twenty hours were free: what took exactly those did not slip.
    assert hours.split()[4:6] == ["10", "10%"]
    assert "early flags" not in told


def test_without_any_outcome_the_figures_are_no_data(tmp_path):
    _answers, told, _faults = backtest(tmp_path, ASK)

    assert "1 question, 1 answered; what came of 0 is known." in told
    assert "nothing to say on early flags" in told
    assert "no data" in told


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path):
    file = tmp_path / "cut.jsonl.gz"
    # More than a buffer, so that the first lines can be read.
    file.write_bytes(gzip.compress(lines(ASK) + json.dumps(list(range(9999))).encode())[:-20])

    with pytest.raises(CommandError, match=r"cut\.jsonl\.gz"):
        call_command("backtest", events=file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match=r"none\.jsonl: No such file"):
        call_command("backtest", events=tmp_path / "none.jsonl")
