from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders


def test_a_browser_that_asks_for_the_picture_of_a_page_is_shown_ours(client):
    answer = client.get("/favicon.ico")

    assert answer.status_code == 302
    found = finders.find(answer.url.removeprefix(f"/{settings.STATIC_URL.strip('/')}/"))
    assert Path(found).read_bytes().startswith(b"<svg")
