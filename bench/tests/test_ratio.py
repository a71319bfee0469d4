"""The arithmetic of the figures: what is measured here is only right if this is."""

import json
import random
import statistics

import pytest

from bench.ratio import apart, exactly, interval, of_few, p95, paired
from bench.report import Line, Report, write_results


@pytest.mark.parametrize(("values", "found"), [([7], 7), (range(1, 21), 19), (range(1, 101), 95), (range(1, 12), 11)])
def test_ninety_five_in_a_hundred_are_no_slower(values, found):
    assert p95(list(values)) == found


def test_a_round_that_was_slow_for_both_does_not_count_against_either():
    quick, slow = [10.0] * 30, [100.0] * 10

    ratio = paired([2 * seconds for seconds in [*quick, *slow]], [*quick, *slow])

    assert (ratio.low, ratio.middle, ratio.high) == (2, 2, 2)


def test_an_interval_holds_its_figure_and_grows_with_the_spread():
    calm, wild = interval([9, 10, 11] * 10, statistics.fmean), interval([1, 10, 19] * 10, statistics.fmean)

    assert calm.low <= calm.middle <= calm.high
    assert wild.low < calm.low < calm.high < wild.high


def test_nine_in_ten_repetitions_lie_within():
    values = [float(number % 50) for number in range(1000)]

    found = interval(values, statistics.fmean)

    # The mean of a thousand such numbers is known to vary by 1.645 × 14.43 / √1000 either way.
    assert found.low == pytest.approx(24.5 - 0.75, abs=0.15)
    assert found.high == pytest.approx(24.5 + 0.75, abs=0.15)


@pytest.mark.parametrize(("many", "outside"), [(1, 0), (3, 0), (5, 0), (7, 0), (8, 1), (10, 1), (11, 2)])
def test_of_few_as_many_are_left_out_as_leave_the_median_within(many, outside):
    draw = random.Random(4)

    found = of_few(draw.sample(range(many), many))

    assert (found.low, found.high) == (outside, many - 1 - outside)
    assert found.middle == (many - 1) / 2


@pytest.mark.parametrize("many", [8, 10, 11, 20])
def test_nine_in_ten_intervals_of_few_hold_the_median(many):
    draw = random.Random(4)

    # The median of these is 1: it is as likely to be above as below.
    found = [of_few([draw.lognormvariate(0, 1) for _ in range(many)]) for _ in range(2000)]

    assert 0.89 <= sum(one.low <= 1 <= one.high for one in found) / len(found) < 0.99


def test_the_same_figures_give_the_same_interval():
    values = [1.0, 5.0, 2.0, 8.0, 3.0]

    assert interval(values) == interval(values)


def test_samples_taken_apart_are_compared_by_their_figures():
    found = apart([20.0] * 50, [10.0] * 80)

    assert (found.low, found.middle, found.high) == (2, 2, 2)


def test_what_must_stay_below_is_held_to_its_upper_end():
    line = Line("page", 1.25, interval([1.2, 1.3] * 20))

    assert line.value == line.measured.high
    assert line.ok is False


def test_what_must_be_reached_is_held_to_its_lower_end():
    line = Line("rate", 0.8, interval([0.7, 0.9] * 20), is_floor=True)

    assert line.value == line.measured.low
    assert line.ok is False


def test_on_the_limit_is_within_it():
    assert Line("page", 2, exactly(2)).ok is True
    assert Line("rate", 2, exactly(2), is_floor=True).ok is True


def test_a_line_that_could_not_be_measured_says_so_and_is_neither_held_nor_missed():
    line = Line("page", 1.25, note="only at a million")

    assert json.loads(line.as_json()) == {
        "name": "page",
        "value": None,
        "limit": 1.25,
        "ok": None,
        "why": "only at a million",
    }
    assert "not measured" in line.as_row()


def test_a_line_is_one_object_of_four_values():
    line = Line("page", 1.25, exactly(1.04321))

    assert json.loads(line.as_json()) == {"name": "page", "value": 1.043, "limit": 1.25, "ok": True}


def test_a_run_replaces_its_own_part_of_the_results_and_leaves_the_others(tmp_path):
    file, earlier, later = tmp_path / "results.md", Report(), Report()
    earlier.lines.append(Line("a page", 2, exactly(1.5)))
    later.lines.append(Line("a page", 2, exactly(1.25)))

    write_results("Ours", "Then.", earlier, file)
    write_results("Theirs", "Beside.", earlier, file)
    write_results("Ours", "Now.", later, file)

    text = file.read_text()
    assert text.count("## Ours") == text.count("## Theirs") == 1
    assert "Now." in text
    assert "Then." not in text
    assert text.index("1.25 (") < text.index("Beside.") < text.index("1.5 (")
