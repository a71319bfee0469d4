"""The seal: the firm's key, how a document is sealed with it, and how a seal is read. docs/seal.md tells the whole."""

from clients.sealing.errors import CannotSeal
from clients.sealing.finding import Finding, Verdict
from clients.sealing.firm import Sealed, change_key, ensure_key, read, seal
from clients.sealing.reading import read_seal

__all__ = ["CannotSeal", "Finding", "Sealed", "Verdict", "change_key", "ensure_key", "read", "read_seal", "seal"]
