"""Syntax tree -> typed tree: every name known, every comparison of like with like, nothing outside the language."""

from __future__ import annotations

import datetime
import re
from typing import TypeVar

from sqlglot import exp

from auditkb.errors import Text, did_you_mean
from auditkb.expressions import functions
from auditkb.expressions.aggregates import AggregateChecks
from auditkb.expressions.names import Scope, Walk, resolve
from auditkb.expressions.syntax import SPLIT, TOO_DEEP, Problem, offset_of, parse_expression
from auditkb.expressions.tree import (
    DATE, FLAG, INTEGER, NUMBER, TEXT, Arithmetic, AsOf, Blank, Call, Case, Compare, Constant, Field, In, Kind,
    Logic, Node, Not, Parameter, Points, Rows,
)

N = TypeVar("N")
# SQLite takes a thousand levels in all; a rule's lets are joined before they reach it.
MOST_LEVELS = 60
LARGEST_NUMBER = 10**15

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
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


class Checker(AggregateChecks):
    """One pass over one expression; collects all its problems."""

    def __init__(self, scope: Scope, text: str):
        self.scope = scope
        self.text = text
        self.rows: Rows | None = None
        self.problems: list[Problem] = []
        self.depth = 0

    def say(self, tree: exp.Expr, text: Text, hint: Text | None = None, code: str = "X03") -> None:
        """Note a problem at `tree`."""
        self.problems.append(Problem(self._offset(tree), text, hint, code))

    def _offset(self, tree: exp.Expr) -> int:
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
            return self._parameter(tree)
        if isinstance(tree, (exp.And, exp.Or)):
            return self._logic(tree)
        if isinstance(tree, exp.Not):
            item = self.condition(tree.this)
            return None if item is None else Not(item)
        if type(tree) in _COMPARISONS:
            return self._comparison(tree)
        if type(tree) in _ARITHMETIC:
            return self._arithmetic(tree)
        if isinstance(tree, exp.Neg):
            item = self.check(tree.this)
            return None if item is None else Arithmetic("-", Constant(0, NUMBER), item, item.kind)
        if isinstance(tree, exp.In):
            return self._membership(tree)
        if isinstance(tree, exp.Between):
            return self._between(tree)
        if isinstance(tree, exp.Case):
            return self._case(tree)
        if isinstance(tree, exp.Cast):
            return self._date(tree)
        if isinstance(tree, exp.Filter):
            return self.aggregate(tree.this, tree.expression.this)
        if isinstance(tree, exp.Func):
            return self._function(tree)
        self._refuse(tree)
        return None

    def _refuse(self, tree: exp.Expr) -> None:
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
            self._refuse(tree)
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

    def _parameter(self, tree: exp.Placeholder) -> Node | None:
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

    def _comparison(self, tree: exp.Expr) -> Node | None:
        if any(type(side) in _COMPARISONS for side in (tree.this, tree.expression)):
            self.say(tree, Text("不能连续比较", "comparisons cannot be chained"), Text("写作 a < b and b < c", "write a < b and b < c"))
            return None
        left, right = self.check(tree.this), self.check(tree.expression)
        if left is None or right is None:
            return None
        pair = self.alike(tree, left, right)
        if pair is None:
            return None
        operator = _COMPARISONS[type(tree)]
        if operator not in ("=", "<>") and not (pair[0].kind.numeric or pair[0].kind == DATE):
            self.say(tree, Text("文字和选项只能用 = 或 <> 比较", "text and choices can be compared with = and <> only"), code="X07")
            return None
        return Compare(operator, *pair)  # type: ignore[arg-type]

    def alike(self, tree: exp.Expr, left: Node, right: Node) -> tuple[Node, Node] | None:
        """Both sides in one kind, a written text turned into the choice or reference that it stands for."""
        first, second = self._as_kind(tree, left, right.kind), self._as_kind(tree, right, left.kind)
        if first is None or second is None:
            return None
        if functions.common_kind(first.kind, second.kind) is None:
            one, other = kind_in_words(first.kind), kind_in_words(second.kind)
            self.say(tree, Text(f"类型不同：不能把{one.zh}与{other.zh}比较", f"cannot compare {one.en} with {other.en}"),
                     self._of_kind(first.kind), "X07")
            return None
        if not all(self.comparable(tree, side) for side in (first, second)):
            return None
        return first, second

    def _of_kind(self, kind: Kind) -> Text | None:
        """A hint: which fields of the checked record hold values of `kind`."""
        names = [name for name, item in self.scope.dictionary[self.scope.record_type].fields.items() if item.type == kind.name]
        words = kind_in_words(kind)
        listed = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        return Text(f"同为{words.zh}的字段：{listed}", f"fields that hold {words.en}: {listed}") if names else None

    def comparable(self, tree: exp.Expr, node: Node) -> bool:
        """Whether a value can be compared as text: only declared text is kept folded."""
        if isinstance(node, Field) and node.kind == TEXT and not node.compared:
            self.say(tree, Text(f"字段“{node.path}”未声明可比较（字典中 compared: true）", f'field "{node.path}" is not declared as compared (compared: true in the dictionary)'), code="X12")
            return False
        return True

    def _as_kind(self, tree: exp.Expr, node: Node, kind: Kind) -> Node | None:
        if not isinstance(node, Constant) or node.kind != TEXT or kind == TEXT:
            return node
        if kind.name == "reference":
            return Constant(node.value, kind)
        if kind.name == "choice":
            record_type, _, name = (kind.of or "").partition(".")
            choices = self.scope.dictionary[record_type].fields[name].choices or {}
            if node.value in choices:
                return Constant(node.value, kind)
            label = self.scope.dictionary[record_type].fields[name].label
            self.say(_written(tree, node.value), Text(f"“{node.value}”不是“{label.zh}”（{kind.of}）的选项", f'"{node.value}" is not a choice of {kind.of}'),
                     did_you_mean(str(node.value), list(choices)), "X08")
            return None
        if kind == DATE:
            self.say(_written(tree, node.value), Text(f"日期写作 date '{node.value}'", f"write a date as date '{node.value}'"), code="X09")
            return None
        return node

    def _membership(self, tree: exp.In) -> Node | None:
        item = self.check(tree.this)
        field = tree.args.get("field")
        if tree.args.get("query") is not None:
            self._refuse(tree.args["query"])
            return None
        if isinstance(field, exp.Placeholder):
            listed = self._parameter(field)
            if item is None or listed is None:
                return None
            if listed.kind.name != "list":
                self.say(tree, Text(f"参数“{field.this}”不是列表", f'parameter "{field.this}" is not a list'), code="X07")
                return None
            if not self.comparable(tree, item):
                return None
            return In(item, listed)  # type: ignore[arg-type]
        if not tree.expressions:
            self.say(tree, Text("in 后的括号是空的", "the brackets after in are empty"))
            return None
        values: list[Node] = []
        for part in tree.expressions:
            value = self.check(part)
            pair = None if item is None or value is None else self.alike(part, item, value)
            if pair is not None:
                values.append(pair[1])
        return In(item, tuple(values)) if item is not None and len(values) == len(tree.expressions) else None

    def _between(self, tree: exp.Between) -> Node | None:
        item, low, high = self.check(tree.this), self.check(tree.args["low"]), self.check(tree.args["high"])
        if item is None or low is None or high is None:
            return None
        lower, upper = self.alike(tree, item, low), self.alike(tree, item, high)
        if lower is None or upper is None:
            return None
        return Logic("and", (Compare(">=", *lower), Compare("<=", *upper)))

    # values

    def _arithmetic(self, tree: exp.Expr) -> Node | None:
        left, right = self.check(tree.this), self.check(tree.expression)
        if left is None or right is None:
            return None
        operator = _ARITHMETIC[type(tree)]
        kind = functions.arithmetic_kind(operator, left.kind, right.kind)
        if kind is None:
            self.say(tree, Text(f"{kind_in_words(left.kind).zh}{_SIGNS[operator]}{kind_in_words(right.kind).zh}没有意义", f"{kind_in_words(left.kind).en} {operator} {kind_in_words(right.kind).en} has no meaning"),
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

    def _function(self, tree: exp.Func) -> Node | None:
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
            takes = [_WORDS[kind] for kind in signature.takes]
            self.say(tree, Text(f"{name} 的参数应为：{'、'.join(kind.zh for kind in takes)}",
                                f"{name} takes: {', '.join(kind.en for kind in takes)}"), code="X07")
            return None
        return Call(name, tuple(known), signature.gives)

    def _as_written(self, tree: exp.Expr) -> str:
        """The function's name as it stands in the text: sqlglot renames some (ifnull, iif, max of two values)."""
        found = re.match(r"\w+", self.text[self._offset(tree):])
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


def call_parts(tree: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """Name and arguments of a call, also where sqlglot has a class of its own for the function."""
    if isinstance(tree, exp.Anonymous):
        return str(tree.this).lower(), list(tree.expressions)
    arguments: list[exp.Expr] = []
    for value in tree.args.values():
        arguments += [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, exp.Expr)]
    return tree.sql_name().lower(), arguments  # type: ignore[attr-defined]


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


def _written(tree: exp.Expr, value: object) -> exp.Expr:
    """The text `value` as written within `tree`, for its place."""
    return next((part for part in tree.find_all(exp.Literal) if part.is_string and part.this == value), tree)


_SIGNS = {"+": "加", "-": "减", "*": "乘", "/": "除以"}
_WORDS = {
    "year": Text("日期或年度", "a date or a year"),
    "date": Text("日期", "a date"), "money": Text("金额", "money"), "ratio": Text("比率", "a ratio"),
    "integer": Text("整数", "a whole number"), "number": Text("数", "a number"), "flag": Text("真假值", "a flag"),
    "text": Text("文字", "text"), "choice": Text("选项", "a choice"), "reference": Text("记录", "a record"),
    "list": Text("列表", "a list"),
}
_OPENINGS: dict[type[exp.Expr], str] = {exp.Case: "case", exp.Cast: "cast", exp.If: "if"}


def kind_in_words(kind: Kind) -> Text:
    """What kind of value it is, as a fault says it."""
    word = _WORDS[kind.name]
    return Text(f"{word.zh}（{kind.of}）", f"{word.en} ({kind.of})") if kind.of else word
