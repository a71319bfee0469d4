import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone as django_timezone
from django.utils import translation

from engagement.staff import when

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
TODAY = NOW.date()
FRIDAY = date(2026, 11, 27)
LONDON = "Europe/London"
NBSP = "\N{NO-BREAK SPACE}"

DUTCH = {
    "%(date)s, by %(time)s": "%(date)s, uiterlijk %(time)s",
    "%(date)s, by the end of the working day": "%(date)s, uiterlijk aan het eind van de werkdag",
    "end of %(date)s": "eind van %(date)s",
    "%(city)s time": "tijd in %(city)s",
    "yesterday": "gisteren",
    ("%(number)s day late", "%(number)s days late"): ("%(number)s dag te laat", "%(number)s dagen te laat"),
    ("about %(number)s hour", "about %(number)s hours"): ("ongeveer %(number)s uur", "ongeveer %(number)s uur"),
}
AFRIKAANS = {
    "%(date)s, by %(time)s": "%(date)s, teen %(time)s",
    "end of %(date)s": "einde van %(date)s",
    "%(city)s time": "%(city)s-tyd",
    ("%(number)s day late", "%(number)s days late"): ("%(number)s dag laat", "%(number)s dae laat"),
}


@pytest.fixture
def catalogues(tmp_path, settings):
    """What the translators' catalogues will do."""
    for language, words in {"nl": DUTCH, "af": AFRIKAANS}.items():
        catalogue = Catalog(locale=language)
        for english, translated in words.items():
            catalogue.add(english, translated)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "django.mo").write_bytes(compiled.getvalue())
    settings.LOCALE_PATHS = [tmp_path]


# Days


@pytest.mark.parametrize(
    ("language", "this_year", "next_year"),
    [
        ("en", "Saturday 7 November", "Saturday 27 November 2027"),
        ("af", "Saterdag 7 November", "Saterdag 27 November 2027"),
        ("nl", "zaterdag 7 november", "zaterdag 27 november 2027"),
        ("de", "Samstag, 7. November", "Samstag, 27. November 2027"),
        ("fr", "samedi 7 novembre", "samedi 27 novembre 2027"),
        ("es", "sábado, 7 de noviembre", "sábado, 27 de noviembre de 2027"),
        ("pt-br", "sábado, 7 de novembro", "sábado, 27 de novembro de 2027"),
        ("zh", "11月7日星期六", "2027年11月27日星期六"),
        ("en-us", "Saturday, November 7", "Saturday, November 27, 2027"),
        ("nl-be", "zaterdag 7 november", "zaterdag 27 november 2027"),
    ],
)
def test_a_day_is_spoken_in_words_and_in_the_order_of_the_language(language, this_year, next_year):
    assert when.speak_date(date(2026, 11, 7), today=TODAY, language=language) == this_year
    assert when.speak_date(date(2027, 11, 27), today=TODAY, language=language) == next_year


@pytest.mark.parametrize("language", ["xx", "../nl", "", "english", "12", "nl_XX-nonsense-", "e" * 300])
def test_an_unknown_language_is_spoken_in_english_or_its_nearest(language):
    words = when.speak_date(FRIDAY, today=TODAY, language=language)

    assert words == ("vrijdag 27 november" if language.startswith("nl") else "Friday 27 November")


def test_the_language_of_the_page_is_spoken_when_none_is_given():
    with translation.override("nl"):
        assert when.speak_date(FRIDAY, today=TODAY) == "vrijdag 27 november"
    with translation.override(None):
        assert when.speak_date(FRIDAY, today=TODAY) == "Friday 27 November"


def test_speaking_another_language_leaves_the_page_its_own():
    with translation.override("af"):
        when.speak_due(FRIDAY, time(17), LONDON, now=NOW, language="nl")

        assert translation.get_language() == "af"


# Due


@pytest.mark.parametrize(
    ("due_time", "words"),
    [
        (time(17), "Friday 27 November, by 5pm (London time)"),
        (time(16, 30), "Friday 27 November, by 4:30pm (London time)"),
        (time(9, 5), "Friday 27 November, by 9:05am (London time)"),
        (time(12), "Friday 27 November, by 12 noon (London time)"),
        (time(12, 15), "Friday 27 November, by 12:15pm (London time)"),
        (time(0, 15), "Friday 27 November, by 12:15am (London time)"),
        (time(23, 59), "end of Friday 27 November (London time)"),
        (time.max, "end of Friday 27 November (London time)"),
        (time(0), "end of Thursday 26 November (London time)"),
        (None, "Friday 27 November, by the end of the working day (London time)"),
    ],
)
def test_a_due_moment_is_spoken_with_its_time_and_zone(due_time, words):
    assert when.speak_due(FRIDAY, due_time, LONDON, now=NOW, language="en") == words


