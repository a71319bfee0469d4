"""Promises from a file: everything in once, bad lines named, figures as counted by hand."""

import gzip
import io
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from clients import record
from clients.models import Client, Entry
from conftest import NOW
from engagement.outbox.models import Message
from engagement.staff.models import User
from promises import actions
from promises.actions.digest import write_digests
from promises.actions.importing import Importer, Report, in_batches
from promises.actions.uploads import put_down
from promises.board import Board
from promises.importing.rows import readings
from promises.importing.table import Unreadable, must_have, read
from promises.management.commands.import_promises import Command, sentences
from promises.models import Outcome, OutcomeTally, Promise, Telling

HEAD = "reference,client,what,owner,made_on,due_on,delivered_on,value,currency"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "deliveries.csv.gz"
TODAY = date(2026, 11, 18)


def lines(*rows, head=HEAD):
    return "\n".join([head, *rows, ""]).encode()


def read_lines(content, name="jobs.csv"):
    table = read(content, name)
    mapping = table.guess()
    must_have(table, mapping)
    return list(readings(table, mapping, TODAY))


def bring_in(content, by=None, now=NOW):
    importer = Importer(by, now)
    reports = [importer.bring_in(batch) for batch in in_batches(read_lines(content), 2)]
    for report in reports[1:]:
        reports[0].add(report)
    return reports[0]


