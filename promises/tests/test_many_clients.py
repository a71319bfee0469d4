"""Where there are too many clients for a list, one is named by typing; nobody is chosen silently."""

import re

import pytest
from django.core.exceptions import ValidationError

from clients import choices
from clients.actions import make_client
from clients.models import Client
from conftest import DAY, NOW, ZONE
from promises.models import Promise

NEW = "/promises/new/"


@pytest.fixture(autouse=True)
def at_noon(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def office(client, thandi, karoo, monkeypatch):
    monkeypatch.setattr(choices, "MOST_LISTED", 2)
    for name in ("Karoo Lamps", "Acme Ltd"):
        make_client(Client(name=name, zone=ZONE), thandi, NOW - 20 * DAY)
    client.force_login(thandi)
    return client


def sent(name):
    return {"what": "Draft brief", "client": name, "due_on": "27 November", "owner": ""}


@pytest.mark.parametrize("address", [NEW, "/promises/"])
def test_no_page_names_them_all(office, address):
    page = office.get(address).content.decode()

    assert "Karoo Lamps" not in page
    assert re.search(r'<input[^>]* name="client"[^>]* type="search"', page)


@pytest.mark.parametrize("typed", ["Karoo Linen", "  karoo   LINEN "])
def test_a_promise_is_made_to_whoever_is_named_in_full(office, karoo, thandi, typed):
    office.post(NEW, {**sent(typed), "owner": thandi.pk})

    assert Promise.objects.get().client == karoo


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Acme", "No client is called “Acme”, but: Acme Ltd. Type the name in full"),
        ("Karoo", "No client is called “Karoo”, but: Karoo Lamps, Karoo Linen. Type the name in full"),
        ("Nobody", "No client is called “Nobody”. Check the name, or type a part of it"),
        ("999999", "Choose a client"),
        ("", "Choose a client"),
    ],
)
def test_a_part_of_a_name_makes_no_promise(office, thandi, typed, said):
    page = office.post(NEW, {**sent(typed), "owner": thandi.pk}).content.decode()

    assert said in page
    assert not Promise.objects.exists()


def test_what_we_know_of_a_client_is_shown_for_the_name_that_was_typed(office, lena):
    page = office.post(NEW, {**sent("Karoo Linen"), "with_client": "yes"}).content.decode()

    assert "Lena Karoo" in page


def test_the_list_is_filtered_by_a_part_of_a_name(office, make_promise):
    make_promise("Shop drawings")

    shown = office.get("/promises/", {"client": "linen"})

    assert [row.promise.what for row in shown.context["rows"]] == ["Shop drawings"]
    assert "Karoo Linen" in {one.value for one in shown.context["filters"]}


def test_a_client_one_may_not_see_cannot_be_named(office, client, sam, secret):
    client.force_login(sam)

    page = client.post(NEW, {**sent("Quiet Matter"), "owner": sam.pk}).content.decode()

    assert "No client is called “Quiet Matter”. Check the name" in page
    assert not Promise.objects.exists()


@pytest.mark.parametrize("address", [NEW, "/promises/"])
@pytest.mark.parametrize("most", [2, 100])
def test_a_nul_is_in_nobodys_name_and_breaks_no_page(office, monkeypatch, address, most):
    monkeypatch.setattr(choices, "MOST_LISTED", most)

    assert office.get(address, {"client": "\0"}).status_code == 200
    assert office.get(address, {"client": "Karoo\0Linen"}).status_code == 200


@pytest.mark.parametrize("in_full", [True, False])
def test_a_name_with_a_nul_is_a_name_that_nobody_has(office, in_full):
    field = choices.ClientField("", empty_label="", in_full=in_full)
    field.offer(Client.objects.all())

    with pytest.raises(ValidationError, match="No client is called"):
        field.clean("Karoo\0Linen")


@pytest.fixture
def called_by_a_number(office, karoo, thandi):
    """Its name is the number of another client."""
    return make_client(Client(name=str(karoo.pk), zone=ZONE), thandi, NOW - 20 * DAY)


def test_a_typed_name_stands_before_the_number_of_another(office, called_by_a_number, thandi):
    office.post(NEW, {**sent(called_by_a_number.name), "owner": thandi.pk})

    assert Promise.objects.get().client == called_by_a_number


def test_a_typed_name_that_is_a_number_stays_in_the_box(office, called_by_a_number, thandi):
    page = office.post(NEW, {**sent(called_by_a_number.name), "what": "", "owner": thandi.pk}).content.decode()

    assert re.search(rf'<input[^>]* name="client"[^>]* value="{called_by_a_number.name}"', page)


def test_a_link_and_a_button_mean_the_number(office, called_by_a_number, karoo, thandi):
    page = office.get(NEW, {"client": karoo.pk}).content.decode()
    office.post(NEW, {**sent("karoo"), "choose_client": karoo.pk, "owner": thandi.pk})

    assert re.search(r'<input[^>]* name="client"[^>]* value="Karoo Linen"', page)
    assert Promise.objects.get().client == karoo
