"""A file brought in by the browser: looked at first, approved, and taken in by the worker."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from engagement.staff.models import User
from promises.actions import importing, uploads
from promises.actions.uploads import approve, put_down, run, run_waiting
from promises.importing.rows import readings
from promises.importing.table import read
from promises.models import OutcomeTally, Promise, Upload

HEAD = "reference,client,what,owner,made_on,due_on,delivered_on,value,currency"


def content(how_many=3, *more, head=HEAD):
    rows = [f"A-{n},Acme,Plan {n},Ann Lee,2026-01-05,2026-02-02,2026-02-02,,ZAR" for n in range(how_many)]
    return "\n".join([head, *rows, *more, ""]).encode()


def send(browser, data, name="jobs.csv"):
    return browser.post(reverse("promises:uploads"), {"file": SimpleUploadedFile(name, data)})


@pytest.fixture
def browser(client: Browser, mara: User) -> Browser:
    client.force_login(mara)
    return client


@pytest.fixture
def put(mara):
    def put(data=None):
        data = content() if data is None else data
        return put_down("jobs.csv", data, read(data, "jobs.csv"), by=mara, now=NOW)

    return put


def test_a_file_is_shown_as_understood_and_nothing_is_in_yet(browser):
    response = send(browser, content(3, "A-9,Acme,Plan,Ann Lee,,soon,,,"))

    upload = Upload.objects.get()
    assert response.url == reverse("promises:upload", args=[upload.pk])
    page = browser.get(response.url).content.decode()
    assert "Import 3 promises" in page
    assert "Plan 2" in page
    assert "Write the day as year-month-day, for example 2026-11-27." in page
    assert Promise.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "The file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a.csv", "This is not a text file with commas"),
        (
            b"<!doctype html>\n<p>One, two</p>\n",
            "page.png",
            "This is no table: its first line has to name several columns.",
        ),
        (b"\n <html><p>One, two</p></html>\n", "a.csv", "This is no table"),
        (b'{"reference": 1, "client": 2}', "a.csv", "This is no table"),
        (b"Dear all\n\nas agreed, by Friday\n", "letter.txt", "This is no table"),
        (content(), "a.csv.gz", "the file is not compressed by gzip"),
        (b"x" * (20 * 1024 * 1024 + 1), "a.csv", "larger than 20 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(browser, data, name, words):
    response = send(browser, data, name)

    assert response.status_code == 200
    page = response.content.decode()
    assert "There is a problem" in page
    assert words in page
    assert "<title>Error: " in page.replace("\n", "").replace("  ", "")
    assert Upload.objects.count() == 0


def test_no_file_at_all_is_asked_for(browser):
    response = browser.post(reverse("promises:uploads"), {})

    assert "Choose a file" in response.content.decode()


def test_unknown_headings_are_matched_on_the_page(browser):
    send(browser, content(2, head=HEAD.replace("what", "Gist").replace("due_on", "By")))
    upload = Upload.objects.get()
    page = reverse("promises:upload", args=[upload.pk])
    before = browser.get(page).content.decode()

    browser.post(page, {**upload.mapping, "what": "Gist", "due_on": "By"})

    assert "These columns are missing:" in before
    assert "Import 2 promises" in browser.get(page).content.decode()


def test_a_needed_column_left_open_is_asked_for_and_the_choice_kept(browser):
    send(browser, content(2))
    upload = Upload.objects.get()

    response = browser.post(reverse("promises:upload", args=[upload.pk]), {**upload.mapping, "what": ""})

    assert "Choose the column that says what was promised" in response.content.decode()
    assert response.context["form"]["client"].value() == "client"


def test_approval_waits_for_the_missing_columns(browser, put):
    upload = put(content(2, head=HEAD.replace("what", "Gist")))

    browser.post(reverse("promises:upload_run", args=[upload.pk]))

    upload.refresh_from_db()
    assert upload.approved_at is None


def test_an_approved_file_is_taken_in_and_reported(browser, put):
    upload = put(content(3, "A-9,Acme,Plan,Ann Lee,,soon,,,"))
    page = reverse("promises:upload", args=[upload.pk])

    browser.post(reverse("promises:upload_run", args=[upload.pk]))
    going = browser.get(page).content.decode()
    run_waiting(timezone.now())

    assert "<progress" in going
    assert "0 of 4 lines" in going
    done = browser.get(page).content.decode()
    assert "3 promises of 4 lines were brought in." in done
    assert Promise.objects.count() == 3
    faults = b"".join(browser.get(reverse("promises:upload_faults", args=[upload.pk])).streaming_content).decode()
    assert "5,due_on,soon,Write the day as year-month-day" in faults.replace('"', "")


def test_what_is_not_approved_stays_out(put):
    put()

    run_waiting(NOW)

    assert Promise.objects.count() == 0


def test_a_second_approval_changes_nothing(put):
    upload = put()
    assert approve(upload, now=NOW)

    assert not approve(upload, now=NOW + timedelta(minutes=1))

    upload.refresh_from_db()
    assert upload.approved_at == NOW


def test_another_worker_leaves_a_file_that_is_in_hand(put):
    upload = put()
    approve(upload, now=NOW)
    Upload.objects.filter(pk=upload.pk).update(lease_until=NOW + timedelta(minutes=1))

    assert not run(upload.pk, NOW)
    assert Promise.objects.count() == 0
    assert run(upload.pk, NOW + timedelta(minutes=1))
    assert Promise.objects.count() == 3


def test_a_worker_whose_lease_has_gone_writes_nothing(put):
    upload = put()
    approve(upload, now=NOW)
    Upload.objects.filter(pk=upload.pk).update(lease_until=NOW + timedelta(minutes=9))
    importer = importing.Importer(None, NOW)
    batch = list(readings(read(content(), "jobs.csv"), upload.mapping, NOW.date()))

    lost = uploads._take_further(upload, importer, batch, NOW + timedelta(minutes=2))

    assert lost is None
    assert (Promise.objects.count(), OutcomeTally.objects.count()) == (0, 0)


def test_a_long_file_is_taken_in_by_turns_and_each_line_once(put, monkeypatch):
    monkeypatch.setattr(uploads, "BATCHES_A_TURN", 1)
    monkeypatch.setattr(importing.in_batches, "__defaults__", (2,))
    upload = put(content(5))
    approve(upload, now=NOW)

    turns = []
    for minute in range(4):
        run_waiting(NOW + timedelta(minutes=minute))
        turns.append(Promise.objects.count())

    assert turns == [2, 4, 5, 5]
    upload.refresh_from_db()
    assert (upload.done, upload.report["made"], upload.report["same"]) == (5, 5, 0)
    assert upload.finished_at
    assert bytes(upload.content) == b""


def test_a_worker_killed_in_the_middle_is_carried_on_from_there(put, monkeypatch):
    monkeypatch.setattr(importing.in_batches, "__defaults__", (2,))
    upload = put(content(5))
    approve(upload, now=NOW)
    record, calls = importing.Importer._record, []

    def die_in_the_second_batch(self, rows, promises):
        calls.append(len(rows))
        if len(calls) == 2:
            raise KeyboardInterrupt
        record(self, rows, promises)

    with monkeypatch.context() as patch:
        patch.setattr(importing.Importer, "_record", die_in_the_second_batch)
        with pytest.raises(KeyboardInterrupt):
            run(upload.pk, NOW)
    assert Promise.objects.count() == 2

    # The lease was renewed by the clock on the wall, so the successor comes by that clock too.
    run_waiting(timezone.now() + timedelta(minutes=3))

    assert Promise.objects.count() == 5
    upload.refresh_from_db()
    assert (upload.report["made"], upload.report["same"]) == (5, 0)


@pytest.mark.parametrize("name", ["uploads", "upload", "upload_run", "upload_faults"])
def test_only_managers_bring_files_in(client, put, thandi, name):
    upload = put()
    client.force_login(thandi)
    address = reverse(f"promises:{name}", args=[] if name == "uploads" else [upload.pk])

    response = client.post(address) if name == "upload_run" else client.get(address)

    assert response.status_code == 403
    upload.refresh_from_db()
    assert upload.approved_at is None


def test_the_list_of_files_costs_the_same_with_one_and_with_three(browser, put, django_assert_max_num_queries):
    costs = []
    for how_many in (1, 2):
        for _ in range(how_many):
            put()
        with django_assert_max_num_queries(20) as captured:
            browser.get(reverse("promises:uploads"))
        costs.append(len(captured))

    assert costs[0] == costs[1]


def test_the_report_speaks_figures_like_every_page(browser, put):
    upload = put(content(3))
    report = {"read": 10_324, "made": 10_324, "faults": [[5, "due_on", "soon", "Write the day."]]}
    Upload.objects.filter(pk=upload.pk).update(
        approved_at=timezone.now(), finished_at=timezone.now(), total=10_324, done=10_324, report=report
    )

    page = browser.get(reverse("promises:upload", args=[upload.pk])).content.decode()

    assert "10,324 promises of 10,324 lines were brought in." in page
    assert "The lines with a remark, as CSV" in page
    assert "What to do" not in page
