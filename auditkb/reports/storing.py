"""A report written into kb.db: `reports`, `sections`, `figures`, `candidate_findings`, `recommendations`, `name_problems`.

Reading a report again replaces what was there under its id. Known findings are never touched: they are files of people.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from auditkb.reports.document import Paragraph, Place, Section, Table
from auditkb.reports.figures import Figure
from auditkb.reports.report import Report

TABLES = ("name_problems", "recommendations", "candidate_findings", "figures", "sections")


def store_report(connection: sqlite3.Connection, report: Report, now: str | None = None) -> None:
    """Write a report, replacing one of the same id; the caller holds the transaction."""
    forget_report(connection, report.id)
    document = report.document
    _insert(connection, "reports", [{
        "id": report.id, "title": document.title, "organisation": report.organisation, "fiscal_year": report.fiscal_year, "file": document.file,
        "format": document.format, "sha256": document.sha256, "sections": len(document.sections), "tables": len(document.tables),
        "figures": len(report.figures), "candidates": len(report.candidates), "name_problems": len(report.name_problems),
        "read_at": now or datetime.datetime.now().astimezone().isoformat(timespec="seconds")}])
    _insert(connection, "sections", (_section(report, section, position) for position, section in enumerate(document.sections, 1)))
    _insert(connection, "figures", (_figure(report, figure, position) for position, figure in enumerate(report.figures, 1)))
    _insert(connection, "candidate_findings", _candidates(report))
    _insert(connection, "recommendations", (
        {"id": f"{report.id}:{item.number}:{item.section}", "report": report.id, "number": item.number, "section": section_key(report.id, item.section),
         "title": item.title, "text": "\n".join(paragraph.text for paragraph in item.paragraphs), **_place(item.paragraphs[0].place),
         "answers": "、".join(item.answers) or None} for item in report.recommendations))
    _insert(connection, "name_problems", (
        {"id": f"{report.id}:{problem.kind}:{problem.printed}", "report": report.id, "kind": problem.kind, "printed": problem.printed,
         "nearest": "；".join(problem.nearest) or None, "section": section_key(report.id, problem.section), **_place(problem.place)}
        for problem in report.name_problems))


def forget_report(connection: sqlite3.Connection, identifier: str) -> None:
    """Take out everything that was read of a report."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table} WHERE report = ?", (identifier,))
    connection.execute("DELETE FROM reports WHERE id = ?", (identifier,))


def section_key(report: str, section: str) -> str:
    """The key of a section in kb.db."""
    return f"{report}:{section}"


def _place(place: Place) -> dict[str, Any]:
    return {"place_zh": place.text.zh, "place_en": place.text.en, "line": place.line, "page": place.page}


def _section(report: Report, section: Section, position: int) -> dict[str, Any]:
    parent = section_key(report.id, section.parent) if section.parent else None
    return {"id": section_key(report.id, section.id), "report": report.id, "cited": section.cited, "title": section.title or None, "level": section.level,
            "parent": parent, "position": position, **_place(section.place),
            "blocks": json.dumps([_block(block) for block in section.blocks], ensure_ascii=False)}


def _block(block: Paragraph | Table) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"number": block.number, "text": block.text, "is_heading": block.is_heading, "offset": block.place.offset,
                "place": [block.place.text.zh, block.place.text.en]}
    return {"number": block.number, "table": block.id, "title": block.title, "unit": block.unit, "columns": block.columns,
            "notes": [note.text for note in block.notes], "rows": [[cell.text for cell in row] for row in block.rows]}


def _figure(report: Report, figure: Figure, position: int) -> dict[str, Any]:
    return {"id": f"{report.id}:{figure.id}", "report": report.id, "position": position, "section": section_key(report.id, figure.section), "printed": figure.printed,
            "value": None if figure.value is None else float(figure.value), "unit": figure.unit, "unit_printed": figure.unit_printed or None,
            "precision": float(figure.precision), "subject": figure.subject, "row_label": "／".join(figure.row) or None,
            "column_label": "／".join(figure.column) or None, "starts_on": _iso(figure.starts_on), "ends_on": _iso(figure.ends_on),
            "is_approximate": int(figure.is_approximate), **_place(figure.place), "block": figure.block, "offset": figure.place.offset,
            "table_id": figure.table, "row_number": figure.row_number, "column_number": figure.column_number}


def _iso(day: datetime.date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _candidates(report: Report) -> Iterable[dict[str, Any]]:
    for candidate in report.candidates:
        paragraph = candidate.paragraphs[0]
        yield {"id": f"{report.id}:{candidate.number}", "report": report.id, "number": candidate.number,
               "section": section_key(report.id, candidate.section), "cited": report.document.section(candidate.section).cited,
               "department": candidate.department, "project": "、".join(candidate.projects) or None,
               "class": " / ".join(candidate.class_paths[0]) if candidate.class_paths else None, "text": candidate.text, **_place(paragraph.place),
               "blocks": json.dumps([paragraph.number for paragraph in candidate.paragraphs])}


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
