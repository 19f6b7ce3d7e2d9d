"""How one invented report is set: numbering, units, brackets, commas, and the pen that prints and remembers figures.

A printed figure is marked in the text while the report is put together; `report_blocks` takes the marks out again and
notes where each figure came to stand.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

OPEN, BETWEEN, CLOSE = "\ue000", "\ue001", "\ue002"
SCALE = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
NUMERALS = "零一二三四五六七八九十"
WIDE = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


@dataclass
class PrintedFigure:
    """A figure as it is printed, what it is, and, once the report stands, its line and column (both from 1)."""

    key: str
    printed: str
    unit: str
    value: Decimal | None
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Style:
    """What one report does alike throughout."""

    part: str
    first: str
    second: str
    third: str
    fourth: str
    accounts_unit: str
    tracking_unit: str
    attachment_unit: str
    largest_unit: str
    text_commas: bool
    table_commas: bool
    wide_digits: bool
    wide_commas: bool
    space_before_unit: bool
    strips_zeros: bool
    percent_digits: int
    zero: str
    pads_cells: bool
    blank_lines: int
    breaks_headers: bool
    breaks_lines: bool

    def mark(self, level: int, number: int) -> str:
        """The number before a heading or paragraph: level 0 is a part, 4 the innermost."""
        form = (self.part, self.first, self.second, self.third, self.fourth)[level]
        circled = chr(0x2460 + number - 1) if number <= 20 else str(number)
        in_brackets = chr(0x2474 + number - 1) if number <= 20 else f"（{number}）"
        return form.format(n=number, zh=chinese(number), wide=str(number).translate(WIDE), circled=circled,
                           enclosed=in_brackets)


def chinese(number: int) -> str:
    """1 to 99 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    if not tens:
        return NUMERALS[ones]
    return (NUMERALS[tens] if tens > 1 else "") + "十" + (NUMERALS[ones] if ones else "")


def invent_style(rng: random.Random) -> Style:
    """A style as offices have them; the unusual is seldom."""
    return Style(
        part=rng.choice(["第{zh}部分 ", "第{zh}部分、", "第{zh}部分：", "第{zh}部分　"]),
        first=rng.choice(["{zh}、", "{zh}、", "{zh}、", "{zh}.", "{zh}．"]),
        second=rng.choice(["（{zh}）", "（{zh}）", "({zh})", "（{zh}）、", "({zh}) "]),
        third=rng.choice(["{n}.", "{n}.", "{n}、", "{n}．", "{wide}．", "{n}. "]),
        fourth=rng.choice(["（{n}）", "（{n}）", "({n})", "{circled}", "{enclosed}", "（{wide}）"]),
        accounts_unit=rng.choice(["元", "元", "万元"]),
        tracking_unit=rng.choice(["万元", "万元", "万元", "元"]),
        attachment_unit=rng.choice(["元", "元", "元", "万元"]),
        largest_unit=rng.choice(["万元", "万元", "亿元"]),
        text_commas=rng.random() < 0.5,
        table_commas=rng.random() < 0.75,
        wide_digits=rng.random() < 0.08,
        wide_commas=rng.random() < 0.2,
        space_before_unit=rng.random() < 0.15,
        strips_zeros=rng.random() < 0.4,
        percent_digits=rng.choice([2, 2, 2, 1]),
        zero=rng.choice(["0.00", "0.00", "0.00", "", "—"]),
        pads_cells=rng.random() < 0.4,
        blank_lines=rng.choice([0, 0, 1]),
        breaks_headers=rng.random() < 0.4,
        breaks_lines=rng.random() < 0.2,
    )


def in_unit(fen: int, unit: str, digits: int = 2, rounding: str = ROUND_HALF_UP) -> Decimal:
    """An exact amount of fen as it is printed in `unit`."""
    return (Decimal(fen) / 100 / SCALE[unit]).quantize(Decimal(1).scaleb(-digits), rounding=rounding)


def truncated(fen: int, unit: str) -> Decimal:
    """The amount with its last digits cut off instead of rounded."""
    return in_unit(fen, unit, rounding=ROUND_DOWN)


def ratio(part: int, whole: int, digits: int) -> Decimal:
    """`part` of `whole` in per cent, rounded."""
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@dataclass
class Pen:
    """Prints figures in the report's style, and remembers each under its key.

    `changes` says for some keys what is printed instead of the right value: a function of the right printed value.
    """

    style: Style
    changes: dict[str, Callable[[Decimal], Decimal]] = field(default_factory=dict)
    figures: list[PrintedFigure] = field(default_factory=list)
    right: dict[str, Decimal] = field(default_factory=dict)
    exact: dict[str, int] = field(default_factory=dict)

    def money(self, key: str, fen: int, unit: str, digits: int = 2) -> str:
        """An amount with its unit, in a sentence."""
        self.exact[key] = fen
        value = self._changed(key, in_unit(fen, unit, digits))
        text = self._grouped(key, value, self.style.text_commas)
        if self.style.wide_digits:
            text = text.translate(WIDE)
        elif self.style.wide_commas and text.count(",") == 1 and random.Random(key).random() < 0.2:
            text = text.replace(",", "，")
        gap = " " if self.style.space_before_unit else ""
        return self._marked(key, text, unit, value) + gap + unit

    def cell(self, key: str, fen: int | None, unit: str) -> str:
        """An amount in a table cell, without its unit; None is a blank cell, and zero is as the style has it."""
        if fen is None or (fen == 0 and self.style.zero != "0.00" and key not in self.changes):
            printed = "" if fen is None else self.style.zero
            return self._marked(key, printed, unit, None)
        self.exact[key] = fen
        value = self._changed(key, in_unit(fen, unit))
        return self._marked(key, f"{value:,f}" if self.style.table_commas else f"{value:f}", unit, value)

    def percent(self, key: str, part: int, whole: int, in_cell: bool = False) -> str:
        """A share or a rate with its sign; in a cell with all its digits."""
        value = self._changed(key, ratio(part, whole, self.style.percent_digits))
        text = f"{value:f}" if in_cell else self._grouped(key, value, commas=False)
        return self._marked(key, text, "%", value) + "%"

    def count(self, key: str, number: int) -> str:
        """A number of things, without its word."""
        value = self._changed(key, Decimal(number))
        return self._marked(key, f"{value:f}", "", value)

    def _changed(self, key: str, value: Decimal) -> Decimal:
        self.right[key] = value
        return self.changes[key](value) if key in self.changes else value

    def _grouped(self, key: str, value: Decimal, commas: bool) -> str:
        text = f"{value:,f}" if commas else f"{value:f}"
        whole = value >= 500 or value == 0 or (value == 100 and key not in self.changes)
        if self.style.strips_zeros and key not in self.changes and text.endswith("0") and "." in text:
            shorter = text.rstrip("0")
            if not shorter.endswith("."):
                return shorter
            if whole:
                return shorter.rstrip(".")
        return text

    def _marked(self, key: str, text: str, unit: str, value: Decimal | None) -> str:
        self.figures.append(PrintedFigure(key, text, unit, value))
        return f"{OPEN}{len(self.figures) - 1}{BETWEEN}{text}{CLOSE}"
