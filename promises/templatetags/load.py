from __future__ import annotations

import math

from django import template
from django.utils.translation import gettext as _

from engagement.staff.when import speak_number

register = template.Library()


@register.filter
def load_hours(hours: float) -> str:
    """14 h; below three hours a half is worth showing, and a little is never nothing."""
    shown = math.floor(hours + 0.5) if hours >= 2.75 else math.floor(hours * 2 + 0.5) / 2
    if not shown and hours > 0:
        shown = 0.5
    return _("%(hours)s h") % {"hours": speak_number(shown)}
