"""From the tick to the confirmation, without an account, a cookie or a script; and the two other ways out."""

import json
import re
from html import unescape

import pytest
import time_machine
from django.core.cache import cache

from clients import actions
from clients.models import Agreement, Client, Contact, Entry, OneTimeCode, SentVersion, Signature
from clients.record import verify
from clients.signing_forms import DrawnField
from clients.signing_page import drawing_of, masked
from clients.tests.agreements import LINES, draft, figures, send
from conftest import DAY, HOUR, NOW
from engagement.outbox.actions import send_waiting
from engagement.outbox.models import Message, State
from engagement.staff.actions import leave

DRAWN = [[[0.1, 0.1], [0.5, 0.35], [0.9, 0.05]], [[0.4, 0.2]]]


@pytest.fixture(autouse=True)
def _at_now(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def sent(karoo, lena, thandi, firm):
    agreement = draft(karoo, thandi, NOW - DAY).agreement
    send(agreement, lena, thandi, NOW - DAY, name="")
    return agreement


def address(agreement, rest=""):
    return f"/s/{agreement.token()}/{rest}"


def given(agreement, **changes):
    shown = agreement.versions.latest("version").sha256
    return {"shown": shown, "consent": "on", "name": "Lena Karoo", "drawn": "", "zone": "Africa/Johannesburg"} | changes


def hidden(page):
    """What the page would send by itself, as a browser reads it."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in fields}


def check(client, agreement, **changes):
    return client.post(address(agreement, "check/"), given(agreement, **changes)).content.decode()


def the_code():
    return figures(OneTimeCode.objects.latest("pk").message)


def accept(client, agreement, page, code=None):
    return client.post(address(agreement, "accept/"), hidden(page) | {"code": code or the_code()})


# Signing


def test_a_person_signs(client, sent):
    page = check(client, sent, drawn=json.dumps(DRAWN))

    answer = accept(client, sent, page)

    signature = Signature.objects.get()
    sent.refresh_from_db()
    assert (answer.status_code, sent.state) == (302, "accepted")
    assert (signature.name, signature.drawn, signature.zone) == ("Lena Karoo", DRAWN, "Africa/Johannesburg")
    assert signature.consent == str(actions.CONSENT)
    assert signature.text_sha256 == SentVersion.objects.get().sha256
    assert "You have signed." in client.get(answer["Location"]).content.decode()


def test_the_typed_name_alone_is_enough(client, sent):
    accept(client, sent, check(client, sent))

    assert Signature.objects.get().drawn is None


def test_what_is_seen_of_the_visitor_is_kept(client, sent):
    seen = {"User-Agent": "B" * 400, "X-Forwarded-For": "1.2.3.4"}
    page = client.post(address(sent, "check/"), given(sent, zone="Mars/Olympus"), headers=seen).content.decode()

    client.post(address(sent, "accept/"), hidden(page) | {"code": the_code()}, headers=seen)

    signature = Signature.objects.get()
    assert (signature.address, signature.browser, signature.zone) == ("127.0.0.1", "B" * 300, "")


def test_the_check_page_reads_back_what_was_given_and_signs_nothing(client, sent):
    page = check(client, sent, name="  Lena   Karoo ", drawn=json.dumps(DRAWN))

    for words in ("Nothing is signed yet.", "Shop fittings", "€1,312.15", "Lena Karoo", str(actions.CONSENT)):
        assert words in page
    assert drawing_of(DRAWN).path in page
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert not Signature.objects.exists()


def test_the_address_of_the_code_is_shown_to_its_owner_alone(client, sent):
    page = check(client, sent)

    assert "l•••@karoo.example" in page
    assert "lena@" not in page
    assert Message.objects.filter(occasion__startswith="code:").get().address == "lena@karoo.example"


def test_the_first_whole_answer_is_the_first_sign_of_a_person(client, sent):
    client.get(address(sent))
    check(client, sent, name="")
    before = Entry.objects.filter(kind="agreement_opened").count()

    check(client, sent)

    assert (before, Entry.objects.filter(kind="agreement_opened").count()) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"consent": ""}, "Tick that you agree"),
        ({"name": ""}, "Type your name"),
        ({"name": "   "}, "Type your name"),
        ({"name": "\u200b\u202e\x07"}, "Type your name"),
        ({"name": "L" * 10_000}, "Your name must be 100 characters or fewer"),
        ({"drawn": "[[[2, 0]]]"}, "Clear the drawing and draw your signature again"),
    ],
)
@pytest.mark.parametrize("rest", ["check/", "accept/"])
def test_what_is_missing_is_said_and_nothing_is_lost(client, sent, changes, words, rest):
    answer = client.post(address(sent, rest), given(sent, **changes))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert page.count(words) == (1 if "drawn" in changes else 2)
    assert given(sent, **changes)["name"].strip()[:80] in page
    assert not OneTimeCode.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Lena\u202eorak", "Lenaorak"),
        ("<b>Lena</b> {{ x }} #let", "<b>Lena</b> {{ x }} #let"),
        ("李小龍", "李小龍"),
        ("עדי כהן", "עדי כהן"),
        ("🙂 Lena O'Brien & Søn", "🙂 Lena O'Brien & Søn"),
        ("Lena\r\nKaroo\x00", "Lena Karoo"),
    ],
)
def test_a_name_is_kept_as_it_can_be_read(client, sent, name, kept):
    page = check(client, sent, name=name)

    accept(client, sent, page)

    assert "<b>Lena" not in page
    assert Signature.objects.get().name == kept


@pytest.mark.parametrize(
    "drawn",
    [
        "x",
        "{}",
        "[1]",
        "[[]]",
        "[[[0]]]",
        "[[[0,0,0]]]",
        "[[[0,0.5]]]",
        "[[[-1,0]]]",
        "[[[NaN,0]]]",
        "[[[1e999,0]]]",
        "[" * 5000,
        '[[["0","0"]]]',
        "[[[true,false]]]",
        "1" * 5000,
        json.dumps([[[0, 0]]] * 201),
        json.dumps([[[0, 0]] * 5001]),
    ],
)
def test_a_drawing_that_is_none_is_asked_for_again(client, sent, drawn):
    assert "Clear the drawing" in check(client, sent, drawn=drawn)


@pytest.mark.parametrize(("typed", "drawn"), [("", None), ("[]", None), ("[[[0, 0.4]]]", [[[0, 0.4]]])])
def test_what_is_drawn_is_read_as_strokes(typed, drawn):
    assert DrawnField(required=False).clean(typed) == drawn


def test_a_drawing_is_shown_without_the_empty_paper_around_it():
    drawing = drawing_of([[[0.5, 0.2], [0.7, 0.3]]])

    assert (drawing.box, drawing.path) == ("480 180 240 140", "M500 200Q500 200 600 250L700 300")
    assert drawing_of(None) is None


# The code


@pytest.mark.parametrize("typed", ["", "12", "abcdef", "1234567", "١٢٣٤٥٦", "9" * 10_000])
def test_what_is_no_code_costs_no_try(client, sent, typed):
    page = check(client, sent)

    again = client.post(address(sent, "accept/"), hidden(page) | {"code": typed}).content.decode()

    assert "code from the mail" in again
    assert "There is a problem" in again
    assert OneTimeCode.objects.get().tries == 0


@pytest.mark.parametrize("between", [" ", "-", "\u00a0"])
def test_the_code_may_be_typed_with_a_gap(client, sent, between):
    page = check(client, sent)
    code = the_code()

    accept(client, sent, page, f" {code[:3]}{between}{code[3:]} ")

    assert Signature.objects.exists()


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_wrong_code_says_how_many_tries_are_left_and_keeps_what_was_typed(client, sent):
    page = check(client, sent, drawn=json.dumps(DRAWN))

    again = accept(client, sent, page, wrong(the_code())).content.decode()

    assert "That is not the code. You have 4 more tries." in again
    assert hidden(again) == hidden(page)
    assert accept(client, sent, again).status_code == 302


def test_after_five_wrong_ones_the_right_one_does_nothing(client, sent):
    page = check(client, sent)
    code = the_code()

    answers = [accept(client, sent, page, wrong(code)).content.decode() for _time in range(5)]
    last = accept(client, sent, page, code).content.decode()

    assert "it was the last try" in answers[-1]
    assert "This code does not work any more. Ask for a new one." in last
    assert not Signature.objects.exists()


def test_after_ten_minutes_the_code_does_nothing(client, sent):
    page = check(client, sent)

    with time_machine.travel(NOW + DAY / 144, tick=False):
        answer = accept(client, sent, page).content.decode()

    assert "This code does not work any more." in answer
    assert "The last code does not work any more." in answer


def test_a_new_code_ends_the_one_before(client, sent):
    page = check(client, sent)
    before = the_code()

    again = client.post(address(sent, "check/"), hidden(page) | {"code": ""}).content.decode()

    assert hidden(again) == hidden(page)
    if before != the_code():
        assert accept(client, sent, again, before).status_code == 200
    assert accept(client, sent, again).status_code == 302


def test_who_comes_back_with_a_code_gets_no_other(client, sent):
    check(client, sent)
    before = the_code()

    offered = client.get(address(sent)).content.decode()
    page = check(client, sent, have="yes")

    assert "I have a code already" in offered
    assert OneTimeCode.objects.count() == 1
    assert accept(client, sent, page, before).status_code == 302


def test_nobody_is_offered_to_type_a_code_that_was_never_sent(client, sent):
    assert "I have a code already" not in client.get(address(sent)).content.decode()
    check(client, sent, have="yes")
    assert OneTimeCode.objects.count() == 1


def test_too_many_codes_are_refused_on_the_page_where_the_last_one_is_typed(client, sent):
    pages = [check(client, sent) for _time in range(6)]

    assert "5 codes were sent within the hour." in pages[-1]
    assert "Accept and sign" in pages[-1]
    assert accept(client, sent, pages[-1]).status_code == 302


@pytest.mark.parametrize("state", [State.FAILED, State.IN_DOUBT])
def test_a_mail_that_could_not_be_delivered_is_said_with_a_way_out(client, sent, state):
    page = check(client, sent)
    Message.objects.filter(occasion__startswith="code:").update(state=state)

    fragment = client.get(address(sent, "code/")).content.decode()
    again = client.post(address(sent, "accept/"), hidden(page)).content.decode()

    for told in (fragment, again):
        assert "The mail with the code could not be delivered to l•••@karoo.example." in told
        assert "Nothing that you typed is lost." in told
        assert "thandi@word.example" in told
    assert "data-waiting" not in fragment
    assert hidden(again) == hidden(page)


def test_the_page_waits_only_until_the_mail_is_out(client, sent):
    check(client, sent)
    waiting = client.get(address(sent, "code/")).content.decode()
    Message.objects.filter(occasion__startswith="code:").update(state=State.SENT)

    out = client.get(address(sent, "code/")).content.decode()

    assert "data-waiting" in waiting
    assert "A code is on its way" in waiting
    assert "data-waiting" not in out
    assert "We sent a code to l•••@karoo.example. It works until 11:10am (Johannesburg time)." in out


def test_an_address_that_changed_since_is_said_and_nothing_is_lost(client, sent):
    page = check(client, sent)
    code = the_code()
    Contact.objects.update(email="lena@elsewhere.example")

    for told in (check(client, sent), accept(client, sent, page, code).content.decode()):
        assert "Your address changed since this was sent. We send it to you again." in told
        assert 'value="Lena Karoo"' in told
    assert not Signature.objects.exists()


def test_no_address_on_file_is_said_and_nothing_is_lost(client, sent):
    Contact.objects.update(email="")

    page = check(client, sent)

    assert "There is no address on file to send a code to." in page
    assert 'value="Lena Karoo"' in page


@pytest.mark.parametrize(
    ("email", "shown"), [("lena@karoo.example", "l•••@karoo.example"), ("@x", "•••"), ("", "•••"), ("a@b", "a•••@b")]
)
def test_an_address_is_masked(email, shown):
    assert masked(email) == shown


def test_change_something_brings_everything_back(client, sent):
    page = check(client, sent, drawn=json.dumps(DRAWN))

    back = client.post(address(sent), hidden(page) | {"code": ""}).content.decode()

    assert 'value="Lena Karoo"' in back
    assert re.search(r'type="checkbox"[^>]* checked', back)
    assert json.loads(hidden(back).get("drawn") or "null") == DRAWN
    assert not Signature.objects.exists()


# Twice, too late, and changed meanwhile


def test_a_second_press_shows_the_same_confirmation(client, sent):
    page = check(client, sent)
    code = the_code()
    accept(client, sent, page, code)

    again = client.post(address(sent, "accept/"), hidden(page) | {"code": code}, follow=True)

    assert again.redirect_chain == [(address(sent), 302)]
    assert "You have signed." in again.content.decode()
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("step", ["check/", "accept/", "decline/"])
@pytest.mark.parametrize("state", ["withdrawn", "draft", "lapsed"])
def test_what_was_taken_back_meanwhile_is_not_signed(client, sent, thandi, step, state):
    page = check(client, sent)
    fields = hidden(page) | {"code": the_code(), "why": "No", "confirmed": "yes"}
    if state == "withdrawn":
        actions.withdraw(sent, why="", by=thandi, now=NOW)
    elif state == "draft":
        actions.revise(sent, by=thandi, now=NOW)
    else:
        Agreement.objects.update(valid_until_at=NOW)

    answer = client.post(address(sent, step), fields)

    assert (answer.status_code, answer["Location"]) == (302, address(sent))
    assert not Signature.objects.exists()


def change(agreement, lena, thandi):
    actions.revise(agreement, by=thandi, now=NOW)
    lines = [LINES[0], {**LINES[1], "price": 950}, LINES[2]]
    actions.save_draft(agreement.scope, {"terms": "Paid within 30 days."}, lines, by=thandi, now=NOW)
    return send(agreement, lena, thandi, NOW + DAY / 24, name="")


@pytest.mark.parametrize("step", ["check/", "accept/", "decline/", ""])
def test_a_text_that_was_changed_is_shown_and_not_signed(client, sent, lena, thandi, step):
    page = check(client, sent)
    fields = hidden(page) | {"code": the_code(), "why": "No", "confirmed": "yes"}
    new = change(sent, lena, thandi)

    with time_machine.travel(NOW + DAY / 12, tick=False):
        answer = client.post(address(sent, step), fields)

    told = answer.content.decode()
    sent.refresh_from_db()
    assert (answer.status_code, sent.state) == (200, "sent")
    assert "This was changed at 12 noon (Johannesburg time). See what changed." in told
    for words in ("The services or their prices", "The terms", "€1,312.15", "€1,369.65", "Nothing was signed."):
        assert words in told
    assert f'name="shown" value="{new.sha256}"' in told
    assert 'value="Lena Karoo"' in told
    assert not re.search(r'type="checkbox"[^>]* checked', told)
    assert not Signature.objects.exists()


def test_a_hundred_changes_between_reading_and_signing_are_refused(client, sent, lena, thandi):
    for number in range(100):
        shown = sent.versions.latest("version").sha256
        actions.revise(sent, by=thandi, now=NOW)
        actions.save_draft(sent.scope, {"title": f"Fittings {number}"}, LINES, by=thandi, now=NOW)
        send(sent, lena, thandi, name="", by_mail=False)

        answer = client.post(address(sent, "accept/"), given(sent, shown=shown, code="123456"))

        assert "See what changed." in answer.content.decode()
        sent = Agreement.objects.get(pk=sent.pk)
    assert not Signature.objects.exists()
    assert list(verify(Client.objects.get(pk=sent.client_id))) == []


@pytest.mark.parametrize("shown", [None, "", "0" * 64, "<script>"])
def test_a_text_that_was_never_shown_is_not_signed(client, sent, shown):
    fields = {name: value for name, value in given(sent, shown=shown, code="123456").items() if value is not None}

    told = client.post(address(sent, "accept/"), fields).content.decode()

    assert "See what changed." in told
    assert "<script>" not in told
    assert not OneTimeCode.objects.exists()


# Ask


def test_a_question_is_kept_and_reaches_who_sent_it(client, sent):
    text = "Is <b>paint</b> included?\r\n=HYPERLINK(1)"

    answer = client.post(address(sent, "ask/"), {"text": text}, follow=True)

    assert "We have your question." in answer.content.decode()
    assert Entry.objects.get(kind="agreement_question").data["text"] == "Is <b>paint</b> included?\n=HYPERLINK(1)"
    mail = Message.objects.get(occasion__startswith="question:")
    assert (mail.address, mail.reply_to) == ("thandi@word.example", "lena@karoo.example")


@pytest.mark.parametrize("meanwhile", ["shut off", "left"])
def test_a_question_that_may_not_reach_its_reader_any_more_reaches_the_managers(
    client, sent, thandi, mara, ada, mailoutbox, settings, meanwhile
):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    client.post(address(sent, "ask/"), {"text": "Is paint included?"})
    if meanwhile == "left":
        leave(thandi, by=ada, now=NOW)
    else:
        karoo = Client.objects.get(pk=sent.client_id)
        karoo.restricted, karoo.lead = True, mara
        actions.save_client(karoo, mara, NOW)

    send_waiting(NOW + HOUR)
    send_waiting(NOW + HOUR)

    asked = [mail for mail in mailoutbox if "Is paint included?" in mail.body]
    assert sorted(mail.to[0] for mail in asked) == ["ada@word.example", "mara@word.example"]
    assert {mail.reply_to[0] for mail in asked} == {"lena@karoo.example"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "Write your question"), (" \u200b ", "Write your question"), ("?" * 10_000, "3000 characters or fewer")],
)
def test_a_question_that_is_none_is_asked_for(client, sent, text, words):
    page = client.post(address(sent, "ask/"), {"text": text}).content.decode()

    assert words in page
    assert "<title>Error: " in page
    assert not Entry.objects.filter(kind="agreement_question").exists()


def test_too_many_questions_are_told_to_wait_and_kept_on_the_page(client, sent):
    pages = [client.post(address(sent, "ask/"), {"text": f"Question {n}"}).content.decode() for n in range(6)]

    assert "We have your questions and answer them." in pages[-1]
    assert "Question 5" in pages[-1]


# Decline


def test_declining_is_asked_twice_and_then_said(client, sent):
    version = sent.versions.get()
    first = client.post(address(sent, "decline/"), {"shown": version.sha256, "why": "Too <i>dear</i>"}).content.decode()
    before = Agreement.objects.get(pk=sent.pk).state

    answer = client.post(address(sent, "decline/"), hidden(first) | {"confirmed": "yes"}, follow=True)

    sent.refresh_from_db()
    assert (before, sent.state, sent.closed_why) == ("sent", "declined", "Too <i>dear</i>")
    assert "You declined this." in answer.content.decode()
    assert "Too &lt;i&gt;dear&lt;/i&gt;" in answer.content.decode()


@pytest.mark.parametrize(
    ("why", "words"),
    [("", "Say in a few words why you decline"), ("n" * 10_000, "Why must be 500 characters or fewer")],
)
def test_a_reason_that_is_none_is_asked_for(client, sent, why, words):
    fields = {"shown": sent.versions.get().sha256, "why": why, "confirmed": "yes"}

    page = client.post(address(sent, "decline/"), fields).content.decode()

    assert words in page
    assert Agreement.objects.get(pk=sent.pk).state == "sent"


def test_the_reason_can_be_changed_before_it_counts(client, sent):
    page = client.post(
        address(sent, "decline/"), {"why": "Too dear", "change": "yes", "confirmed": "yes"}
    ).content.decode()

    assert ">\nToo dear</textarea>" in page
    assert Agreement.objects.get(pk=sent.pk).state == "sent"
