"""The functions of the language and the arithmetic of its types."""

from __future__ import annotations

from dataclasses import dataclass

from auditkb.errors import Text
from auditkb.expressions.tree import DATE, INTEGER, MONEY, NUMBER, RATIO, Kind

AGGREGATES = ("count", "sum", "min", "max", "median", "missing")


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives; `year` stands for a date or a whole number that is a year."""

    takes: tuple[str, ...]
    gives: Kind


FUNCTIONS = {
    "days_between": Signature(("date", "date"), INTEGER),
    "workdays_between": Signature(("date", "date"), INTEGER),
    "months_between": Signature(("date", "date"), INTEGER),
    "add_days": Signature(("date", "integer"), DATE),
    "add_months": Signature(("date", "integer"), DATE),
    "next_workday": Signature(("date",), DATE),
    "end_of_year": Signature(("year",), DATE),
    "year_of": Signature(("date",), INTEGER),
}
SAME_KIND = ("abs", "least", "greatest")
NAMES = (*FUNCTIONS, *SAME_KIND, *AGGREGATES, "blank", "points")
_UNKNOWN_STAYS = Text("未记录的值保持“未知”，需要时用 assumes 写明以何代替",
                      "what is not recorded stays unknown; say under assumes what stands in")
_LEAST_GREATEST = Text("几个值中取一个用 least 或 greatest", "the least or greatest of several values: least, greatest")
INSTEAD = {
    **dict.fromkeys(("coalesce", "ifnull", "nvl", "nullif", "isnull"), _UNKNOWN_STAYS),
    **{name: Text("写作 case when 条件 then 值 else 值 end", "write case when condition then value else value end") for name in ("if", "iif")},
    **dict.fromkeys(("max", "min"), _LEAST_GREATEST),
    **{name: Text("基准日写作 as_of", "the run's day is as_of") for name in ("now", "today")},
    "date": Text("日期写作 date '2017-07-01'", "a date is written date '2017-07-01'"),
    "julianday": Text("天数写作 days_between(起, 止)", "days are days_between(from, to)"),
    "avg": Text("写 sum(…) / count(…)，或用 median", "write sum(…) / count(…), or use median"),
}
"""What to write in place of functions that people expect."""


def accepts(expected: str, kind: Kind) -> bool:
    """Whether a value of `kind` may stand where a function takes `expected`."""
    if expected == "year":
        return kind.name in ("date", "integer")
    return kind.name == expected or (expected == "integer" and kind.name == "number")


def common_kind(left: Kind, right: Kind) -> Kind | None:
    """The kind in which both values can be compared, or None: a date never meets money."""
    if left == right:
        return left
    if left.numeric and right == NUMBER:
        return left
    if right.numeric and left == NUMBER:
        return right
    return None


_PRODUCTS = {
    ("money", "ratio"): MONEY, ("money", "integer"): MONEY, ("money", "number"): MONEY,
    ("ratio", "ratio"): RATIO, ("ratio", "integer"): RATIO, ("ratio", "number"): RATIO,
    ("integer", "integer"): INTEGER, ("integer", "number"): NUMBER, ("number", "number"): NUMBER,
}
_QUOTIENTS = {
    ("money", "money"): RATIO, ("money", "integer"): MONEY, ("money", "number"): MONEY, ("money", "ratio"): MONEY,
    ("integer", "integer"): RATIO, ("ratio", "ratio"): RATIO, ("ratio", "integer"): RATIO, ("ratio", "number"): RATIO,
    ("integer", "number"): RATIO, ("number", "integer"): RATIO, ("number", "number"): RATIO,
}


def arithmetic_kind(operator: str, left: Kind, right: Kind) -> Kind | None:
    """The kind of `left operator right`, or None where it has no meaning (money times money, a date plus a number)."""
    if operator in "+-":
        kind = common_kind(left, right)
        # 1 + a ratio is a ratio: `(1 + :share) * price`.
        return kind if kind is not None and kind.numeric else None
    if operator == "*":
        return _PRODUCTS.get((left.name, right.name)) or _PRODUCTS.get((right.name, left.name))
    return _QUOTIENTS.get((left.name, right.name))


KIND_WORDS = {
    "year": Text("日期或年度", "a date or a year"),
    "date": Text("日期", "a date"), "money": Text("金额", "money"), "ratio": Text("比率", "a ratio"),
    "integer": Text("整数", "a whole number"), "number": Text("数", "a number"), "flag": Text("真假值", "a flag"),
    "text": Text("文字", "text"), "choice": Text("选项", "a choice"), "reference": Text("记录", "a record"),
    "list": Text("列表", "a list"),
}


def kind_in_words(kind: Kind) -> Text:
    """What kind of value it is, as a fault says it."""
    word = KIND_WORDS[kind.name]
    return Text(f"{word.zh}（{kind.of}）", f"{word.en} ({kind.of})") if kind.of else word
