"""A scope near its end: raised, decided with the figures beside it, and the client hears it in words that are kept."""

import re
import uuid
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.urls import reverse

from clients.actions import archive
from clients.models import Agreement, Client, Contact, Entry, OutsideRequest, Renewal, Scope, ScopeLine
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.staff.models import Firm
from promises import actions, renewal_words
from promises.actions import Refused
from promises.actions.agreeing import Spoken, Written
from promises.actions.renewing import decide, say_again
from promises.due import due_for
from promises.my_day import MyDay
from promises.renewals import Figures, figures, near_end
from promises.tests.steps import put

YEAR_END = date(2026, 12, 31)


@pytest.fixture
def make_scope(karoo):
    """In force since the first of March, until the end of the year."""

    def make(number="2026-014", *, client=None, price="100", state="signed", **fields):
        fields = {"starts_on": date(2026, 3, 1), "ends_on": YEAR_END, **fields}
        scope = Scope.objects.create(client=client or karoo, number=number, title="Shop fittings", **fields)
        if price:
            ScopeLine.objects.create(scope=scope, number=1, service="Drawings", quantity=8, price=price)
        put(scope.agreement, state, signed_at=NOW - 200 * DAY)
        return Scope.objects.select_related("client__lead", "agreement").get(pk=scope.pk)

    return make


@pytest.fixture
def by_call(lena):
    return Spoken(lena, "call", NOW, "We go on together. They are glad.")


@pytest.fixture
def by_mail(lena):
    return Written(lena, "How we go on", "We would like to go on.", "renewal:1:once")


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW + HOUR, tick=False):
        yield client


def page_of(scope):
    return reverse("promises:renewal", args=[scope.pk])


def numbers(found):
    return [scope.number for scope in found]


# Which are near their end


@pytest.mark.parametrize(
    ("ends_on", "is_near"),
    [
        (date(2026, 11, 10), True),
        (date(2026, 11, 18), True),
        (date(2027, 1, 16), True),
        (date(2027, 1, 17), True),
        (date(2027, 1, 18), False),
        (None, False),
    ],
)
def test_a_scope_is_raised_from_so_many_days_before_its_end(make_scope, firm, ends_on, is_near):
    make_scope(ends_on=ends_on)

    assert near_end(firm, NOW).exists() is is_near


def test_the_firm_says_how_many_days(make_scope, firm):
    make_scope(ends_on=date(2026, 12, 18))

    Firm.objects.update(renewal_days=29)
    assert not near_end(Firm.get(), NOW).exists()
    Firm.objects.update(renewal_days=30)
    assert near_end(Firm.get(), NOW).exists()


@pytest.mark.parametrize("state", ["draft", "sent", "accepted", "declined", "lapsed", "withdrawn", "ended"])
def test_what_is_not_in_force_is_not_raised(make_scope, firm, karoo, state):
    scope = Scope.objects.create(client=karoo, number="2026-1", title="Not in force", ends_on=YEAR_END)
    put(scope.agreement, state)

    assert not near_end(firm, NOW).exists()


def test_what_is_decided_is_raised_no_more(make_scope, firm, thandi, by_call):
    scope = make_scope()

    decide(scope, "renew", why="", words=by_call, by=thandi, now=NOW)

    assert not near_end(firm, NOW).exists()


def test_nor_what_belongs_to_a_client_put_away(make_scope, firm, karoo, thandi):
    make_scope()
    archive(karoo, thandi, NOW)

    assert not near_end(firm, NOW).exists()


@pytest.mark.parametrize(("lead", "reader", "sees"), [("thandi", "thandi", True), ("thandi", "mara", False)])
def test_it_stands_on_the_day_of_the_lead(request, make_scope, firm, lead, reader, sees):
    make_scope()

    assert bool(MyDay.of(request.getfixturevalue(reader), NOW).near_end(firm)) is sees


def test_managers_are_asked_where_nobody_leads(make_scope, firm, mara, karoo):
    Client.objects.filter(pk=karoo.pk).update(lead=None)
    make_scope()

    assert numbers(MyDay.of(mara, NOW).near_end(firm)) == ["2026-014"]


def test_my_day_leads_to_the_decision(as_thandi, make_scope):
    scope = make_scope()

    words = as_thandi.get("/my-day/").content.decode()

    assert "Scopes near their end" in words
    assert page_of(scope) in words
    assert "until Thursday 31 December, in 43 days" in words


