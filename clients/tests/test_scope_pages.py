"""What staff do with a scope once it is written: look at it, send it, take it back, sign it for the firm, end it."""

import re
from datetime import date

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils.safestring import mark_safe

from clients import actions
from clients.agreement_rules import State
from clients.models import Addendum, Agreement, Contact, Entry, Scope, SealedDocument, SentVersion, Side, Signature
from clients.signals import scope_shown
from clients.tests.agreements import LINES, addendum_to, draft, put, send, sign, signed
from conftest import DAY, NOW
from engagement.outbox.models import Message

ASKED = {"valid_until": "2 December", "way": "mail", "ours": "after"}
STEPS = ["send", "withdraw", "revise", "countersign", "end"]


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def scope(karoo, thandi):
    return draft(karoo, thandi)


@pytest.fixture
def sent(scope, lena, thandi):
    send(scope.agreement, lena, thandi, name="")
    return scope


@pytest.fixture
def accepted(scope, lena, thandi):
    version = send(scope.agreement, lena, thandi, name="")
    sign(scope.agreement, version)
    return scope


def page(session, about):
    return session.get(about.get_absolute_url()).content.decode()


def to(about, step):
    return f"/agreements/{about.agreement.pk}/{step}/"


def state_of(about):
    return Agreement.objects.get(pk=about.agreement.pk).state


# The page of a scope


def test_a_draft_offers_to_send_it_and_says_what_it_comes_to(as_thandi, scope):
    shown = page(as_thandi, scope)

    assert "Nobody outside has seen it yet." in shown
    assert f'<a class="button" href="{to(scope, "send")}">Send it to be signed</a>' in shown
    assert "€1,312.15" in shown
    assert "<em>14 days</em>" in shown


def test_what_was_sent_can_be_copied_by_who_may_send_it(as_thandi, sent):
    shown = page(as_thandi, sent)

    assert actions.signing_address(Agreement.objects.get()) in shown
    assert "Lena Karoo can sign until the end of Wednesday 2 December. We have not signed yet." in shown
    assert "The e-mail is on its way." in shown


def test_others_do_not_get_the_address_or_what_they_may_not_do(client, sam, sent):
    client.force_login(sam)

    shown = page(client, sent)

    assert "/s/" not in shown
    assert not any(to(sent, step) in shown for step in STEPS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "sent", "sent_at": NOW}, "The mail server accepted the e-mail on"),
        ({"state": "failed", "error": "550 no such user"}, "The e-mail was not delivered: 550 no such user"),
        ({"state": "in_doubt"}, "We may not have sent the e-mail. Look at it under Sent mail."),
        ({"state": "sent", "bounced_at": NOW, "error": "no such user"}, "The e-mail came back: no such user."),
    ],
)
def test_the_page_says_what_became_of_the_mail(as_thandi, sent, change, words):
    Message.objects.update(**change)

    assert words in page(as_thandi, sent)


def test_a_scope_whose_time_is_over_says_so_before_the_clock_has_come_by(client, thandi, sent):
    with time_machine.travel(NOW + 20 * DAY, tick=False):
        client.force_login(thandi)
        shown = page(client, sent)

    assert "Lapsed" in shown
    assert "Lena Karoo did not sign until the end of Wednesday 2 December." in shown


def test_a_reason_is_shown_as_it_was_given(as_thandi, scope, lena, thandi):
    version = send(scope.agreement, lena, thandi)
    seen = actions.Seen("203.0.113.9", "A browser", "")
    actions.decline(scope.agreement, why="Too dear <b>now</b>", shown=version.sha256, seen=seen, now=NOW)

    shown = page(as_thandi, scope)

    assert "Too dear &lt;b&gt;now&lt;/b&gt;" in shown
    assert "Change it and send a new version" in shown


def test_what_holds_now_follows_the_signed_addenda(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi, number="2026-014")
    more = {"act": "add", "service": "A shelf", "price": 100, "quantity": 1}
    addendum = addendum_to(scope, thandi, [more])
    before = page(as_thandi, scope)
    sign(addendum.agreement, send(addendum.agreement, lena, thandi))

    shown = page(as_thandi, scope)

    assert "not in force" in before
    assert "by addendum 2026-014/1" not in before
    assert "by addendum 2026-014/1" in shown
    assert "€1,427.15" in shown
    assert "+\N{NO-BREAK SPACE}€115.00" in shown


