"""The verbs of a promise over HTTP: done as asked, or refused in words with everything typed kept."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clients.actions import archive
from clients.models import Entry
from conftest import DAY, HOUR, NOW
from engagement.outbox.models import Message
from promises import actions
from promises.models import InternalNote, ProgressUpdate, Promise, Step, Telling

ENDED_MEANWHILE = "This promise has ended meanwhile"

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def post(client, thandi):
    client.force_login(thandi)

    def send(name, promise, **typed):
        return client.post(reverse(f"promises:{name}", args=[promise.pk]), typed)

    return send


def fresh(promise):
    return Promise.objects.get(pk=promise.pk)


def shown(response):
    return " ".join(response.content.decode().split())


# Update


def test_on_track_in_one_line(post, make_promise):
    promise = make_promise()

    response = post("update", promise, text="Half of the drawings are there.", standing="on_track", line="yes")

    update = ProgressUpdate.objects.get()
    assert response.status_code == 302
    assert (update.standing, update.text) == ("on_track", "Half of the drawings are there.")


def test_the_same_said_twice_within_a_minute_is_said_once(post, make_promise, time_machine):
    promise = make_promise()
    typed = {"standing": "on_track", "text": "Half of it is there."}

    post("update", promise, **typed)
    again = post("update", promise, **typed)
    post("update", promise, **typed | {"text": "All but one."})
    time_machine.move_to(NOW + 2 * MINUTE, tick=False)
    later = post("update", promise, **typed)

    assert "It is there already." in shown(again)
    assert later.status_code == 302
    assert ProgressUpdate.objects.count() == 3


def test_what_was_said_before_a_correction_may_be_said_again(post, make_promise):
    promise = make_promise()

    for percent in (40, 50, 40):
        post("update", promise, standing="on_track", per_cent=percent)

    assert list(ProgressUpdate.objects.values_list("per_cent", flat=True)) == [40, 50, 40]


def test_a_new_note_is_kept_with_the_same_word(post, make_promise):
    promise = make_promise()

    answers = [
        post("update", promise, standing="on_track", note=note).status_code
        for note in ("", "He is nervous.", "He is nervous.")
    ]

    assert answers == [302, 302, 200]
    assert InternalNote.objects.count() == 1


def test_two_persons_may_say_the_same(make_promise, thandi, mara):
    promise = make_promise()

    for person in (thandi, mara):
        actions.update(promise, standing="on_track", by=person, now=NOW)

    assert ProgressUpdate.objects.count() == 2


def test_hours_left_and_a_note_go_to_their_own_places(post, make_promise):
    promise = make_promise()

    post("update", promise, standing="on_track", hours_left="3h", text="Going well.", note="He is nervous.")

    assert fresh(promise).hours_left == Decimal(3)
    assert InternalNote.objects.get().text == "He is nervous."
    assert "nervous" not in ProgressUpdate.objects.get().text


def test_may_be_late_from_the_line_asks_for_the_day(post, make_promise):
    promise = make_promise()

    response = post("update", promise, text="The survey is missing.", standing="may_be_late", line="yes")

    assert response.status_code == 200
    assert "It may be late: which day then?" in shown(response)
    assert "The survey is missing." in shown(response)
    assert not response.context["form"].errors
    assert not ProgressUpdate.objects.exists()


def test_may_be_late_wants_a_day_and_keeps_what_was_typed(post, make_promise):
    response = post("update", make_promise(), text="The survey is missing.", standing="may_be_late")

    assert response.context["form"].errors["new_date"] == ["Enter the new date, or by when they will have one"]
    assert "The survey is missing." in shown(response)
    assert "<title>Error: " in shown(response)


def test_a_day_of_which_one_is_needed_is_not_called_optional(client, thandi, make_promise):
    client.force_login(thandi)

    page = shown(client.get(reverse("promises:update", args=[make_promise().pk])))

    assert "New date you expect</label>" in page
    assert "Or: they will have a new date by</label>" in page
    assert "(optional)" in page


def test_may_be_late_goes_on_to_the_drafted_message(client, post, make_promise, lena):
    promise = make_promise()

    response = post("update", promise, text="The survey came late.", standing="may_be_late", new_date="27 November")

    body = client.get(response.url).context["form"]["body"].value()
    assert response.url == reverse("promises:tell", args=[promise.pk]) + "?kind=may_be_late"
    assert "The survey came late. We expect to have it ready on Friday 27 November." in body


def test_may_be_late_may_name_the_day_of_the_next_word(post, make_promise):
    post("update", make_promise(), standing="may_be_late", word_by="tomorrow")

    assert ProgressUpdate.objects.get().text == "You will have a new date from us by Thursday 19 November."


def test_a_day_that_has_passed_is_refused_in_words_that_name_it(post, make_promise):
    response = post("update", make_promise(), standing="may_be_late", word_by="yesterday")

    assert response.context["form"].errors["word_by"] == ["The day by which they hear must be today or in the future"]


def test_not_both_days(post, make_promise):
    response = post("update", make_promise(), standing="may_be_late", new_date="27 November", word_by="tomorrow")

    assert "word_by" in response.context["form"].errors


def test_done_from_the_line_delivers(post, make_promise):
    promise = make_promise()

    response = post("update", promise, text="All drawings sent.", standing="done", line="yes")

    assert response.url.endswith("?ended=now")
    assert fresh(promise).outcome == "kept"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"standing": "on_track", "per_cent": "140"}, "per_cent"),
        ({"standing": "on_track", "per_cent": "half"}, "per_cent"),
        ({"standing": "on_track", "hours_left": "some"}, "hours_left"),
        ({"standing": "may_be_late", "new_date": "2 January 2020"}, "new_date"),
        ({"standing": "may_be_late", "new_date": "3/4"}, "new_date"),
        ({"standing": "nonsense"}, "__all__"),
        ({}, "__all__"),
        ({"standing": "on_track", "text": "x" * 1001}, "text"),
    ],
)
def test_an_update_that_does_not_hold_says_so_and_writes_nothing(post, make_promise, typed, field):
    response = post("update", make_promise(), **typed)

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert "There is a problem" in shown(response)
    assert not ProgressUpdate.objects.exists()


# Done


def test_done_now(post, make_promise):
    promise = make_promise()

    post("done", promise, text="It is in your mailbox.")

    assert (fresh(promise).delivered_at, fresh(promise).outcome) == (NOW, "kept")
    assert fresh(promise).days_early == 2


def test_the_hours_it_took_may_be_said(post, make_promise):
    promise = make_promise()

    post("done", promise, hours_taken="6h 30")

    assert fresh(promise).hours_taken == Decimal("6.5")
    entry = Entry.objects.about(promise.record_subject).get(kind="delivered")
    assert Decimal(entry.data["hours_taken"]) == Decimal("6.5")


def test_the_hours_it_took_may_stay_unsaid(post, make_promise):
    promise = make_promise()

    post("done", promise)

    assert fresh(promise).hours_taken is None
    assert "hours_taken" not in Entry.objects.about(promise.record_subject).get(kind="delivered").data


def test_hours_that_were_spent_stay_spent_when_it_is_opened_again(post, make_promise, thandi):
    promise = make_promise()
    post("done", promise, hours_taken="6h")

    actions.reopen(promise, reason="Not done.", by=thandi, now=NOW)
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    assert fresh(promise).hours_taken == 6


def test_done_yesterday_counts_as_yesterday(post, make_promise):
    promise = make_promise(made_at=NOW - 9 * DAY)

    post("done", promise, delivered_on="yesterday")

    assert fresh(promise).delivered_at.date() == date(2026, 11, 17)
    assert fresh(promise).days_early == 3


def test_done_on_the_day_it_was_promised_is_not_before_it(post, make_promise):
    promise = make_promise(made_at=NOW - DAY + timedelta(hours=11))

    response = post("done", promise, delivered_on="yesterday")

    assert response.status_code == 302
    assert fresh(promise).delivered_at == promise.made_at


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"delivered_on": "tomorrow"}, "delivered_on"),
        ({"delivered_on": "someday"}, "delivered_on"),
        ({"delivered_time": "23:00"}, "delivered_time"),
        ({"delivered_time": "often"}, "delivered_time"),
        ({"delivered_on": "1 November"}, "__all__"),
        ({"text": "x" * 1001}, "text"),
        ({"hours_taken": "ages"}, "hours_taken"),
    ],
)
def test_a_delivery_that_cannot_be_is_refused_in_words(post, make_promise, typed, field):
    promise = make_promise()

    response = post("done", promise, **{"text": "Kept text", **typed})

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert typed.get("delivered_on", "") in shown(response)
    assert fresh(promise).is_open


def test_the_second_of_two_people_reads_that_it_has_ended(client, post, make_promise, mara):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=mara, now=NOW)

    response = post("done", promise, text="My words")

    assert response.status_code == 200
    assert ENDED_MEANWHILE in shown(response)
    assert "My words" in shown(response)
    assert ProgressUpdate.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("update", {"standing": "on_track"}),
        ("withdraw", {"reason": "x", "agreed_by": "Lena"}),
        ("void", {"reason": "x"}),
        ("waiting", {"what": "the survey"}),
        ("steps", {"steps": "One"}),
    ],
)
def test_every_verb_says_that_it_has_ended(post, make_promise, mara, name, typed):
    promise = make_promise()
    actions.withdraw(promise, reason="No longer wanted", agreed_by="Lena", by=mara, now=NOW)

    response = post(name, promise, **typed)

    assert response.status_code == 200
    assert ENDED_MEANWHILE in shown(response)


def test_opening_the_page_of_a_verb_after_the_end_leads_back(client, thandi, make_promise):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    client.force_login(thandi)

    response = client.get(reverse("promises:done", args=[promise.pk]))

    assert response.url == promise.get_absolute_url()


def test_the_way_back_from_done_stands_on_the_page_for_a_moment(client, post, make_promise, time_machine):
    promise = make_promise()

    here = post("done", promise).url
    at_once = shown(client.get(here))
    time_machine.move_to(NOW + HOUR, tick=False)
    later = shown(client.get(here))

    assert "Marked as done by mistake" in at_once
    assert "Marked as done by mistake" not in later


def test_reopened_in_one_press(post, make_promise):
    promise = make_promise()
    post("done", promise)

    response = post("reopen", promise, reason="Marked as done by mistake")

    assert response.status_code == 302
    assert fresh(promise).is_open
    assert "reopened" in promise.client.record.values_list("kind", flat=True)


def test_nothing_is_opened_again_for_a_client_who_is_put_away(post, make_promise, thandi, karoo):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    archive(karoo, thandi, NOW)

    response = post("reopen", promise, reason="Not so.")

    assert "Bring the client back first." in shown(response)
    assert not fresh(promise).is_open


def test_reopening_wants_a_reason(post, make_promise):
    promise = make_promise()
    post("done", promise)

    response = post("reopen", promise)

    assert response.context["form"].errors["reason"] == ["Enter the reason"]
    assert not fresh(promise).is_open


def test_only_what_was_delivered_is_opened_again(post, make_promise, thandi):
    promise = make_promise()
    actions.withdraw(promise, reason="x", agreed_by="Lena", by=thandi, now=NOW)

    response = post("reopen", promise, reason="Wanted after all")

    assert "Only a delivered promise can be opened again." in shown(response)


# Withdraw, void, reassign


def test_withdrawn_with_its_reason(post, make_promise):
    promise = make_promise()

    post("withdraw", promise, reason="They moved house", agreed_by="Lena Karoo")

    assert fresh(promise).withdrawn_at == NOW
    assert promise.client.record.get(kind="withdrawn").data["agreed_by"] == "Lena Karoo"


@pytest.mark.parametrize("missing", ["reason", "agreed_by"])
def test_withdrawing_wants_both(post, make_promise, missing):
    promise = make_promise()
    typed = {"reason": "They moved house", "agreed_by": "Lena Karoo"} | {missing: ""}

    response = post("withdraw", promise, **typed)

    assert list(response.context["form"].errors) == [missing]
    assert fresh(promise).is_open


def test_an_error_stays_visible(client, post, make_promise):
    promise = make_promise()

    post("void", promise, reason="Meant for another client")

    assert fresh(promise).voided_at == NOW
    assert "Meant for another client" in shown(client.get(promise.get_absolute_url()))


def test_what_the_client_has_heard_cannot_be_an_error(post, make_promise, thandi, lena):
    promise = make_promise()
    said = [actions.Said(promise, Telling.Kind.MADE)]
    actions.record_conversation(
        said, client=promise.client, contact=lena, channel="call", spoken_at=NOW, text="x", by=thandi, now=NOW
    )

    response = post("void", promise, reason="Never mind")

    assert "Withdraw it" in shown(response)
    assert fresh(promise).is_open


@pytest.mark.parametrize("state", ["waiting", "sending", "in_doubt"])
def test_what_the_client_may_yet_read_cannot_be_an_error(post, make_promise, thandi, lena, state):
    promise = make_promise()
    said = [actions.Said(promise, Telling.Kind.MADE)]
    words = {"subject": "What we promised", "body": "x", "occasion": "form 1", "by": thandi, "now": NOW}
    letter = actions.write_to_client(said, client=promise.client, contact=lena, **words)
    Message.objects.update(state=state)

    refused = post("void", promise, reason="Never mind")
    still_open = fresh(promise).is_open
    Message.objects.filter(pk=letter.pk).update(state="undone")
    post("void", promise, reason="Never mind")

    assert "take it back first" in shown(refused)
    assert (still_open, fresh(promise).is_open) == (True, False)


@pytest.mark.parametrize("name", ["withdraw", "void", "reassign"])
def test_staff_who_own_nothing_here_may_not(client, sam, make_promise, name):
    client.force_login(sam)
    address = reverse(f"promises:{name}", args=[make_promise().pk])

    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "x", "agreed_by": "x"}).status_code == 403


def test_handed_over_with_a_way_back(client, post, make_promise, mara, thandi):
    promise = make_promise()

    response = post("reassign", promise, owner=mara.pk)
    page = client.get(response.url)

    assert fresh(promise).owner == mara
    assert [undo.owner for undo in page.context["undos"]] == [thandi.pk]


def test_a_restricted_client_goes_only_to_who_may_see_it(post, make_promise, secret, sam, mara):
    promise = make_promise(client=secret)

    refused = post("reassign", promise, owner=sam.pk)
    post("reassign", promise, owner=mara.pk)

    assert "owner" in refused.context["form"].errors
    assert fresh(promise).owner == mara


def test_nobody_is_asked_twice_who(post, make_promise):
    response = post("reassign", make_promise())

    assert response.context["form"].errors["owner"] == ["Choose a person"]


# Waiting, steps, notes


def test_waiting_and_over(client, post, make_promise):
    promise = make_promise()

    post("waiting", promise, what="your signed survey", by_day="tomorrow")
    waiting = fresh(promise)
    post("waiting_over", promise)

    assert (waiting.waiting_for, waiting.waiting_by) == ("your signed survey", date(2026, 11, 19))
    assert (waiting.due_at, fresh(promise).waiting_for) == (promise.due_at, "")


@pytest.mark.parametrize(
    ("typed", "field"), [({"what": ""}, "what"), ({"what": "x", "by_day": "2 January 2020"}, "by_day")]
)
def test_waiting_wants_what_and_a_day_ahead(post, make_promise, typed, field):
    response = post("waiting", make_promise(), **typed)

    assert list(response.context["form"].errors) == [field]


def test_steps_keep_their_tick(post, make_promise, thandi):
    promise = make_promise(steps=["Measure", "Draw"])
    actions.tick_step(promise.steps.get(text="Measure"), True, thandi, NOW)

    post("steps", promise, steps=" Measure \n\nDraw twice\nDraw twice\n")

    assert list(promise.steps.values_list("text", "done_at")) == [("Measure", NOW), ("Draw twice", None)]


@pytest.mark.parametrize("steps", ["\n".join(f"Step {i}" for i in range(21)), "x" * 201])
def test_too_many_or_too_long_steps(post, make_promise, steps):
    response = post("steps", make_promise(), steps=steps)

    assert list(response.context["form"].errors) == ["steps"]
    assert not Step.objects.exists()


def test_one_press_ticks_and_another_takes_it_back(client, thandi, make_promise):
    step = make_promise(steps=["Measure"]).steps.get()
    client.force_login(thandi)
    address = reverse("promises:step", args=[step.pk])

    client.post(address, {"done": "yes"})
    ticked = Step.objects.get().done_at
    client.post(address, {"done": "yes"})
    client.post(address, {"done": "no"})

    assert ticked == NOW
    assert Step.objects.get().done_at is None
    assert step.promise.client.record.filter(kind="step_done").count() == 1


def test_a_note_is_kept_and_an_empty_one_is_not(post, make_promise):
    promise = make_promise()

    kept = post("note", promise, note="He prefers mornings")
    empty = post("note", promise, note="  ")

    assert kept.status_code == 302
    assert empty.context["form"].errors["note"] == ["Enter the note"]
    assert [note.text for note in InternalNote.objects.all()] == ["He prefers mornings"]


# Doors

EVERYBODYS = ["update", "done", "reopen", "waiting", "waiting_over", "steps", "note", "extend", "tell"]
VERBS = [*EVERYBODYS, "withdraw", "void", "reassign"]


@pytest.mark.parametrize("name", VERBS)
def test_a_stranger_cannot_tell_that_it_exists(client, sam, secret, make_promise, name):
    promise = make_promise(client=secret)
    client.force_login(sam)

    assert client.post(reverse(f"promises:{name}", args=[promise.pk])).status_code == 404


def test_nor_that_its_steps_exist(client, sam, secret, make_promise):
    step = make_promise(client=secret, steps=["Measure"]).steps.get()
    client.force_login(sam)

    assert client.post(reverse("promises:step", args=[step.pk]), {"done": "yes"}).status_code == 404
    assert Step.objects.get().done_at is None


@pytest.mark.parametrize("name", ["waiting_over", "note"])
def test_what_only_does_is_not_opened(client, thandi, make_promise, name):
    client.force_login(thandi)

    assert client.get(reverse(f"promises:{name}", args=[make_promise().pk])).status_code == 405
