"""Of many clients a line reads the names of those alone whom it may mean, and means the same."""

from datetime import time

import pytest

from clients.models import Client
from conftest import NOW, ZONE
from promises.one_line import MOST_WORDS, may_be_meant
from promises.quick_add import read_line
from promises.tests.test_quick_add import CLIENTS, WEDNESDAY, lines

pytestmark = pytest.mark.django_db

MORE = (
    "The Shop",
    "Cafe Noir",
    "A. B. Carriers (Pty) Ltd",
    "O’Neill & Sons",
    "O'Brien",
    "ÉCLAIR",
    "Groß Bau GmbH",
    "Ελιά",
    "(Old) Karoo Lamps",
    "Acme-Legal",
    "50% Off",
    "_Under_ Score",
)
TEXTS = (
    *(row["text"] for row in lines()),
    "Call @karoolinen",
    "Call @abcarriers tomorrow",
    "Call @a tomorrow",
    "Quote for @cafe tomorrow",
    "Quote for @CAFÉ zurich tomorrow",
    "Quote for @éclair and @eclair",
    "Quote for @gross bau",
    "Quote for @ελια tomorrow",
    "Quote for @o'neill, @O’Brien",
    "Quote for @" + '"' + "karoo lamps" + '"' + " tomorrow",
    "Quote for @50 tomorrow",
    "Quote for @under tomorrow",
    "Quote for @lamps tomorrow",
    "Call Karoo Linen about cafe zürich",
    "Call the shop and éclair tomorrow",
    "Ask A. B. Carriers, and Gross Bau",
    "Ask @___ and @",
    "Call @⑴ and the ⑴ tomorrow",
    "Call the ⑴ shop",
    "",
    "Nobody at all (Pty) .* [x",
    "word " * 3 + " ".join(f"w{n}" for n in range(MOST_WORDS)) + " karoo linen",
)


@pytest.fixture
def many():
    names = [name for _pk, name in CLIENTS] + [*MORE, *(f"Zz {number}" for number in range(120))]
    Client.objects.bulk_create(Client(name=name, zone=ZONE, made_at=NOW) for name in names)
    return tuple(Client.objects.values_list("pk", "name"))


def test_a_line_means_the_same_as_if_all_names_were_read(many):
    for text in TEXTS:
        some = tuple(Client.objects.filter(may_be_meant(text)).values_list("pk", "name"))

        read, whole = (read_line(text, today=WEDNESDAY, now_time=time(10), clients=c) for c in (some, many))
        assert read == whole, text


@pytest.mark.parametrize(
    ("text", "most"), [("Call @karoo tomorrow", 3), ("Call karoo linen tomorrow", 2), ("Call @nobody", 0), ("Call", 0)]
)
def test_few_names_are_read(many, text, most):
    other = sum(not name.isascii() for _pk, name in many)

    assert Client.objects.filter(may_be_meant(text)).count() <= other + most


def test_the_client_whose_page_it_is_is_always_read(many):
    pk, name = many[-1]

    assert (pk, name) in Client.objects.filter(may_be_meant("Call @karoo", str(pk))).values_list("pk", "name")
