"""Parameters of rules: what a rule's file says, overlaid by `parameters.yml` of the project and of an office.

The overlay is by organisation and period. Where several lines match a record, the office's file goes before the
project's, and the project's before the rule's own table; within a file the first line wins.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.expressions.functions import kind_in_words
from auditkb.expressions.tree import DATE, FLAG, INTEGER, LIST, MONEY, NUMBER, RATIO, TEXT, Kind
from auditkb.rules.checked import ParameterRow
from auditkb.rules.model import Bilingual, Parameter
from auditkb.yaml_files import YamlFile, load_model

_UNITS = {"days": INTEGER, "workdays": INTEGER, "months": INTEGER, "count": INTEGER, "yuan": MONEY, "ratio": RATIO,
          "points": NUMBER}
ENDS_FIRST = Text("to 早于 from，没有一天在内", "to lies before from: no day is within")


class OverrideLine(BaseModel):
    """One value for an organisation and a period, with where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    organisation: str | None = None
    from_: datetime.date | None = Field(default=None, alias="from")
    to: datetime.date | None = None
    value: Any
    source: Bilingual


class Overrides(RootModel[dict[str, list[OverrideLine]]]):
    """A parameters.yml: `RULE-ID.parameter` -> lines."""


Overlay = dict[str, list[tuple[OverrideLine, YamlFile, tuple[str | int, ...]]]]


def load_overrides(paths: list[Path]) -> Overlay:
    """Lines of every parameters.yml that exists, the first file's lines first."""
    overlay: Overlay = {}
    faults: list[Fault] = []
    for path in paths:
        if not path.exists():
            continue
        try:
            model, file = load_model(Overrides, path)
        except KnowledgeBaseError as error:
            faults += error.faults
            continue
        for name, lines in model.root.items():
            for index, line in enumerate(lines):
                overlay.setdefault(name, []).append((line, file, (name, index, "value")))
    if faults:
        raise KnowledgeBaseError(faults)
    return overlay


def check_overrides(overlay: Overlay, declared: dict[str, Kind]) -> list[Fault]:
    """Faults of lines that name no rule's parameter, give a value of another type or end before they begin."""
    faults = []
    for name, lines in overlay.items():
        for line, file, path in lines:
            if name not in declared:
                faults.append(file.fault((name,), Text(f"没有规则参数“{name}”", f'no rule has the parameter "{name}"'),
                                         key=True, hint=did_you_mean(name, list(declared)), code="P03"))
            elif not value_fits(line.value, declared[name]):
                words = kind_in_words(declared[name])
                faults.append(file.fault(path, Text(f"“{line.value}”不是{words.zh}", f'"{line.value}" is not {words.en}'), code="P01"))
            if line.from_ is not None and line.to is not None and line.from_ > line.to:
                faults.append(file.fault((*path[:-1], "to"), ENDS_FIRST, code="P02"))
    return faults


def kind_of_parameter(parameter: Parameter) -> Kind:
    """The kind of a parameter's value: by its unit, else by the value itself."""
    values = [parameter.default, parameter.otherwise, *[row.get("value") for row in parameter.rows or []]]
    value = next((item for item in values if item is not None), None)
    if isinstance(value, list):
        return LIST
    if parameter.unit is not None:
        return _UNITS[parameter.unit]
    if isinstance(value, bool):
        return FLAG
    if isinstance(value, (int, float)):
        return NUMBER
    if isinstance(value, datetime.date):
        return DATE
    return TEXT


def value_fits(value: Any, kind: Kind) -> bool:
    """Whether a value written in YAML is of `kind`."""
    if kind == LIST:
        return isinstance(value, list)
    if kind == INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind.numeric:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return {"flag": isinstance(value, bool), "date": isinstance(value, datetime.date)}.get(kind.name, isinstance(value, str))


def stored(value: Any) -> Any:
    """A YAML value as engines hold it: dates as ISO text, flags as 0 and 1, lists as tuples."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        return tuple(stored(item) for item in value)
    return value


def override_rows(overlay: Overlay, name: str) -> list[ParameterRow]:
    """The overlay's lines for one parameter as rows that go before the rule's own."""
    rows = []
    for line, file, _ in overlay.get(name, []):
        rows.append(ParameterRow({}, stored(line.value), line.from_.isoformat() if line.from_ else None,
                                 line.to.isoformat() if line.to else None, line.organisation,
                                 Text(line.source.zh, line.source.en), file.name))
    return rows
