"""From what was agreed to the PDF that is signed: PDF/A-2a, tagged for screen readers, the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from clients.document.fonts import fonts
from clients.document.labels import labels
from clients.document.lettering import is_seen, printable
from clients.document.values import Content, Evidence, Line, Signature, Stroke, Tax
from clients.terms import as_blocks

_TEMPLATE = Path(__file__).with_name("contract.typ")
# For archives (PDF/A-2a) and for readers who hear it (PDF/UA-1).
_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
_LETTERS_AT_MOST = {"figure": 18, "party": 42, "words": 28, "title": 24}
# Millimetres that a figure takes in a column, and what its column may grow to.
_FIGURE_WIDTH, _NARROWEST, _WIDEST = 2.05, 18.0, 40.0
# A finger draws a few hundred points; more than this is not a signature, and is thinned out.
_POINTS_AT_MOST = 4000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def render(
    content: Content,
    *,
    signatures: Sequence[Signature] = (),
    evidence: Evidence | None = None,
    logo: bytes | None = None,
    proposal: bool = True,
    made_at: datetime | None = None,
) -> bytes:
    """The document as PDF. The same values give the same bytes, so give `made_at`: it is written into the file.

    A proposal says until when it can be signed. A logo that cannot be read is left out: a contract does not fail over
    a picture. Ask `is_logo` when one is chosen.
    """
    words = labels(content["language"])
    files = {"main.typ": _TEMPLATE.read_bytes()}
    files["data.json"] = json.dumps(
        {
            "language": _language(content["language"]),
            "fingerprint": fingerprint(content)[:12],
            "words": _printable(words),
            "content": _content(content),
            "facts": _facts(content, proposal),
            "widths": _widths(content),
            "signatures": [_signature(each) for each in _both(content, signatures)],
            "together": _fits(content, signatures),
            "evidence": _evidence(evidence, words) if evidence else None,
            "logo": list(logo) if logo and is_logo(logo) else None,
        }
    ).encode()
    return _set(files, made_at)


@lru_cache(maxsize=4)
def is_logo(data: bytes) -> bool:
    """Whether this picture can stand at the head of a document: PNG or JPEG, and readable."""
    if not data.startswith((_PNG, _JPEG)):
        return False
    page = b'#set document(title: "Logo")\n#image(bytes(json("logo.json")), alt: "Logo")'
    try:
        _set({"main.typ": page, "logo.json": json.dumps(list(data)).encode()}, None)
    except RuntimeError:
        return False
    return True


def fingerprint(content: Content) -> str:
    """SHA-256 of the canonical text."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def _set(files: dict[str, bytes], made_at: datetime | None) -> bytes:
    # Files by name are documented, the stubs do not know them yet; they are read as UTF-8, so pictures go as numbers.
    document: bytes = typst.compile(  # type: ignore[call-overload]
        files,
        # Nothing is read from the disk: every file of the document is in `files`.
        root=_TEMPLATE.parent,
        font_paths=fonts(),
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=_STANDARDS,
        # Typst takes whole seconds only, and no zone that has a summer.
        timestamp=(made_at or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC).replace(microsecond=0),
    )
    return document


def _language(language: str) -> str:
    """The letters before the hyphen, as Typst wants them."""
    code = language.partition("-")[0].lower()
    return code if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 else "en"


def _content(content: Content) -> dict[str, Any]:
    shown: dict[str, Any] = _printable({name: said for name, said in content.items() if name != "terms"})
    shown["title"] = _heading(content["title"], _LETTERS_AT_MOST["title"])
    for party in ("firm", "client", "contact"):
        shown[party] = _printable(content[party], _LETTERS_AT_MOST["party"])
    shown["lines"] = [_line(line) for line in content["lines"]]
    shown["taxes"] = [_printable(tax, _LETTERS_AT_MOST["figure"]) for tax in content["taxes"]]
    for change, source in zip(shown.get("changes", []), content.get("changes", []), strict=True):
        change["before"], change["after"] = _side(source["before"]), _side(source["after"])
        change["effect"] = printable(source["effect"], _LETTERS_AT_MOST["figure"])
    shown["terms"] = [_block(block) for block in as_blocks(content["terms"])]
    return shown


def _heading(text: str, widest: int) -> str:
    """A heading must not be empty, for those who find their way by headings."""
    return printable(text, widest) if any(map(is_seen, text)) else "—"


def _line(line: Line) -> dict[str, str]:
    shown: dict[str, str] = _printable(line, _LETTERS_AT_MOST["figure"])
    return shown | {name: printable(line[name]) for name in ("service", "description", "turnaround")}


def _side(line: Line | Tax | None) -> dict[str, str] | None:
    """One side of a change, with its figures in one line: 2 days × €400.00 = €800.00."""
    if line is None:
        return None
    shown: dict[str, str] = _printable(line, 20)
    if "rate" in line:
        shown["figures"] = f"{shown['rate']}, {shown['amount']}"
    else:
        how_many = f"{shown['quantity']} {shown['unit']}".strip()
        shown["figures"] = f"{how_many} × {shown['price']} = {shown['amount']}"
    return shown


def _facts(content: Content, proposal: bool) -> list[tuple[str, str]]:
    names = ("sent_on", "valid_until", "period") if proposal else ("sent_on", "period")
    facts = [(name, str(content[name])) for name in names]  # type: ignore[literal-required]
    return [(name, printable(said, 24)) for name, said in facts if said]


