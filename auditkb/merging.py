"""Records made of what the sources say of them: one record a key, whichever sources bring it, in whatever order.

A field that one source gives and the others do not is taken. Where two sources give different values, the one that is
declared to win (`wins_over`) is taken; where none is, nothing is: the field is empty with the state `disputed`, so that
rules say that they could not check. Both are listed, with both values and both places. What a record belongs to cannot
be left open (its parent would look as if it had no such record), so there a dispute refuses the loading. So do sources that
differ in most of what both say: these are two papers of one number, and what hangs on one of them is not the other's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from auditkb.cells import STATES
from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Fault, Text
from auditkb.notes import Note, write_notes
from auditkb.records import ROWS_AT_ONCE, DatabaseRow, encode_part, insert_statement, loaded_columns
from auditkb.resolving import Resolved
from auditkb.schema import quote, rows_table
from auditkb.values import fold

DISPUTED = "disputed"
DIFFERENCES_OF_ANOTHER = 2
"""From so many on, and where more differs than agrees, two sources do not speak of the same paper."""
SAID = ("blank_in_document", "not_required")
"""States that say something of the paper; the others only say that this source does not know."""


class _Said(NamedTuple):
    """What one source says of a field: a value, or a state of the paper."""

    value: str | int | float | None
    state: str | None
    version: int


class _Version(NamedTuple):
    """What one source says of a record."""

    source: str
    sheet: str | None
    row: int | None
    values: dict[str, str | int | float | None]
    states: dict[str, str]

    @property
    def place(self) -> Text:
        sheet = f"，{self.sheet} " if self.sheet else "", f", {self.sheet}" if self.sheet else ""
        return Text(f"来源“{self.source}”{sheet[0]}第 {self.row} 行", f'source "{self.source}"{sheet[1]}, row {self.row}')


def make_all(connection: sqlite3.Connection, dictionary: Dictionary, record_type: RecordType) -> None:
    """Make the records of one type of which there are rows of one source only, in place of what names alone had made."""
    table, rows = quote(record_type.type), quote(rows_table(record_type.type))
    connection.execute(f"delete from {table} where exists (select 1 from {rows} r where r.key = {table}.key)")
    _take_over(connection, dictionary, record_type, "1")


def rebuild(connection: sqlite3.Connection, dictionary: Dictionary, record_type: RecordType) -> list[Fault]:
    """Make the records of temp.affected_key anew; faults where sources do not agree what a record belongs to."""
    table, rows = quote(record_type.type), quote(rows_table(record_type.type))
    affected = "(select key from temp.affected_key)"
    connection.execute(f"delete from {table} where key in {affected}")
    connection.execute(f"delete from cell_notes where problem = 'sources_differ' and record_type = ? and key in {affected}", (record_type.type,))
    connection.execute("drop table if exists temp.contested_key")
    # The index alone tells which keys several sources have, gone or not; these are few.
    shared = f"select key from {rows} group by key having count(*) > 1"
    connection.execute(f"create temp table contested_key as select key from {rows} where key in ({shared}) and key in {affected} and _gone is null group by key having count(*) > 1")
    _take_over(connection, dictionary, record_type, f"+t.key in {affected} and +t.key not in (select key from temp.contested_key)")
    return _merge(connection, record_type, loaded_columns(record_type))


def _take_over(connection: sqlite3.Connection, dictionary: Dictionary, record_type: RecordType, condition: str) -> None:
    """Make records of the rows `t` of one source each for which `condition` holds."""
    columns = loaded_columns(record_type)
    # What `finish_loading` computes is mostly known already, and is written at once where it is.
    resolved = Resolved(dictionary, record_type)
    names = ", ".join([*map(quote, columns), *resolved.values, "_covered"])
    values = ", ".join([*(f"t.{quote(column)}" for column in columns), *resolved.values.values(), "''"])
    # In the order of the rows, as they stand in the files.
    connection.execute(f"insert into {quote(record_type.type)} ({names}) select {values} from {quote(rows_table(record_type.type))} t {resolved.joins} "
                       f"where t._gone is null and {condition} order by t.rowid")


def declared_in(path: Path) -> str:
    """The file in which a person says what holds of the source at `path`: of a folder, or of a file by itself."""
    return "source.yml" if path.is_dir() else f"{path.stem}.map.yml"


def _merge(connection: sqlite3.Connection, record_type: RecordType, columns: list[str]) -> list[Fault]:
    merger = _Merger(record_type, _precedence(connection), columns, {name: declared_in(Path(path)) for name, path in connection.execute("select id, path from sources")})
    statement = insert_statement(record_type.type, [*columns, "_sources"])
    merged = merger.records(connection)
    while batch := list(islice(merged, ROWS_AT_ONCE)):
        connection.executemany(statement, batch)
        for source, notes in merger.notes.items():
            write_notes(connection, source, notes)
        merger.notes.clear()
    return merger.faults


def _precedence(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The sources that each source is declared to win over."""
    rows = connection.execute("select id, wins_over from sources where wins_over is not null")
    return {source: set(json.loads(listed)) for source, listed in rows}


