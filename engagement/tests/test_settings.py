"""The environment says where we are; each case is a process of its own, as settings are read once."""

import ast
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOW = (
    "import json; from engagement import settings as s;"
    "print(json.dumps({name: getattr(s, name, None) for name in "
    "['DEBUG', 'EMBEDDED', 'PLAIN_HTTP', 'SECRET_KEY', 'SITE_URL', 'WEB_PROCESSES', 'CELERY_BROKER_URL',"
    " 'SESSION_COOKIE_NAME', 'SECURE_HSTS_SECONDS', 'SECURE_SSL_REDIRECT', 'SEAL_PASSPHRASE']}))"
)
# A developer's .env must not decide a test: what is named here, empty or not, wins over it.
SAID = {"DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": "", "DEBUG": "False", "PORT": "8000"}
POSTGRES = {"DATABASE_URL": "postgresql://engagement@db/engagement"}


@pytest.fixture
def start(tmp_path):
    def run(**environ):
        environ = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path / "var")} | SAID | environ
        return subprocess.run(
            [sys.executable, "-c", SHOW], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def settings_with(start):
    return lambda **environ: json.loads(start(**environ).stdout)


def test_with_nothing_said_it_is_the_embedded_run(settings_with):
    settings = settings_with()

    assert (settings["EMBEDDED"], settings["PLAIN_HTTP"], settings["DEBUG"]) == (True, True, False)
    assert settings["CELERY_BROKER_URL"] == "memory://localhost"
    assert settings["WEB_PROCESSES"] == 1


def test_the_embedded_key_is_made_once_and_kept_to_its_owner(settings_with, tmp_path):
    first, second = settings_with(), settings_with()

    assert len(first["SECRET_KEY"]) >= 50
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_the_embedded_run_locks_its_seal_with_a_passphrase_made_once(settings_with, tmp_path):
    first, second = settings_with(), settings_with()

    assert len(first["SEAL_PASSPHRASE"]) >= 40
    assert first["SEAL_PASSPHRASE"] == second["SEAL_PASSPHRASE"]
    assert stat.S_IMODE((tmp_path / "var" / "seal_passphrase").stat().st_mode) == 0o600


def test_a_real_installation_is_given_its_passphrase_or_has_none(settings_with):
    real = {**POSTGRES, "SECRET_KEY": "k" * 50}

    assert settings_with(**real)["SEAL_PASSPHRASE"] == ""
    assert settings_with(**real, SEAL_PASSPHRASE="given")["SEAL_PASSPHRASE"] == "given"


def test_two_installations_have_different_keys(settings_with, tmp_path):
    assert settings_with()["SECRET_KEY"] != settings_with(VAR_DIR=str(tmp_path / "other"))["SECRET_KEY"]


@pytest.mark.parametrize("environ", [POSTGRES, {"EMBEDDED": "False"}])
def test_a_real_installation_without_a_key_refuses_to_start(start, tmp_path, environ):
    answer = start(**environ)

    assert answer.returncode == 1
    assert "Set SECRET_KEY" in answer.stderr
    assert not (tmp_path / "var").exists()


def test_a_real_installation_speaks_https_only(settings_with):
    settings = settings_with(**POSTGRES, SECRET_KEY="k" * 50)

    assert (settings["EMBEDDED"], settings["PLAIN_HTTP"]) == (False, False)
    assert settings["SESSION_COOKIE_NAME"] == "__Host-session"
    assert settings["SECURE_HSTS_SECONDS"] > 0
    assert settings["SECURE_SSL_REDIRECT"] is True


def test_several_web_processes_are_started_only_on_shared_servers(settings_with):
    alone = settings_with(**POSTGRES, SECRET_KEY="k" * 50)
    shared = settings_with(**POSTGRES, SECRET_KEY="k" * 50, REDIS_URL="redis://cache/0")

    assert alone["WEB_PROCESSES"] == 1
    assert shared["WEB_PROCESSES"] > 1


def test_the_address_in_mails_follows_the_port(settings_with):
    assert settings_with(PORT="8123")["SITE_URL"] == "http://127.0.0.1:8123"


@pytest.mark.parametrize("name", ["DEBUG", "EMBEDDED", "PLAIN_HTTP"])
def test_a_flag_that_is_neither_true_nor_false_refuses_to_start(start, name):
    answer = start(**{name: "yes"})

    assert answer.returncode == 1
    assert f"{name} must be True or False, not 'yes'" in answer.stderr


def test_the_example_lists_every_name_that_is_read():
    example = (ROOT / ".env.example").read_text()

    listed = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))

    assert listed == names_read()


def names_read():
    """Every first argument of env.something("NAME") and env_flag("NAME") in the settings."""
    calls = [node for node in ast.walk(ast.parse((ROOT / "engagement/settings.py").read_text())) if is_a_reading(node)]
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}


def is_a_reading(node):
    if not isinstance(node, ast.Call) or not node.args:
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "env_flag"
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "env"
