"""Codes of an app and recovery codes: what is taken, how often, and what lies in the database."""

import base64
import io
import re
import threading
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from conftest import DAY, NOW
from engagement.staff import second_step
from engagement.staff.models import AccountEvent, RecoveryCode, SecondStep
from engagement.staff.second_step import takes_code, takes_recovery_code
from engagement.staff.tests.conftest import App

HALF_MINUTE = timedelta(seconds=30)


@pytest.mark.parametrize(("off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_may_be_one_half_minute_off(thandi, with_app, off, taken):
    app, _codes = with_app(thandi)

    assert takes_code(thandi, app.code(NOW + off * HALF_MINUTE), now=NOW) is taken


def test_a_code_is_taken_once(thandi, with_app):
    app, _codes = with_app(thandi)

    assert takes_code(thandi, app.code(), now=NOW)
    assert not takes_code(thandi, app.code(), now=NOW)
    assert not takes_code(thandi, app.code(), now=NOW + HALF_MINUTE)


def test_after_a_code_those_before_it_are_taken_no_more(thandi, with_app):
    app, _codes = with_app(thandi)
    takes_code(thandi, app.code(), now=NOW)

    assert not takes_code(thandi, app.code(NOW - HALF_MINUTE), now=NOW)
    assert takes_code(thandi, app.code(NOW + HALF_MINUTE), now=NOW)


def test_the_code_that_proved_the_app_opens_nothing(thandi):
    app = App()
    second_step.turn_on(thandi, app.secret, app.code(), now=NOW)

    assert not takes_code(thandi, app.code(), now=NOW)


def test_a_code_is_typed_with_spaces(thandi, with_app):
    app, _codes = with_app(thandi)
    code = app.code()

    assert takes_code(thandi, f" {code[:3]} {code[3:]} ", now=NOW)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "12345.", "0x1234", "1e5   "])
def test_what_is_no_code_is_not_taken(thandi, with_app, typed):
    with_app(thandi)

    assert not takes_code(thandi, typed, now=NOW)


def test_a_code_of_somebody_else_is_not_taken(thandi, sam, with_app):
    app, codes = with_app(thandi)
    with_app(sam)

    assert not takes_code(sam, app.code(), now=NOW)
    assert not takes_recovery_code(sam, codes[0], now=NOW)
    assert takes_code(thandi, app.code(), now=NOW)


def test_who_has_no_second_step_has_no_code(thandi):
    assert not takes_code(thandi, "123456", now=NOW)


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_with_one_code_together_one_is_let_in(thandi, with_app):
    app, codes = with_app(thandi)
    start, taken = threading.Barrier(8), []

    def come(take, code):
        start.wait()
        try:
            taken.append(take(thandi, code, now=NOW))
        finally:
            connection.close()

    tries = [(takes_code, app.code()), (takes_recovery_code, codes[0])] * 4
    threads = [threading.Thread(target=come, args=one) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False] * 6 + [True] * 2


def test_there_are_ten_recovery_codes_and_each_opens_once(thandi, with_app):
    _app, codes = with_app(thandi)

    assert len(set(codes)) == 10
    assert [takes_recovery_code(thandi, code, now=NOW) for code in codes] == [True] * 10
    assert [takes_recovery_code(thandi, code, now=NOW) for code in codes] == [False] * 10
    assert second_step.codes_left(thandi) == 0


def test_a_recovery_code_holds_more_than_112_bits():
    # Enough that a plain hash guards it (ASVS 6.5.2).
    assert len(set(second_step.SIGNS)) ** second_step.CODE_LENGTH > 2**112


def test_a_recovery_code_is_typed_as_it_comes(thandi, with_app):
    _app, codes = with_app(thandi)

    assert takes_recovery_code(thandi, f" {codes[0].upper().replace('-', ' ')} ", now=NOW)


def test_new_recovery_codes_put_the_old_ones_out_of_use(thandi, with_app):
    _app, old = with_app(thandi)

    new = second_step.renew_codes(thandi, now=NOW)

    assert not set(new) & set(old)
    assert not any(takes_recovery_code(thandi, code, now=NOW) for code in old)
    assert takes_recovery_code(thandi, new[0], now=NOW)


def test_no_key_and_no_recovery_code_can_be_read_from_the_database(thandi, with_app):
    app, codes = with_app(thandi)

    kept = dump("staff_secondstep") + dump("staff_recoverycode")

    plain = base64.b32decode(app.secret)
    assert str(thandi.pk) in kept
    assert [text for text in (app.secret, plain.hex(), base64.b64encode(plain).decode()) if text in kept] == []
    assert [code for code in codes if code in kept or code.replace("-", "") in kept] == []


