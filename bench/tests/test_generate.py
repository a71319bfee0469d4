"""What is generated is a firm as the product would have made it: its own checks find nothing wrong."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Q

from bench.generate import BIG_CLIENT, BOSS, FIRST_OWNER, LOREM, NotEmpty, Plan, fill
from bench.pages import BIG, BOARDS, CLIENT_PAGE, DAYS, addresses_of
from clients.models import PrivateLink, Scope
from conftest import NOW
from engagement.staff.models import User
from promises.board import Board
from promises.models import OutcomeTally, PastJob, ProgressUpdate, Promise, Telling

pytestmark = [pytest.mark.servers, pytest.mark.django_db]

PLAN = Plan(1000, NOW)


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """Filled once; what a test does to it is undone after the test, and all of it after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill(PLAN, bar=False)
        yield PLAN
        transaction.set_rollback(True)


@pytest.fixture
def made(filled, db):
    return filled


@pytest.fixture
def skewed(filled, db):
    call_command("flush", interactive=False, verbosity=0)
    plan = Plan(2000, NOW, skewed=True)
    fill(plan, bar=False)
    return plan


def test_the_record_and_the_evidence_hold(made, capsys):
    call_command("verify_evidence")

    assert "hold" in capsys.readouterr().out


def test_the_board_counts_what_a_hand_counts(made):
    board = Board(user=None, zone=User.objects.get(pk=BOSS).zoneinfo, now=NOW)

    rows = list(Promise.objects.all())
    still_open = [row for row in rows if row.ended_at is None]
    figures = board.figures()
    outcomes = Counter(row.outcome for row in rows)
    assert figures["promises"] == len(rows) == made.size
    assert figures["open"] == len(still_open)
    assert figures["overdue"] == sum(row.due_at <= NOW for row in still_open) > 0
    assert figures["not_told"] == sum(row.is_not_told(NOW) for row in still_open) > 0
    assert (figures["kept"], figures["late_told"], figures["late_silent"]) == (
        outcomes["kept"],
        outcomes["late_told"],
        outcomes["late_silent"],
    )
    assert figures["days_early"] == sum(row.days_early or 0 for row in rows)
    assert sum(tally.count for tally in OutcomeTally.objects.all()) == sum(outcomes.values()) - outcomes[""]


def test_outcomes_are_those_that_the_product_would_have_frozen(made):
    from promises.actions.ending import result_of

    ended = Promise.objects.filter(delivered_at__isnull=False)[:200]

    assert len(ended) == 200
    for promise in ended:
        result = result_of(promise, promise.delivered_at)
        assert (promise.outcome, promise.days_early, promise.days_late) == (
            result.outcome,
            result.days_early,
            result.days_late,
        )


def test_dates_and_hours_are_those_of_the_instant(made):
    for promise in Promise.objects.all():
        local = promise.due_at.astimezone(promise.zoneinfo)
        assert (promise.due_on, promise.due_time) == (local.date(), local.time())
        assert promise.made_at < promise.due_at
        assert promise.tell_by_at < promise.due_at
        assert promise.ended_at is None or promise.made_at < promise.ended_at <= NOW


def test_each_has_five_updates_and_the_last_says_how_it_stands(made):
    texts = ProgressUpdate.objects.values_list("text", flat=True)

    assert set(Counter(ProgressUpdate.objects.values_list("promise_id", flat=True)).values()) == {5}
    assert all(45 <= len(text) <= 320 and text in LOREM for text in texts)
    for promise in Promise.objects.prefetch_related("updates"):
        last = promise.updates.all()[0]
        assert (last.at, last.standing, last.per_cent, last.hours_left) == (
            promise.last_update_at,
            promise.standing,
            promise.per_cent,
            promise.hours_left,
        )


def test_shares_are_as_described(made):
    promises = Promise.objects.aggregate(
        still_open=Count("pk", Q(ended_at=None)),
        withdrawn=Count("pk", Q(withdrawn_at__isnull=False)),
        overdue=Count("pk", Q(ended_at=None, due_at__lte=NOW)),
        soon=Count("pk", Q(ended_at=None, due_at__gt=NOW, due_at__lte=NOW + timedelta(days=3))),
    )

    assert promises["still_open"] / made.size == pytest.approx(0.3, abs=0.05)
    assert promises["withdrawn"] / made.size == pytest.approx(0.05, abs=0.03)
    assert promises["overdue"] / promises["still_open"] == pytest.approx(0.15, abs=0.07)
    assert promises["soon"] / promises["still_open"] == pytest.approx(0.2, abs=0.08)
    assert Scope.objects.count() == 5 * made.clients
    assert PastJob.objects.count() == Promise.objects.filter(delivered_at__isnull=False).count()
    assert Telling.objects.filter(promise__told_at=F("spoken_at")).count() == Telling.objects.count() > 0


def test_the_same_seed_makes_the_same_promises(made):
    columns = ("pk", "client_id", "owner_id", "due_at", "what", "estimate_hours", "ended_at")
    before = list(Promise.objects.order_by("pk").values_list(*columns))
    token = PrivateLink.objects.order_by("pk").values_list("token_hash", flat=True)[0]
    with pytest.raises(NotEmpty):
        fill(PLAN, bar=False)

    call_command("flush", interactive=False, verbosity=0)
    fill(PLAN, bar=False)

    assert list(Promise.objects.order_by("pk").values_list(*columns)) == before
    assert PrivateLink.objects.order_by("pk").values_list("token_hash", flat=True)[0] == token


def test_the_skewed_set_has_its_client_its_owner_and_its_hour(skewed):
    promises = Promise.objects.all()
    in_the_hour = promises.open().filter(due_at__gte=skewed.burst, due_at__lt=skewed.burst + timedelta(hours=1))

    assert promises.filter(client=BIG_CLIENT).count() / skewed.size == pytest.approx(0.2, abs=0.05)
    assert promises.filter(owner=FIRST_OWNER).count() / skewed.size >= 0.1
    assert in_the_hour.count() / skewed.size == pytest.approx(0.05, abs=0.02)


def test_every_page_that_is_measured_opens(made, client):
    addresses = addresses_of(made, NOW)
    readers = {DAYS[0]: made.ordinary_owner, DAYS[1]: FIRST_OWNER}

    with time_machine.travel(NOW, tick=False):
        for name in (*BOARDS, CLIENT_PAGE, *DAYS, BIG):
            client.force_login(User.objects.get(pk=readers.get(name, BOSS)))
            response = client.get(addresses[name])
            assert response.status_code == 200, name
        last = client.get(addresses[BOARDS[2]])

    assert len(last.context["rows"]) == 25
    assert not last.context["next"]
