"""The typed tree of a rule's expressions: what is compared, without a word of how an engine does it.

Nodes are frozen and compare by value, so that two expressions that ask the same thing are one node.
A `level` says which row a name belongs to: 0 is the checked record, k the k-th step down of the enclosing aggregate
(for peers: 1 is the peer).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal, get_args

NUMERIC = ("money", "ratio", "integer", "number")


@dataclass(frozen=True)
class Kind:
    """The type of a value. `of` is the record type of a reference, or `<type>.<field>` of a choice."""

    name: Literal["date", "money", "ratio", "integer", "number", "flag", "text", "choice", "reference", "list"]
    of: str | None = None

    @property
    def numeric(self) -> bool:
        """Whether the value can be added and ordered as a number."""
        return self.name in NUMERIC


FLAG, DATE, MONEY, RATIO, INTEGER, NUMBER, TEXT, LIST = (
    Kind("flag"), Kind("date"), Kind("money"), Kind("ratio"), Kind("integer"), Kind("number"), Kind("text"),
    Kind("list"))


@dataclass(frozen=True)
class Constant:
    """A value written in the expression. A date is ISO text, a flag is 0 or 1."""

    value: str | int | float
    kind: Kind


@dataclass(frozen=True)
class Field:
    """A field reached from a row by following references upwards: `contract.supplier.size`."""

    level: int
    ups: tuple[str, ...]
    name: str
    kind: Kind
    path: str
    """As written in rules, from the checked record on: `tender.quote.amount`."""
    compared: bool = False


@dataclass(frozen=True)
class LetName:
    """A `let` of the rule, of the checked record (level 0) or of a peer (level 1)."""

    name: str
    kind: Kind
    level: int = 0


@dataclass(frozen=True)
class ChildLetName:
    """A `let` computed for each child row: `acceptance.roles_missing`."""

    child: str
    name: str
    kind: Kind
    level: int


@dataclass(frozen=True)
class Parameter:
    """A parameter of the rule, valued by organisation, date and table."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class AsOf:
    """The run's day."""

    kind: Kind = DATE


@dataclass(frozen=True)
class Compare:
    """`=  <>  <  <=  >  >=` of two values of one kind."""

    operator: Literal["=", "<>", "<", "<=", ">", ">="]
    left: Node
    right: Node
    kind: Kind = FLAG


@dataclass(frozen=True)
class Logic:
    """`and` / `or` of conditions, three-valued."""

    operator: Literal["and", "or"]
    items: tuple[Node, ...]
    kind: Kind = FLAG


@dataclass(frozen=True)
class Not:
    """Three-valued negation."""

    item: Node
    kind: Kind = FLAG


@dataclass(frozen=True)
class In:
    """Membership in written values or in a list parameter."""

    item: Node
    values: tuple[Node, ...] | Parameter
    kind: Kind = FLAG


@dataclass(frozen=True)
class Arithmetic:
    """`+ - * /`. Money results are rounded to the cent."""

    operator: Literal["+", "-", "*", "/"]
    left: Node
    right: Node
    kind: Kind


@dataclass(frozen=True)
class Call:
    """A function of values of one row: `days_between`, `least`, `add_months` …"""

    function: str
    arguments: tuple[Node, ...]
    kind: Kind


@dataclass(frozen=True)
class Case:
    """`case when … then … else … end`; unknown where a condition that is reached is unknown."""

    branches: tuple[tuple[Node, Node], ...]
    default: Node | None
    kind: Kind


@dataclass(frozen=True)
class Blank:
    """`blank(field)`: the paper itself is blank; on a reference: there is none."""

    item: Field
    kind: Kind = FLAG


@dataclass(frozen=True)
class Points:
    """The sum of the weights whose conditions hold; open where a condition is unknown."""

    pairs: tuple[tuple[Node, Node], ...]
    kind: Kind = NUMBER


@dataclass(frozen=True)
class Rows:
    """The rows that an aggregate looks at: up the references, then down the record types; or the row's peers."""

    ups: tuple[str, ...]
    downs: tuple[tuple[str, str], ...]
    """(record type, its reference field that leads back up), from the top."""
    peers: Literal["peers", "earlier", "later"] | None = None
    path: str = ""


@dataclass(frozen=True)
class Aggregate:
    """`count sum min max median` over rows, with an optional filter."""

    function: Literal["count", "sum", "min", "max", "median"]
    rows: Rows
    operand: Node | None
    distinct: bool
    condition: Node | None
    kind: Kind
    signed: bool = True
    """Whether the operand may be negative: then an open sum has no bound."""
    refunds: bool = False
    """Whether a recorded operand may be negative all the same."""


@dataclass(frozen=True)
class Missing:
    """The items of a list parameter that no row has, in the list's order, as text."""

    items: Parameter
    rows: Rows
    operand: Node
    condition: Node | None
    kind: Kind = TEXT


Node = (
    Constant | Field | LetName | ChildLetName | Parameter | AsOf | Compare | Logic | Not | In | Arithmetic | Call
    | Case | Blank | Points | Aggregate | Missing
)
_NODES = get_args(Node)


def children(node: object) -> Iterator[Node]:
    """The nodes directly inside `node`."""
    kind: Any = type(node)
    for name in _field_names(kind):
        yield from _nodes(getattr(node, name))


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Names of the fields that may hold nodes; asked once a class, since trees are walked often."""
    return tuple(item.name for item in fields(kind) if item.name not in ("kind", "rows", "operator", "function", "path"))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)
    elif isinstance(value, _NODES):
        yield value


def walk(node: Node) -> Iterator[Node]:
    """`node` and every node below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)
