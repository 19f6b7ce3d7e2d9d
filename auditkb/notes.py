"""Notes on cells: what stands in the paper or could not be read, and what to do about it. Nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from auditkb.errors import Text

Kind = Literal["marked", "unreadable", "doubtful", "no_such_record", "no_parent", "same_key", "not_loaded", "total_differs", "looks_like", "skipped", "hidden", "alias"]
PROBLEMS: tuple[Kind, ...] = ("unreadable", "doubtful", "no_such_record", "no_parent", "same_key", "not_loaded", "total_differs", "looks_like")
INFORMATION: tuple[Kind, ...] = ("skipped", "hidden", "alias")


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
    query = "select coalesce(problem, 'marked'), count(*) from cell_notes where source = ? group by 1"
    return dict(connection.execute(query, (source,)).fetchall())


def list_problems(connection: sqlite3.Connection, language: str, *, with_information: bool = False) -> list[tuple[str | None, ...]]:
    """Every problem: source, file or sheet, cell, record type, record, field, text, what is wrong, what to do.

    `with_information`: also what was skipped or hidden and needs nothing.
    """
    kinds = (*PROBLEMS, *INFORMATION) if with_information else PROBLEMS
    note, advice = ("note", "advice") if language == "zh" else ("note_en", "advice_en")
    query = f"""
        select source, sheet, cell, record_type, key, field, raw, {note}, {advice} from cell_notes
        where problem in ({', '.join('?' * len(kinds))}) order by source, sheet, id"""
    return connection.execute(query, kinds).fetchall()
