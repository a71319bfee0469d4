"""Dates and figures in templates. The viewer's zone is the one that is active; `now` is the page's, if it has one."""

from datetime import date, datetime, time
from decimal import Decimal

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html

from engagement.staff import when
from engagement.staff.when import Zone

register = template.Library()


@register.simple_tag(takes_context=True)
def spoken_due(
    context: Context,
    due_on: date | None,
    due_time: time | None,
    zone: Zone,
    here: bool = False,
    with_zone: bool = True,
    plain: bool = False,
) -> str:
    """`here` adds the viewer's own time where clocks differ; `plain` is for mails and attributes."""
    if not due_on:
        return ""
    also = timezone.get_current_timezone() if here else None
    words = when.speak_due(due_on, due_time, zone, now=_now(context), with_zone=with_zone, also=also)
    return words if plain else _marked(when.iso_due(due_on, due_time, zone), words)


@register.simple_tag(takes_context=True)
def spoken_moment(
    context: Context,
    instant: datetime | None,
    zone: Zone = None,
    with_zone: bool = True,
    plain: bool = False,
) -> str:
    if not instant:
        return ""
    words = when.speak_moment(instant, zone, now=_now(context), with_zone=with_zone)
    return words if plain else _marked(when.iso(instant), words)


@register.simple_tag(takes_context=True)
def spoken_short(context: Context, instant: datetime | date | None, zone: Zone = None, plain: bool = False) -> str:
    if not instant:
        return ""
    words = when.speak_short(instant, zone, now=_now(context))
    return words if plain else _marked(when.iso(instant), words)


@register.simple_tag(takes_context=True)
def spoken_date(context: Context, day: date | None, plain: bool = False) -> str:
    if not day:
        return ""
    words = when.speak_date(day, today=timezone.localdate(_now(context)))
    return words if plain else _marked(when.iso(day), words)


@register.simple_tag
def spoken_zone(zone: Zone = None) -> str:
    return when.speak_zone(zone)


@register.filter
def iso(instant: datetime | date | None) -> str:
    """For data attributes that a script reads."""
    return when.iso(instant) if instant else ""


@register.filter
def ago(instant: datetime | date | None, now: datetime) -> str:
    return when.speak_ago(instant, now) if instant else ""


@register.filter
def days_late(due_on: date | None, today: date) -> str:
    return when.days_late(due_on, today) if due_on else ""


@register.filter
def hours(amount: float | Decimal | None) -> str:
    return "" if amount is None else when.speak_hours(amount)


@register.filter
def per_cent(share: float | Decimal | None) -> str:
    return "" if share is None else when.speak_per_cent(share)


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else when.speak_money(amount, currency)


@register.filter
def number(amount: float | Decimal | None) -> str:
    return "" if amount is None else when.speak_number(amount)


def _marked(machine: str, words: str) -> str:
    return format_html('<time datetime="{}">{}</time>', machine, words)


def _now(context: Context) -> datetime:
    now = context.get("now")
    return now if isinstance(now, datetime) else timezone.now()
