"""Records of a new source that another source has too; where most are and the columns are the same, the file is a newer version, it seems.

Taken for a source of its own, a corrected file would leave what it struck out in force, and put a payment whose amount was corrected beside
the wrong one: the sum of both would accuse somebody. So a person says which it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from auditkb.dictionary import RecordType
from auditkb.errors import Fault, Text, as_a_word
from auditkb.schema import quote, rows_table

_SAME_COLUMNS = 0.75


class Shared(NamedTuple):
    """How many of a source's records of one type another source has too; whether both fill nearly the same fields."""

    record_type: RecordType
    source: str
    path: str
    number: int
    of: int
    has_same_columns: bool

    @property
    def is_like_newer(self) -> bool:
        """Whether the new source is a newer version of the other, it seems."""
        return self.has_same_columns and 2 * self.number > self.of


def shared_records(connection: sqlite3.Connection, record_types: Iterable[RecordType], source: str) -> list[Shared]:
    """What `source` shares with each other source, by record type."""
    paths = dict(connection.execute("select id, path from sources where id <> ?", (source,)))
    found: list[Shared] = []
    for record_type in record_types if paths else ():
        rows = quote(rows_table(record_type.type))
        counts = connection.execute(f"select o.source, count(*) from {rows} n join {rows} o on o.key = n.key and o.source <> n.source and o._gone is null "
                                    "where n.source = ? group by 1 order by 2 desc, 1", (source,)).fetchall()
        if not counts:
            continue
        of, own = connection.execute(f"select count(*) from {rows} where source = ?", (source,)).fetchone()[0], _fields(connection, record_type, source)
        for other, number in counts:
            theirs = _fields(connection, record_type, other)
            found.append(Shared(record_type, other, paths[other], number, of, len(own & theirs) >= _SAME_COLUMNS * len(own | theirs)))
    return found


def _fields(connection: sqlite3.Connection, record_type: RecordType, source: str) -> set[str]:
    """The fields of which the source knows something."""
    names = list(record_type.fields)
    known = ", ".join(f"max({quote(name)} is not null)" for name in names)
    row = connection.execute(f"select {known} from {quote(rows_table(record_type.type))} where source = ?", (source,)).fetchone()
    return {name for name, is_known in zip(names, row, strict=True) if is_known}


def which_version(shared: Iterable[Shared], file: str) -> list[Fault]:
    """For the source that a file is a newer version of, it seems: a person says whether it is."""
    newer = [entry for entry in shared if entry.is_like_newer]
    if not newer:
        return []
    first = newer[0]
    label, name = first.record_type.label, as_a_word(first.source)
    return [Fault(
        Text(f"这个文件的 {first.of} 条{label.zh}中有 {first.number} 条在来源“{first.source}”（{first.path}）中已有，列也相同，像是它更正后的文件",
             f'{first.number} of the {first.of} "{label.en}" records of this file are in the source "{first.source}" ({first.path}) already, with the same columns: it seems to be its newer version'), file,
        hint=Text(f"是更正后的文件，加 --replaces {name}；是另一份资料，加 --separate", f"if it is, add --replaces {name}; if it is another ledger, add --separate"))]
