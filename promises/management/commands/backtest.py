"""Replays what is past and says how right the flags would have been."""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from tqdm import tqdm

from engagement.staff.models import Firm
from engagement.staff.when import speak_number
from promises import backtest_words
from promises.backtest_picture import picture
from promises.events import Answer, Fault, read, replay
from promises.history import Past, chance_then
from promises.judging import Judge, Report
from promises.track_record import JOBS_ENOUGH

# Beyond so many the terminal is no place to read them.
MOST_SHOWN = 50
WHY = {
    "due": gettext_lazy("the due date lies before the day of the question"),
    "ev": gettext_lazy("ev must be ask or done"),
    "json": gettext_lazy("not an object in JSON"),
    "large": gettext_lazy("%(field)s is larger than it can be"),
    "long": gettext_lazy("too long to be an event"),
    "missing": gettext_lazy("%(field)s is missing"),
    "negative": gettext_lazy("%(field)s is below zero"),
    "number": gettext_lazy("%(field)s must be a number"),
    "order": gettext_lazy("the day lies before the line above it"),
    "small": gettext_lazy("%(field)s is too small: 0 says that nobody estimated it"),
    "twice": gettext_lazy("asked or done already"),
    "utf8": gettext_lazy("%(field)s has a character that no text has"),
    "whole": gettext_lazy("%(field)s must be a whole number"),
    "words": gettext_lazy("%(field)s must be a text"),
    "day": gettext_lazy("%(field)s must be a day, for example 2026-11-18"),
}


class Command(BaseCommand):
    help = (
        "Replays the past day by day, each question answered from what was known by then, and says how right the "
        "flags would have been: over the firm's own record, or with --events over a file of events (see "
        "docs/foresight.md for its format)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", type=Path, metavar="FILE", help="Events to replay, .jsonl or .jsonl.gz.")
        parser.add_argument("--out", type=Path, metavar="ANSWERS.csv", help="With --events: write ask,p here.")
        parser.add_argument("--html", type=Path, metavar="PAGE.html", help="Draw the calibration as a page here.")

    def handle(self, *args: Any, events: Path | None, out: Path | None, html: Path | None, **options: Any) -> None:
        if events is None and out:
            raise CommandError(_("Answers are written for events: name them with --events FILE."))
        now = timezone.now()
        if events:
            _must_not_be(events, out, html)
            self.say(self.replay_file(events, out).report(), html, events.name, now)
            return
        firm = Firm.get()
        judge = self.replay_firm(firm, now)
        if judge.jobs < JOBS_ENOUGH:
            self.stdout.write(too_few(judge.jobs))
            return
        self.say(judge.report(firm.at_risk_from), html, firm.name, now)

    def replay_firm(self, firm: Firm, now: datetime) -> Judge:
        # What was said before there was a record is not held against it.
        past, judge = Past(firm, now), Judge(JOBS_ENOUGH)
        with tqdm(total=past.total, unit=_("promises"), disable=None) as bar:
            for said in replay(past.events(), chance_then):
                bar.update(past.begun - bar.n)
                if not isinstance(said, Fault):
                    judge.hear(said)
            bar.update(past.begun - bar.n)
        return judge

    def replay_file(self, events: Path, out: Path | None) -> Judge:
        judge, faults = Judge(), []
        try:
            with (
                opened(events) as (lines, come_so_far),
                answers(out) as write,
                tqdm(total=events.stat().st_size, unit="B", unit_scale=True, disable=None) as bar,
            ):
                for said in replay(read(lines)):
                    bar.update(come_so_far() - bar.n)
                    if isinstance(said, Fault):
                        faults.append(said)
                        continue
                    judge.hear(said)
                    if isinstance(said, Answer):
                        write(said)
        except (OSError, EOFError, zlib.error) as error:
            raise _cannot(events, error) from error
        self.name(faults)
        return judge

    def say(self, report: Report, html: Path | None, of: str, now: datetime) -> None:
        for line in backtest_words.table(report):
            self.stdout.write(line)
        if html:
            try:
                html.write_text(picture(report, of, now), encoding="utf-8")
            except OSError as error:
                raise _cannot(html, error) from error
            self.stdout.write(_("The picture is in %(file)s.") % {"file": html})

    def name(self, faults: list[Fault]) -> None:
        for fault in faults[:MOST_SHOWN]:
            why = WHY[fault.why] % {"field": fault.field}
            self.warn(_("Left out: line %(line)s: %(why)s.") % {"line": fault.line, "why": why})
        if len(faults) > MOST_SHOWN:
            self.warn(_("Left out: and %(more)s more.") % {"more": speak_number(len(faults) - MOST_SHOWN)})

    def warn(self, text: str) -> None:
        # Django paints all that goes to stderr red, and none of this stops the replay.
        self.stderr.write(text, style_func=str)


def too_few(jobs: int) -> str:
    counted = ngettext(
        "Not enough record yet: %(count)s finished job, and a forecast wants %(enough)s.",
        "Not enough record yet: %(count)s finished jobs, and a forecast wants %(enough)s.",
        jobs,
    ) % {"count": speak_number(jobs), "enough": speak_number(JOBS_ENOUGH)}
    return counted + " " + _("Jobs of earlier years come in with manage.py import_track_record FILE.csv.")


def _must_not_be(events: Path, *written: Path | None) -> None:
    """To write where the events stand would be the end of them, before the first is read."""
    for file in written:
        if file and (os.path.realpath(file) == os.path.realpath(events) or _is_linked(file, events)):
            raise CommandError(_("%(file)s holds the events. Write to another file.") % {"file": file})


def _is_linked(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        # One of them is not there yet.
        return False


def _cannot(file: Path, error: Exception) -> CommandError:
    """The file that the system names, if it does: of several that are open, another may be full."""
    why = getattr(error, "strerror", None) or error
    return CommandError(_("%(file)s: %(why)s.") % {"file": getattr(error, "filename", None) or file, "why": why})


@contextmanager
def opened(file: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The lines, and how far into the file they have come."""
    with file.open("rb") as raw:
        if raw.read(2) == b"\x1f\x8b":
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) as lines:
                yield lines, raw.tell  # type: ignore[misc]
        else:
            raw.seek(0)
            yield raw, raw.tell


@contextmanager
def answers(out: Path | None) -> Iterator[Callable[[Answer], None]]:
    """Writes one answer after the other; an empty p is no answer."""
    if out is None:
        yield lambda answer: None
        return
    with out.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["ask", "p"])
        yield lambda answer: rows.writerow([answer.ask.name, "" if answer.chance is None else f"{answer.chance:.6f}"])
