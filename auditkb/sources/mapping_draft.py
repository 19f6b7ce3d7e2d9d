"""`ingest.py map`: a mapping file to review, with the tables that were found and a proposal for each column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditkb.dictionary import Dictionary, normalise_header
from auditkb.errors import Language, Text, fail
from auditkb.sources.between_tables import refer_to_each_other
from auditkb.sources.body import Body, is_once_a_group
from auditkb.sources.layout import Layout, find_layouts
from auditkb.sources.mapping import SUFFIX
from auditkb.sources.mapping_text import ColumnText, TableText, fields_of, mapping_text
from auditkb.sources.plans import GUIDES, all_headings
from auditkb.sources.proposals import Proposal, Proposer
from auditkb.sources.settled_proposals import settle_together
from auditkb.sources.sheets import Row, Sheet, column_letter
from auditkb.sources.source import read_sheets
from auditkb.sources.title_meanings import TitleMeanings
from auditkb.texts import means_nothing_certain
from auditkb.values import MONEY_UNITS

_SAMPLES = 2
_ROWS_LOOKED_AT = 5000
_SHORT_YEAR = re.compile(r"\d{2}年\d{1,2}月(?:\d{1,2}日?)?")
_NO_YEAR = re.compile(r"\d{1,2}月\d{1,2}日")
_FILLED_BY = re.compile(r"(?:填报|编制|填表)?单位[:：]\s*(.*(?:办事处|委员会|政府|局|中心|院|所|处|办))$")
_OFFICE = re.compile(r"(\S{2,20}?(?:办事处|委员会|人民政府|局|管理中心|服务中心))")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2}|\d{4})")


@dataclass(frozen=True)
class Draft:
    """The file that was written, and what to look at in it."""

    path: Path
    summary: list[Text]


def draft_mapping(file: Path, dictionary: Dictionary, office: Path | None, language: Language, *, force: bool = False) -> Draft:
    """Write the draft beside the file, or into the office's `maps/`. Raises KnowledgeBaseError where one is there already."""
    if not file.is_file():
        raise fail("没有这个文件", "there is no such file", file=file.as_posix())
    path = (office / "maps" if office is not None else file.parent) / (file.stem + SUFFIX)
    if path.exists() and not force:
        raise fail("对应文件已经有了", "the mapping file is there already", file=path.as_posix(),
                   hint=Text("修改它，或加 --force 重写（其中的修改会丢失）", "change it, or write it anew with --force, which loses what was changed in it"))
    sheets = read_sheets(file)
    skip: dict[str, str] = {}
    tables: list[TableText] = []
    for sheet in sheets:
        found = list(_tables(sheet, dictionary, len(sheets) > 1))
        if normalise_header(sheet.type_name) in GUIDES and len(sheets) > 1:
            skip[sheet.type_name] = Text("填表说明", "a guide").say(language)
        elif not found:
            skip[sheet.type_name] = Text("空表", "empty").say(language)
        else:
            tables += found
    tables = refer_to_each_other(tables, dictionary)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(mapping_text(file.name, tables, skip if len(sheets) > 1 else {}, dictionary, language), "utf-8", newline="\n")
    return Draft(path, list(_summary(tables, skip)))


def _summary(tables: Sequence[TableText], skip: dict[str, str]) -> Iterator[Text]:
    for table in tables:
        columns = table.columns
        open_ones = [column.letter for column in columns if isinstance(column.target, str) and column.target.startswith("?")]
        undecided = len(open_ones) + table.needs_unit
        skipped = [column.letter for column in columns if column.target == "skip"]
        where = f"{table.sheet or ''} {table.layout.first_row}".strip()
        yield Text(f"{where} 行起：{len(columns)} 列，已对应 {len(columns) - len(open_ones) - len(skipped)}，待定 {undecided}，不读入 {len(skipped)}",
                   f"from row {where}: {len(columns)} columns, {len(columns) - len(open_ones) - len(skipped)} proposed, {undecided} to decide, {len(skipped)} not loaded")
    for name, why in skip.items():
        yield Text(f"工作表“{name}”不读入：{why}", f'the sheet "{name}" is not loaded: {why}')
    yield Text("请打开文件，每一行都要核对，不只是写着 ? 的；把写着 ? 的改成其中一个选项", "open it, read every line, not only those with a ?, and replace each ? by one of its choices")


# --- the tables of a sheet

def _tables(sheet: Sheet, dictionary: Dictionary, has_several: bool) -> Iterator[TableText]:
    headings = all_headings(dictionary)
    rows = list(sheet.rows())
    start = 1
    while layouts := find_layouts(sheet, headings, start):
        ends = [_next_header(sheet, layout, headings) for layout in layouts]
        header = min((end for end in ends if end is not None), default=None)
        last = None if header is None else _last_before(rows, header)
        for layout in layouts:
            yield _table(sheet, replace(layout, last_row=last), rows, dictionary, has_several, is_beside=len(layouts) > 1)
        if header is None:
            return
        start = max(start, last or 0) + 1


def _next_header(sheet: Sheet, layout: Layout, headings: frozenset[str]) -> int | None:
    body = Body(sheet, layout, frozenset(layout.titles), headings=headings, bounds=layout.columns)
    for _ in body.lines():
        pass
    return body.next_header


def _last_before(rows: Sequence[Row], header: int) -> int:
    """The last row of the table above a header: its own titles, rows with one text, are not of that table."""
    numbers = [row.number for row in rows if row.number < header]
    by_number = {row.number: row for row in rows}
    while len(numbers) > 1 and len({cell.strip() for cell in by_number[numbers[-1]].cells if cell.strip()}) == 1:
        numbers.pop()
    return numbers[-1]


