"""Nobody promises more than the diary holds without having seen it: a hint while typing, a reason to go on."""

from datetime import date, time
from decimal import Decimal

import pytest
from django.urls import reverse

from clients.models import Client, Entry, Scope, ScopeLine
from conftest import NOW
from engagement.staff.models import Firm
from promises.models import CapacityOverride, Extension, Promise
from promises.tests.test_from_scope import sign

NEW, FIT, QUICK, READ = (f"/promises/{name}/" for name in ("new", "fit", "quick", "read-line"))
WHY = "Enter why you take it on all the same, or choose a date that holds"


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def office(client, thandi):
    client.force_login(thandi)
    return client


@pytest.fixture
def sent(karoo, thandi):
    """Forty hours by Friday, when fifteen are free."""
    fields = {"what": "Draft brief", "client": karoo.pk, "due_on": "20 November", "owner": thandi.pk}
    return {**fields, "estimate_hours": "40"}


def page_of(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def key_on(page):
    return page.split('name="confirmed" value="')[1].split('"')[0]


# While it is typed


def test_the_form_is_told_whether_the_date_would_hold(office, sent):
    page = page_of(office.get(FIT, sent))

    assert "Friday 11 December would hold; Friday 20 November would hardly hold." in page
    assert "<strong>19%</strong>" in page
    assert "You have about 15 hours free before then; nothing is promised earlier. This takes about 40 hours." in page
    assert 'name="take" value="2026-12-11" data-take="Friday 11 December"' in page
    assert Promise.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [{"client": ""}, {"due_on": "soon"}, {"due_on": ""}, {"estimate_hours": "ages"}, {"owner": "x"}, {"due_time": "x"}],
    ids=str,
)
def test_what_cannot_be_weighed_yet_says_nothing(office, sent, wrong):
    assert page_of(office.get(FIT, {**sent, **wrong})).strip() == ""


def test_what_the_promise_is_may_still_be_open(office, sent):
    assert "would hardly hold" in page_of(office.get(FIT, {**sent, "what": ""}))


def test_a_client_one_may_not_see_is_not_weighed(client, sam, secret, sent):
    client.force_login(sam)

    pages = [page_of(client.get(FIT, {**sent, "client": number})) for number in (secret.pk, 999_999)]

    assert pages == ["", ""]


def test_the_line_says_it_too(office, karoo):
    page = page_of(office.get(READ, {"line": "Draft brief for @karoo by Friday ~40h"}))

    assert "Chance to hold: <b>19%</b>" in page
    assert "Friday 11 December would hold; Friday 20 November would hardly hold." in page


def test_without_script_a_button_shows_it_and_loses_nothing(office, sent):
    page = page_of(office.post(NEW, {**sent, "what": "", "note": "For us", "weigh": "yes"}))

    assert "would hardly hold" in page
    assert "There is a problem" not in page
    assert "For us" in page
    assert Promise.objects.count() == 0


def test_without_script_the_date_that_would_hold_is_put_in(office, sent):
    page = page_of(office.post(NEW, {**sent, "take": "2026-12-11"}))

    assert 'value="2026-12-11"' in page
    assert "Friday 11 December would hold." in page
    assert Promise.objects.count() == 0


# Before it is saved


def test_more_than_the_diary_holds_asks_once_for_the_reason(office, sent):
    page = page_of(office.post(NEW, sent))

    assert Promise.objects.count() == 0
    assert "There is a problem" not in page
    assert 'name="over_reason"' in page
    assert "Promise Friday 11 December instead" in page
    assert page.count("would hardly hold") == 1


def test_with_the_reason_it_is_saved_and_kept(office, sent, thandi):
    key = key_on(page_of(office.post(NEW, sent)))

    office.post(NEW, {**sent, "confirmed": key, "over_reason": " They open on Saturday. "})

    promise, kept = Promise.objects.get(), CapacityOverride.objects.get()
    assert (kept.promise, kept.by, kept.at, kept.due_at) == (promise, thandi, NOW, promise.due_at)
    assert (kept.reason, kept.hours) == ("They open on Saturday.", 40)
    assert (kept.free_hours, kept.chance) == (pytest.approx(15.05), pytest.approx(0.81, abs=0.005))
    entry = Entry.objects.get(kind="capacity_overridden")
    assert entry.subject == promise.record_subject
    assert (entry.data["reason"], entry.data["on"]) == ("They open on Saturday.", "2026-11-20")
    page = page_of(office.get(promise.get_absolute_url()))
    assert "They open on Saturday." in page
    assert "Taken on for Friday 20 November: about 40 hours of work, about 15 hours free before it" in page


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_the_reason_it_is_asked_for(office, sent, reason):
    key = key_on(page_of(office.post(NEW, sent)))

    page = page_of(office.post(NEW, {**sent, "confirmed": [key, key], "over_reason": reason}))

    assert Promise.objects.count() == 0
    assert page.count(WHY) == 2
    assert 'href="#id_over_reason"' in page


