"""Every column that holds text, and whose it is. A new one breaks the build until somebody says who may read it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, models

ROOMS = ("staff", "outbox", "clients", "promises")
TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField)

# Never read by a client: what we say among ourselves, what opens something, what is kept of others.
OURS = {
    "clients.Agreement": "document_error nonce token_hash",
    "clients.Client": "about head",
    "clients.Contact": "manner",
    "clients.Entry": "by_name data digest hash salt subject",
    "clients.OneTimeCode": "code_hash salt",
    "clients.OutsideRequest": "answer what",
    "clients.PrivateLink": "nonce token_hash",
    "clients.Renewal": "figures why",
    "clients.ScopeFile": "content name sha256",
    "clients.ScopeTemplate": "content name",
    "clients.Signature": "browser",
    "clients.Solution": "helps_when helps_when_words say title title_words words",
    "outbox.Heartbeat": "mail_error",
    "outbox.Message": "error kind occasion",
    "promises.CapacityOverride": "reason",
    "promises.InternalNote": "text",
    "promises.PastJob": "fingerprint kind owner_name",
    "promises.Promise": "our_understanding reference sentence",
    "promises.RiskReading": "sentence",
    "promises.Telling": "text",
    "promises.Upload": "content mapping name report",
    "staff.Absence": "note",
    "staff.RecoveryCode": "digest",
    "staff.SecondStep": "secret",
    "staff.Session": "address browser session_data session_key",
    "staff.User": "password",
}
# Written to be read by the client it is about, and by no other one.
THEIRS = {
    "clients.Addendum": "reason terms title",
    "clients.AddendumLine": "description service unit",
    "clients.Agreement": "closed_why",
    "clients.Client": "name",
    "clients.Contact": "email name phone role",
    "clients.Renewal": "words",
    "clients.Scope": "not_included number summary terms timeline title",
    "clients.ScopeLine": "description service unit",
    "clients.SealedDocument": "content",
    "clients.SentVersion": "content pdf",
    "clients.Signature": "address consent drawn name",
    "outbox.Message": "address body reply_to subject",
    "promises.Extension": "reason_text",
    "promises.ExtensionAnswer": "words",
    "promises.ProgressUpdate": "text",
    "promises.Promise": "client_words may_stand_in_the_way next_step waiting_for what",
    "promises.Step": "text",
    "promises.Telling": "contact_name",
    "staff.Firm": "email name phone",
    "staff.FirmLogo": "content",
    "staff.User": "email name phone title",
}
# Written by the machine and no secret: a choice, a code of a country, a hash that everybody may compare.
MACHINE = {
    "clients.Addendum": "",
    "clients.Client": "hours zone",
    "clients.Contact": "zone",
    "clients.Entry": "kind",
    "clients.Scope": "currency",
    "clients.SealCertificate": "fingerprint pem",
    "clients.SealedDocument": "fingerprint head_hash sha256",
    "clients.SentVersion": "pdf_sha256 sha256",
    "clients.Signature": "pdf_sha256 text_sha256 zone",
    "outbox.Message": "language message_id",
    "promises.Promise": "currency standing told_how zone",
    "staff.Firm": "currency holiday_region hours zone",
    "staff.FirmLogo": "sha256",
    "staff.User": "zone",
    "staff.WorkingWeek": "hours",
}
# In the values of these a person's words stand under such names.
WORDS_IN_JSON = {
    "clients.Entry": {"name", "contact", "why", "text", "browser", "title", "words", "note", "what"},
    "clients.SentVersion": {
        *("title", "name", "role", "phone", "summary", "service", "description", "unit", "turnaround", "timeline"),
        *("terms", "reason", "what", "not_included"),
    },
    "promises.Upload": {"faults", "warnings"},
}
# Two rows may not say the same.
UNIQUE = {"clients.Client.name", "clients.Scope.number", "clients.ScopeTemplate.name", "promises.Promise.reference"}
# An address that a mail goes to, and what the machine looks rows up by.
LOOKED_UP = {
    *("clients.Contact.email", "staff.User.email", "staff.Firm.email", "outbox.Message.address"),
    *("outbox.Message.reply_to", "outbox.Message.occasion", "outbox.Message.kind", "staff.User.password"),
    *("clients.Agreement.nonce", "clients.Agreement.token_hash", "clients.PrivateLink.nonce", "clients.Client.head"),
    *("clients.PrivateLink.token_hash", "clients.Entry.subject", "clients.Entry.hash", "clients.Entry.digest"),
    *("clients.Entry.salt", "clients.OneTimeCode.salt", "clients.OneTimeCode.code_hash", "clients.ScopeFile.sha256"),
    *("clients.Scope.number", "promises.PastJob.fingerprint", "staff.RecoveryCode.digest", "staff.SecondStep.secret"),
    *("staff.Session.session_data", "staff.Session.session_key"),
    *("clients.Solution.title_words", "clients.Solution.helps_when_words", "clients.Solution.words"),
}


def named(lists: dict[str, str]) -> set[str]:
    return {f"{model}.{name}" for model, names in lists.items() for name in names.split()}


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ROOMS]


def text_fields() -> Iterator[tuple[str, Any]]:
    """Columns that hold text of any kind, but for those that hold one of a few words of ours."""
    for model in our_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXT) and not field.choices:
                yield f"{model._meta.label}.{field.name}", field


def free_texts() -> dict[str, Any]:
    """Where a person's own words stand, and may be any."""
    holds = {name: field for name, field in text_fields() if name not in named(MACHINE) | LOOKED_UP}
    return {
        name: field for name, field in holds.items() if not isinstance(field, models.BinaryField | models.JSONField)
    }


