"""The commands of the Makefile."""

import re

from django.conf import settings


def test_every_command_runs_though_a_folder_has_its_name():
    text = (settings.BASE_DIR / "Makefile").read_text()
    commands = set(re.findall(r"^([a-z-]+):(?!=)", text, re.MULTILINE))
    (always,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)

    assert {"run", "test", "bench"} <= commands
    assert commands == set(always.split())
