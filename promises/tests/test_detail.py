"""The page of one promise: what, by when, whether they know."""

from datetime import date, time, timedelta

import pytest
from django.urls import reverse

from clients.actions import make_client
from clients.models import Client
from conftest import DAY, HOUR, NOW, ZONE
from promises import actions
from promises.due import Due
from promises.models import Promise, RiskReading, Telling
from promises.rights import may_decide


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def page(client, promise, **query):
    return client.get(promise.get_absolute_url(), query)


def text_of(response):
    return " ".join(response.content.decode().split())


def test_it_says_what_by_when_and_in_the_clients_zone(client, thandi, make_promise):
    client.force_login(thandi)
    promise = make_promise(due_time=time(17))

    response = page(client, promise)

    assert response.status_code == 200
    assert "Shop fittings drawings" in text_of(response)
    assert "Friday 20 November, by 5pm (Johannesburg time)" in text_of(response)


def test_a_viewer_elsewhere_sees_their_own_time_too(client, thandi, make_promise):
    thandi.zone = "Europe/London"
    thandi.save()
    client.force_login(thandi)

    response = page(client, make_promise(due_time=time(17)))

    assert "5pm (Johannesburg time, 3pm in London)" in text_of(response)


def test_a_day_without_a_time_ends_at_their_own_hour_for_a_viewer_elsewhere(client, thandi, mara, make_promise):
    thandi.zone = "Europe/London"
    thandi.save()
    promise = make_promise()

    client.force_login(thandi)
    away = text_of(page(client, promise))
    client.force_login(mara)
    at_home = text_of(page(client, promise))

    assert "Friday 20 November, 15:00 (London time)" in away
    assert "Friday 20 November, 17:00 (Johannesburg time)" not in at_home


def test_at_risk_and_not_told_is_red_and_telling_is_the_one_act(client, thandi, make_promise):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(band="at_risk", chance=0.78, tell_by_at=NOW - HOUR)
    client.force_login(thandi)

    response = page(client, promise)

    assert '<strong class="late">No. Tell-by was Wed 18 Nov, 10:00</strong>' in text_of(response)
    assert response.context["main_act"][0] == "Tell Karoo Linen"
    assert "78% to slip" in text_of(response)


def test_a_conversation_is_told_and_says_how(client, thandi, make_promise, lena):
    promise = make_promise()
    tell(promise, lena, thandi, at=NOW - DAY)
    client.force_login(thandi)

    response = page(client, promise)

    assert '<strong class="good">Yes, yesterday by phone</strong>' in text_of(response)


def test_a_moved_date_keeps_the_first_one_struck_through_with_the_reason(client, thandi, make_promise, lena):
    promise = make_promise()
    extension = extend(promise, thandi)
    actions.answer(extension, agreed=True, answered_at=NOW, by=thandi, now=NOW)
    client.force_login(thandi)

    response = page(client, promise)

    assert "<s><time" in text_of(response)
    assert "The survey came late" in text_of(response)
    assert "Friday 27 November" in text_of(response)


def test_an_open_extension_asks_for_the_answer(client, thandi, make_promise):
    promise = make_promise()
    extension = extend(promise, thandi)
    client.force_login(thandi)

    response = page(client, promise)

    assert reverse("promises:answer", args=[extension.pk]) in text_of(response)
    assert response.context["main_act"][0] == "Record the answer"


def test_what_is_done_and_untold_offers_to_tell(client, thandi, make_promise):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW - HOUR, by=thandi, now=NOW)
    client.force_login(thandi)

    response = page(client, promise)

    assert "Karoo Linen has not been told that it is done." in text_of(response)
    assert "Kept" in text_of(response)
    assert "2 days early" in text_of(response)


def test_a_told_delivery_offers_nothing(client, thandi, make_promise, lena):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW - HOUR, by=thandi, now=NOW)
    tell(promise, lena, thandi, kind=Telling.Kind.DONE, at=NOW)
    client.force_login(thandi)

    response = page(client, promise)

    assert "has not been told that it is done" not in text_of(response)


def test_what_was_withdrawn_offers_to_tell_and_has_no_next_step(client, thandi, make_promise, lena):
    client.force_login(thandi)
    promise = make_promise(next_step="First draft")
    before = text_of(page(client, promise))
    actions.withdraw(promise, reason="Not wanted", agreed_by="Lena", by=thandi, now=NOW)

    after = text_of(page(client, promise))
    letter = client.get(f"/promises/{promise.pk}/tell/").context["form"]["body"].value()

    assert "First draft" in before
    assert "First draft" not in after
    assert f'href="/promises/{promise.pk}/tell/"' in after
    assert "It was taken back, as agreed, on Wednesday 18 November." in letter
    assert "on track" not in letter


def test_logged_by_mistake_is_not_offered_once_they_may_know(client, thandi, make_promise, lena):
    client.force_login(thandi)
    promise = make_promise()
    before = text_of(page(client, promise))
    words = {"client": promise.client, "contact": lena, "subject": "It", "body": "It", "occasion": "one"}
    actions.write_to_client([actions.Said(promise, Telling.Kind.MADE)], by=thandi, now=NOW, **words)

    after = text_of(page(client, promise))

    assert "Logged by mistake" in before
    assert "Logged by mistake" not in after


