"""Another date: new date, real reason, told how, answered what, in one form and one transaction."""

from datetime import date, time

import pytest
from django.urls import reverse

from clients.models import PrivateLink
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from promises import actions
from promises.models import DateMove, Extension, ExtensionAnswer, InternalNote, Promise, Telling

WORDS = {"asked_by": "us", "reason": "waiting_others", "reason_text": "The survey came late.", "answer": "none"}
SPOKEN = {**WORDS, "new_date": "27 November", "told": "spoken", "channel": "call", "text": "Told her, she agrees."}


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def extend(client, thandi):
    client.force_login(thandi)

    def send(promise, **typed):
        return client.post(reverse("promises:extend", args=[promise.pk]), typed)

    return send


@pytest.fixture
def answer(client, thandi):
    client.force_login(thandi)

    def send(extension, **typed):
        return client.post(reverse("promises:answer", args=[extension.pk]), typed)

    return send


def fresh(promise):
    return Promise.objects.get(pk=promise.pk)


def shown(response):
    return " ".join(response.content.decode().split())


def test_spoken_and_agreed_moves_the_date_and_keeps_the_first(extend, make_promise, lena):
    promise = make_promise()

    response = extend(promise, **SPOKEN | {"contact": lena.pk, "answer": "agreed", "words": "That is fine."})

    moved = fresh(promise)
    assert response.status_code == 302
    assert (moved.due_on, moved.first_due_on, moved.moves) == (date(2026, 11, 27), date(2026, 11, 20), 1)
    assert DateMove.objects.get().told_at == NOW
    assert ExtensionAnswer.objects.get().words == "That is fine."


def test_the_agreed_later_date_is_kept(extend, make_promise, lena, thandi):
    promise = make_promise()
    extend(promise, **SPOKEN | {"contact": lena.pk, "answer": "agreed"})

    ended = actions.deliver(fresh(promise), delivered_at=NOW + 8 * DAY, by=thandi, now=NOW + 8 * DAY)

    assert ended.outcome == "kept_later"


def test_asked_by_the_client_and_agreed_is_the_date_and_one_press(extend, make_promise, lena):
    promise = make_promise()

    response = extend(promise, new_date="27 November", channel="call", agreed_as_asked="yes", told="", answer="none")

    extension = Extension.objects.get()
    assert response.status_code == 302
    assert (extension.asked_by, extension.reason) == ("client", "client_wish")
    assert fresh(promise).due_on == date(2026, 11, 27)


def test_the_page_speaks_to_us_and_not_to_the_client(client, thandi, make_promise):
    client.force_login(thandi)

    page = shown(client.get(reverse("promises:extend", args=[make_promise().pk])))

    assert "We waited for the client" in page
    assert "We waited for something from you" not in page
    assert "Record the new date" in page


def test_a_time_is_kept(extend, make_promise, lena):
    promise = make_promise()

    extend(promise, **SPOKEN | {"new_time": "5pm", "answer": "agreed"})

    assert fresh(promise).due_time == time(17)


def test_without_an_answer_the_date_stays_and_the_client_is_told(extend, make_promise, lena):
    promise = make_promise()

    extend(promise, **SPOKEN | {"contact": lena.pk})

    assert fresh(promise).due_on == date(2026, 11, 20)
    assert fresh(promise).told_at == NOW
    assert Extension.objects.get().telling.kind == Telling.Kind.MOVED


def test_refused_leaves_the_date(extend, make_promise, lena):
    promise = make_promise()

    extend(promise, **SPOKEN | {"answer": "refused"})

    assert (fresh(promise).due_on, fresh(promise).moves) == (date(2026, 11, 20), 0)


def test_not_told_yet_tells_nobody(extend, make_promise, lena):
    promise = make_promise()

    extend(promise, **WORDS | {"new_date": "27 November", "told": "not_yet", "note": "We forgot"})

    assert not Telling.objects.exists()
    assert fresh(promise).told_at is None
    assert InternalNote.objects.get().text == "We forgot"
    assert "forgot" not in Extension.objects.get().reason_text


@pytest.mark.parametrize("said", ["agreed", "refused"])
def test_nobody_answers_before_they_were_told(extend, make_promise, lena, said):
    promise = make_promise()

    response = extend(promise, **SPOKEN | {"told": "not_yet", "answer": said})

    assert response.context["form"].errors["answer"] == ["They cannot have answered before they were told"]
    assert not Extension.objects.exists()
    assert fresh(promise).due_at == promise.due_at


def test_an_answer_lies_after_the_conversation(extend, make_promise, lena):
    promise = make_promise()
    early = {"spoken_time": "7:30", "answer": "agreed", "answered_time": "7:00"}

    response = extend(promise, **SPOKEN | early)

    assert "They cannot have answered before they were told" in shown(response)
    assert not Extension.objects.exists()
    assert not Telling.objects.exists()


