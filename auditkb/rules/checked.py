"""A rule whose every name and type is known: what the compiler works from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from auditkb.expressions.tree import Field, Kind, LetName, Node, Rows, walk
from auditkb.rules.model import Criterion, RuleFile
from auditkb.yaml_files import YamlFile


@dataclass(frozen=True)
class ParameterRow:
    """One line of a parameter's table. `matches` has the allowed values of each `by` that the line names."""

    matches: dict[int, tuple[Any, ...]]
    value: Any
    starts_on: str | None = None
    ends_on: str | None = None
    organisation: str | None = None
    source: Any = None
    """None: the rule's own; else a bilingual text that names where the value comes from."""
    origin: str | None = field(default=None, repr=False, compare=False)
    """The parameters.yml that sets the value, for listings; what a rule decides does not depend on it."""


@dataclass(frozen=True)
class ParameterTable:
    """A parameter as the compiler needs it: the first row that matches gives the value."""

    name: str
    kind: Kind
    unit: str | None
    by: tuple[Node, ...]
    rows: tuple[ParameterRow, ...]
    field: Node | None = None
    """Used where no row matches: the record's own value."""
    at_most: Node | None = None
    at_least: Node | None = None
    of: Kind | None = None
    """For a list: the kind of its items, when they are choices of a field."""

    @property
    def is_dated(self) -> bool:
        """Whether the value depends on the record's event date."""
        return any(row.starts_on or row.ends_on for row in self.rows)


@dataclass(frozen=True)
class Assumption:
    """A field or let and what stands in for it where it is unknown, in order of preference."""

    target: str
    field: Field | None
    stand_ins: tuple[Node, ...]


@dataclass(frozen=True)
class Peers:
    """The typed form of `peers`."""

    same: tuple[Field | LetName, ...]
    different: tuple[Field | LetName, ...]
    order: Field | LetName | None
    within_days: Node | None


@dataclass(frozen=True)
class EvidenceItem:
    """One thing that a finding shows: a value, or a set of rows."""

    name: str
    node: Node | None
    rows: Rows | None


@dataclass
class Rule:
    """One checked rule. Trees are None where the file leaves the key out."""

    file: RuleFile
    source: YamlFile
    event_date: tuple[Field, ...]
    parameters: dict[str, ParameterTable]
    assumptions: tuple[Assumption, ...]
    peers: Peers | None
    lets: dict[str, Node]
    child_lets: dict[tuple[str, str], Node]
    applies: Node | None
    fails: Node
    high_when: Node | None
    amount: tuple[Node, ...]
    """The first that is known; where only a bound of the last one is, that bound."""
    evidence: tuple[EvidenceItem, ...]
    shown: dict[str, Node]
    """Every name that the message uses."""
    criteria: tuple[tuple[Criterion, Node | None], ...] = field(default=())
    lineage: str = ""
    """The id under which findings are kept: that of the first rule in the line of replacements."""

    def __post_init__(self) -> None:
        self.lineage = self.lineage or self.file.replaces or self.file.id

    @property
    def id(self) -> str:
        """The rule's id, such as CON-002."""
        return self.file.id

    @property
    def checks(self) -> str:
        """The record type of which every row gets an outcome."""
        return self.file.checks

    @property
    def is_dated(self) -> bool:
        """Whether outcomes depend on the event date."""
        valid = self.file.valid
        return valid is not None or any(table.is_dated for table in self.parameters.values())

    @property
    def has_assumptions(self) -> bool:
        """Whether something may stand in for what is not recorded."""
        return bool(self.assumptions) or (self.is_dated and len(self.event_date) > 1)

    @property
    def hash(self) -> str:
        """What decides outcomes, as a hash: wording and examples do not count, parameters in force do."""
        parts = self.file.model_dump(mode="json", include={
            "checks", "event_date", "valid", "assumes", "peers", "applies_when", "let", "fails_when", "exempt_by"})
        tables = {name: repr(table) for name, table in self.parameters.items()}
        text = json.dumps([parts, tables], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def nodes(self) -> list[Node]:
        """Every expression of the rule."""
        roots: list[Node | None] = [self.applies, self.fails, self.high_when, *self.amount, *self.lets.values(),
                                    *self.child_lets.values(), *self.event_date, *self.shown.values()]
        roots += [item.node for item in self.evidence]
        roots += [node for _, node in self.criteria]
        for table in self.parameters.values():
            roots += [*table.by, table.field, table.at_most, table.at_least]
        for assumption in self.assumptions:
            roots += [assumption.field, *assumption.stand_ins]
        if self.peers is not None:
            roots += [*self.peers.same, *self.peers.different, self.peers.order, self.peers.within_days]
        return [node for node in roots if node is not None]

    def uses_as_of(self) -> bool:
        """Whether an outcome can change by the mere passing of time."""
        return any(type(part).__name__ == "AsOf" for root in self.nodes() for part in walk(root))
