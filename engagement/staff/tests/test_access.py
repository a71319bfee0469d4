"""Who may open which address of this room. A new address fails here until somebody says who may."""

from datetime import date

import pytest
from django.urls import reverse

from conftest import NOW
from engagement.staff import urls
from engagement.staff.models import Absence, FirmLogo, Role, WorkingWeek

EVERYBODY = {"anonymous", "staff", "manager", "administrator"}
SIGNED_IN = EVERYBODY - {"anonymous"}
MANAGERS = {"manager", "administrator"}
ADMINISTRATORS = {"administrator"}
# Whose row it is, and administrators; for others it is not there.
THE_OWNER = {"owner", "administrator"}

# name: (who may look, who may send; None: the method is not taken)
TABLE = {
    "sign_in": (EVERYBODY, EVERYBODY),
    # Without half a sign-in there is nothing to see: whoever comes is led to where they belong.
    "sign_in_code": (EVERYBODY, EVERYBODY),
    "sign_in_recovery": (EVERYBODY, EVERYBODY),
    "sign_in_set_up": (EVERYBODY, EVERYBODY),
    "sign_out": (None, SIGNED_IN),
    "password_reset": (EVERYBODY, EVERYBODY),
    "password_reset_sent": (EVERYBODY, None),
    "password_done": (EVERYBODY, None),
    "set_password": (EVERYBODY, EVERYBODY),
    "join": (EVERYBODY, EVERYBODY),
    "first_run": (set(), set()),
    "profile": (SIGNED_IN, SIGNED_IN),
    "change_password": (SIGNED_IN, SIGNED_IN),
    "second_step": (SIGNED_IN, None),
    "second_step_set_up": (SIGNED_IN, SIGNED_IN),
    "second_step_codes": (SIGNED_IN, SIGNED_IN),
    "second_step_off": (SIGNED_IN, SIGNED_IN),
    "devices": (SIGNED_IN, SIGNED_IN),
    "week_new": (SIGNED_IN, SIGNED_IN),
    "absence_new": (SIGNED_IN, SIGNED_IN),
    "week": (THE_OWNER, THE_OWNER),
    "week_remove": (THE_OWNER, THE_OWNER),
    "absence": (THE_OWNER, THE_OWNER),
    "absence_remove": (THE_OWNER, THE_OWNER),
    "people": (ADMINISTRATORS, None),
    "person_new": (ADMINISTRATORS, ADMINISTRATORS),
    "person": (ADMINISTRATORS, ADMINISTRATORS),
    "person_invite": (None, ADMINISTRATORS),
    "person_left": (None, ADMINISTRATORS),
    "person_back": (None, ADMINISTRATORS),
    "person_second_step": (ADMINISTRATORS, ADMINISTRATORS),
    "person_sign_out": (None, ADMINISTRATORS),
    "person_week_new": (ADMINISTRATORS, ADMINISTRATORS),
    "person_absence_new": (ADMINISTRATORS, ADMINISTRATORS),
    "firm": (MANAGERS, MANAGERS),
    "firm_logo": (ADMINISTRATORS, ADMINISTRATORS),
    "firm_logo_remove": (None, ADMINISTRATORS),
}
WHO = ["anonymous", "staff", "owner", "manager", "administrator"]


@pytest.fixture
def people(thandi, sam, mara, ada):
    return {"anonymous": None, "staff": sam, "owner": thandi, "manager": mara, "administrator": ada}


def address(name, thandi):
    if name in ("set_password", "join"):
        return reverse(f"staff:{name}", args=["MQ", "made-up"])
    if name in ("week", "week_remove"):
        rows = WorkingWeek.objects.get_or_create(user=thandi, valid_from=date(2026, 1, 1))
        return reverse(f"staff:{name}", args=[rows[0].pk])
    if name in ("absence", "absence_remove"):
        rows = Absence.objects.get_or_create(user=thandi, first_day=date(2026, 1, 1), last_day=date(2026, 1, 1))
        return reverse(f"staff:{name}", args=[rows[0].pk])
    if name == "firm_logo":
        FirmLogo.objects.get_or_create(firm_id=1, defaults={"width": 1, "height": 1, "changed_at": NOW})
    if name == "person" or (name.startswith("person_") and name != "person_new"):
        return reverse(f"staff:{name}", args=[thandi.pk])
    return reverse(f"staff:{name}")


def is_let_in(allowed, who):
    # Thandi is staff too, wherever it is not about her own rows.
    return who in allowed or (who == "owner" and "staff" in allowed)


def test_every_address_is_listed_here():
    assert {url.name for url in urls.urlpatterns} == set(TABLE)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", TABLE)
def test_looking(client, people, thandi, name, who):
    allowed = TABLE[name][0]
    if people[who]:
        client.force_login(people[who])

    response = client.get(address(name, thandi))

    check(response, name, who, allowed)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", TABLE)
def test_sending(client, people, thandi, name, who):
    allowed = TABLE[name][1]
    if people[who]:
        client.force_login(people[who])

    response = client.post(address(name, thandi), {})

    check(response, name, who, allowed)


def check(response, name, who, allowed):
    if who == "anonymous" and (allowed is None or "anonymous" not in allowed) and name not in OPEN:
        assert response.status_code == 302
        assert response.url.startswith("/sign-in/")
    elif allowed is None:
        assert response.status_code == 405
    elif is_let_in(allowed, who):
        assert response.status_code in (200, 302, 410), response.status_code
        assert "/sign-in/?next=" not in getattr(response, "url", "")
    elif name == "first_run" or allowed == THE_OWNER:
        assert response.status_code == 404
    else:
        assert response.status_code == 403


OPEN = {name for name, (look, _send) in TABLE.items() if look == EVERYBODY} | {"first_run"}


def test_roles_of_the_cast_are_as_named(people):
    roles = {who: person.role for who, person in people.items() if person}

    assert roles == {
        "staff": Role.STAFF,
        "owner": Role.STAFF,
        "manager": Role.MANAGER,
        "administrator": Role.ADMINISTRATOR,
    }


@pytest.mark.parametrize("name", ["people", "person", "firm", "profile"])
def test_what_a_person_sees_stays_out_of_shared_caches(client, ada, thandi, name):
    client.force_login(ada)

    assert "no-store" in client.get(address(name, thandi)).headers["Cache-Control"]
