from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from clients.agreement_rules import State
from clients.models.client import Client, Contact, seen_by
from clients.tokens import hashed, new_nonce, new_token, token_of
from engagement.outbox.models import Message
from engagement.staff.models import User

if TYPE_CHECKING:
    from clients.models.addendum import Addendum
    from clients.models.scope import Scope


PURPOSE = "signing link"


class Kind(models.TextChoices):
    SCOPE = "scope", _("Scope")
    ADDENDUM = "addendum", _("Addendum")


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user: User) -> AgreementQuerySet:
        return self.filter(seen_by(user, "client__"))

    def for_token(self, token: str) -> AgreementQuerySet:
        return self.filter(token_hash=hashed(token), client__archived_at=None).exclude(token_hash="")

    def to_nudge(self, now: datetime) -> AgreementQuerySet:
        return self.filter(state=State.SENT, next_nudge_at__lte=now)

    def to_sign(self, now: datetime) -> AgreementQuerySet:
        """By somebody who is still there, at the address that the text names: who reads at another, nobody has said."""
        version = SentVersion.objects.filter(agreement=OuterRef("pk"), version=OuterRef("version"))
        there = version.filter(Exact(KeyTextTransform("email", "content__contact"), OuterRef("contact__email")))
        return self.filter(Exists(there), state=State.SENT, valid_until_at__gt=now, contact__left_at=None)

    def lapsing(self, now: datetime) -> AgreementQuerySet:
        return self.filter(state=State.SENT, valid_until_at__lte=now)

    def wanting_a_document(self, now: datetime) -> AgreementQuerySet:
        return self.filter(document_due_at__lte=now)

    def to_greet(self) -> AgreementQuerySet:
        return self.filter(state=State.SIGNED, kind=Kind.SCOPE, greeted_at=None, signed_at__isnull=False)


class Agreement(models.Model):
    """What two sides sign: a scope, or an addendum to one. One state machine for both; `agreement_rules` says which
    steps there are, and `clients.actions` takes them."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="agreements")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    # Of the text: 1 until it has been sent, and one more each time it is changed after that.
    version = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    contact = models.ForeignKey(
        Contact, verbose_name=_("who signs"), null=True, blank=True, on_delete=models.PROTECT, related_name="agreements"
    )
    # The last day on which it can be signed, in the client's zone, and the instant at which that day ends.
    valid_until = models.DateField(_("can be signed until"), null=True, blank=True)
    valid_until_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    sent_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    # How the address reached them: by our mail, or copied by somebody here and sent by other means.
    by_mail = models.BooleanField(default=True, editable=False)
    signed_at = models.DateTimeField(null=True, editable=False)
    # Declined, withdrawn, lapsed or ended: when, by whom here, and the words.
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    closed_why = models.CharField(max_length=500, blank=True, editable=False)

    nonce = models.CharField(max_length=64, default=new_nonce, editable=False)
    # text, not char: compared with text, a char(64) column would not use its index. Empty until it is sent.
    token_hash = models.TextField(default="", editable=False)

    nudges = models.PositiveSmallIntegerField(default=0, editable=False)
    next_nudge_at = models.DateTimeField(null=True, editable=False)
    # The sealed document is made after the signatures, by a worker. Null: nothing to make.
    document_due_at = models.DateTimeField(null=True, editable=False)
    document_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    document_error = models.CharField(max_length=300, blank=True, editable=False)

    greeted_at = models.DateTimeField(null=True, editable=False)
    greeted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    made_at = models.DateTimeField(editable=False)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)

    objects: ClassVar[models.Manager[Agreement]] = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                name="clients_one_signing_address", fields=["token_hash"], condition=~Q(token_hash="")
            ),
        ]
        indexes = [
            # For to_nudge() and lapsing(), asked every minute.
            models.Index(name="clients_nudge_due", fields=["next_nudge_at"], condition=Q(state="sent")),
            models.Index(name="clients_lapse_due", fields=["valid_until_at"], condition=Q(state="sent")),
            # For wanting_a_document(), asked every few seconds.
            models.Index(
                name="clients_document_due", fields=["document_due_at"], condition=Q(document_due_at__isnull=False)
            ),
            # For the list of what waits for a signature.
            models.Index(name="clients_waits_for_names", fields=["-id"], condition=Q(state__in=["sent", "accepted"])),
            # For what was declined or lapsed lately, on the same list.
            models.Index(
                name="clients_closed_lately", fields=["closed_at"], condition=Q(state__in=["declined", "lapsed"])
            ),
            # For scopes in force, asked by My day.
            models.Index(name="clients_in_force", fields=["client"], condition=Q(state="signed", kind="scope")),
            # For to_greet(), asked by My day.
            models.Index(
                name="clients_greet_since",
                fields=["signed_at"],
                condition=Q(state="signed", kind="scope", greeted_at=None, signed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.about)

    @property
    def about(self) -> Scope | Addendum:
        return self.scope if self.kind == Kind.SCOPE else self.addendum

    @property
    def record_subject(self) -> str:
        """Under what the client's record speaks of it: "scope 3", "addendum 5"."""
        return f"{self.kind} {self.about.pk}"

    @property
    def is_draft(self) -> bool:
        return self.state == State.DRAFT

    def has_lapsed(self, now: datetime) -> bool:
        """The clock may not have come by yet to write it down."""
        return self.state == State.SENT and self.valid_until_at is not None and self.valid_until_at <= now

    def is_readable(self, now: datetime, link_lasts: timedelta) -> bool:
        """Whether the address opens more than the page for wrong addresses."""
        since = self.signed_at or self.closed_at
        return since is None or now < since + link_lasts

    def renew_address(self) -> None:
        """A new private address in place of any before it. The caller saves."""
        self.nonce = new_nonce()
        self.token_hash = hashed(new_token(PURPOSE, self.nonce))

    def token(self) -> str | None:
        """What stands in the address; None before it is sent, or when the installation's key has changed."""
        return token_of(PURPOSE, self.nonce, self.token_hash)


