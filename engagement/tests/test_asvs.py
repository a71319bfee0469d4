"""docs/asvs.md answers every requirement of levels 1 and 2 once, and what it names is there."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "asvs.md"
# ASVS 5.0.0: of each section the numbers of level 1, then those of level 2.
ASKED = {
    "1.1": ([], [1, 2]), "1.2": ([1, 2, 3, 4, 5], [6, 7, 8, 9]), "1.3": ([1, 2], [3, 4, 5, 6, 7, 8, 9, 10, 11]),
    "1.4": ([], [1, 2, 3]), "1.5": ([1], [2]),
    "2.1": ([1], [2, 3]), "2.2": ([1, 2], [3]), "2.3": ([1], [2, 3, 4]), "2.4": ([], [1]),
    "3.2": ([1, 2], []), "3.3": ([1], [2, 3, 4]), "3.4": ([1, 2], [3, 4, 5, 6]), "3.5": ([1, 2, 3], [4, 5]),
    "3.7": ([], [1, 2]),
    "4.1": ([1], [2, 3]), "4.2": ([], [1]), "4.3": ([], [1, 2]), "4.4": ([1], [2, 3, 4]),
    "5.1": ([], [1]), "5.2": ([1, 2], [3]), "5.3": ([1, 2], []), "5.4": ([], [1, 2, 3]),
    "6.1": ([1], [2, 3]), "6.2": ([1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12]), "6.3": ([1, 2], [3, 4]),
    "6.4": ([1, 2], [3, 4]), "6.5": ([], [1, 2, 3, 4, 5]), "6.6": ([], [1, 2, 3]), "6.8": ([], [1, 2, 3, 4]),
    "7.1": ([], [1, 2, 3]), "7.2": ([1, 2, 3, 4], []), "7.3": ([], [1, 2]), "7.4": ([1, 2], [3, 4, 5]),
    "7.5": ([], [1, 2]), "7.6": ([], [1, 2]),
    "8.1": ([1], [2]), "8.2": ([1, 2], [3]), "8.3": ([1], []), "8.4": ([], [1]),
    "9.1": ([1, 2, 3], []), "9.2": ([1], [2, 3, 4]),
    "10.1": ([], [1, 2]), "10.2": ([], [1, 2]), "10.3": ([], [1, 2, 3, 4]),
    "10.4": ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]), "10.5": ([], [1, 2, 3, 4, 5]), "10.6": ([], [1, 2]),
    "10.7": ([], [1, 2, 3]),
    "11.1": ([], [1, 2]), "11.2": ([], [1, 2, 3]), "11.3": ([1, 2], [3]), "11.4": ([1], [2, 3, 4]), "11.5": ([], [1]),
    "11.6": ([], [1]),
    "12.1": ([1], [2, 3]), "12.2": ([1, 2], []), "12.3": ([], [1, 2, 3, 4]),
    "13.1": ([], [1]), "13.2": ([], [1, 2, 3, 4, 5]), "13.3": ([], [1, 2]), "13.4": ([1], [2, 3, 4, 5]),
    "14.1": ([], [1, 2]), "14.2": ([1], [2, 3, 4]), "14.3": ([1], [2, 3]),
    "15.1": ([1], [2, 3]), "15.2": ([1], [2, 3]), "15.3": ([1], [2, 3, 4, 5, 6, 7]),
    "16.1": ([], [1]), "16.2": ([], [1, 2, 3, 4, 5]), "16.3": ([], [1, 2, 3, 4]), "16.4": ([], [1, 2, 3]),
    "16.5": ([], [1, 2, 3]),
    "17.1": ([], [1]), "17.2": ([], [1, 2, 3, 4]), "17.3": ([], [1, 2]),
}  # fmt: skip
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
ANSWERS = {"test", "document", "not here", "exception", "missing"}
TEST = re.compile(r"`((?:engagement|clients|promises)/[\w/]+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\]\(([\w./]+\.md)(#[\w-]+)?\)")


def rows():
    return ROW.findall(PAGE.read_text())


@cache
def functions_of(path):
    place = ROOT / path
    if not place.exists():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(place.read_text())) if isinstance(node, ast.FunctionDef))


@cache
def anchors_of(path):
    """As the pages that show Markdown make them of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if path.exists() else []
    return frozenset("#" + re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings)


def test_every_requirement_of_both_levels_is_answered_once():
    asked = {(f"{section}.{n}", level) for section, both in ASKED.items() for level in (1, 2) for n in both[level - 1]}

    answered = Counter((ident, int(level)) for ident, level, *_rest in rows())

    assert len(asked) == 253
    assert answered == Counter(asked)


def test_the_figures_at_the_top_are_those_of_the_table():
    counted = Counter(answer for _id, _level, _what, answer, _why in rows())

    figures = dict(re.findall(r"^\| \**([a-z ]+?)\** \| [^|]+ \| \**(\d+)\** \|$", PAGE.read_text(), re.MULTILINE))

    assert {name: int(number) for name, number in figures.items()} == {name: counted[name] for name in ANSWERS}


@pytest.mark.parametrize(("ident", "answer", "why"), [(row[0], row[3], row[4]) for row in rows()])
def test_what_is_named_is_there(ident, answer, why):
    tests, links = TEST.findall(why), LINK.findall(why)

    assert answer in ANSWERS
    assert [f"{path}::{name}" for path, name in tests if name not in functions_of(path)] == []
    for path, anchor in links:
        place = (PAGE.parent / path).resolve()
        assert place.exists(), path
        assert not anchor or anchor in anchors_of(place), f"{path}{anchor}"
    # What is said to be proven or written down names where; what is left out says why.
    assert {"test": bool(tests), "document": bool(links)}.get(answer, len(why) > 10)
