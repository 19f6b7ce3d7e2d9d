"""Writes what Datasette is told about the tables into `metadata.yml`, from the dictionary and the table labels.

`python -m auditkb.generated` rewrites the generated lines of each table.
What a person wrote above the marker of a table (facets, sort order, hidden) stays. Column texts read `短名：说明`.
"""

from __future__ import annotations

import json
from pathlib import Path

from auditkb.dictionary_files import load_dictionary
from auditkb.labels import Column, Labels, Table, read_labels

ROOT = Path(__file__).parents[1]
FILE = ROOT / "metadata.yml"
MARKER = "        # Made by python -m auditkb.generated; do not edit below."
TABLES = "    tables:"
UNITS = {"yuan": "元", "days": "天", "months": "个月", "month": "个月"}


def generated(table: Table) -> list[str]:
    """The generated lines of one table: title, description, what names a row, facets, columns."""
    lines = [MARKER, f"        title: {_quoted(table.label.zh)}"]
    if table.description is not None:
        lines.append(f"        description: {_quoted(table.description.zh)}")
    if label_column := _label_column(table):
        lines.append(f"        label_column: {label_column}")
    if table.facets:
        lines.append(f"        facets: [{', '.join(table.facets)}]")
    lines.append("        columns:")
    lines += [f"          {column.name}: {_quoted(_described(column))}" for column in table.columns.values()]
    return lines if table.columns else lines[:-1]


def _label_column(table: Table) -> str | None:
    if table.opens is None or table.opens in table.columns:
        return table.opens
    return f"{table.opens}_zh"


def _described(column: Column) -> str:
    unit = UNITS.get(column.unit or "", "")
    label = column.label.zh + (f"（{unit}）" if unit else "")
    return label if column.description is None else f"{label}：{column.description.zh}"


def _quoted(text: str) -> str:
    # JSON text is YAML text, whatever stands in it.
    return json.dumps(text, ensure_ascii=False)


def refreshed(text: str, labels: Labels) -> str:
    """`metadata.yml` with the generated lines of every table made anew; tables that are missing are added at the end."""
    head, _, rest = text.partition(TABLES + "\n")
    written = _hand_written(rest)
    lines = [head + TABLES]
    for name in [*written, *(name for name in labels.tables if name not in written)]:
        lines += [f"      {name}:", *written.get(name, [])]
        if name in labels.tables:
            lines += generated(labels.tables[name])
    return "\n".join(lines) + "\n"


def _hand_written(rest: str) -> dict[str, list[str]]:
    """What people wrote for each table: its lines above the marker."""
    written: dict[str, list[str]] = {}
    lines: list[str] = []
    is_generated = False
    for line in rest.splitlines():
        if line.startswith("      ") and line[6] not in " #":
            lines = written.setdefault(line.strip().rstrip(":"), [])
            is_generated = False
        elif line == MARKER:
            is_generated = True
        elif not is_generated and line.strip():
            lines.append(line)
    return written


def text() -> str:
    """`metadata.yml` as it should be."""
    return refreshed(FILE.read_text("utf-8"), read_labels(load_dictionary(ROOT / "records")))
