"""Returned mails of many servers, word for word but for names and addresses."""

import io
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command

from conftest import HOUR, NOW
from engagement.outbox import returned
from engagement.outbox.models import Audience, Channel, Message, State
from promises.models import Telling

BOUNCES = Path(__file__).parent / "bounces"
OURS = "<0123456789abcdef0123456789abcdef@word.example>"

CAME_BACK = {
    "postfix": "no such address (550 5.1.1 <lena@karoo.example>: Recipient address rejected: User unknown in virtual "
    "mailbox table)",
    "exim": "the mailbox is full (552 5.2.2 Mailbox size limit exceeded)",
    "exim_old": "it could not be delivered",
    "gmail": "no such address (550-5.1.1 The email account that you tried to reach does not exist.)",
    "exchange": "their mail server refused it (550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; "
    "authentication required)",
    "qmail": "no such address",
    "sendmail_headers_only": "their mail server did not answer in time",
}
DID_NOT = ["postfix_delayed", "exim_delayed", "on_holiday", "delivered"]


@pytest.fixture
def message(karoo, thandi):
    return Message.objects.create(
        audience=Audience.CLIENT,
        address="lena@karoo.example",
        subject="How it stands",
        body="Dear Lena,",
        occasion="one",
        message_id=OURS,
        kind=f"client {karoo.pk}",
        state=State.SENT,
        written_at=NOW - HOUR,
        written_by=thandi,
        not_before=NOW - HOUR,
        sent_at=NOW - HOUR,
    )


def bounce(name):
    return BOUNCES / f"{name}.eml"


def run(*files):
    said = io.StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("read_bounce", *[str(file) for file in files], stdout=said)
    return said.getvalue()


def test_every_mail_at_hand_is_listed_here():
    assert {path.stem for path in BOUNCES.iterdir()} == {*CAME_BACK, *DID_NOT}


@pytest.mark.parametrize(("name", "why"), CAME_BACK.items())
def test_a_bounce_marks_the_message_that_came_back(message, name, why):
    said = run(bounce(name))

    message.refresh_from_db()
    assert (message.state, message.bounced_at, message.error) == (State.FAILED, NOW, why)
    assert f"came back: {why}." in said


@pytest.mark.parametrize("name", DID_NOT)
def test_what_is_no_failure_changes_nothing(message, name):
    assert OURS in returned.read(bounce(name).read_bytes()).message_ids

    said = run(bounce(name))

    message.refresh_from_db()
    assert (message.state, message.bounced_at) == (State.SENT, None)
    assert "has not failed. Nothing was changed." in said


def test_the_same_bounce_twice_is_counted_once(message):
    run(bounce("postfix"))

    said = run(bounce("gmail"))

    message.refresh_from_db()
    assert message.error.startswith("no such address (550 5.1.1 <lena")
    assert "it was known already" in said


def test_a_bounce_of_a_message_in_doubt_settles_it(message):
    Message.objects.update(state=State.IN_DOUBT, sent_at=None)

    run(bounce("exim"))

    message.refresh_from_db()
    assert message.state == State.FAILED


@pytest.mark.parametrize("name", [*CAME_BACK, *DID_NOT])
def test_a_forged_id_is_ignored(message, name, tmp_path):
    forged = tmp_path / "forged.eml"
    forged.write_bytes(bounce(name).read_bytes().replace(b"0123456789abcdef", b"fedcba9876543210"))

    said = run(forged)

    message.refresh_from_db()
    assert message.state == State.SENT
    assert "it names no message of ours. Nothing was changed." in said


@pytest.mark.parametrize(
    "garbage",
    [b"", b"hello", b"\x00\xff\xfe" * 100, b"%PDF-1.7", b"GET / HTTP/1.1\r\nHost: word.example\r\n\r\n"],
)
def test_garbage_is_said_to_be_none_and_fails(message, garbage, tmp_path):
    file = tmp_path / "garbage"
    file.write_bytes(garbage)

    with pytest.raises(CommandError, match=r"^Not a mail, so nothing was changed: .*garbage"):
        run(file)

    message.refresh_from_db()
    assert message.state == State.SENT


def test_garbage_among_bounces_stops_none_of_them(message, tmp_path):
    (tmp_path / "garbage").write_bytes(b"hello")

    with pytest.raises(CommandError, match="garbage"):
        run(tmp_path / "garbage", bounce("qmail"))

    message.refresh_from_db()
    assert message.state == State.FAILED


def test_a_file_that_is_not_there_is_a_plain_sentence(db, tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.eml cannot be read: No such file or directory\."):
        run(tmp_path / "nowhere.eml")


@pytest.mark.parametrize("name", CAME_BACK)
@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_mail_cut_short_is_never_a_traceback(name, cut):
    raw = bounce(name).read_bytes()

    returned.read(raw[: int(len(raw) * cut)])


@pytest.mark.parametrize(
    ("part", "put"),
    [
        (b"charset=us-ascii", b"charset=martian"),
        (b"Content-Type: message/rfc822", b"Content-Type: message/partial"),
        (b"Action: failed", b"Action: \xff\xfe"),
        (b"Message-ID: <0", b"Message-ID: =?martian?q?<0"),
    ],
)
def test_a_broken_part_is_never_a_traceback(part, put):
    raw = bounce("postfix").read_bytes()
    assert part in raw

    returned.read(raw.replace(part, put))


def test_a_bounce_from_standard_input_is_read(message, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bounce("postfix").read_bytes())))

    said = run()

    message.refresh_from_db()
    assert message.state == State.FAILED
    assert said.startswith("standard input: the message to lena@karoo.example of Wednesday 18 November")


def test_a_client_who_was_told_by_it_counts_as_not_told_again(message, make_promise, lena, thandi):
    promise = make_promise()
    Telling.objects.create(
        promise=promise,
        kind=Telling.Kind.MAY_BE_LATE,
        about_due_at=promise.due_at,
        contact=lena,
        channel=Channel.EMAIL,
        message=message,
        spoken_at=NOW - HOUR,
        by=thandi,
        at=NOW - HOUR,
    )
    promise.told_at = NOW - HOUR
    promise.save(update_fields=["told_at"])

    run(bounce("postfix"))

    promise.refresh_from_db()
    lena.refresh_from_db()
    assert promise.told_at is None
    assert lena.bounced_at == NOW


def test_what_we_send_carries_the_id_that_comes_back(message):
    """The samples hold our id where our own mails have it, or nothing here would prove anything."""
    kept = message_from_bytes(bounce("qmail").read_bytes(), policy=policy.default)

    assert message.message_id in kept.get_content()
