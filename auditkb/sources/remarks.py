"""What is said of a table once it has been read: rows that are no records, totals that differ, hidden rows, a second table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditkb.errors import Fault, Text
from auditkb.notes import Note
from auditkb.sources.body import Body, Skipped
from auditkb.sources.row_kinds import ALONE, COMPLETE_IT, UNNAMED_TOTAL
from auditkb.sources.sheets import Sheet, column_letter
from auditkb.sources.sums import Difference, Outlier

MAP_IT = Text("用 ingest.py map 写对应文件，为每张表写明表头行和数据行", "write a mapping file with ingest.py map, which names the header and the rows of each table")
_MOST_RAW, _MOST_CELLS = 200, 10


def remarks_on(body: Body) -> tuple[list[Note], list[Fault]]:
    """Notes and faults of a table whose lines have been read to their end."""
    sheet = body.sheet
    notes = [_alone(sheet, entry) if entry.what in (ALONE, UNNAMED_TOTAL) else skipped_row(sheet, entry.number, entry.what, entry.raw) for entry in body.skipped]
    notes += [_like_none(sheet, entry) for entry in body.doubtful]
    notes += [_differs(entry, body) for entry in body.differences]
    notes += [_far_above(entry, body) for entry in body.outliers]
    notes += list(_hidden(body))
    notes += list(_comments(body))
    faults = []
    if body.next_header is not None:
        faults.append(Fault(Text(f"第 {body.next_header} 行又是一个表头，下面是另一张表", f"row {body.next_header} is a header again: another table begins"),
                            sheet.place, hint=MAP_IT))
    return notes, faults


def skipped_row(sheet: Sheet, number: int, what: Text, raw: str) -> Note:
    """A row that is no record."""
    text = Text(f"第 {number} 行未读入：{what.zh}", f"row {number} is not loaded: {what.en}")
    return Note("skipped", None, None, None, None, raw[:_MOST_RAW], sheet.name, str(number), text)


def _alone(sheet: Sheet, entry: Skipped) -> Note:
    return Note("not_loaded", None, None, None, None, entry.raw[:_MOST_RAW], sheet.name, str(entry.number),
                Text(f"第 {entry.number} 行未读入：{entry.what.zh}", f"row {entry.number} is not loaded: {entry.what.en}"), COMPLETE_IT)


def _like_none(sheet: Sheet, entry: Skipped) -> Note:
    return Note("doubtful", None, None, None, None, entry.raw[:_MOST_RAW], sheet.name, str(entry.number),
                Text(f"第 {entry.number} 行已读作一条记录，但{entry.what.zh}", f"row {entry.number} was read as a record, but holds {entry.what.en}"),
                Text("是合计或说明的，移到表外或写明“合计”“注：”；是记录的不用管", "where it is a total or a note, move it out of the table or call it 合计 or 注：; else leave it"))


def _differs(entry: Difference, body: Body) -> Note:
    letter = column_letter(entry.position)
    if entry.unread is not None:
        cell = f"{letter}{entry.unread}"
        if entry.unread == entry.number:
            return Note("unreadable", None, None, None, None, None, body.sheet.name, cell, Text("合计的金额没能读懂，没有核对", "the amount of this total could not be read, so that it was not compared"),
                        Text("请更正合计的公式或数字", "mend the formula or the number of the total"))
        return Note("skipped", None, None, None, None, None, body.sheet.name, f"{letter}{entry.number}",
                    Text(f"合计没有核对，因为 {cell} 不是可识别的金额", f"the total was not compared, because {cell} is no amount that can be read"))
    difference = entry.printed - entry.computed
    text = Text(f"表中合计为 {entry.printed:f}，{entry.rows} 行相加为 {entry.computed:f}，相差 {difference:f}",
                f"the total is {entry.printed:f}, its {entry.rows} rows add up to {entry.computed:f}: a difference of {difference:f}")
    return Note("total_differs", None, None, None, None, f"{entry.printed:f}", body.sheet.name, f"{letter}{entry.number}", text,
                Text("请核对是否漏行、重复或合计有误", "check for rows that are missing or double, or a wrong total"))


def _far_above(entry: Outlier, body: Body) -> Note:
    text = Text(f"比本列其他金额的中位数（{entry.middle:f}）大一千倍以上，是否多填了位数或单位不同？已照原样读入",
                f"more than a thousand times the middle of the other amounts of the column ({entry.middle:f}): digits too many, or another unit? It was read as it stands")
    return Note("doubtful", None, None, None, None, entry.raw, body.sheet.name, f"{column_letter(entry.position)}{entry.number}", text,
                Text("请核对原件上的金额和单位", "check the amount and its unit on the paper"))


def _comments(body: Body) -> Iterator[Note]:
    """What people noted on cells is not read: on a record it may change what the cell says."""
    sheet, layout = body.sheet, body.layout
    here = [entry for entry in sheet.comments if (body.bounds is None or entry.column in body.bounds) and (layout.last_row is None or entry.row <= layout.last_row)]
    for entry in here:
        if entry.row >= layout.first_row:
            yield Note("doubtful", None, None, None, None, entry.text[:_MOST_RAW], sheet.name, f"{column_letter(entry.column)}{entry.row}",
                       Text("这一格有批注，批注没有读入", "there is a comment on this cell, which is not loaded"), Text("请核对批注是否改变这一格的内容", "check whether it changes what the cell says"))
    header = {*layout.header_rows, *(row.number for row in layout.above)}
    above = [f"{column_letter(entry.column)}{entry.row}" for entry in here if entry.row in header]
    if above:
        listed = ", ".join(above[:_MOST_CELLS]) + (" …" if len(above) > _MOST_CELLS else "")
        yield Note("skipped", None, None, None, None, None, sheet.name, None, Text(f"表头的批注未读入：{listed}", f"comments on the header are not loaded: {listed}"))


def _hidden(body: Body) -> Iterator[Note]:
    sheet = body.sheet

    def note(cell: str | None, zh: str, en: str) -> Note:
        return Note("hidden", None, None, None, None, None, sheet.name, cell, Text(zh, en))

    if sheet.is_hidden:
        yield note(None, "工作表是隐藏的，已照常读入", "the sheet is hidden; it was read all the same")
    if body.hidden:
        rows = ranges(body.hidden)
        yield note(rows, f"隐藏的行，已照常读入：{rows}", f"hidden rows, read all the same: {rows}")
    columns = [place for place in sheet.hidden_columns or () if place in body.layout.titles]
    if columns:
        letters = ", ".join(map(column_letter, columns))
        yield note(letters, f"隐藏的列，与其他列同样处理：{letters}", f"hidden columns, treated like the others: {letters}")
    if body.is_hiding_unknown or sheet.hidden_columns is None or sheet.is_hidden is None:
        yield note(None, "这种文件格式看不出行、列或工作表是否隐藏；全部读入", "this format does not tell whether rows, columns or the sheet are hidden; all were read")


def ranges(numbers: Sequence[int]) -> str:
    """Row numbers in short.

    >>> ranges([5, 7, 8, 9])
    '5, 7-9'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, dict.fromkeys(part))) for part in parts)