def run(tmp_path, content, *options, name="jobs.csv"):
    file = tmp_path / name
    file.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    call_command("import_promises", str(file), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def faults(content):
    return [(fault.line, fault.column) for reading in read_lines(content) for fault in reading.faults]


GOOD = "A-1,Karoo Linen,Catalogue,Thandi Mokoena,2026-01-05,2026-02-02,2026-01-30,1250.50,ZAR"


def test_a_delivered_line_ends_kept_with_its_days_early(firm, thandi, karoo):
    bring_in(lines(GOOD))

    promise = Promise.objects.get(reference="A-1")
    assert (promise.outcome, promise.days_early, promise.days_late) == (Outcome.KEPT, 3, 0)
    assert (promise.client, promise.owner) == (karoo, thandi)
    assert (promise.value, promise.currency) == (Decimal("1250.50"), "ZAR")
    assert promise.delivered_at.astimezone(karoo.zoneinfo).date() == date(2026, 1, 30)


def test_nothing_in_a_file_turns_the_sentences_around_it(firm, thandi, karoo):
    content = lines(
        "\u200eA-1,Karoo\u202e Linen,Cata\u2066logue,Thandi Mokoena\u200f,2026-01-05,2026-02-02,\u202a2026-01-30,,",
        head=f"\u200e{HEAD}",
    )

    bring_in(content)
    upload = put_down("jobs\u202evsc.csv", content, read(content, "jobs.csv"), by=thandi, now=NOW)

    promise = Promise.objects.get(reference="A-1", client=karoo, owner=thandi)
    assert (promise.what, promise.outcome) == ("Catalogue", Outcome.KEPT)
    assert upload.name == "jobsvsc.csv"


@pytest.mark.parametrize(
    ("told", "outcome"),
    [("", "late_unknown"), ("2026-02-01", "late_told"), ("2026-02-02", "late_silent"), ("2026-02-03", "late_silent")],
)
def test_a_late_line_is_told_only_by_a_day_before_the_date(firm, told, outcome):
    bring_in(lines(f"A-1,Acme,Plan,Ann Lee,,2026-02-02,2026-02-05,,,{told}", head=HEAD + ",told_on"))

    promise = Promise.objects.get()
    assert (promise.outcome, promise.days_late) == (outcome, 3)
    assert Telling.objects.count() == bool(told)


def test_a_line_without_delivery_is_open_even_when_its_day_has_passed(firm, thandi):
    bring_in(lines("A-1,Acme,Plan,Thandi Mokoena,2026-10-01,2026-10-20,,,"))

    promise = Promise.objects.get()
    assert promise.is_open
    assert promise.first_due_on == date(2026, 10, 20)
    actions.look_at_due(NOW)
    promise.refresh_from_db()
    assert promise.slipped_at == promise.due_at


def test_an_open_line_that_was_told_is_not_a_silent_slip(firm, thandi):
    content = lines("A-1,Acme,Plan,Thandi Mokoena,2026-10-01,2026-10-20,,,,2026-10-12", head=HEAD + ",told_on")

    bring_in(content)
    actions.look_at_due(NOW)

    promise = Promise.objects.get()
    assert promise.told_at is not None
    assert promise.slipped_at is None


def test_a_file_brought_in_twice_changes_nothing(firm, thandi, karoo):
    bring_in(lines(GOOD))
    before = list(Promise.objects.values()), list(OutcomeTally.objects.values()), Entry.objects.count()

    report = bring_in(lines(GOOD))

    assert (report.made, report.same, report.differing) == (0, 1, 0)
    assert (list(Promise.objects.values()), list(OutcomeTally.objects.values()), Entry.objects.count()) == before


def test_a_changed_line_is_named_and_left_as_it_is(firm, thandi, karoo):
    bring_in(lines(GOOD))

    report = bring_in(lines(GOOD.replace("Catalogue", "Poster").replace("2026-02-02", "2026-02-03")))

    assert (report.made, report.differing) == (0, 1)
    assert report.warnings[0][:2] == [2, "what, due_on"]
    assert Promise.objects.get().what == "Catalogue"


def test_an_unknown_owner_owns_but_cannot_sign_in(firm):
    bring_in(lines("A-1,Acme,Plan,PMO - US,,2026-02-02,2026-02-02,,"))

    owner = User.objects.get(name="PMO - US")
    assert owner.email == "pmo-us@import.invalid"
    assert not owner.can_sign_in
    assert owner.role == "staff"


def test_one_unknown_client_is_made_once_whatever_the_case(firm):
    report = bring_in(
        lines(
            "A-1,Côte d'Ivoire,Plan,Ann,,2026-02-02,2026-02-02,,",
            "A-2,CÔTE D'IVOIRE,Plan,ANN,,2026-02-02,2026-02-02,,",
            "A-3,côte d'ivoire,Plan,ann,,2026-02-02,2026-02-02,,",
        )
    )

    assert (report.made, report.clients, report.owners) == (3, 1, 1)
    assert Client.objects.get().zone == firm.zone


def test_the_record_of_every_client_stays_whole(firm, karoo):
    bring_in(lines(GOOD, GOOD.replace("A-1", "A-2"), "A-3,Acme,Plan,Ann,,2026-02-02,2026-02-02,,"))

    assert [fault for client in Client.objects.all() for fault in record.verify(client)] == []
    assert Entry.objects.filter(kind="imported").count() == 3


def test_bad_lines_stay_out_and_the_rest_goes_in(firm):
    report = bring_in(
        lines(
            "A-1,Acme,Plan,Ann,,2026-02-02,,,",
            "A-2,Acme,Plan,Ann,,02/03/2026,,,",
            "A-3,Acme,Plan,Ann,,2026-02-04,,1.234,RAND",
        )
    )

    assert (report.made, report.kept_out) == (1, 2)
    assert [fault[:3] for fault in report.faults] == [
        [3, "due_on", "02/03/2026"],
        [4, "value", "1.234"],
        [4, "currency", "RAND"],
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",Acme,Plan,Ann,,2026-02-02,,,", "reference"),
        ("A-1,,Plan,Ann,,2026-02-02,,,", "client"),
        ("A-1,Acme, ,Ann,,2026-02-02,,,", "what"),
        ("A-1,Acme,Plan,,,2026-02-02,,,", "owner"),
        ("A-1,Acme,Plan,Ann,,,,,", "due_on"),
        ("A-1,Acme,Plan,Ann,,2026-02-30,,,", "due_on"),
        ("A-1,Acme,Plan,Ann,,20260202,,,", "due_on"),
        ("A-1,Acme,Plan,Ann,,0001-01-01,,,", "due_on"),
        ("A-1,Acme,Plan,Ann,,9999-12-31,,,", "due_on"),
        ("A-1,Acme,Plan,Ann,2026-11-19,2026-12-02,,,", "made_on"),
        ("A-1,Acme,Plan,Ann,,2026-02-02,2026-11-19,,", "delivered_on"),
        ("A-1,Acme,Plan,Ann,,2026-02-02,,-5,", "value"),
        ("A-1,Acme,Plan,Ann,,2026-02-02,,NaN,", "value"),
        ("A-1,Acme,Plan,Ann,,2026-02-02,,1e30,", "value"),
        ("A-1,Acme,Plan,Ann,,2026-02-02,,5,R", "currency"),
        (f"A-1,Acme,{'x' * 301},Ann,,2026-02-02,,,", "what"),
        ("A-1,Acme,Plan,Ann,,2026-02-02,,5,ZAR,surplus", ""),
        ('A-1,Acme,"Plan" b,Ann,,2026-02-02,,,', ""),
    ],
)
def test_what_is_not_in_its_form_is_named_by_line_and_column(row, column):
    assert faults(lines(GOOD.replace("A-1", "B-1"), row)) == [(3, column)]


