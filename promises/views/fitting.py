"""Whether a date fits the diary, for every form that takes one: what is shown, and what is asked before it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial

from django import forms
from django.http import HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from clients.models import Client
from engagement.staff.models import User
from promises.actions import Override
from promises.capacity import Fit, weigh
from promises.cautions import Caution, over_capacity
from promises.due import Due
from promises.fit_words import Words, say
from promises.forms.log import REASON
from promises.models import Promise
from promises.weighing import Weighing


@dataclass(frozen=True)
class Fitted:
    fit: Fit
    over: list[Caution]
    say: Callable[[], Words]

    @cached_property
    def words(self) -> Words:
        """Whoever saves what fits reads none of them."""
        return self.say()

    def override(self, form: forms.Form) -> Override | None:
        fit, reason = self.fit, form.cleaned_data[REASON]
        return Override(fit.free_hours, fit.hours_needed, fit.chance, reason) if self.over and reason else None


def fitted(
    weighing: Weighing,
    owner: User,
    client: Client,
    due: Due,
    reader: User,
    now: datetime,
    *,
    estimate: Decimal | None = None,
    moved: Promise | None = None,
) -> Fitted:
    fit = weigh(weighing, owner, client, due, now, estimate=estimate, moved=moved)
    return Fitted(fit, over_capacity(fit, owner), partial(say, fit, owner, client, reader, now))


def fragment(found: Fitted | None) -> HttpResponse:
    """For the form that asked while it was filled in. Nothing where nothing can be said yet; no page round it."""
    words = found.words if found else None
    return HttpResponse(render_to_string("promises/_fit.html", {"words": words, "takes": True}))


def confirmed(data: QueryDict) -> str:
    """The keys of the cautions that stood on the page; some by a button, some because they were shown."""
    return " ".join(data.getlist("confirmed"))


def wants_reason(form: forms.Form, found: Fitted | None) -> bool:
    """Whether the reason is still missing. The form says so where it was asked for before."""
    if not found or not found.over or form.cleaned_data.get(REASON, "").strip():
        return False
    form.add_error(REASON, _("Enter why you take it on all the same, or choose a date that holds"))
    return True