def test_an_addendum_on_a_line_that_is_gone_is_said(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi, number="2026-014")
    addendum_to(scope, thandi, [{"act": "change", "number": 1, "service": "Less", "price": 1, "quantity": 1}])
    removing = addendum_to(scope, thandi, [{"act": "remove", "number": 1}])
    sign(removing.agreement, send(removing.agreement, lena, thandi))

    assert "Builds on a line that is gone" in page(as_thandi, scope)


def test_everything_that_happened_is_told_with_its_evidence(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi)
    actions.make_document(scope.agreement, NOW)

    shown = page(as_thandi, scope)

    for words in ("Draft begun", "Sent to Lena Karoo", "Signed for the firm by Thandi Mokoena", "One-time code passed"):
        assert words in shown
    assert "from 203.0.113.9" in shown
    assert "Document sealed" in shown


def test_a_draft_saved_again_and_again_is_one_line(as_thandi, scope, thandi):
    for title in ("One", "Two", "Three"):
        actions.save_draft(scope, {"title": title}, [], by=thandi, now=NOW)

    assert page(as_thandi, scope).count("Draft changed") == 1


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_the_same_with_more_addenda_versions_and_events(
    as_thandi, karoo, lena, thandi, how_many, django_assert_max_num_queries
):
    scope = draft(karoo, thandi)
    for _time in range(how_many):
        send(scope.agreement, lena, thandi)
        actions.revise(scope.agreement, by=thandi, now=NOW)
    sign(scope.agreement, send(scope.agreement, lena, thandi))
    for _time in range(how_many):
        addendum_to(Scope.objects.get(), thandi, [{"act": "change", "number": 1, "service": "Less", "price": 1}])

    # session, user, scope, lines, addenda, changes, their versions, document, versions, signatures, record, firm,
    # heartbeat, oldest unsent; and what the room above has to say of it
    with django_assert_max_num_queries(20) as asked:
        as_thandi.get(scope.get_absolute_url())

    assert len(asked) == len(set(query["sql"] for query in asked.captured_queries))
    assert not any('"pdf"' in query["sql"] or '"content" FROM' in query["sql"] for query in asked.captured_queries)


def test_what_the_room_above_says_stands_on_the_page(as_thandi, scope):
    def say(sender, scope, user, now, **kwargs):
        return mark_safe("<p>41 hours</p>")

    scope_shown.connect(say)
    try:
        assert "<p>41 hours</p>" in page(as_thandi, scope)
    finally:
        scope_shown.disconnect(say)


# Sent


def test_it_is_shown_before_it_is_sent(as_thandi, scope, lena):
    shown = as_thandi.post(to(scope, "send"), ASKED | {"contact": lena.pk}).content.decode()

    assert "This is what Lena Karoo (lena@karoo.example) will see." in shown
    assert "You can sign until" in shown
    assert "Two rounds of changes" in shown
    assert "Send it to Lena Karoo" in shown
    assert state_of(scope) == State.DRAFT
    assert not SentVersion.objects.exists()


def confirmed(session, about, asked):
    shown = session.post(to(about, "send"), asked).content.decode()
    fingerprint = shown.split('name="shown" value="')[1].split('"')[0]
    return session.post(to(about, "send"), asked | {"shown": fingerprint, "confirmed": "yes"})


def test_it_is_sent_as_it_was_shown(as_thandi, scope, lena, thandi):
    response = confirmed(as_thandi, scope, ASKED | {"contact": lena.pk})

    agreement = Agreement.objects.get()
    assert response.url == scope.get_absolute_url()
    assert (agreement.state, agreement.contact, agreement.valid_until) == (State.SENT, lena, date(2026, 12, 2))
    assert (agreement.by_mail, agreement.sent_by) == (True, thandi)
    assert not Signature.objects.exists()
    assert Message.objects.get().address == "lena@karoo.example"


