"""What a mapping file may declare about the values of a column, where the text alone could mean two things."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from auditkb.texts import fold

DateOrder = Literal["ymd", "dmy", "mdy"]
SerialSystem = Literal["1900", "1904"]


@dataclass(frozen=True, slots=True)
class ValueOptions:
    """Declarations for one column, or for a whole sheet. Without any, what could mean two things is refused.

    - `date_order`: the order of figures in `20.07.2018`, `05/06/18` or `190520`.
    - `century`: 1900 or 2000, added to a year of two figures; without it such a year is refused.
    - `serial_dates`: a bare number such as 43605 is a date of Excel, counted from 1900 or from 1904.
    - `year`: the year of `5月20日` (of `5/20` only where `date_order` is given as well).
    - `meanings`: whole cells, compared folded, and what they mean: the name of a state (`/` -> `not_required`), or
      the text to read instead (`Po` -> `是`, `5` -> `works`). They come before everything else.
    - `decimal_mark` and `thousands_mark`: `1.234,56` is read where they are `,` and `.`; `1 234,56` with a space.
    - `unit`: the unit of a bare number whose header names none, a key of `values.MONEY_UNITS` or `RATIO_UNITS`.
    - `latest`: the source's own date, else today is meant. A date after it is read, and noted, where the field's dates lie in the past.
    """

    date_order: DateOrder | None = None
    century: int | None = None
    serial_dates: SerialSystem | None = None
    year: int | None = None
    meanings: tuple[tuple[str, str], ...] = ()
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal[",", ".", " ", "'"] = ","
    unit: str | None = None
    latest: datetime.date | None = None

    def __post_init__(self) -> None:
        if self.decimal_mark == self.thousands_mark:
            raise ValueError("the marks of decimals and of thousands are the same")
        object.__setattr__(self, "meanings", tuple((fold(text), meaning) for text, meaning in self.meanings))

    def meaning_of(self, text: str) -> str | None:
        """What the whole cell `text` is declared to mean; None where nothing is declared of it."""
        if not self.meanings:
            return None
        folded = fold(text)
        return next((meaning for known, meaning in self.meanings if known == folded), None)


NO_OPTIONS = ValueOptions()