def test_the_conversation_stands_open_and_asks_what_was_said(extend, make_promise, lena):
    promise = make_promise()

    response = extend(promise, **SPOKEN | {"text": " "})

    assert response.context["form"].errors["text"] == ["Enter what was said, in a line"]
    assert "<summary>The conversation</summary>" not in shown(response)
    assert not Telling.objects.exists()


def test_by_e_mail_the_text_is_read_first_and_then_sent(extend, make_promise, lena):
    promise = make_promise()
    typed = WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk, "note": "Our own fault"}

    drafted = extend(promise, **typed)
    form = drafted.context["form"]
    assert not Message.objects.exists()
    assert not Extension.objects.exists()
    sent = extend(promise, **{name: form[name].value() or "" for name in form.fields})

    message = Message.objects.get(kind=f"client {promise.client_id}")
    assert sent.status_code == 302
    assert "Friday 27 November" in message.body
    assert "The survey came late." in message.body
    assert "Our own fault" not in message.body
    assert Extension.objects.get().telling.message == message


def test_a_text_drafted_again_keeps_what_was_typed_below(extend, make_promise, lena):
    promise = make_promise()
    typed = WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}
    form = extend(promise, **typed).context["form"]
    drafted = {name: form[name].value() or "" for name in form.fields}

    again = extend(promise, **drafted | {"body": "My own words.", "draft": "yes"})

    assert "My own words." not in again.context["form"]["body"].value()
    assert again.context["form"]["earlier"].value() == "My own words."
    assert "The text before" in shown(again)


def test_a_text_that_no_longer_fits_is_read_again(extend, make_promise, lena):
    promise = make_promise()
    typed = WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}
    form = extend(promise, **typed).context["form"]
    kept = {name: form[name].value() or "" for name in form.fields}

    changed = extend(promise, **kept | {"new_date": "4 December"})
    again = changed.context["form"]
    sent = extend(promise, **{name: again[name].value() or "" for name in again.fields})

    assert "read the text again" in shown(changed)
    assert sent.status_code == 302
    assert Extension.objects.get().new_due_on == date(2026, 12, 4)


def test_the_answer_after_an_accepted_e_mail_keeps_the_word(extend, answer, make_promise, lena, settings, thandi):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    promise = make_promise()
    form = extend(promise, **WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}).context["form"]
    extend(promise, **{name: form[name].value() or "" for name in form.fields})
    outbox.send_waiting(NOW + HOUR)

    answer(Extension.objects.get(), agreed="agreed", words="Fine")

    assert Message.objects.get(kind=f"client {promise.client_id}").state == State.SENT
    assert fresh(promise).due_on == date(2026, 11, 27)


@pytest.mark.parametrize(("typed", "field"), [({"subject": " "}, "subject"), ({"contact": ""}, "contact")])
def test_a_drafted_text_wants_its_head(extend, make_promise, lena, typed, field):
    promise = make_promise()
    form = extend(promise, **WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}).context["form"]

    response = extend(promise, **{name: form[name].value() or "" for name in form.fields} | typed)

    assert list(response.context["form"].errors) == [field]
    assert not Message.objects.exists()


def test_somebody_without_an_address_is_called(extend, make_promise, lena):
    lena.email = ""
    lena.save()

    response = extend(make_promise(), **WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk})

    assert response.context["form"].errors["contact"] == ["Lena Karoo has no e-mail address: call, and record the call"]


def test_the_old_date_is_no_longer_spoken_of_as_overdue(client, thandi, extend, make_promise, lena):
    promise = make_promise(made_at=NOW - 9 * DAY, due_on=date(2026, 11, 17))
    actions.look_at_due(NOW)

    extend(promise, **SPOKEN | {"answer": "agreed"})

    assert fresh(promise).band_at(NOW) == "on_track"
    assert fresh(promise).next_look_at == NOW


def test_said_again_by_phone_after_the_e_mail_was_undone(extend, make_promise, lena, thandi):
    promise = make_promise()
    form = extend(promise, **WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}).context["form"]
    extend(promise, **{name: form[name].value() or "" for name in form.fields})
    outbox.undo(Message.objects.get(kind=f"client {promise.client_id}"), NOW)
    said = [actions.Said(promise, Telling.Kind.MOVED)]
    actions.record_conversation(
        said, client=promise.client, contact=lena, channel="call", spoken_at=NOW, text="x", by=thandi, now=NOW
    )
    late = NOW + 4 * DAY

    actions.answer(Extension.objects.get(), agreed=True, answered_at=late, by=thandi, now=late)

    assert DateMove.objects.get().told_at == NOW


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"new_date": ""}, "new_date"),
        ({"new_date": "2 January 2020"}, "new_date"),
        ({"new_date": "20 November"}, "new_date"),
        ({"new_date": "3/4"}, "new_date"),
        ({"new_time": "often"}, "new_time"),
        ({"asked_by": ""}, "asked_by"),
        ({"reason": ""}, "reason"),
        ({"reason": "laziness"}, "reason"),
        ({"reason_text": " "}, "reason_text"),
        ({"reason_text": "x" * 301}, "reason_text"),
        ({"told": ""}, "told"),
        ({"channel": ""}, "channel"),
        ({"channel": "owl"}, "channel"),
        ({"contact": "999999"}, "contact"),
        ({"spoken_on": "yesterday"}, "spoken_time"),
        ({"spoken_time": "23:00"}, "spoken_time"),
        ({"answer": ""}, "answer"),
        ({"answer": "agreed", "answered_on": "yesterday"}, "answered_time"),
        ({"words": "x" * 301}, "words"),
        ({"told": "email"}, "contact"),
        ({"told": "email", "answer": "agreed"}, "answer"),
    ],
)
def test_each_error_is_said_at_its_field_and_nothing_is_lost(extend, make_promise, lena, typed, field):
    promise = make_promise()

    response = extend(promise, **SPOKEN | typed)

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert "Told her, she agrees." in shown(response)
    assert "<title>Error: " in shown(response)
    assert not Extension.objects.exists()
    assert not Telling.objects.exists()


