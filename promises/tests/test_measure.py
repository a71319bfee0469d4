"""Figures worked by hand, and a sample of forty that was measured with numpy and scipy."""

import math

import pytest

from promises import measure
from promises.measure import Course

# Deterministic, with ties: what was said, and what came.
SAID = [min(round((number * 37 % 40) / 40 + 0.01 * (number % 3), 2), 0.99) for number in range(40)]
CAME = [(number * number * 7 + 3 * number) % 11 < 11 * chance for number, chance in enumerate(SAID)]


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (measure.brier, 0.1557325),
        (measure.log_loss, 0.46534926533069515),
        (measure.auc, 0.8786666666666667),
        (measure.calibration_error, 0.13625),
        (measure.recall_at, 0.76),
    ],
)
def test_a_sample_of_forty_is_measured_as_numpy_and_scipy_do(figure, expected):
    assert figure(SAID, CAME) == pytest.approx(expected, abs=1e-12)


def test_brier_is_the_mean_of_the_squares_of_what_was_off():
    assert measure.brier([0.8, 0.3], [True, False]) == pytest.approx((0.04 + 0.09) / 2)


def test_log_loss_of_a_chance_of_none_that_came_is_not_infinite():
    assert measure.log_loss([0.0], [True]) == pytest.approx(-math.log(0.005))


def test_auc_counts_a_tie_as_half():
    assert measure.auc([0.5, 0.5, 0.9], [True, False, True]) == 0.75


def test_recall_lies_on_the_line_between_two_cuts():
    # With a cut at 0.9 half are found at no false alarm; at 0.5 all are found, with half of the others.
    said, came = [0.9, 0.5, 0.5, 0.1], [True, True, False, False]

    assert measure.recall_at(said, came, 0.2) == pytest.approx(0.5 + 0.5 * 0.2 / 0.5)


def test_calibration_error_is_over_parts_of_equal_size():
    said, came = [0.1, 0.2, 0.6, 0.8], [False, False, True, False]

    assert measure.calibration_error(said, came, parts=2) == pytest.approx((0.3 + 0.4) / 4)


@pytest.mark.parametrize("figure", [measure.brier, measure.log_loss, measure.auc, measure.recall_at])
def test_nothing_measured_is_no_data_and_not_zero(figure):
    assert figure([], []) is None


@pytest.mark.parametrize("figure", [measure.auc, measure.recall_at])
@pytest.mark.parametrize("happened", [True, False])
def test_one_kind_of_outcome_alone_tells_nothing_apart(figure, happened):
    assert figure([0.2, 0.7], [happened, happened]) is None


@pytest.mark.parametrize(
    ("happened", "count", "low", "high"),
    # The textbook's: 81 of 263 gives 0.255 to 0.366.
    [(81, 263, 0.2553, 0.3662), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0)],
)
def test_bounds_are_wilsons(happened, count, low, high):
    assert measure.wilson(happened, count) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("count", range(1, 30))
def test_bounds_of_none_and_of_all_reach_the_end_exactly(count):
    assert (measure.wilson(0, count)[0], measure.wilson(count, count)[1]) == (0.0, 1.0)


def test_without_any_there_are_no_bounds():
    assert measure.wilson(0, 0) is None


@pytest.mark.parametrize(
    ("chance", "ten"),
    [(0.0, 10), (0.149, 10), (0.15, 20), (0.249999, 20), (0.25, 30), (0.285, 30), (0.35, 40), (0.85, 90), (1.0, 90)],
)
def test_a_chance_belongs_to_the_ten_it_is_nearest_to(chance, ten):
    assert measure.ten_of(chance) == ten


def test_calibration_says_of_each_ten_how_many_came():
    bins = {one.called: one for one in measure.calibration([0.28, 0.32, 0.3, 0.7], [True, False, False, True])}

    assert list(bins) == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert (bins[30].count, bins[30].happened, bins[30].share) == (3, 1, pytest.approx(1 / 3))
    assert bins[30].said == pytest.approx(0.3)
    assert (bins[40].count, bins[40].share, bins[40].bounds, bins[40].holds) == (0, None, None, None)


def test_what_was_said_holds_within_the_bounds_of_what_came():
    right, wrong = measure.Bin(20, 100, 25, 0.2), measure.Bin(20, 100, 40, 0.2)

    assert (right.holds, wrong.holds) == (True, False)


# Ten working days each: what was said with ten, five and two left.
LATE_EARLY = Course(True, 10, [(10, 0.3), (5, 0.7), (2, 0.9)])
LATE_NEAR = Course(True, 10, [(10, 0.3), (5, 0.4), (2, 0.8)])
LATE_NEVER = Course(True, 10, [(10, 0.1), (5, 0.1), (2, 0.1)])
KEPT = [Course(False, 10, [(10, 0.2), (5, said)]) for said in (0.2, 0.3, 0.4, 0.5, 0.75)]


def test_a_flag_is_as_early_as_its_first_raising():
    lead = measure.lead([LATE_EARLY, LATE_NEAR, LATE_NEVER, *KEPT], 0.6)

    assert (lead.late, lead.on_time) == (3, 5)
    assert lead.false_alarms == pytest.approx(1 / 5)
    assert lead.found == pytest.approx(2 / 3)
    assert lead.early == pytest.approx(1 / 3)
    assert lead.before_half_time == pytest.approx(1 / 3)
    assert lead.middle == 3.5


def test_the_threshold_is_the_lowest_that_keeps_to_the_false_alarms():
    # With 0.75 alone flagged, one of five; at 0.5 there would be two.
    assert measure.threshold_for([LATE_EARLY, LATE_NEAR, *KEPT], 0.2) == 0.7
    assert measure.threshold_for([LATE_EARLY, LATE_NEAR, *KEPT], 0.0) == 0.8
    assert measure.threshold_for([LATE_EARLY, LATE_NEAR, *KEPT], 1.0) == 0.2


def test_no_threshold_keeps_to_it_where_everything_was_called_the_same():
    same = [Course(late, 5, [(5, 0.5)]) for late in (True, False, False)]

    assert measure.threshold_for(same, 0.2) == math.inf
    assert measure.lead(same, math.inf).found == 0


def test_due_soon_alone_knows_only_how_near_the_date_is():
    soon = measure.due_soon([LATE_EARLY, LATE_NEVER, *KEPT])

    threshold = measure.threshold_for(soon, 0.2)
    lead = measure.lead(soon, threshold)

    # All of the kept ones were open with five days left: it has to wait until two are.
    assert (threshold, lead.false_alarms, lead.found, lead.early, lead.middle) == (-2, 0, 1, 0, 2)


def test_without_late_ones_their_shares_are_no_data():
    lead = measure.lead(KEPT, 0.6)

    assert (lead.found, lead.early, lead.before_half_time, lead.middle) == (None, None, None, None)
