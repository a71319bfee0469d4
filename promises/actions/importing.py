from datetime import datetime


def run_waiting(now: datetime) -> None:
    return None
