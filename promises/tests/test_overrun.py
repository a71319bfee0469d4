"""The price of a signed scope stands: what it takes beyond that is our cost, and is shown."""

from decimal import Decimal

import pytest

from clients.actions import log_request
from clients.agreement_rules import State
from clients.models import Agreement, OutsideRequest
from clients.tests.agreements import draft
from conftest import DAY, NOW
from engagement.staff.models import Firm
from promises import actions
from promises.overrun import Effort, cost_of, cost_words, effort_of, hours_words


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def scope(karoo, thandi):
    """For 1,800 and 15 % tax."""
    lines = [
        {"service": "Drawings", "quantity": Decimal(1), "price": Decimal(1800)},
        {"kind": "tax", "service": "VAT", "rate": Decimal(15)},
    ]
    drafted = draft(karoo, thandi, NOW - 10 * DAY, lines=lines, currency="EUR")
    Agreement.objects.filter(pk=drafted.agreement_id).update(state=State.SIGNED, signed_at=NOW - 9 * DAY)
    return type(drafted).objects.get(pk=drafted.pk)


@pytest.fixture
def owed(make_promise, scope):
    def make(estimate=None, **fields):
        return make_promise(scope=scope, estimate_hours=estimate and Decimal(estimate), **fields)

    return make


@pytest.fixture
def done(thandi):
    def delivered(promise, hours=None):
        taken = hours and Decimal(hours)
        return actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW, hours_taken=taken)

    return delivered


def hours(effort):
    return (effort.estimated, effort.taken, effort.supposed, effort.left)


def test_what_was_said_counts(owed, done, scope):
    done(owed(10), 14)

    assert hours(effort_of(scope)) == (10, 14, 0, 0)
    assert effort_of(scope).over == 4


def test_an_estimate_stands_for_what_nobody_said(owed, done, scope):
    done(owed(10))

    assert hours(effort_of(scope)) == (10, 10, 10, 0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (10, 0, 0, 10)),
        ({"hours_left": Decimal(4)}, (10, 6, 6, 4)),
        ({"hours_left": Decimal(13)}, (10, 0, 0, 13)),
        ({"per_cent": 70}, (10, 7, 7, 3)),
    ],
)
def test_an_open_promise_counts_by_its_last_update(owed, scope, thandi, said, expected):
    promise = owed(10)
    if said:
        actions.update(promise, standing="on_track", by=thandi, now=NOW, **said)

    assert hours(effort_of(scope)) == expected


def test_hours_left_are_known_without_an_estimate(owed, scope, thandi):
    actions.update(owed(), standing="on_track", by=thandi, now=NOW, hours_left=Decimal(4))

    assert hours(effort_of(scope)) == (0, 0, 0, 4)
    assert effort_of(scope).unknown == 0


def test_what_was_taken_back_counts_what_was_done_and_is_owed_no_more(owed, scope, thandi):
    promise = owed(10)
    actions.update(promise, standing="on_track", by=thandi, now=NOW, per_cent=30)
    actions.withdraw(promise, reason="They need it no more.", agreed_by="Lena", by=thandi, now=NOW)

    assert hours(effort_of(scope)) == (0, 3, 3, 0)


def test_what_was_logged_by_mistake_counts_nowhere(owed, scope, thandi):
    actions.void(owed(10), reason="A slip of the hand.", by=thandi, now=NOW)

    assert effort_of(scope) == Effort()


def test_what_is_opened_again_keeps_the_hours_it_took(owed, done, scope, thandi):
    promise = owed(10)
    done(promise, 6)
    actions.reopen(promise, reason="Not quite.", by=thandi, now=NOW)

    assert hours(effort_of(scope)) == (10, 6, 0, 4)


def test_a_promise_of_which_nothing_is_known_is_counted_as_unknown(owed, done, scope):
    done(owed())

    assert effort_of(scope) == Effort(unknown=1)


