"""The stream of events that a backtest replays: one line, one event, in time order. docs/foresight.md has the format.

A question is answered from the lines above it alone, by the code that weighs the firm's own promises. A line that does
not say what it should is named and left out; nothing is read into it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from promises.forecast import Facts, late_chance, overrun_chance
from promises.job_book import Job
from promises.track_record import TrackRecord

# No event is longer, and a file without line ends is not read into memory whole.
LONGEST_LINE = 64 * 1024
# Beyond these it is no job of anybody's, and powers of it are no numbers any more.
MOST_HOURS, MOST_DAYS = 1e6, 1e5
LEAST_ESTIMATE = 0.001
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
WORDS = ("org", "task", "owner", "kind")
CALENDAR = ("spent_h", "workdays_elapsed", "workdays_left", "hours_per_day", "silent_workdays")
WHOLE = ("workdays_elapsed", "workdays_left", "silent_workdays")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. With `due`: will it be done after that day? Without: will it take more than the free hours?"""

    name: str
    org: str
    task: str
    day: date
    due: date | None
    facts: Facts
    # Where the answer is known beforehand, as of the firm's own past. The forecast is given the facts alone.
    slipped: bool | None = None
    # The task that is `Done` or `Dropped` when the job ends, and in hand until then.
    job: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A job is finished, and what it took is known from here on."""

    org: str
    task: str
    day: date
    job: Job


@dataclass(frozen=True, slots=True)
class Dropped:
    """A job in hand ended unfinished."""

    org: str
    task: str
    day: date


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is left out: `why` is a key of the command's sentences, `field` what it is about."""

    line: int
    why: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    ask: Ask
    chance: float | None
    # How many finished jobs of this firm were known then.
    jobs: int


class Wrong(Exception):
    def __init__(self, why: str, field: str = "") -> None:
        self.why, self.field = why, field


Event = Ask | Done | Dropped


def read(file: BinaryIO) -> Iterator[Event | Fault]:
    """Event by event, in one pass; every line that cannot be one becomes a fault with its number."""
    latest, asked, done = date.min, set(), set()
    for number, line in _lines(file):
        try:
            event = parse(line)
            if event.day < latest:
                raise Wrong("order", "day")
            if isinstance(event, Ask):
                # Two answers to one name would be counted twice by whoever scores them.
                if event.name in asked:
                    raise Wrong("twice", "ask")
                asked.add(event.name)
            elif isinstance(event, Done):
                # A line that was copied would make one job a whole record.
                if (event.org, event.task) in done:
                    raise Wrong("twice", "task")
                done.add((event.org, event.task))
        except Wrong as wrong:
            yield Fault(number, wrong.why, wrong.field)
            continue
        latest = event.day
        yield event


def parse(line: bytes | None) -> Event:
    """One event, or `Wrong`. None stands for a line too long to be one."""
    if line is None:
        raise Wrong("long")
    try:
        said = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Wrong("json") from error
    if not isinstance(said, dict):
        raise Wrong("json")
    match said.get("ev"):
        case "ask":
            return _ask(said)
        case "done":
            return _done(said)
        case _:
            raise Wrong("ev", "ev")


def replay(
    events: Iterable[Event | Fault], answer: Callable[[Ask, TrackRecord], float | None] | None = None
) -> Iterator[Answer | Done | Fault]:
    """The answers in the order of the questions. Each organisation is a firm of its own, with a record of its own.

    What is no question is handed on, so that whoever keeps score hears of it in its time.
    """
    answer = answer or answer_of
    records: dict[str, TrackRecord] = {}
    for event in events:
        if isinstance(event, Fault):
            yield event
            continue
        record = records.setdefault(event.org, TrackRecord())
        record.at(number_of_workday(event.day))
        if isinstance(event, Ask):
            if event.job:
                record.begin(event.job, _in_hand(event.facts))
            yield Answer(event, answer(event, record), record.jobs)
        elif isinstance(event, Dropped):
            record.drop(event.task)
        else:
            record.add(event.job, event.task)
            yield event


def answer_of(ask: Ask, record: TrackRecord) -> float | None:
    facts = ask.facts
    if ask.due is not None:
        return late_chance(facts, record)
    if not facts.estimate_hours:
        return None
    return overrun_chance(
        facts.owner, facts.kind, facts.estimate_hours, facts.spent_hours or 0.0, facts.free_hours, record
    )


