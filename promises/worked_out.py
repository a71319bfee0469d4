"""How a chance was worked out, for whoever asks: the figures behind it, each in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.staff.models import Firm, User
from engagement.staff.when import speak_hours, speak_number, speak_per_cent, speak_short
from promises.forecast import SAID_MAY_BE_LATE, SILENT, UNKNOWN_HOURS, WAITING_AT_LEAST, Forecast, forecast
from promises.looking import silent_from
from promises.models import Promise
from promises.risk_words import days_words, free_words, hours_words, is_kept_to, ratio_words
from promises.track_record import JOBS_ENOUGH
from promises.weighing import Weighing


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """`chance` as of now, what it means in a sentence or two, and the figures that went into it, with their names."""

    chance: float
    means: list[str]
    figures: list[tuple[str, str]]


def worked_out(promise: Promise, firm: Firm, reader: User, now: datetime) -> WorkedOut:
    """Of an open promise whose date lies ahead. Reads diaries, loads and the record as the watch does."""
    tells_whose = reader.is_manager or reader.pk == promise.owner_id
    weighing = Weighing(firm)
    calendar = weighing.diaries.of(promise.owner)
    facts = weighing.facts(promise, now, silent_from(promise, calendar), weighing.hours_before(promise))
    seen = forecast(facts, weighing.record_at(now))
    figures = [
        (_("Work left"), _left(promise, seen, now)),
        (_("Time for it"), _free(promise, seen, weighing)),
        *_record(promise, seen, tells_whose=tells_whose),
        (_("Last word"), _last_word(promise, now)),
        (_("Finished jobs on record"), _jobs(seen)),
        (_("The firm's thresholds"), _thresholds(firm)),
    ]
    return WorkedOut(seen.chance, _means(promise, seen), figures)


def _means(promise: Promise, seen: Forecast) -> list[str]:
    if not seen.grows:
        return [_("The work is reported as finished, so little can slip; whether it is done is for somebody to say.")]
    said = [_base(seen)]
    owner = {"owner": promise.owner.get_short_name()}
    for ground in seen.grounds:
        match ground:
            case "said":
                least = {**owner, "chance": speak_per_cent(SAID_MAY_BE_LATE)}
                said.append(_("%(owner)s said that it may be late: that counts for at least %(chance)s.") % least)
            case "silent":
                least = {"chance": speak_per_cent(SILENT)}
                said.append(_("Nobody has said lately how it stands: that counts for at least %(chance)s.") % least)
            case "waiting":
                least = {"chance": speak_per_cent(WAITING_AT_LEAST)}
                said.append(_("We wait for the client: that counts for at least %(chance)s.") % least)
    return said


def _base(seen: Forecast) -> str:
    if not seen.enough:
        return _(
            "A first guess: there is not enough record yet, so it is reckoned from how far other firms' jobs"
            " have strayed from their estimates."
        )
    if "days" in seen.grounds:
        return _(
            "It is the share of past jobs like this one, as far along, that took more working days than there are."
            " How far such jobs ran past their dates, how much is done, and how long nobody has said anything, are"
            " weighed in."
        )
    if seen.usual_ratio is None:
        return _(
            "The hours that past jobs took are not on record, so it is reckoned from how far other firms' jobs have"
            " strayed from their estimates."
        )
    return _("It is the share of past jobs like this one that took more hours, for each one estimated, than are free.")


def _left(promise: Promise, seen: Forecast, now: datetime) -> str:
    if seen.left is None:
        taken = {"hours": speak_hours(UNKNOWN_HOURS)}
        return _("Nobody has estimated it; it is taken as %(hours)s.") % taken
    left = capfirst(speak_hours(seen.left)) if seen.left > 0 else _("None")
    if promise.estimate_hours is None or seen.left == float(promise.estimate_hours):
        return left
    return _("%(left)s; the estimate was %(estimate)s.") % {
        "left": left,
        "estimate": speak_hours(promise.estimate_hours),
    }


def _free(promise: Promise, seen: Forecast, weighing: Weighing) -> str:
    """What is promised earlier comes first, and is taken off."""
    free = capfirst(free_words(seen.free))
    earlier = weighing.load(promise.owner_id).before(promise.due_at, promise.pk)
    figures = {
        "free": free,
        "owner": promise.owner.get_short_name(),
        "count": earlier.count,
        "hours": hours_words(earlier.hours),
        "unknown": earlier.unestimated,
    }
    if not earlier.count:
        return _("%(free)s; %(owner)s has promised nothing else for earlier.") % figures
    text = ngettext(
        "%(free)s, after one promise of %(owner)s's that is due earlier, with %(hours)s of work.",
        "%(free)s, after %(count)s promises of %(owner)s's that are due earlier, with %(hours)s of work.",
        earlier.count,
    )
    if earlier.unestimated:
        unknown = ngettext("One of them has no estimate.", "%(unknown)s of them have no estimate.", earlier.unestimated)
        text = f"{text} {unknown}"
    return text % figures


def _record(promise: Promise, seen: Forecast, *, tells_whose: bool) -> list[tuple[str, str]]:
    """A person's own record is told as such to that person and to managers; others read of jobs like this one."""
    if not seen.enough:
        return []
    owner, found = promise.owner.get_short_name() if tells_whose else "", []
    if seen.usual_ratio is not None:
        found.append((_("What estimates have meant"), _estimates(owner, seen, seen.usual_ratio)))
    if seen.usual_days is not None:
        found.append((_("How long such jobs took"), _days(owner, seen, seen.usual_days)))
    if seen.usual_late is not None:
        share = {"share": speak_per_cent(seen.usual_late)}
        found.append((_("How such dates were kept"), _("Of jobs like this %(share)s ran past such a date.") % share))
    return found


