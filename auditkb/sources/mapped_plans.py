"""What a mapping file makes of the sheets of its file; refused where the file is no longer the one that it describes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from auditkb.cells import read_cell
from auditkb.dictionary import Dictionary, RecordType, normalise_header
from auditkb.errors import Fault, Text, did_you_mean
from auditkb.notes import Note
from auditkb.sources.body import Body
from auditkb.sources.declaration import MONEY_UNITS as DECLARED_UNITS
from auditkb.sources.declaration import Declaration
from auditkb.sources.extract import Extract, Instance
from auditkb.sources.headers import Column, column_unit, is_unit_of
from auditkb.sources.layout import make_layout, shown_path, split_unit
from auditkb.sources.mapping import ColumnSaid, MappingFile, TableSaid, Target, ValuesSaid, column_key, share_rows, takes, targets_of, value_options
from auditkb.sources.plans import Plan, all_headings, columns_of_names, naming_columns, skipped_sheets, title_notes
from auditkb.sources.sheets import Sheet, column_letter, column_position
from auditkb.values import MONEY_UNITS

_OTHER_MONEY = re.compile(r"美元|欧元|港元|港币|日元|英镑|usd|eur|hkd|jpy|gbp")
_STEPS = re.compile("[>→]")
_Place = tuple[str | int, ...]


def plan_mapped(sheets: Sequence[Sheet], said: MappingFile, dictionary: Dictionary, declaration: Declaration) -> Plan:
    """The plan for a file with a mapping. Every fault has its place in the mapping file."""
    plan = Plan(faults=list(_check_sheets(sheets, said)))
    headings = all_headings(dictionary)
    for number, table in enumerate(said.mapping.tables):
        sheet = _sheet_of(table, sheets)
        if sheet is not None:
            builder = _TableBuilder(said, number, sheet, dictionary, declaration, headings)
            plan.extracts += builder.extracts()
            plan.faults += builder.faults
    skipped = [(sheet, Text(why, why)) for sheet in sheets for why in [said.mapping.skip.get(sheet.type_name)] if why]
    if plan.extracts:
        plan.extracts[0].notes += skipped_sheets(skipped)
    return plan


def _sheet_of(table: TableSaid, sheets: Sequence[Sheet]) -> Sheet | None:
    if table.sheet is None:
        return sheets[0] if len(sheets) == 1 else None
    return next((sheet for sheet in sheets if sheet.type_name == table.sheet), None)


def _check_sheets(sheets: Sequence[Sheet], said: MappingFile) -> Iterator[Fault]:
    names = [sheet.type_name for sheet in sheets]
    for number, table in enumerate(said.mapping.tables):
        if table.sheet is None and len(sheets) != 1:
            yield said.file.fault(("tables", number), Text("文件有几张工作表，请写明 sheet", "the file has several sheets: say which (sheet)"), hint=did_you_mean("", names, most=40))
        elif table.sheet is not None and table.sheet not in names:
            yield said.file.fault(("tables", number, "sheet"), _no_sheet(table.sheet), hint=did_you_mean(table.sheet, names, most=40))
    for name in said.mapping.skip:
        if name not in names:
            yield said.file.fault(("skip", name), _no_sheet(name), key=True, hint=did_you_mean(name, names, most=40))
    mentioned = {table.sheet for table in said.mapping.tables} | set(said.mapping.skip)
    for sheet in sheets:
        if sheet.type_name not in mentioned and None not in mentioned and next(iter(sheet.rows()), None) is not None:
            yield said.file.fault(("tables",), Text(f"文件中还有工作表“{sheet.type_name}”，对应文件没有提到", f'the file also has the sheet "{sheet.type_name}", which is not mentioned'),
                                  hint=Text("写入 tables；不读入则写入 skip，并注明原因", "describe it under tables; or name it under skip, with the reason"))


def _no_sheet(name: str) -> Text:
    return Text(f"文件中没有工作表“{name}”", f'the file has no sheet "{name}"')


@dataclass
class _Placed:
    """A column of a mapping at its place in the sheet."""

    position: int
    entry: str | list[str] | ColumnSaid
    place: _Place
    targets: list[Target] = field(default_factory=list)


class _TableBuilder:
    """One table of a mapping against its sheet. `faults` are complete once `extracts` has been called."""

    def __init__(self, said: MappingFile, number: int, sheet: Sheet, dictionary: Dictionary, declaration: Declaration, headings: frozenset[str]):
        self._said, self._number, self._sheet = said, number, sheet
        self._dictionary, self._declaration, self._headings = dictionary, declaration, headings
        self._table = said.mapping.tables[number]
        self._place: _Place = ("tables", number)
        self.faults: list[Fault] = []
        self._others = [table for place, table in enumerate(said.mapping.tables) if place != number and table.sheet == self._table.sheet]
        top = min([*self._table.header_rows, self._table.first_row])
        after = max((other.last_row for other in self._others if other.last_row is not None and other.last_row < top), default=0)
        layout = make_layout(sheet, self._table.header_rows, first_row=self._table.first_row, after=after)
        self._layout = replace(layout, last_row=self._table.last_row)
        self._placed = self._place_columns()
        self._check_all_mentioned()
        self._corner = self._corner_unit()
        own = {column.position for column in self._placed}
        self._layout = replace(self._layout, titles={place: path for place, path in self._layout.titles.items() if place in own})

    # --- columns against the sheet

    def _place_columns(self) -> list[_Placed]:
        placed = []
        for key, entry in self._table.columns.items():
            found = column_key(key)
            assert found is not None
            letter, title = found
            position = column_position(letter)
            here = (*self._place, "columns", key)
            self._check_title(letter, title, position, here)
            placed.append(_Placed(position, entry, here, targets_of(entry)))
        titles = {**{column.position: () for column in placed}, **self._layout.titles}
        self._layout = replace(self._layout, titles=dict(sorted(titles.items())))
        return placed

    def _check_title(self, letter: str, title: str | None, position: int, place: _Place) -> None:
        there = self._layout.title(position)
        if title is None and not there and position >= self._width:
            self._fault(place, Text(f"工作表没有 {letter} 列", f"the sheet has no column {letter}"), Text(f"最后一列是 {column_letter(self._width - 1)}", f"its last column is {column_letter(self._width - 1)}") if self._width else None)
        if _same_title(title or "", there):
            return
        if title is None:
            self._fault(place, Text(f"{letter} 列的表头是“{there}”，请一并写上", f'column {letter} is headed "{there}": write the title too'), Text(f"写作：{letter} {there}", f"write: {letter} {there}"))
            return
        now = [column_letter(other) for other in self._layout.titles if _same_title(title, self._layout.title(other))]
        if now:
            hint = Text(f"这个表头现在在 {'、'.join(now)} 列", f"that title is in column {', '.join(now)} now")
        elif self._is_header_found():
            hint = did_you_mean(title, [self._layout.title(other) for other in self._layout.titles], most=60)
        else:
            rows = ", ".join(map(str, self._table.header_rows))
            hint = Text(f"对应文件写的表头行（header_rows: [{rows}]）里没有它写的任何表头，请核对表头在第几行", f"the header rows of the mapping ({rows}) hold none of its titles: check where the header stands")
        actual = Text(f"表头是“{there}”", f'is headed "{there}"') if there else Text("没有表头", "has no title")
        self._fault(place, Text(f"对应文件与工作簿不一致：工作簿 {letter} 列{actual.zh}，对应文件写的是“{title}”",
                                f'mapping and workbook do not agree: column {letter} {actual.en}, the mapping says "{title}"'), hint)

    @cached_property
    def _width(self) -> int:
        """How many columns the widest row has."""
        return max((len(row.cells) for row in self._sheet.rows()), default=0)

    def _is_header_found(self) -> bool:
        """Whether any title of the mapping stands in the rows that it calls the header."""
        said = [found[1] for key in self._table.columns if (found := column_key(key)) and found[1]]
        return any(_same_title(title, self._layout.title(place)) for title in said for place in self._layout.titles)

    def _check_all_mentioned(self) -> None:
        """A column that has a title is loaded or skipped, by this table or by one beside it."""
        beside = [table for table in self._said.mapping.tables if table.sheet == self._table.sheet and table.header_rows == self._table.header_rows]
        mentioned = {column_position(found[0]) for table in beside for key in table.columns if (found := column_key(key))}
        for position in self._layout.titles:
            if position not in mentioned:
                letter, title = column_letter(position), self._layout.title(position)
                self._fault((*self._place, "columns"), Text(f"对应文件没有提到 {letter} 列“{title}”", f'column {letter} "{title}" is not mentioned'),
                            Text(f"加上一行；不读入则写 {letter} {title}: skip", f"add a line for it; where it is not loaded: {letter} {title}: skip"))

    def _corner_unit(self) -> str | None:
        """The one unit said above the table; a mapping may not say another for the whole table."""
        corners, said = self._layout.corner_units, self._table.values.unit
        if said is not None and any(MONEY_UNITS.get(said) != MONEY_UNITS[corner] for corner in corners):
            units = "、".join(corners)
            self.faults.append(self._said.file.fault((*self._place, "values", "unit"), Text(f"表上写的单位是“{units}”，对应文件写的是“{said}”", f'above the table stands "{units}", the mapping says "{said}"'),
                                                     hint=Text("个别列不同的写在列上：{to: …, unit: …}", "where some columns differ say it of the column: {to: …, unit: …}")))
        return corners[0] if len(corners) == 1 else None

    def _fault(self, place: _Place, text: Text, hint: Text | None) -> None:
        self.faults.append(self._said.file.fault(place, text, hint=hint, key="columns" in place and place[-1] != "columns"))

    # --- extracts

    def extracts(self) -> list[Extract]:
        """One extract a record type, in the order in which the types refer to each other."""
        order = self._dictionary.load_order()
        types = sorted({target.type for column in self._placed for target in column.targets}, key=order.index)
        if not types:
            self._fault((*self._place, "columns"), Text("所有列都是 skip，没有读入任何内容", "every column is skipped, so that nothing is loaded"),
                        Text("不读入的工作表写入 skip", "name a sheet that is not loaded under skip"))
        instances = {name: self._instances(name) for name in types}
        links = {name: self._links(name, types[: types.index(name)], instances) for name in types}
        body = self._body(instances, links)
        is_part = len(types) > 1 or any(len(found) > 1 for found in instances.values())
        shared: dict[str, dict[int, str]] = {}
        extracts: list[Extract] = []
        for name in types:
            keys = self._said.mapping.keys.get(name)
            record_type = self._dictionary[name]
            if keys is not None:
                record_type = record_type.model_copy(update={"key": (tuple(keys),)})
            extracts.append(Extract(
                record_type, self._sheet, body, instances[name], links[name], shared, has_children=any(name in other.values() for other in links.values()),
                is_part=is_part, is_lead=not extracts))
        if extracts:
            extracts[0].notes += [*title_notes(self._sheet, self._layout, [column for found in instances.values() for instance in found for column in instance.columns], self._headings), *self._skipped_columns(), *self._rows_after()]
        return extracts

    def _skipped_columns(self) -> Iterator[Note]:
        for column in self._placed:
            if not column.targets:
                letter, title = column_letter(column.position), self._layout.title(column.position)
                words = Text(f"“{title}”", f' "{title}"') if title else Text("（没有表头）", " (no title)")
                yield Note("skipped", None, None, None, None, title or None, self._sheet.name, letter,
                           Text(f"{letter} 列{words.zh}未读入：对应文件写明 skip", f"column {letter}{words.en} is not loaded: the mapping file skips it"))

    def _rows_after(self) -> Iterator[Note]:
        """Rows below the last row that the mapping gives, where no other table is."""
        last = self._table.last_row
        if last is None or any(other.last_row is None or other.last_row > last for other in self._others):
            return
        for row in self._sheet.rows():
            if row.number > last:
                raw = " | ".join(cell.strip() for cell in row.cells if cell.strip())
                yield Note("not_loaded", None, None, None, None, raw[:200], self._sheet.name, str(row.number),
                           Text(f"第 {row.number} 行未读入：在对应文件写的最后一行之后", f"row {row.number} is not loaded: it lies below the last row of the mapping file"),
                           Text("是数据就改 last_row", "where it is data change last_row"))

    def _body(self, instances: Mapping[str, Sequence[Instance]], links: Mapping[str, Mapping[str, str]]) -> Body:
        columns = [column for found in instances.values() for instance in found for column in instance.columns]
        loaded = frozenset(column.position for column in columns)
        summed = {column.position: (column.unit, column.options) for column in columns if column.field.type == "money"}
        fill = frozenset(map(column_position, self._table.fill_down))
        is_beside = any(share_rows(self._table, other) for other in self._others)
        positions = [column.position for column in self._placed]
        bounds = range(min(positions), max(positions) + 1) if is_beside else None
        naming: dict[int, frozenset[int]] = {}
        for name, found in instances.items():
            linked = {place for other in links[name].values() for instance in instances[other] for place in naming_columns(self._dictionary[other], instance.columns)}
            for instance in found:
                keys = naming_columns(self._dictionary[name], instance.columns) | linked
                naming |= {column.position: keys for column in instance.columns if column.position in summed and column.position not in fill}
        read = [(self._dictionary[name], instance.columns) for name, found in instances.items() for instance in found]
        return Body(self._sheet, self._layout, loaded, fill, summed, self._headings, bounds, naming, columns_of_names(self._sheet, read))

    def _instances(self, type_name: str) -> tuple[Instance, ...]:
        numbers = sorted({target.number or 0 for column in self._placed for target in column.targets if target.type == type_name})
        return tuple(self._instance(type_name, number or None) for number in numbers)

    def _instance(self, type_name: str, number: int | None) -> Instance:
        columns: list[Column] = []
        own: set[int] = set()
        for column in self._placed:
            names = [target.field for target in column.targets if target.type == type_name and target.number == number]
            columns += self._columns(self._dictionary[type_name], column, names)
            if names and all((target.type, target.number) == (type_name, number) for target in column.targets):
                own.add(column.position)
        return Instance(tuple(columns), frozenset(own), self._constants(type_name, number, {column.name for column in columns}))

    def _columns(self, record_type: RecordType, placed: _Placed, names: Sequence[str]) -> Iterator[Column]:
        period = record_type.period
        if period is not None and set(period.fields) <= set(names):
            first = self._column(record_type, placed, period.fields[0])
            yield replace(first, ends=record_type.fields[period.fields[1]])
            names = [name for name in names if name not in period.fields]
        for name in names:
            yield self._column(record_type, placed, name)

    def _column(self, record_type: RecordType, placed: _Placed, name: str) -> Column:
        entry, said = record_type.fields[name], placed.entry if isinstance(placed.entry, ColumnSaid) else ValuesSaid()
        path = self._layout.titles[placed.position]
        in_title = [unit for title in reversed(path) if (unit := split_unit(title)[1])]
        unit = next((unit for unit in in_title if is_unit_of(entry, unit)), None)
        if entry.type == "money" and any(_OTHER_MONEY.search(normalise_header(title)) for title in path):
            self._fault(placed.place, Text("金额不是人民币，不能读入", "the amounts are not in yuan and cannot be loaded"), Text("请另加一列人民币金额，或写 skip", "add a column in yuan, or skip it"))
        if unit is not None and said.unit is not None and MONEY_UNITS.get(unit) != MONEY_UNITS.get(said.unit):
            self._fault(placed.place, Text(f"表头的单位是“{unit}”，对应文件写的是“{said.unit}”", f'the title says "{unit}", the mapping "{said.unit}"'), None)
        options = value_options(said, self._table.values, self._said.mapping.values, latest=self._declaration.date)
        default = None if said.unit is not None else self._corner or (None if options.unit else DECLARED_UNITS.get(self._declaration.money_unit or ""))
        return Column(placed.position, column_letter(placed.position), shown_path(path), name, entry, column_unit(entry, unit, default), options)

    def _constants(self, type_name: str, number: int | None, mapped: set[str]) -> dict[str, str]:
        found = {}
        for what in ("department", "fiscal_year"):
            said = getattr(self._table, what)
            if said is not None and takes(self._dictionary, type_name, what) and what not in mapped:
                found[what] = str(said)
        for key, text in self._table.constants.items():
            target = targets_of(key)[0]
            if target.type != type_name or target.number not in (None, number):
                continue
            cell = read_cell(self._dictionary[type_name].fields[target.field], text, unit="元")
            place = (*self._place, "constants", key)
            if cell.reason is not None:
                self._fault(place, cell.reason, cell.advice)
            elif target.field in mapped:
                self._fault(place, Text(f"“{key}”已由一列读入", f'"{key}" is read from a column already'), None)
            else:
                found[target.field] = text
        return found

    def _links(self, type_name: str, earlier: Sequence[str], instances: Mapping[str, tuple[Instance, ...]]) -> dict[str, str]:
        """References to the other records of the row that no column fills."""
        record_type, links = self._dictionary[type_name], {}
        taken = {name for instance in instances[type_name] for name in (*instance.constants, *(column.name for column in instance.columns))}
        for name, entry in record_type.fields.items():
            same = [other for other in record_type.fields.values() if other.type == entry.type]
            if entry.type in earlier and name not in taken and len(instances[entry.type]) == 1 and (name in record_type.belongs_to or len(same) == 1):
                links[name] = entry.type
        return links


def _same_title(said: str, there: str) -> bool:
    """Whether a mapping and a sheet mean the same title; > and → are easier to type than the step of a path."""
    return _STEPS.sub("›", normalise_header(said)) == _STEPS.sub("›", normalise_header(there))
