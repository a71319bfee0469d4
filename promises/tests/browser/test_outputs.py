"""What only a browser can say: nothing is fetched from elsewhere, no policy is broken, nothing typed runs or spills.

In Chromium alone: no other browser is at hand where these run.
"""

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from clients.models import Client, Contact, OutsideRequest, Scope, Solution
from clients.tests import agreements
from conftest import DAY
from engagement.staff.models import Firm, User
from engagement.tests.corpora import FULL, corpus
from engagement.tests.text_fields import no_triggers
from promises.models import Promise, Step

pytestmark = pytest.mark.browser

RUNS = "window.zqx = () => { window.ran = (window.ran || 0) + 1; };"
BROKEN = """
window.broken = [];
addEventListener("securitypolicyviolation", (it) => window.broken.push(`${it.violatedDirective} ${it.blockedURI}`));
"""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ARABIC = "تسليم المخططات الهندسية التفصيلية للمبنى الجديد ومراجعتها مع العميل"
NAMES = ["O'Brien & Söhne", "Strauß", "Poznań", "李", "Sting", "N" * 100, f"{LONG} {ARABIC}"]


@pytest.fixture
def papers(office, monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    now = timezone.now()
    scope = agreements.draft(office["karoo"], office["thandi"], now - DAY, title="Shop fittings")
    agreements.send(scope.agreement, office["lena"], office["thandi"], now - DAY, name="")
    return f"/s/{type(scope.agreement).objects.get(pk=scope.agreement_id).token()}/"


def pages_of_clients(office, signing):
    return [office["progress"], signing, f"{signing}ask/", f"{signing}decline/", "/p/new-link/", "/verify/", "/p/x/"]


def pages_of_staff(office):
    client, promise = office["karoo"].pk, office["risky"].pk
    return [
        *(
            "/my-day/",
            "/board/",
            "/board/record/",
            "/foresight/",
            "/team/",
            "/promises/",
            "/promises/new/",
            "/clients/",
        ),
        *(f"/promises/{promise}/{rest}" for rest in ("", "update/", "done/", "extend/", "tell/", "edit/", "chance/")),
        *(
            f"/clients/{client}/{rest}"
            for rest in ("", "edit/", "links/", "scopes/", "progress/", "requests/", "tell/")
        ),
        *("/solutions/", f"/solutions/{office['solution'].pk}/", "/sent/", "/me/", "/people/", "/firm/", "/import/"),
        *(
            "/agreements/",
            "/renewals/",
            "/admin/",
            "/admin/promises/promise/",
            f"/admin/promises/promise/{promise}/change/",
        ),
    ]


def walked(page, paths):
    """Every page that was opened, what each fetched, and what the policy stopped."""
    fetched, broken = [], {}
    page.on("request", lambda request: fetched.append(request.url))
    page.add_init_script(BROKEN)
    for path in paths:
        page.goto(path, wait_until="load")
        if found := page.evaluate("window.broken"):
            broken[path] = found
    return fetched, broken


def test_pages_of_clients_fetch_nothing_from_elsewhere(office, papers, visit, live_server):
    fetched, broken = walked(visit("/healthz"), pages_of_clients(office, papers))

    assert len(fetched) > 10
    assert [url for url in fetched if not url.startswith((live_server.url, "data:"))] == []
    assert broken == {}


def test_pages_of_staff_break_no_policy(office, visit, live_server, ada):
    fetched, broken = walked(visit("/healthz", as_=ada), pages_of_staff(office))

    assert [url for url in fetched if not url.startswith((live_server.url, "data:"))] == []
    assert broken == {}


def test_a_policy_that_is_broken_would_be_seen(office, browser, live_server):
    # A visitor of its own: the others take what the console says for a fault.
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.add_init_script(BROKEN)
    page.goto(office["progress"])

    page.evaluate("document.body.innerHTML += '<p style=x:y>x</p><img src=https://elsewhere.example/x.png>'")
    page.wait_for_function("window.broken.length >= 2")

    broken = {line.split(" ")[0] for line in page.evaluate("window.broken")}
    context.close()
    assert broken == {"img-src", "style-src-attr"}


def test_what_is_signed_arrives_from_a_page_that_tells_others_nothing(office, papers, visit):
    page = visit("/healthz")
    answer = page.goto(papers)
    page.get_by_role("checkbox").check()
    page.get_by_label("Your name").fill("Lena Karoo")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Send me the code").click()

    expect(page.get_by_role("heading", name="Check, then sign")).to_be_visible()
    assert answer.headers["referrer-policy"] == "same-origin"
    assert sent.value.all_headers()["origin"] == page.evaluate("location.origin")


TYPED = (
    *((Promise, "what", 300), (Promise, "next_step", 300), (Promise, "client_words", 900), (Client, "name", 120)),
    *(
        (Client, "about", 900),
        (Contact, "name", 100),
        (Contact, "role", 100),
        (Scope, "title", 200),
        (Step, "text", 200),
    ),
    *(
        (Scope, "summary", 900),
        (Scope, "terms", 900),
        (User, "title", 100),
        (Solution, "say", 900),
        (Firm, "name", 100),
    ),
    (OutsideRequest, "what", 900),
)


def type_everywhere(texts, turn):
    """Over what may not be changed too: behind the back of all doors."""
    at = turn * 8
    with transaction.atomic(), no_triggers():
        for model, name, most in TYPED:
            for pk in model.objects.values_list("pk", flat=True):
                said, at = "", at + 1
                while len(said) + len(texts[at % len(texts)]) < most - 12:
                    said, at = f"{said}{texts[at % len(texts)]} ", at + 1
                model.objects.filter(pk=pk).update(**{name: f"{said}{pk}"})


def test_nothing_that_was_typed_runs(office, papers, visit, ada):
    texts = [text for text in corpus("markup") if "\0" not in text and "zqx" in text]
    for turn in range(len(texts) // 8 if FULL else 1):
        type_everywhere(texts, turn)
        page = visit("/healthz", as_=ada)
        page.add_init_script(RUNS)
        _fetched, broken = walked(
            page, [*pages_of_clients(office, papers), *pages_of_staff(office)[:: 1 if FULL else 6]]
        )
        assert (turn, broken) == (turn, {})
        for path in (office["progress"], papers, "/board/", f"/clients/{office['karoo'].pk}/"):
            page.goto(path)
            assert page.evaluate("window.ran || 0") == 0, path
        page.context.close()


@pytest.mark.parametrize("name", NAMES if FULL else NAMES[-2:])
def test_nothing_spills_over_a_narrow_page_of_a_client(office, papers, visit, name):
    Promise.objects.update(what=f"{name} {LONG}"[:300], next_step=ARABIC, waiting_for=LONG)
    Step.objects.update(text=f"{name}{LONG}"[:200])
    Firm.objects.update(name=name[:100], email=f"{'x' * 50}@{'y' * 50}.example")
    User.objects.update(name=name[:100], title=LONG)
    Client.objects.filter(pk=office["karoo"].pk).update(name=name[:120])
    Contact.objects.update(name=name[:100], role=ARABIC)

    page = visit("/healthz", width=320)
    spilled = {}
    for path in pages_of_clients(office, papers):
        page.goto(path)
        spill = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if spill > 0:
            spilled[path] = spill

    assert spilled == {}
    page.goto(office["progress"])
    assert name[:60] in page.inner_text("body")
