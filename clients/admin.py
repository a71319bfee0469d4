from __future__ import annotations

from django.contrib import admin

from clients.models import Client, Contact, Entry, PrivateLink, Scope, ScopeFile
from engagement.staff.admin import ReadOnly, names


@admin.register(Client)
class ClientAdmin(ReadOnly):
    """Changed on its own page, which keeps in the record what it was before. So are contacts and scopes."""

    list_display = ("name", "lead", "restricted", "zone", "language", "last_word_at", "next_word_at", "archived_at")
    list_filter = ("restricted", "language", ("archived_at", admin.EmptyFieldListFilter))
    list_select_related = ("lead",)
    search_fields = ("name",)
    fields = (*names(Client, "id"), "members")


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    list_display = ("name", "client", "role", "email", "phone", "channel", "is_main", "left_at", "bounced_at")
    list_filter = ("channel", "is_main", ("left_at", admin.EmptyFieldListFilter))
    list_select_related = ("client",)
    search_fields = ("name", "email", "client__name")
    fields = names(Contact, "id")


@admin.register(Scope)
class ScopeAdmin(ReadOnly):
    list_display = ("number", "title", "client", "signed_on", "made_at")
    list_select_related = ("client",)
    search_fields = ("number", "title", "client__name")
    date_hierarchy = "signed_on"
    fields = names(Scope, "id")


@admin.register(ScopeFile)
class ScopeFileAdmin(ReadOnly):
    list_display = ("name", "scope", "size", "added_at", "added_by")
    list_select_related = ("scope", "added_by")
    search_fields = ("name", "scope__number", "sha256")
    fields = names(ScopeFile, "content")

    def get_queryset(self, request):  # type: ignore[no-untyped-def]
        # Ten megabytes a row are not read for a list of names.
        return super().get_queryset(request).defer("content")


@admin.register(PrivateLink)
class PrivateLinkAdmin(ReadOnly):
    """Without the nonce and the hash: whoever reads over a shoulder learns nothing that opens a page."""

    list_display = ("client", "contact", "scope", "made_by", "made_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    list_select_related = ("client", "contact", "scope", "made_by")
    search_fields = ("client__name", "contact__name")
    fields = names(PrivateLink, "nonce", "token_hash")


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = ("at", "client", "seq", "subject", "kind", "by_name")
    list_filter = ("kind",)
    list_select_related = ("client",)
    search_fields = ("subject", "client__name", "by_name")
    fields = names(Entry)
