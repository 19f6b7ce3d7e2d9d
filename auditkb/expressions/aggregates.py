"""Checking `count sum min max median missing` and their filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from auditkb.errors import Text
from auditkb.expressions.syntax import call_parts
from auditkb.expressions.tree import (
    DATE, INTEGER, LIST, Aggregate, ChildLetName, Field, LetName, Missing, Node, Parameter, Rows,
)

if TYPE_CHECKING:
    from auditkb.expressions.names import Scope, Walk
    from auditkb.expressions.syntax import Problem


class AggregateChecks:
    """The part of the checker that knows rows; `Checker` supplies the rest."""

    scope: Scope
    rows: Rows | None
    problems: list[Problem]

    if TYPE_CHECKING:
        def say(self, tree: exp.Expr, text: Text, hint: Text | None = None, code: str = "X03") -> None: ...
        def check(self, tree: exp.Expr) -> Node | None: ...
        def comparable(self, tree: exp.Expr, node: Node) -> bool: ...
        def condition(self, tree: exp.Expr) -> Node | None: ...
        def walk(self, tree: exp.Expr) -> Walk | None: ...

    def aggregate(self, tree: exp.Expr, condition: exp.Expr | None) -> Node | None:
        """The node of an aggregate call with its filter, or None after noting why not."""
        if not isinstance(tree, exp.Func):
            self.say(tree, Text("filter 只能跟在汇总函数之后", "filter follows an aggregate only"), code="X10")
            return None
        name, arguments = call_parts(tree)
        if self.rows is not None:
            self.say(tree, Text("汇总函数不能嵌套", "an aggregate cannot stand inside an aggregate"),
                     Text("为下级记录命名一个 let，如 acceptance.x", "name a let for the child, such as acceptance.x"), code="X10")
            return None
        if name == "missing":
            return self._missing(tree, arguments, condition)
        distinct = len(arguments) == 1 and isinstance(arguments[0], exp.Distinct)
        if distinct:
            arguments = arguments[0].expressions
        if name not in ("count", "sum", "min", "max", "median") or len(arguments) != 1 or (distinct and name != "count"):
            self.say(tree, Text(f"{name} 的写法应为 {name}(路径) filter (where 条件)", f"write {name}(path) filter (where condition)"), code="X10")
            return None
        walk = self._rows_of(arguments[0])
        if walk is None:
            return None
        plain = isinstance(arguments[0], (exp.Column, exp.Dot))
        if walk.value is None and (name != "count" or distinct or not plain):
            self.say(tree, Text(f"{name} 需要一个字段，不是一组记录", f"{name} needs a field, not a set of rows") if plain or name != "count"
                     else Text("count 数的是记录：写 count(路径)", "count counts rows: write count(path)"), code="X10")
            return None
        operand, filtered = self._inside(walk.rows, arguments[0] if walk.value is not None else None, condition)
        if self.problems or (walk.value is not None and operand is None):
            return None
        return self._typed(tree, name, walk.rows, operand, distinct, filtered)

    def _typed(self, tree: exp.Expr, name: str, rows: Rows, operand: Node | None, distinct: bool,
               filtered: Node | None) -> Node | None:
        kind = INTEGER
        if name != "count":
            assert operand is not None
            kind = operand.kind
            if not (kind.numeric or (kind == DATE and name in ("min", "max"))):
                self.say(tree, Text(f"{name} 只能用于数{'或日期' if name in ('min', 'max') else ''}", f"{name} takes numbers{' or dates' if name in ('min', 'max') else ''} only"), code="X10")
                return None
        elif operand is not None and not self.comparable(tree, operand):
            return None
        elif operand is not None and not distinct:
            self.say(tree, Text("count 数的是记录：写 count(路径) 或 count(distinct 字段)", "count counts rows: write count(path) or count(distinct field)"), code="X10")
            return None
        return Aggregate(name, rows, operand, distinct, filtered, kind, *self._signs(rows, operand))  # type: ignore[arg-type]

    def _signs(self, rows: Rows, operand: Node | None) -> tuple[bool, bool]:
        """Whether the operand may be negative, and whether it may only where it is recorded."""
        if isinstance(operand, Field):
            record_type = self.scope.record_type
            for step in rows.ups:
                record_type = self.scope.dictionary[record_type].fields[step].type
            steps = [child for child, _ in rows.downs[: operand.level]] if rows.peers is None else []
            record_type = steps[-1] if steps else record_type if operand.level == 0 or rows.peers is None else self.scope.record_type
            for step in operand.ups:
                record_type = self.scope.dictionary[record_type].fields[step].type
            entry = self.scope.dictionary[record_type].fields[operand.name]
            return entry.signed, entry.refunds
        return True, False

    def _rows_of(self, tree: exp.Expr) -> Walk | None:
        names = [tree] if isinstance(tree, (exp.Column, exp.Dot)) else [
            part for part in tree.find_all(exp.Column, exp.Dot) if not isinstance(part.parent, exp.Dot)]
        best: Walk | None = None
        for part in names:
            walk = self.walk(part)
            if walk is None:
                return None
            if (walk.rows.downs or walk.rows.peers) and (best is None or len(walk.rows.downs) > len(best.rows.downs)):
                best = walk
        if best is None:
            self.say(tree, Text("汇总函数需要一条向下的路径（如 quote.amount）", "an aggregate needs a path down to rows (such as quote.amount)"), code="X10")
        return best

    def _inside(self, rows: Rows, operand: exp.Expr | None, condition: exp.Expr | None) -> tuple[Node | None, Node | None]:
        self.rows = rows
        try:
            value = self.check(operand) if operand is not None else None
            filtered = self.condition(condition) if condition is not None else None
        finally:
            self.rows = None
        return value, filtered

    def _missing(self, tree: exp.Expr, arguments: list[exp.Expr], condition: exp.Expr | None) -> Node | None:
        items = self.check(arguments[0]) if len(arguments) == 2 else None
        if not isinstance(items, Parameter) or items.kind != LIST:
            if not self.problems:
                self.say(tree, Text("写作 missing(:列表参数, 路径.字段)", "write missing(:list_parameter, path.field)"), code="X10")
            return None
        walk = self._rows_of(arguments[1])
        if walk is None:
            return None
        operand, filtered = self._inside(walk.rows, arguments[1], condition)
        if self.problems or not isinstance(operand, (Field, LetName, ChildLetName)):
            if not self.problems:
                self.say(tree, Text("missing 需要一个字段", "missing needs a field"), code="X10")
            return None
        if not self.comparable(tree, operand):
            return None
        return Missing(items, walk.rows, operand, filtered)
