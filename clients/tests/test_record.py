"""The chain: whatever is done to it behind our back is found."""

import io
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from clients import record
from clients.models import Client, Contact, Entry
from conftest import HOUR, NOW


@pytest.fixture
def told(karoo, thandi):
    """The client's first entry and three more."""
    for number in range(3):
        event = record.Event("promise 1", "told", NOW + number * HOUR, thandi, {"text": f"word {number}"})
        record.write(karoo.pk, event)
    karoo.refresh_from_db()
    return karoo


@contextmanager
def behind_our_back():
    """Somebody with the database in their hands switches the triggers off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table whose rows still wait for their checks cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE clients_entry DISABLE TRIGGER USER")
            yield
            cursor.execute("ALTER TABLE clients_entry ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'clients_entry'")
        triggers = cursor.fetchall()
        assert triggers
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def faults(client):
    client.refresh_from_db()
    return list(record.verify(client))


def flip(client):
    Entry.objects.filter(client=client, seq=3).update(data={"text": "nothing was said"})


def backdate(client):
    Entry.objects.filter(client=client, seq=3).update(at=NOW - 30 * HOUR)


def blame(client):
    Entry.objects.filter(client=client, seq=3).update(by_name="Somebody else")


def delete(client):
    Entry.objects.filter(client=client, seq=2).delete()


def delete_first(client):
    Entry.objects.filter(client=client, seq=1).delete()


def truncate(client):
    Entry.objects.filter(client=client, seq=4).delete()


def swap(client):
    two, three = client.record.filter(seq__in=[2, 3]).order_by("seq")
    Entry.objects.filter(pk=two.pk).update(seq=99)
    Entry.objects.filter(pk=three.pk).update(seq=2)
    Entry.objects.filter(pk=two.pk).update(seq=3)


def insert(client):
    """An entry slipped in before the last one, which moves up; both made to look right by themselves."""
    last = client.record.get(seq=4)
    Entry.objects.filter(pk=last.pk).update(seq=5)
    slipped = Entry(client=client, seq=4, subject="promise 1", kind="told", at=NOW, data={}, salt="s")
    slipped.digest = record.digest_of(slipped)
    slipped.hash = record.hash_of(slipped, client.record.get(seq=3).hash)
    slipped.save()
    Client.objects.filter(pk=client.pk).update(entries=5)


def rewrite_with_digest(client):
    """The words and their digest changed together; the chain knows the digest."""
    entry = client.record.get(seq=3)
    entry.data = {"text": "nothing was said"}
    Entry.objects.filter(pk=entry.pk).update(data=entry.data, digest=record.digest_of(entry))


def move_to_another(client):
    other = Client.objects.create(name="Acme", made_at=NOW)
    Entry.objects.filter(client=client, seq=4).update(client=other, seq=1)


TAMPERING = [flip, backdate, blame, delete, delete_first, truncate, swap, insert, rewrite_with_digest, move_to_another]


def test_a_chain_that_nobody_touched_is_whole(told):
    assert faults(told) == []
    assert told.entries == 4


@pytest.mark.parametrize("tamper", TAMPERING)
def test_what_was_done_behind_our_back_is_found(told, tamper):
    assert faults(told) == []

    with behind_our_back():
        tamper(told)

    assert faults(told) != []


@pytest.mark.parametrize("tamper", TAMPERING)
def test_the_command_finds_it_too(told, tamper):
    with behind_our_back():
        tamper(told)
    said = io.StringIO()

    with pytest.raises(CommandError, match=r"\d+ faults? found"):
        call_command("verify_record", stderr=said, stdout=io.StringIO())

    assert "Karoo Linen: " in said.getvalue()


def test_the_command_says_that_all_is_whole(told, secret):
    said = io.StringIO()

    call_command("verify_record", stdout=said)

    assert "The record of 2 clients is whole." in said.getvalue()


def test_the_fault_names_the_entry(told):
    with behind_our_back():
        flip(told)

    assert faults(told) == ["Karoo Linen: the words of entry 3 (told, promise 1) were changed"]


def test_one_clients_trouble_is_not_anothers(told, secret):
    with behind_our_back():
        flip(told)

    assert faults(secret) == []


@pytest.mark.parametrize("change", [lambda entries: entries.update(kind="other"), lambda entries: entries.delete()])
def test_the_database_refuses_to_change_an_entry(told, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(Entry.objects.filter(client=told))

    assert told.record.count() == 4


def test_two_entries_cannot_take_one_place(told):
    last = told.record.get(seq=4)
    last.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        last.save(force_insert=True)


def test_an_entry_that_cannot_be_written_leaves_the_head_alone(told, monkeypatch):
    head = (told.entries, told.head)

    with pytest.raises(TypeError), transaction.atomic():
        record.write(told.pk, record.Event("promise 1", "told", NOW, None, {"text": object()}))

    told.refresh_from_db()
    assert (told.entries, told.head) == head


@pytest.mark.parametrize("known", [True, False])
def test_a_head_that_moved_meanwhile_is_read_again(told, thandi, known):
    head = (told.entries, told.head)
    record.write(told.pk, record.Event("promise 2", "made", NOW, thandi))

    record.write(told.pk, record.Event("promise 3", "made", NOW, thandi), head=head if known else None)

    assert faults(told) == []
    assert [entry.subject for entry in told.record.order_by("seq")][-2:] == ["promise 2", "promise 3"]


@pytest.mark.parametrize("head_is", ["known", "moved", "unknown"])
@pytest.mark.parametrize("how_many", [1, 3, record.AT_ONCE])
def test_what_goes_beside_an_entry_is_there_once(told, thandi, head_is, how_many):
    head = None if head_is == "unknown" else (told.entries, told.head)
    if head_is == "moved":
        record.write(told.pk, record.Event("promise 2", "made", NOW, thandi))
    before, contact = told.record.count(), Contact(client=told, name="Lena, of the “shop”", zone="")
    events = [record.Event("promise 3", "made", NOW, thandi, {"text": "50% 'of' it", "n": n}) for n in range(how_many)]

    record.write(told.pk, *events, head=head, beside=[contact])

    assert faults(told) == []
    assert told.record.count() == before + how_many
    assert told.contacts.filter(name=contact.name).count() == 1


def test_several_entries_go_in_at_once(told, thandi):
    events = [record.Event("promise 2", "made", NOW, thandi, {"number": number}) for number in range(3)]

    record.write(told.pk, *events)

    assert faults(told) == []
    assert told.entries == 7


def test_erasing_words_and_salt_leaves_the_chain_after_them_standing(told):
    """The salted digest stays, so the entries after an erased one still follow from it."""
    with behind_our_back():
        Entry.objects.filter(client=told, seq=2).update(data={}, salt="")

    assert faults(told) == ["Karoo Linen: the words of entry 2 (told, promise 1) were changed"]


def test_what_happened_is_not_kept_without_its_entry(told):
    class MovesTheChain(datetime):
        def astimezone(self, tz=None):
            Client.objects.filter(pk=told.pk).update(entries=F("entries") + 1)
            return super().astimezone(tz)

    @transaction.atomic
    def rename():
        Client.objects.filter(pk=told.pk).update(name="Renamed")
        at = MovesTheChain(NOW.year, NOW.month, NOW.day, tzinfo=UTC)
        record.write(told.pk, record.Event("client", "renamed", at), beside=[Contact(client=told, name="Lena")])

    with pytest.raises(record.ChainMoved):
        rename()

    assert not Client.objects.filter(pk=told.pk, name="Renamed").exists()
    assert not told.contacts.exists()
    assert Entry.objects.filter(client=told).count() == told.entries
