"""Words as the solutions library compares them: without accents and capitals, the same on every database."""

from __future__ import annotations

import re
import unicodedata

# What follows is the same in every word so long; the databases take no lexeme of any length.
WORD_LENGTH = 40
# Nobody types more in a search; a pasted letter is known by its first words. Each one costs a condition.
MOST_ASKED = 20
# Letters that are no letter with an accent, and that people type in another way.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
WORD = re.compile(r"[^\W_]+")
# Plurals and the like, longest first: "lights" and "kamers" are asked as "light" and "kamer".
ENDINGS = ("es", "en", "s", "e")
STEM = 4
# Words that every letter holds say nothing of what it is about (English, Afrikaans, Dutch).
EMPTY_WORDS = """
a able about after all also am an and any are as at be because been before but by can cannot could did do does for
from get give go had has have he hello her here him his how i if in into is it its just know let like look make may
me more most must my need no not now of on one or our out over please put said same say see send she should so some
still such take tell than thank that the their them then there these they thing think this those though to too up
us use very want was way we were what when where which while who why will with would yes you your
aan als ander asseblief baie dan dankie dat deze die dit doen een ek en er ergens gaan gaat geen graag heb hebben
heeft het hierdie hij hoe hulle ik ja jou jouw julle jullie kan kon kunnen kunt maar mag meer met mij moes moet
moeten na naar net nie niet niks nog nou nu om ons ook op oor se sien sy te toch tot uit van veel vir voor waar wat
wees wel wie wil willen word worden zal ze zich zij zijn zou zullen
"""
EMPTY = frozenset(EMPTY_WORDS.split())


def folded(text: str) -> str:
    """The words of a text, plain, with one space between them."""
    return " ".join(words_of(text))


def words_of(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold().translate(PLAIN)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return [word[:WORD_LENGTH] for word in WORD.findall(plain)]


def asked_words(text: str) -> list[str]:
    """Each word that was typed, once."""
    return list(dict.fromkeys(words_of(text)))[:MOST_ASKED]


def telling_words(text: str) -> list[str]:
    """Those of them that tell what a text is about, without their endings; the others where no such word is left."""
    asked = list(dict.fromkeys(words_of(text)))
    telling = [word for word in asked if (len(word) > 2 or word.isdigit()) and word not in EMPTY]
    return list(dict.fromkeys(_stem(word) for word in telling))[:MOST_ASKED] or asked[:MOST_ASKED]


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM:
            return word.removesuffix(ending)
    return word
