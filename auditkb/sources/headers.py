"""Which field each column of a sheet is, and in what unit: exactly, or the sheet is refused.

A header is compared with the field's name, its labels and its synonyms after width, space and brackets are made
one. A unit in brackets at its end (`金额（万元）`) is that of the column's bare numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditkb.dictionary import Field, RecordType, normalise_header
from auditkb.errors import Fault, Text, did_you_mean
from auditkb.sources.sheets import column_letter
from auditkb.values import COUNT_UNITS, MONEY_UNITS, RATIO_UNITS, fold

_UNIT = re.compile(r"^(?P<name>.+?)\((?:单位[:为]?)?(?P<unit>[^()]+)\)$")


@dataclass(frozen=True)
class Column:
    """One column of a sheet: where it is, what it holds, and the unit of its bare numbers (None: not known)."""

    position: int
    letter: str
    title: str
    name: str
    field: Field
    unit: str | None


def match_headers(
    record_type: RecordType, headers: Sequence[str], file: Path, line: int | None, *, money_unit: str | None = None
) -> tuple[list[Column], list[Fault]]:
    """The columns of a sheet and every fault of its header row. A column without a header is left to the caller.

    `money_unit` holds for columns of money whose header names no unit.
    """
    columns: dict[str, Column] = {}
    faults: list[Fault] = []
    names = record_type.headers()
    for position, title in enumerate(headers):
        if not title.strip():
            continue
        name, unit = _find(title, names)
        place = f"{column_letter(position)} 列“{_short(title)}”", f'column {column_letter(position)} "{_short(title)}"'
        fault = _unknown(title, record_type, place) if name is None else _fault_of(record_type.fields[name], unit, columns.get(name), place)
        if fault is not None:
            faults.append(Fault(fault[0], file.as_posix(), line, hint=fault[1]))
        elif name is not None:
            field = record_type.fields[name]
            columns[name] = Column(position, column_letter(position), title, name, field, _column_unit(field, unit, money_unit))
    return list(columns.values()), faults


def _fault_of(field: Field, unit: str | None, other: Column | None, place: tuple[str, str]) -> tuple[Text, Text | None] | None:
    if other is not None:
        text = Text(f"{place[0]}与 {other.letter} 列“{_short(other.title)}”都是“{field.label.zh}”",
                    f'{place[1]} and column {other.letter} "{_short(other.title)}" are both "{field.label.en}"')
        return text, Text("只保留一列", "keep one of them")
    if unit is not None and not _is_unit_of(field, unit):
        return Text(f"{place[0]}的单位“{unit}”无法识别", f'{place[1]}: the unit "{unit}" is not known'), _units_of(field)
    return None


def _find(title: str, fields: dict[str, str]) -> tuple[str | None, str | None]:
    """The name of the field that a header means, and the unit in its brackets."""
    whole = normalise_header(title)
    found = _UNIT.match(whole)
    if found is None:
        return fields.get(whole), None
    # `工期(天)` may itself be a synonym; its unit counts all the same.
    name = fields.get(whole)
    if name is not None and not _is_known_unit(found["unit"]):
        return name, None
    return name or fields.get(found["name"]), found["unit"]


def _is_known_unit(unit: str) -> bool:
    counts = (fold(word) for words in COUNT_UNITS.values() for word in words)
    return unit in MONEY_UNITS or unit in RATIO_UNITS or unit in counts


def _unknown(title: str, record_type: RecordType, place: tuple[str, str]) -> tuple[Text, Text]:
    text = Text(f"{place[0]}不是“{record_type.label.zh}”的字段", f'{place[1]} is not a field of "{record_type.label.en}"')
    labels = [field.label for field in record_type.fields.values()]
    near = did_you_mean(title, [label.zh for label in labels] + [label.en for label in labels])
    if near.en.startswith("did you mean"):
        return text, near
    return text, Text(did_you_mean("", [label.zh for label in labels]).zh, did_you_mean("", [label.en for label in labels]).en)


def _is_unit_of(field: Field, unit: str) -> bool:
    if field.type == "money":
        return unit in MONEY_UNITS
    if field.type == "ratio":
        return unit in RATIO_UNITS
    if field.type == "integer":
        return unit in map(fold, COUNT_UNITS.get(field.unit or "", ()))
    return False


def _units_of(field: Field) -> Text | None:
    if field.type == "money":
        return Text("可用：元、万元", "allowed: yuan, 万元 (10,000 yuan)")
    if field.type == "ratio":
        return Text("可用：%、‰", "allowed: %, ‰")
    words = COUNT_UNITS.get(field.unit or "", ())
    return Text(f"可用：{'、'.join(words)}", f"allowed: {', '.join(words)}") if words else Text("这一列没有单位", "this column has no unit")


def _column_unit(field: Field, unit: str | None, money_unit: str | None) -> str | None:
    if field.type == "money":
        return unit or money_unit
    return unit if field.type == "ratio" else None


def _short(title: str) -> str:
    title = " ".join(title.split())
    return title if len(title) <= 30 else title[:30] + "…"
