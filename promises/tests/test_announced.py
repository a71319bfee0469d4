"""A client who was told "you will have it, or a new date, by Tuesday" does by then, or somebody here is asked."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clients.models import Entry
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm
from promises import actions, digest, drafts, words
from promises.actions.agreeing import Asked, Spoken, Written, extend_and_tell
from promises.due import Due
from promises.models import NOTHING_ANNOUNCED, Announcement, Promise, Telling
from promises.my_day import MyDay, first_of

MINUTE = timedelta(minutes=1)
ANNOUNCED = Announcement(date(2026, 11, 24), is_ready=False)
LATER = Due(date(2026, 12, 4), None, NOW + 16 * DAY)


@pytest.fixture(autouse=True)
def clock(time_machine, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def announced(make_promise, lena, thandi):
    """Due on Friday; the client was told by phone that they will have a new date by Tuesday."""
    promise = make_promise(contact=lena)
    actions.update(promise, standing="may_be_late", text="By Tuesday.", announced=ANNOUNCED, by=thandi, now=NOW)
    say(promise, thandi, Telling.Kind.MAY_BE_LATE, NOW)
    return fresh(promise)


def fresh(promise):
    return Promise.objects.select_related("client").get(pk=promise.pk)


def say(promise, by, kind, at, contact=None):
    said = [actions.Said(promise, kind)]
    spoken = {"client": promise.client, "contact": contact, "channel": "call", "spoken_at": at, "text": "Said."}
    return actions.record_conversation(said, by=by, now=at, **spoken)[0]


def asked(by_client=False):
    return Asked(LATER, "waiting_others", "The survey came late.", "client" if by_client else "us")


def listed(person, now, name="announced"):
    return [promise.what for promise in first_of(getattr(MyDay.of(person, now), name), 10)]


def mornings(person, now):
    found = digest.contents(person, now, Diaries(Firm.get()))
    return {part.title: [promise.what for promise in part.promises] for part in found}


# What announces a day


def test_the_form_holds_the_owner_to_the_day_it_names(client, thandi, make_promise):
    promise = make_promise()
    client.force_login(thandi)

    client.post(reverse("promises:update", args=[promise.pk]), {"standing": "may_be_late", "word_by": "24 November"})

    entry = Entry.objects.get(kind="updated")
    assert fresh(promise).announcement == promise.updates.get().announcement == ANNOUNCED
    assert (entry.data["announced_for"], entry.data["announced_ready"]) == ("2026-11-24", False)


@pytest.mark.parametrize("typed", [{}, {"word_by": "27 November"}])
def test_to_be_on_track_again_is_no_word_to_the_client(client, thandi, announced, typed, time_machine):
    client.force_login(thandi)
    time_machine.move_to(NOW + HOUR, tick=False)

    client.post(reverse("promises:update", args=[announced.pk]), {"standing": "on_track", **typed})
    silent = fresh(announced).announcement
    say(fresh(announced), thandi, Telling.Kind.PROGRESS, NOW + 2 * HOUR)

    assert (silent, fresh(announced).announcement) == (ANNOUNCED, NOTHING_ANNOUNCED)


def test_progress_of_what_may_be_late_still_is_no_new_date(announced, thandi):
    say(announced, thandi, Telling.Kind.PROGRESS, NOW + HOUR)

    assert fresh(announced).announcement == ANNOUNCED


def test_what_goes_well_and_is_late_all_the_same_still_wants_it(announced, lena, thandi):
    late = announced.due_at + HOUR

    actions.update(announced, standing="on_track", per_cent=80, by=thandi, now=late)
    say(fresh(announced), thandi, Telling.Kind.LATE, late + MINUTE)
    say(fresh(announced), thandi, Telling.Kind.PROGRESS, late + MINUTE)
    still = fresh(announced).announcement
    say(fresh(announced), thandi, Telling.Kind.MOVED, late + HOUR, lena)

    assert (still, fresh(announced).announcement) == (ANNOUNCED, NOTHING_ANNOUNCED)


def test_a_day_named_anew_takes_the_place_of_the_one_before(announced, thandi):
    later = Announcement(ANNOUNCED.day + DAY, is_ready=False)

    actions.update(announced, standing="may_be_late", announced=later, by=thandi, now=NOW + HOUR)

    assert fresh(announced).announced_for == ANNOUNCED.day + DAY


# What keeps it


def test_a_new_date_that_they_heard_keeps_it(announced, lena, thandi):
    told = Spoken(lena, "call", NOW + HOUR, "The fourth.")

    extend_and_tell(announced, asked(), told=told, reply=None, by=thandi, now=NOW + HOUR)

    assert fresh(announced).announcement == NOTHING_ANNOUNCED


def test_one_that_nobody_told_them_of_does_not(announced, thandi):
    extend_and_tell(announced, asked(), told=None, reply=None, by=thandi, now=NOW + HOUR)

    assert fresh(announced).announcement == ANNOUNCED


def test_a_letter_keeps_it_once_it_was_accepted_and_owes_it_again_when_it_comes_back(announced, lena, thandi):
    letter = Written(lena, "A new date", "The fourth.", "form 1")
    extend_and_tell(announced, asked(), told=letter, reply=None, by=thandi, now=NOW + HOUR)
    held = fresh(announced).announcement

    outbox.send_waiting(NOW + HOUR + MINUTE)
    sent = fresh(announced).announcement
    message = Telling.objects.get(kind="moved").message
    outbox.bounced(message, NOW + 2 * HOUR, "mailbox full")

    assert (held, sent) == (ANNOUNCED, NOTHING_ANNOUNCED)
    assert fresh(announced).announcement == ANNOUNCED
    # They were told that it may be late all the same.
    assert fresh(announced).told_at == NOW


def test_a_word_from_before_the_day_was_named_does_not_keep_it(make_promise, lena, thandi):
    promise = make_promise()
    extend_and_tell(promise, asked(), told=Spoken(lena, "call", NOW, "The fourth."), reply=None, by=thandi, now=NOW)

    actions.update(promise, standing="may_be_late", announced=ANNOUNCED, by=thandi, now=NOW + HOUR)
    say(promise, thandi, Telling.Kind.MAY_BE_LATE, NOW + 2 * HOUR)

    assert fresh(promise).announcement == ANNOUNCED


def test_a_date_that_moved_keeps_it_for_good(announced, thandi, lena):
    extension = extend_and_tell(announced, asked(by_client=True), told=None, reply=None, by=thandi, now=NOW + HOUR)
    actions.answer(extension, agreed=True, answered_at=NOW + HOUR, by=thandi, now=NOW + HOUR)
    moved = fresh(announced).announcement

    say(fresh(announced), thandi, Telling.Kind.MAY_BE_LATE, NOW + 2 * HOUR)

    assert (moved, fresh(announced).announcement) == (NOTHING_ANNOUNCED, NOTHING_ANNOUNCED)


def test_done_and_opened_again_owes_none(announced, thandi):
    actions.deliver(announced, delivered_at=NOW + HOUR, by=thandi, now=NOW + HOUR)
    actions.reopen(announced, reason="Not done.", by=thandi, now=NOW + 2 * HOUR)

    assert fresh(announced).announcement == NOTHING_ANNOUNCED


# Who is reminded, and when


@pytest.mark.parametrize(
    ("moment", "is_listed"),
    [
        # Thandi's midnight, in Johannesburg.
        (NOW.replace(day=22, hour=21, minute=59), False),
        (NOW.replace(day=22, hour=22), True),
        (NOW.replace(day=24), True),
        (NOW.replace(day=30), True),
    ],
)
def test_it_is_on_my_day_from_the_day_before_until_it_is_kept(announced, thandi, sam, moment, is_listed):
    assert listed(thandi, moment) == (["Shop fittings drawings"] if is_listed else [])
    # It stands in one list only; the one below takes it where this one does not.
    assert ("Shop fittings drawings" in listed(thandi, moment, "overdue")) is not is_listed
    assert listed(sam, moment) == []


def test_while_they_were_not_told_at_all_it_is_in_the_first_list_alone(make_promise, thandi):
    promise = make_promise()
    actions.update(promise, standing="may_be_late", announced=ANNOUNCED, by=thandi, now=NOW)
    actions.look_at_due(NOW)

    now = promise.due_at + 3 * DAY

    assert listed(thandi, now, "to_tell") == ["Shop fittings drawings"]
    assert listed(thandi, now) == []


def test_what_is_due_later_stands_among_new_dates_and_not_among_the_next_days(make_promise, thandi):
    promise, monday = make_promise(due_on=date(2026, 11, 27)), Announcement(date(2026, 11, 23), is_ready=False)
    actions.update(promise, standing="may_be_late", announced=monday, by=thandi, now=NOW)
    say(promise, thandi, Telling.Kind.MAY_BE_LATE, NOW)
    sunday = NOW.replace(day=22)

    assert listed(thandi, sunday - DAY, "next_days") == ["Shop fittings drawings"]
    assert (listed(thandi, sunday), listed(thandi, sunday, "next_days")) == (["Shop fittings drawings"], [])


def test_the_page_and_the_morning_message_name_it(client, announced, thandi, time_machine):
    monday = NOW.replace(day=23)
    time_machine.move_to(monday, tick=False)
    client.force_login(thandi)

    page = client.get(reverse("promises:my_day"))

    section = next(section for section in page.context["sections"] if section.name == "announced")
    assert [row.act.words for row in section.rows] == ["Another date"]
    assert "They expect a new date by Tue 24 Nov" in section.rows[0].told.words
    title = "The client was told to expect it, or a new date, by tomorrow"
    assert mornings(thandi, monday)[title] == ["Shop fittings drawings"]


def test_the_manager_reads_of_it_once_the_day_has_passed(announced, mara, thandi):
    team = "In your team: the day that the client was told to expect something by has passed"

    assert team not in mornings(mara, NOW.replace(day=24))
    assert mornings(mara, NOW.replace(day=25))[team] == ["Shop fittings drawings"]
    assert team not in mornings(thandi, NOW.replace(day=25))


def test_it_is_loud_once_the_day_has_passed(client, announced, thandi, time_machine):
    on_the_day, after = NOW.replace(day=24), NOW.replace(day=25)
    time_machine.move_to(after, tick=False)
    client.force_login(thandi)

    page = client.get(announced.get_absolute_url())

    assert words.told(announced, on_the_day).tone == "risk"
    assert words.told(announced, after) == words.Told(
        "Yes, 7 days ago by phone. They expected a new date by Tue 24 Nov", "late"
    )
    assert words.row_tone(announced, on_the_day) == "risk-row"
    assert words.row_tone(announced, after) == "late-row"
    assert [words.next_act(announced, NOW.replace(day=day)).words for day in (22, 23)] == ["Update", "Another date"]
    assert page.context["main_act"] == ("Another date", reverse("promises:extend", args=[announced.pk]), "e")
    assert "They expected a new date by Tue 24 Nov" in page.content.decode()


# What the client reads


@pytest.fixture
def letter(firm, thandi, lena):
    def written(promise, kind, now):
        about = drafts.About(Promise.objects.get(pk=promise.pk), kind)
        return drafts.draft([about], client=promise.client, contact=lena, by=thandi, firm=firm, now=now).body

    return written


@pytest.mark.parametrize(("day", "is_named"), [(23, True), (24, True), (25, False)])
def test_a_letter_that_it_is_late_names_the_day_while_it_lies_ahead(letter, announced, day, is_named):
    body = letter(announced, Telling.Kind.LATE, NOW.replace(day=day))

    # What was written before the date is not said again after it.
    assert "By Tuesday." not in body
    assert ("You will have a new date from us by Tuesday 24 November." in body) is is_named


def test_it_is_not_said_twice(letter, announced):
    body = letter(announced, Telling.Kind.MAY_BE_LATE, NOW + HOUR)

    assert "By Tuesday." in body
    assert "You will have a new date" not in body


def test_who_is_about_to_write_without_a_day_is_asked_for_one(client, make_promise, thandi, lena, time_machine):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(band="at_risk")
    client.force_login(thandi)
    address = reverse("promises:tell", args=[promise.pk])
    before = client.get(address).context["wants_a_day"]

    actions.update(promise, standing="may_be_late", announced=ANNOUNCED, by=thandi, now=NOW)
    named = client.get(address).context["wants_a_day"]
    time_machine.move_to(NOW.replace(day=25), tick=False)
    client.force_login(thandi)
    passed = client.get(address).context["wants_a_day"]
    extend_and_tell(fresh(promise), asked(), told=None, reply=None, by=thandi, now=NOW.replace(day=25))

    assert (before, named, passed) == (True, False, True)
    assert client.get(address).context["wants_a_day"] is False


def test_the_day_by_which_they_are_to_have_it_is_held_to_as_well(client, announced, thandi, time_machine):
    client.force_login(thandi)
    time_machine.move_to(NOW + HOUR, tick=False)

    client.post(reverse("promises:update", args=[announced.pk]), {"standing": "may_be_late", "new_date": "26 November"})

    promise = fresh(announced)
    assert promise.announcement == Announcement(date(2026, 11, 26), is_ready=True)
    assert [listed(thandi, NOW.replace(day=day)) for day in (24, 25)] == [[], ["Shop fittings drawings"]]
    assert words.told(promise, NOW.replace(day=26)).words.endswith("They expect it on Thu 26 Nov")
    assert words.told(promise, NOW.replace(day=27)).words.endswith("They expected it on Thu 26 Nov")


def test_a_day_expected_before_the_date_names_none_after_it(client, make_promise, thandi, lena, time_machine):
    promise = make_promise()
    said = {"text": "Ready on Friday.", "announced": Announcement(promise.due_on, is_ready=True)}
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW, **said)
    actions.look_at_due(NOW)
    client.force_login(thandi)
    address = reverse("promises:tell", args=[promise.pk])

    before = client.get(address).context["wants_a_day"]
    time_machine.move_to(promise.due_at + DAY, tick=False)
    client.force_login(thandi)

    assert before is False
    assert client.get(address).context["wants_a_day"] is True