def test_requests_beside_it_cost_their_minutes(karoo, scope, thandi):
    request = OutsideRequest(client=karoo, scope=scope, asked_on=NOW.date(), what="A call", minutes=90)
    log_request(request, thandi, NOW)

    assert effort_of(scope).outside == Decimal("1.5")
    assert effort_of(scope).so_far == Decimal("1.5")


def test_promises_under_another_scope_do_not_count(make_promise, scope):
    make_promise(estimate_hours=Decimal(10))

    assert effort_of(scope) == Effort()


# What it costs


@pytest.fixture
def hour_cost(firm):
    Firm.objects.update(hour_cost=Decimal(50), currency="EUR")
    return Firm.get()


def test_the_cost_stands_against_the_price_without_taxes(owed, done, scope, hour_cost):
    done(owed(36), 41)

    cost = cost_of(scope, effort_of(scope), hour_cost)

    assert (cost.so_far, cost.price) == (Decimal(2050), Decimal(1800))
    assert cost_words(effort_of(scope), cost) == ["So far: 41 h ≈ €2,050.00 of €1,800.00: €250.00 over, our cost."]


def test_what_is_still_to_do_is_reckoned_too(owed, done, scope, hour_cost):
    done(owed(20), 20)
    owed(24, what="Counter drawings")

    effort = effort_of(scope)

    assert cost_words(effort, cost_of(scope, effort, hour_cost)) == [
        "So far: 20 h ≈ €1,000.00 of €1,800.00: €800.00 of the price is left.",
        "With what is still to do: 44 h ≈ €2,200.00 of €1,800.00: €400.00 over, our cost.",
    ]


@pytest.mark.parametrize(("cost", "currency"), [(None, "EUR"), (Decimal(50), "ZAR")])
def test_without_a_cost_in_its_money_nothing_is_reckoned(owed, scope, firm, cost, currency):
    Firm.objects.update(hour_cost=cost, currency=currency)
    owed(10)

    assert cost_of(scope, effort_of(scope), Firm.get()) is None


@pytest.mark.parametrize(("amount", "words"), [("41", "41 h"), ("3.25", "3.3 h"), ("100", "100 h"), ("0.04", "0 h")])
def test_hours_are_spoken_to_a_tenth(amount, words):
    assert hours_words(Decimal(amount)) == words


# Who sees it


def shown(client, scope, person):
    client.force_login(person)
    return client.get(scope.get_absolute_url()).content.decode()


def test_everybody_who_sees_the_scope_sees_the_hours(client, owed, done, scope, thandi, hour_cost):
    done(owed(36), 41)

    page = shown(client, scope, thandi)

    assert "Over the estimate" in page
    assert "5 h" in page


def test_only_managers_see_the_cost(client, owed, done, scope, thandi, mara, hour_cost):
    done(owed(36), 41)

    assert "€250.00 over, our cost" in shown(client, scope, mara)
    assert "2,050" not in shown(client, scope, thandi)
    assert "hour cost" not in shown(client, scope, thandi)


def test_managers_are_led_to_where_the_cost_is_said(client, owed, scope, mara):
    owed(36)

    assert "Say what an hour costs" in shown(client, scope, mara)


def test_a_draft_takes_nothing_yet(client, karoo, thandi, mara):
    drafted = draft(karoo, thandi)

    assert "What it takes us" not in shown(client, drafted, mara)


def test_a_scope_with_nothing_under_it_says_nothing(client, scope, mara):
    assert "What it takes us" not in shown(client, scope, mara)


@pytest.mark.parametrize("how_many", [1, 3])
def test_more_promises_cost_no_more_queries(owed, scope, how_many, django_assert_num_queries):
    for number in range(how_many):
        owed(number + 1, what=f"Drawing {number}")

    with django_assert_num_queries(2):  # promises, minutes
        assert effort_of(scope).left == sum(range(1, how_many + 1))
