"""What the table of all addresses (docs/access.md) does not say of this room."""

import pytest


@pytest.mark.parametrize("path", ["/people/", "/people/{pk}/", "/firm/", "/me/"])
def test_what_a_person_sees_stays_out_of_shared_caches(client, ada, path):
    client.force_login(ada)

    assert "no-store" in client.get(path.format(pk=ada.pk)).headers["Cache-Control"]
