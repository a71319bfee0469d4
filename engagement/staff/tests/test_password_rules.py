"""Which passwords will do: long enough, not common, not a name everybody knows; and nothing else is asked of them."""

import re

import pytest
from django.contrib.auth import password_validation
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from conftest import PASSWORD

LONG = "correct horse battery staple, and then some more of it until it is far beyond sixty-four ✓ " * 5


@pytest.mark.parametrize(
    "password",
    [
        "dry rivers run late",  # no capital, no figure, no sign
        "ααββγγδδεε",
        "          x         y",
        "tafel🗻berg🗻wolk",
        "w0rdandc0 and a mule of ours",
        LONG[:450],
    ],
)
def test_long_ones_of_any_kind_will_do(firm, thandi, password):
    validate_password(password, thandi)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short one", "at least 10"),
        ("password1234", "tried first"),
        ("1234567890", "tried first"),
        ("qwertyuiop", "tried first"),
        ("thandi mokoena", "little more than your"),
        ("WordAndCo2026", "a name that everybody"),
        ("Engagement2026!", "a name that everybody"),
        ("engagementpassword", "a name that everybody"),
        ("welcome-client-1", "a name that everybody"),
    ],
)
def test_what_is_guessed_first_will_not(firm, thandi, password, why):
    firm.name = "WordAndCo"
    firm.save()

    with pytest.raises(ValidationError, match=why):
        validate_password(password, thandi)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("password", ["Enter at least 10 characters", "tried first"]),
        ("welcome123", ["tried first"]),
        ("thandi", ["little more than your", "Enter at least 10 characters"]),
    ],
)
def test_no_two_errors_say_one_cause(client, thandi, password, said):
    client.force_login(thandi)

    page = client.post("/me/password/", {"old_password": PASSWORD, "password1": password, "password2": password})

    errors = page.context["form"].errors["password1"]
    assert len(errors) == len(said)
    assert all(any(words in error for error in errors) for words in said), errors


def test_the_three_thousand_commonest_of_our_length_are_refused(firm, thandi):
    common = password_validation.CommonPasswordValidator().passwords
    ours = [password for password in common if len(password) >= 10]

    refused = 0
    for password in ours[:200]:
        with pytest.raises(ValidationError):
            validate_password(password, thandi)
        refused += 1

    # The list holds twenty thousand; those shorter than ten are refused for that.
    assert len(common) > 15000
    assert refused == min(200, len(ours)) > 100


def test_it_is_taken_to_the_letter(client, thandi):
    new = "  Leading, trailing and MiXeD ✓  "
    client.force_login(thandi)
    client.post("/me/password/", {"old_password": PASSWORD, "password1": new, "password2": new})

    thandi.refresh_from_db()
    assert thandi.check_password(new)
    assert not thandi.check_password(new.strip())
    assert not thandi.check_password(new.lower())


def test_all_of_a_long_one_counts(client, thandi):
    new = LONG[:450]
    client.force_login(thandi)
    client.post("/me/password/", {"old_password": PASSWORD, "password1": new, "password2": new})
    client.post("/sign-out/")

    cut = client.post("/sign-in/", {"username": thandi.email, "password": new[:-1]})
    whole = client.post("/sign-in/", {"username": thandi.email, "password": new})

    assert (cut.status_code, whole.status_code) == (200, 302)


@pytest.mark.parametrize("page", ["staff:sign_in", "staff:change_password", "staff:devices"])
def test_fields_leave_password_managers_and_pasting_alone(client, thandi, page):
    if page != "staff:sign_in":
        client.force_login(thandi)

    text = client.get(reverse(page)).content.decode()

    fields = re.findall(r"<input[^>]*type=\"password\"[^>]*>", text)
    assert fields
    for field in fields:
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert not re.search(r"onpaste|readonly|autocomplete=\"off\"", field)


def test_the_one_before_is_guessed_ten_times_at_most(client, thandi):
    client.force_login(thandi)
    new = {"password1": "quite a new one", "password2": "quite a new one"}
    for _try in range(10):
        client.post("/me/password/", {"old_password": "guess", **new})

    client.post("/me/password/", {"old_password": PASSWORD, **new})

    thandi.refresh_from_db()
    assert thandi.check_password(PASSWORD)
