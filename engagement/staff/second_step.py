"""The second step of signing in: a code from an app, or one of ten recovery codes."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import segno
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django_otp.oath import TOTP

from engagement.staff.account_events import note
from engagement.staff.locked import lock, unlock
from engagement.staff.models import AccountEvent, Firm, RecoveryCode, SecondStep, User

# Phones and servers go wrong by seconds: the half minute before and the one after count too.
DRIFT = 1
SECRET_BYTES = 20
SCANNED_WITHIN = timedelta(minutes=30)
CODES = 10
# No 0, 1, i, l or o, which are read for one another. 24 of 31 signs are 118 bits: a plain hash guards them well.
SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 24
GROUP = 6


def is_asked_of(user: User, firm: Firm) -> bool:
    """Whether the firm lets this person in with a second step only."""
    match firm.second_step_for:
        case Firm.SecondStepFor.EVERYBODY:
            return True
        case Firm.SecondStepFor.MANAGERS:
            return user.is_manager
    return False


# Setting up: what the page shows is kept nowhere until a code proves that the app has it


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def drafted(secret: str, user: User) -> str:
    """The secret as the form carries it: locked, for this person, for half an hour."""
    return lock(secret, f"second step, not yet, of {user.pk}")


def read_draft(draft: str, user: User) -> str | None:
    return unlock(draft, f"second step, not yet, of {user.pk}", SCANNED_WITHIN)


def app_address(secret: str, user: User, firm: Firm) -> str:
    """What an app reads from the picture (Key URI format)."""
    issuer = (firm.name or "Engagement").replace(":", " ")
    label = quote(f"{issuer}:{user.email}", safe="@")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def picture(address: str) -> SafeString:
    """A QR code as inline SVG, without styles, on a white ground of its own: dark pages are scanned too."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=False,
        svgclass="qr",
        lineclass=None,
        omitsize=True,
        light="#fff",
        border=4,
    )
    # Numbers of a path, written by the library: nothing that was typed is in it.
    return mark_safe(out.getvalue().decode())


def spaced(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def shows(secret: str, code: str, *, now: datetime) -> bool:
    return _half_minute_of(secret, code, -1, now) is not None


@transaction.atomic
def turn_on(user: User, secret: str, code: str, *, now: datetime) -> list[str]:
    """The recovery codes, to be shown once. The code that proved the app is taken: it opens nothing after."""
    taken = _half_minute_of(secret, code, -1, now)
    assert taken is not None  # the form has looked
    _step, is_new = SecondStep.objects.update_or_create(
        user=user, defaults={"secret": _locked(secret, user), "since": now, "last_taken": taken}
    )
    note(user, AccountEvent.Kind.STEP_ON if is_new else AccountEvent.Kind.STEP_MOVED, by=user, now=now)
    return _new_codes(user, now)


@transaction.atomic
def renew_codes(user: User, *, now: datetime) -> list[str]:
    note(user, AccountEvent.Kind.NEW_CODES, by=user, now=now)
    return _new_codes(user, now)


@transaction.atomic
def turn_off(user: User, *, now: datetime) -> None:
    _forget(user)
    note(user, AccountEvent.Kind.STEP_OFF, by=user, now=now)


@transaction.atomic
def take_away(person: User, *, by: User, now: datetime) -> None:
    """For somebody who lost app and codes. Whoever is signed in as them is signed out."""
    _forget(person)
    person.sessions.all().delete()
    note(person, AccountEvent.Kind.STEP_TAKEN, by=by, now=now)


# Checking


def takes_code(user: User, code: str, *, now: datetime) -> bool:
    """Whether the app of this person shows this code, and it was not taken before. It is taken now."""
    step = SecondStep.objects.filter(user=user).first()
    if step is None or (secret := _unlocked(step)) is None:
        return False
    taken = _half_minute_of(secret, code, step.last_taken, now)
    if taken is None:
        return False
    # Repeated in the UPDATE: of two who come with the same code together, one is let in.
    mine = SecondStep.objects.filter(pk=step.pk, secret=step.secret, last_taken__lt=taken)
    return bool(mine.update(last_taken=taken))


def takes_recovery_code(user: User, code: str, *, now: datetime) -> bool:
    with transaction.atomic():
        unused = RecoveryCode.objects.filter(user=user, digest=_digest(code), used_at=None)
        if not unused.update(used_at=now):
            return False
        note(user, AccountEvent.Kind.CODE_USED, by=user, now=now)
    return True


def takes_either(user: User, code: str, *, now: datetime) -> bool:
    return takes_code(user, code, now=now) or takes_recovery_code(user, code, now=now)


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def lock_anew() -> tuple[int, list[User]]:
    """Lock every secret with the key of now. How many were, and whose no key opens."""
    done, closed = 0, []
    for step in SecondStep.objects.select_related("user").order_by("pk"):
        secret = _unlocked(step)
        if secret is None:
            closed.append(step.user)
            continue
        done += SecondStep.objects.filter(pk=step.pk, secret=step.secret).update(secret=_locked(secret, step.user))
    return done, closed


def _half_minute_of(secret: str, code: str, after: int, now: datetime) -> int | None:
    figures = "".join(code.split())
    if not (len(figures) == 6 and figures.isascii() and figures.isdigit()):
        return None
    totp = TOTP(base64.b32decode(secret))
    totp.time = now.timestamp()
    if not totp.verify(int(figures), tolerance=DRIFT, min_t=after + 1):
        return None
    taken: int = totp.t()
    return taken


def _new_codes(user: User, now: datetime) -> list[str]:
    codes = ["".join(secrets.choice(SIGNS) for _sign in range(CODE_LENGTH)) for _code in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(code), made_at=now) for code in codes])
    return ["-".join(code[at : at + GROUP] for at in range(0, CODE_LENGTH, GROUP)) for code in codes]


def _digest(code: str) -> str:
    plain = "".join(sign for sign in code.casefold() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def _forget(user: User) -> None:
    SecondStep.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _locked(secret: str, user: User) -> str:
    return lock(secret, f"second step of {user.pk}")


def _unlocked(step: SecondStep) -> str | None:
    return unlock(step.secret, f"second step of {step.user_id}")
