"""kb.db: opened, upgraded, written by one at a time, and finished after loading.

The connection is in autocommit mode: whoever writes does so inside `writer`, which makes it one transaction. Reading
goes on meanwhile (WAL). The file holds people's work, so a newer version upgrades it in numbered steps and keeps a
copy from before.
"""

from __future__ import annotations

import datetime
import getpass
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from auditkb import __version__
from auditkb.errors import KnowledgeBaseError, fail
from auditkb.finishing import finish_loading
from auditkb.schema import create_tables, quote

__all__ = ["create_tables", "fill_working_calendar", "finish_loading", "open_database", "quote", "writer"]

APPLICATION_ID = 0x61756B62
"""Marks a file as ours ("aukb"), in SQLite's own header field for this."""

WAIT_SECONDS = 2.0
"""How long to wait for another writer before saying so."""

FIRST_CALENDAR_YEAR = 2004


def _first_layout(connection: sqlite3.Connection) -> None:
    """The tables themselves come from `create_tables`, which only ever adds."""


def _rows_by_source(connection: sqlite3.Connection) -> None:
    """`create_tables` adds the tables, and fills them from the records that are there: it knows the record types.

    The list of problems asks for this column before anything is loaded.
    """
    columns = [row[1] for row in connection.execute("pragma table_info(cell_notes)")]
    if columns and "is_gone" not in columns:
        connection.execute("alter table cell_notes add column is_gone integer")


MIGRATIONS: list[tuple[int, str, Callable[[sqlite3.Connection], None]]] = [
    (1, "first layout", _first_layout), (2, "what each source says is kept", _rows_by_source)]
"""Numbered steps from an empty file to the layout of this version; a step that was released never changes."""


def open_database(path: Path | str, *, create: bool = False) -> sqlite3.Connection:
    """Open kb.db at `path` (":memory:" for one that is not kept); with `create`, make it if it is not there.

    Raises KnowledgeBaseError if there is no such file, if it is none of ours, or if a newer version made it.
    """
    in_memory = str(path) == ":memory:"
    file = Path(path)
    if not in_memory and not create and not file.is_file():
        raise fail(f"没有数据库 {file}，请先用 ingest.py 读入资料", f"there is no database {file}; load records first with ingest.py")
    try:
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise fail(f"打不开 {file}：{error}", f"{file} cannot be opened: {error}") from error
    try:
        is_new = connection.execute("pragma page_count").fetchone()[0] == 0
        _claim(connection, file)
        if not is_new:
            # A reader waits for no writer and a writer for no reader; the setting stays in the file. What is appended to a
            # new file, which nobody reads yet, needs no journal, and would go through this one: it gets it at the next opening.
            connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma foreign_keys = off")
        # Records are found by key all over the tables; the 2 MB that SQLite takes by itself would be read again and again.
        connection.execute("pragma cache_size = -65536")
        _migrate(connection, None if in_memory else file)
    except sqlite3.DatabaseError as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise _busy(file) from error
        raise fail(f"{file} 不是 auditkb 的数据库（{error}）", f"{file} is not an auditkb database ({error})") from error
    except KnowledgeBaseError:
        connection.close()
        raise
    return connection


def _claim(connection: sqlite3.Connection, file: Path) -> None:
    """Mark an empty file as ours; refuse one that holds somebody else's tables."""
    found = connection.execute("pragma application_id").fetchone()[0]
    if found == APPLICATION_ID:
        return
    if found != 0 or connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        raise fail(f"{file} 不是 auditkb 的数据库", f"{file} is not an auditkb database")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")


def _migrate(connection: sqlite3.Connection, file: Path | None) -> None:
    """Bring the file to this version's layout; a copy of a file with contents is kept first."""
    newest = MIGRATIONS[-1][0]
    version = _version(connection)
    if version == newest:
        return
    if version > newest:
        raise fail(f"{file} 由较新版本的 auditkb 建立（结构 {version}，本版本为 {newest}），请升级程序",
                   f"{file} was made by a newer auditkb (layout {version}, this one has {newest}); upgrade the program")
    if version > 0 and file is not None:
        _copy(connection, file.with_name(f"{file.name}.before-{newest}"))
    with writer(connection):
        # Another process may have upgraded the file while this one waited.
        version = _version(connection)
        connection.execute("create table if not exists schema_versions (version integer primary key, note text, applied_at text, tool_version text)")
        for number, note, apply in MIGRATIONS:
            if number > version:
                apply(connection)
                connection.execute("insert into schema_versions values (?, ?, ?, ?)", (number, note, _now(), __version__))


