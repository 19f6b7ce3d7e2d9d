"""Checking function calls: known names, the right number and kind of arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from auditkb.errors import Text, did_you_mean
from auditkb.expressions import functions
from auditkb.expressions.syntax import Problem, call_parts
from auditkb.expressions.tree import DATE, INTEGER, NUMBER, Blank, Call, Field, Kind, Node, Points


class CallChecks:
    """The part of the checker that knows functions; `Checker` supplies the rest."""

    text: str
    problems: list[Problem]

    if TYPE_CHECKING:
        def say(self, tree: exp.Expr, text: Text, hint: Text | None = None, code: str = "X03") -> None: ...
        def check(self, tree: exp.Expr) -> Node | None: ...
        def condition(self, tree: exp.Expr) -> Node | None: ...
        def aggregate(self, tree: exp.Expr, condition: exp.Expr | None) -> Node | None: ...
        def offset(self, tree: exp.Expr) -> int: ...

    def call(self, tree: exp.Func) -> Node | None:
        """The node of a function call."""
        name, arguments = call_parts(tree)
        if name in functions.AGGREGATES:
            return self.aggregate(tree, None)
        if name == "blank":
            return self._blank(tree, arguments)
        if name == "points":
            return self._points(tree, arguments)
        signature = functions.FUNCTIONS.get(name)
        written = self._as_written(tree) or name
        if signature is None and name not in functions.SAME_KIND or written != name and written in functions.AGGREGATES:
            self.say(tree, Text(f"没有函数“{written}”", f'there is no function "{written}"'),
                     functions.INSTEAD.get(written) or did_you_mean(written, functions.NAMES), "X06")
            return None
        nodes = [self.check(part) for part in arguments]
        known = [node for node in nodes if node is not None]
        if len(known) != len(nodes):
            return None
        if signature is None:
            return self._same_kind(tree, name, known)
        if len(known) != len(signature.takes) or not all(map(functions.accepts, signature.takes, (n.kind for n in known))):
            takes = [functions.KIND_WORDS[kind] for kind in signature.takes]
            self.say(tree, Text(f"{name} 的参数应为：{'、'.join(kind.zh for kind in takes)}",
                                f"{name} takes: {', '.join(kind.en for kind in takes)}"), code="X07")
            return None
        return Call(name, tuple(known), signature.gives)

    def _as_written(self, tree: exp.Expr) -> str:
        """The function's name as it stands in the text: sqlglot renames some (ifnull, iif, max of two values)."""
        found = re.match(r"\w+", self.text[self.offset(tree):])
        return found.group().lower() if found is not None else ""

    def _same_kind(self, tree: exp.Expr, name: str, nodes: list[Node]) -> Node | None:
        enough = len(nodes) == 1 if name == "abs" else len(nodes) > 1
        kind: Kind | None = nodes[0].kind if nodes else None
        for node in nodes[1:]:
            kind = functions.common_kind(kind, node.kind) if kind is not None else None
        if not enough or kind is None or not (kind.numeric or (kind == DATE and name != "abs")):
            self.say(tree, Text(f"{name} 的参数应为同类的数或日期", f"{name} takes numbers or dates of one kind"), code="X07")
            return None
        return Call(name, tuple(nodes), kind)

    def _blank(self, tree: exp.Expr, arguments: list[exp.Expr]) -> Node | None:
        item = self.check(arguments[0]) if len(arguments) == 1 else None
        if isinstance(item, Field):
            return Blank(item)
        if not self.problems:
            self.say(tree, Text("blank 的参数应为一个字段", "blank takes one field"), code="X07")
        return None

    def _points(self, tree: exp.Expr, arguments: list[exp.Expr]) -> Node | None:
        if not arguments or len(arguments) % 2:
            self.say(tree, Text("points 的参数成对：条件, 分值, …", "points takes pairs: condition, weight, …"), code="X07")
            return None
        pairs = [(self.condition(arguments[i]), self.check(arguments[i + 1])) for i in range(0, len(arguments), 2)]
        if any(condition is None or weight is None for condition, weight in pairs):
            return None
        if any(weight.kind not in (NUMBER, INTEGER) for _, weight in pairs):  # type: ignore[union-attr]
            self.say(tree, Text("分值应为数", "a weight is a number"), code="X07")
            return None
        return Points(tuple(pairs))  # type: ignore[arg-type]
