"""Blocks of a report written as .docx, .html and .pdf, as word processors and web sites write them."""

from __future__ import annotations

import html
import itertools
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.report_blocks import Block, Cell, Heading, Paragraph, Table

PAGE_HEAD = """<!DOCTYPE html>
<html lang="zh"><head><meta charset="{encoding}"><title>{title}</title>
<style>p {{ margin: 0 }} .w1234567 {{ width: 99.99% }}</style>
<script>var total = 123456.78; document.write("<p>合计999999.99万元</p>");</script></head>
<body><!-- 合计 111,111.11 元 --><nav><a href="#">首页</a> <a href="#">信息公开</a></nav><div class="content">
"""
PAGE_FOOT = '</div><noscript>888,888.88元</noscript><script src="x.js"></script></body></html>\n'


def write_docx(blocks: Sequence[Block], path: Path) -> Path:
    """A document with heading styles, real tables with merged cells and repeated header rows, and page numbers."""
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    document = docx.Document()
    normal = document.styles["Normal"]
    normal.font.size = Pt(9)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "Noto Sans CJK SC")
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21)
    _page_number(page.footer.paragraphs[0])
    for block in blocks:
        if isinstance(block, Heading):
            document.add_heading(block.text, level=min(block.level + 1, 4))
        elif isinstance(block, Paragraph):
            _runs(document.add_paragraph(), block.text)
        else:
            _docx_table(document, block)
    document.save(str(path))
    return path


def _runs(paragraph: Any, text: str) -> None:
    """The text in pieces of uneven length, some bold, as editing leaves it."""
    sizes = itertools.cycle((7, 3, 11, 5))
    place = 0
    while place < len(text):
        size = next(sizes)
        paragraph.add_run(text[place:place + size]).bold = size == 3
        place += size


def _page_number(paragraph: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph.add_run("- ")
    run = paragraph.add_run()
    for kind, words in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:instrText" if words else "w:fldChar")
        if words:
            element.text = words
        else:
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)
    paragraph.add_run(" -")


def width(table: Table) -> int:
    """The number of columns of the grid."""
    return max(column + cell.columns for _, column, cell in spread(table.header + table.rows))


def spread(lines: Iterable[Sequence[Cell]]) -> list[tuple[int, int, Cell]]:
    """Every cell with the row and column of the grid where it begins."""
    taken: set[tuple[int, int]] = set()
    found = []
    for number, line in enumerate(lines):
        column = 0
        for cell in line:
            while (number, column) in taken:
                column += 1
            found.append((number, column, cell))
            taken |= {(number + down, column + right) for down in range(cell.rows) for right in range(cell.columns)}
            column += cell.columns
    return found


def _docx_table(document: Any, table: Table) -> None:
    from docx.oxml import OxmlElement

    lines = table.header + table.rows
    columns = width(table)
    made = document.add_table(rows=len(lines), cols=columns)
    made.style = "Table Grid"
    cells = list(made._cells)
    for number, column, cell in spread(lines):
        target = cells[number * columns + column]
        if cell.columns > 1 or cell.rows > 1:
            target = target.merge(cells[(number + cell.rows - 1) * columns + column + cell.columns - 1])
        target.text = cell.text
    for line in made.rows[:len(table.header)]:
        line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def write_html(blocks: Sequence[Block], path: Path, encoding: str = "utf-8") -> Path:
    """A page of a web site: spans inside numbers, entities, merged cells, and scripts that say other figures."""
    parts = [PAGE_HEAD.format(encoding=encoding, title="决算公开")]
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(f"<h{block.level + 1}>{_inline(block.text)}</h{block.level + 1}>\n")
        elif isinstance(block, Paragraph):
            parts.append(f'<p style="text-indent:2em">{_inline(block.text)}</p>\n')
        else:
            parts.append(_html_table(block))
    path.write_bytes(("".join(parts) + PAGE_FOOT).encode(encoding, "xmlcharrefreplace"))
    return path


def _inline(text: str) -> str:
    """The text with tags in the middle of words and numbers, as word processors export them."""
    pieces = [html.escape(text[place:place + 9]).replace("“", "&ldquo;").replace("”", "&rdquo;")
              for place in range(0, len(text), 9)]
    wrapped = [f"<span>{piece}</span>" if index % 2 else f"<b><font face='x'>{piece}</font></b>" if index % 5 == 4 else piece
               for index, piece in enumerate(pieces)]
    return "".join(wrapped).replace("  ", "&nbsp;&nbsp;").replace("\n", "<br>")


def _html_table(table: Table) -> str:
    lines = ['<table border="1">']
    for tag, part in (("thead", table.header), ("tbody", table.rows)):
        name = "th" if tag == "thead" else "td"
        lines.append(f"<{tag}>")
        for line in part:
            cells = "".join(f"<{name}{_spans(cell)}><p>{_inline(cell.text) or '&nbsp;'}</p></{name}>" for cell in line)
            lines.append(f"<tr>{cells}</tr>")
        lines.append(f"</{tag}>")
    return "\n".join([*lines, "</table>\n"])


def _spans(cell: Cell) -> str:
    columns = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    return columns + (f' rowspan="{cell.rows}"' if cell.rows > 1 else "")


def write_pdf(document: Path, folder: Path, libreoffice: str) -> Path:
    """The .docx printed by LibreOffice, with a profile of its own so that several may run."""
    profile = (folder / "profile").as_uri()
    subprocess.run([libreoffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf",
                    "--outdir", str(folder), str(document)], check=True, capture_output=True, timeout=240)
    return folder / (document.stem + ".pdf")


def written(blocks: Sequence[Block], folder: Path, file_format: str, libreoffice: str | None = None) -> Path:
    """The blocks as a file of "docx", "html" or "pdf"; only the last needs LibreOffice."""
    if file_format == "html":
        return write_html(blocks, folder / "report.html")
    document = write_docx(blocks, folder / "report.docx")
    if file_format == "docx" or libreoffice is None:
        return document
    return write_pdf(document, folder, libreoffice)
