"""What the table of all addresses (docs/access.md) does not say of this room."""

import pytest


@pytest.mark.parametrize("path", ["/people/", "/people/{pk}/", "/firm/", "/me/"])
def test_what_a_person_sees_stays_out_of_shared_caches(client, ada, path):
    client.force_login(ada)

    assert "no-store" in client.get(path.format(pk=ada.pk)).headers["Cache-Control"]


def test_whoever_may_not_is_told_who_may_and_led_back(client, mara, thandi):
    client.force_login(thandi)
    staff = client.get("/firm/").content.decode()
    client.force_login(mara)
    manager = client.get("/people/").content.decode()

    assert "Only managers and administrators open this page. Ask one of them" in staff
    assert 'href="/my-day/">Go to my day' in staff
    assert "Only administrators open this page. Ask one of them" in manager
    assert 'href="/board/">Go to the board' in manager