@pytest.mark.parametrize(
    ("due_time", "words"),
    [
        (time(17), "Friday 27 November, by 5pm"),
        (time(23, 59), "end of Friday 27 November"),
        (None, "Friday 27 November"),
    ],
)
def test_the_short_form_leaves_out_the_zone(due_time, words):
    assert when.speak_due(FRIDAY, due_time, LONDON, now=NOW, language="en", with_zone=False) == words


@pytest.mark.parametrize(
    ("language", "due_time", "words"),
    [
        ("nl", time(17), "vrijdag 27 november, uiterlijk 17:00 (tijd in Londen)"),
        ("nl", time(12), "vrijdag 27 november, uiterlijk 12:00 (tijd in Londen)"),
        ("nl", time(0), "eind van donderdag 26 november (tijd in Londen)"),
        ("nl", None, "vrijdag 27 november, uiterlijk aan het eind van de werkdag (tijd in Londen)"),
        ("af", time(16, 30), "Vrydag 27 November, teen 16:30 (Londen-tyd)"),
        ("af", time.max, "einde van Vrydag 27 November (Londen-tyd)"),
    ],
)
@pytest.mark.usefixtures("catalogues")
def test_a_due_moment_is_spoken_in_the_language_of_the_reader(language, due_time, words):
    assert when.speak_due(FRIDAY, due_time, LONDON, now=NOW, language=language) == words


@pytest.mark.parametrize(
    ("here", "words"),
    [
        ("Africa/Johannesburg", "Friday 27 November, by 5pm (London time, 7pm in Johannesburg)"),
        ("Pacific/Auckland", "Friday 27 November, by 5pm (London time, Saturday 28 November, 6am in Auckland)"),
        ("Europe/Lisbon", "Friday 27 November, by 5pm (London time)"),
        (UTC, "Friday 27 November, by 5pm (London time)"),
        (timezone(timedelta(hours=-3, minutes=-30)), "Friday 27 November, by 5pm (London time, 1:30pm in UTC−3:30)"),
    ],
)
def test_the_reader_s_own_clock_is_added_where_it_differs(here, words):
    assert when.speak_due(FRIDAY, time(17), LONDON, now=NOW, language="en", also=here) == words


def test_the_year_is_that_of_the_clients_own_calendar():
    new_year_in_auckland = datetime(2026, 12, 31, 12, tzinfo=UTC)
    due = date(2027, 1, 4)

    assert when.speak_due(due, None, "Pacific/Auckland", now=new_year_in_auckland, language="en").startswith(
        "Monday 4 January, by"
    )
    assert when.speak_due(due, None, LONDON, now=new_year_in_auckland, language="en").startswith(
        "Monday 4 January 2027, by"
    )


# Moments


@pytest.mark.parametrize(
    ("language", "zone", "words", "short"),
    [
        ("en", LONDON, "Friday 27 November, 16:05 (London time)", "Fri 27 Nov, 16:05"),
        ("en", "Asia/Calcutta", "Friday 27 November, 21:35 (Kolkata time)", "Fri 27 Nov, 21:35"),
        ("en", "US/Pacific", "Friday 27 November, 08:05 (Los Angeles time)", "Fri 27 Nov, 08:05"),
        ("en", "Pacific/Chatham", "Saturday 28 November, 05:50 (Chatham time)", "Sat 28 Nov, 05:50"),
        ("en", "Etc/GMT+5", "Friday 27 November, 11:05 (UTC−5)", "Fri 27 Nov, 11:05"),
        ("en", "Europe/Atlantis", "Friday 27 November, 16:05 (UTC)", "Fri 27 Nov, 16:05"),
        ("en", "../../etc/passwd", "Friday 27 November, 16:05 (UTC)", "Fri 27 Nov, 16:05"),
        ("nl", LONDON, "vrijdag 27 november, 16:05 (tijd in Londen)", "vr 27 nov, 16:05"),
        ("af", LONDON, "Vrydag 27 November, 16:05 (Londen-tyd)", "Vr. 27 Nov., 16:05"),
    ],
)
@pytest.mark.usefixtures("catalogues")
def test_a_moment_is_spoken_where_it_is_read(language, zone, words, short):
    instant = datetime(2026, 11, 27, 16, 5, tzinfo=UTC)

    assert when.speak_moment(instant, zone, now=NOW, language=language) == words
    assert when.speak_short(instant, zone, now=NOW, language=language) == short


def test_the_viewers_zone_is_meant_when_none_is_given():
    with django_timezone.override("Africa/Johannesburg"):
        words = when.speak_moment(NOW, now=NOW, language="en")

    assert words == "Saturday 21 November, 14:30 (Johannesburg time)"


