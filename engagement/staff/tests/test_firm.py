"""The settings of the firm: all of them for administrators, the thresholds for managers."""

from datetime import time
from decimal import Decimal

import pytest

from engagement.staff.choices import currency_choices, holiday_choices, zone_choices
from engagement.staff.diary import public_holidays
from engagement.staff.models import Firm

THRESHOLDS = {
    "tell_by_days": "2",
    "tell_by_share": "0.25",
    "watch_from": "0.2",
    "at_risk_from": "0.6",
    "link_days": "90",
    "quiet_from": "7pm",
    "quiet_until": "07:30",
    "renewal_days": "45",
    "hour_cost": "52.50",
}
ALL = THRESHOLDS | {
    "name": "Word & Sons",
    "email": "office@word.example",
    "phone": "",
    "currency": "ZAR",
    "zone": "Africa/Johannesburg",
    "holiday_region": "GB-ENG",
    "hours_0": "9-17",
    "share": "0.6",
    "second_step_for": "nobody",
}


def test_an_administrator_sets_everything(client, ada, told):
    client.force_login(ada)

    client.post("/firm/", ALL)

    firm = Firm.get()
    assert (firm.name, firm.currency, firm.holiday_region) == ("Word & Sons", "ZAR", "GB-ENG")
    assert firm.hours == [[["09:00", "17:00"]], [], [], [], [], [], []]
    assert (firm.watch_from, firm.at_risk_from, firm.link_days, firm.renewal_days) == (0.2, 0.6, 90, 45)
    assert (firm.quiet_from, firm.quiet_until) == (time(19), time(7, 30))
    assert firm.hour_cost == Decimal("52.50")
    assert told == [None]


def test_a_manager_sets_thresholds_and_nothing_else(client, mara, told):
    client.force_login(mara)

    client.post("/firm/", ALL)

    firm = Firm.get()
    assert firm.tell_by_days == Decimal(2)
    assert (firm.name, firm.holiday_region) == ("Word & Co", "ZA")
    assert firm.hours[1] != []
    assert told == [None]


def test_what_an_hour_costs_may_stay_unsaid(client, mara, told):
    client.force_login(mara)

    client.post("/firm/", THRESHOLDS | {"hour_cost": ""})

    assert Firm.get().hour_cost is None
    assert Firm.get().tell_by_days == Decimal(2)


def test_a_name_alone_is_no_other_diary(client, ada, told):
    client.force_login(ada)
    client.post("/firm/", ALL)
    told.clear()

    client.post("/firm/", ALL | {"name": "Word & Daughters", "link_days": "30"})

    assert Firm.get().name == "Word & Daughters"
    assert told == []


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Europe/London"},
        {"holiday_region": ""},
        {"hours_0": "9-16"},
        {"share": "0.5"},
        {"tell_by_days": "3"},
        {"tell_by_share": "0.3"},
        {"watch_from": "0.1"},
        {"at_risk_from": "0.7"},
    ],
)
def test_whatever_moves_a_warning_is(client, ada, told, change):
    client.force_login(ada)
    client.post("/firm/", ALL)
    told.clear()

    client.post("/firm/", ALL | change)

    assert told == [None]


