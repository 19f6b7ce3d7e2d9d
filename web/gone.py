"""What is left of a record that has no page of its own: gone, taken back, or only named by something else."""

from __future__ import annotations

import sqlite3

from auditkb.labels import Labels
from auditkb.schema import rows_table
from web.queries import Row, findings_of, has_table, one, quoted, rows

MOST = 100


def gone_page(connection: sqlite3.Connection, labels: Labels, record_type: str, key: str) -> Row | None:
    """What sources said of it, what changed, and what still names it; None where nothing knows of such a record."""
    table = labels.tables.get(record_type)
    if table is None or not table.is_record or not has_table(connection, record_type):
        return None
    if one(connection, f"select 1 from {quoted(record_type)} where key = ?", key):
        return None
    own = rows_table(record_type)
    said = rows(connection, f"select * from {quoted(own)} where key = ? order by _gone desc, source", key) if has_table(connection, own) else []
    page = {
        "table": table, "key": key, "said": said,
        "changes": rows(connection, f"select * from record_changes where record_type = ? and key = ? order by id desc limit {MOST}", record_type, key),
        "findings": findings_of(connection, record_type, key)
        + rows(connection, "select * from findings where record_type = ? and record_key = ? and state = 'gone' order by id", record_type, key),
        "notes": rows(connection, f"select * from cell_notes where record_type = ? and key = ? order by id limit {MOST}", record_type, key),
    }
    page["was_there"] = bool(said or page["changes"])
    return page if page["was_there"] or page["findings"] or page["notes"] else None
