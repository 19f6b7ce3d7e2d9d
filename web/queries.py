"""What the pages read from kb.db. Plain SQL over one connection; every function gives dicts and knows no language.

Table and column names come from the dictionary only, quoted by `quoted`; values are always parameters.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from auditkb.labels import Labels, Table
from auditkb.notes import PROBLEMS

Row = dict[str, Any]
SEVERITIES = ("high", "medium", "low", "info")
CHILDREN_SHOWN = 20
AROUND_SHOWN = 20


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def rows(connection: sqlite3.Connection, sql: str, *values: object) -> list[Row]:
    """All rows as dicts."""
    cursor = connection.execute(sql, values)
    names = [item[0] for item in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def one(connection: sqlite3.Connection, sql: str, *values: object) -> Row | None:
    """The first row, or None."""
    found = rows(connection, sql, *values)
    return found[0] if found else None


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the database has the table."""
    return one(connection, "select 1 from sqlite_master where type in ('table', 'view') and name = ?", name) is not None


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Names of the table's columns."""
    return [row["name"] for row in rows(connection, f"select name from pragma_table_xinfo({literal(table)})")]


def literal(text: str) -> str:
    """A text for SQL, of our own words only."""
    return "'" + text.replace("'", "''") + "'"


def titles(connection: sqlite3.Connection) -> dict[str, dict[str, Row]]:
    """Titles in both languages of what other rows refer to: rules, known findings, reports and their sections."""
    found: dict[str, dict[str, Row]] = {}
    for table, columns in (("rules", "id, title_zh, title_en, checks, yaml"), ("known_findings", "id, title_zh, title_en"),
                           ("reports", "id, title as title_zh"), ("sources", "id, coalesce(title, path, id) as title_zh, title_en"),
                           ("sections", "id, trim(cited || ' ' || coalesce(title, '')) as title_zh")):
        if has_table(connection, table):
            found[table] = {row["id"]: row for row in rows(connection, f"select {columns} from {table}")}
    return found


def record(connection: sqlite3.Connection, labels: Labels, record_type: str, key: str) -> Row | None:
    """One record by its key, or None; an unknown type has none."""
    table = labels.tables.get(record_type)
    if table is None or not table.is_record or not has_table(connection, record_type):
        return None
    return one(connection, f"select * from {quoted(record_type)} where key = ?", key)


def reference_title(connection: sqlite3.Connection, labels: Labels, record_type: str, key: str) -> str:
    """What a record is called: its label field, else its key."""
    found = record(connection, labels, record_type, key)
    field = labels.tables[record_type].opens if record_type in labels.tables else None
    return str((found or {}).get(field or "key") or key)


def source_of(connection: sqlite3.Connection, found: Row | None) -> Row | None:
    """The source file of a record with its sheet and row."""
    if not found or not found.get("source"):
        return None
    source = one(connection, "select * from sources where id = ?", found["source"]) or {"id": found["source"]}
    others = (found.get("_sources") or "").strip("|").split("|")[1:]
    return {**source, "sheet": found.get("sheet"), "row": found.get("row"), "others": others}


def children(connection: sqlite3.Connection, labels: Labels, record_type: str, key: str) -> list[dict[str, Any]]:
    """Rows that hang under a record, by type; beside them the types that only refer to it, as counts."""
    found = []
    for table in labels.records:
        if not has_table(connection, table.name):
            continue
        for column in table.columns.values():
            if column.type != record_type:
                continue
            where = f"from {quoted(table.name)} where {quoted(column.name)} = ?"
            count = connection.execute(f"select count(*) {where}", (key,)).fetchone()[0]
            if not count:
                continue
            is_child = column.name in table.parents
            shown = rows(connection, f"select * {where} order by rowid limit {CHILDREN_SHOWN}", key) if is_child else []
            found.append({"table": table, "column": column, "count": count, "rows": shown, "is_child": is_child})
    return sorted(found, key=lambda item: not item["is_child"])


def findings_of(connection: sqlite3.Connection, record_type: str, key: str, but: str = "") -> list[Row]:
    """Findings of one record that still stand, gravest first."""
    return rows(connection, f"""select * from findings where record_type = ? and record_key = ? and id <> ? and state <> 'gone'
        order by {RANK}, id""", record_type, key, but)


RANK = "case severity when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end"


