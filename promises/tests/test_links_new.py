"""Who may have a new link: whoever reads the mail of an address on file. Nobody else learns anything."""

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client as Browser
from django.utils.html import escape

from clients.actions import archive, make_link, mark_left, renew_link, revoke_link, save_contact
from clients.models import Agreement, Contact, PrivateLink, Scope
from clients.tests import agreements
from conftest import DAY, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message
from promises.views.progress import NEW_LINKS_FOR, NEW_LINKS_HERE

HERE = "/p/new-link/"


@pytest.fixture(autouse=True)
def _at_now():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def link(karoo, lena, thandi):
    return make_link(karoo, thandi, NOW - DAY, contact=lena)


def ask(client, email="lena@karoo.example"):
    return client.post(HERE, {"email": email}, follow=True)


def test_an_address_on_file_gets_one_mail_with_a_link_that_opens(client, link, settings, mailoutbox):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    ask(client)
    outbox.send_waiting(NOW)

    [mail] = mailoutbox
    assert mail.to == ["lena@karoo.example"]
    path = mail.body.split(settings.SITE_URL)[1].split()[0]
    assert client.get(path).status_code == 200


def test_the_kept_message_opens_nothing(client, link):
    ask(client)

    token = PrivateLink.objects.latest("pk").token()
    assert token not in Message.objects.get().body


@pytest.mark.parametrize("email", ["lena@karoo.example", "LENA@KAROO.EXAMPLE", "nobody@else.example"])
def test_the_answer_is_the_same_for_everybody(client, link, email):
    usual = ask(client, "stranger@else.example")

    answer = ask(client, email)

    assert (answer.status_code, answer.redirect_chain) == (200, usual.redirect_chain)
    assert answer.content == usual.content
    assert "Karoo" not in answer.content.decode()


def test_a_stranger_gets_no_mail(client, link):
    ask(client, "stranger@else.example")

    assert not Message.objects.exists()


def test_who_has_left_gets_no_mail(client, link, lena, thandi):
    mark_left(lena, thandi, NOW)

    ask(client)

    assert not Message.objects.exists()


def test_an_archived_client_gets_no_mail(client, link, karoo, thandi):
    archive(karoo, thandi, NOW)

    ask(client)

    assert not Message.objects.exists()


def test_who_never_had_a_link_gets_none(client, karoo, lena, thandi):
    somebody = Contact(client=karoo, name="Piet", email="piet@karoo.example")
    save_contact(somebody, thandi, NOW)
    make_link(karoo, thandi, NOW, contact=somebody)

    ask(client)

    assert not Message.objects.exists()


def test_a_link_to_one_scope_is_followed_by_no_wider_one(client, karoo, lena, thandi):
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)
    make_link(karoo, thandi, NOW - 2 * DAY)
    make_link(karoo, thandi, NOW - 3 * DAY, contact=lena, scope=scope)

    ask(client)

    assert PrivateLink.objects.latest("pk").scope == scope


def test_a_link_made_out_to_nobody_is_no_contacts_own(client, karoo, lena, thandi):
    make_link(karoo, thandi, NOW - DAY)

    ask(client)

    assert not Message.objects.exists()


