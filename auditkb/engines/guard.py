"""Rule SQL runs behind SQLite's authorizer, and not longer than its time budget.

It may read record tables, the working calendar and the tables of a run, and call the functions that the compiler uses.
It writes nothing: what it selects is stored by the engine. SQLite takes back a whole transaction when it stops a
statement that writes, and only that.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from auditkb.dictionary import Dictionary
from auditkb.errors import fail

FUNCTIONS = frozenset(
    "abs avg cast char coalesce count date group_concat instr julianday length max min nullif printf replace round"
    " row_number substr sum".split())
RESULT, ASKED, AGAIN = "auditkb_result", "auditkb_asked", "auditkb_again"
STEPS_BETWEEN_LOOKS = 100_000
AT_ONCE = 1_000
"""Rows that are held between what selects them and what stores them."""


@contextmanager
def guarded(connection: sqlite3.Connection, dictionary: Dictionary, seconds: float | None = None, also: Collection[str] = (),
             fills: str | None = None, started: float | None = None) -> Iterator[None]:
    """Let only reading of records and the known functions through, for at most `seconds` (since `started`, else from now on).

    `also`: temporary tables that may be read too; `fills`: the one into which rows may be put, without a limit of time.
    """
    readable = {*dictionary.types, "working_calendar", RESULT, ASKED, *also}
    closed = {name.lower() for (name,) in connection.execute("SELECT name FROM sqlite_master")} - readable

    def allow(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            # A CTE is read under its own name and with no database, as is a table of which only the rows are counted.
            name = str(first).lower()
            is_stage = database is None and name not in closed and not name.startswith(("sqlite_", "pragma_"))
            return sqlite3.SQLITE_OK if first in readable or is_stage else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION:
            return sqlite3.SQLITE_OK if (second or "").lower() in FUNCTIONS else sqlite3.SQLITE_DENY
        is_filled = action == sqlite3.SQLITE_INSERT and fills is not None and first == fills and database == "temp"
        return sqlite3.SQLITE_OK if is_filled else sqlite3.SQLITE_DENY

    connection.set_authorizer(allow)
    try:
        with limited(connection, seconds, time.monotonic() if started is None else started):
            yield
    finally:
        connection.set_authorizer(None)


@contextmanager
def limited(connection: sqlite3.Connection, seconds: float | None, started: float) -> Iterator[None]:
    """Stop what runs in the block once `seconds` have passed since `started`."""
    if seconds is None:
        yield
        return
    connection.set_progress_handler(lambda: int(time.monotonic() - started > seconds), STEPS_BETWEEN_LOOKS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise fail(f"规则运行超过 {seconds:.0f} 秒，已停止", f"the rule ran longer than {seconds:.0f} s and was stopped") from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def selected(connection: sqlite3.Connection, statement: str, dictionary: Dictionary, seconds: float | None, also: Collection[str] = (), *,
             started: float | None = None, is_example: bool = False) -> Iterator[list[tuple]]:
    """The rows that rule SQL selects, some at a time; what stores them meanwhile is not limited.

    `is_example`: the database holds nothing but an example, so no authorizer is set, which makes each statement slow.
    """
    started = time.monotonic() if started is None else started
    if is_example:
        cursor = connection.execute(statement)
    else:
        with guarded(connection, dictionary, seconds, also, started=started):
            cursor = connection.execute(statement)
    while True:
        with limited(connection, seconds, started):
            rows = cursor.fetchmany(AT_ONCE)
        if not rows:
            return
        yield rows
