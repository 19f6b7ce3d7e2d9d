"""Problems of the loaded sources as rows, for `ingest.py problems`."""

from __future__ import annotations

import sqlite3

from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.notes import INFORMATION, KINDS, PROBLEMS, group_problems, list_problems

COLUMNS = (
    ("source", Text("来源", "Source")), ("sheet", Text("文件或工作表", "File or sheet")), ("cell", Text("单元格", "Cell")), ("record_type", Text("记录类型", "Record type")),
    ("record_key", Text("记录", "Record")), ("field", Text("字段", "Field")), ("raw", Text("原文", "As it stands")), ("problem", Text("问题", "What is wrong")),
    ("advice", Text("怎么办", "What to do")), ("kind", Text("类别", "Kind")),
)
UNREAD_COLUMNS = (("source", Text("来源", "Source")), ("path", Text("位置", "Path")), ("places", Text("处数", "Places")), ("example", Text("例如", "For instance")))

Row = tuple[str | None, ...]


def kind_named(word: str | None, language: str) -> str | None:
    """The kind of problem that a person names by its code or in words. Raises KnowledgeBaseError where there is none."""
    named = {label.say(language): name for name, label in KINDS.items()}
    kind = named.get(word or "", word)
    if kind is not None and kind not in PROBLEMS:
        raise KnowledgeBaseError(Fault(Text(f"没有“{kind}”这一类问题", f'there is no kind of problem "{kind}"'), hint=did_you_mean(kind, [*PROBLEMS, *named])))
    return kind


def check_source(connection: sqlite3.Connection, source: str | None) -> None:
    """Raises KnowledgeBaseError where no source of this name is loaded."""
    known = [row[0] for row in connection.execute("select id from sources order by id")]
    if source is not None and source not in known:
        raise KnowledgeBaseError(Fault(Text(f"没有读入过来源“{source}”", f'no source "{source}" is loaded'), hint=did_you_mean(source, known)))


def problems_for_people(connection: sqlite3.Connection, dictionary: Dictionary, language: str, *, source: str | None, kind: str | None, everything: bool) -> list[Row]:
    """The problems with equal ones in one row, and everything in words."""
    rows = list_problems(connection, language, source=source, kind=kind, with_information=everything)
    return [_in_words(row, dictionary, language) for row in group_problems(rows)]


def _in_words(row: Row, dictionary: Dictionary, language: str) -> Row:
    source, sheet, cell, type_name, key, field, *rest, kind = row
    label = next((label.say(language) for name, label in (KINDS | INFORMATION).items() if name == kind), kind)
    record_type = dictionary.types.get(type_name or "")
    if record_type is not None:
        found = record_type.fields.get(field or "")
        type_name, field = record_type.label.say(language), found.label.say(language) if found else field
    return (source, sheet, cell, type_name, key, field, *rest, label)
