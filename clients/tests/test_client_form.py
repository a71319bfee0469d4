import pytest
import time_machine
from django.contrib.messages import get_messages

from clients.models import Client, Entry
from conftest import NOW, ZONE

TYPED = {"name": "Acme", "zone": ZONE, "language": "en", "word_on": "", "word_every_days": ""}


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_a_new_client_begins_with_the_firms_zone_and_its_maker_as_lead(as_thandi, thandi):
    form = as_thandi.get("/clients/new/").context["form"]

    assert (form["zone"].value(), form["lead"].value()) == (ZONE, thandi.pk)


def test_a_client_is_made_with_all_that_was_typed(as_thandi, thandi, sam):
    response = as_thandi.post(
        "/clients/new/",
        TYPED
        | {
            "lead": thandi.pk,
            "members": [sam.pk],
            "restricted": "on",
            "zone": "europe/london",
            "language": "nl",
            "word_on": "4",
            "hours_0": "9-17",
            "about": "Came by Baobab.",
        },
    )

    made = Client.objects.get()
    assert response.url == f"/clients/{made.pk}/contacts/new/"
    assert (made.name, made.lead, made.zone, made.language, made.word_on) == ("Acme", thandi, "Europe/London", "nl", 4)
    assert made.restricted
    assert made.hours == [[["09:00", "17:00"]], [], [], [], [], [], []]
    assert list(made.members.all()) == [sam]
    assert made.made_at == NOW
    assert made.next_word_at is not None
    assert Entry.objects.filter(client=made, kind="client_made", by=thandi).exists()


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"name": ""}, "name", "Enter the client's name"),
        ({"name": "x" * 121}, "name", "Name must be 120 characters or fewer"),
        ({"name": "KAROO linen"}, "name", "There is a client of this name already: enter another name"),
        (
            {"zone": "Gondwana"},
            "zone",
            "“Gondwana” is not a known time zone: enter a place, for example Africa/Johannesburg",
        ),
        ({"zone": ""}, "zone", "Enter a time zone, for example Africa/Johannesburg"),
        (
            {"word_on": "4", "word_every_days": "7"},
            "word_every_days",
            "Choose a weekday or a number of days, not both",
        ),
        ({"word_every_days": "0"}, "word_every_days", "Enter a number of days from 1 to 365"),
        ({"word_every_days": "400"}, "word_every_days", "Enter a number of days from 1 to 365"),
        ({"word_every_days": "often"}, "word_every_days", "Enter a number of days from 1 to 365"),
        (
            {"hours_2": "all day"},
            "hours",
            "Wednesday: write hours like 08:30-12:30, 13:00-17:00, or leave it empty for a free day",
        ),
        (
            {"restricted": "on", "lead": ""},
            "members",
            "Tick yourself, or be the lead: you would not see this client any more",
        ),
        ({"lead": "999"}, "lead", "Choose one from the list"),
        ({"members": ["999"]}, "members", "Choose one from the list"),
        ({"language": "xx"}, "language", "Choose one from the list"),
        ({"word_on": "9"}, "word_on", "Choose one from the list"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_what_was_typed(as_thandi, karoo, typed, field, error):
    response = as_thandi.post("/clients/new/", TYPED | {"about": "A long story"} | typed)

    page = response.content.decode()
    assert response.status_code == 200
    assert response.context["form"].errors == {field: [error]}
    assert "There is a problem" in page
    assert "<title>Error: New client" in page
    assert "A long story" in page
    assert Client.objects.count() == 1


def test_an_edit_is_saved_and_recorded(as_thandi, karoo, thandi, sam):
    as_thandi.post(
        f"/clients/{karoo.pk}/edit/",
        TYPED | {"name": "Karoo Linen & Co", "lead": thandi.pk, "members": [sam.pk], "word_every_days": "14"},
    )

    karoo.refresh_from_db()
    assert (karoo.name, karoo.word_every_days, list(karoo.members.all())) == ("Karoo Linen & Co", 14, [sam])
    assert karoo.next_word_at is not None
    changed = Entry.objects.get(client=karoo, kind="client_changed")
    assert changed.data == {
        "name": ["Karoo Linen", "Karoo Linen & Co"],
        "word_every_days": [None, 14],
        "members": [[], [sam.pk]],
    }


def test_an_edit_that_changes_nothing_writes_no_history(as_thandi, karoo, thandi):
    as_thandi.post(f"/clients/{karoo.pk}/edit/", TYPED | {"name": "Karoo Linen", "lead": thandi.pk})

    assert not Entry.objects.filter(kind="client_changed").exists()


def test_a_failed_edit_still_calls_the_client_by_its_name(as_thandi, karoo):
    response = as_thandi.post(f"/clients/{karoo.pk}/edit/", TYPED | {"name": ""})

    assert "Edit Karoo Linen" in response.content.decode()


def test_only_the_lead_and_managers_say_who_sees_a_client(client, sam, karoo, thandi):
    client.force_login(sam)

    client.post(
        f"/clients/{karoo.pk}/edit/", TYPED | {"name": "Karoo", "lead": sam.pk, "members": [sam.pk], "restricted": "on"}
    )

    karoo.refresh_from_db()
    assert karoo.name == "Karoo"
    assert (karoo.lead, karoo.restricted, karoo.members.count()) == (thandi, False, 0)


def test_a_manager_may_restrict_a_client_to_others(client, mara, karoo, thandi):
    client.force_login(mara)

    client.post(f"/clients/{karoo.pk}/edit/", TYPED | {"lead": thandi.pk, "restricted": "on"})

    karoo.refresh_from_db()
    assert karoo.restricted


def test_a_lead_cannot_shut_themselves_out(as_thandi, karoo, sam):
    response = as_thandi.post(f"/clients/{karoo.pk}/edit/", TYPED | {"lead": sam.pk, "restricted": "on"})

    karoo.refresh_from_db()
    assert list(response.context["form"].errors) == ["members"]
    assert not karoo.restricted


def test_a_lead_who_no_longer_works_here_can_be_kept(as_thandi, karoo, thandi, sam):
    Client.objects.update(lead=sam)
    sam.is_active = False
    sam.save()
    thandi.role = "manager"
    thandi.save()
    as_thandi.force_login(thandi)

    as_thandi.post(f"/clients/{karoo.pk}/edit/", TYPED | {"name": "Karoo", "lead": sam.pk})

    karoo.refresh_from_db()
    assert (karoo.name, karoo.lead) == ("Karoo", sam)


def test_archiving_can_be_taken_back(as_thandi, karoo, thandi):
    as_thandi.post(f"/clients/{karoo.pk}/archive/")
    karoo.refresh_from_db()
    assert karoo.archived_at == NOW

    as_thandi.post(f"/clients/{karoo.pk}/unarchive/")
    karoo.refresh_from_db()
    assert karoo.archived_at is None
    assert list(Entry.objects.filter(by=thandi).values_list("kind", flat=True)) == [
        "client_made",
        "client_archived",
        "client_unarchived",
    ]


def test_archiving_twice_is_recorded_once(as_thandi, karoo):
    as_thandi.post(f"/clients/{karoo.pk}/archive/")
    as_thandi.post(f"/clients/{karoo.pk}/archive/")

    assert Entry.objects.filter(kind="client_archived").count() == 1


def test_a_name_cannot_turn_our_sentences_round(as_thandi, thandi):
    name = "Kar\u202eoo\u2066 \u200fLin\u2069en"

    as_thandi.post("/clients/new/", TYPED | {"name": name, "lead": thandi.pk, "members": [thandi.pk]})

    assert Client.objects.get().name == "Karoo Linen"
