from __future__ import annotations

from django.contrib import admin

from clients.models import (
    Addendum,
    AddendumLine,
    Agreement,
    Client,
    Contact,
    Entry,
    OneTimeCode,
    OutsideRequest,
    PrivateLink,
    Renewal,
    Scope,
    ScopeFile,
    ScopeLine,
    ScopeTemplate,
    SealCertificate,
    SealedDocument,
    SentVersion,
    Signature,
    Solution,
)
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


@admin.register(Agreement)
class AgreementAdmin(ReadOnly):
    """Without what makes the private address."""

    list_display = ("client", "kind", "state", "version", "contact", "sent_at", "signed_at", "closed_at")
    list_filter = ("kind", "state")
    list_select_related = ("client", "contact", "scope", "addendum__scope")
    search_fields = ("client__name", "scope__number", "addendum__scope__number")
    fields = names(Agreement, "nonce", "token_hash")


@admin.register(ScopeLine)
class ScopeLineAdmin(ReadOnly):
    list_display = ("scope", "number", "kind", "service", "quantity", "unit", "price", "rate")
    list_select_related = ("scope",)
    search_fields = ("service", "scope__number")
    fields = names(ScopeLine)


@admin.register(ScopeTemplate)
class ScopeTemplateAdmin(ReadOnly):
    list_display = ("name", "changed_at", "changed_by")
    list_select_related = ("changed_by",)
    search_fields = ("name",)
    fields = names(ScopeTemplate)


@admin.register(Addendum)
class AddendumAdmin(ReadOnly):
    list_display = ("number", "title", "made_at")
    list_select_related = ("scope",)
    search_fields = ("title", "scope__number")
    fields = names(Addendum)


@admin.register(AddendumLine)
class AddendumLineAdmin(ReadOnly):
    list_display = ("addendum", "number", "act", "service", "quantity", "unit", "price", "rate")
    list_select_related = ("addendum__scope",)
    search_fields = ("service", "addendum__scope__number")
    fields = names(AddendumLine)


@admin.register(SentVersion)
class SentVersionAdmin(ReadOnly):
    list_display = ("agreement", "version", "sha256", "sent_at", "by")
    list_select_related = ("agreement__scope", "agreement__addendum__scope", "by")
    search_fields = ("sha256", "pdf_sha256")
    fields = names(SentVersion, "pdf")

    def get_queryset(self, request):  # type: ignore[no-untyped-def]
        return super().get_queryset(request).defer("pdf")


@admin.register(Signature)
class SignatureAdmin(ReadOnly):
    list_display = ("agreement", "side", "name", "signed_at", "channel")
    list_select_related = ("agreement__scope", "agreement__addendum__scope")
    search_fields = ("name", "text_sha256")
    fields = names(Signature)


@admin.register(OneTimeCode)
class OneTimeCodeAdmin(ReadOnly):
    list_display = ("agreement", "contact", "purpose", "made_at", "expires_at", "tries", "used_at")
    list_select_related = ("agreement__scope", "agreement__addendum__scope", "contact")
    fields = names(OneTimeCode, "salt", "code_hash")


@admin.register(SealedDocument)
class SealedDocumentAdmin(ReadOnly):
    list_display = ("agreement", "sha256", "size", "is_timestamped", "made_at")
    list_select_related = ("agreement__scope", "agreement__addendum__scope")
    search_fields = ("sha256", "fingerprint")
    fields = names(SealedDocument, "content")

    def get_queryset(self, request):  # type: ignore[no-untyped-def]
        return super().get_queryset(request).defer("content")


@admin.register(SealCertificate)
class SealCertificateAdmin(ReadOnly):
    list_display = ("fingerprint", "made_at", "retired_at")
    search_fields = ("fingerprint",)
    fields = names(SealCertificate)


@admin.register(Renewal)
class RenewalAdmin(ReadOnly):
    list_display = ("scope", "decision", "by", "at")
    list_filter = ("decision",)
    list_select_related = ("scope", "by")
    search_fields = ("scope__number",)
    fields = names(Renewal)


@admin.register(OutsideRequest)
class OutsideRequestAdmin(ReadOnly):
    """Answered on its own page, which keeps what stood there before."""

    list_display = ("what", "client", "contact", "scope", "asked_on", "minutes", "solution", "addendum", "by")
    list_select_related = ("client", "contact", "scope", "solution", "addendum__scope", "by")
    search_fields = ("what", "client__name")
    date_hierarchy = "asked_on"
    fields = names(OutsideRequest, "id")


@admin.register(Solution)
class SolutionAdmin(ReadOnly):
    list_display = ("title", "owner", "language", "review_by", "archived_at", "changed_at")
    list_filter = ("language", ("archived_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("title", "helps_when", "owner__name")
    fields = names(Solution, "id", "title_words", "helps_when_words", "words")