def dump(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return repr(cursor.fetchall())


def test_the_key_is_read_with_the_earlier_secret_key_too(thandi, with_app, settings):
    app, _codes = with_app(thandi)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one, quite as long as the one that was before it"

    assert takes_code(thandi, app.code(), now=NOW)


def test_without_the_earlier_secret_key_it_stays_locked(thandi, with_app, settings):
    app, codes = with_app(thandi)
    settings.SECRET_KEY = "another one, quite as long as the one that was before it"

    assert not takes_code(thandi, app.code(), now=NOW)
    assert takes_recovery_code(thandi, codes[0], now=NOW)


def test_locked_anew_it_needs_the_earlier_secret_key_no_more(thandi, sam, with_app, settings):
    app, _codes = with_app(thandi)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one, quite as long as the one that was before it"
    said = io.StringIO()

    call_command("lock_second_steps", stdout=said)
    settings.SECRET_KEY_FALLBACKS = []

    assert "1 second step" in said.getvalue()
    assert takes_code(thandi, app.code(), now=NOW)


def test_who_is_left_behind_by_a_lost_secret_key_is_named(thandi, with_app, settings):
    with_app(thandi)
    settings.SECRET_KEY = "another one, quite as long as the one that was before it"
    said = io.StringIO()

    call_command("lock_second_steps", stdout=said)

    assert thandi.email in said.getvalue()


def test_one_persons_key_put_in_anothers_place_opens_nothing(thandi, sam, with_app):
    app, _codes = with_app(thandi)
    with_app(sam)

    SecondStep.objects.filter(user=sam).update(secret=SecondStep.objects.get(user=thandi).secret)

    assert not takes_code(sam, app.code(), now=NOW)


def test_the_picture_is_drawn_without_styles_scripts_or_data(thandi, firm):
    secret = second_step.new_secret()
    address = second_step.app_address(secret, thandi, firm)

    svg = second_step.picture(address)

    drawn = ET.fromstring(svg)
    assert {node.tag for node in drawn.iter()} == {"svg", "path"}
    assert not re.search(r"style|script|href|data:|on\w+=", svg)
    # The light ground comes first: on a dark page it is scanned too.
    assert [path.get("fill") or path.get("stroke") for path in drawn] == ["#fff", "#000"]


def test_the_app_is_told_firm_person_and_key(thandi, firm):
    address = second_step.app_address("ABCD", thandi, firm)

    assert address == ("otpauth://totp/Word%20%26%20Co%3Athandi@word.example?secret=ABCD&issuer=Word%20%26%20Co")


def test_keys_are_of_160_random_bits():
    keys = {second_step.new_secret() for _time in range(50)}

    assert len(keys) == 50
    assert {len(base64.b32decode(key)) for key in keys} == {20}


def test_what_happened_is_written_down_and_mailed(thandi, ada, with_app, mails):
    _app, codes = with_app(thandi)
    takes_recovery_code(thandi, codes[0], now=NOW)
    second_step.renew_codes(thandi, now=NOW + HALF_MINUTE)
    with_app(thandi, App())
    second_step.turn_off(thandi, now=NOW + DAY)
    with_app(thandi)
    second_step.take_away(thandi, by=ada, now=NOW + 2 * DAY)

    kinds = ["step_on", "code_used", "new_codes", "step_moved", "step_off", "step_on", "step_taken"]
    assert list(AccountEvent.objects.order_by("pk").values_list("kind", flat=True)) == kinds
    assert [mail.subject for mail in mails()] == [
        "Your second step is on",
        "A recovery code was used",
        "You have new recovery codes",
        "Your second step has moved",
        "Your second step is off",
        "Your second step is on",
        "Your second step was taken away",
    ]
    assert {mail.address for mail in mails()} == {thandi.email}
    assert "by Ada Admin" in mails()[-1].body
    assert not any(code in mail.body for mail in mails() for code in codes)


def test_what_happened_cannot_be_unwritten(thandi, with_app):
    with_app(thandi)

    for attempt in (AccountEvent.objects.all().delete, lambda: AccountEvent.objects.update(kind="step_off")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_turned_off_nothing_of_it_is_kept(thandi, with_app):
    with_app(thandi)

    second_step.turn_off(thandi, now=NOW)

    assert not SecondStep.objects.exists()
    assert not RecoveryCode.objects.exists()