def number_of_workday(day: date) -> int:
    """Counted from Monday to Friday: between two questions nobody says how many days the owner worked."""
    weeks, weekday = divmod(day.toordinal() - 1, 7)
    return 5 * weeks + min(weekday, 5)


def _in_hand(facts: Facts) -> Job:
    return Job(
        owner=facts.owner,
        kind=facts.kind,
        estimate=facts.estimate_hours,
        actual=None,
        days=facts.days_elapsed,
        hours_a_day=facts.hours_a_day,
        is_open=True,
    )


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Number and text of each line that has any; None for one that is too long."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield number, None
        elif line.strip():
            yield number, line


def _ask(said: dict[str, Any]) -> Ask:
    org, task, owner, kind = (_words(said, name) for name in WORDS)
    name, day, estimate = _words(said, "ask"), _day(said, "day"), _estimate(said)
    facts: dict[str, Any] = {"hours_left": None, "per_cent": None, "standing": ""}
    facts |= {"silent": False, "tell_by_passed": False, "owner": owner, "kind": kind}
    facts |= {"estimate_hours": estimate, "free_hours": _hours(said, "free_hours")}
    due = None
    if "due" in said:
        due = _day(said, "due")
        if due < day:
            raise Wrong("due", "due")
        facts |= _calendar(said)
    elif "spent_h" in said:
        facts["spent_hours"] = _hours(said, "spent_h")
    return Ask(name, org, task, day, due, Facts(**facts), job=task if due else "")


def _calendar(said: dict[str, Any]) -> dict[str, Any]:
    figures = {name: _whole(said, name) if name in WHOLE else _hours(said, name) for name in CALENDAR}
    return {
        "spent_hours": figures["spent_h"],
        "days_elapsed": figures["workdays_elapsed"],
        "days_left": figures["workdays_left"],
        "hours_a_day": figures["hours_per_day"],
        "silent_days": figures["silent_workdays"],
    }


def _done(said: dict[str, Any]) -> Done:
    org, task, owner, kind = (_words(said, name) for name in WORDS)
    with_calendar = "workdays_taken" in said or "hours_per_day" in said
    job = Job(
        owner=owner,
        kind=kind,
        estimate=_estimate(said),
        actual=_hours(said, "actual_h"),
        days=_number(said, "workdays_taken", MOST_DAYS) if with_calendar else None,
        hours_a_day=_hours(said, "hours_per_day") if with_calendar else 0.0,
    )
    return Done(org, task, _day(said, "day"), job)


def _value(said: dict[str, Any], name: str) -> Any:
    if name not in said:
        raise Wrong("missing", name)
    return said[name]


def _words(said: dict[str, Any], name: str) -> str:
    value = _value(said, name)
    if not isinstance(value, str) or (not value and name != "kind"):
        raise Wrong("words", name)
    try:
        # JSON can write half a character, which no file takes.
        value.encode()
    except UnicodeEncodeError as error:
        raise Wrong("utf8", name) from error
    return value


def _day(said: dict[str, Any], name: str) -> date:
    value = _value(said, name)
    try:
        # fromisoformat() alone would take weeks and days without dashes too.
        return date.fromisoformat(value if DAY.fullmatch(value) else "")
    except (TypeError, ValueError) as error:
        raise Wrong("day", name) from error


def _estimate(said: dict[str, Any]) -> float:
    hours = _hours(said, "estimate_h")
    if 0 < hours < LEAST_ESTIMATE:
        raise Wrong("small", "estimate_h")
    return hours


def _hours(said: dict[str, Any], name: str) -> float:
    return _number(said, name, MOST_HOURS)


def _number(said: dict[str, Any], name: str, most: float) -> float:
    value = _value(said, name)
    # True is an int to Python, and a number too large for a float becomes infinite.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong("number", name)
    try:
        number = float(value)
    except OverflowError as error:
        raise Wrong("number", name) from error
    if not math.isfinite(number):
        raise Wrong("number", name)
    if number < 0:
        raise Wrong("negative", name)
    if number > most:
        raise Wrong("large", name)
    return number


def _whole(said: dict[str, Any], name: str) -> int:
    value = _number(said, name, MOST_DAYS)
    if not value.is_integer():
        raise Wrong("whole", name)
    return int(value)


def _no_number(name: str) -> float:
    raise ValueError(name)
