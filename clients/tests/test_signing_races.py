"""Two and twenty who sign, withdraw and take back at once: one signature, and a chain that holds."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from clients import actions, evidence, record
from clients.models import Agreement, Client, SealedDocument, Signature
from clients.tests.agreements import SEEN, code_for, draft, send, sign
from conftest import NOW
from engagement.outbox.models import Message

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# Fifty agreements, ten who sign each at once. RACES=500 takes some minutes.
ROUNDS, AT_ONCE = int(os.environ.get("RACES", "50")), 10


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


def at_once(*acts):
    """Do these at the same moment, each on its own connection. What each answered, or the error it met."""
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


def signing(agreement, version, code):
    def act():
        return actions.sign(
            Agreement.objects.get(pk=agreement.pk),
            name="Lena Karoo",
            drawn=None,
            consent="Yes",
            shown=version.sha256,
            code=code,
            seen=SEEN,
            now=NOW,
        )

    return act


def surprises(answers):
    return [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, actions.Refused)]


def test_of_all_who_sign_at_once_one_does(karoo, lena, thandi, monkeypatch):
    # As many tries as there are hands: it is the signature that must be one, not the code alone.
    monkeypatch.setattr("clients.actions.codes.MOST_TRIES", AT_ONCE)
    for _round in range(ROUNDS):
        agreement = draft(karoo, thandi).agreement
        version = send(agreement, lena, thandi)
        code = code_for(agreement)

        answers = at_once(*[signing(agreement, version, code)] * AT_ONCE)

        agreement.refresh_from_db()
        assert surprises(answers) == []
        assert sum(isinstance(answer, Signature) for answer in answers) == 1
        assert (agreement.state, agreement.signatures.filter(side="client").count()) == ("signed", 1)
        assert Message.objects.filter(occasion__startswith=f"signed:{agreement.pk}:").count() == 1
    assert list(record.verify(Client.objects.get(pk=karoo.pk))) == []


def test_signing_withdrawing_and_taking_back_do_not_cross(karoo, lena, thandi, mara):
    for number in range(ROUNDS // 2):
        agreement = draft(karoo, thandi).agreement
        version = send(agreement, lena, thandi)
        code = code_for(agreement)
        mine, hers = Agreement.objects.get(pk=agreement.pk), Agreement.objects.get(pk=agreement.pk)
        acts = [
            signing(agreement, version, code),
            lambda held=mine: actions.withdraw(held, why="So.", by=thandi, now=NOW),
            lambda held=hers: actions.revise(held, by=mara, now=NOW),
        ]

        answers = at_once(*(acts if number % 2 else acts[::-1]))

        agreement.refresh_from_db()
        is_signed = agreement.signatures.filter(side="client").exists()
        assert surprises(answers) == []
        assert is_signed == (agreement.state == "signed")
    assert list(evidence.verify(Client.objects.get(pk=karoo.pk))) == []


def test_of_two_workers_one_makes_the_document(karoo, lena, thandi, monkeypatch):
    monkeypatch.undo()
    agreement = draft(karoo, thandi).agreement
    sign(agreement, send(agreement, lena, thandi))

    at_once(*[lambda: actions.make_documents(NOW)] * 4)

    assert SealedDocument.objects.count() == 1
    assert Message.objects.filter(occasion=f"document:{agreement.pk}").count() == 1
    assert list(evidence.verify(Client.objects.get(pk=karoo.pk))) == []
