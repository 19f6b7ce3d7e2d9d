"""Answers about texts that repeat, each asked for once: a ledger's columns hold few different texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

MOST_REMEMBERED = 20_000

Text = TypeVar("Text")
Answer = TypeVar("Answer")


class Remembered(dict[Text, Answer], Generic[Text, Answer]):
    """What a pure function says of texts; asked by `of` alone, which forgets all when too many are known."""

    def __init__(self, ask: Callable[[Text], Answer]):
        super().__init__()
        self._ask = ask

    def __missing__(self, text: Text) -> Answer:
        answer = self[text] = self._ask(text)
        return answer

    def of(self, texts: Iterable[Text]) -> list[Answer]:
        """The answer to each of the texts."""
        if len(self) > MOST_REMEMBERED:
            self.clear()
        return list(map(self.__getitem__, texts))
