"""Text of records and reports never becomes markup: whatever stands in a value, the page shows it as text."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from auditkb.dictionary import load_dictionary
from auditkb.labels import read_labels
from web.cells import Cells
from web.reports import marked

HOSTILE = """"><script>alert('x')</script><a href='javascript:x' onclick="x">&"""
LABELS = read_labels(load_dictionary(Path(__file__).resolve().parents[1] / "records"))


class Addresses:
    """Datasette's addresses, as far as a cell asks for them."""

    def row(self, database: str, table: str, key: str) -> str:
        return f"/{database}/{table}/{key}"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name == "href"]


def tags(markup: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Every tag that a browser finds in some markup, with the names of its attributes; links lead to pages of ours."""
    parser = _Tags()
    parser.feed(str(markup))
    assert all(address.startswith("/kb/") for address in parser.addresses)
    return parser.found


@pytest.mark.parametrize("table", sorted(LABELS.tables))
def test_a_cell_shows_any_text_as_text(table: str) -> None:
    cells = Cells(LABELS, Addresses())
    names = list(LABELS.tables[table].columns)
    row = dict.fromkeys(names, HOSTILE) | {"record_type": "contract", "record_key": HOSTILE, "rule_id": HOSTILE, "origin": "rule", "is_gone": 1, "_states": HOSTILE}
    for name in names:
        try:
            shown = str(cells.cell(table, name, row))
        except ValueError:
            # A value that no program writes into a column of days or lists.
            continue
        assert {tag for tag, _ in tags(shown)} <= {"a", "span"} and {one for _, names in tags(shown) for one in names} <= {"href", "class"}, (name, shown)


def test_a_record_that_is_gone_is_told_beside_its_escaped_key() -> None:
    row = {"record_type": "contract", "record_key": HOSTILE, "rule_id": "CON-001", "is_gone": 1}
    shown = Cells(LABELS, Addresses()).cell("findings", "record_key", row)
    assert tags(shown) == [("a", ("href",)), ("span", ("class",))]


def test_a_figure_in_a_paragraph_is_marked_and_nothing_else() -> None:
    figure = {"id": HOSTILE, "offset": len(HOSTILE), "printed": "<b>12"}
    shown = marked({"text": f"{HOSTILE}<b>12</b>{HOSTILE}", "figures": [figure]}, lambda table, key: f"/kb/{table}/{key}")
    assert tags(shown) == [("a", ("class", "id", "href"))]
    assert "&lt;b&gt;12</a>&lt;/b&gt;" in str(shown)
