"""The stream of events: what is refused, and that an answer knows only the lines above it."""

import io
import json

import pytest

from promises import events
from promises.events import Answer, Ask, Done, Fault
from promises.forecast import late_chance, overrun_chance
from promises.job_book import Job
from promises.track_record import TrackRecord

ASK = {
    "ev": "ask",
    "day": "2026-03-02",
    "ask": "C-1-0",
    "org": "Word & Co",
    "task": "1",
    "owner": "thandi",
    "kind": "Design",
    "estimate_h": 4.5,
    "spent_h": 0.5,
    "due": "2026-03-12",
    "workdays_elapsed": 0,
    "workdays_left": 8,
    "hours_per_day": 2.5,
    "free_hours": 20.0,
    "silent_workdays": 0,
}
HOURS = {name: ASK[name] for name in ("ev", "day", "ask", "org", "task", "owner", "kind", "estimate_h", "free_hours")}
DONE = {
    "ev": "done",
    "day": "2026-03-09",
    "org": "Word & Co",
    "task": "1",
    "owner": "thandi",
    "kind": "Design",
    "estimate_h": 4.5,
    "actual_h": 6.1,
    "workdays_taken": 5.0,
    "hours_per_day": 2.5,
}


def without(event, *names):
    return {name: value for name, value in event.items() if name not in names}


def lines(*said):
    return b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in said)


def read(*said):
    return list(events.read(io.BytesIO(lines(*said))))


def test_a_question_by_days_becomes_the_facts_of_the_forecast():
    (ask,) = read(ASK)

    assert (ask.name, ask.org, ask.task, ask.due.isoformat()) == ("C-1-0", "Word & Co", "1", "2026-03-12")
    facts = ask.facts
    assert (facts.owner, facts.kind, facts.estimate_hours, facts.spent_hours) == ("thandi", "Design", 4.5, 0.5)
    assert (facts.free_hours, facts.hours_a_day, facts.days_elapsed, facts.days_left) == (20.0, 2.5, 0, 8)
    assert (facts.silent_days, facts.hours_left, facts.silent) == (0, None, False)


def test_a_finished_job_of_the_hours_question_has_no_days():
    (done,) = read(without(DONE, "workdays_taken", "hours_per_day"))

    assert (done.job.actual, done.job.days, done.job.hours_a_day) == (6.1, None, 0.0)


@pytest.mark.parametrize(
    ("line", "why", "field"),
    [
        (b"not json\n", "json", ""),
        (b'["ev", "ask"]\n', "json", ""),
        (b"\xff\xfe\n", "json", ""),
        (b"[" * 50_000 + b"\n", "json", ""),
        (b'{"ev": "ask", ' + b" " * events.LONGEST_LINE + b"}\n", "long", ""),
        (lines(ASK).replace(b"20.0", b"NaN"), "json", ""),
        (lines(ASK).replace(b"20.0", b"1e999"), "number", "free_hours"),
        (lines(ASK).replace(b"20.0", b"1" + b"0" * 400), "number", "free_hours"),
        ({**ASK, "ev": "started"}, "ev", "ev"),
        (without(ASK, "ev"), "ev", "ev"),
        *((without(ASK, name), "missing", name) for name in ASK if name not in ("ev", "due")),
        *((without(HOURS, name), "missing", name) for name in HOURS if name != "ev"),
        *((without(DONE, name), "missing", name) for name in DONE if name != "ev"),
        ({**ASK, "estimate_h": "4.5"}, "number", "estimate_h"),
        ({**ASK, "estimate_h": None}, "number", "estimate_h"),
        ({**ASK, "estimate_h": True}, "number", "estimate_h"),
        ({**ASK, "owner": 645}, "words", "owner"),
        ({**ASK, "ask": ""}, "words", "ask"),
        ({**ASK, "workdays_left": 2.5}, "whole", "workdays_left"),
        ({**ASK, "spent_h": -0.5}, "negative", "spent_h"),
        ({**ASK, "free_hours": -1}, "negative", "free_hours"),
        ({**DONE, "actual_h": -6.1}, "negative", "actual_h"),
        ({**DONE, "workdays_taken": -1}, "negative", "workdays_taken"),
        *(({**ASK, name: 1e300}, "large", name) for name in ("estimate_h", "spent_h", "free_hours", "hours_per_day")),
        *(({**ASK, name: 10**6}, "large", name) for name in ("workdays_elapsed", "workdays_left", "silent_workdays")),
        ({**DONE, "actual_h": 1_000_001}, "large", "actual_h"),
        ({**DONE, "workdays_taken": 100_001}, "large", "workdays_taken"),
        ({**ASK, "estimate_h": 1e-300}, "small", "estimate_h"),
        ({**HOURS, "estimate_h": 5e-324, "spent_h": 1}, "small", "estimate_h"),
        ({**DONE, "estimate_h": 0.0009}, "small", "estimate_h"),
        *(({**ASK, name: "half \ud83d"}, "utf8", name) for name in ("ask", "org", "task", "owner", "kind")),
        ({**DONE, "task": "\udc00"}, "utf8", "task"),
        ({**ASK, "day": "2 March 2026"}, "day", "day"),
        ({**ASK, "day": "2026-02-30"}, "day", "day"),
        ({**ASK, "day": "2026-W10-1"}, "day", "day"),
        ({**ASK, "due": None}, "day", "due"),
        ({**ASK, "due": "2026-03-01"}, "due", "due"),
    ],
)
def test_a_bad_line_is_named_and_left_out(line, why, field):
    found = read({**DONE, "task": "2", "day": "2026-02-01"}, line, DONE)

    assert [type(event) for event in found] == [Done, Fault, Done]
    assert found[1] == Fault(2, why, field)