@pytest.mark.parametrize(
    ("how_many", "words"), [(0, None), (1, "1 scope near its end"), (3, "3 scopes near their end")]
)
def test_the_board_counts_them(client, mara, make_scope, how_many, words):
    for number in range(how_many):
        make_scope(f"2026-{number}")
    client.force_login(mara)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/board/").content.decode()

    assert (words in page) if words else ("near their end" not in page)


# The list


def test_the_list_has_the_soonest_first_and_what_was_decided(as_thandi, make_scope, thandi, by_call):
    make_scope("2026-2", ends_on=date(2026, 12, 30))
    make_scope("2026-1", ends_on=date(2026, 11, 10))
    decide(make_scope("2026-3"), "part", why="", words=by_call, by=thandi, now=NOW)

    response = as_thandi.get("/renewals/")

    assert [ending.scope.number for ending in response.context["endings"]] == ["2026-1", "2026-2"]
    assert "ended on Tuesday 10 November, 8 days ago, and nobody has decided" in response.content.decode()
    assert numbers(renewal.scope for renewal in response.context["decided"]) == ["2026-3"]


def test_the_list_hides_restricted_clients(client, sam, make_scope, secret, thandi):
    decide(
        make_scope("2026-1", client=secret),
        "part",
        why="",
        words=Spoken(None, "call", NOW, "Quiet words"),
        by=thandi,
        now=NOW,
    )
    make_scope("2026-2", client=secret)
    client.force_login(sam)

    with time_machine.travel(NOW, tick=False):
        page = client.get("/renewals/").content.decode()

    assert "Quiet" not in page
    assert "No scope is near its end." in page


def test_the_list_goes_on_where_it_ended(as_thandi, make_scope, monkeypatch):
    monkeypatch.setattr("promises.views.renewals.PAGE", 2)
    for number in range(5):
        make_scope(f"2026-{number}")
    seen, address = [], "/renewals/"

    while True:
        context = as_thandi.get(address).context
        seen += [ending.scope.number for ending in context["endings"]]
        if not context["next"]:
            break
        address = f"/renewals/{context['next']}"

    assert seen == [f"2026-{number}" for number in range(5)]


@pytest.mark.parametrize("after", ["nonsense", "2026-12-31", "2026-12-31:x", "2026-12-31:" + "9" * 40, "\0"])
def test_an_address_that_names_no_row_begins_anew(as_thandi, make_scope, after):
    make_scope()

    assert len(as_thandi.get("/renewals/", {"after": after}).context["endings"]) == 1


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_for_more(as_thandi, make_scope, thandi, how_many, django_assert_num_queries):
    for number in range(how_many):
        make_scope(f"2026-{number}")
        words = Spoken(None, "call", NOW, "Said")
        decide(make_scope(f"2025-{number}"), "part", why="", words=words, by=thandi, now=NOW)

    # session, user, firm, near their end, decided, firm in the head, heartbeat, oldest unsent
    with django_assert_num_queries(7):
        as_thandi.get("/renewals/")


# The figures


@pytest.fixture
def history(make_promise, thandi, firm, karoo):
    """Of the scope: one kept three days early, one late and silent, one open with a later date asked for.

    Beside it: one kept for the client under no scope, and one from before the scope began.
    """

    def write(scope):
        early = make_promise("Early", due_on=date(2026, 11, 20), scope=scope)
        actions.deliver(early, by=thandi, now=NOW - DAY, delivered_at=NOW - DAY)
        late = make_promise("Late", due_on=date(2026, 11, 13), made_at=NOW - 9 * DAY, scope=scope)
        actions.deliver(late, by=thandi, now=NOW, delivered_at=NOW)
        going = make_promise("Open", due_on=date(2026, 11, 27), scope=scope)
        later = due_for(karoo, firm, date(2026, 12, 1), None)
        actions.extend(going, later, reason="more_work", reason_text="More", asked_by="us", by=thandi, now=NOW)
        other = make_promise("Other", due_on=date(2026, 11, 18))
        actions.deliver(other, by=thandi, now=NOW, delivered_at=NOW)
        old = make_promise("Old", due_on=date(2026, 2, 10), made_at=NOW - 300 * DAY)
        actions.deliver(old, by=thandi, now=NOW - 280 * DAY, delivered_at=NOW - 280 * DAY)
        void = make_promise("Void", scope=scope)
        actions.void(void, reason="Twice", by=thandi, now=NOW)
        for whose, minutes in ((scope, 40), (scope, None), (None, 15)):
            OutsideRequest.objects.create(
                client=karoo, scope=whose, asked_on=NOW.date(), what="More", minutes=minutes, made_at=NOW
            )

    return write


