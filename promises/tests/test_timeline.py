"""Everything that is written down about a promise has a sentence."""

import re
from datetime import date
from pathlib import Path

import pytest

from clients.actions import make_link
from clients.actions.links import placeholder
from clients.models import Client, Entry
from clients.record import verify
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message
from promises import actions, timeline
from promises.due import Due
from promises.models import Promise, Reminder, RiskReading, Telling
from promises.receivers import OUTCOMES_OF_A_MESSAGE

PROMISES = Path(__file__).resolve().parents[1]
# write(promise, "kind", …), and the two that are chosen by a condition.
WRITTEN = re.compile(r'\b(?:write|write_with|Event)\(\s*[\w.]+,\s*"(\w+)"', re.S)
CHOSEN = re.compile(r'"(\w+)" if \w+ else "(\w+)"')


def kinds_written():
    sources = [*PROMISES.glob("actions/*.py"), PROMISES / "receivers.py"]
    text = "\n".join(path.read_text() for path in sources)
    chosen = {
        kind for pair in CHOSEN.findall(text) for kind in pair if re.match("(telling|told|step|extension)_?", kind)
    }
    return {*WRITTEN.findall(text), *chosen, *OUTCOMES_OF_A_MESSAGE.values(), "telling_bounced"}


def test_every_kind_that_is_written_has_a_sentence():
    kinds = kinds_written()

    assert {"made", "told", "telling_written", "extension_refused", "step_undone", "reopened"} <= kinds
    assert kinds - timeline.SENTENCES.keys() == set()


def test_every_sentence_is_of_a_kind_that_is_written():
    assert timeline.SENTENCES.keys() - kinds_written() == set()


@pytest.fixture
def lived(make_promise, thandi, mara, lena, settings):
    """A promise to which everything happened once."""
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    promise = make_promise(steps=["Measure"])
    words = {"client": promise.client, "contact": lena, "by": thandi, "now": NOW}
    actions.change_words(promise, {"what": "Shop drawings", "contact_id": lena.pk}, thandi, NOW)
    actions.reassign(promise, mara, thandi, NOW)
    actions.update(promise, standing="on_track", per_cent=40, text="Going well.", by=thandi, now=NOW)
    actions.update(promise, standing="may_be_late", hours_left=3, by=thandi, now=NOW)
    actions.tick_step(promise.steps.get(), True, thandi, NOW)
    actions.tick_step(promise.steps.get(), False, thandi, NOW)
    actions.set_steps(promise, ["Measure", "Draw"], thandi, NOW)
    actions.wait_for_client(promise, "the survey", date(2026, 11, 19), thandi, NOW)
    actions.stop_waiting(promise, thandi, NOW)
    said = [actions.Said(promise, Telling.Kind.MAY_BE_LATE)]
    actions.record_conversation(said, channel="call", spoken_at=NOW - HOUR, text="She knows.", **words)
    message = actions.write_to_client(said, subject="Late", body="It may be late.", occasion="one", **words)
    outbox.send_waiting(NOW + HOUR)
    outbox.bounced(message, NOW + HOUR, "no such address")
    undone = actions.write_to_client(said, subject="Late", body="It may be late.", occasion="two", **words)
    outbox.undo(undone, NOW)
    asked = {"reason": "more_work", "reason_text": "More rooms.", "asked_by": "us", "by": thandi, "now": NOW}
    first = actions.extend(promise, Due(date(2026, 11, 26), None, NOW + 8 * DAY), **asked)
    actions.answer(first, agreed=False, answered_at=NOW, by=thandi, now=NOW, words="No.")
    second = actions.extend(promise, Due(date(2026, 11, 27), None, NOW + 9 * DAY), **asked | {"asked_by": "client"})
    actions.answer(second, agreed=True, answered_at=NOW, by=thandi, now=NOW)
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    actions.reopen(promise, reason="Not done", by=thandi, now=NOW)
    actions.withdraw(promise, reason="Not wanted", agreed_by="Lena", by=thandi, now=NOW)
    return Promise.objects.get(pk=promise.pk)


def lines_of(promise, **how):
    tellings = promise.tellings.select_related("message")
    return timeline.of(promise, NOW + 2 * HOUR, tellings, **how)[0]


def test_a_whole_life_is_told_newest_first(lived):
    lines = lines_of(lived, everything=True)

    texts = [line.said.text for line in lines]
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    assert texts[-1] == "Promised for Friday 20 November; Thandi Mokoena owns it"
    assert not [text for text in texts if text.startswith("Recorded:") or "%(" in text]


@pytest.mark.parametrize(
    "text",
    [
        "Put in other words: what we promised, contact",
        "Handed over from Thandi Mokoena to Mara Botha",
        "On track, 40% done",
        "May be late, 3 hours left",
        "Step not done after all: Measure",
        "Waiting for the client, by Thursday 19 November",
        "Lena Karoo was told by phone, Wednesday 18 November, 10:00 (Johannesburg time): May be late",
        "E-mail written to Lena Karoo: May be late",
        "The e-mail came back: no such address. The client has not been told",
        "The e-mail was taken back before it left",
        "The client refused the new date, Wednesday 18 November, 11:00 (Johannesburg time). The date stays",
        "The client asked for another date: Friday 27 November instead of Friday 20 November",
        "Opened again. The outcome had been: Kept",
        "Withdrawn; agreed by Lena",
    ],
)
def test_it_says(lived, text):
    assert text in [line.said.text for line in lines_of(lived, everything=True)]


