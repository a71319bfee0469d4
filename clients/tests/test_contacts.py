import pytest
import time_machine
from django.db import IntegrityError, transaction

from clients.actions import make_link, mark_back, mark_left, save_contact
from clients.models import Contact, Entry, PrivateLink
from conftest import DAY, NOW

TYPED = {"name": "Naledi Dube", "email": "naledi@karoo.example", "channel": "email"}


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def make_contact(karoo, thandi):
    def make(name, **fields):
        contact = Contact(client=karoo, name=name, email=f"{name.lower()}@karoo.example", **fields)
        save_contact(contact, thandi, NOW)
        return contact

    return make


def main_of(client):
    return list(client.contacts.filter(is_main=True, left_at=None).values_list("name", flat=True))


def test_the_first_contact_is_the_main_one(karoo, make_contact):
    make_contact("Anna")
    make_contact("Ben")

    assert main_of(karoo) == ["Anna"]


def test_a_new_main_contact_takes_over(karoo, make_contact):
    make_contact("Anna")
    make_contact("Ben", is_main=True)

    assert main_of(karoo) == ["Ben"]


def test_the_only_contact_stays_the_main_one(karoo, make_contact, thandi):
    anna = make_contact("Anna")
    anna.is_main = False

    save_contact(anna, thandi, NOW)

    assert main_of(karoo) == ["Anna"]


def test_when_the_main_contact_leaves_the_next_becomes_it(karoo, make_contact, thandi):
    anna = make_contact("Anna")
    make_contact("Ben")

    assert mark_left(anna, thandi, NOW)

    assert main_of(karoo) == ["Ben"]


def test_when_another_leaves_the_main_contact_stays(karoo, make_contact, thandi):
    make_contact("Anna")
    ben = make_contact("Ben")

    mark_left(ben, thandi, NOW)

    assert main_of(karoo) == ["Anna"]


def test_whoever_comes_back_to_an_empty_client_is_the_main_contact(karoo, make_contact, thandi):
    anna = make_contact("Anna")
    mark_left(anna, thandi, NOW)
    assert main_of(karoo) == []

    assert mark_back(anna, thandi, NOW)

    assert main_of(karoo) == ["Anna"]


def test_leaving_closes_their_links_and_nobody_elses(karoo, make_contact, thandi):
    anna, ben = make_contact("Anna"), make_contact("Ben")
    hers, his = (make_link(karoo, thandi, NOW - DAY, contact=contact) for contact in (anna, ben))

    mark_left(anna, thandi, NOW)

    assert list(PrivateLink.objects.open(NOW)) == [his]
    hers.refresh_from_db()
    assert (hers.revoked_at, hers.revoked_by) == (NOW, thandi)


def test_leaving_twice_is_recorded_once(make_contact, thandi):
    anna = make_contact("Anna")

    assert [mark_left(anna, thandi, NOW), mark_left(anna, thandi, NOW)] == [True, False]
    assert [mark_back(anna, thandi, NOW), mark_back(anna, thandi, NOW)] == [True, False]
    kinds = list(Entry.objects.filter(kind__in=["contact_left", "contact_back"]).values_list("kind", flat=True))
    assert kinds == ["contact_left", "contact_back"]


def test_the_database_refuses_two_main_contacts(karoo, make_contact):
    make_contact("Anna")

    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(client=karoo, name="Ben", is_main=True)


def test_a_new_address_starts_afresh(make_contact, thandi):
    anna = make_contact("Anna", bounced_at=NOW)
    anna.phone = "021 555 0100"
    save_contact(anna, thandi, NOW)
    assert Contact.objects.get().bounced_at == NOW

    anna.email = "anna@new.example"
    save_contact(anna, thandi, NOW)

    assert Contact.objects.get().bounced_at is None


