from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from engagement.staff.admin import ReadOnly, names
from promises.models import (
    AddendumMove,
    CapacityOverride,
    DateMove,
    Extension,
    ExtensionAnswer,
    InternalNote,
    LineNotNeeded,
    LoadChange,
    NextScope,
    OutcomeTally,
    PastJob,
    ProgressUpdate,
    Promise,
    Reminder,
    RiskReading,
    Step,
    Telling,
    Upload,
)

ABOUT_A_PROMISE = ("promise__what", "promise__client__name")


@admin.register(Promise)
class PromiseAdmin(ReadOnly):
    """Put right on its own pages, which keep in the record what it said before."""

    list_display = ("what", "client", "owner", "due_at", "band", "told_at", "ended_at", "outcome")
    list_filter = ("band", "outcome", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("client", "owner")
    search_fields = ("what", "reference", "client__name")
    ordering = ("-due_at", "-pk")
    fields = names(Promise, "id")


@admin.register(Step)
class StepAdmin(ReadOnly):
    list_display = ("text", "promise", "place", "done_at")
    list_select_related = ("promise",)
    search_fields = ("text", *ABOUT_A_PROMISE)
    fields = names(Step, "id")


class OfAPromise(ReadOnly):
    list_select_related: ClassVar[tuple[str, ...]] = ("promise", "by")
    search_fields = ABOUT_A_PROMISE


@admin.register(ProgressUpdate)
class ProgressUpdateAdmin(OfAPromise):
    list_display = ("at", "promise", "standing", "per_cent", "hours_left", "by")
    list_filter = ("standing",)


@admin.register(InternalNote)
class InternalNoteAdmin(OfAPromise):
    list_display = ("at", "promise", "text", "by")


@admin.register(Telling)
class TellingAdmin(OfAPromise):
    list_display = ("at", "promise", "kind", "channel", "contact_name", "message", "by")
    list_filter = ("kind", "channel")
    list_select_related = ("promise", "message", "by")


@admin.register(Extension)
class ExtensionAdmin(OfAPromise):
    list_display = ("at", "promise", "old_due_on", "new_due_on", "reason", "asked_by", "by")
    list_filter = ("reason", "asked_by")


@admin.register(ExtensionAnswer)
class ExtensionAnswerAdmin(ReadOnly):
    list_display = ("answered_at", "extension", "agreed", "words", "by")
    list_filter = ("agreed",)
    list_select_related = ("extension__promise", "by")
    search_fields = ("extension__promise__what", "extension__promise__client__name")


@admin.register(DateMove)
class DateMoveAdmin(OfAPromise):
    list_display = ("moved_at", "promise", "old_due_on", "new_due_on", "told_at", "by")


@admin.register(AddendumMove)
class AddendumMoveAdmin(OfAPromise):
    list_display = ("addendum", "promise", "old_due_on", "new_due_on")
    list_select_related = ("promise", "addendum__scope")


@admin.register(RiskReading)
class RiskReadingAdmin(OfAPromise):
    list_display = ("at", "promise", "band", "chance", "sentence")
    list_filter = ("band",)
    list_select_related = ("promise",)


@admin.register(Reminder)
class ReminderAdmin(OfAPromise):
    list_display = ("at", "promise", "kind", "person", "message")
    list_filter = ("kind",)
    list_select_related = ("promise", "person", "message")


@admin.register(CapacityOverride)
class CapacityOverrideAdmin(OfAPromise):
    list_display = ("at", "promise", "reason", "by")
    list_select_related = ("promise", "by")


@admin.register(LoadChange)
class LoadChangeAdmin(ReadOnly):
    list_display = ("at", "owner", "since")
    list_select_related = ("owner",)


@admin.register(PastJob)
class PastJobAdmin(ReadOnly):
    list_display = ("finished_on", "owner_name", "kind", "estimate_hours", "actual_hours", "working_days")
    search_fields = ("owner_name", "kind")
    date_hierarchy = "finished_on"


@admin.register(LineNotNeeded)
class LineNotNeededAdmin(ReadOnly):
    list_display = ("scope", "number")
    list_select_related = ("scope",)
    search_fields = ("scope__number", "scope__title")


@admin.register(NextScope)
class NextScopeAdmin(ReadOnly):
    list_display = ("scope", "made")
    list_select_related = ("scope", "made")
    search_fields = ("scope__number", "made__number")


@admin.register(OutcomeTally)
class OutcomeTallyAdmin(ReadOnly):
    list_display = ("day", "outcome", "count")
    list_filter = ("outcome",)
    date_hierarchy = "day"


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    list_display = ("name", "by", "at", "approved_at", "finished_at", "done", "total")
    list_select_related = ("by",)
    search_fields = ("name",)
    fields = names(Upload, "content")

    def get_queryset(self, request):  # type: ignore[no-untyped-def]
        # The file itself is not read for a list of names.
        return super().get_queryset(request).defer("content")
