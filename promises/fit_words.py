"""Whether a date fits the diary, in plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Client
from engagement.staff.models import User
from engagement.staff.when import speak_date, speak_hours, speak_number, speak_per_cent
from promises.capacity import Fit
from promises.forecast import UNKNOWN_HOURS
from promises.risk_words import days_words

# Per cent to hold, and what it is called from there on.
PROBABLY_FROM, COIN_TOSS_FROM = 60, 40
NO_TIME = 0.05


@dataclass(frozen=True, slots=True)
class Offer:
    """A date that would hold. `typed` is what stands in the field once it is taken."""

    value: str
    typed: str


@dataclass(frozen=True, slots=True)
class Words:
    """`tone` is good or risk; without a `verdict` there is nothing to judge by."""

    fit: Fit
    chance: str
    verdict: str
    tone: str
    lines: tuple[str, ...]
    # As much of it as fits under a line that is being typed.
    brief: tuple[str, ...]
    offer: Offer | None


def say(fit: Fit, owner: User, client: Client, reader: User, now: datetime) -> Words:
    is_own = owner.pk == reader.pk
    return _Speaker(fit, "" if is_own else owner.get_short_name(), is_own or reader.is_manager, client, now).say()


@dataclass(frozen=True, slots=True)
class _Speaker:
    fit: Fit
    owner: str  # nothing for the reader themselves
    # Somebody else's later dates may be those of a client whom the reader does not see.
    tells_later_dates: bool
    client: Client
    now: datetime

    def say(self) -> Words:
        fit = self.fit
        if not fit.ever_works:
            return Words(fit, "", self._never_works(), "risk", (), (), None)
        brief = (self._free(), *self._unestimated())
        if fit.is_call_back:
            return Words(fit, "", "", "", (*brief, *self._borrowed_week()), brief, None)
        offer = None
        if fit.earliest and not fit.holds:
            offer = Offer(fit.earliest.isoformat(), self._day(fit.earliest))
        chance = speak_per_cent(1 - fit.chance)
        lines = (*brief, self._needed(), *self._too_soon(), *self._crowded(), *self._earliest())
        lines += (*self._borrowed_week(), *self._first_guess())
        brief += tuple(self._first_guess())
        return Words(fit, chance, self._verdict(), "good" if fit.holds else "risk", lines, brief, offer)

    def _verdict(self) -> str:
        days = {"day": self._day(self.fit.due.on)}
        if self.fit.holds:
            return _("%(day)s would hold.") % days
        if self.fit.earliest:
            return self._beside_another() % {**days, "earliest": self._day(self.fit.earliest)}
        return self._alone() % days

    def _beside_another(self) -> str:
        fit = self.fit
        if fit.squeezed and not fit.is_at_risk and not fit.is_short:
            return _("%(earliest)s would hold; %(day)s takes hours that are promised for later dates.")
        if fit.is_short and fit.holds_per_cent >= COIN_TOSS_FROM:
            return _("%(earliest)s would hold; %(day)s has too few free hours.")
        if fit.holds_per_cent >= PROBABLY_FROM:
            return _("%(earliest)s would hold; %(day)s only probably.")
        if fit.holds_per_cent >= COIN_TOSS_FROM:
            return _("%(earliest)s would hold; %(day)s is a coin toss.")
        return _("%(earliest)s would hold; %(day)s would hardly hold.")

    def _alone(self) -> str:
        fit = self.fit
        if fit.squeezed and not fit.is_at_risk and not fit.is_short:
            return _("%(day)s takes hours that are promised for later dates. No date within a year would hold.")
        if fit.is_short and fit.holds_per_cent >= COIN_TOSS_FROM:
            return _("%(day)s has too few free hours. No date within a year would hold.")
        if fit.holds_per_cent >= PROBABLY_FROM:
            return _("%(day)s would only probably hold. No date within a year is surer than that.")
        if fit.holds_per_cent >= COIN_TOSS_FROM:
            return _("%(day)s is a coin toss. No date within a year would hold.")
        return _("%(day)s would hardly hold. No date within a year would.")

    def _never_works(self) -> str:
        if self.owner:
            return _("%(owner)s has no working time in the diary for a year: no date can be weighed.") % self._who
        return _("You have no working time in the diary for a year: no date can be weighed.")

    def _free(self) -> str:
        count, free = self.fit.earlier.count, self.fit.free_hours
        words = {**self._who, "free": speak_hours(free), "count": speak_number(count)}
        if free < NO_TIME:
            return self._nothing_free(count) % words
        if not count:
            text = (
                _("%(owner)s has %(free)s free before then; nothing is promised earlier.")
                if self.owner
                else _("You have %(free)s free before then; nothing is promised earlier.")
            )
        elif self.owner:
            text = ngettext(
                "%(owner)s has %(free)s free before then, after %(count)s promise due earlier.",
                "%(owner)s has %(free)s free before then, after %(count)s promises due earlier.",
                count,
            )
        else:
            text = ngettext(
                "You have %(free)s free before then, after %(count)s promise due earlier.",
                "You have %(free)s free before then, after %(count)s promises due earlier.",
                count,
            )
        return text % words

    def _nothing_free(self, count: int) -> str:
        if not count:
            return (
                _("%(owner)s has no free hours before then.")
                if self.owner
                else _("You have no free hours before then.")
            )
        if self.owner:
            return ngettext(
                "%(owner)s has no free hours before then, after %(count)s promise due earlier.",
                "%(owner)s has no free hours before then, after %(count)s promises due earlier.",
                count,
            )
        return ngettext(
            "You have no free hours before then, after %(count)s promise due earlier.",
            "You have no free hours before then, after %(count)s promises due earlier.",
            count,
        )

    def _needed(self) -> str:
        needed = self.fit.hours_needed
        if needed is None:
            words = {"hours": speak_hours(UNKNOWN_HOURS)}
            return (
                _("Nobody has said how long this takes, so %(hours)s are supposed: an estimate makes it surer.") % words
            )
        words = {"hours": speak_hours(needed)}
        if self.fit.is_moved:
            return _("Work left: %(hours)s.") % words if needed else _("The work seems finished.")
        return _("This takes %(hours)s.") % words

    def _too_soon(self) -> list[str]:
        """The hours may do, and yet such jobs never were done in so few days."""
        fit = self.fit
        if fit.holds or fit.usual_days is None or fit.usual_days <= fit.days_left:
            return []
        text = ngettext(
            "Jobs like this took %(usual)s; this leaves %(count)s working day.",
            "Jobs like this took %(usual)s; this leaves %(count)s working days.",
            fit.days_left,
        )
        return [text % {"usual": days_words(fit.usual_days), "count": speak_number(fit.days_left)}]

    def _crowded(self) -> list[str]:
        squeezed = self.fit.squeezed
        if not squeezed:
            return []
        if not self.tells_later_dates:
            text = ngettext(
                "What is due on a later day would then have too few hours.",
                "What is due on %(count)s later days would then have too few hours.",
                len(squeezed),
            )
            return [text % {"count": speak_number(len(squeezed))}]
        text = ngettext(
            "What is due on %(day)s would then have too few hours.",
            "What is due on %(count)s later days would then have too few hours, first on %(day)s.",
            len(squeezed),
        )
        # What ends at midnight is due on the day before.
        first = self._day((squeezed[0] - timedelta.resolution).astimezone(self.client.zoneinfo).date())
        return [text % {"count": speak_number(len(squeezed)), "day": first}]

    def _earliest(self) -> list[str]:
        fit = self.fit
        if not fit.holds or fit.earliest is None or fit.earliest > fit.due.on:
            return []
        if fit.earliest == fit.due.on:
            return [_("No earlier date would.")]
        return [_("The earliest that would is %(day)s.") % {"day": self._day(fit.earliest)}]

    def _unestimated(self) -> list[str]:
        count = self.fit.earlier.unestimated
        if not count:
            return []
        text = ngettext(
            "%(count)s of those has no estimate and counts as %(hours)s.",
            "%(count)s of those have no estimate and count as %(hours)s each.",
            count,
        )
        return [text % {"count": speak_number(count), "hours": speak_hours(UNKNOWN_HOURS)}]

    def _borrowed_week(self) -> list[str]:
        if self.fit.has_own_week:
            return []
        if self.owner:
            return [_("%(owner)s has no working week in the diary yet: the firm's is used.") % self._who]
        return [_("You have no working week in the diary yet: the firm's is used.")]

    def _first_guess(self) -> list[str]:
        return [] if self.fit.enough else [_("Not enough record yet: a first guess.")]

    @property
    def _who(self) -> dict[str, str]:
        return {"owner": self.owner}

    def _day(self, day: date) -> str:
        return speak_date(day, today=self.now.astimezone(self.client.zoneinfo).date())
