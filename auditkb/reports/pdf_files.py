"""A PDF with text as lines and grids: lines that were only broken for the page made one again, page numbers left out."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import Any

from auditkb.errors import KnowledgeBaseError, fail
from auditkb.reports.document import Place
from auditkb.reports.lines import Grid, Item, Line, tidy
from auditkb.reports.numbering import read_number
from auditkb.reports.page_tables import join_over_page
from auditkb.reports.pdf_pages import PageLine, grid_of, lines_of, tables_of

FEWEST_CHARACTERS = 20  # on a page, on average: fewer is a scan
MOST_PAGES = 3000
_PAGE_NUMBER = re.compile(r"[-—–\s]*\d{1,4}[-—–\s]*|第?\s*\d+\s*页(?:\s*[,，/]?\s*共?\s*\d+\s*页)?|\d+\s*/\s*\d+")


def read_pdf(data: bytes, name: str) -> list[Item]:
    """The lines and grids of a PDF. Raises KnowledgeBaseError for a scan, a password, a damaged file."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect

    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            return _read(pdf, name)
    except KnowledgeBaseError:
        raise
    except Exception as error:  # pdfminer raises many kinds for broken files
        causes = [error, *error.args, error.__cause__, error.__context__]
        if any(isinstance(cause, PDFPasswordIncorrect) or cause is PDFPasswordIncorrect for cause in causes):
            raise fail("PDF 设有打开密码；请取消密码后再读", "the PDF has a password; remove it first", file=name) from error
        raise fail("不是可读取的 PDF，文件可能已损坏", "not a PDF that can be read; it may be damaged", file=name) from error


def _read(pdf: Any, name: str) -> list[Item]:
    if len(pdf.pages) > MOST_PAGES:
        raise fail(f"PDF 超过{MOST_PAGES}页", f"the PDF has more than {MOST_PAGES} pages", file=name)
    pages: list[list[PageLine | Grid]] = []
    characters = 0
    for number, page in enumerate(pdf.pages, 1):
        characters += len(page.chars)
        pages.append(_page(page, number))
        page.close()
    if characters < FEWEST_CHARACTERS * max(1, len(pages)):
        raise fail("这是扫描件：页面是图片，没有文字。请先做文字识别（OCR），或找文字版", "this is a scan: its pages are pictures without text. "
                   "Run text recognition (OCR) first, or find the version with text", file=name)
    return _joined(_with_whole_tables(_without_running_heads(pages)))


def _page(page: Any, number: int) -> list[PageLine | Grid]:
    """The lines and tables of a page from top to bottom, without its number."""
    tables = tables_of(page)
    lines = lines_of(page, number, [table.bbox for table in tables])
    while lines and _PAGE_NUMBER.fullmatch(tidy(lines[-1].text)):
        lines.pop()
    while lines and _PAGE_NUMBER.fullmatch(tidy(lines[0].text)):
        lines.pop(0)
    parts: list[tuple[float, PageLine | Grid]] = [(line.top, line) for line in lines]
    for table in tables:
        top = table.bbox[1]
        parts.append((top, grid_of(page, table, Place(1 + sum(line.top < top for line in lines), number))))
    return [part for _, part in sorted(parts, key=lambda pair: pair[0])]


def _without_running_heads(pages: list[list[PageLine | Grid]]) -> list[list[PageLine | Grid]]:
    """The pages without a line that stands at the top or the bottom of most of them."""
    ends = Counter(part.text for page in pages for part in {page[0], page[-1]} if isinstance(part, PageLine)) if len(pages) > 2 and all(pages) else Counter()
    running = {text for text, count in ends.items() if 2 * count > len(pages)}
    return [[part for part in page if not (isinstance(part, PageLine) and part.text in running)] for page in pages]


def _with_whole_tables(pages: list[list[PageLine | Grid]]) -> list[PageLine | Grid]:
    """All parts in order; what a page begins with is put to the table that the page before ended with."""
    parts: list[PageLine | Grid] = []
    for page in pages:
        last, first = parts[-1] if parts else None, page[0] if page else None
        whole = join_over_page(last, first) if isinstance(last, Grid) and isinstance(first, Grid) else None
        if whole is not None:
            parts[-1] = whole
        parts += page if whole is None else page[1:]
    return parts


def _joined(parts: list[PageLine | Grid]) -> list[Item]:
    """Lines made paragraphs: a line that reaches the margin goes on in the next one."""
    items: list[Item] = []
    lines = [part for part in parts if isinstance(part, PageLine)]
    right = _margin([line.right for line in lines])
    left = min((line.left for line in lines), default=0.0)
    before: PageLine | None = None
    for part in parts:
        if isinstance(part, Grid):
            items.append(part)
            before = None
            continue
        last = items[-1] if items else None
        if before is not None and isinstance(last, Line) and _goes_on(before, part, left, right):
            items[-1] = Line(last.text + tidy(part.text), last.place, is_whole=True)
        else:
            items.append(Line(tidy(part.text), Place(part.number, part.page), is_whole=True))
        before = part
    return items


def _margin(rights: list[float]) -> float:
    """Where lines end that are full; one line in fifty may stand out over it."""
    return sorted(rights)[-1 - len(rights) // 50] if rights else 0.0


def _goes_on(before: PageLine, line: PageLine, left: float, right: float) -> bool:
    """Whether a line ended only because the beginning of the next one did not fit."""
    if before.right + line.first < right - before.size or abs(before.size - line.size) > 1:
        return False
    ends_sentence = before.text.rstrip().endswith(("。", "；", "：", "！", "？", ":", ";"))
    is_indented = line.left > left + 1.2 * line.size
    return not (ends_sentence and (is_indented or read_number(line.text) is not None))