def test_a_second_press_asks_for_nothing_twice(extend, make_promise, lena):
    promise = make_promise()

    extend(promise, **SPOKEN)
    second = extend(promise, **SPOKEN)

    assert "This date has been asked for already" in shown(second)
    assert (Extension.objects.count(), Telling.objects.count()) == (1, 1)


def test_what_is_refused_leaves_no_link_behind(extend, make_promise, lena):
    promise = make_promise()
    extend(promise, **SPOKEN)
    form = extend(promise, **WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}).context["form"]

    refused = extend(promise, **{name: form[name].value() or "" for name in form.fields})

    assert "This date has been asked for already" in shown(refused)
    assert not PrivateLink.objects.exists()


def test_who_asked_stands_in_the_drafted_text(extend, make_promise, lena):
    promise = make_promise()
    typed = WORDS | {"new_date": "27 November", "told": "email", "contact": lena.pk}
    form = extend(promise, **typed).context["form"]
    kept = {name: form[name].value() or "" for name in form.fields}

    changed = extend(promise, **kept | {"asked_by": "client"})

    assert "ask you for another date" in form["body"].value()
    assert "read the text again" in shown(changed)
    assert (
        "you asked for another date"
        in extend(promise, **typed | {"asked_by": "client"}).context["form"]["body"].value()
    )


def test_after_the_date_the_miss_stands(extend, make_promise, lena, thandi):
    promise = make_promise(made_at=NOW - 9 * DAY, due_on=date(2026, 11, 17))

    extend(promise, **SPOKEN | {"answer": "agreed"})
    ended = actions.deliver(fresh(promise), delivered_at=NOW + DAY, by=thandi, now=NOW + DAY)

    assert ended.outcome == "late_silent"


def test_the_page_says_that_the_miss_stands(client, thandi, make_promise):
    client.force_login(thandi)
    missed = make_promise(made_at=NOW - 9 * DAY, due_on=date(2026, 11, 17))

    response = client.get(reverse("promises:extend", args=[missed.pk]))

    assert "the miss stands" in shown(response)


def test_an_answer_is_recorded_once(extend, answer, make_promise, lena):
    promise = make_promise()
    extend(promise, **SPOKEN)
    extension = Extension.objects.get()

    first = answer(extension, agreed="agreed")
    second = answer(extension, agreed="refused", words="No, wait")

    assert first.status_code == 302
    assert "is recorded already" in shown(second)
    assert "No, wait" in shown(second)
    assert fresh(promise).due_on == date(2026, 11, 27)


def test_an_answered_extension_asks_no_more(client, extend, answer, make_promise, lena):
    promise = make_promise()
    extend(promise, **SPOKEN)
    address = reverse("promises:answer", args=[Extension.objects.get().pk])

    before = client.get(address)
    answer(Extension.objects.get(), agreed="refused")
    after = client.get(address)

    assert before.status_code == 200
    assert after.url == promise.get_absolute_url()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "agreed"),
        ({"agreed": "agreed", "answered_on": "tomorrow"}, "answered_time"),
        ({"agreed": "agreed", "answered_on": "tomorrow", "answered_time": "9:00"}, "answered_on"),
        ({"agreed": "agreed", "answered_time": "never"}, "answered_time"),
        ({"agreed": "agreed", "words": "x" * 301}, "words"),
    ],
)
def test_an_answer_wants_what_and_when(extend, answer, make_promise, lena, typed, field):
    extend(make_promise(), **SPOKEN)

    response = answer(Extension.objects.get(), **typed)

    assert list(response.context["form"].errors) == [field]
    assert not ExtensionAnswer.objects.exists()


def test_an_extension_of_a_restricted_client_does_not_exist_for_a_stranger(client, sam, secret, thandi, make_promise):
    promise = make_promise(client=secret)
    client.force_login(thandi)
    client.post(reverse("promises:extend", args=[promise.pk]), SPOKEN)
    client.force_login(sam)

    response = client.post(reverse("promises:answer", args=[Extension.objects.get().pk]), {"agreed": "agreed"})

    assert response.status_code == 404
