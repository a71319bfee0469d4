import pytest
import time_machine

from clients.views import sent as view
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions
from engagement.outbox.models import Audience, Message, State


@pytest.fixture
def as_mara(client, mara):
    client.force_login(mara)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.fixture
def make_message(karoo, thandi):
    def make(subject="How it stands", **fields):
        fields = {
            "audience": Audience.CLIENT,
            "address": "lena@karoo.example",
            "kind": f"client {karoo.pk}",
            "body": "Dear Lena,\nall is well.",
            "written_by": thandi,
            "written_at": NOW,
            "not_before": NOW,
        } | fields
        return Message.objects.create(occasion=f"message {Message.objects.count()}", subject=subject, **fields)

    return make


def subjects(response):
    return [message.subject for message in response.context["sent"]]


def test_mail_comes_newest_first_with_its_state_in_words(as_mara, make_message):
    make_message("Older", written_at=NOW - DAY, state=State.SENT, sent_at=NOW)
    make_message("Newer", state=State.FAILED, bounced_at=NOW, error="no such address")

    response = as_mara.get("/sent/")

    page = response.content.decode()
    assert subjects(response) == ["Newer", "Older"]
    assert "Accepted by the mail server" in page
    assert "Bounced: no such address" in page


def test_staff_see_what_they_wrote_or_received(client, sam, make_message, thandi):
    make_message("By Thandi")
    make_message("By Sam", written_by=sam)
    make_message("To Sam", written_by=None, person=sam, audience=Audience.STAFF, kind="alarm")
    make_message("To Thandi", written_by=None, person=thandi, audience=Audience.STAFF, kind="alarm")
    client.force_login(sam)

    assert subjects(client.get("/sent/")) == ["To Sam", "By Sam"]


def test_managers_see_everything_but_secrets(as_mara, make_message):
    make_message("By Thandi")
    secret = make_message("Your password", is_secret=True)

    assert subjects(as_mara.get("/sent/")) == ["By Thandi"]
    assert as_mara.get(f"/sent/{secret.pk}/").status_code == 404


def test_mail_to_a_restricted_client_is_hidden_from_whoever_is_shut_out(client, sam, thandi, secret, make_message):
    make_message("Quiet news", kind=f"client {secret.pk}", written_by=sam)
    make_message("Loud news", written_by=sam)
    client.force_login(sam)
    assert subjects(client.get("/sent/")) == ["Loud news"]

    secret.members.add(sam)

    assert subjects(client.get("/sent/")) == ["Loud news", "Quiet news"]


def test_a_letter_is_read_without_its_addresses(as_mara, make_message):
    message = make_message(body="Follow it here: [progress page 7], and sign here: [signing page 8].")

    letter = as_mara.get(f"/sent/{message.pk}/").context["letter"]

    assert letter == "Follow it here: (their private link), and sign here: (their link to sign)."


def test_the_filters_keep_what_they_say(as_mara, make_message, thandi):
    make_message("Fine", state=State.SENT)
    make_message("Doubtful", state=State.IN_DOUBT)
    make_message("Failed", state=State.FAILED)
    make_message("Seen to", state=State.FAILED, seen_to_at=NOW)
    make_message("Reminder", audience=Audience.STAFF, person=thandi)

    assert subjects(as_mara.get("/sent/?show=clients")) == ["Seen to", "Failed", "Doubtful", "Fine"]
    assert subjects(as_mara.get("/sent/?show=person")) == ["Failed", "Doubtful"]
    assert len(subjects(as_mara.get("/sent/?show=nonsense"))) == 5


def test_the_list_says_when_what_waits_will_leave(as_mara, make_message):
    make_message("Monday", not_before=NOW + 5 * DAY)
    make_message("Now", not_before=NOW)

    page = as_mara.get("/sent/").content.decode()

    assert page.count("Leaves Mon 23 Nov, 11:00") == 1
    assert page.count("Leaves ") == 1


def test_the_list_says_which_mail_it_does_not_hold(as_mara):
    page = as_mara.get("/sent/").content.decode()

    assert "Invitations, new passwords and new private links are not listed" in page
    assert "Everything that leaves the firm" not in page
    assert "Nothing has left the firm yet" not in page


def test_each_empty_list_says_why(as_mara, make_message):
    assert "No messages yet." in as_mara.get("/sent/").content.decode()
    assert "Nothing needs a person." in as_mara.get("/sent/?show=person").content.decode()
    assert "Nothing has been written to clients yet." in as_mara.get("/sent/?show=clients").content.decode()