def test_a_link_that_is_copied_is_not_mailed(as_thandi, scope, lena):
    response = confirmed(as_thandi, scope, ASKED | {"contact": lena.pk, "way": "copy"})

    assert not Agreement.objects.get().by_mail
    assert not Message.objects.exists()
    assert actions.signing_address(Agreement.objects.get()) in as_thandi.get(response.url).content.decode()


def test_the_sender_signs_for_the_firm_at_once(as_thandi, scope, lena, thandi):
    confirmed(as_thandi, scope, ASKED | {"contact": lena.pk, "ours": "now", "name": "Thandi Mokoena"})

    assert (Signature.objects.get().side, Signature.objects.get().user) == (Side.FIRM, thandi)


def test_a_name_that_was_typed_and_not_meant_signs_nothing(as_thandi, scope, lena):
    confirmed(as_thandi, scope, ASKED | {"contact": lena.pk, "name": "Thandi Mokoena"})

    assert state_of(scope) == State.SENT
    assert not Signature.objects.exists()


def test_what_changed_while_it_was_looked_at_is_shown_again(as_thandi, scope, lena, thandi):
    asked = ASKED | {"contact": lena.pk}
    shown = as_thandi.post(to(scope, "send"), asked).content.decode().split('name="shown" value="')[1].split('"')[0]
    actions.save_draft(scope, {"title": "Another title"}, [{"service": "One", "price": 1}], by=thandi, now=NOW)

    again = as_thandi.post(to(scope, "send"), asked | {"shown": shown, "confirmed": "yes"}).content.decode()

    assert "It was changed while you looked at it." in again
    assert "Another title" in again
    assert state_of(scope) == State.DRAFT


def test_what_was_asked_can_still_be_changed(as_thandi, scope, lena):
    response = as_thandi.post(to(scope, "send"), ASKED | {"contact": lena.pk, "change": "yes"})

    shown = response.content.decode()
    assert "<h1>Send it to be signed</h1>" in shown
    assert 'value="2 December"' in shown
    assert state_of(scope) == State.DRAFT


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"contact": ""}, "contact", "Choose who signs for the client"),
        ({"contact": "999"}, "contact", "Choose one from the list"),
        ({"valid_until": ""}, "valid_until", "Enter the last day on which it can be signed"),
        ({"valid_until": "2026-11-17"}, "valid_until", "Can be signed until must be today or in the future"),
        ({"way": ""}, "way", "Choose how they get the link"),
        ({"ours": ""}, "ours", "Choose when we sign"),
        ({"ours": "now"}, "name", "Type your name to sign for the firm, or sign after the client"),
        ({"ours": "now", "name": "x" * 101}, "name", "My name, as my signature must be 100 characters or fewer"),
    ],
)
def test_an_error_says_what_to_do(as_thandi, scope, lena, changes, field, error):
    response = as_thandi.post(to(scope, "send"), ASKED | {"contact": lena.pk} | changes)

    assert response.context["form"].errors == {field: [error]}
    assert "<title>Error: Send it to be signed" in response.content.decode()
    assert state_of(scope) == State.DRAFT


def test_nothing_is_sent_without_a_service(as_thandi, karoo, lena, thandi):
    scope = draft(karoo, thandi, lines=[])

    response = confirmed(as_thandi, scope, ASKED | {"contact": lena.pk})

    assert response.context["form"].non_field_errors() == ["Add at least one service before you send it."]


def test_only_who_has_an_address_can_be_asked_to_sign(as_thandi, scope, karoo, thandi):
    actions.save_contact(Contact(client=karoo, name="Piet Silent", phone="1", channel="call"), thandi, NOW)

    shown = as_thandi.get(to(scope, "send")).content.decode()

    assert "Nobody at this client has an e-mail address on file" in shown
    assert f"/clients/{karoo.pk}/contacts/new/" in shown


def test_fourteen_days_and_the_main_contact_are_suggested(as_thandi, scope, lena):
    form = as_thandi.get(to(scope, "send")).context["form"]

    assert (form.initial["valid_until"], form.initial["contact"]) == (date(2026, 12, 2), lena.pk)


