"""Fills an empty PostgreSQL database with promises: `python bench/generate.py SIZE [--skewed]` into DATABASE_URL.

Sizes are numbers of promises: 1000, 10000, 100000, 1000000, or any other from a thousand on. The same size, seed and
moment make the same promises. A million take a few minutes.

Three tenths of them are open, half a year's work of a firm that lost its grip: a stress case, hardly a firm's. Clients,
owners and days are spread unevenly, as they are in life; `--skewed` makes it worse: one client has a fifth of all, one
owner a tenth, and one in twenty falls due within one hour of one day.

The first hundred promises belong to one ordinary owner and the next two hundred to one ordinary client. They are the
same in every size, so that pages with the same on them can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tqdm import tqdm

ZONE = "Africa/Johannesburg"
FIRST_OWNER = 1000
BOSS, BIG_CLIENT = 1, 1
BOSS_EMAIL, PASSWORD = "boss@word.example", "a long enough password"
OF_ORDINARY_OWNER, OF_ORDINARY_CLIENT = 100, 300
SCOPES_EACH = 5
UPDATES_EACH = 5
SMALLEST = 1000
# The middle estimate. With four hours each, the open promises alone would take every owner two years.
HOURS = 0.2
SEED = 4
ROWS_AT_ONCE = 20_000

LOREM = (
    "The drawings of the second floor are with the engineer, who answers by Thursday. We have asked the supplier for "
    "the finish that you chose and hold the older one in reserve. Two of the five sheets are done, the third waits for "
    "the measurements of the stairs. Nothing speaks against the date so far. The text was read once more from end to "
    "end, and the remarks of your colleagues are in it. What is open is the list of rooms; it comes with the next "
    "delivery. The makers have confirmed the price and the week. We went through the contract with the landlord and "
    "found one clause that needs your word. The photographs are chosen and their rights are cleared. The site is "
    "measured, the plan is drawn anew, and the permit was handed in this morning. Somebody will call you about the "
    "colours. All papers of the quarter are booked, and the figures agree with those of the bank."
)
TITLES = (
    "Shop fittings drawings", "Quotation for the stairs", "Measure the site", "Lease, remarks of the landlord",
    "Annual accounts, first draft", "Permit for the canopy", "Photographs of the range", "Second round of changes",
    "Translation of the manual", "Price list for the season", "Answer to the tax office", "Plan of the ground floor",
    "Report on the damp wall", "Contract with the carrier", "Website, page of the makers", "Catalogue, proofs",
)  # fmt: skip

GAUSS = "(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))"
EXPONENTIAL = "(-ln(1 - random()))"

CLIENTS = """
INSERT INTO clients_client (
    id, name, zone, language, restricted, about, made_at, entries, head, lead_id, word_every_days, last_word_at,
    next_word_at)
SELECT number, 'Client ' || number, %(zone)s, 'en', false, '', %(began)s, 0, '',
    %(first_owner)s + number %% %(owners)s, CASE WHEN has_cadence THEN 7 END, last_word_at,
    CASE WHEN has_cadence THEN last_word_at + interval '7 days' END
FROM (
    SELECT number, random() >= 0.25 AS has_cadence, %(now)s - 5 * {exp} * interval '1 day' AS last_word_at
    FROM generate_series(1, %(clients)s) AS number
) AS drawn
"""
CONTACTS = """
INSERT INTO clients_contact (
    id, client_id, name, role, email, phone, channel, zone, language, manner, is_main)
SELECT id, id, 'Lena ' || id, 'Owner', 'lena' || id || '@client.example', '021 555 0134', 'email', '', '', '', true
FROM clients_client
"""
AGREEMENTS = """
INSERT INTO clients_agreement (
    id, kind, state, version, by_mail, closed_why, nonce, token_hash, nudges, document_tries, document_error, made_at,
    client_id)
SELECT number, 'scope', 'signed', 1, true, '', md5('scope ' || number), '', 0, 0, '', %(began)s,
    1 + (number - 1) / %(scopes_each)s
FROM generate_series(1, %(clients)s * %(scopes_each)s) AS number
"""
# Signed on paper. One in fifty ends within the days in which a renewal is to be decided.
SCOPES = """
INSERT INTO clients_scope (
    id, number, title, signed_on, made_at, client_id, currency, starts_on, ends_on, not_included, summary, terms,
    timeline, agreement_id)
