import pytest
from django.test import RequestFactory
from django.urls import reverse, set_script_prefix

from engagement.staff.addresses import changed, first_page, numbered, query_of

NAMES = ("promises:detail", "promises:tell", "promises:update", "promises:client")


@pytest.fixture
def below_a_folder():
    set_script_prefix("/word/")
    yield
    set_script_prefix("/")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", [1, 26, 9_007_199_254_740_993])
def test_it_is_the_address_that_the_framework_finds(name, number):
    assert numbered(name, number) == reverse(name, args=[number])


def test_it_follows_the_folder_below_which_the_app_is_served(below_a_folder):
    assert numbered("promises:detail", 5) == reverse("promises:detail", args=[5]) == "/word/promises/5/"


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


@pytest.mark.parametrize(
    ("asked", "changes", "address"),
    [
        ("/board/", {}, "/board/"),
        ("/board/", {"card": "late"}, "/board/?card=late"),
        ("/board/?card=late", {"card": ""}, "/board/"),
        ("/board/?card=late&owner=3", {"card": "kept"}, "/board/?owner=3&card=kept"),
        # Another choice begins at the first page of what it shows.
        ("/board/?after=7&owner=3", {"card": "late"}, "/board/?owner=3&card=late"),
        ("/board/?owner=3", {"after": "7"}, "/board/?owner=3&after=7"),
        ("/board/?after=7&owner=3", {"after": "9"}, "/board/?owner=3&after=9"),
        ("/board/?state=a&state=b", {"card": "late"}, "/board/?state=a&state=b&card=late"),
        ("/board/?words=A%26B+%C3%A9", {"card": "late"}, "/board/?words=A%26B+%C3%A9&card=late"),
    ],
)
def test_what_was_asked_for_is_kept_but_for_what_is_changed(asked, changes, address):
    request = RequestFactory().get(asked)

    assert changed(request, **changes) == address
    assert query_of(request, **changes) == address.partition("?")[2]
