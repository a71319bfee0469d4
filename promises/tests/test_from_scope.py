"""A scope is signed: its lines with a turnaround become promises, each when a person has confirmed it."""

from datetime import date
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

from clients.actions import archive
from clients.models import Addendum, AddendumLine, Agreement, Contact, Entry, Kind, Scope, ScopeLine
from conftest import DAY, HOUR, NOW
from engagement.staff.models import Firm
from promises import actions
from promises.actions import Refused
from promises.actions.from_scope import make_from_line, mark_needed, mark_not_needed
from promises.due import due_for
from promises.from_scope import lines_of, scopes_waiting
from promises.models import LineNotNeeded, Promise
from promises.my_day import MyDay
from promises.tests.steps import put

LINES = [
    {"service": "Shop fittings drawings", "turnaround_days": 10},
    {"service": "Counter and window sheets", "turnaround_days": 3, "description": "Two sheets"},
    {"service": "Advice by phone"},
    {"kind": "tax", "service": "VAT", "rate": 15},
]


@pytest.fixture
def make_scope(karoo, thandi):
    """A scope that both sides signed this morning, with its lines."""

    def make(number="2026-014", *, lines=LINES, client=None, contact=None, at=NOW, **fields):
        scope = Scope.objects.create(client=client or karoo, number=number, title="Shop fittings", made_at=at, **fields)
        for place, line in enumerate(lines, 1):
            ScopeLine.objects.create(scope=scope, number=place, **line)
        return sign(scope, at, contact)

    return make


def sign(scope, at, contact=None):
    Agreement.objects.filter(pk=scope.agreement_id).update(state="signed", signed_at=at, contact=contact)
    Scope.objects.filter(pk=scope.pk).update(signed_on=at.astimezone(scope.client.zoneinfo).date())
    return Scope.objects.select_related("client__lead", "agreement__contact").get(pk=scope.pk)


def add(scope, *changes, at=NOW, state="signed"):
    """An addendum, both sides signed unless told otherwise."""
    seq = scope.addenda.count() + 1
    agreement = Agreement.objects.create(client=scope.client, kind=Kind.ADDENDUM, made_at=at)
    addendum = Addendum.objects.create(agreement=agreement, scope=scope, seq=seq, title="More", made_at=at)
    for change in changes:
        AddendumLine.objects.create(addendum=addendum, **change)
    Agreement.objects.filter(pk=agreement.pk).update(state=state, signed_at=at if state == "signed" else None)
    return addendum


def waiting(scope):
    scope = Scope.objects.select_related("client", "agreement").get(pk=scope.pk)
    return [one.line.number for one in lines_of([scope])[scope.pk].waiting]


@pytest.fixture
def make_line(make_scope, thandi, karoo, firm):
    def make(scope, number=1, what="Shop fittings drawings", on=date(2026, 12, 2), by=thandi, now=NOW):
        due = due_for(scope.client, firm, on, None)
        return make_from_line(scope, number, what=what, due=due, owner=thandi, by=by, now=now)

    return make


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW + HOUR, tick=False):
        yield client


def page_of(scope):
    return reverse("promises:from_scope", args=[scope.pk])


def typed(number=1, **changes):
    fields = {"what": "Shop fittings drawings", "due_on": "2 December", "owner": "", "estimate_hours": "8h"}
    posted = {f"line-{number}-{name}": value for name, value in {**fields, **changes}.items()}
    return {"line": str(number), "act": "promise", **posted}


# What waits


def test_lines_with_a_turnaround_wait(make_scope):
    assert waiting(make_scope()) == [1, 2]


def test_a_line_that_has_its_promise_waits_no_more(make_scope, make_line):
    scope = make_scope()

    promise = make_line(scope)

    assert (promise.scope, promise.scope_line, promise.client) == (scope, 1, scope.client)
    assert waiting(scope) == [2]
    assert Entry.objects.get(kind="made").data["line"] == 1


def test_a_promise_logged_by_mistake_leaves_its_line_waiting(make_scope, make_line, thandi):
    scope = make_scope()

    actions.void(make_line(scope), reason="Twice", by=thandi, now=NOW)

    assert waiting(scope) == [1, 2]


