from clients.models.client import Client, Contact
from clients.models.link import PrivateLink
from clients.models.record import Entry
from clients.models.scope import Scope, ScopeFile

__all__ = ["Client", "Contact", "Entry", "PrivateLink", "Scope", "ScopeFile"]
