"""Faults that a person can act on: where, what is wrong, what is allowed; in Chinese and in English.

Every module reports what is wrong with somebody's file as a `Fault` and raises all faults of an input together
in one `KnowledgeBaseError`. Nothing here prints; the two scripts do that at the edge.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Text:
    """One thing said in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """The text in `language` ("zh" or "en")."""
        return self.zh if language == "zh" else self.en

    def __add__(self, other: Text) -> Text:
        return Text(self.zh + other.zh, self.en + other.en)


def counted(number: int, thing: str, things: str | None = None) -> str:
    """A number of things in English.

    >>> counted(1, "rule"), counted(0, "rule"), counted(2, "loss", "losses")
    ('1 rule', '0 rules', '2 losses')
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def as_a_word(name: str) -> str:
    """A name or path as one word of a command line.

    >>> as_a_word("sample/台账.xlsx"), as_a_word("台账（更正） 2.xlsx")
    ('sample/台账.xlsx', '"台账（更正） 2.xlsx"')
    """
    return name if name.translate(str.maketrans("", "", "-_./")).isalnum() else f'"{name}"'


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one place of an input. Lines and columns count from 1."""

    text: Text
    file: str | None = None
    line: int | None = None
    column: int | None = None
    code: str | None = None
    severity: Severity = "error"
    hint: Text | None = None

    @property
    def place(self) -> str:
        """`file:line:column` as far as it is known; '' for a fault without a file."""
        parts = [self.file, self.line, self.column if self.line is not None else None]
        return ":".join(str(part) for part in parts if part is not None)

    def say(self, language: str) -> str:
        """The whole fault on one line."""
        place = f"{self.place}: " if self.place else ""
        code = f"[{self.code}] " if self.code else ""
        hint = ""
        if self.hint is not None:
            hint = ("；" if language == "zh" else "; ") + self.hint.say(language)
        return f"{place}{code}{self.text.say(language)}{hint}"


class KnowledgeBaseError(Exception):
    """All faults of an input at once."""

    def __init__(self, faults: Fault | Iterable[Fault]):
        self.faults: list[Fault] = [faults] if isinstance(faults, Fault) else list(faults)
        super().__init__("\n".join(fault.say("en") for fault in self.faults))


def fail(zh: str, en: str, **where: object) -> KnowledgeBaseError:
    """An error of one fault; `where` are the fields of `Fault`."""
    return KnowledgeBaseError(Fault(Text(zh, en), **where))  # type: ignore[arg-type]


def nearest(word: str, allowed: Sequence[str]) -> list[str]:
    """The names that `word` may be a slip of, the nearest first; at most three.

    >>> nearest("合同编好", ["合同编号", "乙方"])
    ['合同编号']
    """
    return difflib.get_close_matches(word, allowed, n=3, cutoff=0.6)


def did_you_mean(word: str, allowed: Sequence[str], most: int = 12, *, called: Mapping[str, str] | None = None) -> Text:
    """What is allowed in place of `word`: the nearest names where some are near, else the first `most` of all.

    `called` says what names mean in Chinese; a word that is such a meaning stands for its name.

    >>> did_you_mean("尾款", ["advance", "final"], called={"advance": "预付款", "final": "尾款"}).zh
    '是否想写：final（尾款）'
    """
    meant = called or {}

    def listed(names: Sequence[str]) -> Text:
        return Text(", ".join(f"{name}（{meant[name]}）" if name in meant else name for name in names), ", ".join(names))

    near = [name for name in allowed if meant.get(name) == word] or nearest(word, allowed)
    if near:
        return Text("是否想写：", "did you mean: ") + listed(near)
    more = " …" if len(allowed) > most else ""
    return Text("可用：", "allowed: ") + listed(list(allowed)[:most]) + Text(more, more)
