"""For managers: what the flags were worth, and from which chance on they are raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.forms.boundfield import BoundField, BoundWidget
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from engagement.staff.access import manager_required
from engagement.staff.actions import change_firm
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from engagement.staff.when import speak_number, speak_per_cent
from promises.backtest_words import called
from promises.calibration import ENOUGH, Calibration, Cost
from promises.calibration_chart import chart
from promises.forms.thresholds import ThresholdsForm
from promises.measure import EARLY_DAYS, Bin, Lead


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """A threshold, what it would have cost, and the two choices of it."""

    cost: Cost
    watch: BoundWidget
    risk: BoundWidget


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def foresight(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    found = Calibration(firm, now)
    form = ThresholdsForm(request.POST or None, firm=firm, thresholds=found.thresholds)
    if request.method == "POST" and form.is_valid():
        firm.watch_from, firm.at_risk_from = form.cleaned_data["watch_from"], form.cleaned_data["at_risk_from"]
        change_firm(firm, fields=["watch_from", "at_risk_from"], now=now)
        messages.success(request, _("The thresholds are saved. Every open promise is looked at again."))
        return redirect("promises:foresight")
    context = {
        "now": now,
        "form": form,
        "found": found,
        "figures": _figures(found),
        "bins": [(called(one), one) for one in found.bins],
        "verdict": _verdict(found.bins),
        "chart": chart(found.bins),
        "enough": ENOUGH,
        "early_days": EARLY_DAYS,
        "rows": _rows(found.costs, form["watch_from"], form["at_risk_from"]),
    }
    return render(request, "promises/foresight.html", context)


def _figures(found: Calibration) -> list[Figure]:
    days = {"days": EARLY_DAYS}
    return [
        Figure(
            _("Dates that passed"),
            speak_number(len(found.dates)),
            _("%(late)s of them slipped") % {"late": speak_number(found.late)},
        ),
        Figure(
            _("Flagged in time"),
            _of(found.lead, "early"),
            _("late ones, %(days)s or more working days ahead") % days,
        ),
        Figure(_("“Due soon” alone"), _of(found.due_soon, "early"), _soon(found.due_soon)),
        Figure(_("False flags"), _of(found.lead, "false_alarms"), _("dates flagged at risk that held")),
    ]


def _of(lead: Lead | None, name: str) -> str:
    """13 of 24."""
    share = getattr(lead, name) if lead else None
    if lead is None or share is None:
        return _("no data")
    count = lead.on_time if name == "false_alarms" else lead.late
    return _("%(part)s of %(whole)s") % {"part": speak_number(round(share * count)), "whole": speak_number(count)}


def _soon(soon: Lead | None) -> str:
    if soon is None or not soon.late:
        return _("what the nearness of the date would give")
    if soon.threshold > 0:
        return _("it could flag nothing without more false flags")
    return ngettext(
        "it would have to wait until %(days)s working day before, for no more false flags",
        "it would have to wait until %(days)s working days before, for no more false flags",
        round(-soon.threshold),
    ) % {"days": speak_number(-soon.threshold)}


def _verdict(bins: Sequence[Bin]) -> str:
    """Whether what was said can be true by what came, and where not, on which side it lies."""
    told = [one for one in bins if one.share is not None]
    if not told:
        return ""
    more = [_ten(one) for one in told if not one.holds and (one.share or 0) > (one.said or 0)]
    fewer = [_ten(one) for one in told if not one.holds and (one.share or 0) < (one.said or 0)]
    said = []
    if more:
        said.append(_("Where we had said %(tens)s, more slipped than that.") % {"tens": get_text_list(more, _("or"))})
    if fewer:
        said.append(_("Where we had said %(tens)s, fewer slipped than that.") % {"tens": get_text_list(fewer, _("or"))})
    return " ".join(said) or _("In every row, what we had said lies where what came allows it to lie.")


def _ten(one: Bin) -> str:
    return speak_per_cent(one.called / 100)


def _rows(costs: list[Cost], watch: BoundField, risk: BoundField) -> list[Row]:
    return [Row(*row) for row in zip(costs, watch.subwidgets, risk.subwidgets, strict=True)]