def test_an_open_quotation_mark_is_named_where_it_opens():
    assert faults(lines(GOOD, 'A-2,Acme,"Plan,Ann,,2026-02-02,,,', GOOD.replace("A-1", "A-3"))) == [(3, "")]


def test_a_text_over_two_lines_does_not_shift_the_numbers():
    assert faults(lines('A-1,Acme,"Plan\nand more",Ann,,2026-02-02,,,', "A-2,Acme,Plan,Ann,,soon,,,")) == [
        (4, "due_on")
    ]


def test_a_reference_that_comes_twice_counts_the_first_time():
    assert faults(lines(GOOD, GOOD)) == [(3, "reference")]


def test_odd_days_are_warnings_and_go_in(firm):
    report = bring_in(lines("A-1,Acme,Plan,Ann,2026-03-01,2026-02-02,2026-02-01,,"))

    assert (report.made, report.kept_out) == (1, 0)
    assert [warning[1] for warning in report.warnings] == ["made_on", "delivered_on"]


def test_two_people_of_one_name_are_asked_about(firm, make_person):
    make_person("Ann Lee", email="one@word.example")
    make_person("Ann Lee", email="two@word.example")

    report = bring_in(lines("A-1,Acme,Plan,Ann Lee,,2026-02-02,,,", "A-2,Acme,Plan,two@word.example,,2026-02-02,,,"))

    assert (report.made, report.kept_out) == (1, 1)
    assert Promise.objects.get().owner.email == "two@word.example"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a.csv", "not a text file"),
        (bytes(range(1, 32)) + b"\x81\x8d", "a.csv", "not a text file"),
        (lines(GOOD), "a.csv.gz", "not compressed"),
        (gzip.compress(lines(GOOD))[:-9], "a.csv.gz", "damaged"),
        (b"\x1f\x8bnonsense", "a.csv", "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_so_plainly(content, name, words):
    with pytest.raises(Unreadable, match=words):
        read(content, name)


def test_a_missing_column_is_named():
    with pytest.raises(Unreadable, match="client, due_on"):
        read_lines(b"reference,what,owner\nA-1,Plan,Ann\n")


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (lines(GOOD).replace(b",", b";"), "semicolons"),
        (lines(GOOD).replace(b",", b"\t"), "tabs"),
        (lines(GOOD).replace(b"Karoo Linen", "Café".encode("cp1252")), "Windows-1252"),
    ],
)
def test_other_delimiters_and_encodings_are_read_with_a_note(content, note):
    table = read(content, "jobs.csv")

    assert note in " ".join(table.notes)
    assert read_lines(content)[0].row.reference == "A-1"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_spreadsheets_put_in_front_is_no_part_of_the_first_heading(encoding):
    content = lines(GOOD.replace("Karoo Linen", "Café")).decode().encode(encoding)

    assert read_lines(content)[0].row.client == "Café"


def test_the_command_reports_and_a_second_run_changes_nothing(firm, tmp_path):
    out, _err = run(tmp_path, gzip.compress(lines(GOOD)), name="jobs.csv.gz")
    assert "Brought in 1 of 1 promise, with 1 new client and 1 new person." in out

    out, _err = run(tmp_path, lines(GOOD))

    assert "Nothing was changed." in out
    assert Promise.objects.count() == 1


def test_a_dry_run_says_the_same_and_changes_nothing(firm, tmp_path):
    out, err = run(tmp_path, lines(GOOD, "A-2,Acme,Plan,Ann,,soon,,,"), "--dry-run")

    assert "Would bring in 1 of 2 promises, with 1 new client and 1 new person." in out
    assert "line 3, due_on “soon”" in err
    assert (Promise.objects.count(), Client.objects.count(), User.objects.count()) == (0, 0, 0)


def test_other_headings_are_mapped(firm, tmp_path):
    content = lines("A-1,Acme,Plan,Ann,2026-02-02", head="Ref,Customer,Gist,Owner,Deadline")

    run(tmp_path, content, "--map", "what=Gist")

    assert Promise.objects.get().what == "Plan"


@pytest.mark.parametrize(("mapping", "words"), [("gist", "Write --map as"), ("what=Nowhere", "no column Nowhere")])
def test_a_mapping_that_fits_nothing_is_refused_in_words(firm, tmp_path, mapping, words):
    with pytest.raises(CommandError, match=words):
        run(tmp_path, lines(GOOD), "--map", mapping)


def test_a_file_that_is_not_there_is_refused_in_words(db, tmp_path):
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("import_promises", str(tmp_path / "none.csv"))


