"""One door to an object: views, forms and templates take what is a client's through `visible_to(user)`.

Read from the source, so that a new way in is seen when it is written. What looks like another door stands below, with
the reason why it is none; a reason for something that is gone fails too.
"""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from clients.models import Client
from engagement.outbox.models import Message

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("clients", "promises", "engagement/staff", "engagement/outbox")
PLACES = ("views/*.py", "*forms.py", "*_form.py", "forms/*.py", "templatetags/*.py", "*_page.py")
# Nothing at all is nobody's secret.
DOOR = re.compile(r"\.visible_to\(|\.none\(\)")
MANAGERS = ("objects", "_default_manager", "_base_manager")

OF_ONE_FOUND = "of one that was found through the door"
BY_ITS_ADDRESS = "whoever holds the private address; no person is signed in"
EXPLAINED = {
    "clients/agreement_forms.py SendForm.__init__: Contact": OF_ONE_FOUND,
    "clients/agreement_page.py _letter: Message": OF_ONE_FOUND,
    "clients/agreement_page.py papers_of: SealedDocument": OF_ONE_FOUND,
    "clients/forms.py ClientForm.clean_name: Client": "a name is one client's, whoever asks: the database says so too",
    "clients/forms.py LinkForm.__init__: Contact": OF_ONE_FOUND,
    "clients/forms.py LinkForm.__init__: Scope": OF_ONE_FOUND,
    "clients/request_forms.py AddendumForm.__init__: Scope": OF_ONE_FOUND,
    "clients/scope_forms.py ScopeForm.__init__: Contact": OF_ONE_FOUND,
    "clients/scope_page.py versions_of_addenda: SentVersion": OF_ONE_FOUND,
    "clients/scope_page.py with_addenda: Addendum": OF_ONE_FOUND,
    "clients/views/agreements.py document: SealedDocument": OF_ONE_FOUND,
    "clients/views/clients.py _chosen: Contact": "fetched for clients that were found through the door",
    "clients/views/links.py links: PrivateLink": OF_ONE_FOUND,
    "clients/views/requests.py _history: Entry": OF_ONE_FOUND,
    "clients/views/requests.py _page_of: Scope": OF_ONE_FOUND,
    "clients/views/requests.py request_list: OutsideRequest": OF_ONE_FOUND,
    "clients/views/scopes.py file: ScopeFile": OF_ONE_FOUND,
    "clients/views/scopes.py scopes: Scope": OF_ONE_FOUND,
    "clients/views/sent.py _chosen: Message": "narrows what was found by readable_by()",
    "clients/views/sent.py _client_of: Client": "of a message that was found by readable_by()",
    "clients/views/signed_document.py _document: SealedDocument": BY_ITS_ADDRESS,
    "clients/views/signed_document.py behind_signing_page: SealedDocument": BY_ITS_ADDRESS,
    "clients/views/signing.py _standing: SealedDocument": BY_ITS_ADDRESS,
    "clients/views/verify.py _on_file: SealedDocument": "whoever holds the very file is told its number",
    "clients/views/visit.py by_private_link: Agreement": BY_ITS_ADDRESS,
    "clients/views/visit.py by_private_link: PrivateLink": BY_ITS_ADDRESS,
    "clients/views/visit.py by_signing_token: Agreement": BY_ITS_ADDRESS,
    "promises/templatetags/saved.py _is_on_their_page: PrivateLink": OF_ONE_FOUND,
    "promises/views/act.py step: Step": OF_ONE_FOUND,
    "promises/views/client.py _tellings: Telling": OF_ONE_FOUND,
    "promises/views/client.py client: Client": OF_ONE_FOUND,
    "promises/views/client.py client: PrivateLink": OF_ONE_FOUND,
    "promises/views/client.py client: Promise": OF_ONE_FOUND,
    "promises/views/client.py client: Scope": OF_ONE_FOUND,
    "promises/views/extend.py answer: Extension": OF_ONE_FOUND,
    "promises/views/from_scope.py _next: Scope": OF_ONE_FOUND,
    "promises/views/from_scope.py _page: Promise": OF_ONE_FOUND,
    "promises/views/from_scope.py _page: Scope": OF_ONE_FOUND,
    "promises/views/log.py _page: Promise": OF_ONE_FOUND,
    "promises/views/my_day.py my_day: Promise": "whether they have ever owned one: nothing of it is shown",
    "promises/views/progress.py preview_page: PrivateLink": OF_ONE_FOUND,
    "promises/views/renewals.py _said: Entry": OF_ONE_FOUND,
    "promises/views/renewals.py _said: Message": "those that the record of one that was found names",
    "promises/views/renewals.py renewal: Renewal": OF_ONE_FOUND,
    "promises/views/renewals.py renewal_draft: Renewal": OF_ONE_FOUND,
    "promises/views/renewals.py renewals: Renewal": "of clients that were found through the door",
    "promises/views/tell.py _carry: Promise": OF_ONE_FOUND,
    "promises/views/tell.py _fresh: Telling": OF_ONE_FOUND,
    "promises/views/tell.py _speakable: Promise": OF_ONE_FOUND,
    "promises/views/tell.py with_link: PrivateLink": OF_ONE_FOUND,
}


def of_a_client() -> set[str]:
    """Every model from which foreign keys lead to a client; and messages, which name one in their kind."""
    found = {Client, Message}
    while more := {model for model in apps.get_models() if model not in found and _leads_to(model, found - {Message})}:
        found |= more
    return {model.__name__ for model in found}


def _leads_to(model, found):
    keys = [field for field in model._meta.concrete_fields if field.many_to_one or field.one_to_one]
    return any(key.related_model in found for key in keys)


def doors(path: Path, models: set[str]) -> set[str]:
    """`place: Model` for every query of such a model that does not ask who may see it."""
    tree = ast.parse(path.read_text())
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    found = set()
    for node in ast.walk(tree):
        model = _asked(node)
        if model in models and not DOOR.search(ast.unparse(_whole(node, parents))):
            found.add(f"{path.relative_to(ROOT)} {_place(node, parents)}: {model}")
    return found


def _asked(node: ast.AST) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id=model), attr=attr) if attr in MANAGERS:
            return model
        case ast.Call(func=ast.Name(id="get_object_or_404" | "get_list_or_404"), args=[ast.Name(id=model), *_]):
            return model
    return ""


def _whole(node, parents):
    """The chain of calls that begins here, and no more of the line."""
    while True:
        parent = parents.get(node)
        is_called = isinstance(parent, ast.Call) and parent.func is node
        if not (is_called or isinstance(parent, ast.Attribute)):
            return node
        node = parent


def _place(node, parents):
    """The function, and its class where it has one."""
    names = []
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
    return ".".join(reversed(names))


@pytest.fixture(scope="module")
def found():
    models = of_a_client()
    files = {path for room in ROOMS for place in PLACES for path in (ROOT / room).glob(place)}
    return set().union(*(doors(path, models) for path in files))


def test_what_is_a_clients_is_taken_through_the_door_alone(found):
    assert found - set(EXPLAINED) == set()


def test_another_door_would_be_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    view = tmp_path / "view.py"
    view.write_text(
        "def page(request, pk):\n    return get_object_or_404(Promise.objects.select_related('client'), pk=pk)\n"
    )

    assert doors(view, of_a_client()) == {"view.py page: Promise"}


def test_every_reason_is_for_something_that_is_there(found):
    assert set(EXPLAINED) - found == set()
