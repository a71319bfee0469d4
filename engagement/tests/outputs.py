"""Every answer of the product, asked of the resolver: what a page says beside its words, for tests of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.db import connection

from engagement.tests.matrix import World, addresses, holds_token, undone

# As whom an address is asked: who gets furthest there, and who gets nowhere.
BEHIND_TOKENS = ("link", "signing", "signed", "passed", "nobody")
OURS = ("manager", "nobody")
WITH_ADDRESS = ("href", "src", "action", "formaction", "poster", "data", "srcset", "xlink:href", "ping", "background")
CODE = re.compile(r"^[\s\x00-\x20]*(javascript|vbscript|data(?!:,))\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    route: str
    method: str
    role: str
    path: str
    response: Any

    def __str__(self) -> str:
        return f"{self.method} {self.route} as {self.role}: {self.response.status_code}"

    @property
    def html(self) -> str:
        is_page = not self.response.streaming and self.response.headers.get("Content-Type", "").startswith("text/html")
        return self.response.content.decode() if is_page else ""


def roles_for(route: str) -> tuple[str, ...]:
    if holds_token(route):
        return BEHIND_TOKENS
    if route.startswith("admin/"):
        return ("admin",)
    return ("admin", "nobody") if route.startswith(("people/", "firm/")) else OURS


ADMIN = ("admin/", "admin/login/", "admin/promises/promise/", "admin/promises/promise/add/")


def is_asked(route: str) -> bool:
    """In a plain run. The pages that the framework makes are many, and alike."""
    is_one = route in ADMIN or route.startswith("admin/promises/promise/<path:object_id>/")
    return is_one or not route.startswith("admin/")


def every_path(world: World, admin: bool = True) -> list[tuple[str, str, str]]:
    """Address, who asks, and what they ask for."""
    routes = [route for route in addresses() if admin or is_asked(route)]
    return [(route, role, world.path(route, role)) for route in routes for role in roles_for(route)]


def every_answer(world: World, paths: list[tuple[str, str, str]] | None = None) -> Iterator[Answer]:
    """To being looked at, and to being sent nothing. Whatever is written by asking is taken back."""
    for route, role, path in every_path(world) if paths is None else paths:
        # What the framework's own pages do with what is sent is not ours to ask of each of them.
        for method in ("GET",) if route.startswith("admin/") or role == "nobody" else ("GET", "POST"):
            with undone():
                yield Answer(route, method, role, path, world.ask(method, path, role))


def count_from(first: int, apart: int = 0) -> list[tuple[str, Any]]:
    """Rows are numbered from here on, each table's `apart` from the last. Answers with how they were numbered."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
            before = cursor.fetchall()
            for at, (name, _last) in enumerate(before):
                cursor.execute("SELECT setval(%s::regclass, %s)", [f'"{name}"', first + at * apart])
            return before
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        before = cursor.fetchall()
        cursor.execute("DELETE FROM sqlite_sequence")
        for at, table in enumerate(connection.introspection.table_names(cursor)):
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first + at * apart])
        return before


def count_back(before: list[tuple[str, Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name, last in before:
                cursor.execute("SELECT setval(%s::regclass, %s, %s)", [f'"{name}"', last or 1, last is not None])
            return
        cursor.execute("DELETE FROM sqlite_sequence")
        for name, seq in before:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, seq])


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.code: list[str] = []
        self._open = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        (self.code if self._open else self.texts).append(data)


def inline_code(html: str) -> list[str]:
    """Whatever would need 'unsafe-inline', and whatever comes from elsewhere."""
    page = Tags(html)
    found = [text.strip()[:80] for text in page.code if text.strip()]
    for tag, attributes in page.tags:
        if tag in ("style", "base", "object", "embed", "iframe", "applet") or (
            tag == "script" and "src" not in attributes
        ):
            found.append(f"<{tag}>")
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc"):
                found.append(f"<{tag} {name}={value[:60]!r}>")
            if name in WITH_ADDRESS and CODE.match(value):
                found.append(f"<{tag} {name}={value[:60]!r}>")
            if name in ("src", "srcset", "data", "poster") or (name == "href" and tag in ("link", "use", "image")):
                found += [f"<{tag} {name}={value[:60]!r}>"] if re.match(r"\s*([a-z]+:)?//", value) else []
        if attributes.get("http-equiv", "").lower() in ("refresh", "set-cookie", "content-security-policy"):
            found.append(f"<meta http-equiv={attributes['http-equiv']!r}>")
    return found
