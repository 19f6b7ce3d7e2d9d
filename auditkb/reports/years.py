"""Which year a figure of the text is of: the last year that its paragraph names before it, in digits or as 上年 or 本年.

A year behind 较 or 比 is only compared with: it binds the figure right behind it and nothing further. Where the words
leave it open the year is given as one that is not sure, and nothing is called broken because of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from auditkb.reports.document import Document
from auditkb.reports.figures import Figure
from auditkb.reports.number_forms import one_width
from auditkb.reports.relations import YearWords

_CLAUSE_END = re.compile("[，。；;！？\n]")
_LONGEST_CLAUSE = 200


@dataclass(frozen=True)
class _Mention:
    """A year named in a text from `start` to `end`; `year` is set where it is printed in digits."""

    kind: Literal["printed", "last", "this"]
    start: int
    end: int
    year: int | None = None
    is_compared: bool = False
    is_range: bool = False


@dataclass(frozen=True)
class _Text:
    text: str
    begins: int  # offset of its place
    mentions: tuple[_Mention, ...]


@dataclass(frozen=True)
class YearOfFigure:
    """A year, and whether the words leave no doubt."""

    year: int | None
    is_sure: bool = True


class Years:
    """The years that the paragraphs of one report name."""

    def __init__(self, document: Document, words: YearWords):
        self._forms = _Forms(words)
        self._texts = {paragraph.number: self._read(paragraph.text, paragraph.place.offset) for paragraph in document.paragraphs}

    def _read(self, text: str, begins: int) -> _Text:
        plain = one_width(text)
        return _Text(plain, begins, tuple(self._forms.mentions(plain)))

    def of(self, figure: Figure, usual: int | None) -> YearOfFigure:
        """The year of a figure; `usual` is the one of its section or report."""
        own = self._texts.get(figure.block)
        if own is None:  # a note over a table
            own = self._read(figure.before, 0)
            return self._found(own, len(own.text), usual)
        return self._found(own, figure.place.offset - own.begins, usual)

    def is_of_another(self, header: str, usual: int | None) -> bool:
        """Whether a column is of another year than the table: 上年决算数, or 2018年 in a table of 2019."""
        return any(one.kind == "last" or (one.kind == "printed" and usual is not None and one.year != usual) for one in self._forms.mentions(one_width(header)))

    def _found(self, own: _Text, at: int, usual: int | None) -> YearOfFigure:
        before = own.mentions[:bisect_left([mention.start for mention in own.mentions], at)] if own.mentions else ()
        for index in range(len(before) - 1, -1, -1):
            found = self._by(before, index, own.text[before[index].end:min(at, before[index].end + _LONGEST_CLAUSE)], usual)
            if found is not None:
                return found
        return YearOfFigure(usual)

    def _by(self, mentions: tuple[_Mention, ...], index: int, between: str, usual: int | None) -> YearOfFigure | None:
        """What one mention says of a figure with `between` from it to the figure; None where it says nothing."""
        mention = mentions[index]
        is_near = len(between) < _LONGEST_CLAUSE and _CLAUSE_END.search(between) is None
        if mention.is_compared and not is_near:
            return None
        if is_near and self._forms.moves(between) and (mention.is_compared or mention.kind == "last"):
            # 较上年减少公务接待费5万元 is a change, and 由上年的48万元增加到90万元 is of this year.
            return YearOfFigure(usual, False)
        around = next((one.year for one in reversed(mentions[:index]) if one.kind == "printed" and not one.is_compared), usual)
        if mention.kind == "printed":
            if is_near and self._forms.moves_to(between):
                return YearOfFigure(usual, False)
            is_apart = is_near and "分别" in between and index > 0
            return YearOfFigure(mention.year, not mention.is_range and not is_apart)
        if mention.kind == "this":
            return None if self._forms.is_account(between) else YearOfFigure(usual, around == usual)
        year = None if around is None else around - 1
        return YearOfFigure(year, is_near and around == usual)


class _Forms:
    """The words of years as patterns."""

    def __init__(self, words: YearWords):
        against, last, this = _choice(words.against), _choice(words.last), _choice(words.this)
        self._mention = re.compile(
            rf"(?P<against>{against}\s*)?(?:(?<![\d.])(?P<first>\d{{4}}\s*年?\s*[-—–~～至到]\s*)?(?P<year>\d{{4}})\s*年"
            rf"|(?P<last>(?>{last}))(?!\s*{_choice(words.not_last)})|(?P<this>{this}))")
        self._account = re.compile(rf"度?\s*{_choice(words.accounts)}")
        self._moved = re.compile(_choice(words.moved))
        self._moved_to = re.compile(_choice(words.moved_to))

    def mentions(self, text: str) -> Iterable[_Mention]:
        for match in self._mention.finditer(text):
            kind: Literal["printed", "last", "this"] = "printed" if match["year"] else "last" if match["last"] else "this"
            yield _Mention(kind, match.start(), match.end(), int(match["year"]) if match["year"] else None, bool(match["against"]), bool(match["first"]))

    def moves(self, text: str) -> bool:
        return self._moved.search(text) is not None

    def moves_to(self, text: str) -> bool:
        return self._moved_to.search(text) is not None

    def is_account(self, text: str) -> bool:
        """Whether 本年 only begins the name of an account, 本年收入, which every year has."""
        return self._account.match(text) is not None


def _choice(words: Iterable[str]) -> str:
    """One of the words, the longest first, with any space within; nothing where there are none."""
    found = sorted(set(words), key=len, reverse=True)
    return "(?:" + "|".join(r"\s*".join(map(re.escape, word)) for word in found) + ")" if found else "(?!)"
