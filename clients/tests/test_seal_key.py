"""The key lies where the settings say, outside the database; what goes wrong with it is said, and loses nothing."""

import errno
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import KeyUsage
from django.core.management import CommandError, call_command

from clients import sealing
from clients.models import SealCertificate
from clients.sealing import Verdict, key, pades
from clients.tests.seal_papers import WHY, paper, verdict
from conftest import DAY, HOUR, NOW


@pytest.fixture
def place(settings, tmp_path):
    """Nothing has been made yet."""
    settings.SEAL_FILE = tmp_path / "seal.p12"
    return settings.SEAL_FILE


@pytest.fixture
def real(settings, place, firm):
    """A real installation: nothing is made unasked."""
    settings.EMBEDDED = settings.DEBUG = False
    return settings


def seal(now=NOW):
    return sealing.seal(paper(), now, reason=WHY).content


# Made


def test_the_embedded_run_makes_its_key_on_first_need(place, firm):
    seal()

    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert os.listdir(place.parent) == ["seal.p12"]
    assert SealCertificate.objects.get().made_at == NOW


def test_the_key_is_one_that_every_reader_knows(place, firm):
    certificate = sealing.ensure_key(firm.name, NOW).certificate

    usage = certificate.extensions.get_extension_for_class(KeyUsage).value
    assert isinstance(certificate.public_key(), RSAPublicKey)
    assert certificate.public_key().key_size == 3072
    assert certificate.subject.rfc4514_string() == "CN=Word & Co,O=Word & Co"
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert certificate.not_valid_after_utc - NOW > timedelta(days=3650)


@pytest.mark.parametrize(
    ("name", "borne"), [("é" * 40, "é" * 32), ("  Word\n&  Co ", "Word & Co"), ("中" * 30, "中" * 21)]
)
def test_a_name_that_is_too_long_for_a_certificate_is_cut_between_letters(name, borne):
    assert key.firm_of(key.make(name, NOW).certificate) == borne


def test_a_firm_without_a_name_gets_no_key(place, db):
    with pytest.raises(sealing.CannotSeal, match="The firm has no name yet"):
        sealing.ensure_key(" ", NOW)

    assert not place.exists()


def test_a_key_that_is_there_is_never_written_over(place, firm):
    first = sealing.ensure_key(firm.name, NOW)

    assert sealing.ensure_key("Another name", NOW + DAY).fingerprint == first.fingerprint


def test_two_who_write_at_once_agree_on_one_key(place):
    made = [key.make("Word & Co", NOW) for _number in range(2)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: key.write(made[number % 2], place, "p"), range(8)))

    assert key.open_key(place, "p").fingerprint in {each.fingerprint for each in made}
    assert os.listdir(place.parent) == ["seal.p12"]


# Missing, locked, broken


def test_without_a_key_a_real_installation_says_how_to_make_one(real):
    with pytest.raises(sealing.CannotSeal, match=r"seal\.p12 is missing\. .* “manage\.py make_seal”"):
        seal()

    assert not real.SEAL_FILE.exists()


def test_a_lost_key_is_not_replaced_in_silence(place, firm):
    seal()
    place.unlink()

    with pytest.raises(sealing.CannotSeal, match="Bring it back from the back-up"):
        seal()


def test_a_wrong_passphrase_is_named(settings, place, firm):
    seal()
    settings.SEAL_PASSPHRASE = "another one"

    with pytest.raises(sealing.CannotSeal, match=r"SEAL_PASSPHRASE does not open .*seal\.p12"):
        seal()


def test_a_passphrase_that_is_not_set_is_named(settings, place, firm):
    seal()
    settings.SEAL_PASSPHRASE = ""

    with pytest.raises(sealing.CannotSeal, match="SEAL_PASSPHRASE is not set"):
        seal()


@pytest.mark.parametrize("content", [b"", b"junk", b"\x30\x82\xff\xff"])
def test_a_damaged_file_is_named(place, firm, content):
    place.write_bytes(content)

    with pytest.raises(sealing.CannotSeal, match="or the file is damaged"):
        seal()


