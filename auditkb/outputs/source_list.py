"""What is loaded, for `checks.py list sources`: each source with its records, problems and coverage, and its versions."""

from __future__ import annotations

import datetime
import json
import sqlite3
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.notes import count_problems
from auditkb.schema import quote, rows_table
from auditkb.source_rows import loaded_types

Columns = list[tuple[str, Text]]
_COLUMNS: Columns = [
    ("source", Text("来源", "Source")), ("title", Text("名称", "Title")), ("path", Text("文件", "File")), ("date", Text("资料日期", "Date")),
    ("records", Text("记录", "Records")), ("gone", Text("已撤销", "Gone")), ("shared", Text("与其他来源共有", "Also elsewhere")), ("problems", Text("待核对", "To check")),
    ("complete", Text("完整的资料", "Complete for")), ("wins_over", Text("优先于", "Wins over")), ("loaded_at", Text("读入时间", "Loaded")),
    ("superseded", Text("替换的旧版本", "Superseded versions")),
]


def sources(connection: sqlite3.Connection, dictionary: Dictionary, language: str, *, codes: bool) -> tuple[Columns, list[list[Any]]]:
    """A row for each source that is loaded; with `codes` record types are named as in files rather than in words."""
    numbers = _numbers(connection, dictionary)
    title = "title" if language == "zh" else "coalesce(title_en, title)"
    found = []
    for source, name, path, date, loaded_at, wins_over in connection.execute(f"select id, {title}, path, date, loaded_at, wins_over from sources order by id").fetchall():
        live, gone, shared = ({kind: count for (owner, kind), counts in numbers.items() if owner == source and (count := counts[place])} for place in range(3))
        problems = count_problems(connection, source)
        complete = [row[0] for row in connection.execute("select distinct record_type from coverage where source = ? and is_complete order by 1", (source,))]
        versions = connection.execute("select count(*) from loads where source = ? and what <> 'removed' and id > "
                                      "coalesce((select max(id) from loads where source = ? and what = 'removed'), 0)", (source, source)).fetchone()[0]
        words = [_name(dictionary, kind, language, codes) for kind in complete]
        over = ", ".join(json.loads(wins_over)) if wins_over else None
        found.append([source, name, path, date, _counted(live, dictionary, language, codes), sum(gone.values()), sum(shared.values()), problems,
                      "、".join(words) if language == "zh" else ", ".join(words), over, loaded_at if codes else local_time(loaded_at), max(versions - 1, 0)])
    return _COLUMNS, found


def local_time(text: str) -> str:
    """A time of the database as a clock on the wall shows it."""
    return f"{datetime.datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"


def _numbers(connection: sqlite3.Connection, dictionary: Dictionary) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(source, type) -> records, records that are gone, records that another source has too."""
    numbers = {}
    for record_type in loaded_types(dictionary):
        rows = quote(rows_table(record_type.type))
        shared = f"_gone is null and exists (select 1 from {rows} o where o.key = r.key and o.source <> r.source and o._gone is null)"
        query = f"select source, sum(_gone is null), sum(_gone is not null), sum({shared}) from {rows} r group by source"
        for source, *counts in connection.execute(query):
            numbers[source, record_type.type] = (counts[0], counts[1], counts[2])
    return numbers


def _name(dictionary: Dictionary, kind: str, language: str, codes: bool) -> str:
    return kind if codes or kind not in dictionary else dictionary[kind].label.say(language)


def _counted(live: dict[str, int], dictionary: Dictionary, language: str, codes: bool) -> Any:
    if codes:
        return live
    return ("，" if language == "zh" else ", ").join(f"{_name(dictionary, kind, language, codes)} {count}" for kind, count in live.items())