def finding(connection: sqlite3.Connection, labels: Labels, finding_id: str) -> Row | None:
    """Everything that the page of a finding shows."""
    found = one(connection, "select * from findings where id = ?", finding_id)
    if found is None:
        return None
    rule = one(connection, "select * from rules where id = ?", found["rule_id"]) if found["rule_id"] else None
    own = record(connection, labels, found["record_type"] or "", found["record_key"] or "")
    return {
        "finding": found,
        "evidence": json.loads(found["evidence"] or "{}"),
        "rule": rule,
        "record": own,
        "source": source_of(connection, own),
        "related": _related(connection, labels, found["record_type"], own),
        "events": rows(connection, "select * from finding_events where finding_id = ? order by id", finding_id),
        "runs": {row["id"]: row for row in rows(connection, "select * from runs")},
        "known": one(connection, "select * from known_findings where id = ?", found["known_id"]) if found["known_id"] else None,
        "matches": rows(connection, """select m.*, k.title_zh, k.title_en, k.number from known_matches m
            join known_findings k on k.id = m.known_id where m.finding_id = ? order by k.id""", finding_id),
        "same_record": findings_of(connection, found["record_type"], found["record_key"], finding_id),
        "same_rule": rows(connection, "select * from findings where rule_id = ? and id <> ? and state <> 'gone' limit 10",
                          found["rule_id"], finding_id) if found["rule_id"] else [],
    }


def _related(connection: sqlite3.Connection, labels: Labels, record_type: str | None, own: Row | None) -> list[Row]:
    """The records that a record refers to: what is needed to name them with a link."""
    if not own or not record_type:
        return []
    found = []
    for column in labels.tables[record_type].columns.values():
        target = labels.tables.get(column.type)
        if target is None or not target.is_record or not own.get(column.name):
            continue
        key = str(own[column.name])
        found.append({"column": column, "key": key, "title": reference_title(connection, labels, column.type, key)})
    return found


def record_page(connection: sqlite3.Connection, labels: Labels, table: Table, key: str) -> Row | None:
    """Everything that the page of a record shows."""
    own = record(connection, labels, table.name, key)
    if own is None:
        return None
    return {
        "record": own,
        "related": {item["column"].name: item for item in _related(connection, labels, table.name, own)},
        "children": children(connection, labels, table.name, key),
        "source": source_of(connection, own),
        "findings": sorted(findings_of(connection, table.name, key) + _findings_below(connection, labels, table, key),
                           key=lambda row: SEVERITIES.index(row["severity"]) if row["severity"] in SEVERITIES else len(SEVERITIES)),
        "around": _findings_around(connection, labels, table, key),
        "unchecked": rows(connection, """select o.*, r.title_zh, r.title_en from outcomes o left join rules r on r.id = o.rule_id
            where o.record_type = ? and o.record_key = ? and o.outcome <> 'fail' order by o.rule_id""", table.name, key),
    }


def _findings_around(connection: sqlite3.Connection, labels: Labels, table: Table, key: str) -> list[Row]:
    """Findings of records that name this one without hanging under it: the contracts of a supplier, the work of a department."""
    found: dict[str, Row] = {}
    for other in labels.records:
        links = [name for name, column in other.columns.items() if column.type == table.name and name not in other.parents]
        if links and has_table(connection, other.name):
            where = " or ".join(f"{quoted(name)} = ?" for name in links)
            found |= {row["id"]: row for row in rows(connection, f"""select * from findings where record_type = ? and state <> 'gone' and record_key in
                (select key from {quoted(other.name)} where {where}) order by {RANK}, id limit {AROUND_SHOWN}""", other.name, *[key] * len(links))}
    if table.name == "department":
        found |= {row["id"]: row for row in rows(connection, f"select * from findings where department = ? and state <> 'gone' order by {RANK}, id limit {AROUND_SHOWN}", key)}
    return sorted(found.values(), key=lambda row: (SEVERITIES.index(row["severity"]) if row["severity"] in SEVERITIES else len(SEVERITIES), row["id"]))[:AROUND_SHOWN]


def _findings_below(connection: sqlite3.Connection, labels: Labels, table: Table, key: str) -> list[Row]:
    """Findings of the records that hang under one, such as a contract's invoices."""
    found: list[Row] = []
    for child in labels.records:
        links = [name for name in child.parents if child.columns[name].type == table.name]
        if links and has_table(connection, child.name):
            where = " or ".join(f"{quoted(name)} = ?" for name in links)
            found += rows(connection, f"""select * from findings where record_type = ? and state <> 'gone' and record_key in
                (select key from {quoted(child.name)} where {where}) order by {RANK}, id limit 50""", child.name, *[key] * len(links))
    return found


