from clients.models.addendum import Addendum, AddendumLine
from clients.models.agreement import Agreement, Kind, OneTimeCode, SentVersion, Side, Signature
from clients.models.client import Client, Contact, seen_by
from clients.models.document import SealCertificate, SealedDocument
from clients.models.link import PrivateLink
from clients.models.record import Entry
from clients.models.request import OutsideRequest
from clients.models.scope import LineValues, Renewal, Scope, ScopeFile, ScopeLine, ScopeTemplate
from clients.models.solution import Solution

__all__ = [
    "Addendum",
    "AddendumLine",
    "Agreement",
    "Client",
    "Contact",
    "Entry",
    "Kind",
    "LineValues",
    "OneTimeCode",
    "OutsideRequest",
    "PrivateLink",
    "Renewal",
    "Scope",
    "ScopeFile",
    "ScopeLine",
    "ScopeTemplate",
    "SealCertificate",
    "SealedDocument",
    "SentVersion",
    "Side",
    "Signature",
    "Solution",
    "seen_by",
]
