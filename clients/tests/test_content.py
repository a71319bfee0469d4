"""What is sent: every value as it will be read, in the signer's language, with a fingerprint of exactly that."""

import copy
import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from clients import actions
from clients.content import canonical, fingerprint, freeze, speak_effect, speak_price, speak_turnaround, what_changed
from clients.document import fingerprint as printed_fingerprint
from clients.models import Agreement, Contact, SentVersion
from clients.tests.agreements import addendum_to, draft, send, signed
from conftest import NOW

# Nothing but these is a number.
NUMBERS = {"layout", "version", "number"}
YEAR = re.compile(r"\b20\d\d\b")


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def of_scope(karoo, lena, thandi):
    """Frozen as it would be read by whoever signs it."""

    def make(lines=None, language="", **values):
        Contact.objects.filter(pk=lena.pk).update(language=language)
        scope = draft(karoo, thandi, lines=lines, **values)
        Agreement.objects.filter(pk=scope.agreement_id).update(contact=lena, valid_until=date(2026, 12, 2))
        return freeze(Agreement.objects.get(pk=scope.agreement_id), NOW)

    return make


@pytest.fixture
def of_addendum(karoo, lena, thandi):
    def make(changes, **values):
        return freeze(addendum_to(signed(karoo, lena, thandi), thandi, changes, **values).agreement, NOW)

    return make


CHANGES = [
    {"act": "change", "number": 1, "service": "Drawings", "quantity": Decimal(3), "price": Decimal("120.50")},
    {"act": "remove", "number": 2},
    {"act": "add", "service": "Shelves", "price": Decimal("59.995")},
]


def leaves(value, path=()):
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path, value


def is_fit(path, value):
    if value is None:
        return path[-1] in ("before", "after")
    return type(value) is int if path[-1] in NUMBERS and not isinstance(value, str) else type(value) is str


# What stands in it


@pytest.mark.parametrize("language", ["en", "af", "nl"])
def test_every_value_is_one_to_be_read(of_scope, language):
    content = of_scope(language=language, starts_on=date(2026, 12, 1), ends_on=date(2027, 1, 31), not_included="Paint")

    assert [path for path, value in leaves(content) if not is_fit(path, value)] == []
    assert json.loads(canonical(content)) == content


def test_every_value_of_an_addendum_is_one_to_be_read(of_addendum):
    content = of_addendum(CHANGES, terms="Paid *later*.")

    assert [path for path, value in leaves(content) if not is_fit(path, value)] == []
    assert json.loads(canonical(content)) == content


def test_a_scope_says_what_was_typed(of_scope):
    content = of_scope(
        not_included="  Paint \n\n The floor\n", timeline=" In spring. \n", summary=" The third shop. ", terms=" So.\n"
    )

    assert (content["kind"], content["number"], content["version"], content["layout"]) == ("scope", "2026-001", 1, 1)
    assert (content["title"], content["summary"], content["timeline"], content["terms"]) == (
        "Shop fittings",
        "The third shop.",
        "In spring.",
        "So.",
    )
    assert content["not_included"] == ["Paint", "The floor"]
    assert content["firm"] == {"name": "Word & Co", "email": "office@word.example", "phone": "021 555 0100"}
    assert (content["client"], content["contact"]["email"]) == ({"name": "Karoo Linen"}, "lena@karoo.example")
    assert content["lines"][0] == {
        "number": 1,
        "service": "Drawings",
        "description": "Two rounds of changes",
        "quantity": "2",
        "unit": "sheet",
        "price": "€120.50",
        "amount": "€241.00",
        "turnaround": "5 working days",
    }
    assert content["taxes"] == [{"number": 3, "service": "VAT", "rate": "15 %", "amount": "€171.15"}]
    assert (content["currency"], content["subtotal"], content["total"]) == ("EUR", "€1,141.00", "€1,312.15")
    assert not {"to", "changes", "dates", "effect"} & set(content)


