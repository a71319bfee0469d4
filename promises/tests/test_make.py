import pytest

from clients.actions import archive
from conftest import NOW
from promises import actions
from promises.models import Promise


def test_nothing_is_promised_to_a_client_put_away(make_promise, karoo, thandi):
    archive(karoo, thandi, NOW)
    karoo.refresh_from_db()

    with pytest.raises(actions.Refused, match="archive"):
        make_promise()

    assert not Promise.objects.exists()
