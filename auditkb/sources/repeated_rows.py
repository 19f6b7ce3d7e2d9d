"""A record that several rows or tables of one source speak of: what a later one adds, and where it says something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from auditkb.cells import STATES, Cell
from auditkb.dictionary import Field, RecordType
from auditkb.errors import Text
from auditkb.merging import SAID
from auditkb.records import Told, key_text
from auditkb.sources.extract import Instance
from auditkb.sources.line import Line
from auditkb.sources.readings import text_of
from auditkb.values import fold

_NOTHING, _DEFAULT, _UNREADABLE, _SURE = range(4)


def told_by(place: int, instance: Instance, links: Mapping[str, str], cells: Mapping[str, Cell], line: Line) -> Told:
    """What a row says of a record; what an empty cell means is not said by the row."""
    given = {name for column in instance.columns if text_of(line, column).strip() for name in column.names}
    return Told(place, cells, frozenset(given | instance.constants.keys() | {name for name in links if cells[name].value is not None}))


def only_names(record_type: RecordType, first: Sequence[str], told: Told) -> bool:
    """Whether a row does no more than name a record by the fields that come `first`, and what it belongs to."""
    return all(name in told.given and told.cells[name].value is not None for name in first) and told.given <= {*first, record_type.label_field, *record_type.belongs_to}


def additions(first: Told, later: Told) -> dict[str, Cell]:
    """What the later table knows and the earlier ones do not."""
    return {name: cell for name, cell in later.cells.items() if _sureness(name, later) > _sureness(name, first)}


def differences(record_type: RecordType, first: Told, later: Told) -> list[str]:
    """The fields of which two tables say different things."""
    return [name for name, cell in later.cells.items()
            if _sureness(name, first) == _sureness(name, later) == _SURE and not _is_same(record_type.fields[name], first.cells[name], cell)]


def further(record_type: RecordType, first: Told, later: Told) -> list[str]:
    """The fields in which a further row of the same table says more, or something else, than the first."""
    return [name for name, cell in later.cells.items() if name in later.given and cell.value is not None
            and (name not in first.cells or not _is_same(record_type.fields[name], first.cells[name], cell))]


def both_values(record_type: RecordType, names: list[str], first: Told, later: Told) -> Text:
    """The fields that differ, each with both values."""
    said = list(_sentences(record_type, names, first, later))
    return Text("；".join(text.zh for text in said), "; ".join(text.en for text in said))


def to_keep_both(record_type: RecordType, alternatives: Sequence[Sequence[str]], key: str) -> Text:
    """What to do about two rows of one key: the fields that would tell them apart, of the alternatives before the one that was taken."""
    parts = key.count("/") + 1
    taken = next((place for place, names in enumerate(alternatives) if len(names) == parts), 0)
    labels = [[record_type.fields[name].label for name in names] for names in alternatives[:taken]]
    if not labels:
        if record_type.label_field in alternatives[0]:
            return Text("登记了两次的，删去一行；编号写错的，更正", "remove a row that was entered twice, or correct the number")
        keys = f"keys: {{{record_type.type}: [{', '.join((*alternatives[0], record_type.label_field))}]}}"
        return Text(f"登记了两次的，删去一行；编号写错的，更正；确是两{record_type.measure}共用一个编号的，在对应文件中写 {keys}",
                    f"remove a row that was entered twice, or correct the number; where one number really stands for two say in a mapping file {keys}")
    zh, en = "，或".join("、".join(f"“{label.zh}”" for label in missing) for missing in labels), " or ".join(", ".join(f'"{label.en}"' for label in missing) for missing in labels)
    voucher = " （如凭证号加序号）" if "voucher_number" in record_type.fields else ""
    return Text(f"同一{record_type.measure}登记了两次的，删去一行；确是两{record_type.measure}的，都保留，并在每行填写{zh}{voucher.strip()}",
                f"if one was entered twice remove a row; if they are two keep both and fill in {en} for each")


def _sentences(record_type: RecordType, names: list[str], first: Told, later: Told) -> Iterator[Text]:
    for name in names:
        entry = record_type.fields[name]
        there, here = _shown(entry, first.cells.get(name)), _shown(entry, later.cells[name])
        yield Text(f"“{entry.label.zh}”不同，那里是“{there.zh}”，这里是“{here.zh}”", f'another "{entry.label.en}": "{there.en}" there, "{here.en}" here')


def _sureness(name: str, told: Told) -> int:
    cell = told.cells.get(name)
    if cell is None:
        return _NOTHING
    is_said = cell.value is not None or cell.state in SAID
    if name not in told.given:
        return _DEFAULT if is_said else _NOTHING
    if cell.value is not None or (is_said and cell.is_marked):
        return _SURE
    return _UNREADABLE if cell.state not in (None, "not_captured") else _NOTHING


def _is_same(entry: Field, one: Cell, other: Cell) -> bool:
    if one.value == other.value:
        return one.value is not None or one.state == other.state
    return entry.type == "text" and isinstance(one.value, str) and isinstance(other.value, str) and fold(one.value) == fold(other.value)


def _shown(entry: Field, cell: Cell | None) -> Text:
    if cell is None or cell.value is None:
        return STATES.get(cell.state or "", Text("空", "empty")) if cell is not None else Text("空", "empty")
    if isinstance(cell.value, str) and entry.choices and cell.value in entry.choices:
        label = entry.choices[cell.value]
        return Text(label.zh, label.en)
    return Text(key_text(cell.value), key_text(cell.value))
