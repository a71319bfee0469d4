from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.outbox.models import Heartbeat, Hold, Message
from engagement.staff.admin import ReadOnly, names


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ("written_at", "subject", "address", "audience", "channel", "state", "attempts", "sent_at")
    list_filter = ("state", "audience", "channel", "kind")
    search_fields = ("subject", "address", "message_id")
    date_hierarchy = "written_at"
    fields = tuple("text" if name == "body" else name for name in names(Message))
    readonly_fields = ("text",)
    list_select_related = False

    @admin.display(description=gettext_lazy("text"))
    def text(self, message: Message) -> str:
        """What opens an account is for its receiver alone."""
        return _("Not shown: it opens an account.") if message.is_secret else message.body


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("beat_at", "mail_checked_at", "mail_error", "hold")
    list_select_related = ("hold",)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("held_at", "why", "as_of", "lifted_at", "lifted_by", "to_decide", "cancelled")
    list_select_related = ("lifted_by",)