def test_what_holds_after_addenda_waits_and_nothing_else(make_scope):
    scope = make_scope()
    add(
        scope,
        {"act": "remove", "number": 1},
        {"act": "change", "number": 3, "service": "Advice in writing", "turnaround_days": 5},
        {"act": "add", "number": 5, "service": "Signs", "turnaround_days": 8},
    )
    add(scope, {"act": "add", "number": 6, "service": "Not signed", "turnaround_days": 8}, state="sent")

    assert waiting(scope) == [2, 3, 5]


def test_a_line_counts_from_the_paper_that_it_comes_from(make_scope, firm):
    scope = make_scope(at=NOW - 7 * DAY)
    add(scope, {"act": "add", "number": 5, "service": "Signs", "turnaround_days": 3}, at=NOW)
    scope = Scope.objects.select_related("client", "agreement").get(pk=scope.pk)

    days = {one.line.number: one.due_on(firm) for one in lines_of([scope])[scope.pk].waiting}

    # Ten working days from Wednesday the 11th; three from the 18th.
    assert days == {1: date(2026, 11, 25), 2: date(2026, 11, 16), 5: date(2026, 11, 23)}


def test_a_line_that_needs_no_promise_is_kept_in_the_record_and_can_come_back(make_scope, thandi):
    scope = make_scope()

    mark_not_needed(scope, 2, thandi, NOW)
    assert waiting(scope) == [1]

    mark_needed(scope, 2, thandi, NOW + HOUR)
    assert waiting(scope) == [1, 2]
    kinds = Entry.objects.filter(subject=scope.record_subject).order_by("seq").values_list("kind", "data")
    service = {"line": 2, "service": "Counter and window sheets"}
    assert list(kinds) == [("line_not_needed", service), ("line_needed", service)]


@pytest.mark.parametrize("number", [0, 3, 4, 99])
def test_what_does_not_wait_is_refused(make_scope, make_line, thandi, number):
    scope = make_scope()

    with pytest.raises(Refused, match="needs none"):
        make_line(scope, number)
    with pytest.raises(Refused):
        mark_not_needed(scope, number, thandi, NOW)

    assert Promise.objects.count() == 0


def test_the_second_of_two_people_makes_no_second_promise(make_scope, make_line):
    scope = make_scope()
    make_line(scope)

    with pytest.raises(Refused, match="has its promise"):
        make_line(scope)

    assert Promise.objects.count() == 1


@pytest.mark.parametrize("state", ["draft", "sent", "ended"])
def test_from_what_is_not_in_force_nothing_is_promised(make_scope, karoo, make_line, state):
    scope = Scope.objects.create(client=karoo, number="2026-015", title="Not in force")
    put(scope.agreement, state)

    with pytest.raises(Refused, match="not in force"):
        make_line(scope)


def test_the_contact_is_who_signed(make_scope, make_line, lena):
    assert make_line(make_scope(contact=lena)).contact == lena


def test_scopes_are_found_by_what_still_waits(make_scope, make_line, karoo, thandi):
    ready, partly, bare = make_scope("2026-1"), make_scope("2026-2"), make_scope("2026-3", lines=LINES[2:])
    for number in (1, 2):
        make_line(ready, number)
    make_line(partly)
    grown = make_scope("2026-4", lines=LINES[2:])
    add(grown, {"act": "add", "number": 5, "service": "Signs", "turnaround_days": 3})
    refused = make_scope("2026-5", lines=LINES[:1])
    mark_not_needed(refused, 1, thandi, NOW)

    found = scopes_waiting(type(karoo).objects.all())

    assert bare not in found
    assert [scope.number for scope in found] == ["2026-2", "2026-4"]


def test_an_addendum_settles_or_reopens_what_it_names(make_scope, make_line, karoo, thandi):
    emptied, grown, settled = (make_scope(f"2026-{number}", lines=LINES[:1]) for number in (1, 2, 3))
    add(emptied, {"act": "remove", "number": 1})
    mark_not_needed(grown, 1, thandi, NOW)
    mark_needed(grown, 1, thandi, NOW)
    for scope in (grown, settled):
        add(scope, {"act": "add", "number": 5, "service": "Signs", "turnaround_days": 3}, at=NOW - HOUR)
        add(scope, {"act": "change", "number": 5, "service": "Signs"})
        add(scope, {"act": "change", "number": 1, "service": "Sheets", "turnaround_days": 4}, at=NOW - HOUR)
    add(settled, {"act": "change", "number": 1, "service": "Sheets, when they are ready"})

    found = scopes_waiting(type(karoo).objects.all())

    assert [scope.number for scope in found] == ["2026-2"]
    assert [waiting(scope) for scope in (emptied, grown, settled)] == [[], [1], []]