def test_the_preview_is_what_the_client_would_see(as_thandi, scope):
    shown = as_thandi.get(to(scope, "preview"))

    assert "would see if it were sent today. Who signs is not chosen yet." in shown.content.decode()
    assert "Drawings" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert as_thandi.get(f"{to(scope, 'preview')}?pdf=yes").content.startswith(b"%PDF-")


def test_once_it_is_sent_the_preview_is_what_was_sent(as_thandi, sent):
    assert "This is what Lena Karoo sees." in as_thandi.get(to(sent, "preview")).content.decode()


def test_the_preview_is_in_the_language_of_who_signs_and_our_line_in_ours(as_thandi, scope, lena, thandi):
    lena.language = "af"
    lena.save()
    actions.name_signer(scope.agreement, lena)

    shown = as_thandi.get(to(scope, "preview")).content.decode()

    assert '<html lang="af">' in shown
    assert '<div class="as-seen" id="above" lang="en">' in shown
    assert "This is what Lena Karoo would see if it were sent today." in shown


# Withdrawn, taken back, ended


def test_it_is_withdrawn_with_a_reason(as_thandi, sent, thandi):
    as_thandi.post(to(sent, "withdraw"), {"why": "Two numbers were wrong", "confirmed": "yes"})

    agreement = Agreement.objects.get()
    assert (agreement.state, agreement.closed_why, agreement.closed_by) == (
        State.WITHDRAWN,
        "Two numbers were wrong",
        thandi,
    )


def test_it_is_taken_back_to_be_changed(as_thandi, sent):
    asked = as_thandi.post(to(sent, "revise"))
    response = as_thandi.post(to(sent, "revise"), {"confirmed": "yes"})

    agreement = Agreement.objects.get()
    assert "What was sent cannot be signed from now on." in asked.content.decode()
    assert response.url == f"/scopes/{sent.pk}/edit/"
    assert (agreement.state, agreement.version) == (State.DRAFT, 2)


def test_it_ends_with_a_reason(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi)

    as_thandi.post(to(scope, "end"), {"why": "All is done", "confirmed": "yes"})

    assert state_of(scope) == State.ENDED
    assert "All is done" in page(as_thandi, scope)


@pytest.mark.parametrize("step", ["withdraw", "end"])
@pytest.mark.parametrize(
    ("why", "error"),
    [("", "Enter why, in a few words"), ("x" * 501, "Why must be 500 characters or fewer")],
)
def test_a_reason_is_wanted(as_thandi, scope, step, why, error):
    state = State.SENT if step == "withdraw" else State.SIGNED
    Agreement.objects.update(state=state)

    response = as_thandi.post(to(scope, step), {"why": why, "confirmed": "yes"})

    assert response.context["form"].errors == {"why": [error]}
    assert state_of(scope) == state


# Signed for the firm


def test_an_address_that_changed_since_it_was_sent_is_told(as_thandi, sent, lena, thandi):
    words = "The contact&#x27;s address changed after this was sent: send a new version."
    before = page(as_thandi, sent)
    lena.email = "lena@elsewhere.example"
    actions.save_contact(lena, thandi, NOW)

    told = page(as_thandi, sent)
    actions.revise(sent.agreement, by=thandi, now=NOW)
    send(sent.agreement, lena, thandi, name="", by_mail=False)

    assert (words in before, words in told, words in page(as_thandi, sent)) == (False, True, False)


def shown(page):
    return re.search(r'name="shown" value="(\w+)"', page)[1]


def signature(scope):
    return {"name": "Thandi Mokoena", "shown": scope.agreement.versions.latest("version").sha256}


def test_the_firm_signs_after_the_client_and_it_is_in_force(as_thandi, accepted, thandi):
    asked = as_thandi.get(to(accepted, "countersign")).content.decode()
    browser = {"HTTP_USER_AGENT": "Our browser", "REMOTE_ADDR": "198.51.100.7"}
    as_thandi.post(to(accepted, "countersign"), {"name": "Thandi Mokoena", "shown": shown(asked)}, **browser)

    ours = Signature.objects.get(side=Side.FIRM)
    assert "Lena Karoo" in asked
    assert (ours.name, ours.user, ours.browser, ours.address) == (
        "Thandi Mokoena",
        thandi,
        "Our browser",
        "198.51.100.7",
    )
    assert state_of(accepted) == State.SIGNED


