"""Writing what people review in git (rules, laws, known findings) into kb.db, so that pages can show it."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.findings import Classes, KnownFinding
from auditkb.lifecycle import CONFIRMED, NO_SEVERITY
from auditkb.laws import Article, Law, LawRegister
from auditkb.errors import Text
from auditkb.reading import parameter_lines, read_out
from auditkb.rules.checked import Rule
from auditkb.rules.load import RuleSet


def write_rules(connection: sqlite3.Connection, rule_set: RuleSet, sql: dict[str, str], dictionary: Dictionary) -> None:
    """Replace the table of rules; `sql` is what reproduces the outcome of one record."""
    connection.execute("DELETE FROM rules")
    for rule in rule_set.rules.values():
        file, summary, parameters = rule.file, read_out(rule, dictionary), _parameters(rule, dictionary)
        _insert(connection, "rules", {
            "id": rule.id, "register": file.register_, "title_zh": file.title.zh, "title_en": file.title.en, "status": file.status,
            "severity": file.severity.default, "category": file.category, "checks": rule.checks, "file": rule.source.name,
            "yaml": rule.source.text, "sql": sql.get(rule.id), "hash": rule.hash, "summary_zh": summary.zh, "summary_en": summary.en,
            "parameters_zh": parameters.zh or None, "parameters_en": parameters.en or None})


def _parameters(rule: Rule, dictionary: Dictionary) -> Text:
    """A line for each parameter: what it is called, a tab, its values in words."""
    lines = []
    for name, model in rule.file.parameters.items():
        label = Text(model.label.zh, model.label.en) if model.label is not None else Text(name, name)
        values = parameter_lines(rule, name, dictionary)
        lines.append(Text(f"{label.zh}\t{'；'.join(value.zh for value in values)}", f"{label.en}\t{'; '.join(value.en for value in values)}"))
    return Text("\n".join(line.zh for line in lines), "\n".join(line.en for line in lines))


def write_laws(connection: sqlite3.Connection, laws: LawRegister) -> None:
    """Replace the table of laws: a row for each article, and for each law that is cited whole. Nobody verifies an office's own policy."""
    connection.execute("DELETE FROM laws")
    for name, law in laws.root.items():
        articles: list[tuple[str | None, Article | Law]] = [*law.articles.items()] or [(None, law)]
        for number, article in articles:
            starts = max((day for day in (law.from_, article.from_) if day), default=None)
            ends = min((day for day in (law.to, article.to) if day), default=None)
            _insert(connection, "laws", {
                "id": f"{name}/{number}" if number else name, "title_zh": law.title.zh, "title_en": law.title.en, "number": law.number,
                "article": number, "starts_on": starts.isoformat() if starts else None, "ends_on": ends.isoformat() if ends else None,
                "internal": int(law.internal), "verified": None if law.internal else int(article.verified), "text_zh": article.says.zh if article.says else None,
                "text_en": article.says.en if article.says else None})


def known_here(connection: sqlite3.Connection, known: list[KnownFinding]) -> list[KnownFinding]:
    """The known findings of the reports that kb.db holds, as a source of records or as a report that was read.

    Those of another office's report say nothing of the records here.
    """
    held = {row[0] for row in connection.execute("SELECT id FROM sources UNION SELECT id FROM reports")}
    return [item for item in known if item.report in held]


def write_known(connection: sqlite3.Connection, known: list[KnownFinding], classes: Classes, run_id: int) -> None:
    """Replace the known findings; each is also a finding of origin `report`, confirmed by being published."""
    connection.execute("DELETE FROM known_findings")
    gone = {row[0] for row in connection.execute("SELECT id FROM findings WHERE origin = 'report'")} - {item.id for item in known}
    connection.executemany("DELETE FROM findings WHERE id = ?", [(name,) for name in sorted(gone)])
    for item in known:
        label = classes.label(item.class_path)
        row = {"id": item.id, "report": item.report, "number": item.number, "department": item.department, "project": item.project,
               "class": label.zh, "verdict": item.verdict, "section": item.place.section, "line": item.place.line,
               "facts": json.dumps([fact.model_dump(mode="json") for fact in item.facts], ensure_ascii=False)}
        for name in ("title", "condition", "criteria", "cause", "effect", "recommendation", "note"):
            wording = getattr(item, name)
            row |= {f"{name}_zh": wording.zh if wording else None, f"{name}_en": wording.en if wording else None}
        _insert(connection, "known_findings", row)
        known_row = connection.execute("SELECT first_run FROM findings WHERE id = ?", (item.id,)).fetchone()
        _insert(connection, "findings", {
            "id": item.id, "origin": "report", "known_id": item.id, "department": item.department, "review": CONFIRMED, "_severity_rank": NO_SEVERITY,
            "state": "unchanged" if known_row else "new", "message_zh": item.title.zh, "message_en": item.title.en,
            "presumed": 0, "legal_conflict": 0, "first_run": known_row[0] if known_row else run_id, "last_run": run_id})


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    connection.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
