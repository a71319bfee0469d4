"""What a document is made of: plain values, every string already in the words and the language of the reader."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Firm(TypedDict):
    name: str
    email: str
    phone: str


class Client(TypedDict):
    name: str


class Contact(TypedDict):
    name: str
    role: str
    email: str


class Line(TypedDict):
    number: int
    service: str
    description: str
    quantity: str
    unit: str
    price: str
    amount: str
    turnaround: str


class Tax(TypedDict):
    number: int
    service: str
    rate: str
    amount: str


class ChangedTo(TypedDict):
    """The signed scope that an addendum changes."""

    number: str
    title: str
    signed_on: str


class Change(TypedDict):
    """`before` and `after` hold a line, or a tax with its rate."""

    number: int
    act: Literal["add", "change", "remove"]
    before: Line | Tax | None
    after: Line | Tax | None
    effect: str


class MovedDate(TypedDict):
    what: str
    old: str
    new: str


class Content(TypedDict):
    layout: int
    kind: Literal["scope", "addendum"]
    language: str
    number: str
    version: int
    title: str
    firm: Firm
    client: Client
    contact: Contact
    sent_on: str
    valid_until: str
    period: str
    summary: str
    currency: str
    lines: list[Line]
    taxes: list[Tax]
    subtotal: str
    total: str
    not_included: list[str]
    timeline: str
    terms: str
    # Of an addendum only.
    to: NotRequired[ChangedTo]
    reason: NotRequired[str]
    changes: NotRequired[list[Change]]
    total_before: NotRequired[str]
    total_after: NotRequired[str]
    effect: NotRequired[str]
    dates: NotRequired[list[MovedDate]]


Stroke = list[list[float]]


# "for" is a word of Python's own, so this one cannot be written as a class.
Signature = TypedDict(
    "Signature",
    {
        "side": Literal["client", "firm"],
        "name": str,
        "role": str,
        "for": str,
        "at": str,
        # Points [x, y] in a box of 1 by 0.4, y downwards; null when the name was typed only.
        "drawn": "list[Stroke] | None",
    },
)


class EvidenceRow(TypedDict):
    what: str
    at: str
    detail: str


class Evidence(TypedDict):
    reference: str
    text_sha256: str
    pdf_sha256: str
    chain: str
    consent: str
    rows: list[EvidenceRow]
    # Empty: the house's own sentence, which claims no more than is true.
    statement: str
    # The full address of the public page that reads a sealed document.
    verify: str
