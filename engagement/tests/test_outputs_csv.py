"""No cell that leaves runs as a formula, in any column of any export; and what comes back is what left."""

from __future__ import annotations

import ast
import csv
import io
import re
from pathlib import Path

import pytest
from django.test import Client as Browser

from conftest import NOW
from engagement.tests.corpora import corpus, some
from engagement.tests.matrix import a_world
from engagement.tests.text_fields import fill
from promises.csv_out import as_it_was, lines, safe
from promises.importing.table import read
from promises.models import Upload

ROOT = Path(__file__).resolve().parents[2]
FORMULAS = corpus("formulas")
STARTS = tuple("=+-@\t\r\n\0＝＋－＠")
NUMBER = re.compile(r"-?\d+([.,]\d+)?$")
# Tables by other means, and why no spreadsheet opens them.
WRITTEN_ELSEWHERE = {
    "promises/csv_out.py": "all of them",
    "promises/management/commands/backtest.py": "names of jobs as they came, and chances, for a program to read",
}


def cells_of(text):
    return [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row]


def runs(cell):
    return cell.lstrip(" '\u00a0\ufeff").startswith(STARTS) and not cell.startswith("'") and not NUMBER.match(cell)


def test_there_are_a_hundred():
    assert len(FORMULAS) == 100


@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\ufeff", "'", "''", "\u3000", " '"])
def test_no_text_runs_as_a_formula_and_each_comes_back(before):
    texts = [before + formula for formula in FORMULAS]

    written = cells_of("".join(lines([texts])))

    assert [cell for cell in written if runs(cell)] == []
    assert [as_it_was(cell) for cell in written] == texts


@pytest.mark.parametrize(
    "text",
    ["O'Brien", "'s Gravenhage", "'quoted'", "", "'", "a=b", "Karoo - Linen", "李", "'Round the Corner", "5", "＄5"],
)
def test_other_names_are_left_alone_on_both_ways(text):
    assert safe(text) == text
    assert as_it_was(text) == text


@pytest.mark.parametrize("number", [-5, 5, -0.5, None, True])
def test_a_number_stays_a_number(number):
    assert safe(number) == number


def test_a_file_of_ours_that_comes_back_says_the_same():
    names = [formula for formula in FORMULAS if "\0" not in formula]
    text = "".join(
        lines([["client", "what", "owner", "due_on"], *([name, name, name, "2026-12-01"] for name in names)])
    )

    table = read(text.encode(), "back.csv")

    assert [line.cells[0] for line in table.lines()] == names


@pytest.mark.django_db
def test_no_column_of_any_export_runs_as_a_formula():
    formulas = [formula for formula in FORMULAS if "\0" not in formula]
    with a_world() as world:
        faults = [[1, name, formula, formula] for formula in formulas for name in ("client", formula)]
        upload = world.both["upload"]
        Upload.objects.update(approved_at=NOW, finished_at=NOW)
        paths = ["/board.csv", "/board.csv?card=due_7_days", f"/import/{upload.pk}/faults.csv"]
        seen = set()
        for formula in some(formulas, 12):
            fill(lambda *_where, formula=formula: formula)
            Upload.objects.update(report={"faults": faults, "warnings": faults})
            for path in paths:
                text = export(world, path)
                seen |= {(path, cell) for cell in cells_of(text) if formula in cell}
                assert [cell for cell in cells_of(text) if runs(cell)] == [], (path, formula)

    # They were there: each of them came through, with the sign that keeps it text.
    assert {cell for path, cell in seen if path == "/board.csv"} >= {f"'{formula}" for formula in some(formulas, 12)}


def export(world, path):
    browser = Browser()
    browser.force_login(world.mara)
    response = browser.get(path)
    assert response.status_code == 200, path
    assert response["Content-Disposition"].startswith("attachment")
    return b"".join(response.streaming_content).decode()


def test_tables_are_written_in_one_place():
    found = set()
    for top in ("engagement", "clients", "promises"):
        for path in (ROOT / top).rglob("*.py"):
            if "tests" not in path.parts and writes_a_table(path.read_text()):
                found.add(str(path.relative_to(ROOT)))

    assert found == set(WRITTEN_ELSEWHERE)


def writes_a_table(source):
    names = {"writer", "DictWriter", "Workbook", "to_csv"}
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return any(getattr(func, "attr", getattr(func, "id", "")) in names for func in calls) or "text/csv; " in source
