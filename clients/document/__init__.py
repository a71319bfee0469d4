"""The signed document. Plain values in, PDF out; it knows no models and reads no clock."""

from clients.document.labels import labels
from clients.document.render import fingerprint, is_logo, render
from clients.document.values import Change, Content, Evidence, EvidenceRow, Line, MovedDate, Signature, Tax

__all__ = [
    "Change",
    "Content",
    "Evidence",
    "EvidenceRow",
    "Line",
    "MovedDate",
    "Signature",
    "Tax",
    "fingerprint",
    "is_logo",
    "labels",
    "render",
]