def test_the_figures_of_the_scope_and_of_the_client(make_scope, history):
    scope = make_scope()
    history(scope)

    found = figures(scope)

    of = found.of_scope
    assert (of.open, of.ended, of.on_time, of.kept_rate) == (1, 2, 1, Decimal("0.5"))
    assert (of.kept, of.kept_later, of.late_told, of.late_silent, of.late_unknown) == (1, 0, 0, 1, 0)
    assert (of.early, of.days_early, of.days_late, of.asked_by_us) == (1, 3, 5, 1)
    assert (of.requests, of.request_minutes) == (2, 40)
    assert (found.of_client.ended, found.of_client.on_time, found.of_client.request_minutes) == (3, 2, 55)
    assert (found.since, found.price, found.currency) == (date(2026, 3, 1), Decimal("800.00"), "EUR")


def test_figures_are_kept_as_they_stood(make_scope, history):
    found = figures(make_scope())

    assert Figures.from_json(found.as_json()) == found


def test_no_data_reads_no_data(as_thandi, make_scope):
    rows = as_thandi.get(page_of(make_scope(price=None))).context["figures"]

    shown = {row.label: (row.of_scope, row.of_client) for row in rows}
    assert shown["Kept on time"] == ("no data", "no data")
    assert shown["Late, silent"] == ("no data", "no data")
    assert shown["Days late, in all"] == ("no data", "no data")
    assert shown["Asked for outside what was agreed"] == ("none logged", "none logged")
    assert shown["Open promises"] == ("0", "0")
    assert shown["Price now"] == ("no data", "")


def test_the_page_shows_the_figures(as_thandi, make_scope, history):
    scope = make_scope()
    history(scope)

    rows = as_thandi.get(page_of(scope)).context["figures"]

    shown = {row.label: (row.of_scope, row.of_client) for row in rows}
    assert shown["Kept on time"] == ("1 of 2, 50%", "2 of 3, 67%")
    assert shown["Later dates that we asked for"] == ("1", "1")
    assert shown["Asked for outside what was agreed"] == ("2, 40 minutes", "3, 55 minutes")
    assert shown["Price now"] == ("€800.00", "")
    assert [row.label for row in rows if row.tone == "late"] == ["Late, silent"]


# The words


def draft(scope, decision, thandi, lena, firm):
    about = renewal_words.facts(scope, figures(scope))
    return renewal_words.draft(about, decision, contact=lena, by=thandi, firm=firm, now=NOW)


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        ("renew", "We would like to go on with you on the same terms."),
        ("renegotiate", "We would like to go on with you, and to agree the terms anew."),
        ("part", "We will not propose a new scope after this one."),
    ],
)
def test_each_decision_has_its_words(make_scope, history, thandi, lena, firm, decision, sentence):
    scope = make_scope()
    history(scope)

    text = draft(scope, decision, thandi, lena, firm)

    # What was done comes before what is proposed.
    parts = ["Dear Lena Karoo,", "runs until Thursday 31 December.", "kept 1 of 2 promises on time", sentence, "Thandi"]
    assert sorted(parts, key=text.body.index) == parts
    assert "What happens next:" in text.body
    assert "2026-014" in text.subject


def test_who_parts_says_what_stays_promised(make_scope, history, thandi, lena, firm):
    scope = make_scope()
    history(scope)

    assert "stays promised:\n- Open: Friday 27 November" in draft(scope, "part", thandi, lena, firm).body


def test_nothing_internal_is_in_the_words(make_scope, history, thandi, lena, firm):
    Client.objects.update(about="CANARY about them")
    Contact.objects.update(manner="CANARY manner")
    scope = make_scope()
    history(scope)

    for decision in Renewal.Decision.values:
        text = draft(scope, decision, thandi, lena, firm)
        assert "CANARY" not in text.subject + text.body
        assert "Void" not in text.body


# The decision


def test_decision_figures_and_words_are_kept_together(make_scope, thandi, lena, by_call):
    scope = make_scope()

    kept = decide(scope, "renegotiate", why="Too many small calls", words=by_call, by=thandi, now=NOW)

    assert (kept.decision, kept.why, kept.words) == ("renegotiate", "Too many small calls", by_call.text)
    assert (kept.by, kept.at, kept.message) == (thandi, NOW, None)
    assert Figures.from_json(kept.figures) == figures(scope)
    entry = Entry.objects.get(kind="renewal_decided")
    assert (entry.subject, entry.data["decision"], entry.data["to"]) == (
        f"scope {scope.pk}",
        "renegotiate",
        "Lena Karoo",
    )
    assert entry.data["figures"] == kept.figures


