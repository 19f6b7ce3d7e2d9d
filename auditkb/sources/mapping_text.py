"""A draft of a mapping file as text: YAML with comments that show the titles, sample values and what to decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditkb.dictionary import Dictionary
from auditkb.errors import Language, Text
from auditkb.sources.declaration import id_of_file
from auditkb.sources.layout import Layout
from auditkb.sources.mapping import choices_of_meaning
from auditkb.sources.settled_proposals import fields_named

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w\u4e00-\u9fff.()（）/ ]*")
_LONGEST_SAMPLE = 24
_OPEN = '"?"'
_MEANT = {"空白": "blank_in_document", "空": "blank_in_document"}
"""Words that say themselves what they mean; what another mark means only the people of the ledger know."""


@dataclass(frozen=True)
class ColumnText:
    """One column: where it goes (a target, several, `skip`, or `? choices`), and values that stand in it."""

    position: int
    letter: str
    title: str
    target: str | list[str]
    samples: Sequence[str]
    units: Sequence[str]


@dataclass(frozen=True)
class TableText:
    """One table, with what its values show: the order of dates, marks that mean nothing certain, repeated numbers."""

    sheet: str | None
    layout: Layout
    main: str | None
    columns: Sequence[ColumnText]
    date_order: str | None
    is_short_year: bool
    needs_unit: bool
    marks: Sequence[str]
    year: int | None
    repeated: Sequence[tuple[str, str]]
    has_no_year: bool = False
    blank_below: Sequence[str] = ()
    office: str | None = None
    is_hidden: bool = False


def fields_of(target: str | list[str]) -> list[tuple[str, str]]:
    """Record type and field of everything that a proposal names, choices included.

    >>> fields_of("? payment[2].paid_on | skip")
    [('payment', 'paid_on')]
    """
    text = target if isinstance(target, str) else " ".join(target)
    return list(dict.fromkeys(fields_named([text])))


def quoted(text: str) -> str:
    """A text as YAML reads it back.

    >>> quoted("招标投标 › 公告日期"), quoted("合同编号"), quoted("no: 1")
    ('"招标投标 › 公告日期"', '合同编号', '"no: 1"')
    """
    if _PLAIN.fullmatch(text) and text == text.strip() and text not in ("true", "false", "null") and not text.endswith(" "):
        return text
    return json.dumps(text, ensure_ascii=False)


def mapping_text(file_name: str, tables: Sequence[TableText], skip: dict[str, str], dictionary: Dictionary, language: Language) -> str:
    """The whole file."""
    lines = list(_head(file_name, language)) + list(_complete(file_name, tables, dictionary))
    lines += list(_links(tables, dictionary, language))
    if skip:
        lines += ["skip:", *(f"  {quoted(name)}: {quoted(why)}" for name, why in skip.items())]
    if tables:
        lines += ["tables:"]
    for table in tables:
        lines += list(_table(table, dictionary, language))
    return "\n".join(lines) + "\n"


def _head(file_name: str, language: Language) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return "# " + Text(zh, en).say(language)

    yield say(f"{file_name} 的对应文件。每一行都要核对，不只是写着 ? 的；写着 ? 的改成其中一个选项。说明见 docs/ledgers.md。",
              f"Mapping of {file_name}. Read every line, not only those with a ?; replace each ? by one of its choices. See docs/ledgers.md.")
    yield say("这份资料若是齐全的，起个来源名，写明对哪类记录、哪一年、哪个科室齐全（否则按不齐全处理）；一类一行，只留确实齐全的：",
              "Where this file is complete, give it a name and say so for a record type, a year, a department; it is taken as partial otherwise. A line for each type, and only for what is complete:")


def _complete(file_name: str, tables: Sequence[TableText], dictionary: Dictionary) -> Iterator[str]:
    """How to say what is complete: a line for each record type of the file."""
    decided = [column.target for table in tables for column in table.columns if isinstance(column.target, list) or not column.target.startswith("?")]
    types = list(dict.fromkeys(name for target in decided for name, _ in fields_of(target))) or ["contract"]
    years = {table.year for table in tables}
    year = years.pop() if len(years) == 1 and None not in years else _OPEN
    yield f"# id: {quoted(id_of_file(Path(file_name)))}"
    yield "# coverage:"
    for name in types:
        label = dictionary[name].label
        yield f"#   - {{covers: {name}, fiscal_year: {year}, because: {{zh: {quoted('全年的' + label.zh)}, en: {quoted(f'{label.en}: all of the year')}}}}}"


def _links(tables: Sequence[TableText], dictionary: Dictionary, language: Language) -> Iterator[str]:
    """References of contracts that no column gives: an empty one may mean that there is none."""
    used = {part for table in tables for column in table.columns for part in fields_of(column.target)}
    names = [name for name in ("tender", "award") if ("contract", name) not in used and name in dictionary["contract"].fields] if any(of == "contract" for of, _ in used) else []
    if names:
        yield "# " + Text("合同没有对应采购或中标结果的，空着是什么意思（not_required 不要求、not_captured 未采集、blank_in_document 文件空白）；确认后去掉行首的 #，把 ? 改为其中之一：",
                          "What it means where a contract names no procurement or award: not_required, not_captured or blank_in_document; to say so take off the # and replace each ?:").say(language)
        yield "# if_empty: {contract: {" + ", ".join(f'{name}: "?"' for name in names) + "}}"


def _table(table: TableText, dictionary: Dictionary, language: Language) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return Text(zh, en).say(language)

    layout = table.layout
    first = [f"sheet: {quoted(table.sheet)}"] if table.sheet is not None else []
    first += [f"header_rows: [{', '.join(map(str, layout.header_rows))}]", f"first_row: {layout.first_row}"]
    first += [f"last_row: {layout.last_row}"] if layout.last_row is not None else []
    for place, line in enumerate(first):
        yield ("  - " if place == 0 else "    ") + line
    if table.is_hidden:
        yield "    # " + say("这张工作表是隐藏的；不该读入的，改写到 skip 并注明原因", "this sheet is hidden; where it should not be loaded name it under skip, with the reason")
    if table.blank_below:
        yield f"    # fill_down: [{', '.join(table.blank_below)}]   " + say("# 这些列只写一次、下面留空；留空是“同上”的，去掉行首的 #", "# written once with blanks below; take off the first # where a blank means the same as above")
    if table.office is not None and table.main == "contract" and not any(("contract", "buyer") in fields_of(column.target) for column in table.columns):
        yield f"    # constants: {{contract.buyer: {quoted(table.office)}}}   " + say("# 表头上方写的单位；它就是各合同甲方的，去掉行首的 #", "# the office named above the table; take off the first # where it is the buyer of every contract")
    if table.year is not None:
        yield f"    # fiscal_year: {table.year}   " + say("# 工作表名称中的年份；确认后去掉行首的 #", "# the year in the sheet's name; take off the first # where it holds")
    yield from (f"    {line}" for line in _values(table, say))
    for name, number in table.repeated:
        words = say(f"编号“{number}”重复；不是同一条记录的，在最上层写", f'the number "{number}" repeats; where these are different records write at the top level')
        yield f"    # {words}: keys: {{{name}: [number, title]}}"
    yield "    columns:"
    for column in table.columns:
        key = quoted(f"{column.letter} {column.title}".strip())
        yield f"      {key}: {_target(column.target)}" + _comment(column, dictionary, language)


def _target(target: str | list[str]) -> str:
    if isinstance(target, list):
        return f"[{', '.join(json.dumps(name) if '[' in name else name for name in target)}]"
    return json.dumps(target, ensure_ascii=False) if target.startswith("?") else target


def _values(table: TableText, say: object) -> Iterator[str]:
    assert callable(say)
    said = []
    if table.date_order in ("dmy", "mdy"):
        said.append(f"date_order: {table.date_order}   " + say("# 按表中日期判断：大于 12 的是日", "# by the dates of the table: what is above 12 is the day"))
    elif table.date_order == "?":
        said.append("# date_order: dmy   " + say("# 日月顺序不明：dmy（日月年）、mdy（月日年）或 ymd；不写则这些日期不读入", "# order not certain: dmy, mdy or ymd; such dates are not read without it"))
    if table.is_short_year:
        said.append("# century: 2000   " + say("# 两位数的年份，如 18 即 2018；确认后去掉行首的 #", "# years of two figures: 18 is 2018; take off the first # where it holds"))
    if table.has_no_year:
        said.append(f"# year: {table.year or _OPEN}   " + say("# 没有写年份的日期（如 12月20日）是哪一年；核对年份后去掉行首的 #", "# the year of dates without one (12月20日); check it, then take off the first #"))
    if table.needs_unit:
        said.append('unit: "?"   ' + say("# 金额的单位：元 或 万元", "# the unit of the amounts: 元 (yuan) or 万元 (10,000 yuan)"))
    if table.marks:
        words = ", ".join(f"{json.dumps(mark, ensure_ascii=False)}: {_MEANT.get(mark, _OPEN)}" for mark in table.marks)
        said.append("# meanings: {" + words + "}   " + say(f"# 这些写法在本表中的意思，先把 ? 逐个改为其中之一，再去掉行首的 #：{choices_of_meaning().zh}",
                                                         f"# what these mean in this table: replace each ? by one of these, then take off the first #: {choices_of_meaning().en}"))
    if said:
        active = any(not line.startswith("#") for line in said)
        yield "values:" if active else "# values:"
        yield from (f"  {line}" if active else f"#   {line.removeprefix('# ')}" for line in said)


def _comment(column: ColumnText, dictionary: Dictionary, language: Language) -> str:
    samples = [text if len(text) <= _LONGEST_SAMPLE else text[:_LONGEST_SAMPLE] + "…" for text in (" ".join(sample.split()) for sample in column.samples)]
    shown = " | ".join(samples) or Text("（没有内容）", "(empty)").say(language)
    labels = [f"{dictionary[name].label.say(language)}·{dictionary[name].fields[field].label.say(language)}" for name, field in fields_of(column.target)]
    label = f"{' / '.join(labels)}: " if labels else ""
    return f"   # {label}{shown}"
