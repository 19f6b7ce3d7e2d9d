"""Syntax tree -> typed tree: every name known, every comparison of like with like, nothing outside the language."""

from __future__ import annotations

import datetime

from sqlglot import exp

from auditkb.errors import Text, did_you_mean
from auditkb.expressions import functions
from auditkb.expressions.aggregates import AggregateChecks
from auditkb.expressions.calls import CallChecks
from auditkb.expressions.comparisons import COMPARISONS, ComparisonChecks
from auditkb.expressions.names import Scope, Walk, resolve
from auditkb.expressions.syntax import SPLIT, TOO_DEEP, Problem, offset_of, parse_expression
from auditkb.expressions.tree import (
    DATE, FLAG, NUMBER, TEXT, Arithmetic, AsOf, Case, Constant, Logic, Node, Not, Parameter, Rows,
)

# SQLite takes a thousand levels in all; a rule's lets are joined before they reach it.
MOST_LEVELS = 60
LARGEST_NUMBER = 10**15

_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def check_expression(text: str, scope: Scope, expected: str | None = None) -> tuple[Node | None, list[Problem]]:
    """The typed tree of `text`, or what is wrong with it.

    `expected` is "flag" for a condition; None takes any kind.
    """
    tree, problems = parse_expression(text)
    if tree is None:
        return None, problems
    checker = Checker(scope, text)
    node = checker.check(tree)
    if node is not None and expected == "flag" and node.kind != FLAG:
        checker.say(tree, Text("此处应为条件（真或假）", "a condition (true or false) is needed here"), code="X07")
    if checker.problems:
        return None, checker.problems
    return node, []


