"""The house stands on a slope: whatever is above may name what is below, never the other way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# From the ground up. What belongs to none of these rooms is the roof, and the roof may name anything.
ROOMS = ["engagement.staff", "engagement.outbox", "clients", "promises"]
ROOF = "engagement"
FLOOR = {room: number for number, room in enumerate([*ROOMS, ROOF])}


def modules():
    for top in ("engagement", "clients", "promises"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name):
    for room in [*ROOMS, ROOF]:
        if name == room or name.startswith(f"{room}."):
            return room
    return None


def names_imported(source, module, is_package):
    """Whatever an import names, also inside functions, behind TYPE_CHECKING and relative."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                steps = module.split(".")
                steps = steps[: len(steps) - node.level + is_package]
                base = ".".join([*steps, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def climbs(source, module, is_package=False):
    here = FLOOR[room_of(module)]
    named = names_imported(source, module, is_package)
    return sorted(name for name in named if (room := room_of(name)) and FLOOR[room] > here)


def test_no_room_names_one_above_it():
    climbing = {
        module_name(path): found
        for path in modules()
        if (found := climbs(path.read_text(), module_name(path), path.name == "__init__.py"))
    }

    assert climbing == {}


def test_every_room_is_looked_at():
    assert {room_of(module_name(path)) for path in modules()} == {*ROOMS, ROOF}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("clients.actions", "from promises.models import Promise"),
        ("clients.actions", "import promises"),
        ("clients.actions", "def later():\n    from promises import actions"),
        ("engagement.staff.models.user", "from engagement.outbox.models import Message"),
        ("engagement.staff.models.user", "from engagement import outbox"),
        ("engagement.staff.models.user", "from ...outbox import models"),
        ("engagement.outbox.actions", "from clients.models import Client"),
        ("engagement.outbox.actions", "from engagement.urls import urlpatterns"),
    ],
)
def test_a_climbing_import_is_found(module, source):
    assert climbs(source, module)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("promises.actions", "from clients.models import Client"),
        ("clients.actions", "from engagement.outbox.models import Message"),
        ("engagement.outbox.actions", "from engagement.staff.models import User"),
        ("engagement.urls", "from promises import views"),
        ("clients.views.page", "from . import forms"),
    ],
)
def test_an_import_downhill_is_fine(module, source):
    assert climbs(source, module) == []
