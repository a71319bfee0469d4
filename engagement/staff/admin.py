"""Django's admin, for administrators alone. What people do daily has pages of its own."""

from __future__ import annotations

from typing import Any, ClassVar

import django.contrib.auth.admin  # noqa: F401  so that its groups are there to be taken away
from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.staff.models import (
    Absence,
    AccountEvent,
    Firm,
    FirmLogo,
    RecoveryCode,
    SecondStep,
    Session,
    User,
    WorkingWeek,
)
from engagement.staff.signals import diary_changed


@login_not_required
def sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One door for everybody, so that the limit on tries holds here too."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or resolve_url("admin:index"))


@login_not_required
def change_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Tries are counted on our own page, and a mail says that it was done."""
    return redirect("staff:change_password")


# The site has no setting for either.
admin.site.login = sign_in  # type: ignore[method-assign]
admin.site.password_change = change_password  # type: ignore[method-assign, assignment]
admin.site.site_header = admin.site.site_title = _("Engagement, for administrators")
admin.site.index_title = _("Everything that is kept")
# Roles say who may do what; nobody is in a group.
admin.site.unregister(Group)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """To be looked at: it was written once, and may be disputed."""

    # Counting millions of rows costs more than showing a hundred of them.
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Kept(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """To be corrected here, and made and ended on its own pages, where the rules are."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(Kept):
    list_display = ("name", "email", "role", "manager", "zone", "is_active", "signs_in")
    list_filter = ("role", "is_active", "language")
    list_select_related = ("manager",)
    search_fields = ("name", "email")
    autocomplete_fields = ("manager",)
    fields = (
        "name",
        "title",
        "phone",
        "manager",
        "language",
        "single_keys",
        "email",
        "role",
        "zone",
        "digest_time",
        "is_active",
        "invited_at",
        "joined_at",
        "last_login",
        "next_digest_at",
    )
    # Role, address, zone and hours have consequences that the pages of people see to.
    readonly_fields = fields[6:]

    @admin.display(boolean=True, description=_("can sign in"))
    def signs_in(self, user: User) -> bool:
        return user.can_sign_in


class OfADiary(Kept):
    """Whoever changes hours here sets the watch going too."""

    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    search_fields = ("user__name", "user__email")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Rows deleted together would tell nobody.
        return {}

    def save_model(self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool) -> None:
        with transaction.atomic():
            obj.save()
            diary_changed.send(sender=type(obj), user=obj.user, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            obj.delete()
            diary_changed.send(sender=type(obj), user=obj.user, now=timezone.now())


@admin.register(WorkingWeek)
class WorkingWeekAdmin(OfADiary):
    list_display = ("user", "valid_from", "share")
    list_filter = ("valid_from",)
    # Seven lists of spans are no text to be edited by hand.
    fields = ("user", "valid_from", "hours", "share")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "hours")


@admin.register(Absence)
class AbsenceAdmin(OfADiary):
    list_display = ("user", "first_day", "last_day", "cover", "note")
    list_filter = ("first_day",)
    list_select_related = ("user", "cover")
    autocomplete_fields: ClassVar[tuple[str, ...]] = ("cover",)


@admin.register(Firm)
class FirmAdmin(ReadOnly):
    """Changed on its own page, which checks what belongs together."""

    list_display = ("name", "zone", "holiday_region", "currency", "watch_from", "at_risk_from")


@admin.register(FirmLogo)
class FirmLogoAdmin(ReadOnly):
    list_display = ("kind", "width", "height", "changed_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return names(FirmLogo, "content")


@admin.register(Session)
class SessionAdmin(ReadOnly):
    list_display = ("user", "begun_at", "seen_at", "address", "browser")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email", "address")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return names(Session, "session_key", "session_data")


@admin.register(SecondStep)
class SecondStepAdmin(ReadOnly):
    list_display = ("user", "since")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return names(SecondStep, "secret")


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(ReadOnly):
    list_display = ("user", "made_at", "used_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return names(RecoveryCode, "digest")


@admin.register(AccountEvent)
class AccountEventAdmin(ReadOnly):
    list_display = ("person", "kind", "by", "at")
    list_filter = ("kind",)
    list_select_related = ("person", "by")
    search_fields = ("person__name", "person__email")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return names(AccountEvent)


def names(model: type[models.Model], *but: str) -> tuple[str, ...]:
    """Every field of its own, for a page on which nothing can be changed."""
    return tuple(field.name for field in model._meta.fields if field.name not in but)