def _estimates(owner: str, seen: Forecast, usual: float) -> str:
    figures = {"owner": owner, "ratio": ratio_words(usual)}
    match _whose(owner, own=seen.own_ratio), is_kept_to(usual):
        case "owner", True:
            text = _("%(owner)s's jobs usually took what was estimated.")
        case "owner", False:
            text = _("%(owner)s's jobs usually took %(ratio)s × their estimate.")
        case "firm", True:
            text = _("Jobs here usually took what was estimated.")
        case "firm", False:
            text = _("Jobs here usually took %(ratio)s × their estimate.")
        case _untold, True:
            text = _("Jobs like this usually took what was estimated.")
        case _untold:
            text = _("Jobs like this usually took %(ratio)s × their estimate.")
    return text % figures


def _days(owner: str, seen: Forecast, usual: float) -> str:
    figures = {
        "owner": owner,
        "usual": days_words(usual),
        "gone": speak_number(seen.days_elapsed),
        "all": speak_number(seen.days_elapsed + seen.days_left),
    }
    match _whose(owner, own=seen.own):
        case "owner":
            text = _("%(owner)s's usually %(usual)s. This one has %(all)s; gone so far: %(gone)s.")
        case "firm":
            text = _("Here usually %(usual)s. This one has %(all)s; gone so far: %(gone)s.")
        case _untold:
            text = _("Usually %(usual)s. This one has %(all)s; gone so far: %(gone)s.")
    return text % figures


def _whose(owner: str, *, own: bool) -> str:
    if not owner:
        return ""
    return "owner" if own else "firm"


def _last_word(promise: Promise, now: datetime) -> str:
    if promise.last_update_at is None or not promise.standing:
        return _("None since it was made.")
    return capfirst(speak_short(promise.last_update_at, promise.zoneinfo, now=now))


def _jobs(seen: Forecast) -> str:
    figures = {"jobs": speak_number(seen.jobs), "enough": speak_number(JOBS_ENOUGH)}
    if seen.enough:
        return figures["jobs"]
    return _("%(jobs)s. From %(enough)s on, chances are worked out from them.") % figures


def _thresholds(firm: Firm) -> str:
    figures = {"watch": speak_per_cent(firm.watch_from), "at_risk": speak_per_cent(firm.at_risk_from)}
    return _("Watch from %(watch)s, at risk from %(at_risk)s.") % figures
