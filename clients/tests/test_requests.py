from datetime import date

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction

from clients import record
from clients.actions import (
    Refused,
    answer_request,
    archive,
    archive_solution,
    log_request,
    save_contact,
    turn_into_addendum,
)
from clients.agreement_rules import State
from clients.minutes import speak_minutes
from clients.models import Contact, Entry, OutsideRequest, Scope, Solution
from clients.models.request import MOST_MINUTES
from clients.views.requests import PAGE
from conftest import DAY, NOW

TODAY = NOW.date()
MONTH = TODAY.replace(day=1)
TYPED = {"what": "Could you also look at the gutters?", "asked_on": "yesterday"}


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def scope(karoo):
    return Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)


@pytest.fixture
def other_scope(karoo):
    return Scope.objects.create(client=karoo, number="2026-015", title="Curtains", made_at=NOW)


@pytest.fixture
def make_request(karoo, thandi):
    def make(what="Look at the gutters", *, asked_on=TODAY, client=None, now=NOW, **fields):
        request = OutsideRequest(client=client or karoo, what=what, asked_on=asked_on, **fields)
        return log_request(request, thandi, now)

    return make


def entries(request):
    return list(Entry.objects.about(request.record_subject).order_by("seq"))


# Logged


def test_a_request_is_logged_with_all_that_is_known(as_thandi, karoo, lena, scope, thandi, make_solution):
    solution = make_solution()

    response = as_thandi.post(
        f"/clients/{karoo.pk}/requests/new/",
        TYPED
        | {"contact": lena.pk, "scope": scope.pk, "minutes": "20", "answer": "With pleasure.", "solution": solution.pk},
    )

    kept = OutsideRequest.objects.get()
    assert response.url == f"/requests/{kept.pk}/"
    assert (kept.client, kept.contact, kept.scope, kept.solution) == (karoo, lena, scope, solution)
    assert (kept.what, kept.asked_on, kept.minutes, kept.answer) == (
        "Could you also look at the gutters?",
        TODAY - DAY,
        20,
        "With pleasure.",
    )
    assert (kept.by, kept.made_at) == (thandi, NOW)
    (entry,) = entries(kept)
    assert (entry.kind, entry.client, entry.by, entry.at) == ("request_logged", karoo, thandi, NOW)
    assert entry.data == {
        "what": "Could you also look at the gutters?",
        "asked_on": "2026-11-17",
        "contact": "Lena Karoo",
        "scope": "2026-014",
        "minutes": 20,
        "answer": "With pleasure.",
        "solution": "A second viewing",
    }
    karoo.refresh_from_db()
    assert list(record.verify(karoo)) == []


def test_only_what_was_asked_must_be_known(as_thandi, karoo):
    as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED)

    kept = OutsideRequest.objects.get()
    assert (kept.contact, kept.scope, kept.minutes, kept.answer, kept.solution) == (None, None, None, "", None)


def test_the_form_begins_with_today_and_the_scope_one_came_from(as_thandi, karoo, scope):
    page = as_thandi.get(f"/clients/{karoo.pk}/requests/new/?scope={scope.pk}")

    form = page.context["form"]
    assert form["scope"].value() == str(scope.pk)
    assert form["asked_on"].value() == "Wednesday 18 November"
    as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"asked_on": form["asked_on"].value()})
    assert OutsideRequest.objects.get().asked_on == TODAY


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"what": " "}, "what", "Enter what they asked for"),
        ({"what": "x" * 5001}, "what", "What they asked for must be 5000 characters or fewer"),
        ({"contact": "0"}, "contact", "Choose one from the list"),
        ({"scope": "999999"}, "scope", "Choose one from the list"),
        ({"scope": "x"}, "scope", "Choose one from the list"),
        ({"asked_on": ""}, "asked_on", "Enter a date, for example 27 November or Friday"),
        ({"asked_on": "2026-11-19"}, "asked_on", "The day they asked must be today or in the past"),
        ({"asked_on": "once"}, "asked_on", "Enter a date, for example 27 November or Friday"),
        ({"minutes": "-1"}, "minutes", "Minutes it cost must be at least 0"),
        ({"minutes": "10000"}, "minutes", f"Minutes it cost must be at most {MOST_MINUTES}"),
        ({"minutes": "1.5"}, "minutes", "Minutes it cost must be a whole number"),
        ({"minutes": "an hour"}, "minutes", "Minutes it cost must be a whole number"),
        ({"answer": "x" * 5001}, "answer", "Our answer must be 5000 characters or fewer"),
        ({"solution": "999999"}, "solution", "Choose another solution: this one is gone"),
        ({"solution": "x"}, "solution", "Choose another solution: this one is gone"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_what_was_typed(as_thandi, karoo, typed, field, error):
    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"answer": "With pleasure."} | typed)

    page = response.content.decode()
    assert response.status_code == 200
    assert response.context["form"].errors == {field: [error]}
    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert typed.get("answer", "With pleasure.") in page
    assert not OutsideRequest.objects.exists()