def test_an_addendum_says_what_it_changes_and_what_holds_then(of_addendum):
    content = of_addendum(CHANGES)

    assert content["to"] == {
        "number": "2026-001",
        "title": "Shop fittings",
        "signed_on": "Wednesday 18 November 2026",
    }
    assert [(each["number"], each["act"], each["effect"]) for each in content["changes"]] == [
        (1, "change", "+\N{NO-BREAK SPACE}€120.50"),
        (2, "remove", "\N{MINUS SIGN}\N{NO-BREAK SPACE}€900.00"),
        (4, "add", "+\N{NO-BREAK SPACE}€60.00"),
    ]
    first, second, third = content["changes"]
    assert (first["before"]["quantity"], first["after"]["quantity"]) == ("2", "3")
    assert (second["before"]["service"], second["after"]) == ("Fittings", None)
    assert (third["before"], third["after"]["price"], third["after"]["amount"]) == (None, "€59.995", "€60.00")
    # 361.50 and 60.00, and 15 per cent of them: 63.225.
    assert [line["number"] for line in content["lines"]] == [1, 4]
    assert (content["subtotal"], content["taxes"][0]["amount"], content["total"]) == ("€421.50", "€63.23", "€484.73")
    assert (content["total_before"], content["total_after"]) == ("€1,312.15", "€484.73")
    assert content["effect"] == "\N{MINUS SIGN}\N{NO-BREAK SPACE}€827.42"
    assert (content["reason"], content["dates"]) == ("They asked for it.", [])


def test_a_tax_that_changes_says_what_that_comes_to(of_addendum):
    content = of_addendum([{"act": "change", "number": 3, "kind": "tax", "service": "VAT", "rate": Decimal("16.5")}])

    (change,) = content["changes"]
    assert (change["before"]["rate"], change["after"]["rate"]) == ("15 %", "16.5 %")
    # 188.265 less 171.15
    assert change["effect"] == "+\N{NO-BREAK SPACE}€17.12"


@pytest.mark.parametrize(
    ("language", "sent_on", "total"),
    [
        ("en", "Wednesday 18 November 2026", "€1,312.15"),
        ("nl", "woensdag 18 november 2026", "€\N{NO-BREAK SPACE}1.312,15"),
    ],
)
def test_it_speaks_the_language_of_whoever_signs(of_scope, language, sent_on, total):
    content = of_scope(language=language)

    assert (content["language"], content["sent_on"], content["total"]) == (language, sent_on, total)


def test_where_nobody_is_chosen_yet_it_speaks_the_clients(karoo, thandi):
    type(karoo).objects.filter(pk=karoo.pk).update(language="nl")
    scope = draft(type(karoo).objects.get(pk=karoo.pk), thandi)

    content = freeze(scope.agreement, NOW)

    assert (content["language"], content["contact"]) == ("nl", {"name": "", "role": "", "email": ""})


def test_whoever_sends_it_speaks_another_language(karoo, lena, thandi):
    """The page of the sender is in one language, and the text in that of the signer."""
    Contact.objects.filter(pk=lena.pk).update(language="nl")
    lena.refresh_from_db()
    agreement = draft(karoo, thandi).agreement
    with translation.override("af"):
        version = send(agreement, lena, thandi)

    assert version.content["sent_on"] == "woensdag 18 november 2026"


def test_the_year_is_always_written(of_scope, of_addendum):
    scope = of_scope(starts_on=date(2026, 11, 19), ends_on=date(2026, 11, 20))
    addendum = of_addendum(CHANGES)

    assert scope["valid_until"] == "the end of Wednesday 2 December 2026 (Johannesburg time)"
    assert scope["period"] == "From Thursday 19 November 2026 until Friday 20 November 2026"
    for said in (scope["sent_on"], addendum["sent_on"], addendum["to"]["signed_on"]):
        assert YEAR.search(said)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "said"),
    [
        (None, None, ""),
        (date(2026, 12, 1), None, "From Tuesday 1 December 2026"),
        (None, date(2026, 12, 1), "Until Tuesday 1 December 2026"),
    ],
)
def test_a_period_may_be_open(of_scope, starts_on, ends_on, said):
    assert of_scope(starts_on=starts_on, ends_on=ends_on)["period"] == said


