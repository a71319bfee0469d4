from __future__ import annotations

from datetime import datetime

from clients.models import ScopeTemplate
from engagement.staff.models import User


def rename_template(template: ScopeTemplate, name: str, *, by: User, now: datetime) -> None:
    template.name, template.changed_by, template.changed_at = name, by, now
    template.save(update_fields=["name", "changed_by", "changed_at"])


def delete_template(template: ScopeTemplate) -> None:
    ScopeTemplate.objects.filter(pk=template.pk).delete()
