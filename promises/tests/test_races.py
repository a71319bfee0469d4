"""Two who do the same thing at once, on connections of their own. On SQLite: on a file, by processes of their own."""

import os
import re
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, connections, transaction

from clients import actions as client_actions
from clients import record
from clients.models import Agreement, Client, Renewal, Scope, ScopeLine
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message
from engagement.outbox.tests.conftest import sink  # noqa: F401, a fixture
from engagement.staff.models import User
from engagement.staff.signals import diary_changed
from promises import actions
from promises.actions import watching
from promises.actions.agreeing import Written
from promises.actions.digest import write_digests
from promises.actions.from_scope import make_from_line, mark_not_needed
from promises.actions.renewing import decide
from promises.due import due_for
from promises.models import DateMove, LoadChange, OutcomeTally, Promise, Reminder, RiskReading, Telling

ROOT = Path(__file__).resolve().parents[2]
# CLAIMS=1000 lets sixteen workers go for a thousand rows, on both databases: make soak.
CLAIMS = int(os.environ.get("CLAIMS", "200"))
FILED, FILERS = (CLAIMS, 16) if CLAIMS >= 1000 else (60, 4)
on_servers = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def at_once(*acts, rounds=1):
    """Do these at the same moment, each on its own connection. What each answered, or the refusal or error it met."""
    gate = threading.Barrier(len(acts))

    def run(act):
        try:
            gate.wait(10)
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def errors(answers):
    return [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, actions.Refused)]