def _version(connection: sqlite3.Connection) -> int:
    if connection.execute("select 1 from sqlite_master where name = 'schema_versions'").fetchone() is None:
        return 0
    return int(connection.execute("select coalesce(max(version), 0) from schema_versions").fetchone()[0])


def _copy(connection: sqlite3.Connection, to: Path) -> None:
    copy = sqlite3.connect(to)
    try:
        connection.backup(copy)
    finally:
        copy.close()


@contextmanager
def writer(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction, by the only writer: all of it is kept, or nothing if an error leaves the block.

    Raises KnowledgeBaseError, naming who writes, if somebody else is still at it after `WAIT_SECONDS`.
    """
    file = _file_of(connection)
    try:
        connection.execute("begin immediate")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise _busy(file) from error
    note = _note(file)
    try:
        if note is not None:
            note.write_text(json.dumps({"who": _user(), "process": os.getpid(), "since": _now()}), "utf-8")
        yield connection
    except BaseException:
        _remove(note)
        connection.rollback()
        raise
    # The note goes first: after the commit it might already be the next writer's.
    _remove(note)
    connection.commit()


def _busy(file: Path | None) -> KnowledgeBaseError:
    note = _note(file)
    try:
        by = json.loads(note.read_text("utf-8")) if note is not None else {}
        zh, en = f"（{by['who']}，进程 {by['process']}，自 {by['since']} 起）", f" ({by['who']}, process {by['process']}, since {by['since']})"
    except (OSError, ValueError, KeyError):
        zh = en = ""
    return fail(f"另有程序正在写入 {file}{zh}，请稍后再试", f"somebody else is writing to {file}{en}; try again in a moment")


def _file_of(connection: sqlite3.Connection) -> Path | None:
    name = next((row[2] for row in connection.execute("pragma database_list") if row[1] == "main"), "")
    return Path(name) if name else None


def _note(file: Path | None) -> Path | None:
    """The small file beside kb.db that says who writes; left over from a crash it does no harm."""
    return file.with_name(f"{file.name}.writer") if file is not None else None


def _remove(note: Path | None) -> None:
    if note is not None:
        note.unlink(missing_ok=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "?"


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def fill_working_calendar(connection: sqlite3.Connection) -> None:
    """Fill `working_calendar` with every day that the published calendars cover.

    `workday_number` counts working days from the first day, that day included, so the difference of two numbers is
    the number of working days after the first up to the second. `next_workday` is the day itself if it is one, and
    NULL where the next one lies beyond the calendar.
    """
    from chinese_calendar.constants import holidays, workdays

    first, last = datetime.date(FIRST_CALENDAR_YEAR, 1, 1), datetime.date(max(holidays).year, 12, 31)
    there = connection.execute("select count(*), min(day), max(day) from working_calendar").fetchone()
    days = [first + datetime.timedelta(days=number) for number in range((last - first).days + 1)]
    if there == (len(days), first.isoformat(), last.isoformat()):
        return
    rows: list[tuple[str, int, int, str | None]] = []
    number = 0
    for day in days:
        is_workday = day in workdays or (day.weekday() < 5 and day not in holidays)
        number += is_workday
        rows.append((day.isoformat(), int(is_workday), number, None))
    coming: str | None = None
    for position in range(len(rows) - 1, -1, -1):
        text, is_work, number, _ = rows[position]
        coming = text if is_work else coming
        rows[position] = (text, is_work, number, coming)
    connection.execute("delete from working_calendar")
    connection.executemany("insert into working_calendar (day, is_workday, workday_number, next_workday) values (?, ?, ?, ?)", rows)
