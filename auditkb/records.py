"""Records as the database holds them: their keys and the rows of one source, written in bulk.

A key is readable text, so that a finding can be named on paper. Who calls this: the loading of sources.
It does not read files, and it does not resolve what other records have to say (departments, years, coverage).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import NamedTuple
from urllib.parse import unquote

from auditkb.cells import Cell, Value
from auditkb.dictionary import RecordType
from auditkb.schema import quote
from auditkb.values import fold

_ENCODED = str.maketrans({"%": "%25", "/": "%2F", ":": "%3A"})
_TO_ENCODE = re.compile(r"[%/:\s]")
ROWS_AT_ONCE = 5000
_BITS_OF_A_ROW = 40


# --- keys

def encode_part(text: str) -> str:
    """One part of a key: `/`, `:` and `%` inside it are percent-encoded, because they part keys and finding numbers.

    >>> encode_part("CS/2019/017")
    'CS%2F2019%2F017'
    """
    if _TO_ENCODE.search(text) is None:
        return text
    return " ".join(text.split()).translate(_ENCODED)


def encode_parts(texts: Sequence[str]) -> Sequence[str]:
    """`encode_part` of each text."""
    return texts if _TO_ENCODE.search("".join(texts)) is None else list(map(encode_part, texts))


def decode_part(part: str) -> str:
    """What `encode_part` was given."""
    return unquote(part)


def key_text(value: Value) -> str:
    """A value as part of a key, not yet encoded: 2019-05-20, 232000.00, 0.03, true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # Money has two decimals already; a ratio has as many as were written.
        return f"{value:f}"
    return str(value)


class Key(NamedTuple):
    """A key; `same_as` is the earlier row that has the same one, and `is_numbered` says that a number parts them."""

    text: str | None
    same_as: int | None = None
    is_numbered: bool = False


class Told(NamedTuple):
    """What the rows so far say of a record: the place of the first, its cells, and the names of those that are filled in."""

    place: int
    cells: Mapping[str, Cell]
    given: frozenset[str]


KeyText = tuple[str | None, bool]
"""A key before equal ones are counted, and whether it names one record only."""


def key_texts(parts: Mapping[str, Sequence[str | None]], alternatives: Sequence[Sequence[str]], count: int) -> list[KeyText]:
    """The keys of many rows, as `KeyMaker.text_of` gives that of one; `parts` are the encoded values by field, those of one row each."""
    first = [parts.get(field, [None]) for field in alternatives[0]]
    if not any(None in column for column in first):
        is_name = len(alternatives) > 1 or len(first) == 1
        return list(zip(first[0] if len(first) == 1 else map("/".join, zip(*first, strict=True)), repeat(is_name)))
    *exact, last = alternatives
    nothing = (None,) * count
    by_alternative = [list(zip(*(parts.get(field, nothing) for field in fields), strict=True)) for fields in exact]
    found: list[KeyText] = []
    for row, known in enumerate(zip(*(parts.get(field, nothing) for field in last), strict=True)):
        whole = next((rows[row] for rows in by_alternative if None not in rows[row]), None)
        text = "/".join(part for part in (known if whole is None else whole) if part is not None)
        found.append((text, True) if whole is not None else (text or None, not exact and len(last) == 1))
    return found


