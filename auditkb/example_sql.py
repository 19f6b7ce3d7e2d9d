"""The SQL by which a rule's examples are run: for the rule's own values, those that an example sets, and the example's day."""

from __future__ import annotations

import dataclasses
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.engines import sqlite as engine
from auditkb.errors import Text
from auditkb.parameters import stored
from auditkb.rules.checked import ParameterRow, Rule
from auditkb.rules.model import Example

AS_OF = "2026-11-22"


class ExampleSql:
    """A rule's SQL for each of its examples. Most examples set nothing, and share one that is written once."""

    def __init__(self, rule: Rule, dictionary: Dictionary):
        self._rule, self._dictionary = rule, dictionary
        self._prepared: dict[tuple[str, str], engine.RuleSql] = {}

    def of(self, example: Example, day: str | None = None) -> engine.RuleSql:
        """The SQL for an example, on its own day (ISO) or on another."""
        key = (repr(example.with_), day or day_of(example))
        if key not in self._prepared:
            self._prepared[key] = engine.prepare(with_parameters(self._rule, example.with_), self._dictionary, key[1])
        return self._prepared[key]


def day_of(example: Example) -> str:
    """The run's day of an example (ISO)."""
    return example.as_of.isoformat() if example.as_of else AS_OF


def own_values(rule: Rule) -> Rule:
    """The rule without the values that `parameters.yml` lays over its own."""
    tables = {name: dataclasses.replace(table, rows=tuple(row for row in table.rows if row.source is None)) for name, table in rule.parameters.items()}
    return dataclasses.replace(rule, parameters=tables)


def with_parameters(rule: Rule, values: dict[str, Any]) -> Rule:
    """The rule with other parameter values for every record, as an office may set them."""
    if not values:
        return rule
    tables = dict(rule.parameters)
    for name, value in values.items():
        first = ParameterRow({}, stored(value), source=Text("例中设定", "set in the example"))
        tables[name] = dataclasses.replace(tables[name], rows=(first, *tables[name].rows))
    return dataclasses.replace(rule, parameters=tables)
