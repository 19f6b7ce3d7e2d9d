"""Sets of rows and what is made of them in words: sums, counts, filters, what a list misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditkb.dictionary import Dictionary
from auditkb.errors import Text
from auditkb.expressions.tree import DATE, Aggregate, Missing, Node, Parameter, Rows
from auditkb.rules.checked import Rule
from auditkb.wording import FIGURES, FIGURES_OF_DAYS, PEER_GROUPS


class RowWords:
    """The part of the speaker that knows rows; it supplies the rest."""

    rule: Rule
    dictionary: Dictionary

    if TYPE_CHECKING:
        def among(self, rows: Rows) -> RowWords: ...
        def say(self, node: Node) -> Text: ...
        def noun(self, node: Node) -> Text: ...
        def _path(self, path: str, record_type: str | None = None) -> Text: ...
        def _parameter(self, node: Parameter) -> Text: ...

    def _rows(self, rows: Rows) -> Text:
        if rows.peers is None:
            return self._path(rows.path)
        label, words = self.dictionary[self.rule.checks].label, PEER_GROUPS[rows.peers]
        return Text(words.zh + label.zh, words.en.format(label.en))

    def _each(self, rows: Rows) -> Text:
        """The rows one by one: 合同各次验收."""
        text = self._rows(rows)
        if rows.peers is not None:
            return text
        last = self.dictionary[rows.downs[-1][0]]
        return Text(f"{text.zh.removesuffix(last.label.zh).removesuffix('的')}各{last.measure}{last.label.zh}", text.en)

    def _filter(self, node: Aggregate | Missing) -> Text:
        if node.condition is None:
            return Text("", "")
        inside = self.among(node.rows).say(node.condition)
        return Text(f"（只计{inside.zh}的）", f" (only where {inside.en})")

    def _operand(self, node: Aggregate | Missing, which: str = "的") -> Text:
        """The rows with what is taken of each: 各份报价（只计…的）的报价金额; `which`: 中最小的."""
        assert node.operand is not None
        own = self.among(node.rows).noun(node.operand)
        rows, condition = self._each(node.rows), self._filter(node)
        if own.zh.startswith("其") and own.zh.count("其") == 1:
            own = Text(own.zh.removeprefix("其"), own.en.removeprefix("its "))
            return Text(f"{rows.zh}{condition.zh}{which}{own.zh}", f"{rows.en} · {own.en}{condition.en}")
        return Text(f"{rows.zh}{condition.zh}{which}（{own.zh}）", f"({own.en}) of each record of {rows.en}{condition.en}")

    def _aggregate(self, node: Aggregate | Missing) -> Text:
        if isinstance(node, Missing):
            rows, condition = self._rows(node.rows), self._filter(node)
            items = self._parameter(node.items)
            return Text(f"{items.zh}中，{rows.zh}{condition.zh}里没有的项目", f"the items of {items.en} that no record of {rows.en} has{condition.en}")
        if node.operand is None:
            return Text("", "the number of records of ") + self._rows(node.rows) + self._filter(node) + Text("的条数", "")
        of = self._operand(node)
        if node.function == "count":
            return Text(f"{of.zh}（相同的只计一个）的个数", f"the number of different values of {of.en}") if node.distinct else Text(f"{of.zh}的个数", f"the number of values of {of.en}")
        words = (FIGURES_OF_DAYS if node.kind == DATE else FIGURES)[node.function]
        if node.function in ("min", "max"):
            return Text(self._operand(node, words.zh).zh, words.en + of.en)
        return Text(of.zh + words.zh, words.en + of.en)
