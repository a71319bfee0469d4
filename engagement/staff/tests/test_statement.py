from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import CharField, DateTimeField, F

from engagement.staff.models import Absence, User
from engagement.staff.statement import AmongGiven, Given, Part, SqlText, Statement, put_together_once

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LAST_SEEN = Given("now", DateTimeField())

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(make_person):
    made = [make_person(name) for name in ("Ann", "Ben", "Cleo")]
    for number, person in enumerate(made):
        person.last_login = NOON - number * DAY
        person.save(update_fields=["last_login"])
    return made


def names(rows):
    return {name for (name,) in rows}


@pytest.mark.parametrize("moment", [NOON, NOON - DAY, NOON - 2 * DAY - timedelta(seconds=1)])
def test_it_answers_as_the_question_itself_at_each_moment(people, moment):
    asked_once = Statement(User.objects.filter(last_login__lte=LAST_SEEN).values_list("name"))

    found = names(asked_once.ask(now=moment))

    assert found == names(User.objects.filter(last_login__lte=moment).values_list("name"))


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_moment_can_be_counted_on_from(people, days):
    given = LAST_SEEN + days * DAY if days >= 0 else LAST_SEEN - -days * DAY
    asked_once = Statement(User.objects.filter(last_login=given).values_list("name"))

    found = names(asked_once.ask(now=NOON - DAY))

    assert found == names(User.objects.filter(last_login=NOON - DAY + days * DAY).values_list("name"))


def test_values_come_back_as_the_models_give_them(people):
    asked_once = Statement(User.objects.filter(name=Given("name", CharField())).values_list("last_login", "is_active"))

    assert asked_once.ask(name="Ben") == [(NOON - DAY, True)]


@pytest.mark.parametrize("how_many", [1, 2, 3])
def test_any_number_of_keys_up_to_the_most_is_looked_for(people, how_many):
    asked_once = Statement(User.objects.filter(AmongGiven(F("pk"), "people", 3)).values_list("name"))

    found = names(asked_once.ask(people=[person.pk for person in people[:how_many]]))

    assert found == {person.name for person in people[:how_many]}


def test_what_is_null_is_given_as_it_is(people):
    asked_once = Statement(Absence.objects.filter(user=Given("user", User._meta.pk)).values_list("pk"))

    assert asked_once.ask(user=None) == []


def test_each_shape_is_put_together_once(people):
    built = []

    @put_together_once
    def by_name(backwards):
        built.append(backwards)
        rows = User.objects.filter(last_login__lte=LAST_SEEN).order_by("-name" if backwards else "name")
        return rows.values_list("name")

    first, last = (by_name(backwards).ask(now=NOON)[0] for backwards in (False, True))
    by_name(False).ask(now=NOON - DAY)

    assert (first, last) == (("Ann",), ("Cleo",))
    assert built == [False, True]


@pytest.mark.servers
def test_postgresql_is_told_a_text_once_and_asked_as_often_as_one_likes(people, django_assert_num_queries):
    day = Given("day", DateTimeField())
    text = SqlText("SELECT name FROM staff_user WHERE last_login >= %s AND name LIKE %s", [day.place, "%e%"])

    with django_assert_num_queries(2):
        found = [names(text.ask(day=NOON - days * DAY)) for days in (1, 2)]

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [text.name])
        told = cursor.fetchone()
    assert found == [{"Ben"}, {"Ben", "Cleo"}]
    assert told == (1,)


@pytest.mark.servers
def test_behind_a_pool_of_connections_nothing_is_kept_in_one(people, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        before = cursor.fetchone()

    found = names(Statement(User.objects.filter(last_login__lte=LAST_SEEN).values_list("name")).ask(now=NOON - DAY))

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == before
    assert found == {"Ben", "Cleo"}


def test_whoever_listens_hears_the_text_itself(people, verbs_heard):
    with verbs_heard() as verbs:
        Statement(User.objects.filter(last_login__lte=LAST_SEEN).values_list("name")).ask(now=NOON)

    assert verbs == ["SELECT"]


def test_some_columns_make_a_row_that_reads_the_others_if_somebody_asks(people, django_assert_num_queries):
    part = Part(User, "name", "id", "email")
    (row,) = User.objects.filter(name="Ann").values_list(*part.columns)

    with django_assert_num_queries(0):
        ann = part.made(row)
        assert (ann, ann.name, ann.email) == (people[0], "Ann", people[0].email)
        assert ann.get_deferred_fields() >= {"last_login", "zone"}
    with django_assert_num_queries(1):
        assert ann.last_login == NOON
    ann.name = "Anna"
    ann.save(update_fields=["name"])
    assert User.objects.get(pk=ann.pk).name == "Anna"


def test_where_there_is_no_row_nothing_is_made():
    assert Part(User, "id", "name").made([None, None]) is None


@pytest.mark.parametrize(("columns", "said"), [(["id", "nane"], "no column nane"), (["name"], "known by id")])
def test_columns_that_are_not_there_are_refused(columns, said):
    with pytest.raises(ValueError, match=said):
        Part(User, *columns)
