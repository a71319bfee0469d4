from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clients.actions import notices, sending
from clients.actions.base import holding_agreement, write
from clients.actions.codes import has_moved
from clients.actions.links import PLACEHOLDER, link_address
from clients.actions.welcome import WELCOME, welcome, who_signed
from clients.agreement_rules import State
from clients.models import Agreement, Client, Contact, Entry, OneTimeCode, PrivateLink, Scope
from clients.signals import scope_signed
from engagement.outbox import health
from engagement.outbox.models import Audience, Channel, Message
from engagement.outbox.models import State as MessageState
from engagement.outbox.signals import message_leaving, message_settled

# How the kind of a message about one client begins; the number of the client follows.
OF_A_CLIENT = "client "
# How the occasions of what asks for a signature begin; agreement and version follow.
ASKS_TO_SIGN = ("to sign:", "sign nudge:")


def documents_due(now: datetime) -> QuerySet[Any, Any]:
    wanted: QuerySet[Any, Any] = Agreement.objects.wanting_a_document(now)
    return wanted.order_by().values_list("document_due_at", flat=True)


def nudges_due(now: datetime) -> QuerySet[Any, Any]:
    return Agreement.objects.to_nudge(now).order_by().values_list("next_nudge_at", flat=True)


def lapses_due(now: datetime) -> QuerySet[Any, Any]:
    return Agreement.objects.lapsing(now).order_by().values_list("valid_until_at", flat=True)


health.watch_over(documents_due, gettext_noop("signed documents to seal"))
health.watch_over(nudges_due, gettext_noop("reminders to sign"))
health.watch_over(lapses_due, gettext_noop("agreements that could be signed until then"))


