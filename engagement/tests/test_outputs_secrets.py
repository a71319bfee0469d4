"""After all that opens something was used once: no log, no table and no report of a fault holds what opens it again."""

from __future__ import annotations

import io
import logging
import re
from datetime import UTC, datetime

import pytest
from django.conf import settings as product
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser

from clients.actions import make_link
from clients.actions.documents import make_documents
from clients.models import Agreement, OneTimeCode
from clients.tests import agreements
from clients.views.signed_document import new_pass
from conftest import DAY, PASSWORD
from engagement.logs import Line
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.staff.models import User
from engagement.tests.corpora import some
from engagement.tests.matrix import addresses

pytestmark = pytest.mark.django_db
TYPED = "another long password of hers"
ADDRESS = re.compile(r"/(?:password|join)/([^/\s]+)/([^/\s]+)/")


@pytest.fixture
def log(monkeypatch):
    """What the console would be told, with nothing left out for being unimportant."""
    handler = next(handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, Line))
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)


@pytest.fixture
def used(log, settings, tmp_path, karoo, lena, thandi, ada, mailoutbox, time_machine, make_promise):
    """A whole run of everything that opens something, by the pages. Answers with each of them, by name."""
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_BACKEND = "engagement.outbox.backend.OutboxBackend"
    settings.SEAL_FILE, settings.SEAL_PASSPHRASE = tmp_path / "seal.p12", "a passphrase that nobody guesses"
    now = datetime.now(UTC).replace(microsecond=0)
    time_machine.move_to(now, tick=False)
    secrets = {"password": PASSWORD, "new password": TYPED, "seal": settings.SEAL_PASSPHRASE, "key": product.SECRET_KEY}
    browser = Browser()

    # Signing in, wrongly first.
    browser.post("/sign-in/", {"username": ada.email, "password": "not-this-one-at-all"})
    browser.post("/sign-in/", {"username": ada.email, "password": PASSWORD})
    secrets |= {"wrong password": "not-this-one-at-all"}
    browser.force_login(ada)
    secrets["session"] = browser.cookies[product.SESSION_COOKIE_NAME].value

    # A colleague is invited, joins, and forgets the password.
    browser.post("/people/new/", {"name": "New Person", "email": "new@word.example", "role": "staff", "zone": "UTC"})
    outbox.send_waiting(now)
    Browser().post("/password/", {"email": thandi.email})
    outbox.send_waiting(now)
    for mail in mailoutbox:
        if found := ADDRESS.search(mail.body):
            secrets[f"address in {mail.subject}"] = found[2]
            stranger = Browser()
            stranger.get(found[0])
            stranger.get(found[0], follow=True)
            stranger.post(found[0], {"new_password1": TYPED, "new_password2": TYPED, "password": TYPED})

    # The client reads, signs with a code, and reads what was signed.
    link = make_link(karoo, thandi, now, contact=lena)
    make_promise("Drawings", made_at=now, due_on=now.date().replace(year=now.year + 1))
    scope = agreements.draft(karoo, thandi, now)
    version = agreements.send(scope.agreement, lena, thandi, now)
    token = Agreement.objects.get(pk=scope.agreement_id).token()
    secrets |= {"progress link": link.token(), "signing link": token}
    client = Browser()
    client.get(f"/p/{link.token()}/")
    client.get(f"/p/{link.token()}/no-such/")
    client.post(f"/p/{link.token()}/")
    given = {"shown": version.sha256, "consent": "on", "name": "Lena Karoo"}
    client.post(f"/s/{token}/check/", given)
    code = agreements.figures(OneTimeCode.objects.get().message)
    secrets["code"] = code
    outbox.send_waiting(now)
    client.post(f"/s/{token}/accept/", {**given, "code": "000000" if code != "000000" else "000001"})
    signed = client.post(f"/s/{token}/accept/", {**given, "code": code})
    assert signed.status_code == 302, signed.content.decode()[:2000]
    secrets["pass"] = new_pass(scope.agreement)
    client.get(f"/s/{token}/?pass={secrets['pass']}")
    assert make_documents(now) == 1
    client.get(f"/s/{token}/document/?pass={secrets['pass']}&file=1")
    client.post(f"/s/{token}/ask/", {"text": "Why?"})
    Browser().post("/p/new-link/", {"email": lena.email})
    # Some wait for the hours in which clients are written to.
    outbox.send_waiting(now + 5 * DAY)
    secrets |= {f"mailed {at}": found[1] for at, found in enumerate(links_in(mailoutbox))}
    assert Message.objects.exclude(state__in=[State.SENT, State.DROPPED]).count() == 0
    return secrets