def test_a_file_that_cannot_be_read_is_named(place, firm):
    place.mkdir()

    with pytest.raises(sealing.CannotSeal, match=r"cannot be read from .*: Is a directory"):
        seal()


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "may not write in that folder"), (errno.EIO, "Input/output")],
)
def test_a_disk_that_takes_no_key_is_named_and_nothing_is_left_behind(place, firm, monkeypatch, number, said):
    def fails(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(sealing.CannotSeal, match=rf"seal\.p12 cannot be written: .*{said}"):
        seal()

    assert os.listdir(place.parent) == []


def test_a_folder_that_is_not_there_is_named(settings, place, firm):
    settings.SEAL_FILE = place.parent / "nowhere" / "seal.p12"

    with pytest.raises(sealing.CannotSeal, match=r"seal\.p12 cannot be written: No such file"):
        seal()


def test_a_certificate_that_has_run_out_seals_no_more_but_still_proves(place, firm):
    before = seal()
    with pytest.raises(sealing.CannotSeal, match=r"ran out on .* --rotate"):
        seal(NOW + timedelta(days=3660))

    assert verdict(before) == Verdict.SEALED


# Changed


def test_what_the_old_key_sealed_stays_provable(place, firm):
    before = seal()

    new, aside = sealing.change_key(firm.name, NOW + DAY)

    after = seal(NOW + DAY)
    assert [verdict(before), verdict(after)] == [Verdict.SEALED, Verdict.SEALED]
    assert sealing.read(after).fingerprint == new.fingerprint != sealing.read(before).fingerprint
    assert aside == place.with_name("seal-until-2026-11-19.p12")
    assert stat.S_IMODE(aside.stat().st_mode) == stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(SealCertificate.objects.values_list("retired_at", flat=True)) == [None, NOW + DAY]


def test_two_changes_on_one_day_keep_both_old_keys(place, firm):
    seal()
    for hours in (1, 2):
        sealing.change_key(firm.name, NOW + hours * HOUR)

    assert sorted(os.listdir(place.parent)) == ["seal-until-2026-11-18-2.p12", "seal-until-2026-11-18.p12", "seal.p12"]


def test_a_machine_that_still_has_the_old_key_is_told(place, firm):
    seal()
    _new, aside = sealing.change_key(firm.name, NOW + DAY)
    aside.replace(place)

    with pytest.raises(sealing.CannotSeal, match="no longer in use"):
        seal(NOW + DAY)


def test_what_is_sealed_with_a_stolen_old_key_is_told_apart(place, firm):
    old = sealing.ensure_key(firm.name, NOW)
    sealing.change_key(firm.name, NOW + DAY)

    pdf = pades.set_seal(paper(), old, NOW + 2 * DAY, WHY, None)

    assert verdict(pdf) == Verdict.RETIRED_KEY


def test_a_wrong_passphrase_changes_no_key(settings, place, firm):
    first = sealing.ensure_key(firm.name, NOW)
    settings.SEAL_PASSPHRASE, right = "another one", settings.SEAL_PASSPHRASE
    with pytest.raises(sealing.CannotSeal):
        sealing.change_key(firm.name, NOW + DAY)

    assert key.open_key(place, right).fingerprint == first.fingerprint
    assert os.listdir(place.parent) == ["seal.p12"]


def test_a_change_that_the_disk_does_not_take_leaves_the_old_key(place, firm, monkeypatch):
    first = sealing.ensure_key(firm.name, NOW)

    def fails(handle):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(sealing.CannotSeal, match="the disk is full"):
        sealing.change_key(firm.name, NOW + DAY)

    assert sealing.ensure_key(firm.name, NOW + DAY).fingerprint == first.fingerprint
    assert SealCertificate.objects.get().retired_at is None


# On the terminal


def told_by_make_seal(*arguments):
    out = io.StringIO()
    call_command("make_seal", *arguments, stdout=out)
    return out.getvalue()


def test_make_seal_makes_the_key_and_says_where_it_lies(real):
    said = told_by_make_seal()

    assert f"The key of the seal lies in {real.SEAL_FILE} and is good until" in said
    assert SealCertificate.objects.get().fingerprint in said
    assert verdict(seal(NOW + 30 * DAY)) == Verdict.SEALED


def test_make_seal_a_second_time_changes_nothing(real):
    assert told_by_make_seal() == told_by_make_seal()
    assert SealCertificate.objects.count() == 1


def test_make_seal_can_be_told_the_name_before_the_firm_is_set_up(settings, place, db):
    with pytest.raises(CommandError, match="The firm has no name yet"):
        told_by_make_seal()
    told_by_make_seal("--firm", "Word & Co")

    assert key.firm_of(key.open_key(place, settings.SEAL_PASSPHRASE).certificate) == "Word & Co"


def test_make_seal_rotate_says_where_the_old_key_lies(real):
    told_by_make_seal()

    assert "The old key lies in " in told_by_make_seal("--rotate")
    assert SealCertificate.objects.filter(retired_at=None).count() == 1


def test_make_seal_rotate_replaces_a_key_that_is_lost(real):
    told_by_make_seal()
    real.SEAL_FILE.unlink()
    with pytest.raises(CommandError, match="Bring it back"):
        told_by_make_seal()

    assert "The old key" not in told_by_make_seal("--rotate")
    assert SealCertificate.objects.filter(retired_at=None).count() == 1
