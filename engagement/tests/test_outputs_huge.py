"""However long or twisted a text, it is read in time that grows with its length and no faster."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from unittest.mock import ANY

from engagement.tests.corpora import FULL

ROOT = Path(__file__).resolve().parents[2]
NASTY = [json.loads(line) for line in (Path(__file__).parent / "corpora" / "nasty.jsonl").read_text().splitlines()]
PIECES = ["a ", "1 ", "@a ", "by ", "Fri ", "27.11.", "1:", "**a", "[a](", "> ", "- ", "|a", "`a", "5pm ", "((", "1,5 "]
# Of a processor, for all texts and readers: what takes more than its length allows would take hours, or days.
SECONDS = 600 if FULL else 60

READERS = """
import json, sys
sys.path.insert(0, ROOT)
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
import django
django.setup()
from datetime import date, time
from clients.terms import as_blocks, as_html
from engagement.staff.read_date import read_day, read_when
from engagement.staff.read_hours import read_hours
from engagement.staff.read_number import read_number
from promises.quick_add import read_line

TODAY = date(2026, 11, 18)
CLIENTS = [(n, f"Client number {n} and Sons") for n in range(200)]
readers = {
    "quick add": lambda text: read_line(text, today=TODAY, now_time=time(9), clients=CLIENTS),
    "when": lambda text: read_when(text, today=TODAY, now_time=time(9)),
    "day": lambda text: read_day(text, today=TODAY),
    "hours": read_hours,
    "number": read_number,
    "terms": as_html,
    "block": as_blocks,
}
"""

ALL = """
texts = ["".join(piece * times for piece, times in text) for text in json.load(sys.stdin)]
for name, read in readers.items():
    print(name, flush=True)
    for number, text in enumerate(texts):
        read(text)
        print(number, flush=True)
"""

STEPS = """
def steps(read, text):
    count = 0
    def trace(frame, event, arg):
        nonlocal count
        count += 1
        return trace
    sys.settrace(trace)
    try:
        read(text)
    finally:
        sys.settrace(None)
    return count

found = {}
for piece in json.load(sys.stdin):
    for name, read in readers.items():
        short = piece * (LENGTH // len(piece))
        read(short)
        found[f"{name} {piece}"] = [steps(read, short), steps(read, short * 4)]
print(json.dumps(found))
"""


def limited():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def run(code, given):
    """In a process of its own, which is stopped when it has had its share."""
    return subprocess.run(
        [sys.executable, "-c", READERS.replace("ROOT", repr(str(ROOT))) + code],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env={**os.environ, "DEBUG": "True", "LOG_LEVEL": "CRITICAL"},
        preexec_fn=limited,
        check=False,
    )


def test_there_are_two_hundred():
    assert len(NASTY) == 200
    assert all(sum(len(piece) * times for piece, times in text) >= 1000 for text in NASTY[:100])


def test_nasty_texts_are_read_within_their_share():
    texts = NASTY if FULL else NASTY[::16]

    done = run(ALL, texts)

    # The last lines say which reader was at which text.
    assert (done.returncode, done.stdout.split("\n")[-3:], done.stderr[-800:]) == (0, ANY, "")
    assert done.stdout.count("\n") == 7 * (len(texts) + 1)


def test_a_text_four_times_as_long_takes_no_more_than_its_length_allows():
    """By steps of the interpreter, which no other load on the machine changes."""
    pieces = PIECES if FULL else PIECES[::3]

    done = run(STEPS.replace("LENGTH", "1000" if FULL else "300"), pieces)

    assert done.returncode == 0, done.stderr[-800:]
    counted = json.loads(done.stdout)
    assert len(counted) == 7 * len(pieces)
    # Four times as long: four times the steps; sixteen would be the square. Room for what is done once.
    assert {name: steps for name, steps in counted.items() if steps[1] / (steps[0] + 2000) > 9} == {}