class KeyMaker:
    """Makes the keys of one record type within one source; counts equal ones, in the order of the rows.

    The first alternative of the type's key whose fields are all known is taken. Of the last one, unknown fields are
    left out and equal rows are numbered (`…/2`). Elsewhere, and where the key is one single field that names the
    record, the same key twice is for the caller to refuse.
    """

    def __init__(self, record_type: RecordType):
        self._alternatives = record_type.key
        self._rows: dict[str, int] = {}
        self._sheets: list[tuple[str, Collection[str]]] = []
        self.first: dict[str, Told] = {}
        """What is said of each record that may go on in further rows, of this sheet or another of the source; its place is as `begin_sheet` numbers it."""

    def begin_sheet(self, name: str, fields: Collection[str] = ()) -> int:
        """What is added to the number of a row of this sheet, which fills `fields`, so that it names one place of the source; `place_of` tells which.

        A number is a third of the text that it stands for, and there is one for each record.
        """
        self._sheets.append((name, fields))
        return (len(self._sheets) - 1) << _BITS_OF_A_ROW

    def place_of(self, row: int) -> tuple[str, int]:
        """Sheet and number of a row."""
        return self._sheets[row >> _BITS_OF_A_ROW][0], row & ((1 << _BITS_OF_A_ROW) - 1)

    def told_before(self, key: str, told: Told) -> Told | None:
        """What is said of a record already; of one in whose table no row goes on, only where that table says nothing of what is `told`."""
        place = self._rows.get(key)
        if key in self.first or place is None:
            return self.first.get(key)
        names = {name for name in told.given if told.cells[name].value is not None} - set(self._alternatives[0])
        return Told(place, {}, frozenset()) if names.isdisjoint(self._sheets[place >> _BITS_OF_A_ROW][1]) else None

    def has_equals(self, key: str) -> bool:
        """Whether several records have this key, parted by a number."""
        return f"{key}/2" in self._rows

    def make(self, values: Mapping[str, Value | None], row: int) -> Key:
        """The key of a row; its text is None where no part of any alternative is known."""
        return self.claim(*self.text_of(values), row)

    def claim(self, text: str | None, is_name: bool, row: int) -> Key:
        """The key of a row whose `text_of` is known; equal ones are counted unless the key is a name."""
        return Key(None) if text is None else self._claim(text, row, can_count=not is_name)

    def claim_all(self, texts: Sequence[str | None], rows: Sequence[int]) -> bool:
        """Take the keys of many rows where all are known, new and different; False, and none taken, where some are not."""
        claimed = dict(zip(texts, rows, strict=True))
        if None in claimed or len(claimed) < len(texts) or not self._rows.keys().isdisjoint(claimed):
            return False
        self._rows.update(claimed)  # type: ignore[arg-type]
        return True

    def text_of(self, values: Mapping[str, Value | None], alternatives: Sequence[Sequence[str]] | None = None) -> KeyText:
        """The key before equal ones are counted, and whether it names one record only.

        `alternatives` are others than those of the type, for a source that says which fields name its records.
        """
        *exact, last = alternatives or self._alternatives
        for fields in exact:
            if all(values.get(field) is not None for field in fields):
                return self._join(fields, values), True
        is_name = not exact and len(last) == 1
        return self._join([field for field in last if values.get(field) is not None], values) or None, is_name

    def _join(self, fields: Sequence[str], values: Mapping[str, Value | None]) -> str:
        known = (values[field] for field in fields)
        return "/".join(encode_part(key_text(value)) for value in known if value is not None)

    def _claim(self, key: str, row: int, *, can_count: bool) -> Key:
        equal = self._rows.get(key)
        if equal is None:
            self._rows[key] = row
            return Key(key)
        if not can_count:
            return Key(key, equal)
        number = 2
        while f"{key}/{number}" in self._rows:
            number += 1
        self._rows[f"{key}/{number}"] = row
        return Key(f"{key}/{number}", equal, is_numbered=True)


# --- rows

DatabaseRow = tuple[str | int | float | None, ...]


def to_database(value: Value | None) -> str | int | float | None:
    """A value as SQLite holds it: ISO dates, doubles for money and ratios, 0 and 1 for flags."""
    # Called for every value that is loaded, most of which are text.
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return int(value)


def states_text(cells: Mapping[str, Cell]) -> str | None:
    """`|signed_on=blank_in_document|` for all empty fields that are not plainly not captured; None where there is none."""
    found = [f"{field}={cell.state}" for field, cell in cells.items() if cell.state not in (None, "not_captured")]
    return f"|{'|'.join(found)}|" if found else None


def insert_statement(table: str, columns: Iterable[str]) -> str:
    """`insert into` with a parameter for each column."""
    columns = list(columns)
    names = ", ".join(quote(column) for column in columns)
    return f"insert into {quote(table)} ({names}) values ({', '.join('?' * len(columns))})"


def loaded_columns(record_type: RecordType, names: Iterable[str] | None = None) -> list[str]:
    """The columns that loading fills for these fields (all unless named), in the order of a `RowMaker`'s rows."""
    names = list(record_type.fields if names is None else names)
    folded = [f"_folded_{name}" for name in names if record_type.fields[name].compared]
    return ["key", "source", "sheet", "row", "_states", *names, *folded]


class RowMaker:
    """Makes the rows of one record type and sheet for `insert_statement(type, loaded_columns(type, names))`."""

    def __init__(self, record_type: RecordType, sheet: str | None, names: Iterable[str] | None = None):
        self._names = list(record_type.fields if names is None else names)
        self._compared = [name for name in self._names if record_type.fields[name].compared]
        self._sheet = sheet

    def make(self, key: str, cells: Mapping[str, Cell], source: str, row: int | None) -> DatabaseRow:
        """One row; a field without a cell is NULL."""
        values = [to_database(cells[name].value) if name in cells else None for name in self._names]
        folded = [_folded(cells.get(name)) for name in self._compared]
        return (key, source, self._sheet, row, states_text(cells), *values, *folded)


def _folded(cell: Cell | None) -> str | None:
    return fold(cell.value) if cell is not None and isinstance(cell.value, str) else None