class _Merger:
    """Merges the versions of contested records; `notes` and `faults` grow meanwhile."""

    def __init__(self, record_type: RecordType, wins_over: dict[str, set[str]], columns: list[str], declared_in: dict[str, str]):
        self._record_type, self._wins_over, self._columns, self._declared_in = record_type, wins_over, columns, declared_in
        self.notes: dict[str, list[Note]] = {}
        self.faults: list[Fault] = []
        self._agreed = 0
        self._differing: list[tuple[Field, list[_Said]]] = []

    def records(self, connection: sqlite3.Connection) -> Iterator[DatabaseRow]:
        """The rows of the contested records, each with its sources at the end."""
        names = ", ".join(map(quote, self._columns))
        query = (f"select {names} from {quote(rows_table(self._record_type.type))} "
                 "where key in (select key from temp.contested_key) and _gone is null order by key")
        for key, group in groupby(connection.execute(query), key=lambda row: str(row[0])):
            versions = [self._version(dict(zip(self._columns, row, strict=True))) for row in group]
            yield self._record(key, sorted(versions, key=lambda one: (-self._rank(one, versions), one.source)))

    def _version(self, row: dict[str, str | int | float | None]) -> _Version:
        states = dict(entry.split("=", 1) for entry in str(row["_states"] or "").strip("|").split("|") if entry)
        number = row["row"]
        return _Version(str(row["source"]), str(row["sheet"]) if row["sheet"] is not None else None, number if isinstance(number, int) else None, row, states)

    def _rank(self, version: _Version, all_of_it: list[_Version]) -> int:
        return len(self._wins_over.get(version.source, set()) & {other.source for other in all_of_it})

    def _record(self, key: str, versions: list[_Version]) -> DatabaseRow:
        first = versions[0]
        row = dict(first.values)
        states: dict[str, str] = {}
        self._agreed, self._differing = 0, list[tuple[Field, list[_Said]]]()
        for name, entry in self._record_type.fields.items():
            said = self._settle(key, entry, versions)
            row[name] = said.value
            if said.state is not None:
                states[name] = said.state
            if entry.compared:
                row[f"_folded_{name}"] = fold(said.value) if isinstance(said.value, str) else None
        row["_states"] = f"|{'|'.join(f'{name}={state}' for name, state in states.items())}|" if states else None
        if len(self._differing) >= DIFFERENCES_OF_ANOTHER and len(self._differing) > self._agreed:
            self.faults.append(self._two_papers(key, versions))
        sources = f"|{'|'.join(version.source for version in versions)}|"
        return (*(row[column] for column in self._columns), sources)

    def _settle(self, key: str, entry: Field, versions: list[_Version]) -> _Said:
        """What the sources together say of a field."""
        told = [_Said(one.values[entry.name], one.states.get(entry.name), number) for number, one in enumerate(versions)]
        sure = [said for said in told if said.value is not None or said.state in SAID]
        if not sure:
            return next((said for said in told if said.state is not None), told[0])
        if all(_agree(entry, sure[0], said) for said in sure):
            # What names the record agrees in any case.
            self._agreed += len(sure) > 1 and not any(entry.name in names for names in self._record_type.key)
            return sure[0]
        winner = next((said for said in sure if self._wins(said, sure, entry, versions)), None)
        if winner is None and entry.name in self._record_type.belongs_to:
            self.faults.append(self._refusal(key, entry, sure, versions))
        if winner is None:
            self._differing.append((entry, sure))
        self._note(key, entry, sure, versions, winner)
        return winner or _Said(None, DISPUTED, 0)

    def _wins(self, said: _Said, sure: list[_Said], entry: Field, versions: list[_Version]) -> bool:
        against = {versions[other.version].source for other in sure if not _agree(entry, said, other)}
        return against <= self._wins_over.get(versions[said.version].source, set())

    def _refusal(self, key: str, entry: Field, sure: list[_Said], versions: list[_Version]) -> Fault:
        said = _join([_sentence(entry, one, versions) for one in sure])
        label, field = self._record_type.label, entry.label
        return Fault(Text(f"{label.zh}“{key}”的“{field.zh}”在各来源中不一致：{said.zh}", f'sources disagree on "{field.en}" of the {label.en} "{key}": {said.en}'),
                     hint=Text("请更正其中一个，或在以其为准的来源的 source.yml（单个文件：它的 .map.yml）中写 wins_over: [另一来源]", "correct one of them, or write wins_over: [the other source] in the source.yml of the one that holds (of a single file: its .map.yml)"))

    def _two_papers(self, key: str, versions: list[_Version]) -> Fault:
        label = self._record_type.label
        entry, sure = self._differing[0]
        said = _join([_sentence(entry, one, versions) for one in sure])
        return Fault(
            Text(f"{label.zh}“{key}”在各来源中大部分内容不同（{len(self._differing)} 项，如“{entry.label.zh}”：{said.zh}），像是编号相同的两份资料",
                 f'the {label.en} "{key}" differs between sources in most of what both say ({len(self._differing)} fields, such as "{entry.label.en}": {said.en}): two papers of one number, it seems'),
            hint=Text("是两份的，给其中一个来源的编号加上单位或年度（对应文件的 keys）；是同一份的，更正内容，或写 wins_over 说明以哪个为准",
                      "if they are two, put the body or the year before the numbers of one source (keys of a mapping file); if they are one, correct it, or say with wins_over which source holds"))

    def _note(self, key: str, entry: Field, sure: list[_Said], versions: list[_Version], winner: _Said | None) -> None:
        """One note, with the source that comes last in precedence: it is the one to look into."""
        last = next(said for said in reversed(sure) if not _agree(entry, said, winner or sure[0]))
        version, said = versions[last.version], _join([_sentence(entry, one, versions) for one in sure])
        if winner is not None:
            source = versions[winner.version].source
            taken = Text(f"；按声明以“{source}”为准", f'; "{source}" wins, as declared')
            advice = Text("请核对原件", "check it against the paper")
        else:
            taken = Text("；未声明以哪个为准，此项不用", "; nothing says which one holds, so neither is used")
            files = sorted({self._declared_in[versions[one.version].source] for one in sure if versions[one.version].source in self._declared_in})
            advice = Text(f"请核对原件并更正，或在以其为准的来源的 {' 或 '.join(files) or 'source.yml'} 中写 wins_over",
                          f"check it against the paper and correct it, or write wins_over in {' or '.join(files) or 'source.yml'} of the source that holds")
        raw = _shown(entry, last)
        self.notes.setdefault(version.source, []).append(Note(
            "sources_differ", self._record_type.type, key, entry.name, None if winner is not None else DISPUTED, raw, version.sheet,
            str(version.row) if version.row is not None else None, Text("来源不一致：", "sources disagree: ") + said + taken, advice))


def _agree(entry: Field, one: _Said, other: _Said) -> bool:
    if one.value is None or other.value is None:
        return one.value is other.value and one.state == other.state
    if one.value == other.value:
        return True
    if not isinstance(one.value, str) or not isinstance(other.value, str):
        return False
    if entry.is_reference:
        # A name that nothing answered to yet was kept as it was written.
        return encode_part(one.value) == other.value or one.value == encode_part(other.value)
    return entry.type == "text" and fold(one.value) == fold(other.value)


def _sentence(entry: Field, said: _Said, versions: list[_Version]) -> Text:
    place, shown = versions[said.version].place, _shown(entry, said)
    if said.value is None and said.state in STATES:
        label = STATES[said.state]
        return Text(f"{place.zh}为“{label.zh}”", f'{place.en} says "{label.en}"')
    return Text(f"{place.zh}为“{shown}”", f'{place.en} says "{shown}"')


def _shown(entry: Field, said: _Said) -> str:
    if said.value is None:
        return f"[{said.state}]"
    return f"{said.value:.2f}" if entry.type == "money" else str(said.value)


def _join(texts: list[Text]) -> Text:
    return Text("；".join(text.zh for text in texts), "; ".join(text.en for text in texts))
