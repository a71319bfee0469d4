"""What no page, script or setting of ours does, so that nobody has to be careful there."""

import ast
import logging
import re
import ssl
from pathlib import Path

import pytest
from django.core.mail.backends.smtp import EmailBackend

from conftest import PASSWORD
from engagement import settings as real_settings
from engagement.logs import Line

ROOT = Path(__file__).resolve().parents[2]
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
READS_OBJECTS = {"pickle", "marshal", "shelve", "dill", "yaml", "xml", "lxml"}
# Statements that are put together, and of what: names of our own tables and columns, never what was typed.
PUT_TOGETHER = {
    "clients/record.py": "names of tables and columns of models",
    "clients/solution_search.py": "constants, with what is looked for as their parameter",
    "engagement/backup/postgresql.py": "names of tables that the server listed, and statements of ours",
    "engagement/backup/sqlite.py": "names of tables of the archive itself, on a copy of it",
    "engagement/outbox/health.py": "parts that the query compiler wrote, with their parameters apart",
    "engagement/outbox/sending.py": "two constants",
    "engagement/staff/copy_in.py": "names of tables and columns of models; what is copied is no statement",
    "engagement/staff/statement.py": "what the query compiler wrote, or one of these here, with its parameters apart",
    "promises/board.py": "parts that the query compiler wrote, with their parameters apart",
    "promises/board_counts.py": "parts that the query compiler wrote, with their parameters apart",
    "promises/actions/watching.py": "a constant",
    "promises/bulk.py": "names of tables and columns of models",
    "promises/models/past_job.py": "a constant with a name",
    "promises/owed.py": "constants",
}


def code():
    for top in ("engagement", "clients", "promises"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.parts):
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(call):
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def runs_text(tree):
    return [call for call in calls(tree) if isinstance(call.func, ast.Name) and call.func.id in RUNS_TEXT]


def uses_a_shell(tree):
    named = [call for call in calls(tree) if ast.unparse(call.func) in ("os.system", "os.popen")]
    return named + [call for call in calls(tree) if any(word.arg == "shell" for word in call.keywords)]


def is_constant(node):
    return isinstance(node, ast.Constant)


def puts_sql_together(tree):
    asks = [
        call for call in calls(tree) if name_of(call) in ("execute", "executemany", "raw", "extra", "RawSQL", "SqlText")
    ]
    return [call for call in asks if call.args and not is_constant(call.args[0])]


def test_no_text_is_run_as_code():
    assert {place for place, tree in code() if runs_text(tree)} == set()


def test_no_text_becomes_an_object_of_its_own_choice():
    assert {place: names for place, tree in code() if (names := READS_OBJECTS & set(imported(tree)))} == {}


def test_no_program_is_started_through_a_shell():
    assert {place for place, tree in code() if uses_a_shell(tree)} == set()


def test_every_statement_that_is_put_together_says_of_what():
    assert {place for place, tree in code() if puts_sql_together(tree)} == set(PUT_TOGETHER)


@pytest.mark.parametrize(
    ("find", "source"),
    [
        (runs_text, "eval(typed)"),
        (uses_a_shell, "subprocess.run(typed, shell=True)"),
        (uses_a_shell, "os.system(typed)"),
        (puts_sql_together, "cursor.execute(f'SELECT {typed}')"),
        (puts_sql_together, "Promise.objects.raw('SELECT ' + typed)"),
    ],
)
def test_such_a_thing_would_be_found(find, source):
    assert find(ast.parse(source))


@pytest.mark.parametrize(
    "never",
    [
        r"\beval\(|new Function|document\.write|\bsetTimeout\(\s*[\"'`]",
        r"postMessage|addEventListener\(\s*[\"']message",
        r"localStorage|sessionStorage|indexedDB|document\.cookie",
        r"__proto__|\.prototype\b|setPrototypeOf",
    ],
)
def test_no_script_of_ours_runs_text_listens_to_other_pages_or_keeps_anything(never):
    scripts = list((ROOT / "static" / "js").glob("*.js"))

    assert scripts
    assert [path.name for path in scripts if re.search(never, path.read_text())] == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/healthz", "/verify/", "/no/such/page"])