def test_the_firm_signs_before_the_client(as_thandi, sent):
    as_thandi.post(to(sent, "countersign"), signature(sent))

    assert state_of(sent) == State.SENT
    assert "We have signed." in page(as_thandi, sent)
    assert to(sent, "countersign") not in page(as_thandi, sent)


def test_the_firm_does_not_sign_twice(as_thandi, sent):
    as_thandi.post(to(sent, "countersign"), signature(sent))
    again = as_thandi.post(to(sent, "countersign"), signature(sent))

    assert again.context["form"].non_field_errors() == ["The firm has signed this already."]
    assert Signature.objects.count() == 1


def test_the_firm_signs_no_text_that_it_was_not_shown(as_thandi, sent, lena, thandi):
    looked_at = as_thandi.get(to(sent, "countersign")).content.decode()
    actions.revise(sent.agreement, by=thandi, now=NOW)
    actions.save_draft(sent, {"title": "Two shops"}, LINES, by=thandi, now=NOW)
    version = send(sent.agreement, lena, thandi, name="")

    answer = as_thandi.post(to(sent, "countersign"), {"name": "Thandi Mokoena", "shown": shown(looked_at)})
    told = answer.content.decode()
    without = as_thandi.post(to(sent, "countersign"), {"name": "Thandi Mokoena"})

    for each in (answer, without):
        [error] = each.context["form"].non_field_errors()
        assert error.startswith("This was changed on Wednesday 18 November")
        assert error.endswith("See what changed. Nothing was signed.")
    assert "Two shops" in told
    assert 'value="Thandi Mokoena"' in told
    assert shown(told) == version.sha256
    assert f'/agreements/{sent.agreement_id}/proposal/?version=2"' in told
    assert not Signature.objects.exists()

    as_thandi.post(to(sent, "countersign"), {"name": "Thandi Mokoena", "shown": shown(told)})

    assert Signature.objects.get().version == version


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "Type your name to sign for the firm"),
        ("x" * 101, "My name, as my signature must be 100 characters or fewer"),
    ],
)
def test_a_signature_is_a_name(as_thandi, accepted, name, error):
    response = as_thandi.post(to(accepted, "countersign"), {"name": name})

    assert response.context["form"].errors == {"name": [error]}
    assert state_of(accepted) == State.ACCEPTED


# Papers


def test_the_sealed_document_is_handed_out(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi, number="2026-014")
    actions.make_document(scope.agreement, NOW)

    response = as_thandi.get(to(scope, "document"))

    assert response.content == bytes(SealedDocument.objects.get().content)
    assert response["Content-Disposition"] == 'attachment; filename="2026-014.pdf"'
    assert response["Content-Security-Policy"] == "sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert SealedDocument.objects.get().sha256 in page(as_thandi, scope)


def test_a_document_that_cannot_be_made_yet_says_why(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi)
    Agreement.objects.update(document_error="The key of the seal is not there.", document_tries=2, document_due_at=NOW)

    shown = page(as_thandi, scope)

    assert "The signed document could not be made yet." in shown
    assert "The key of the seal is not there." in shown
    assert "Tries so far: 2" in shown


def test_a_document_on_its_way_says_so(as_thandi, karoo, lena, thandi):
    assert "The sealed document is being made." in page(as_thandi, signed(karoo, lena, thandi))


def test_each_version_is_handed_out_as_it_was_sent(as_thandi, sent, lena, thandi):
    actions.revise(sent.agreement, by=thandi, now=NOW)
    actions.save_draft(sent, {"title": "Changed"}, [{"service": "One", "price": 1}], by=thandi, now=NOW)
    send(sent.agreement, lena, thandi)
    first, second = SentVersion.objects.order_by("version")

    assert as_thandi.get(to(sent, "proposal")).content == bytes(second.pdf)
    assert as_thandi.get(f"{to(sent, 'proposal')}?version=1").content == bytes(first.pdf)
    assert as_thandi.get(f"{to(sent, 'proposal')}?version=9").status_code == 404
    assert as_thandi.get(f"{to(sent, 'proposal')}?version=²").status_code == 404


