"""Who is there before the first promise: the firm, its people and their weeks, the clients and their papers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from clients.actions import make_client, make_link, renew_link, revoke_link, save_contact
from clients.models import Client, Contact, PrivateLink, Scope
from engagement.staff.models import Absence, Firm, Role, User, WorkingWeek
from promises.demo import data
from promises.demo.stage import count_working_days

FURTHEST_BACK = 136
FURTHEST_AHEAD = 45
# Before the first promise.
OPENING = 135


@dataclass
class Cast:
    firm: Firm
    days: dict[int, date]
    people: dict[str, User] = field(default_factory=dict)
    clients: list[Client] = field(default_factory=list)
    contacts: dict[int, list[Contact]] = field(default_factory=dict)
    scopes: dict[int, list[Scope]] = field(default_factory=dict)
    links: dict[int, PrivateLink] = field(default_factory=dict)


def assemble(now: datetime) -> Cast:
    firm, _made = Firm.objects.get_or_create(
        pk=1,
        defaults={
            "name": data.FIRM,
            "email": f"office@{data.DOMAIN}",
            "phone": "021 555 0100",
            "zone": data.ZONE,
            "holiday_region": "ZA",
            "currency": "ZAR",
        },
    )
    cast = Cast(firm, count_working_days(firm, now, FURTHEST_BACK, FURTHEST_AHEAD))
    opened = _morning(cast, -OPENING)
    _people(cast, opened)
    for customer in data.CUSTOMERS:
        _client(cast, customer, opened)
    _links(cast)
    return cast


def away(cast: Cast) -> list[tuple[User, date, date, User]]:
    people, days = cast.people, cast.days
    plan = [
        ("thandi", -75, -66, "pieter", "Leave"),
        ("naledi", -41, -37, "thandi", "Leave"),
        ("mara", -20, -18, "ayanda", "Conference in Durban"),
        ("pieter", 8, 12, "naledi", "Leave"),
        ("thandi", 5, 5, "naledi", "School concert"),
    ]
    found = []
    for who, first, last, by, note in plan:
        Absence.objects.create(
            user=people[who], first_day=days[first], last_day=days[last], cover=people[by], note=note
        )
        found.append((people[who], days[first], days[last], people[by]))
    return found


def _morning(cast: Cast, day: int) -> datetime:
    return datetime.combine(cast.days[day], time(8, 30), tzinfo=cast.firm.zoneinfo)


def _people(cast: Cast, opened: datetime) -> None:
    # One hash for all of them: hashing is slow on purpose, and the password is printed anyway.
    hashed = ""
    for person in data.PEOPLE:
        user = User.objects.filter(email__iexact=person.email).first() or User(email=person.email)
        if not hashed:
            user.set_password(data.PASSWORD)
            hashed = user.password
        user.password, user.name, user.title, user.phone = hashed, person.name, person.title, person.phone
        user.role, user.zone = person.role, data.ZONE
        if person.role == Role.STAFF:
            user.manager = cast.people["mara"]
        user.save()
        User.objects.filter(pk=user.pk).update(joined_at=opened)
        if person.hours:
            day = [list(span) for span in person.hours]
            WorkingWeek.objects.create(
                user=user,
                valid_from=opened.date() - timedelta(days=30),
                hours=[day, day, day, day, day, [], []],
                share=Decimal(person.share),
            )
        cast.people[person.key] = user


def _client(cast: Cast, customer: data.Customer, opened: datetime) -> None:
    lead = cast.people[customer.lead]
    client = Client(
        name=customer.name,
        zone=customer.zone,
        language=customer.language,
        lead=lead,
        restricted=customer.restricted,
        about=customer.about,
        word_on=customer.word_on,
        word_every_days=customer.word_every_days,
    )
    make_client(client, lead, opened)
    client.members.set(cast.people[member] for member in customer.members)
    cast.clients.append(client)
    cast.contacts[client.pk] = [_contact(client, customer, someone, lead, opened) for someone in customer.contacts]


def _contact(client: Client, customer: data.Customer, someone: data.Someone, lead: User, opened: datetime) -> Contact:
    good_from, good_until = (time.fromisoformat(clock) for clock in someone.good) if someone.good else (None, None)
    contact = Contact(
        client=client,
        name=someone.name,
        role=someone.role,
        email=f"{someone.name.removeprefix('Dr ').split()[0].lower()}@{customer.host}",
        phone=someone.phone,
        channel=someone.channel,
        good_from=good_from,
        good_until=good_until,
        zone=someone.zone,
        language=someone.language,
        manner=someone.manner,
    )
    save_contact(contact, lead, opened)
    return contact


def _links(cast: Cast) -> None:
    """Most clients hold a link to their page; one was renewed, one was closed."""
    for place, client in enumerate(cast.clients):
        contact = cast.contacts[client.pk][0]
        if client.restricted or not client.lead:
            continue
        made = _morning(cast, -60 - place)
        link = make_link(client, client.lead, made, contact=contact)
        if place == 1:
            link = renew_link(link, client.lead, _morning(cast, -30))
        if place == 5:
            spare = make_link(client, client.lead, made, contact=cast.contacts[client.pk][1])
            revoke_link(spare, client.lead, _morning(cast, -12))
        cast.links[client.pk] = link