class SentVersion(models.Model):
    """Exactly what was sent: rendered once, kept, hashed. Never changed, never removed."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    # Every value as it is shown; `clients.content` says which there are and makes the canonical form.
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("version sent")
        verbose_name_plural = _("versions sent")
        ordering = ["agreement", "version"]
        constraints = [models.UniqueConstraint(name="clients_one_text_a_version", fields=["agreement", "version"])]

    def __str__(self) -> str:
        return f"{self.content.get('number', '')}, {self.version}"


class Side(models.TextChoices):
    CLIENT = "client", _("Client")
    FIRM = "firm", _("Firm")


class Signature(models.Model):
    """One side signed one version. Never changed, never removed, and never a second one."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("The link was sent by our e-mail")
        COPIED = "copied", _("The link was not sent by us: somebody here copied it")
        STAFF = "staff", _("Signed in here")

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    version = models.ForeignKey(SentVersion, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=10, choices=Side.choices)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    # Strokes of points, across 0 to 1 and down 0 to 0.4; null: typed only.
    drawn = models.JSONField(null=True)
    consent = models.TextField()
    signed_at = models.DateTimeField()
    address = models.CharField(max_length=60, blank=True)
    browser = models.CharField(max_length=300, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    code_passed_at = models.DateTimeField(null=True)
    text_sha256 = models.CharField(max_length=64)
    pdf_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["agreement", "signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(name="clients_one_signature_a_side", fields=["version", "side"]),
            models.UniqueConstraint(
                name="clients_a_client_signs_once", fields=["agreement"], condition=Q(side="client")
            ),
            models.CheckConstraint(
                name="clients_signature_is_somebodys",
                condition=Q(side="client", contact__isnull=False, user=None, code_passed_at__isnull=False)
                | Q(side="firm", user__isnull=False, contact=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OneTimeCode(models.Model):
    """Six figures sent to the address on file: ten minutes, five tries, once."""

    class Purpose(models.TextChoices):
        SIGN = "sign", _("To sign")
        DOCUMENT = "document", _("To read the signed document")

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="codes")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    salt = models.CharField(max_length=32)
    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(name="clients_codes_of", fields=["agreement", "purpose", "-made_at"])]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.made_at.isoformat()}"