def test_a_table_names_the_year_only_when_it_is_another():
    assert when.speak_short(date(2027, 1, 4), LONDON, now=NOW, language="en") == "Mon 4 Jan 2027"
    assert when.speak_short(date(2026, 11, 30), LONDON, now=NOW, language="en") == "Mon 30 Nov"
    new_year_in_auckland = datetime(2026, 12, 31, 12, tzinfo=UTC)
    assert when.speak_short(new_year_in_auckland, "Pacific/Auckland", now=new_year_in_auckland) == "Fri 1 Jan, 01:00"


@pytest.mark.parametrize(("language", "place"), [("en", "{} time"), ("af", "{}-tyd"), ("nl", "tijd in {}")])
def test_every_zone_has_a_name_that_a_person_understands(language, place):
    named = place.format(r"[^/_\d]+")
    for name in available_timezones() - {"localtime"}:
        words = when.speak_zone(name, language=language)

        assert words == "UTC" or re.fullmatch(rf"UTC[+−]\d+|{named}", words), name


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (ZoneInfo(LONDON), "London time"),
        (UTC, "UTC"),
        (ZoneInfo("UTC"), "UTC"),
        (timezone(timedelta(hours=5, minutes=45)), "UTC+5:45"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("America/New_York", "New York time"),
    ],
)
def test_a_zone_is_named_by_its_city(zone, words):
    assert when.speak_zone(zone, language="en") == words


# Besides


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (-1, "yesterday"),
        (1, "tomorrow"),
        (-6, "6 days ago"),
        (4, "in 4 days"),
        (-1200, "1,200 days ago"),
    ],
)
def test_how_long_ago_counts_calendar_days(days, words):
    assert when.speak_ago(TODAY + timedelta(days=days), NOW, "en") == words
    assert when.speak_ago(NOW + timedelta(days=days), NOW, "en") == words


def test_yesterday_is_what_it_is_where_the_reader_is():
    late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)

    assert when.speak_ago(late, NOW, "en", zone=LONDON) == "yesterday"
    assert when.speak_ago(late, NOW, "en", zone="Africa/Johannesburg") == "today"


@pytest.mark.parametrize(("days", "words"), [(-1, ""), (0, ""), (1, "1 day late"), (3, "3 days late")])
def test_days_late_are_counted_from_the_date(days, words):
    assert when.days_late(TODAY - timedelta(days=days), TODAY, "en") == words


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "a few minutes"),
        (0.4, "about half an hour"),
        (0.9, "about 1 hour"),
        (1.4, "about 1.5 hours"),
        (2.6, "about 2.5 hours"),
        (2.75, "about 3 hours"),
        (9.4, "about 9 hours"),
        (Decimal("1234.5"), "about 1,235 hours"),
    ],
)
def test_an_estimate_is_not_spoken_to_the_minute(hours, words):
    assert when.speak_hours(hours, "en") == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0%"), (0.001, "1%"), (0.874, "87%"), (0.875, "88%"), (0.999, "99%"), (1, "100%"), (Decimal("0.5"), "50%")],
)
def test_per_cent_never_rounds_to_certain(share, words):
    assert when.speak_per_cent(share, "en") == words


@pytest.mark.parametrize(
    ("language", "currency", "words"),
    [
        ("en", "GBP", "£1,234.50"),
        ("en", "ZAR", f"ZAR{NBSP}1,234.50"),
        ("en", "QQQ", f"QQQ{NBSP}1,234.50"),
        ("en", "", "1,234.50"),
        ("nl", "EUR", f"€{NBSP}1.234,50"),
        ("af", "ZAR", f"R1{NBSP}234,50"),
    ],
)
def test_money_is_written_as_the_language_writes_it(language, currency, words):
    assert when.speak_money(Decimal("1234.50"), currency, language) == words


@pytest.mark.parametrize(("language", "words"), [("en", "10,324.5"), ("nl", "10.324,5"), ("af", f"10{NBSP}324,5")])
def test_numbers_are_written_as_the_language_writes_them(language, words):
    assert when.speak_number(Decimal("10324.5"), language) == words


@pytest.mark.usefixtures("catalogues")
def test_the_small_words_are_translated_too():
    assert when.speak_ago(NOW - timedelta(days=1), NOW, "nl") == "gisteren"
    assert when.days_late(TODAY - timedelta(days=3), TODAY, "nl") == "3 dagen te laat"
    assert when.days_late(TODAY - timedelta(days=1), TODAY, "af") == "1 dag laat"
    assert when.speak_hours(1.5, "nl") == "ongeveer 1,5 uur"


# In templates


def render(template, **context):
    return Template(template).render(Context(context))


DUE = {"day": FRIDAY, "at": time(17), "zone": LONDON, "now": NOW}


