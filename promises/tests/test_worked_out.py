"""How the chance of a promise was worked out, for whoever here asks."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from conftest import DAY, NOW
from engagement.staff.when import speak_per_cent
from promises import actions
from promises.kept_record import forget_record
from promises.models import PastJob, Promise


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def jobs(thandi):
    """Sixty finished jobs: each took half as long again as was estimated, and six working days."""
    return PastJob.objects.bulk_create(
        PastJob(
            owner=thandi,
            owner_name=thandi.name,
            estimate_hours=Decimal(8),
            actual_hours=Decimal(12),
            made_on=date(2026, 9, 1),
            finished_on=date(2026, 9, 9),
            working_days=6,
            hours_a_day=5.6,
            fingerprint=str(number),
        )
        for number in range(60)
    )


def text_of(response):
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def why(client, promise):
    return text_of(client.get(reverse("promises:chance", args=[promise.pk])))


def test_the_page_folds_it_away_under_the_chance(client, thandi, make_promise):
    promise = make_promise(estimate_hours=Decimal(8))
    actions.look_at_due(NOW)
    promise.refresh_from_db()
    client.force_login(thandi)

    page = text_of(client.get(promise.get_absolute_url()))

    assert f"{speak_per_cent(promise.chance)} to slip" in page
    assert promise.sentence in page
    assert f'data-unfold="{reverse("promises:chance", args=[promise.pk])}"' in page


@pytest.mark.parametrize("when", ["ended", "overdue", "never looked at"])
def test_without_a_chance_there_is_nothing_to_unfold(client, thandi, make_promise, when, time_machine):
    promise = make_promise()
    if when == "ended":
        actions.look_at_due(NOW)
        actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    if when == "overdue":
        actions.look_at_due(NOW)
        time_machine.move_to(promise.due_at + DAY, tick=False)
    client.force_login(thandi)

    page = text_of(client.get(promise.get_absolute_url()))

    assert "data-unfold" not in page
    assert "to slip" not in page.split("What happened")[0]


def test_before_there_is_a_record_it_says_how_far_it_is_from_one(client, thandi, make_promise):
    client.force_login(thandi)

    page = why(client, make_promise(estimate_hours=Decimal(8)))

    assert "A first guess: there is not enough record yet" in page
    assert "0. From 50 on, chances are worked out from them." in page
    assert "usually took" not in page


def test_the_figures_of_the_record_are_named(client, thandi, make_promise, jobs):
    client.force_login(thandi)

    page = why(client, make_promise(estimate_hours=Decimal(8)))

    assert "It is the share of past jobs like this one" in page
    assert "Thandi's jobs usually took 1.5 × their estimate." in page
    assert "Thandi's usually about 6 working days. This one has 4; gone so far: 2." in page
    assert "Watch from 30%, at risk from 50%." in page


def test_a_manager_reads_whose_record_it_is(client, mara, make_promise, jobs):
    client.force_login(mara)

    page = why(client, make_promise(estimate_hours=Decimal(8)))

    assert "Thandi's jobs usually took 1.5 × their estimate." in page
    assert "Thandi's usually about 6 working days." in page


@pytest.mark.parametrize("whose", ["the owner's", "somebody else's"])
def test_others_read_of_jobs_like_it(client, sam, make_promise, jobs, whose):
    if whose == "somebody else's":
        PastJob.objects.update(owner=sam, owner_name=sam.name)
    client.force_login(sam)

    page = why(client, make_promise(estimate_hours=Decimal(8)))

    assert "Jobs like this usually took 1.5 × their estimate." in page
    assert "Usually about 6 working days. This one has 4; gone so far: 2." in page
    assert not re.search(r"Thandi's (jobs|usually)|[Jj]obs here|Here usually", page)


def test_a_record_of_others_is_called_that_of_the_house(client, thandi, sam, make_promise, jobs):
    PastJob.objects.update(owner=sam, owner_name=sam.name)
    client.force_login(thandi)

    page = why(client, make_promise(estimate_hours=Decimal(8)))

    assert "Jobs here usually took 1.5 × their estimate." in page
    assert "Here usually about 6 working days." in page


def test_where_nobody_ever_said_the_hours_taken_none_are_claimed(client, thandi, make_promise, jobs):
    PastJob.objects.update(actual_hours=None, working_days=1, estimate_hours=Decimal(40))
    client.force_login(thandi)

    page = why(client, make_promise(estimate_hours=Decimal(40), made_at=NOW))

    assert "The hours that past jobs took are not on record" in page
    assert "share of past jobs" not in page
    assert "What estimates have meant" not in page


def test_how_such_dates_were_kept_is_told_where_jobs_had_one(client, thandi, make_promise, jobs):
    client.force_login(thandi)
    promise = make_promise(estimate_hours=Decimal(8))
    undated = why(client, promise)
    PastJob.objects.update(days_given=Decimal(4))
    forget_record()

    page = why(client, promise)

    assert "ran past such a date" not in undated
    share = int(re.search(r"Of jobs like this (\d+)% ran past such a date", page).group(1))
    # All of them took six days where they were given four.
    assert share > 90


def test_what_is_promised_earlier_is_named(client, thandi, make_promise, jobs):
    promise = make_promise(estimate_hours=Decimal(8), due_on=date(2026, 11, 27))
    make_promise("One", estimate_hours=Decimal(4))
    make_promise("Two")
    client.force_login(thandi)

    page = why(client, promise)

    assert "after 2 promises of Thandi's that are due earlier, with about 8 hours of work." in page
    assert "One of them has no estimate." in page


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        ("may_be_late", "Thandi said that it may be late: that counts for at least 90%."),
        ("done", "The work is reported as finished"),
    ],
)
def test_what_was_said_counts(client, thandi, make_promise, standing, text):
    promise = make_promise(estimate_hours=Decimal(8))
    actions.update(promise, standing=standing, by=thandi, now=NOW)
    client.force_login(thandi)

    assert text in why(client, promise)


def test_silence_and_waiting_count(client, thandi, make_promise, time_machine):
    promise = make_promise(estimate_hours=Decimal(8))
    actions.wait_for_client(promise, "the keys", None, thandi, NOW)
    time_machine.move_to(promise.tell_by_at, tick=False)
    client.force_login(thandi)

    page = why(client, promise)

    assert "Nobody has said lately how it stands: that counts for at least 60%." in page
    assert "We wait for the client: that counts for at least 35%." in page


@pytest.mark.parametrize(
    ("hours", "said", "text"),
    [
        (None, None, "Nobody has estimated it; it is taken as about 4 hours."),
        (Decimal(8), None, "About 8 hours"),
        (Decimal(8), Decimal(2), "About 2 hours; the estimate was about 8 hours."),
    ],
)
def test_what_is_left_is_named(client, thandi, make_promise, hours, said, text):
    promise = make_promise(estimate_hours=hours)
    if said is not None:
        actions.update(promise, standing="on_track", hours_left=said, by=thandi, now=NOW)
    client.force_login(thandi)

    assert text in why(client, promise)


@pytest.mark.parametrize("over", ["ended", "overdue"])
def test_of_what_is_over_there_is_no_chance_any_more(client, thandi, make_promise, over, time_machine):
    promise = make_promise()
    if over == "ended":
        actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    else:
        time_machine.move_to(promise.due_at + timedelta(seconds=1), tick=False)
    client.force_login(thandi)

    assert "there is no chance to work out any more" in why(client, promise)


def test_asking_writes_nothing_and_agrees_with_the_watch(client, thandi, make_promise, jobs):
    promise = make_promise(estimate_hours=Decimal(8))
    actions.look_at_due(NOW)
    client.force_login(thandi)
    before = Promise.objects.values().get()

    page = why(client, promise)

    assert Promise.objects.values().get() == before
    assert f"{speak_per_cent(before['chance'])} to slip" in page
