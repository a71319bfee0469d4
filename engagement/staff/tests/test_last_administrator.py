"""Somebody is always left who can let people in, also when two press the button together."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from conftest import NOW
from engagement.staff import actions
from engagement.staff.models import Firm, Role, User

ROUNDS = 5


def together(*acts):
    """Run all of them at one moment; what each was refused for, if it was."""
    start, answers = Barrier(len(acts)), []

    def run(act):
        try:
            start.wait()
            act()
        except actions.Refused as refusal:
            answers.append(str(refusal))
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def demote(person):
    person = User.objects.get(pk=person.pk)
    person.role = Role.STAFF
    return lambda: actions.change_person(person, by=person, now=NOW)


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_who_demote_each_other_leave_one(ada, make_person):
    bo = make_person("Bo Admin", Role.ADMINISTRATOR)
    for _round in range(ROUNDS):
        User.objects.update(role=Role.ADMINISTRATOR)

        refused = together(demote(ada), demote(bo))

        assert User.objects.filter(role=Role.ADMINISTRATOR).count() == 1
        assert len(refused) == 1


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_who_set_up_an_installation_together_make_one_firm():
    def set_up(name):
        administrator = User(email=f"{name}@word.example", name=name)
        return lambda: actions.set_up(firm=Firm(name=name), administrator=administrator, password="x" * 12, now=NOW)

    refused = together(set_up("first"), set_up("second"))

    assert len(refused) == 1
    assert Firm.objects.count() == User.objects.count() == 1
