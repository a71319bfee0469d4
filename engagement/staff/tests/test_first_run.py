"""The first page of an empty installation."""

import pytest
from django.contrib.auth import SESSION_KEY

from conftest import PASSWORD
from engagement.staff import actions
from engagement.staff.models import Firm, Role, User

pytestmark = pytest.mark.django_db

ANSWERS = {
    "firm_name": "Word & Co",
    "zone": "Africa/Johannesburg",
    "holiday_region": "ZA",
    "hours_0": "08:30-12:30, 13:00-17:00",
    "hours_4": "8-13",
    "name": "Ada Admin",
    "email": "ada@word.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


def test_every_way_leads_to_it_while_nobody_is_here(client):
    response = client.get("/people/", follow=True)

    assert response.redirect_chain[-1][0] == "/start/"
    assert "Set up" in response.content.decode()


def test_it_makes_the_firm_and_signs_its_administrator_in(client):
    response = client.post("/start/", ANSWERS)

    firm, ada = Firm.get(), User.objects.get()
    assert response.status_code == 302
    assert client.session[SESSION_KEY] == str(ada.pk)
    assert (firm.name, firm.zone, firm.holiday_region) == ("Word & Co", "Africa/Johannesburg", "ZA")
    assert firm.hours == [[["08:30", "12:30"], ["13:00", "17:00"]], [], [], [], [["08:00", "13:00"]], [], []]
    assert (ada.role, ada.zone, ada.can_sign_in) == (Role.ADMINISTRATOR, "Africa/Johannesburg", True)


def test_afterwards_it_is_not_there(client, ada):
    assert client.get("/start/").status_code == 404
    assert client.post("/start/", ANSWERS).status_code == 404
    assert Firm.get().name == "Word & Co"
    assert client.get("/sign-in/").status_code == 200


def test_somebody_who_can_sign_in_is_enough(client):
    User.objects.create_superuser("ada@word.example", PASSWORD, name="Ada")

    assert client.get("/start/").status_code == 404


def test_people_who_cannot_sign_in_are_not(client):
    User.objects.create_user("pat@import.invalid", None, name="Pat")

    assert client.get("/start/").status_code == 200


def test_the_slower_of_two_changes_nothing():
    actions.set_up(firm=Firm(name="First"), administrator=User(email="a@a.example"), password=PASSWORD, now=None)

    with pytest.raises(actions.Refused, match="meanwhile"):
        actions.set_up(firm=Firm(name="Second"), administrator=User(email="b@b.example"), password=PASSWORD, now=None)

    assert Firm.get().name == "First"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("firm_name", "", "Enter the name of the firm"),
        ("firm_name", "x" * 101, "100 characters or fewer"),
        ("zone", "", "Choose a time zone"),
        ("zone", "US/Eastern", "“US/Eastern” is not in the list"),
        ("zone", "../../etc", "is not in the list"),
        ("holiday_region", "XX", "“XX” is not in the list"),
        ("hours_0", "late", "Monday: write hours"),
        ("name", "", "Enter your name"),
        ("email", "", "Enter your e-mail"),
        ("email", "ada", "Enter an e-mail address"),
        ("email", "ada@import.invalid", "Enter an address of your own"),
        ("password1", "", "Enter a password"),
        ("password2", "other", "The two passwords differ"),
    ],
)
def test_what_will_not_do_is_said_and_the_rest_kept(client, field, typed, words):
    page = client.post("/start/", ANSWERS | {field: typed})

    assert words in " ".join(" ".join(found) for found in page.context["form"].errors.values())
    assert "<title>Error: Set up" in page.content.decode()
    assert 'value="08:30-12:30, 13:00-17:00"' in page.content.decode() or field == "hours_0"
    assert not Firm.objects.exists()
    assert not User.objects.exists()


def test_a_firm_without_any_working_time_is_refused(client):
    free = {name: "" for name in ANSWERS if name.startswith("hours_")}

    page = client.post("/start/", ANSWERS | free)

    assert "at least one day" in page.context["form"].errors["hours"][0]


def test_it_leads_on_to_the_first_client_and_to_the_people(client):
    client.post("/start/", ANSWERS)

    page = client.get("/board/").content.decode()

    assert '<a href="/clients/new/">your first client</a>' in page
    assert '<a href="/people/">the people you work with</a>' in page
