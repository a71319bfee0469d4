from __future__ import annotations

from datetime import date, datetime

from clients.models import Solution

TEXTS = ("title", "helps_when", "say", "language", "owner", "review_by", "changed_at")


def save_solution(solution: Solution, now: datetime) -> None:
    """Save a solution, new or changed."""
    solution.changed_at = now
    if solution.pk:
        solution.save(update_fields=TEXTS)
    else:
        solution.made_at = now
        solution.save()


def review_solution(solution: Solution, review_by: date, now: datetime) -> None:
    """Somebody read it again and it still holds: the next time is set."""
    solution.review_by, solution.changed_at = review_by, now
    solution.save(update_fields=["review_by", "changed_at"])


def archive_solution(solution: Solution, now: datetime) -> bool:
    """It is suggested no more; where it was used it stays. False when somebody has done so already."""
    return bool(Solution.objects.filter(pk=solution.pk, archived_at=None).update(archived_at=now))


def unarchive_solution(solution: Solution) -> bool:
    return bool(Solution.objects.filter(pk=solution.pk).exclude(archived_at=None).update(archived_at=None))
