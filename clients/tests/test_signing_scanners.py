"""What mail scanners, link previews and other machines do to the addresses in our mails: a thousand visits, nothing."""

import re
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache

from clients.models import Agreement, Client, Entry, OneTimeCode, Signature
from clients.tests.agreements import draft, send, signed
from clients.views import private
from conftest import DAY, NOW
from engagement.outbox.models import Message

AGENTS = (Path(__file__).parent / "data" / "scanners.txt").read_text(encoding="utf-8").splitlines()
ADDRESSES = ["", "check/", "accept/", "code/", "ask/", "decline/", "pdf/"]
FORM = re.compile(r"<form\b(.*?)>(.*?)</form>", re.S)


@pytest.fixture(autouse=True)
def _at_now(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


def everything():
    """Whatever a visit could leave behind."""
    return (
        list(Agreement.objects.order_by("pk").values()),
        list(Client.objects.order_by("pk").values()),
        [model.objects.count() for model in (Entry, OneTimeCode, Signature, Message)],
    )


def forms_of(page):
    """Each form as a machine would send it: what it holds already, and nothing typed, ticked or drawn."""
    for head, inside in FORM.findall(page):
        action = re.search(r'action="([^"]*)"', head)
        fields = re.findall(r'<(?:input type="hidden"|input|textarea)[^>]* name="(\w+)"(?: value="([^"]*)")?', inside)
        yield action[1] if action else "", dict(fields)


def test_a_thousand_visits_of_machines_open_sign_and_use_nothing(client, karoo, lena, thandi, firm):
    waiting = draft(karoo, thandi, NOW - DAY).agreement
    send(waiting, lena, thandi, NOW - DAY, name="")
    done = signed(karoo, lena, thandi, NOW - DAY).agreement
    before, visits = everything(), 0

    assert len(AGENTS) == len(set(AGENTS)) == 40
    for agent in AGENTS:
        seen = {"User-Agent": agent}
        for rest in ADDRESSES:
            for look in (client.get, client.head, client.options):
                assert look(f"/s/{waiting.token()}/{rest}", headers=seen).status_code in (200, 302)
                visits += 1
        for path in (f"/s/{waiting.token()}/", f"/s/{waiting.token()}/ask/", f"/s/{waiting.token()}/decline/"):
            page = client.get(path, headers=seen).content.decode()
            for action, fields in forms_of(page):
                assert client.post(action, fields, headers=seen).status_code == 200
                visits += 1
        client.get(f"/s/{done.token()}/", headers=seen)
        client.post(f"/s/{done.token()}/document/", headers=seen)
        visits += 2

    assert visits >= 1000
    assert everything() == before


def test_every_form_of_the_pages_is_among_those_sent(client, karoo, lena, thandi, firm):
    waiting = draft(karoo, thandi, NOW - DAY).agreement
    send(waiting, lena, thandi, NOW - DAY, name="")

    found = [
        (action.rsplit("/", 2)[-2], set(fields))
        for rest in ("", "ask/", "decline/")
        for action, fields in forms_of(client.get(f"/s/{waiting.token()}/{rest}").content.decode())
    ]

    assert found == [
        ("check", {"shown", "consent", "name", "drawn", "zone"}),
        ("ask", {"text", "zone"}),
        ("decline", {"shown", "why", "zone"}),
    ]


def test_a_machine_that_guesses_is_held_back_and_the_signer_never(client, karoo, lena, thandi, firm):
    waiting = draft(karoo, thandi, NOW - DAY).agreement
    send(waiting, lena, thandi, NOW - DAY, name="")

    statuses = [client.get(f"/s/{number}/").status_code for number in range(private.WRONG_LINKS.most + 1)]

    assert statuses[-1] == 429
    assert client.get(f"/s/{waiting.token()}/").status_code == 200
