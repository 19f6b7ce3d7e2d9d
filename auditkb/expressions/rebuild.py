"""Trees taken apart: each place with a way to put another node there, and an expression as a rule would write it.

Lint changes one comparison at a time by them, and the tests make their mutants of rules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from auditkb.expressions.tree import (
    Aggregate, Arithmetic, Blank, Call, Case, ChildLetName, Compare, Constant, Field, In, LetName, Logic, Missing, Node, Not,
    Parameter, Points,
)


def sites(node: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Every node of a tree with a function that gives the tree with another node in its place."""
    yield node, lambda new: new
    for item in dataclasses.fields(node):
        for part, put in _parts(getattr(node, item.name)):
            for inner, rebuilt in sites(part):
                yield inner, _within(node, item.name, put, rebuilt)


def _within(node: Node, name: str, put: Callable[[Node], Any], rebuilt: Callable[[Node], Node]) -> Callable[[Node], Node]:
    return lambda new: replace(node, **{name: put(rebuilt(new))})


def _parts(value: Any) -> Iterator[tuple[Node, Callable[[Node], Any]]]:
    if isinstance(value, tuple):
        for index, inner in enumerate(value):
            for part, put in _parts(inner):
                yield part, _at(value, index, put)
    elif isinstance(value, Node):
        yield value, lambda new: new


def _at(value: tuple, index: int, put: Callable[[Node], Any]) -> Callable[[Node], tuple]:
    return lambda new: (*value[:index], put(new), *value[index + 1:])


def written(node: Node) -> str:
    """An expression as a rule would write it."""
    if isinstance(node, Constant):
        return repr(node.value)
    if isinstance(node, Field):
        return node.path
    if isinstance(node, LetName):
        return node.name
    if isinstance(node, ChildLetName):
        return f"{node.child}.{node.name}"
    if isinstance(node, Parameter):
        return f":{node.name}"
    if isinstance(node, (Compare, Arithmetic)):
        return f"{written(node.left)} {node.operator} {written(node.right)}"
    if isinstance(node, Logic):
        return f" {node.operator} ".join(f"({written(item)})" for item in node.items)
    if isinstance(node, Not):
        return f"not ({written(node.item)})"
    if isinstance(node, In):
        listed = written(node.values) if isinstance(node.values, Parameter) else "(" + ", ".join(map(written, node.values)) + ")"
        return f"{written(node.item)} in {listed}"
    if isinstance(node, Call):
        return f"{node.function}({', '.join(map(written, node.arguments))})"
    if isinstance(node, Blank):
        return f"blank({node.item.path})"
    return _written_rows(node)


def _written_rows(node: Node) -> str:
    if isinstance(node, Aggregate):
        inside = ("distinct " if node.distinct else "") + (written(node.operand) if node.operand is not None else node.rows.path)
        text, condition = f"{node.function}({inside})", node.condition
    elif isinstance(node, Missing):
        text, condition = f"missing({written(node.items)}, {written(node.operand)})", node.condition
    elif isinstance(node, Case):
        text, condition = "case", None
    else:
        assert not isinstance(node, Points) or node.pairs
        text, condition = "as_of" if not isinstance(node, Points) else "points", None
    return text if condition is None else f"{text} where {written(condition)}"
