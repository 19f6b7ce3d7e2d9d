"""What a rule needs to come to an outcome: fields by record type, types that must be loaded, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auditkb.dictionary import Dictionary
from auditkb.expressions.names import PEERS
from auditkb.expressions.tree import Aggregate, ChildLetName, Field, LetName, Missing, Node, Parameter, Rows, walk
from auditkb.rules.checked import Rule


@dataclass
class Needs:
    """Names in the order in which the rule asks for them."""

    fields: dict[str, dict[str, None]] = field(default_factory=dict)
    """Record type -> fields of it, with the references by which it is reached."""
    loaded: dict[str, None] = field(default_factory=dict)
    """Record types of which rows are counted, added up or looked for."""

    def add(self, record_type: str, name: str) -> None:
        """Note a field."""
        self.fields.setdefault(record_type, {})[name] = None


def needs_of(rule: Rule, dictionary: Dictionary) -> Needs:
    """What the outcome rests on; what only the message, the evidence or the severity shows is left out."""
    needs = Needs()
    for node in _deciding(rule):
        if isinstance(node, Field):
            _add_path(needs, dictionary, rule.checks, node.path)
        elif isinstance(node, (Aggregate, Missing)):
            _add_rows(needs, dictionary, rule.checks, node.rows)
    return needs


def _deciding(rule: Rule) -> Iterator[Node]:
    """Every node that the outcome may depend on, each let followed once."""
    todo: list[Node] = [node for node in (rule.applies, rule.fails) if node is not None]
    todo += rule.event_date if rule.is_dated else ()
    seen: set[object] = set()
    while todo:
        for node in walk(todo.pop(0)):
            yield node
            todo += _behind(rule, node, seen)


def _behind(rule: Rule, node: Node, seen: set[object]) -> list[Node]:
    """What stands behind a name: the let's expression, the parameter's table, the group of peers, what stands in."""
    found: list[Node | None] = []
    if isinstance(node, (LetName, ChildLetName, Parameter)) and (type(node), node.name) not in seen:
        seen.add((type(node), node.name))
        if isinstance(node, LetName):
            found.append(rule.lets.get(node.name))
        elif isinstance(node, ChildLetName):
            found.append(rule.child_lets.get((node.child, node.name)))
        elif node.name in rule.parameters:
            table = rule.parameters[node.name]
            found += [*table.by, table.field]
    if isinstance(node, (Field, LetName)):
        name = node.path if isinstance(node, Field) else node.name
        found += [item for one in rule.assumptions if one.target == name and ("stand-in", name) not in seen for item in one.stand_ins]
        seen.add(("stand-in", name))
    if isinstance(node, (Aggregate, Missing)) and node.rows.peers is not None and rule.peers is not None and "peers" not in seen:
        seen.add("peers")
        found += [*rule.peers.same, *rule.peers.different, rule.peers.order, rule.peers.within_days]
    return [item for item in found if item is not None]


def _add_path(needs: Needs, dictionary: Dictionary, record_type: str, path: str) -> None:
    """Every field along a path: references up, then the value; a step that is a record type goes down to its rows."""
    for step in (step for step in path.split(".") if step and step not in PEERS):
        entry = dictionary[record_type].fields.get(step)
        if entry is not None:
            needs.add(record_type, step)
            record_type = entry.type
        elif (link := dictionary.child_link(record_type, step)) is not None:
            needs.add(step, link)
            record_type = step
        else:
            record_type = step


def _add_rows(needs: Needs, dictionary: Dictionary, record_type: str, rows: Rows) -> None:
    if rows.peers is not None:
        needs.loaded[record_type] = None
        return
    _add_path(needs, dictionary, record_type, ".".join(rows.ups))
    for child, link in rows.downs:
        needs.add(child, link)
        needs.loaded[child] = None
