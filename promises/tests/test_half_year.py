"""Where people do as they are reminded, no client is surprised; where nobody does, somebody is."""

import os

import pytest

from promises.models import Promise
from promises.tests.half_year import HalfYear

# HALF_YEARS=3 takes three whole half-years of eight people and four hundred promises, some minutes each.
WHOLE = int(os.environ.get("HALF_YEARS", "0"))
SIZE = {"weeks": 26, "promises": 400, "people": 8} if WHOLE else {"weeks": 3, "promises": 45, "people": 5}
SEEDS = range(1, WHOLE + 1) if WHOLE else [1]
FORGETFUL = "Thandi Mokoena"


@pytest.fixture(autouse=True)
def _mails_stay_here(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_where_reminders_are_obeyed_no_promise_slips_in_silence(seed):
    firm = HalfYear(seed, **SIZE).run()

    print(firm.report())  # noqa: T201  what pytest -s is for
    assert firm.silent() == []
    assert not Promise.objects.open().exists()
    # It was not for want of trouble.
    assert firm.outcomes()["late_told"] > SIZE["promises"] / 10


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_where_nobody_answers_for_somebody_their_promises_do(seed):
    firm = HalfYear(seed, **SIZE, obeys=lambda reader, owner: owner != FORGETFUL).run()

    assert {promise.owner.name for promise in firm.silent()} == {FORGETFUL}


@pytest.mark.django_db
@pytest.mark.skipif(not WHOLE, reason="one of the half-years that take minutes: make soak")
@pytest.mark.parametrize("seed", SEEDS)
def test_where_somebody_answers_no_alarm_their_managers_hear_in_time(seed):
    firm = HalfYear(seed, **SIZE, obeys=lambda reader, owner: reader != FORGETFUL).run()

    assert firm.silent() == []