def _table(sheet: Sheet, layout: Layout, rows: Sequence[Row], dictionary: Dictionary, has_several: bool, *, is_beside: bool) -> TableText:
    names = [sheet.type_name, sheet.file.stem, *(cell for row in layout.above for cell in row.cells if cell.strip())]
    meanings = TitleMeanings(dictionary, layout, names)
    proposer = Proposer(meanings)
    body = Body(sheet, layout, frozenset(layout.titles), headings=all_headings(dictionary), bounds=layout.columns if is_beside else None)
    lines = [line.cells for line, _ in zip(body.lines(), range(_ROWS_LOOKED_AT), strict=False)]
    untitled = {place for cells in lines for place, text in enumerate(cells) if text.strip() and place not in layout.titles and (not is_beside or place in layout.columns)}
    proposals = [*settle_together(proposer.proposals(), meanings), *(Proposal(place, choices=[] if _only_counts(_texts(lines, place)) else ["skip"]) for place in untitled)]
    _suggest(proposer, proposals, lines)
    columns = [_column(entry, layout, lines) for entry in sorted(proposals, key=lambda entry: entry.position)]
    texts = [text for column in columns for text in _texts(lines, column.position)]
    order, century = _date_order(texts)
    needs_unit = not layout.corner_units and any(
        _of_type(column.target, "money", dictionary) and not any(unit in MONEY_UNITS for unit in column.units)
        and any(text.replace(",", "").replace(".", "").isdigit() for text in _texts(lines, column.position)) for column in columns)
    marks = {text for cells in lines for text in cells if text.strip() and len(text) < 12 and means_nothing_certain(text)}
    year = re.search(r"(?:19|20)\d{2}", sheet.type_name)
    return TableText(sheet.type_name if has_several else None, layout, meanings.main, columns, order, century or any(map(_SHORT_YEAR.fullmatch, texts)), needs_unit, sorted(marks)[:8],
                     int(year.group()) if year else None, list(_repeated_numbers(columns, lines)), any(map(_NO_YEAR.fullmatch, texts)),
                     list(_blank_below(columns, lines)), _office_of(layout), sheet.is_hidden is True)


def _only_counts(texts: Sequence[str]) -> bool:
    """Whether a column holds nothing but the numbers of its rows: 1, 2, 3."""
    numbers = [int(text) for text in texts if text.isdecimal()]
    return len(numbers) == len(texts) and all(before < after for before, after in zip(numbers, numbers[1:], strict=False))


def _suggest(proposer: Proposer, proposals: Sequence[Proposal], lines: Sequence[list[str]]) -> None:
    """Choices for columns whose headings nobody knows; empty columns without a title stay as they are."""
    taken = {target for entry in proposals for target in entry.targets}
    for entry in proposals:
        if entry.position in proposer.titled:
            entry.choices = proposer.suggestions(entry, _texts(lines, entry.position), taken)


def _column(entry: Proposal, layout: Layout, lines: Sequence[list[str]]) -> ColumnText:
    samples = list(dict.fromkeys(_texts(lines, entry.position)))[:_SAMPLES]
    units = [found.group(1) for title in layout.titles.get(entry.position, ()) for found in re.finditer(r"\(([^()]*)\)", normalise_header(title))]
    return ColumnText(entry.position, column_letter(entry.position), layout.title(entry.position), entry.text, samples, units)


def _texts(lines: Sequence[list[str]], position: int) -> list[str]:
    return [text for cells in lines if position < len(cells) and (text := cells[position].strip())]


def _of_type(target: str | list[str], type_name: str, dictionary: Dictionary) -> bool:
    """Whether a proposal, or one of its choices, is a field of this type."""
    return any(dictionary[record_type].fields[field].type == type_name for record_type, field in fields_of(target))


def _date_order(texts: Sequence[str]) -> tuple[str | None, bool]:
    """`dmy` or `mdy` where the dates of the table prove it, `?` where they are of that kind and do not; whether years are short."""
    found = [match for text in texts if (match := _DAY_FIRST.fullmatch(text))]
    if not found:
        return None, False
    is_short = any(len(match[3]) == 2 for match in found)
    first, second, third = (max(int(match[part]) for match in found) for part in (1, 2, 3))
    if is_short and third <= 31:
        # 19.05.20 may as well begin with its year.
        return "?", True
    return ("dmy" if first > 12 >= second else "mdy" if second > 12 >= first else "?"), is_short


def _blank_below(columns: Sequence[ColumnText], lines: Sequence[list[str]]) -> Iterator[str]:
    """Letters of columns of numbers or names of records that are written once and left blank in rows that hold something else."""
    for column in columns:
        if not any(field in ("number", "contract", "tender") for _, field in fields_of(column.target)):
            continue
        if is_once_a_group([cells[column.position].strip() if column.position < len(cells) else "" for cells in lines]):
            yield column.letter


def _office_of(layout: Layout) -> str | None:
    """The office that a title above the table names."""
    for row in layout.above:
        for cell in row.cells:
            if found := _FILLED_BY.match(cell.strip()) or _OFFICE.match(cell.strip()):
                return found.group(1)
    return None


def _repeated_numbers(columns: Sequence[ColumnText], lines: Sequence[list[str]]) -> Iterator[tuple[str, str]]:
    """Record type and number, for numbers that stand in several rows that are not each other's neighbours."""
    for column in columns:
        if not (isinstance(column.target, str) and column.target.endswith(".number")):
            continue
        last: dict[str, int] = {}
        for place, cells in enumerate(lines):
            text = cells[column.position].strip() if column.position < len(cells) else ""
            if text and last.get(text, place) < place - 1:
                yield column.target.partition(".")[0].partition("[")[0], text
                break
            if text:
                last[text] = place