def _widths(content: Content) -> dict[str, float]:
    lines = content["lines"]
    totals = [content["subtotal"], content["total"], *(tax["amount"] for tax in content["taxes"])]
    totals += [content.get("total_before", ""), content.get("total_after", ""), content.get("effect", "")]
    return {
        "number": min(14.0, 8 + 2 * max((len(str(line["number"])) - 3 for line in lines), default=0)),
        "quantity": _width((f"{line['quantity']} {line['unit']}" for line in lines), 24.0),
        "price": _width(line["price"] for line in lines),
        "amount": _width(line["amount"] for line in lines),
        "effect": _width(change["effect"] for change in content.get("changes", [])),
        # Set larger than the lines above it.
        "sums": 1.2 * _width(totals),
    }


def _fits(content: Content, signatures: Sequence[Signature]) -> bool:
    """Whether names and sums are as short as they are in life. What is kept on one page would else run off it."""
    said: list[Any] = [content["number"], content["subtotal"], content["total"], *content["taxes"]]
    said += [content.get(name, "") for name in ("total_before", "total_after", "effect")]
    said += [{**each, "drawn": None} for each in _both(content, signatures)]
    texts = [text for each in said for text in (each.values() if isinstance(each, dict) else [each])]
    return len(content["taxes"]) <= 12 and all(len(str(text)) <= 120 for text in texts)


def _width(figures: Iterable[str], widest: float = _WIDEST) -> float:
    return min(max([_NARROWEST, *(_FIGURE_WIDTH * len(figure) for figure in figures)]), widest)


def _block(block: dict[str, Any]) -> dict[str, Any]:
    shown = dict(block)
    match block["kind"]:
        case "heading":
            # The title is level 1, "Terms" level 2.
            said = "".join(run.get("text", "") for run in block["inline"])
            inline = block["inline"] if any(map(is_seen, said)) else [{"text": "—"}]
            shown |= {"level": min(block["level"] + 2, 6), "inline": _inline(inline)}
        case "paragraph":
            shown["inline"] = _inline(block["inline"])
        case "list":
            shown["items"] = [[_block(each) for each in item] for item in block["items"]]
        case "quote":
            shown["blocks"] = [_block(each) for each in block["blocks"]]
        case "code":
            shown["text"] = printable(block["text"])
        case "table":
            shown["head"] = [_inline(cell) for cell in block["head"]]
            shown["rows"] = [[_inline(cell) for cell in row] for row in block["rows"]]
    return shown


def _inline(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs fit to print. Where a link says something else than its address, the address stands behind it."""
    shown: list[dict[str, Any]] = []
    for at, run in enumerate(runs):
        each = run | {"text": printable(run.get("text", ""))}
        link = run.get("link", "")
        ends = link and (at + 1 == len(runs) or runs[at + 1].get("link") != link)
        said = "".join(other.get("text", "") for other in runs if other.get("link") == link)
        if ends and said.strip() not in (link, link.removeprefix("mailto:")):
            each["shown_link"] = printable(f" ({link.removeprefix('mailto:')})")
        shown.append(each)
    return shown


def _both(content: Content, signatures: Sequence[Signature]) -> list[Signature]:
    """The firm's side and the client's, each with an empty line while nobody has signed on it."""
    given = {each["side"]: each for each in signatures}
    firm: Signature = {
        "side": "firm",
        "name": "",
        "role": "",
        "for": content["firm"]["name"],
        "at": "",
        "drawn": None,
    }
    client: Signature = {
        "side": "client",
        "name": content["contact"]["name"],
        "role": content["contact"]["role"],
        "for": content["client"]["name"],
        "at": "",
        "drawn": None,
    }
    return [given.get("firm", firm), given.get("client", client)]


def _signature(signature: Signature) -> dict[str, Any]:
    # The name may be set large, so it may break early.
    shown: dict[str, Any] = _printable({name: said for name, said in signature.items() if name != "drawn"}, 18)
    return shown | {"drawn": _drawing(signature["drawn"]) if signature["drawn"] else None}


def _drawing(strokes: list[Stroke]) -> list[Stroke] | None:
    """The strokes inside their box. One point alone becomes a dot."""
    step = math.ceil(sum(len(stroke) for stroke in strokes) / _POINTS_AT_MOST) or 1
    kept = []
    for stroke in strokes:
        points = [_in_box(x, y) for x, y in [*stroke[:-1:step], *stroke[-1:]] if math.isfinite(x) and math.isfinite(y)]
        if points:
            kept.append(points if len(points) > 1 else points * 2)
    return kept or None


def _in_box(x: float, y: float) -> list[float]:
    return [round(min(max(x, 0.0), 1.0), 4), round(min(max(y, 0.0), 0.4), 4)]


def _evidence(evidence: Evidence, words: dict[str, str]) -> dict[str, Any]:
    # A fingerprint of 64 letters fits on its line; broken, it could not be searched for.
    shown: dict[str, Any] = _printable(evidence, 70) | {"rows": _printable(evidence["rows"])}
    return shown | {"statement": printable(evidence["statement"] or words["statement"])}


def _printable(value: Any, widest: int = _LETTERS_AT_MOST["words"]) -> Any:
    """Every text in the value fit to print; numbers as text too, which is all that is done with them."""
    if isinstance(value, dict):
        return {name: _printable(each, widest) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each, widest) for each in value]
    return None if value is None else printable(str(value), widest)
