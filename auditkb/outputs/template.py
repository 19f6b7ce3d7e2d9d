"""The workbook to fill in: a sheet for each record type, made from the dictionary, which loads without a mapping file."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Text, did_you_mean, fail
from auditkb.outputs.spreadsheets import AS_TEXT, lines_of, set_up_page, width_of
from auditkb.outputs.template_words import (
    DATE_REFUSED,
    INSTRUCTIONS,
    NOT_A_CHOICE,
    comment_on,
    heading_of,
    title_of_guide,
)
from auditkb.sources.guide import CHOICES_SHEET, COLUMNS, DATE, SHEET, TITLE

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

LAST_ROW = 1_048_575
ROWS_OF_COVERAGE = 60
_FORMATS = {
    "date": {"num_format": "yyyy-mm-dd"}, "money": {"num_format": "#,##0.00"}, "ratio": {"num_format": "0.00%"}, "integer": {"num_format": "0"},
}
_TEXT = {"num_format": "@"}
_WIDTHS = {"date": 13, "money": 16, "ratio": 11, "integer": 10, "flag": 9, "choice": 16, "text": 22}
_FONT = {"font_name": "宋体", "font_size": 11}
# A date, or a state in brackets: what else is typed into a column of dates is refused at once.
_DATE_OR_STATE = '=OR(AND(ISNUMBER({cell}),{cell}>=DATE(1990,1,1),{cell}<DATE(2101,1,1)),LEFT({cell},1)="[",LEFT({cell},1)="【")'


def types_to_fill(dictionary: Dictionary, names: Sequence[str] = ()) -> list[RecordType]:
    """The record types that can be loaded, or those named (by name or label), in the order in which they refer to each other.

    Raises KnowledgeBaseError for a name that is none of them.
    """
    types = [dictionary[name] for name in dictionary.load_order() if dictionary[name].derived is None]
    known = {word: record_type for record_type in types for word in (record_type.type, record_type.label.zh, record_type.label.en)}
    for name in names:
        if name not in known:
            raise fail(f"“{name}”不是可以填写的记录类型；{did_you_mean(name, [record_type.type for record_type in types], most=40).zh}",
                       f'"{name}" is not a record type to fill in; {did_you_mean(name, [record_type.type for record_type in types], most=40).en}')
    chosen = {known[name].type for name in names}
    return [record_type for record_type in types if not names or record_type.type in chosen]


def write_template(path: Path, dictionary: Dictionary, language: str, types: Sequence[RecordType]) -> None:
    """Write the workbook at `path`, over what is there. Raises OSError where that cannot be written."""
    import xlsxwriter

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, **AS_TEXT}) as book:
        book.set_properties({"title": title_of_guide().say(language)})
        writer = _Writer(book, dictionary, language)
        writer.guide(types)
        sheets = [(record_type, book.add_worksheet(record_type.label.say(language))) for record_type in types]
        choices = writer.choices(types)
        for record_type, sheet in sheets:
            writer.records(sheet, record_type, choices)
    path.write_bytes(content.getvalue())


class _Writer:
    def __init__(self, book: Workbook, dictionary: Dictionary, language: str):
        self._book, self._dictionary, self._language = book, dictionary, language
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._head = {"bold": True, "bg_color": "#DCE6F1", "border": 1, "border_color": "#A6B8CC", "text_wrap": True, "valign": "vcenter"}

    def _say(self, text: Text) -> str:
        return text.say(self._language)

    def _format(self, **properties: Any) -> Any:
        """One format for the same properties: a workbook holds only so many."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({**_FONT, **properties})
        return self._formats[key]

    def guide(self, types: Sequence[RecordType]) -> None:
        """The first sheet: how to fill in, and the table of completeness."""
        sheet = self._book.add_worksheet(self._say(SHEET))
        sheet.hide_gridlines(2)
        set_up_page(sheet)
        sheet.set_row(0, 28)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 3, 18)
        sheet.set_column(4, 4, 44)
        sheet.merge_range(0, 0, 0, 4, self._say(title_of_guide()), self._format(bold=True, font_size=16))
        row = 1
        for text in INSTRUCTIONS:
            sheet.merge_range(row, 0, row, 4, self._say(text), self._format(text_wrap=True, valign="top"))
            sheet.set_row(row, 17 * lines_of(self._say(text), 126))
            row += 1
        row += 1
        for label, format_ in ((TITLE, _TEXT), (DATE, _FORMATS["date"])):
            sheet.write(row, 0, self._say(label), self._format(**self._head))
            sheet.write_blank(row, 1, None, self._format(border=1, border_color="#A6B8CC", **format_))
            row += 1
        sheet.data_validation(row - 1, 1, row - 1, 1, self._date_rule(row - 1, 1))
        self._coverage(sheet, row + 1, types)

    def _coverage(self, sheet: Worksheet, row: int, types: Sequence[RecordType]) -> None:
        for position, text in enumerate(COLUMNS.values()):
            sheet.write(row, position, self._say(text), self._format(**self._head))
        box = {"border": 1, "border_color": "#A6B8CC"}
        for number, record_type in enumerate(types, row + 1):
            sheet.write(number, 0, record_type.label.say(self._language), self._format(**box, **_TEXT))
            for position in range(1, len(COLUMNS)):
                sheet.write_blank(number, position, None, self._format(**box, **(_FORMATS["integer"] if position == 2 else _TEXT)))
        last = row + ROWS_OF_COVERAGE
        sheet.data_validation(row + 1, 1, last, 1, {"validate": "list", "source": [self._say(Text("是", "yes")), self._say(Text("否", "no"))]})
        sheet.data_validation(row + 1, 2, last, 2, {"validate": "integer", "criteria": "between", "minimum": 1990, "maximum": 2100})

    def choices(self, types: Sequence[RecordType]) -> dict[tuple[str, str], str]:
        """The sheet of all choices; for each field the range that its drop-down shows."""
        fields = [(record_type, field) for record_type in types for field in record_type.fields.values() if field.choices]
        if not fields:
            return {}
        name = self._say(CHOICES_SHEET)
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(2, 0)
        set_up_page(sheet)
        ranges: dict[tuple[str, str], str] = {}
        for column, (record_type, field) in enumerate(fields):
            labels = [label.say(self._language) for label in (field.choices or {}).values()]
            head = (record_type.label.say(self._language), field.label.say(self._language))
            for row, text in enumerate((*head, *labels)):
                sheet.write(row, column, text, self._format(**(self._head if row < 2 else _TEXT)))
            sheet.set_column(column, column, 2 + max(map(width_of, (*head, *labels))))
            letters = _letters(column)
            ranges[record_type.type, field.name] = f"='{name}'!${letters}$3:${letters}${len(labels) + 2}"
        return ranges

    def records(self, sheet: Worksheet, record_type: RecordType, choices: dict[tuple[str, str], str]) -> None:
        """One sheet of records: headings with comments, formats, drop-downs; below them it is empty."""
        keys = record_type.key[0]
        sheet.freeze_panes(1, 1)
        set_up_page(sheet)
        sheet.repeat_rows(0)
        height = 1
        for column, field in enumerate(record_type.fields.values()):
            heading = heading_of(field, self._language)
            is_key = field.name in keys
            width = max(_WIDTHS.get(field.type, 22), min(24, width_of(heading) + 3))
            height = max(height, lines_of(heading, width - 2))
            sheet.write(0, column, heading, self._format(**{**self._head, **({"bg_color": "#FCE4B6"} if is_key else {})}))
            comment = comment_on(record_type, field, self._dictionary, self._language)
            sheet.write_comment(0, column, comment, {"x_scale": 2.2, "y_scale": max(1.0, lines_of(comment, 40) * 0.24), "font_size": 10})
            sheet.set_column(column, column, width, self._format(**_FORMATS.get(field.type, _TEXT)))
            rule = self._rule(record_type, field, column, choices)
            if rule is not None:
                sheet.data_validation(1, column, LAST_ROW, column, rule)
        sheet.set_row(0, 18 * height + 4)

    def _rule(self, record_type: RecordType, field: Field, column: int, choices: dict[tuple[str, str], str]) -> dict[str, Any] | None:
        if field.type == "date":
            return self._date_rule(1, column)
        source: Any = choices.get((record_type.type, field.name)) if field.choices else [self._say(Text("是", "yes")), self._say(Text("否", "no"))] if field.type == "flag" else None
        if source is None:
            return None
        # A warning can be passed over: a state in brackets is no choice and is allowed.
        return {"validate": "list", "source": source, "error_type": "warning", **self._messages(NOT_A_CHOICE)}

    def _date_rule(self, row: int, column: int) -> dict[str, Any]:
        return {"validate": "custom", "value": _DATE_OR_STATE.format(cell=f"{_letters(column)}{row + 1}"), "error_type": "stop", **self._messages(DATE_REFUSED)}

    def _messages(self, message: tuple[Text, Text]) -> dict[str, str]:
        return {"error_title": self._say(message[0]), "error_message": self._say(message[1])}


def _letters(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))