@pytest.mark.parametrize("minutes", ["0", str(MOST_MINUTES)])
def test_minutes_may_be_none_at_all_or_a_great_many(as_thandi, karoo, minutes):
    as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"minutes": minutes})

    assert OutsideRequest.objects.get().minutes == int(minutes)


def test_a_contact_and_a_scope_of_another_client_are_not_offered(as_thandi, karoo, secret, thandi):
    contact = Contact(client=secret, name="Quinn", email="quinn@quiet.example")
    save_contact(contact, thandi, NOW)
    scope = Scope.objects.create(client=secret, number="2026-001", title="Quiet", made_at=NOW)

    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"contact": contact.pk, "scope": scope.pk})

    assert set(response.context["form"].errors) == {"contact", "scope"}
    for wrong in ({"contact": contact}, {"scope": scope}):
        with pytest.raises(Refused, match="of this client"):
            log_request(OutsideRequest(client=karoo, what="Gutters", asked_on=TODAY, **wrong), thandi, NOW)
    assert not OutsideRequest.objects.exists()


def test_nothing_is_logged_for_a_client_put_away(as_thandi, karoo, thandi):
    archive(karoo, thandi, NOW)

    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED)

    assert "This client is archived. Bring the client back first." in response.content.decode()
    assert "gutters" in response.content.decode()
    assert not OutsideRequest.objects.exists()


def test_a_button_that_is_pressed_twice_logs_once(as_thandi, karoo):
    first = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED)
    second = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED)

    assert first.url == second.url
    assert OutsideRequest.objects.count() == 1
    assert Entry.objects.filter(kind="request_logged").count() == 1


def test_what_is_asked_for_again_later_is_another_request(make_request):
    first, again = make_request(), make_request(now=NOW + DAY)

    assert first.pk != again.pk


def test_what_cannot_be_recorded_is_not_logged(make_request, karoo):
    # The next entry would take the place of one that is there, which the database refuses.
    type(karoo).objects.update(entries=0, head="")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_request()

    assert not OutsideRequest.objects.exists()


# Answered


def test_an_answer_comes_later_and_each_stays_in_the_record(as_thandi, make_request, make_solution, karoo):
    request, solution = make_request(minutes=10), make_solution()

    as_thandi.post(f"/requests/{request.pk}/answer/", {"answer": "Yes.", "minutes": "25", "solution": solution.pk})
    as_thandi.post(f"/requests/{request.pk}/answer/", {"answer": "No.", "minutes": "25", "solution": ""})

    request.refresh_from_db()
    assert (request.answer, request.minutes, request.solution) == ("No.", 25, None)
    logged, first, second = entries(request)
    assert (logged.kind, first.kind, second.kind) == ("request_logged", "request_answered", "request_answered")
    assert first.data == {"answer": ["", "Yes."], "minutes": [10, 25], "solution": ["", "A second viewing"]}
    assert second.data == {"answer": ["Yes.", "No."], "solution": ["A second viewing", ""]}
    page = as_thandi.get(f"/requests/{request.pk}/").content.decode()
    for words in ("Answered. Minutes: 10 min → 25 min", "Yes.", "Answer changed", "No.", "Thandi Mokoena"):
        assert words in page
    karoo.refresh_from_db()
    assert list(record.verify(karoo)) == []


