import base64
import copy
import io
import re
import struct
import unicodedata
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from clients import content as sent
from clients.document import fingerprint, is_logo, render
from clients.document.fonts import FOLDER, families, fonts
from clients.document.lettering import printable

LINE = {
    "number": 1,
    "service": "Measuring on site",
    "description": "Two visits",
    "quantity": "2",
    "unit": "visits",
    "price": "R 3,200.00",
    "amount": "R 6,400.00",
    "turnaround": "5 working days",
}
TAX = {"number": 2, "service": "VAT", "rate": "15%", "amount": "R 960.00"}
SCOPE = {
    "layout": 1,
    "kind": "scope",
    "language": "en",
    "number": "2026-014",
    "version": 2,
    "title": "Shop fittings",
    "firm": {"name": "Word & Co", "email": "hello@word.example", "phone": "+27 21 555 0134"},
    "client": {"name": "Karoo Linen"},
    "contact": {"name": "Thandi Mokoena", "role": "Director", "email": "thandi@karoo.example"},
    "sent_on": "Tuesday 3 November 2026",
    "valid_until": "Friday 20 November 2026",
    "period": "",
    "summary": "We measure and draw.",
    "currency": "ZAR",
    "lines": [LINE],
    "taxes": [TAX],
    "subtotal": "R 6,400.00",
    "total": "R 7,360.00",
    "not_included": ["Joinery"],
    "timeline": "November.\n\nDecember.",
    "terms": "# Pay\n\nA **third** now.",
}
ADDENDUM = SCOPE | {
    "kind": "addendum",
    "number": "2026-014/1",
    "to": {"number": "2026-014", "title": "Shop fittings", "signed_on": "Thursday 5 November 2026"},
    "reason": "A corner window came with the store.",
    "changes": [
        {"number": 1, "act": "change", "before": LINE, "after": LINE | {"quantity": "3"}, "effect": "+R 3,200.00"},
        {"number": 2, "act": "remove", "before": TAX, "after": None, "effect": "−R 960.00"},
        {"number": 3, "act": "add", "before": None, "after": LINE | {"service": "Blind"}, "effect": "+R 1.00"},
    ],
    "total_before": "R 7,360.00",
    "total_after": "R 9,601.00",
    "effect": "+R 2,241.00",
    "dates": [{"what": "Drawings", "old": "Friday 18 December 2026", "new": "Wednesday 23 December 2026"}],
}
SIGNATURE = {
    "side": "client",
    "name": "Thandi Mokoena",
    "role": "Director",
    "for": "Karoo Linen",
    "at": "Thursday 5 November 2026, 10:42",
    "drawn": [[[0.1, 0.1], [0.5, 0.3]], [[0.7, 0.2]]],
}
EVIDENCE = {
    "reference": "2026-014, version 2",
    "text_sha256": "a" * 64,
    "pdf_sha256": "b" * 64,
    "chain": "entry 41, " + "c" * 64,
    "consent": "I agree to sign electronically.",
    "rows": [{"what": "Signed", "at": "Thursday 5 November 2026, 10:42", "detail": "102.65.18.7"}],
    "statement": "",
    "verify": "https://promises.word.example/verify/",
}
HOSTILE = '#read("/etc/passwd") *x* $x$ _y_ #{1+1} </script> <label> @ref `raw` \\u{41} // {page} {title}'


