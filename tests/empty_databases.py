"""Databases in memory for tests of loading: all tables of a dictionary, and nothing in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from auditkb.database import create_tables, fill_working_calendar, open_database, writer
from auditkb.dictionary import Dictionary

_KNOWN: list[tuple[Dictionary, sqlite3.Connection]] = []


@contextmanager
def empty_database(dictionary: Dictionary) -> Iterator[sqlite3.Connection]:
    """A database for this dictionary; the tables of each dictionary are made once and copied."""
    model = next((known for of, known in _KNOWN if of is dictionary), None)
    if model is None:
        model = open_database(":memory:", create=True)
        with writer(model):
            create_tables(model, dictionary)
            fill_working_calendar(model)
        _KNOWN.append((dictionary, model))
    with closing(open_database(":memory:", create=True)) as connection:
        model.backup(connection)
        yield connection
