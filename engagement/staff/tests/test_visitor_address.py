import pytest
from django.test import RequestFactory

from engagement.staff.http import visitor_address


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "address"),
    [
        (False, "6.6.6.6", "127.0.0.1"),  # anybody can write that
        (True, "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # what the proxy wrote stands last
        (True, "203.0.113.7", "203.0.113.7"),
        (True, "", ""),
    ],
)
def test_a_visitor_comes_from_where_our_own_proxy_says(settings, behind_proxy, forwarded, address):
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})

    assert visitor_address(request) == address
