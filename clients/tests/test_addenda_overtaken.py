"""An addendum that the client has signed is never changed: it is withdrawn, and a new one says what is wanted."""

import pytest

from clients import actions
from clients.agreement_page import agreement_context
from clients.models import Agreement
from clients.tests.agreements import addendum_to, draft, send, sign, signed
from conftest import NOW

NEW = {"act": "add", "service": "A shelf", "quantity": 1, "price": 100}
AGAIN = "Change it and send a new version"


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def scope(karoo, lena, thandi):
    return signed(karoo, lena, thandi)


@pytest.fixture
def addendum(scope, lena, thandi):
    agreement = addendum_to(scope, thandi, [NEW]).agreement
    send(agreement, lena, thandi, name="")
    return Agreement.objects.get(pk=agreement.pk)


def offered(agreement, by):
    """What the page of it offers, in words, and where each leads."""
    context = agreement_context(Agreement.objects.get(pk=agreement.pk), by, NOW)
    acts = [context["main_act"], *context["other_acts"]]
    return {act.words: act.url for act in acts if act}


def test_withdrawn_before_the_client_signed_it_can_be_changed(addendum, thandi):
    actions.withdraw(addendum, why="So.", by=thandi, now=NOW)

    assert list(offered(addendum, thandi)) == [AGAIN]


def test_withdrawn_after_the_client_signed_a_new_one_is_offered(addendum, scope, thandi):
    sign(addendum, addendum.versions.get())
    actions.withdraw(addendum, why="So.", by=thandi, now=NOW)

    assert offered(addendum, thandi) == {"New addendum": f"/scopes/{scope.pk}/addenda/new/"}
    with pytest.raises(actions.Refused, match="Write a new addendum instead"):
        actions.revise(addendum, by=thandi, now=NOW)


def test_none_is_offered_to_a_scope_that_is_over(addendum, scope, thandi):
    sign(addendum, addendum.versions.get())
    actions.end(scope.agreement, why="They moved.", by=thandi, now=NOW)

    assert offered(addendum, thandi) == {}


def test_a_scope_that_the_client_signed_is_copied_and_not_changed(karoo, lena, thandi):
    agreement = draft(karoo, thandi).agreement
    sign(agreement, send(agreement, lena, thandi, name=""))
    actions.withdraw(agreement, why="So.", by=thandi, now=NOW)

    assert offered(agreement, thandi) == {}
