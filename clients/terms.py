"""The terms of a scope: written in Markdown, shown on a page and printed, both from one reading of the text."""

from __future__ import annotations

import re
from typing import Any, TypedDict

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

_TAGS = {
    *("p", "br", "hr", "strong", "em", "code", "pre", "a", "ul", "ol", "li", "blockquote"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ADDRESSES = ("http://", "https://", "mailto:")
# Longer ones are refused by readers of PDF, and no honest link needs them.
_LONGEST_ADDRESS = 2000
# Lists and quotes within each other; deeper ones are no longer read as lists, and shown as they were typed.
_DEEPEST = 16
# As the reader itself parts lines.
_NEW_LINE = re.compile(r"\r\n|\r|\n")


class Run(TypedDict, total=False):
    """A piece of a line in one manner. `new_line` stands alone."""

    text: str
    bold: bool
    italic: bool
    code: bool
    link: str
    new_line: bool


# By `kind`: heading (level, inline), paragraph (inline), list (ordered, start, items: blocks each), quote (blocks),
# table (head: inline each, rows of the same), code (text), rule. `inline` is a list of runs.
Block = dict[str, Any]


def as_html(markdown: str) -> SafeString:
    """Clean HTML, its headings from h3 on. What looks like HTML in the text is shown as it was typed."""
    tokens = _read(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    html = _READER.renderer.render(tokens, _READER.options, {}).encode(errors="replace").decode()
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)


def as_blocks(markdown: str) -> list[Block]:
    """The same terms as plain values, so that a printed document never reads them as code."""
    return _blocks(iter(_read(markdown)))


def _allowed(address: str) -> bool:
    return address.lower().startswith(_ADDRESSES) and len(address) <= _LONGEST_ADDRESS


def _reader() -> MarkdownIt:
    # Pictures would be fetched from elsewhere, also by the reader of a signed document. A reference that no link uses
    # would vanish from what is signed.
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 4 * _DEEPEST}).enable("table")
    reader.disable(["image", "reference"])
    reader.validateLink = _allowed  # type: ignore[method-assign, assignment] # their own way to set it
    return reader


_READER = _reader()
_PLAIN = MarkdownIt("zero", {"html": False})


def _read(markdown: str) -> list[Token]:
    """The tokens, with headings that leave no level out: readers of the page and of the PDF find their way by them."""
    tokens = _READER.parse(markdown)
    if _loses_words(tokens, markdown):
        tokens = _PLAIN.parse(markdown)
    open_levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            open_levels = [*(outer for outer in open_levels if outer < level), level]
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{len(open_levels)}"
    return tokens


def _loses_words(tokens: list[Token], markdown: str) -> bool:
    """Markdown leaves out what is nested too deep, and the cells of a row beyond its head. Terms may lose nothing."""
    if any(token.level > _DEEPEST for token in tokens):
        return True
    lines = _NEW_LINE.split(markdown)
    return any(
        _has_wider_rows(lines[slice(*token.map)]) for token in tokens if token.type == "table_open" and token.map
    )


def _has_wider_rows(lines: list[str]) -> bool:
    head, *rows = [len(escapedSplit(line.strip(" \t>").strip("|"))) for line in lines]
    return any(cells > head for cells in rows)


def _blocks(tokens: Any, until: str = "") -> list[Block]:
    """Everything up to the token that closes this block, taken from one iterator that all levels share."""
    blocks: list[Block] = []
    for token in tokens:
        if token.type == until:
            break
        match token.type:
            case "heading_open":
                blocks.append({"kind": "heading", "level": int(token.tag[1]), "inline": _inline(next(tokens))})
            case "paragraph_open":
                blocks.append({"kind": "paragraph", "inline": _inline(next(tokens))})
            case "bullet_list_open":
                blocks.append({"kind": "list", "ordered": False, "start": 1, "items": _items(tokens, "bullet")})
            case "ordered_list_open":
                start = int(token.attrGet("start") or 1)
                blocks.append({"kind": "list", "ordered": True, "start": start, "items": _items(tokens, "ordered")})
            case "blockquote_open":
                blocks.append({"kind": "quote", "blocks": _blocks(tokens, "blockquote_close")})
            case "table_open":
                blocks.append(_table(tokens))
            case "fence" | "code_block":
                blocks.append({"kind": "code", "text": token.content.rstrip("\n")})
            case "hr":
                blocks.append({"kind": "rule"})
    return blocks


def _items(tokens: Any, kind: str) -> list[list[Block]]:
    items = []
    for token in tokens:
        if token.type == f"{kind}_list_close":
            break
        items.append(_blocks(tokens, "list_item_close"))
    return items


def _table(tokens: Any) -> Block:
    rows: list[list[list[Run]]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_inline(token))
    return {"kind": "table", "head": rows[0], "rows": rows[1:]}


def _inline(token: Token) -> list[Run]:
    runs: list[Run] = []
    manner: dict[str, Any] = {}
    depth = {"strong": 0, "em": 0}
    for child in token.children or []:
        name, _, end = child.type.rpartition("_")
        if name in depth:
            depth[name] += 1 if end == "open" else -1
        elif child.type == "link_open":
            manner = {"link": str(child.attrGet("href"))}
        elif child.type == "link_close":
            manner = {}
        elif child.type == "hardbreak":
            runs.append({"new_line": True})
        else:
            runs.append(_run(child, depth, manner))
    return [run for run in runs if run.get("text") or run.get("new_line")]


def _run(child: Token, depth: dict[str, int], manner: dict[str, Any]) -> Run:
    run: Run = {"text": " " if child.type == "softbreak" else child.content}
    if depth["strong"]:
        run["bold"] = True
    if depth["em"]:
        run["italic"] = True
    if child.type == "code_inline":
        run["code"] = True
    if manner:
        run["link"] = manner["link"]
    return run