def test_waiting_stands_on_the_page_until_it_is_over(client, thandi, make_promise):
    promise = make_promise()
    actions.wait_for_client(promise, "the signed survey", date(2026, 11, 19), thandi, NOW)
    client.force_login(thandi)

    before = text_of(page(client, promise))
    actions.stop_waiting(promise, thandi, NOW)
    after = text_of(page(client, promise))

    assert "They have done it" in before
    assert "They have done it" not in after


def test_internal_notes_stand_in_their_own_block(client, thandi, make_promise):
    promise = make_promise(note="Pays late, be careful")
    client.force_login(thandi)

    response = page(client, promise)

    shown = text_of(response)
    assert "Pays late, be careful" in shown
    assert shown.index('class="section notes"') < shown.index("Pays late, be careful")


def test_acts_that_are_not_theirs_are_not_shown(client, sam, make_promise):
    client.force_login(sam)

    response = page(client, make_promise())

    assert response.status_code == 200
    assert "Withdraw it" not in text_of(response)
    assert "Hand it over" not in text_of(response)


@pytest.mark.parametrize("person", ["thandi", "mara", "ada"])
def test_owner_and_managers_see_them(client, request, person, make_promise):
    client.force_login(request.getfixturevalue(person))

    response = page(client, make_promise())

    assert "Withdraw it" in text_of(response)


def test_the_lead_decides_too(make_person, karoo, make_promise):
    lead = make_person("Lindiwe Lead")
    promise = make_promise()
    promise.client.lead = lead

    assert may_decide(lead, promise)
    assert not may_decide(make_person("Nobody Else"), promise)


def test_a_restricted_client_has_no_promises_for_a_stranger(client, sam, secret, make_promise):
    promise = make_promise(client=secret)
    client.force_login(sam)

    response = page(client, promise)

    assert response.status_code == 404


def test_the_stamp_of_a_silent_slip_stands_in_the_timeline(client, thandi, make_promise):
    promise = make_promise(made_at=NOW - 9 * DAY, due_on=date(2026, 11, 17))
    actions.look_at_due(NOW)
    client.force_login(thandi)

    response = page(client, promise)

    assert "The date passed and the client had not been told" in text_of(response)
    assert "No. Silent slip" in text_of(response)


@pytest.mark.parametrize("how_many", [1, 3])
def test_history_costs_no_more_queries(client, thandi, make_promise, lena, how_many, django_assert_num_queries):
    promise = make_promise(steps=["Measure", "Draw", "Print"][:how_many])
    for number in range(how_many):
        tell(promise, lena, thandi, at=NOW - number * HOUR)
        extension = extend(promise, thandi, days=number)
        actions.answer(extension, agreed=False, answered_at=NOW, by=thandi, now=NOW)
        actions.update(promise, standing="on_track", by=thandi, now=NOW, note=f"note {number}")
        RiskReading.objects.create(promise=promise, at=NOW, band="watch", chance=0.4, sentence="x")
    client.force_login(thandi)
    page(client, promise)

    # session, user, promise, tellings, extensions, entries, reminders, readings, firm, heartbeat and oldest message
    # for the line of truth, steps, notes
    with django_assert_num_queries(12):
        page(client, promise)


def test_looking_changes_nothing(client, thandi, make_promise):
    promise = make_promise()
    extension = extend(promise, thandi)
    before = Promise.objects.values().get(pk=promise.pk)
    entries = promise.client.record.count()
    client.force_login(thandi)

    for name in ("detail", "update", "done", "extend", "tell", "withdraw", "void", "reassign", "waiting", "steps"):
        assert client.get(reverse(f"promises:{name}", args=[promise.pk])).status_code == 200

    assert client.get(reverse("promises:tell_client", args=[promise.client_id])).status_code == 200
    assert client.get(reverse("promises:answer", args=[extension.pk])).status_code == 200
    assert client.get(reverse("promises:reopen", args=[promise.pk])).status_code == 302

    assert Promise.objects.values().get(pk=promise.pk) == before
    assert promise.client.record.count() == entries
    assert not Telling.objects.exists()


def tell(promise, contact, by, *, kind=Telling.Kind.MAY_BE_LATE, at=NOW):
    said = [actions.Said(promise, kind)]
    actions.record_conversation(
        said, client=promise.client, contact=contact, channel="call", spoken_at=at, text="So it is.", by=by, now=NOW
    )


def extend(promise, by, days=0):
    on = date(2026, 11, 27) + timedelta(days=days)
    due = Due(on, None, NOW + (9 + days) * DAY)
    words = {"reason": "waiting_others", "reason_text": "The survey came late", "asked_by": "us"}
    return actions.extend(promise, due, by=by, now=NOW, **words)


def test_a_client_of_another_zone_keeps_its_day(client, thandi, firm, make_promise):
    far = make_client(Client(name="Far Away", zone="Pacific/Auckland", lead=thandi), thandi, NOW - DAY)
    client.force_login(thandi)

    response = page(client, make_promise(client=far, due_time=time(9)))

    assert far.zone != ZONE
    assert "by 9am (Auckland time, " in text_of(response)
