from datetime import date

import pytest
import time_machine
from django.utils import translation

from clients.actions import archive_solution, log_request
from clients.models import OutsideRequest, Solution
from clients.request_forms import SolutionForm
from clients.views.solutions import PAGE
from conftest import DAY, NOW

TODAY = NOW.date()
TYPED = {
    "title": "More rooms than agreed",
    "helps_when": "They want one more room.",
    "say": "We gladly price it.",
    "language": "en",
    "review_by": "1 June 2027",
}


@pytest.fixture
def as_sam(client, sam):
    """Sam owns nothing in the library unless a test says so."""
    client.force_login(sam)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def use(karoo, thandi):
    def use(solution, asked_on=TODAY, client=None):
        request = OutsideRequest(client=client or karoo, what=f"Asked {asked_on}", asked_on=asked_on, solution=solution)
        return log_request(request, thandi, NOW)

    return use


def titles(response):
    return [solution.title for solution in response.context["solutions"]]


# The library


def test_the_library_is_empty_at_first_and_says_what_to_do(as_sam):
    page = as_sam.get("/solutions/").content.decode()

    assert "No solutions yet." in page
    assert "Add the first solution" in page


def test_the_library_lists_by_title_without_regard_to_accents(as_sam, make_solution):
    for title in ("Zebra", "Éclair", "apple", "Ecru"):
        make_solution(title)

    assert titles(as_sam.get("/solutions/")) == ["apple", "Éclair", "Ecru", "Zebra"]


def test_the_library_is_searched(as_sam, make_solution):
    make_solution("Garden lights")
    make_solution("A fence")

    assert titles(as_sam.get("/solutions/?words=light")) == ["Garden lights"]
    page = as_sam.get("/solutions/?words=unheard").content.decode()
    assert "No solution fits this search." in page
    assert 'value="unheard"' in page


@pytest.mark.parametrize("words", ['"', "AND OR", "*", "\x00", "x" * 10_000, "' ; --", "<script>alert(1)</script>"])
def test_no_search_is_an_error(as_sam, make_solution, words):
    make_solution("Garden lights")

    response = as_sam.get("/solutions/", {"words": words})

    assert response.status_code == 200
    assert b"<script>alert" not in response.content


@pytest.mark.parametrize(
    ("show", "found"),
    [
        ("", ["Mine", "Mine, to review", "Theirs", "Theirs, to review"]),
        ("mine", ["Mine", "Mine, to review"]),
        ("review", ["Mine, to review", "Theirs, to review"]),
        ("my_review", ["Mine, to review"]),
        ("archived", ["Archived"]),
        ("nonsense", ["Mine", "Mine, to review", "Theirs", "Theirs, to review"]),
    ],
)
def test_the_library_shows_a_part(as_sam, sam, make_solution, show, found):
    make_solution("Mine", owner=sam)
    make_solution("Mine, to review", owner=sam, review_by=TODAY)
    make_solution("Theirs", review_by=TODAY + DAY)
    make_solution("Theirs, to review", review_by=TODAY - DAY)
    archive_solution(make_solution("Archived", owner=sam, review_by=TODAY), NOW)

    assert titles(as_sam.get("/solutions/", {"show": show})) == found


def test_a_search_keeps_to_the_part_that_is_shown(as_sam, sam, make_solution):
    make_solution("My lights", owner=sam)
    make_solution("Their lights")

    assert titles(as_sam.get("/solutions/?words=lights&show=mine")) == ["My lights"]


def test_pages_follow_one_another_without_gap_or_repetition(as_sam, make_solution):
    made = sorted(make_solution(f"Solution {number % 7}").pk for number in range(PAGE + 3))

    first = as_sam.get("/solutions/")
    second = as_sam.get("/solutions/" + first.context["next"])

    seen = [solution.pk for page in (first, second) for solution in page.context["solutions"]]
    assert sorted(seen) == made
    assert second.context["next"] == ""


@pytest.mark.parametrize("after", ["0", "-1", "x", "9" * 30, "999999"])
def test_a_page_that_nobody_has_is_the_first(as_sam, make_solution, after):
    make_solution("Garden lights")

    assert titles(as_sam.get(f"/solutions/?after={after}")) == ["Garden lights"]


