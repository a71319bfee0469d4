from decimal import Decimal

from django import template

from clients.content import speak_effect, speak_price

register = template.Library()


@register.filter
def price(amount: Decimal, currency: str) -> str:
    """Of one, which may be finer than the smallest coin."""
    return speak_price(amount, currency)


@register.filter
def effect(amount: Decimal, currency: str) -> str:
    """With its sign: + €240.00."""
    return speak_effect(amount, currency)
