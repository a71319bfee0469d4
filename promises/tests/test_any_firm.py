"""Whatever happens in a firm: before a date passes in silence somebody is asked who could still tell the client."""

import os

import pytest

from promises.actions.alarms import Hearers
from promises.tests.any_firm import AnyFirm

# ANY_FIRMS=200: make soak. SEED=… plays the same again.
HOW_MANY = int(os.environ.get("ANY_FIRMS", "0"))
SEED = int(os.environ.get("SEED", "0"))


@pytest.fixture(autouse=True)
def _mails_stay_here(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(SEED, SEED + (HOW_MANY or 2)))
def test_no_date_passes_in_silence_without_somebody_asked_who_was_there(seed):
    firm = AnyFirm(seed, promises=20 if HOW_MANY else 12).run()

    print("\n".join(firm.story))  # noqa: T201  what a failure is explained by
    assert not firm.wrong, "\n".join(firm.wrong)
    # It was not for want of dates to judge.
    assert firm.dates_judged > 2


@pytest.mark.django_db
def test_a_firm_in_which_nobody_is_asked_does_not_pass(monkeypatch):
    monkeypatch.setattr(Hearers, "whom", lambda *asked: {})

    assert "nobody was asked about" in AnyFirm(0, promises=4).run().wrong[0]
