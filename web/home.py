"""What the home page reads from kb.db: the figures of all leads that stand, what could not be checked, what came last."""

from __future__ import annotations

import sqlite3

from auditkb.notes import PROBLEMS
from web.queries import RANK, Row, SEVERITIES, has_table, last_run, literal, one, rows

NEWEST_SHOWN = 5


def home(connection: sqlite3.Connection) -> Row:
    """The figures of the home page; all of them of leads that still stand."""
    run = last_run(connection)
    standing = "from findings where origin = 'rule' and state <> 'gone'"
    by_rule = rows(connection, f"""select f.rule_id, r.title_zh, r.title_en, count(*) as number
        from findings f left join rules r on r.id = f.rule_id where f.origin = 'rule' and f.state <> 'gone'
        group by f.rule_id order by min({RANK.replace('severity', 'f.severity')}), 4 desc, f.rule_id""")
    departments: dict[str | None, dict[str, int]] = {}
    for row in rows(connection, f"select department, severity, count(*) as number {standing} group by department, severity"):
        departments.setdefault(row["department"], {})[row["severity"]] = row["number"]
    return {
        "run": run,
        "rules": by_rule,
        "most": max((row["number"] for row in by_rule), default=1),
        "total": sum(row["number"] for row in by_rule),
        "departments": departments,
        "severities": {name: sum(line.get(name, 0) for line in departments.values()) for name in SEVERITIES},
        # Two findings about one payment are not two payments.
        "amount": one(connection, "select sum(amount) as amount from (select max(amount) as amount "
                                  f"{standing} group by record_type, record_key)"),
        "states": {row["state"]: row["number"] for row in rows(
            connection, "select state, count(*) as number from findings where origin = 'rule' group by state")},
        "newest": rows(connection, f"select * {standing} and first_run = ? order by {RANK}, id limit 6", run["id"] if run else None),
        "checked": run is not None and one(connection, "select 1 as any_record from outcome_counts where run_id = ? limit 1", run["id"]) is not None,
        "unchecked": _unchecked(connection),
        "known": one(connection, """select count(*) as total, sum(exists (select 1 from known_matches m
            where m.known_id = k.id and m.outcome = 'fail')) as found from known_findings k"""),
        "reports": _newest_reports(connection),
        "loads": _newest_loads(connection),
    }


def _newest_reports(connection: sqlite3.Connection) -> list[Row]:
    """The reports that were read last, with what does not tie out in them."""
    if not (has_table(connection, "reports") and has_table(connection, "tie_outs")):
        return []
    counts = ", ".join(f"(select count(*) from tie_outs t where t.report = r.id and t.verdict = '{verdict}') as {verdict}" for verdict in ("broken", "review"))
    return rows(connection, f"select r.*, {counts} from reports r order by r.read_at desc, r.id limit {NEWEST_SHOWN}")


def _newest_loads(connection: sqlite3.Connection) -> list[Row]:
    """The sources that were loaded last, each with its latest loading and how many of its cells have to be checked."""
    if not has_table(connection, "loads"):
        return []
    kinds = ", ".join(literal(kind) for kind in PROBLEMS)
    return rows(connection, f"""select l.*, s.title,
            (select count(*) from cell_notes n where n.source = l.source and n.is_gone is null and n.problem in ({kinds})) as problems
        from loads l join sources s on s.id = l.source where l.id in (select max(id) from loads group by source) order by l.id desc limit {NEWEST_SHOWN}""")


def _unchecked(connection: sqlite3.Connection) -> list[Row]:
    """Rules with records that could not be checked, most first, each with its reasons."""
    groups: dict[str, Row] = {}
    for row in rows(connection, """select o.rule_id, r.title_zh, r.title_en, o.record_type, o.reasons, count(*) as number
            from outcomes o left join rules r on r.id = o.rule_id where o.outcome = 'not_evaluated'
            group by o.rule_id, o.record_type, o.reasons order by 6 desc"""):
        group = groups.setdefault(row["rule_id"], {**row, "total": 0, "reasons": []})
        group["total"] += row["number"]
        group["reasons"].append(row)
    return sorted(groups.values(), key=lambda group: (-group["total"], group["rule_id"]))