@pytest.mark.parametrize(
    ("field", "typed", "error_on", "words"),
    [
        ("name", "", "name", "Enter the name of the firm"),
        ("email", "office", "email", "Enter an e-mail address, for example"),
        ("phone", "1" * 41, "phone", "Phone must be 40 characters or fewer"),
        ("currency", "", "currency", "Choose one from the list"),
        ("currency", "GOLD", "currency", "“GOLD” is not in the list"),
        ("zone", "", "zone", "Choose a time zone"),
        ("zone", "GMT+2", "zone", "“GMT+2” is not in the list"),
        ("holiday_region", "ATLANTIS", "holiday_region", "“ATLANTIS” is not in the list"),
        ("hours_0", "17-9", "hours", "Monday: write hours"),
        ("hours_0", "", "hours", "at least one day"),
        ("share", "1.5", "share", "must be at most 1"),
        ("tell_by_days", "", "tell_by_days", "Enter working days as a number"),
        ("tell_by_days", "-1", "tell_by_days", "must be at least 0"),
        ("tell_by_days", "0.55", "tell_by_days", "must have 1 decimals or fewer"),
        ("tell_by_share", "1", "tell_by_share", "must be at most 0.9"),
        ("watch_from", "soon", "watch_from", "Watch from must be a number"),
        ("watch_from", "nan", "watch_from", "Watch from must be a number"),
        ("watch_from", "0.6", "at_risk_from", "“At risk from” must be above “watch from”"),
        ("watch_from", "0", "watch_from", "must be at least 0.01"),
        ("at_risk_from", "1", "at_risk_from", "must be at most 0.99"),
        ("link_days", "0", "link_days", "must be at least 1"),
        ("link_days", "half", "link_days", "must be a whole number"),
        ("link_days", "99999999999", "link_days", "must be at most 1825"),
        ("renewal_days", "0", "renewal_days", "must be at least 1"),
        ("renewal_days", "", "renewal_days", "Enter a number of days"),
        ("hour_cost", "0", "hour_cost", "must be at least 0.01"),
        ("hour_cost", "much", "hour_cost", "must be a number"),
        ("quiet_from", "dusk", "quiet_from", "Enter a time"),
        ("quiet_until", "7pm", "quiet_until", "must differ"),
    ],
)
def test_what_will_not_do_is_said_and_the_rest_kept(client, ada, told, field, typed, error_on, words):
    client.force_login(ada)

    page = client.post("/firm/", ALL | {"name": "Kept as typed", field: typed})

    assert words.casefold() in " ".join(page.context["form"].errors[error_on]).casefold()
    assert "<title>Error: Settings of the firm" in page.content.decode()
    assert field == "name" or 'value="Kept as typed"' in page.content.decode()
    assert Firm.get().name == "Word & Co"
    assert told == []


def test_the_name_in_the_head_is_the_one_that_is_kept(client, ada):
    client.force_login(ada)

    page = client.post("/firm/", ALL | {"name": "Refused", "zone": ""})

    assert "· Word &amp; Co</title>" in page.content.decode()


def test_a_setting_that_is_listed_no_more_is_shown_and_has_to_be_changed(client, ada):
    Firm.objects.update(zone="Asia/Calcutta", holiday_region="ZZ")
    client.force_login(ada)

    words = client.get("/firm/").content.decode()

    assert '<option value="Asia/Calcutta" selected>' in words
    assert '<option value="ZZ" selected>' in words


def test_every_region_offered_has_holidays_and_fits():
    regions = [code for code, _name in holiday_choices() if code]

    assert "ZA" in regions
    assert "GB-ENG" in regions
    assert max(map(len, regions)) <= 12
    # An unknown region would answer with a function that knows no day.
    assert [code for code in regions[::25] if public_holidays(code).__name__ != "<lambda>"] == []


def test_regions_read_as_places():
    named = dict(holiday_choices())

    assert named["ZA"] == "South Africa"
    assert named["GB-ENG"] == "United Kingdom, England"
    assert named["DE-BY"] == "Germany, Bayern"


def test_zones_are_grouped_and_each_place_has_one_name():
    africa = dict(dict(zone_choices()[1:-1])["Africa"])
    names = [name for _region, places in zone_choices()[1:-1] for name, _words in places]

    assert africa["Africa/Johannesburg"] == "Johannesburg"
    assert {"US/Eastern", "Asia/Calcutta", "Africa/Asmera"}.isdisjoint(names)
    assert len(names) == len(set(names)) > 400


def test_currencies_are_those_in_use():
    named = dict(currency_choices())

    assert named["ZAR"] == "ZAR, South African Rand"
    assert "DEM" not in named
