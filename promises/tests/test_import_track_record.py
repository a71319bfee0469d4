"""Finished jobs from a file: everything in once, bad lines named, nothing guessed."""

import gzip
import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from conftest import NOW
from engagement.staff.models import Absence, User, WorkingWeek
from promises.importing.jobs import JOBS, Reader, job_readings
from promises.importing.table import must_have, read
from promises.models import PastJob

HEAD = "owner,kind,estimate,actual hours,made,started,finished"
# A Thursday, and the Friday of the week after.
GOOD = "Thandi Mokoena,Design,4.5,6:15,2026-03-05,2026-03-06,2026-03-13"


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(NOW)


def lines(*rows, head=HEAD):
    return "\n".join([head, *rows, ""]).encode()


def run(tmp_path, content, *options, name="jobs.csv"):
    file = tmp_path / name
    file.write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    call_command("import_track_record", str(file), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def read_lines(content, firm, **how):
    table = read(content, "jobs.csv", JOBS)
    mapping = table.guess()
    must_have(table, mapping)
    return list(job_readings(table, mapping, Reader(NOW.date(), firm.zoneinfo, **how)))


def faults(content, firm, **how):
    return [(fault.line, fault.column) for reading in read_lines(content, firm, **how) for fault in reading.faults]


def test_a_job_goes_in_with_the_days_of_its_owners_diary(firm, thandi, tmp_path):
    Absence.objects.create(user=thandi, first_day=date(2026, 3, 10), last_day=date(2026, 3, 11))

    out, err = run(tmp_path, lines(GOOD))

    job = PastJob.objects.get()
    assert "Brought in 1 of 1 job." in out
    assert err == ""
    assert (job.owner, job.owner_name, job.kind) == (thandi, "Thandi Mokoena", "Design")
    assert (job.estimate_hours, job.actual_hours) == (Decimal("4.50"), Decimal("6.25"))
    assert (job.made_on, job.started_on, job.finished_on) == (date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 13))
    # Friday, Monday, Thursday and Friday: not the Thursday it was made, the weekend, or the days away.
    assert job.working_days == 4
    assert job.hours_a_day == pytest.approx(8 * 0.7)


def test_the_week_in_force_then_counts(firm, thandi, tmp_path):
    day = [["09:00", "13:00"]]
    three = [day, day, day, [], [], [], []]
    WorkingWeek.objects.create(user=thandi, valid_from=date(2025, 1, 1), hours=three, share=Decimal("0.5"))
    WorkingWeek.objects.create(user=thandi, valid_from=date(2026, 4, 1), share=Decimal("0.7"))

    run(tmp_path, lines(GOOD))

    job = PastJob.objects.get()
    assert (job.working_days, job.hours_a_day) == (3, pytest.approx(2.0))


def test_public_holidays_are_no_working_days(firm, thandi, tmp_path):
    # Good Friday and Family Day lie between.
    run(tmp_path, lines("Thandi Mokoena,,4,5,2026-04-01,,2026-04-07"))

    assert PastJob.objects.get().working_days == 2


def test_who_is_not_here_counts_for_the_firm_and_is_named(firm, tmp_path):
    out, _err = run(tmp_path, lines(GOOD, GOOD.replace("Thandi Mokoena", "Pieter Nel"), GOOD))

    assert set(PastJob.objects.values_list("owner", "owner_name")) == {(None, "Thandi Mokoena"), (None, "Pieter Nel")}
    assert "2 owners are not here: Thandi Mokoena, Pieter Nel. Their jobs count for the firm as a whole." in out
    assert not User.objects.exists()


def test_who_comes_later_takes_over_their_jobs(firm, make_person, tmp_path):
    run(tmp_path, lines(GOOD))
    thandi = make_person("Thandi Mokoena")
    Absence.objects.create(user=thandi, first_day=date(2026, 3, 10), last_day=date(2026, 3, 11))

    out, _err = run(tmp_path, lines(GOOD))

    job = PastJob.objects.get()
    assert (job.owner, job.working_days) == (thandi, 4)
    assert "1 was here without its owner, who is here by now: it counts for them." in out
    assert "Nothing was changed." not in out