SELECT id, 'S-' || id, 'Scope ' || id, %(began)s::date, %(began)s, client_id, 'EUR', %(began)s::date,
    CASE WHEN random() < 0.02 THEN (%(now)s + 60 * random() * interval '1 day')::date END, '', '', '', '', id
FROM clients_agreement
"""
# 15 % of what is open is overdue, a third of that with the client's knowledge; 20 % is due within three days. Estimates
# and dates are log-normal. A date has an hour, and day and hour are those of the instant in the client's zone.
PROMISES = """
INSERT INTO promises_promise (
    id, client_id, contact_id, scope_id, owner_id, made_by_id, made_at, what, client_words, our_understanding,
    may_stand_in_the_way, next_step, zone, first_due_on, first_due_time, first_due_at, due_on, due_time, due_at, moves,
    estimate_hours, hours_left, hours_taken, currency, standing, per_cent, last_update_at, waiting_for, waiting_since,
    told_at, told_how, tell_by_at, band, sentence, next_look_at, slipped_at, delivered_at, withdrawn_at, ended_at,
    outcome, days_early, days_late, counted_on)
SELECT number, client, client, (client - 1) * %(scopes_each)s + 1 + floor(%(scopes_each)s * for_scope)::int, owner,
    owner, made_at, (%(titles)s::text[])[1 + number %% %(many_titles)s] || ', part ' || number, '', '', '', '',
    %(zone)s, due_on, due_time, due_at, due_on, due_time, due_at, 0, estimate,
    CASE WHEN ended_at IS NULL THEN round((estimate * left_of_it)::numeric, 2) END,
    CASE WHEN is_delivered THEN least(9999, greatest(0.05, round((estimate * exp(0.6 * overrun))::numeric, 2))) END,
    '', CASE WHEN is_delivered THEN 'done' ELSE 'on_track' END, CASE WHEN is_delivered THEN 100 END,
    coalesce(ended_at, greatest(made_at, %(now)s - word * interval '1 day')),
    CASE WHEN is_waiting THEN 'The list of rooms' ELSE '' END, CASE WHEN is_waiting THEN made_at END,
    CASE WHEN is_told THEN due_at - interval '6 hours' END, CASE WHEN is_told THEN 'call' ELSE '' END,
    due_at - greatest(interval '1 day', (due_at - made_at) * 0.2), 'on_track', '',
    CASE WHEN ended_at IS NULL THEN %(now)s END,
    CASE WHEN is_late AND NOT is_told THEN due_at END,
    CASE WHEN is_delivered THEN ended_at END, CASE WHEN NOT is_delivered THEN ended_at END, ended_at,
    CASE WHEN NOT is_delivered THEN '' WHEN NOT is_late THEN 'kept' WHEN is_told THEN 'late_told'
        ELSE 'late_silent' END,
    CASE WHEN is_delivered THEN greatest(0, due_on - ended_on) END,
    CASE WHEN is_delivered THEN greatest(0, ended_on - due_on) END,
    CASE WHEN is_delivered THEN ended_on END