def test_an_e_mail_is_held_so_that_it_can_be_taken_back(make_scope, thandi, by_mail, karoo):
    kept = decide(make_scope(), "renew", why="", words=by_mail, by=thandi, now=NOW)

    message = kept.message
    assert (message.address, message.reply_to, message.written_by) == ("lena@karoo.example", thandi.email, thandi)
    assert (message.not_before, message.kind) == (NOW + outbox.HOLD, f"client {karoo.pk}")
    assert kept.words == by_mail.body


def test_there_is_one_decision_a_scope(make_scope, thandi, by_call):
    scope = make_scope()
    decide(scope, "renew", why="", words=by_call, by=thandi, now=NOW)

    with pytest.raises(Refused, match="decided meanwhile"):
        decide(scope, "part", why="", words=by_call, by=thandi, now=NOW)

    assert Renewal.objects.get().decision == "renew"


@pytest.mark.parametrize("change", ["update", "delete"])
def test_a_decision_is_never_rewritten(make_scope, thandi, by_call, change):
    decide(make_scope(), "renew", why="", words=by_call, by=thandi, now=NOW)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _rewrite(change)

    assert Renewal.objects.get().decision == "renew"


def _rewrite(change):
    if change == "update":
        Renewal.objects.update(decision="part")
    else:
        Renewal.objects.all().delete()


def test_words_that_cannot_be_written_leave_nothing_decided(make_scope, thandi, by_mail, lena):
    scope = make_scope()
    Contact.objects.filter(pk=lena.pk).update(email="")
    lena.refresh_from_db()

    with pytest.raises(Refused, match="has no e-mail address"):
        decide(scope, "part", why="", words=Written(lena, "A", "B", "renewal:x"), by=thandi, now=NOW)

    assert (Renewal.objects.count(), Entry.objects.filter(kind="renewal_decided").count()) == (0, 0)


def test_a_contact_of_another_client_is_refused(make_scope, thandi, secret):
    stranger = Contact.objects.create(client=secret, name="Sol", email="sol@quiet.example")

    with pytest.raises(Refused, match="Choose a contact of this client"):
        decide(make_scope(), "part", why="", words=Spoken(stranger, "call", NOW, "No"), by=thandi, now=NOW)


def test_what_is_not_in_force_is_not_decided(make_scope, thandi, by_call):
    with pytest.raises(Refused, match="not in force"):
        decide(make_scope(state="ended"), "part", why="", words=by_call, by=thandi, now=NOW)


# On the page


def typed(scope, decision="part", **changes):
    contact = scope.client.contacts.filter(left_at=None).first()
    pk = contact.pk if contact else ""
    return {
        "decision": decision,
        "how": "email",
        "contact": pk,
        "why": "They call too often",
        "subject": "How it ends",
        "body": "Thank you.",
        "once": str(uuid.uuid4()),
        "drafted_for": f"{decision},{pk}",
        **changes,
    }


def test_nothing_is_asked_before_one_of_three_is_chosen(as_thandi, make_scope, lena):
    response = as_thandi.get(page_of(make_scope()))

    assert response.context["form"] is None
    words = response.content.decode()
    assert [f"?decision={value}" in words for value in Renewal.Decision.values] == [True, True, True]


@pytest.mark.parametrize("decision", Renewal.Decision.values)
def test_the_words_are_drafted_for_the_choice(as_thandi, make_scope, lena, decision):
    form = as_thandi.get(page_of(make_scope()), {"decision": decision}).context["form"]

    assert form["contact"].value() == lena.pk
    assert form["body"].value().startswith("Dear Lena Karoo,")
    assert form["drafted_for"].value() == f"{decision},{lena.pk}"


def test_an_unknown_choice_asks_again(as_thandi, make_scope, lena):
    scope = make_scope()

    assert as_thandi.get(page_of(scope), {"decision": "shout"}).context["form"] is None
    response = as_thandi.post(page_of(scope), typed(scope, "shout"), follow=True)

    assert "Choose one of the three first." in response.content.decode()
    assert Renewal.objects.count() == 0