def test_an_owner_is_known_by_e_mail_in_any_case(firm, thandi, tmp_path):
    run(tmp_path, lines(GOOD.replace("Thandi Mokoena", "THANDI@word.example")))

    assert PastJob.objects.get().owner == thandi


def test_two_people_of_one_name_are_asked_about(firm, make_person, tmp_path):
    make_person("Ann Lee", email="one@word.example")
    make_person("Ann Lee", email="two@word.example")

    out, err = run(tmp_path, lines(GOOD.replace("Thandi Mokoena", "Ann Lee")))

    assert "Brought in 0 of 1 job." in out
    assert "line 2, owner “Ann Lee”: Several people here have this name." in err


def test_the_same_file_again_changes_nothing(firm, thandi, tmp_path):
    run(tmp_path, lines(GOOD, GOOD.replace("6:15", "7")))
    before = list(PastJob.objects.values())

    out, _err = run(tmp_path, gzip.compress(lines(GOOD, GOOD.replace("6:15", "7"))), name="jobs.csv.gz")

    assert "Brought in 0 of 2 jobs." in out
    assert "2 are here already." in out
    assert "Nothing was changed." in out
    assert list(PastJob.objects.values()) == before


def test_however_it_is_written_it_is_the_same_job(firm, thandi, tmp_path):
    run(tmp_path, lines(GOOD))

    run(
        tmp_path,
        lines("THANDI MOKOENA;Design;4,50;6.25 h;5 March 2026;6 March 2026;13 March 2026", head=HEAD.replace(",", ";")),
    )

    assert PastJob.objects.count() == 1


def test_two_lines_that_say_the_same_are_two_jobs_and_a_longer_file_adds_the_rest(firm, thandi, tmp_path):
    run(tmp_path, lines(GOOD, GOOD))
    assert PastJob.objects.count() == 2

    out, _err = run(tmp_path, lines(GOOD, GOOD, GOOD))

    assert "Brought in 1 of 3 jobs." in out
    assert PastJob.objects.count() == 3


def test_a_dry_run_says_the_same_and_changes_nothing(firm, thandi, tmp_path):
    out, err = run(tmp_path, lines(GOOD, GOOD.replace("4.5", "none at all")), "--dry-run")

    assert "Would bring in 1 of 2 jobs." in out
    assert "line 3, estimate “none at all”" in err
    assert not PastJob.objects.exists()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",Design,4,5,2026-03-05,,2026-03-13", "owner"),
        (f"{'x' * 151},Design,4,5,2026-03-05,,2026-03-13", "owner"),
        (f"Ann,{'x' * 201},4,5,2026-03-05,,2026-03-13", "kind"),
        ("Ann,Design,0,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,0.004,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,-4,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,four,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,NaN,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,1e3,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,1.200,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,14400,5,2026-03-05,,2026-03-13", "estimate"),
        ("Ann,Design,4,0,2026-03-05,,2026-03-13", "actual_hours"),
        ("Ann,Design,4,-2,2026-03-05,,2026-03-13", "actual_hours"),
        ("Ann,Design,4,5,,,2026-03-13", "made"),
        ("Ann,Design,4,5,03/04/2026,,2026-05-13", "made"),
        ("Ann,Design,4,5,5 March,,2026-03-13", "made"),
        ("Ann,Design,4,5,05/03/26,,2026-03-13", "made"),
        ("Ann,Design,4,5,yesterday,,2026-11-18", "made"),
        ("Ann,Design,4,5,2026-02-30,,2026-03-13", "made"),
        ("Ann,Design,4,5,0001-01-01,,2026-03-13", "made"),
        ("Ann,Design,4,5,0001-01-01T00:00+14:00,,2026-03-13", "made"),
        ("Ann,Design,4,5,2026-03-14,,2026-03-13", "made"),
        ("Ann,Design,4,5,2026-03-05,2026-03-14,2026-03-13", "started"),
        ("Ann,Design,4,5,2026-03-05,,", "finished"),
        ("Ann,Design,4,5,2026-03-05,,2026-11-19", "finished"),
        ("Ann,Design,4,5,2026-03-05,,2026-03-13,surplus", ""),
        ('Ann,"Design" x,4,5,2026-03-05,,2026-03-13', ""),
    ],
)
def test_what_cannot_be_is_named_by_line_and_column(firm, row, column):
    assert faults(lines(GOOD, row), firm) == [(3, column)]


