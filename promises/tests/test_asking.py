"""Who is asked how a promise stands."""

import pytest

from conftest import DAY, NOW
from engagement.outbox.models import Message
from engagement.staff.models import Absence
from promises.actions.asking import ask_for_update


def ask(promises, by, occasion="one"):
    written = ask_for_update(promises, by, NOW, occasion=occasion)
    asked = Message.objects.filter(kind="ask", occasion__startswith=f"ask:{occasion}:")
    assert asked.count() == written
    return sorted(message.person.name.split()[0] for message in asked)


def test_the_owner_is_asked(make_promise, mara):
    assert ask([make_promise(), make_promise("Lamp list")], mara) == ["Thandi"]


@pytest.mark.parametrize("why", ["left", "never joined"])
def test_the_manager_is_asked_of_an_owner_who_cannot_be(make_promise, thandi, mara, ada, why):
    promise = make_promise()
    if why == "left":
        thandi.is_active = False
    else:
        thandi.set_unusable_password()
    thandi.save()
    promise.refresh_from_db()

    assert ask([promise], ada) == ["Mara"]


def test_a_cover_is_asked_of_what_they_may_see_and_the_manager_of_the_rest(
    make_promise, karoo, secret, thandi, sam, ada
):
    Absence.objects.create(user=thandi, first_day=NOW.date(), last_day=(NOW + DAY).date(), cover=sam)
    plain, quiet = make_promise("Chairs"), make_promise("Their matter", client=secret)

    assert ask([plain, quiet], ada) == ["Mara", "Sam"]
    assert "Their matter" not in Message.objects.get(person=sam).body


def test_a_second_press_asks_nobody(make_promise, mara):
    promise = make_promise()
    ask([promise], mara)

    assert ask_for_update([promise], mara, NOW, occasion="one") == 0
