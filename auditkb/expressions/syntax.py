"""Text of an expression -> sqlglot's syntax tree, refusing what sqlglot accepts in silence.

sqlglot reads more than the language has (aliases, subqueries, several statements, chained comparison …): each of these
is a fault here or where the tree is checked, with the character at which it stands.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sqlglot import exp, parse
from sqlglot.errors import ParseError, TokenError

from auditkb.errors import Text


@dataclass(frozen=True)
class Problem:
    """One fault of an expression. `offset` counts characters from 0 within its text."""

    offset: int
    text: Text
    hint: Text | None = None
    code: str = "X01"
    """Which check of docs/lint.md found it."""


MOST_CHARACTERS = 4_000
TOO_DEEP = Text("表达式嵌套太深", "the expression is nested too deeply")
SPLIT = Text("拆成几个 let", "split it into several lets")

_QUERY = Text("表达式中不能写查询（{word}）", "a query ({word}) is not allowed in an expression")
_COMMAND = Text("表达式中不能写 {word}", "{word} is not allowed in an expression")
_NULL = Text("不能与 null 比较；未记录的值自动视为“未知”",
             "NULL cannot be compared; what is not recorded is unknown by itself")
_USE_BLANK = Text("要问文件上是否空白，写 blank(字段)", "to ask whether the paper is blank, write blank(field)")
_NO_PATTERN = Text("不能按样式匹配文字（{word}）", "text cannot be matched by a pattern ({word})")
_USE_EQUAL = Text("用 = 或 in 与完整的文字比较", "compare whole text with = or in")
_NO_CLOCK = Text("表达式中不能取当前日期（{word}）", "the clock ({word}) is not read in an expression")
_USE_AS_OF = Text("基准日写作 as_of", "the run's day is as_of")
_NO_IS = Text("规则语言中没有 is", "is does not belong to the rule language")
_USE_FLAG = Text("直接写 is_framework 或 not is_framework；比较用 =", "write is_framework or not is_framework; compare with =")

_FILTER = Text("条件写在汇总函数之后：sum(…) filter (where …)", "what is counted is said after the aggregate: sum(…) filter (where …)")

# Words that are refused wherever they stand, since sqlglot does not keep their place.
FORBIDDEN: dict[str, tuple[Text, Text | None]] = {
    **dict.fromkeys(("select", "exists", "union", "intersect", "except"), (_QUERY, None)),
    **dict.fromkeys(("attach", "detach", "pragma", "insert", "update", "delete", "drop", "create", "alter", "vacuum", "over", "collate"), (_COMMAND, None)),
    **dict.fromkeys(("null", "isnull", "notnull"), (_NULL, _USE_BLANK)),
    **dict.fromkeys(("like", "ilike", "glob", "match", "regexp", "rlike"), (_NO_PATTERN, _USE_EQUAL)),
    **dict.fromkeys(("current_date", "current_time", "current_timestamp"), (_NO_CLOCK, _USE_AS_OF)),
    "is": (_NO_IS, _USE_FLAG),
}
_WORD = re.compile(
    r"'(?:[^']|'')*'|is(?: +not)? +null\b|[^\W\d]\w*|[0-9][0-9_]*_[0-9_]*|0[xX][0-9a-fA-F]+|;|--|/\*|\|\||::|<=>|<<|>>|==|!="
    r"|[０-９]+|[\\\"`\[\]?@$%&|~{}^#！-～“”‘’，。；：、（）≥≤≠×÷\u3000]", re.IGNORECASE)
_SYMBOLS = {
    ";": Text("只能写一个表达式，不能用分号", "one expression only; no semicolon"),
    "--": Text("表达式中不能写注释", "comments are not allowed in an expression"),
    "/*": Text("表达式中不能写注释", "comments are not allowed in an expression"),
    '"': Text("文字用单引号，字段名不加引号", "text takes single quotes, names take none"),
    "`": Text("字段名不加引号", "names take no quotes"),
    "==": Text("相等写作 =", "write = for equality"),
    "!=": Text("不等写作 <>", "write <> for inequality"),
}
# What a Chinese input method writes in place of the language's own signs.
_HALF_WIDTH = {"“": "'", "”": "'", "‘": "'", "’": "'", "、": ",", "。": ".", "≥": ">=", "≤": "<=", "≠": "<>", "×": "*", "÷": "/"}


def parse_expression(text: str) -> tuple[exp.Expr | None, list[Problem]]:
    """The syntax tree of one expression, or its problems. Never raises on any text."""
    problems = _forbidden(text)
    if problems:
        return None, problems
    if not text.strip():
        return None, [Problem(0, Text("表达式是空的", "the expression is empty"))]
    if len(text) > MOST_CHARACTERS:
        return None, [Problem(0, Text(f"表达式太长（{len(text)} 个字符）", f"the expression is too long ({len(text)} characters)"), SPLIT, "X02")]
    try:
        trees = parse(text, read="sqlite")
    except ParseError as error:
        return None, [_parse_problem(text, error)]
    except TokenError:
        return None, [_unclosed(text)]
    except RecursionError:
        return None, [Problem(0, TOO_DEEP, SPLIT, "X02")]
    if len(trees) != 1 or trees[0] is None:
        return None, [Problem(0, Text("只能写一个表达式", "one expression only"))]
    return trees[0], []


def _forbidden(text: str) -> list[Problem]:
    refused = (_refused(found.start(), found.group()) for found in _WORD.finditer(text))
    return [problem for problem in refused if problem is not None]


def _refused(offset: int, word: str) -> Problem | None:
    """Why a word or sign has no place in the language, or None."""
    entry = FORBIDDEN.get("null" if word.lower().endswith("null") and " " in word else word.lower())
    if entry is not None:
        says, hint = entry
        return Problem(offset, Text(says.zh.format(word=word), says.en.format(word=word)), hint, "X03")
    if word in _SYMBOLS:
        return Problem(offset, _SYMBOLS[word], code="X03")
    if word[0].isalpha() or word[0] in "_'":
        return None
    half = _HALF_WIDTH.get(word) or unicodedata.normalize("NFKC", word).strip()
    if half != word:
        return Problem(offset, Text(f"全角符号 {word}", f"full-width sign {word}"),
                       Text(f"改用半角：{half or '空格'}", f"use the plain one: {half or 'a space'}"), "X03")
    if word[0].isdigit():
        plain = str(int(word, 16)) if word[1] in "xX" else word.replace("_", "")
        return Problem(offset, Text(f"数字中不能有下划线或字母：{word}", f"no underscore or letter in a number: {word}"),
                       Text(f"写作 {plain}", f"write {plain}"), "X03")
    return Problem(offset, Text(f"不认识的符号 {word}", f"unknown symbol {word}"), code="X03")


def _parse_problem(text: str, error: ParseError) -> Problem:
    detail = error.errors[0] if error.errors else {}
    start = detail.get("start")
    offset = start if isinstance(start, int) else _offset(text, detail)
    opened, closed = text.count("("), text.count(")")
    if opened != closed:
        where = _unmatched(text)
        return Problem(where, Text("括号没有配对", "brackets do not match"),
                       Text(f"左括号 {opened} 个，右括号 {closed} 个", f"{opened} opening, {closed} closing"))
    word = detail.get("highlight") or text[offset:offset + 12]
    hint = _FILTER if word.lower() == "where" else None
    return Problem(offset, Text(f"此处无法读取：{word}", f"cannot be read here: {word}"), hint)


def _unclosed(text: str) -> Problem:
    """The quote that is not closed: sqlglot's tokenizer says no more than that there is one."""
    opened = max((found.start() for found in re.finditer(r"'(?:[^']|'')*(?:'|$)", text)), default=0)
    return Problem(opened, Text("单引号没有配对", "a quote is not closed"))


def _offset(text: str, detail: dict[str, object]) -> int:
    line, column, word = detail.get("line"), detail.get("col"), detail.get("highlight")
    if not isinstance(line, int) or not isinstance(column, int):
        return 0
    before = sum(len(part) + 1 for part in text.split("\n")[: line - 1])
    return max(0, min(len(text) - 1, before + column - len(str(word or ""))))


def _unmatched(text: str) -> int:
    open_at: list[int] = []
    for index, character in enumerate(text):
        if character == "(":
            open_at.append(index)
        elif character == ")":
            if not open_at:
                return index
            open_at.pop()
    return open_at[0] if open_at else 0


def offset_of(node: exp.Expr) -> int:
    """The character at which `node` begins, as far as sqlglot kept it."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)


def call_parts(tree: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """Name and arguments of a call, also where sqlglot has a class of its own for the function."""
    if isinstance(tree, exp.Anonymous):
        return str(tree.this).lower(), list(tree.expressions)
    arguments: list[exp.Expr] = []
    for value in tree.args.values():
        arguments += [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, exp.Expr)]
    return tree.sql_name().lower(), arguments  # type: ignore[attr-defined]
