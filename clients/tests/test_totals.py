"""What lines come to, worked out by hand beside it."""

from collections import namedtuple
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.totals import amount, rounded, totals

Line = namedtuple("Line", "number kind quantity price rate")


def service(price, quantity="1", number=1):
    return Line(number, "service", Decimal(quantity), Decimal(price), None)


def tax(rate, number=90):
    return Line(number, "tax", Decimal(1), Decimal(0), None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "comes_to"),
    [
        ("2", "120.50", "EUR", "241.00"),
        ("1.5", "33.33", "EUR", "50.00"),  # 49.995
        ("1", "0.005", "EUR", "0.01"),
        ("1", "0.0049", "EUR", "0.00"),
        ("1", "2.675", "EUR", "2.68"),  # a float would say 2.67
        ("1", "1.005", "EUR", "1.01"),  # and 1.00 here
        ("0.5", "0.05", "EUR", "0.03"),
        ("1", "-0.005", "EUR", "-0.01"),  # a discount is rounded as its price would be
        ("3", "-33.335", "EUR", "-100.01"),  # 100.005
        ("1", "99.5", "JPY", "100"),
        ("3", "0.1666", "JPY", "0"),
        ("1", "0.0005", "KWD", "0.001"),
        ("1.25", "1.2345", "KWD", "1.543"),  # 1.543125
        ("99999999.99", "9999999999.9999", "EUR", "999999999899990000.00"),  # the most that the columns hold
        ("0", "500", "EUR", "0.00"),
        ("1", "1.005", "XXQ", "1.01"),  # a currency that nobody knows has cents
    ],
)
def test_a_line_is_rounded_half_up_to_the_coin(quantity, price, currency, comes_to):
    found = amount(service(price, quantity), currency)

    assert str(found) == comes_to


def test_a_tax_is_its_per_cent_of_all_services_together():
    lines = [service("120.50", "2", 1), service("900", number=2), tax("15", 3), tax("2.5", 4)]

    sums = totals(lines, "EUR")

    assert (sums.subtotal, sums.taxes) == (Decimal("1141.00"), {3: Decimal("171.15"), 4: Decimal("28.53")})  # 28.525
    assert str(sums.total) == "1340.68"


def test_a_tax_is_no_part_of_what_another_tax_is_of():
    assert totals([service("100"), tax("10", 2), tax("10", 3)], "EUR").total == Decimal("120.00")


def test_lines_are_rounded_before_they_are_added():
    """Three times 0.335 is 1.005, and three lines that each say 0.34 come to 1.02."""
    assert str(totals([service("0.335", number=n) for n in (1, 2, 3)], "EUR").total) == "1.02"


def test_a_discount_lowers_the_services_and_their_tax():
    sums = totals([service("1000"), service("-100", number=2), tax("15")], "EUR")

    assert (sums.subtotal, sums.taxes[90], sums.total) == (Decimal(900), Decimal(135), Decimal(1035))


def test_more_discount_than_services_comes_below_zero():
    sums = totals([service("10"), service("-30.10", number=2), tax("5")], "EUR")

    assert (str(sums.subtotal), str(sums.taxes[90]), str(sums.total)) == ("-20.10", "-1.01", "-21.11")  # -1.005


def test_yen_have_no_coins_and_dinars_have_a_thousand():
    yen = totals([service("1000.4"), tax("8")], "JPY")
    dinars = totals([service("10.0005"), tax("5")], "KWD")

    assert (str(yen.subtotal), str(yen.taxes[90]), str(yen.total)) == ("1000", "80", "1080")
    assert (str(dinars.subtotal), str(dinars.taxes[90]), str(dinars.total)) == ("10.001", "0.500", "10.501")


@pytest.mark.parametrize("rate", [None, "0"])
def test_a_tax_without_a_rate_takes_nothing(rate):
    assert totals([service("80"), tax(rate)], "EUR").total == Decimal(80)


@pytest.mark.parametrize(("currency", "nothing"), [("EUR", "0.00"), ("JPY", "0"), ("KWD", "0.000")])
def test_nothing_comes_to_nothing_in_coins(currency, nothing):
    sums = totals([], currency)

    assert (str(sums.subtotal), sums.taxes, str(sums.total)) == (nothing, {}, nothing)


def test_two_hundred_lines_add_up():
    lines = [service(f"0.{number:03}5", number=number) for number in range(1, 201)]

    sums = totals([*lines, tax("21", 300)], "EUR")

    # By hand: 0.0015 … 0.2005, each to the cent, half up.
    cents = sum((number * 10 + 5 + 50) // 100 for number in range(1, 201))
    assert sums.subtotal == Decimal(cents) / 100
    assert sums.total == sums.subtotal + rounded(Decimal(cents * 21) / 10000, "EUR")


prices = st.decimals(Decimal("-99999999.9999"), Decimal("99999999.9999"), places=4)
quantities = st.decimals(Decimal(0), Decimal("99999999.99"), places=2)
rates = st.one_of(st.none(), st.decimals(Decimal(0), Decimal(100), places=3))
services = st.lists(st.tuples(quantities, prices), max_size=30)


@settings(deadline=None)
@given(services=services, rates=st.lists(rates, max_size=4), currency=st.sampled_from(["EUR", "JPY", "KWD", "ZAR"]))
def test_the_total_is_the_sum_of_the_amounts_that_are_shown(services, rates, currency):
    lines = [service(price, quantity, number) for number, (quantity, price) in enumerate(services, 1)]
    taxes = [tax(rate, 100 + number) for number, rate in enumerate(rates)]

    sums = totals([*taxes, *lines], currency)

    shown = [amount(line, currency) for line in lines]
    assert sums.subtotal == sum(shown, Decimal(0))
    assert sums.total == sum([*shown, *sums.taxes.values()], Decimal(0))
    assert set(sums.taxes) == {line.number for line in taxes}
    coins = rounded(Decimal(0), currency).as_tuple().exponent
    assert {value.as_tuple().exponent for value in [*shown, sums.subtotal, sums.total]} == {coins}
    assert all(
        abs(each - line.quantity * line.price) * 2 <= Decimal(1).scaleb(coins)
        for each, line in zip(shown, lines, strict=True)
    )
