"""The client hears from us: what counts as told, and what does not."""

import smtplib
from datetime import date, time, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from clients.actions import save_contact
from clients.models import Client, Contact, PrivateLink
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from promises import actions
from promises.due import Due
from promises.models import Promise, Telling


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture(autouse=True)
def _mail(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def at_risk(make_promise, lena):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(band="at_risk")
    return fresh(promise)


@pytest.fixture
def open_page(client, thandi):
    client.force_login(thandi)

    def get(promise, **query):
        return client.get(reverse("promises:tell", args=[promise.pk]), query)

    return get


@pytest.fixture
def send(client, open_page):
    """Opens the page and presses the button, with some of what it holds changed."""

    def press(promise, query=None, **changes):
        form = open_page(promise, **(query or {})).context["form"]
        typed = typed_in(form) | {name: str(value) for name, value in changes.items()}
        return client.post(reverse("promises:tell", args=[promise.pk]), typed)

    return press


def typed_in(form):
    """What a browser sends: unticked boxes not at all."""
    values = {name: form[name].value() for name in form.fields}
    values["contact"] = getattr(values["contact"], "pk", values["contact"])
    return {name: "on" if value is True else str(value) for name, value in values.items() if value not in (None, False)}


def fresh(promise):
    return Promise.objects.get(pk=promise.pk)


def letter():
    return Message.objects.get(audience="client")


def shown(response):
    return " ".join(response.content.decode().split())


def test_an_e_mail_is_held_and_can_be_taken_back_from_the_promise(client, send, at_risk):
    response = send(at_risk)

    page = client.get(response.url)
    undo = page.context["undos"][0]
    assert response.url == at_risk.get_absolute_url()
    assert (undo.url, undo.until) == (reverse("clients:message_undo", args=[letter().pk]), NOW + timedelta(seconds=20))
    # Words that stay true on a page that nobody loads again.
    assert "Not yet. The e-mail leaves Wed 18 Nov, 11:00" in shown(page)
    assert undo.text.endswith(": it leaves Wed 18 Nov, 11:00, unless you undo it.")
    assert "Held until Wed 18 Nov, 11:00" in shown(page)
    assert page.context["main_act"] is None
    assert fresh(at_risk).told_at is None


def test_accepted_is_told(send, at_risk):
    send(at_risk)

    outbox.send_waiting(NOW + HOUR)

    assert [message.to for message in mail.outbox] == [["lena@karoo.example"]]
    assert fresh(at_risk).told_at == letter().sent_at is not None
    assert fresh(at_risk).told_how == "email"


def test_taken_back_is_not_told(client, send, at_risk):
    send(at_risk)

    client.post(reverse("clients:message_undo", args=[letter().pk]))
    outbox.send_waiting(NOW + HOUR)

    assert letter().state == State.UNDONE
    assert (fresh(at_risk).told_at, mail.outbox) == (None, [])


def test_what_was_taken_back_can_be_written_again(client, open_page, send, at_risk, make_promise):
    other = make_promise("Window seats", due_on=date(2026, 12, 18))
    send(at_risk, body="My own words. [progress page]")
    url = client.post(reverse("clients:message_undo", args=[letter().pk])).url

    offered = shown(client.get(url))
    address = f"{reverse('promises:tell_client', args=[at_risk.client_id])}?again={letter().pk}"
    form = client.get(address).context["form"]
    client.post(address, typed_in(form))

    assert f'href="{address}"' in offered
    assert form["body"].value() == "My own words. [progress page]"
    assert (form[f"about_{at_risk.pk}"].value(), form[f"about_{other.pk}"].value()) == (True, False)
    assert form[f"kind_{at_risk.pk}"].value() == "may_be_late"
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == ["undone", "waiting"]


@pytest.mark.parametrize("which", ["held", "of another client", "no number"])
def test_only_what_was_taken_back_is_written_again(client, send, open_page, at_risk, which, thandi):
    send(at_risk, body="My own words.")
    if which == "of another client":
        client.post(reverse("clients:message_undo", args=[letter().pk]))
        Message.objects.filter(pk=letter().pk).update(kind="client 999999")
    again = "x" if which == "no number" else letter().pk

    page = open_page(at_risk, again=again)

    assert "My own words." not in page.context["form"]["body"].value()


def test_a_text_drafted_again_keeps_what_was_typed_below(client, open_page, at_risk):
    typed = typed_in(open_page(at_risk).context["form"]) | {"body": "My own words."}
    address = reverse("promises:tell", args=[at_risk.pk])

    once = client.post(address, typed | {"draft": "yes"})
    twice = client.post(address, typed_in(once.context["form"]) | {"draft": "yes"})

    for response in (once, twice):
        form = response.context["form"]
        assert "My own words." not in form["body"].value()
        assert form["earlier"].value() == "My own words."
        assert "My own words." in shown(response)


def test_the_same_draft_again_keeps_no_copy(client, open_page, at_risk):
    typed = typed_in(open_page(at_risk).context["form"])

    response = client.post(reverse("promises:tell", args=[at_risk.pk]), typed | {"draft": "yes"})

    assert response.context["form"]["earlier"].value() == ""


def test_bounced_is_not_told_again(client, send, at_risk):
    send(at_risk)
    outbox.send_waiting(NOW + HOUR)
    assert fresh(at_risk).told_at

    outbox.bounced(letter(), NOW, "no such address")

    assert fresh(at_risk).told_at is None
    assert "No. The e-mail came back" in shown(client.get(at_risk.get_absolute_url()))


def test_in_doubt_is_not_told(client, send, at_risk, monkeypatch):
    def dies(self, messages):
        raise smtplib.SMTPServerDisconnected("gone in the middle")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", dies)
    send(at_risk)

    outbox.send_waiting(NOW + HOUR)

    assert letter().state == State.IN_DOUBT
    assert fresh(at_risk).told_at is None
    assert "We may not have sent" in shown(client.get(at_risk.get_absolute_url()))


def test_a_conversation_is_told_from_when_it_took_place(send, at_risk):
    response = send(at_risk, {"how": "spoken"}, text="She knows.", spoken_on="yesterday", spoken_time="16:05")

    telling = Telling.objects.get()
    assert response.status_code == 302
    assert (fresh(at_risk).told_at, fresh(at_risk).told_how) == (telling.spoken_at, "call")
    assert telling.spoken_at.isoformat() == "2026-11-17T14:05:00+00:00"
    assert not Message.objects.exists()


def test_progress_is_no_telling_of_a_slip(send, at_risk):
    send(at_risk, {"how": "spoken", "kind": "progress"}, text="All well.")

    assert Telling.objects.get().kind == "progress"
    assert fresh(at_risk).told_at is None


def test_a_second_press_sends_nothing_twice(client, open_page, at_risk):
    typed = typed_in(open_page(at_risk).context["form"])
    address = reverse("promises:tell", args=[at_risk.pk])

    client.post(address, typed)
    again = client.post(address, typed, follow=True)

    assert "Nothing was sent twice" in shown(again)
    assert (Message.objects.count(), Telling.objects.count(), PrivateLink.objects.count()) == (1, 1, 1)


def test_a_second_press_records_no_second_conversation(client, open_page, at_risk):
    typed = typed_in(open_page(at_risk, how="spoken").context["form"]) | {"text": "She knows."}
    address = reverse("promises:tell", args=[at_risk.pk])

    first = client.post(address, typed, follow=True)
    again = client.post(address, typed, follow=True)

    assert "It counts as told" in shown(first)
    assert "recorded already" in shown(again)
    assert Telling.objects.count() == 1


def test_a_conversation_that_could_not_be_written_may_be_tried_again(client, open_page, at_risk, karoo):
    typed = typed_in(open_page(at_risk, how="spoken").context["form"]) | {"text": "She knows."}
    address = reverse("promises:tell", args=[at_risk.pk])
    # A chain whose head points back refuses every entry, and with it the telling.
    Client.objects.filter(pk=karoo.pk).update(entries=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        client.post(address, typed)
    Client.objects.filter(pk=karoo.pk).update(entries=karoo.record.count())

    again = client.post(address, typed, follow=True)

    assert "It counts as told" in shown(again)
    assert Telling.objects.count() == 1


def test_one_message_speaks_of_several_promises(client, open_page, make_promise, at_risk):
    other = make_promise("Window seats", due_on=date(2026, 11, 25))
    form = open_page(at_risk).context["form"]
    ticked = typed_in(form) | {f"about_{other.pk}": "on"}
    address = reverse("promises:tell", args=[at_risk.pk])

    drafted = client.post(address, ticked | {"draft": "yes"}).context["form"]
    assert not Message.objects.exists()
    client.post(address, typed_in(drafted))

    assert "Window seats" in letter().body
    assert set(Telling.objects.values_list("promise", "kind")) == {(at_risk.pk, "may_be_late"), (other.pk, "made")}


def test_ticking_another_without_a_new_draft_is_asked_about_once(client, open_page, make_promise, at_risk):
    other = make_promise("Window seats", due_on=date(2026, 11, 25))
    typed = typed_in(open_page(at_risk).context["form"]) | {f"about_{other.pk}": "on", "body": "My own words"}
    address = reverse("promises:tell", args=[at_risk.pk])

    asked = client.post(address, typed)
    assert "read the text again" in shown(asked)
    sent = client.post(address, typed_in(asked.context["form"]))

    assert sent.status_code == 302
    assert letter().body == "My own words"


def test_nothing_internal_is_ever_drafted(open_page, thandi, make_promise, lena):
    lena.manner = "CANARY manner"
    lena.save()
    promise = make_promise(note="CANARY note", may_stand_in_the_way="CANARY way")
    actions.update(promise, standing="may_be_late", text="For them.", note="CANARY too", by=thandi, now=NOW)
    Promise.objects.filter(pk=promise.pk).update(sentence="CANARY sentence", chance=0.9)

    form = open_page(fresh(promise), kind="may_be_late").context["form"]

    assert "For them." in form["body"].value()
    assert "CANARY" not in form["body"].value() + form["subject"].value()


def test_the_private_link_is_put_in_as_it_leaves(send, at_risk):
    send(at_risk)
    stored = letter().body
    outbox.send_waiting(NOW + HOUR)

    link = PrivateLink.objects.get()
    assert f"[progress page {link.pk}]" in stored
    assert f"/p/{link.token()}/" in mail.outbox[0].body


def test_a_lasting_link_is_used_again(send, at_risk, make_promise):
    send(at_risk)
    send(make_promise("Window seats"))

    assert PrivateLink.objects.count() == 1


def test_without_the_mark_there_is_no_link(send, at_risk):
    send(at_risk, body="It may be late. Thandi")

    assert not PrivateLink.objects.exists()
    assert letter().body == "It may be late. Thandi"


def test_who_has_no_e_mail_is_called_first(open_page, make_promise, thandi, karoo):
    save_contact(Contact(client=karoo, name="Piet", phone="021 555 0177", channel="call"), thandi, NOW)

    response = open_page(make_promise())

    assert response.context["spoken"]
    assert "Record the conversation" in shown(response)


@pytest.mark.parametrize(
    ("query", "typed", "field"),
    [
        ({}, {"contact": ""}, "contact"),
        ({}, {"contact": "999999"}, "contact"),
        ({}, {"subject": " "}, "subject"),
        ({}, {"subject": "x" * 301}, "subject"),
        ({}, {"body": " "}, "body"),
        ({}, {"how": "owl"}, "how"),
        ({}, {"once": "nonsense"}, "once"),
        ({"how": "spoken"}, {"text": " "}, "text"),
        ({"how": "spoken"}, {"channel": ""}, "channel"),
        ({"how": "spoken"}, {"spoken_on": "yesterday"}, "spoken_time"),
        ({"how": "spoken"}, {"spoken_time": "23:00"}, "spoken_time"),
        ({"how": "spoken"}, {"spoken_on": "tomorrow", "spoken_time": "9:00"}, "spoken_on"),
        ({"how": "spoken"}, {"spoken_on": "some day"}, "spoken_on"),
    ],
)
def test_each_error_is_said_and_what_was_typed_is_kept(send, at_risk, query, typed, field):
    typed = {"text": "She knows all."} | typed if query else {"body": "My own words"} | typed

    response = send(at_risk, query, **typed)

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert "<title>Error: " in shown(response)
    assert ("She knows all." in shown(response)) == bool(query and typed["text"].strip())
    assert not Telling.objects.exists()


def test_nothing_ticked_is_nothing_told(client, open_page, at_risk):
    typed = typed_in(open_page(at_risk, how="spoken").context["form"]) | {"text": "x"}
    del typed[f"about_{at_risk.pk}"]

    response = client.post(reverse("promises:tell", args=[at_risk.pk]), typed)

    assert "Tick at least one promise" in shown(response)
    assert not Telling.objects.exists()


def test_a_contact_of_another_client_is_not_written_to(send, at_risk, thandi, secret):
    stranger = Contact(client=secret, name="Else", email="else@example.com")
    save_contact(stranger, thandi, NOW)

    response = send(at_risk, contact=stranger.pk)

    assert response.context["form"].errors["contact"] == ["Choose a contact of this client"]


def test_quiet_hours_are_said_and_not_enforced(open_page, send, at_risk, lena):
    lena.good_from, lena.good_until = time(13), time(15)
    lena.save()

    response = open_page(at_risk)

    assert "whose good hours are 1pm to 3pm" in response.context["quiet"]
    assert send(at_risk).status_code == 302


def test_at_night_by_the_firms_hours(open_page, at_risk, time_machine):
    time_machine.move_to(NOW + 12 * HOUR, tick=False)

    assert "outside the hours in which we write" in open_page(at_risk).context["quiet"]


def test_inside_the_hours_nothing_is_said(open_page, at_risk):
    assert open_page(at_risk).context["quiet"] == ""


@pytest.mark.parametrize(("how", "offered"), [("email", False), ("spoken", True)])
def test_nobody_writes_on_track_of_what_is_overdue(open_page, thandi, make_promise, lena, time_machine, how, offered):
    promise = make_promise()
    time_machine.move_to(promise.due_at + HOUR, tick=False)

    form = open_page(promise, how=how, kind="progress").context["form"]

    # A conversation that took place before the date may still be written down as what it was.
    assert ("progress" in dict(form.fields[f"kind_{promise.pk}"].choices)) is offered
    assert form[f"kind_{promise.pk}"].value() == ("progress" if offered else "late")


def test_nobody_writes_progress_of_what_they_do_not_know_may_be_late(open_page, thandi, make_promise, lena):
    promise = make_promise()
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW)

    form = open_page(fresh(promise), kind="progress").context["form"]

    assert "progress" not in dict(form.fields[f"kind_{promise.pk}"].choices)
    assert form[f"kind_{promise.pk}"].value() == "may_be_late"
    assert "on track" not in form["body"].value()


def test_a_new_date_is_said_only_of_an_extension_that_is_open(open_page, thandi, make_promise, lena):
    promise = make_promise()
    asked = {"reason": "waiting_others", "reason_text": "The survey came late.", "asked_by": "us"}
    extension = actions.extend(promise, Due(date(2026, 11, 27), None, NOW + 9 * DAY), by=thandi, now=NOW, **asked)

    before = open_page(promise).context["form"]
    actions.answer(extension, agreed=True, answered_at=NOW, by=thandi, now=NOW)
    after = open_page(promise).context["form"]

    assert before[f"kind_{promise.pk}"].value() == "moved"
    assert "Friday 27 November" in before["body"].value()
    assert "moved" not in dict(after.fields[f"kind_{promise.pk}"].choices)


def test_the_page_of_a_client_ticks_what_is_not_told(client, thandi, make_promise, at_risk):
    calm = make_promise("Window seats", due_on=date(2026, 12, 18))
    client.force_login(thandi)

    form = client.get(reverse("promises:tell_client", args=[at_risk.client_id])).context["form"]

    assert form[f"about_{at_risk.pk}"].value() is True
    assert form[f"about_{calm.pk}"].value() is False


def test_a_client_without_promises_says_so(client, thandi, karoo):
    client.force_login(thandi)

    response = client.get(reverse("promises:tell_client", args=[karoo.pk]))

    assert "Nothing is open for this client" in shown(response)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_restricted_client_is_not_there_for_a_stranger(client, sam, secret, method):
    client.force_login(sam)

    response = getattr(client, method)(reverse("promises:tell_client", args=[secret.pk]))

    assert response.status_code == 404


@pytest.mark.parametrize("how_many", [1, 3])
def test_more_promises_cost_no_more_queries(client, thandi, make_promise, lena, how_many, django_assert_num_queries):
    promises = [make_promise(f"Drawing {i}", steps=["One", "Two"][:how_many]) for i in range(how_many)]
    client.force_login(thandi)
    address = reverse("promises:tell", args=[promises[0].pk])
    client.get(address)

    # session, user, promise, speakable, steps, extensions, contact, heard, last updates, firm twice for draft and
    # quiet hours, the contacts to choose from twice, and the two of the line of truth
    with django_assert_num_queries(15):
        client.get(address)
