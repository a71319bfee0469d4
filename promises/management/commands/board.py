from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clients.models import Client
from engagement.staff.models import Firm
from promises.board import Board


class Command(BaseCommand):
    help = "Print the figures of the manager's board, from the same questions that the page asks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")
        parser.add_argument("--client", metavar="NAME", help="one client's figures")
        parser.add_argument(
            "--as-of",
            metavar="INSTANT",
            help="as it stood then, for example 2026-11-27T09:00+02:00 (without a zone: the firm's). "
            "Ends and tellings count as they were; dates and bands are read as they are today.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        firm, now = Firm.get(), timezone.now()
        moment = _instant(options["as_of"], firm) if options["as_of"] else now
        client = _client(options["client"]) if options["client"] else None
        board = Board(user=None, zone=firm.zoneinfo, now=moment, client=client, as_of_past=moment < now)
        figures = board.figures()
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, figure in figures.items():
            self.stdout.write(f"{name.replace('_', ' '):28}{figure:>9}")


def _instant(text: str, firm: Firm) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no instant. Write it like 2026-11-27T09:00+02:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=firm.zoneinfo)


def _client(name: str) -> Client:
    client = Client.objects.filter(name__iexact=name).first()
    if client is None:
        raise CommandError(f"There is no client named {name!r}.")
    return client
