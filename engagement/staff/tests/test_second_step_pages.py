"""One's own pages for the second step, the firm's setting, and an administrator who takes it away."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client

from conftest import NOW, PASSWORD
from engagement.staff.models import AccountEvent, Firm, SecondStep
from engagement.staff.second_step import codes_left, takes_code, takes_recovery_code
from engagement.staff.tests.conftest import App
from engagement.staff.tests.test_firm import ALL
from engagement.staff.tests.test_second_step_sign_in import draft_of

MINE, SET_UP, CODES, OFF = (
    "/me/second-step/",
    "/me/second-step/set-up/",
    "/me/second-step/codes/",
    "/me/second-step/off/",
)


@pytest.fixture(autouse=True)
def _now(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mine(client, thandi):
    client.force_login(thandi)
    return client


def elsewhere(user):
    browser = Client()
    browser.force_login(user)
    return browser


def is_signed_in(browser):
    return SESSION_KEY in browser.session


def errors(page):
    assert page.status_code == 200
    assert "<title>Error: " in page.content.decode()
    return {name: " ".join(said) for name, said in page.context["form"].errors.items()}


def test_turning_it_on(mine, thandi):
    other = elsewhere(thandi)
    draft, secret = draft_of(mine.get(SET_UP))

    page = mine.post(SET_UP, {"draft": draft, "code": App(secret).code(), "password": PASSWORD})

    assert len(page.context["codes"]) == 10
    assert takes_recovery_code(thandi, page.context["codes"][0], now=NOW)
    assert "On since" in mine.get(MINE).content.decode()
    assert "9 recovery codes are left" in mine.get(MINE).content.decode()
    assert is_signed_in(mine)
    assert not is_signed_in(other)


def test_the_codes_are_never_shown_again(mine, thandi, with_app):
    _app, codes = with_app(thandi)

    shown = "".join(mine.get(path).content.decode() for path in (MINE, SET_UP, CODES, OFF, "/me/"))

    assert [code for code in codes if code in shown] == []


@pytest.mark.parametrize("wrong", ["code", "password", "draft"])
def test_it_stays_off_while_anything_is_wrong(mine, thandi, wrong):
    draft, secret = draft_of(mine.get(SET_UP))
    sent = {"draft": draft, "code": App(secret).code(), "password": PASSWORD} | {wrong: "000000"}

    page = mine.post(SET_UP, sent)

    assert set(errors(page)) == {"code" if wrong == "draft" else wrong}
    assert not SecondStep.objects.exists()


def test_moving_it_to_another_app_asks_for_the_one_before(mine, thandi, with_app):
    old, old_codes = with_app(thandi)
    draft, secret = draft_of(mine.get(SET_UP))
    new = App(secret)

    alone = mine.post(SET_UP, {"draft": draft, "code": new.code(), "password": PASSWORD, "proof": "000000"})
    assert "or enter a recovery code" in errors(alone)["proof"]
    mine.post(SET_UP, {"draft": draft, "code": new.code(), "password": PASSWORD, "proof": old.code()})

    later = NOW + timedelta(minutes=1)
    assert takes_code(thandi, new.code(later), now=later)
    assert not takes_code(thandi, old.code(later), now=later)
    assert not takes_recovery_code(thandi, old_codes[0], now=NOW)


def test_a_recovery_code_is_not_spent_while_something_else_is_wrong(mine, thandi, with_app):
    _app, codes = with_app(thandi)
    draft, _secret = draft_of(mine.get(SET_UP))

    mine.post(SET_UP, {"draft": draft, "code": "000000", "password": PASSWORD, "proof": codes[0]})
    mine.post(CODES, {"password": "wrong", "proof": codes[0]})

    assert codes_left(thandi) == 10


def test_new_recovery_codes(mine, thandi, with_app):
    app, old = with_app(thandi)

    page = mine.post(CODES, {"password": PASSWORD, "proof": app.code()})

    assert len(page.context["codes"]) == 10
    assert not set(page.context["codes"]) & set(old)
    assert codes_left(thandi) == 10


def test_turning_it_off_asks_for_password_and_code(mine, thandi, with_app):
    app, _codes = with_app(thandi)
    other = elsewhere(thandi)

    assert set(errors(mine.post(OFF, {"password": PASSWORD, "proof": ""}))) == {"proof"}
    assert set(errors(mine.post(OFF, {"password": "", "proof": app.code()}))) == {"password"}
    assert SecondStep.objects.exists()
    mine.post(OFF, {"password": PASSWORD, "proof": app.code()})

    assert not SecondStep.objects.exists()
    assert is_signed_in(mine)
    assert not is_signed_in(other)


def test_what_the_firm_asks_for_cannot_be_turned_off(client, mara, with_app):
    app, _codes = with_app(mara)
    Firm.objects.update(second_step_for="managers")
    client.force_login(mara)

    client.post(OFF, {"password": PASSWORD, "proof": app.code()})

    assert SecondStep.objects.exists()
    assert "Turn it off" not in client.get(MINE).content.decode()


@pytest.mark.parametrize("address", [CODES, OFF])
def test_who_has_none_is_led_to_the_page_that_says_so(mine, address):
    assert mine.get(address).url == MINE
    assert "Off." in mine.get(MINE).content.decode()


def test_few_codes_left_are_said(mine, thandi, with_app):
    _app, codes = with_app(thandi)
    for code in codes[:7]:
        takes_recovery_code(thandi, code, now=NOW)

    assert "3 recovery codes are left" in mine.get(MINE).content.decode()
    assert "Make new ones before they are used up" in mine.get(MINE).content.decode()


def test_the_tenth_wrong_password_is_the_last_one_looked_at(mine, thandi, with_app):
    app, _codes = with_app(thandi)
    for _try in range(10):
        mine.post(OFF, {"password": "wrong", "proof": app.code()})

    page = mine.post(OFF, {"password": PASSWORD, "proof": app.code()})

    assert "too many tries" in str(page.context["form"].errors["password"])
    assert SecondStep.objects.exists()


# The firm


def test_the_firm_asks_managers_for_one(client, ada, mara, thandi, with_app):
    with_app(ada)
    client.force_login(ada)
    managers, staff = elsewhere(mara), elsewhere(thandi)

    client.post("/firm/", ALL | {"second_step_for": "managers"})

    assert Firm.get().second_step_for == "managers"
    # Whoever lacks it sets it up at the next sign-in, and that is now.
    assert "1 person without a second step was signed out" in client.get("/firm/").content.decode()
    assert not is_signed_in(managers)
    assert is_signed_in(staff)
    assert is_signed_in(client)


def test_the_firm_reads_first_how_many_will_be_signed_out(client, ada, mara, thandi, with_app):
    with_app(ada)
    client.force_login(ada)

    page = client.get("/firm/").content.decode()

    assert "2 people have no second step yet. 1 of them is a manager" in page
    assert "signed out as soon as you save" in page
    assert "Turn on your own second step first" not in page


def test_who_asks_others_has_one_already(client, ada):
    client.force_login(ada)

    page = client.post("/firm/", ALL | {"second_step_for": "everybody"})

    assert 'href="/me/second-step/">Turn on your own second step first' in page.content.decode()
    assert "your own second step first" in errors(page)["second_step_for"]
    assert Firm.get().second_step_for == "nobody"


def test_a_manager_cannot_stop_asking(client, mara, with_app):
    Firm.objects.update(second_step_for="managers")
    client.force_login(mara)

    client.post("/firm/", ALL | {"second_step_for": "nobody"})

    assert Firm.get().second_step_for == "managers"


def test_other_settings_are_saved_while_it_is_asked(client, ada):
    Firm.objects.update(second_step_for="everybody")
    client.force_login(ada)

    client.post("/firm/", ALL | {"second_step_for": "everybody"})

    assert Firm.get().name == "Word & Sons"


# An administrator


def take_away(client, person, password=PASSWORD):
    return client.post(f"/people/{person.pk}/second-step/", {"password": password})


def test_an_administrator_takes_it_away_and_the_person_hears_of_it(client, ada, thandi, with_app, mails):
    with_app(thandi)
    client.force_login(ada)
    theirs = elsewhere(thandi)

    take_away(client, thandi)

    assert not SecondStep.objects.exists()
    assert not is_signed_in(theirs)
    event = AccountEvent.objects.first()
    assert (event.person, event.kind, event.by, event.at) == (thandi, "step_taken", ada, NOW)
    assert (mails()[-1].address, mails()[-1].subject) == (thandi.email, "Your second step was taken away")
    assert "Ada Admin" in client.get(f"/people/{thandi.pk}/").content.decode()


def test_the_page_says_what_follows_for_them(client, ada, mara, with_app):
    with_app(mara)
    client.force_login(ada)

    free = client.get(f"/people/{mara.pk}/second-step/").content.decode()
    Firm.objects.update(second_step_for="managers")
    asked = client.get(f"/people/{mara.pk}/second-step/").content.decode()

    assert f"Remove {mara}'s second step" in free
    assert "Make sure it is really Mara who asks" in free
    assert "signs in with the password alone" in free
    assert "sets up another one at once" not in free
    assert "sets up another one at once" in asked
    assert "password alone" not in asked


def test_not_without_the_administrators_own_password(client, ada, thandi, with_app):
    with_app(thandi)
    client.force_login(ada)

    page = take_away(client, thandi, "guess")

    assert "not your password" in errors(page)["password"]
    assert SecondStep.objects.exists()


def test_nobody_takes_away_their_own(client, ada, with_app):
    with_app(ada)
    client.force_login(ada)

    take_away(client, ada)

    assert SecondStep.objects.exists()
    assert "Remove the second step" not in client.get(f"/people/{ada.pk}/").content.decode()


def test_an_administrator_signs_somebody_out_everywhere(client, ada, thandi, mails):
    client.force_login(ada)
    theirs = [elsewhere(thandi), elsewhere(thandi)]
    assert "Sign them out everywhere" in client.get(f"/people/{thandi.pk}/").content.decode()

    client.post(f"/people/{thandi.pk}/sign-out/")

    assert [is_signed_in(browser) for browser in theirs] == [False, False]
    assert mails()[-1].subject == "You were signed out"
    assert "Sign them out everywhere" not in client.get(f"/people/{thandi.pk}/").content.decode()


PERSON = {"name": "Thandi Mokoena", "title": "", "role": "staff", "manager": ""}


def test_another_address_to_sign_in_with_takes_ones_own_password(client, ada, thandi, mails):
    client.force_login(ada)

    page = client.post(f"/people/{thandi.pk}/", PERSON | {"email": "other@word.example"})
    assert set(errors(page)) == {"own_password"}
    client.post(f"/people/{thandi.pk}/", PERSON | {"email": "other@word.example", "own_password": PASSWORD})

    thandi.refresh_from_db()
    assert thandi.email == "other@word.example"
    # The address before hears of it: whoever reads the new one may not be they.
    assert (mails()[-1].address, mails()[-1].subject) == ("thandi@word.example", "Your e-mail was changed")


def test_mails_of_changes_say_what_to_do(mine, thandi, mails):
    mine.post("/me/password/", {"old_password": PASSWORD, "password1": "a new long one", "password2": "a new long one"})

    body = mails()[-1].body
    assert mails()[-1].subject == "Your password was changed"
    assert "This was done from your own account, Wednesday 18 November, 11:00 (Johannesburg time)." in body
    assert "/password/" in body
