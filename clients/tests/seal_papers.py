"""Papers to seal, as the product makes them: PDF/A-2a by Typst."""

import re
from functools import lru_cache

import typst

from clients import sealing
from clients.sealing import pades
from conftest import NOW

WHY = "Signed by both sides"


@lru_cache
def paper(pages=1):
    head = '#set document(title: [Scope 2026-014])\n#set text(lang: "en")\n= Scope\n'
    body = "#lorem(300)\n#pagebreak()\n" * (pages - 1) + "The end."
    return typst.compile((head + body).encode(), pdf_standards=["a-2a"])


def sealed_by(someone, pdf=None):
    """Sealed with a key of one's own choice."""
    return pades.set_seal(pdf or paper(), someone, NOW, WHY, None)


def verdict(pdf):
    return sealing.read(pdf).verdict


def place_of_the_seal(pdf):
    """Where the seal begins and ends, its brackets included."""
    start, end = re.search(rb"/ByteRange \[0 (\d+) (\d+) ", pdf).groups()
    return int(start), int(end)