def links_in(mailoutbox):
    found = [re.search(r"/[ps]/([\w-]{20,})/", mail.body) for mail in mailoutbox]
    return [one for one in found if one]


def every_cell():
    """Every column of every table, as the database keeps it, with those of the framework."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, cell in zip(names, row, strict=True):
                    yield f"{table}.{name}", bytes(cell) if isinstance(cell, memoryview) else cell


def text_of(cell):
    return cell.decode("latin-1") if isinstance(cell, bytes) else str(cell)


def test_everything_that_opens_was_used(used):
    assert {"password", "session", "code", "pass", "seal", "progress link", "signing link"} <= set(used)
    assert len([name for name in used if name.startswith("address in")]) >= 2
    assert len([name for name in used if name.startswith("mailed")]) >= 2
    assert [name for name, value in used.items() if len(value) < 6] == []


def test_no_log_holds_any_of_it(used, log):
    written = log.getvalue()

    assert "Not Found" in written or "Method Not Allowed" in written
    assert [name for name, value in used.items() if value in written] == []


def test_no_table_holds_any_of_it(used):
    found = {
        (name, place)
        for place, cell in every_cell()
        for name, value in used.items()
        # Six figures are found by chance in many a number; a code would stand as a word of its own.
        if (re.search(rf"(?<!\w){value}(?!\w)", text_of(cell)) if name == "code" else value in text_of(cell))
    }

    assert found == set()


def test_no_cell_of_any_table_opens_an_address(used):
    """Whoever reads a backup tries what is in it."""
    cells = {
        text.strip()
        for _place, cell in every_cell()
        for text in [text_of(cell)]
        if isinstance(cell, str | bytes)
        for text in [text, *re.findall(r"[\w:.-]{12,}", text)]
        if 12 <= len(text.strip()) <= 200 and re.fullmatch(r"[\w:.=-]+", text.strip())
    }
    opened, browser = [], Browser()
    assert len(cells) > 100

    for cell in some(sorted(cells), 15):
        for form in ("/p/{}/", "/s/{}/", "/s/{}/pdf/", "/document/{}/2026-001/", "/join/MQ/{}/", "/password/MQ/{}/"):
            cache.clear()
            if browser.get(form.format(cell)).status_code == 200 and form[:3] in ("/p/", "/s/"):
                opened.append(form.format(cell))
        browser.cookies[product.SESSION_COOKIE_NAME] = cell
        if browser.get("/me/").status_code == 200:
            opened.append(f"as a session: {cell}")
        browser.cookies.clear()

    assert opened == []


def test_a_fault_tells_nobody_what_was_typed(used, log, monkeypatch, karoo, lena, thandi):
    monkeypatch.setattr("clients.views.signing._sign_page", fail)
    monkeypatch.setattr("clients.views.signing._standing", fail)
    scope = agreements.draft(karoo, thandi, datetime.now(UTC))
    agreements.send(scope.agreement, lena, thandi, datetime.now(UTC))
    token = Agreement.objects.get(pk=scope.agreement_id).token()
    browser = Browser(raise_request_exception=False)

    answer = browser.post(f"/s/{token}/?pass=x", {"code": "314159", "name": "Lena Karoo", "password": TYPED})

    assert answer.status_code == 500
    told = answer.content.decode() + str(answer.headers) + log.getvalue()
    assert "it broke" in told
    assert [text for text in (token, "314159", TYPED, "Lena Karoo") if text in told] == []
    # Nothing mails faults, for a mail would hold all of it.
    assert product.ADMINS == []
    assert "mail_admins" not in str(product.LOGGING)


def fail(*args, **kwargs):
    raise RuntimeError("it broke")


def test_nothing_here_asks_addresses_that_are_gone():
    routes = addresses()

    assert {"p/<path:token>/", "s/<str:token>/", "s/<str:token>/check/", "join/<uidb64>/<token>/"} <= set(routes)
    assert User._meta.get_field("password").max_length
