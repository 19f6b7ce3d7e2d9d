"""A page of a web site as lines and grids: what a reader sees, without navigation, scripts and hidden parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditkb.errors import Text, fail
from auditkb.reports.document import Place
from auditkb.reports.lines import Grid, GridCell, Item, Line, tidy
from auditkb.reports.number_forms import is_number
from auditkb.sources.encodings import decode

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_SAVE_AGAIN = Text("在浏览器中重新保存网页，或复制文字存为 .txt", "save the page anew in a browser, or copy its text into a .txt")
_LEFT_OUT = {"script", "style", "noscript", "template", "head", "nav", "iframe", "svg", "select", "button", "object", "form"}
_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "section", "article", "main", "header", "footer", "aside", "pre",
           "blockquote", "center", "body", "html", "caption", "hr", "td", "th", "tr", "tbody", "thead", "tfoot", "table", "address", "figure"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read_html(data: bytes, name: str) -> list[Item]:
    """The lines and grids of a page. Raises KnowledgeBaseError where it is none, or nested deeper than any page is."""
    import lxml.etree
    import lxml.html

    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _decoded(data, name))
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(text, parser=parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise fail("不是可读取的网页文件", "not a page that can be read", file=name, hint=_SAVE_AGAIN) from error
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise fail("网页的嵌套过深，没有读取", "the page is nested too deeply and was not read", file=name, hint=_SAVE_AGAIN)
    return _Walk().items_of(root)


def _decoded(data: bytes, name: str) -> str:
    """The text, by its mark, else by what the page says of itself (any name of GB is read as GB18030)."""
    declared = _CHARSET.search(data[:4096])
    if declared is not None and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = declared[1].decode("ascii").lower()
        try:
            return data.decode("gb18030" if encoding.startswith("gb") else encoding)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data, name)


# Column -> rows that its cell still covers, its width, its text.
_Covered = dict[int, tuple[int, int, str]]


class _Walk:
    """Goes through the elements in order; text between the borders of blocks is one line."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.run: list[str] = []
        self.blocks = 0

    def items_of(self, root: Any) -> list[Item]:
        self.visit(root)
        self.close()
        return self.items

    def close(self) -> None:
        lines = [tidy(_squeezed(line)) for line in "".join(self.run).split("\v")]
        self.run.clear()
        if any(lines):
            self.blocks += 1
            place = Place(self.blocks, counts="block")
            self.items += [Line(line, place, is_whole=len(lines) == 1) for line in lines]
            if len(lines) > 1:
                self.items.append(Line("", place))

    def visit(self, element: Any) -> None:
        if not isinstance(element.tag, str) or element.tag in _LEFT_OUT or _HIDDEN.search(element.get("style") or "") or element.get("hidden") is not None:
            return
        if element.tag == "table" and _is_data(element):
            self.close()
            self.blocks += 1
            self.items += _table(element, Place(self.blocks, counts="block"))
            return
        if element.tag == "br":
            self.run.append("\v")
        if element.tag in _BLOCKS:
            self.close()
        if element.tag == "li" and element.getparent() is not None and element.getparent().tag == "ol":
            self.run.append(f"{1 + sum(other.tag == 'li' for other in element.itersiblings(preceding=True))}.")
        self.run.append(element.text or "")
        for child in element:
            self.visit(child)
            self.run.append(child.tail or "")
        if element.tag in _BLOCKS:
            self.close()


def _squeezed(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text)


def _is_data(table: Any) -> bool:
    """A table of data, not one that sets out the page: it holds no other table, and a row of it has two cells."""
    return table.find(".//table") is None and any(sum(cell.tag in ("td", "th") for cell in row) > 1 for row in table.iter("tr"))


def _table(table: Any, place: Place) -> list[Item]:
    items: list[Item] = [Line(tidy(_squeezed(caption.text_content())), place, is_whole=True) for caption in table.iter("caption")]
    rows: list[tuple[GridCell, ...]] = []
    covered: _Covered = {}
    for row in table.iter("tr"):
        cells, covered = _row(row, covered, place)
        if cells:
            rows.append(cells)
    return [*items, Grid(tuple(rows), place)]


def _row(row: Any, covered: _Covered, place: Place) -> tuple[tuple[GridCell, ...], _Covered]:
    """The cells of a row, those that a cell above goes on in too, and what covers the next row.

    A name merged over rows is the name of each of them; an amount merged over rows is one amount.
    """
    waiting = [cell for cell in row if cell.tag in ("td", "th")]
    cells: list[GridCell] = []
    coming: _Covered = {}
    column = 0
    while waiting or any(at >= column for at in covered):
        if column in covered:
            left, span, text = covered[column]
            cells.append(GridCell("" if is_number(text) else text, place, column, span))
        elif waiting:
            cell = waiting.pop(0)
            left, span, text = _whole(cell.get("rowspan")), _whole(cell.get("colspan")), _cell_text(cell)
            cells.append(GridCell(text, place, column, span))
        else:
            column = min(at for at in covered if at > column)
            continue
        if left > 1:
            coming[column] = (left - 1, span, text)
        column += span
    return tuple(cells), coming


def _whole(printed: str | None) -> int:
    return min(max(int(printed), 1), 1000) if printed and printed.strip().isdecimal() else 1


def _cell_text(cell: Any) -> str:
    parts = list(_pieces(cell))
    return "\n".join(line for line in (tidy(_squeezed(line)) for line in "".join(parts).split("\v")) if line)


def _pieces(element: Any) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.tag in _LEFT_OUT:
        return
    if element.tag in ("br", "p", "div", "li"):
        yield "\v"
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
