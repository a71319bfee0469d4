from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from clients import record
from clients.models import Scope, ScopeFile
from engagement.staff.models import User


def save_scope(scope: Scope, by: User, now: datetime) -> None:
    """Save a scope, new or changed, and keep what it says in the client's record."""
    kind = "scope_changed" if scope.pk else "scope_made"
    with transaction.atomic():
        if not scope.pk:
            scope.made_at = now
        scope.save()
        signed_on = scope.signed_on.isoformat() if scope.signed_on else None
        data = {"number": scope.number, "title": scope.title, "signed_on": signed_on}
        record.write(scope.client_id, record.Event(f"scope {scope.pk}", kind, now, by, data))


def keep_file(scope: Scope, name: str, content: bytes, by: User, now: datetime) -> ScopeFile:
    """Keep the signed paper. One kept before is replaced; its hash stays in the client's record."""
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        before = ScopeFile.objects.filter(scope=scope).values_list("sha256", flat=True).first()
        kept, _made = ScopeFile.objects.update_or_create(
            scope=scope,
            defaults={
                "name": name,
                "content": content,
                "size": len(content),
                "sha256": sha256,
                "added_at": now,
                "added_by": by,
            },
        )
        data = {"name": name, "size": len(content), "sha256": sha256, "instead_of": before}
        record.write(scope.client_id, record.Event(f"scope {scope.pk}", "scope_file_kept", now, by, data))
    return kept
