"""Every page, after every text in the firm was replaced by what strangers have tried elsewhere.

The list of pages is the resolver's and the list of texts the models': a new one is asked here by being there.
"""

from __future__ import annotations

import ast
import re
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings

from clients.document import render
from clients.terms import as_html
from clients.tests.test_document import EVIDENCE, SCOPE, SIGNATURE, read
from conftest import NOW
from engagement.headers import HEADERS
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.tests.corpora import FULL, corpus
from engagement.tests.matrix import a_world, addresses
from engagement.tests.outputs import Tags, every_answer, every_path, inline_code, is_asked
from engagement.tests.text_fields import fill, squeezed

ROOT = Path(__file__).resolve().parents[2]
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# Opened by whoever holds the address, or by nobody: kept from caches and search engines.
PRIVATE = ("p/", "s/", "document/", "password/<", "join/", "verify/")
# What stands in an attribute and is read by a machine.
READ_BY_MACHINES = re.compile(
    r"^(href|src|action|formaction|id|for|name|value|list|form|headers|datetime|aria-\w+by|data-.*)$"
)
SEPARATOR = r"[.,'’٬\\s]"
# Marked as safe to print as it is, and why.
MARKED_SAFE = {
    "engagement/staff/second_step.py": "Drawn by us from a key of ours; no text of anybody stands in it.",
    "clients/terms.py": "Markdown of terms, read without HTML and cleaned by nh3 to a short list of tags.",
    "clients/choices.py": "Attributes of a field, escaped by Django's flatatt; names are escaped beside them.",
    "templates/bootstrap5/layout/help_text.html": "Help texts stand in our own forms; no person types one.",
}
# A file by itself, written by `manage.py backtest --html` and opened from a disk: no page of the product.
NO_PAGE = {"templates/promises/backtest.html"}

# No page holds a nought, and PostgreSQL keeps none: forms refuse it.
MARKUP = [text for text in corpus("markup") if "\0" not in text]
ROUNDS = len(MARKUP) // 10 if FULL else 1
# Read as Markdown, where stars and brackets are signs: what becomes of them is asked of the reader itself below.
MARKDOWN = ("clients.Scope.terms", "clients.Addendum.terms", "clients.SentVersion.content", "clients.Solution.say")
SUM = "50337"  # 7*7191
TAGS_OF_TERMS = re.compile(
    r"</?(p|br|hr|strong|em|code|pre|a|ul|ol|li|blockquote|h[3-6]|table|thead|tbody|t[rhd])\b[^<>]*>"
)
ENDS = re.compile(r"s\d+e")


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rounds(django_db_setup, django_db_blocker):
    """What was put where, every answer that the product then gave, and every mail."""
    with django_db_blocker.unblock():
        return [one_round(turn) for turn in range(ROUNDS)]


def one_round(turn):
    with a_world() as world:
        paths = every_path(world, admin=FULL and turn == 0)
        said = fill(payloads(turn))
        return said, list(every_answer(world, paths)), mails_of()


@pytest.fixture(scope="module")
def answers(rounds):
    return [answer for _said, answers, _mails in rounds for answer in answers]


def payloads(turn):
    """A mark of its own for each place, then as many of the payloads as fit there; each round begins elsewhere."""
    number, start = count(1), turn * 10

    def say(name, field, pk):
        most, at = field.max_length or 2000, next(number)
        text = f"s{at}b "
        for step in range(len(MARKUP)):
            more = MARKUP[(start + at * 7 + step) % len(MARKUP)]
            if len(text) + len(more) + 24 > most:
                break
            text += f"{more} "
        # What is too long for one payload shows at least every sign that could mean something.
        if text == f"s{at}b ":
            text += "<b>&'\"{{1}}%s{0}`"[: max(0, most - len(text) - 8)]
        return f"{text} s{at}e"

    return say


def mails_of():
    Message.objects.filter(state__in=[State.SENT, State.FAILED, State.IN_DOUBT]).update(
        state=State.WAITING, not_before=NOW
    )
    settings.DELIVERY_BACKEND, before = "django.core.mail.backends.locmem.EmailBackend", settings.DELIVERY_BACKEND
    try:
        outbox.send_waiting(NOW)
    finally:
        settings.DELIVERY_BACKEND = before
    return list(Message.objects.values_list("state", "subject", "body"))


def test_every_address_was_asked(answers):
    assert {answer.route for answer in answers} == {route for route in addresses() if FULL or is_asked(route)}
    assert len([answer for answer in answers if answer.html and answer.response.status_code == 200]) > 150
    assert [str(answer) for answer in answers if answer.response.status_code == 500] == []


