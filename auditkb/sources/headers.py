"""Which field each column of a sheet is, and in what unit: exactly, or it is not loaded and listed, or refused.

A title is compared with the field's name, its labels and its synonyms after width, space and brackets are made one. A
unit in brackets at its end (`金额（万元）`) is that of the column's bare numbers. Under a title over several columns
(招标投标 › 公告日期) a column belongs to this type only where that title says so.
"""

from __future__ import annotations

import re
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from auditkb.dictionary import Field, RecordType, normalise_header
from auditkb.errors import Fault, Text, did_you_mean, nearest
from auditkb.sources.layout import Layout, split_unit
from auditkb.sources.sheets import column_letter
from auditkb.value_options import NO_OPTIONS, ValueOptions
from auditkb.values import COUNT_UNITS, MONEY_UNITS, RATIO_UNITS, fold


_SIDE = re.compile(r"^(?P<name>.+?)\(?(?P<side>大写|小写)\)?$")

_SLIP = 0.75


@dataclass(frozen=True)
class Column:
    """One column of a sheet: where it is, what it holds, and the unit of its bare numbers (None: not known).

    `ends`: the column holds two dates in one cell, and the second is this field. `capitals`: where the same amount
    stands in capitals, which are compared with it.
    """

    position: int
    letter: str
    title: str
    name: str
    field: Field
    unit: str | None
    options: ValueOptions = NO_OPTIONS
    ends: Field | None = None
    capitals: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The field that it fills, or the two of a period."""
        return (self.name,) if self.ends is None else (self.name, self.ends.name)


@dataclass
class Matched:
    """What became of the columns: loaded, refused, or left out with the reason and what to do."""

    columns: list[Column] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: list[tuple[int, Text, Text]] = field(default_factory=list)


def match_headers(record_type: RecordType, layout: Layout, place: str, *, money_unit: str | None = None) -> Matched:
    """The columns of a table for one record type. `money_unit` holds where neither header nor corner names a unit."""
    matcher = _Matcher(record_type, layout, place, money_unit)
    for position in layout.titles:
        matcher.take(position)
    matcher.settle()
    return Matched(list(matcher.columns.values()), matcher.faults, matcher.left_out)


class _Matcher:
    def __init__(self, record_type: RecordType, layout: Layout, place: str, money_unit: str | None):
        self._type, self._layout, self._place = record_type, layout, place
        self._certain, self._uncertain, self._periods = record_type.headers(), record_type.uncertain_headers(), record_type.period_headers()
        self._groups = record_type.group_titles()
        self._money_unit = layout.corner_units[0] if len(layout.corner_units) == 1 else None if layout.corner_units else money_unit
        self.columns: dict[str, Column] = {}
        self.faults: list[Fault] = []
        self.left_out: list[tuple[int, Text, Text]] = []
        self._later: list[Callable[[], None]] = []
        self._capitals: list[tuple[int, str]] = []
        self._unknown: list[int] = []

    def take(self, position: int) -> None:
        """Match one column; what depends on the others waits for `settle`."""
        title, unit = self._heading(position)
        whole = normalise_header(title)
        if self._take_side(position, whole):
            return
        name = self._certain.get(whole)
        if name is None or (unit is not None and is_known_unit(unit)):
            name = name or self._certain.get(split_unit(title)[0])
        else:
            unit = None
        if name is not None:
            self._add(position, name, unit)
        elif split_unit(title)[0] in self._periods:
            self._later.append(lambda: self._take_period(position))
        elif (names := self._uncertain.get(whole) or self._uncertain.get(split_unit(title)[0])) is not None:
            self._later.append(lambda: self._refuse_uncertain(position, names))
        else:
            self._unknown.append(position)

    def _take_side(self, position: int, whole: str) -> bool:
        """Take one of two columns of an amount, in figures (小写) and in capitals (大写)."""
        found = _SIDE.match(whole)
        bare, unit = split_unit(found["name"]) if found else ("", None)
        name = self._certain.get(bare)
        if found is None or name is None or self._type.fields[name].type != "money":
            return False
        if found["side"] == "大写":
            self._capitals.append((position, name))
        else:
            self._add(position, name, unit)
        return True

    def _heading(self, position: int) -> tuple[str, str | None]:
        """The title that is compared: the lowest, with those above it unless they only name the record type."""
        path = self._layout.titles[position]
        above = [title for title in path[:-1] if normalise_header(title) not in self._groups]
        title = "".join((*above, path[-1]))
        unit = split_unit(path[-1])[1]
        for over in reversed(path[:-1]):
            unit = unit or split_unit(over)[1]
        return title, unit

    def _add(self, position: int, name: str, unit: str | None) -> None:
        entry, other, words = self._type.fields[name], self.columns.get(name), self._words(position)
        if other is not None:
            self._fault(Text(f"{words.zh}与 {other.letter} 列“{_short(other.title)}”都是“{entry.label.zh}”",
                             f'{words.en} and column {other.letter} "{_short(other.title)}" are both "{entry.label.en}"'),
                        Text("只保留一列；或用 ingest.py map 写对应文件：多余的一列写 skip，并排的几条记录各写序号", "keep one of them; or write a mapping file with ingest.py map, in which one is skipped, or records side by side have their numbers"))
        elif unit is not None and not is_unit_of(entry, unit):
            self._fault(Text(f"{words.zh}的单位“{unit}”无法识别", f'{words.en}: the unit "{unit}" is not known'),
                        units_of(entry) + Text("；括号中不是单位的，从表头删去，或用 ingest.py map 写对应文件", "; where the brackets hold no unit take them out of the header, or write a mapping file with ingest.py map"))
        else:
            letter = column_letter(position)
            self.columns[name] = Column(position, letter, self._layout.title(position), name, entry, column_unit(entry, unit, self._money_unit))

    def _take_period(self, position: int) -> None:
        assert self._type.period is not None
        first, second = self._type.period.fields
        if first in self.columns or second in self.columns:
            self._leave_out(position, Text("开始和结束日期已另有列", "the start or the end has a column of its own"))
            return
        self._add(position, first, None)
        if first in self.columns:
            self.columns[first] = replace(self.columns[first], ends=self._type.fields[second])

    def _refuse_uncertain(self, position: int, names: Sequence[str]) -> None:
        free = [name for name in names if name not in self.columns]
        if not free:
            self._leave_out(position, Text("可能的字段都已另有列", "every field that it may mean has a column of its own"))
            return
        words, fields = self._words(position), [self._type.fields[name] for name in free]
        zh = "、".join(f"{entry.label.zh}（{self._type.type}.{entry.name}）" for entry in fields)
        en = ", ".join(f'"{entry.label.en}" ({self._type.type}.{entry.name})' for entry in fields)
        self._fault(Text(f"{words.zh}含义不明确，可能是{zh}，也可能是别的", f"{words.en} is not certain: it may be {en}, or something else"),
                    Text("把表头改为确切的名称，或用 ingest.py map 写对应文件", "give it its exact name, or write a mapping file with ingest.py map"))

    def settle(self) -> None:
        """Decide on what is not certain, once all certain columns are known."""
        for position, name in self._capitals:
            column = self.columns.get(name)
            if column is not None and column.capitals is None:
                self.columns[name] = replace(column, capitals=position)
            else:
                self._add(position, name, None)
        for decide in self._later:
            decide()
        missing = self._missing()
        for position in self._unknown:
            near = self._near(position)
            if not self._can_have_key() or any(name in missing and self._is_slip(position, heading) for name, heading in near.items()):
                self._fault(*self._unknown_title(position, near))
            else:
                self._leave_out(position, Text(f"不是“{self._type.label.zh}”的字段", f'not a field of "{self._type.label.en}"'), near)

    def _missing(self) -> set[str]:
        """Fields that name the record or its parent and have no column: a title like theirs is not passed over."""
        needed = {name for names in self._type.key for name in names} | set(self._type.belongs_to)
        return needed - self.columns.keys()

    def _can_have_key(self) -> bool:
        *exact, last = self._type.key
        return any(all(name in self.columns for name in names) for names in exact) or any(name in self.columns for name in last)

    def _near(self, position: int) -> dict[str, str]:
        """Fields whose headings are nearly this title, with that heading; none where a title above speaks of something else."""
        if any(normalise_header(title) not in self._groups for title in self._layout.titles[position][:-1]):
            return {}
        title = self._layout.titles[position][-1]
        headings = {text: name for name, entry in self._type.fields.items() for text in (entry.label.zh, entry.label.en, *entry.synonyms)}
        return {headings[text]: text for text in nearest(title, list(headings))}

    def _is_slip(self, position: int, heading: str) -> bool:
        """Whether a title is a heading but for a character or so: 合同编好 for 合同编号, but not 采购方式 for 采购."""
        return difflib.SequenceMatcher(None, self._layout.titles[position][-1], heading).ratio() >= _SLIP

    def _unknown_title(self, position: int, near: dict[str, str]) -> tuple[Text, Text]:
        words, label = self._words(position), self._type.label
        text = Text(f"{words.zh}不是“{label.zh}”的字段", f'{words.en} is not a field of "{label.en}"')
        if near:
            return text, did_you_mean(next(iter(near.values())), list(near.values()))
        labels = [entry.label for entry in self._type.fields.values()]
        return text, Text(did_you_mean("", [entry.zh for entry in labels]).zh, did_you_mean("", [entry.en for entry in labels]).en)

    def _leave_out(self, position: int, why: Text, near: dict[str, str] | None = None) -> None:
        names = ", ".join((near or {}).values())
        if names:
            advice = Text(f"是否就是：{names}？是则改表头，或用 ingest.py map 写对应文件", f"is it {names}? Then change the title, or write a mapping file with ingest.py map")
        else:
            advice = Text("不需要可不管；需要则用 ingest.py map 写对应文件", "leave it if nobody needs it; else write a mapping file with ingest.py map")
        self.left_out.append((position, why, advice))

    def _words(self, position: int) -> Text:
        letter, title = column_letter(position), _short(self._layout.title(position))
        return Text(f"{letter} 列“{title}”", f'column {letter} "{title}"')

    def _fault(self, text: Text, hint: Text | None) -> None:
        self.faults.append(Fault(text, self._place, self._layout.line, hint=hint))


def is_known_unit(unit: str) -> bool:
    """Whether this is a unit of money, of a share or of a count."""
    counts = (fold(word) for words in COUNT_UNITS.values() for word in words)
    return unit in MONEY_UNITS or unit in RATIO_UNITS or unit in counts


def is_unit_of(field: Field, unit: str) -> bool:
    """Whether numbers of this field may be in this unit."""
    if field.type == "money":
        return unit in MONEY_UNITS
    if field.type == "ratio":
        return unit in RATIO_UNITS
    if field.type == "integer":
        return unit in map(fold, COUNT_UNITS.get(field.unit or "", ()))
    return False


def units_of(field: Field) -> Text:
    """The units that a header may name for this field."""
    if field.type == "money":
        return Text("可用：元、万元", "allowed: yuan, 万元 (10,000 yuan)")
    if field.type == "ratio":
        return Text("可用：%、‰", "allowed: %, ‰")
    words = COUNT_UNITS.get(field.unit or "", ())
    return Text(f"可用：{'、'.join(words)}", f"allowed: {', '.join(words)}") if words else Text("这一列没有单位", "this column has no unit")


def column_unit(field: Field, unit: str | None, money_unit: str | None) -> str | None:
    """The unit of a column's bare numbers: its own, or for money that of the table."""
    if field.type == "money":
        return unit or money_unit
    return unit if field.type == "ratio" else None


def _short(title: str) -> str:
    title = " ".join(title.split())
    return title if len(title) <= 30 else title[:30] + "…"