def test_settled_scopes_crowd_out_no_new_one(
    make_scope, make_line, karoo, thandi, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr("promises.from_scope.MOST_SHOWN", 2)
    for number in range(3):
        mark_not_needed(make_scope(f"2026-1{number}", lines=LINES[:1], at=NOW - 30 * DAY), 1, thandi, NOW)
        make_line(make_scope(f"2026-2{number}", lines=LINES[:1], at=NOW - 30 * DAY))
        without = make_scope(f"2026-3{number}", lines=LINES[:1], at=NOW - 30 * DAY)
        add(without, {"act": "remove", "number": 1})
    new = [make_scope(f"2026-4{number}") for number in range(4)]

    with django_assert_num_queries(1):
        found = scopes_waiting(type(karoo).objects.all())

    assert found == new[:3]


def test_what_was_said_before_there_were_rows_is_taken_over(make_scope, thandi):
    scope, other = make_scope("2026-1"), make_scope("2026-2")
    mark_not_needed(scope, 1, thandi, NOW)
    mark_not_needed(scope, 2, thandi, NOW)
    mark_needed(scope, 2, thandi, NOW)
    mark_not_needed(other, 2, thandi, NOW)
    LineNotNeeded.objects.all().delete()

    import_module("promises.migrations.0006_lines_not_needed").from_the_record(apps, None)

    assert [waiting(each) for each in (scope, other)] == [[2], [1]]


# Lines that an addendum took out


def test_the_promise_of_a_line_that_was_taken_out_is_asked_about(make_scope, make_line, as_thandi):
    scope = make_scope()
    promise, _kept = make_line(scope), make_line(scope, 2)
    add(scope, {"act": "change", "number": 1, "service": "Fewer drawings", "turnaround_days": 5}, at=NOW - HOUR)
    addendum = add(scope, {"act": "remove", "number": 1})
    add(scope, {"act": "remove", "number": 2}, state="sent")

    for address in (page_of(scope), "/my-day/"):
        response = as_thandi.get(address)

        assert [one.promise for one in response.context["taken_out"]] == [promise]
        words = response.content.decode()
        assert f"Line 1 was taken out by {addendum.number}. Withdraw its promise?" in words
        assert reverse("promises:withdraw", args=[promise.pk]) in words


@pytest.mark.parametrize("state", ["signed", "ended"])
def test_it_is_asked_no_more_once_the_promise_or_the_scope_has_ended(make_scope, make_line, as_thandi, thandi, state):
    scope = make_scope()
    promise = make_line(scope)
    add(scope, {"act": "remove", "number": 1})
    if state == "signed":
        actions.withdraw(promise, reason="Taken out.", agreed_by="Lena", by=thandi, now=NOW)
    Agreement.objects.filter(pk=scope.agreement_id).update(state=state)

    for address in (page_of(scope), "/my-day/"):
        assert not as_thandi.get(address).context["taken_out"]


def test_only_whoever_leads_the_client_is_asked(make_scope, make_line, thandi, sam):
    scope = make_scope()
    make_line(scope)
    add(scope, {"act": "remove", "number": 1})

    assert len(MyDay.of(thandi, NOW).taken_out) == 1
    assert MyDay.of(sam, NOW).taken_out == []


@pytest.mark.parametrize(("how_many", "says_more"), [(1, False), (2, True)])
def test_promises_without_their_line_beyond_those_shown_are_not_passed_over(
    make_scope, make_line, as_thandi, monkeypatch, how_many, says_more
):
    for room in ("promises.from_scope", "promises.views.from_scope", "promises.views.my_day"):
        monkeypatch.setattr(f"{room}.MOST_SHOWN", 1)
    scope = make_scope()
    for number in range(1, how_many + 1):
        make_line(scope, number)
        add(scope, {"act": "remove", "number": number})

    for address in (page_of(scope), "/my-day/"):
        response = as_thandi.get(address)

        assert len(response.context["taken_out"]) == 1
        assert ("the next stand here once these are seen to." in response.content.decode()) == says_more


# The page


def test_the_form_is_filled_from_the_line(as_thandi, make_scope, thandi):
    response = as_thandi.get(page_of(make_scope()))

    first, second = (row.form for row in response.context["rows"])
    assert first.initial == {"what": "Shop fittings drawings", "due_on": "Wed 2 Dec", "owner": thandi.pk}
    assert second.initial["due_on"] == "Mon 23 Nov"
    assert "10 working days from" in response.content.decode()


@pytest.mark.parametrize("language", ["en", "af", "nl"])
def test_what_is_filled_in_can_be_sent_as_it_stands(as_thandi, make_scope, thandi, language):
    scope = make_scope(lines=[{"service": "Sheets", "turnaround_days": 40}])
    type(thandi).objects.filter(pk=thandi.pk).update(language=language)
    (row,) = as_thandi.get(page_of(scope)).context["rows"]

    as_thandi.post(page_of(scope), typed(owner=thandi.pk, due_on=row.form["due_on"].value()))

    assert Promise.objects.get().due_on == row.one.due_on(Firm.get())


def test_a_day_that_has_passed_is_not_filled_in(as_thandi, make_scope):
    response = as_thandi.get(page_of(make_scope(at=NOW - 60 * DAY)))

    assert [row.form.initial["due_on"] for row in response.context["rows"]] == ["", ""]
    assert "choose a date that holds" in response.content.decode()


def test_confirming_one_line_makes_one_promise(as_thandi, make_scope, thandi):
    scope = make_scope()

    response = as_thandi.post(page_of(scope), typed(owner=thandi.pk))

    promise = Promise.objects.get()
    assert response.url == f"{page_of(scope)}?saved={promise.pk}"
    assert (promise.what, promise.due_on, promise.scope_line) == ("Shop fittings drawings", date(2026, 12, 2), 1)
    assert (promise.owner, promise.made_by, promise.estimate_hours) == (thandi, thandi, 8)
    assert "has not been told" in as_thandi.get(response.url).content.decode()


def test_after_the_last_one_the_client_follows(as_thandi, make_scope, thandi, karoo):
    scope = make_scope(lines=LINES[:1])

    response = as_thandi.post(page_of(scope), typed(owner=thandi.pk))

    assert response.url == f"{karoo.get_absolute_url()}?saved={Promise.objects.get().pk}"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"what": ""}, "what", "Enter what you promise"),
        ({"what": "x" * 301}, "what", "What we promise must be 300 characters or fewer"),
        ({"due_on": ""}, "due_on", "Enter a date"),
        ({"due_on": "17 November 2026"}, "due_on", "Due date must be today or in the future"),
        ({"due_on": "soonish"}, "due_on", "Enter a date"),
        ({"owner": ""}, "owner", "Choose somebody who works here"),
        ({"owner": "999999"}, "owner", "Choose somebody who works here"),
        ({"estimate_hours": "long"}, "estimate_hours", "Enter hours"),
    ],
)
def test_what_will_not_do_is_said_and_the_rest_kept(as_thandi, make_scope, thandi, changes, field, words):
    scope = make_scope()

    response = as_thandi.post(page_of(scope), typed(**{"owner": thandi.pk, **changes}))

    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert "<title>Error: Promises to make" in response.content.decode()
    assert f'id="id_line-1-{field}"' in response.content.decode()
    assert [row.one.line.number for row in response.context["rows"]] == [1, 2]
    assert Promise.objects.count() == 0


