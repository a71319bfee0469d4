"""The calibration of a backtest as one page that needs nothing else: no script, no font, no address."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string

from promises import backtest_words
from promises.calibration_chart import chart
from promises.judging import Report


def picture(report: Report, of: str, now: datetime) -> str:
    """`of` is the file of events, or the firm."""
    context = {
        "of": of,
        "now": now,
        "in_all": backtest_words.in_all(report),
        "leads": backtest_words.leads(report),
        "chart": chart(report.bins),
        "tables": [backtest_words.calibration(report.bins), backtest_words.how_right(report)],
    }
    return render_to_string("promises/backtest.html", context).lstrip()
