from decimal import Decimal

from django import template

from promises.overrun import hours_words

register = template.Library()


@register.filter
def effort_hours(hours: Decimal) -> str:
    """41 h, 3.5 h: a sum of what was counted, to be compared with another."""
    return hours_words(hours)