def test_a_character_that_no_text_has_keeps_its_line_out(firm):
    content = lines(GOOD, GOOD.replace("Thandi", "Than\x00di")).decode().encode("utf-16")

    assert faults(content, firm) == [(3, "owner")]


def test_what_can_be_read_in_two_ways_says_so_and_how_to_choose(firm, tmp_path):
    _out, err = run(tmp_path, lines("Ann,,1.200,2,03/04/2026,,2026-05-13"))

    assert "This is 1.2 or 1,200. Say which with --decimals point or --decimals comma." in err
    assert "4 March 2026" in err
    assert "3 April 2026" in err
    assert "--day-first or --month-first" in err


@pytest.mark.parametrize("words", ["tomorrow 2026", "next Friday 2026", "on 03/04/2026"])
def test_words_that_no_switch_settles_are_asked_for_as_a_day(firm, tmp_path, words):
    _out, err = run(tmp_path, lines(f"Ann,,4,5,{words},,2026-11-13"))

    assert f"line 2, made “{words}”: Write the day as year-month-day, for example 2026-11-27." in err
    assert "This is" not in err


@pytest.mark.parametrize(("order", "made"), [("--day-first", date(2026, 4, 3)), ("--month-first", date(2026, 3, 4))])
def test_the_order_of_a_day_in_figures_can_be_said(firm, tmp_path, order, made):
    run(tmp_path, lines("Ann,,4,2,03/04/2026,,2026-05-13"), order)

    assert PastJob.objects.get().made_on == made


def test_a_day_that_is_none_in_the_order_said_is_refused(firm):
    content = lines("Ann,,4,2,02/27/2026,,2026-05-13")

    assert faults(content, firm, day_first=True) == [(2, "made")]
    assert faults(content, firm, day_first=False) == []


@pytest.mark.parametrize(("decimals", "estimate"), [("point", Decimal("1.20")), ("comma", Decimal("1200.00"))])
def test_what_parts_the_decimals_can_be_said(firm, tmp_path, decimals, estimate):
    run(tmp_path, lines("Ann,,1.200,2,2026-03-05,,2026-05-13"), "--decimals", decimals)

    assert PastJob.objects.get().estimate_hours == estimate


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-05", date(2026, 3, 5)),
        ("2026-03-05 14:30", date(2026, 3, 5)),
        # By then it is the next day in Johannesburg.
        ("2026-03-05T22:30:00Z", date(2026, 3, 6)),
        ("2026-03-05T22:30:00.000+0000", date(2026, 3, 6)),
        ("5 Mar 2026", date(2026, 3, 5)),
        ("25/03/2026", date(2026, 3, 25)),
        ("25.03.2026", date(2026, 3, 25)),
    ],
)
def test_days_are_read_as_people_and_programs_write_them(firm, text, day):
    reading = read_lines(lines(f"Ann,,4,5,{text},,2026-05-13"), firm)[0]

    assert reading.row.made == day


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("4.5", Decimal("4.50")),
        ('"4,5"', Decimal("4.50")),
        ("4:30", Decimal("4.50")),
        ("90 min", Decimal("1.50")),
        ("~3h", Decimal("3.00")),
        ("4.4567890", Decimal("4.46")),
        ("1 200.5", Decimal("1200.50")),
        ("", None),
        ("n/a", None),
    ],
)
def test_hours_are_read_as_people_and_programs_write_them(firm, text, hours):
    reading = read_lines(lines(f"Ann,,{text},5000,2020-03-05,,2026-05-13"), firm)[0]

    assert reading.row.estimate == hours