def test_it_is_sent_on_the_day_that_it_is_at_the_clients(of_scope, karoo):
    type(karoo).objects.filter(pk=karoo.pk).update(zone="Pacific/Kiritimati")

    assert of_scope()["sent_on"] == "Wednesday 18 November 2026"
    type(karoo).objects.filter(pk=karoo.pk).update(zone="Pacific/Pago_Pago")
    assert of_scope()["sent_on"] == "Tuesday 17 November 2026"


@pytest.mark.parametrize(
    ("price", "currency", "said"),
    [
        ("0.0125", "EUR", "€0.0125"),
        ("0.1000", "EUR", "€0.10"),
        ("12.345", "EUR", "€12.345"),
        ("1200.0000", "EUR", "€1,200.00"),
        ("-3.5", "EUR", "-€3.50"),
        ("0.5", "JPY", "JP¥0.5"),
        ("1.2345", "KWD", "KWD\N{NO-BREAK SPACE}1.2345"),
        ("0", "EUR", "€0.00"),
    ],
)
def test_a_price_finer_than_the_coin_is_said_in_full(price, currency, said):
    assert speak_price(Decimal(price), currency) == said


def test_what_a_line_says_it_costs_is_never_rounded_away(of_scope):
    line = of_scope([{"service": "Pages", "quantity": Decimal("1000"), "price": Decimal("0.0125")}])["lines"][0]

    assert (line["quantity"], line["price"], line["amount"]) == ("1,000", "€0.0125", "€12.50")


@pytest.mark.parametrize(
    ("quantity", "said"), [("2.00", "2"), ("2.50", "2.5"), ("0.05", "0.05"), ("100", "100"), ("12000000", "12,000,000")]
)
def test_a_quantity_is_said_without_zeros_that_say_nothing(of_scope, quantity, said):
    assert of_scope([{"service": "All", "quantity": Decimal(quantity)}])["lines"][0]["quantity"] == said


@pytest.mark.parametrize(
    ("days", "said"), [(None, ""), (0, "0 working days"), (1, "1 working day"), (7, "7 working days")]
)
def test_a_turnaround_is_said_in_working_days(days, said):
    assert speak_turnaround(days) == said


def test_an_effect_has_its_sign():
    assert speak_effect(Decimal(240), "EUR") == "+\N{NO-BREAK SPACE}€240.00"
    assert speak_effect(Decimal(-240), "EUR") == "\N{MINUS SIGN}\N{NO-BREAK SPACE}€240.00"
    assert speak_effect(Decimal(0), "EUR") == "€0.00"


# Its fingerprint


def test_what_is_kept_has_the_fingerprint_of_what_was_sent(karoo, lena, thandi):
    """Through the database and back, and as it is printed in the foot of the document."""
    agreement = draft(karoo, thandi, title="Ж\u0301 😀 שלום 'n", summary='"\\ / \u2028 \x7f').agreement
    send(agreement, lena, thandi)

    kept = SentVersion.objects.get()

    assert kept.sha256 == fingerprint(kept.content) == printed_fingerprint(kept.content)
    assert re.fullmatch(r"[0-9a-f]{64}", kept.sha256)


def test_the_order_of_the_names_is_nothing_and_that_of_the_lines_is_something(of_scope):
    content = of_scope()

    assert fingerprint(dict(reversed(list(content.items())))) == fingerprint(content)
    assert fingerprint({**content, "lines": content["lines"][::-1]}) != fingerprint(content)


