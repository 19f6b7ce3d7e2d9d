"""What the names in an expression mean: fields, lets, paths up and down the dictionary, peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditkb.dictionary import Dictionary
from auditkb.dictionary import Field as DictionaryField
from auditkb.errors import Text, did_you_mean
from auditkb.expressions.syntax import Problem
from auditkb.expressions.tree import ChildLetName, Field, Kind, LetName, Rows

PEERS = ("peers", "earlier", "later")
CONSTANTS = ("as_of", "true", "false")


def kind_of(record_type: str, item: DictionaryField) -> Kind:
    """The kind of a dictionary field's values."""
    if item.is_reference:
        return Kind("reference", item.type)
    if item.type == "choice":
        return Kind("choice", f"{record_type}.{item.name}")
    return Kind(item.type)  # type: ignore[arg-type]


@dataclass
class Scope:
    """The names that one expression may use."""

    dictionary: Dictionary
    record_type: str
    parameters: Mapping[str, Kind] = field(default_factory=dict)
    lets: Mapping[str, Kind] = field(default_factory=dict)
    child_lets: Mapping[tuple[str, str], Kind] = field(default_factory=dict)
    has_peers: bool = False
    has_order: bool = False
    peer_lets: frozenset[str] = frozenset()
    """Lets that use no peers: the only ones that a peer has."""

    def names(self) -> list[str]:
        """What may stand at the start of a name, for suggestions."""
        own = self.dictionary[self.record_type].fields
        children = [name for name in self.dictionary.types if self.dictionary.child_link(self.record_type, name)]
        return [*self.lets, *own, *children, *(PEERS if self.has_peers else ()), "as_of"]


@dataclass
class Walk:
    """Where a dotted name leads: rows, and perhaps a value of them."""

    rows: Rows
    value: Field | LetName | ChildLetName | None


def resolve(parts: list[str], scope: Scope, offset: int) -> Walk | Problem:
    """Follow a dotted name from the checked record. A walk with steps down is for aggregates only."""
    first = parts[0]
    if first in PEERS:
        return _resolve_peer(parts, scope, offset)
    if len(parts) == 1 and first in scope.lets:
        return Walk(Rows((), ()), LetName(first, scope.lets[first]))
    if len(parts) > 1 and first == scope.record_type and first not in scope.dictionary[first].fields:
        parts = parts[1:]
    return _follow(parts, scope, offset)


def _resolve_peer(parts: list[str], scope: Scope, offset: int) -> Walk | Problem:
    if not scope.has_peers:
        return Problem(offset, Text(f"规则没有声明 peers，不能使用 {parts[0]}", f"the rule declares no peers, so {parts[0]} means nothing"), code="X11")
    if parts[0] != "peers" and not scope.has_order:
        return Problem(offset, Text(f"peers 没有写 order，不能使用 {parts[0]}", f"peers has no order, so {parts[0]} means nothing"), code="X11")
    rows = Rows((), (), peers=parts[0], path=parts[0])  # type: ignore[arg-type]
    if len(parts) == 1:
        return Walk(rows, None)
    if len(parts) == 2 and parts[1] in scope.lets:
        if parts[1] not in scope.peer_lets:
            return Problem(offset, Text(f"同组记录没有 {parts[1]}：它自己用到了同组记录", f"a peer has no {parts[1]}: that let uses peers itself"), code="X11")
        return Walk(rows, LetName(parts[1], scope.lets[parts[1]], level=1))
    walk = _follow(parts[1:], scope, offset)
    if isinstance(walk, Problem):
        return walk
    if walk.rows.downs or not isinstance(walk.value, Field):
        return Problem(offset, Text("同组记录之下不能再往下取记录", "a path cannot go down from a peer"), code="X11")
    item = walk.value
    return Walk(rows, Field(1, item.ups, item.name, item.kind, ".".join(parts), item.compared))


def _follow(parts: list[str], scope: Scope, offset: int) -> Walk | Problem:
    dictionary, here = scope.dictionary, scope.record_type
    base_ups: tuple[str, ...] = ()
    ups: list[str] = []
    downs: list[tuple[str, str]] = []
    for index, part in enumerate(parts):
        record_type, last = dictionary[here], index == len(parts) - 1
        item = record_type.fields.get(part)
        if item is not None and last:
            name = Field(len(downs), tuple(ups), part, kind_of(here, item), ".".join(parts), item.compared)
            return Walk(_rows(base_ups if downs else (), downs, parts[:index]), name)
        if item is not None and item.is_reference:
            ups.append(part)
            here = item.type
            continue
        if last and downs and (downs[-1][0], part) in scope.child_lets and not ups:
            kind = scope.child_lets[(downs[-1][0], part)]
            return Walk(_rows(base_ups, downs, parts[:index]), ChildLetName(downs[-1][0], part, kind, len(downs)))
        link = dictionary.child_link(here, part) if part in dictionary.types else None
        if link is None:
            return _unknown(part, here, scope, offset + sum(len(p) + 1 for p in parts[:index]), first=index == 0)
        if not downs:
            base_ups, ups = tuple(ups), []
        elif ups:
            return Problem(offset, Text("路径只能先向上再向下", "a path goes up first and then down"), code="X10")
        downs.append((part, link))
        here = part
    return Walk(_rows(base_ups, downs, parts), None)


def _rows(ups: tuple[str, ...], downs: list[tuple[str, str]], parts: list[str]) -> Rows:
    if not downs:
        return Rows((), ())
    steps = len(ups) + len(downs)
    return Rows(ups, tuple(downs), path=".".join(parts[:steps]))


def _unknown(part: str, here: str, scope: Scope, offset: int, *, first: bool) -> Problem:
    label = scope.dictionary[here].label
    allowed = scope.names() if first else list(scope.dictionary[here].fields)
    if not first:
        allowed += [name for name in scope.dictionary.types if scope.dictionary.child_link(here, name)]
    return Problem(offset, Text(f"“{label.zh}”（{here}）没有字段“{part}”", f'{here} has no field "{part}"'),
                   _meant(part, scope, allowed) if first else did_you_mean(part, allowed), "X04")


def _meant(part: str, scope: Scope, allowed: list[str]) -> Text:
    """What an unknown first name may be: a parameter, a choice, rows of a record above, or another name."""
    dictionary, fields = scope.dictionary, scope.dictionary[scope.record_type].fields
    if part in scope.parameters:
        return Text(f"参数写作 :{part}", f"a parameter is written :{part}")
    above = [name for name, item in fields.items() if item.is_reference and part in dictionary.types and dictionary.child_link(item.type, part)]
    if above:
        paths = ", ".join(f"{name}.{part}" for name in above)
        return Text(f"它在上级记录之下：{paths}", f"it belongs to a record above: {paths}")
    if any(part in (item.choices or {}) for record_type in dictionary.types.values() for item in record_type.fields.values()):
        return Text(f"选项加单引号：'{part}'", f"a choice takes single quotes: '{part}'")
    return did_you_mean(part, allowed)
