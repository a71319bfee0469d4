import pytest
from django.core.mail import EmailMessage, send_mail

from conftest import DAY, NOW
from engagement.outbox import actions
from engagement.outbox.models import Audience, Message, State

LINK = "https://word.example/password/MQ/set-me/"


@pytest.fixture(autouse=True)
def _the_real_way_out(settings):
    """Django's test runner puts a backend of its own in the place of ours."""
    settings.EMAIL_BACKEND = "engagement.outbox.backend.OutboxBackend"


def mail_with_a_link(to=("sam@word.example",)):
    send_mail("Set your password", f"Open {LINK} within three days.", None, list(to))
    return Message.objects.order_by("pk")


def test_djangos_own_mails_are_written_down_first(sink, db):
    (message,) = mail_with_a_link()

    assert sink.accepted() == []
    assert (message.state, message.audience, message.kind) == (State.WAITING, Audience.STAFF, "account")


def test_a_secret_text_is_wiped_once_it_has_been_sent(sink, db):
    (message,) = mail_with_a_link()

    actions.send_waiting(message.not_before)
    message.refresh_from_db()

    (mail,) = sink.accepted()
    assert LINK in mail.get_content()
    assert (message.state, message.body) == (State.SENT, "")


def test_a_secret_text_is_wiped_when_it_can_never_be_sent(sink, db):
    sink.script["sam@word.example"] = ["550"]
    (message,) = mail_with_a_link()

    actions.send_waiting(message.not_before)
    message.refresh_from_db()

    assert (message.state, message.body) == (State.FAILED, "")


def test_a_secret_text_is_kept_while_it_may_still_be_sent(sink, db):
    sink.script["sam@word.example"] = ["450"]
    (message,) = mail_with_a_link()
    actions.send_waiting(message.not_before)
    message.refresh_from_db()
    assert LINK in message.body

    actions.send_waiting(message.not_before + DAY)

    assert LINK in sink.accepted()[0].get_content()


def test_nobody_here_reads_another_persons_account_mail(sink, mara, ada, sam):
    mail_with_a_link()

    assert not any(Message.objects.visible_to(person).exists() for person in (mara, ada, sam))


def test_a_secret_text_is_never_sent_again_by_hand(sink, db):
    (message,) = mail_with_a_link()
    actions.send_waiting(message.not_before)

    assert not actions.resend(message, NOW + DAY)


def test_each_recipient_gets_a_message_of_their_own(sink, db):
    for message in mail_with_a_link(["sam@word.example", "thandi@word.example"]):
        actions.deliver(message.pk, message.not_before)

    assert sink.recipients() == ["sam@word.example", "thandi@word.example"]
    assert [mail["To"] for mail in sink.accepted()] == ["sam@word.example", "thandi@word.example"]


def test_the_number_of_messages_is_told_back(sink, db):
    mail = EmailMessage("Subject", "Text", to=["sam@word.example"], cc=["thandi@word.example"])

    assert mail.send() == Message.objects.count() == 2
