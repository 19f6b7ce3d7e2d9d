"""Which record types are completely loaded for a record: the column `_covered`, from the declarations in `coverage`.

A declaration says of one record type that its records are all there (complete) or not (partial), for a scope:

- a record: that record and everything that hangs under it;
- a department, a fiscal year, or both: the records of that department, that year;
- none: every record.

A record that several sources bring is a record of each of them.

A declaration that names neither a record nor a department holds for what its source is about: the records that the
source brought, and those of its audited body where all its records have one and the same. So the ledger of one office
says nothing of another's.

The narrowest declaration decides (record, then department and year, then either, then none). Of equally narrow ones a
partial outweighs a complete. `_covered` is `|quote|acceptance|`, or empty.

A record's own type stands there only where comparison with other records of that type is complete. A declaration
for one record cannot say that: all contracts of one project are not all contracts. It gives `|contract@project|`:
complete among the records that have the same `project`. For a derived type a declaration is made expressly for its
comparison, so it counts as it stands; without one, a derived type is covered where all its sources are.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from auditkb.dictionary import Dictionary
from auditkb.schema import quote

_RECORD = 3
"""The narrowness of a declaration for one record; the others have 0 to 2."""


@dataclass(frozen=True)
class _Declaration:
    id: int
    source: str
    covers: str
    department: str | None
    year: int | None
    is_for_record: bool
    is_complete: bool

    @property
    def narrowness(self) -> int:
        return _RECORD if self.is_for_record else (self.department is not None) + (self.year is not None)


class _Match(NamedTuple):
    """A declaration that holds for a row; `link` is the row's field that leads to the declaration's record, if any."""

    declaration: _Declaration
    link: str | None


_Place = tuple[str | None, str | None, str | None, int | None]
"""Sources (`|a|b|`), body, department and year of a row: all that a declaration without a record asks for."""

_SOURCES = "coalesce(t._sources, '|' || t.source || '|')"


def resolve_coverage(connection: sqlite3.Connection, dictionary: Dictionary) -> None:
    """Recompute `_covered` of every row of every record type."""
    declarations = _read(connection, dictionary)
    general = [declaration for declaration in declarations.values() if not declaration.is_for_record]
    places = {name: _places(connection, name) for name in dictionary}
    bodies = _bodies(places.values())
    _spread(connection, dictionary)
    for name in dictionary:
        found = {place: [_Match(declaration, None) for declaration in general if _holds(declaration, place, bodies)]
                 for place in places[name]}
        _write_by_place(connection, name, {place: _marks(name, matches, dictionary) for place, matches in found.items()})
        _write_by_record(connection, name, found, declarations, dictionary)
    connection.execute("drop table temp.covered_record")


def _read(connection: sqlite3.Connection, dictionary: Dictionary) -> dict[int, _Declaration]:
    rows = connection.execute("select id, source, record_type, department, fiscal_year, parent_type is not null, is_complete from coverage")
    found = [_Declaration(number, source, covers, department, year, bool(is_for_record), bool(is_complete))
             for number, source, covers, department, year, is_for_record, is_complete in rows]
    return {declaration.id: declaration for declaration in found if declaration.covers in dictionary}


def _places(connection: sqlite3.Connection, name: str) -> list[_Place]:
    return connection.execute(f"select distinct {_SOURCES}, _organisation, _department, _year from {quote(name)} t").fetchall()


def _bodies(places: Iterable[list[_Place]]) -> dict[str, str]:
    """The audited body of each source whose records all have the same one."""
    found: dict[str, set[str]] = defaultdict(set)
    for sources, body, _, _ in (place for listed in places for place in listed):
        if sources is not None and body is not None:
            for source in sources.strip("|").split("|"):
                found[source].add(body)
    return {source: next(iter(names)) for source, names in found.items() if len(names) == 1}


def _holds(declaration: _Declaration, place: _Place, bodies: dict[str, str]) -> bool:
    sources, body, department, year = place
    if declaration.year is not None and declaration.year != year:
        return False
    if declaration.department is not None:
        return declaration.department == department
    return f"|{declaration.source}|" in (sources or "") or (body is not None and bodies.get(declaration.source) == body)


def _spread(connection: sqlite3.Connection, dictionary: Dictionary) -> None:
    """Fill temp.covered_record: each record named in a declaration, and all that hang under it."""
    connection.execute("drop table if exists temp.covered_record")
    connection.execute("create temp table covered_record (record_type text, key text, declaration integer, link text, "
                       "primary key (record_type, key, declaration, link)) without rowid")
    connection.execute("insert into covered_record select distinct parent_type, parent_key, id, '' from coverage where parent_type is not null")
    changed = connection.execute("select count(*) from covered_record").fetchone()[0]
    while changed:
        changed = 0
        for (parent,) in connection.execute("select distinct record_type from covered_record").fetchall():
            for child, link in dictionary.children(parent).items() if parent in dictionary else ():
                changed += connection.execute(
                    f"insert or ignore into covered_record select distinct ?, c.key, s.declaration, ? from covered_record s "
                    f"join {quote(child)} c on c.{quote(link)} = s.key where s.record_type = ?", (child, link, parent)).rowcount


def _marks(name: str, matches: list[_Match], dictionary: Dictionary) -> str:
    """`_covered` of a row of type `name` for which `matches` hold."""
    by_type: dict[str, list[_Match]] = defaultdict(list)
    for match in matches:
        by_type[match.declaration.covers].append(match)
    marks: set[str] = set()
    for covers, those in by_type.items():
        compares = covers == name and dictionary[name].derived is None
        if _is_covered(those, with_record=not compares):
            marks.add(covers)
        if compares:
            marks |= {f"{name}@{match.link}" for match in those if match.link and _is_covered(those, with_record=True)
                      and match.declaration.is_complete}
    for derived in (other for other in dictionary if dictionary[other].derived is not None and other not in by_type):
        record_type = dictionary[derived]
        sources = [record_type.fields[link].type for link in record_type.belongs_to]
        if sources and all(_is_covered(by_type[source], with_record=derived != name) for source in sources):
            marks.add(derived)
    return f"|{'|'.join(sorted(marks))}|" if marks else ""


def _is_covered(matches: list[_Match], *, with_record: bool) -> bool:
    """Whether the narrowest of `matches` is complete; `with_record`: whether completeness of one record counts."""
    complete = [match.declaration.narrowness for match in matches
                if match.declaration.is_complete and (with_record or not match.declaration.is_for_record)]
    partial = [match.declaration.narrowness for match in matches if not match.declaration.is_complete]
    return max(complete, default=-1) > max(partial, default=-1)


def _write_by_place(connection: sqlite3.Connection, name: str, marks: dict[_Place, str]) -> None:
    table = quote(name)
    if len(set(marks.values())) <= 1:
        value = next(iter(marks.values()), "")
        connection.execute(f"update {table} set _covered = ? where _covered is not ?", (value, value))
        return
    connection.execute("create temp table covered_place (source, body, department, year, marks, primary key (source, body, department, year))")
    connection.executemany("insert into covered_place values (?, ?, ?, ?, ?)", [(*place, value) for place, value in marks.items()])
    found = (f"(select p.marks from covered_place p where p.source is {_SOURCES} and p.body is t._organisation "
             "and p.department is t._department and p.year is t._year)")
    connection.execute(f"update {table} as t set _covered = {found} where _covered is not {found}")
    connection.execute("drop table temp.covered_place")


def _write_by_record(connection: sqlite3.Connection, name: str, general: dict[_Place, list[_Match]],
                     declarations: dict[int, _Declaration], dictionary: Dictionary) -> None:
    """Set `_covered` of the rows of one type for which a declaration for a record holds."""
    rows = connection.execute(
        f"select {_SOURCES}, t._organisation, t._department, t._year, t.key, group_concat(s.declaration || ' ' || s.link, '|') "
        f"from covered_record s join {quote(name)} t on t.key = s.key where s.record_type = ? group by t.key", (name,))
    known: dict[tuple[_Place, str], str] = {}
    changes = []
    for *place, key, listed in rows.fetchall():
        here: _Place = tuple(place)
        if (here, listed) not in known:
            pairs = [entry.partition(" ") for entry in listed.split("|")]
            own = [_Match(declarations[int(number)], link or None) for number, _, link in pairs if int(number) in declarations]
            known[here, listed] = _marks(name, general[here] + own, dictionary)
        changes.append((known[here, listed], key))
    connection.executemany(f"update {quote(name)} set _covered = ? where key = ?", changes)
