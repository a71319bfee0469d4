"""How long a sign-in lasts, what ends it, and what of it lies in the database."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from conftest import DAY, HOUR, NOW, PASSWORD
from engagement.staff import tasks
from engagement.staff.models import Role, Session
from engagement.staff.session_store import hashed

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"


@pytest.fixture
def clock(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def sign_in(user, **extra):
    browser = Client(**extra)
    assert browser.post("/sign-in/", {"username": user.email, "password": PASSWORD}).status_code == 302
    return browser


def is_let_in(browser):
    return browser.get("/me/").status_code == 200


def test_whoever_is_idle_for_three_days_signs_in_again(thandi, clock):
    browser = sign_in(thandi)
    clock.shift(3 * DAY)

    assert not is_let_in(browser)


def test_whoever_comes_back_sooner_stays_in(thandi, clock):
    browser = sign_in(thandi)

    for _visit in range(4):
        clock.shift(3 * DAY - HOUR)
        assert is_let_in(browser)


def test_after_fourteen_days_everybody_signs_in_again(thandi, clock):
    browser = sign_in(thandi)
    for _day in range(13):
        clock.shift(DAY)
        assert is_let_in(browser)
    clock.shift(DAY)

    assert not is_let_in(browser)


def test_a_firm_may_set_both(thandi, clock, settings):
    settings.SESSION_IDLE, settings.SESSION_LONGEST = HOUR, 2 * HOUR
    idle, busy = sign_in(thandi), sign_in(thandi)
    for _visit in range(2):
        clock.shift(HOUR * 0.9)
        assert is_let_in(busy)
    assert not is_let_in(idle)
    clock.shift(HOUR * 0.3)

    assert not is_let_in(busy)


def test_a_page_costs_no_write_but_once_in_ten_minutes(thandi, clock, django_assert_num_queries):
    browser = sign_in(thandi)
    browser.get("/me/password/")
    seen = Session.objects.get().seen_at
    clock.shift(timedelta(minutes=9))
    with django_assert_num_queries(4):  # session, user, firm, and whether reminders run
        browser.get("/me/password/")
    assert Session.objects.get().seen_at == seen

    clock.shift(timedelta(minutes=2))
    browser.get("/me/password/")

    assert Session.objects.get().seen_at == NOW + timedelta(minutes=11)


def test_the_cookie_opens_and_the_table_does_not(thandi):
    browser = sign_in(thandi)
    kept = Session.objects.get()
    cookie = browser.cookies["sessionid"].value

    assert cookie not in repr(Session.objects.values().get())
    # Of letters and figures: 165 bits.
    assert len(cookie) == 32
    thief = Client()
    thief.cookies["sessionid"] = kept.session_key
    assert not is_let_in(thief)


def test_signing_out_ends_it_on_the_server(thandi):
    browser = sign_in(thandi)
    kept = browser.cookies["sessionid"].value

    browser.post("/sign-out/")

    assert not Session.objects.exists()
    again = Client()
    again.cookies["sessionid"] = kept
    assert not is_let_in(again)


def test_a_name_that_was_made_up_is_not_taken_over(thandi):
    browser = Client()
    browser.cookies["sessionid"] = "made" * 8

    browser.post("/sign-in/", {"username": thandi.email, "password": PASSWORD})

    assert is_let_in(browser)
    assert browser.cookies["sessionid"].value != "made" * 8


@pytest.mark.parametrize("change", ["password", "role", "left"])
def test_what_ends_every_session_leaves_no_row(thandi, ada, change):
    browsers = [sign_in(thandi), sign_in(thandi)]
    admin = Client()
    admin.force_login(ada)
    if change == "password":
        browsers[0].post(
            "/me/password/",
            {"old_password": PASSWORD, "password1": "n" * 5 + "ew words", "password2": "n" * 5 + "ew words"},
        )
    elif change == "role":
        admin.post(
            f"/people/{thandi.pk}/",
            {"name": "T", "title": "", "email": thandi.email, "role": Role.MANAGER, "manager": ""},
        )
    else:
        admin.post(f"/people/{thandi.pk}/left/")

    # Whoever changes their own password stays where they did it.
    assert [is_let_in(browser) for browser in browsers] == [change == "password", False]
    assert thandi.sessions.count() == (1 if change == "password" else 0)


def test_where_one_is_signed_in_is_listed_this_one_first(thandi, clock):
    sign_in(thandi, headers={"User-Agent": IPHONE}, REMOTE_ADDR="198.51.100.7")
    clock.shift(HOUR)
    here = sign_in(thandi, headers={"User-Agent": FIREFOX})
    clock.shift(HOUR)

    words = [row.words for row in here.get("/me/devices/").context["rows"]]

    assert words == [
        "This device: Firefox on Linux, signed in Wednesday 18 November, 12:00 from 127.0.0.1",
        "Safari on iPhone, signed in Wednesday 18 November, 11:00 from 198.51.100.7, "
        "last seen Wednesday 18 November, 11:00",
    ]


def test_all_are_ticked_and_signing_out_takes_the_password(thandi, mails):
    here, phone = sign_in(thandi), sign_in(thandi)
    page = here.get("/me/devices/")
    every = [row.key for row in page.context["rows"]]
    assert page.content.decode().count("checked") == 2

    refused = here.post("/me/devices/", {"devices": every, "password": "guess"})
    assert "not your password" in str(refused.context["form"].errors["password"])
    assert is_let_in(phone)
    here.post("/me/devices/", {"devices": every, "password": PASSWORD})

    assert not is_let_in(here)
    assert not is_let_in(phone)
    assert mails()[-1].subject == "You were signed out elsewhere"


def test_one_device_alone_is_signed_out(thandi):
    here, phone, tablet = sign_in(thandi), sign_in(thandi), sign_in(thandi)
    (lost,) = {row.pk for row in Session.objects.all()} - {row_of(here), row_of(phone)}

    here.post("/me/devices/", {"devices": [lost], "password": PASSWORD})

    assert [is_let_in(browser) for browser in (here, phone, tablet)] == [True, True, False]


def row_of(browser):
    return hashed(browser.session.session_key)


def test_nobody_ends_the_session_of_somebody_else(thandi, sam):
    here, theirs = sign_in(thandi), sign_in(sam)

    page = here.post("/me/devices/", {"devices": [row_of(theirs)], "password": PASSWORD})

    assert "ended meanwhile" in str(page.context["form"].errors["devices"])
    assert is_let_in(theirs)


def test_nothing_ticked_says_so(thandi):
    page = sign_in(thandi).post("/me/devices/", {"password": PASSWORD})

    assert page.context["form"].errors["devices"] == ["Tick at least one"]


def test_sessions_that_ended_are_swept_away(thandi, clock):
    sign_in(thandi)
    clock.shift(2 * DAY)
    later = sign_in(thandi)
    clock.shift(2 * DAY)

    tasks.clear_sessions()

    assert thandi.sessions.count() == 1
    assert is_let_in(later)


def test_a_visitor_without_a_reason_has_no_session(client, firm):
    for path in ("/sign-in/", "/password/", "/healthz", "/verify/", "/p/nothing/"):
        assert "sessionid" not in client.get(path).cookies

    assert not Session.objects.exists()