WHOLE = {
    "layout": 1,
    "kind": "addendum",
    "version": 2,
    "title": "Shop fittings",
    "firm": {"name": "Word & Co", "email": "hello@word.example", "phone": "+27 21 555 0134"},
    "lines": [{"number": 1, "service": "Drawings", "amount": "€241.00"}, {"number": 2, "service": "Fittings"}],
    "not_included": ["Paint", "The floor"],
    "changes": [{"number": 1, "act": "change", "before": {"price": "€1.00"}, "after": None, "effect": "+ €2.00"}],
    "terms": "Paid within *14 days*.\n\nAnd \u202e so on \\ \" '.",
}
PLACES = [path for path, value in leaves(WHOLE) if value is not None]


@settings(max_examples=500, deadline=None)
@given(place=st.sampled_from(PLACES), data=st.data())
def test_no_single_character_changes_without_the_fingerprint(place, data):
    changed = copy.deepcopy(WHOLE)
    holder = changed
    for step in place[:-1]:
        holder = holder[step]
    before = holder[place[-1]]
    if isinstance(before, int):
        holder[place[-1]] = data.draw(st.integers(0, 10**6).filter(lambda number: number != before))
    else:
        at = data.draw(st.integers(0, len(before)))
        letter = data.draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=0, max_size=1))
        holder[place[-1]] = before[:at] + letter + before[at + data.draw(st.integers(0, 1)) :]

    assert (fingerprint(changed) == fingerprint(WHOLE)) == (changed == WHOLE)


# What changed between two of them


@pytest.fixture
def version(of_addendum):
    return of_addendum(CHANGES, terms="So.") | {"summary": "Short", "not_included": ["Paint"], "timeline": "Spring"}


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("title", "Another", "The title"),
        ("summary", "Another", "The short summary"),
        ("lines", [], "The services or their prices"),
        ("changes", [], "What it changes"),
        ("taxes", [], "The taxes"),
        ("total", "€1.00", "The total"),
        ("dates", [{"what": "Drawings", "old": "a", "new": "b"}], "The dates it moves"),
        ("not_included", [], "What is not included"),
        ("timeline", "Autumn", "The timeline"),
        ("terms", "Otherwise.", "The terms"),
        ("reason", "Another", "The reason"),
        ("period", "From now", "The period"),
        ("valid_until", "Tomorrow", "Until when it can be signed"),
        ("contact", {"name": "Ben"}, "Who signs"),
        ("firm", {"name": "Word"}, "Its wording"),
        ("to", {"number": "2026-002"}, "Its wording"),
        ("subtotal", "€1.00", "Its wording"),
    ],
)
def test_each_part_that_differs_is_named(version, part, value, said):
    assert what_changed(version, {**version, part: value}) == [said]


@pytest.mark.parametrize(
    ("part", "value"), [("version", 7), ("sent_on", "Another day"), ("layout", 2), ("language", "nl")]
)
def test_the_sending_itself_is_no_part_of_what_is_agreed(version, part, value):
    assert what_changed(version, {**version, part: value}) == []


def test_several_parts_are_named_in_the_order_of_the_page(version):
    after = {**version, "terms": "Otherwise.", "title": "Another", "lines": []}

    assert what_changed(version, after) == ["The title", "The services or their prices", "The terms"]


def test_between_two_sendings_it_says_what_a_person_changed(karoo, lena, thandi):
    scope = draft(karoo, thandi)
    first = send(scope.agreement, lena, thandi)
    actions.revise(scope.agreement, by=thandi, now=NOW)
    actions.save_draft(scope, {"timeline": "In spring."}, [{"service": "All", "price": 7}], by=thandi, now=NOW)

    second = send(scope.agreement, lena, thandi)

    assert what_changed(first.content, second.content) == [
        "The services or their prices",
        "The taxes",
        "The total",
        "The timeline",
    ]


def test_signs_that_turn_the_text_are_written_out(karoo, thandi):
    scope = draft(
        karoo, thandi, title="pay \u202e00.1", terms="\u2066left", lines=[{"service": "\u202eevil", "price": 1}]
    )

    content = freeze(scope.agreement, NOW)

    assert (content["title"], content["terms"]) == ("pay [U+202E]00.1", "[U+2066]left")
    assert content["lines"][0]["service"] == "[U+202E]evil"