def test_no_page_holds_inline_code(answers):
    assert {str(answer): found for answer in answers if (found := inline_code(answer.html))} == {}


@pytest.mark.parametrize(
    "html",
    [
        "<p style='color:red'>x</p>",
        "<style>p {}</style>",
        "<script>alert(1)</script>",
        "<script type='module'>x</script>",
        "<a onclick='x()'>x</a>",
        "<a href=' java\tscript:x()'>x</a>".replace("\t", ""),
        "<a href='data:text/html,x'>x</a>",
        "<img src='//elsewhere.example/x.png'>",
        "<script src='https://elsewhere.example/x.js'></script>",
        "<svg><use href='https://elsewhere.example/x.svg#a'/></svg>",
        "<link rel='stylesheet' href='https://elsewhere.example/x.css'>",
        "<base href='/x/'>",
        "<iframe srcdoc='x'></iframe>",
        "<meta http-equiv='Refresh' content='0; url=/x'>",
    ],
)
def test_each_kind_of_inline_code_is_seen(html):
    assert inline_code(html) != []


def test_every_answer_carries_the_strict_policy(answers):
    odd = {}
    for answer in answers:
        policy = dict(
            part.strip().partition(" ")[::2] for part in answer.response["Content-Security-Policy"].split(";")
        )
        # A file is shown nowhere, and runs nothing.
        if policy not in (STRICT, {"sandbox": ""}) or ("sandbox" in policy and answer.html):
            odd[str(answer)] = policy

    assert odd == {}
    assert "unsafe" not in str(STRICT)


def test_every_answer_carries_the_other_headers(answers):
    wanted = {**HEADERS, "X-Frame-Options": "DENY"}

    odd = {
        str(answer): missing
        for answer in answers
        if (missing := {name for name, value in wanted.items() if answer.response.headers.get(name) != value})
    }

    assert odd == {}
    assert wanted["Referrer-Policy"] == "same-origin"
    assert wanted["X-Content-Type-Options"] == "nosniff"


def test_files_carry_the_headers_too(client, db):
    response = client.get("/static/css/base.css")

    response.close()
    assert response.status_code == 200
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


def test_a_page_for_one_reader_is_kept_by_no_cache(answers):
    odd = {
        str(answer): answer.response.headers.get("Cache-Control")
        for answer in answers
        if (answer.role != "nobody" or answer.route.startswith(PRIVATE))
        and "no-store" not in answer.response.headers.get("Cache-Control", "")
    }

    assert odd == {}


def test_private_addresses_stay_out_of_search_engines(answers):
    private = [answer for answer in answers if answer.route.startswith(PRIVATE)]

    assert len(private) > 60
    odd = [str(answer) for answer in private if "noindex" not in answer.response.headers.get("X-Robots-Tag", "")]
    assert odd == []


def numbers_of_rows(answers):
    """As they stand in the addresses of pages."""
    return {number for answer in answers for number in re.findall(r"/(\d{5,})/", answer.html)}


def test_numbers_that_machines_read_have_no_separators(answers):
    numbers = numbers_of_rows(answers)
    assert len(numbers) > 10
    grouped = re.compile("|".join(re.sub(r"(?<=\d)(?=(\d{3})+$)", SEPARATOR, number) for number in numbers))

    assert grouped.search(f"/promises/{int(min(numbers)):,}/")
    odd = [
        f"{answer}: {name}={value}"
        for answer in answers
        for _tag, attributes in Tags(answer.html).tags
        for name, value in attributes.items()
        if READ_BY_MACHINES.match(name) and grouped.search(value)
    ]
    assert odd == []


def test_client_pages_show_no_number_of_a_row(answers):
    """Whoever reads numbers in a row learns how many clients there are, and tries the next one."""
    pages = [answer for answer in answers if answer.role in ("link", "signing", "signed", "passed")]
    numbers = numbers_of_rows(answers)

    assert len(numbers) > 10
    assert [str(answer) for answer in pages if numbers & set(re.findall(r"\d{5,}", answer.html))] == []


def test_what_is_marked_safe_is_listed_with_its_reason():
    found = set()
    for path in [*ROOT.glob("templates/**/*"), *ROOT.glob("*/templates/**/*")]:
        if (
            path.is_file()
            and path.suffix == ".html"
            and re.search(r"\|\s*(safe|safeseq)\b|autoescape\s+off", path.read_text())
        ):
            found.add(str(path.relative_to(ROOT)))
    for top in ("engagement", "clients", "promises"):
        for path in (ROOT / top).rglob("*.py"):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts) and marks_safe(path.read_text()):
                found.add(str(path.relative_to(ROOT)))

    assert found == set(MARKED_SAFE)


