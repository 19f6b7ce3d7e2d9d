"""Amounts in cells that are merged over several records: they belong to none of them, and are read for none.

Rows of one record (its number is merged over the same rows, or stands in each) share an amount rightly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from auditkb.errors import Text
from auditkb.sources.line import Line, text_at
from auditkb.sources.sheets import Area, Problem, column_letter

_SPLIT_IT = Text("请按每行各自的金额拆分填写", "write the amount of each row")


def amount_areas(merged: Collection[Area], first_row: int, positions: Collection[int]) -> list[Area]:
    """The areas over several rows of data that hold an amount, from above to below."""
    found = [area for area in merged if area.first_row >= first_row and area.last_row > area.first_row and area.first_column in positions]
    return sorted(found, key=lambda area: area.first_row)


def refuse_shared(lines: Iterator[Line], areas: Sequence[Area], naming: Mapping[int, Collection[int]]) -> Iterator[Line]:
    """The lines, those that share an amount with another record's marked; `naming` gives by column of amounts those that name its record."""
    waiting: list[Line] = []
    last = 0
    for line in lines:
        if waiting and line.number > last:
            yield from _judged(waiting, areas, naming)
            waiting = []
        begun = [area.last_row for area in areas if area.first_row == line.number]
        if begun:
            last = max(last, *begun)
        if line.number <= last:
            waiting.append(line)
        else:
            yield line
    yield from _judged(waiting, areas, naming)


def _judged(lines: Sequence[Line], areas: Sequence[Area], naming: Mapping[int, Collection[int]]) -> Iterator[Line]:
    problems: dict[int, list[Problem]] = {}
    for area in areas:
        place = area.first_column
        rows = [line for line in lines if area.first_row <= line.number <= area.last_row]
        others = [other for other in naming[place] if other != place]
        if not rows or not text_at(rows[0], place) or all(_is_same(rows[0], line, others) for line in rows[1:]):
            continue
        first, rest = rows[0], rows[1:]
        cells = f"{column_letter(place)}{area.first_row}:{column_letter(place)}{area.last_row}"
        reason = Text(f"{cells} 合并为一格，是 {len(rows)} 条记录合计的金额，没有读入", f"{cells} is one merged cell with the amount of {len(rows)} records together; it is read for none of them")
        problems.setdefault(first.number, []).append(Problem(place, reason, _SPLIT_IT))
        for line in rest:
            problems.setdefault(line.number, []).append(Problem(place, None, None))
    for line in lines:
        found = problems.get(line.number)
        yield line._replace(problems=(*line.problems, *found)) if found else line


def _is_same(first: Line, line: Line, naming: Collection[int]) -> bool:
    """Whether two rows are of one record: what names it stands in both, and is equal."""
    pairs = [(one, other) for place in naming if (one := text_at(first, place)) and (other := text_at(line, place))]
    return bool(pairs) and all(one == other for one, other in pairs)