def test_the_working_day_that_has_ended_is_no_due_date(client, thandi, make_scope):
    client.force_login(thandi)
    scope = make_scope()

    with time_machine.travel(NOW + 9 * HOUR, tick=False):
        response = client.post(page_of(scope), typed(owner=thandi.pk, due_on="18 November 2026"))

    assert "Their working day has ended" in " ".join(response.context["form"].errors["due_on"])


def test_a_promise_alike_is_shown_beside_the_line(as_thandi, make_scope, make_promise):
    make_promise("shop fittings drawings")

    response = as_thandi.get(page_of(make_scope()))

    first, second = response.context["rows"]
    assert [caution.alike.what for caution in first.cautions] == ["shop fittings drawings"]
    assert second.cautions == []
    assert "Looks like" in response.content.decode()


def test_what_was_shown_beside_it_is_not_asked_again(as_thandi, make_scope, make_promise, thandi):
    make_promise("shop fittings drawings")
    scope = make_scope()
    (caution,) = as_thandi.get(page_of(scope)).context["rows"][0].cautions

    as_thandi.post(page_of(scope), typed(owner=thandi.pk) | {"confirmed": caution.key})

    assert Promise.objects.filter(scope=scope).count() == 1


def test_a_day_off_is_asked_about_once(as_thandi, make_scope, thandi):
    scope = make_scope()
    sunday = typed(owner=thandi.pk, due_on="29 November 2026")

    response = as_thandi.post(page_of(scope), sunday)
    words = response.content.decode()

    assert "Sunday 29 November is no working day. The next one is Monday 30 November." in words
    assert "Promise it all the same" in words
    assert Promise.objects.count() == 0

    as_thandi.post(page_of(scope), sunday | {"confirmed": "off:2026-11-29"})
    assert Promise.objects.get().due_on == date(2026, 11, 29)


