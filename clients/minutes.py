from django.utils.translation import gettext as _


def speak_minutes(minutes: int) -> str:
    """1 h 35 min: what was counted is spoken as it was counted."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
