"""Answers about texts that repeat, each asked for once: a ledger's columns hold few different texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

MOST_REMEMBERED = 20_000

Answer = TypeVar("Answer")


class Remembered(dict[str, Answer], Generic[Answer]):
    """What a pure function says of texts; forgets all when it knows too many."""

    def __init__(self, ask: Callable[[str], Answer]):
        super().__init__()
        self._ask = ask

    def __missing__(self, text: str) -> Answer:
        answer = self[text] = self._ask(text)
        return answer

    def of(self, texts: Iterable[str]) -> list[Answer]:
        """The answer to each of the texts."""
        if len(self) > MOST_REMEMBERED:
            self.clear()
        return list(map(self.__getitem__, texts))
