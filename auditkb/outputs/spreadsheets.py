"""What all tables for spreadsheet programs share: text that stays text, paper, and rows as high as their text.

xlsxwriter is given `AS_TEXT`, so that nothing in a record becomes a formula, a link or a number; a CSV has no such
switch, there `safe_in_csv` marks what a program would run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
LINE_POINTS = 16.5
"""What a line of 11 points takes where the Chinese font is a tall one; a little air elsewhere."""
_A4 = 9
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?%?")


def safe_in_csv(value: Any) -> Any:
    """Text that a spreadsheet program would run as a formula, behind an apostrophe; all else, numbers too, as it is.

    >>> safe_in_csv("=1+1"), safe_in_csv("-5.00"), safe_in_csv("-5+A1"), safe_in_csv(-5)
    ("'=1+1", '-5.00', "'-5+A1", -5)
    """
    runs = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and not _PLAIN_NUMBER.fullmatch(value)
    return f"'{value}" if runs else value


def set_up_page(sheet: Worksheet, *, header: int | None = None) -> None:
    """A4 across, as wide as the page, numbered pages; the row `header` on every page and above the rows while scrolling."""
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&A&R&P / &N")
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    if header is not None:
        sheet.repeat_rows(header)
        sheet.freeze_panes(header + 1, 0)


def row_height(values: Sequence[object], widths: Sequence[float]) -> float:
    """Points that a row needs for its longest cell: not every program fits rows to wrapped text by itself."""
    return LINE_POINTS * max((lines_of(str(value), max(1, int(width) - 1)) for value, width in zip(values, widths, strict=True)), default=1)


def lines_of(text: str, width: int) -> int:
    """How many lines a text takes in a column of this width."""
    return sum(max(1, -(-width_of(line) // width)) for line in text.split("\n"))


def width_of(text: str) -> int:
    """Columns that a text takes: a Chinese character takes two."""
    from rich.cells import cell_len

    return cell_len(text)
