"""One sheet read against its record type: rows for the database, notes on cells, and faults of the whole sheet."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import lru_cache, partial

from auditkb.cells import Cell, read_cell
from auditkb.dictionary import RecordType
from auditkb.errors import Fault, Text
from auditkb.notes import Kind, Note
from auditkb.records import DatabaseRow, KeyMaker, RowMaker
from auditkb.sources.declaration import MONEY_UNITS, Declaration
from auditkb.sources.headers import Column, match_headers
from auditkb.sources.sheets import Row, Sheet, column_letter

MOST_FAULTS = 100
_CELLS_REMEMBERED = 4096


class Table:
    """The rows of one sheet. `notes` and `faults` grow while `rows` is read; with a fault nothing may be kept.

    `resolve(type, cell)` gives the cell of a reference with the key of the record that its text means.
    """

    def __init__(self, record_type: RecordType, sheet: Sheet, declaration: Declaration, keys: KeyMaker, resolve: Callable[[str, Cell], Cell]):
        self.record_type, self.sheet, self.declaration = record_type, sheet, declaration
        self.keys, self.resolve = keys, resolve
        self.notes: list[Note] = []
        self.faults: list[Fault] = []
        self.columns: list[Column] = []
        self.count = 0
        self._maker = RowMaker(record_type, sheet.name)
        self._references = {name: field.type for name, field in record_type.fields.items() if field.is_reference}
        self._titles: list[str] = []
        self._readers: dict[str, Callable[[str], Cell]] = {}
        self._parents: list[Column] = []
        self._nameless: set[int] = set()
        self._without_unit: set[str] = set()

    @property
    def letters(self) -> dict[str, str]:
        """Field -> letter of its column."""
        return {column.name: column.letter for column in self.columns}

    def rows(self) -> Generator[DatabaseRow, None, None]:
        """The rows for the database, in the order of the file. Raises KnowledgeBaseError where the file breaks."""
        source = self.sheet.rows()
        header = next(source, None)
        if header is None:
            self._fault(Text("文件是空的，第一行应为表头", "the file is empty; its first row should be the header"), None)
            return
        self._titles = header.cells
        unit = MONEY_UNITS.get(self.declaration.money_unit or "")
        self.columns, faults = match_headers(self.record_type, header.cells, self.sheet.file, header.line, money_unit=unit)
        self.faults += faults
        if faults:
            # Without its columns every row would be faulty too.
            return
        self._readers = {column.name: self._reader(column) for column in self.columns}
        self._parents = [column for column in self.columns if column.name in self.record_type.belongs_to]
        self._note_missing_parents(header)
        for row in source:
            if len(self.faults) >= MOST_FAULTS:
                self._fault(Text("错误太多，其余未列出", "too many faults; the rest are not listed"), None)
                return
            self._check_shape(row)
            found = self._row(row)
            if found is not None:
                self.count += 1
                yield found

    def _reader(self, column: Column) -> Callable[[str], Cell]:
        field = column.field
        is_key = any(field.name in fields for fields in self.record_type.key)
        meaning = self.declaration.if_empty.get(self.record_type.type, {}).get(field.name)
        # Dates, names and choices repeat down a column.
        return lru_cache(_CELLS_REMEMBERED)(partial(read_cell, field, unit=column.unit, if_empty=meaning, is_key=is_key))

    def _row(self, row: Row) -> DatabaseRow | None:
        cells: dict[str, Cell] = {}
        for column in self.columns:
            raw = row.cells[column.position] if column.position < len(row.cells) else ""
            cell = self._readers[column.name](raw)
            if cell.needs_unit:
                self._no_unit(column, row)
            if column.name in self._references and isinstance(cell.value, str):
                cell = self.resolve(self._references[column.name], cell)
            cells[column.name] = cell
        key = self._key(cells, row)
        if key is None:
            return None
        self._note_cells(key, cells, row)
        return self._maker.make(key, cells, self.declaration.id, row.number)

    def _key(self, cells: dict[str, Cell], row: Row) -> str | None:
        key = self.keys.make({name: cell.value for name, cell in cells.items()}, row.number)
        label = self.record_type.label
        if key.text is None:
            fields = [self.record_type.fields[name].label for names in self.record_type.key for name in names]
            self._fault(
                Text(f"第 {row.number} 行没有可作主键的内容，无法登记为“{label.zh}”", f'row {row.number} has nothing that could name the "{label.en}"'), row,
                Text(f"请至少填写：{'、'.join(dict.fromkeys(field.zh for field in fields))} 之一", f"fill in at least one of: {', '.join(dict.fromkeys(field.en for field in fields))}"))
        elif key.is_numbered:
            reason = Text(f"与第 {key.same_as} 行的主键内容完全相同，已另编号", f"equals row {key.same_as} in all that names it; a number was added")
            self.notes.append(Note("same_key", self.record_type.type, key.text, None, None, None, self.sheet.name, str(row.number), reason,
                                   Text("请核对是否重复登记", "check whether it was entered twice")))
        elif key.same_as is not None:
            self._fault(Text(f"第 {row.number} 行与第 {key.same_as} 行的主键相同：{key.text}", f"row {row.number} has the same key as row {key.same_as}: {key.text}"), row,
                        Text("删去重复的一行，或更正编号", "remove one of them, or correct the number"))
        return key.text

    def _note_cells(self, key: str, cells: dict[str, Cell], row: Row) -> None:
        for column in self.columns:
            cell = cells[column.name]
            if cell.is_marked or cell.reason is not None:
                kind: Kind = "doubtful" if cell.is_doubtful else "unreadable" if cell.reason is not None else "marked"
                self.notes.append(Note(kind, self.record_type.type, key, column.name, cell.state, row.cells[column.position], self.sheet.name,
                                       f"{column.letter}{row.number}", cell.reason, cell.advice))
            if cell.alias is not None:
                self.notes.append(Note("alias", self.record_type.type, key, column.name, None, row.cells[column.position], self.sheet.name, f"{column.letter}{row.number}", cell.alias))
        parents = self._parents
        if parents and all(cells[column.name].value is None and not cells[column.name].is_marked for column in parents):
            labels = Text("、".join(column.field.label.zh for column in parents), " or ".join(column.field.label.en for column in parents))
            self.notes.append(Note("no_parent", self.record_type.type, key, parents[0].field.name, None, None, self.sheet.name,
                                   f"{parents[0].letter}{row.number}", Text(f"没有填写所属的{labels.zh}", f"does not say which {labels.en} it belongs to"),
                                   Text("请补填，否则与它有关的规则无法检查", "fill it in; rules that need it cannot be checked")))

    def _note_missing_parents(self, header: Row) -> None:
        belongs_to = self.record_type.belongs_to
        if belongs_to and not self._parents:
            labels = [self.record_type.fields[name].label for name in belongs_to]
            zh, en = "、".join(label.zh for label in labels), " or ".join(label.en for label in labels)
            self.notes.append(Note("no_parent", self.record_type.type, None, belongs_to[0], None, None, self.sheet.name, str(header.number),
                                   Text(f"表中没有说明所属{zh}的列", f"no column says which {en} the rows belong to"),
                                   Text("请加上这一列，否则与它有关的规则无法检查", "add the column; rules that need it cannot be checked")))

    def _check_shape(self, row: Row) -> None:
        known = {column.position for column in self.columns}
        for position in range(len(row.cells)):
            if position not in known and position not in self._nameless and row.cells[position].strip() and self._is_nameless(position):
                self._nameless.add(position)
                letter = column_letter(position)
                self._fault(Text(f"{letter}{row.number} 有内容，但 {letter} 列没有表头", f"{letter}{row.number} is filled in, but column {letter} has no header"), row)

    def _is_nameless(self, position: int) -> bool:
        return position >= len(self._titles) or not self._titles[position].strip()

    def _no_unit(self, column: Column, row: Row) -> None:
        if column.name not in self._without_unit:
            self._without_unit.add(column.name)
            self._fault(
                Text(f"{column.letter} 列“{column.title.strip()}”不知道单位是元还是万元（{column.letter}{row.number}）", f'column {column.letter} "{column.title.strip()}": yuan or 10,000 yuan is not known ({column.letter}{row.number})'), row,
                Text(f"表头写作“{column.title.strip()}（元）”或“（万元）”，或在 source.yml 写 money_unit: yuan", f'write the header as "{column.title.strip()} (yuan)" or (万元), or money_unit: yuan in source.yml'))

    def _fault(self, text: Text, row: Row | None, hint: Text | None = None) -> None:
        self.faults.append(Fault(text, self.sheet.file.as_posix(), row.line if row else None, hint=hint))
