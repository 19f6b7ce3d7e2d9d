"""What is noted of the cells of a record: states and doubts as they stand, and records that do not say what they belong to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from auditkb.cells import Cell
from auditkb.dictionary import RecordType
from auditkb.errors import Text
from auditkb.notes import Kind, Note
from auditkb.sources.extract import Extract, Instance
from auditkb.sources.line import Line
from auditkb.sources.readings import text_of


def notes_on_cells(record_type: RecordType, sheet: str, key: str, instance: Instance, cells: Mapping[str, Cell], line: Line, group_column: Callable[[int | None, Instance], str | None]) -> Iterator[Note]:
    """A note on each cell of a record that is a state, was not read or is doubtful, and one where it belongs to nothing.

    `group_column` gives the letter of the column at a position, or of one that other records of the row are read from, if it is
    written in the first row of a group only.
    """
    for column in instance.columns:
        place = f"{column.letter}{line.number}"
        for name in column.names:
            cell = cells[name]
            if cell.is_marked or cell.reason is not None:
                kind: Kind = "doubtful" if cell.is_doubtful else "unreadable" if cell.reason is not None else "marked"
                yield Note(kind, record_type.type, key, name, cell.state, text_of(line, column), sheet, place, cell.reason, cell.advice)
            if cell.alias is not None:
                yield Note("alias", record_type.type, key, name, None, text_of(line, column), sheet, place, cell.alias)
    parents = [name for name in record_type.belongs_to if name in cells]
    if parents and all(cells[name].value is None and cells[name].state in (None, "not_captured") and not cells[name].is_marked for name in parents):
        column_of = next((column for name in parents for column in instance.columns if column.name == name), None)
        letter = column_of.letter if column_of is not None else ""
        zh, en = _labels(record_type, parents)
        advice = Text("请补填，否则与它有关的规则无法检查", "fill it in; rules that need it cannot be checked")
        if group := group_column(column_of.position if column_of is not None else None, instance):
            advice += Text(f"；编号只在每组第一行写一次的，在对应文件中写 fill_down: [{group}]",
                           f"; where a number stands in the first row of a group only, write fill_down: [{group}] in a mapping file")
        yield Note("no_parent", record_type.type, key, parents[0], None, None, sheet, f"{letter}{line.number}",
                   Text(f"没有填写所属的{zh}", f"does not say which {en} it belongs to"), advice)


def is_not_required(cell: Cell) -> bool:
    """Whether the text of a cell says that there is nothing, and need not be."""
    return cell.is_marked and cell.state == "not_required"


def notes_on_no_record(record_type: RecordType, sheet: str, instance: Instance, cells: Mapping[str, Cell], line: Line) -> Iterator[Note]:
    """A note on each cell that says that the row has no such record."""
    label = record_type.label
    for column in instance.columns:
        if column.position in instance.own and is_not_required(cells[column.name]):
            yield Note("marked", record_type.type, None, column.name, "not_required", text_of(line, column), sheet, f"{column.letter}{line.number}",
                       Text(f"按这个写法的意思，这一行没有{label.zh}", f'by what this means the row has no "{label.en}"'))


def note_of_missing_parents(extract: Extract, record_type: RecordType, fields: Collection[str]) -> Iterator[Note]:
    """A note on a table of which no column says what its rows belong to."""
    belongs_to = record_type.belongs_to
    if belongs_to and not set(fields) & set(belongs_to):
        zh, en = _labels(record_type, belongs_to)
        header = extract.body.layout.header_rows
        yield Note("no_parent", record_type.type, None, belongs_to[0], None, None, extract.name, str(header[-1]) if header else None,
                   Text(f"表中没有说明所属{zh}的列", f"no column says which {en} the rows belong to"),
                   Text("请加上这一列，否则与它有关的规则无法检查", "add the column; rules that need it cannot be checked"))


def _labels(record_type: RecordType, names: Collection[str]) -> tuple[str, str]:
    labels = [record_type.fields[name].label for name in names]
    return "、".join(label.zh for label in labels), " or ".join(label.en for label in labels)
