"""The list of papers to ask each department for, as a workbook or as Markdown.

Two parts: what is asked for, a line each, by department; and the records that wait for it, by their key and name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Language, Text, counted
from auditkb.outputs import markdown
from auditkb.outputs.spreadsheets import AS_TEXT, row_height, set_up_page
from auditkb.readiness import Wanted, waiting

FORMATS = (".xlsx", ".md")
MOST_RECORDS = 100_000
"""Lines of the second part of a workbook; what is beyond is said."""
RECORDS_IN_TEXT = 20
TITLE = Text("调阅资料清单", "Papers to ask for")
_RECORDS = Text("涉及记录", "Records concerned")
_NO_DEPARTMENT = Text("（没有登记科室）", "(no department recorded)")
_HEADS = (Text("序号", "No."), Text("责任科室", "Department"), Text("涉及的记录", "Of which records"), Text("需要的资料", "What is needed"),
          Text("记录条数", "Records"), Text("用于检查", "For the rules"), Text("提供情况", "Supplied"), Text("备注", "Remarks"))
_WIDTHS = (6, 20, 12, 36, 10, 42, 14, 30)
_RECORD_HEADS = (Text("序号", "No."), Text("责任科室", "Department"), Text("需要的资料", "What is needed"), Text("记录", "Record"), Text("名称", "Name"))
_RECORD_WIDTHS = (6, 20, 36, 40, 40)


def check_paths(paths: Sequence[Path]) -> None:
    """Raises KnowledgeBaseError for every path whose suffix says a form that cannot be written, or whose folder is not there."""
    hint = Text(f"可用：{'、'.join(FORMATS)}", f"allowed: {', '.join(FORMATS)}")
    faults = [Fault(Text(f"不支持的格式“{path.suffix}”", f'the format "{path.suffix}" cannot be written'), path.as_posix(), hint=hint)
              for path in paths if path.suffix.lower() not in FORMATS]
    faults += [Fault(Text("没有这个文件夹", "there is no such folder"), path.parent.as_posix()) for path in paths if not path.parent.is_dir()]
    if faults:
        raise KnowledgeBaseError(faults)


def write_request(connection: sqlite3.Connection, found: list[Wanted], dictionary: Dictionary, path: Path, language: Language, *, as_of: str) -> None:
    """Write the list to `path`, whose suffix says the form (`check_paths`)."""
    if path.suffix.lower() == ".md":
        path.write_text(_as_markdown(connection, found, dictionary, language, as_of), "utf-8", newline="\n")
    else:
        _write_workbook(connection, found, dictionary, path, language, as_of)


def _department(item: Wanted, language: Language) -> str:
    return item.department if item.department is not None else _NO_DEPARTMENT.say(language)


def _line(number: int, item: Wanted, dictionary: Dictionary, language: Language) -> list[str | int]:
    label = dictionary[item.record_type].label
    return [number, _department(item, language), label.zh if language == "zh" else label.en, item.what(dictionary).say(language), item.keys,
            Text("、", ", ").say(language).join(item.rules)]


def _remark(item: Wanted, language: Language) -> str:
    return item.remark.say(language) if item.remark is not None else ""


def _as_markdown(connection: sqlite3.Connection, found: list[Wanted], dictionary: Dictionary, language: Language, as_of: str) -> str:
    lines = [f"# {TITLE.say(language)}", "", _stated(as_of).say(language), ""]
    number = 0
    for _, items in groupby(found, key=lambda item: item.department):
        listed = list(items)
        lines += [f"## {_department(listed[0], language)}", ""]
        heads = [_HEADS[place].say(language) for place in (0, 2, 3, 4, 5, 7)]
        rows: list[list[str]] = []
        details: list[str] = []
        for item in listed:
            number += 1
            cells = _line(number, item, dictionary, language)
            rows.append([*(str(cells[place]) for place in (0, 2, 3, 4, 5)), _remark(item, language)])
            details.append(f"{number}. {_records_line(connection, item, dictionary, language)}")
        lines += [*markdown.table(heads, rows), f"{_RECORDS.say(language)}{Text('：', ':').say(language)}", "", *details, ""]
    return markdown.page(lines)


def _records_line(connection: sqlite3.Connection, item: Wanted, dictionary: Dictionary, language: Language) -> str:
    shown = [_key_words(_named(*row), dictionary, language) for row in waiting(connection, item, dictionary, RECORDS_IN_TEXT)]
    more = item.keys - len(shown)
    rest = Text(f" 等 {item.keys} 条", f" and {more} more").say(language) if more > 0 else ""
    return Text("；", "; ").say(language).join(" ".join(name.split()) for name in shown) + rest


def _named(key: str, name: str) -> str:
    # An award is keyed by its procurement and winner, and called by the winner.
    return key if not name or name == key or name in key.split("/") else f"{key} {name}"


def _key_words(key: str, dictionary: Dictionary, language: Language) -> str:
    """A key as people read it: a row of a derived type begins with the type that it was made of."""
    first, slash, rest = key.partition("/")
    if slash and first in dictionary:
        label = dictionary[first].label
        first = label.zh if language == "zh" else label.en
    return unquote(first + slash + rest)


def _stated(as_of: str) -> Text:
    return Text(f"截至 {as_of} 已读入的资料不足以检查下列事项。请各科室提供，或说明没有该资料。",
                f"What was loaded by {as_of} does not allow the following to be checked. Each department is asked to supply it, or to say that there is none.")


def _write_workbook(connection: sqlite3.Connection, found: list[Wanted], dictionary: Dictionary, path: Path, language: Language, as_of: str) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path, AS_TEXT) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EDF3", "border": 1, "text_wrap": True, "valign": "vcenter"})
        cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        number_cell = book.add_format({"border": 1, "valign": "top", "align": "center"})
        title = book.add_format({"bold": True, "font_size": 16})
        sheet = book.add_worksheet(TITLE.say(language))
        _set_up(sheet, _WIDTHS, header=2)
        sheet.write_string(0, 0, TITLE.say(language), title)
        sheet.write_string(1, 0, _stated(as_of).say(language))
        sheet.write_row(2, 0, [text.say(language) for text in _HEADS], head)
        for number, item in enumerate(found, 1):
            values = [*_line(number, item, dictionary, language), "", _remark(item, language)]
            sheet.set_row(number + 2, row_height(values, _WIDTHS))
            _write_cells(sheet, number + 2, values, cell, number_cell)
        sheet.autofilter(2, 0, 2 + len(found), len(_HEADS) - 1)
        records = book.add_worksheet(_RECORDS.say(language))
        _set_up(records, _RECORD_WIDTHS, header=0)
        records.write_row(0, 0, [text.say(language) for text in _RECORD_HEADS], head)
        row = 0
        for row, values in enumerate(_record_lines(connection, found, dictionary, language), 1):
            records.set_row(row, row_height(values, _RECORD_WIDTHS))
            _write_cells(records, row, values, cell, number_cell)
        records.autofilter(0, 0, row, len(_RECORD_HEADS) - 1)


def _write_cells(sheet: Any, row: int, values: Sequence[str | int], text: Any, number: Any) -> None:
    for place, value in enumerate(values):
        sheet.write(row, place, value, number if isinstance(value, int) else text)


def _set_up(sheet: Any, widths: Sequence[int], *, header: int) -> None:
    set_up_page(sheet, header=header)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)


def _record_lines(connection: sqlite3.Connection, found: list[Wanted], dictionary: Dictionary, language: Language) -> Iterator[list[str | int]]:
    left = MOST_RECORDS
    for number, item in enumerate(found, 1):
        rows = waiting(connection, item, dictionary, left)
        for key, name in rows:
            yield [number, _department(item, language), item.what(dictionary).say(language), _key_words(key, dictionary, language), "" if name in key.split("/") else name]
        left -= len(rows)
        if item.keys > len(rows):
            beyond = sum(one.keys for one in found[number:]) + item.keys - len(rows)
            yield ["", "", Text(f"另有 {beyond} 条未列出", f"{counted(beyond, 'more is', 'more are')} not listed").say(language), "", ""]
            return
