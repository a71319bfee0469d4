"""A hundred and twenty files that nobody should have sent, made here: they are too large or too odd to be kept."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

SCRIPT = b"<script>zqx()</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="zqx()"><script>zqx()</script></svg>'
HTML = b"<!doctype html><html><body onload=zqx()>" + SCRIPT + b"</body></html>"
# The file by which virus scanners are tried, in two parts, so that none takes this one for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(zqx())>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
CSV = b"client,what,owner,due_on\nKaroo Linen,Chairs,Thandi Mokoena,2026-12-01\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"

NAMES = (
    *(
        "..\\..\\x.pdf",
        "../../etc/passwd",
        "C:\\x.pdf",
        "/etc/passwd",
        "x.pdf\0.html",
        "x.pdf\n.html",
        "x.html",
        "x.svg",
    ),
    *(
        "\u202efdp.exe",
        "x\u202egnp.html",
        "x.pdf.exe",
        ".htaccess",
        "con.pdf",
        "x" * 150 + ".pdf",
        " .pdf",
        'a"; x="b.pdf',
    ),
    *(
        "x.pdf\r\nX-Evil: 1",
        "%2e%2e%2fx.pdf",
        "x.pdf;.html",
        "\u0130\u0131.pdf",
        "李.pdf",
        "x'.pdf",
        "<img src=x onerror=zqx()>.pdf",
    ),
    *("{{ x }}.pdf", "%(x)s.pdf", "=1+1.csv", "x.PHP", "-rf.pdf", "~.pdf", "x.csv.gz", "x.phtml.png"),
)


def part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 4, height: int = 2, more: bytes = b"", behind: bytes = b"", rows: bytes | None = None) -> bytes:
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x1f\x55\x66" * 4) * 2 if rows is None else rows
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", size)
        + more
        + part(b"IDAT", zlib.compress(rows))
        + part(b"IEND", b"")
        + behind
    )


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def contents() -> list[tuple[str, bytes]]:
    zeros = bytes(8_000_000)
    bombs = [
        ("bomb.png", png(50_000, 50_000)),
        ("tall.png", png(1, 50_000, rows=bytes(4 * 50_000))),
        ("lies.png", png(8, 8, rows=zeros)),
        ("small.png", png(4000, 4000, rows=b"")),
        ("text.png", png(more=part(b"zTXt", b"x\0\0" + zlib.compress(zeros)))),
        ("icc.png", png(more=part(b"iCCP", b"x\0\0" + zlib.compress(zeros)))),
        ("bomb.csv.gz", gzip.compress(zeros * 40)),
        ("bomb.zip", zipped("x.csv", zeros)),
        ("nested.csv.gz", gzip.compress(gzip.compress(CSV))),
        ("wide.csv", b"client," * 100_000 + b"\n" + b"x," * 100_000),
        ("quote.csv", CSV + b'"' + b"a" * 300_000),
        ("deep.csv", CSV + b'"\n' * 50_000),
    ]
    polyglots = [
        ("pdf-html.pdf", PDF + HTML),
        ("html-pdf.pdf", HTML + PDF),
        ("pdf-zip.pdf", PDF + zipped("x.html", HTML)),
        ("png-html.png", png(behind=HTML)),
        ("png-zip.png", png(behind=zipped("x.html", HTML))),
        ("png-text.png", png(more=part(b"tEXt", b"Comment\0" + SCRIPT))),
        ("png-own.png", png(more=part(b"zqXx", HTML))),
        ("jpeg-html.jpg", JPEG + b"\xff\xfe" + struct.pack(">H", len(HTML) + 2) + HTML + b"\xff\xd9"),
        ("jpeg-behind.jpg", JPEG + b"\xff\xd9" + HTML),
        ("gif-js.gif", b"GIF89a/*" + bytes(20) + b"*/=1;zqx()"),
        ("csv-html.csv", CSV + HTML),
        ("html-csv.csv", HTML + b"\n" + CSV),
        ("pdf-csv.csv", b"%PDF-1.7," + CSV),
        ("gz-html.csv.gz", gzip.compress(HTML)),
        ("tar.csv.gz", tarred("../../x.csv", CSV)),
        ("mhtml.pdf", b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n" + HTML),
        ("bom.svg", b"\xef\xbb\xbf" + SVG),
        ("utf7.csv", b"+ADw-script+AD4-zqx()+ADw-/script+AD4-"),
        ("utf16.csv", HTML.decode().encode("utf-16")),
        ("xml.svg", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'),
        ("bmp.png", b"BM" + struct.pack("<I", 2**31) + bytes(50)),
        ("tiff.png", b"II*\0" + struct.pack("<I", 8) + b"\xff" * 200),
        ("webp.png", b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(30)),
        ("ps.pdf", b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n"),
        ("laughs.svg", b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><svg>&b;</svg>'),
    ]
    wrong = [
        *(
            ("svg.pdf", SVG),
            ("svg.png", SVG),
            ("svg.csv", SVG),
            ("html.pdf", HTML),
            ("html.png", HTML),
            ("html.csv", HTML),
        ),
        *(
            ("pdf.png", PDF),
            ("png.pdf", png()),
            ("pdf.csv", PDF),
            ("png.csv", png()),
            ("csv.pdf", CSV),
            ("csv.png", CSV),
        ),
        *(("eicar.com", EICAR), ("eicar.pdf", b"%PDF-" + EICAR), ("eicar.csv", EICAR), ("eicar.png", EICAR)),
        *(("exe.pdf", b"MZ" + bytes(100)), ("elf.pdf", b"\x7fELF" + bytes(100)), ("sh.csv", b"#!/bin/sh\nreboot\n")),
        *(
            ("zip.pdf", zipped("x", b"x")),
            ("swf.pdf", b"CWS\x0a" + bytes(50)),
            ("class.pdf", b"\xca\xfe\xba\xbe" + bytes(50)),
        ),
    ]
    broken = [
        *((f"nothing.{kind}", b"") for kind in ("pdf", "png", "csv")),
        *(("one.pdf", b"%"), ("five.pdf", b"%PDF-"), ("zeros.pdf", b"%PDF-" + bytes(10_000)), ("no-end.pdf", PDF[:60])),
        *(
            ("cut.png", png()[:30]),
            ("head.png", png()[:8]),
            ("sum.png", png()[:-6] + b"xxxxxx"),
            ("no-size.png", png(0, 0)),
        ),
        *(("long.png", png()[:8] + struct.pack(">I", 2**31 - 1) + b"IHDR"), ("twice.png", png() + png())),
        *(("cut.jpg", JPEG[:7]), ("ff.jpg", b"\xff\xd8" + b"\xff" * 10_000), ("len.jpg", b"\xff\xd8\xff\xe0\0\0")),
        *(
            ("cut.csv.gz", gzip.compress(CSV)[:20]),
            ("no.csv.gz", CSV),
            ("nul.csv", b"client\0,what\n"),
            ("ff.csv", b"\xff" * 999),
        ),
        *(("one-line.csv", b"client"), ("spaces.csv", b" \n \n"), ("semicolons.csv", CSV.replace(b",", b";"))),
        *(
            ("surrogate.csv", b"client,what,owner,due_on\n\xed\xa0\x80,x,y,2026-12-01\n"),
            ("rtl.csv", "\u202eclient,what".encode()),
        ),
        *(("loop.pdf", b"%PDF-1.7\n1 0 obj<</Type/Pages/Kids[1 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"),),
        *(("xref.pdf", b"%PDF-1.7\nxref\n0 99999999\ntrailer<</Root 1 0 R/Prev 0>>\nstartxref\n9\n%%EOF"),),
        *(
            (
                "flate.pdf",
                b"%PDF-1.7\n1 0 obj<</Filter/FlateDecode/Length 99>>stream\n" + zlib.compress(zeros) + b"endstream",
            ),
        ),
        *(("sig.pdf", b"%PDF-1.7\n1 0 obj<</Type/Sig/ByteRange[0 9999999999 1 -5]/Contents<00>>>endobj\n%%EOF"),),
        *(("deep.pdf", b"%PDF-1.7\n1 0 obj" + b"[" * 20_000 + b"endobj\ntrailer<</Root 1 0 R>>\n%%EOF"),),
    ]
    return [*bombs, *polyglots, *wrong, *broken]


def files() -> list[tuple[str, bytes]]:
    """Each content under its own name, and each name over a content that would be taken."""
    named = [(name, {"png": png(), "csv": CSV}.get(name.rpartition(".")[2], PDF)) for name in NAMES]
    return [*contents(), *named]