def test_pages_follow_each_other_without_gap_or_repeat(as_mara, make_message, monkeypatch):
    monkeypatch.setattr(view, "PAGE", 2)
    for number in range(5):
        # Two and two share their moment, so that the id has to tell them apart.
        make_message(f"Message {number}", written_at=NOW - number // 2 * HOUR)

    seen, address = [], "/sent/"
    while address:
        response = as_mara.get(address)
        seen += subjects(response)
        address = response.context["next"] and "/sent/" + response.context["next"]

    assert seen == ["Message 1", "Message 0", "Message 3", "Message 2", "Message 4"]


def test_the_next_page_keeps_the_filter(as_mara, make_message, monkeypatch, thandi):
    monkeypatch.setattr(view, "PAGE", 1)
    for _number in range(2):
        make_message("To a client")
        make_message("Reminder", audience=Audience.STAFF, person=thandi)

    first = as_mara.get("/sent/?show=clients")
    second = as_mara.get("/sent/" + first.context["next"])

    assert subjects(first) + subjects(second) == ["To a client", "To a client"]
    assert second.context["next"] == ""


@pytest.mark.parametrize("before", ["x", "-1", "0", "999999", "9" * 40])
def test_a_page_that_is_not_there_is_the_first(as_mara, make_message, before):
    make_message("Fine")

    assert subjects(as_mara.get("/sent/", {"before": before})) == ["Fine"]


def test_a_message_is_shown_as_it_was_kept(as_mara, make_message, karoo):
    message = make_message(body="<b>Dear Lena</b>", state=State.FAILED, error="550 unknown", attempts=8)

    page = as_mara.get(f"/sent/{message.pk}/").content.decode()

    assert "&lt;b&gt;Dear Lena&lt;/b&gt;" in page
    assert "550 unknown" in page
    assert f'href="{karoo.get_absolute_url()}"' in page


ACTS = {
    "It arrived": [State.IN_DOUBT],
    "Send it again": [State.IN_DOUBT, State.FAILED],
    "I have seen to it": [State.FAILED],
    "This came back": [State.IN_DOUBT, State.SENT],
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("act", ACTS)
def test_a_message_offers_only_what_can_be_done(as_mara, make_message, state, act):
    message = make_message(state=state)

    page = as_mara.get(f"/sent/{message.pk}/").content.decode()

    assert (act in page) is (state in ACTS[act])


@pytest.mark.parametrize(
    ("verb", "state", "becomes", "said"),
    [
        ("resend", State.IN_DOUBT, State.WAITING, "It goes out again."),
        ("resend", State.FAILED, State.WAITING, "It goes out again."),
        ("mark-sent", State.IN_DOUBT, State.SENT, "Marked as arrived."),
        ("see-to", State.FAILED, State.FAILED, "Seen to."),
        ("resend", State.SENT, State.SENT, "Nothing was changed"),
        ("mark-sent", State.FAILED, State.FAILED, "Nothing was changed"),
        ("see-to", State.IN_DOUBT, State.IN_DOUBT, "Nothing was changed"),
        ("undo", State.SENT, State.SENT, "Nothing was changed"),
    ],
)
def test_a_verb_does_what_it_says_or_says_that_it_did_not(as_mara, make_message, verb, state, becomes, said):
    message = make_message(state=state)

    response = as_mara.post(f"/sent/{message.pk}/{verb}/", follow=True)

    message.refresh_from_db()
    assert message.state == becomes
    assert said in response.content.decode()


def test_what_was_seen_to_needs_nobody_any_more(as_mara, make_message):
    message = make_message(state=State.FAILED)

    as_mara.post(f"/sent/{message.pk}/see-to/")

    assert subjects(as_mara.get("/sent/?show=person")) == []


def test_a_held_message_can_be_taken_back(as_mara, make_message):
    message = make_message(not_before=NOW + actions.HOLD)
    assert "data-until" in as_mara.get(f"/sent/{message.pk}/").content.decode()

    as_mara.post(f"/sent/{message.pk}/undo/")

    message.refresh_from_db()
    assert message.state == State.UNDONE


def test_undo_is_not_offered_once_it_is_too_late(as_mara, make_message):
    message = make_message(not_before=NOW)

    assert "data-until" not in as_mara.get(f"/sent/{message.pk}/").content.decode()


def test_what_came_back_is_marked_with_its_reason(as_mara, make_message):
    message = make_message(state=State.SENT, sent_at=NOW - HOUR)

    response = as_mara.post(f"/sent/{message.pk}/bounced/", {"why": "no such address"}, follow=True)

    message.refresh_from_db()
    assert (message.state, message.bounced_at, message.error) == (State.FAILED, NOW, "no such address")
    assert "Bounced: no such address" in response.content.decode()


@pytest.mark.parametrize(
    ("why", "error"),
    [
        ("", "Enter why it came back, for example: no such address"),
        ("x" * 201, "What the returned mail says must be 200 characters or fewer"),
    ],
)
def test_a_reason_is_asked_for(as_mara, make_message, why, error):
    message = make_message(state=State.SENT, sent_at=NOW)

    response = as_mara.post(f"/sent/{message.pk}/bounced/", {"why": why})

    message.refresh_from_db()
    assert response.status_code == 200
    assert response.context["form"].errors == {"why": [error]}
    assert "There is a problem" in response.content.decode()
    assert "<title>Error: How it stands" in response.content.decode()
    assert message.bounced_at is None


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_with_more_mail(as_mara, make_message, thandi, how_many, django_assert_num_queries):
    for _number in range(how_many):
        make_message(person=thandi)

    # session, user, messages with who wrote and received them, firm, heartbeat, oldest unsent
    with django_assert_num_queries(5):
        as_mara.get("/sent/")


def test_the_list_costs_staff_no_more(client, thandi, make_message, django_assert_num_queries):
    make_message()
    client.force_login(thandi)

    with django_assert_num_queries(5):
        client.get("/sent/")