class Checker(AggregateChecks, CallChecks, ComparisonChecks):
    """One pass over one expression; collects all its problems."""

    def __init__(self, scope: Scope, text: str):
        self.scope = scope
        self.text = text
        self.rows: Rows | None = None
        self.problems: list[Problem] = []
        self.depth = 0

    def say(self, tree: exp.Expr, text: Text, hint: Text | None = None, code: str = "X03") -> None:
        """Note a problem at `tree`."""
        self.problems.append(Problem(self.offset(tree), text, hint, code))

    def offset(self, tree: exp.Expr) -> int:
        """Where in the text `tree` begins."""
        offset = offset_of(tree)
        # sqlglot keeps no place for these words: they stand before the first thing inside.
        opening = _OPENINGS.get(type(tree))
        before = self.text.lower().rfind(opening, 0, offset) if opening is not None else -1
        return before if before >= 0 else offset

    def check(self, tree: exp.Expr) -> Node | None:
        """The typed node of `tree`, or None after noting why not."""
        while isinstance(tree, exp.Paren):
            tree = tree.this
        if self.depth == MOST_LEVELS:
            if not any(problem.text == TOO_DEEP for problem in self.problems):
                self.problems.append(Problem(0, TOO_DEEP, SPLIT, "X02"))
            return None
        self.depth += 1
        try:
            return self._checked(tree)
        finally:
            self.depth -= 1

    def _checked(self, tree: exp.Expr) -> Node | None:
        if isinstance(tree, (exp.Column, exp.Dot, exp.Identifier)):
            return self._name(tree)
        if isinstance(tree, exp.Literal):
            return self._literal(tree)
        if isinstance(tree, exp.Boolean):
            return Constant(int(tree.this), FLAG)
        if isinstance(tree, exp.Placeholder):
            return self.parameter(tree)
        if isinstance(tree, (exp.And, exp.Or)):
            return self._logic(tree)
        if isinstance(tree, exp.Not):
            item = self.condition(tree.this)
            return None if item is None else Not(item)
        if type(tree) in COMPARISONS:
            return self.comparison(tree)
        if type(tree) in _ARITHMETIC:
            return self._arithmetic(tree)
        if isinstance(tree, exp.Neg):
            item = self.check(tree.this)
            return None if item is None else Arithmetic("-", Constant(0, NUMBER), item, item.kind)
        if isinstance(tree, exp.In):
            return self.membership(tree)
        if isinstance(tree, exp.Between):
            return self.between(tree)
        if isinstance(tree, exp.Case):
            return self._case(tree)
        if isinstance(tree, exp.Cast):
            return self._date(tree)
        if isinstance(tree, exp.Filter):
            return self.aggregate(tree.this, tree.expression.this)
        if isinstance(tree, exp.Func):
            return self.call(tree)
        self.refuse(tree)
        return None

    def refuse(self, tree: exp.Expr) -> None:
        """Say why `tree` has no place in the language."""
        if isinstance(tree, (exp.Is, exp.Null)):
            self.say(tree, Text("不能与 null 比较；未记录的值自动视为“未知”", "NULL cannot be compared; what is not recorded is unknown by itself"),
                     Text("要问文件上是否空白，写 blank(字段)", "to ask whether the paper is blank, write blank(field)"))
        elif isinstance(tree, (exp.Subquery, exp.Query)):
            self.say(tree, Text("表达式中不能写查询", "a query is not allowed in an expression"))
        elif isinstance(tree, exp.Alias):
            self.say(tree.args["alias"], Text(f"“{tree.alias}”多余：不能使用别名", f'"{tree.alias}" is left over: no alias is allowed'))
        else:
            self.say(tree, Text(f"规则语言中没有这种写法：{tree.sql()[:40]}", f"not part of the rule language: {tree.sql()[:40]}"))

    # names and literals

    def walk(self, tree: exp.Expr) -> Walk | None:
        """Where the name at `tree` leads, or None after noting why nowhere."""
        parts = _parts(tree)
        if not parts:
            self.refuse(tree)
            return None
        walk = resolve(parts, self.scope, offset_of(tree))
        if isinstance(walk, Problem):
            self.problems.append(walk)
            return None
        return walk

    def _name(self, tree: exp.Expr) -> Node | None:
        parts = _parts(tree)
        if parts == ["as_of"]:
            return AsOf()
        walk = self.walk(tree)
        if walk is None:
            return None
        if walk.value is None:
            self.say(tree, Text(f"“{'.'.join(parts)}”是一组记录，要放在 count(…) 等汇总函数中", f'"{".".join(parts)}" is a set of rows: use it inside count(…) or another aggregate'), code="X10")
            return None
        if not self.inside(walk):
            self.say(tree, Text(f"“{'.'.join(parts)}”有多条记录，要放在汇总函数中", f'"{".".join(parts)}" has several rows: use it inside an aggregate'),
                     Text("例如 min(…)、count(…) filter (where …)", "for example min(…), count(…) filter (where …)"), "X10")
            return None
        return walk.value

    def inside(self, walk: Walk) -> bool:
        """Whether a name belongs to the checked record or to the rows of the enclosing aggregate."""
        rows, mine = walk.rows, self.rows
        if not rows.downs and rows.peers is None:
            return True
        if mine is None or rows.peers != mine.peers:
            return False
        if rows.peers is not None:
            return True
        return rows.ups == mine.ups and mine.downs[: len(rows.downs)] == rows.downs

    def _literal(self, tree: exp.Literal) -> Node | None:
        if tree.is_string:
            return Constant(tree.this, TEXT)
        try:
            number = int(tree.this) if tree.this.isdecimal() else float(tree.this)
        except ValueError:
            number = LARGEST_NUMBER
        if number >= LARGEST_NUMBER:
            self.say(tree, Text(f"不是可用的数：{tree.this[:20]}", f"not a number that can be used: {tree.this[:20]}"))
            return None
        return Constant(number, NUMBER)

    def _date(self, tree: exp.Cast) -> Node | None:
        written = tree.this
        if tree.to.this != exp.DataType.Type.DATE or not (isinstance(written, exp.Literal) and written.is_string):
            self.say(tree, Text("不能转换类型；日期写作 date '2017-07-01'", "no casts; a date is written date '2017-07-01'"))
            return None
        try:
            return Constant(datetime.date.fromisoformat(written.this).isoformat(), DATE)
        except ValueError:
            self.say(written, Text(f"没有这一天：{written.this}", f"there is no such day: {written.this}"),
                     Text("日期写作 date '2017-07-01'", "a date is written date '2017-07-01'"), "X09")
            return None

    def parameter(self, tree: exp.Placeholder) -> Node | None:
        """The node of a `:name`."""
        name = str(tree.this)
        kind = self.scope.parameters.get(name)
        if kind is None:
            offset = max(0, self.text.find(f":{name}"))
            self.problems.append(Problem(offset, Text(f"没有声明参数“{name}”", f'parameter "{name}" is not declared'),
                                         did_you_mean(name, list(self.scope.parameters)), "X05"))
            return None
        return Parameter(name, kind)

    # conditions

    def condition(self, tree: exp.Expr) -> Node | None:
        """`tree` as a condition."""
        node = self.check(tree)
        if node is not None and node.kind != FLAG:
            self.say(tree, Text("此处应为条件（真或假）", "a condition (true or false) is needed here"), code="X07")
            return None
        return node

    def _logic(self, tree: exp.And | exp.Or) -> Node | None:
        operator = "and" if isinstance(tree, exp.And) else "or"
        items: list[Node] = []
        sound = True
        for part in tree.flatten():
            node = self.condition(part)
            sound = sound and node is not None
            if node is not None:
                items.append(node)
        return Logic(operator, tuple(items)) if sound else None  # type: ignore[arg-type]

    # values

    def _arithmetic(self, tree: exp.Expr) -> Node | None:
        left, right = self.check(tree.this), self.check(tree.expression)
        if left is None or right is None:
            return None
        operator = _ARITHMETIC[type(tree)]
        kind = functions.arithmetic_kind(operator, left.kind, right.kind)
        if kind is None:
            self.say(tree, Text(f"{functions.kind_in_words(left.kind).zh}{_SIGNS[operator]}{functions.kind_in_words(right.kind).zh}没有意义", f"{functions.kind_in_words(left.kind).en} {operator} {functions.kind_in_words(right.kind).en} has no meaning"),
                     Text("日期加减用 add_days、days_between", "for dates use add_days and days_between") if DATE in (left.kind, right.kind) else None, "X07")
            return None
        return Arithmetic(operator, left, right, kind)  # type: ignore[arg-type]

    def _case(self, tree: exp.Case) -> Node | None:
        if tree.this is not None:
            self.say(tree, Text("写作 case when 条件 then 值 … end", "write case when condition then value … end"))
            return None
        branches = [(self.condition(part.this), self.check(part.args["true"])) for part in tree.args["ifs"]]
        default = self.check(tree.args["default"]) if tree.args.get("default") is not None else None
        if any(condition is None or value is None for condition, value in branches):
            return None
        values = [value for _, value in branches] + ([default] if default is not None else [])
        kind = values[0].kind  # type: ignore[union-attr]
        for value in values[1:]:
            found = functions.common_kind(kind, value.kind)  # type: ignore[union-attr]
            if found is None:
                self.say(tree, Text("case 各分支的值类型不同", "the branches of case have different kinds"), code="X07")
                return None
            kind = found
        return Case(tuple(branches), default, kind)  # type: ignore[arg-type]

def _parts(tree: exp.Expr) -> list[str]:
    if isinstance(tree, exp.Identifier):
        return [tree.this]
    if isinstance(tree, exp.Column):
        parts = [part.this for part in tree.parts]
        return parts if all(isinstance(part, str) for part in parts) else []
    if isinstance(tree, exp.Dot):
        left = _parts(tree.this)
        right = _parts(tree.expression)
        return left + right if left and right else []
    return []


_SIGNS = {"+": "加", "-": "减", "*": "乘", "/": "除以"}
_OPENINGS: dict[type[exp.Expr], str] = {exp.Case: "case", exp.Cast: "cast", exp.If: "if"}
