"""What a client reads of their promises: plain values in their language, with dates in their zone.

Whatever stands here may be read by the client, so nothing internal is read here.
"""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cached_property

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.who import Who
from engagement.staff.models import Firm
from engagement.staff.when import (
    LAST_MINUTE,
    days_late,
    iso_due,
    speak_ago,
    speak_date,
    speak_due,
    speak_moment,
    speak_number,
    speak_short,
    speak_time,
    speak_zone,
)
from promises import progress_rows as rows
from promises.models import Extension, Standing, Telling
from promises.progress_rows import MoveRow, PaperRow, PromiseRow, Reader, ScopeRow, Stage, WordRow
from promises.progress_values import Agreed, Change, Finished, Lead, Needed, Page, Row, StepRow, Word
from promises.words import channel_words

# The classes of the state words, the worst first.
LATE, MAY_BE_LATE, WAITING, ON_TRACK = STATES = ("late", "risk", "waiting", "good")


def page_for(reader: Reader, firm: Firm, now: datetime) -> Page:
    """Four statements at the most, however many promises there are."""
    with translation.override(reader.language):
        return _Assembly(reader, firm, now).page()


class _Assembly:
    def __init__(self, reader: Reader, firm: Firm, now: datetime) -> None:
        self.reader, self.firm, self.now = reader, firm, now
        self.client = reader.client
        self.zone = reader.client.zoneinfo
        self.today = now.astimezone(self.zone).date()
        found = rows.promises_of(reader, now)
        self.open = sorted(found.open, key=lambda promise: STATES.index(self.state(promise)))
        self.ended, self.in_all = found.finished, found.in_all
        self.moves = rows.moves_of(self.open)

    def page(self) -> Page:
        first = self.open[0] if self.open else None
        done = next((promise for promise in self.ended if promise.delivered_at), None)
        left = self.in_all - len(self.open)
        return Page(
            firm=self.firm.name,
            client=self.client.name,
            lead=self.lead(first) if first else None,
            needed=self.needed(),
            last_word=self.last_word(),
            next_word=self.next_word() if first else "",
            steps=self.steps(),
            agreed=self.agreed(),
            words=tuple(self.word(said) for said in self.said),
            others=tuple(self.row(promise) for promise in self.open[1:]),
            more=_and_more(left, is_least=self.in_all > rows.MOST_COUNTED) if left > 0 else "",
            last_done=self.finished(done) if done and not first else None,
            finished=tuple(self.finished(promise) for promise in self.ended if first or promise is not done),
            who=self.who(first),
            as_of=speak_moment(self.now, self.zone, now=self.now),
        )

    def state(self, promise: PromiseRow) -> str:
        """From the last word told and the date, never from a risk that nobody has put into words."""
        if promise.due_at <= self.now:
            return LATE
        if promise.told_at and not self.is_taken_back(promise):
            return MAY_BE_LATE
        return WAITING if promise.waiting_for else ON_TRACK

    @staticmethod
    def is_taken_back(promise: PromiseRow) -> bool:
        """A doubt that was told is over when we found it on track since, think so still, and have said so."""
        on_track = promise.recovered and promise.standing == Standing.ON_TRACK
        return on_track and promise.said == Telling.Kind.PROGRESS

    def state_words(self, promise: PromiseRow) -> str:
        match self.state(promise):
            case "late":
                return days_late(promise.due_on, self.now.astimezone(promise.zoneinfo).date()) or _("Late")
            case "risk":
                return _("May be late")
            case "waiting":
                return _("Waiting for you")
            case _on_track:
                return _("On track")

    def row(self, promise: PromiseRow) -> Row:
        due = speak_due(promise.due_on, promise.due_time, promise.zoneinfo, now=self.now, with_zone=False)
        return Row(
            what=promise.what,
            state=self.state(promise),
            words=self.state_words(promise),
            due=_capital(due),
            due_iso=iso_due(promise.due_on, promise.due_time, promise.zoneinfo),
            before=tuple(speak_date(move.old_due_on, today=self.today) for move in self.moved(promise)),
        )

    def hour_of(self, promise: PromiseRow) -> str:
        """What stands small under the day: until when, where, and how far off."""
        words = {"zone": speak_zone(promise.zoneinfo)}
        if promise.due_time and not _ends_a_day(promise.due_time):
            words["time"] = speak_time(promise.due_time)
        if promise.due_at <= self.now:
            if "time" in words:
                return _("It was due by %(time)s (%(zone)s).") % words
            return _("It was due by the end of that day (%(zone)s).") % words
        words["ago"] = speak_ago(promise.due_on, self.now, zone=promise.zoneinfo)
        if "time" in words:
            return _("by %(time)s (%(zone)s), %(ago)s") % words
        if promise.due_time is None:
            return _("by the end of the working day (%(zone)s), %(ago)s") % words
        return _("%(zone)s, %(ago)s") % words

    def day_of(self, promise: PromiseRow) -> str:
        """The day alone; its hour stands in hour_of(). Midnight is the end of the evening before."""
        at = promise.due_time if promise.due_time and _ends_a_day(promise.due_time) else None
        return _capital(speak_due(promise.due_on, at, promise.zoneinfo, now=self.now, with_zone=False))

    def lead(self, promise: PromiseRow) -> Lead:
        moves = reversed(self.moves[promise.pk])
        asked = next((self.change(promise, move) for move in moves if self.is_asked(promise, move)), None)
        return Lead(
            row=self.row(promise),
            day=self.day_of(promise),
            hour=self.hour_of(promise),
            changes=tuple(self.change(promise, move) for move in reversed(self.moved(promise))),
            asked=asked,
            told="" if asked else self.told(promise),
            why=self.why(promise),
            now=self.at_work_on(promise),
            obstacle=promise.may_stand_in_the_way,
            own_words=promise.client_words,
        )

    def told(self, promise: PromiseRow) -> str:
        if not promise.told_at:
            return ""
        words = {"date": self.day(promise.told_at), "how": channel_words(promise.told_how)}
        if promise.told_at < promise.due_at:
            return _("We told you on %(date)s %(how)s that it may be late.") % words
        return _("We told you on %(date)s %(how)s that it is late.") % words

    def why(self, promise: PromiseRow) -> str:
        """The last words written about the date in force, while they speak of a delay."""
        if self.state(promise) not in (LATE, MAY_BE_LATE):
            return ""
        since = self.last_move(promise) or promise.made_at
        written = (said for said in self.said if said.promise_id == promise.pk and not said.how)
        last = next(written, None)
        if last is None or last.kind != Standing.MAY_BE_LATE or (since and last.at <= since):
            return ""
        return last.text

    def at_work_on(self, promise: PromiseRow) -> str:
        """The next step in words, unless its stage has been ticked off since; of a late promise the stage will do."""
        done = {step.text for step in self.stages if step.done_at}
        if promise.next_step and promise.next_step not in done:
            return promise.next_step
        ahead = [step.text for step in self.stages if not step.done_at]
        return ahead[0] if ahead and self.state(promise) == LATE else ""

    def is_asked(self, promise: PromiseRow, move: MoveRow) -> bool:
        """The client has heard that we ask for this date, and has not answered."""
        is_open = move.answered_at is None and not move.addendum and promise.due_at == move.old_due_at
        return is_open and promise.ended_at is None and move.heard_at is not None

    def change(self, promise: PromiseRow, move: MoveRow) -> Change:
        new = speak_due(move.new_due_on, move.new_due_time, promise.zoneinfo, now=self.now, with_zone=False)
        return Change(
            old=speak_date(move.old_due_on, today=self.today),
            new=new,
            reason=self.signed(move) if move.addendum else move.words or _reason(move.reason),
            told="" if move.addendum else self.told_and_answered(move),
            by_us=move.asked_by == Extension.AskedBy.US,
        )

    def signed(self, move: MoveRow) -> str:
        """Both sides signed the new date: on paper, so that is where its reason stands."""
        assert move.heard_at  # who signed it has heard of it
        words = {"number": f"{move.scope}/{move.addendum}", "title": move.words, "date": self.day(move.heard_at)}
        return _("By addendum %(number)s, “%(title)s”, signed by you on %(date)s.") % words

    def told_and_answered(self, move: MoveRow) -> str:
        told = []
        if move.heard_at:
            told.append(_we_told(self.day(move.heard_at), move.how))
        if move.answered_at:
            told.append(_("You agreed on %(date)s.") % {"date": self.day(move.answered_at)})
        return " ".join(told)

    def needed(self) -> tuple[Needed, ...]:
        """What a promise waits for, and signatures: without them there is nothing to promise."""
        things = [self.thing(promise) for promise in self.open if promise.waiting_for]
        return (*things, *(self.signature(paper) for paper in self.papers if not paper.signed_at))

    def signature(self, paper: PaperRow) -> Needed:
        """What is not agreed yet is named to whoever signs it, and to nobody else there."""
        if self.reader.contact and paper.signer == self.reader.contact.pk:
            words = {"title": paper.title, "number": paper.number}
            what = _("your signature under “%(title)s” (%(number)s)") % words
        else:
            what = _("the signature of %(name)s") % {"name": paper.signer_name}
        until = speak_date(paper.valid_until, today=self.today) if paper.valid_until else ""
        return Needed(what, until, self.day(paper.sent_at) if paper.sent_at else "")

    def thing(self, promise: PromiseRow) -> Needed:
        since = promise.waiting_since
        return Needed(
            what=promise.waiting_for,
            by=speak_date(promise.waiting_by, today=self.today) if promise.waiting_by else "",
            since=self.day(since) if since else "",
            promise=promise.what if self.in_all > 1 else "",
        )

    @cached_property
    def said(self) -> list[WordRow]:
        _stages, every = self.stages_and_words
        return [said for said in every if self.may_be_read(said, self.by_pk[said.promise_id])]

    @cached_property
    def by_pk(self) -> dict[int, PromiseRow]:
        return {promise.pk: promise for promise in [*self.open, *self.ended]}

    @cached_property
    def stages_and_words(self) -> tuple[list[Stage], list[WordRow]]:
        return rows.words_about([*self.open, *self.ended], self.open[0] if self.open else None)

    def may_be_read(self, said: WordRow, promise: PromiseRow) -> bool:
        """Bad news comes from a person first: words about a delay wait until the client has been told of it."""
        if said.how or said.kind != Standing.MAY_BE_LATE or promise.told_at:
            return True
        if promise.ended_at or promise.due_at <= self.now:
            return True
        moved_at = self.last_move(promise)
        return moved_at is not None and said.at <= moved_at

    def last_move(self, promise: PromiseRow) -> datetime | None:
        moved = self.moved(promise)
        return moved[-1].moved_at if moved else None

    def moved(self, promise: PromiseRow) -> list[MoveRow]:
        """Oldest first, whichever paper moved it."""
        if promise.pk not in self.moves:
            return []
        moved = [move for move in self.moves[promise.pk] if move.moved_at]
        return sorted(moved, key=lambda move: (move.moved_at, move.move))

    def last_word(self) -> str:
        """Silence is shown, too."""
        words = [said.at for said in self.said[:1]]
        if self.client.last_word_at and not self.reader.scope:
            words.append(self.client.last_word_at)
        if not words:
            return ""
        last = max(words)
        ago = speak_ago(last, self.now, zone=self.zone)
        if (self.today - last.astimezone(self.zone).date()).days < 2:
            return _("Last update %(ago)s.") % {"ago": ago}
        return _("Last update %(ago)s, on %(date)s.") % {"ago": ago, "date": self.day(last)}

    def next_word(self) -> str:
        due = self.client.next_word_at
        if not self.client.has_cadence or due is None:
            if self.state(self.open[0]) == LATE:
                return _("No day is agreed for the next update. Ask us at any time.")
            return _("If the date cannot be kept, you will hear it from us before.")
        if due <= self.now:
            return _("An update was due on %(date)s.") % {"date": self.day(due)}
        when = speak_moment(due, self.zone, now=self.now, with_zone=False)
        if self.reader.channel:
            return _("Next update by %(when)s, %(how)s.") % {"when": when, "how": channel_words(self.reader.channel)}
        return _("Next update by %(when)s.") % {"when": when}

    @property
    def stages(self) -> list[Stage]:
        stages, _words = self.stages_and_words
        return stages

    def steps(self) -> tuple[StepRow, ...]:
        shown, ahead = [], [("now", _("now")), ("", _("next"))]
        for step in self.stages:
            if step.done_at:
                day = step.done_at.astimezone(self.zone).date()
                shown.append(StepRow(step.text, "done", speak_short(day, self.zone, now=self.now)))
            else:
                place, when = ahead.pop(0) if ahead else ("", "")
                shown.append(StepRow(step.text, place, when))
        return tuple(shown)

    @cached_property
    def papers(self) -> list[PaperRow]:
        return rows.papers_of(self.reader, self.now)

    def agreed(self) -> tuple[Agreed, ...]:
        """The latest scope first, each with its addenda after it in the order in which they were signed."""
        named = {promise.scope for promise in self.open if promise.scope}
        if scope := self.reader.scope:
            named.add(ScopeRow(scope.pk, scope.number, scope.title, scope.signed_on, scope.agreement_id))
        shown = {scope: {scope.agreement_id: self.scope(scope)} for scope in named}
        for paper in reversed([paper for paper in self.papers if paper.signed_at]):
            shown.setdefault(paper.scope, {})[paper.pk] = self.paper(paper)
        in_order = sorted(shown, key=lambda scope: (scope.signed_on or date.min, scope.pk), reverse=True)
        return tuple(agreed for scope in in_order for agreed in shown[scope].values())

    def scope(self, scope: ScopeRow) -> Agreed:
        signed = speak_date(scope.signed_on, today=self.today) if scope.signed_on else ""
        return Agreed(scope.number, scope.title, signed)

    def paper(self, paper: PaperRow) -> Agreed:
        is_addendum, number = paper.addendum is not None, paper.number
        signed = self.day(paper.signed_at) if paper.signed_at else ""
        address = [self.reader.token, number]
        document = reverse("clients:signed_document", args=address) if self.reader.token else ""
        return Agreed(number, paper.title, signed, is_addendum, document)

    def word(self, said: WordRow) -> Word:
        text = _fact(said.kind, said.how) if said.how else said.text
        several = len(self.by_pk) > 1
        return Word(text, bool(said.how), self.day(said.at), self.by_pk[said.promise_id].what if several else "")

    def finished(self, promise: PromiseRow) -> Finished:
        assert promise.ended_at  # finished_promises() picks no other
        day = {"date": self.day(promise.ended_at)}
        if promise.withdrawn_at:
            return Finished(promise.what, _("Taken back on %(date)s") % day)
        parts = [_("Done on %(date)s") % day]
        if promise.days_late:
            number = {"number": speak_number(promise.days_late)}
            parts.append(ngettext("%(number)s day late", "%(number)s days late", promise.days_late) % number)
        elif promise.days_early:
            number = {"number": speak_number(promise.days_early)}
            parts.append(ngettext("%(number)s day early", "%(number)s days early", promise.days_early) % number)
        return Finished(promise.what, ", ".join(parts))

    def who(self, promise: PromiseRow | None) -> Who:
        """Somebody who works here and reads their mail, else the firm."""
        if promise and promise.owner_answers:
            of_owner = promise.owner__name, promise.owner__title, promise.owner__phone, promise.owner__email
            return self.at_work(*of_owner)
        lead = self.client.lead
        if lead and lead.can_sign_in:
            return self.at_work(lead.name, lead.title, lead.phone, lead.email)
        return Who(self.firm.name, "", self.firm.phone, self.firm.email)

    def at_work(self, name: str, title: str, phone: str, email: str) -> Who:
        return Who(name, title, phone or self.firm.phone, email)

    def day(self, moment: datetime) -> str:
        day: date = moment.astimezone(self.zone).date()
        return speak_date(day, today=self.today)


def _and_more(count: int, *, is_least: bool) -> str:
    if is_least:
        return _("and at least %(number)s more") % {"number": speak_number(count)}
    return ngettext("and %(number)s more", "and %(number)s more", count) % {"number": speak_number(count)}


def _reason(reason: str) -> str:
    return f"{dict(Extension.Reason.choices).get(reason, reason)}."


def _ends_a_day(at: time) -> bool:
    return at < time(0, 1) or at >= LAST_MINUTE


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _we_told(day: str, channel: str) -> str:
    return _("We told you on %(date)s %(how)s.") % {"date": day, "how": channel_words(channel)}


def _fact(kind: str, channel: str) -> str:
    how = {"how": channel_words(channel)}
    match kind:
        case Telling.Kind.MADE:
            return _("We told you %(how)s what we promised.") % how
        case Telling.Kind.MAY_BE_LATE:
            return _("We told you %(how)s that it may be late.") % how
        case Telling.Kind.LATE:
            return _("We told you %(how)s that it is late.") % how
        case Telling.Kind.MOVED:
            return _("We told you %(how)s about a new date.") % how
        case Telling.Kind.DONE:
            return _("We told you %(how)s that it is done.") % how
        case _progress:
            return _("We told you %(how)s how it stands.") % how
