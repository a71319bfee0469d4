import csv
import io
from decimal import Decimal

import pytest

from promises.csv_out import lines

FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", '=HYPERLINK("http://x")', "-5"]


def read(rows):
    text = "".join(lines(rows))
    assert text.startswith("\ufeff")
    return list(csv.reader(text[1:].splitlines(keepends=True)))


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_text_begins_as_a_formula(cell):
    (written,) = next(csv.reader(io.StringIO("".join(lines([[cell]]))[1:], newline="")))

    assert written.startswith("'")


@pytest.mark.parametrize("number", [-5, 0, 3.5, Decimal("-12.50")])
def test_a_number_stays_a_number(number):
    assert read([[number]]) == [[str(number)]]


@pytest.mark.parametrize("name", ["O'Brien", "Müller, Söhne & Co", 'The "Inn"', "Łódź 李", "two\nlines", "a=b", ""])
def test_names_come_back_as_they_were(name):
    (row,) = read([[name, "next"]])

    assert row == [name, "next"]
