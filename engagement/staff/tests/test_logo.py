"""The firm's logo: read from end to end, and only what draws it is kept."""

import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagement.staff.forms.firm import MOST_LOGO_BYTES
from engagement.staff.models import FirmLogo
from engagement.staff.pictures import PNG, NoPicture, read_picture


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width=3, height=2, *, pixels=None, extra=b"", laced=0, end=b""):
    rows = pixels if pixels is not None else b"".join(b"\0" + b"\x10\x20\x30" * width for _row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, laced)
    return PNG + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND") + end


def segment(marker, data):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(width=4, height=5, *, parts=3, frame=0xC0, extra=b"", end=b"\xff\xd9"):
    head = struct.pack(">BHHB", 8, height, width, parts) + b"\1\x11\0" * parts
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
        + extra
        + segment(0xDB, b"\0" * 65)
        + segment(frame, head)
        + segment(0xC4, b"\0" * 20)
        + segment(0xDA, b"\1\1\0\0\x3f\0")
        + b"\x12\xff\x00\x34\xff\xd0\x56"
        + end
    )


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


def send(session, content, name="logo.png"):
    return session.post("/firm/logo/", {"logo": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize(
    ("content", "kind", "size"),
    [
        (png(), "png", (3, 2)),
        (png(1, 1, pixels=b"\0abc", laced=1), "png", (1, 1)),
        (jpeg(), "jpeg", (4, 5)),
        (jpeg(frame=0xC2, parts=1), "jpeg", (4, 5)),
    ],
)
def test_a_picture_is_kept_and_shown(as_ada, content, kind, size):
    send(as_ada, content)

    kept = FirmLogo.objects.get()
    assert (kept.kind, kept.width, kept.height) == (kind, *size)
    shown = as_ada.get("/firm/logo/")
    assert shown.content == bytes(kept.content) == content
    assert shown["Content-Type"] == f"image/{kind}"
    assert shown["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "content",
    [
        png(extra=chunk(b"tEXt", b"Comment\0the secret garden")),
        png(end=b"the secret garden"),
        jpeg(extra=segment(0xE1, b"Exif\0\0the secret garden")),
        jpeg(extra=segment(0xFE, b"the secret garden")),
        jpeg(end=b"\xff\xd9the secret garden"),
    ],
)
def test_what_no_picture_needs_is_left_out(content):
    assert b"secret" in content

    assert b"secret" not in read_picture(content).content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a\1\0\1\0", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        (jpeg(parts=4), "kind"),
        (jpeg(frame=0xC3), "kind"),
        (png()[:-20], "broken"),
        (png().replace(b"IHDR", b"IHDX"), "broken"),
        (png(pixels=b"\0" * 10), "broken"),
        (png(pixels=b"\0" * 10**6), "broken"),
        (png(0, 2, pixels=b""), "broken"),
        (jpeg()[:-2], "broken"),
        (jpeg()[:40], "broken"),
        (jpeg(0), "broken"),
        (b"\xff\xd8\xff\xd9", "broken"),
        (b"\xff\xd8", "broken"),
        (png(9000, 1, pixels=b""), "large"),
        (png(5000, 5000, pixels=b""), "large"),
        (jpeg(60000, 60000), "large"),
    ],
)
def test_anything_else_is_refused(content, reason):
    with pytest.raises(NoPicture) as refused:
        read_picture(content)

    assert refused.value.reason == reason


@pytest.mark.parametrize("make", [png, jpeg])
def test_no_cut_of_a_picture_is_more_than_refused(make):
    whole = make()

    for length in range(len(whole)):
        with pytest.raises(NoPicture):
            read_picture(whole[:length])


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"GIF89a", "Choose a PNG or a JPEG in grey or colour: this file is something else"),
        (png()[:-4], "Choose another file: this picture is damaged"),
        (png(9000, 1), "Choose a picture of fewer pixels, for example 600 across"),
        (b"", "Choose another file: this one is empty"),
        (b"\x89" * (MOST_LOGO_BYTES + 1), "Choose a picture of 500 kB or less"),
    ],
)
def test_an_error_says_what_to_do(as_ada, content, error):
    response = send(as_ada, content)

    page = response.content.decode()
    assert response.status_code == 200
    assert page.count(error) == 2
    assert not FirmLogo.objects.exists()


def test_a_picture_has_to_be_chosen(as_ada):
    response = as_ada.post("/firm/logo/", {})

    assert response.context["logo_form"].errors == {"logo": ["Choose a picture, PNG or JPEG"]}


def test_another_logo_takes_the_place_of_the_first(as_ada):
    send(as_ada, png())
    send(as_ada, jpeg())

    assert FirmLogo.objects.get().kind == "jpeg"


def test_a_logo_is_removed(as_ada):
    send(as_ada, png())
    as_ada.post("/firm/logo/remove/")

    assert not FirmLogo.objects.exists()
    assert as_ada.get("/firm/logo/").status_code == 404


def test_managers_do_not_change_the_logo(client, mara):
    client.force_login(mara)

    assert send(client, png()).status_code == 403
    assert b"logo" not in client.get("/firm/").content.lower()
