"""Tie-outs written into kb.db: all of them in `tie_outs`, and as records of the type `tie_out`, which rules check."""

from __future__ import annotations

import datetime
import sqlite3
from decimal import Decimal
from typing import Any

from auditkb.cells import Cell
from auditkb.database import finish_loading
from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.records import KeyMaker, RowMaker, insert_statement, loaded_columns
from auditkb.references import settle_references
from auditkb.reports.named import YEAR_NAME
from auditkb.reports.tie_outs import TiedOut, TieOut, as_printed, place_of, section_of, what_to_do

RECORD = "tie_out"
DEPARTMENT = "department"


def store_tie_outs(connection: sqlite3.Connection, dictionary: Dictionary, report: str, organisation: str | None, tied: TiedOut) -> None:
    """Write the tie-outs of a report in place of its earlier ones; the caller holds the transaction.

    The record's key names report, relation and place, not the line, so that a finding stays the same one when the
    report is set anew.
    """
    source = f"report-{report}"
    forget_tie_outs(connection, report)
    record_type = dictionary[RECORD]
    keys, rows = KeyMaker(record_type), RowMaker(record_type, None)
    records, listed = [], []
    for number, one in enumerate(tied.tie_outs, 1):
        values = {name: value for name, value in _values(report, organisation, tied, one).items() if value is not None}
        key = keys.make(values, number).text
        assert key is not None
        records.append(rows.make(key, {name: Cell(value) for name, value in values.items()}, source, one.figure.place.line))
        listed.append(_listed(key, report, tied, one))
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    title = tied.document.title or tied.document.file
    _insert(connection, "sources", {"id": source, "path": tied.document.file, "title": f"{title}（读入的报告）", "title_en": f"{title} (report as read)", "kind": "report_facts",
                                    "sha256": tied.document.sha256, "loaded_at": now, "rows": len(records)})
    connection.executemany(insert_statement(RECORD, loaded_columns(record_type)), records)
    for row in listed:
        _insert(connection, "tie_outs", row)
    settle_references(connection, dictionary, {})
    finish_loading(connection, dictionary)


def forget_tie_outs(connection: sqlite3.Connection, report: str) -> None:
    """Take out the tie-outs of a report."""
    source = f"report-{report}"
    connection.execute("delete from tie_outs where report = ?", (report,))
    connection.execute(f"delete from {RECORD} where source = ?", (source,))
    connection.execute("delete from sources where id = ?", (source,))


def cause_of(one: TieOut, tied: TiedOut) -> Text | None:
    """The cause of a broken tie-out in words: the figure, where it stands, what to do."""
    if one.cause is None:
        return None
    figure, place = as_printed(one.cause.figure), place_of(one.cause.figure, tied.document)
    advice = what_to_do(one.cause, tied)
    return Text(f"{figure.zh}（{place.zh}）：{advice.zh}", f"{figure.en} ({place.en}): {advice.en}")


def _values(report: str, organisation: str | None, tied: TiedOut, one: TieOut) -> dict[str, Any]:
    binding = one.comparison.binding
    year = binding.get(YEAR_NAME) or (str(tied.year) if tied.year is not None else None)
    cause = cause_of(one, tied)
    return {
        "report": report, "relation": one.title.zh, "place": section_of(one.figure, tied.document) or None, "organisation": organisation,
        "department": tied.shown.get(binding[DEPARTMENT]) if DEPARTMENT in binding else None, "fiscal_year": int(year) if year else None,
        "is_final_total": one.relation.final_total, "printed": one.printed.zh, "computed": one.computed.zh or None,
        "difference": one.difference.quantize(Decimal("0.01")) if one.difference is not None and one.figure.unit == "yuan" else None,
        "tolerance": one.tolerance_shown.zh or None, "verdict": one.verdict, "cause": cause.zh if cause is not None else None}


def _listed(key: str, report: str, tied: TiedOut, one: TieOut) -> dict[str, Any]:
    cause = cause_of(one, tied)
    return {
        "id": key, "report": report, "relation": one.title.zh, "relation_en": one.title.en, "printed": one.printed.zh, "computed": one.computed.zh,
        "difference": float(one.difference) if one.difference is not None else None, "unit": one.figure.unit, "tolerance": one.tolerance_shown.zh,
        "verdict": one.verdict, "place": one.place.zh, "place_en": one.place.en, "cause": cause.zh if cause else None, "cause_en": cause.en if cause else None,
        "section": f"{report}:{one.figure.section}", "figure": f"{report}:{one.figure.id}", "line": one.figure.place.line}


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    connection.execute(insert_statement(table, list(row)), list(row.values()))