@pytest.mark.parametrize("how_many", [1, 3])
@pytest.mark.parametrize("address", ["/solutions/", "/solutions/?words=viewing"])
def test_the_library_costs_the_same_for_one_and_for_three(
    as_sam, make_solution, use, how_many, address, django_assert_num_queries
):
    for _ in range(how_many):
        use(make_solution())
    as_sam.get(address)

    # session, user, firm, heartbeat, the line of truth, whether reviews are owed, the solutions
    with django_assert_num_queries(6):
        as_sam.get(address)


# Uses


def test_uses_are_counted_where_they_happened(as_sam, make_solution, use):
    solution = make_solution()
    use(solution, TODAY - 9 * DAY)
    use(solution, TODAY - 2 * DAY)
    use(None)

    (listed,) = as_sam.get("/solutions/").context["solutions"]

    assert (listed.uses, listed.last_used_on) == (2, TODAY - 2 * DAY)
    page = as_sam.get(f"/solutions/{solution.pk}/").content.decode()
    assert "2 times" in page
    assert "last on" in page
    OutsideRequest.objects.filter(solution=solution).update(solution=None)
    assert as_sam.get("/solutions/").context["solutions"][0].uses == 0


def test_where_it_was_used_is_shown_of_clients_one_may_see(as_sam, make_solution, use, secret, karoo):
    solution = make_solution()
    use(solution, TODAY - 9 * DAY)
    use(solution, TODAY - 2 * DAY, client=secret)

    page = as_sam.get(f"/solutions/{solution.pk}/").content.decode()

    assert "1 time<" in page
    assert "Karoo Linen" in page
    assert "Quiet" not in page
    (listed,) = as_sam.get("/solutions/").context["solutions"]
    assert (listed.uses, listed.last_used_on) == (1, TODAY - 9 * DAY)


def test_a_manager_counts_every_use(client, mara, make_solution, use, secret):
    solution = make_solution()
    use(solution)
    use(solution, client=secret)
    client.force_login(mara)

    assert "2 times" in client.get(f"/solutions/{solution.pk}/").content.decode()


@pytest.mark.parametrize("how_many", [1, 3])
def test_a_solution_costs_the_same_however_often_it_was_used(
    as_sam, make_solution, use, how_many, django_assert_num_queries
):
    solution = make_solution()
    for number in range(how_many):
        use(solution, TODAY - number * DAY)
    as_sam.get(f"/solutions/{solution.pk}/")

    # session, user, firm, heartbeat, the line of truth, the solution, its uses
    with django_assert_num_queries(6):
        as_sam.get(f"/solutions/{solution.pk}/")


# Added and changed


def test_everybody_here_adds_a_solution(as_sam, sam):
    response = as_sam.post("/solutions/new/", {**TYPED, "owner": sam.pk})

    made = Solution.objects.get()
    assert response.url == f"/solutions/{made.pk}/"
    assert (made.title, made.say, made.owner, made.review_by) == (
        "More rooms than agreed",
        "We gladly price it.",
        sam,
        date(2027, 6, 1),
    )
    assert made.made_at == made.changed_at == NOW


