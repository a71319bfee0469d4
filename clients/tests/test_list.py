import pytest
import time_machine

from clients.actions import archive, make_client, save_contact
from clients.models import Client, Contact
from clients.views import clients as view
from conftest import DAY, NOW, ZONE


@pytest.fixture
def as_mara(client, mara):
    client.force_login(mara)
    return client


@pytest.fixture
def make(thandi):
    def make(name, **fields):
        return make_client(Client(name=name, zone=ZONE, **fields), thandi, NOW)

    return make


def names(response):
    return [client.name for client in response.context["clients"]]


def found(client, **asked):
    return names(client.get("/clients/", asked))


def test_clients_come_by_name_whatever_their_capitals(as_mara, make):
    for name in ["Zebra", "apple", "Banana"]:
        make(name)

    assert found(as_mara) == ["apple", "Banana", "Zebra"]


def test_a_client_shows_its_lead_main_contact_and_what_is_owed(as_mara, karoo, lena):
    Client.objects.update(next_word_at=NOW - DAY, restricted=True)

    with time_machine.travel(NOW, tick=False):
        page = as_mara.get("/clients/").content.decode()

    assert "Thandi Mokoena" in page
    assert "lena@karoo.example" in page
    assert "Tue 17 Nov, 11:00" in page
    assert "Owed already" in page
    assert "Restricted" in page


def test_a_word_that_is_owed_later_is_not_owed_already(as_mara, karoo):
    Client.objects.update(next_word_at=NOW + DAY)

    with time_machine.travel(NOW, tick=False):
        page = as_mara.get("/clients/").content.decode()

    assert "Thu 19 Nov, 11:00" in page
    assert "Owed already" not in page


@pytest.mark.parametrize(
    "words", ["karoo", "KAROO LINEN", "linen karoo", "lena", "lena@karoo", "zoë", "ZOË", "Zoë karoo"]
)
def test_words_find_a_client_by_name_contact_or_address(as_mara, karoo, lena, make, words, thandi):
    make("Acme")
    save_contact(Contact(client=karoo, name="Zoë Ström", email="z@karoo.example"), thandi, NOW)

    assert found(as_mara, words=words) == ["Karoo Linen"]


def test_letters_beyond_a_to_z_are_found_in_capitals_too(as_mara, make):
    make("ÖSTLUND BYRÅ")

    assert found(as_mara, words="östlund") == ["ÖSTLUND BYRÅ"]


@pytest.mark.parametrize("words", ["karoo acme", "%", "_", "ann"])
def test_words_that_are_not_all_there_find_nothing(as_mara, karoo, make, words):
    make("Acme")

    response = as_mara.get("/clients/", {"words": words})

    assert names(response) == []
    assert "No client fits this search." in response.content.decode()


def test_a_contact_who_has_left_finds_nobody(as_mara, karoo, lena):
    Contact.objects.update(left_at=NOW, is_main=False)

    assert found(as_mara, words="lena") == []


def test_mine_are_those_that_i_lead_or_serve(client, thandi, karoo, make):
    make("Acme")
    make("Baobab").members.add(thandi)
    client.force_login(thandi)

    assert found(client, show="mine") == ["Baobab", "Karoo Linen"]


def test_archived_clients_have_a_list_of_their_own(as_mara, karoo, make, mara):
    make("Acme")
    archive(karoo, mara, NOW)

    assert found(as_mara) == ["Acme"]
    assert found(as_mara, show="archived") == ["Karoo Linen"]


def test_a_restricted_client_is_not_even_found_by_a_stranger(client, sam, mara, secret):
    client.force_login(mara)
    assert found(client, words="quiet") == ["Quiet Matter"]

    client.force_login(sam)
    assert found(client, words="quiet") == []


def test_pages_follow_each_other_without_gap_or_repeat(as_mara, make, monkeypatch):
    monkeypatch.setattr(view, "PAGE", 2)
    wanted = ["Acme", "beta", "Charlie & Sons", "delta", "Émile"]
    for name in wanted:
        make(name)

    seen, address = [], "/clients/"
    while address:
        response = as_mara.get(address)
        seen += names(response)
        address = response.context["next"] and "/clients/" + response.context["next"]

    assert seen == wanted


def test_the_next_page_keeps_the_search(as_mara, make, monkeypatch):
    monkeypatch.setattr(view, "PAGE", 1)
    for name in ["Acme one", "Acme two", "Beta"]:
        make(name)

    first = as_mara.get("/clients/", {"words": "acme"})
    second = as_mara.get("/clients/" + first.context["next"])

    assert [names(first), names(second)] == [["Acme one"], ["Acme two"]]
    assert second.context["next"] == ""


@pytest.mark.parametrize("asked", [{"show": "everything"}, {"words": "a\x00b"}, {"words": "x" * 200}])
def test_an_address_that_says_nonsense_is_a_plain_list(as_mara, karoo, asked):
    assert found(as_mara, **asked) == ["Karoo Linen"]


def test_an_empty_firm_says_what_to_do_first(as_mara):
    page = as_mara.get("/clients/").content.decode()

    assert "Add your first client" in page


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_with_more_clients(as_mara, make, thandi, how_many, django_assert_num_queries):
    for number in range(how_many):
        client = make(f"Client {number}", lead=thandi)
        save_contact(Contact(client=client, name="Anna", email="anna@example.com"), thandi, NOW)

    # session, user, clients with their leads, main contacts, firm, heartbeat, oldest unsent
    with django_assert_num_queries(6):
        response = as_mara.get("/clients/")

    assert len(names(response)) == how_many
