"""What the pages of reports read from kb.db, and paragraphs and tables with their figures marked."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from markupsafe import Markup, escape

from web.queries import Row, has_table, one, rows

ORDER = "line, id"


def report_page(connection: sqlite3.Connection, identifier: str) -> Row | None:
    """Everything that the page of a report shows."""
    report = one(connection, "select * from reports where id = ?", identifier)
    if report is None:
        return None
    return {
        "report": report,
        "sections": rows(connection, """select s.*, (select count(*) from figures f where f.section = s.id) as figures
            from sections s where s.report = ? order by s.position""", identifier),
        "candidates": _with_known(connection, rows(connection, f"select * from candidate_findings where report = ? order by {ORDER}", identifier)),
        "recommendations": rows(connection, f"select * from recommendations where report = ? order by {ORDER}", identifier),
        "name_problems": rows(connection, f"select * from name_problems where report = ? order by {ORDER}", identifier),
        "known": one(connection, "select count(*) as number from known_findings where report = ?", identifier),
        "tie_outs": {row["verdict"]: row["number"] for row in rows(
            connection, "select verdict, count(*) as number from tie_outs where report = ? group by verdict", identifier)}
        if has_table(connection, "tie_outs") else {},
    }


def section_page(connection: sqlite3.Connection, key: str) -> Row | None:
    """A section with its paragraphs and tables, the sections around it, and what was found in it."""
    section = one(connection, "select * from sections where id = ?", key)
    if section is None:
        return None
    blocks = json.loads(section["blocks"] or "[]")
    figures = rows(connection, "select * from figures where section = ? order by block, offset", key)
    return {
        "section": section, "report": one(connection, "select * from reports where id = ?", section["report"]),
        "blocks": [_with_figures(block, figures) for block in blocks],
        "above": _above(connection, section),
        "below": rows(connection, "select * from sections where parent = ? order by position", key),
        "before": one(connection, "select * from sections where report = ? and position = ?", section["report"], section["position"] - 1),
        "after": one(connection, "select * from sections where report = ? and position = ?", section["report"], section["position"] + 1),
        "candidates": _with_known(connection, rows(connection, f"select * from candidate_findings where section = ? order by {ORDER}", key)),
        "recommendations": rows(connection, f"select * from recommendations where section = ? order by {ORDER}", key),
        "name_problems": rows(connection, f"select * from name_problems where section = ? order by {ORDER}", key),
    }


def candidate_page(connection: sqlite3.Connection, key: str) -> Row | None:
    """A candidate with its paragraphs, the known findings of its section, and the rules that speak to them."""
    candidate = one(connection, "select * from candidate_findings where id = ?", key)
    if candidate is None:
        return None
    wanted = set(json.loads(candidate["blocks"] or "[]"))
    sections = rows(connection, "select id, blocks from sections where report = ? order by position", candidate["report"])
    figures = rows(connection, "select * from figures where report = ? order by block, offset", candidate["report"])
    blocks = [_with_figures(block, figures) for section in sections for block in json.loads(section["blocks"]) if block["number"] in wanted]
    known = _with_known(connection, [candidate])[0]
    return {
        "candidate": known, "blocks": blocks,
        "matches": rows(connection, """select m.*, k.number, k.title_zh, k.title_en from known_matches m join known_findings k on k.id = m.known_id
            where k.report = ? and k.section = ? order by k.number, m.rule_id""", candidate["report"], candidate["cited"]),
        "recommendations": [row for row in rows(connection, f"select * from recommendations where report = ? order by {ORDER}", candidate["report"])
                            if candidate["number"] in (row["answers"] or "").split("、")],
    }


def figure_page(connection: sqlite3.Connection, key: str) -> Row | None:
    """A figure in its paragraph, or in its row of a table."""
    figure = one(connection, "select * from figures where id = ?", key)
    if figure is None:
        return None
    section = one(connection, "select * from sections where id = ?", figure["section"]) or {"blocks": "[]"}
    block = next((block for block in json.loads(section["blocks"]) if block["number"] == figure["block"]), None)
    if block is not None and "rows" in block and figure["row_number"] is not None:
        block = {**block, "rows": [block["rows"][figure["row_number"]]], "figures": {(0, figure["column_number"]): figure}, "figures_of_notes": []}
    elif block is not None:
        block = _with_figures(block, [figure])
    return {"figure": figure, "section": section, "block": block}


def _above(connection: sqlite3.Connection, section: Row) -> list[Row]:
    """The sections that a section stands in, the outermost first."""
    found: list[Row] = []
    while section["parent"]:
        parent = one(connection, "select * from sections where id = ?", section["parent"])
        if parent is None or parent in found:
            break
        found.insert(0, parent)
        section = parent
    return found


def _with_known(connection: sqlite3.Connection, candidates: list[Row]) -> list[Row]:
    """Each candidate with the known findings that name its section."""
    return [{**candidate, "known": rows(connection, "select * from known_findings where report = ? and section = ? order by number",
                                        candidate["report"], candidate["cited"])} for candidate in candidates]


def _with_figures(block: dict[str, Any], figures: list[Row]) -> dict[str, Any]:
    own = [figure for figure in figures if figure["block"] == block["number"]]
    if "rows" not in block:
        return {**block, "figures": own}
    cells = {(figure["row_number"], figure["column_number"]): figure for figure in own if figure["row_number"] is not None}
    return {**block, "figures": cells, "figures_of_notes": [figure for figure in own if figure["row_number"] is None]}


def marked(block: dict[str, Any], address: Any, focus: str = "") -> Markup:
    """The text of a paragraph with each figure marked and linked; the figure of the page itself stands out.

    A figure whose text does not stand at its place is left out: notes over a table share the figures of all of them.
    """
    text, parts, end = block["text"], [], 0
    for figure in sorted(block["figures"], key=lambda figure: figure["offset"]):
        start = figure["offset"] - block.get("offset", 0)
        stop = start + len(figure["printed"] or "")
        if start < end or text[start:stop] != figure["printed"]:
            continue
        parts.append(escape(text[end:start]))
        parts.append(Markup('<a class="figure{}" id="f-{}" href="{}">{}</a>').format(
            " focus" if figure["id"] == focus else "", figure["id"], address("figures", figure["id"]), text[start:stop]))
        end = stop
    return Markup("").join([*parts, escape(text[end:])])