def test_what_became_of_a_message_stands_beside_it(lived):
    states = [line.said.state for line in lines_of(lived, everything=True) if line.said.text.startswith("E-mail")]

    assert states == ["Undone before it left", "Bounced: no such address"]


def test_the_first_page_is_short_and_says_that_there_is_more(lived, thandi, monkeypatch):
    monkeypatch.setattr(timeline, "FIRST_LINES", 5)

    lines, has_more = timeline.of(lived, NOW, lived.tellings.select_related("message"))

    assert (len(lines), has_more) == (5, True)
    assert lines == lines_of(lived, everything=True)[:5]


@pytest.mark.parametrize(
    ("message", "text", "state"),
    [
        (
            {"not_before": NOW + 5 * DAY},
            "Thandi Mokoena is to be reminded on Monday 23 November, 09:00: Time to tell the client",
            "",
        ),
        ({}, "Thandi Mokoena is being reminded: Time to tell the client", "Waiting to be sent"),
        (
            {"state": "sent", "sent_at": NOW},
            "Thandi Mokoena was reminded: Time to tell the client",
            "Accepted by the mail server, Wednesday 18 November, 09:00",
        ),
        ({"state": "dropped"}, "Thandi Mokoena was to be reminded: Time to tell the client", "No longer needed"),
        (
            {"state": "failed", "error": "no such address"},
            "Thandi Mokoena was to be reminded: Time to tell the client",
            "Not delivered: no such address",
        ),
    ],
)
def test_reminders_say_who_was_reminded_and_of_what(make_promise, thandi, message, text, state):
    promise = make_promise()
    fields = {"audience": "staff", "address": "t@x.example", "occasion": "r", "subject": "x", "body": ""}
    message = Message.objects.create(**{**fields, "written_at": NOW, "not_before": NOW, **message})
    Reminder.objects.create(
        promise=promise,
        kind="tell_by",
        about_due_at=promise.due_at,
        alarm_at=NOW,
        person=thandi,
        message=message,
        at=NOW,
    )

    line = lines_of(promise)[0]

    assert line.said == timeline.Said(text, state=state)


@pytest.mark.parametrize(
    ("band", "text"), [("watch", "Chance to slip: 30% (Watch)"), ("overdue", "The date has passed")]
)
def test_a_reading_is_said_in_plain_words(make_promise, band, text):
    promise = make_promise()
    RiskReading.objects.create(promise=promise, band=band, chance=0.3, at=NOW)

    assert lines_of(promise)[0].said.text == text


def test_the_number_of_a_private_link_is_shown_to_nobody(make_promise, karoo, lena, thandi):
    promise = make_promise()
    body = f"Follow it here: {placeholder(make_link(karoo, thandi, NOW, contact=lena))}"
    actions.write_to_client(
        [actions.Said(promise, Telling.Kind.PROGRESS)],
        client=karoo,
        contact=lena,
        subject="How it stands",
        body=body,
        occasion="one",
        by=thandi,
        now=NOW,
    )

    assert lines_of(promise)[0].said.quote == "Follow it here: (their private link)"


def test_the_reason_of_a_new_date_is_told_from_our_side(make_promise, thandi):
    promise = make_promise()
    asked = {"reason": "waiting_client", "reason_text": "No survey.", "asked_by": "us", "by": thandi, "now": NOW}
    actions.extend(promise, Due(date(2026, 11, 27), None, NOW + 9 * DAY), **asked)

    assert lines_of(promise)[0].said.text.endswith("instead of Friday 20 November. We waited for the client")


@pytest.mark.parametrize(
    ("delivered", "text"),
    [
        ("2026-11-12", "Brought in from a file as A-1: promised for Friday 13 November by Thandi, delivered Thursday"),
        (None, "Brought in from a file as A-1: promised for Friday 13 November by Thandi"),
    ],
)
def test_what_a_file_brought_says_so(make_promise, delivered, text):
    data = {"reference": "A-1", "what": "Drawings", "owner": "Thandi", "on": "2026-11-13", "delivered": delivered}

    said = timeline.sentence(Entry(kind="imported", data=data), timeline.Scene(make_promise(), NOW, {}))

    assert said.text.startswith(text)
    assert ("delivered" in said.text) == bool(delivered)


@pytest.mark.parametrize(
    ("free", "hours", "text"),
    [
        (5.2, 8, "Taken on for Friday 20 November: about 8 hours of work, about 5 hours free before it (23% to hold)"),
        (5.2, None, "Taken on for Friday 20 November with about 5 hours free before it and no estimate (23% to hold)"),
        (0.0, 8, "Taken on for Friday 20 November without free hours before it (23% to hold)"),
    ],
)
def test_more_than_the_diary_holds_is_told_with_its_reason(make_promise, thandi, free, hours, text):
    promise = make_promise(override=actions.Override(free, hours, 0.77, " They opened early. "))

    line = next(line for line in lines_of(promise) if line.said.quote == "They opened early.")

    assert (line.said.text, line.by) == (text, "Thandi Mokoena")
    assert list(verify(Client.objects.get(pk=promise.client_id))) == []


def test_a_kind_nobody_knows_breaks_no_page(make_promise):
    promise = make_promise()
    scene = timeline.Scene(promise, NOW, {})

    said = timeline.sentence(Entry(kind="from_the_future", data={}), scene)

    assert said.text == "Recorded: from_the_future"
