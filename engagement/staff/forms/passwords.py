from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import password_validation
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from engagement.staff import actions
from engagement.staff.fields import PasswordField
from engagement.staff.forms.own_password import COME_BACK, check_own_password
from engagement.staff.models import Firm, User
from engagement.staff.password_rules import one_for_each_cause
from engagement.staff.plain_words import PlainWords
from engagement.staff.sign_in_tries import MAILS_TO_AN_ADDRESS, TRIES_FOR_AN_ADDRESS, at_the_password
from engagement.staff.throttle import CannotCount

ENTER_EMAIL = _("Enter your e-mail")


class SignInForm(PlainWords, auth_forms.AuthenticationForm):
    error_messages = {
        "invalid_login": _("E-mail and password do not belong together. Check both; capitals count in the password."),
        "inactive": _("E-mail and password do not belong together. Check both; capitals count in the password."),
        "wait": _("There were too many tries. Wait 15 minutes, then try again, or ask for a new password."),
    }
    enter = {"username": ENTER_EMAIL, "password": _("Enter your password")}
    username = auth_forms.UsernameField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username", "inputmode": "email"}),
    )
    password = PasswordField(label=_("Password"), autocomplete="current-password")

    def clean(self) -> dict[str, Any]:
        """Count first, then look: after too many tries at no password any more, also not at the right one."""
        assert self.request
        if self.errors:
            return self.cleaned_data
        tries = at_the_password(self.request, self.cleaned_data["username"])
        try:
            if not tries.take():
                raise ValidationError(self.error_messages["wait"], code="wait")
        except CannotCount as error:
            raise ValidationError(COME_BACK, code="cannot_count") from error
        cleaned = super().clean()
        tries.was_right()
        return cleaned


class ForgottenForm(PlainWords, auth_forms.PasswordResetForm):
    enter = {"email": ENTER_EMAIL}
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )

    def save(self, *args: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
        """Mail whoever has this address and a password; nobody else, and nobody too often."""
        address = self.cleaned_data["email"]
        for user in self.get_users(address):
            if not MAILS_TO_AN_ADDRESS.is_reached(address):
                MAILS_TO_AN_ADDRESS.count(address)
                _mail_reset(user)


def _mail_reset(user: Any) -> None:
    assert isinstance(user, User)
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    # The address of the installation as set, never the Host that the asker sent.
    context = {
        "person": user,
        "firm": Firm.get(),
        "url": settings.SITE_URL + reverse("staff:set_password", args=[uid, token]),
    }
    with translation.override(user.language):
        subject = " ".join(render_to_string("mail/password.subject.txt", context).split())
        send_mail(subject, render_to_string("mail/password.txt", context), None, [user.email])


class NewPassword(PlainWords, forms.Form):
    """Two fields for a password of one's own; `password_user` lends the validators name and e-mail."""

    password1 = PasswordField(
        label=_("Password"),
        autocomplete="new-password",
        help_text=_("At least 10 characters. A few words in a row are easy to keep in mind."),
        error_messages={"required": _("Enter a password")},
    )
    password2 = PasswordField(
        label=_("The same password again"),
        autocomplete="new-password",
        error_messages={"required": _("Enter the same password again")},
    )

    def password_user(self) -> User:
        raise NotImplementedError

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ: enter the same one twice"))
        elif first and second:
            try:
                password_validation.validate_password(first, self.password_user())
            except ValidationError as error:
                self.add_error("password1", one_for_each_cause(error))
        return cleaned


class SetPasswordForm(NewPassword):
    """After a mail: the link says who it is."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def password_user(self) -> User:
        return self.user

    def save(self) -> User:
        actions.change_password(self.user, self.cleaned_data["password1"], now=timezone.now())
        TRIES_FOR_AN_ADDRESS.forget(self.user.email)
        return self.user


class ChangePasswordForm(SetPasswordForm):
    old_password = PasswordField(
        label=_("Current password"),
        autocomplete="current-password",
        error_messages={"required": _("Enter the password you have now")},
    )
    field_order = ["old_password"]

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        check_own_password(self.user, old)
        return old


class JoinForm(NewPassword):
    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("Colleagues and clients read it."),
        error_messages={"required": _("Enter your name")},
    )
    field_order = ["name"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, initial={"name": user.name}, **kwargs)

    def password_user(self) -> User:
        return User(email=self.user.email, name=self.cleaned_data.get("name", ""))