FROM (
    SELECT *, is_delivered AND ended_on > due_on AS is_late,
        for_told < CASE WHEN is_delivered AND ended_on > due_on THEN 0.4
            WHEN ended_at IS NULL AND due_at <= %(now)s THEN 0.33 ELSE 0 END AS is_told,
        ended_at IS NULL AND for_waiting < 0.03 AS is_waiting
    FROM (
        SELECT *, ended_at IS NOT NULL AND status < 0.95 AS is_delivered,
            (due_at AT TIME ZONE %(zone)s)::date AS due_on, (due_at AT TIME ZONE %(zone)s)::time AS due_time,
            (ended_at AT TIME ZONE %(zone)s)::date AS ended_on
        FROM (
            SELECT *, CASE
                WHEN status < 0.3 THEN least(%(now)s, due_at) - (1 + 20 * span) * interval '1 day'
                ELSE due_at - (15 + 20 * span) * interval '1 day' END AS made_at,
                CASE WHEN status >= 0.3 THEN greatest(due_at - interval '14 days', least(%(now)s, due_at + interval
                    '1 day' * delay * CASE WHEN status < 0.95 AND for_late >= 0.77 THEN 2 ELSE -2 END)) END AS ended_at
            FROM (
                SELECT number, status, span, delay, for_late, for_told, for_waiting, for_scope, word, left_of_it,
                    overrun, least(round((exp(ln(%(hours)s) + size))::numeric, 2) + 0.05, 9999) AS estimate,
                    CASE WHEN number <= %(of_owner)s THEN %(last_owner)s
                        WHEN %(skewed)s AND for_owner < 0.1 THEN %(first_owner)s
                        ELSE %(first_owner)s + floor((%(owners)s - 1) * power(owner_place, 1.5))::int END AS owner,
                    CASE WHEN number > %(of_owner)s AND number <= %(of_client)s THEN %(clients)s
                        WHEN for_client < %(big_share)s THEN 1
                        ELSE 2 + floor((%(clients)s - 2) * power(client_place, 2))::int END AS client,
                    date_trunc('minute', CASE
                        WHEN status >= 0.3 THEN %(now)s - 1000 * day * interval '1 day'
                        WHEN %(skewed)s AND for_burst < 1 / 6.0 THEN %(burst)s + day * interval '1 hour'
                        WHEN place < 0.15 THEN %(now)s - 10 * away * interval '1 day'
                        WHEN place < 0.35 THEN %(now)s + 3 * day * interval '1 day'
                        ELSE %(now)s + least(900, 3 + exp(2.7 + 0.9 * far)) * interval '1 day' END) AS due_at
                FROM (
                    SELECT number, random() AS status, random() AS place, random() AS day, {exp} AS away,
                        {gauss} AS far, random() AS span, {exp} AS delay, random() AS for_late, random() AS for_told,
                        random() AS for_waiting, random() AS for_scope, 5 * {exp} AS word,
                        1.2 * random() AS left_of_it, {gauss} AS overrun, {gauss} AS size, random() AS for_owner,
                        random() AS owner_place, random() AS for_client, random() AS client_place,
                        random() AS for_burst
                    FROM generate_series(1, %(size)s) AS number
                ) AS drawn
            ) AS dated
        ) AS made
    ) AS ended
) AS known
ORDER BY number
"""
UPDATES = """
INSERT INTO promises_progressupdate (promise_id, standing, per_cent, hours_left, text, by_id, at)
SELECT id, CASE WHEN is_last THEN standing ELSE 'on_track' END, CASE WHEN is_last THEN per_cent END,
    CASE WHEN is_last THEN hours_left END,
    substr(%(lorem)s, 1 + floor(random() * 400)::int, 45 + floor(random() * 276)::int), owner_id,
    made_at + (last_update_at - made_at) * turn / %(updates_each)s
FROM (
    SELECT *, turn = %(updates_each)s AS is_last
    FROM promises_promise CROSS JOIN generate_series(1, %(updates_each)s) AS turn
    WHERE id BETWEEN %(first)s AND %(last)s
) AS said
ORDER BY id, turn
"""
TELLINGS = """
INSERT INTO promises_telling (
    promise_id, kind, about_due_at, contact_id, contact_name, channel, spoken_at, text, by_id, at)
SELECT id, 'may_be_late', due_at, contact_id, 'Lena ' || contact_id, 'call', told_at, '', owner_id, told_at
FROM promises_promise WHERE told_at IS NOT NULL ORDER BY id
"""
PAST_JOBS = """
INSERT INTO promises_pastjob (
    owner_id, owner_name, kind, estimate_hours, actual_hours, made_on, finished_on, working_days, days_given,
    hours_a_day, fingerprint, promise_id)
SELECT owner_id, person.name, '', estimate_hours, hours_taken, made_on, finished_on, (finished_on - made_on) * 5 / 7.0,
    (due_on - made_on) * 5 / 7.0, 5.6, '', held.id
FROM (
    SELECT *, (made_at AT TIME ZONE zone)::date AS made_on, (delivered_at AT TIME ZONE zone)::date AS finished_on
    FROM promises_promise WHERE delivered_at IS NOT NULL
) AS held JOIN staff_user AS person ON person.id = owner_id
ORDER BY held.id
"""
TALLIES = """
INSERT INTO promises_outcometally (day, outcome, count, early, days_early)
SELECT counted_on, outcome, count(*), count(*) FILTER (WHERE days_early > 0), coalesce(sum(days_early), 0)
FROM promises_promise WHERE counted_on IS NOT NULL GROUP BY counted_on, outcome ORDER BY counted_on, outcome
"""
# What was given its key by hand: the next row made by the product goes on from there.
COUNTERS = """
SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))
"""
BEGUN = """
SELECT client_id, made_at, 'scope ' || id, 'scope_made',
    json_build_object('number', number, 'title', title, 'signed_on', signed_on)::text, ''
