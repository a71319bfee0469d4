from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from clients import record
from clients.models import Client


class Command(BaseCommand):
    help = "Read every client's record and prove that no entry was changed, removed or slipped in. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        clients = Client.objects.order_by("pk")
        faults: list[str] = []
        for client in tqdm(clients.iterator(), total=clients.count(), unit="client", disable=None):
            faults.extend(record.verify(client))
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults found in the record.")
        self.stdout.write(f"The record of {clients.count()} clients is whole.")