def test_nothing_new_writes_nothing(as_thandi, make_request):
    request = make_request(minutes=10, answer="Yes.")

    response = as_thandi.post(f"/requests/{request.pk}/answer/", {"answer": "Yes.", "minutes": "10"}, follow=True)

    assert "Nothing was changed." in response.content.decode()
    assert len(entries(request)) == 1


def test_a_count_may_be_taken_back(as_thandi, make_request):
    request = make_request(minutes=10, answer="Yes.")

    as_thandi.post(f"/requests/{request.pk}/answer/", {"answer": "", "minutes": ""})

    request.refresh_from_db()
    assert (request.answer, request.minutes) == ("", None)
    page = as_thandi.get(f"/requests/{request.pk}/").content.decode()
    assert "Answer taken back. Minutes: 10 min → not counted" in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"minutes": "-1"}, "minutes"), ({"answer": "x" * 5001}, "answer"), ({"solution": "0"}, "solution")],
)
def test_an_error_in_an_answer_changes_nothing(as_thandi, make_request, typed, field):
    request = make_request()

    response = as_thandi.post(f"/requests/{request.pk}/answer/", {"answer": "Yes.", **typed})

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {field}
    assert "<title>Error: " in response.content.decode()
    assert len(entries(request)) == 1


def test_a_solution_that_was_used_stays_though_it_is_archived_afterwards(as_thandi, make_request, make_solution):
    solution = make_solution()
    request = make_request(solution=solution, answer="Yes.")
    archive_solution(solution, NOW)

    as_thandi.post(f"/requests/{request.pk}/answer/", {"answer": "Yes, gladly.", "solution": solution.pk})

    request.refresh_from_db()
    assert (request.answer, request.solution) == ("Yes, gladly.", solution)


@pytest.mark.parametrize(
    "change", [{"what": "Something else"}, {"asked_on": TODAY - DAY}, {"made_at": NOW - DAY}, {"client": None}]
)
def test_what_was_asked_never_changes(make_request, secret, change):
    request = make_request()
    change = {name: value or secret for name, value in change.items()}

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        OutsideRequest.objects.filter(pk=request.pk).update(**change)

    OutsideRequest.objects.filter(pk=request.pk).update(answer="Yes.", minutes=5)


def test_the_slower_of_two_who_answer_does_not_hide_the_first(make_request, thandi, mara):
    request = make_request()
    slow = OutsideRequest.objects.get(pk=request.pk)
    answer_request(request, answer="Yes.", minutes=5, solution=None, by=thandi, now=NOW)

    answer_request(slow, answer="No.", minutes=5, solution=None, by=mara, now=NOW)

    _logged, _first, second = entries(request)
    assert (second.by, second.data) == (mara, {"answer": ["Yes.", "No."]})


# Turned into an addendum


@pytest.fixture
def signed(karoo):
    return Scope.objects.create(client=karoo, number="2026-016", title="Gutters", signed_on=TODAY - DAY, made_at=NOW)


def test_a_request_becomes_an_addendum_in_one_step(as_thandi, make_request, signed, thandi, karoo):
    request = make_request("Could you also\npaint the gutters?", scope=signed)
    page = as_thandi.get(f"/requests/{request.pk}/")
    assert page.context["form"]["scope"].value() == signed.pk

    response = as_thandi.post(f"/requests/{request.pk}/addendum/", {"scope": signed.pk})

    request.refresh_from_db()
    drafted = request.addendum
    assert response.url == drafted.get_absolute_url()
    assert (drafted.scope, drafted.title) == (signed, "Could you also paint the gutters?")
    assert drafted.reason == "Could you also\npaint the gutters?"
    assert drafted.agreement.state == State.DRAFT
    assert drafted.request == request
    entry = entries(request)[-1]
    assert (entry.kind, entry.by, entry.data) == (
        "request_turned",
        thandi,
        {"addendum": "2026-016/1", "scope": "2026-016"},
    )
    shown = as_thandi.get(f"/requests/{request.pk}/").content.decode()
    assert "Addendum 2026-016/1 drafted from it" in shown
    assert "Draft an addendum from this" not in shown
    assert "Addendum 2026-016/1" in as_thandi.get(f"/clients/{karoo.pk}/requests/").content.decode()


