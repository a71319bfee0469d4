from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

# A spreadsheet would run a cell that begins so as a formula.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


class _Echo:
    def write(self, line: str) -> str:
        return line


def safe(cell: object) -> object:
    """Text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(STARTS_A_FORMULA) else cell


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # The mark by which spreadsheets know the letters.
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def csv_response(rows: Iterable[Iterable[object]], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
