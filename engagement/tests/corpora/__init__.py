"""What strangers have tried elsewhere, as data: a line of JSON for each text, so that no editor changes a sign of it.

`CORPORA=full` tries all of it everywhere (make soak); a plain run tries a part, spread over the whole.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

FULL = os.environ.get("CORPORA") == "full"


def corpus(name: str) -> list[str]:
    lines = (Path(__file__).parent / f"{name}.jsonl").read_text(encoding="ascii").splitlines()
    texts = [json.loads(line) for line in lines]
    assert len(set(texts)) == len(texts), f"a text stands twice in {name}"
    return texts


def some(texts: list[str], how_many: int) -> list[str]:
    """All of them in a full run; else so many, from the whole length of the list."""
    return texts if FULL or how_many >= len(texts) else [texts[at * len(texts) // how_many] for at in range(how_many)]
