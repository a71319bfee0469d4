"""When a client counts as told, and what becomes of a letter on its way."""

from datetime import timedelta

import pytest
from django.core import mail

from clients import actions as client_actions
from clients import record
from clients.models import Client, Contact
from conftest import DAY, HOUR, NOW, ZONE
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from promises import actions
from promises.actions.base import Refused
from promises.due import due_for
from promises.models import Promise, Telling

SECOND = timedelta(seconds=1)
KIND = Telling.Kind


@pytest.fixture(autouse=True)
def _mails_stay_here(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def write(karoo, lena, thandi):
    def letter(*promises, kind=KIND.MAY_BE_LATE, now=NOW, body="It may be late.", occasion="form 1", **fields):
        said = [actions.Said(promise, kind) for promise in promises]
        fields = {"client": karoo, "contact": lena, "subject": "Your drawings", "by": thandi} | fields
        return actions.write_to_client(said, body=body, occasion=occasion, now=now, **fields)

    return letter


@pytest.fixture
def call(karoo, lena, thandi):
    def record_call(*promises, kind=KIND.MAY_BE_LATE, spoken_at=NOW, now=None, **fields):
        said = [actions.Said(promise, kind) for promise in promises]
        fields = {"client": karoo, "contact": lena, "channel": "call", "text": "", "by": thandi} | fields
        return actions.record_conversation(said, spoken_at=spoken_at, now=now or spoken_at, **fields)

    return record_call


def fresh(promise):
    return Promise.objects.get(pk=promise.pk)


def sent(now=NOW):
    outbox.send_waiting(now + outbox.HOLD)
    return mail.outbox


def test_a_letter_counts_from_when_the_server_accepted_it(make_promise, write):
    promise = make_promise()
    letter = write(promise)
    assert fresh(promise).told_at is None

    sent()
    letter.refresh_from_db()

    assert (fresh(promise).told_at, fresh(promise).told_how) == (letter.sent_at, "email")
    assert letter.sent_at >= NOW + outbox.HOLD


def test_replies_go_to_whoever_wrote(make_promise, write, thandi):
    write(make_promise())

    (letter,) = sent()

    assert (letter.to, letter.reply_to, letter.body) == (["lena@karoo.example"], [thandi.email], "It may be late.")


def test_one_letter_speaks_of_several_promises(make_promise, write):
    promises = [make_promise(), make_promise("Lamp list")]
    write(*promises)

    assert len(sent()) == 1
    assert all(fresh(promise).told_at for promise in promises)


def test_a_letter_that_was_undone_told_nobody(make_promise, write):
    promise = make_promise()
    letter = write(promise)

    assert outbox.undo(letter, NOW + SECOND)

    assert (sent(), fresh(promise).told_at) == ([], None)


def test_a_second_press_writes_no_second_letter(make_promise, write):
    promise = make_promise()

    assert write(promise)
    assert write(promise) is None

    assert (Message.objects.count(), Telling.objects.count()) == (1, 1)


def test_a_letter_that_came_back_told_nobody_and_marks_the_address(make_promise, write, lena):
    promise = make_promise()
    letter = write(promise)
    sent()

    outbox.bounced(letter, NOW + HOUR, "No such mailbox")
    lena.refresh_from_db()

    assert (fresh(promise).told_at, lena.bounced_at) == (None, NOW + HOUR)


def test_an_earlier_call_still_counts_when_a_letter_comes_back(make_promise, write, call):
    promise = make_promise()
    letter = write(promise)
    sent()
    call(promise, spoken_at=NOW + HOUR)

    outbox.bounced(letter, NOW + 2 * HOUR, "No such mailbox")

    assert (fresh(promise).told_at, fresh(promise).told_how) == (NOW + HOUR, "call")


def test_the_next_word_is_owed_from_the_last_one_that_was_heard(make_promise, write, karoo):
    Client.objects.filter(pk=karoo.pk).update(word_every_days=7)
    karoo.refresh_from_db()
    client_actions.set_cadence_hint(karoo, NOW - 20 * DAY)
    owed = Client.objects.get(pk=karoo.pk).next_word_at
    letter = write(make_promise())
    sent()
    assert Client.objects.get(pk=karoo.pk).next_word_at > NOW + 6 * DAY

    outbox.bounced(letter, NOW + HOUR, "No such mailbox")

    assert Client.objects.get(pk=karoo.pk).next_word_at <= max(owed, NOW + 2 * HOUR)


@pytest.mark.parametrize("kind", [KIND.MADE, KIND.PROGRESS, KIND.DONE])
def test_only_three_kinds_tell_a_slip(make_promise, call, kind):
    promise = make_promise()

    call(promise, kind=kind)

    assert fresh(promise).told_at is None


def test_the_first_word_counts(make_promise, call):
    promise = make_promise()
    call(promise, spoken_at=NOW + HOUR)

    call(promise, spoken_at=NOW, now=NOW + 2 * HOUR)

    assert fresh(promise).told_at == NOW


# Refused


def test_a_conversation_in_the_future_is_refused(make_promise, call):
    with pytest.raises(Refused, match="took place"):
        call(make_promise(), spoken_at=NOW + SECOND, now=NOW)

    assert not Telling.objects.exists()


def test_a_message_speaks_of_one_client(make_promise, secret, write, call):
    theirs, others = make_promise(), make_promise(client=secret)

    for tell in (write, call):
        with pytest.raises(Refused, match="one client"):
            tell(theirs, others)

    assert not Telling.objects.exists()
    assert not Message.objects.exists()


def test_another_clients_contact_is_refused(make_promise, secret, thandi, write, call):
    stranger = Contact(client=secret, name="Sol", email="sol@quiet.example")
    client_actions.save_contact(stranger, thandi, NOW)

    for tell in (write, call):
        with pytest.raises(Refused, match="contact of this client"):
            tell(make_promise(), contact=stranger)

    assert not Message.objects.exists()


def test_a_contact_without_an_address_is_called_instead(make_promise, lena, write):
    lena.email = ""

    with pytest.raises(Refused, match="no e-mail address"):
        write(make_promise())


# Overtaken on its way


def agree_to_move(promise, firm, by, now, days=7, telling=None):
    due = due_for(promise.client, firm, promise.due_on + days * DAY, None)
    asked = actions.extend(
        promise, due, reason="more_work", reason_text="More.", asked_by="us", by=by, now=now, telling=telling
    )
    actions.answer(asked, agreed=True, answered_at=now, by=by, now=now)


def test_a_word_about_a_slip_that_was_overtaken_is_stopped_and_shown(make_promise, write, thandi):
    promise = make_promise()
    letter = write(promise)

    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    assert sent() == []
    assert list(Message.objects.needing_a_person()) == [letter]


def test_a_word_about_the_old_date_is_stopped(make_promise, write, firm, thandi):
    promise = make_promise()
    write(promise)

    agree_to_move(promise, firm, thandi, NOW)

    assert sent() == []


def test_the_letter_that_tells_the_new_date_leaves_although_the_date_has_moved(make_promise, write, firm, thandi):
    promise = make_promise()
    letter = write(promise, kind=KIND.MOVED)

    agree_to_move(promise, firm, thandi, NOW, telling=letter.tellings.get())

    assert len(sent()) == 1


def test_the_letter_that_tells_a_new_date_is_stopped_when_it_moved_once_more(make_promise, write, firm, thandi):
    promise = make_promise()
    letter = write(promise, kind=KIND.MOVED)
    agree_to_move(promise, firm, thandi, NOW, telling=letter.tellings.get())
    promise.refresh_from_db()

    agree_to_move(promise, firm, thandi, NOW)

    assert sent() == []


def test_a_letter_leaves_for_the_promises_that_stand(make_promise, write, thandi):
    done, standing = make_promise(), make_promise("Lamp list")
    write(done, standing)

    actions.deliver(done, delivered_at=NOW, by=thandi, now=NOW)

    assert len(sent()) == 1
    assert fresh(standing).told_at


@pytest.mark.parametrize("change", [{"email": "new@karoo.example"}, {"left_at": NOW}])
def test_a_letter_does_not_go_to_an_address_that_is_no_longer_theirs(make_promise, write, lena, change):
    write(make_promise())

    Contact.objects.filter(pk=lena.pk).update(**change)

    assert sent() == []
    assert Message.objects.get().state == State.FAILED


# The mark of a private page


@pytest.fixture
def link(karoo, lena, thandi):
    return client_actions.make_link(karoo, thandi, NOW, contact=lena)


def test_a_private_address_is_put_in_only_as_it_leaves(make_promise, write, link):
    letter = write(make_promise(), body=f"Look: {client_actions.links.placeholder(link)}")

    (left,) = sent()
    letter.refresh_from_db()

    assert left.body == f"Look: {client_actions.link_address(link)}"
    assert link.token() not in letter.body


@pytest.mark.parametrize("end", ["revoked", "expired", "archived"])
def test_a_page_that_opens_no_more_stops_the_letter(make_promise, write, link, thandi, karoo, end):
    letter = write(make_promise(), body=f"Look: {client_actions.links.placeholder(link)}")

    match end:
        case "revoked":
            client_actions.revoke_link(link, thandi, NOW)
        case "expired":
            type(link).objects.update(expires_at=NOW)
        case "archived":
            type(karoo).objects.update(archived_at=NOW)

    assert sent() == []
    assert list(Message.objects.needing_a_person()) == [letter]


def test_another_clients_page_is_never_put_in(make_promise, write, secret, thandi):
    theirs = client_actions.make_link(secret, thandi, NOW)

    write(make_promise(), body=f"Look: {client_actions.links.placeholder(theirs)}")

    assert sent() == []


def test_a_client_who_asks_gets_a_new_address_and_it_opens(link, lena, karoo):
    client_actions.send_new_link(" LENA@karoo.example ", NOW)
    outbox.send_waiting(NOW)

    (left,) = mail.outbox
    (newest,) = karoo.links.order_by("-pk")[:1]
    assert client_actions.link_address(newest) in left.body
    assert newest.pk != link.pk


def test_nobody_gets_more_than_one_new_address_an_hour(link):
    asked = [client_actions.send_new_link("lena@karoo.example", NOW + minutes * SECOND * 60) for minutes in (0, 1, 61)]

    assert asked == [1, 0, 1]


def test_a_stranger_who_asks_gets_nothing(link):
    assert client_actions.send_new_link("stranger@else.example", NOW) == 0
    assert not Message.objects.exists()


def test_all_of_it_stands_in_the_clients_record(make_promise, write, call, karoo):
    promise = make_promise()
    letter = write(promise)
    sent()
    outbox.bounced(letter, NOW + HOUR, "No such mailbox")
    call(promise, spoken_at=NOW + 2 * HOUR)

    kinds = list(karoo.record.about(promise.record_subject).order_by("seq").values_list("kind", flat=True))

    assert kinds == ["made", "telling_written", "telling_sent", "telling_bounced", "told"]
    assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []
    assert karoo.zone == ZONE


@pytest.mark.parametrize(
    ("owners", "answered_by"),
    [(["thandi"], "thandi"), (["thandi", "thandi"], "thandi"), (["thandi", "sam"], "mara")],
)
def test_replies_go_to_the_owner_or_else_to_who_wrote(request, make_promise, karoo, lena, mara, owners, answered_by):
    promises = [make_promise(f"Thing {n}", owner=request.getfixturevalue(name)) for n, name in enumerate(owners)]

    message = actions.write_to_client(
        [actions.Said(promise, Telling.Kind.PROGRESS) for promise in promises],
        client=karoo,
        contact=lena,
        subject="How it stands",
        body="Well.",
        occasion="once",
        by=mara,
        now=NOW,
    )

    assert message.reply_to == request.getfixturevalue(answered_by).email
