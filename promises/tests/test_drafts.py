"""What we write to clients: facts, what was achieved first, the date by the one formatter, no excuses."""

from datetime import date

import pytest

from conftest import DAY, HOUR, NOW
from promises import actions, drafts
from promises.models import Promise, Telling


@pytest.fixture
def write(karoo, lena, thandi, firm):
    def draft(*abouts, contact=lena):
        return drafts.draft(abouts, client=karoo, contact=contact, by=thandi, firm=firm, now=NOW)

    return draft


def test_what_was_achieved_comes_before_what_is_left(write, make_promise, thandi):
    promise = make_promise(steps=["Measure the shop", "Draw the counter"])
    actions.tick_step(promise.steps.get(text="Measure the shop"), True, thandi, NOW)

    body = write(drafts.About(promise, Telling.Kind.PROGRESS)).body

    parts = ["Dear Lena Karoo,", "Shop fittings drawings", "- Measure the shop", "on track for", "Draw the counter"]
    assert sorted(parts, key=body.index) == parts


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("made", "We have promised it for Friday 20 November, by the end of the working day (Johannesburg time)."),
        ("may_be_late", "It may not be ready on the date we promised: Friday 20 November"),
        ("late", "We promised it for Friday 20 November"),
        ("progress", "It is on track for Friday 20 November"),
        ("done", "It is done, on Wednesday 18 November."),
    ],
)
def test_each_kind_says_its_fact(write, make_promise, kind, sentence):
    assert sentence in write(drafts.About(make_promise(), kind)).body


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"standing": "may_be_late"}, "It may not be ready on the date we promised: Friday 20 November"),
        ({"standing": "may_be_late", "told_at": NOW}, "As we told you, it may not be ready on the date we promised"),
        ({"told_at": NOW}, "As we told you, it may not be ready on the date we promised: Friday 20 November"),
        ({"band": "at_risk"}, "We have promised it for Friday 20 November"),
        ({"due_at": NOW - HOUR}, "We promised it for Friday 20 November"),
    ],
)
def test_progress_is_never_on_track_while_it_is_in_doubt(write, make_promise, changes, sentence):
    promise = make_promise()
    for name, value in changes.items():
        setattr(promise, name, value)

    letter = write(drafts.About(promise, Telling.Kind.PROGRESS))

    assert sentence in letter.body
    assert "on track" not in letter.subject + letter.body


def test_progress_in_doubt_quotes_no_hope_of_before(write, make_promise, thandi):
    promise = make_promise()
    actions.update(promise, standing="on_track", text="All is well.", by=thandi, now=NOW)
    promise.band = "at_risk"

    assert "All is well." not in write(drafts.About(promise, Telling.Kind.PROGRESS)).body


def test_a_new_date_is_asked_for_with_its_reason(write, make_promise):
    new = drafts.NewDate(date(2026, 11, 27), None, "The survey came late.")

    body = write(drafts.About(make_promise(), Telling.Kind.MOVED, new)).body

    assert "ask you for another date: Friday 27 November" in body
    assert "The survey came late." in body
    assert "Until then the promised date stays." in body


def test_a_date_that_they_asked_for_is_not_asked_of_them(write, make_promise):
    new = drafts.NewDate(date(2026, 11, 27), None, "", asked_by_client=True)

    body = write(drafts.About(make_promise(), Telling.Kind.MOVED, new)).body

    assert "you asked for another date: Friday 27 November" in body
    assert "ask you for" not in body


def test_the_last_update_of_each_is_read_and_no_other(make_promise, thandi, django_assert_num_queries):
    one, two, silent = make_promise("One"), make_promise("Two"), make_promise("Silent")
    for number, promise in enumerate([one, one, two, one]):
        actions.update(promise, standing="on_track", text=f"Word {number}", by=thandi, now=NOW)

    with django_assert_num_queries(1) as queries:
        last = drafts.last_updates([one, two, silent])

    assert {pk: update.text for pk, update in last.items()} == {one.pk: "Word 3", two.pk: "Word 2"}
    assert "LIMIT 1" in queries[0]["sql"]


