import pytest
from django.urls import reverse, set_script_prefix

from engagement.staff.addresses import numbered

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
