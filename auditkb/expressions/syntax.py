"""Text of an expression -> sqlglot's syntax tree, refusing what sqlglot accepts in silence.

sqlglot reads more than the language has (aliases, subqueries, several statements, chained comparison …): each of these
is a fault here or where the tree is checked, with the character at which it stands.
"""

from __future__ import annotations

import re
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


FORBIDDEN = {
    "select": Text("表达式中不能写查询（select）", "a query (select) is not allowed in an expression"),
    "attach": Text("表达式中不能写 attach", "attach is not allowed in an expression"),
    "pragma": Text("表达式中不能写 pragma", "pragma is not allowed in an expression"),
}
_WORD = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][A-Za-z_0-9]*|;|--|/\*|\"|`|\[|\?|@|\$|\|\||::|<=>|==|!=|%|&|\||~|\d[\d_]*_[\d_]*")
_SYMBOLS = {
    ";": Text("只能写一个表达式，不能用分号", "one expression only; no semicolon"),
    "--": Text("表达式中不能写注释", "comments are not allowed in an expression"),
    "/*": Text("表达式中不能写注释", "comments are not allowed in an expression"),
    '"': Text("文字用单引号，字段名不加引号", "text takes single quotes, names take none"),
    "`": Text("字段名不加引号", "names take no quotes"),
    "==": Text("相等写作 =", "write = for equality"),
    "!=": Text("不等写作 <>", "write <> for inequality"),
}


def parse_expression(text: str) -> tuple[exp.Expr | None, list[Problem]]:
    """The syntax tree of one expression, or its problems. Never raises on any text."""
    problems = _forbidden(text)
    if problems:
        return None, problems
    if not text.strip():
        return None, [Problem(0, Text("表达式是空的", "the expression is empty"))]
    try:
        trees = parse(text, read="sqlite")
    except ParseError as error:
        return None, [_parse_problem(text, error)]
    except (TokenError, RecursionError):
        return None, [Problem(0, Text("表达式无法读取：引号或括号没有配对", "cannot be read: a quote or bracket is not closed"))]
    if len(trees) != 1 or trees[0] is None:
        return None, [Problem(0, Text("只能写一个表达式", "one expression only"))]
    return trees[0], []


def _forbidden(text: str) -> list[Problem]:
    problems = []
    for found in _WORD.finditer(text):
        word = found.group()
        if word.lower() in FORBIDDEN:
            problems.append(Problem(found.start(), FORBIDDEN[word.lower()]))
        elif word in _SYMBOLS:
            problems.append(Problem(found.start(), _SYMBOLS[word]))
        elif word[0].isdigit():
            plain = word.replace("_", "")
            problems.append(Problem(found.start(), Text(f"数字中不能有下划线：{word}", f"no underscore in a number: {word}"),
                                    Text(f"写作 {plain}", f"write {plain}")))
        elif not (word[0].isalpha() or word[0] in "_'"):
            problems.append(Problem(found.start(), Text(f"不认识的符号 {word}", f"unknown symbol {word}")))
    return problems


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
    return Problem(offset, Text(f"此处无法读取：{word}", f"cannot be read here: {word}"))


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
