"""Markdown of generated pages: tables, links, marks; nothing of rules in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditkb.errors import Text


def made_by(source: str) -> str:
    """The first line of a generated file."""
    return f"<!-- 由 python -m auditkb.generated 根据 {source} 生成，请勿手改。Made by python -m auditkb.generated from {source}; do not edit. -->"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table with its lines; the cells may hold anything but line breaks, which become blanks."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines] + [""]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def bullets(items: Sequence[str]) -> list[str]:
    """A list, one item a line."""
    return [f"- {item}" for item in items] + [""]


def anchor(heading: str) -> str:
    """The place that a heading makes, as GitHub names it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def both(text: Text) -> str:
    """Chinese and English on one line; once where they are the same."""
    return text.zh if text.zh == text.en else f"{text.zh} · {text.en}"


def page(lines: Sequence[str]) -> str:
    """The text of a file: no two empty lines together, one line end at the end."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
