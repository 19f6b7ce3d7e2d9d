"""Tie-outs of one report as an Excel workbook: causes, all tie-outs, what was not checked. Text never becomes a formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from auditkb.errors import Text
from auditkb.outputs.spreadsheets import AS_TEXT, row_height, set_up_page
from auditkb.outputs.tie_out_listing import CAUSE_COLUMNS, COLUMNS, Columns, Rows, causes, not_checked, summary, tie_outs, why_review
from auditkb.reports.tie_outs import TiedOut

# As wide as amounts in yuan need, and narrow enough to be read when the sheet is fitted to the width of a page.
_WIDTHS = {"number": 6, "place": 22, "quoted": 30, "printed": 17, "computed": 17, "difference": 17, "tolerance": 12, "relations": 42, "advice": 38, "relation": 40,
           "verdict": 12, "cause": 8, "why": 50}
_RIGHT = {"printed", "computed", "difference", "tolerance"}


def write_workbook(tied: TiedOut, path: Path, language: str) -> None:
    """Write the file; one that is there is replaced."""
    # Opened here, a file that another program holds is a plain error of the system.
    with path.open("wb") as out:
        _write(tied, out, language)


def _write(tied: TiedOut, out: BinaryIO, language: str) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(out, AS_TEXT)
    formats = {name: book.add_format({"text_wrap": True, "valign": "top", **more}) for name, more in (
        ("text", {}), ("right", {"align": "right"}), ("head", {"bold": True, "bg_color": "#E7ECEF", "border": 1}), ("title", {"bold": True, "font_size": 14, "text_wrap": False}),
        ("plain", {"text_wrap": False}))}
    title = tied.document.title or tied.document.file
    review = [one for one in tied.tie_outs if one.verdict == "review"]
    reasons = [[one.title.say(language), one.place.say(language), one.printed.say(language), one.computed.say(language), one.difference_shown.say(language),
                why_review(one).say(language)] for one in review]
    review_columns: Columns = [*COLUMNS[:5], ("why", Text("为什么待人判断", "Why a person has to judge"))]
    for name, columns, rows in (
            (Text("不符", "Broken"), CAUSE_COLUMNS, causes(tied, language)), (Text("待人判断", "To judge"), review_columns, reasons),
            (Text("全部核对", "All"), COLUMNS, tie_outs(tied, language))):
        _sheet(book, formats, name.say(language), title, summary(tied).say(language), columns, rows, language)
    _notes(book, formats, tied, language)
    book.close()


def _sheet(book: Any, formats: dict[str, Any], name: str, title: str, under: str, columns: Columns, rows: Rows, language: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, title, formats["title"])
    sheet.write_string(1, 0, under, formats["plain"])
    for place, (key, label) in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS[key])
        sheet.write_string(3, place, label.say(language), formats["head"])
    for line, row in enumerate(rows, 4):
        sheet.set_row(line, row_height(row, [_WIDTHS[key] for key, _ in columns]))
        for place, (value, (key, _)) in enumerate(zip(row, columns, strict=True)):
            if isinstance(value, int):
                sheet.write_number(line, place, value, formats["text"])
            elif value not in (None, ""):
                sheet.write_string(line, place, str(value), formats["right" if key in _RIGHT else "text"])
    if rows:
        sheet.autofilter(3, 0, 3 + len(rows), len(columns) - 1)
    set_up_page(sheet, header=3)


def _notes(book: Any, formats: dict[str, Any], tied: TiedOut, language: str) -> None:
    sheet = book.add_worksheet(Text("没有核对的", "Not checked").say(language))
    sheet.set_column(0, 0, 120)
    line = 0
    for heading, items in not_checked(tied):
        sheet.write_string(line, 0, heading.say(language), formats["head"])
        for item in items:
            line += 1
            sheet.write_string(line, 0, item.say(language), formats["text"])
        line += 2
    set_up_page(sheet)
