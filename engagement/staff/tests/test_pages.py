"""The way back from a later page of a list."""

import pytest
from django.test import RequestFactory

from engagement.staff.addresses import first_page


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("/clients/", ""),
        ("/clients/?q=acme", ""),
        ("/clients/?after=", ""),
        ("/clients/?after=7", "/clients/"),
        ("/clients/?q=acme&after=7&state=a&state=b", "/clients/?q=acme&state=a&state=b"),
        ("/sent/?before=7&show=all", "/sent/?show=all"),
    ],
)
def test_the_first_page_is_offered_where_a_later_one_is_shown(asked, first):
    assert first_page(RequestFactory().get(asked)) == first