def test_what_is_sent_along_is_not_read_back(client, path):
    response = client.generic("TRACE", path, HTTP_X_SECRET="a-secret-of-the-proxy", HTTP_COOKIE="session=abc")

    assert response.status_code in (302, 404, 405)
    assert b"a-secret-of-the-proxy" not in response.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/", "/static/js/", "/.git/config", "/.env", "/manage.py", "/static/../.env"])
def test_no_folder_is_listed_and_no_source_is_served(client, path):
    assert client.get(path).status_code in (302, 404)
    assert b"SECRET" not in client.get(path, follow=True).content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in/", "/healthz/deep", "/verify/"])
def test_no_other_site_is_let_in(client, path):
    response = client.get(path, HTTP_ORIGIN="https://elsewhere.example")

    assert not [name for name in response.headers if name.startswith("Access-Control")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/sign-in/", "text/html; charset=utf-8"),
        ("/healthz", "text/plain"),
        ("/healthz/deep", "application/json"),
        ("/no/such/page", "text/html; charset=utf-8"),
    ],
)
def test_every_answer_says_what_it_is(client, path, kind):
    assert client.get(path).headers["Content-Type"] == kind


@pytest.mark.django_db
def test_a_limit_that_is_reached_is_one_line_of_the_log(client, thandi, caplog):
    with caplog.at_level(logging.WARNING, "engagement.staff.throttle"):
        for _try in range(13):
            client.post("/sign-in/", {"username": thandi.email, "password": "a wrong password"})

    lines = [record.getMessage() for record in caplog.records if record.name == "engagement.staff.throttle"]
    assert lines == ["A limit is reached: address, 10 tries."]


@pytest.mark.django_db
def test_every_cookie_is_for_us_alone(client, thandi):
    client.get("/sign-in/")
    client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD})

    assert {name: (cookie["samesite"], cookie["httponly"]) for name, cookie in client.cookies.items()} == dict.fromkeys(
        client.cookies, ("Lax", True)
    )
    assert {"sessionid", "csrftoken"} <= client.cookies.keys()


@pytest.mark.django_db
def test_a_session_is_named_by_more_than_128_bits(client, thandi):
    names = []
    for _time in range(2):
        client.cookies.clear()
        client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD})
        names.append(client.cookies["sessionid"].value)

    assert names[0] != names[1]
    # Letters and figures: more than five bits each.
    assert all(re.fullmatch(r"[a-z0-9]{26,}", name) for name in names)


def test_the_log_speaks_utc():
    record = logging.makeLogRecord(
        {"created": 0, "msecs": 0, "msg": "Begun.", "levelname": "INFO", "name": "engagement"}
    )

    assert Line().format(record).startswith("1970-01-01 00:00:00,000 INFO engagement Begun.")


def test_passwords_are_kept_as_the_framework_advises():
    # None of our own: Django raises the rounds with each release.
    assert not hasattr(real_settings, "PASSWORD_HASHERS")


def test_a_mail_server_has_to_prove_who_it_is():
    context = EmailBackend(use_tls=True).ssl_context

    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.django_db
def test_who_came_in_and_who_was_not_let_in_is_a_line_of_the_log(client, thandi, caplog):
    with caplog.at_level(logging.INFO, "engagement.security_log"):
        client.post("/sign-in/", {"username": thandi.email, "password": "hunter2-hunter2"})
        client.post("/sign-in/", {"username": "nobody@word.example", "password": PASSWORD})
        client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD})
        client.post("/sign-out/")

    assert [record.getMessage() for record in caplog.records if record.name == "engagement.security_log"] == [
        f"A wrong password of person {thandi.pk}, from 127.0.0.1.",
        "A wrong password of nobody here, from 127.0.0.1.",
        f"Person {thandi.pk} signed in from 127.0.0.1.",
        f"Person {thandi.pk} signed out from 127.0.0.1.",
    ]
    assert "hunter2" not in caplog.text
