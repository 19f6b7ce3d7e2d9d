"""One record type read from one table: rows for the database, notes on cells, and faults of the whole table."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from itertools import repeat

from auditkb.cells import Cell, check_capitals, read_cell
from auditkb.dictionary import RecordType
from auditkb.errors import Fault, Text
from auditkb.notes import Kind, Note
from auditkb.records import DatabaseRow, KeyMaker, KeyText, RowMaker
from auditkb.sources.blocks import Block
from auditkb.sources.declaration import Declaration
from auditkb.sources.extract import Extract, Instance
from auditkb.sources.headers import Column
from auditkb.sources.line import Line
from auditkb.sources.readings import PlainBlock, PlainRows, Reader, is_plain, make_reader, text_of
from auditkb.sources.remarks import remarks_on
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
        self.notes: list[Note] = []
        self.faults: list[Fault] = []
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
        self._without_unit: set[str] = set()

    @cached_property
    def fields(self) -> list[str]:
        """The fields that this table fills, in the order of the dictionary."""
        found = set(self.sheet.links)
        for instance in self.sheet.instances:
            found |= {*instance.constants, *(name for column in instance.columns for name in column.names)}
        return [name for name in self.record_type.fields if name in found]

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
        self._note_missing_parents()
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
        if len(extract.instances) != 1 or extract.is_part or extract.links or extract.has_children:
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
        texts, numbers = [text for text, _ in plain.keys], [line.number for line in block.lines]
        if not self.keys.claim_all(texts, [self._place(number) for number in numbers]):
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
        text, is_name = self.keys.text_of(values, self._alternatives) if self.sheet.is_part else (None, False)
        if self.sheet.is_part and not self._is_there(instance, cells, line, text is not None):
            return None
        if self.sheet.has_children and text in self.keys.first:
            if self._repeats(text, cells, line, is_name):
                self._own_keys[line.number] = text
                return None
            if is_name:
                return None
        cells = self._without_merged_amounts(instance, cells, line)
        key = self._key(self.keys.text_of({name: cell.value for name, cell in cells.items()}, self._alternatives), line)
        if key is None:
            return None
        if self.sheet.is_part:
            self._own_keys[line.number] = key
            if self.sheet.has_children:
                self.keys.first.setdefault(key, (self._place(line.number), cells))
        self._note_cells(key, instance, cells, line)
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
            cells[column.name] = reading.cell if column.capitals is None else _compared(reading.cell, column, line)
            if column.ends is not None and reading.second is not None:
                cells[column.ends.name] = reading.second
        return cells

    def _is_there(self, instance: Instance, cells: Mapping[str, Cell], line: Line, has_key: bool) -> bool:
        """Whether the row holds this record: text in a column of its own, or without such a column what names it."""
        own = [column for column in instance.columns if column.position in instance.own]
        if not own:
            return has_key and any(text_of(line, column).strip() for column in instance.columns)
        return any(text_of(line, column).strip() and not cells[column.name].is_marked for column in own)

    def _repeats(self, key: str, cells: Mapping[str, Cell], line: Line, is_name: bool) -> bool:
        """Whether this row only repeats an earlier record, in the same words or in blanks; else a fault where it must be."""
        place, first = self.keys.first[key]
        differing = [name for name, cell in cells.items() if cell.value is not None and (name not in first or cell.value != first[name].value)]
        if differing and is_name:
            label, other = self.record_type.fields[differing[0]].label, self._named(place)
            self._fault(
                Text(f"第 {line.number} 行与{other.zh}是同一条{self.record_type.label.zh}（{key}），但“{label.zh}”不同",
                     f'row {line.number} has the same key as {other.en} ({self.record_type.label.en} {key}), but another "{label.en}"'), line,
                Text(f"同一条记录请改为一致；不是同一条的，在对应文件中写 keys，如 keys: {{{self.record_type.type}: [number, title]}}",
                     f"make them agree if they are one; if not, say keys in the mapping file: keys: {{{self.record_type.type}: [number, title]}}"))
        return not differing

    def _without_merged_amounts(self, instance: Instance, cells: dict[str, Cell], line: Line) -> dict[str, Cell]:
        """An amount that is merged over rows of different records counts once."""
        merged = line.filled - self.sheet.body.fill_down
        for column in instance.columns:
            if column.position in merged and column.field.type == "money" and cells[column.name].value is not None:
                cells[column.name] = Cell(None, "unreadable", _MERGED, _SPLIT_IT)
        return cells

    def _place(self, number: int) -> str:
        return f"{self.sheet.name} {number}"

    def _named(self, place: str) -> Text:
        """A row of this sheet, or of another that is named."""
        sheet, _, number = place.rpartition(" ")
        return Text(f"第 {number} 行", f"row {number}") if sheet == self.sheet.name else Text(f" {sheet} 第 {number} 行", f"row {number} of {sheet}")

    def _key(self, text: KeyText, line: Line) -> str | None:
        key = self.keys.claim(*text, self._place(line.number))
        label = self.record_type.label
        if key.same_as is None and key.text is not None:
            return key.text
        other = self._named(str(key.same_as))
        if key.text is None:
            fields = [self.record_type.fields[name].label for names in self._alternatives for name in names]
            self._fault(
                Text(f"第 {line.number} 行没有编号或名称，无法登记为“{label.zh}”", f'row {line.number} has nothing that could name the "{label.en}"'), line,
                Text(f"请至少填写：{'、'.join(dict.fromkeys(field.zh for field in fields))} 之一", f"fill in at least one of: {', '.join(dict.fromkeys(field.en for field in fields))}"))
        elif key.is_numbered:
            reason = Text(f"与{other.zh}完全相同，已另编号", f"equals {other.en} in all that names it; a number was added")
            self.notes.append(Note("same_key", self.record_type.type, key.text, None, None, None, self.sheet.name, str(line.number), reason,
                                   Text("请核对是否重复登记", "check whether it was entered twice")))
        elif key.same_as == self._place(line.number):
            self._fault(Text(f"第 {line.number} 行里有两条相同的“{label.zh}”：{key.text}", f'row {line.number} holds the same "{label.en}" twice: {key.text}'), line,
                        Text("删去重复的一条，或加上编号列", "remove one of them, or add a column with their numbers"))
        else:
            self._fault(Text(f"第 {line.number} 行与{other.zh}的编号或内容相同：{key.text}", f"row {line.number} has the same key as {other.en}: {key.text}"), line, self._to_keep_both(key.text))
        return key.text

    def _to_keep_both(self, key: str) -> Text:
        """What to do about two rows of one key: the fields that would tell them apart, of the alternatives before the one that was taken."""
        record_type = self.record_type
        parts = key.count("/") + 1
        taken = next((place for place, names in enumerate(self._alternatives) if len(names) == parts), 0)
        labels = [[record_type.fields[name].label for name in names] for names in self._alternatives[:taken]]
        if not labels:
            if record_type.label_field in self._alternatives[0]:
                return Text("登记了两次的，删去一行；编号写错的，更正", "remove a row that was entered twice, or correct the number")
            keys = f"keys: {{{record_type.type}: [{', '.join((*self._alternatives[0], record_type.label_field))}]}}"
            return Text(f"登记了两次的，删去一行；编号写错的，更正；确是两{record_type.measure}共用一个编号的，在对应文件中写 {keys}",
                        f"remove a row that was entered twice, or correct the number; where one number really stands for two say in a mapping file {keys}")
        zh, en = "，或".join("、".join(f"“{label.zh}”" for label in missing) for missing in labels), " or ".join(", ".join(f'"{label.en}"' for label in missing) for missing in labels)
        voucher = " （如凭证号加序号）" if "voucher_number" in record_type.fields else ""
        return Text(f"同一{record_type.measure}登记了两次的，删去一行；确是两{record_type.measure}的，都保留，并在每行填写{zh}{voucher.strip()}",
                    f"if one was entered twice remove a row; if they are two keep both and fill in {en} for each")

    def _note_cells(self, key: str, instance: Instance, cells: Mapping[str, Cell], line: Line) -> None:
        for column in instance.columns:
            for name in column.names:
                cell = cells[name]
                if cell.is_marked or cell.reason is not None:
                    kind: Kind = "doubtful" if cell.is_doubtful else "unreadable" if cell.reason is not None else "marked"
                    self.notes.append(Note(kind, self.record_type.type, key, name, cell.state, text_of(line, column), self.sheet.name,
                                           f"{column.letter}{line.number}", cell.reason, cell.advice))
                if cell.alias is not None:
                    self.notes.append(Note("alias", self.record_type.type, key, name, None, text_of(line, column), self.sheet.name, f"{column.letter}{line.number}", cell.alias))
        parents = [name for name in self.record_type.belongs_to if name in cells]
        if parents and all(cells[name].value is None and cells[name].state in (None, "not_captured") and not cells[name].is_marked for name in parents):
            labels = [self.record_type.fields[name].label for name in parents]
            zh, en = "、".join(label.zh for label in labels), " or ".join(label.en for label in labels)
            letter = next((column.letter for name in parents for column in instance.columns if column.name == name), "")
            self.notes.append(Note("no_parent", self.record_type.type, key, parents[0], None, None, self.sheet.name,
                                   f"{letter}{line.number}", Text(f"没有填写所属的{zh}", f"does not say which {en} it belongs to"),
                                   Text("请补填，否则与它有关的规则无法检查；编号只在每组第一行写一次的，在对应文件中写 fill_down" + (f": [{letter}]" if letter else ""),
                                        "fill it in; rules that need it cannot be checked; where a number stands in the first row of a group only, write fill_down" + (f": [{letter}]" if letter else "") + " in a mapping file")))

    # --- the table as a whole

    def _note_missing_parents(self) -> None:
        belongs_to = self.record_type.belongs_to
        if belongs_to and not set(self.fields) & set(belongs_to):
            labels = [self.record_type.fields[name].label for name in belongs_to]
            zh, en = "、".join(label.zh for label in labels), " or ".join(label.en for label in labels)
            header = self.sheet.body.layout.header_rows
            self.notes.append(Note("no_parent", self.record_type.type, None, belongs_to[0], None, None, self.sheet.name, str(header[-1]) if header else None,
                                   Text(f"表中没有说明所属{zh}的列", f"no column says which {en} the rows belong to"),
                                   Text("请加上这一列，否则与它有关的规则无法检查", "add the column; rules that need it cannot be checked")))

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


def _compared(cell: Cell, column: Column, line: Line) -> Cell:
    """An amount in figures, in doubt where the capitals of its row say something else; the capitals where there is no figure."""
    position = column.capitals or 0
    capitals = line.cells[position].strip() if position < len(line.cells) else ""
    if not capitals or cell.is_marked or cell.reason is not None:
        return cell
    if not isinstance(cell.value, Decimal):
        return read_cell(column.field, capitals)
    checked = check_capitals(cell.value, capitals)
    return cell if checked.reason is None else replace(cell, reason=checked.reason, advice=checked.advice)
