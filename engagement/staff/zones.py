from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def zone_or_utc(name: str) -> ZoneInfo:
    """The zone of that name; UTC for a name this machine does not know, so that no page falls over it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # absent, malformed, a folder
        return ZoneInfo("UTC")