def test_a_contact_is_added_with_all_that_was_typed(as_thandi, karoo):
    response = as_thandi.post(
        f"/clients/{karoo.pk}/contacts/new/",
        TYPED
        | {
            "role": "Director",
            "phone": "021 555 0100",
            "channel": "whatsapp",
            "good_from": "9am",
            "good_until": "half past four",
            "zone": "London",
            "language": "af",
            "manner": "Call first.",
        },
    )

    made = Contact.objects.get()
    assert response.url == karoo.get_absolute_url()
    assert (made.role, made.channel, made.zone, made.language, made.manner) == (
        "Director",
        "whatsapp",
        "Europe/London",
        "af",
        "Call first.",
    )
    assert (made.good_from.isoformat(), made.good_until.isoformat()) == ("09:00:00", "16:30:00")
    assert made.is_main


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"name": ""}, "name", "Enter the contact's name"),
        ({"email": "naledi"}, "email", "Enter an e-mail address, for example ana@firm.example"),
        ({"email": ""}, "email", "Enter an e-mail address, or choose another way to reach them"),
        ({"channel": "call"}, "phone", "Enter a phone number, or choose another way to reach them"),
        ({"channel": "sms"}, "phone", "Enter a phone number, or choose another way to reach them"),
        ({"channel": "pigeon"}, "channel", "Choose one from the list"),
        ({"good_from": "9am"}, "good_until", "Enter both good hours, or neither"),
        ({"good_until": "9am"}, "good_until", "Enter both good hours, or neither"),
        ({"good_from": "5pm", "good_until": "9am"}, "good_until", "Good hours must end after they begin"),
        ({"good_from": "9am", "good_until": "9am"}, "good_until", "Good hours must end after they begin"),
        ({"good_from": "teatime", "good_until": "5pm"}, "good_from", "Enter a time, for example 5pm or 17:00"),
        (
            {"zone": "Gondwana"},
            "zone",
            "“Gondwana” is not a known time zone: enter a place, for example Africa/Johannesburg",
        ),
        ({"language": "xx"}, "language", "Choose one from the list"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_what_was_typed(as_thandi, karoo, typed, field, error):
    response = as_thandi.post(f"/clients/{karoo.pk}/contacts/new/", TYPED | {"manner": "Call first."} | typed)

    page = response.content.decode()
    assert response.status_code == 200
    assert response.context["form"].errors == {field: [error]}
    assert "There is a problem" in page
    assert "<title>Error: New contact" in page
    assert "Call first." in page
    assert not Contact.objects.exists()


def test_the_main_contact_cannot_be_unticked(as_thandi, karoo, lena):
    as_thandi.post(f"/contacts/{lena.pk}/", TYPED | {"name": "Lena"})

    assert main_of(karoo) == ["Lena"]


def test_leaving_is_asked_once_before_it_is_done(as_thandi, lena):
    asked = as_thandi.post(f"/contacts/{lena.pk}/left/")
    lena.refresh_from_db()
    assert "private links stop opening at once" in asked.content.decode()
    assert lena.left_at is None

    as_thandi.post(f"/contacts/{lena.pk}/left/", {"confirmed": "yes"})

    lena.refresh_from_db()
    assert lena.left_at == NOW


def test_whoever_has_left_can_come_back(as_thandi, lena, thandi):
    mark_left(lena, thandi, NOW)
    assert "Works there again" in as_thandi.get(f"/contacts/{lena.pk}/").content.decode()

    as_thandi.post(f"/contacts/{lena.pk}/back/")

    lena.refresh_from_db()
    assert lena.left_at is None


def test_a_bounced_address_is_pointed_out(as_thandi, lena):
    Contact.objects.update(bounced_at=NOW)

    assert "Mail to this address came back." in as_thandi.get(f"/contacts/{lena.pk}/").content.decode()


def test_whoever_changes_a_contact_as_they_leave_brings_nobody_back(lena, thandi):
    as_read_before = Contact.objects.get(pk=lena.pk)
    mark_left(lena, thandi, NOW)

    as_read_before.phone = "021 555 0199"
    save_contact(as_read_before, thandi, NOW)

    lena.refresh_from_db()
    assert (lena.left_at, lena.is_main, lena.phone) == (NOW, False, "021 555 0199")
