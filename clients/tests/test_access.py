"""Who may open what in the clients room. A new address fails here until somebody says who may."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from clients.actions import draft_addendum, log_request, make_link, preview, save_contact
from clients.models import Client, Contact, OutsideRequest, Scope, ScopeFile, ScopeTemplate, SealedDocument, SentVersion
from clients.urls import urlpatterns
from conftest import NOW
from engagement.outbox.actions import write
from engagement.outbox.models import Audience, Message, State

# On what, how, and what each role gets. Staff: sees the client as everybody does. Outside: staff outside a restricted
# client. Member: of the restricted client.
ON_NOTHING = {
    "agreements": "get",
    "list": "get",
    "new": "get",
    "sent": "get",
    "solution_new": "get",
    "solutions": "get",
    "suggest": "get",
    "templates": "get",
}
ON_CLIENT = {
    "edit": "get",
    "contact_new": "get",
    "links": "get",
    "request_new": "get",
    "requests": "get",
    "scopes": "get",
    "scope_begin": "get",
    "scope_new": "get",
}
# Only who answers for the client: its lead and managers. Others who see it get 403.
ON_CLIENT_BY_LEAD = {"archive": "post", "scope_paper_new": "get", "unarchive": "post"}
ON_CONTACT = {"contact_edit": "get", "contact_left": "post", "contact_back": "post"}
ON_LINK = {"link_renew": "post", "link_revoke": "post"}
ON_REQUEST = {"request": "get", "request_addendum": "post", "request_answer": "get"}
ON_SCOPE = {
    "scope": "get",
    "scope_copy": "get",
    "scope_edit": "get",
    "scope_file": "get",
    "scope_template": "get",
}
ON_SIGNED_SCOPE = {"addendum_new": "get"}
ON_ADDENDUM = {"addendum": "get", "addendum_edit": "get"}
ON_SCOPE_BY_LEAD = {"scope_paper": "get"}
ON_AGREEMENT = {"agreement_preview": "get", "document": "get", "proposal": "get"}
ON_AGREEMENT_BY_LEAD = {
    "agreement_countersign": "get",
    "agreement_end": "get",
    "agreement_revise": "get",
    "agreement_send": "get",
    "agreement_withdraw": "get",
}
# The firm's own, for everybody who works here.
ON_TEMPLATE = {"template": "get", "template_delete": "post"}
# Who wrote it, who received it, and managers; nobody who may not see the client.
ON_MESSAGE = {
    "message": "get",
    "message_bounced": "post",
    "message_mark_sent": "post",
    "message_resend": "post",
    "message_see_to": "post",
    "message_undo": "post",
}
# Everybody here reads what anybody wrote down; only its owner and managers change it. The owner here is the lead.
ON_SOLUTION = {"solution": "get"}
ON_SOLUTION_BY_OWNER = {
    "solution_archive": "post",
    "solution_edit": "get",
    "solution_reviewed": "post",
    "solution_unarchive": "post",
}
BY_LEAD = ON_CLIENT_BY_LEAD | ON_SCOPE_BY_LEAD | ON_AGREEMENT_BY_LEAD
ON_SOMETHING_OF_A_CLIENT = ON_CLIENT | ON_CONTACT | ON_LINK | ON_REQUEST | ON_SCOPE | ON_AGREEMENT | BY_LEAD
ON_SOMETHING_OF_A_CLIENT |= ON_SIGNED_SCOPE | ON_ADDENDUM
EVERYTHING = ON_NOTHING | ON_SOLUTION | ON_SOLUTION_BY_OWNER | ON_TEMPLATE | ON_SOMETHING_OF_A_CLIENT | ON_MESSAGE

# No signing in, and nothing of any client.
PUBLIC = {"verify"}
# No signing in: whoever holds the address. What these open, and to whom, is asked in test_signing_page.py.
BY_ADDRESS = {
    "document_nothing",
    "sign",
    "sign_accept",
    "sign_ask",
    "sign_check",
    "sign_code",
    "sign_decline",
    "sign_document",
    "sign_nothing",
    "sign_pdf",
    "signed_document",
}


@pytest.fixture
def member(make_person, secret):
    person = make_person("Nomsa Member")
    secret.members.add(person)
    return person


@pytest.fixture
def kept(secret, thandi, make_solution):
    """One of each thing, all of a restricted client."""
    contact = Contact(client=secret, name="Quinn Quiet", email="quinn@quiet.example")
    save_contact(contact, thandi, NOW)
    scope = Scope.objects.create(client=secret, number="2026-001", title="The quiet matter")
    paper = {"name": "signed.pdf", "content": b"%PDF-1.7 quiet", "size": 14, "sha256": "0" * 64}
    ScopeFile.objects.create(scope=scope, **paper, added_at=NOW, added_by=thandi)
    link = make_link(secret, thandi, NOW, contact=contact)
    message = write(
        occasion="one",
        now=NOW,
        audience=Audience.CLIENT,
        address=contact.email,
        subject="Quiet news",
        body="Nobody else reads this.",
        kind=f"client {secret.pk}",
        written_by=thandi,
    )
    Message.objects.update(state=State.SENT, sent_at=NOW)
    solution = make_solution()
    asked = OutsideRequest(client=secret, what="A quiet favour", asked_on=NOW.date(), solution=solution)
    signed = Scope.objects.create(client=secret, number="2026-002", title="A signed quiet matter", signed_on=NOW.date())
    return {
        "client": secret,
        "contact": contact,
        "scope": scope,
        "signed scope": signed,
        "addendum": draft_addendum(signed, title="Quieter", reason="Quiet reasons.", by=thandi, now=NOW),
        "agreement": _with_papers(scope.agreement, contact, thandi),
        "template": ScopeTemplate.objects.create(name="A usual scope", content={}, changed_at=NOW),
        "link": link,
        "message": message,
        "request": log_request(asked, thandi, NOW),
        "solution": solution,
    }


def _with_papers(agreement, contact, by):
    sent = {"version": 1, "content": preview(agreement, NOW), "contact": contact, "sent_at": NOW, "by": by}
    SentVersion.objects.create(agreement=agreement, **sent, sha256="0" * 64, pdf=b"%PDF Quiet", pdf_sha256="0" * 64)
    SealedDocument.objects.create(
        agreement=agreement,
        content=b"%PDF Quiet",
        size=10,
        sha256="0" * 64,
        fingerprint="0" * 64,
        is_timestamped=False,
        head_seq=1,
        head_hash="0" * 64,
        made_at=NOW,
    )
    return agreement


def address(name, kept):
    for group, thing in [
        (ON_CLIENT | ON_CLIENT_BY_LEAD, "client"),
        (ON_CONTACT, "contact"),
        (ON_LINK, "link"),
        (ON_REQUEST, "request"),
        (ON_SCOPE | ON_SCOPE_BY_LEAD, "scope"),
        (ON_SIGNED_SCOPE, "signed scope"),
        (ON_ADDENDUM, "addendum"),
        (ON_AGREEMENT | ON_AGREEMENT_BY_LEAD, "agreement"),
        (ON_TEMPLATE, "template"),
        (ON_SOLUTION | ON_SOLUTION_BY_OWNER, "solution"),
        (ON_MESSAGE, "message"),
    ]:
        if name in group:
            return reverse(f"clients:{name}", args=[kept[thing].pk])
    return reverse(f"clients:{name}")


def open_as(client, person, name, kept):
    if person:
        client.force_login(person)
    return getattr(client, EVERYTHING[name])(address(name, kept))


def test_every_address_is_listed_here():
    assert {url.name for url in urlpatterns} == {*EVERYTHING, *PUBLIC, *BY_ADDRESS}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_visitor_may_open_what_is_public(client, firm, name):
    assert client.get(reverse(f"clients:{name}")).status_code == 200


@pytest.mark.parametrize("name", sorted(BY_ADDRESS))
@pytest.mark.parametrize("role", [None, "sam", "mara"])
def test_a_wrong_address_opens_the_same_nothing_to_everybody(client, kept, request, role, name):
    cache.clear()
    if role:
        client.force_login(request.getfixturevalue(role))
    holes = {"token": "x", "number": kept["scope"].number} if name == "signed_document" else {"token": "x"}
    wrong = {"rest": "x"} if name.endswith("nothing") else holes

    response = client.get(reverse(f"clients:{name}", kwargs=wrong))

    assert response.status_code == 404
    assert b"Quiet" not in response.content


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_visitor_is_asked_to_sign_in(client, kept, name):
    response = open_as(client, None, name, kept)

    assert response.status_code == 302
    assert response.url.startswith("/sign-in/")


@pytest.mark.parametrize("name", ON_NOTHING | ON_SOLUTION | ON_TEMPLATE)
def test_everybody_who_works_here_may_open_the_lists(client, sam, kept, name):
    response = open_as(client, sam, name, kept)

    assert response.status_code == 200
    assert b"Quiet" not in response.content


@pytest.mark.parametrize("name", ON_SOLUTION_BY_OWNER)
def test_others_do_not_change_a_solution(client, sam, kept, name):
    assert open_as(client, sam, name, kept).status_code == 403


@pytest.mark.parametrize("name", ON_SOMETHING_OF_A_CLIENT | ON_MESSAGE)
def test_a_stranger_cannot_tell_that_it_exists(client, sam, kept, name):
    response = open_as(client, sam, name, kept)

    assert response.status_code == 404
    assert b"Quiet" not in response.content


@pytest.mark.parametrize("name", ON_SOMETHING_OF_A_CLIENT)
def test_a_member_may(client, member, kept, name):
    response = open_as(client, member, name, kept)

    assert response.status_code == (403 if name in BY_LEAD else 200 if name != "contact_back" else 302)


@pytest.mark.parametrize("name", ON_MESSAGE)
def test_a_member_does_not_read_what_others_wrote(client, member, kept, name):
    assert open_as(client, member, name, kept).status_code == 404


@pytest.mark.parametrize("role", ["thandi", "mara", "ada"])
@pytest.mark.parametrize("name", EVERYTHING)
def test_the_lead_managers_and_administrators_may(client, kept, request, role, name):
    response = open_as(client, request.getfixturevalue(role), name, kept)

    assert response.status_code in (200, 302)
    assert not response.headers.get("Location", "").startswith("/sign-in/")


@pytest.mark.parametrize("name", ON_SOMETHING_OF_A_CLIENT)
def test_staff_may_where_the_client_is_not_restricted(client, sam, kept, name):
    Client.objects.update(restricted=False)

    response = open_as(client, sam, name, kept)

    assert response.status_code == (403 if name in BY_LEAD else 200 if name != "contact_back" else 302)


def test_who_wrote_to_a_client_reads_it_no_more_once_shut_out(client, sam, kept):
    Message.objects.update(written_by=sam)

    response = open_as(client, sam, "message", kept)

    assert response.status_code == 404


@pytest.mark.parametrize("name", [name for name, method in EVERYTHING.items() if method == "post"])
def test_a_get_changes_nothing(client, mara, kept, name):
    client.force_login(mara)

    response = client.get(address(name, kept))

    assert response.status_code == 405


@pytest.mark.parametrize("pk", [0, 10**12, 10**30])
@pytest.mark.parametrize(
    "path",
    [
        "/clients/{}/edit/",
        "/contacts/{}/",
        "/requests/{}/",
        "/addenda/{}/",
        "/agreements/{}/send/",
        "/scope-templates/{}/",
        "/scopes/{}/",
        "/scopes/{}/file/",
        "/sent/{}/",
        "/solutions/{}/",
    ],
)
def test_a_number_that_nobody_has_is_not_found(client, mara, path, pk):
    client.force_login(mara)

    assert client.get(path.format(pk)).status_code == 404


@pytest.mark.parametrize("name", [name for name, method in EVERYTHING.items() if method == "get"])
def test_a_page_that_is_only_looked_at_finds_no_fault(client, mara, kept, name):
    client.force_login(mara)

    response = client.get(address(name, kept))

    assert b"There is a problem" not in response.content