def test_a_request_beyond_no_scope_in_particular_lies_beyond_the_one_that_is_chosen(make_request, signed, thandi):
    request = make_request()

    turn_into_addendum(request, signed, by=thandi, now=NOW)

    request.refresh_from_db()
    assert request.scope == signed


def test_a_request_has_one_addendum(as_thandi, make_request, signed, thandi):
    request = make_request(scope=signed)
    drafted = turn_into_addendum(request, signed, by=thandi, now=NOW)

    response = as_thandi.post(f"/requests/{request.pk}/addendum/", {"scope": signed.pk})

    assert response.status_code == 200
    assert "An addendum has been drafted from this request already." in response.content.decode()
    assert list(signed.addenda.all()) == [drafted]
    with pytest.raises(Refused):
        turn_into_addendum(request, signed, by=thandi, now=NOW)


def test_an_addendum_changes_a_signed_scope_of_this_client(as_thandi, make_request, scope, secret, thandi):
    request = make_request(scope=scope)
    theirs = Scope.objects.create(client=secret, number="2026-001", title="Quiet", signed_on=TODAY, made_at=NOW)

    page = as_thandi.get(f"/requests/{request.pk}/").content.decode()

    assert "An addendum can be drafted from this once they have a signed scope." in page
    for wrong in (scope, theirs):
        response = as_thandi.post(f"/requests/{request.pk}/addendum/", {"scope": wrong.pk})
        assert response.context["form"].errors == {"scope": ["Choose one from the list"]}
        with pytest.raises(Refused):
            turn_into_addendum(request, wrong, by=thandi, now=NOW)
    empty = as_thandi.post(f"/requests/{request.pk}/addendum/", {})
    assert empty.context["form"].errors == {"scope": ["Choose the scope that the addendum changes"]}
    request.refresh_from_db()
    assert request.addendum is None


def test_a_long_request_gives_the_addendum_a_short_title(make_request, signed, thandi):
    request = make_request("word " * 500, scope=signed)

    drafted = turn_into_addendum(request, signed, by=thandi, now=NOW)

    assert len(drafted.title) == 100
    assert drafted.title.endswith("…")


# Suggestions


@pytest.fixture
def lights(make_solution):
    return make_solution("Garden lights", helps_when="They ask for lamps outside.", say="Solar lights are simple.")


def test_suggestions_come_as_a_fragment(as_thandi, lights, make_solution):
    make_solution("Another matter")

    page = as_thandi.get("/solutions/suggest/", {"what": "Could you also do the lamps in the garden?"}).content.decode()

    assert "Garden lights" in page
    assert "Solar lights are simple." in page
    assert "Another matter" not in page
    assert "<html" not in page


@pytest.mark.parametrize("what", ["", '"', "AND", "\x00", "x" * 10_000, "<b>", "😀"])
def test_nothing_that_is_typed_is_an_error(as_thandi, lights, what):
    assert as_thandi.get("/solutions/suggest/", {"what": what}).status_code == 200
    assert as_thandi.post("/clients/1/requests/new/", {"what": what, "suggest": "yes"}).status_code in (200, 404)


def test_without_script_a_button_brings_them_and_keeps_what_was_typed(as_thandi, karoo, lena, lights):
    typed = TYPED | {
        "what": "Lamps outside",
        "suggest": "yes",
        "contact": lena.pk,
        "minutes": "7",
        "answer": "Half an ",
    }

    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", typed)

    page = response.content.decode()
    assert "Solar lights are simple." in page
    assert "There is a problem" not in page
    form = response.context["form"]
    assert [form[name].value() for name in ("what", "contact", "asked_on", "minutes", "answer")] == [
        "Lamps outside",
        str(lena.pk),
        "yesterday",
        "7",
        "Half an ",
    ]
    assert not OutsideRequest.objects.exists()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "Solar lights are simple."),
        ("Dear Lena,", "Dear Lena,\n\nSolar lights are simple."),
        ("Solar lights are simple. Yours", "Solar lights are simple. Yours"),
    ],
)
def test_use_this_puts_its_words_under_what_was_typed(as_thandi, karoo, lights, typed, answer):
    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"answer": typed, "use": lights.pk})

    form = response.context["form"]
    assert form["answer"].value() == answer
    assert response.context["chosen"] == lights
    assert f'name="solution" id="id_solution" value="{lights.pk}" checked' in response.content.decode()
    as_thandi.post(
        f"/clients/{karoo.pk}/requests/new/", TYPED | {"answer": form["answer"].value(), "solution": lights.pk}
    )
    assert OutsideRequest.objects.get().solution == lights


