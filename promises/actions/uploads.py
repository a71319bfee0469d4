"""Files that somebody laid here: kept until they are approved, then brought in by the worker, turn by turn."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from engagement.staff.models import Firm, User
from engagement.staff.plain_words import unturned
from promises.actions.importing import Importer, Report, in_batches
from promises.importing.rows import Reading, readings
from promises.importing.table import Table, must_have, read
from promises.models import Upload

logger = logging.getLogger(__name__)

# Longer than the slowest batch: whoever renews later than this is dead.
LEASE = timedelta(minutes=2)
# What one wake-up does before it lets others have a turn.
BATCHES_A_TURN = 10


def put_down(name: str, content: bytes, table: Table, *, by: User, now: datetime) -> Upload:
    """Keep a file to be looked at. Nothing of it is in until somebody approves."""
    return Upload.objects.create(
        name=unturned(name)[-200:],
        content=content,
        mapping=table.guess(),
        by=by,
        at=now,
        total=sum(1 for _line in table.lines()),
    )


def approve(upload: Upload, *, now: datetime) -> bool:
    """Let the worker begin. False when somebody has done so already."""
    return bool(Upload.objects.filter(pk=upload.pk, approved_at=None).update(approved_at=now))


def run_waiting(now: datetime) -> None:
    """Go on with the approved files, one after the other. One that fails stops nobody."""
    for upload in Upload.objects.to_run(now).defer("content").order_by("approved_at", "pk"):
        try:
            run(upload.pk, now)
        except Exception:
            # The lease stays: it is tried again when that has run out.
            logger.exception("The file %s could not be brought in; it is tried again.", upload.pk)


def run(pk: int, now: datetime) -> bool:
    """A turn of one file. False when another worker has it, or has finished it."""
    lease = now + LEASE
    if not Upload.objects.to_run(now).filter(pk=pk).update(lease_until=lease):
        return False
    upload = Upload.objects.select_related("by").get(pk=pk)
    firm = Firm.get()
    with translation.override(upload.by.language):
        table = read(bytes(upload.content), upload.name)
        must_have(table, upload.mapping)
        today = now.astimezone(firm.zoneinfo).date()
        # Lines before are in already; they are read again only to know which references they took.
        ahead = islice(readings(table, upload.mapping, today), upload.done, None)
        importer = Importer(upload.by, now)
        batches = in_batches(ahead)
        for batch in islice(batches, BATCHES_A_TURN):
            longer = _take_further(upload, importer, batch, lease)
            if longer is None:
                return False
            lease = longer
    _lay_down(upload, lease, now)
    return True


def _take_further(upload: Upload, importer: Importer, batch: list[Reading], lease: datetime) -> datetime | None:
    """A batch and the note that it is in: both, or neither. None when the lease has gone to another worker."""
    # A batch takes real time, and the lease is about that.
    longer = timezone.now() + LEASE
    with transaction.atomic():
        report = Report(**upload.report) if upload.report else Report()
        report.add(importer.bring_in(batch))
        mine = Upload.objects.filter(pk=upload.pk, lease_until=lease, finished_at=None)
        if not mine.update(done=F("done") + len(batch), report=vars(report), lease_until=longer):
            transaction.set_rollback(True)
            return None
    upload.report, upload.done = vars(report), upload.done + len(batch)
    return longer


def _lay_down(upload: Upload, lease: datetime, now: datetime) -> None:
    """Finished, or somebody's next turn. What was read in is not kept a second time."""
    changes: dict[str, Any] = {"lease_until": None}
    if upload.done >= upload.total:
        changes |= {"finished_at": now, "content": b""}
    Upload.objects.filter(pk=upload.pk, lease_until=lease).update(**changes)