def counts_by_rule(connection: sqlite3.Connection, run_id: int | None, rule_id: str) -> dict[str, int]:
    """Records by outcome of one rule in one run."""
    found = rows(connection, """select outcome, sum(records) as records from outcome_counts
        where run_id = ? and rule_id = ? and (reason is null or reason = '') group by outcome""", run_id, rule_id)
    counts = {row["outcome"]: row["records"] for row in found}
    for row in rows(connection, "select outcome, count(*) as records from outcomes where rule_id = ? group by outcome", rule_id):
        counts[row["outcome"]] = row["records"]
    return counts


def last_run(connection: sqlite3.Connection) -> Row | None:
    """The last run that ended."""
    return one(connection, "select * from runs where finished_at is not null order by id desc limit 1")


def rule_page(connection: sqlite3.Connection, rule_id: str) -> Row | None:
    """Everything that the page of a rule shows, except what its YAML says."""
    rule = one(connection, "select * from rules where id = ?", rule_id)
    if rule is None:
        return None
    run = last_run(connection)
    return {
        "rule": rule,
        "run": run,
        "counts": counts_by_rule(connection, run["id"] if run else None, rule_id),
        "reasons": rows(connection, """select reasons, count(*) as records from outcomes
            where rule_id = ? and outcome = 'not_evaluated' group by reasons order by 2 desc limit 20""", rule_id),
        "unchecked": rows(connection, "select * from outcomes where rule_id = ? and outcome = 'not_evaluated' limit 20", rule_id),
        "findings": rows(connection, f"select * from findings where rule_id = ? and state <> 'gone' order by {RANK}, id limit 50", rule_id),
        "laws": rows(connection, "select * from laws"),
        "matches": rows(connection, """select m.*, k.title_zh, k.title_en, k.number from known_matches m
            join known_findings k on k.id = m.known_id where m.rule_id = ? order by k.id""", rule_id),
    }


def known_page(connection: sqlite3.Connection, known_id: str) -> Row | None:
    """Everything that the page of a known finding shows."""
    known = one(connection, "select * from known_findings where id = ?", known_id)
    if known is None:
        return None
    return {
        "known": known,
        "facts": json.loads(known.get("facts") or "{}"),
        "paragraph": one(connection, "select id from candidate_findings where report = ? and cited = ?", known["report"], known["section"])
        if has_table(connection, "candidate_findings") else None,
        "matches": rows(connection, """select m.*, r.title_zh, r.title_en from known_matches m
            left join rules r on r.id = m.rule_id where m.known_id = ? order by m.rule_id, m.record_key""", known_id),
        "own_finding": one(connection, "select * from findings where known_id = ? and origin = 'report'", known_id),
    }


def source_page(connection: sqlite3.Connection, labels: Labels, source: str) -> Row:
    """What came of a source: its records by type, its loadings, what it is complete for, and its cells to be checked."""
    kinds = ", ".join(literal(kind) for kind in PROBLEMS)
    counts = [{"table": table, "count": rows(connection, f"select count(*) as number from {quoted(table.name)} where source = ?", source)[0]["number"]}
              for table in labels.records if has_table(connection, table.name)]
    return {
        "counts": [item for item in counts if item["count"]],
        "loads": rows(connection, "select * from loads where source = ? order by id desc", source),
        "complete": rows(connection, "select * from coverage where source = ? and is_complete = 1 order by id", source),
        "problems": rows(connection, f"select count(*) as number from cell_notes where source = ? and is_gone is null and problem in ({kinds})", source)[0]["number"],
        "changes": rows(connection, "select count(*) as number from record_changes where source = ?", source)[0]["number"],
        "unread": rows(connection, "select count(*) as number from unread_paths where source = ?", source)[0]["number"],
    }


def run_page(connection: sqlite3.Connection, run: str) -> Row:
    """What a run gave: outcomes in all, and what happened to findings in it."""
    return {
        "outcomes": rows(connection, """select outcome, sum(records) as number from outcome_counts
            where run_id = ? and (reason is null or reason = '') group by outcome""", run),
        "trial": rows(connection, "select count(*) as number from rules where status = 'trial'")[0]["number"],
        "events": rows(connection, "select event, reason, count(*) as number from finding_events where run_id = ? group by event, reason order by 3 desc", run),
    }
