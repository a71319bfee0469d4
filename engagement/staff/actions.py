"""What happens to people, their weeks and the firm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.staff import invitations, second_step, sessions
from engagement.staff.account_events import note
from engagement.staff.models import Absence, AccountEvent, Firm, FirmLogo, Role, SecondStep, User, WorkingWeek
from engagement.staff.models.user import NOWHERE as NOWHERE
from engagement.staff.pictures import Picture
from engagement.staff.signals import diary_changed

FIRM_DIARY = (
    "zone",
    "holiday_region",
    "hours",
    "share",
    "tell_by_days",
    "tell_by_share",
    "watch_from",
    "at_risk_from",
)


class Refused(Exception):
    """It cannot be done as things stand. The text says why, and what can be done, to a person."""


def is_empty() -> bool:
    """Nobody has set this installation up: no firm, and nobody who could sign in."""
    if Firm.objects.exists():
        return False
    return not any(user.can_sign_in for user in User.objects.active().exclude(password__startswith="!"))


def set_up(*, firm: Firm, administrator: User, password: str, now: datetime) -> User:
    """Make the firm and its first administrator: once, even if two people press the button together."""
    administrator.role = Role.ADMINISTRATOR
    administrator.zone = firm.zone
    administrator.set_password(password)
    try:
        with transaction.atomic():
            if not is_empty():
                raise Refused(_("Somebody has set this up meanwhile. Sign in, or ask them to invite you."))
            firm.pk = 1
            firm.save(force_insert=True)
            administrator.save()
            diary_changed.send(sender=Firm, user=None, now=now)
    except IntegrityError as error:
        raise Refused(_("Somebody has set this up meanwhile. Sign in, or ask them to invite you.")) from error
    return administrator


# Inviting and joining


def invite(person: User, *, by: User, now: datetime) -> None:
    """Let somebody in, or send them a new link; the links before it open nothing any more."""
    if not person.is_active:
        raise Refused(_("This person no longer works here. Let them back in first."))
    if person.pk and person.has_usable_password():
        raise Refused(_("This person can sign in already. A lost password is replaced from the sign-in page."))
    if person.email.endswith(NOWHERE):
        raise Refused(_("Nobody can be reached at this address. Enter their own e-mail first, then invite them."))
    person.invited_at = now
    with _one_person_an_address():
        if person.pk is None:
            person.set_unusable_password()
            person.save()
        else:
            person.save(update_fields=["invited_at"])
        _mail_invitation(person, by, now)


def join(person: User, *, name: str, password: str, now: datetime) -> None:
    with transaction.atomic():
        person.name = name
        person.set_password(password)
        person.save(update_fields=["name", "password"])
        diary_changed.send(sender=User, user=person, now=now)


def change_password(user: User, password: str, *, now: datetime) -> None:
    """Whoever was signed in with the one before is not any more."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        sessions.end_all(user)
        note(user, AccountEvent.Kind.PASSWORD, by=user, now=now)


def _mail_invitation(person: User, by: User, now: datetime) -> None:
    context = {
        "person": person,
        "by": by,
        "firm": Firm.get(),
        "url": invitations.join_url(person),
        "until": invitations.open_until(person),
        "zone": person.zone,
        "now": now,
    }
    with translation.override(person.language):
        subject = " ".join(render_to_string("mail/invitation.subject.txt", context).split())
        send_mail(subject, render_to_string("mail/invitation.txt", context), None, [person.email])


# What an administrator changes about somebody


def change_person(person: User, *, by: User, now: datetime) -> None:
    """Save name, title, e-mail, role and manager. A changed role ends the person's sessions by itself."""
    with _one_person_an_address():
        before = User.objects.get(pk=person.pk)
        if not person.is_administrator:
            _keep_an_administrator(person)
        person.save(update_fields=["name", "email", "title", "role", "manager"])
        if before.role != person.role:
            sessions.end_all(person)
        if before.email != person.email and before.is_reachable:
            note(person, AccountEvent.Kind.EMAIL, by=by, now=now, address=before.email)
        diary_changed.send(sender=User, user=person, now=now)


def leave(person: User, *, by: User, now: datetime) -> None:
    """They no longer work here: they cannot sign in, and hear nothing. What they did stays under their name."""
    if person == by:
        raise Refused(_("You cannot shut yourself out. Ask another administrator to do it."))
    with transaction.atomic():
        _keep_an_administrator(person)
        person.is_active = False
        person.save(update_fields=["is_active"])
        sessions.end_all(person)
        diary_changed.send(sender=User, user=person, now=now)


