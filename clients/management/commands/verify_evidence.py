from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from clients import evidence
from clients.models import Agreement, Client


class Command(BaseCommand):
    help = "Prove every client's record, every signed text, every signature and every sealed document. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        clients = Client.objects.order_by("pk")
        faults: list[str] = []
        for client in tqdm(clients.iterator(), total=clients.count(), unit="client", disable=None):
            faults.extend(evidence.verify(client))
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults found in the evidence.")
        self.stdout.write(
            f"The record of {clients.count()} clients and the evidence of {Agreement.objects.count()} agreements hold."
        )
