from django import template

from clients.minutes import speak_minutes

register = template.Library()


@register.filter
def minutes(number: int | None) -> str:
    return "" if number is None else speak_minutes(number)
