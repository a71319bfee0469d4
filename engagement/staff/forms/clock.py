from __future__ import annotations

import re
from datetime import time
from typing import Any

from engagement.staff.fields import TimeTextField

_ON_THE_CLOCK = re.compile(r"(?P<hour>[01]?[0-9]|2[0-3])(?:[:.h](?P<minute>[0-5][0-9]))?", re.ASCII)


class MorningField(TimeTextField):
    """A time of day that is meant as it stands on a clock of 24 hours: 6:30 is when people get up.

    Elsewhere, where work is due, it would be the evening.
    """

    def to_python(self, value: Any) -> time | None:
        written = _ON_THE_CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
        if written:
            return time(int(written["hour"]), int(written["minute"] or 0))
        return super().to_python(value)