def read(pdf):
    """The words of the document, as a reader of it copies them; room to break is no letter."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", "\n".join(pages).replace("\u200b", ""))


def squeezed(text):
    return re.sub(r"\s+", "", text)


def png():
    def part(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", 4, 2, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x1f\x55\x66" * 4) * 2)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", size) + part(b"IDAT", rows) + part(b"IEND", b"")


# Eight grey dots by eight.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////"
    "////////wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMU"
    "EGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4"
    "iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/ACv/2Q=="
)


def everywhere(value, said):
    """The same values with `said` in place of every text that a person wrote."""
    kept = {"layout", "kind", "language", "version", "act", "currency"}
    if isinstance(value, dict):
        return {name: each if name in kept else everywhere(each, said) for name, each in value.items()}
    if isinstance(value, list):
        return [everywhere(each, said) for each in value]
    return said if isinstance(value, str) else value


def test_a_scope_says_what_was_agreed():
    words = read(render(SCOPE))

    for said in ("Word & Co", "Karoo Linen", "Shop fittings", "Measuring on site", "Turnaround: 5 working days"):
        assert said in words
    for said in ("R 6,400.00", "VAT 15%", "R 960.00", "Total R 7,360.00", "Joinery", "A third now.", "Not yet signed"):
        assert said in words


def test_an_addendum_says_what_it_changes_and_what_holds_after_it():
    words = read(render(ADDENDUM))

    assert "This addendum changes scope 2026-014, Shop fittings, signed on Thursday 5 November 2026." in words
    for said in ("A corner window came", "3 visits × R 3,200.00", "Removed", "15%, R 960.00", "Blind", "+R 2,241.00"):
        assert said in words
    for said in ("Friday 18 December 2026", "Wednesday 23 December 2026", "Total after R 9,601.00"):
        assert said in words


def test_only_a_proposal_says_until_when_it_can_be_signed():
    assert "Friday 20 November 2026" in read(render(SCOPE))
    assert "Friday 20 November 2026" not in read(render(SCOPE, proposal=False))


def test_a_signed_document_shows_who_signed_and_claims_no_more():
    words = read(render(SCOPE, signatures=[SIGNATURE], evidence=EVIDENCE, proposal=False))

    assert "Signed electronically, Thursday 5 November 2026, 10:42" in words
    assert "This is a simple electronic signature, sealed with the firm's key." in words
    for said in ("a" * 64, "b" * 64, "c" * 64, "102.65.18.7", "https://promises.word.example/verify/"):
        assert said in words
    assert "qualified" not in words
    assert "advanced" not in words


def test_a_drawn_signature_is_lines_and_not_a_picture():
    drawn, typed = (
        PdfReader(io.BytesIO(render(SCOPE, signatures=[SIGNATURE | {"drawn": strokes}])))
        for strokes in (SIGNATURE["drawn"], None)
    )

    assert has_pen(drawn)
    assert not has_pen(typed)
    assert not any(page.images for page in drawn.pages)


def has_pen(reader):
    """Whether lines with round ends are drawn, as only signatures are."""
    return any(re.search(rb"\b1 J\b", page.get_contents().get_data()) for page in reader.pages)


@pytest.mark.parametrize("strokes", [[], [[]], [[[float("nan"), 0]]], [[[-9, 9], [1e300, 0.1]]], [[[0, 0]] * 100_000]])
def test_no_drawing_breaks_the_document(strokes):
    assert "Thandi Mokoena" in read(render(SCOPE, signatures=[SIGNATURE | {"drawn": strokes}]))


def test_every_page_says_which_it_is_of_how_many_and_of_what():
    pages = PdfReader(io.BytesIO(render(SCOPE | {"timeline": "Then.\n\n" * 200}))).pages

    assert len(pages) > 3
    for at, page in enumerate(pages, 1):
        words = page.extract_text()
        assert f"Page {at} of {len(pages)}" in words
        assert "2026-014 · Version 2" in words
        assert fingerprint(SCOPE | {"timeline": "Then.\n\n" * 200})[:12] in words


def test_the_fingerprint_in_the_foot_is_that_of_what_was_sent():
    assert fingerprint(ADDENDUM) == sent.fingerprint(ADDENDUM)


def test_it_is_made_for_archives_and_for_those_who_hear_it():
    pdf = render(SCOPE, signatures=[SIGNATURE], evidence=EVIDENCE, logo=png())
    root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()

    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"


def test_every_font_lies_in_the_file():
    found = {}
    for page in PdfReader(io.BytesIO(render(SCOPE))).pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            found[str(descendant["/BaseFont"])] = descendant["/FontDescriptor"]

    assert len({name for name in found if "Inter" in name}) >= 2
    assert any("DocumentSerif" in name for name in found)
    assert all("/FontFile2" in each or "/FontFile3" in each for each in found.values())


def test_the_same_values_give_the_same_bytes():
    made_at = datetime(2026, 11, 5, 14, 5, tzinfo=UTC)

    first, second = (render(ADDENDUM, signatures=[SIGNATURE], evidence=EVIDENCE, made_at=made_at) for _ in range(2))

    assert first == second
    assert PdfReader(io.BytesIO(first)).metadata.creation_date == made_at


@pytest.mark.parametrize("whole", [SCOPE, ADDENDUM])
def test_what_looks_like_code_is_printed_as_it_was_typed(whole):
    hostile = everywhere(copy.deepcopy(whole), HOSTILE) | {"terms": f"```\n{HOSTILE}\n```"}

    words = squeezed(read(render(hostile)))

    assert words.count(squeezed(HOSTILE)) >= 20
    assert "root:x:0" not in words


def test_a_word_without_end_stays_on_the_paper():
    pdf = render(everywhere(copy.deepcopy(ADDENDUM), "W" * 60) | {"summary": "W" * 10_000})

    lines = [line.replace("\u200b", "") for page in PdfReader(io.BytesIO(pdf)).pages for line in lines_of(page)]

    assert sum(line.count("W") for line in lines) > 10_000
    # The widest letter there is: the paper has room for some fifty.
    assert max(map(len, lines)) < 110


def lines_of(page):
    return page.extract_text().splitlines()


def test_names_and_sums_without_end_run_off_no_page():
    long = SCOPE | {"total": "total " * 900, "contact": SCOPE["contact"] | {"role": "role " * 900}}

    pdf = render(long, signatures=[SIGNATURE | {"name": "name " * 900}])

    assert read(pdf).count("name") >= 900
    assert min(heights(pdf)) > 0


def heights(pdf):
    """How far above the foot of its page each piece of text stands: what lies below the paper is read all the same."""
    found = []

    def note(said, page, text, *_):
        if said.strip():
            found.append(text[5] * page[3] + page[5])

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=note)
    return found


def test_a_letter_that_no_font_has_is_shown_by_its_code():
    words = read(render(SCOPE | {"title": "李 and \ue000 and \x00 and \ud800", "summary": "שלום مرحبا 😀 Ж Ω ő"}))

    assert "[U+674E] and [U+E000] and [U+0000] and [U+D800]" in words
    for letter in "שם😀ЖΩő":
        assert letter in unicodedata.normalize("NFKC", words)


def test_no_character_turns_the_others_round():
    words = read(render(SCOPE | {"title": "pay \u202e00.1\u202c only"}))

    assert "pay [U+202E]00.1[U+202C] only" in words


def test_marks_do_not_pile_up_over_other_lines():
    assert printable("a" + "\u0301" * 6) == "a" + "\u0301" * 4 + "[U+0301]\u200b" * 2


@pytest.mark.parametrize("word", ["aansprakelijkheidsverzekering"[:28], "R 1 234 567,50", "hello@word.example"])
def test_words_of_this_world_are_left_whole(word):
    assert printable(word) == word


def test_a_long_word_may_break_and_loses_nothing():
    shown = printable("W" * 100)

    assert shown.replace("\u200b", "") == "W" * 100
    assert max(len(part) for part in shown.split("\u200b")) <= 6


def test_every_character_there_is_can_be_printed():
    # 0x110000 of them in pieces: whatever a font claims to have must come out, and the rest as codes.
    claimed = sorted(set().union(*families()))
    text = " ".join(chr(code) for code in claimed) + " ".join(map(chr, range(0x300)))

    terms = f"**{text[200:]}**\n\n*{text[200:]}*"
    pdf = render(SCOPE | {"summary": text, "title": text[:4000], "terms": terms})

    assert len(PdfReader(io.BytesIO(pdf)).pages) > 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=60), min_size=5, max_size=5))
def test_no_text_breaks_the_document(texts):
    title, summary, terms, service, name = texts
    whole = SCOPE | {"title": title, "summary": summary, "terms": terms, "lines": [LINE | {"service": service}]}

    pdf = render(whole, signatures=[SIGNATURE | {"name": name, "drawn": None}])

    assert pdf.startswith(b"%PDF-1.7")


def test_a_logo_stands_at_the_head():
    for picture in (png(), JPEG):
        pdf = render(SCOPE, logo=picture)

        assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) == 1


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\nbroken", b"\xff\xd8\xffbroken"])
def test_a_contract_does_not_fail_over_a_picture(data):
    assert not is_logo(data)
    assert render(SCOPE, logo=data) == render(SCOPE)


def test_only_the_fonts_in_the_package_are_used():
    here = {path.stem for path in FOLDER.glob("*.ttf")}

    assert len(fonts().fonts()) == len(here)
    assert all((FOLDER / f"{name.partition('-')[0]}.LICENSE.txt").exists() for name in here)
