"""How long a signed scope of ten lines takes to be set and sealed: `python bench/document.py [ROUNDS]`, no database."""

import os
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")

import django

django.setup()

from tqdm import tqdm  # noqa: E402  after Django is set up

from clients.document import render  # noqa: E402
from clients.sealing import key, pades  # noqa: E402

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LINE = {"description": "Two rounds of changes, each answered in writing.", "quantity": "2", "unit": "sheet"}
CONTENT = {
    "layout": 1,
    "kind": "scope",
    "language": "en",
    "number": "2026-014",
    "version": 1,
    "title": "Shop fittings",
    "firm": {"name": "Word & Co", "email": "office@word.example", "phone": "021 555 0100"},
    "client": {"name": "Karoo Linen"},
    "contact": {"name": "Lena Karoo", "role": "Owner", "email": "lena@karoo.example"},
    "sent_on": "Sunday 22 November 2026",
    "valid_until": "Sunday 6 December 2026, until the end of the day (Johannesburg time)",
    "period": "From Sunday 22 November 2026 until Monday 22 November 2027",
    "summary": "We design the third shop and see it through to the makers.",
    "currency": "EUR",
    "taxes": [{"number": 11, "service": "VAT", "rate": "15 %", "amount": "€361.50"}],
    "subtotal": "€2,410.00",
    "total": "€2,771.50",
    "not_included": ["Printing", "Photographs"],
    "timeline": "The first drawings within ten working days.",
    "terms": "## Payment\n\nWithin *30 days*.\n\n- One\n- Two\n" * 5,
}


def main(rounds: int) -> None:
    seal = key.make("Word & Co", NOW)
    took: dict[str, list[float]] = {"render": [], "seal": [], "both": []}
    for number in tqdm(range(rounds + 1), unit="document", disable=None):
        lines = [
            {
                **LINE,
                "number": line,
                "service": f"Drawings {number}.{line}",
                "price": "€120.50",
                "amount": "€241.00",
                "turnaround": "5 working days",
            }
            for line in range(1, 11)
        ]
        began = time.perf_counter()
        pdf = render({**CONTENT, "lines": lines}, proposal=False, made_at=NOW)  # type: ignore[typeddict-item]
        rendered = time.perf_counter()
        pades.set_seal(pdf, seal, NOW, "Sealed as it was signed", None)
        sealed = time.perf_counter()
        if number:
            for name, seconds in zip(took, (rendered - began, sealed - rendered, sealed - began), strict=True):
                took[name].append(seconds)
    for name, seconds in took.items():
        worst = max(seconds)
        sys.stdout.write(
            f"{name:<7} median {statistics.median(seconds) * 1000:6.1f} ms, worst {worst * 1000:6.1f} ms\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
