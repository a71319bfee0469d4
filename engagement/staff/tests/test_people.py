"""The list of people, and what an administrator changes about one of them."""

import pytest
from django.test import Client

from conftest import NOW
from engagement.staff import actions
from engagement.staff.models import Role, User, WorkingWeek

# The session, who it is, the firm, and the truth about reminders (heartbeat and oldest unsent message).
BASE = 4


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return lambda address="/people/": client.get(address).content.decode()


def answers(person, **changes):
    manager = person.manager_id or ""
    kept = {"name": person.name, "email": person.email, "title": person.title, "role": person.role, "manager": manager}
    return kept | changes


def test_the_list_says_who_can_sign_in_and_whose_week_it_is(page, thandi, mara):
    WorkingWeek.objects.create(user=thandi, valid_from="2026-01-01")

    words = page("/people/?q=thandi")

    assert [word for word in ("Thandi Mokoena", "Mara Botha", "Can sign in", "Their own") if word not in words] == []
    assert "Ada Admin</a>" not in words


def test_whoever_left_stands_on_a_list_of_their_own(page, thandi):
    User.objects.filter(pk=thandi.pk).update(is_active=False)

    assert "Thandi Mokoena" not in page()
    assert "Thandi Mokoena" in page("/people/?left=on")


def test_a_search_without_a_hit_offers_the_way_back(page):
    assert "Nobody's name or e-mail holds “zzz”" in page("/people/?q=zzz")


def test_long_lists_come_in_pages_and_miss_nobody(page, make_person, monkeypatch):
    monkeypatch.setattr("engagement.staff.views.people.PAGE", 2)
    twins = [make_person("Same Name", email=f"same{number}@word.example") for number in range(3)]

    first = page("/people/?q=same")
    second = page(f"/people/?q=same&after={twins[1].pk}")

    assert f"/people/{twins[1].pk}/" in first
    assert f"after={twins[1].pk}" in first
    assert f"/people/{twins[2].pk}/" not in first
    assert f"/people/{twins[2].pk}/" in second


@pytest.mark.parametrize("asked", ["after=x", "after=-1", "after=99999999999999999999999", "left=%00", "q=%00"])
def test_an_address_that_makes_no_sense_shows_the_list(client, ada, asked):
    client.force_login(ada)

    assert client.get(f"/people/?{asked}").status_code == 200


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(
    client, ada, mara, make_person, django_assert_num_queries, how_many
):
    for number in range(how_many):
        make_person(f"Person {number}", email=f"p{number}@word.example", manager=mara)
    client.force_login(ada)

    with django_assert_num_queries(BASE + 1):  # and the people
        client.get("/people/")


def test_name_title_role_and_manager_are_changed(client, ada, thandi, mara, sam):
    client.force_login(ada)

    client.post(f"/people/{sam.pk}/", answers(sam, title="Clerk", role="manager", manager=mara.pk))

    sam.refresh_from_db()
    assert (sam.title, sam.role, sam.manager) == ("Clerk", Role.MANAGER, mara)


def test_only_managers_are_offered_as_managers(client, ada, sam, thandi, mara):
    client.force_login(ada)

    refused = client.post(f"/people/{sam.pk}/", answers(sam, manager=thandi.pk))

    assert refused.context["form"].errors["manager"] == ["Choose one from the list"]


def test_nobody_is_their_own_manager(client, ada, mara):
    client.force_login(ada)

    refused = client.post(f"/people/{mara.pk}/", answers(mara, manager=mara.pk))

    assert refused.context["form"].errors["manager"] == ["Choose one from the list"]


def test_a_changed_role_signs_them_out(client, ada, sam):
    theirs = Client()
    theirs.force_login(sam)
    client.force_login(ada)

    client.post(f"/people/{sam.pk}/", answers(sam, role="manager"))

    assert theirs.get("/me/").status_code == 302


def test_the_last_administrator_cannot_be_demoted(client, ada):
    client.force_login(ada)

    page = client.post(f"/people/{ada.pk}/", answers(ada, role="staff"))

    ada.refresh_from_db()
    assert "This is the last administrator" in page.context["form"].errors["__all__"][0]
    assert ada.is_administrator


def test_one_of_two_can(client, ada, make_person):
    make_person("Bo Admin", Role.ADMINISTRATOR)
    client.force_login(ada)

    client.post(f"/people/{ada.pk}/", answers(ada, role="staff"))

    ada.refresh_from_db()
    assert ada.role == Role.STAFF


@pytest.mark.parametrize("why", ["left", "never joined"])
def test_an_administrator_who_cannot_sign_in_does_not_count(client, ada, make_person, why):
    bo = make_person("Bo Admin", Role.ADMINISTRATOR, is_active=why != "left")
    if why == "never joined":
        bo.set_unusable_password()
        bo.save()
    client.force_login(ada)

    client.post(f"/people/{ada.pk}/", answers(ada, role="staff"))

    ada.refresh_from_db()
    assert ada.is_administrator


def test_an_administrator_cannot_shut_themselves_out(client, ada, make_person):
    make_person("Bo Admin", Role.ADMINISTRATOR)
    client.force_login(ada)

    page = client.post(f"/people/{ada.pk}/left/", follow=True)

    ada.refresh_from_db()
    assert "You cannot shut yourself out" in page.content.decode()
    assert ada.is_active


def test_the_last_administrator_cannot_be_let_go(ada, make_person):
    bo = make_person("Bo Admin", Role.ADMINISTRATOR)
    actions.leave(ada, by=bo, now=NOW)

    with pytest.raises(actions.Refused, match="last administrator"):
        actions.leave(bo, by=ada, now=NOW)

    bo.refresh_from_db()
    assert bo.is_active


def test_somebody_leaves_and_comes_back(client, ada, sam):
    client.force_login(ada)
    theirs = Client()
    theirs.force_login(sam)

    client.post(f"/people/{sam.pk}/left/")
    sam.refresh_from_db()
    assert not sam.is_active
    assert theirs.get("/me/").status_code == 302

    client.post(f"/people/{sam.pk}/back/")
    sam.refresh_from_db()
    assert sam.can_sign_in


def test_two_who_take_one_address_together_are_told_so(ada, sam, thandi):
    sam.email = "Thandi@word.example"

    with pytest.raises(actions.Refused, match="here already"):
        actions.change_person(sam, by=sam, now=None)


def test_saving_a_person_leaves_the_password_alone(client, ada, sam):
    client.force_login(ada)
    stale = User.objects.get(pk=sam.pk)
    sam.set_password("changed meanwhile")
    sam.save()

    stale.title = "Clerk"
    actions.change_person(stale, by=stale, now=NOW)

    sam.refresh_from_db()
    assert sam.check_password("changed meanwhile")


def test_a_stranger_id_is_not_there(client, ada):
    client.force_login(ada)

    assert client.get("/people/999999/").status_code == 404
