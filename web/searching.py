"""The site's search: rows in which every word occurs somewhere, whatever its width, case or separators of thousands."""

from __future__ import annotations

import re
import sqlite3
from decimal import Decimal, InvalidOperation
from typing import Any

from auditkb.labels import Labels, Table
from auditkb.texts import fold
from web.queries import columns_of, has_table, quoted, rows

MOST_WORDS = 8
SHOWN = 20
SHOWN_OF_ONE = 500
# Folding costs 15 µs a row; in a larger table only case, spaces and brackets are made alike.
MOST_FOLDED = 100_000
# Of a section the paragraphs and the cells of its tables; what else reports hold by its own words.
_TEXTS_OF_REPORTS = {
    "reports": ("id", "title", "organisation", "file"), "sections": ("cited", "title", "blocks"),
    "candidate_findings": ("number", "department", "project", "text"), "recommendations": ("title", "text"),
    "name_problems": ("printed", "nearest"),
}
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{3,}(?:\.\d+)?")


def search(connection: sqlite3.Connection, labels: Labels, words: str, only: str = "") -> list[dict[str, Any]]:
    """Hits by table: findings, known findings, rules, reports and what stands in them, then records by names, numbers and amounts.

    `only` names the one table that is asked for more.
    """
    parts = [_Word(part) for part in words.split()[:MOST_WORDS]]
    parts = [part for part in parts if part.spellings]
    if not parts:
        return []
    connection.create_function("folded", 1, lambda text: fold(str(text)), deterministic=True)
    limit = SHOWN_OF_ONE if only else SHOWN
    found = []
    for table in _searched(labels):
        if not has_table(connection, table.name) or only not in ("", table.name):
            continue
        present = set(columns_of(connection, table.name))
        columns = [name for name in _texts(table) if name in present]
        if not columns:
            continue
        amounts = [name for name, column in table.columns.items() if column.type == "money" and name in present]
        text = " || '¦' || ".join(f"coalesce({_words_of(name)}, '')" for name in columns)
        where, values = _condition(_alike(connection, table.name, text), amounts, parts)
        hits = rows(connection, f"select * from {quoted(table.name)} where {where} limit {limit + 1}", *values)
        if hits:
            found.append({"table": table, "rows": hits[:limit], "more": len(hits) > limit})
    return found


class _Word:
    """A word of the query: how it may be spelt in the data, and the amount that it may be."""

    def __init__(self, word: str):
        plain = fold(word).replace("¦", "")
        self.spellings = [plain] if plain else []
        self.amount: float | None = None
        if not _AMOUNT.fullmatch(plain):
            return
        try:
            value = Decimal(plain.replace(",", ""))
        except InvalidOperation:
            return
        self.amount = float(value)
        self.spellings = list(dict.fromkeys([plain, plain.replace(",", ""), f"{value:,}"]))


def _alike(connection: sqlite3.Connection, table: str, text: str) -> str:
    """SQL of the text as words are compared with it."""
    last = rows(connection, f"select max(rowid) as last from {quoted(table)}")[0]["last"] or 0
    if last <= MOST_FOLDED:
        return f"folded({text})"
    return f"replace(replace(replace(lower({text}), ' ', ''), '（', '('), '）', ')')"


def _condition(text: str, amounts: list[str], words: list[_Word]) -> tuple[str, list[object]]:
    """SQL that every word occurs, and its values; the bar between the columns of a text belongs to no word."""
    conditions: list[str] = []
    values: list[object] = []
    for word in words:
        ways = [f"instr({text}, ?) > 0"] * len(word.spellings)
        values += word.spellings
        if word.amount is not None:
            ways += [f"{quoted(name)} = ?" for name in amounts]
            values += [word.amount] * len(amounts)
        conditions.append("(" + " or ".join(ways) + ")")
    return " and ".join(conditions), values


def _searched(labels: Labels) -> list[Table]:
    own = [labels.tables[name] for name in ("findings", "known_findings", "rules", *_TEXTS_OF_REPORTS) if name in labels]
    return own + labels.records


def _words_of(column: str) -> str:
    """SQL of the text of a column; of paragraphs and tables kept as JSON their words without the names of its parts."""
    if column != "blocks":
        return quoted(column)
    return """(select group_concat(atom, ' ') from json_tree(blocks) where type = 'text' and path not like '%.place' and coalesce(key, '') <> 'table')"""


def _texts(table: Table) -> list[str]:
    """Columns worth searching: what names a record; for own tables their texts."""
    if table.name in _TEXTS_OF_REPORTS:
        return list(_TEXTS_OF_REPORTS[table.name])
    if table.is_record:
        names = {table.opens, "key", "title", "name", "number"}
        return [name for name in table.columns if name in names]
    return [name for name in table.columns if name == "id" or name.endswith(("_zh", "_en")) or name in ("record_key", "project")]
