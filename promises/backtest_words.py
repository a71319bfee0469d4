"""A replay's figures in words and columns, for the terminal and for the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.staff.when import speak_number, speak_per_cent
from promises.judging import Figures, Report, Stage
from promises.measure import EARLY_DAYS, TENS, Bin, Lead

STAGES = {
    Stage.MAKING: gettext_lazy("When it was promised"),
    Stage.HALF_WAY: gettext_lazy("About half-way"),
    Stage.NEAR: gettext_lazy("Near the date"),
}
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Columns:
    head: Row
    rows: Sequence[Row]


def in_all(report: Report) -> str:
    """30,074 questions, all of them answered; 10,771 finished jobs."""
    questions = ngettext("%(count)s question", "%(count)s questions", report.asked) % {
        "count": speak_number(report.asked)
    }
    jobs = ngettext("%(count)s finished job", "%(count)s finished jobs", report.jobs) % {
        "count": speak_number(report.jobs)
    }
    words = {"questions": questions, "answered": speak_number(report.answered), "jobs": jobs}
    words["judged"] = speak_number(report.judged)
    return _("%(questions)s, %(answered)s answered; what came of %(judged)s is known. %(jobs)s.") % words


def how_right(report: Report) -> Columns:
    """How right the chances were, by when they were given."""
    rows = [_figures(str(STAGES[stage]), figures) for stage, figures in report.stages.items()]
    if report.hours:
        rows.append(_figures(_("Against the free hours"), report.hours))
    return Columns(("", _("Questions"), _("Slipped"), _("Brier"), _("Log loss"), _("AUC"), _("Off by")), rows)


def calibration(bins: Sequence[Bin]) -> Columns:
    """Of those called 10, 20 … 90 %, how many slipped."""
    rows = [(called(one), speak_number(one.count), speak_number(one.happened), *_share(one)) for one in bins]
    return Columns((_("Called"), _("Questions"), _("Slipped"), _("Share"), _("Between")), rows)


def called(one: Bin) -> str:
    ten = {"share": speak_per_cent(one.called / 100)}
    if one.called == TENS[0]:
        return _("%(share)s or less") % ten
    return _("%(share)s or more") % ten if one.called == TENS[-1] else ten["share"]


def leads(report: Report) -> list[str]:
    """How early late ones were flagged, and what the nearness of the date alone would have given."""
    if report.hours and not report.stages:
        # Asked about hours alone: no flag could be early or late.
        return []
    if report.lead is None or report.due_soon is None:
        return [_("No date of five working days or more has both slipped and held yet: nothing to say on early flags.")]
    return [_flag(report.lead), _rule(report.due_soon)]


def table(report: Report) -> list[str]:
    """The whole of it as lines of a terminal."""
    return [
        in_all(report),
        "",
        *_aligned(how_right(report)),
        _("Brier and log loss: 0 is perfect. AUC: 1 is perfect, 0.5 a coin. Off by: how far what was said lies off."),
        "",
        *_aligned(calibration(report.bins)),
        _("Between: where the true share lies, 95 times in a hundred."),
        "",
        *leads(report),
    ]


def _figures(name: str, figures: Figures) -> Row:
    slipped = speak_per_cent(figures.slipped / figures.count) if figures.count else _("no data")
    scores = (figures.brier, figures.log_loss, figures.auc, figures.error)
    return name, speak_number(figures.count), slipped, *(_score(score) for score in scores)


def _score(score: float | None) -> str:
    return _("no data") if score is None else f"{score:.3f}"


def _share(one: Bin) -> tuple[str, str]:
    if one.share is None or one.bounds is None:
        return _("no data"), ""
    low, high = (speak_per_cent(bound) for bound in one.bounds)
    return speak_per_cent(one.share), _("%(low)s to %(high)s") % {"low": low, "high": high}


def _flag(lead: Lead) -> str:
    words = _lead(lead) | {"threshold": speak_per_cent(min(lead.threshold, 1.0))}
    return (
        _(
            "Flags from %(threshold)s on: of %(late)s late dates %(early)s were flagged %(days)s or more working days "
            "ahead, %(half)s before half of their time, %(found)s at all; so were %(false)s of %(kept)s kept ones."
        )
        % words
    )


def _rule(lead: Lead) -> str:
    if math.isinf(lead.threshold):
        return _("“Due soon” alone could flag none without more false alarms than that.")
    days = round(-lead.threshold)
    words = _lead(lead) | {"soon": speak_number(days)}
    return (
        ngettext(
            "“Due soon” alone, %(soon)s working day ahead: %(early)s were flagged %(days)s or more working days "
            "ahead, %(half)s before half of their time, %(found)s at all; so were %(false)s of %(kept)s kept ones.",
            "“Due soon” alone, %(soon)s working days ahead: %(early)s were flagged %(days)s or more working days "
            "ahead, %(half)s before half of their time, %(found)s at all; so were %(false)s of %(kept)s kept ones.",
            days,
        )
        % words
    )


def _lead(lead: Lead) -> dict[str, str]:
    shares = {
        "early": lead.early,
        "half": lead.before_half_time,
        "found": lead.found,
        "false": lead.false_alarms,
    }
    spoken = {name: _("no data") if share is None else speak_per_cent(share) for name, share in shares.items()}
    counts = {"late": lead.late, "kept": lead.on_time, "days": EARLY_DAYS}
    return spoken | {name: speak_number(count) for name, count in counts.items()}


def _aligned(columns: Columns) -> list[str]:
    """The first column to the left, figures to the right."""
    lines = [columns.head, *columns.rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns.head))]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
