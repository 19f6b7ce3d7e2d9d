"""Checking comparisons: like with like, choices by their codes, text only where it is kept folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from auditkb.errors import Text, did_you_mean
from auditkb.expressions import functions
from auditkb.expressions.tree import DATE, TEXT, Compare, Constant, Field, In, Kind, Logic, Node

if TYPE_CHECKING:
    from auditkb.expressions.names import Scope

COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


class ComparisonChecks:
    """The part of the checker that compares; `Checker` supplies the rest."""

    scope: Scope

    if TYPE_CHECKING:
        def say(self, tree: exp.Expr, text: Text, hint: Text | None = None, code: str = "X03") -> None: ...
        def check(self, tree: exp.Expr) -> Node | None: ...
        def parameter(self, tree: exp.Placeholder) -> Node | None: ...
        def refuse(self, tree: exp.Expr) -> None: ...

    def comparison(self, tree: exp.Expr) -> Node | None:
        """The node of `=`, `<` and their like."""
        if any(type(side) in COMPARISONS for side in (tree.this, tree.expression)):
            self.say(tree, Text("不能连续比较", "comparisons cannot be chained"), Text("写作 a < b and b < c", "write a < b and b < c"))
            return None
        left, right = self.check(tree.this), self.check(tree.expression)
        if left is None or right is None:
            return None
        pair = self.alike(tree, left, right)
        if pair is None:
            return None
        operator = COMPARISONS[type(tree)]
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
            one, other = functions.kind_in_words(first.kind), functions.kind_in_words(second.kind)
            self.say(tree, Text(f"类型不同：不能把{one.zh}与{other.zh}比较", f"cannot compare {one.en} with {other.en}"),
                     self._of_kind(first.kind), "X07")
            return None
        if not all(self.comparable(tree, side) for side in (first, second)):
            return None
        return first, second

    def _of_kind(self, kind: Kind) -> Text | None:
        """A hint: which fields of the checked record hold values of `kind`."""
        names = [name for name, item in self.scope.dictionary[self.scope.record_type].fields.items() if item.type == kind.name]
        words = functions.kind_in_words(kind)
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
                     did_you_mean(str(node.value), list(choices), called={code: choice.zh for code, choice in choices.items()}), "X08")
            return None
        if kind == DATE:
            self.say(_written(tree, node.value), Text(f"日期写作 date '{node.value}'", f"write a date as date '{node.value}'"), code="X09")
            return None
        return node

    def membership(self, tree: exp.In) -> Node | None:
        """The node of `in (…)` and `in :list`."""
        item = self.check(tree.this)
        field = tree.args.get("field")
        if tree.args.get("query") is not None:
            self.refuse(tree.args["query"])
            return None
        if isinstance(field, exp.Placeholder):
            listed = self.parameter(field)
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

    def between(self, tree: exp.Between) -> Node | None:
        """`between … and …` as two comparisons."""
        item, low, high = self.check(tree.this), self.check(tree.args["low"]), self.check(tree.args["high"])
        if item is None or low is None or high is None:
            return None
        lower, upper = self.alike(tree, item, low), self.alike(tree, item, high)
        if lower is None or upper is None:
            return None
        return Logic("and", (Compare(">=", *lower), Compare("<=", *upper)))


def _written(tree: exp.Expr, value: object) -> exp.Expr:
    """The text `value` as written within `tree`, for its place."""
    return next((part for part in tree.find_all(exp.Literal) if part.is_string and part.this == value), tree)
