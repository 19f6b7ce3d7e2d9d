"""Notes on cells: what stands in the paper or could not be read, and what to do about it. Nothing is lost."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from auditkb.errors import Text

Kind = Literal[
    "marked", "unreadable", "doubtful", "no_such_record", "no_parent", "same_key", "not_loaded", "total_differs", "looks_like", "sources_differ", "not_in_newer",
    "other_currency", "skipped", "hidden", "alias", "by_name"]
KINDS: dict[Kind, Text] = {
    "unreadable": Text("没能读懂", "could not be read"),
    "doubtful": Text("读入但有疑问", "read, with a doubt"),
    "no_such_record": Text("所指记录不存在", "names a record that is not there"),
    "no_parent": Text("没有写明所属", "does not say what it belongs to"),
    "same_key": Text("编号重复", "same key twice"),
    "not_loaded": Text("没有读入的行或列", "row or column not read"),
    "total_differs": Text("合计不符", "total differs"),
    "looks_like": Text("名称或编号相近", "names or numbers nearly alike"),
    "sources_differ": Text("来源不一致", "sources disagree"),
    "not_in_newer": Text("新文件中没有", "not in the newer file"),
    "other_currency": Text("不是人民币", "not in yuan"),
}
"""Every kind of problem, as people call it."""

_CELLS_SHOWN = 3
INFORMATION: dict[Kind, Text] = {"skipped": Text("没有读入", "left out"), "hidden": Text("隐藏", "hidden"), "alias": Text("按别名对应", "found by an alias"),
                                "by_name": Text("按名称理解", "understood by its name")}
"""Kinds that only say something."""

PROBLEMS: tuple[Kind, ...] = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `cell` is as a spreadsheet names it (D7), a column's letter or a row number;
    a note on a whole row, column or sheet has no record type.

    `doubtful`: the value was read and kept, and something about it is to be checked. `not_loaded` is a column that
    nothing is read from, `total_differs` a total that is not the sum of its rows. `skipped` (totals, notes, what a
    mapping file leaves out) and `hidden` are only said. `looks_like`: a name that is nearly another's. `alias`: the cell
    names a record by another name, which the alias file knows; only said.
    """

    kind: Kind
    record_type: str | None
    key: str | None
    field: str | None
    state: str | None
    raw: str | None
    sheet: str | None
    cell: str | None
    reason: Text | None = None
    advice: Text | None = None


_COLUMNS = ("problem", "record_type", "key", "field", "state", "raw", "source", "sheet", "cell", "note", "note_en", "advice", "advice_en")


def write_notes(connection: sqlite3.Connection, source: str, notes: Iterable[Note]) -> None:
    """Insert notes of one source."""
    statement = f"insert into cell_notes ({', '.join(_COLUMNS)}) values ({', '.join('?' * len(_COLUMNS))})"
    connection.executemany(statement, (_row(note, source) for note in notes))


def _row(note: Note, source: str) -> tuple[str | None, ...]:
    reason = (note.reason.zh, note.reason.en) if note.reason else (None, None)
    advice = (note.advice.zh, note.advice.en) if note.advice else (None, None)
    kind = None if note.kind == "marked" else note.kind
    return (kind, note.record_type, note.key, note.field, note.state, note.raw, source, note.sheet, note.cell, *reason, *advice)


def delete_notes(connection: sqlite3.Connection, *, source: str | None = None, kind: Kind | None = None) -> None:
    """Delete the notes of a source, or of a kind in all sources."""
    if source is not None:
        connection.execute("delete from cell_notes where source = ?", (source,))
    if kind is not None:
        connection.execute("delete from cell_notes where problem = ?", (kind,))


def places_of_notes(connection: sqlite3.Connection, kind: Kind) -> dict[tuple[str, str, str], str]:
    """(source, sheet, field) -> letter of the column, as far as notes of this kind tell it."""
    query = "select distinct source, sheet, field, rtrim(cell, '0123456789') from cell_notes where problem = ? and field is not null"
    return {(source, sheet, field): letter for source, sheet, field, letter in connection.execute(query, (kind,))}


def count_notes(connection: sqlite3.Connection, source: str) -> dict[str, int]:
    """How many notes of each kind a source has."""
    query = "select coalesce(problem, 'marked'), count(*) from cell_notes where source = ? and is_gone is null group by 1"
    return dict(connection.execute(query, (source,)).fetchall())


def count_problems(connection: sqlite3.Connection, source: str) -> int:
    """How many notes of a source ask for something to be done."""
    counts = count_notes(connection, source)
    return sum(counts.get(kind, 0) for kind in PROBLEMS)


