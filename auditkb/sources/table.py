"""One record type read from one table: rows for the database, notes on cells, and faults of the whole table."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import repeat

from auditkb.cells import Cell, read_cell
from auditkb.dictionary import RecordType
from auditkb.errors import Fault, Text
from auditkb.notes import Note
from auditkb.records import DatabaseRow, KeyMaker, KeyText, RowMaker, Told
from auditkb.sources.blocks import Block
from auditkb.sources.declaration import Declaration
from auditkb.sources.extract import Extract, Instance
from auditkb.sources.headers import Column
from auditkb.sources.line import Line
from auditkb.sources.readings import PlainBlock, PlainRows, Reader, compared_with_capitals, is_plain, make_reader, text_of
from auditkb.sources.remarks import remarks_on
from auditkb.sources.repeated_rows import additions, both_values, differences, further, only_names, to_keep_both, told_by
from auditkb.sources.row_notes import is_not_required, note_of_missing_parents, notes_on_cells, notes_on_no_record
from auditkb.sources.sheets import column_letter
from auditkb.value_options import NO_OPTIONS

MOST_FAULTS = 100
_MERGED = Text("金额在合并单元格中，是几行合计的金额；只记在第一行", "the amount is merged over several rows; it counts for the first one only")
_SPLIT_IT = Text("请按每行各自的金额拆分填写", "write the amount of each row")


class Table:
    """The rows of one extract. `notes` and `faults` grow while `rows` is read; with a fault nothing may be kept.

    `resolve(type, cell)` gives the cell of a reference with the key of the record that its text means.
    """

    def __init__(self, record_type: RecordType, extract: Extract, declaration: Declaration, keys: KeyMaker, resolve: Callable[[str, Cell], Cell]):
        self.record_type, self.sheet, self.declaration = record_type, extract, declaration
        self.keys, self.resolve = keys, resolve
        self._alternatives = extract.record_type.key
        self._first_place = keys.begin_sheet(extract.name, self.fields)
        self.notes: list[Note] = []
        self.faults: list[Fault] = []
        self.additions: dict[str, dict[str, Cell]] = {}
        """What this table adds to records of earlier ones, by their keys."""
        self.count = 0
        self._maker = RowMaker(record_type, extract.name, self.fields)
        self._references = {name: field.type for name, field in record_type.fields.items() if field.is_reference}
        self._readers = {(column.position, column.name): self._reader(column) for instance in extract.instances for column in instance.columns}
        self._constants = {(name, text): self._constant(name, text) for instance in extract.instances for name, text in instance.constants.items()}
        said = declaration.if_empty.get(record_type.type, {})
        self._unlinked = {name: Cell(state=str(said.get(name, record_type.fields[name].if_empty))) for name in extract.links}
        self._plain = self._reads_plain_rows()
        self._own_keys = extract.keys_of_rows.setdefault(record_type.type, {})
        self._nameless: set[int] = set()
        self._once_a_group: dict[int, bool] = {}
        self._without_unit: set[str] = set()

    @cached_property
    def fields(self) -> list[str]:
        """The fields that this table fills, in the order of the dictionary."""
        found = set(self.sheet.links)
        for instance in self.sheet.instances:
            found |= {*instance.constants, *(name for column in instance.columns for name in column.names)}
        return [name for name in self.record_type.fields if name in found]

    def _group_column(self, position: int | None, instance: Instance) -> str | None:
        # Asked only where a record says nothing of what it belongs to; the sheet is read once more for it.
        positions = [position] if position is not None else sorted(self.sheet.body.loaded - instance.own)
        for place in positions:
            if place not in self._once_a_group:
                self._once_a_group[place] = self.sheet.body.is_once_a_group(place)
        return next((column_letter(place) for place in positions if self._once_a_group[place]), None)

    @property
    def last_row(self) -> int | None:
        """The last row of the sheet where the file says it beforehand."""
        return self.sheet.sheet.last_row

    @cached_property
    def _titled(self) -> int:
        """How many columns from the first on have a title or are loaded: within these nothing can be out of place."""
        known = self.sheet.body.loaded | set(self.sheet.body.layout.titles)
        return next(position for position in range(len(known) + 1) if position not in known)

    @property
    def letters(self) -> dict[str, str]:
        """Field -> letter of its column, where there is one such column."""
        if len(self.sheet.instances) > 1:
            return {}
        return {column.name: column.letter for instance in self.sheet.instances for column in instance.columns}

    def rows(self) -> Generator[DatabaseRow, None, None]:
        """The rows for the database, in the order of the file. Raises KnowledgeBaseError where the file breaks."""
        extract = self.sheet
        self.notes += extract.notes
        self.faults += extract.faults
        if self.faults:
            # Without its columns every row would be faulty too.
            return
        self.notes += note_of_missing_parents(extract, self.record_type, self.fields)
        for block in extract.body.blocks():
            plain = self._plain.read(block) if self._plain is not None else None
            if plain is not None and (rows := self._plain_rows(block, plain)) is not None:
                yield from rows
                continue
            for place, line in enumerate(block.lines):
                if len(self.faults) >= MOST_FAULTS:
                    self._fault(Text("错误太多，其余未列出", "too many faults; the rest are not listed"), None)
                    return
                if extract.is_lead:
                    self._check_shape(line)
                if plain is None or place in plain.apart:
                    found = [self._row(instance, line) for instance in extract.instances]
                else:
                    found = [self._plain_row(line, place, plain)]
                for row in found:
                    if row is not None:
                        self.count += 1
                        yield row
        if extract.is_lead:
            notes, faults = remarks_on(extract.body)
            self.notes += notes
            self.faults += faults

    def _reader(self, column: Column) -> Reader:
        is_key = any(column.name in fields for fields in self._alternatives)
        meaning = self.declaration.if_empty.get(self.record_type.type, {}).get(column.name)
        dated = replace(column, options=replace(column.options, latest=self.declaration.date))
        return make_reader(dated, if_empty=meaning, is_key=is_key, resolve=self.resolve)

    def _reads_plain_rows(self) -> PlainRows | None:
        """How most rows are read, where a row is one record of nothing but its own columns and constants."""
        extract = self.sheet
        if self.keys.first or len(extract.instances) != 1 or extract.is_part or extract.links or extract.has_children:
            return None
        columns = {column.name: (column, self._readers[column.position, column.name]) for column in extract.instances[0].columns}
        constants = {name: self._constants[name, text] for name, text in extract.instances[0].constants.items() if name not in columns}
        if any(column.capitals is not None for column, _ in columns.values()) or columns.keys() | constants.keys() != set(self.fields):
            return None
        if not all(map(is_plain, constants.values())):
            return None
        fields = [self.record_type.fields[name] for name in self.fields]
        return PlainRows(fields, columns, constants, self._alternatives, self.record_type.belongs_to)

    def _plain_rows(self, block: Block, plain: PlainBlock) -> list[DatabaseRow] | None:
        """All rows of a block at once; None where some are to be looked at by themselves."""
        if plain.apart or len(self.faults) >= MOST_FAULTS or (self.sheet.is_lead and self._fills_untitled(block)):
            return None
        texts, numbers = [text for text, _ in plain.keys], block.numbers
        if not self.keys.claim_all(texts, [self._first_place + number for number in numbers]):
            return None
        self.count += len(texts)
        return list(zip(texts, repeat(self.declaration.id), repeat(self.sheet.name), numbers, repeat(None), *plain.stored))

    def _plain_row(self, line: Line, place: int, plain: PlainBlock) -> DatabaseRow | None:
        key = self._key(plain.keys[place], line)
        return None if key is None else (key, self.declaration.id, self.sheet.name, line.number, None, *(column[place] for column in plain.stored))

    def _fills_untitled(self, block: Block) -> bool:
        known = self.sheet.body.loaded | set(self.sheet.body.layout.titles)
        return any(place not in known and any(map(str.strip, texts)) for place, texts in enumerate(block.columns))

    def _constant(self, name: str, text: str) -> Cell:
        # The plan has read it once already, so that it can be read.
        cell = read_cell(self.record_type.fields[name], text, unit="元", options=NO_OPTIONS)
        return self._resolved(name, cell)

    def _resolved(self, name: str, cell: Cell) -> Cell:
        if name in self._references and isinstance(cell.value, str):
            return self.resolve(self._references[name], cell)
        return cell

    # --- one record

    def _row(self, instance: Instance, line: Line) -> DatabaseRow | None:
        cells = self._cells(instance, line)
        values = {name: cell.value for name, cell in cells.items()}
        text, is_name = self.keys.text_of(values, self._alternatives) if self.sheet.is_part or self.keys.first else (None, False)
        if self.sheet.is_part and not self._is_there(instance, cells, line, text is not None):
            self.notes += notes_on_no_record(self.record_type, self.sheet.name, instance, cells, line)
            return None
        cells = self._without_merged_amounts(instance, cells, line)
        told = told_by(self._first_place + line.number, instance, self.sheet.links, cells, line) if text is not None else None
        first = self._goes_on_from(text, told, is_name=is_name)
        if text is not None and told is not None and first is not None and (self._repeats(text, first, told, instance, line, is_name) or is_name):
            self._own_keys[line.number] = text
            return None
        key = self._key(self.keys.text_of({name: cell.value for name, cell in cells.items()}, self._alternatives), line)
        if key is None:
            return None
        if self.sheet.is_part:
            self._own_keys[line.number] = key
            if told is not None and (self.sheet.has_children or self._only_names(told)):
                self.keys.first.setdefault(key, told)
        self.notes += notes_on_cells(self.record_type, self.sheet.name, key, instance, cells, line, self._group_column)
        return self._maker.make(key, cells, self.declaration.id, line.number)

    def _cells(self, instance: Instance, line: Line) -> dict[str, Cell]:
        cells = {name: self._constants[name, text] for name, text in instance.constants.items()}
        for field, type_name in self.sheet.links.items():
            key = self.sheet.keys_of_rows.get(type_name, {}).get(line.number)
            cells[field] = Cell(key) if key is not None else self._unlinked[field]
        problems = {problem.position: problem for problem in line.problems}
        for column in instance.columns:
            if column.position in problems:
                problem = problems[column.position]
                for name in column.names:
                    cells[name] = Cell(None, "unreadable", problem.reason, problem.advice)
                continue
            reading = self._readers[column.position, column.name](text_of(line, column))
            if reading.cell.needs_unit:
                self._no_unit(column, line)
            cells[column.name] = reading.cell if column.capitals is None else compared_with_capitals(reading.cell, column, line)
            if column.ends is not None and reading.second is not None:
                cells[column.ends.name] = reading.second
        return cells

    def _is_there(self, instance: Instance, cells: Mapping[str, Cell], line: Line, has_key: bool) -> bool:
        """Whether the row holds this record: text in a column of its own, or without such a column what names it.

        Text that means "not required" says that there is none. Other states are of a record that there is, or may be:
        without it a rule would take it for missing.
        """
        own = [column for column in instance.columns if column.position in instance.own]
        if not own:
            return has_key and any(text_of(line, column).strip() for column in instance.columns)
        return any(text_of(line, column).strip() and not is_not_required(cells[column.name]) for column in own)

    def _only_names(self, told: Told) -> bool:
        return only_names(self.record_type, self._alternatives[0], told)

    def _goes_on_from(self, key: str | None, told: Told | None, *, is_name: bool) -> Told | None:
        """What is said already of the record of a row, where the row may go on with it: children follow, or one of two tables only names it."""
        if key is None or told is None:
            return None
        first = self.keys.first.get(key)
        if self.sheet.has_children and first is not None:
            return first
        is_bare = is_name and self.sheet.is_part and self._only_names(told)
        first = self.keys.told_before(key, told) if is_bare else first
        if first is None or first.place >= self._first_place or not (is_bare or self._only_names(first)):
            return None
        return first

    def _repeats(self, key: str, first: Told, told: Told, instance: Instance, line: Line, is_name: bool) -> bool:
        """Whether this row only repeats an earlier record, in the same words or in blanks, or adds to one of an earlier table; else a fault where it must be."""
        is_of_earlier_table = first.place < self._first_place
        added = additions(first, told) if is_of_earlier_table else {}
        differing = differences(self.record_type, first, told) if is_of_earlier_table else further(self.record_type, first, told)
        is_one = is_name or not self.keys.has_equals(key)
        if not differing and added and is_one:
            self._add(key, first, told, added, instance, line)
        if differing and is_name:
            other, both = self._named(first.place), both_values(self.record_type, differing, first, told)
            label = self.record_type.label
            self._fault(
                Text(f"第 {line.number} 行与{other.zh}是同一条{label.zh}（{key}），但{both.zh}", f"row {line.number} has the same key as {other.en} ({label.en} {key}), but {both.en}"), line,
                Text(f"同一条记录请改为一致；不是同一条的，在对应文件中写 keys，如 keys: {{{self.record_type.type}: [number, title]}}",
                     f"make them agree if they are one; if not, say keys in the mapping file: keys: {{{self.record_type.type}: [number, title]}}"))
        return not differing and (is_one or not added)

    def _add(self, key: str, first: Told, told: Told, added: dict[str, Cell], instance: Instance, line: Line) -> None:
        """Fill in what this table knows of a record of an earlier one."""
        cells = {**first.cells, **added}
        self.keys.first[key] = Told(first.place, cells, first.given | (told.given & added.keys()))
        self.additions.setdefault(key, {}).update(added)
        self.notes += [note for note in notes_on_cells(self.record_type, self.sheet.name, key, instance, cells, line, self._group_column) if note.field in added and note.kind != "no_parent"]

    def _without_merged_amounts(self, instance: Instance, cells: dict[str, Cell], line: Line) -> dict[str, Cell]:
        """An amount that is merged over rows of different records counts once."""
        merged = line.filled - self.sheet.body.fill_down
        for column in instance.columns:
            if column.position in merged and column.field.type == "money" and cells[column.name].value is not None:
                cells[column.name] = Cell(None, "unreadable", _MERGED, _SPLIT_IT)
        return cells

    def _named(self, place: int) -> Text:
        """A row of this sheet, or of another that is named."""
        sheet, number = self.keys.place_of(place)
        return Text(f"第 {number} 行", f"row {number}") if sheet == self.sheet.name else Text(f" {sheet} 第 {number} 行", f"row {number} of {sheet}")

    def _key(self, text: KeyText, line: Line) -> str | None:
        key = self.keys.claim(*text, self._first_place + line.number)
        label = self.record_type.label
        if key.same_as is None and key.text is not None:
            return key.text
        other = self._named(key.same_as or 0)
        if key.text is None:
            fields = [self.record_type.fields[name].label for names in self._alternatives for name in names]
            self._fault(
                Text(f"第 {line.number} 行没有编号或名称，无法登记为“{label.zh}”", f'row {line.number} has nothing that could name the "{label.en}"'), line,
                Text(f"请至少填写：{'、'.join(dict.fromkeys(field.zh for field in fields))} 之一", f"fill in at least one of: {', '.join(dict.fromkeys(field.en for field in fields))}"))
        elif key.is_numbered:
            reason = Text(f"与{other.zh}用来识别的内容相同，已另编号", f"equals {other.en} in all that names it; a number was added")
            self.notes.append(Note("same_key", self.record_type.type, key.text, None, None, None, self.sheet.name, str(line.number), reason,
                                   Text("请核对是否重复登记", "check whether it was entered twice")))
        elif key.same_as == self._first_place + line.number:
            self._fault(Text(f"第 {line.number} 行里有两条相同的“{label.zh}”：{key.text}", f'row {line.number} holds the same "{label.en}" twice: {key.text}'), line,
                        Text("删去重复的一条，或加上编号列", "remove one of them, or add a column with their numbers"))
        else:
            self._fault(Text(f"第 {line.number} 行与{other.zh}的编号或内容相同：{key.text}", f"row {line.number} has the same key as {other.en}: {key.text}"), line, to_keep_both(self.record_type, self._alternatives, key.text))
        return key.text

    # --- the table as a whole

    def _check_shape(self, line: Line) -> None:
        if len(line.cells) <= self._titled:
            return
        titles, bounds = self.sheet.body.layout.titles, self.sheet.body.bounds
        known = self.sheet.body.loaded
        for position, text in enumerate(line.cells):
            if position in titles or position in known or position in self._nameless or not text.strip() or (bounds is not None and position not in bounds):
                continue
            self._nameless.add(position)
            letter = column_letter(position)
            self._fault(Text(f"{letter}{line.number} 有内容，但 {letter} 列没有表头", f"{letter}{line.number} is filled in, but column {letter} has no header"), line)

    def _no_unit(self, column: Column, line: Line) -> None:
        if column.name not in self._without_unit:
            self._without_unit.add(column.name)
            title = column.title.strip()
            self._fault(
                Text(f"{column.letter} 列“{title}”不知道单位是元还是万元（{column.letter}{line.number}）", f'column {column.letter} "{title}": yuan or 10,000 yuan is not known ({column.letter}{line.number})'), line,
                Text(f"表头写作“{title}（元）”或“（万元）”，或在 source.yml 写 money_unit: yuan，或在对应文件写 unit", f'write the header as "{title} (yuan)" or (万元), or money_unit: yuan in source.yml, or unit in a mapping file'))

    def _fault(self, text: Text, line: Line | None, hint: Text | None = None) -> None:
        self.faults.append(Fault(text, self.sheet.sheet.place, line.line if line else None, hint=hint))