class TestOnServers:
    pytestmark = on_servers

    @pytest.fixture(autouse=True)
    def _mails_stay_here(self, settings):
        settings.DELIVERY_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    def test_of_two_who_end_a_promise_one_wins(self, make_promise, thandi, mara, karoo):
        promise = make_promise()

        answers = at_once(
            lambda: actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW),
            lambda: actions.withdraw(promise, reason="No.", agreed_by="Lena", by=mara, now=NOW),
            lambda: actions.deliver(promise, delivered_at=NOW, by=mara, now=NOW),
        )

        assert Counter(type(answer) for answer in answers) == {actions.Refused: 2, Promise: 1}
        assert sum(OutcomeTally.objects.values_list("count", flat=True)) <= 1
        assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []

    @pytest.fixture
    def scope(self, karoo):
        scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings")
        ScopeLine.objects.create(scope=scope, number=1, service="Drawings", turnaround_days=5)
        Agreement.objects.filter(pk=scope.agreement_id).update(state="signed", signed_at=NOW)
        return scope

    def test_of_two_who_confirm_a_line_one_makes_the_promise(self, scope, karoo, firm, thandi, mara):
        due = due_for(karoo, firm, (NOW + 7 * DAY).date(), None)

        def confirm(by):
            return make_from_line(scope, 1, what="Drawings", due=due, owner=thandi, by=by, now=NOW)

        answers = at_once(lambda: confirm(thandi), lambda: confirm(mara), lambda: mark_not_needed(scope, 1, mara, NOW))

        assert errors(answers) == []
        assert sum(isinstance(answer, actions.Refused) for answer in answers) == 2
        assert Promise.objects.count() <= 1

    def test_of_two_who_decide_about_a_scope_one_does(self, scope, lena, thandi, mara):
        def settle(decision, by):
            words = Written(lena, "How we go on", "We go on.", f"renewal:{decision}")
            return decide(scope, decision, why="", words=words, by=by, now=NOW)

        answers = at_once(lambda: settle("renew", thandi), lambda: settle("part", mara))

        assert errors(answers) == []
        assert Renewal.objects.count() == 1
        assert Message.objects.filter(occasion__startswith="renewal:").count() == 1

    def test_delivery_and_an_answer_do_not_cross(self, make_promise, karoo, firm, thandi, mara):
        for number in range(8):
            promise = make_promise(f"Promise {number}")
            asked = actions.extend(
                promise,
                due_for(karoo, firm, promise.due_on + DAY, None),
                reason="more_work",
                reason_text="More.",
                asked_by="us",
                by=thandi,
                now=NOW,
            )

            answers = at_once(
                lambda promise=promise: actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW),
                lambda asked=asked: actions.answer(asked, agreed=True, answered_at=NOW, by=mara, now=NOW),
            )

            promise.refresh_from_db()
            assert errors(answers) == []
            assert promise.ended_at == NOW
            # Either it moved before it was delivered, or the answer came too late and changed nothing.
            assert promise.moves == DateMove.objects.filter(promise=promise).count()
            assert isinstance(answers[1], actions.Refused) == (promise.moves == 0)

    def test_an_extension_is_answered_once(self, make_promise, karoo, firm, thandi, mara):
        promise = make_promise()
        due = due_for(karoo, firm, promise.due_on + DAY, None)
        asked = actions.extend(promise, due, reason="more_work", reason_text="More.", asked_by="us", by=thandi, now=NOW)

        answers = at_once(
            *[
                lambda agreed=agreed: actions.answer(asked, agreed=agreed, answered_at=NOW, by=mara, now=NOW)
                for agreed in (True, False, True, False)
            ]
        )

        assert errors(answers) == []
        assert sum(isinstance(answer, actions.Refused) for answer in answers) == 3

    def test_many_promises_for_one_client_make_one_whole_chain(self, make_promise, karoo, thandi):
        make_promise("The first")

        answers = at_once(*[lambda number=number: make_promise(f"Promise {number}") for number in range(16)])

        assert errors(answers) == []
        client = Client.objects.get(pk=karoo.pk)
        assert list(record.verify(client)) == []
        assert karoo.record.filter(kind="made").count() == 17

    def test_telling_in_opposite_orders_does_not_lock(self, make_promise, karoo, lena, thandi):
        promises = [make_promise(f"Promise {number}") for number in range(6)]

        def tell(order):
            for _again in range(4):
                actions.record_conversation(
                    [actions.Said(promise, Telling.Kind.MAY_BE_LATE) for promise in order],
                    client=karoo,
                    contact=lena,
                    channel="call",
                    spoken_at=NOW,
                    text="",
                    by=thandi,
                    now=NOW,
                )

        answers = at_once(*[lambda order=order: tell(order) for order in (promises, promises[::-1]) * 3])

        assert answers == [None] * 6
        assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []

    def test_whatever_people_do_at_once_nobody_waits_in_a_ring(self, make_promise, karoo, lena, thandi, mara):
        promises = [make_promise(f"Promise {number}") for number in range(24)]
        late = promises[0].due_at + DAY

        def each(act, mine):
            return lambda: [act(promise) for promise in mine]

        def new_hours():
            for shift in range(6):
                client = Client.objects.get(pk=karoo.pk)
                client.hours = [[["08:00", f"1{shift}:00"]]] * 7
                client_actions.save_client(client, mara, late)

        def new_diary():
            for _again in range(10):
                diary_changed.send(sender=User, user=thandi, now=late)

        answers = at_once(
            each(lambda p: actions.deliver(p, delivered_at=late, by=thandi, now=late), promises[:8]),
            each(lambda p: actions.withdraw(p, reason="No.", agreed_by="Lena", by=mara, now=late), promises[8:16]),
            each(lambda p: actions.update(p, standing="on_track", by=thandi, now=late), promises[:15:-1]),
            new_hours,
            new_diary,
            lambda: actions.look_at_due(late),
            lambda: actions.look_at_due(late),
        )

        assert errors(answers) == []
        assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []

    def test_two_sweeps_remind_once(self, make_promise, thandi, mara, ada):
        for number in range(20):
            # Owned by managers who hear for each other, in both orders.
            make_promise(f"Promise {number}", owner=[mara, ada, thandi][number % 3])
        late = Promise.objects.first().due_at + HOUR

        answers = at_once(*[lambda: watching.look_at_due(late)] * 4)

        assert errors(answers) == []
        assert not Promise.objects.to_look_at(late + 2 * watching.PUT_OFF).exists()
        occasions = Counter(Reminder.objects.values_list("promise", "kind", "person"))
        assert set(occasions.values()) == {1}
        assert len({promise for promise, _kind, _person in occasions}) == 20
        assert Message.objects.filter(kind="alarm").count() == 3

    def test_four_sweeps_and_people_at_work_lose_and_double_nothing(self, make_promise, thandi, mara, ada, monkeypatch):
        monkeypatch.setattr(watching, "CHUNK", 4)
        promises = [make_promise(f"Promise {number}", owner=[mara, ada, thandi][number % 3]) for number in range(30)]
        late = promises[0].due_at + HOUR

        def work():
            for promise in promises[::5]:
                actions.update(promise, standing="on_track", hours_left=Decimal(1), by=thandi, now=late)

        answers = at_once(work, *[lambda: watching.look_at_due(late)] * 4)
        # What somebody held, or changed while it was looked at, is due still.
        watching.look_at_due(late)

        assert errors(answers) == []
        assert not Promise.objects.to_look_at(late + 2 * watching.PUT_OFF).exists()
        assert not LoadChange.objects.exists()
        occasions = Counter(Reminder.objects.values_list("promise", "kind", "person"))
        assert set(occasions.values()) == {1}
        assert len({promise for promise, _kind, _person in occasions}) == 30
        assert Counter(RiskReading.objects.values_list("promise")).most_common(1)[0][1] == 1

    def test_a_promise_that_somebody_holds_keeps_no_other_waiting(self, make_promise, thandi):
        held, free = make_promise("held"), make_promise("free")
        with transaction.atomic():
            Promise.objects.select_for_update(no_key=True).get(pk=held.pk)
            [looked] = at_once(lambda: watching.look_at_due(NOW))

        assert looked == 1
        assert list(Promise.objects.to_look_at(NOW)) == [held]
        assert free.readings.count() == 1

    def test_the_slower_of_two_sweeps_leaves_at_once(self, make_promise):
        make_promise()
        with watching._the_word() as is_mine:
            answers = at_once(lambda: watching.look_at_due(NOW))

        assert is_mine
        assert answers == [0]
        assert watching.look_at_due(NOW) == 1

    def test_three_workers_write_one_morning_message(self, make_promise, thandi):
        make_promise()
        write_digests(NOW)

        answers = at_once(*[lambda: write_digests(NOW + DAY - 3 * HOUR)] * 3)

        assert sorted(answers) == [0, 0, 1]

    def test_sixteen_workers_claim_each_row_once(self, firm):
        write_many(CLAIMS)
        pks = list(Message.objects.values_list("pk", flat=True))

        answers = at_once(*[lambda: sum(outbox.deliver(pk, NOW) for pk in pks)] * 16)

        assert errors(answers) == []
        assert sum(answers) == CLAIMS
        assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}

    def test_sixteen_turns_at_once_send_each_message_once(self, firm, sink):  # noqa: F811
        write_many(CLAIMS, audience=Audience.STAFF)
        write_many(CLAIMS // 10)

        answers = at_once(*[lambda: outbox.send_waiting(NOW)] * 16)

        assert errors(answers) == []
        assert sum(answers) == CLAIMS + CLAIMS // 10
        assert set(sink.times().values()) == {1}
        assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def write_many(how_many, audience=Audience.CLIENT):
    fields = {"audience": audience, "subject": "Word", "body": "As agreed."}
    rows = [
        {"occasion": f"{audience} {number}", "address": f"{audience}{number}@karoo.example", **fields}
        for number in range(how_many)
    ]
    outbox.write_all(rows, NOW)


CLAIMER = """
import django
django.setup()
from datetime import UTC, datetime
from engagement.outbox import actions
now = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
print(actions.send_waiting(now))
"""
FILLER = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from promises.tests.test_races import FILED, write_many
write_many(FILED // 2)
write_many(FILED // 2, audience="staff")
"""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the same test runs on the servers above")
def test_processes_claim_each_row_of_a_file_once(tmp_path):
    environ = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "DJANGO_SETTINGS_MODULE": "engagement.settings",
        "EMAIL_URL": f"filemail:///{tmp_path}",
        "VAR_DIR": str(tmp_path),
        "DEBUG": "True",
        "REDIS_URL": "",
    }
    common = {"cwd": ROOT, "env": environ, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    subprocess.run([sys.executable, "-c", FILLER], check=True, **common)

    workers = [subprocess.Popen([sys.executable, "-c", CLAIMER], **common) for _number in range(FILERS)]
    answers = [worker.communicate(timeout=300) for worker in workers]

    laid_down = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    ids = re.findall(r"^Message-ID: (.+)$", laid_down, re.MULTILINE)
    assert [error for _count, error in answers if "locked" in error or "Traceback" in error] == []
    assert sum(int(count) for count, _error in answers) == FILED
    assert (len(ids), len(set(ids))) == (FILED, FILED)
