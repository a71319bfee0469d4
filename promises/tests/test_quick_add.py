"""The list beside this file reads: the line, what is left of it, the client ("? …" choices, "- …" merely mentioned,
"! …" a problem), the day, the owner's words and the hours."""

import csv
from datetime import date, time
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.staff.tests.test_read_date import told
from promises.quick_add import ClientMatch, Line, read_line

WEDNESDAY = date(2026, 11, 18)
CLIENTS = [
    (1, "Acme Ltd"),
    (2, "Karoo Linen"),
    (3, "Karoo Wines"),
    (4, "Café Zürich"),
    (5, "Linden & Zonen BV"),
    (6, "Friday Films"),
]


def understood(text: str, language: str = "en", clients=CLIENTS) -> Line:
    return read_line(text, today=WEDNESDAY, now_time=time(10), clients=clients, language=language)


def named(client: ClientMatch) -> str:
    if client.chosen:
        return client.chosen[1]
    sign = {"none": "-", "ambiguous": "?"}.get(client.problem, f"! {client.problem}")
    return f"{sign} {', '.join(name for _, name in client.choices)}".strip()


def lines() -> list[dict[str, str]]:
    with (Path(__file__).parent / "quick_add.tsv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", lines(), ids=lambda row: row["text"])
def test_a_line_is_taken_apart(row):
    line = understood(row["text"])

    hours = str(line.estimate_hours or "")
    assert [line.what, named(line.client), told(line.when), line.owner_words or "", hours] == [
        row[key] for key in ("what", "client", "when", "owner", "hours")
    ]


@pytest.mark.parametrize(
    ("text", "language", "what", "when"),
    [
        ("Stuur konsep aan @acme teen Vrydag 17:00", "af", "Stuur konsep", "2026-11-20 17:00"),
        ("Kwotasie vir @acme oor drie dae", "af", "Kwotasie", "2026-11-21"),
        ("Bel @acme môre om 9", "af", "Bel", "2026-11-19 09:00"),
        ("Stuur concept aan @acme uiterlijk vrijdag 17:00", "nl", "Stuur concept", "2026-11-20 17:00"),
        ("Offerte voor @acme over drie weken", "nl", "Offerte", "2026-12-09"),
        ("Bel @acme morgen om 9 uur", "nl", "Bel", "2026-11-19 09:00"),
    ],
)
def test_a_line_is_read_in_the_language_of_the_person(text, language, what, when):
    line = understood(text, language)

    assert [line.what, line.client.chosen, told(line.when)] == [what, (1, "Acme Ltd"), when]


def test_a_name_in_full_stands_before_names_that_begin_like_it():
    clients = [(1, "Acme Legal"), (2, "Acme"), (3, "Acme Labs")]

    assert understood("Brief for @acme Friday", clients=clients).client.chosen == (2, "Acme")


def test_two_clients_of_one_name_are_shown():
    clients = [(1, "Acme"), (2, "ACME")]

    client = understood("Brief for @acme Friday", clients=clients).client

    assert (client.chosen, client.choices, client.problem) == (None, ((1, "Acme"), (2, "ACME")), "ambiguous")


def test_one_known_and_one_unknown_client_choose_nobody():
    client = understood("Brief for @acme and @nobody Friday").client

    assert (client.chosen, client.problem) == (None, "ambiguous")


def test_the_words_after_the_sign_are_kept_for_the_question():
    line = understood("Brief for @Kafka Friday")

    assert (line.client_words, line.client_choices) == ("Kafka", ())


@pytest.mark.parametrize("piece", ["@a ", "+a ", "~1h ", "client ", '@"', "(", "@client 17 ", " ", "for ", "@a-b'c&"])
def test_ten_thousand_signs_are_read_within_50_ms(piece):
    text = (piece * 10_000)[:10_000]
    clients = [(pk, f"Client {pk} Co") for pk in range(500)]
    took = []

    for _ in range(3):
        started = process_time()
        understood(text, clients=clients)
        took.append(process_time() - started)

    # The best of three, of our own time: other work on the machine is not the reader's.
    assert min(took) < 0.05


PIECES = st.sampled_from(
    [row["text"] for row in lines()] + ["@", '@"', '"', "+", "~", "~3h", "+Ana", "@acme", "(", ")", ",", "for", "\n"]
)
TEXTS = st.text(max_size=60) | st.lists(PIECES, max_size=6).map(" ".join) | st.lists(PIECES, max_size=6).map("".join)
NAMES = st.lists(st.text(max_size=12) | st.sampled_from([name for _, name in CLIENTS]), max_size=5)


@settings(max_examples=400)
@given(text=TEXTS, names=NAMES, language=st.sampled_from(["en", "af", "nl"]))
def test_no_line_breaks_it_and_nothing_is_invented(text, names, language):
    clients = list(enumerate(names))

    line = understood(text, language, clients)

    assert line.text == text
    assert all(0 <= start < end <= len(text) for start, end in line.spans)
    assert all(one[1] <= other[0] for one, other in zip(line.spans, line.spans[1:], strict=False))
    assert set(line.what) <= set(text) | {" "}
    assert len(line.what.split()) <= len(text.split()) + len(line.spans)
    assert set(line.client_choices) <= set(clients)
    assert bool(line.client.chosen) == (line.client.problem == "")
    assert line.client.chosen is None or "@" in text
