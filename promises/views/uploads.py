from __future__ import annotations

from datetime import date, datetime
from itertools import islice

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.staff.access import manager_required
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from engagement.staff.when import speak_number, speak_short
from promises.actions.importing import Importer, Report, in_batches
from promises.actions.uploads import approve, put_down
from promises.csv_out import csv_response
from promises.forms.uploads import LABELS, MappingForm, UploadForm
from promises.importing.rows import Reading, readings
from promises.importing.table import COLUMNS, NEEDED, Table, read
from promises.models import Upload

SHOWN_ROWS = 10
SHOWN_FAULTS = 100
LATEST = 25


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def uploads(request: SignedInRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        upload = put_down(file.name, form.content, form.table, by=request.user, now=timezone.now())
        return redirect("promises:upload", upload.pk)
    latest = Upload.objects.defer("content").select_related("by").order_by("-at", "-pk")[:LATEST]
    context = {"form": form, "uploads": latest, "columns": LABELS.items(), "needed": NEEDED}
    return render(request, "promises/uploads.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def upload(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(Upload.objects.defer("content").select_related("by"), pk=pk)
    if found.approved_at is None:
        return _preview(request, found, now)
    report = Report(**found.report) if found.report else Report()
    context = {
        "upload": found,
        "report": report,
        "faults": report.faults[:SHOWN_FAULTS],
        "warnings": report.warnings[:SHOWN_FAULTS],
        "more": max(0, len(report.faults) - SHOWN_FAULTS) + max(0, len(report.warnings) - SHOWN_FAULTS),
        "sentence": _("%(done)s of %(total)s lines. You can leave this page; it goes on.")
        % {"done": speak_number(found.done), "total": speak_number(found.total)},
    }
    return render(request, "promises/upload_report.html", context)


@require_POST
@manager_required
def upload_run(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Upload.objects.defer("content"), pk=pk)
    if found.approved_at is None and any(column not in found.mapping for column in NEEDED):
        messages.error(request, _("Choose the missing columns first."))
    elif approve(found, now=timezone.now()):
        messages.success(request, _("The import has begun."))
    return redirect("promises:upload", pk)


@require_safe
def upload_faults(request: SignedInRequest, pk: int) -> StreamingHttpResponse:
    if not request.user.is_manager:
        raise PermissionDenied
    found = get_object_or_404(Upload.objects.defer("content"), pk=pk)
    if found.finished_at is None:
        raise Http404
    report = Report(**found.report)
    headings = [_("Line"), _("Column"), _("Written"), _("Remark"), _("Left out")]
    rows = [[*fault, _("yes")] for fault in report.faults] + [[*warning, _("no")] for warning in report.warnings]
    return csv_response([headings, *rows], f"import-{found.pk}")


def _preview(request: SignedInRequest, found: Upload, now: datetime) -> HttpResponse:
    """What the file says, as we understand it. Nothing of it is in yet."""
    table = read(bytes(found.content), found.name)
    form = MappingForm(table, found.mapping, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        Upload.objects.filter(pk=found.pk, approved_at=None).update(mapping=form.mapping())
        return redirect("promises:upload", found.pk)
    missing = [column for column in NEEDED if column not in found.mapping]
    lines = [] if missing else list(readings(table, found.mapping, now.astimezone(Firm.get().zoneinfo).date()))
    report = _foreseen(lines, request, now)
    headings, rows = _raw(table) if missing else _understood(lines, found, now)
    context = {
        "upload": found,
        "form": form,
        "notes": table.notes,
        "missing": [LABELS[column] for column in missing],
        "headings": headings,
        "rows": rows,
        "report": report,
        "cards": _cards(report),
        "faults": report.faults[:SHOWN_FAULTS],
        "warnings": report.warnings[:SHOWN_FAULTS],
        "more": max(0, len(report.faults) - SHOWN_FAULTS) + max(0, len(report.warnings) - SHOWN_FAULTS),
        "act": ngettext("Import %(count)s promise", "Import %(count)s promises", report.made)
        % {"count": speak_number(report.made)},
    }
    return render(request, "promises/upload.html", context)


def _foreseen(lines: list[Reading], request: SignedInRequest, now: datetime) -> Report:
    report = Report()
    for part in Importer(request.user, now).foresee(in_batches(lines)):
        report.add(part)
    return report


def _cards(report: Report) -> list[tuple[str, str, str]]:
    """Label, figure, and what is to be said of it."""
    lines = ngettext("of %(count)s line", "of %(count)s lines", report.read) % {"count": speak_number(report.read)}
    differ = _("%(count)s more differ and stay as they are") % {"count": speak_number(report.differing)}
    return [
        (_("To bring in"), speak_number(report.made), lines),
        (_("Here already"), speak_number(report.same), differ if report.differing else ""),
        (_("Left out"), speak_number(report.kept_out), _("each is named below") if report.kept_out else ""),
        (_("New clients"), speak_number(report.clients), _("in the firm's time zone")),
        (_("New people"), speak_number(report.owners), _("cannot sign in until invited")),
    ]


Cells = list[tuple[str, object]]


def _understood(lines: list[Reading], found: Upload, now: datetime) -> tuple[list[str], list[tuple[int, Cells]]]:
    columns = [column for column in COLUMNS if column in found.mapping]
    headings = [str(LABELS[column]) for column in columns]
    rows: list[tuple[int, Cells]] = []
    for reading in lines[:SHOWN_ROWS]:
        if reading.row is None:
            rows.append((reading.faults[0].line, []))
            continue
        cells = [_spoken(getattr(reading.row, column), now) for column in columns]
        rows.append((reading.row.line, list(zip(headings, cells, strict=True))))
    return headings, rows


def _spoken(cell: object, now: datetime) -> object:
    if cell is None:
        return ""
    return speak_short(cell, now=now) if isinstance(cell, date) else cell


def _raw(table: Table) -> tuple[list[str], list[tuple[int, Cells]]]:
    first = islice(table.lines(), SHOWN_ROWS)
    return table.headings, [(line.number, list(zip(table.headings, line.cells, strict=False))) for line in first]