def marks_safe(source):
    names = {"mark_safe", "SafeString", "SafeText", "html_safe", "__html__"}
    called = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return any(getattr(func, "id", getattr(func, "attr", "")) in names for func in called) or "__html__" in source


@pytest.mark.parametrize(
    "source", ["mark_safe(x)", "safestring.mark_safe(x)", "SafeString(x)", "def __html__(self): ..."]
)
def test_each_way_to_mark_as_safe_is_seen(source):
    assert marks_safe(source)


def test_templates_hold_no_inline_code_that_no_page_happened_to_show():
    found = {}
    for path in ROOT.glob("templates/**/*.html"):
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "x", path.read_text(), flags=re.DOTALL)
        if str(path.relative_to(ROOT)) not in NO_PAGE and (code := inline_code(text)):
            found[path.name] = code

    assert found == {}


def test_mails_are_plain_text():
    assert [path.name for path in (ROOT / "templates/mail").iterdir() if path.suffix != ".txt"] == []


def test_there_are_three_hundred():
    assert len(corpus("markup")) == 300


def test_no_page_takes_it_for_code(rounds):
    for _said, answers, _mails in rounds:
        assert {str(answer): found for answer in answers if (found := inline_code(answer.html))} == {}
        names = {
            name for answer in answers for tag, attributes in Tags(answer.html).tags for name in (tag, *attributes)
        }
        assert [name for name in names if "zqx" in name or not re.fullmatch(r"[a-zA-Z][\w:.-]*", name)] == []


def test_no_page_works_out_what_was_typed(rounds):
    for _said, answers, mails in rounds:
        words = "".join(answer.html for answer in answers) + str(mails)
        assert SUM not in words
        assert settings.SECRET_KEY not in words
        assert "<class '" not in words
        assert "Traceback" not in words


def test_every_text_that_is_shown_whole_is_shown_as_it_was_typed(rounds):
    seen = set()
    for said, answers, _mails in rounds:
        whole = {
            re.match(r"s\d+b", text)[0]: (name, squeezed(text)) for name, text in said.items() if ENDS.search(text)
        }
        odd = set()
        for answer in answers:
            page = Tags(answer.html)
            shown = squeezed(" ".join(page.texts))
            kept = " ".join(squeezed(value) for _tag, attributes in page.tags for value in attributes.values())
            for mark in set(re.findall(r"s\d+b", shown + kept)) & set(whole):
                name, text = whole[mark]
                # Some lists show the beginning only.
                if f"{mark[:-1]}e" in shown + kept and not name.startswith(MARKDOWN):
                    seen.add(name.rpartition(" ")[0])
                    ways = (text, signed_as(text), as_sent(text))
                    odd |= set() if any(one in shown for one in ways) or text in kept else {(str(answer), name)}
        assert odd == set()

    assert len(seen) > 35, sorted(seen)


def signed_as(text):
    """What is signed is read as it is printed: a turn of direction is shown, and turns nothing."""
    return text.replace("\u202e", "[U+202E]")


def as_sent(text):
    """Of what was sent, the place of an address is shown as words: nobody here opens what is a client's."""
    return re.sub(
        r"\[signing page \d+\]", "(their link to sign)", re.sub(r"\[progress page \d+\]", "(their private link)", text)
    )


def test_terms_hold_no_code():
    for text in MARKUP:
        html = as_html(text)

        assert inline_code(html) == [], text
        assert SUM not in html
        assert TAGS_OF_TERMS.sub("", html).count("<") == 0, text


def test_a_document_prints_it_as_it_was_typed():
    """All that fits, in one document: each text stands in a line, a heading, a name and the terms."""
    said = [text for text in MARKUP if text.isprintable() and text.isascii()]
    content = SCOPE | {
        "title": "".join(said[:3]),
        "summary": "\n\n".join(said),
        "terms": "".join(f"```\n{text}\n```\n\n" for text in said if "```" not in text),
        "not_included": said[:40],
    }

    words = re.sub(r"\s+", "", read(render(content, signatures=[SIGNATURE], evidence=EVIDENCE)))

    assert SUM not in words
    lost = [text for text in said if re.sub(r"\s+", "", text) not in words]
    assert lost == []