def test_a_job_without_a_day_of_promising_begins_where_it_was_started(firm, thandi, tmp_path):
    run(tmp_path, lines("Thandi Mokoena,,4,,,2026-03-05,2026-03-06"))

    job = PastJob.objects.get()
    assert (job.made_on, job.started_on, job.working_days) == (date(2026, 3, 5), date(2026, 3, 5), 1)
    assert job.actual_hours is None


def test_more_hours_than_the_days_have_is_a_warning(firm, tmp_path):
    out, err = run(tmp_path, lines("Ann,,4,60,2026-03-05,,2026-03-06"))

    assert "Brought in 1 of 1 job." in out
    assert "Warning: line 2, actual_hours “60.00”: These are more hours than those days have." in err


@pytest.mark.parametrize(
    "head",
    [
        "Done by;Type of work;Estimated hours;Hours spent;Promised on;Start date;Completed",
        "Assignee\tcategory\tEstimate (hours)\tActual (hours)\tCreated\tStarted\tResolved",
        "employee|service|planned-hours|time spent|ordered|begun|done on",
    ],
)
def test_other_headings_and_delimiters_are_recognised(firm, head):
    sign = next(sign for sign in ";\t|" if sign in head)

    row = read_lines(lines(GOOD.replace(",", sign), head=head), firm)[0].row

    assert (row.owner, row.kind, row.estimate, row.finished) == (
        "Thandi Mokoena",
        "Design",
        Decimal("4.50"),
        date(2026, 3, 13),
    )


def test_other_headings_are_mapped(firm, tmp_path):
    run(tmp_path, lines(GOOD, head=HEAD.replace("owner", "Craftsman")), "--map", "owner=Craftsman")

    assert PastJob.objects.get().owner_name == "Thandi Mokoena"


@pytest.mark.parametrize(
    ("head", "missing"),
    [
        (HEAD.replace("owner", "x"), "column owner is missing"),
        (HEAD.replace("made", "x").replace("started", "y"), "column made / started is missing"),
        ("estimate,actual hours", "columns owner, finished, made / started are missing"),
    ],
)
def test_a_missing_column_is_named(firm, tmp_path, head, missing):
    with pytest.raises(CommandError, match=missing):
        run(tmp_path, lines(GOOD, head=head))


def test_a_mapping_that_fits_nothing_names_the_columns(firm, tmp_path):
    with pytest.raises(CommandError, match="owner, kind, estimate, actual_hours, made, started, finished"):
        run(tmp_path, lines(GOOD), "--map", "gist=Nowhere")


def test_a_name_with_an_accent_is_read_with_a_note_from_an_old_spreadsheet(firm, tmp_path):
    out, _err = run(tmp_path, lines(GOOD.replace("Thandi", "Zoë")).decode().encode("cp1252"))

    assert "Windows-1252" in out
    assert PastJob.objects.get().owner_name == "Zoë Mokoena"


def test_lines_of_many_batches_all_go_in(firm, thandi, tmp_path):
    rows = [f"Thandi Mokoena,Design,4,{number}.5,2026-03-05,,2026-03-13" for number in range(1, 1203)]

    out, _err = run(tmp_path, lines(*rows, "Ann,,x,1,2026-03-05,,2026-03-13"))

    assert "Brought in 1,202 of 1,203 jobs." in out
    assert "1 line was left out; it is named above." in out
    assert PastJob.objects.filter(owner=thandi).count() == 1202
