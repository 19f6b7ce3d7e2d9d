"""Runs the stored SQL of a finding's rule for its one record, read-only: an inspector sees the result come out again."""

from __future__ import annotations

import json
import sqlite3

from datasette import NotFound, Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.utils import InvalidSql, validate_sql_select

from web import queries
from web.cells import DATABASE


@hookimpl
def register_routes():
    """`/-/reproduce?finding=<id>`; nobody can hand in SQL of their own."""
    return [(r"^/-/reproduce$", reproduce)]


async def reproduce(datasette, request):
    """The outcome and the values that the rule's query gives now."""
    database = datasette.get_database(DATABASE)
    wanted = request.args.get("finding") or ""
    found = await database.execute_fn(lambda connection: queries.one(connection, """select f.*, r.sql, r.title_zh, r.title_en, r.summary_zh, r.summary_en
        from findings f join rules r on r.id = f.rule_id where f.id = ?""", wanted))
    if found is None or not found["sql"]:
        raise NotFound("Record not found")
    columns, rows, failed = [], [], False
    try:
        validate_sql_select(found["sql"])
        result = await database.execute(found["sql"], {"key": found["record_key"]})
        columns, rows = result.columns, [dict(row) for row in result.rows]
    except (sqlite3.Error, InvalidSql, QueryInterrupted):
        failed = True
    context = {"finding": found, "columns": columns, "found": rows, "failed": failed, "was": json.loads(found["evidence"] or "{}").get("values", [])}
    return Response.html(await datasette.render_template("reproduce.html", context, request=request))