def test_it_is_decided_by_hand_and_can_be_taken_back(as_thandi, make_scope, lena):
    scope = make_scope()

    response = as_thandi.post(page_of(scope), typed(scope), follow=True)
    words = response.content.decode()

    kept = Renewal.objects.get()
    assert (kept.decision, kept.why, kept.words) == ("part", "They call too often", "Thank you.")
    assert response.context["undo"]["url"] == reverse("clients:message_undo", args=[kept.message_id])
    assert "Thandi Mokoena decided this" in words
    assert "Draft the next scope" not in words


def test_a_call_is_recorded_instead(as_thandi, make_scope, lena):
    scope = make_scope()
    spoken = typed(scope, how="spoken", channel="call", text="They understand.", spoken_on="", spoken_time="")

    as_thandi.post(page_of(scope), spoken)

    assert (Renewal.objects.get().words, Message.objects.count()) == ("They understand.", 0)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"body": ""}, "body", "Enter the text"),
        ({"subject": ""}, "subject", "Enter a subject"),
        ({"contact": ""}, "contact", "Choose whom you write to"),
        ({"contact": "999999"}, "contact", "Choose a contact of this client"),
        ({"why": "x" * 4001}, "why", "Why must be 4000 characters or fewer"),
        ({"drafted_for": "renew,1"}, "body", "read the text again"),
        ({"how": "spoken", "channel": "call", "text": ""}, "text", "Enter what was said"),
        ({"how": "spoken", "channel": "pigeon", "text": "Said"}, "channel", "Choose how you spoke"),
        ({"how": "spoken", "channel": "call", "text": "Said", "spoken_time": "23:00"}, "spoken_time", "has passed"),
    ],
)
def test_without_words_nothing_is_decided(as_thandi, make_scope, lena, changes, field, words):
    scope = make_scope()

    response = as_thandi.post(page_of(scope), typed(scope, **changes))

    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert "<title>Error: Renewal" in response.content.decode()
    assert response.context["form"]["why"].value() == changes.get("why", "They call too often")
    assert (Renewal.objects.count(), Message.objects.count()) == (0, 0)


def test_another_contact_is_asked_to_be_read_again_once(as_thandi, make_scope, lena):
    scope = make_scope()
    changed = typed(scope, drafted_for="part,999")

    response = as_thandi.post(page_of(scope), changed)
    again = re.search(r'name="drafted_for" value="([^"]+)"', response.content.decode())[1]
    as_thandi.post(page_of(scope), changed | {"drafted_for": again})

    assert Renewal.objects.count() == 1


def test_the_text_is_drafted_anew_and_what_was_typed_kept(as_thandi, make_scope, lena, karoo):
    scope = make_scope()
    ben = Contact.objects.create(client=karoo, name="Ben Karoo", email="ben@karoo.example")

    response = as_thandi.post(page_of(scope), typed(scope, contact=ben.pk, body="My own words", draft="yes"))

    form = response.context["form"]
    assert form["body"].value().startswith("Dear Ben Karoo,")
    assert form["earlier"].value() == "My own words"
    assert form["why"].value() == "They call too often"
    assert Renewal.objects.count() == 0


def test_the_same_press_twice_writes_once(as_thandi, make_scope, lena):
    scope = make_scope()
    posted = typed(scope)

    as_thandi.post(page_of(scope), posted)
    response = as_thandi.post(page_of(scope), posted, follow=True)

    assert response.status_code == 200
    assert (Renewal.objects.count(), Message.objects.count()) == (1, 1)


def test_only_the_lead_or_a_manager_decides(client, sam, make_scope, lena):
    scope = make_scope()
    client.force_login(sam)

    with time_machine.travel(NOW, tick=False):
        page = client.get(page_of(scope), {"decision": "part"})
        answer = client.post(page_of(scope), typed(scope))

    assert page.context["form"] is None
    assert "a manager decides" in page.content.decode()
    assert (answer.status_code, Renewal.objects.count()) == (403, 0)


def test_why_is_shown_to_us_and_stays_out_of_the_message(as_thandi, make_scope, lena):
    scope = make_scope()
    as_thandi.post(page_of(scope), typed(scope))

    assert "They call too often" in as_thandi.get(page_of(scope)).content.decode()
    assert "They call too often" not in Message.objects.get().body


# Words that did not reach them