@pytest.mark.parametrize("use", ["", "0", "x", "9" * 40, "-1", "²", "999999"])
def test_a_solution_that_nobody_has_is_not_used(as_thandi, karoo, lights, use):
    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"use": use, "answer": "Yes."})

    assert response.status_code == 200
    assert response.context["form"]["answer"].value() == "Yes."


def test_the_page_of_the_answer_offers_them_at_once(as_thandi, make_request, lights):
    request = make_request("Lamps outside")

    page = as_thandi.get(f"/requests/{request.pk}/answer/")
    used = as_thandi.post(f"/requests/{request.pk}/answer/", {"use": lights.pk, "answer": "", "minutes": "5"})

    assert "Solar lights are simple." in page.content.decode()
    assert used.context["form"]["answer"].value() == "Solar lights are simple."
    assert used.context["form"]["minutes"].value() == "5"
    request.refresh_from_db()
    assert request.answer == ""


def test_an_archived_solution_is_neither_offered_nor_used(as_thandi, karoo, lights):
    archive_solution(lights, NOW)

    page = as_thandi.get("/solutions/suggest/", {"what": "lights"}).content.decode()
    response = as_thandi.post(f"/clients/{karoo.pk}/requests/new/", TYPED | {"solution": lights.pk})

    assert "Garden lights" not in page
    assert "Nothing in the solutions library fits these words." in page
    assert "solution" in response.context["form"].errors


# The list and its sums


def test_the_list_is_empty_at_first_and_says_what_to_do(as_thandi, karoo):
    page = as_thandi.get(f"/clients/{karoo.pk}/requests/").content.decode()

    assert "They have asked for nothing beyond what was agreed." in page
    assert f"/clients/{karoo.pk}/requests/new/" in page


def test_minutes_are_summed_by_month_and_scope(as_thandi, karoo, secret, scope, other_scope, make_request):
    make_request("a", scope=scope, minutes=50)
    make_request("b", scope=scope, minutes=45, asked_on=MONTH)
    make_request("c", scope=scope, minutes=7, asked_on=MONTH - DAY)
    make_request("d", scope=other_scope, minutes=30)
    make_request("e", minutes=3, asked_on=date(2025, 1, 1))
    make_request("f", scope=scope)
    make_request("not theirs", client=secret, minutes=500)

    response = as_thandi.get(f"/clients/{karoo.pk}/requests/")

    total = response.context["total"]
    assert total == {"asked": 6, "cost": 135, "this_month": 125, "uncounted": 1}
    by_scope = [
        (row["scope__number"], row["asked"], row["cost"], row["this_month"]) for row in response.context["sums"]
    ]
    assert by_scope == [("2026-015", 1, 30, 30), ("2026-014", 4, 102, 95), (None, 1, 3, None)]
    page = response.content.decode()
    assert "2 h 5 min" in page
    assert "2 h 15 min" in page
    assert "1 not counted yet" in page


def test_the_list_shows_one_scope(as_thandi, karoo, scope, other_scope, make_request):
    make_request("Gutters", scope=scope)
    make_request("Blinds", scope=other_scope)

    response = as_thandi.get(f"/clients/{karoo.pk}/requests/?scope={scope.pk}")

    assert [one.what for one in response.context["requests"]] == ["Gutters"]
    assert f"/requests/new/?scope={scope.pk}" in response.content.decode()
    # The sums are of everything, so the parts can be compared.
    assert response.context["total"]["asked"] == 2


@pytest.mark.parametrize(
    "query", ["scope=0", "scope=x", "scope=999999", "before=x", "before=999999", "before=" + "9" * 40]
)
def test_what_cannot_be_read_in_the_address_is_left_out(as_thandi, karoo, make_request, query):
    make_request("Gutters")

    response = as_thandi.get(f"/clients/{karoo.pk}/requests/?{query}")

    assert [one.what for one in response.context["requests"]] == ["Gutters"]