def list_problems(connection: sqlite3.Connection, language: str, *, source: str | None = None, kind: str | None = None, with_information: bool = False) -> list[tuple[str | None, ...]]:
    """Every problem, or those of a source or kind: source, file or sheet, cell, record type, record, field, text, what is wrong, what to do, kind.

    Those of records that are gone are left out. `with_information`: also what was skipped or hidden and needs nothing.
    """
    kinds = (*PROBLEMS, *INFORMATION) if with_information else PROBLEMS
    note, advice = ("note", "advice") if language == "zh" else ("note_en", "advice_en")
    query = f"""
        select source, sheet, cell, record_type, key, field, raw, {note}, {advice}, problem from cell_notes
        where problem in ({', '.join('?' * len(kinds))}) and is_gone is null and coalesce(?, source) = source and coalesce(?, problem) = problem
        order by source, sheet, id"""
    return connection.execute(query, (*kinds, source, kind)).fetchall()


def group_problems(rows: Iterable[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """Rows of `list_problems`, of which equal ones are one with their number and the first cells: cells of one column with one text,
    and whole rows of which the same is said."""
    groups: dict[tuple[str | None, ...], list[tuple[str | None, ...]]] = {}
    for place, row in enumerate(rows):
        source, sheet, cell, record_type, _, field, raw, problem, advice, kind = row
        column = (cell or "").rstrip("0123456789")
        same: tuple[str | None, ...]
        if cell is None or column == cell:
            # A note on a sheet or a whole column stands alone.
            same = (str(place),)
        elif column:
            same = (source, sheet, column, record_type, field, raw, problem, advice, kind)
        else:
            same = (source, sheet, column, record_type, field, _without_row_numbers(problem or ""), advice, kind)
        groups.setdefault(same, []).append(row)
    return [_grouped(found) for found in groups.values()]


def _without_row_numbers(text: str) -> str:
    """A text about a row as it holds of several, whose numbers stand beside it.

    >>> _without_row_numbers("第 6 行未读入：小计行"), _without_row_numbers("row 6 is not loaded: a note"), _without_row_numbers("与第 3 行完全相同")
    ('未读入：小计行', 'not loaded: a note', '与另一行完全相同')
    """
    text = re.sub(r"^第 \d+ 行|^row \d+ (?:is |was )?", "", text)
    return re.sub(r"\brow \d+", "another row", re.sub(r"第 \d+ 行", "另一行", text))


def _grouped(rows: list[tuple[str | None, ...]]) -> tuple[str | None, ...]:
    source, sheet, cell, record_type, key, field, raw, problem, *rest = rows[0]
    if len(rows) == 1:
        return rows[0]
    if (cell or "").isdecimal():
        # What the rows hold differs, and each is named with its own number.
        raw = f"{raw} …" if raw else raw
        problem = _without_row_numbers(problem or "")
    cells = ", ".join(str(row[2]) for row in rows[:_CELLS_SHOWN])
    return (source, sheet, f"{len(rows)}× {cells}" + (" …" if len(rows) > _CELLS_SHOWN else ""), record_type, f"{key} …" if key else key, field, raw, problem, *rest)


def set_notes_aside(connection: sqlite3.Connection, source: str) -> None:
    """Move the notes of a source into temp.former_notes, out of the way of those of its newer version."""
    connection.execute("drop table if exists temp.former_notes")
    connection.execute("create temp table former_notes as select * from cell_notes where source = ?", (source,))
    connection.execute("create index temp.former_note on former_notes (record_type, key, field)")
    connection.execute("delete from cell_notes where source = ?", (source,))


def restore_notes(connection: sqlite3.Connection) -> None:
    """Put back the notes that were set aside for the records in temp.missing_record: nothing newer is said of these."""
    names = ", ".join(_COLUMNS)
    connection.execute(
        f"insert into cell_notes ({names}, is_gone) select {', '.join(f'n.{name}' for name in _COLUMNS)}, nullif(m.is_gone, 0) from temp.former_notes n "
        "join temp.missing_record m on m.record_type = n.record_type and m.key = n.key where coalesce(n.problem, '') not in ('not_in_newer', 'sources_differ') order by n.id")


def list_unread(connection: sqlite3.Connection, source: str | None = None) -> list[tuple[str, str, int, str]]:
    """What the dictionary has no place for: source, path, in how many places it stands, and an example."""
    if connection.execute("select 1 from sqlite_master where name = 'unread_paths'").fetchone() is None:
        return []
    query = "select source, path, places, example from unread_paths where coalesce(?, source) = source order by source, places desc, path"
    return connection.execute(query, (source,)).fetchall()
