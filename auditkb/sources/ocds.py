"""OCDS releases as records: the `ocds` paths of the dictionary say where each field of each record type stands.

Keys begin with the process's ocid: `ocds-k50g02-11-11-452228/070-2011` is a contract, and a payment has its own id after
that. Dates are the calendar dates as they are written; the time of day and its zone are left out. Amounts in another
currency than yuan are not taken: the field is empty with the state `other_currency`, and what stands there is kept in a
note. What no path of the dictionary reads is counted by path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from auditkb.cells import Cell, read_cell
from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.notes import Kind, Note
from auditkb.records import DatabaseRow, RowMaker, encode_part
from auditkb.sources.ocds_paths import DictionaryPaths, Found, Item, Step, find, items, parse_path, without
from auditkb.sources.ocds_files import MOST_FAULTS, Release
from auditkb.sources.ocds_releases import OcdsFile, open_ocds
from auditkb.values import fold

YUAN = ("cny", "rmb")
MOST_CHARACTERS = 131_072
MOST_RAW = 200
_PLAIN = (str, int, float, bool)
_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?", re.ASCII | re.IGNORECASE)
_CHECK = Text("请核对原文件", "check the file")
_CONVERT = Text("规则以元计算，不用这个数；需要时按当日汇率折算，另行登记", "rules count in yuan and do not use it; convert it at the day's rate and enter that where it is needed")
Resolve = Callable[[str, Cell], Cell]


@dataclass(frozen=True)
class OcdsSheet:
    """The records of one type in an OCDS file. `unread` counts what the dictionary has no place for, by path, with an example."""

    file: Path
    record_type: RecordType
    dictionary: Dictionary
    paths: DictionaryPaths
    source: OcdsFile
    unread: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.name


def ocds_sheets(path: Path, dictionary: Dictionary) -> list[OcdsSheet]:
    """A sheet for each record type that the file holds. Raises KnowledgeBaseError for releases that cannot be used."""
    source, paths = open_ocds(path), DictionaryPaths(dictionary)
    unread: dict[str, tuple[int, str]] = {}
    there: set[str] = set()
    faults: list[Fault] = []
    for place, release in source.releases():
        there |= {name for name, steps in paths.types.items() if name not in there and next(iter(items(release, steps)), None) is not None}
        if paths.organisations and any(find(release, steps) for steps in paths.organisations):
            there.add(paths.organisation)
        faults += [Fault(text, path.as_posix(), place) for text in paths.faults(release)][: MOST_FAULTS - len(faults)]
        for name, value in paths.unread(release):
            count, example = unread.get(name, (0, _text(value)[:60]))
            unread[name] = (count + 1, example)
    if faults:
        raise KnowledgeBaseError(faults)
    return [OcdsSheet(path, dictionary[name], dictionary, paths, source, unread) for name in dictionary.load_order() if name in there]


class OcdsTable:
    """The rows of one record type, as `Table` gives those of a sheet: `notes` grow while `rows` is read."""

    def __init__(self, sheet: OcdsSheet, source: str, resolve: Resolve):
        self.record_type, self.sheet = sheet.record_type, sheet
        self.notes: list[Note] = []
        self.faults: list[Fault] = []
        self.letters: dict[str, str] = {}
        self.fields = list(sheet.record_type.fields)
        self.last_row: int | None = None
        self.count = 0
        self._source, self._resolve = source, resolve
        self._maker = RowMaker(sheet.record_type, sheet.name)
        self._paths = sheet.paths

    def rows(self) -> Generator[DatabaseRow, None, None]:
        """The rows for the database, in the order of the file."""
        if self.record_type.type == self._paths.organisation:
            yield from self._organisations()
            return
        steps = self._paths.types[self.record_type.type]
        for place, release in self.sheet.source.releases():
            reader = _ReleaseReader(self, release, place)
            for item in items(release, steps):
                key = _key(release, item)
                cells = reader.cells(key, item)
                self._note_repeated(key, item, place)
                self.count += 1
                yield self._maker.make(key, cells, self._source, place)

    def _note_repeated(self, key: str, item: Item, place: int) -> None:
        if item.is_repeated:
            self.note("same_key", key, None, None, f"{place}:{item.place}", Text("同一次发布中 id 重复，已另编号", "the id stands twice in one release; a number was added"), Text("请核对是否重复登记", "check whether it was entered twice"))

    def note(self, kind: Kind, key: str, name: str | None, raw: str | None, cell: str, reason: Text, advice: Text, state: str | None = None) -> None:
        """Note what is to be checked at one place of the file."""
        self.notes.append(Note(kind, self.record_type.type, key, name, state, raw[:MOST_RAW] if raw is not None else None, self.sheet.name, cell, reason, advice))

    # --- organisations stand in many places of many releases

    def _organisations(self) -> Iterator[DatabaseRow]:
        """Every organisation that is named, once; what its places say differently of it is not taken."""
        known: dict[str, tuple[int, dict[str, Cell]]] = {}
        names = {name: [without(steps, self._paths.parties) for steps in map(parse_path, entry.ocds)] for name, entry in self.record_type.fields.items() if entry.ocds}
        for place, release in self.sheet.source.releases():
            reader = _ReleaseReader(self, release, place)
            for found in (found for steps in self._paths.organisations for found in find(release, steps)):
                name = reader.name_of(found.value)
                if name is None:
                    continue
                key = str(self._resolve(self.record_type.type, Cell(name)).value)
                first, cells = known.setdefault(key, (place, {self.record_type.label_field: Cell(name)}))
                for field_name, paths in names.items():
                    if field_name != self.record_type.label_field:
                        self._add(key, field_name, [one for steps in paths for one in find(found.value, steps, found.place)], place, cells)
        for key, (place, cells) in known.items():
            self.count += 1
            yield self._maker.make(key, cells, self._source, place)

    def _add(self, key: str, name: str, found: list[Found], place: int, cells: dict[str, Cell]) -> None:
        texts = [_text(one.value) for one in found if isinstance(one.value, _PLAIN) and _text(one.value).strip()]
        for text in texts:
            before = cells.get(name)
            if before is None:
                cells[name] = read_cell(self.record_type.fields[name], text[:MOST_CHARACTERS])
            elif isinstance(before.value, str) and fold(before.value) != fold(text):
                cells[name] = Cell(state="disputed")
                self.note("unreadable", key, name, text, f"{place}:{found[0].place}", Text(f"文件各处不一致：“{before.value[:40]}”、“{text[:40]}”；此项不用", f'places of the file disagree: "{before.value[:40]}", "{text[:40]}"; neither is used'), _CHECK, "disputed")


class _ReleaseReader:
    """Reads the fields of the records of one release."""

    def __init__(self, table: OcdsTable, release: Release, place: int):
        self._table, self._release, self._place = table, release, place
        self._paths, self._dictionary = table._paths, table.sheet.dictionary
        self._parties: dict[str, Any] | None = None

    def cells(self, key: str, item: Item) -> dict[str, Cell]:
        """The fields of one record."""
        record_type = self._table.record_type
        cells = self._links(item)
        own = self._paths.types[record_type.type]
        for name, entry in record_type.fields.items():
            found = [one for steps in map(parse_path, entry.ocds) for one in self._find(item, own, steps)]
            found = [one for one in found if one.value is not None and one.value != "" and one.value != []]
            if found:
                cell, kind = self._read(entry, found)
                cells[name] = cell
                if cell.reason is not None:
                    self._table.note(kind, key, name, " / ".join(_shown(entry, one) for one in found), f"{self._place}:{found[0].place}", cell.reason, cell.advice or _CHECK, cell.state)
        return cells

    def _links(self, item: Item) -> dict[str, Cell]:
        """What the record belongs to: the records around it, else the process's purchase and project."""
        record_type, cells = self._table.record_type, {}
        for name in record_type.belongs_to:
            steps = self._paths.types.get(record_type.fields[name].type)
            around = next((owner for owner in reversed(item.owners) if steps is not None and owner.steps == steps), None)
            if around is None and steps is not None and not item.owners:
                alone = list(items(self._release, steps))
                around = alone[0] if len(alone) == 1 and not alone[0].ids else None
            if around is not None:
                cells[name] = Cell(_key(self._release, around))
        return cells

    def _find(self, item: Item, own: tuple[Step, ...], steps: tuple[Step, ...]) -> list[Found]:
        """What stands at a path: within the record, within the record that it refers to, or anywhere in the release."""
        if steps[: len(own)] == own:
            return find(item.value, steps[len(own) :], item.place)
        for entry in self._table.record_type.fields.values():
            there = self._paths.types.get(entry.type)
            if there is not None and steps[: len(there)] == there and entry.ocds:
                referred = [one for path in entry.ocds for one in self._find(item, own, parse_path(path))]
                ids = {_text(one.value) for one in referred}
                return [found for target in items(self._release, there) if target.own_id in ids for found in find(target.value, steps[len(there) :], target.place)]
        return find(self._release, steps)

    def _read(self, entry: Field, found: list[Found]) -> tuple[Cell, Kind]:
        if entry.is_reference:
            return self._reference(entry, found), "unreadable"
        if not all(isinstance(one.value, _PLAIN) for one in found):
            return _unreadable("这里不是一个值", "what stands here is no single value"), "unreadable"
        texts = dict.fromkeys(_shown(entry, one) for one in found)
        if len({_comparable(entry, one) for one in found}) > 1:
            return _unreadable(f"有几个不同的值：{'、'.join(list(texts)[:4])}", f"there are several values: {', '.join(list(texts)[:4])}"), "unreadable"
        text = _text(found[0].value)
        if len(text) > MOST_CHARACTERS:
            return _unreadable(f"内容太长（{len(text)}个字符）", f"the text is too long ({len(text)} characters)"), "unreadable"
        if entry.type == "money":
            return self._money(entry, text, found[0].currency)
        timed = _DATE_TIME.fullmatch(text.strip()) if entry.type == "date" else None
        cell = read_cell(entry, entry.ocds_codes.get(text, timed[1] if timed else text))
        if cell.reason is not None and entry.choices is not None:
            label = entry.label
            cell = replace(cell, reason=Text(f"代码“{text[:40]}”没有对应的“{label.zh}”", f'no "{label.en}" of ours answers to the code "{text[:40]}"'),
                           advice=Text("需要时在台账中另行登记这一项", "enter it in a ledger where it is needed"))
        return cell, "unreadable"

    def _money(self, entry: Field, text: str, currency: str | None) -> tuple[Cell, Kind]:
        if currency is None:
            return _unreadable(f"没有写明币种：{text[:40]}", f"the currency is not given: {text[:40]}"), "unreadable"
        if currency.lower() not in YUAN:
            return Cell(state="other_currency", reason=Text(f"币种为 {currency[:20]}，不是人民币", f"the currency is {currency[:20]}, not yuan"), advice=_CONVERT), "other_currency"
        return read_cell(entry, text, unit="元"), "unreadable"

    def _reference(self, entry: Field, found: list[Found]) -> Cell:
        if self._dictionary[entry.type].created_by_reference:
            names = [self.name_of(one.value) for one in found]
            if None in names:
                return _unreadable("没有写明名称", "the name is not given")
            distinct = list(dict.fromkeys(str(name) for name in names))
            if len({fold(name) for name in distinct}) > 1:
                return _unreadable(f"有几家单位：{'、'.join(distinct[:4])}", f"there are several organisations: {', '.join(distinct[:4])}")
            return self._table._resolve(entry.type, Cell(distinct[0]))
        ids = {_text(one.value) for one in found}
        targets = [target for target in items(self._release, self._paths.types[entry.type]) if target.own_id in ids]
        if len(targets) > 1 and any(target.value != targets[0].value for target in targets):
            return _unreadable("所指的 id 在本次发布中有几条不同的记录", "several different records of the release have the id that is named")
        return Cell(_key(self._release, targets[0])) if targets else Cell(f"{encode_part(self._release['ocid'])}/{encode_part(next(iter(ids)))}")

    def name_of(self, value: Any) -> str | None:
        """The name of an organisation, from the reference itself or from the parties of the release."""
        if not isinstance(value, dict):
            return None
        name = value.get("name") or value.get("legalName")
        if name is None and value.get("id") is not None:
            if self._parties is None:
                listed = self._release.get("parties")
                self._parties = {_text(party.get("id")): party for party in listed if isinstance(party, dict)} if isinstance(listed, list) else {}
            name = self._parties.get(_text(value["id"]), {}).get("name")
        return " ".join(name.split())[:MOST_CHARACTERS] or None if isinstance(name, str) else None


def _key(release: Release, item: Item) -> str:
    return "/".join([encode_part(release["ocid"]), *map(encode_part, item.ids)])


def _text(value: Any) -> str:
    """A plain value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comparable(entry: Field, found: Found) -> object:
    text = _text(found.value)
    if entry.type == "money":
        return text.rstrip("0").rstrip(".") if "." in text else text, found.currency
    return text


def _shown(entry: Field, found: Found) -> str:
    if isinstance(found.value, dict | list):
        return "{…}" if isinstance(found.value, dict) else "[…]"
    return f"{_text(found.value)} {found.currency}" if entry.type == "money" and found.currency else _text(found.value)


def _unreadable(zh: str, en: str) -> Cell:
    return Cell(state="unreadable", reason=Text(zh, en), advice=_CHECK)
