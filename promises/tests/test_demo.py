"""The demonstration firm: true to the product's own rules, and the same whichever day it is made."""

import io
from collections import Counter
from datetime import UTC, datetime
from statistics import median

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from clients import evidence
from clients.models import Agreement, Client, OutsideRequest, PrivateLink, Solution
from engagement.outbox import health
from engagement.outbox.models import Message, State
from engagement.staff.diary import public_holidays
from engagement.staff.models import Firm, User
from promises.board import Board
from promises.demo import data, play
from promises.models import (
    DateMove,
    InternalNote,
    Outcome,
    OutcomeTally,
    PastJob,
    ProgressUpdate,
    Promise,
    Reminder,
    RiskReading,
    Telling,
)

WEDNESDAY = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
SATURDAY_NIGHT = datetime(2027, 3, 6, 22, 30, tzinfo=UTC)


def test_every_screen_has_something_true_to_show(db, settings, time_machine):
    out, now = io.StringIO(), WEDNESDAY
    time_machine.move_to(now, tick=False)

    call_command("demo", stdout=out)

    assert "demonstration" in out.getvalue()
    assert data.PASSWORD in out.getvalue()
    for person in data.PEOPLE:
        assert person.email in out.getvalue()
        assert User.objects.get(email=person.email).check_password(data.PASSWORD)
    figures = Board(None, Firm.get().zoneinfo, now).figures()
    assert figures["not_told"] == 3
    assert figures["overdue"] == 7
    assert figures["not_moving"] == 4
    assert 14 <= figures["due_7_days"] <= 20
    assert 185 <= figures["promises"] <= 215
    on_time = figures["kept"] + figures["kept_on_agreed_later_date"]
    late = figures["late_told"] + figures["late_silent"]
    assert 0.85 <= on_time / (on_time + late) <= 0.9
    assert figures["late_unknown"] == 0
    assert figures["early"] > 30
    # Agreements in every state that somebody has to see.
    agreements = Counter(Agreement.objects.values_list("kind", "state"))
    assert agreements["scope", "signed"] == 14
    assert agreements["addendum", "signed"] == 2
    for state in ("sent", "accepted", "declined", "draft"):
        assert agreements["scope", state] == 1
    assert agreements["addendum", "sent"] == 1
    assert DateMove.objects.exclude(addendum=None).count() == 1
    assert Agreement.objects.to_greet().count() == 1
    assert OutsideRequest.objects.filter(answer="").exists()
    assert Solution.objects.to_review(now.date()).count() == 1
    # Each state of the product, at the least once.
    assert Promise.objects.filter(moves__gte=2).exists()
    assert Promise.objects.open().exclude(waiting_for="").exists()
    assert Promise.objects.exclude(withdrawn_at=None).exists()
    assert Promise.objects.exclude(voided_at=None).exists()
    assert Promise.objects.open().filter(estimate_hours=None).exists()
    assert Promise.objects.open().filter(due_at__lte=now).exclude(told_at=None).exists()
    for model in (ProgressUpdate, InternalNote, Telling, DateMove, Reminder, RiskReading):
        assert model.objects.exists(), model
    # A record that forecasts can stand on: of a year before, and what ended since.
    ratios = [
        job.actual / job.estimate for _on, job in PastJob.objects.latest_jobs(1000) if job.actual and job.estimate
    ]
    assert PastJob.objects.filter(promise=None).count() == 160
    assert len(ratios) > 200
    assert 1.2 < median(ratios) < 1.4
    assert PastJob.objects.exclude(promise=None).count() == Promise.objects.exclude(delivered_at=None).count()
    # Told by the product's own ways, and nobody was written to.
    states = set(Message.objects.filter(audience="client").values_list("state", flat=True))
    assert states == {State.SENT, State.IN_DOUBT, State.FAILED}
    assert Message.objects.filter(state__in=[State.WAITING, State.SENDING]).count() <= len(data.PEOPLE)
    # Nothing looks late, and what was signed months ago is sealed without a word to anybody about it.
    assert health.read(now).oldest_waiting_at in (None, now)
    assert set(Agreement.objects.exclude(document_due_at=None).values_list("document_due_at", flat=True)) == {now}
    copies = {agreement.signed_at: f"document:{agreement.pk}" for agreement in Agreement.objects.filter(state="signed")}
    sent = Message.objects.filter(occasion__startswith="document:", state=State.SENT)
    assert dict(sent.values_list("sent_at", "occasion")) == copies
    assert len(copies) == 16
    assert mail.outbox == []
    assert settings.DELIVERY_BACKEND != "django.core.mail.backends.dummy.EmailBackend"


def test_it_is_the_same_firm_on_another_day_and_holds_to_the_rules(db):
    now = SATURDAY_NIGHT

    play(now, lambda done, of: None)

    figures = Board(None, Firm.get().zoneinfo, now).figures()
    assert (figures["not_told"], figures["overdue"], figures["not_moving"]) == (3, 7, 4)
    assert (figures["kept"], figures["late_silent"]) == (107, 8)
    holiday = public_holidays("ZA")
    assert [p for p in Promise.objects.all() if p.due_on.weekday() > 4 or holiday(p.due_on)] == []
    assert not Promise.objects.filter(made_at__gt=now).exists()
    assert not Message.objects.filter(written_at__gt=now).exists()
    assert [fault for client in Client.objects.all() for fault in evidence.verify(client)] == []
    for outcome in Outcome.values:
        tallied = sum(OutcomeTally.objects.filter(outcome=outcome).values_list("count", flat=True))
        assert tallied == Promise.objects.filter(outcome=outcome).count()
    assert PrivateLink.objects.open(now).count() > 8
    secret = Client.objects.get(restricted=True)
    assert not Client.objects.visible_to(User.objects.get(email=f"thandi@{data.DOMAIN}")).filter(pk=secret.pk).exists()


def test_a_database_with_clients_is_refused_and_left_alone(karoo):
    with pytest.raises(CommandError, match="has clients in it"):
        call_command("demo")

    assert Client.objects.count() == 1
    assert Promise.objects.count() == 0