def test_words_taken_back_are_written_again_and_the_decision_stands(as_thandi, make_scope, lena, thandi):
    scope = make_scope()
    as_thandi.post(page_of(scope), typed(scope))
    outbox.undo(Message.objects.get(), NOW + HOUR)

    response = as_thandi.get(page_of(scope))
    assert "Karoo Linen has not heard it." in response.content.decode()
    assert "why" not in response.context["form"].fields

    as_thandi.post(page_of(scope), typed(scope, body="Thank you for everything."))

    assert Renewal.objects.get().words == "Thank you."
    assert [message.state for message in Message.objects.order_by("pk")] == [State.UNDONE, State.WAITING]
    assert Entry.objects.get(kind="renewal_words").data["text"] == "Thank you for everything."
    assert "has not heard it" not in as_thandi.get(page_of(scope)).content.decode()


def test_a_call_after_a_letter_that_came_back_is_enough(make_scope, thandi, by_mail, by_call, as_thandi):
    scope = make_scope()
    kept = decide(scope, "part", why="", words=by_mail, by=thandi, now=NOW)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    outbox.bounced(kept.message, NOW, "No such mailbox")
    assert "has not heard it" in as_thandi.get(page_of(scope)).content.decode()

    say_again(kept, words=by_call, by=thandi, now=NOW)

    assert "has not heard it" not in as_thandi.get(page_of(scope)).content.decode()


# The next scope


@pytest.mark.parametrize("decision", ["renew", "renegotiate"])
def test_the_next_scope_is_drafted_from_this_one(as_thandi, make_scope, thandi, by_call, decision):
    scope = make_scope()
    decide(scope, decision, why="", words=by_call, by=thandi, now=NOW)
    assert "Draft the next scope from this one" in as_thandi.get(page_of(scope)).content.decode()

    response = as_thandi.post(reverse("promises:renewal_draft", args=[scope.pk]))

    made = Scope.objects.exclude(pk=scope.pk).get()
    assert response.url == reverse("clients:scope_edit", args=[made.pk])
    assert (made.title, made.lines.count(), made.agreement.state, made.ends_on) == ("Shop fittings", 1, "draft", None)


@pytest.mark.parametrize("state", ["draft", "sent"])
def test_pressed_again_it_leads_to_the_scope_that_was_drafted(as_thandi, make_scope, thandi, by_call, state):
    scope = make_scope()
    decide(scope, "renew", why="", words=by_call, by=thandi, now=NOW)
    press = reverse("promises:renewal_draft", args=[scope.pk])
    as_thandi.post(press)
    made = Scope.objects.exclude(pk=scope.pk).get()
    Agreement.objects.filter(pk=made.agreement_id).update(state=state)

    response = as_thandi.post(press)

    assert Scope.objects.count() == 2
    assert response.url == reverse("clients:scope_edit" if state == "draft" else "clients:scope", args=[made.pk])


def test_after_a_withdrawn_one_another_is_drafted(as_thandi, make_scope, thandi, by_call):
    scope = make_scope()
    decide(scope, "renew", why="", words=by_call, by=thandi, now=NOW)
    press = reverse("promises:renewal_draft", args=[scope.pk])
    as_thandi.post(press)
    Agreement.objects.exclude(pk=scope.agreement_id).update(state="withdrawn", closed_at=NOW)

    as_thandi.post(press)
    as_thandi.post(press)

    assert Scope.objects.count() == 3


@pytest.mark.parametrize("decided", [None, "part"])
def test_nothing_is_drafted_unless_we_go_on(as_thandi, make_scope, thandi, by_call, decided):
    scope = make_scope()
    if decided:
        decide(scope, decided, why="", words=by_call, by=thandi, now=NOW)

    response = as_thandi.post(reverse("promises:renewal_draft", args=[scope.pk]), follow=True)

    assert "Decide first whether and how you go on." in response.content.decode()
    assert Scope.objects.count() == 1


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_the_same_for_more_history(
    as_thandi, make_scope, make_promise, thandi, lena, by_call, how_many, django_assert_num_queries
):
    scope = make_scope()
    for number in range(how_many):
        make_promise(f"Open {number}", scope=scope)
        OutsideRequest.objects.create(client=scope.client, scope=scope, asked_on=NOW.date(), what="More", made_at=NOW)

    # session, user, scope, decided, firm, who is there; lines and addenda; promises, requests and later dates of the
    # scope and of the client; what is owed, contact, contacts to choose from, firm in the head, heartbeat, oldest
    # unsent
    with django_assert_num_queries(19):
        as_thandi.get(page_of(scope), {"decision": "part"})
