"""What pages cost over HTTP: one request of every page a round, in random order, and the ratios of each round."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tqdm import tqdm

from bench.browser import Browser
from bench.generate import BIG_CLIENT, BOSS_EMAIL, PASSWORD, Plan
from bench.places import Web
from bench.ratio import paired
from bench.report import Line

FLOOR = "/bench/floor/"
SIGN_IN = "/sign-in/"
WARM_UP = 15
BOARDS = ("board, first page", "board, filtered", "board, last page")
CLIENT_PAGE = "client page"
# Who has which day before them: the ordinary one has the same promises in every size.
DAYS = ("My day", "My day of the busiest owner")
BIG = "own page of the client with the most"

Times = Mapping[str, Sequence[float]]


@dataclass
class Site:
    """One size: where each page stands, and who reads it."""

    addresses: dict[str, str]
    boss: Browser
    readers: dict[str, Browser] = field(default_factory=dict)

    def read(self, name: str) -> float:
        return self.readers.get(name, self.boss).get(self.addresses[name])


def site(plan: Plan, web: Web, now: datetime) -> Site:
    """Of the database that this process is connected to, and that `web` serves."""
    boss = signed_in(web, BOSS_EMAIL)
    found = Site(addresses_of(plan, now), boss)
    found.readers[CLIENT_PAGE] = Browser(web.port)
    for name, owner in zip(DAYS, (plan.owners - 1, 0), strict=True):
        found.readers[name] = signed_in(web, f"o{owner}@word.example")
    return found


def signed_in(web: Web, email: str) -> Browser:
    browser = Browser(web.port)
    browser.sign_in(SIGN_IN, email, PASSWORD)
    return browser


def addresses_of(plan: Plan, now: datetime) -> dict[str, str]:
    from django.urls import reverse

    from clients.models import PrivateLink

    board = reverse("promises:board")
    token = PrivateLink.objects.get(client=plan.ordinary_client).token()
    return {
        "floor": FLOOR,
        BOARDS[0]: board,
        BOARDS[1]: f"{board}?owner={plan.ordinary_owner}",
        BOARDS[2]: f"{board}?after={last_page(now)}",
        CLIENT_PAGE: reverse("promises:progress", args=[token]),
        DAYS[0]: reverse("promises:my_day"),
        DAYS[1]: reverse("promises:my_day"),
        BIG: reverse("promises:client", args=[BIG_CLIENT]),
    }


def last_page(now: datetime) -> str:
    """The cursor after which a whole page is left, and no more."""
    from engagement.staff.models import Firm
    from promises.board import PAGE, Board
    from promises.paging import Cursor

    shown = Board(user=None, zone=Firm.get().zoneinfo, now=now)
    segments = shown.segments()
    row = segments[-1].order_by("-due_at", "-pk")[PAGE]
    return Cursor(len(segments) - 1, row.due_at, row.pk).written()


def measure(sites: Mapping[int, Site], rounds: int, bar: tqdm) -> dict[int, dict[str, list[float]]]:
    took: dict[int, dict[str, list[float]]] = {
        size: {name: [] for name in one.addresses} for size, one in sites.items()
    }
    draw = random.Random(4)
    requests = [(size, name) for size, one in sites.items() for name in one.addresses]
    for number in range(WARM_UP + rounds):
        draw.shuffle(requests)
        for size, name in requests:
            seconds = sites[size].read(name)
            if number >= WARM_UP:
                took[size][name].append(seconds)
        bar.update()
    return took


def lines(small: int, large: int, took: Mapping[int, Times]) -> list[Line]:
    return [
        *(_against_small(name, small, large, took, 1.25, 1.10) for name in BOARDS),
        _against_floor(BOARDS[0], large, took, 8, 5),
        _against_small(CLIENT_PAGE, small, large, took, 1.15, 1.05),
        _against_floor(CLIENT_PAGE, large, took, 4, 3),
        *(_against_small(name, small, large, took, 1.5, 1.2) for name in (*DAYS, BIG)),
    ]


def _against_small(name: str, small: int, large: int, took: Mapping[int, Times], limit: float, aim: float) -> Line:
    return Line(
        f"{name}, {large:,} against {small:,}",
        limit,
        paired(took[large][name], took[small][name]),
        aim,
        note=f"{milliseconds(took[large][name])} against {milliseconds(took[small][name])}",
    )


def _against_floor(name: str, large: int, took: Mapping[int, Times], limit: float, aim: float) -> Line:
    return Line(
        f"{name} at {large:,} against a login-only view",
        limit,
        paired(took[large][name], took[large]["floor"]),
        aim,
        note=f"{milliseconds(took[large][name])} against {milliseconds(took[large]['floor'])}",
    )


def milliseconds(seconds: Sequence[float]) -> str:
    return f"{sorted(seconds)[len(seconds) // 2] * 1000:.3g} ms"