def synthetic(how_many):
    """Deterministic lines, and what a count of them by hand gives."""
    rows, counted = [], {"kept": 0, "late_unknown": 0, "early": 0, "days_early": 0}
    by_client = {}
    for number in range(how_many):
        due = date(2024, 1, 1) + timedelta(days=number % 400)
        off = (number * 7) % 13 - 9
        delivered = due + timedelta(days=off)
        client = f"Country {number % 5}"
        rows.append(f"S-{number},{client},Kit {number},Office {number % 3},,{due},{delivered},{number}.50,USD")
        counted["kept" if off <= 0 else "late_unknown"] += 1
        counted["early"] += off < 0
        counted["days_early"] += max(0, -off)
        by_client.setdefault(client, [0, 0])[off > 0] += 1
    return rows, counted, by_client


def test_the_board_reads_what_a_count_by_hand_reads(firm, tmp_path):
    rows, counted, by_client = synthetic(1200)

    run(tmp_path, lines(*rows))

    figures = Board(None, firm.zoneinfo, timezone.now()).figures()
    assert {name: figures[name] for name in counted} == counted
    assert figures["promises"] == 1200
    assert figures["open"] == 0
    for client in Client.objects.all():
        of_client = Board(None, firm.zoneinfo, timezone.now(), client=client).figures()
        assert [of_client["kept"], of_client["late_unknown"]] == by_client[client.name]


def test_the_tallies_equal_the_rows(firm, tmp_path):
    rows, _counted, _by_client = synthetic(300)

    run(tmp_path, lines(*rows))

    for tally in OutcomeTally.objects.all():
        ended = Promise.objects.filter(outcome=tally.outcome, counted_on=tally.day)
        assert tally.count == ended.count()
        assert tally.days_early == sum(promise.days_early for promise in ended)


@pytest.mark.skipif(not REAL.exists(), reason="the real deliveries are not on this machine")
def test_all_real_deliveries_go_in_and_read_as_counted(firm):
    began = time.monotonic()

    call_command("import_promises", str(REAL), stdout=io.StringIO(), stderr=io.StringIO())

    took = time.monotonic() - began
    figures = Board(None, firm.zoneinfo, timezone.now()).figures()
    names = ("promises", "open", "kept", "late_unknown", "early", "days_early")
    assert [figures[name] for name in names] == [10324, 0, 9138, 1186, 2814, 87531]
    assert Client.objects.count() == 43
    assert took < 240, "a minute on a machine of its own, four on one that is shared"


def test_nobody_writes_to_an_address_that_reaches_nobody(firm, mara):
    bring_in(lines("A-1,Acme,Plan,PMO - US,2026-10-01,2026-10-20,,,"))

    actions.look_at_due(NOW)
    write_digests(NOW)
    write_digests(NOW + timedelta(days=1))

    addresses = set(Message.objects.values_list("address", flat=True))
    assert addresses == {mara.email}


def test_figures_are_spoken_in_the_terminal_as_on_the_pages():
    said = " ".join(sentences(Report(read=10_324, made=1, same=1, kept_out=1), dry_run=False))

    assert "Brought in 1 of 10,324 promises, with 0 new clients and 0 new people." in said
    assert "1 was here already" in said
    assert "1 line was left out; it is named above." in said


def test_what_does_not_stop_the_import_is_not_painted_as_an_error():
    command = Command(stderr=io.StringIO(), force_color=True)

    command.warn("Warning: line 3")

    assert command.stderr._out.getvalue() == "Warning: line 3\n"


def test_signs_that_mean_something_to_a_database_come_in_as_they_were(firm):
    what = "C:\\new\\table\tof \\N,\nand a \\. of “Zoë” 100%"

    bring_in(lines(f'A-1,Acme,"{what}",Ann Lee,2026-01-05,2026-02-02,2026-01-30,,'))

    promise = Promise.objects.get()
    assert promise.what == what
    assert Entry.objects.about(promise.record_subject).get().data["what"] == what
    assert list(record.verify(promise.client)) == []


def test_a_batch_that_the_database_refuses_goes_in_line_by_line(firm, make_promise):
    one, other, another = (reading for reading in read_lines(lines(GOOD, GOOD.replace("A-1", "A-2"), GOOD)))
    twice = one._replace(row=one.row._replace(line=another.faults[0].line))

    report = Importer(None, NOW).bring_in([one, other, twice])

    assert (report.read, report.made, report.same) == (3, 2, 1)
    assert sorted(Promise.objects.values_list("reference", flat=True)) == ["A-1", "A-2"]
    assert sum(OutcomeTally.objects.values_list("count", flat=True)) == 2
    assert make_promise().pk > max(Promise.objects.filter(reference__isnull=False).values_list("pk", flat=True))
    assert all(list(record.verify(client)) == [] for client in Client.objects.all())
