"""The cells of a column read one after another or many at once; what repeats down a column is read once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeGuard, cast

from auditkb.amounts import MONEY_UNITS, plain_amounts
from auditkb.cells import Cell, are_bare_texts, check_capitals, is_bare_text, read_cell, read_period_cells
from auditkb.dictionary import Field
from auditkb.errors import Text
from auditkb.records import KeyText, encode_part, encode_parts, key_text, key_texts, to_database
from auditkb.remembered import Remembered
from auditkb.sources.blocks import Block
from auditkb.sources.headers import Column
from auditkb.sources.line import Line
from auditkb.sources.sums import MOST_OF_TEN_THOUSANDS, is_likely_yuan
from auditkb.texts import fold, fold_all

_LIKELY_YUAN = Text("万元列中的数很大（折合十亿元以上），是否按元填写？已按万元读入", "a very large number in a column of 万元 (a billion yuan and more): was it typed in yuan? It was read as 万元")
_IN_WHICH_UNIT = Text("请核对原件；按元填写的改为万元数，或在数后写“元”", "check the paper; where it is in yuan divide it, or write 元 behind it")
_CELLS_REMEMBERED = 4096


class Reading(NamedTuple):
    """A cell read, with what the database holds of it. `second` is the last day where the column gives two.

    `is_plain`: a value, or nothing that anybody would be told of.
    """

    cell: Cell
    second: Cell | None
    stored: str | int | float | None
    is_plain: bool


Reader = Callable[[str], Reading]
Stored = str | int | float | None


class _Apart(Enum):
    CELL = "a cell that is not plain"


APART = _Apart.CELL


class PlainBlock(NamedTuple):
    """A block of lines read at once: the key of each and whether it is a name, what the database holds by column, and the lines `apart`."""

    keys: list[KeyText]
    stored: list[Sequence[Stored]]
    apart: set[int]


def make_reader(column: Column, *, if_empty: str | None, is_key: bool, resolve: Callable[[str, Cell], Cell]) -> Reader:
    """What reads the cells of a column; `resolve(type, cell)` gives the cell of a reference with the key that it means."""
    entry, ends = column.field, column.ends

    def read(text: str) -> Reading:
        second = None
        if ends is not None:
            cell, second = read_period_cells(entry, ends, text, options=column.options)
        else:
            cell = read_cell(entry, text, unit=column.unit, if_empty=if_empty, is_key=is_key, options=column.options)
        if entry.is_reference and isinstance(cell.value, str):
            cell = resolve(entry.type, cell)
        if entry.type == "money" and isinstance(cell.value, Decimal) and cell.reason is None and is_likely_yuan(text, column.unit or column.options.unit, cell.value):
            cell = replace(cell, reason=_LIKELY_YUAN, advice=_IN_WHICH_UNIT)
        return Reading(cell, second, to_database(cell.value), is_plain(cell) and second is None)

    return lru_cache(_CELLS_REMEMBERED)(read)


def is_plain(cell: Cell) -> bool:
    """Whether a cell is a value, or nothing that anybody would be told of."""
    return cell.reason is None and cell.alias is None and not cell.is_marked and cell.state in (None, "not_captured")


def _are_texts(stored: Sequence[object]) -> TypeGuard[Sequence[str]]:
    return set(map(type, stored)) == {str}


def _folded(stored: Stored) -> str | None:
    return fold(stored) if isinstance(stored, str) else None


def text_of(line: Line, column: Column) -> str:
    """The text of a row in a column; rows may end early."""
    return line.cells[column.position] if column.position < len(line.cells) else ""


def compared_with_capitals(cell: Cell, column: Column, line: Line) -> Cell:
    """An amount in figures, in doubt where the capitals of its row say something else; the capitals where there is no figure."""
    position = column.capitals or 0
    capitals = line.cells[position].strip() if position < len(line.cells) else ""
    if not capitals or cell.is_marked or cell.reason is not None:
        return cell
    if not isinstance(cell.value, Decimal):
        return read_cell(column.field, capitals)
    checked = check_capitals(cell.value, capitals)
    return cell if checked.reason is None else replace(cell, reason=checked.reason, advice=checked.advice)


class PlainRows:
    """Rows of which each cell is plain, read a column at a time: most rows of most ledgers.

    `fields` are those that the rows are made of, in their order; each is read from its column or is the same in all rows
    (`constants`). `alternatives` are the fields that name a record, `parents` those that say what it belongs to.
    """

    def __init__(self, fields: Sequence[Field], columns: Mapping[str, tuple[Column, Reader]], constants: Mapping[str, Cell],
                 alternatives: Sequence[Sequence[str]], parents: Collection[str]):
        keys = {name for names in alternatives for name in names}
        self._columns = [_Constant(constants[entry.name]) if entry.name in constants else _PlainColumn(*columns[entry.name], is_key=entry.name in keys) for entry in fields]
        self._alternatives = alternatives
        self._keys = {entry.name: place for place, entry in enumerate(fields) if entry.name in keys}
        self._parents = [place for place, entry in enumerate(fields) if entry.name in parents]
        self._folds: dict[int, Remembered[Stored, str | None]] = {place: Remembered(_folded) for place, entry in enumerate(fields) if entry.compared}

    def read(self, block: Block) -> PlainBlock:
        """What the database holds of each line, its key, and the lines to be looked at by themselves."""
        count = len(block.numbers)
        apart = set(block.apart)
        texts = [column.texts(block) for column in self._columns]
        stored: list[Sequence[Stored]] = []
        for column, cells in zip(self._columns, texts, strict=True):
            found, unplain = column.read(cells)
            stored.append(found)
            apart.update(unplain)
        if self._parents and all(None in stored[place] for place in self._parents):
            apart.update(row for row in range(count) if all(stored[place][row] is None for place in self._parents))
        folded = [self._fold(place, stored[place]) for place in self._folds]
        return PlainBlock(self._key_texts(texts, stored, count), [*stored, *folded], apart)

    def _key_texts(self, texts: Sequence[Sequence[str]], stored: Sequence[Sequence[Stored]], count: int) -> list[KeyText]:
        """The key of each line. What the first alternative is made of is mostly known everywhere; the others are then not looked at."""
        parts: dict[str, Sequence[str | None]] = {}
        for alternative in self._alternatives:
            parts |= {name: self._columns[self._keys[name]].key_parts(texts[self._keys[name]], stored[self._keys[name]]) for name in alternative if name in self._keys and name not in parts}
            if all(name in parts and None not in parts[name] for name in alternative):
                break
        return key_texts(parts, self._alternatives, count)

    def _fold(self, place: int, stored: Sequence[Stored]) -> Sequence[str | None]:
        folded = fold_all(stored) if _are_texts(stored) else None
        return self._folds[place].of(stored) if folded is None else folded


class _Constant:
    """A field that a mapping file says for all rows."""

    def __init__(self, cell: Cell):
        self._stored = to_database(cell.value)
        self._part = None if cell.value is None else encode_part(key_text(cell.value))

    def texts(self, block: Block) -> Sequence[str]:
        return ("",) * len(block.numbers)

    def read(self, texts: Sequence[str]) -> tuple[Sequence[Stored], list[int]]:
        return [self._stored] * len(texts), []

    def key_parts(self, texts: Sequence[str], stored: Sequence[Stored]) -> Sequence[str | None]:
        return [self._part] * len(texts)


class _PlainColumn:
    """Reads the texts of a column all at once; what repeats is read once, and bare amounts are not looked at one by one."""

    def __init__(self, column: Column, reader: Reader, *, is_key: bool):
        self._position = column.position
        self._reader, self._is_key = reader, is_key
        self._text_is_value = column.field.type == "text" and not column.options.meanings
        self._has_unplain = False
        self._stored: Remembered[str, Stored | _Apart] = Remembered(self._store)
        empty = reader("")
        # The unit of a column of amounts of which many are read at once.
        self._unit = column.unit if column.field.type == "money" and empty.is_plain and empty.stored is None else None
        self._options = column.options

    def texts(self, block: Block) -> Sequence[str]:
        """The column's texts in a block."""
        return block.column(self._position)

    def read(self, texts: Sequence[str]) -> tuple[Sequence[Stored], list[int]]:
        """What the database holds of each cell, and the places of those that are not plain."""
        amounts = plain_amounts(texts, self._unit, self._options) if self._unit is not None else None
        if amounts is not None:
            factor = MONEY_UNITS[self._unit or "元"]
            if factor == 1:
                # The double nearest to what is written is that of the exact amount.
                return [float(text) if text else None for text in amounts], []
            exact = [Decimal(text) if text else None for text in amounts]
            if factor < 10_000 or not any(amount is not None and abs(amount) >= MOST_OF_TEN_THOUSANDS for amount in exact):
                return [float(amount * factor) if amount is not None else None for amount in exact], []
        if self._text_is_value and are_bare_texts(texts, is_key=self._is_key):
            return texts, []
        found = self._stored.of(texts)
        unplain = [place for place, stored in enumerate(found) if stored is APART] if self._has_unplain else []
        return cast(Sequence[Stored], found), unplain

    def _store(self, text: str) -> Stored | _Apart:
        if self._text_is_value and is_bare_text(text, is_key=self._is_key):
            return text
        reading = self._reader(text)
        if reading.is_plain:
            return reading.stored
        self._has_unplain = True
        return APART

    def key_parts(self, texts: Sequence[str], stored: Sequence[Stored]) -> Sequence[str | None]:
        """Each cell as part of a key."""
        if _are_texts(stored):
            return encode_parts(stored)
        return [encode_part(value) if type(value) is str else None if value is None else self._key_part(text) for text, value in zip(texts, stored, strict=True)]

    def _key_part(self, text: str) -> str | None:
        """A number as part of a key has the digits that were written."""
        value = self._reader(text).cell.value
        return None if value is None else encode_part(key_text(value))
