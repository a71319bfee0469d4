"""The catalogues of what clients read. That nothing is missing in them is told by `promises/tests/test_canaries.py`."""

import io
import re

import pytest
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import templatize

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
# What is filled in, and the marks of a page: %(name)s, {name}, <bdi>.
PLACES = re.compile(r"%%?\(\w+\)[sd]|%%|\{\w+\}|<[^>]+>")


# What clients read comes from here; what stands there for staff is named below.
MODULES = [
    "clients/actions/codes.py",
    "clients/actions/links.py",
    "clients/actions/welcome.py",
    "clients/document/*.py",
    "clients/sealing/finding.py",
    "clients/signing_forms.py",
    "clients/signing_page.py",
    "clients/verify_form.py",
    "clients/views/signing.py",
    "clients/views/verify.py",
    "clients/views/visit.py",
    "engagement/staff/when.py",
    "promises/drafts.py",
    "promises/forms/new_link.py",
    "promises/progress_page.py",
    "promises/renewal_words.py",
]
TEMPLATES = [
    "403_csrf.html",
    "base_client.html",
    "clients/_ask_firm.html",
    "clients/_sign*.html",
    "clients/_verified.html",
    "clients/document_*.html",
    "clients/link_*.html",
    "clients/sign*.html",
    "clients/verify*.html",
    "promises/_progress*.html",
    "promises/progress*.html",
]
FOR_STAFF = {"(their private link)", "(their link to sign)"}


def marked():
    """Every text that is marked in them; of two forms, the one of many."""
    for pattern in MODULES:
        for path in found(settings.BASE_DIR, pattern):
            with path.open("rb") as source:
                yield from texts_in(source)
    for pattern in TEMPLATES:
        for path in found(settings.BASE_DIR / "templates", pattern):
            yield from texts_in(io.BytesIO(templatize(path.read_text()).encode()))


def found(folder, pattern):
    paths = sorted(folder.glob(pattern))
    assert paths, f"nothing is called {pattern}"
    return paths


def texts_in(source):
    words = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
    for _line, text, _comments, _context in extract("python", source, words):
        yield text[1] if isinstance(text, tuple) else text


def test_every_text_that_is_marked_for_clients_is_in_every_catalogue():
    asked = set(marked()) - FOR_STAFF
    assert len(asked) > 300

    for language in LANGUAGES:
        known = {said_by(message)[0] for message in catalogue(language)}
        assert sorted(asked - known) == []


def catalogue(language):
    with (settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def said_by(message):
    """A sentence with what stands for it; of one that counts, that of many with each of its forms."""
    if isinstance(message.id, str):
        return message.id, (message.string,)
    return message.id[1], tuple(message.string)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_compiled_is_what_was_written(language):
    with (settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = dict(said_by(message) for message in read_mo(file) if message.id)

    assert compiled == dict(map(said_by, catalogue(language))), "make languages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_whole(language):
    faults = [
        (english, text)
        for message in catalogue(language)
        for english, texts in [said_by(message)]
        for text in texts
        if not text
        or message.fuzzy
        or sorted(PLACES.findall(texts[-1])) != sorted(PLACES.findall(english))
        or not {*PLACES.findall(text)} <= {*PLACES.findall(english)}
        or (english[-1] == "\n") != (text[-1] == "\n")
    ]

    assert faults == []


def test_the_languages_say_the_same():
    first, *others = ({message.id for message in catalogue(language)} for language in LANGUAGES)

    assert all(other == first for other in others)
