"""What is to be read from the sheets of a file: by their names and the dictionary alone, or by a mapping file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from auditkb.cells import read_cell
from auditkb.dictionary import Dictionary, RecordType, normalise_header
from auditkb.errors import Fault, KnowledgeBaseError, Text, as_a_word, did_you_mean, nearest
from auditkb.notes import Note
from auditkb.sources.body import Body
from auditkb.sources.row_kinds import is_number, total_kind
from auditkb.sources.declaration import MONEY_UNITS, Declaration
from auditkb.sources.extract import Extract, Instance
from auditkb.sources.guide import Guide, read_guide
from auditkb.sources.headers import Column, match_headers
from auditkb.sources.layout import ROW_NUMBERS, Layout, find_layouts, is_caption, is_heading, shown_path, split_unit
from auditkb.sources.remarks import MAP_IT, skipped_row
from auditkb.sources.sheets import Row, Sheet, column_letter

GUIDES = frozenset(map(normalise_header, ("说明", "填表说明", "填写说明", "使用说明", "目录", "Guide", "Instructions", "Contents")))
_TYPED = ("date", "money", "ratio", "integer")
_DATA_ABOVE = Text("第 {} 行未读入：在第一行数据之上，但像一行数据", "row {} is not loaded: it lies above the first row of data, but looks like a record")
_MOVE_FIRST_ROW = Text("是数据就改对应文件的 first_row（没有对应文件的，把它移到表头之下）；是说明就不用管", "where it is data change first_row in the mapping file (without one, move it below the header); where it is a note leave it")
_TITLE = Text("数据之上的标题行", "a title above the rows of data")


@dataclass
class Plan:
    """What the sheets of one file give: extracts, and faults that keep the file out."""

    extracts: list[Extract] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    guide: Guide | None = None


def all_headings(dictionary: Dictionary) -> frozenset[str]:
    """Every heading that any loadable record type knows, normalised; by them a header row is recognised."""
    found: set[str] = set()
    for record_type in dictionary.types.values():
        if record_type.derived is None:
            found |= record_type.headers().keys() | record_type.uncertain_headers().keys() | record_type.period_headers()
    return frozenset(found)


def plan_sheets(sheets: Sequence[Sheet], find_type: Callable[[str], RecordType | None], dictionary: Dictionary, declaration: Declaration,
                type_name: str | None) -> Plan:
    """The plan for a file without a mapping: each sheet is called like its record type and holds one table."""
    plan, skipped = Plan(), []
    guide = read_guide(sheets, find_type) if type_name is None else None
    if guide is not None:
        plan.guide, sheets = guide, guide.sheets
        plan.faults += guide.faults
    headings = all_headings(dictionary)
    filled = [sheet for sheet in sheets if len(sheets) == 1 or not _is_empty(sheet)]
    skipped += [(sheet, Text("工作表是空的", "the sheet is empty")) for sheet in sheets if sheet not in filled]
    for sheet in filled:
        name = type_name or sheet.type_name
        record_type = find_type(name)
        if record_type is None and len(filled) == 1:
            record_type = find_type(sheet.file.stem)
        named = type_in_name(sheet.type_name, dictionary) if record_type is None and type_name is None and not _is_guide(sheet, filled) else None
        record_type = record_type or named
        if record_type is not None:
            plan.extracts.append(_by_headings(sheet, record_type, dictionary, headings, declaration))
            if named is not None:
                plan.extracts[-1].notes.append(Note("by_name", None, None, None, None, sheet.type_name, sheet.name, None, Text(
                    f"工作表“{sheet.type_name}”按名称读作“{named.label.zh}”", f'the sheet "{sheet.type_name}" is read as "{named.label.en}", by its name')))
        elif _is_guide(sheet, filled):
            skipped.append((sheet, Text("填表说明，不读入", "a guide, which is not loaded")))
        else:
            plan.faults.append(_no_type(name, sheet, filled, dictionary))
    if plan.extracts:
        plan.extracts[0].notes += skipped_sheets(skipped)
    return plan


def _is_guide(sheet: Sheet, filled: Sequence[Sheet]) -> bool:
    return len(filled) > 1 and normalise_header(sheet.type_name) in GUIDES


def type_in_name(name: str, dictionary: Dictionary) -> RecordType | None:
    """The one record type whose label, or a word for it, a name such as 合同台账 or 付款登记 contains; None for none or several."""
    plain = normalise_header(name)
    words = {word: record_type for record_type in dictionary.types.values() if record_type.derived is None
             for word in record_type.group_titles() if word in plain and not word.isascii()}
    whole = [word for word in words if not any(word != other and word in other for other in words)]
    types = {words[word].type: words[word] for word in whole}
    return next(iter(types.values())) if len(types) == 1 else None


def skipped_sheets(skipped: Sequence[tuple[Sheet, Text]]) -> list[Note]:
    """Notes on whole sheets that nothing is read from."""
    return [Note("skipped", None, None, None, None, None, sheet.name, None, Text(f"工作表未读入：{why.zh}", f"the sheet is not loaded: {why.en}"))
            for sheet, why in skipped]


def _is_empty(sheet: Sheet) -> bool:
    try:
        return next(iter(sheet.rows()), None) is None
    except KnowledgeBaseError:
        return False


def _no_type(name: str, sheet: Sheet, filled: Sequence[Sheet], dictionary: Dictionary) -> Fault:
    allowed = [record_type.type for record_type in dictionary.types.values() if record_type.derived is None]
    allowed += [record_type.label.zh for record_type in dictionary.types.values()]
    command = f"ingest.py map {as_a_word(sheet.file.as_posix())}"
    hint = Text(f"请用 {command} 写对应文件", f"write a mapping file with {command}")
    if len(filled) > 1:
        others = [other.type_name for other in filled]
        hint += Text(f"，其中要写明每张工作表（{'、'.join(others)}）", f", which says of every sheet what it holds ({', '.join(others)})")
    hint += Text("；或让文件或工作表以记录类型为名，如 合同、支付", "; or name the file or sheet after its record type, such as contract or payment")
    if nearest(name, allowed):
        hint = did_you_mean(name, allowed) + Text("；否则", "; else ") + hint
    return Fault(Text(f"“{name}”不是记录类型", f'"{name}" is not a record type'), sheet.place, hint=hint)


def _by_headings(sheet: Sheet, record_type: RecordType, dictionary: Dictionary, headings: frozenset[str], declaration: Declaration) -> Extract:
    try:
        layouts = find_layouts(sheet, headings)
    except KnowledgeBaseError as error:
        return _refused(sheet, record_type, error.faults)
    if not layouts:
        return _refused(sheet, record_type, [Fault(Text("文件是空的，第一行应为表头", "the file is empty; its first row should be the header"), sheet.place)])
    if len(layouts) > 1:
        letters = [f"{column_letter(min(layout.titles))}-{column_letter(max(layout.titles))}" for layout in layouts]
        text = Text(f"并排有 {len(layouts)} 张表（{'、'.join(letters)} 列）", f"{len(layouts)} tables stand side by side (columns {', '.join(letters)})")
        return _refused(sheet, record_type, [Fault(text, sheet.place, hint=MAP_IT)])
    layout = layouts[0]
    matched = match_headers(record_type, layout, sheet.place, money_unit=MONEY_UNITS.get(declaration.money_unit or ""))
    if len(layout.corner_units) > 1 and any(column.field.type == "money" and column.unit is None for column in matched.columns):
        units = "、".join(layout.corner_units)
        matched.faults.append(Fault(Text(f"表上写了几个单位：{units}", f"several units stand above the table: {units}"), sheet.place, hint=MAP_IT))
    loaded = frozenset(column.position for column in matched.columns)
    summed = {column.position: (column.unit, column.options) for column in matched.columns if column.field.type == "money"}
    keys = naming_columns(record_type, matched.columns)
    body = Body(sheet, layout, loaded, summed=summed, headings=headings, naming=dict.fromkeys(summed, keys), names=columns_of_names(sheet, [(record_type, matched.columns)]))
    notes = title_notes(sheet, layout, matched.columns, headings)
    for position, why, advice in matched.left_out:
        letter, title = column_letter(position), layout.title(position)
        if normalise_header(title) in ROW_NUMBERS:
            notes.append(Note("skipped", None, None, None, None, title, sheet.name, letter, Text(f"{letter} 列“{title}”未读入：只是行的编号", f'column {letter} "{title}" is not loaded: it only counts the rows')))
            continue
        why, advice = _owners(layout.titles[position], record_type, why, advice, dictionary)
        text = Text(f"{letter} 列“{title}”未读入：{why.zh}", f'column {letter} "{title}" is not loaded: {why.en}')
        notes.append(Note("not_loaded", None, None, None, None, title, sheet.name, letter, text, advice))
    return Extract(record_type, sheet, body, (Instance(tuple(matched.columns), loaded),), notes=notes, faults=matched.faults)


def _owners(path: Sequence[str], own: RecordType, why: Text, advice: Text, dictionary: Dictionary) -> tuple[Text, Text]:
    """Why a column is left out, and what to do, where its heading is that of a field of other record types, or of this one but for the titles over it."""
    headings = {normalise_header(path[-1]), split_unit(path[-1])[0]}
    known = [record_type for record_type in dictionary.types.values() if record_type.derived is None and headings & record_type.headers().keys()]
    if not known:
        return why, advice
    if len(path) > 1 and own in known:
        over = shown_path(path[:-1])
        known, why = [own], Text(f"上面的标题“{over}”没有说明是哪类记录", f'the title "{over}" above it does not say of which record')
    found = [(record_type.label, record_type.fields[name].label) for record_type in known for heading, name in record_type.headers().items() if heading in headings][:3]
    said = Text("、".join(f"{label.zh}·{field.zh}" for label, field in found), ", ".join(f"{label.en}: {field.en}" for label, field in found))
    return (why + Text(f"，可能是{said.zh}", f"; it may be {said.en}"),
            Text("要读入则用 ingest.py map 写对应文件，一行可以读成几类记录", "to load it write a mapping file with ingest.py map: one row may hold several record types"))


def naming_columns(record_type: RecordType, columns: Iterable[Column]) -> frozenset[int]:
    """The columns that name a record, or what it belongs to; amounts are compared by themselves."""
    names = {name for names in record_type.key for name in names}
    return frozenset(column.position for column in columns if column.name in names and column.field.type != "money")


def columns_of_names(sheet: Sheet, read: Iterable[tuple[RecordType, Iterable[Column]]]) -> frozenset[int] | None:
    """The columns of a table in which one cell by itself is a record, as in a list of firms; None for JSON, where each object is a record."""
    if sheet.file.suffix.lower() in (".json", ".jsonl"):
        return None
    return frozenset(column.position for record_type, columns in read for column in columns if record_type.key == ((record_type.label_field,),) and column.name == record_type.label_field)


def title_notes(sheet: Sheet, layout: Layout, columns: Sequence[Column], headings: frozenset[str]) -> list[Note]:
    """The rows above the first row of data that are not the header, each said; one that looks like data is a problem."""
    notes = []
    for row in layout.above:
        raw = " | ".join(cell.strip() for cell in row.cells if cell.strip())
        first = next((cell for cell in row.cells if cell.strip() and not is_number(cell)), "")
        kind = total_kind(normalise_header(first))
        if kind is None and _is_like_data(row, columns, headings):
            notes.append(Note("not_loaded", None, None, None, None, raw[:200], sheet.name, str(row.number), Text(_DATA_ABOVE.zh.format(row.number), _DATA_ABOVE.en.format(row.number)), _MOVE_FIRST_ROW))
        else:
            notes.append(skipped_row(sheet, row.number, kind or _TITLE, raw))
    return notes


def _is_like_data(row: Row, columns: Sequence[Column], headings: frozenset[str]) -> bool:
    """Whether a row has values in the columns that are loaded: dates or numbers where these belong, or words in most of them."""
    texts = {column.position: (column, text) for column in columns if (text := row.cells[column.position].strip() if column.position < len(row.cells) else "")}
    if len(texts) < 2 or is_caption(row) or any(is_heading(text, headings) for _, text in texts.values()):
        return False
    read = [read_cell(column.field, text, unit=column.unit or column.options.unit or "元", options=column.options) for column, text in texts.values()]
    if any(cell.value is not None and column.field.type in _TYPED for cell, (column, _) in zip(read, texts.values(), strict=True)):
        return True
    return 2 * len(texts) > len({column.position for column in columns})


def _refused(sheet: Sheet, record_type: RecordType, faults: list[Fault]) -> Extract:
    return Extract(record_type, sheet, Body(sheet, Layout((), 1, {}), frozenset()), (), faults=faults)