def test_a_line_that_goes_back_in_time_is_left_out():
    found = read(DONE, {**ASK, "day": "2026-03-08"}, {**ASK, "day": "2026-03-09"})

    assert found[1] == Fault(2, "order", "day")
    assert isinstance(found[2], Ask)


def test_a_bad_line_does_not_move_the_clock():
    found = read({**ASK, "day": "2030-01-01", "due": "2029-01-01"}, ASK)

    assert (found[0].why, type(found[1])) == ("due", Ask)


def test_a_question_asked_twice_is_answered_once():
    found = read(ASK, ASK)

    assert found[1] == Fault(2, "twice", "ask")


def test_a_job_is_done_once_in_each_organisation():
    found = read(DONE, {**DONE, "actual_h": 9}, {**DONE, "org": "Somebody else"}, {**DONE, "task": "2"})

    assert found[1] == Fault(2, "twice", "task")
    assert [type(event) for event in found] == [Done, Fault, Done, Done]


def test_the_largest_and_the_smallest_that_are_taken_still_make_a_chance():
    hours, days = events.MOST_HOURS, int(events.MOST_DAYS)
    jobs = [{**DONE, "task": str(number), "estimate_h": 0.001, "actual_h": hours} for number in range(60)]
    least = {
        **ASK,
        "day": "2026-03-09",
        "estimate_h": 0.001,
        "spent_h": hours,
        "free_hours": hours,
        "hours_per_day": 5e-324,
    }
    least |= {"workdays_elapsed": days, "workdays_left": days, "silent_workdays": days}
    alone = {**HOURS, "ask": "alone", "day": "2026-03-09", "estimate_h": 0.001, "spent_h": hours, "free_hours": hours}

    said = [one for one in events.replay(read(*jobs, least, alone)) if not isinstance(one, Done)]

    assert [0 <= one.chance <= 1 for one in said] == [True, True]


def test_empty_lines_are_passed_over_and_still_counted():
    found = read(ASK, b"\n", b"   \n", b"nonsense\n")

    assert found[1] == Fault(4, "json", "")


def test_an_answer_is_the_forecasts_own_from_the_lines_above_alone():
    jobs = [{**DONE, "task": f"other {number}", "workdays_taken": number % 12} for number in range(60)]
    later = {**ASK, "ask": "C-1-1", "day": "2026-03-09"}
    ask = {**HOURS, "ask": "E-1", "day": "2026-03-09"}

    said = list(events.replay(read(ASK, *jobs, later, ask, {**DONE, "workdays_taken": 300})))

    answers = [one for one in said if isinstance(one, Answer)]
    in_hand = Job("thandi", "Design", 4.5, None, answers[1].ask.facts.days_elapsed, 2.5, is_open=True)
    record = TrackRecord([in_hand, *(done.job for done in said[1:61])])
    assert [one.chance for one in answers] == [
        late_chance(answers[0].ask.facts, TrackRecord()),
        late_chance(answers[1].ask.facts, record),
        overrun_chance("thandi", "Design", 4.5, 0.0, 20.0, record),
    ]
    assert answers[0].chance != answers[1].chance
    assert [one.jobs for one in answers] == [0, 60, 60]


def test_jobs_asked_about_are_in_hand_until_they_are_done():
    others = [{**ASK, "ask": str(number), "task": str(number)} for number in range(30)]
    later = {**ASK, "ask": "later", "task": "later", "day": "2026-03-23", "due": "2026-04-02"}
    done = [{**DONE, "day": "2026-03-23", "task": str(number), "workdays_taken": 1} for number in range(30)]

    open_still, alone, finished = (
        [one for one in events.replay(read(*lines)) if isinstance(one, Answer)][-1].chance
        for lines in ([*others, later], [later], [*others, *done, later])
    )

    assert finished < alone < open_still


def test_a_job_that_is_dropped_is_in_hand_no_more():
    (ask,) = read({**ASK, "day": "2026-03-02"})
    (later,) = read({**ASK, "ask": "later", "task": "later", "day": "2026-03-23", "due": "2026-04-02"})
    dropped = events.Dropped(ask.org, ask.task, later.day)

    with_it, without, alone = (
        list(events.replay(line))[-1].chance for line in ([ask, later], [ask, dropped, later], [later])
    )

    assert without == alone < with_it


def test_each_organisation_is_a_firm_of_its_own():
    others = [{**DONE, "org": "Somebody else", "task": str(number)} for number in range(60)]
    later = {**ASK, "day": "2026-03-09"}

    here = [one for one in events.replay(read(*others, later)) if isinstance(one, Answer)]
    alone = [one for one in events.replay(read(later)) if isinstance(one, Answer)]

    assert (here[0].chance, here[0].jobs) == (alone[0].chance, 0)


def test_a_question_about_hours_without_an_estimate_has_no_answer():
    (said,) = events.replay(read({**HOURS, "estimate_h": 0}))

    assert said.chance is None


def test_faults_are_handed_on_in_their_place():
    said = list(events.replay(read(ASK, b"nonsense\n", DONE)))

    assert [type(one) for one in said] == [Answer, Fault, Done]