def test_sorry_is_said_once_and_only_when_it_is_late(write, make_promise):
    late = [drafts.About(make_promise(name), Telling.Kind.LATE) for name in ("One", "Two")]

    assert write(*late).body.count("sorry") == 1
    assert "sorry" not in write(drafts.About(make_promise("Three"), Telling.Kind.PROGRESS)).body


def test_the_worst_leads(write, make_promise):
    fine = drafts.About(make_promise("Fine"), Telling.Kind.PROGRESS)
    late = drafts.About(make_promise("Late one"), Telling.Kind.LATE)

    draft = write(fine, late)

    assert draft.body.index("Late one") < draft.body.index("Fine")
    assert draft.subject == "Late one and 1 more: how it stands"


def test_a_person_signs_it(write, make_promise, thandi):
    thandi.title, thandi.phone = "Architect", "021 555 0199"

    body = write(drafts.About(make_promise(), Telling.Kind.PROGRESS)).body

    assert body.endswith("Thandi Mokoena\nArchitect\nWord & Co\n021 555 0199")


def test_what_we_wait_for_is_asked_for(write, make_promise, thandi):
    promise = make_promise()
    actions.wait_for_client(promise, "your survey", date(2026, 11, 19), thandi, NOW)

    body = write(drafts.About(Promise.objects.get(pk=promise.pk), Telling.Kind.PROGRESS)).body

    assert "What we need from you, by Thursday 19 November: your survey" in body


def test_an_update_is_quoted_only_while_it_fits(write, make_promise, thandi):
    promise = make_promise()
    actions.update(promise, standing="on_track", text="Half is drawn.", by=thandi, now=NOW)

    assert "Half is drawn." in write(drafts.About(promise, Telling.Kind.PROGRESS)).body
    assert "Half is drawn." not in write(drafts.About(promise, Telling.Kind.MAY_BE_LATE)).body


def test_after_the_date_the_hope_of_before_is_not_repeated(write, make_promise, thandi):
    promise = make_promise(made_at=NOW - 9 * DAY, due_on=date(2026, 11, 17))
    actions.update(promise, standing="may_be_late", text="Ready on Tuesday.", by=thandi, now=NOW - 2 * DAY)
    before = write(drafts.About(promise, Telling.Kind.LATE)).body
    actions.update(promise, standing="may_be_late", text="Ready on Friday.", by=thandi, now=NOW)
    after = write(drafts.About(promise, Telling.Kind.LATE)).body

    assert "Ready on Tuesday." not in before
    assert "Ready on Friday." in after


def test_dates_are_in_the_language_of_the_contact(write, make_promise, lena):
    lena.language = "nl"

    body = write(drafts.About(make_promise(), Telling.Kind.PROGRESS)).body

    assert "vrijdag 20 november" in body


def test_an_archived_client_gets_no_link(write, make_promise, karoo):
    promise = make_promise()
    assert drafts.LINK_MARK in write(drafts.About(promise, Telling.Kind.PROGRESS)).body

    karoo.archived_at = NOW

    assert drafts.LINK_MARK not in write(drafts.About(promise, Telling.Kind.PROGRESS)).body


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "progress"),
        ({"band": "at_risk"}, "may_be_late"),
        ({"standing": "may_be_late"}, "may_be_late"),
        ({"due_at": NOW - HOUR}, "late"),
        ({"delivered_at": NOW}, "done"),
    ],
)
def test_the_state_says_what_there_is_to_say(make_promise, changes, kind):
    promise = make_promise()
    for name, value in changes.items():
        setattr(promise, name, value)

    assert drafts.default_kind(promise, NOW) == kind


def test_who_has_never_heard_of_it_hears_what_we_promised(make_promise):
    assert drafts.default_kind(make_promise(), NOW, told_before=False) == "made"