@receiver(message_leaving)
def stop_stale_welcome(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """It may have waited overnight: it is not sent to somebody who has left, nor about what has ended."""
    if not message.occasion.startswith(WELCOME):
        return None
    agreement = Agreement.objects.select_related("client", "contact").get(pk=message.occasion.removeprefix(WELCOME))
    contact = who_signed(agreement)
    if contact is None or contact.email != message.address:
        return _("The contact's address changed before this left. Greet them yourself.")
    if agreement.state != State.SIGNED:
        return _("The scope ended before this left.")
    return None


@receiver(message_leaving)
def put_in_links(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """Put the private address into the text that leaves. The stored text keeps the mark, so it opens nothing."""
    if message.audience != Audience.CLIENT:
        return None
    addresses = {}
    for pk in PLACEHOLDER.findall(message.body):
        link = PrivateLink.objects.open(now).filter(pk=pk).select_related("client", "contact").first()
        address = link_address(link) if link and _is_theirs(link, message) else None
        if address is None:
            return _("The link in it has been revoked or has expired. Write it again with a new link.")
        addresses[pk] = address
    message.outgoing_body = PLACEHOLDER.sub(lambda mark: addresses[mark[1]], message.outgoing_body)
    return None


@receiver(message_leaving)
def put_in_signing_pages(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """The same for what waits to be signed, or is: to the contact who signs, while there is something to do there."""
    if message.audience != Audience.CLIENT:
        return None
    addresses = {}
    for pk in sending.PLACEHOLDER.findall(message.body):
        agreement = Agreement.objects.filter(pk=pk).select_related("contact", "client").first()
        opens = agreement is not None and _may_be_opened(agreement, message, now)
        address = sending.signing_address(agreement) if agreement and opens else None
        if address is None:
            return _("What it asks them to sign was signed, changed or closed before this left.")
        addresses[pk] = address
    message.outgoing_body = sending.PLACEHOLDER.sub(lambda mark: addresses[mark[1]], message.outgoing_body)
    return None


@receiver(message_leaving)
def stop_what_has_no_reader(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """It may have waited: not to an address that is nobody's there any more, nor to a client who was put away."""
    if message.audience != Audience.CLIENT or not message.kind.startswith(OF_A_CLIENT):
        return None
    client = int(message.kind.removeprefix(OF_A_CLIENT))
    readers = Contact.objects.filter(client=client, left_at=None, email=message.address)
    reader = readers.select_related("client").order_by("pk").first()
    if reader is None:
        return _("The contact's address changed before this left. Write it again.")
    if reader.client.archived_at:
        return _("This client was archived before this left.")
    if not message.is_secret and _wish_changed(reader, message):
        return _("%(name)s no longer wants e-mail: that changed before this left. Tell them in another way.") % {
            "name": reader.name
        }
    return None


@receiver(message_leaving)
def stop_what_its_reader_may_not_see(
    sender: type[Message], message: Message, now: datetime, **kwargs: Any
) -> str | None:
    """Word about a client that its reader here has been shut off from since."""
    if not _is_notice(message) or message.person is None:
        return None
    client = Client.objects.filter(pk=message.kind.removeprefix(OF_A_CLIENT)).first()
    if client is None or client.may_be_seen_by(message.person):
        return None
    return _("Its reader may not see this client any more.")


@receiver(message_settled)
def pass_on_what_did_not_reach_its_reader(
    sender: type[Message], message: Message, now: datetime, **kwargs: Any
) -> None:
    if _is_notice(message) and message.state == MessageState.DROPPED:
        notices.pass_on(message, now)


@receiver(message_settled)
def keep_that_a_code_was_lost(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> None:
    """The signer waits for it at their screen, and somebody here can put the address right."""
    if not message.is_secret or message.state not in (MessageState.FAILED, MessageState.IN_DOUBT):
        return
    code = OneTimeCode.objects.filter(message=message).select_related("agreement__scope", "agreement__addendum").first()
    if code:
        write(code.agreement, "code_failed", now, None, code=code.pk, to=message.address, error=message.error)


@receiver(message_settled)
def stop_what_comes_back(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> None:
    """An address that takes no request to sign takes no reminder of it: somebody here puts it right."""
    if not message.bounced_at or not message.occasion.startswith(ASKS_TO_SIGN):
        return
    with holding_agreement(Agreement.objects.get(pk=message.occasion.split(":")[1])) as held:
        Contact.objects.filter(client=held.client_id, email=message.address).update(bounced_at=message.bounced_at)
        if held.contact and held.contact.email == message.address:
            held.next_nudge_at = None
            held.save(update_fields=["next_nudge_at"])
        write(held, "agreement_bounced", now, None, to=message.address, error=message.error)


def _is_notice(message: Message) -> bool:
    return message.audience == Audience.STAFF and message.kind.startswith(OF_A_CLIENT)


def _may_be_opened(agreement: Agreement, message: Message, now: datetime) -> bool:
    contact = agreement.contact
    if contact is None or contact.email != message.address or contact.left_at or agreement.client.archived_at:
        return False
    if not message.occasion.startswith(ASKS_TO_SIGN):
        return agreement.state != State.DRAFT
    # What it says is of the version that it was written for.
    about_this_text = message.occasion.split(":")[2] == str(agreement.version)
    is_to_sign = about_this_text and agreement.state == State.SENT and not agreement.has_lapsed(now)
    version = agreement.versions.defer("pdf").filter(version=agreement.version).first()
    return is_to_sign and not (version and has_moved(agreement, version))


def _wish_changed(reader: Contact, message: Message) -> bool:
    """Who wrote to somebody who likes calls better meant it; a wish that came after the writing is heeded."""
    if reader.channel == Channel.EMAIL:
        return False
    lately = Entry.objects.filter(
        subject=f"{OF_A_CLIENT}{reader.client_id}", kind="contact_changed", at__gte=message.written_at
    )
    said = (entry.data for entry in lately)
    return any(data["email"] == reader.email and data["channel"] == reader.channel for data in said)


def _is_theirs(link: PrivateLink, message: Message) -> bool:
    """Anybody can type a mark: it becomes the address of a page only for those whose page it is."""
    to_this_client = message.kind == f"client {link.client_id}"
    return to_this_client or bool(link.contact and link.contact.email == message.address)


@receiver(scope_signed)
def welcome_them(sender: type[Scope], scope: Scope, now: datetime, **kwargs: Any) -> None:
    welcome(scope, now)
