"""A client out of what may be very many. A page never reads, nor shows, more of them than fit it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clients.models import Client

# So many are chosen from a list. Of more, the name is typed, or the beginning of it.
MOST_LISTED = 100
# So many of those that may be meant are named.
MOST_MEANT = 8
# More figures than any key of ours has.
LONGEST_KEY = 19
# PostgreSQL takes it in no text, so nobody's name has it.
NUL = "\0"

Named = tuple[int, str]


@lru_cache(maxsize=16)
def _options(lines: tuple[tuple[str, str], ...]) -> str:
    """The lines of a list, none of them chosen. People and clients are the same from one page to the next."""
    return str(format_html_join("", '<option value="{}">{}</option>', lines))


class QuickSelect(forms.Select):
    """A list to choose from, written in one go: Django itself takes a template for every line of it."""

    def __init__(self, named: Iterable[Named] = (), empty_label: Any = None, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.named, self.empty_label = named, empty_label

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = {**self.build_attrs(self.attrs, attrs), "name": name}
        lines = [(str(pk), str(label)) for pk, label in self.named]
        if self.empty_label is not None:
            lines.insert(0, ("", str(self.empty_label)))
        options = _options(tuple(lines))
        # As it stands in there: a quotation mark of a label is written in another way.
        chosen = format_html('<option value="{}"', value or "")
        options = options.replace(f"{chosen}>", f"{chosen} selected>", 1)
        return format_html("<select{}>{}</select>", SafeString(flatatt(given)), SafeString(options))


class ClientField(forms.Field):
    """A client out of those that `offer` names: from a list, or by its name where there are too many for one.

    The number of a client is as good as its name: addresses and lists say the number. Where something is done for the
    client, a part of the name is not enough (`in_full`): nobody is chosen silently.
    """

    default_error_messages = {
        "unknown": _("No client is called “%(typed)s”. Check the name, or type a part of it"),
        "several": _("Several clients may be meant by “%(typed)s”: %(names)s. Type more of the name"),
        "in_full": _("No client is called “%(typed)s”, but: %(names)s. Type the name in full"),
    }

    def __init__(self, label: Any, *, empty_label: Any, in_full: bool = False, **kwargs: Any) -> None:
        super().__init__(label=label, widget=ClientWidget(empty_label), **kwargs)
        self.in_full = in_full
        self.clients: QuerySet[Client] = Client.objects.none()
        # One that has been looked up, and looked at, already.
        self.known: Client | None = None

    def offer(self, clients: QuerySet[Client]) -> None:
        self.clients = clients
        assert isinstance(self.widget, ClientWidget)
        self.widget.field = self

    @cached_property
    def listed(self) -> list[Named] | None:
        """All of them, or None where they are too many for a list."""
        # In no order: to find the first by name, all would be read.
        found = list(self.clients.order_by().values_list("pk", "name")[: MOST_LISTED + 1])
        return sorted(found, key=lambda named: named[1].casefold()) if len(found) <= MOST_LISTED else None

    def to_python(self, value: Any) -> Client | None:
        typed = " ".join(str(value or "").split())
        if not typed:
            return None
        if self.known and typed == str(self.known.pk):
            return self.known
        found = self._found(typed)
        if not found and self._is_chosen_from_a_list(typed):
            raise ValidationError(self.error_messages["required"], code="invalid_choice")
        self.known = found[0] if len(found) == 1 else self._meant(typed, found)
        return self.known

    def _found(self, typed: str) -> list[Client]:
        if not _is_number(typed):
            return self._called(typed)
        called = Q(called=Lower(Value(typed)))
        found: list[Client] = list(self.clients.alias(called=Lower("name")).filter(called | Q(pk=typed))[:3])
        named = [client for client in found if client.name == typed]
        if named and len(found) > 1 and self.in_full and self.listed is None:
            # In a box to type in, “360” is first of all the name of a client.
            return named
        return [client for client in found if str(client.pk) == str(int(typed))] or found

    def know(self, key: str) -> None:
        """An address or a button of ours says the number: there it is no name that somebody typed."""
        self.known = next(iter(self._by_number(key)), None)

    def _by_number(self, typed: str) -> list[Client]:
        return list(self.clients.filter(pk=typed)) if _is_number(typed) else []

    def _called(self, typed: str) -> list[Client]:
        if NUL in typed:
            return []
        return list(self.clients.alias(called=Lower("name")).filter(called=Lower(Value(typed)))[:2])

    def _is_chosen_from_a_list(self, typed: str) -> bool:
        """Nothing was typed then, and a number says nothing to whoever reads it."""
        return _is_number(typed) or (self.in_full and self.listed is not None)

    def _meant(self, typed: str, found: list[Client]) -> Client:
        if not found and NUL not in typed:
            found = list(self.clients.matching(typed).order_by("name", "pk")[: MOST_MEANT + 1])  # type: ignore[attr-defined]
        if len(found) == 1 and not self.in_full:
            return found[0]
        cause = "unknown" if not found else "in_full" if self.in_full else "several"
        names = ", ".join(client.name for client in found[:MOST_MEANT])
        raise ValidationError(
            self.error_messages[cause], code="invalid_choice", params={"typed": typed, "names": names}
        )

    def name_of(self, value: Any) -> str:
        """What stands in the box: the name of a client that was chosen by its number, or what was typed."""
        if self.known and str(value).casefold() in (str(self.known.pk), self.known.name.casefold()):
            return self.known.name
        found = self._by_number(str(value or ""))
        return found[0].name if found else str(value or "")


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < LONGEST_KEY


class ClientWidget(forms.Select):
    def __init__(self, empty_label: Any) -> None:
        super().__init__()
        self.empty_label = empty_label
        self.field: ClientField | None = None

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = self.field
        listed = field.listed if field else []
        if listed is not None:
            chosen = field.known.pk if field and field.known else value
            return QuickSelect(listed, self.empty_label, self.attrs).render(name, chosen, attrs, renderer)
        assert field
        given = {**self.build_attrs(self.attrs, attrs), "name": name, "type": "search", "autocomplete": "off"}
        # It is no list to look at, either.
        given["class"] = str(given.get("class", "")).replace("form-select", "form-control")
        return format_html('<input{} value="{}">', SafeString(flatatt(given)), field.name_of(value))
