"""Checks of parameters' values over time: lines that overlap, values beyond the limit that a law sets."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import combinations

from auditkb.errors import Fault, Text
from auditkb.expressions.tree import Constant, Node
from auditkb.expressions.tree import Parameter as ParameterNode
from auditkb.linting.codes import found
from auditkb.parameters import OverrideLine, Overlay
from auditkb.rules.checked import ParameterRow, ParameterTable, Rule
from auditkb.yaml_files import Path_, YamlFile

Period = tuple[datetime.date | str | None, datetime.date | str | None]


def check_values(rule: Rule, overlay: Overlay) -> Iterator[Fault]:
    """Overlaps within a rule's own tables, and values beyond `at_most` and `at_least`, an office's own included."""
    for name, table in rule.parameters.items():
        own = [row for row in table.rows if row.source is None]
        rows = len(rule.file.parameters[name].rows or [])
        for (_, first), (number, second) in combinations(enumerate(own[:rows]), 2):
            if _same_case(first, second) and _overlap((first.starts_on, first.ends_on), (second.starts_on, second.ends_on)):
                yield found("P23", rule.source, ("parameters", name, "rows", number),
                            Text(f"参数“{name}”的这一行与前面的一行期限重叠", f'this line of "{name}" overlaps an earlier one'),
                            Text("重叠的日子按前面的一行取值", "on the days they share the earlier line holds"))
        lines = overlay.get(f"{rule.id}.{name}", [])
        for row, (file, path) in zip(table.rows, [(file, path) for _, file, path in lines] + _own_places(rule, name), strict=False):
            yield from _beyond(rule, name, table, row, file, path)
            if table.unit == "ratio" and isinstance(row.value, (int, float)) and row.value > 1:
                yield found("P25", file, path, Text(f"“{name}”的值 {row.value} 即 {row.value * 100:g}%", f"{name} is {row.value}, which is {row.value * 100:g} %"),
                            Text("比例写作小数：3% 写作 0.03", "a ratio is written as a fraction: 0.03 for 3 %"))


def check_overlay(overlay: Overlay) -> Iterator[Fault]:
    """Lines of one parameters.yml that hold for the same organisation on the same days."""
    for name, lines in overlay.items():
        for (first, file, _), (second, other, path) in combinations(lines, 2):
            same = file is other and first.organisation in (None, second.organisation)
            if same and _overlap(_period(first), _period(second)):
                yield found("P23", other, path[:-1], Text(f"“{name}”的这一行与前面的一行期限重叠", f'this line of "{name}" overlaps an earlier one'),
                            Text("重叠的日子按前面的一行取值", "on the days they share the earlier line holds"))


def _own_places(rule: Rule, name: str) -> list[tuple[YamlFile, Path_]]:
    """Where each of the rule's own rows stands in its file, in their order."""
    model = rule.file.parameters[name]
    path: Path_ = ("parameters", name)
    places = [(*path, "rows", number, "value") for number in range(len(model.rows or []))]
    return [(rule.source, place) for place in [*places, (*path, "default" if model.default is not None else "else")]]


def _period(line: OverrideLine) -> Period:
    return line.from_, line.to


def _overlap(first: Period, second: Period) -> bool:
    """Whether a later line can be hidden by an earlier one. A line without a period behind a dated one is what else holds."""
    return _meet(first, second) and not (second == (None, None) and first != (None, None))


def _meet(first: Period, second: Period) -> bool:
    """Whether two periods share a day; None is without end, and both ends belong to it."""
    (starts, ends), (begins, stops) = ((str(day) if day is not None else None for day in period) for period in (first, second))
    return (starts is None or stops is None or starts <= stops) and (begins is None or ends is None or begins <= ends)


def _same_case(first: ParameterRow, second: ParameterRow) -> bool:
    """Whether two rows name the same keys and share a value of each. A row that names fewer is a fallback, not an overlap."""
    return first.matches.keys() == second.matches.keys() and all(set(first.matches[by]) & set(second.matches[by]) for by in first.matches)


def _beyond(rule: Rule, name: str, table: ParameterTable, row: ParameterRow, file: YamlFile, path: Path_) -> Iterator[Fault]:
    # What stands for all days behind dated lines fills their gaps only, and may never be used.
    is_rest = row is table.rows[-1] and len(table.rows) > 1 and row.starts_on is None and row.ends_on is None and table.is_dated
    if is_rest or not isinstance(row.value, (int, float)):
        return
    for limit, is_most in ((table.at_most, True), (table.at_least, False)):
        for other in _limits(rule, limit):
            shares = _meet((row.starts_on, row.ends_on), (other.starts_on, other.ends_on))
            if shares and isinstance(other.value, (int, float)) and (row.value > other.value if is_most else row.value < other.value):
                days = "–".join(day or "…" for day in (other.starts_on, other.ends_on)) if other.starts_on or other.ends_on else ""
                yield found("P24", file, path, Text(f"“{rule.id}.{name}”的值 {row.value} {'高' if is_most else '低'}于法定界限 {other.value}（{days or '始终'}）",
                                                    f"{rule.id}.{name} is {row.value}, {'above' if is_most else 'below'} the legal limit of {other.value} ({days or 'always'})"),
                            Text("这期间的疑点会注明与法定界限冲突", "findings of that time will say that they conflict with the law"))
                break


def _limits(rule: Rule, limit: Node | None) -> list[ParameterRow]:
    """The values of a limit that are written down; a limit made of fields has none."""
    if isinstance(limit, Constant):
        return [ParameterRow({}, limit.value)]
    if isinstance(limit, ParameterNode) and limit.name in rule.parameters:
        rows = [row for row in rule.parameters[limit.name].rows if not row.matches and row.organisation is None]
        # The first row that holds wins: what stands for all days behind dated rows fills their gaps only.
        return [row for row in rows if row.starts_on or row.ends_on] or rows
    return []
