"""What the table of all addresses (docs/access.md) does not say of this room."""

import pytest

from conftest import NOW
from engagement.outbox.actions import write
from engagement.outbox.models import Audience, Message, State


def test_who_wrote_to_a_client_reads_it_no_more_once_shut_out(client, sam, secret):
    message = write(
        occasion="one",
        now=NOW,
        audience=Audience.CLIENT,
        address="quinn@quiet.example",
        subject="Quiet news",
        body="Nobody else reads this.",
        kind=f"client {secret.pk}",
        written_by=sam,
    )
    Message.objects.update(state=State.SENT, sent_at=NOW)
    secret.members.add(sam)
    client.force_login(sam)
    before = client.get(f"/sent/{message.pk}/").status_code

    secret.members.remove(sam)

    assert (before, client.get(f"/sent/{message.pk}/").status_code) == (200, 404)


@pytest.mark.parametrize("pk", [0, 10**12, 10**30])
@pytest.mark.parametrize(
    "path",
    [
        "/clients/{}/edit/",
        "/contacts/{}/",
        "/requests/{}/",
        "/addenda/{}/",
        "/agreements/{}/send/",
        "/scope-templates/{}/",
        "/scopes/{}/",
        "/scopes/{}/file/",
        "/sent/{}/",
        "/solutions/{}/",
    ],
)
def test_a_number_that_nobody_has_is_not_found(client, mara, path, pk):
    client.force_login(mara)

    assert client.get(path.format(pk)).status_code == 404