def test_pages_follow_one_another_without_gap_or_repetition(as_thandi, karoo, scope, make_request):
    made = [
        make_request(f"Favour {number}", asked_on=TODAY - number % 3 * DAY, scope=scope) for number in range(PAGE + 4)
    ]
    make_request("Elsewhere")

    first = as_thandi.get(f"/clients/{karoo.pk}/requests/?scope={scope.pk}")
    second = as_thandi.get(f"/clients/{karoo.pk}/requests/" + first.context["next"])

    seen = [(one.asked_on, one.pk) for page in (first, second) for one in page.context["requests"]]
    assert seen == sorted(((one.asked_on, one.pk) for one in made), reverse=True)
    assert second.context["next"] == ""


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(
    as_thandi, karoo, lena, scope, make_request, make_solution, how_many, django_assert_num_queries
):
    for number in range(how_many):
        make_request(f"Favour {number}", scope=scope, contact=lena, solution=make_solution())
    as_thandi.get(f"/clients/{karoo.pk}/requests/")

    # session, user, firm, heartbeat, the line of truth, the client, the sums, the requests
    with django_assert_num_queries(7):
        as_thandi.get(f"/clients/{karoo.pk}/requests/")


@pytest.mark.parametrize("how_many", [1, 3])
def test_a_request_costs_the_same_however_often_it_was_answered(
    as_thandi, thandi, make_request, how_many, django_assert_num_queries
):
    request = make_request()
    for number in range(how_many):
        answer_request(request, answer=f"{number}", minutes=number, solution=None, by=thandi, now=NOW)
    as_thandi.get(f"/requests/{request.pk}/")

    # session, user, firm, heartbeat, the line of truth, the request, whether a scope is signed, its record
    with django_assert_num_queries(7):
        as_thandi.get(f"/requests/{request.pk}/")


@pytest.mark.parametrize("how_many", [1, 3])
def test_suggestions_cost_the_same_for_one_and_for_three(as_thandi, make_solution, how_many, django_assert_num_queries):
    for number in range(how_many):
        make_solution(f"Lights {number}")
    as_thandi.get("/solutions/suggest/?what=lights")

    # session, user, and what holds every word: the firm is on no fragment
    with django_assert_num_queries(3):
        as_thandi.get("/solutions/suggest/?what=lights")


def test_what_was_outside_is_asked_of_a_client_and_of_a_scope(karoo, scope, make_request):
    make_request("a", scope=scope, minutes=50, asked_on=TODAY - 40 * DAY)
    make_request("b", minutes=20)
    make_request("c", minutes=0)
    make_request("d")
    outside = OutsideRequest.objects.minutes_outside

    assert (outside(karoo).count(), outside(karoo).minutes()) == (2, 70)
    assert (outside(scope).count(), outside(scope).minutes()) == (1, 50)
    assert outside(karoo).since(MONTH).minutes() == 20
    assert outside(scope).since(MONTH).minutes() == 0


def test_requests_of_a_restricted_client_are_for_those_who_see_it(secret, sam, thandi, mara, make_request):
    make_request(client=secret)

    assert OutsideRequest.objects.visible_to(thandi).count() == 1
    assert OutsideRequest.objects.visible_to(mara).count() == 1
    assert OutsideRequest.objects.visible_to(sam).count() == 0


def test_hostile_words_are_shown_as_words(as_thandi, karoo, make_request):
    request = make_request("<script>alert(1)</script> {{ 7|add:7 }}", answer="<b>no</b> \u202e😀")

    for address in (f"/requests/{request.pk}/", f"/requests/{request.pk}/answer/", f"/clients/{karoo.pk}/requests/"):
        page = as_thandi.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<b>no" not in page
        assert "{{ 7|add:7 }}" in page


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (95, "1 h 35 min"), (9999, "166 h 39 min")]
)
def test_minutes_are_spoken_as_they_were_counted(minutes, words):
    assert speak_minutes(minutes) == words


def test_a_solution_that_is_removed_takes_no_request_with_it(make_request, make_solution):
    request = make_request(solution=make_solution())

    Solution.objects.all().delete()

    request.refresh_from_db()
    assert request.solution is None