# Who


@pytest.mark.parametrize("step", STEPS)
def test_only_the_lead_and_managers_do_it(client, sam, mara, sent, step):
    client.force_login(sam)
    refused = client.post(to(sent, step), {"why": "Because", "name": "Sam", "confirmed": "yes"})
    client.force_login(mara)

    assert refused.status_code == 403
    assert client.get(to(sent, step)).status_code in (200, 302)
    assert state_of(sent) == State.SENT


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (State.DRAFT, {"send", "withdraw"}),
        (State.SENT, {"withdraw", "revise", "countersign"}),
        (State.ACCEPTED, {"withdraw", "countersign"}),
        (State.SIGNED, {"end"}),
        (State.DECLINED, {"revise"}),
        (State.LAPSED, {"revise"}),
        (State.WITHDRAWN, {"revise"}),
        (State.ENDED, set()),
    ],
)
def test_a_step_is_there_only_while_it_can_be_taken(as_thandi, sent, state, steps):
    put(sent.agreement, state, closed_at=NOW, signed_at=NOW)

    opened = {step for step in STEPS if as_thandi.get(to(sent, step)).status_code == 200}
    shown = page(as_thandi, sent)

    assert opened == steps
    assert {step for step in STEPS if f'href="{to(sent, step)}"' in shown} == steps


@pytest.mark.parametrize("path", ["", "edit/", "copy/", "paper/", "template/", "file/"])
def test_a_scope_of_a_hidden_client_is_not_there(client, sam, secret, thandi, path):
    scope = draft(secret, thandi)
    client.force_login(sam)

    assert client.get(f"/scopes/{scope.pk}/{path}").status_code == 404


def test_looking_writes_nothing(as_thandi, sent, karoo, django_assert_num_queries):
    before = Entry.objects.count()
    paths = [
        sent.get_absolute_url(),
        to(sent, "preview"),
        to(sent, "withdraw"),
        to(sent, "revise"),
        to(sent, "countersign"),
        to(sent, "proposal"),
        f"/scopes/{sent.pk}/copy/",
        f"/scopes/{sent.pk}/template/",
        f"/clients/{karoo.pk}/scopes/new/",
        f"/clients/{karoo.pk}/scopes/begin/",
        f"/clients/{karoo.pk}/scopes/paper/",
        "/agreements/",
        "/scope-templates/",
    ]
    versions = Agreement.objects.values().get()

    for path in paths:
        for method in (as_thandi.get, as_thandi.head):
            assert method(path).status_code == 200, path

    assert Entry.objects.count() == before
    assert Agreement.objects.values().get() == versions
    assert Scope.objects.count() == 1


# Waiting for a signature


def test_what_waits_is_listed_and_what_was_declined_lately(as_thandi, karoo, lena, thandi):
    shown = {}
    for number, state in enumerate(State.values):
        scope = draft(karoo, thandi, number=f"2026-{number:03}", title=f"A {state} one")
        send(scope.agreement, lena, thandi)
        shown[state] = scope.pk
        put(scope.agreement, state, closed_at=NOW - 29 * DAY)

    listed = [agreement.state for agreement, _lapsed in as_thandi.get("/agreements/").context["rows"]]
    Agreement.objects.update(closed_at=NOW - 31 * DAY)
    later = [agreement.state for agreement, _lapsed in as_thandi.get("/agreements/").context["rows"]]

    assert listed == ["lapsed", "declined", "accepted", "sent"]
    assert later == ["accepted", "sent"]


def test_addenda_wait_there_too(as_thandi, karoo, lena, thandi):
    scope = signed(karoo, lena, thandi, number="2026-014")
    addendum = addendum_to(scope, thandi, [{"act": "remove", "number": 2}])
    send(addendum.agreement, lena, thandi)

    shown = as_thandi.get("/agreements/").content.decode()

    assert "2026-014/1" in shown
    assert addendum.get_absolute_url() in shown


