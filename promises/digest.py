"""The morning message: what it lists, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Client
from engagement.staff.diary import Diaries, cover_for
from engagement.staff.models import Absence, User
from engagement.staff.when import speak_date
from promises.models import Promise
from promises.models.promise import PromiseQuerySet
from promises.my_day import MyDay, Parts, first_of

# A morning message is read over coffee: beyond so many lines a section says how many more there are.
MOST_LINES = 12
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Section:
    title: str
    promises: list[Promise]
    clients: list[Client]
    more: int


def contents(person: User, now: datetime, diaries: Diaries) -> list[Section]:
    """The sections that have something in them. Called in the person's language."""
    covered = _covered_by(person, now)
    day = MyDay.of(person, now, covered)
    sections = [
        _section(_("The client has to hear from you"), day.to_tell),
        _section(
            _("In your team: the client has not been told, and the time to tell has passed"),
            [_not_told_of_team(person, covered, now)],
        ),
        _section(_("The client was told to expect it, or a new date, by tomorrow"), day.announced),
        _section(
            _("In your team: the day that the client was told to expect something by has passed"),
            [_announced_in_team(person, covered, now)],
        ),
        _section(_("Due today"), day.due_today),
        _section(_("Overdue, and the client knows"), day.overdue),
        _section(_("Is it done?"), day.maybe_done(diaries.of(person))),
        _section(_("In the next 7 days"), day.next_days),
        _section(_("Waiting for the client"), day.waiting),
        _section(_("To keep an eye on"), day.watched),
        _clients(_("Word owed today, as agreed"), day.words_owed),
    ]
    return [section for section in sections if section.promises or section.clients]


def render(person: User, now: datetime, diaries: Diaries) -> tuple[str, str] | None:
    """Subject and text in the person's language and zone; None when there is nothing to say."""
    with translation.override(person.language), timezone.override(person.zoneinfo):
        sections = contents(person, now, diaries)
        if not sections:
            return None
        day = speak_date(now.astimezone(person.zoneinfo).date(), today=now.astimezone(person.zoneinfo).date())
        first = sections[0]
        count = len(first.promises) + len(first.clients) + first.more
        subject = _("%(day)s: %(title)s (%(count)s)") % {"day": day, "title": first.title, "count": count}
        context = {"person": person, "sections": sections, "now": now, "site": settings.SITE_URL, "day": day}
        return subject, render_to_string("mail/digest.txt", context)


def render_alarm(person: User, promises: list[tuple[Promise, str]], now: datetime) -> tuple[str, str]:
    """Subject and text of a single alarm that speaks of these promises, each with the stage it reached."""
    with translation.override(person.language), timezone.override(person.zoneinfo):
        first = promises[0][0]
        if len(promises) == 1:
            subject = _("Tell %(client)s: %(what)s") % {"client": first.client.name, "what": first.what}
        else:
            subject = ngettext(
                "%(count)s client promise has to be spoken of",
                "%(count)s promises: the client has to hear from us",
                len(promises),
            ) % {"count": len(promises)}
        context = {"person": person, "promises": promises, "now": now, "site": settings.SITE_URL}
        return subject, render_to_string("mail/alarm.txt", context)


def render_request(person: User, promises: list[Promise], by: User, now: datetime) -> tuple[str, str]:
    """Subject and text by which somebody asks an owner how promises stand."""
    with translation.override(person.language), timezone.override(person.zoneinfo):
        subject = ngettext("How does %(what)s stand?", "How do these %(count)s promises stand?", len(promises)) % {
            "what": promises[0].what,
            "count": len(promises),
        }
        context = {"person": person, "promises": promises, "by": by, "now": now, "site": settings.SITE_URL}
        return subject, render_to_string("mail/ask.txt", context)


def render_left(reader: User, person: User, promises: QuerySet[Promise], now: datetime) -> tuple[str, str]:
    """What somebody who has left still owes, for whoever hands it over."""
    with translation.override(reader.language), timezone.override(reader.zoneinfo):
        count = promises.count()
        subject = ngettext(
            "%(name)s has left: %(count)s open promise needs another owner",
            "%(name)s has left: %(count)s open promises need another owner",
            count,
        ) % {"name": person.name, "count": count}
        context = {
            "person": person,
            "promises": promises[:MOST_LINES],
            "more": max(0, count - MOST_LINES),
            "now": now,
            "all": f"{settings.SITE_URL}{reverse('promises:list')}?{urlencode({'owner': person.pk, 'state': 'open'})}",
        }
        return subject, render_to_string("mail/left.txt", context)


def _covered_by(person: User, now: datetime) -> list[User]:
    # Whoever is away today in any zone: only they are asked who stands in.
    absent = Absence.objects.filter(
        cover__isnull=False, first_day__lte=(now + DAY).date(), last_day__gte=(now - DAY).date()
    )
    away = User.objects.active().filter(absences__in=absent).exclude(pk=person.pk).distinct()
    return [absent for absent in away if cover_for(absent, now) == person]


def _not_told_of_team(person: User, covered: list[User], now: datetime) -> PromiseQuerySet:
    return _of_team(person, covered).not_told(now).filter(tell_by_at__lte=now)


def _announced_in_team(person: User, covered: list[User], now: datetime) -> PromiseQuerySet:
    yesterday = now.astimezone(person.zoneinfo).date() - DAY
    return _of_team(person, covered).announced_by(yesterday)


def _of_team(person: User, covered: list[User]) -> PromiseQuerySet:
    if not person.is_manager:
        return Promise.objects.none()
    managers = User.objects.managers().reachable()
    theirs = Q(owner__manager__in=[person, *covered]) | Q(owner__manager=None) | ~Q(owner__manager__in=managers)
    return Promise.objects.open().filter(theirs).exclude(owner=person)


def _section(title: str, promises: Parts) -> Section:
    found = first_of(promises, MOST_LINES + 1)
    more = sum(part.count() for part in promises) - MOST_LINES if len(found) > MOST_LINES else 0
    return Section(title, found[:MOST_LINES], [], more)


def _clients(title: str, clients: QuerySet[Client]) -> Section:
    found = list(clients[: MOST_LINES + 1])
    more = clients.count() - MOST_LINES if len(found) > MOST_LINES else 0
    return Section(title, [], found[:MOST_LINES], more)
