"""The sealed document: made after the last signature, again and again until it is there, and once."""

import hashlib
import os
import resource
import subprocess
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import typst
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients import actions, record, sealing
from clients.actions import documents
from clients.actions.documents import LEASE_LASTS
from clients.document import render
from clients.models import Agreement, Client, Contact, Scope, SealCertificate, SealedDocument, Signature
from clients.tests.agreements import addendum_to, draft, send, sign, signed
from clients.tests.test_document import HOSTILE, read, squeezed
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox import resuming
from engagement.outbox.models import Heartbeat, Hold, Message, State
from engagement.outbox.tests.sink import Sink

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _sent_quickly(monkeypatch):
    """What is sent is not asked here; the document is drawn in earnest."""
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def agreement(karoo, lena, thandi):
    return signed(karoo, lena, thandi).agreement


@pytest.fixture
def real(settings, tmp_path, firm):
    """A real installation, whose key lies in a folder of its own: none is made unasked."""
    settings.EMBEDDED = settings.DEBUG = False
    settings.SEAL_FILE = tmp_path / "seal.p12"
    return settings


@pytest.fixture
def sink(tmp_path, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with Sink(tmp_path) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        yield server


def copies(agreement):
    return list(Message.objects.filter(occasion=f"document:{agreement.pk}"))


def stands_signed(agreement):
    """Both signatures, the state, the record: whatever became of the document."""
    agreement.refresh_from_db()
    client = Client.objects.get(pk=agreement.client_id)
    return (agreement.state, agreement.signatures.count(), list(record.verify(client))) == ("signed", 2, [])


def words_of(document):
    return read(bytes(document.content))


# Made


def test_it_is_made_sealed_and_kept_with_its_hash(agreement, karoo):
    karoo.refresh_from_db()
    head = (karoo.entries, karoo.head)

    assert actions.make_documents(NOW) == 1

    document, content = SealedDocument.objects.get(), bytes(SealedDocument.objects.get().content)
    assert (document.agreement, document.made_at, document.size) == (agreement, NOW, len(content))
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert (document.head_seq, document.head_hash) == head
    finding = sealing.read(content)
    assert (finding.is_sealed, finding.fingerprint, finding.sealed_at) == (True, document.fingerprint, NOW)
    entry = karoo.record.get(kind="document_sealed")
    assert entry.data == {
        "sha256": document.sha256,
        "fingerprint": document.fingerprint,
        "timestamped": False,
        "size": document.size,
        "head_seq": head[0],
        "head_hash": head[1],
    }
    agreement.refresh_from_db()
    assert (agreement.document_due_at, agreement.document_error) == (None, "")


def test_a_second_turn_makes_nothing(agreement):
    actions.make_documents(NOW)

    assert actions.make_documents(NOW + DAY) == 0
    assert SealedDocument.objects.count() == 1


def test_a_program_that_we_did_not_write_finds_the_seal_whole(agreement, tmp_path):
    actions.make_documents(NOW)
    (tmp_path / "a.pdf").write_bytes(bytes(SealedDocument.objects.get().content))

    try:
        said = subprocess.run(["pdfsig", "-nocert", "a.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs pdfsig of poppler")

    assert "Signature is Valid." in said.stdout
    assert "Total document signed" in said.stdout


@pytest.mark.parametrize("state", ["sent", "accepted"])
def test_what_is_not_signed_by_both_has_none(karoo, lena, thandi, state):
    agreement = draft(karoo, thandi).agreement
    version = send(agreement, lena, thandi, name="")
    if state == "accepted":
        sign(agreement, version)

    assert actions.make_documents(NOW + DAY) == 0
    assert Agreement.objects.get(pk=agreement.pk).state == state


def test_an_addendum_has_a_document_of_its_own(agreement, lena, thandi):
    addendum = addendum_to(agreement.scope, thandi, [{"act": "add", "service": "Shelves", "price": 300}])
    sign(addendum.agreement, send(addendum.agreement, lena, thandi))

    assert actions.make_documents(NOW) == 2

    words = words_of(SealedDocument.objects.get(agreement=addendum.agreement))
    assert "2026-001/1" in words
    assert "Shelves" in words


def test_a_turn_that_takes_too_long_leaves_the_rest_to_the_next(agreement, lena, thandi, monkeypatch):
    addendum = addendum_to(agreement.scope, thandi, [{"act": "add", "service": "Shelves", "price": 300}])
    sign(addendum.agreement, send(addendum.agreement, lena, thandi))
    monkeypatch.setattr(documents, "TURN_LASTS", timedelta(0))

    assert [actions.make_documents(NOW) for _turn in range(3)] == [1, 1, 0]


# The evidence page


def test_the_evidence_page_says_each_event_to_the_second(agreement):
    actions.make_documents(NOW)

    words = words_of(SealedDocument.objects.get())
    assert (
        words.count("2026-11-18 09:00:00 UTC")
        == agreement.client.record.filter(
            kind__in=[
                "agreement_sent",
                "agreement_opened",
                "code_sent",
                "code_passed",
                "agreement_signed",
            ],
            subject=agreement.record_subject,
        ).count()
    )
    assert words.count("Wednesday 18 November 2026, 11:00 (Johannesburg time)") >= 6
    for what in ("Sent to Lena Karoo", "Opened by a person", "One-time code sent", "One-time code passed"):
        assert what in words
    assert "Signed for the client by Lena Karoo" in words
    assert "Signed for the firm by Thandi Mokoena" in words


def test_hashes_stand_in_full_once_and_short_in_the_rows(agreement):
    actions.make_documents(NOW)

    version, words = agreement.versions.get(), squeezed(words_of(SealedDocument.objects.get()))
    for sha256 in (version.sha256, version.pdf_sha256):
        assert words.count(sha256) == 1
        # Whole above, and once in each row that speaks of it.
        assert words.count(sha256[:12]) > 1
    assert "text" + version.sha256[:12] in words
    assert "PDF" + version.pdf_sha256[:12] in words
    document = SealedDocument.objects.get()
    assert f"entry{document.head_seq},{document.head_hash}" in words


def test_the_evidence_page_speaks_of_the_version_that_was_signed_alone(karoo, lena, thandi):
    agreement = draft(karoo, thandi, lines=[{"service": "Drawings", "price": 1}]).agreement
    first = send(agreement, lena, thandi, NOW - 2 * DAY)
    actions.revise(agreement, by=thandi, now=NOW - DAY)
    sign(agreement, send(agreement, lena, thandi))

    actions.make_documents(NOW)

    words = words_of(SealedDocument.objects.get())
    assert first.sha256[:12] not in squeezed(words)
    assert "16 November" not in words
    assert "version 2" in words


def test_a_link_that_somebody_copied_is_called_so(karoo, lena, thandi):
    agreement = draft(karoo, thandi).agreement
    sign(agreement, send(agreement, lena, thandi, by_mail=False))

    actions.make_documents(NOW)

    assert "the link was not sent by us: somebody here copied it" in words_of(SealedDocument.objects.get())


# The copy for them


def test_the_copy_goes_once_with_the_numbers_that_hold_us_to_it(agreement, lena, sink):
    actions.make_documents(NOW)
    actions.make_documents(NOW + DAY)
    outbox.send_waiting(NOW)

    (copy,), document = copies(agreement), SealedDocument.objects.get()
    (left,) = [mail for mail in sink.accepted() if mail["Subject"].startswith("Your signed copy")]
    assert (copy.state, copy.address, left["To"]) == (State.SENT, lena.email, lena.email)
    for said in (document.sha256, document.head_hash, "/verify/"):
        assert said in left.get_content()
    assert actions.signing_address(agreement) in left.get_content()
    assert agreement.token() not in copy.body


def test_it_waits_for_the_morning(karoo, lena, thandi):
    evening = NOW + 8 * HOUR
    agreement = signed(karoo, lena, thandi, evening).agreement

    actions.make_documents(evening)

    assert copies(agreement)[0].not_before == NOW + 21 * HOUR


def test_nobody_is_written_to_who_has_left(agreement, lena, thandi):
    actions.mark_left(lena, thandi, NOW)

    assert actions.make_documents(NOW) == 1
    assert copies(agreement) == []


# What may be missing for a while


def test_without_the_key_the_signatures_stand_and_staff_see_why(agreement, real):
    assert actions.make_documents(NOW) == 0

    assert stands_signed(agreement)
    assert agreement.document_error.startswith("There is no key to seal with:")
    assert "manage.py make_seal" in agreement.document_error
    assert (SealedDocument.objects.count(), copies(agreement)) == (0, [])


def test_it_is_tried_again_after_pauses_that_grow_to_an_hour(agreement, real):
    now, pauses = NOW, []
    for _try in range(6):
        actions.make_documents(now)
        agreement.refresh_from_db()
        pauses.append(agreement.document_due_at - now)
        assert actions.make_documents(agreement.document_due_at - SECOND) == 0
        now = agreement.document_due_at

    assert pauses == [10 * SECOND, MINUTE, 10 * MINUTE, HOUR, HOUR, HOUR]
    assert agreement.document_tries == 6


def test_it_is_made_as_soon_as_the_key_is_there(agreement, real, capsys):
    actions.make_documents(NOW)
    actions.make_documents(NOW + 10 * SECOND)

    call_command("make_seal")
    SealCertificate.objects.update(made_at=NOW)

    assert actions.make_documents(NOW + 70 * SECOND) == 1
    assert stands_signed(agreement)
    assert (agreement.document_error, agreement.document_due_at) == ("", None)
    assert len(copies(agreement)) == 1


def test_with_a_wrong_passphrase_it_says_so_and_goes_on_with_the_right_one(agreement, real):
    sealing.ensure_key("Word & Co", NOW)
    right, real.SEAL_PASSPHRASE = real.SEAL_PASSPHRASE, "something else"

    assert actions.make_documents(NOW) == 0
    assert stands_signed(agreement)
    assert "SEAL_PASSPHRASE does not open" in agreement.document_error

    real.SEAL_PASSPHRASE = right
    assert actions.make_documents(NOW + 10 * SECOND) == 1
    assert Agreement.objects.get(pk=agreement.pk).document_error == ""


def test_after_a_restore_the_copies_of_what_was_signed_before_are_left_to_a_person(
    agreement, karoo, thandi, real, sink
):
    sealing.ensure_key("Word & Co", NOW)
    right, real.SEAL_PASSPHRASE = real.SEAL_PASSPHRASE, "something else"
    hold = Hold.objects.create(why=Hold.Why.RESTORED, held_at=NOW + HOUR, as_of=NOW + MINUTE)
    Heartbeat.objects.create(pk=1, beat_at=NOW + 2 * HOUR, mail_checked_at=NOW, hold=hold)
    actions.make_documents(NOW + 2 * HOUR)

    assert resuming.why_not_yet(hold, NOW + 2 * HOUR) == ""
    resuming.resume(hold, NOW + 2 * HOUR, by=None, cancel_staff=False, cancel_clients=False)
    real.SEAL_PASSPHRASE = right
    later = signed(
        karoo, Contact.objects.create(client=karoo, name="Ute", email="ute@karoo.example"), thandi, NOW + DAY
    )
    actions.make_documents(NOW + DAY)
    outbox.send_waiting(NOW + DAY + HOUR)

    assert SealedDocument.objects.count() == 2
    assert [(message.state, message.error) for message in copies(agreement)] == [
        (State.IN_DOUBT, "It was due before sending was held, and may have left before.")
    ]
    assert [message.state for message in copies(later.agreement)] == [State.SENT]
    assert copies(agreement)[0] in Message.objects.needing_a_person()


@pytest.mark.parametrize("place", ["/sys/seal.p12", "/dev/null/seal.p12", "/nowhere/at/all/seal.p12"])
def test_where_no_key_can_be_written_it_says_so(agreement, settings, place):
    settings.SEAL_FILE = Path(place)

    assert actions.make_documents(NOW) == 0

    assert stands_signed(agreement)
    assert place in agreement.document_error


@contextmanager
def no_room_for_files():
    """As on a full disk: whatever is written to a file is refused by the system."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_for_the_key_it_says_so_and_leaves_no_half_of_one(agreement, settings, tmp_path):
    settings.SEAL_FILE = tmp_path / "seal.p12"

    with no_room_for_files():
        assert actions.make_documents(NOW) == 0

    assert stands_signed(agreement)
    assert "cannot be written" in agreement.document_error
    assert os.listdir(tmp_path) == []
    assert actions.make_documents(NOW + 10 * SECOND) == 1


@contextmanager
def no_room_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute("PRAGMA freelist_count")
        assert cursor.fetchone()[0] < 5
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        yield
        cursor.execute("PRAGMA max_page_count = 1073741823")


@pytest.mark.django_db(transaction=True)
def test_without_room_in_the_database_nothing_is_lost_and_it_is_made_later(agreement):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told how large it may grow")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")

    with no_room_in_the_database():
        assert actions.make_documents(NOW) == 0

    assert stands_signed(agreement)
    assert "full" in agreement.document_error
    assert (SealedDocument.objects.count(), copies(agreement)) == (0, [])
    assert actions.make_documents(NOW + LEASE_LASTS) == 1
    assert (stands_signed(agreement), agreement.document_error) == (True, "")


def test_what_cannot_be_drawn_is_said_and_tried_again(agreement, monkeypatch):
    def breaks(*args, **kwargs):
        raise typst.TypstError("no\nroom " + "x" * 1000)

    monkeypatch.setattr(documents, "render", breaks)
    assert actions.make_documents(NOW) == 0
    assert stands_signed(agreement)
    assert agreement.document_error.startswith("TypstError: no room x")
    assert len(agreement.document_error) == 300

    monkeypatch.setattr(documents, "render", render)
    assert actions.make_documents(NOW + 10 * SECOND) == 1


def test_a_copy_that_cannot_be_written_down_leaves_no_document_without_one(agreement, karoo, monkeypatch):
    save = Message.save

    def breaks(*args, **kwargs):
        raise OSError("no room")

    monkeypatch.setattr(Message, "save", breaks)
    assert actions.make_documents(NOW) == 0
    assert SealedDocument.objects.count() == 0
    assert not karoo.record.filter(kind="document_sealed").exists()

    monkeypatch.setattr(Message, "save", save)
    assert actions.make_documents(NOW + 10 * SECOND) == 1
    assert len(copies(agreement)) == 1


def test_one_that_cannot_be_made_stops_no_other(agreement, karoo, lena, thandi, monkeypatch):
    other = signed(karoo, lena, thandi, title="The other one").agreement

    def breaks(content, **kwargs):
        if content["title"] == "Shop fittings":
            raise typst.TypstError("not this one")
        return render(content, **kwargs)

    monkeypatch.setattr(documents, "render", breaks)

    assert actions.make_documents(NOW) == 1
    assert SealedDocument.objects.get().agreement == other


# Who makes it


def test_the_slower_of_two_workers_makes_nothing(agreement):
    slower = Agreement.objects.get(pk=agreement.pk)
    actions.make_document(agreement, NOW)

    assert actions.make_document(slower, NOW) is False
    assert (SealedDocument.objects.count(), len(copies(agreement))) == (1, 1)


def test_a_worker_that_dies_in_the_middle_is_followed_by_another(agreement, monkeypatch):
    class Killed(BaseException):
        """Nothing catches it: the worker is gone."""

    def dies(*args, **kwargs):
        raise Killed

    monkeypatch.setattr(documents, "render", dies)
    with pytest.raises(Killed):
        actions.make_documents(NOW)
    monkeypatch.setattr(documents, "render", render)

    assert stands_signed(agreement)
    assert actions.make_documents(NOW + LEASE_LASTS - SECOND) == 0
    assert actions.make_documents(NOW + LEASE_LASTS) == 1
    assert (SealedDocument.objects.count(), len(copies(agreement))) == (1, 1)


def test_a_worker_that_slept_through_its_lease_undoes_nothing(agreement, karoo, monkeypatch):
    """Another one has made the document meanwhile; the sleeper wakes up and comes to nothing."""
    asleep = [True]

    def sleeps(*args, **kwargs):
        if asleep and asleep.pop():
            assert actions.make_documents(NOW + LEASE_LASTS) == 1
        return render(*args, **kwargs)

    monkeypatch.setattr(documents, "render", sleeps)

    assert actions.make_documents(NOW) == 0

    document = SealedDocument.objects.get()
    assert document.made_at == NOW + LEASE_LASTS
    assert karoo.record.filter(kind="document_sealed").count() == 1
    assert len(copies(agreement)) == 1
    assert (stands_signed(agreement), agreement.document_due_at, agreement.document_error) == (True, None, "")


def test_each_one_costs_the_same_however_many_there_are(karoo, lena, thandi):
    signed(karoo, lena, thandi)
    actions.make_documents(NOW)
    cost = []
    for how_many in (1, 2, 3):
        for _each in range(how_many):
            signed(karoo, lena, thandi)
        with CaptureQueriesContext(connection) as caught:
            assert actions.make_documents(NOW) == how_many
        cost.append(len(caught))

    assert cost[2] - cost[1] == cost[1] - cost[0]


# Hostile words


WORDS = {
    "code": HOSTILE,
    "page": '"><script>alert(1)</script><img src=x onerror=alert(1)> &amp; {{ settings.SECRET_KEY }} %(name)s %s',
    "right to left": "שלום \u202e00.1\u202c مرحبا",
    "emoji": "😀 👩\u200d👩\u200d👧 🇿🇦",
    "marks": "a" + "\u0301" * 40,
    "mark": "[signing page 1] [progress page 1]",
}


@pytest.mark.parametrize("kind", [*WORDS, "long", "nothing"])
def test_hostile_words_are_printed_as_they_were_typed(karoo, lena, thandi, firm, kind):
    text = {**WORDS, "long": "x" * 10_000, "nothing": "\x00\x01\x1b"}[kind]
    if kind == "nothing" and connection.vendor == "postgresql":
        with pytest.raises(ValueError, match="NUL"):
            draft(karoo, thandi, summary=text)
        assert not Scope.objects.exists()
        return
    short, shorter, line = text[:100], text[:40], text[:200]
    Client.objects.filter(pk=karoo.pk).update(name=short)
    Contact.objects.filter(pk=lena.pk).update(name=short, role=short)
    type(firm).objects.update(name=short)
    lena.refresh_from_db()
    scope = draft(
        karoo,
        thandi,
        title=line,
        summary=text,
        not_included=f"{text}\n{text}",
        timeline=text,
        terms=f"```\n{text}\n```",
        lines=[{"service": line, "description": text, "unit": shorter, "price": 5}, {"kind": "tax", "service": line}],
    )
    agreement = scope.agreement

    version = send(agreement, lena, thandi)
    seen = actions.Seen("203.0.113.9", text, "Africa/Johannesburg")
    sign(agreement, version, name=short, seen=seen)
    assert actions.make_documents(NOW) == 1

    document = SealedDocument.objects.get()
    words = squeezed(words_of(document))
    expected = squeezed(text)
    if kind == "long":
        # It goes over the feet of many pages.
        assert words.count("x") >= 5 * len(text)
    if kind in ("code", "page", "mark"):
        assert words.count(expected) >= 5
        assert squeezed(short) in words
    assert sealing.read(bytes(document.content)).is_sealed
    assert Signature.objects.get(side="client").name == short.strip()
    # What turns letters round is written out already, so that the page shows what the paper does.
    shown = {sign: f"[U+{ord(sign):04X}]" for sign in "\u202e\u202c"}
    frozen = [said.translate(str.maketrans(shown)) for said in (text.strip(), line)]
    assert [version.content["summary"], version.content["title"]] == frozen
    client = Client.objects.get(pk=karoo.pk)
    assert list(record.verify(client)) == []


def test_what_turns_letters_round_is_shown_by_its_code(karoo, lena, thandi):
    agreement = draft(karoo, thandi, summary="pay \u202e00.1\u202c", timeline="\x01 Ж", title="Ben \u2067x").agreement
    sign(agreement, send(agreement, lena, thandi))

    actions.make_documents(NOW)

    words = words_of(SealedDocument.objects.get())
    assert "pay [U+202E]00.1[U+202C]" in words
    assert "[U+0001] Ж" in words
    assert "Ben [U+2067]x" in words
