"""What the managers' page says of the flags, and the thresholds that it sets."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clients.actions.drafting import draft_addendum, draft_scope
from clients.agreement_rules import State
from clients.models import Agreement, Scope
from conftest import DAY, NOW
from engagement.staff.models import Firm
from promises import actions
from promises.actions.base import holding
from promises.actions.moving import move
from promises.calibration import MOST_READ, Calibration
from promises.due import due_for
from promises.models import Promise, RiskReading

pytestmark = pytest.mark.django_db
HERE = "/foresight/"


@pytest.fixture
def at_noon(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def passed(make_promise):
    """A date that has passed, with what was said of it: (chance, band, working days left) one after the other."""

    def make(*said, due=NOW - 5 * DAY, delivered=None, **fields):
        promise = make_promise(made_at=NOW - 60 * DAY, **fields)
        RiskReading.objects.filter(promise=promise).delete()
        Promise.objects.filter(pk=promise.pk).update(
            delivered_at=delivered, ended_at=delivered, outcome="kept" if delivered else ""
        )
        for number, (chance, band, days_left) in enumerate(said):
            at = due - (len(said) - number) * DAY
            RiskReading.objects.create(
                promise=promise, at=at, band=band, chance=chance, sentence="…", due_at=due, days_left=days_left
            )
        return promise

    return make


@pytest.fixture
def year(passed):
    """Two late and three kept, all with ten working days; one late and one kept had only three."""
    passed((0.3, "on_track", 10), (0.55, "at_risk", 6))
    passed((0.28, "on_track", 10), (0.7, "at_risk", 2))
    for left, chance in ((1, 0.1), (6, 0.2), (8, 0.32)):
        passed((chance, "on_track", 10), delivered=NOW - 5 * DAY - timedelta(days=left))
    passed((0.6, "at_risk", 3))
    passed((0.6, "at_risk", 3), delivered=NOW - 6 * DAY)


def calibration(firm):
    return Calibration(firm, NOW)


def bins(firm):
    return {one.called: (one.count, one.happened) for one in calibration(firm).bins if one.count}


def test_of_those_called_so_likely_it_counts_how_many_slipped(firm, year):
    assert bins(firm) == {10: (1, 0), 20: (1, 0), 30: (3, 2), 60: (3, 2), 70: (1, 1)}


def test_a_date_counts_once_in_a_row_however_often_it_was_called_so(firm, passed):
    passed((0.31, "watch", 9), (0.55, "at_risk", 6), (0.33, "watch", 4), (0.52, "at_risk", 3))

    assert bins(firm) == {30: (1, 1), 50: (1, 1), 60: (1, 1)}
    assert [one.said for one in calibration(firm).bins if one.called == 30] == [0.33]


def test_it_slipped_if_it_was_not_delivered_by_the_date_that_was_spoken_of(firm, passed):
    passed((0.3, "watch", 5), due=NOW - 5 * DAY, delivered=NOW - 5 * DAY)
    passed((0.3, "watch", 5), due=NOW - 5 * DAY, delivered=NOW - 5 * DAY + timedelta(seconds=1))

    assert bins(firm) == {30: (2, 1)}


def test_a_date_that_has_not_passed_says_nothing_yet(firm, passed):
    # Delivered already: to count it would count only those that went well.
    passed((0.3, "watch", 5), due=NOW + DAY, delivered=NOW - DAY)

    assert calibration(firm).dates == []


@pytest.mark.parametrize("field", ["voided_at", "withdrawn_at"])
def test_what_was_taken_back_before_its_date_is_no_outcome(firm, passed, field):
    promise = passed((0.3, "watch", 5))
    before = NOW - 8 * DAY
    Promise.objects.filter(pk=promise.pk).update(**{field: before, "ended_at": before})

    assert calibration(firm).dates == []


def test_what_was_taken_back_after_its_date_slipped(firm, passed):
    promise = passed((0.3, "watch", 5))
    Promise.objects.filter(pk=promise.pk).update(withdrawn_at=NOW - DAY, ended_at=NOW - DAY)

    assert bins(firm) == {30: (1, 1)}


def test_what_was_said_after_the_date_was_no_forecast(firm, passed):
    promise = passed((0.3, "watch", 5))
    due = NOW - 5 * DAY
    RiskReading.objects.create(promise=promise, at=due, band="overdue", chance=1, due_at=due, days_left=0)

    assert bins(firm) == {30: (1, 1)}


def test_early_flags_are_counted_among_dates_that_had_the_days(firm, year):
    lead = calibration(firm).lead

    assert (lead.late, lead.on_time) == (2, 3)
    assert (lead.early, lead.found, lead.false_alarms) == (0.5, 1.0, 0.0)


def test_due_soon_alone_gives_no_more_false_alarms_than_our_flags(firm, year):
    soon = calibration(firm).due_soon

    # None of the kept ones was flagged: the rule has to wait until all of them are delivered.
    assert (soon.false_alarms, soon.early, soon.found) == (0.0, 0.0, 1.0)
    assert soon.threshold > -1


def test_a_threshold_costs_flags_and_brings_slips(firm, year):
    costs = {cost.threshold: cost for cost in calibration(firm).costs}

    assert [costs[0.3].caught, costs[0.3].early, costs[0.3].false] == [3, 1, 2]
    assert [costs[0.6].caught, costs[0.6].early, costs[0.6].false] == [2, 0, 1]
    assert [costs[0.8].caught, costs[0.8].false] == [0, 0]
    # All of it passed within the last week.
    assert costs[0.3].flags_a_week == 5


def test_a_flag_that_its_grounds_raised_counts_in_every_row(firm, passed):
    passed((0.05, "at_risk", 6))
    passed((0.35, "at_risk", 2))
    passed((0.3, "watch", 6), (0.05, "at_risk", 2), delivered=NOW - 6 * DAY)
    passed((0.5, "at_risk", 6))

    costs = {cost.threshold: cost for cost in calibration(firm).costs}

    # The last reached the threshold, and would not have reached a higher one.
    assert [(cost.caught, cost.early, cost.false) for cost in costs.values()] == [(3, 2, 1)] * 4 + [(2, 1, 1)] * 3
    assert [costs[0.2].flags_a_week, costs[0.8].flags_a_week] == [4, 3]


def test_which_flags_their_grounds_raised_follows_from_the_threshold_in_force(firm, passed):
    firm.at_risk_from = 0.3
    passed((0.35, "at_risk", 6))

    assert [cost.caught for cost in calibration(firm).costs] == [1, 1, 0, 0, 0, 0, 0]


def test_a_chance_that_rounding_keeps_below_the_threshold_has_reached_it(firm, passed):
    passed((0.5 - 1e-9, "at_risk", 6))

    costs = {cost.threshold: cost.caught for cost in calibration(firm).costs}

    assert (costs[0.5], costs[0.6]) == (1, 0)


def test_flags_a_week_are_told_to_the_tenth(firm, passed):
    passed((0.6, "at_risk", 6), due=NOW - 21 * DAY)

    assert calibration(firm).costs[0].flags_a_week == 0.3


def test_open_promises_that_their_grounds_put_at_risk_are_open_flags_at_any_threshold(firm, make_promise):
    for chance, band in ((0.05, "at_risk"), (0.6, "at_risk"), (0.05, "on_track")):
        Promise.objects.filter(pk=make_promise().pk).update(chance=chance, band=band)

    costs = {cost.threshold: cost.open_now for cost in calibration(firm).costs}

    assert (costs[0.2], costs[0.6], costs[0.8]) == (2, 2, 1)


def test_open_promises_are_counted_as_they_are_called_now(firm, make_promise):
    for chance in (0.1, 0.3, 0.5):
        Promise.objects.filter(pk=make_promise().pk).update(chance=chance)
    overdue = make_promise(due_on=date(2026, 11, 16), made_at=NOW - 60 * DAY)
    Promise.objects.filter(pk=overdue.pk).update(chance=1)

    costs = {cost.threshold: cost.open_now for cost in calibration(firm).costs}

    assert (costs[0.2], costs[0.3], costs[0.5], costs[0.6]) == (2, 2, 1, 0)


def test_thresholds_in_force_are_among_those_shown(firm):
    firm.watch_from = 0.333

    assert [cost.threshold for cost in calibration(firm).costs] == [0.2, 0.3, 0.333, 0.4, 0.5, 0.6, 0.7, 0.8]


def test_without_a_record_nothing_is_made_up(firm):
    found = calibration(firm)

    assert (found.lead, found.due_soon, found.bins[0].share) == (None, None, None)
    assert found.costs[0].flags_a_week is None


# Dates that moved before they passed

DUE, THEN, NEXT = date(2026, 11, 12), NOW - 9 * DAY, date(2026, 11, 17)


@pytest.fixture
def weighed(make_promise):
    """Due on 12 November, and called 30 % while there was time."""
    promise = make_promise(due_on=DUE, made_at=NOW - 20 * DAY)
    RiskReading.objects.filter(promise=promise).delete()
    RiskReading.objects.create(
        promise=promise, at=THEN, band="watch", chance=0.3, sentence="…", due_at=promise.due_at, days_left=3
    )
    return promise


@pytest.fixture
def extend(firm, karoo, thandi):
    def to(promise, day, *, asked_by, at):
        asked = actions.extend(
            Promise.objects.get(pk=promise.pk),
            due_for(karoo, firm, day, None),
            reason="our_planning",
            reason_text="We planned it wrongly.",
            asked_by=asked_by,
            by=thandi,
            now=at,
        )
        actions.answer(asked, agreed=True, answered_at=at, by=thandi, now=at)

    return to


@pytest.mark.parametrize(("asked_by", "counted"), [("client", 0), ("us", 1)])
def test_a_date_that_the_client_wished_away_is_neither_kept_nor_slipped(firm, weighed, extend, asked_by, counted):
    extend(weighed, NEXT, asked_by=asked_by, at=THEN)

    assert len(calibration(firm).dates) == calibration(firm).late == counted


def test_a_date_that_was_moved_after_it_had_passed_slipped(firm, weighed, extend):
    extend(weighed, date(2026, 11, 27), asked_by="client", at=weighed.due_at)

    assert calibration(firm).late == 1


def test_a_wish_that_was_refused_leaves_the_date(firm, karoo, weighed, thandi):
    asked = actions.extend(
        weighed,
        due_for(karoo, firm, NEXT, None),
        reason="client_wish",
        reason_text="They are away.",
        asked_by="client",
        by=thandi,
        now=THEN,
    )
    actions.answer(asked, agreed=False, answered_at=THEN, by=thandi, now=THEN)

    assert calibration(firm).late == 1


def test_a_date_that_came_into_force_once_more_counts_again(firm, weighed, extend):
    extend(weighed, NEXT, asked_by="client", at=THEN)
    extend(weighed, DUE, asked_by="us", at=THEN + timedelta(hours=1))

    assert calibration(firm).late == 1


def test_a_date_that_a_signed_addendum_moved_is_neither_kept_nor_slipped(firm, karoo, weighed, thandi):
    scope = draft_scope(karoo, {"title": "Shop fittings"}, [{"service": "Drawings"}], by=thandi, now=THEN)
    Agreement.objects.filter(pk=scope.agreement_id).update(state=State.SIGNED, signed_at=THEN)
    addendum = draft_addendum(
        Scope.objects.get(pk=scope.pk), title="A second counter", reason="They asked for it.", by=thandi, now=THEN
    )
    assert calibration(firm).late == 1

    with holding(weighed) as held:
        move(held, due_for(karoo, firm, NEXT, None), told_at=THEN, by=None, now=THEN, addendum=addendum)

    assert calibration(firm).dates == []


# The page


def test_the_page_says_it_in_words_and_figures(client, mara, year, at_noon):
    client.force_login(mara)

    page = " ".join(client.get(HERE).content.decode().split())

    assert "1 of 2" in page
    assert "0 of 3" in page
    assert "7 dates have passed so far" in page
    assert 'aria-label="Of those called 10 to 90 per cent' in page
    assert "Left out are dates that were moved in time because the client wished it, or by a signed addendum." in page
    assert "they count in every row" in page
    assert '<td class="number" data-label="Flags a week">6</td>' in page
    assert "In every row, what we had said lies where what came allows it to lie." in page
    # Three were called 30 %, two of them slipped.
    assert '<td class="number" data-label="Share">67%</td>' in page
    assert '<td class="number" data-label="Between">21% and 94%</td>' in page


def test_rows_without_any_read_no_data_and_never_nothing(client, mara, year, at_noon):
    client.force_login(mara)

    page = client.get(HERE).content.decode()

    assert page.count("no data") == 4
    assert '"Share">0%' in page


def test_without_a_record_the_page_says_how_to_get_one(client, mara, at_noon):
    client.force_login(mara)

    page = client.get(HERE).content.decode()

    assert "No date that we had weighed has passed yet." in page
    assert "manage.py import_track_record FILE.csv" in page
    assert "<svg viewBox" not in page.split("<main")[1]
    assert "0 of" not in page
    assert "no data" in page


def test_wrong_flags_are_said_to_be_wrong(client, mara, passed, at_noon):
    for _number in range(12):
        passed((0.2, "on_track", 3))
        passed((0.8, "at_risk", 3), delivered=NOW - 6 * DAY)
    client.force_login(mara)

    page = client.get(HERE).content.decode()

    assert "Where we had said 20%, more slipped than that. Where we had said 80%, fewer slipped than that." in page


def test_the_lines_of_the_picture_are_read_alike_in_every_language(client, mara, year, at_noon):
    mara.language = "nl"
    mara.save()
    client.force_login(mara)

    picture = client.get(HERE).content.decode().split('role="img"')[1].split("</svg>")[0]

    assert 'x="' in picture
    assert not any("," in value for value in picture.split('"')[1::2] if value[:1].isdigit())


def test_thresholds_are_saved_and_every_open_promise_is_looked_at_again(client, mara, make_promise, at_noon):
    promise = make_promise()
    Promise.objects.update(next_look_at=NOW + DAY)
    client.force_login(mara)

    answer = client.post(HERE, {"watch_from": "0.2", "at_risk_from": "0.6"})

    assert (answer.status_code, answer.url) == (302, reverse("promises:foresight"))
    firm = Firm.get()
    assert (firm.watch_from, firm.at_risk_from) == (0.2, 0.6)
    promise.refresh_from_db()
    assert promise.next_look_at == NOW


def test_thresholds_alone_are_saved(client, mara, at_noon):
    client.force_login(mara)

    client.post(HERE, {"watch_from": "0.2", "at_risk_from": "0.6", "name": "Somebody else", "share": "0.1"})

    assert (Firm.get().name, float(Firm.get().share)) == ("Word & Co", 0.7)


@pytest.mark.parametrize(
    ("watch", "risk", "field", "words"),
    [
        ("0.5", "0.5", "at_risk_from", "“At risk from” must be above “watch from”"),
        ("0.6", "0.3", "at_risk_from", "“At risk from” must be above “watch from”"),
        ("", "0.5", "watch_from", "Choose from which chance a promise is watched"),
        ("0.3", "", "at_risk_from", "Choose from which chance a promise is at risk"),
        ("0.123", "0.5", "watch_from", "Choose one from the list"),
        ("nan", "0.5", "watch_from", "Choose one from the list"),
    ],
)
def test_thresholds_that_cannot_be_are_refused_in_words(client, mara, at_noon, watch, risk, field, words):
    client.force_login(mara)

    page = client.post(HERE, {"watch_from": watch, "at_risk_from": risk}).content.decode()

    assert "<title>Error: Foresight" in page
    assert f'<a href="#id_{field}_0">{words}</a>' in page
    assert f'id="id_{field}_0"' in page
    assert page.count(words) == 2
    assert (Firm.get().watch_from, Firm.get().at_risk_from) == (0.3, 0.5)


def test_the_rows_in_force_are_chosen_and_say_so(client, mara, at_noon):
    client.force_login(mara)

    page = client.get(HERE).content.decode()

    assert page.count("checked") == 2
    chosen = page.split('<tr class="chosen">')[1:]
    assert ["30%" in chosen[0][:60], "watch" in chosen[0][:120]] == [True, True]
    assert ["50%" in chosen[1][:60], "at risk" in chosen[1][:120]] == [True, True]


@pytest.mark.parametrize("how_many", [1, 3])
def test_history_costs_the_page_no_more_statements(client, mara, passed, at_noon, django_assert_num_queries, how_many):
    for _number in range(how_many):
        passed((0.3, "watch", 10), (0.6, "at_risk", 6), delivered=NOW - 6 * DAY)
    client.force_login(mara)
    client.get(HERE)

    # Session, user, readings, open promises; the firm, once for the page and once for its frame; the frame's own two.
    with django_assert_num_queries(7):
        client.get(HERE)


def test_only_so_much_history_is_read(firm, passed):
    promise = passed((0.3, "watch", 10))
    due = NOW - 300 * DAY
    RiskReading.objects.bulk_create(
        RiskReading(
            promise=promise,
            at=due - (n + 1) * timedelta(seconds=60),
            band="watch",
            chance=0.3,
            sentence="",
            due_at=due - n * timedelta(seconds=60),
            days_left=9,
        )
        for n in range(MOST_READ)
    )

    found = calibration(firm)

    assert sum(len(past.readings) for past in found.dates) == MOST_READ
    # The latest are the ones that count.
    assert found.dates[0].due_at == NOW - 5 * DAY
    assert not found.is_all


def test_what_passed_more_than_a_year_ago_is_not_read(firm, passed):
    passed((0.3, "watch", 10), due=NOW - 366 * DAY)

    assert calibration(firm).dates == []


@pytest.mark.parametrize("page", ["/board/", "/board/record/", HERE])
def test_managers_find_their_way_to_it(client, mara, page, at_noon):
    client.force_login(mara)

    assert f'href="{HERE}"' in client.get(page).content.decode()


def test_staff_are_shown_no_way_to_it(client, thandi, at_noon):
    client.force_login(thandi)

    assert HERE not in client.get("/my-day/").content.decode()
    assert client.get(HERE).status_code == 403