def test_slips_are_shown_before_the_next_promise(as_thandi, make_scope, make_promise, thandi):
    slip = make_promise("Curtains", due_on=date(2026, 11, 12), made_at=NOW - 12 * DAY)
    actions.deliver(slip, by=thandi, now=NOW - DAY, delivered_at=NOW - DAY)

    assert "1 slip to Karoo Linen in the last 90 days." in as_thandi.get(page_of(make_scope())).content.decode()


def test_a_line_is_put_aside_and_taken_back_by_hand(as_thandi, make_scope):
    scope = make_scope()

    as_thandi.post(page_of(scope), {"line": "2", "act": "not_needed"})
    response = as_thandi.get(page_of(scope))
    assert [one.line.number for one in response.context["not_needed"]] == [2]

    as_thandi.post(page_of(scope), {"line": "2", "act": "needed"})
    assert waiting(scope) == [1, 2]


@pytest.mark.parametrize(
    "posted", [{"line": "2", "act": "needed"}, {"line": "99", "act": "not_needed"}, {"line": "²", "act": "not_needed"}]
)
def test_what_cannot_be_is_said_and_nothing_written(as_thandi, make_scope, posted):
    scope = make_scope()

    response = as_thandi.post(page_of(scope), posted, follow=True)

    assert response.status_code == 200
    assert len(list(response.context["messages"])) == 1
    assert Entry.objects.filter(subject=scope.record_subject).count() == 0


def test_a_line_that_was_promised_meanwhile_is_said(as_thandi, make_scope, make_line, thandi):
    scope = make_scope()
    make_line(scope)

    response = as_thandi.post(page_of(scope), typed(owner=thandi.pk, what="Other words"), follow=True)

    assert "This line has its promise" in response.content.decode()
    assert Promise.objects.count() == 1


def test_a_client_put_away_is_promised_nothing(as_thandi, make_scope, thandi, karoo):
    scope = make_scope()
    archive(karoo, thandi, NOW)

    response = as_thandi.post(page_of(scope), typed(owner=thandi.pk), follow=True)

    assert "is archived" in response.content.decode()
    assert Promise.objects.count() == 0


def test_a_draft_says_that_it_is_not_in_force(as_thandi, karoo):
    scope = Scope.objects.create(client=karoo, number="2026-015", title="Draft")

    assert "not in force" in as_thandi.get(page_of(scope)).content.decode()


def test_hostile_words_are_shown_as_words(as_thandi, make_scope):
    evil = "<script>alert(1)</script>"
    scope = make_scope(lines=[{"service": evil, "description": evil, "turnaround_days": 3}])

    page = as_thandi.get(page_of(scope)).content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert evil not in page


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_the_same_for_more_lines(as_thandi, make_scope, how_many, django_assert_num_queries):
    lines = [{"service": f"Sheet {number}", "turnaround_days": 3} for number in range(how_many)]
    scope = make_scope(lines=lines)

    # session, user, firm, scope, lines, addenda, promised, put aside, owners, promised lately, slips, taken out,
    # firm in the head, heartbeat, oldest unsent; once for all the dates: the diary, what is promised, the track record
    with django_assert_num_queries(18):
        as_thandi.get(page_of(scope))


# My day


def test_my_day_of_the_lead_leads_there(as_thandi, make_scope):
    scope = make_scope(at=NOW - DAY)

    words = as_thandi.get("/my-day/").content.decode()

    assert "Promises to make from a signed scope" in words
    assert page_of(scope) in words
    assert "they are to have the dates by" in words


def test_late_dates_are_said_to_be_late(as_thandi, make_scope):
    make_scope(at=NOW - 9 * DAY)

    assert "they were to have the dates by" in as_thandi.get("/my-day/").content.decode()


