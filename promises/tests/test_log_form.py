"""The full form of a promise: three things are needed, whatever is wrong is said, and nothing typed is lost."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clients.models import Client, Contact, Scope
from conftest import DAY, NOW, ZONE
from promises import actions
from promises.due import due_for
from promises.models import Promise

NEW = "/promises/new/"


@pytest.fixture(autouse=True)
def _clock():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office(client, thandi):
    client.force_login(thandi)
    return client


@pytest.fixture
def sent(karoo, thandi):
    return {"what": "Draft brief", "client": karoo.pk, "due_on": "27 November", "owner": thandi.pk}


@pytest.fixture
def scope(karoo):
    return Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", made_at=NOW)


def page_of(response):
    assert response.status_code == 200
    return response.content.decode()


def test_three_things_make_a_promise(office, sent, karoo, thandi):
    response = office.post(NEW, sent)

    made = Promise.objects.get()
    assert response.headers["Location"] == f"/clients/{karoo.pk}/?saved={made.pk}"
    assert (made.what, made.client, made.due_on, made.due_time) == ("Draft brief", karoo, date(2026, 11, 27), None)
    assert (made.owner, made.made_by, made.made_at) == (thandi, thandi, NOW)


def test_everything_that_was_filled_in_is_kept(office, sent, lena, scope, sam):
    office.post(
        NEW,
        {
            **sent,
            "due_time": "5pm",
            "contact": lena.pk,
            "scope": scope.pk,
            "owner": sam.pk,
            "estimate_hours": "90 min",
            "client_words": "By Friday, or we open without shelves.",
            "our_understanding": "Drawings, not shelves.",
            "may_stand_in_the_way": "The survey",
            "next_step": "We measure on Monday",
            "steps": "Measure\n\n  Draw  it \r\nSend",
            "note": "They were short with me.",
        },
    )

    made = Promise.objects.get()
    assert (made.due_time, made.contact, made.scope, made.owner) == (time(17), lena, scope, sam)
    assert made.estimate_hours == Decimal("1.5")
    assert made.client_words == "By Friday, or we open without shelves."
    assert (made.our_understanding, made.may_stand_in_the_way) == ("Drawings, not shelves.", "The survey")
    assert made.next_step == "We measure on Monday"
    assert [step.text for step in made.steps.all()] == ["Measure", "Draw it", "Send"]
    assert [note.text for note in made.notes.all()] == ["They were short with me."]


ERRORS = [
    ({"what": ""}, "what", "Enter what you promised"),
    ({"what": "x" * 301}, "what", "What we promised must be 300 characters or fewer"),
    ({"client": ""}, "client", "Choose a client"),
    ({"client": "x"}, "client", "Choose a client"),
    ({"due_on": ""}, "due_on", "Enter a date, for example 27 November or Friday"),
    ({"due_on": "soon"}, "due_on", "Enter a date, for example 27 November or Friday"),
    ({"due_on": "yesterday"}, "due_on", "Due date must be today or in the future"),
    ({"due_on": "31 November"}, "due_on", "There is no such day as “31 November”"),
    ({"due_on": "next Friday"}, "due_on", "“next Friday” can be read in two ways"),
    ({"due_on": "Friday at 5pm"}, "due_on", "Enter the date alone"),
    ({"due_time": "teatime"}, "due_time", "Enter a time, for example 5pm or 17:00"),
    ({"due_on": "today", "due_time": "9am"}, "due_time", "It is past 9am already (Johannesburg time)"),
    ({"owner": ""}, "owner", "Choose somebody who works here and sees this client"),
    ({"contact": "x"}, "contact", "Choose a contact of this client"),
    ({"scope": "x"}, "scope", "Choose a scope of this client"),
    ({"estimate_hours": "ages"}, "estimate_hours", "Enter hours, for example 3h, 90 min or 1.5"),
    ({"estimate_hours": "0"}, "estimate_hours", "Enter more than no time"),
    ({"estimate_hours": "99999"}, "estimate_hours", "Enter "),
    ({"client_words": "x" * 5001}, "client_words", "The client&#x27;s own words must be 5000 characters or fewer"),
    ({"next_step": "x" * 301}, "next_step", "What happens next must be 300 characters or fewer"),
    ({"steps": "x" * 201}, "steps", "Each step must be 200 characters or fewer"),
    ({"steps": "x\n" * 21}, "steps", "Enter 20 steps or fewer"),
    ({"note": "x" * 5001}, "note", "Internal note must be 5000 characters or fewer"),
]


@pytest.mark.parametrize(("wrong", "field", "problem"), ERRORS, ids=[f"{f}: {p}" for _, f, p in ERRORS])
def test_what_is_wrong_is_said_twice_and_nothing_typed_is_lost(office, sent, wrong, field, problem):
    typed = {**sent, "client_words": "Word for word <i>", "note": "For us", "due_time": "", **wrong}

    page = page_of(office.post(NEW, typed))

    assert Promise.objects.count() == 0
    assert "<title>Error: New promise" in page
    assert "There is a problem" in page
    assert f'href="#id_{field}"' in page
    assert page.count(problem) >= 2
    kept = [name for name in ("what", "due_on", "due_time") if typed[name] and f'value="{typed[name]}"' not in page]
    assert kept == []
    assert wrong.get("client_words", "Word for word &lt;i&gt;") in page
    assert wrong.get("note", "For us") in page


def test_an_error_below_the_fold_opens_it(office, sent):
    page = page_of(office.post(NEW, {**sent, "contact": "x"}))

    assert '<details class="more" open>' in page


def test_without_an_error_the_rest_is_folded(office):
    assert '<details class="more">' in page_of(office.get(NEW))


def test_without_a_date_three_days_are_offered_with_their_dates(office, sent):
    page = page_of(office.post(NEW, {**sent, "due_on": ""}))

    days = [f'name="choose_due" value="{day}"' for day in ("2026-11-19", "2026-11-20", "2026-11-25")]
    assert [day for day in days if day not in page] == []
    assert [key for key in "tfwd" if f'data-key="{key}"' not in page] == []


@pytest.mark.parametrize(
    ("today", "offered"),
    [
        ("2026-11-18", ["2026-11-19", "2026-11-20", "2026-11-25"]),
        ("2026-11-19", ["2026-11-20", "2026-11-25"]),
        ("2026-11-20", ["2026-11-21", "2026-11-25", "2026-11-27"]),
        ("2026-11-22", ["2026-11-23", "2026-11-25", "2026-11-27"]),
    ],
)
def test_no_day_is_offered_twice(office, thandi, sent, today, offered):
    with time_machine.travel(f"{today}T08:00+02:00", tick=False):
        office.force_login(thandi)
        page = page_of(office.post(NEW, {**sent, "due_on": ""}))

    assert [part.split('"')[0] for part in page.split('name="choose_due" value="')[1:]] == offered


# Strangers' numbers


@pytest.fixture
def others(thandi, firm):
    other = Client.objects.create(name="Other", zone=ZONE, made_at=NOW)
    return {
        "contact": Contact.objects.create(client=other, name="Otto"),
        "scope": Scope.objects.create(client=other, number="2026-099", title="Else", made_at=NOW),
    }


@pytest.mark.parametrize("field", ["contact", "scope"])
def test_what_belongs_to_another_client_is_answered_like_what_is_not_there(office, sent, others, field):
    pages = [page_of(office.post(NEW, {**sent, field: number})) for number in (others[field].pk, 999_999)]

    assert Promise.objects.count() == 0
    assert f"Choose a {field} of this client" in pages[0]
    assert without_tokens(pages[0]) == without_tokens(pages[1])


def test_a_client_one_may_not_see_is_answered_like_one_that_is_not_there(client, sam, sent, secret):
    client.force_login(sam)

    pages = [page_of(client.post(NEW, {**sent, "client": number})) for number in (secret.pk, 999_999)]

    assert Promise.objects.count() == 0
    assert "Choose a client" in pages[0]
    assert "Quiet" not in pages[0]
    assert without_tokens(pages[0]) == without_tokens(pages[1])


def test_the_form_opened_for_a_client_one_may_not_see_is_an_empty_form(client, sam, secret, thandi):
    client.force_login(thandi)
    assert "Quiet Matter" in page_of(client.get(NEW, {"client": secret.pk}))
    client.force_login(sam)

    pages = [page_of(client.get(NEW, {"client": number})) for number in (secret.pk, 999_999, "x", "9" * 40)]

    assert "Quiet" not in pages[0]
    assert len({without_tokens(page) for page in pages}) == 1


def without_tokens(page):
    secrets = ("csrfmiddlewaretoken", 'name="once"')
    return "\n".join(line for line in page.splitlines() if not any(secret in line for secret in secrets))


def test_whoever_does_not_work_here_any_more_owns_nothing_new(office, sent, sam):
    sam.is_active = False
    sam.save()

    page = page_of(office.post(NEW, {**sent, "owner": sam.pk}))

    assert Promise.objects.count() == 0
    assert "Choose somebody who works here" in page


@pytest.mark.parametrize(("who", "may"), [("sam", False), ("mara", True), ("thandi", True), ("member", True)])
def test_a_restricted_clients_promise_is_owned_by_somebody_who_sees_it(
    office, sent, secret, make_person, sam, mara, thandi, who, may
):
    member = make_person("Mo Member")
    secret.members.add(member)
    owner = {"sam": sam, "mara": mara, "thandi": thandi, "member": member}[who]

    office.post(NEW, {**sent, "client": secret.pk, "owner": owner.pk})

    assert Promise.objects.filter(owner=owner, client=secret).exists() is may


def test_a_contact_who_has_left_is_not_offered(office, lena, karoo):
    assert "Lena Karoo" in page_of(office.get(NEW, {"client": karoo.pk}))
    Contact.objects.update(left_at=NOW)

    assert "Lena Karoo" not in page_of(office.get(NEW, {"client": karoo.pk}))


# What is known of the client


def test_what_is_known_of_a_client_is_shown_without_losing_what_was_typed(office, sent, lena):
    page = page_of(office.post(NEW, {**sent, "due_on": "soon", "note": "For us", "with_client": "yes"}))

    assert Promise.objects.count() == 0
    assert "There is a problem" not in page
    assert "Lena Karoo" in page
    assert "Day and time are meant where Karoo Linen is (Johannesburg time)." in page
    assert 'value="soon"' in page
    assert "For us" in page


def test_recent_slips_to_the_client_are_shown_before_the_next_promise(office, karoo, make_promise, thandi):
    for number in range(2):
        late = make_promise(f"Late {number}", due_on=date(2026, 11, 9), made_at=NOW - 20 * DAY)
        actions.deliver(late, delivered_at=NOW - 5 * DAY, by=thandi, now=NOW - 5 * DAY)

    page = page_of(office.get(NEW, {"client": karoo.pk}))

    assert "2 slips to Karoo Linen in the last 90 days." in page
    assert "Late 0" in page


def test_a_client_without_slips_is_not_spoken_ill_of(office, karoo, make_promise, thandi):
    actions.deliver(make_promise("In time"), delivered_at=NOW - DAY, by=thandi, now=NOW - DAY)

    assert "in the last 90 days" not in page_of(office.get(NEW, {"client": karoo.pk}))


def test_the_form_costs_the_same_however_much_there_is(office, karoo, make_promise, thandi, make_person):
    def cost(numbers):
        for number in numbers:
            late = make_promise(f"Late {number}", due_on=date(2026, 11, 9), made_at=NOW - 20 * DAY)
            actions.deliver(late, delivered_at=NOW - 5 * DAY, by=thandi, now=NOW - 5 * DAY)
            Contact.objects.create(client=karoo, name=f"Contact {number}")
            Scope.objects.create(client=karoo, number=f"2026-{number}", title="Else", made_at=NOW)
            make_person(f"Person{number} Else")
        with CaptureQueriesContext(connection) as asked:
            office.get(NEW, {"client": karoo.pk})
        return len(asked)

    one = cost([1])

    # session and person; what every page says of the firm; client, slips and their count; four lists to choose from
    assert cost([2, 3]) == one <= 11


# Cautions: asked once, never in the way


def test_a_day_off_is_pointed_out_and_may_be_kept(office, sent):
    typed = {**sent, "due_on": "Saturday 28 November", "due_time": "10am"}

    page = page_of(office.post(NEW, typed))

    assert Promise.objects.count() == 0
    assert "Saturday 28 November is no working day." in page
    assert 'name="choose_due" value="2026-11-30T10:00"' in page
    assert "Move to Monday 30 November" in page

    office.post(NEW, {**typed, "confirmed": "off:2026-11-28"})

    assert Promise.objects.get().due_on == date(2026, 11, 28)


def test_a_day_off_may_be_left_for_the_next_working_day(office, sent):
    office.post(NEW, {**sent, "due_on": "Saturday 28 November", "choose_due": "2026-11-30T10:00"})

    made = Promise.objects.get()
    assert (made.due_on, made.due_time) == (date(2026, 11, 30), time(10))


def test_another_day_off_is_pointed_out_again(office, sent):
    page = page_of(office.post(NEW, {**sent, "due_on": "29 November", "confirmed": "off:2026-11-28"}))

    assert Promise.objects.count() == 0
    assert "Sunday 29 November is no working day." in page


def test_a_call_back_today_within_the_week_asks_nothing(office, sent):
    with time_machine.travel("2026-11-20T11:00+02:00", tick=False):
        office.post(NEW, {**sent, "due_on": "today", "due_time": "4pm"})

    assert Promise.objects.get().due_time == time(16)


def test_a_client_who_works_on_saturdays_is_not_pointed_to_monday(office, sent, karoo):
    Client.objects.filter(pk=karoo.pk).update(hours=[[["08:00", "12:00"]]] * 6 + [[]])

    office.post(NEW, {**sent, "due_on": "Saturday 28 November"})

    assert Promise.objects.get().due_on == date(2026, 11, 28)


def test_the_same_words_again_may_be_saved_all_the_same(office, sent, make_promise):
    earlier = make_promise("Draft brief!", due_on=date(2026, 11, 24))

    page = page_of(office.post(NEW, sent))

    assert Promise.objects.count() == 1
    assert "Looks like “Draft brief!”, due Tuesday 24 November." in page
    assert f'href="{earlier.get_absolute_url()}"' in page

    office.post(NEW, {**sent, "confirmed": f"alike:{earlier.pk}"})

    assert Promise.objects.count() == 2


@pytest.mark.parametrize("why", ["another client", "long ago", "other words", "logged in error"])
def test_what_only_looks_alike_is_not_pointed_out(office, sent, make_promise, secret, thandi, why):
    if why == "logged in error":
        actions.void(make_promise("Draft brief"), reason="Wrong client", by=thandi, now=NOW - timedelta(hours=1))
    else:
        make_promise(
            "Draft letter" if why == "other words" else "Draft brief",
            client=secret if why == "another client" else None,
            made_at=NOW - (15 if why == "long ago" else 2) * DAY,
        )

    assert office.post(NEW, sent).status_code == 302


# Twice


def test_a_form_sent_twice_makes_one_promise(office, sent):
    first, second = (office.post(NEW, {**sent, "once": "token"}) for _ in range(2))

    assert Promise.objects.count() == 1
    assert first.headers["Location"] == second.headers["Location"]


def test_two_forms_make_two_promises(office, sent):
    tokens = {page_of(office.get(NEW)).split('name="once" value="')[1].split('"')[0] for _ in range(2)}

    for number, token in enumerate(sorted(tokens)):
        office.post(NEW, {**sent, "what": f"Draft {number}", "once": token})

    assert len(tokens) == 2
    assert Promise.objects.count() == 2


def test_a_form_that_was_refused_may_be_sent_again(office, sent):
    office.post(NEW, {**sent, "due_on": "", "once": "token"})

    office.post(NEW, {**sent, "once": "token"})

    assert Promise.objects.count() == 1


def test_one_persons_token_is_not_anothers(office, client, sent, sam):
    office.post(NEW, {**sent, "once": "token"})
    client.force_login(sam)

    client.post(NEW, {**sent, "what": "Another", "once": "token"})

    assert Promise.objects.count() == 2


def test_a_promise_that_could_not_be_written_may_be_tried_again(office, sent, karoo):
    # A chain whose head points back refuses every entry, and with it the promise.
    Client.objects.filter(pk=karoo.pk).update(entries=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        office.post(NEW, {**sent, "once": "token"})
    Client.objects.filter(pk=karoo.pk).update(entries=karoo.record.count())

    office.post(NEW, {**sent, "once": "token"})

    assert Promise.objects.count() == 1


def test_nobody_logs_a_promise_without_signing_in(client, sent):
    assert client.post(NEW, sent).headers["Location"].startswith("/sign-in/")
    assert Promise.objects.count() == 0


def test_a_due_date_counts_in_the_clients_zone(office, sent, karoo, firm):
    Client.objects.filter(pk=karoo.pk).update(zone="Australia/Perth")
    karoo.refresh_from_db()

    office.post(NEW, sent)

    assert Promise.objects.get().due_at == due_for(karoo, firm, date(2026, 11, 27), None).at


@pytest.mark.parametrize("how_many", [1, 3])
def test_saving_costs_the_same_however_much_is_promised(office, sent, make_promise, how_many):
    for number in range(how_many):
        make_promise(f"Earlier {number}")
    # Whatever is known of past jobs is remembered by then.
    office.post(NEW, {**sent, "what": "Measure the shop"})
    before = Promise.objects.count()

    with CaptureQueriesContext(connection) as asked:
        office.post(NEW, {**sent, "what": "Quote for the stairs"})

    # As bench/writes.py counts them: the savepoint here is a transaction there.
    assert Promise.objects.count() == before + 1
    assert len(asked) == (11 if connection.vendor == "postgresql" else 13)
