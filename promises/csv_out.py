from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

# A spreadsheet would run a cell that begins so as a formula; some skip spaces first, some take the wide signs too.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_RUNS = re.compile(f"['\\s\ufeff]*[{re.escape(''.join(STARTS_A_FORMULA))}]")


class _Echo:
    def write(self, line: str) -> str:
        return line


def safe(cell: object) -> object:
    """Text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and _RUNS.match(cell) else cell


def as_it_was(cell: str) -> str:
    """What was made safe on its way out, when it comes back."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell[1:]) else cell


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