@pytest.mark.parametrize("change", [{"due_on": "19 November"}, {"estimate_hours": "50"}], ids=str)
def test_another_date_or_estimate_is_asked_about_again(office, sent, change):
    key = key_on(page_of(office.post(NEW, sent)))

    page = page_of(office.post(NEW, {**sent, **change, "confirmed": key, "over_reason": "They open."}))

    assert Promise.objects.count() == 0
    assert WHY not in page
    assert 'value="They open."' in page


def test_the_date_that_holds_is_one_press(office, sent):
    office.post(NEW, {**sent, "choose_due": "2026-12-11", "over_reason": ""})

    assert Promise.objects.get().due_on == date(2026, 12, 11)
    assert not CapacityOverride.objects.exists()


def test_a_reason_for_what_fits_is_not_kept(office, sent):
    office.post(NEW, {**sent, "estimate_hours": "2", "over_reason": "They open."})

    assert Promise.objects.count() == 1
    assert not CapacityOverride.objects.exists()


def test_other_cautions_are_asked_with_it(office, sent, make_promise):
    make_promise("Draft brief", due_on=date(2026, 11, 24))
    page = page_of(office.post(NEW, sent))
    assert "Looks like “Draft brief”" in page

    office.post(NEW, {**sent, "confirmed": key_on(page), "over_reason": "They open."})
    assert Promise.objects.count() == 1

    every = page.rsplit('name="confirmed" value="')[-1].split('"')[0]
    office.post(NEW, {**sent, "confirmed": [key_on(page), every], "over_reason": "They open."})
    assert Promise.objects.count() == 2


def test_a_call_back_by_four_is_saved_at_once_however_full_the_day(office, make_promise):
    make_promise("Everything", due_on=NOW.date(), estimate_hours=Decimal(500))

    response = office.post(QUICK, {"line": "Call @karoo back today at 4pm"})

    assert response.status_code == 302
    assert Promise.objects.get(what="Call back").due_time == time(16)


def test_a_line_that_does_not_fit_falls_to_the_form(office, karoo):
    page = page_of(office.post(QUICK, {"line": "Draft brief for @karoo by Friday ~40h"}))

    assert Promise.objects.count() == 0
    assert 'name="over_reason"' in page
    assert 'value="Draft brief"' in page


def test_neither_is_written_without_the_other(office, sent, monkeypatch):
    key = key_on(page_of(office.post(NEW, sent)))
    Firm.objects.update(at_risk_from=0.3)
    long = "x" * 301

    page = page_of(office.post(NEW, {**sent, "confirmed": key, "over_reason": long}))

    assert "must be 300 characters or fewer" in page
    assert not Promise.objects.exists()
    assert not CapacityOverride.objects.exists()


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_hint_costs_the_same_however_much_is_promised(
    office, sent, make_promise, how_many, django_assert_num_queries
):
    for number in range(how_many):
        make_promise(f"Earlier {number}")

    # Session and person, firm, client; the diary, what is promised, the track record.
    with django_assert_num_queries(8):
        office.get(FIT, sent)


# A date that moves


MOVE = {
    "asked_by": "us",
    "reason": "waiting_others",
    "reason_text": "The survey came late.",
    "answer": "agreed",
    "new_date": "23 November",
    "told": "spoken",
    "channel": "call",
    "text": "Told her.",
}


@pytest.fixture
def moving(make_promise, lena):
    return make_promise(estimate_hours=Decimal(40))


def address(promise, name="extend"):
    return reverse(f"promises:{name}", args=[promise.pk])


def test_the_new_date_is_weighed_while_it_is_typed(office, moving):
    page = page_of(office.get(address(moving, "extend_fit"), {"new_date": "23 November"}))

    assert "Friday 11 December would hold; Monday 23 November would hardly hold." in page
    assert "Work left: about 40 hours." in page


@pytest.mark.parametrize("typed", [{}, {"new_date": "soon"}, {"new_date": "23 November", "new_time": "x"}], ids=str)
def test_a_new_date_that_cannot_be_read_says_nothing(office, moving, typed):
    assert page_of(office.get(address(moving, "extend_fit"), typed)).strip() == ""


