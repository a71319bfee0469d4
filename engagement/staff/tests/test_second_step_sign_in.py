"""The second page of signing in, and that nothing else is open before it."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import get_resolver, reverse

from conftest import NOW, PASSWORD
from engagement.staff.models import AccountEvent, Firm, Role, SecondStep, Session
from engagement.staff.second_step import codes_left
from engagement.staff.tests.conftest import App

HALF_MINUTE = timedelta(seconds=30)
CODE, RECOVERY, SET_UP = "/sign-in/code/", "/sign-in/recovery/", "/sign-in/set-up/"


@pytest.fixture(autouse=True)
def clock(settings):
    # A cache on a server of its own has a clock of its own, which does not travel.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def password(client, user, onward="", **extra):
    return client.post(f"/sign-in/{onward}", {"username": user.email, "password": PASSWORD}, **extra)


def signed_in(client):
    return client.session.get(SESSION_KEY)


def error(page, field="code"):
    return " ".join(page.context["form"].errors[field])


def test_without_a_second_step_the_password_lets_in(client, thandi):
    assert password(client, thandi).url == "/"
    assert signed_in(client) == str(thandi.pk)


def test_with_one_the_password_leads_to_the_second_page_and_no_further(client, thandi, with_app):
    with_app(thandi)

    assert password(client, thandi).url == CODE
    assert signed_in(client) is None


def test_the_code_lets_in_and_leads_where_one_wanted_to_go(client, thandi, with_app):
    app, _codes = with_app(thandi)
    password(client, thandi, "?next=/me/devices/")

    response = client.post(CODE, {"code": app.code()})

    assert response.url == "/me/devices/"
    assert signed_in(client) == str(thandi.pk)


def test_nobody_is_sent_to_another_site_after_the_code(client, thandi, with_app):
    app, _codes = with_app(thandi)
    password(client, thandi, "?next=https://evil.example/")

    assert client.post(CODE, {"code": app.code()}).url == "/"


def test_half_signed_in_no_page_of_the_product_opens(client, thandi, with_app):
    with_app(thandi)
    password(client, thandi)

    closed = [path for path in pages() if client.get(path).url == f"/sign-in/?next={path}"]

    assert len(pages()) > 20
    assert closed == pages()


def pages():
    """Every page without a number in its address that asks who is there."""
    found = []
    for name, (patterns, *_rest) in get_resolver().reverse_dict.items():
        if isinstance(name, str):
            found += [f"/{path}" for path, parameters in patterns if not parameters]
    for names, resolver in get_resolver().namespace_dict.items():
        found += [f"/{resolver[0]}{path}" for path in plain_paths(resolver[1])] if names != "admin" else ["/admin/"]
    nobody = Client()
    return sorted(path for path in found if nobody.get(path).headers.get("Location", "").startswith("/sign-in/?next="))


def plain_paths(resolver):
    for name in resolver.reverse_dict:
        if isinstance(name, str):
            yield from (path for path, parameters in resolver.reverse_dict.getlist(name)[0][0] if not parameters)


@pytest.mark.parametrize("address", [CODE, RECOVERY, SET_UP])
def test_whoever_gave_no_password_is_led_to_the_first_page(client, thandi, with_app, address):
    app, codes = with_app(thandi)

    assert client.get(address).url == "/sign-in/"
    assert client.post(address, {"code": app.code()}).url == "/sign-in/"
    assert client.post(address, {"code": codes[0]}).url == "/sign-in/"
    assert signed_in(client) is None


def test_a_wrong_code_says_so_and_lets_nobody_in(client, thandi, with_app):
    app, _codes = with_app(thandi)
    password(client, thandi)

    page = client.post(CODE, {"code": app.code(NOW - 10 * HALF_MINUTE)})

    assert "code is not right, or was used already" in error(page)
    assert "<title>Error: Code from your app" in page.content.decode()
    assert signed_in(client) is None


def test_the_log_says_that_and_what_changed_and_never_the_code(client, thandi, with_app, caplog):
    with caplog.at_level(logging.INFO, logger="engagement.staff"):
        app, codes = with_app(thandi)
        password(client, thandi)
        client.post(CODE, {"code": "135791"})
        client.post(RECOVERY, {"code": codes[0]})

    lines = [line.getMessage() for line in caplog.records if line.name.startswith("engagement.staff")]
    assert lines == [
        f"Account of person {thandi.pk}: step_on, by person {thandi.pk}.",
        f"No code that is taken, of person {thandi.pk}, from 127.0.0.1.",
        f"Account of person {thandi.pk}: code_used, by person {thandi.pk}.",
    ]
    assert not any(secret in caplog.text for secret in ("135791", codes[0], app.secret))


def test_a_code_that_was_watched_does_not_open_a_second_time(client, thandi, with_app):
    app, _codes = with_app(thandi)
    password(client, thandi)
    client.post(CODE, {"code": app.code()})

    other = Client()
    password(other, thandi)
    page = other.post(CODE, {"code": app.code()})

    assert "code is not right, or was used already" in error(page)
    assert signed_in(other) is None


def test_a_recovery_code_lets_in_once_and_the_person_hears_of_it(client, thandi, with_app, mails):
    _app, codes = with_app(thandi)
    password(client, thandi)

    client.post(RECOVERY, {"code": codes[3]})

    assert signed_in(client) == str(thandi.pk)
    assert codes_left(thandi) == 9
    assert mails()[-1].subject == "A recovery code was used"
    other = Client()
    password(other, thandi)
    assert "used already" in error(other.post(RECOVERY, {"code": codes[3]}))


def test_a_recovery_code_is_no_code_of_an_app_and_the_other_way_round(client, thandi, with_app):
    app, codes = with_app(thandi)
    password(client, thandi)

    client.post(CODE, {"code": codes[0]})
    client.post(RECOVERY, {"code": app.code()})

    assert signed_in(client) is None


@pytest.mark.parametrize(("address", "words"), [(CODE, "your app shows"), (RECOVERY, "recovery codes")])
def test_an_empty_field_says_what_to_enter_and_costs_no_try(client, thandi, with_app, address, words):
    app, _codes = with_app(thandi)
    password(client, thandi)

    for _press in range(10):
        assert words in error(client.post(address, {"code": ""}))

    assert client.post(CODE, {"code": app.code()}).status_code == 302


def test_the_field_is_filled_in_by_phones_and_typed_with_figures(client, thandi, with_app):
    with_app(thandi)
    password(client, thandi)

    page = client.get(CODE).content.decode()

    field = re.search(r"<input[^>]*name=\"code\"[^>]*>", page)[0]
    assert 'autocomplete="one-time-code"' in field
    assert 'inputmode="numeric"' in field
    assert "no-store" in client.get(CODE).headers["Cache-Control"]


def test_five_wrong_codes_hold_the_person_also_from_another_place(client, thandi, with_app, clock):
    app, codes = with_app(thandi)
    password(client, thandi)
    for _try in range(5):
        client.post(CODE, {"code": "000000"})

    elsewhere = Client()
    password(elsewhere, thandi, REMOTE_ADDR="198.51.100.7")
    code = elsewhere.post(CODE, {"code": app.code()}, REMOTE_ADDR="198.51.100.7")
    recovery = elsewhere.post(RECOVERY, {"code": codes[0]}, REMOTE_ADDR="198.51.100.7")

    assert "Wait 15 minutes" in error(code, "__all__")
    assert (code.status_code, code.headers["Retry-After"], recovery.status_code) == (429, "900", 429)
    assert signed_in(elsewhere) is None
    clock.shift(15 * 60 + 1)
    password(elsewhere, thandi)
    assert elsewhere.post(CODE, {"code": app.code(NOW + timedelta(seconds=901))}).status_code == 302


def test_strangers_who_know_the_password_cannot_hold_a_browser_that_was_here_before(client, thandi, with_app, clock):
    app, _codes = with_app(thandi)
    password(client, thandi)
    client.post(CODE, {"code": app.code()})
    client.post(reverse("staff:sign_out"))
    stranger = Client()
    password(stranger, thandi)
    for _try in range(6):
        stranger.post(CODE, {"code": "000000"})
    clock.shift(60)

    password(client, thandi)
    response = client.post(CODE, {"code": app.code(NOW + timedelta(seconds=60))})

    assert response.status_code == 302


def test_after_ten_minutes_the_password_is_asked_again(client, thandi, with_app, clock):
    app, _codes = with_app(thandi)
    password(client, thandi)
    clock.shift(10 * 60 + 1)

    response = client.post(CODE, {"code": app.code(NOW + timedelta(seconds=601))})

    assert response.url == "/sign-in/"
    assert signed_in(client) is None


@pytest.mark.parametrize("change", ["password", "role", "left", "step"])
def test_what_happens_meanwhile_ends_it(client, thandi, with_app, change):
    app, _codes = with_app(thandi)
    password(client, thandi)
    if change == "password":
        thandi.set_password("another long password")
    elif change == "role":
        thandi.role = Role.MANAGER
    elif change == "left":
        thandi.is_active = False
    else:
        SecondStep.objects.all().delete()
    thandi.save()

    client.post(CODE, {"code": app.code()})

    assert signed_in(client) is None


def test_a_new_password_does_not_go_round_the_second_step(client, thandi, with_app, mails):
    with_app(thandi)
    client.post("/password/", {"email": thandi.email})
    link = re.search(r"http\S+", mails()[-1].body)[0].split("/", 3)[3]
    page = client.get(f"/{link}", follow=True)
    new = "quite another long one"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert signed_in(client) is None

    response = client.post("/sign-in/", {"username": thandi.email, "password": new})

    assert response.url == CODE
    assert signed_in(client) is None


def test_the_door_of_the_admin_does_not_go_round_it(client, ada, with_app):
    with_app(ada)
    first = client.get("/admin/", follow=True)
    assert first.redirect_chain[-1][0] == "/sign-in/?next=/admin/"

    client.post("/admin/login/", {"username": ada.email, "password": PASSWORD})
    assert signed_in(client) is None
    assert password(client, ada, "?next=/admin/").url == CODE
    assert client.get("/admin/").status_code == 302


def test_the_admins_own_page_for_passwords_leads_to_ours(client, ada):
    client.force_login(ada)

    assert client.get("/admin/password_change/").url == "/me/password/"
    assert client.post("/admin/password_change/", {"old_password": PASSWORD}).url == "/me/password/"


def test_signing_in_gives_the_session_another_name_at_each_step(client, thandi, with_app):
    app, _codes = with_app(thandi)
    names = [client.session.session_key]
    password(client, thandi)
    names.append(client.session.session_key)
    client.post(CODE, {"code": app.code()})
    names.append(client.session.session_key)

    assert len(set(names)) == 3
    assert Session.objects.count() == 1


# Asked for by the firm


@pytest.fixture
def asked(firm):
    def of(whom):
        Firm.objects.update(second_step_for=whom)

    return of


@pytest.mark.parametrize(
    ("whom", "who", "led"),
    [
        ("nobody", "ada", False),
        ("managers", "thandi", False),
        ("managers", "mara", True),
        ("managers", "ada", True),
        ("everybody", "thandi", True),
    ],
)
def test_whom_the_firm_asks_is_led_to_set_it_up(client, asked, request, whom, who, led):
    user = request.getfixturevalue(who)
    asked(whom)

    response = password(client, user)

    assert (response.url == SET_UP) is led
    assert (signed_in(client) is None) is led


def test_until_it_is_set_up_nothing_else_opens(client, mara, asked):
    asked("managers")
    password(client, mara)

    assert {client.get(path).url.partition("?")[0] for path in pages()} == {"/sign-in/"}
    assert client.get(CODE).url == "/sign-in/"


def draft_of(page):
    text = page.content.decode()
    return re.search(r'name="draft" value="([^"]+)"', text)[1], page.context["secret"].replace(" ", "")


def test_once_it_is_set_up_one_is_in_and_sees_the_recovery_codes_once(client, mara, asked, mails):
    asked("managers")
    password(client, mara, "?next=/promises/")
    draft, secret = draft_of(client.get(SET_UP))

    page = client.post(SET_UP, {"draft": draft, "code": App(secret).code()})

    assert len(page.context["codes"]) == 10
    assert all(code in page.content.decode() for code in page.context["codes"])
    assert 'href="/promises/"' in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert signed_in(client) == str(mara.pk)
    assert client.get(SET_UP).url == "/sign-in/"
    assert mails()[-1].subject == "Your second step is on"
    other = Client()
    assert password(other, mara).url == CODE


def test_a_mistyped_code_shows_the_same_picture_again(client, mara, asked):
    asked("managers")
    password(client, mara)
    draft, secret = draft_of(client.get(SET_UP))

    page = client.post(SET_UP, {"draft": draft, "code": "000000"})

    assert "code is not right, or was used already" in error(page)
    assert draft_of(page)[1] == secret
    assert not SecondStep.objects.exists()


def test_a_page_that_was_left_open_gets_a_new_picture(client, mara, asked, clock):
    asked("managers")
    password(client, mara)
    draft, secret = draft_of(client.get(SET_UP))
    clock.shift(31 * 60)
    password(client, mara)

    page = client.post(SET_UP, {"draft": draft, "code": App(secret).code(NOW + timedelta(minutes=31))})

    assert "scan the new picture" in error(page)
    assert draft_of(page)[1] != secret


def test_the_picture_of_one_person_is_no_use_to_another(client, mara, ada, asked):
    asked("managers")
    password(client, mara)
    draft, secret = draft_of(client.get(SET_UP))
    other = Client()
    password(other, ada)

    page = other.post(SET_UP, {"draft": draft, "code": App(secret).code()})

    assert "scan the new picture" in error(page)
    assert not SecondStep.objects.exists()


def test_looking_at_the_picture_writes_nothing(client, mara, asked):
    asked("managers")
    password(client, mara)

    first, second = client.get(SET_UP), client.get(SET_UP)

    assert draft_of(first)[1] != draft_of(second)[1]
    assert not SecondStep.objects.exists()
    assert not AccountEvent.objects.exists()


def test_who_is_invited_as_a_manager_sets_it_up_after_the_password(client, ada, asked, mails):
    asked("managers")
    client.force_login(ada)
    client.post("/people/new/", {"name": "Nia New", "email": "nia@word.example", "role": "manager"})
    link = re.search(r"http\S+", mails()[-1].body)[0].split("/", 3)[3]
    nia = Client()

    response = nia.post(f"/{link}", {"name": "Nia New", "password1": "nias long words", "password2": "nias long words"})

    assert response.url == SET_UP
    assert signed_in(nia) is None
    assert "Welcome" not in nia.get(SET_UP).content.decode()