Say = Callable[[str, Any, int], str]


def fill(say: Say) -> dict[str, str]:
    """Puts other words into every text of every row, behind the back of all doors. Answers with what stands where."""
    said: dict[str, str] = {}
    with no_triggers(), connection.cursor() as cursor:
        for name, field in free_texts().items():
            label = name.rpartition(".")[0]
            meta = apps.get_model(label)._meta
            table, column, key = map(connection.ops.quote_name, (meta.db_table, field.column, meta.pk.column))
            cursor.execute(f"SELECT {key} FROM {table} ORDER BY {key}")
            for at, (pk,) in enumerate(cursor.fetchall()):
                most = field.max_length or 100_000
                text = say(name, field, pk)[: most - 12 if name in UNIQUE else most]
                text += f" n{at}" if name in UNIQUE else ""
                cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [text, pk])
                said[f"{name} {pk}"] = text
        for label, names in WORDS_IN_JSON.items():
            for name, field in text_fields():
                if name.startswith(f"{label}.") and isinstance(field, models.JSONField):
                    _fill_json(cursor, name, field, names, say, said)
    return said


def _fill_json(cursor: Any, name: str, field: Any, names: set[str], say: Say, said: dict[str, str]) -> None:
    model = apps.get_model(name.rpartition(".")[0])
    table, column, key = map(connection.ops.quote_name, (model._meta.db_table, field.column, model._meta.pk.column))

    def put(value: Any, inside: bool, pk: int) -> Any:
        if isinstance(value, dict):
            return {word: put(each, inside or word in names, pk) for word, each in value.items()}
        if isinstance(value, list):
            return [put(each, inside, pk) for each in value]
        if not inside or not isinstance(value, str) or not value:
            return value
        text = say(name, field, pk)[:300]
        said[f"{name} {pk} {len(said)}"] = text
        return text

    for pk, value in model._default_manager.values_list("pk", field.name):
        changed = json.dumps(put(value, False, pk))
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [changed, pk])


@contextmanager
def no_triggers() -> Iterator[None]:
    """What may not be changed is changed for once. To be used inside a transaction that is taken back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [(name, sql) for name, sql in cursor.fetchall() if "_fts" not in name]
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def squeezed(text: str) -> str:
    """As it is read aloud: white space, and what leaves no ink, counts as one space."""
    return re.sub(r"[\s\x00-\x1f\u200b]+", " ", text).strip()