def sign_out_everywhere(person: User, *, by: User, now: datetime) -> None:
    with transaction.atomic():
        sessions.end_all(person)
        note(person, AccountEvent.Kind.SIGNED_OUT_BY, by=by, now=now)


def take_second_step_away(person: User, *, by: User, now: datetime) -> None:
    """For somebody who lost app and codes. Their own, people give up on their own page, with password and code."""
    if person == by:
        raise Refused(_("Your own second step is turned off in your profile, with your password and a code."))
    if not SecondStep.objects.filter(user=person).exists():
        raise Refused(_("This person has no second step."))
    second_step.take_away(person, by=by, now=now)


def come_back(person: User, *, now: datetime) -> None:
    with transaction.atomic():
        person.is_active = True
        person.save(update_fields=["is_active"])
        diary_changed.send(sender=User, user=person, now=now)


@contextmanager
def _one_person_an_address() -> Iterator[None]:
    """The form has looked already; this is for two who press the button together."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Refused(_("Somebody with this e-mail is here already.")) from error


def _keep_an_administrator(person: User) -> None:
    """Somebody must be left who can let people in; two who demote each other at once wait here for one another."""
    administrators = User.objects.active().filter(role=Role.ADMINISTRATOR).select_for_update().order_by("pk")
    left = [user for user in administrators if user.can_sign_in]
    if [user.pk for user in left] == [person.pk]:
        raise Refused(_("This is the last administrator. Make somebody else one first."))


# Diaries: the rooms above hear of every change in its own transaction


def change_profile(user: User, *, now: datetime) -> None:
    with transaction.atomic():
        before = User.objects.select_for_update().get(pk=user.pk)
        user.save(update_fields=["name", "title", "phone", "zone", "language", "digest_time", "single_keys"])
        if (before.zone, before.digest_time) != (user.zone, user.digest_time):
            # The next tick works out the next morning anew.
            user.next_digest_at = None
            user.save(update_fields=["next_digest_at"])
        if before.zone != user.zone:
            diary_changed.send(sender=User, user=user, now=now)


def save_week(week: WorkingWeek, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            week.save()
            diary_changed.send(sender=WorkingWeek, user=week.user, now=now)
    except IntegrityError as error:
        raise Refused(_("There is a week from this day already: change that one.")) from error


def remove_week(week: WorkingWeek, *, now: datetime) -> None:
    with transaction.atomic():
        week.delete()
        diary_changed.send(sender=WorkingWeek, user=week.user, now=now)


def save_absence(absence: Absence, *, now: datetime) -> None:
    with transaction.atomic():
        absence.save()
        diary_changed.send(sender=Absence, user=absence.user, now=now)


def remove_absence(absence: Absence, *, now: datetime) -> None:
    with transaction.atomic():
        absence.delete()
        diary_changed.send(sender=Absence, user=absence.user, now=now)


def change_firm(firm: Firm, *, fields: Iterable[str], now: datetime) -> int | None:
    """Save these fields alone: a manager who changes thresholds leaves the name to whoever changes that meanwhile.

    How many set up a second step from now on, where it was changed of whom one is asked.
    """
    fields = list(fields)
    asked = None
    with transaction.atomic():
        before = Firm.objects.select_for_update().filter(pk=1).first()
        if before is None:
            firm.save(force_insert=True)
        else:
            firm.save(update_fields=fields)
        if before is not None and before.second_step_for != firm.second_step_for:
            asked = sessions.end_of_those_without(firm)
        if before is None or any(getattr(before, name) != getattr(firm, name) for name in FIRM_DIARY):
            diary_changed.send(sender=Firm, user=None, now=now)
    return asked


def keep_logo(firm: Firm, picture: Picture, *, now: datetime) -> None:
    """In place of the one before. Documents that were sent keep theirs."""
    FirmLogo.objects.update_or_create(
        firm=firm,
        defaults={
            "kind": picture.kind,
            "content": picture.content,
            "sha256": hashlib.sha256(picture.content).hexdigest(),
            "width": picture.width,
            "height": picture.height,
            "changed_at": now,
        },
    )


def remove_logo(firm: Firm) -> None:
    FirmLogo.objects.filter(firm=firm).delete()
