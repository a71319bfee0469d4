"""A promise is put in other words; its date is none of them."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client, Contact, Scope
from conftest import DAY, NOW, ZONE
from promises import actions
from promises.models import Promise


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(client, thandi):
    client.force_login(thandi)
    return client


@pytest.fixture
def promise(make_promise, lena):
    return make_promise("Shop drawings", contact=lena, client_words="By Friday", next_step="We measure")


def address(promise):
    return f"/promises/{promise.pk}/edit/"


def page_of(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_words_stand_there_to_be_changed(office, promise, lena):
    page = page_of(office.get(address(promise)))

    assert 'value="Shop drawings"' in page
    assert "By Friday" in page
    assert f'<option value="{lena.pk}" selected>Lena Karoo' in page


def test_new_words_are_kept_and_the_old_ones_stay_in_the_record(office, promise, karoo):
    sent = {"what": "Shop fittings", "contact": "", "estimate_hours": "3h", "client_words": "By Monday"}

    response = office.post(address(promise), sent)

    assert response.headers["Location"] == promise.get_absolute_url()
    promise.refresh_from_db()
    assert (promise.what, promise.contact, promise.client_words, promise.next_step) == (
        "Shop fittings",
        None,
        "By Monday",
        "",
    )
    assert promise.estimate_hours == 3
    assert karoo.record.get(kind="reworded").data["what"] == ["Shop drawings", "Shop fittings"]


def test_the_same_words_change_nothing(office, promise, karoo, lena):
    sent = {"what": "Shop drawings", "contact": lena.pk, "client_words": "By Friday", "next_step": "We measure"}

    office.post(address(promise), sent)

    assert not karoo.record.filter(kind="reworded").exists()


def test_a_date_that_is_sent_along_is_not_heard(office, promise, lena):
    office.post(address(promise), {"what": "Other", "due_on": "2026-12-24", "due_at": "2026-12-24T10:00"})

    promise.refresh_from_db()
    assert (promise.what, promise.due_on) == ("Other", date(2026, 11, 20))


def test_the_page_says_how_a_date_moves(office, promise):
    page = page_of(office.get(address(promise)))

    assert 'name="due_on"' not in page
    assert f'href="/promises/{promise.pk}/extend/"' in page


@pytest.mark.parametrize(
    ("wrong", "field", "problem"),
    [
        ({"what": ""}, "what", "Enter what you promised"),
        ({"what": "x" * 301}, "what", "What we promised must be 300 characters or fewer"),
        ({"estimate_hours": "ages"}, "estimate_hours", "Enter hours, for example 3h, 90 min or 1.5"),
        ({"contact": "999999"}, "contact", "Choose a contact of this client"),
        ({"scope": "x"}, "scope", "Choose a scope of this client"),
        ({"next_step": "x" * 301}, "next_step", "What happens next must be 300 characters or fewer"),
        ({"our_understanding": "x" * 5001}, "our_understanding", "How we understood them must be 5000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(office, promise, wrong, field, problem):
    typed = {"what": "Other", "client_words": "Typed in full", **wrong}

    page = page_of(office.post(address(promise), typed))

    assert "<title>Error: " in page
    assert f'href="#id_{field}"' in page
    assert page.count(problem) == 2
    assert "Typed in full" in page
    promise.refresh_from_db()
    assert promise.what == "Shop drawings"


@pytest.mark.parametrize("field", ["contact", "scope"])
def test_what_belongs_to_another_client_is_answered_like_what_is_not_there(office, promise, field):
    other = Client.objects.create(name="Other", zone=ZONE, made_at=NOW)
    theirs = {
        "contact": Contact.objects.create(client=other, name="Otto"),
        "scope": Scope.objects.create(client=other, number="2026-099", title="Else", made_at=NOW),
    }[field]

    page = page_of(office.post(address(promise), {"what": "Other", field: theirs.pk}))

    assert f"Choose a {field} of this client" in page


def test_a_contact_who_has_left_stays_until_another_is_chosen(office, promise, lena):
    Contact.objects.update(left_at=NOW)

    assert "Lena Karoo" in page_of(office.get(address(promise)))


def test_a_promise_that_has_ended_keeps_its_words(office, promise, thandi):
    actions.deliver(promise, delivered_at=NOW - DAY, by=thandi, now=NOW - DAY)

    page = page_of(office.post(address(promise), {"what": "Other"}))

    assert "This promise has ended, so its words stay as they are." in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    assert Promise.objects.get().what == "Shop drawings"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_cannot_tell_that_it_exists(client, sam, make_promise, secret, method):
    client.force_login(sam)

    response = getattr(client, method)(address(make_promise(client=secret)), {"what": "Other"})

    assert response.status_code == 404
    assert response.content == getattr(client, method)("/promises/999999/edit/").content


def test_the_page_costs_the_same_however_many_contacts_there_are(office, promise, karoo):
    def cost(numbers):
        for number in numbers:
            Contact.objects.create(client=karoo, name=f"Contact {number}")
        with CaptureQueriesContext(connection) as asked:
            office.get(address(promise))
        return len(asked)

    one = cost([1])

    # session and person; what every page says of the firm; the promise; contacts and scopes
    assert cost([2, 3]) == one <= 9
