"""Six figures to the address on file, for ten minutes, five tries, once; and whatever is unclear is a no."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from clients import actions, record
from clients.actions.codes import Purpose, latest_code, spend, try_code
from clients.actions.reading import open_document, usable_code
from clients.models import Agreement, Client, Contact, Entry, OneTimeCode
from clients.tests.agreements import SEEN, code_for, draft, figures, send, sign, signed
from clients.tests.test_signing_races import at_once
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.outbox.tests.sink import ACCEPT_AND_HANG_UP, Sink

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def sink(tmp_path, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with Sink(tmp_path) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        yield server


@pytest.fixture
def agreement(karoo, lena, thandi):
    agreement = draft(karoo, thandi).agreement
    send(agreement, lena, thandi)
    return agreement


def other_than(code):
    return f"{(int(code) + 1) % 10**6:06}"


def attempt(agreement, typed, now=NOW, purpose=Purpose.SIGN):
    """None when it passes, else the words and the tries that are left."""
    try:
        try_code(agreement, purpose, typed, now)
    except actions.WrongCode as wrong:
        return str(wrong), wrong.tries_left
    return None


# What is sent


def test_it_goes_to_the_contacts_own_address_and_nowhere_else(agreement, lena):
    code = actions.send_code(agreement, Purpose.SIGN, SEEN, NOW)

    mail = code.message
    assert (mail.address, mail.audience, mail.is_secret) == (lena.email, "client", True)
    assert (mail.subject, figures(mail) in mail.body) == ("Your code for 2026-001", True)
    assert Message.objects.filter(body__contains=figures(mail)).count() == 1


def test_the_row_opens_nothing(agreement):
    """Not with the table in hand, nor with the record."""
    code = code_for(agreement)

    row = OneTimeCode.objects.values().get()
    assert code not in str(row)
    assert code not in str([entry.data for entry in Entry.objects.all()])


def test_figures_are_six_also_when_they_begin_with_nought(agreement, monkeypatch):
    monkeypatch.setattr("clients.actions.codes.secrets.randbelow", lambda most: 42)

    assert code_for(agreement) == "000042"
    assert attempt(agreement, "42")
    assert attempt(agreement, "000042") is None


def test_the_first_code_says_that_a_person_opened_it(agreement, karoo):
    code_for(agreement)
    code_for(agreement)

    kinds = [entry.kind for entry in karoo.record.order_by("seq")]
    assert (kinds.count("agreement_opened"), kinds.count("code_sent")) == (1, 2)
    opened = karoo.record.get(kind="agreement_opened")
    assert {name: opened.data[name] for name in ("address", "browser", "zone", "contact")} == {
        "address": "203.0.113.9",
        "browser": "A browser",
        "zone": "Africa/Johannesburg",
        "contact": "Lena Karoo",
    }


def question(agreement):
    actions.ask_question(agreement, text="Why?", seen=SEEN, now=NOW)


def refusal(agreement):
    actions.decline(agreement, why="No", shown=agreement.versions.get().sha256, seen=SEEN, now=NOW)


@pytest.mark.parametrize("step", [question, refusal])
def test_a_question_and_a_refusal_say_that_a_person_opened_it(agreement, karoo, step):
    step(agreement)

    kinds = [entry.kind for entry in karoo.record.order_by("seq")]
    assert kinds[-2:] == ["agreement_opened", {question: "agreement_question", refusal: "agreement_declined"}[step]]
    assert karoo.record.get(kind="agreement_opened").data["address"] == "203.0.113.9"


def test_it_is_opened_once_whatever_comes_first(agreement, karoo):
    question(agreement)
    code_for(agreement)
    refusal(agreement)

    assert karoo.record.filter(kind="agreement_opened").count() == 1


def test_after_the_last_day_nothing_is_asked_or_declined(agreement, karoo):
    """The clock that writes it down may come by a minute later."""
    Agreement.objects.update(valid_until_at=NOW)
    before = karoo.record.count()

    for step in (question, refusal):
        with pytest.raises(actions.Refused, match="The time to sign this has ended"):
            step(agreement)

    assert (karoo.record.count(), Agreement.objects.get(pk=agreement.pk).state) == (before, "sent")


# How long, how often


@pytest.mark.parametrize(
    ("later", "passes"), [(timedelta(), True), (10 * MINUTE - SECOND, True), (10 * MINUTE, False), (DAY, False)]
)
def test_it_works_for_ten_minutes_to_the_second(agreement, later, passes):
    code = code_for(agreement)

    said = attempt(agreement, code, NOW + later)

    assert said == (None if passes else ("This code does not work any more. Ask for a new one.", 0))


def test_the_fifth_try_counts_and_there_is_no_sixth(agreement):
    code = code_for(agreement)
    wrong = other_than(code)

    said = [attempt(agreement, wrong) for _try in range(5)]

    assert [left for _words, left in said] == [4, 3, 2, 1, 0]
    assert said[0][0] == "That is not the code. You have 4 more tries."
    assert said[3][0] == "That is not the code. You have one more try."
    assert said[4][0] == "That is not the code, and it was the last try. Ask for a new one."
    assert attempt(agreement, code) == ("This code does not work any more. Ask for a new one.", 0)
    assert OneTimeCode.objects.get().tries == 5


def test_the_fifth_try_may_be_the_right_one(agreement):
    code = code_for(agreement)
    for _try in range(4):
        assert attempt(agreement, other_than(code))

    assert attempt(agreement, code) is None


def test_it_works_once(agreement):
    code = code_for(agreement)
    passed = try_code(agreement, Purpose.SIGN, code, NOW)

    spend(passed, NOW)

    with pytest.raises(actions.WrongCode, match="used already"):
        spend(passed, NOW)
    assert attempt(agreement, code) == ("This code does not work any more. Ask for a new one.", 0)


def test_a_new_code_stops_the_one_before(agreement):
    first = code_for(agreement)
    second = code_for(agreement, NOW + MINUTE)

    # One time in a million they are the same.
    assert attempt(agreement, first, NOW + MINUTE) or first == second
    assert attempt(agreement, second, NOW + MINUTE) is None


def test_a_new_code_after_five_wrong_tries_has_five_of_its_own(agreement):
    code = code_for(agreement)
    for _try in range(5):
        attempt(agreement, other_than(code))

    assert attempt(agreement, code_for(agreement)) is None


def test_five_codes_an_hour_and_the_next_when_the_first_is_an_hour_old(agreement):
    for minutes in range(0, 50, 10):
        code_for(agreement, NOW + minutes * MINUTE)

    with pytest.raises(actions.Refused) as refused:
        code_for(agreement, NOW + 55 * MINUTE)
    with pytest.raises(actions.Refused):
        code_for(agreement, NOW + HOUR - SECOND)

    assert str(refused.value) == (
        "5 codes were sent within the hour. "
        "You can have another one after Wednesday 18 November, 12:00 (Johannesburg time)."
    )
    assert (OneTimeCode.objects.count(), Message.objects.filter(is_secret=True).count()) == (5, 5)
    assert code_for(agreement, NOW + HOUR)


# What is unclear is a no


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "0",
        "x" * 10_000,
        "1" * 10_000,
        "None",
        "\0\0\0\0\0\0",
        "\ud800",
        "%s",
        "' OR 1=1 --",
    ],
)
def test_whatever_else_is_typed_is_wrong(agreement, typed):
    code = code_for(agreement)

    assert attempt(agreement, typed)[1] == 4
    assert attempt(agreement, code) is None


def test_figures_of_other_scripts_are_not_the_code(agreement):
    code = code_for(agreement)

    for zero in ("\N{ARABIC-INDIC DIGIT ZERO}", "\N{FULLWIDTH DIGIT ZERO}", "\N{MATHEMATICAL BOLD DIGIT ZERO}"):
        assert attempt(agreement, "".join(chr(ord(zero) + int(figure)) for figure in code))


def test_spaces_between_the_figures_are_nothing(agreement):
    code = code_for(agreement)

    assert attempt(agreement, f" {code[:3]} {code[3:]}\n") is None


def test_without_a_code_there_is_nothing_to_pass(agreement):
    assert attempt(agreement, "000000") == (
        "Ask for a code first. It is sent to the address we have on file.",
        0,
    )


def test_a_code_of_another_agreement_is_not_the_code(agreement, karoo, lena, thandi):
    other = draft(karoo, thandi).agreement
    send(other, lena, thandi)
    mine, theirs = code_for(agreement), code_for(other)

    assert attempt(agreement, theirs) or mine == theirs
    assert attempt(other, theirs) is None


def test_a_code_of_another_purpose_is_not_the_code(karoo, lena, thandi):
    agreement = draft(karoo, thandi).agreement
    version = send(agreement, lena, thandi)
    unspent = code_for(agreement)
    sign(agreement, version)
    to_read = code_for(agreement, purpose=Purpose.DOCUMENT)

    assert attempt(agreement, unspent, purpose=Purpose.DOCUMENT) or unspent == to_read
    assert attempt(agreement, to_read, purpose=Purpose.SIGN)
    assert attempt(agreement, to_read, purpose=Purpose.DOCUMENT) is None


def test_a_code_that_went_to_another_contact_proves_nothing(agreement, karoo, lena, thandi):
    """It was sent to Lena; within its ten minutes Ben is to sign instead."""
    code = code_for(agreement)
    ben = Contact(client=karoo, name="Ben Karoo", email="ben@karoo.example")
    actions.save_contact(ben, thandi, NOW)
    actions.revise(agreement, by=thandi, now=NOW)
    version = send(agreement, ben, thandi)

    with pytest.raises(actions.WrongCode, match="Ask for a code first"):
        sign(agreement, version, code=code)

    assert not agreement.signatures.filter(side="client").exists()


def test_a_code_made_under_another_key_of_the_installation_is_not_the_code(agreement, settings):
    code = code_for(agreement)

    settings.SECRET_KEY = "another one"

    assert attempt(agreement, code)


@pytest.mark.parametrize(
    ("state", "purpose"), [("draft", Purpose.SIGN), ("sent", Purpose.DOCUMENT), ("signed", Purpose.SIGN)]
)
def test_no_code_is_sent_where_none_is_needed(karoo, lena, thandi, state, purpose):
    agreement = draft(karoo, thandi).agreement
    if state != "draft":
        version = send(agreement, lena, thandi)
    if state == "signed":
        sign(agreement, version)
    before = OneTimeCode.objects.count()

    with pytest.raises(actions.Refused, match="No code is needed"):
        actions.send_code(agreement, purpose, SEEN, NOW)

    assert OneTimeCode.objects.count() == before


def test_no_code_is_sent_after_the_last_day_even_before_the_clock_came_by(agreement):
    with pytest.raises(actions.Refused, match="No code is needed"):
        code_for(agreement, NOW + 20 * DAY)


def move(contact, thandi, email="lena@elsewhere.example"):
    contact.email = email
    actions.save_contact(contact, thandi, NOW)


def test_no_code_to_sign_goes_to_an_address_that_came_after_the_text(agreement, lena, thandi):
    move(lena, thandi)

    with pytest.raises(
        actions.Refused, match=r"^Your address changed since this was sent\. We send it to you again\.$"
    ):
        code_for(agreement)

    assert not OneTimeCode.objects.exists()
    actions.revise(agreement, by=thandi, now=NOW)
    version = send(agreement, lena, thandi)
    sign(agreement, version)
    assert OneTimeCode.objects.get().message.address == "lena@elsewhere.example"


def test_a_code_dies_with_the_address_that_it_went_to(agreement, lena, thandi):
    version, code = agreement.versions.get(), code_for(agreement)
    move(lena, thandi)

    with pytest.raises(actions.Refused, match="Your address changed since this was sent"):
        sign(agreement, version, code=code)

    assert attempt(agreement, code) == ("Ask for a code first. It is sent to the address we have on file.", 0)
    assert usable_code(Agreement.objects.get(pk=agreement.pk), Purpose.SIGN, NOW) is None
    assert (OneTimeCode.objects.get().tries, agreement.signatures.filter(side="client").exists()) == (0, False)


def test_a_code_to_read_dies_with_the_address_that_it_went_to(karoo, lena, thandi):
    agreement = signed(karoo, lena, thandi).agreement
    before = code_for(agreement, purpose=Purpose.DOCUMENT)
    move(lena, thandi)

    with pytest.raises(actions.WrongCode, match="Ask for a code first"):
        open_document(agreement, code=before, seen=SEEN, now=NOW)
    open_document(agreement, code=code_for(agreement, purpose=Purpose.DOCUMENT), seen=SEEN, now=NOW)

    assert OneTimeCode.objects.latest("pk").message.address == "lena@elsewhere.example"


def test_a_code_whose_mail_is_not_known_any_more_proves_nothing(agreement):
    code = code_for(agreement)
    OneTimeCode.objects.update(message=None)

    assert attempt(agreement, code)


def test_after_the_signer_the_main_contact_is_sent_the_code_to_read(karoo, lena, thandi):
    agreement = signed(karoo, lena, thandi).agreement
    before = code_for(agreement, purpose=Purpose.DOCUMENT)
    actions.save_contact(Contact(client=karoo, name="Ben Karoo", email="ben@karoo.example"), thandi, NOW)
    actions.mark_left(lena, thandi, NOW)

    assert attempt(agreement, before, purpose=Purpose.DOCUMENT)
    code = code_for(agreement, purpose=Purpose.DOCUMENT)

    assert OneTimeCode.objects.latest("pk").message.address == "ben@karoo.example"
    open_document(agreement, code=code, seen=SEEN, now=NOW)


def test_no_code_goes_to_somebody_who_has_left(agreement, lena, thandi):
    actions.mark_left(lena, thandi, NOW)

    with pytest.raises(actions.Refused, match="no address on file"):
        code_for(agreement)


# Signing with it


def test_a_wrong_code_signs_nothing_and_costs_a_try(agreement, karoo):
    version, code = agreement.versions.get(), code_for(agreement)
    entries = karoo.record.count()

    with pytest.raises(actions.WrongCode) as wrong:
        sign(agreement, version, code=other_than(code))

    agreement.refresh_from_db()
    assert (wrong.value.tries_left, OneTimeCode.objects.get().tries) == (4, 1)
    assert (agreement.state, karoo.record.count()) == ("sent", entries)


def test_what_cannot_be_signed_costs_no_try(agreement):
    version, code = agreement.versions.get(), code_for(agreement)

    for given in ({"shown": "0" * 64}, {"name": " \n"}):
        with pytest.raises(actions.Refused):
            sign(agreement, version, code=code, **given)

    assert OneTimeCode.objects.get().tries == 0


def test_a_code_signs_once(agreement, karoo):
    version, code = agreement.versions.get(), code_for(agreement)

    signature = sign(agreement, version, code=code)

    assert signature.code_passed_at == NOW
    assert OneTimeCode.objects.get().used_at == NOW
    passed = karoo.record.get(kind="code_passed")
    assert (passed.data["purpose"], passed.data["code"]) == ("sign", OneTimeCode.objects.get().pk)


def test_the_document_is_opened_by_a_code_and_once(karoo, lena, thandi):
    agreement = signed(karoo, lena, thandi).agreement
    code = code_for(agreement, purpose=Purpose.DOCUMENT)

    with pytest.raises(actions.WrongCode):
        open_document(agreement, code=other_than(code), seen=SEEN, now=NOW)
    open_document(agreement, code=code, seen=SEEN, now=NOW)
    with pytest.raises(actions.WrongCode):
        open_document(agreement, code=code, seen=SEEN, now=NOW)

    assert karoo.record.filter(kind="code_passed", data__purpose="document").count() == 1


# The mail with it


def test_it_is_wiped_from_what_we_keep_once_it_left(agreement, sink):
    code = code_for(agreement)

    outbox.send_waiting(NOW)

    mail = Message.objects.get(is_secret=True)
    (left,) = [each for each in sink.accepted() if each["Subject"] == "Your code for 2026-001"]
    assert (code in left.get_content(), mail.state, mail.body) == (True, State.SENT, "")
    assert attempt(agreement, code) is None


@pytest.mark.parametrize(
    ("answer", "becomes"), [("550", State.FAILED), ("rcpt 550", State.FAILED), (ACCEPT_AND_HANG_UP, State.IN_DOUBT)]
)
def test_a_code_that_is_lost_is_in_the_record_and_nothing_else_is(agreement, karoo, lena, sink, answer, becomes):
    outbox.send_waiting(NOW)
    code_for(agreement)
    sink.script[lena.email] = [answer]

    outbox.send_waiting(NOW)

    mail = Message.objects.get(is_secret=True)
    failed = karoo.record.get(kind="code_failed")
    assert (mail.state, mail.body) == (becomes, "")
    assert (failed.data["to"], failed.data["error"]) == (lena.email, mail.error)
    assert failed.data["error"]
    agreement.refresh_from_db()
    karoo.refresh_from_db()
    assert (agreement.state, list(record.verify(karoo))) == ("sent", [])
    # Another one can be had at once, and signs.
    sign(agreement, agreement.versions.get())
    assert Agreement.objects.get(pk=agreement.pk).state == "signed"


def test_a_server_that_is_busy_loses_no_code(agreement, lena, sink, karoo):
    outbox.send_waiting(NOW)
    code = code_for(agreement)
    sink.script[lena.email] = ["450"]

    outbox.send_waiting(NOW)
    outbox.send_waiting(NOW + MINUTE)

    assert any(code in each.get_content() for each in sink.accepted())
    assert not karoo.record.filter(kind="code_failed").exists()


# At once


class TestOnServers:
    pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

    def test_of_twenty_who_guess_at_once_five_are_heard(self, agreement):
        for number in range(10):
            code = code_for(agreement, NOW + number * HOUR)
            now = NOW + number * HOUR

            said = at_once(*[lambda now=now, code=code: attempt(agreement, other_than(code), now)] * 20)

            heard = Counter("does not work any more" not in words for words, _left in said)
            assert heard == {True: 5, False: 15}
            assert attempt(agreement, code, now)
            assert latest_code(agreement, Purpose.SIGN).tries == 5

    def test_of_twenty_who_ask_at_once_five_get_a_code(self, agreement):
        said = at_once(*[lambda: actions.send_code(agreement, Purpose.SIGN, SEEN, NOW)] * 20)

        kinds = Counter(type(answer).__name__ for answer in said)
        assert kinds == {"OneTimeCode": 5, "Refused": 15}
        assert Message.objects.filter(is_secret=True).count() == 5
        assert Entry.objects.filter(kind="agreement_opened").count() == 1
        assert list(record.verify(Client.objects.get())) == []

    def test_of_ten_who_open_the_document_with_one_code_one_does(self, karoo, lena, thandi):
        agreement = signed(karoo, lena, thandi).agreement
        code = code_for(agreement, purpose=Purpose.DOCUMENT)

        said = at_once(*[lambda: open_document(agreement, code=code, seen=SEEN, now=NOW)] * 10)

        assert said.count(None) == 1
        assert {type(answer).__name__ for answer in said} == {"NoneType", "WrongCode"}
        assert Entry.objects.filter(kind="code_passed", data__purpose="document").count() == 1


def test_the_clock_of_a_code_does_not_go_by_days(karoo, lena, thandi):
    """Ten minutes across midnight and across the end of summer time are ten minutes."""
    for at in (datetime(2026, 11, 18, 23, 55, tzinfo=UTC), datetime(2026, 10, 25, 0, 55, tzinfo=UTC)):
        agreement = draft(karoo, thandi, at).agreement
        send(agreement, lena, thandi, at)
        code = code_for(agreement, at)

        assert attempt(agreement, code, at + 10 * MINUTE)
        assert attempt(agreement, code, at + 10 * MINUTE - SECOND) is None
