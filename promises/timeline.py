"""Everything that happened to a promise, newest first, in sentences: one function for each kind of entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from clients.actions.links import readable
from clients.models import Entry
from engagement.outbox.models import State
from engagement.staff.when import speak_date, speak_hours, speak_moment, speak_number, speak_per_cent
from promises.models import Band, Extension, Outcome, Promise, Reminder, Standing, Telling
from promises.told import message_words
from promises.words import channel_words

# A page opens with so many lines; the rest is one press away.
FIRST_LINES = 40


@dataclass(frozen=True, slots=True)
class Said:
    """`quote` holds words that somebody wrote or said; `state` what became of a message."""

    text: str
    quote: str = ""
    tone: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    by: str
    said: Said


@dataclass(frozen=True, slots=True)
class Scene:
    """What a sentence may look at besides its entry."""

    promise: Promise
    now: datetime
    tellings: Mapping[int, Telling]

    def day(self, iso: str) -> str:
        return speak_date(date.fromisoformat(iso), today=self.now.astimezone(self.promise.zoneinfo).date())

    def moment(self, iso: str) -> str:
        return speak_moment(datetime.fromisoformat(iso), self.promise.zoneinfo, now=self.now)


Sentence = Callable[[Entry, Scene], Said]
SENTENCES: dict[str, Sentence] = {}


def of(
    promise: Promise, now: datetime, tellings: Iterable[Telling], *, everything: bool = False
) -> tuple[list[Line], bool]:
    """The lines, and whether earlier ones were left out. `tellings` come with their messages."""
    scene = Scene(promise, now, {telling.pk: telling for telling in tellings})
    most = None if everything else FIRST_LINES + 1
    lines = [*_entries(scene, most), *_reminders(scene, most), *_readings(scene, most), *_slip(scene)]
    # The entries of one moment come newest first already, and a stable sort leaves them so.
    lines.sort(key=lambda line: line.at, reverse=True)
    return lines[: most and most - 1], most is not None and len(lines) >= most


def sentence(entry: Entry, scene: Scene) -> Said:
    found = SENTENCES.get(entry.kind)
    return found(entry, scene) if found else Said(_("Recorded: %(kind)s") % {"kind": entry.kind})


def _entries(scene: Scene, most: int | None) -> list[Line]:
    promise = scene.promise
    about = Entry.objects.filter(client_id=promise.client_id, subject=promise.record_subject).order_by("-at", "-seq")
    return [Line(entry.at, entry.by_name, sentence(entry, scene)) for entry in about[:most]]


def _reminders(scene: Scene, most: int | None) -> list[Line]:
    lines = []
    for reminder in scene.promise.reminders.select_related("person", "message")[:most]:
        lines.append(Line(reminder.at, "", _reminded(reminder, scene.now)))
    return lines


def _reminded(reminder: Reminder, now: datetime) -> Said:
    message = reminder.message
    due = reminder.kind == Reminder.Kind.TELL_BY
    words = {
        "person": reminder.person.name,
        "stage": _("Time to tell the client") if due else reminder.get_kind_display(),
        "at": speak_moment(message.not_before, now=now, with_zone=False),
    }
    match message.state:
        case State.WAITING if message.not_before > now and not message.attempts:
            return Said(_("%(person)s is to be reminded on %(at)s: %(stage)s") % words)
        case State.WAITING | State.SENDING:
            text = _("%(person)s is being reminded: %(stage)s") % words
        case State.SENT | State.IN_DOUBT if not message.bounced_at:
            text = _("%(person)s was reminded: %(stage)s") % words
        case _never_arrived:
            text = _("%(person)s was to be reminded: %(stage)s") % words
    return Said(text, state=message_words(message, now))


def _readings(scene: Scene, most: int | None) -> list[Line]:
    lines = []
    for reading in scene.promise.readings.all()[:most]:
        chance = {"band": reading.get_band_display(), "chance": speak_per_cent(reading.chance or 0)}
        late = reading.band == Band.OVERDUE
        text = _("The date has passed") if late else _("Chance to slip: %(chance)s (%(band)s)") % chance
        lines.append(Line(reading.at, "", Said(text, quote=reading.sentence)))
    return lines


def _slip(scene: Scene) -> list[Line]:
    at = scene.promise.slipped_at
    return [Line(at, "", Said(_("The date passed and the client had not been told"), tone="missed"))] if at else []


def _of(kind: str) -> Callable[[Sentence], Sentence]:
    def keep(function: Sentence) -> Sentence:
        SENTENCES[kind] = function
        return function

    return keep


@_of("made")
def _made(entry: Entry, scene: Scene) -> Said:
    words = {"day": scene.day(entry.data["on"]), "owner": entry.data["owner"]}
    return Said(_("Promised for %(day)s; %(owner)s owns it") % words, quote=entry.data["what"])


@_of("imported")
def _imported(entry: Entry, scene: Scene) -> Said:
    words = {"reference": entry.data["reference"], "day": scene.day(entry.data["on"]), "owner": entry.data["owner"]}
    if delivered := entry.data.get("delivered"):
        words["delivered"] = scene.day(delivered)
        text = _("Brought in from a file as %(reference)s: promised for %(day)s by %(owner)s, delivered %(delivered)s")
    else:
        text = _("Brought in from a file as %(reference)s: promised for %(day)s by %(owner)s")
    return Said(text % words, quote=entry.data["what"])


@_of("reworded")
def _reworded(entry: Entry, scene: Scene) -> Said:
    names = [str(_field_name(name)) for name in entry.data]
    return Said(_("Put in other words: %(fields)s") % {"fields": ", ".join(names)}, quote=_before_and_after(entry))


@_of("reassigned")
def _reassigned(entry: Entry, scene: Scene) -> Said:
    return Said(_("Handed over from %(old)s to %(new)s") % entry.data)


@_of("updated")
def _updated(entry: Entry, scene: Scene) -> Said:
    standing = Standing(entry.data["standing"]).label
    done, left = entry.data.get("per_cent"), entry.data.get("hours_left")
    if done is not None and entry.data["standing"] != Standing.DONE:
        words = {"standing": standing, "done": speak_per_cent(done / 100)}
        text = _("%(standing)s, %(done)s done") % words
    elif left is not None:
        text = _("%(standing)s, %(left)s hours left") % {"standing": standing, "left": left}
    else:
        text = str(standing)
    return Said(text, quote=entry.data.get("text", ""))


@_of("delivered")
def _delivered(entry: Entry, scene: Scene) -> Said:
    outcome = Outcome(entry.data["outcome"])
    words = {"at": scene.moment(entry.data["delivered_at"]), "outcome": outcome.label}
    late = outcome in (Outcome.LATE_SILENT, Outcome.LATE_UNKNOWN)
    text = _("Delivered %(at)s. Outcome: %(outcome)s") % words
    if taken := entry.data.get("hours_taken"):
        words = {"text": text, "hours": speak_number(Decimal(taken).normalize())}
        text = _("%(text)s. It took %(hours)s hours") % words
    return Said(text, tone="missed" if late else "")


@_of("withdrawn")
def _withdrawn(entry: Entry, scene: Scene) -> Said:
    text = _("Withdrawn; agreed by %(agreed_by)s") % entry.data
    if entry.data.get("outcome"):
        text = _("%(text)s. The date had passed: %(outcome)s") % {
            "text": text,
            "outcome": Outcome(entry.data["outcome"]).label,
        }
    return Said(text, quote=entry.data["reason"])


@_of("voided")
def _voided(entry: Entry, scene: Scene) -> Said:
    return Said(_("Logged by mistake"), quote=entry.data["reason"])


@_of("reopened")
def _reopened(entry: Entry, scene: Scene) -> Said:
    earlier = Outcome(entry.data["earlier"]).label if entry.data["earlier"] else _("none")
    return Said(_("Opened again. The outcome had been: %(earlier)s") % {"earlier": earlier}, quote=entry.data["reason"])


@_of("extension_asked")
def _extension_asked(entry: Entry, scene: Scene) -> Said:
    words = {
        "old": scene.day(entry.data["old"]),
        "new": scene.day(entry.data["new"]),
        "reason": Extension.our_reason(entry.data["reason"]),
    }
    if entry.data["asked_by"] == Extension.AskedBy.CLIENT:
        text = _("The client asked for another date: %(new)s instead of %(old)s") % words
    else:
        text = _("A later date was asked for: %(new)s instead of %(old)s. %(reason)s") % words
    return Said(text, quote=entry.data["reason_text"])


@_of("capacity_overridden")
def _capacity_overridden(entry: Entry, scene: Scene) -> Said:
    hours, free, chance = (entry.data.get(name) for name in ("hours", "free_hours", "chance"))
    words = {
        "day": scene.day(entry.data["on"]),
        "free": speak_hours(free) if free else "",
        "hours": speak_hours(hours) if hours is not None else "",
        "chance": speak_per_cent(1 - chance),
    }
    if not free:
        text = _("Taken on for %(day)s without free hours before it (%(chance)s to hold)")
    elif hours is None:
        text = _("Taken on for %(day)s with %(free)s free before it and no estimate (%(chance)s to hold)")
    else:
        text = _("Taken on for %(day)s: %(hours)s of work, %(free)s free before it (%(chance)s to hold)")
    return Said(text % words, quote=entry.data["reason"])


@_of("extension_agreed")
def _extension_agreed(entry: Entry, scene: Scene) -> Said:
    at = {"at": scene.moment(entry.data["answered_at"])}
    return Said(_("The client agreed to the new date, %(at)s") % at, quote=entry.data["words"], tone="told")


@_of("extension_refused")
def _extension_refused(entry: Entry, scene: Scene) -> Said:
    at = {"at": scene.moment(entry.data["answered_at"])}
    return Said(_("The client refused the new date, %(at)s. The date stays") % at, quote=entry.data["words"])


@_of("date_moved_by_addendum")
def _date_moved_by_addendum(entry: Entry, scene: Scene) -> Said:
    words = _of_addendum(entry, scene) | {"old": scene.day(entry.data["old"])}
    text = _("Moved from %(old)s to %(new)s by addendum %(addendum)s, signed by both sides") % words
    return Said(text, quote=entry.data["title"], tone="told")


@_of("date_left_by_addendum")
def _date_left_by_addendum(entry: Entry, scene: Scene) -> Said:
    words = _of_addendum(entry, scene)
    text = _("Addendum %(addendum)s names %(new)s for this. It had ended when that was signed, so nothing moved")
    return Said(text % words, quote=entry.data["title"])


def _of_addendum(entry: Entry, scene: Scene) -> dict[str, str]:
    return {"addendum": entry.data["addendum"], "new": scene.day(entry.data["new"])}


@_of("update_asked")
def _update_asked(entry: Entry, scene: Scene) -> Said:
    return Said(_("%(to)s was asked how it stands") % entry.data)


@_of("steps_set")
def _steps_set(entry: Entry, scene: Scene) -> Said:
    return Said(_("Steps laid out"), quote="\n".join(entry.data["steps"]))


@_of("step_done")
def _step_done(entry: Entry, scene: Scene) -> Said:
    return Said(_("Step done: %(step)s") % entry.data)


@_of("step_undone")
def _step_undone(entry: Entry, scene: Scene) -> Said:
    return Said(_("Step not done after all: %(step)s") % entry.data)


@_of("waiting")
def _waiting(entry: Entry, scene: Scene) -> Said:
    if entry.data.get("by_day"):
        text = _("Waiting for the client, by %(day)s") % {"day": scene.day(entry.data["by_day"])}
    else:
        text = _("Waiting for the client")
    return Said(text, quote=entry.data["what"])


@_of("waiting_over")
def _waiting_over(entry: Entry, scene: Scene) -> Said:
    return Said(_("No longer waiting for the client"), quote=entry.data["what"])


@_of("telling_written")
def _telling_written(entry: Entry, scene: Scene) -> Said:
    telling = scene.tellings.get(entry.data["telling"])
    state = message_words(telling.message, scene.now) if telling and telling.message else ""
    words = {"to": entry.data["to"] or _("the client"), "about": Telling.Kind(entry.data["about"]).label}
    return Said(_("E-mail written to %(to)s: %(about)s") % words, quote=readable(entry.data["text"]), state=state)


@_of("told")
def _told(entry: Entry, scene: Scene) -> Said:
    words = {
        "to": entry.data["to"] or _("The client"),
        "how": channel_words(entry.data["channel"]),
        "about": Telling.Kind(entry.data["about"]).label,
        "at": scene.moment(entry.data["spoken_at"]),
    }
    text = _("%(to)s was told %(how)s, %(at)s: %(about)s") % words
    return Said(text, quote=entry.data["text"], tone="told")


@_of("telling_sent")
def _telling_sent(entry: Entry, scene: Scene) -> Said:
    return Said(_("The mail server accepted the e-mail to the client"), tone="told")


@_of("telling_failed")
def _telling_failed(entry: Entry, scene: Scene) -> Said:
    why = {"why": entry.data.get("error", "")}
    return Said(_("The e-mail was not delivered: %(why)s") % why, tone="missed")


@_of("telling_bounced")
def _telling_bounced(entry: Entry, scene: Scene) -> Said:
    why = {"why": entry.data.get("error", "")}
    return Said(_("The e-mail came back: %(why)s. The client has not been told") % why, tone="missed")


@_of("telling_in_doubt")
def _telling_in_doubt(entry: Entry, scene: Scene) -> Said:
    return Said(_("We may not have sent the e-mail. Somebody has to find out"), tone="missed")


@_of("telling_undone")
def _telling_undone(entry: Entry, scene: Scene) -> Said:
    return Said(_("The e-mail was taken back before it left"))


def _field_name(name: str) -> str:
    return str(Promise._meta.get_field(name.removesuffix("_id")).verbose_name)  # type: ignore[union-attr]


def _before_and_after(entry: Entry) -> str:
    # A number of a row says nothing to a person: that a contact or scope was changed is enough.
    texts = [pair for name, pair in entry.data.items() if not name.endswith("_id")]
    return "\n".join(f"{old or '–'} → {new or '–'}" for old, new in texts)
