"""What the board draws, as numbers."""

from datetime import date, timedelta

from promises import charts

MONDAY = date(2026, 9, 7)


def weeks(*figures):
    return charts.weeks([(MONDAY + n * timedelta(days=7), *each) for n, each in enumerate(figures)])


def test_each_silent_slip_is_a_point_above_the_one_before_and_no_week_has_more_than_four():
    path = charts.dots(weeks((3, 4, 0), (2, 4, 2), (0, 9, 9)))

    points = [tuple(map(int, point.strip().removesuffix("h0").split())) for point in path.split("M")[1:]]
    middle, last = [y for x, y in points if x == 160], [y for x, y in points if x == 310]
    assert len(points) == 6
    assert middle == [118, 110]
    assert last == [118, 110, 102, 94]


def test_without_a_silent_slip_there_is_no_point():
    assert charts.dots(weeks((3, 4, 0), (0, 0, 0))) == ""


def test_a_week_in_which_nothing_ended_breaks_the_line():
    assert charts.line(weeks((4, 4, 0), (0, 0, 0), (1, 2, 0), (3, 4, 0))) == ["10,18", "210,88 310,53"]