def test_a_new_date_that_does_not_fit_asks_before_anything_is_told(office, moving):
    page = page_of(office.post(address(moving), MOVE))

    assert not Extension.objects.exists()
    assert 'name="over_reason"' in page
    assert "There is a problem" not in page


def test_with_the_reason_it_moves_and_is_kept(office, moving):
    key = key_on(page_of(office.post(address(moving), MOVE)))

    office.post(address(moving), {**MOVE, "confirmed": key, "over_reason": "They close for the year."})

    kept = CapacityOverride.objects.get()
    assert Promise.objects.get().due_on == date(2026, 11, 23)
    assert (kept.reason, kept.due_at) == ("They close for the year.", Promise.objects.get().due_at)
    assert Entry.objects.filter(kind="capacity_overridden").count() == 1


def test_without_it_nothing_moves(office, moving):
    key = key_on(page_of(office.post(address(moving), MOVE)))

    page = page_of(office.post(address(moving), {**MOVE, "confirmed": key}))

    assert page.count(WHY) == 2
    assert not Extension.objects.exists()


def test_a_date_that_they_refused_needs_no_reason(office, moving):
    office.post(address(moving), {**MOVE, "answer": "refused"})

    assert Extension.objects.count() == 1
    assert not CapacityOverride.objects.exists()


def test_a_text_is_drafted_only_for_a_date_that_is_meant(office, moving, lena):
    typed = {**MOVE, "told": "email", "contact": lena.pk, "answer": "none"}
    page = page_of(office.post(address(moving), typed))
    assert "Read it before it goes." not in page

    confirmed = {"confirmed": key_on(page), "over_reason": "They close."}
    drafted = office.post(address(moving), {**typed, **confirmed})
    assert "Read it before it goes." in page_of(drafted)

    form = drafted.context["form"]
    again = {name: form[name].value() or "" for name in form.fields}
    office.post(address(moving), {**again, "confirmed": key_on(page_of(drafted))})
    assert CapacityOverride.objects.get().reason == "They close."


def test_the_date_that_would_hold_is_put_in(office, moving):
    page = page_of(office.post(address(moving), {**MOVE, "take": "2026-12-11"}))

    assert 'value="2026-12-11"' in page
    assert "Friday 11 December would hold." in page
    assert "Told her." in page
    assert not Extension.objects.exists()


# From a signed scope


@pytest.fixture
def scope(karoo):
    made = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)
    ScopeLine.objects.create(scope=made, number=1, service="Drawings", turnaround_days=3)
    return sign(made, NOW, None)


def line(owner, **changes):
    fields = {"what": "Drawings", "due_on": "23 November", "owner": owner.pk, "estimate_hours": "40", **changes}
    return {"line": "1", "act": "promise", **{f"line-1-{name}": value for name, value in fields.items()}}


def test_the_day_of_a_line_is_weighed_before_anybody_asks(office, scope):
    page = page_of(office.get(reverse("promises:from_scope", args=[scope.pk])))

    assert "Monday 23 November would hold." in page
    assert "Nobody has said how long this takes" in page
    assert 'name="line-1-over_reason"' not in page


def test_a_line_that_does_not_fit_is_promised_with_a_reason(office, scope, thandi):
    here = reverse("promises:from_scope", args=[scope.pk])
    page = page_of(office.post(here, line(thandi)))
    assert Promise.objects.count() == 0
    confirmed = {"confirmed": key_on(page)}

    page = page_of(office.post(here, {**line(thandi), **confirmed}))
    assert Promise.objects.count() == 0
    assert WHY in page

    office.post(here, {**line(thandi, over_reason="They open."), **confirmed})
    assert Promise.objects.get().overrides.get().reason == "They open."


@pytest.mark.parametrize("pressed", [{"weigh": "yes"}, {"take": "2026-12-11"}], ids=str)
def test_without_script_a_line_is_weighed_too(office, scope, thandi, pressed):
    here = reverse("promises:from_scope", args=[scope.pk])

    page = page_of(office.post(here, {**line(thandi, what=""), **pressed, "act": ""}))

    assert ("Friday 11 December would hold." in page) is ("take" in pressed)
    assert ("would hardly hold." in page) is ("weigh" in pressed)
    assert "There is a problem" not in page
    assert Promise.objects.count() == 0


def test_the_reason_is_ours(office, sent, karoo):
    key = key_on(page_of(office.post(NEW, sent)))
    office.post(NEW, {**sent, "confirmed": key, "over_reason": "Their fault."})

    assert "Their fault." not in page_of(office.get(f"/clients/{karoo.pk}/progress/"))
    assert Client.objects.get(pk=karoo.pk).record.filter(kind="capacity_overridden").exists()
