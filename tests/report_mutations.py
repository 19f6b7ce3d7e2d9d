"""One digit of a report's text changed, to see whether a reader notices.

`change_digit` changes the figure that stands at a given line and column; every other character keeps its place.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A text in which one digit is another: the line and column of that digit (from 1), the figure before and after."""

    text: str
    line: int
    column: int
    before: str
    after: str

    @property
    def place_value(self) -> int:
        """The power of ten of the changed digit: 0 for ones, -2 for hundredths."""
        changed = next(index for index, (old, new) in enumerate(zip(self.before, self.after, strict=True)) if old != new)
        plain = unicodedata.normalize("NFKC", self.before)
        point = plain.rfind(".")
        if 0 <= point < changed:
            return point - changed
        whole = plain[changed + 1:point if point >= 0 else len(plain)]
        return sum(character.isdigit() for character in whole)


def change_digit(text: str, line: int, column: int, printed: str, rng: random.Random) -> Mutation:
    """The text with one digit of `printed`, which stands at `line` and `column`, changed to another digit.

    The first digit never becomes nought. Raises ValueError where something else stands there.
    """
    lines = text.split("\n")
    start = column - 1
    if not lines[line - 1].startswith(printed, start):
        raise ValueError(f"{printed!r} does not stand at line {line}, column {column}: {lines[line - 1][start:start + 20]!r}")
    digits = [index for index, character in enumerate(printed) if character.isdigit()]
    chosen = rng.choice(digits)
    old = printed[chosen]
    zero = ord(old) - int(old)
    allowed = [digit for digit in range(10) if digit != int(old) and (digit or chosen != digits[0])]
    after = printed[:chosen] + chr(zero + rng.choice(allowed)) + printed[chosen + 1:]
    lines[line - 1] = lines[line - 1][:start] + after + lines[line - 1][start + len(printed):]
    return Mutation("\n".join(lines), line, column + chosen, printed, after)