def test_a_new_solution_is_ones_own_in_ones_language_and_reviewed_in_half_a_year(as_sam, sam):
    form = as_sam.get("/solutions/new/").context["form"]

    assert (form["owner"].value(), form["language"].value()) == (sam.pk, sam.language)
    assert form["review_by"].value() == "Wednesday 19 May 2027"


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"title": ""}, "title", "Enter what the solution is called"),
        ({"title": "x" * 201}, "title", "Title must be 200 characters or fewer"),
        ({"helps_when": " "}, "helps_when", "Enter when it helps"),
        ({"helps_when": "x" * 5001}, "helps_when", "When it helps must be 5000 characters or fewer"),
        ({"say": ""}, "say", "Enter what to say"),
        ({"say": "x" * 5001}, "say", "What to say must be 5000 characters or fewer"),
        ({"language": "xx"}, "language", "Choose one from the list"),
        ({"owner": "0"}, "owner", "Choose one from the list"),
        ({"owner": ""}, "owner", "Choose who keeps it right"),
        ({"review_by": ""}, "review_by", "Enter a date, for example 27 November or Friday"),
        ({"review_by": "2026-11-17"}, "review_by", "Review by must be today or in the future"),
        ({"review_by": "soon"}, "review_by", "Enter a date, for example 27 November or Friday"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_what_was_typed(as_sam, sam, typed, field, error):
    response = as_sam.post("/solutions/new/", {**TYPED, "owner": sam.pk, **typed})

    assert response.status_code == 200
    assert response.context["form"].errors == {field: [error]}
    page = response.content.decode()
    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert typed.get("say", TYPED["say"]) in page
    assert not Solution.objects.exists()


def test_the_owner_changes_it(as_thandi, make_solution, thandi):
    solution = make_solution()

    response = as_thandi.post(f"/solutions/{solution.pk}/edit/", {**TYPED, "owner": thandi.pk})

    solution.refresh_from_db()
    assert response.url == f"/solutions/{solution.pk}/"
    assert (solution.title, solution.changed_at) == ("More rooms than agreed", NOW)
    assert solution.made_at < NOW


def test_words_are_changed_while_the_review_is_still_owed(as_thandi, make_solution, thandi):
    solution = make_solution(review_by=TODAY - 3 * DAY)
    shown = as_thandi.get(f"/solutions/{solution.pk}/edit/").context["form"]["review_by"].value()

    as_thandi.post(f"/solutions/{solution.pk}/edit/", {**TYPED, "owner": thandi.pk, "review_by": shown})

    solution.refresh_from_db()
    assert (solution.title, solution.review_by) == ("More rooms than agreed", TODAY - 3 * DAY)


@pytest.mark.parametrize("language", ["en", "af", "nl"])
@pytest.mark.parametrize("days", [0, 1, 6, 7, 40, 200, 400])
def test_what_the_form_shows_is_the_date_that_it_reads(make_solution, language, days):
    kept = TODAY + days * DAY
    with translation.override(language):
        form = SolutionForm(instance=make_solution(review_by=kept), today=TODAY)

        shown = form["review_by"].value()

        assert form.fields["review_by"].clean(shown) == kept


def test_a_manager_hands_it_over_from_somebody_who_has_left(client, mara, sam, make_solution):
    solution = make_solution(owner=sam)
    sam.is_active = False
    sam.save()
    client.force_login(mara)

    page = client.get(f"/solutions/{solution.pk}/edit/")
    client.post(f"/solutions/{solution.pk}/edit/", {**TYPED, "owner": mara.pk})

    # Until then they stand in the list, so that other words can be changed.
    assert sam in page.context["form"].fields["owner"].queryset
    solution.refresh_from_db()
    assert solution.owner == mara


@pytest.mark.parametrize("verb", ["edit", "reviewed", "archive", "unarchive"])
def test_others_read_it_and_change_nothing(as_sam, make_solution, verb):
    solution = make_solution()

    page = as_sam.get(f"/solutions/{solution.pk}/").content.decode()
    response = as_sam.post(f"/solutions/{solution.pk}/{verb}/", {"review_by": "1 June 2027"})

    assert "Offer the drawings first." in page
    assert f"/solutions/{solution.pk}/{verb}/" not in page
    assert response.status_code == 403
    before = solution.changed_at
    solution.refresh_from_db()
    assert (solution.changed_at, solution.archived_at) == (before, None)


def test_it_is_archived_and_brought_back(as_thandi, make_solution):
    solution = make_solution()

    as_thandi.post(f"/solutions/{solution.pk}/archive/")
    solution.refresh_from_db()
    assert solution.archived_at == NOW
    assert titles(as_thandi.get("/solutions/")) == []
    assert "Archived: it is suggested no more." in as_thandi.get(f"/solutions/{solution.pk}/").content.decode()

    as_thandi.post(f"/solutions/{solution.pk}/unarchive/")
    solution.refresh_from_db()
    assert solution.archived_at is None


def test_archiving_twice_keeps_the_first_moment(make_solution):
    solution = make_solution()

    assert archive_solution(solution, NOW)
    assert not archive_solution(solution, NOW + DAY)

    solution.refresh_from_db()
    assert solution.archived_at == NOW


def test_hostile_words_are_shown_as_words(as_sam, make_solution):
    solution = make_solution("<b>T</b>", helps_when="{{ 7|add:7 }}", say="<script>alert(1)</script> \u202e😀")

    for address in (f"/solutions/{solution.pk}/", "/solutions/", "/solutions/suggest/?what=alert"):
        page = as_sam.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>T</b>" not in page
        assert "&lt;b&gt;T&lt;/b&gt;" in page


# Reviews


@pytest.mark.parametrize(("days", "is_owed"), [(-1, True), (0, True), (1, False)])
def test_a_review_is_owed_from_its_day_on(make_solution, days, is_owed):
    solution = make_solution(review_by=TODAY + days * DAY)

    assert solution.is_to_review(TODAY) is is_owed
    assert Solution.objects.to_review(TODAY).exists() is is_owed


def test_an_archived_solution_owes_no_review(make_solution):
    archive_solution(make_solution(review_by=TODAY), NOW)

    assert not Solution.objects.to_review(TODAY).exists()
    assert not Solution.objects.get().is_to_review(TODAY)


def test_an_owed_review_is_raised_to_its_owner_alone(as_thandi, client, sam, make_solution):
    make_solution("Old answer", review_by=TODAY)

    assert "Answers to look at again" in as_thandi.get("/my-day/").content.decode()
    assert "1 answer of yours is to be looked at again." in as_thandi.get("/solutions/").content.decode()

    client.force_login(sam)
    assert "Answers to look at again" not in client.get("/my-day/").content.decode()
    assert "to be looked at again" not in client.get("/solutions/").content.decode()
    assert "Review overdue" in client.get("/solutions/").content.decode()


def test_the_review_of_somebody_who_left_is_raised_to_managers(make_solution, sam, mara, thandi):
    make_solution("Old answer", owner=sam, review_by=TODAY)
    owed = Solution.objects.to_review(TODAY)
    assert not owed.answered_for_by(mara).exists()

    sam.is_active = False
    sam.save()

    assert owed.answered_for_by(mara).exists()
    assert not owed.answered_for_by(thandi).exists()


def test_a_review_is_done_with_a_new_date(as_thandi, make_solution):
    solution = make_solution(review_by=TODAY)

    response = as_thandi.post(f"/solutions/{solution.pk}/reviewed/", {"review_by": "in 6 months"})

    solution.refresh_from_db()
    assert response.url == f"/solutions/{solution.pk}/"
    assert (solution.review_by, solution.changed_at) == (date(2027, 5, 18), NOW)
    assert "Answers to look at again" not in as_thandi.get("/my-day/").content.decode()


@pytest.mark.parametrize("typed", ["", "yesterday", "2026-11-17", "some day"])
def test_a_review_needs_a_day_to_come(as_thandi, make_solution, typed):
    solution = make_solution(review_by=TODAY)

    response = as_thandi.post(f"/solutions/{solution.pk}/reviewed/", {"review_by": typed})

    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    solution.refresh_from_db()
    assert solution.review_by == TODAY


def test_many_owed_reviews_are_a_few_lines_of_the_day_and_a_way_to_the_rest(as_thandi, make_solution):
    for number in range(7):
        make_solution(f"Old answer {number}", review_by=TODAY)

    page = as_thandi.get("/my-day/").content.decode()

    assert page.count("Old answer") == 2 * 5
    assert "?show=my_review" in page
    assert len(titles(as_thandi.get("/solutions/?show=my_review"))) == 7


def test_the_way_to_the_library_stands_on_every_page(as_sam):
    assert '<a href="/solutions/" aria-current="page">Solutions</a>' in as_sam.get("/solutions/").content.decode()
    assert '<a href="/solutions/">Solutions</a>' in as_sam.get("/my-day/").content.decode()
