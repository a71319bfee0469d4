"""Places at which a test lets the process die, as by a power cut. A real run names none, and nothing happens there.

FAILPOINT=after_accept ends the process each time it comes by that place. `check --deploy` refuses such a setting.
"""

import os

NAMED = os.environ.get("FAILPOINT", "")


def failpoint(name: str) -> None:
    if name == NAMED:
        # As kill -9 does it: nothing is flushed, closed or handed back.
        os._exit(137)