FROM clients_scope
UNION ALL
SELECT held.client_id, held.made_at, 'promise ' || held.id, 'made', json_build_object('what', what, 'owner',
    person.name, 'due', to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), 'on', due_on)::text,
    person.name
FROM promises_promise AS held JOIN staff_user AS person ON person.id = owner_id
ORDER BY 1, 2, 3
"""
OF_ENTRY = ("client_id", "seq", "subject", "kind", "at", "by_name", "data", "salt", "digest", "hash")
KEYED = (
    "staff_user", "clients_client", "clients_contact", "clients_agreement", "clients_scope", "promises_promise",
)  # fmt: skip


# The place and the hash of the last entry in a client's record.
Head = tuple[int, str]


class NotEmpty(Exception):
    """There is something in the database already."""


@dataclass(frozen=True)
class Plan:
    """What is to be made."""

    size: int
    now: datetime
    skewed: bool = False
    hours: float = HOURS
    seed: int = SEED

    @property
    def owners(self) -> int:
        return min(500, max(20, self.size // 1000))

    @property
    def clients(self) -> int:
        return max(10, self.size // 100)

    @property
    def ordinary_owner(self) -> int:
        return FIRST_OWNER + self.owners - 1

    @property
    def ordinary_client(self) -> int:
        return self.clients

    @property
    def burst(self) -> datetime:
        """The hour of the day after tomorrow in which so much falls due."""
        return (self.now + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)

    @property
    def values(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "now": self.now,
            "began": self.now - timedelta(days=1100),
            "burst": self.burst,
            "skewed": self.skewed,
            "big_share": 0.2 if self.skewed else 0.1,
            "hours": self.hours,
            "owners": self.owners,
            "first_owner": FIRST_OWNER,
            "last_owner": self.ordinary_owner,
            "clients": self.clients,
            "of_owner": OF_ORDINARY_OWNER,
            "of_client": OF_ORDINARY_CLIENT,
            "scopes_each": SCOPES_EACH,
            "updates_each": UPDATES_EACH,
            "zone": ZONE,
            "titles": list(TITLES),
            "many_titles": len(TITLES),
            "lorem": LOREM,
        }


def fill(plan: Plan, *, bar: bool = True) -> None:
    """Into the database that Django is connected to: migrated, and empty."""
    from django.db import connection, transaction

    assert plan.size >= SMALLEST
    must_be_empty()
    steps = tqdm(
        total=plan.size * 3 + plan.clients * SCOPES_EACH,
        unit="row",
        unit_scale=True,
        disable=None if bar else True,
        leave=False,
    )
    with steps, transaction.atomic(), connection.cursor() as cursor:
        _without_checks(cursor)
        # One process draws from one seed: the same promises each time.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SELECT setseed(%s)", [plan.seed / 10])
        steps.set_description("people and clients")
        _put_people(plan)
        for statement in (CLIENTS, CONTACTS, AGREEMENTS, SCOPES):
            cursor.execute(statement.format(exp=EXPONENTIAL), plan.values)
        _put_links(plan)
        steps.set_description("promises")
        # Anew, so that the first of them do not depend on how many clients there are.
        cursor.execute("SELECT setseed(%s)", [plan.seed / 10])
        cursor.execute(PROMISES.format(gauss=GAUSS, exp=EXPONENTIAL), plan.values)
        steps.update(plan.size)
        steps.set_description("updates")
        for first in range(1, plan.size + 1, ROWS_AT_ONCE):
            last = min(plan.size, first + ROWS_AT_ONCE - 1)
            cursor.execute(UPDATES, {**plan.values, "first": first, "last": last})
            steps.update(last - first + 1)
        steps.set_description("record")
        for written in _put_entries(plan, cursor):
            steps.update(written)
        steps.set_description("figures")
        for statement in (TELLINGS, PAST_JOBS, TALLIES):
            cursor.execute(statement)
        for table in KEYED:
            cursor.execute(COUNTERS.format(table=table))


def tidy() -> None:
    """As a database is that has been up for a while. Not within a transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def must_be_empty() -> None:
    from clients.models import Client
    from engagement.staff.models import Firm, User
    from promises.models import Promise

    for model in (Firm, User, Client, Promise):
        if model.objects.exists():
            raise NotEmpty(f"This database holds {model._meta.verbose_name_plural} already. Name an empty one.")


def _without_checks(cursor: Any) -> None:
    """References are right by construction. Only a superuser may leave them unchecked; others wait a little longer."""
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:
        cursor.execute("SET LOCAL session_replication_role = replica")


