"""A CSV of a table in words: headings and codes as the pages show them, internal columns left out, numbers and dates as they are."""

from __future__ import annotations

from typing import Any

from web.language import say
from web.site import Site

_AS_THEY_ARE = ("text", "date", "money", "ratio", "integer", "decimal", "year")
_NAMED = "_label"
"""What Datasette adds to a column's name for the title of the row that it refers to."""


class CsvWords:
    """Turns the records of one file, the first of which names the columns."""

    def __init__(self, site: Site, table: str):
        self._site = site
        self._table = table
        self._names: list[str] = []

    def turn(self, record: list[str]) -> list[str]:
        """A record in words: the headings at first, then rows."""
        if not self._names:
            self._names = record
            return [self._heading(name) for name in record if self._is_shown(name)]
        row = dict(zip(self._names, record, strict=False))
        return [self._value(name, value, row) for name, value in row.items() if self._is_shown(name)]

    def _is_title(self, name: str) -> bool:
        return name.endswith(_NAMED) and name.removesuffix(_NAMED) in self._names

    def _is_shown(self, name: str) -> bool:
        if not self._is_title(name):
            return self._site.is_shown(self._table, name)
        column = self._site.labels.column(self._table, name.removesuffix(_NAMED))
        return column is not None and column.type != "runs"

    def _heading(self, name: str) -> str:
        if not self._is_title(name):
            return self._site.column_label(self._table, name)
        return self._site.column_label(self._table, name.removesuffix(_NAMED)) + say("（名称）", " (title)")

    def _value(self, name: str, value: str, row: dict[str, Any]) -> str:
        column = self._site.labels.column(self._table, name)
        if self._is_title(name) or column is None:
            return value
        if value == "" or column.type in ("reasons", "field", "time", "article"):
            return str(self._site.cells.cell(self._table, name, row).striptags())
        is_key = column.type in self._site.labels and column.type != "runs"
        if is_key or column.type in _AS_THEY_ARE and not column.choices:
            return value
        return self._site.value_words(self._table, name, value)
