"""Reads how much work something is: "3h", "90 min", "1,5", "1:30"."""

import re
from decimal import Decimal

_HOUR = r"(?:h|hrs?|hours?|u|uur|uren|ure)"
_MINUTE = r"(?:m|mins?|minutes?|minuut|minuten|minute)"
_NUMBER = r"[0-9]{1,4}(?:[.,][0-9]{1,2})?"
EFFORT = re.compile(
    rf"(?P<hours>{_NUMBER})\s?{_HOUR}(?:\s?(?P<rest>[0-9]{{1,2}})(?:\s?{_MINUTE})?)?(?!\w)"
    rf"|(?P<minutes>{_NUMBER})\s?{_MINUTE}(?!\w)"
    r"|(?P<clock>[0-9]{1,3}):(?P<past>[0-5][0-9])(?!\w)",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = re.compile(_NUMBER, re.ASCII)
_HUNDREDTH = Decimal("0.01")


def effort(match: re.Match[str]) -> Decimal:
    """Hours, to the hundredth, of what `EFFORT` matched."""
    found = match.groupdict()
    if found["clock"]:
        hours = int(found["clock"]) + Decimal(found["past"]) / 60
    elif found["minutes"]:
        hours = _number(found["minutes"]) / 60
    else:
        hours = _number(found["hours"]) + Decimal(found["rest"] or 0) / 60
    return hours.quantize(_HUNDREDTH)


def read_hours(text: str) -> Decimal | None:
    """A bare number counts hours; a comma and a point both part the decimals."""
    written = text.strip().removeprefix("~").strip()
    if _PLAIN.fullmatch(written):
        return _number(written).quantize(_HUNDREDTH)
    match = EFFORT.fullmatch(written)
    return effort(match) if match else None


def _number(written: str) -> Decimal:
    return Decimal(written.replace(",", "."))