def _put_people(plan: Plan) -> None:
    from django.contrib.auth.hashers import make_password

    from engagement.staff.models import Firm, Role, User

    Firm.objects.create(pk=1, name="Word & Co", email="office@word.example", zone=ZONE, holiday_region="ZA")
    # All can sign in, so that they can be written to. Their one password is hashed once.
    common: dict[str, Any] = {"zone": ZONE, "password": make_password(PASSWORD)}
    boss = User.objects.create(pk=BOSS, email=BOSS_EMAIL, name="Boss", role=Role.MANAGER, **common)
    User.objects.bulk_create(
        User(
            pk=FIRST_OWNER + number,
            email=f"o{number}@word.example",
            name=f"Owner {number}",
            manager=boss,
            **common,
        )
        for number in range(plan.owners)
    )


def _put_links(plan: Plan) -> None:
    """A private link for each client. Whoever has the installation's key can make its address again."""
    from clients.models import PrivateLink
    from clients.models.link import PURPOSE
    from clients.tokens import hashed, new_token

    draw = random.Random(plan.seed)
    PrivateLink.objects.bulk_create(
        (
            PrivateLink(
                client_id=client,
                contact_id=client,
                nonce=(nonce := f"{draw.getrandbits(256):064x}"),
                token_hash=hashed(new_token(PURPOSE, nonce)),
                made_at=plan.now,
                expires_at=plan.now + timedelta(days=180),
            )
            for client in range(1, plan.clients + 1)
        ),
        batch_size=2000,
    )


def _put_entries(plan: Plan, cursor: Any) -> Iterator[int]:
    """Each scope and promise begins in its client's record, chained as the product chains it."""
    from django.db import connection

    with connection.chunked_cursor() as begun:
        begun.execute(BEGUN)
        draw, heads = random.Random(plan.seed), dict[int, Head]()
        while rows := begun.fetchmany(ROWS_AT_ONCE):
            lines = "".join(_chained(draw, heads, *row) for row in rows)
            cursor.copy_expert(f"COPY clients_entry ({', '.join(OF_ENTRY)}) FROM STDIN", StringIO(lines))
            yield len(rows)
    seqs, hashes = zip(*heads.values(), strict=True)
    cursor.execute(
        "UPDATE clients_client AS held SET entries = given.seq, head = given.head"
        " FROM unnest(%s, %s, %s) AS given (id, seq, head) WHERE held.id = given.id",
        [list(heads), list(seqs), list(hashes)],
    )


def _chained(
    draw: random.Random, heads: dict[int, Head], client: int, at: datetime, subject: str, kind: str, data: str, by: str
) -> str:
    from clients.record import digest_of, hash_of

    seq, previous = heads.get(client, (0, ""))
    # What the product's own arithmetic reads of an entry; a model for each would take as long as all the rest.
    entry: Any = SimpleNamespace(client_id=client, seq=seq + 1, subject=subject, kind=kind, at=at, by_name=by)
    entry.data, entry.salt = json.loads(data), f"{draw.getrandbits(128):032x}"
    entry.digest = digest_of(entry)
    entry.hash = hash_of(entry, previous)
    heads[client] = entry.seq, entry.hash
    cells = (client, entry.seq, subject, kind, at.isoformat(), by, data, entry.salt, entry.digest, entry.hash)
    return "\t".join(map(str, cells)) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, metavar="SIZE", help="number of promises")
    parser.add_argument("--skewed", action="store_true", help="one client, one owner and one hour have far too much")
    parser.add_argument("--hours", type=float, default=HOURS, help="the middle estimate (default %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, choices=range(10), help="another one makes others")
    parser.add_argument(
        "--now", type=datetime.fromisoformat, help="the moment around which they lie (default: this full hour)"
    )
    given = parser.parse_args()
    if given.size < SMALLEST:
        parser.error(f"SIZE begins at {SMALLEST}.")

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    if connection.vendor != "postgresql":
        parser.error("DATABASE_URL must name a PostgreSQL database.")
    # Otherwise every statement is kept for the page of errors.
    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    now = (given.now or timezone.now().replace(minute=0, second=0, microsecond=0)).astimezone(UTC)
    try:
        fill(Plan(given.size, now, given.skewed, given.hours, given.seed))
    except NotEmpty as error:
        parser.error(str(error))
    tidy()
    sys.stdout.write(f"Made {given.size:,} promises. {BOSS_EMAIL} signs in with “{PASSWORD}”.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
