"""The wordings of `rules/relations/` as patterns over the text around a figure.

In a wording `…` stands for other words of the clause, `#` for another figure with its unit, `{name}` for a list of
`words.yml` or a variable, brackets with bars for a choice. Width and blanks are folded on both sides. Between the
wording and its figure nothing may stand but the fillers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from auditkb.reports.relations import WordLists, placeholders
from auditkb.texts import fold

_CLAUSE = "(?:\\d{4}年|[^,。;:\\d]){0,40}?"
_FIGURE = r"-?[\d,]*\d(?:\.\d+)?(?:%|[亿万千]?元)?"
# A name does not begin with the number of its paragraph.
_VARIABLE = "[^,。;:、\"“”‘’.()\\d][^,。;:、\"“”‘’.]{1,39}?"
_TOKENS = re.compile(r"…|#|\{\w+\}|\(|\)\??|\||[^…#{}()|]+")
YEAR = re.compile(r"(\d{4})年")

Values = Mapping[str, Iterable[str]]
"""Variable -> the values that the report's tables give it, as printed."""


def _choice(words: Iterable[str]) -> str:
    """One of the words, the longest first."""
    return "(?:" + "|".join(sorted({re.escape(fold(word)) for word in words}, key=len, reverse=True)) + ")"


class Wordings:
    """Compiles wordings with the words and the known values of one report."""

    def __init__(self, lists: WordLists, values: Values):
        self.lists, self.values = lists, values
        self.fillers = f"(?:{_choice(lists.fillers)})*"

    def before(self, wordings: Iterable[str], known: tuple[str, ...], *, fills: bool = True) -> list[re.Pattern[str]]:
        """Patterns for the text before a figure; they end where the figure begins."""
        return self._patterns(wordings, known, (self.fillers if fills else "") + "$")

    def opening(self, name: str, known: tuple[str, ...]) -> list[re.Pattern[str]]:
        """Patterns for an opening of paragraphs."""
        return self._patterns(self.lists.openings[name], known, "")

    def _patterns(self, wordings: Iterable[str], known: tuple[str, ...], end: str) -> list[re.Pattern[str]]:
        """The names that the tables have come first; a name that no table has is bound too, and is then said to have no counterpart."""
        wordings = list(wordings)
        exact = [self._expression(text, tuple(self.values)) for text in wordings]
        loose = [self._expression(text, known) for text in wordings]
        return [re.compile(text + end) for text in dict.fromkeys([*exact, *loose])]

    def after(self, wordings: Iterable[str]) -> list[re.Pattern[str]]:
        """Patterns for what follows a figure."""
        return [re.compile("^" + self._expression(text, ())) for text in wordings]

    def is_fewer(self, before: str) -> bool:
        """Whether the word before a change says that it went down."""
        return re.search(f"{_choice(self.lists.fewer)}{self.fillers}$", before) is not None

    def is_price(self, before: str, after: str) -> bool:
        """Whether an amount is a price for a unit: 单价, 每度 … or 元/度."""
        return after.startswith(("/", "每")) or re.search(f"{_choice(self.lists.prices)}[^,。;:]{{0,6}}$", before) is not None

    def _expression(self, text: str, known: tuple[str, ...]) -> str:
        return "".join(self._token(token, known) for token in _TOKENS.findall(text))

    def _token(self, token: str, known: tuple[str, ...]) -> str:
        if token == "…":
            return _CLAUSE
        if token == "#":
            return self.fillers + _FIGURE
        if token in ("(", ")", ")?", "|"):
            return "(?:" if token == "(" else token
        names = placeholders(token)
        if not names:
            return re.escape(fold(token))
        name = names[0]
        if name in self.lists.words:
            return _choice(self.lists.words[name])
        if name == "year":
            return r"(?P<year>\d{4})年?"
        values = list(self.values.get(name, ()))
        if name in known:
            return f"(?P<{name}>{_choice(values)})" if values else "(?!)"
        return f"(?P<{name}>{_VARIABLE})"


def nearest_year(text: str) -> int | None:
    """The last year in a folded text."""
    found = YEAR.findall(text)
    return int(found[-1]) if found else None
