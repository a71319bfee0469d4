"""The first pages of a firm that has nothing yet: each leads to what comes first."""

import pytest
import time_machine

from conftest import NOW


@pytest.fixture
def as_mara(client, mara, firm):
    client.force_login(mara)
    with time_machine.travel(NOW, tick=False):
        yield client


@pytest.mark.parametrize("path", ["/board/", "/promises/", "/my-day/", "/promises/new/"])
def test_without_a_client_the_first_one_comes_first(as_mara, path):
    page = as_mara.get(path).content.decode()

    assert '<a href="/clients/new/">Add your first client</a>' in page


@pytest.mark.parametrize("path", ["/board/", "/promises/", "/my-day/", "/promises/new/"])
def test_with_a_client_nobody_is_asked_to_add_the_first(as_mara, karoo, path):
    page = as_mara.get(path).content.decode()

    assert "Add your first client" not in page