@pytest.mark.parametrize(
    ("template", "html"),
    [
        (
            "{% spoken_due day at zone %}",
            '<time datetime="2026-11-27T17:00:00+00:00">Friday 27 November, by 5pm (London time)</time>',
        ),
        (
            "{% spoken_due day None zone %}",
            '<time datetime="2026-11-27">Friday 27 November, by the end of the working day (London time)</time>',
        ),
        ("{% spoken_due day at zone plain=True %}", "Friday 27 November, by 5pm (London time)"),
        (
            "{% spoken_due day at zone with_zone=False %}",
            '<time datetime="2026-11-27T17:00:00+00:00">Friday 27 November, by 5pm</time>',
        ),
        (
            "{% spoken_due day at zone here=True plain=True %}",
            "Friday 27 November, by 5pm (London time, 7pm in Johannesburg)",
        ),
        (
            "{% spoken_moment now %}",
            '<time datetime="2026-11-21T12:30:00+00:00">Saturday 21 November, 14:30 (Johannesburg time)</time>',
        ),
        (
            "{% spoken_moment now zone %}",
            '<time datetime="2026-11-21T12:30:00+00:00">Saturday 21 November, 12:30 (London time)</time>',
        ),
        ("{% spoken_date day %}", '<time datetime="2026-11-27">Friday 27 November</time>'),
        ("{% spoken_date day as said %}{{ said }}", '<time datetime="2026-11-27">Friday 27 November</time>'),
        ("{% spoken_short now %}", '<time datetime="2026-11-21T12:30:00+00:00">Sat 21 Nov, 14:30</time>'),
        ("{% spoken_short day %}", '<time datetime="2026-11-27">Fri 27 Nov</time>'),
        ("{% spoken_zone %}", "Johannesburg time"),
        ("{{ day|ago:now }}", "in 6 days"),
        ("{{ day|days_late:day }}", ""),
        ("{{ now|iso }} {{ day|iso }}{{ None|iso }}", "2026-11-21T12:30:00+00:00 2026-11-27"),
        (
            "{{ 0.87|per_cent }}, {{ 9|hours }}, {{ 10324|number }}, {{ 12|money:'GBP' }}",
            "87%, about 9 hours, 10,324, £12.00",
        ),
        ("{% spoken_due None at zone %}{% spoken_moment None %}{% spoken_short None %}{% spoken_date None %}", ""),
        ("{{ None|ago:now }}{{ None|hours }}{{ None|per_cent }}{{ None|money:'GBP' }}{{ None|number }}", ""),
    ],
)
def test_templates_speak_in_the_viewers_zone(template, html):
    with django_timezone.override("Africa/Johannesburg"):
        assert render(template, **DUE) == html


def test_a_zone_name_cannot_break_out_of_the_page():
    assert "<script>" not in render("{% spoken_due day at zone %}", **{**DUE, "zone": "<script>"})


def test_a_page_without_a_clock_asks_the_real_one():
    this_year = django_timezone.localdate()

    words = render("{% spoken_date day plain=True %}", day=this_year)

    assert words == when.speak_date(this_year, today=this_year)


# Nobody else formats for people

IN_TEMPLATES = re.compile(
    r"\|\s*(date|time|timesince|timeuntil|naturaltime|naturalday|floatformat|intcomma)\b|{% now\b"
)
# In code also f"{day:%d %B}"; machines are told with isoformat, or in a format that begins with the year.
IN_CODE = re.compile(r"\bstrftime\(|\b(date_|time_|number_)format\(|\blocalize\(|\bnaturaltime\(|\{[^{}\s]+:%[^Y]")
ALLOWED = {Path("engagement/staff/when.py")}


def sources():
    for folder in ["engagement", "clients", "promises", "templates"]:
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            inside = path.relative_to(settings.BASE_DIR)
            if path.suffix in {".py", ".html", ".txt"} and not {"tests", "migrations"} & set(inside.parts):
                yield inside


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (IN_TEMPLATES, "{{ due_at|date:'j F' }}"),
        (IN_TEMPLATES, "{{ x | time }}"),
        (IN_TEMPLATES, "{{ x|timesince }}"),
        (IN_TEMPLATES, "{% now 'Y' %}"),
        (IN_CODE, "day.strftime('%d')"),
        (IN_CODE, "localize(day)"),
        (IN_CODE, "date_format(day)"),
        (IN_CODE, 'f"{day:%d %B}"'),
    ],
)
def test_formatting_elsewhere_would_be_noticed(pattern, line):
    assert pattern.search(line)


def test_nobody_else_formats_dates_for_people():
    files = list(sources())
    assert Path("engagement/staff/when.py") in files

    found = {
        f"{path}: {match.group()}"
        for path in files
        if path not in ALLOWED
        for match in (IN_CODE if path.suffix == ".py" else IN_TEMPLATES).finditer(
            (settings.BASE_DIR / path).read_text(encoding="utf-8")
        )
    }

    assert found == set()
