from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.agreement import Agreement


class SealCertificate(models.Model):
    """The public half of a key that the firm seals with, or once did: old documents stay verifiable."""

    # SHA-256 of the certificate, in hex.
    fingerprint = models.CharField(max_length=64, unique=True)
    pem = models.TextField()
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("certificate of the seal")
        verbose_name_plural = _("certificates of the seal")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.fingerprint[:12]


class SealedDocument(models.Model):
    """The signed agreement as PDF/A with its evidence page, sealed with the firm's key. Never changed or removed."""

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="document")
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(max_length=64)
    is_timestamped = models.BooleanField()
    # The head of the client's chain as it is printed on the evidence page: an anchor outside the database.
    head_seq = models.PositiveIntegerField()
    head_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sealed document")
        verbose_name_plural = _("sealed documents")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.sha256[:12]
