"""The dates of a record and of what hangs under it, placed on a line. Pure; the template draws it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from auditkb.errors import Text
from auditkb.labels import Labels, Table

# Dots nearer than this (per cent of the line) stand one above the other; on a phone the line is short.
NEAREST = 4.0
NEAREST_ON_A_PHONE = 10.0
MOST = 24


@dataclass
class Mark:
    """One dated fact; `place` is per cent of the line, `level` counts from the line upwards (`narrow_level` on a phone)."""

    day: str
    label: Text
    table: str
    key: str
    field: str
    place: float = 0.0
    level: int = 0
    narrow_level: int = 0


@dataclass(frozen=True)
class Timeline:
    """Marks in the order of their dates, and the contract's term as a bar."""

    marks: list[Mark]
    term: tuple[float, float] | None
    levels: int
    narrow_levels: int


def timeline(labels: Labels, table: Table, record: dict[str, Any], children: list[dict[str, Any]]) -> Timeline | None:
    """All dates of `record` and its children; None where there are fewer than two."""
    marks = _marks(labels, table, record)
    for child in children:
        if child["is_child"]:
            for row in child["rows"]:
                marks += _marks(labels, child["table"], row, child["table"].label)
    marks = sorted(marks, key=lambda mark: mark.day)[:MOST]
    if len({mark.day for mark in marks}) < 2:
        return None
    first, last = _day(marks[0].day), _day(marks[-1].day)
    span = (last - first).days
    for mark in marks:
        mark.place = round((_day(mark.day) - first).days / span * 100, 2)
    levels, narrow = _stacked(marks, NEAREST), _stacked(marks, NEAREST_ON_A_PHONE)
    for mark, level, narrow_level in zip(marks, levels, narrow, strict=True):
        mark.level, mark.narrow_level = level, narrow_level
    return Timeline(marks, _term(record, first, span), max(levels) + 1, max(narrow) + 1)


def _marks(labels: Labels, table: Table, record: dict[str, Any], of: Text | None = None) -> list[Mark]:
    found = []
    for column in table.columns.values():
        day = record.get(column.name)
        if column.type != "date" or not _is_day(day):
            continue
        label = column.label if of is None else Text(f"{of.zh}：{column.label.zh}", f"{of.en}: {column.label.en}")
        found.append(Mark(str(day), label, table.name, str(record["key"]), column.name))
    return found


def _stacked(marks: list[Mark], nearest: float) -> list[int]:
    """The level of each mark: the lowest one where nothing stands too near."""
    ends: list[float] = []
    levels = []
    for mark in marks:
        level = next((number for number, end in enumerate(ends) if mark.place - end >= nearest), len(ends))
        ends[level:level + 1] = [mark.place]
        levels.append(level)
    return levels


def _term(record: dict[str, Any], first: datetime.date, span: int) -> tuple[float, float] | None:
    starts, ends = record.get("starts_on"), record.get("ends_on")
    if not _is_day(starts) or not _is_day(ends):
        return None
    begin = (_day(str(starts)) - first).days / span * 100
    return round(begin, 2), round((_day(str(ends)) - first).days / span * 100 - begin, 2)


def _is_day(value: Any) -> bool:
    try:
        datetime.date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _day(value: str) -> datetime.date:
    return datetime.date.fromisoformat(value)