def test_my_day_says_whom_to_greet_and_how(as_thandi, make_scope, lena):
    Contact.objects.filter(pk=lena.pk).update(channel="call", good_from="09:00", good_until="12:00")
    scope = make_scope(contact=lena)

    page = as_thandi.get("/my-day/")
    words = " ".join(page.content.decode().split())

    assert "Lena Karoo signed" in words
    assert "Greet them by phone, 021 555 0134" in words
    assert "good hours 9am to 12 noon" in words

    response = as_thandi.post(reverse("promises:greeted", args=[scope.pk]))
    assert response.url == "/my-day/"
    assert "Lena Karoo signed" not in as_thandi.get("/my-day/").content.decode()
    assert Entry.objects.filter(kind="greeted").count() == 1


@pytest.mark.parametrize(("how_many", "says_more"), [(2, False), (3, True)])
def test_scopes_beyond_those_shown_are_not_passed_over(as_thandi, make_scope, monkeypatch, how_many, says_more):
    for room in ("promises.my_day", "promises.from_scope", "promises.views.my_day"):
        monkeypatch.setattr(f"{room}.MOST_SHOWN", 2)
    for number in range(how_many):
        make_scope(f"2026-{number}", ends_on=NOW.date() + 7 * DAY)

    page = as_thandi.get("/my-day/")
    words = page.content.decode()

    assert [len(page.context[name]) for name in ("greetings", "near_end", "to_promise")] == [2, 2, 2]
    assert ("More than these: the next stand here once these are greeted." in words) == says_more
    assert ("More than these: the next stand here once these have their promises." in words) == says_more
    assert ("More than these: see all of them" in words) == says_more


def test_a_greeting_noted_twice_is_kept_once(as_thandi, make_scope):
    scope = make_scope()
    address = reverse("promises:greeted", args=[scope.pk])
    as_thandi.post(address)

    words = as_thandi.post(address, follow=True).content.decode()

    assert "That was noted already." in words
    assert Entry.objects.filter(kind="greeted").count() == 1


def test_whoever_signed_and_has_left_is_not_called(as_thandi, make_scope, lena, karoo, thandi):
    scope = make_scope(contact=lena)
    Contact.objects.filter(pk=lena.pk).update(left_at=NOW, is_main=False)
    Contact.objects.create(client=karoo, name="Ben Karoo", email="ben@karoo.example", is_main=True)

    (greeting,) = as_thandi.get("/my-day/").context["greetings"]

    assert (greeting.contact.name, greeting.how) == ("Ben Karoo", "by e-mail, ben@karoo.example")
    assert greeting.agreement == scope.agreement


@pytest.mark.parametrize(
    ("lead", "reader", "sees"),
    [("thandi", "thandi", True), ("thandi", "mara", False), (None, "mara", True), (None, "sam", False)],
)
def test_it_stands_on_the_day_of_whoever_leads(request, make_scope, karoo, lead, reader, sees):
    type(karoo).objects.filter(pk=karoo.pk).update(lead=request.getfixturevalue(lead) if lead else None)
    make_scope(lines=LINES[:1], ends_on=date(2026, 12, 31))
    person = request.getfixturevalue(reader)

    day = MyDay.of(person, NOW)

    assert bool(day.to_greet) is sees
    assert bool(day.scopes_to_promise) is sees


def test_nobody_is_greeted_a_month_later(make_scope, thandi):
    make_scope(at=NOW - 31 * DAY)

    assert MyDay.of(thandi, NOW).to_greet == []


@pytest.mark.parametrize("how_many", [1, 3])
def test_my_day_costs_the_same_for_more_scopes(as_thandi, make_scope, lena, how_many, django_assert_num_queries):
    for number in range(how_many):
        make_scope(f"2026-{number}", contact=lena, ends_on=date(2026, 12, 31))

    # session, user, firm, not told, five lists of promises, words owed, to greet, scopes that wait for promises,
    # promises without their line, near their end, answers to review, lost messages, is anything mine, clients, firm in
    # the head, heartbeat, oldest unsent
    with django_assert_num_queries(20):
        as_thandi.get("/my-day/")


def test_the_clients_page_leads_there_too(as_thandi, make_scope, karoo):
    scope = make_scope()

    assert page_of(scope) in as_thandi.get(karoo.get_absolute_url()).content.decode()