@pytest.fixture
def to_sign(karoo, lena, thandi, firm, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    agreement = agreements.draft(karoo, thandi, NOW - DAY).agreement
    agreements.send(agreement, lena, thandi, NOW - DAY)
    Message.objects.all().delete()
    return agreement


def test_who_lost_the_link_to_sign_gets_it_again(client, to_sign, mailoutbox, settings):
    ask(client)
    outbox.send_waiting(NOW)

    [mail] = mailoutbox
    assert (mail.to, mail.subject) == (["lena@karoo.example"], "Your link to sign: Shop fittings (2026-001)")
    assert "until Tuesday 1 December 2026:" in mail.body
    path = mail.body.split(settings.SITE_URL)[1].split()[0]
    assert "The third shop." in client.get(path).content.decode()


def test_each_link_that_was_lost_comes_in_a_mail_of_its_own(client, to_sign, link):
    ask(client)
    ask(client)

    subjects = sorted(Message.objects.values_list("subject", flat=True))
    assert [subject.split(" ")[1] for subject in subjects] == ["link", "progress"]
    assert not any(to_sign.token() in body for body in Message.objects.values_list("body", flat=True))


def test_nobody_but_who_signs_gets_the_link_to_sign(client, to_sign, karoo, thandi):
    save_contact(Contact(client=karoo, name="Piet", email="piet@karoo.example"), thandi, NOW)

    ask(client, "piet@karoo.example")

    assert not Message.objects.exists()


@pytest.mark.parametrize("over", [{"state": "accepted"}, {"valid_until_at": NOW}, {"by_mail": False}])
def test_what_is_no_more_to_sign_or_was_passed_on_by_hand_is_not_sent_again(client, to_sign, over):
    Agreement.objects.filter(pk=to_sign.pk).update(**over)

    ask(client)

    assert not Message.objects.exists()


def test_another_address_than_the_text_names_is_sent_no_link_to_sign(client, to_sign, lena, thandi):
    lena.email = "elsewhere@karoo.example"
    save_contact(lena, thandi, NOW)

    ask(client, "elsewhere@karoo.example")

    assert not Message.objects.exists()


def test_whose_link_was_revoked_by_us_gets_no_other(client, karoo, lena, link, thandi):
    make_link(karoo, thandi, NOW - 2 * DAY, contact=lena)
    revoke_link(link, thandi, NOW)

    ask(client)

    assert not Message.objects.exists()


def test_whose_link_was_renewed_or_ran_out_gets_another(client, link, thandi):
    renewed = renew_link(link, thandi, NOW)
    PrivateLink.objects.filter(pk=renewed.pk).update(expires_at=NOW)

    ask(client)

    assert Message.objects.get().address == "lena@karoo.example"


def test_looking_at_the_form_makes_no_link(client, link):
    client.get(HERE)
    client.head(HERE)
    client.get(HERE + "?sent=yes&email=lena@karoo.example")

    assert PrivateLink.objects.count() == 1
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Enter your e-mail address"),
        ("lena", "Enter an e-mail address like name@example.com"),
        ("lena@karoo.example\nbcc: x@y.example", "Enter an e-mail address like name@example.com"),
        ("a" * 250 + "@karoo.example", "Enter an e-mail address of 254 characters or fewer"),
    ],
)
def test_an_address_that_is_none_is_asked_for_again(client, firm, email, words):
    answer = client.post(HERE, {"email": email})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert words in page
    assert email.split("\n")[0] in page


def test_asking_needs_the_token_of_the_form(link):
    strict = Browser(enforce_csrf_checks=True)

    refused = strict.post(HERE, {"email": "lena@karoo.example"})
    strict.get(HERE)
    token = strict.cookies["csrftoken"].value
    taken = strict.post(HERE, {"email": "lena@karoo.example", "csrfmiddlewaretoken": token})

    assert (refused.status_code, taken.status_code) == (403, 302)


@pytest.mark.parametrize(
    ("language", "written_in", "heading"),
    [
        ("nl-BE,en;q=0.5", "nl", "Verzend deze pagina opnieuw"),
        ("af", "af", "Stuur hierdie bladsy weer"),
        ("fr", "en", "Send this page again"),
    ],
)
def test_who_sent_no_token_reads_why_in_the_language_of_their_browser(client, firm, language, written_in, heading):
    strict = Browser(enforce_csrf_checks=True, headers={"Accept-Language": language})

    page = strict.post(HERE, {"email": "lena@karoo.example"}).content.decode()

    assert f'<html lang="{written_in}">' in page
    assert f"<title>{heading} · {escape(firm.name)}</title>" in page
    assert f"<h1>{heading}</h1>" in page


def test_asking_too_often_from_one_place_is_told_to_wait(client, firm):
    statuses = [
        client.post(HERE, {"email": f"someone{n}@else.example"}, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(NEW_LINKS_HERE.most + 1)
    ]

    assert statuses == [302] * NEW_LINKS_HERE.most + [429]


def test_asking_too_often_for_one_address_is_answered_alike_and_ignored(link):
    answers = [
        Browser(REMOTE_ADDR=f"10.0.0.{n}").post(HERE, {"email": "lena@karoo.example"})
        for n in range(NEW_LINKS_FOR.most + 2)
    ]

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, HERE + "?sent=yes")}
    assert Message.objects.count() == 1
