"""A client to whom we owe something is not put away, nor is the scope of it ended: nobody would see it slip."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import ngettext

from clients.models import Client, Scope
from clients.signals import client_archiving, scope_ending
from engagement.staff.when import speak_number
from promises.models import Promise


@receiver(client_archiving)
def keep_while_we_owe_them(sender: type[Client], client: Client, **kwargs: Any) -> str | None:
    owed = Promise.objects.open().filter(client=client).count()
    if not owed:
        return None
    return ngettext(
        "%(count)s promise to %(client)s is still open: deliver or withdraw it first.",
        "%(count)s promises to %(client)s are still open: deliver or withdraw them first.",
        owed,
    ) % {"count": speak_number(owed), "client": client}


@receiver(scope_ending)
def keep_while_we_owe_it(sender: type[Scope], scope: Scope, **kwargs: Any) -> str | None:
    owed = Promise.objects.open().filter(scope=scope).count()
    if not owed:
        return None
    return ngettext(
        "%(count)s promise under %(number)s is still open: deliver it, withdraw it or move it to another scope first.",
        "%(count)s promises under %(number)s are still open: "
        "deliver them, withdraw them or move them to another scope first.",
        owed,
    ) % {"count": speak_number(owed), "number": scope.number}