def test_a_long_list_goes_on_page_by_page(as_thandi, karoo, lena, thandi, monkeypatch):
    monkeypatch.setattr("clients.views.agreements.PAGE", 2)
    for number in range(3):
        send(draft(karoo, thandi, number=f"2026-00{number}").agreement, lena, thandi)

    first = as_thandi.get("/agreements/").context
    second = as_thandi.get(f"/agreements/{first['next']}").context

    assert [len(page["rows"]) for page in (first, second)] == [2, 1]
    assert second["next"] == ""


@pytest.mark.parametrize("before", ["x", "²", "9" * 30, "-1"])
def test_an_address_typed_by_hand_does_no_harm(as_thandi, sent, before):
    assert as_thandi.get(f"/agreements/?before={before}").status_code == 200


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_with_more(as_thandi, karoo, lena, thandi, how_many, django_assert_num_queries):
    for number in range(how_many):
        send(draft(karoo, thandi, number=f"2026-00{number}").agreement, lena, thandi)

    # session, user, agreements, firm, heartbeat, oldest unsent
    with django_assert_num_queries(5):
        as_thandi.get("/agreements/")


# On the terminal


def test_the_document_is_written_to_a_file(karoo, lena, thandi, tmp_path, capsys):
    scope = signed(karoo, lena, thandi, number="2026-014")
    actions.make_document(scope.agreement, NOW)
    out = tmp_path / "signed.pdf"

    call_command("document", scope="2026-014", out=out)

    assert out.read_bytes() == bytes(SealedDocument.objects.get().content)
    assert SealedDocument.objects.get().sha256 in capsys.readouterr().out


def test_the_document_of_an_addendum_is_written_too(karoo, lena, thandi, tmp_path):
    scope = signed(karoo, lena, thandi, number="2026-014")
    addendum = addendum_to(scope, thandi, [{"act": "remove", "number": 2}])
    sign(addendum.agreement, send(addendum.agreement, lena, thandi))
    agreement = Addendum.objects.get().agreement
    actions.make_document(agreement, NOW)

    call_command("document", scope="2026-014/1", out=tmp_path / "a.pdf")

    assert (tmp_path / "a.pdf").read_bytes() == bytes(agreement.document.content)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": State.DRAFT}, "is not signed by both sides (Draft), so there is no sealed document."),
        ({"state": State.SENT}, "is not signed by both sides (Waiting for the client), so there is no"),
        ({"state": State.SIGNED}, "was signed on paper: there is a scan of the paper, and nothing that we sealed."),
        ({"state": State.SIGNED, "document_due_at": NOW}, "is being made. Try again in a minute."),
        (
            {"state": State.SIGNED, "document_due_at": NOW, "document_error": "No key."},
            "could not be made yet: No key. It is tried again by itself.",
        ),
    ],
)
def test_without_a_document_it_says_why(karoo, thandi, tmp_path, change, words):
    draft(karoo, thandi, number="2026-014")
    Agreement.objects.update(**change)

    with pytest.raises(CommandError) as refused:
        call_command("document", scope="2026-014", out=tmp_path / "a.pdf")

    assert words in str(refused.value)
    assert not (tmp_path / "a.pdf").exists()


@pytest.mark.parametrize("number", ["2026-999", "2026-014/7", "2026-014/x", "", "/"])
def test_a_number_that_nobody_has_is_said(karoo, thandi, tmp_path, number):
    draft(karoo, thandi, number="2026-014")

    with pytest.raises(CommandError, match="There is no scope or addendum"):
        call_command("document", scope=number, out=tmp_path / "a.pdf")


def test_a_file_that_cannot_be_written_is_said(karoo, lena, thandi, tmp_path):
    scope = signed(karoo, lena, thandi, number="2026-014")
    actions.make_document(scope.agreement, NOW)

    with pytest.raises(CommandError, match="could not be written"):
        call_command("document", scope="2026-014", out=tmp_path / "nowhere" / "a.pdf")
