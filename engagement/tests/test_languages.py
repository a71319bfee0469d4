"""The catalogues of what clients read. That nothing is missing in them is told by `promises/tests/test_canaries.py`."""

import re

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
# What is filled in, and the marks of a page: %(name)s, {name}, <bdi>.
PLACES = re.compile(r"%%?\(\w+\)[sd]|%%|\{\w+\}|<[^>]+>")


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
