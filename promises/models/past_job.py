from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, NamedTuple

from django.core.validators import MinValueValidator
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import User
from promises.job_book import Job
from promises.models.promise import Promise

MORE_THAN_NOTHING = MinValueValidator(0)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is on record. `compared` are the jobs of which both the estimate and the hours are known."""

    jobs: int
    compared: int
    people: int


class Begun(NamedTuple):
    """A job and the day on which it was promised."""

    made_on: date
    job: Job


AS_BEGUN = (
    "made_on",
    "owner_id",
    "owner_name",
    "kind",
    "estimate_hours",
    "actual_hours",
    "working_days",
    "days_given",
    "hours_a_day",
)
LATEST_OF_EACH = f"""
SELECT owners.id, {", ".join(f"job.{name}" for name in AS_BEGUN)}
FROM unnest(%(owners)s::bigint[]) AS owners (id) CROSS JOIN LATERAL (
    SELECT * FROM promises_pastjob WHERE owner_id = owners.id ORDER BY finished_on DESC, id DESC LIMIT %(most)s
) AS job ORDER BY owners.id, job.finished_on, job.id
"""


class PastJobQuerySet(models.QuerySet["PastJob"]):
    def latest_jobs(self, most: int) -> list[Begun]:
        """As the forecast reads them, the oldest first. Who is not here by account is told apart by name."""
        rows = self.order_by("-finished_on", "-pk").values_list(*AS_BEGUN)
        return [_begun(*row) for row in reversed(rows[:most])]

    def latest_jobs_of(self, owners: Sequence[int], most: int) -> Iterator[tuple[int, list[Begun]]]:
        """The latest of each of them; on PostgreSQL in one question, which walks the index once for each."""
        if connection.vendor != "postgresql":
            yield from ((owner, self.filter(owner=owner).latest_jobs(most)) for owner in owners)
            return
        jobs: dict[int, list[Begun]] = {owner: [] for owner in owners}
        with connection.cursor() as cursor:
            cursor.execute(LATEST_OF_EACH, {"owners": list(owners), "most": most})
            for owner, *row in cursor:
                jobs[owner].append(_begun(*row))
        yield from jobs.items()

    def counts(self) -> Counts:
        both = models.Q(estimate_hours__isnull=False, actual_hours__isnull=False)
        return Counts(
            **self.aggregate(
                jobs=models.Count("pk"),
                compared=models.Count("pk", filter=both),
                people=models.Count("owner", distinct=True),
            )
        )


class PastJob(models.Model):
    """A job that was finished, and what it took: what the forecast learns from.

    Days and hours a day are those of the owner's diary then: a calendar that changes later rewrites no history.
    """

    owner = models.ForeignKey(
        User, verbose_name=_("owner"), null=True, blank=True, on_delete=models.SET_NULL, related_name="past_jobs"
    )
    # As the file called them. Who never had an account here counts for the firm.
    owner_name = models.CharField(_("owner's name"), max_length=150)
    kind = models.CharField(_("kind of work"), max_length=200, blank=True)
    estimate_hours = models.DecimalField(
        _("estimate, hours"), max_digits=7, decimal_places=2, null=True, blank=True, validators=[MORE_THAN_NOTHING]
    )
    # Null: nobody said.
    actual_hours = models.DecimalField(
        _("hours it took"), max_digits=7, decimal_places=2, null=True, blank=True, validators=[MORE_THAN_NOTHING]
    )
    made_on = models.DateField(_("promised on"))
    started_on = models.DateField(_("started on"), null=True, blank=True)
    finished_on = models.DateField(_("finished on"))
    # Working days of the owner after the day it was made, up to and with the day it was finished.
    working_days = models.FloatField(_("working days it took"), validators=[MORE_THAN_NOTHING])
    # And up to the day it was first promised for. Null: there was no date, or nobody knows it.
    days_given = models.FloatField(
        _("working days it was given"), null=True, blank=True, validators=[MORE_THAN_NOTHING]
    )
    # Hours of a working day that were free for promised work.
    hours_a_day = models.FloatField(_("hours a day"), validators=[MORE_THAN_NOTHING])
    promise = models.OneToOneField(
        Promise, verbose_name=_("promise"), null=True, blank=True, on_delete=models.CASCADE, related_name="past_job"
    )
    # Of the line that it was imported from, so that the same file brings nothing in twice.
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    objects: ClassVar[models.Manager[PastJob]] = PastJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("past job")
        verbose_name_plural = _("past jobs")
        ordering = ["-finished_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="promises_past_job_ends_after_it_was_made",
                condition=models.Q(finished_on__gte=models.F("made_on")),
            ),
            models.UniqueConstraint(
                name="promises_past_job_once", fields=["fingerprint"], condition=~models.Q(fingerprint="")
            ),
        ]
        indexes = [
            # The latest of the firm, and of one owner: history is never read whole.
            models.Index(name="past_job_latest", fields=["-finished_on", "-id"]),
            models.Index(name="past_job_of_owner", fields=["owner", "-finished_on", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.owner_name}, {self.finished_on.isoformat()}"


def _begun(
    made_on: date,
    owner: int | None,
    name: str,
    kind: str,
    estimate: Decimal | None,
    actual: Decimal | None,
    days: float,
    given: float | None,
    hours_a_day: float,
) -> Begun:
    return Begun(made_on, Job(owner or name, kind, _hours(estimate), _hours(actual), days, hours_a_day, given=given))


def _hours(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
