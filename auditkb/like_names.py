"""Names and numbers that nearly match another are listed for a person to decide; nothing is merged by likeness."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from auditkb.aliases import FILE_NAME, Aliases
from auditkb.dictionary import Dictionary, RecordType
from auditkb.errors import Text
from auditkb.names import MOST_NAMES, LikeNames, same_name
from auditkb.notes import Note, delete_notes, write_notes
from auditkb.records import decode_part, encode_part
from auditkb.schema import quote

MOST_LISTED = 200


def list_like_names(connection: sqlite3.Connection, dictionary: Dictionary, aliases: Aliases) -> None:
    """A note for each name without a record of its own that looks like another name of its type, and for each number that is spelt
    as another record's but for width, case and spaces; at most MOST_LISTED a type."""
    delete_notes(connection, kind="looks_like")
    for target in dictionary.types.values():
        for source, note in _under_an_alias(connection, target, aliases):
            write_notes(connection, source, [note])
        if target.created_by_reference:
            for source, note in _bounded(_notes(connection, target, aliases), target):
                write_notes(connection, source, [note])
        elif target.derived is None:
            for source, note in _bounded(_spelt_twice(connection, target), target):
                write_notes(connection, source, [note])


def _under_an_alias(connection: sqlite3.Connection, target: RecordType, aliases: Aliases) -> Iterator[tuple[str, Note]]:
    """Records that a source enters under an alias: what names them otherwise leads past them."""
    if not any(kind == target.type for kind, _ in aliases.names):
        return
    rows = connection.execute(f'select key, source, sheet, "row" from {quote(target.type)} where "row" is not null order by key').fetchall()
    for key, source, sheet, row in rows:
        name = aliases.name_of(target.type, decode_part(key))
        if name is not None:
            yield source, Note("looks_like", target.type, key, target.label_field, None, decode_part(key), sheet, str(row),
                               Text(f"别名文件说“{decode_part(key)}”即“{name}”，但资料中自成一条记录", f'the alias file calls "{decode_part(key)}" an alias of "{name}", but here it is a record of its own'),
                               Text("把这一行改为正式名称，或从别名文件中删去", "write the name itself in this row, or take the alias out of the file"))


def _spelt_twice(connection: sqlite3.Connection, target: RecordType) -> Iterator[tuple[str, Note]]:
    """Records whose number is another's but for width, case and spaces: one paper that stands in two records, perhaps."""
    for field in [names[0] for names in target.key if len(names) == 1]:
        if target.fields[field].type != "text" or target.fields[field].compared:
            continue
        table, number = quote(target.type), quote(field)
        # Most ledgers spell all numbers in one way, which the database tells at once.
        if connection.execute(f"select 1 from {table} where {number} <> upper({number}) or {number} glob '*[^!-~]*' limit 1").fetchone() is None:
            continue
        first: dict[str, str] = {}
        for key, text, source, sheet, row in connection.execute(f'select key, {number}, source, sheet, "row" from {table} where {number} is not null order by rowid'):
            other = first.setdefault(same_name(text), text)
            if other != text:
                yield source, Note("looks_like", target.type, key, field, None, text, sheet, str(row),
                                   Text(f"“{text}”与“{other}”只差全半角、大小写或空格，是两条记录", f'"{text}" and "{other}" differ in width, case or spaces only and are two records'),
                                   Text(f"是同一{target.measure}的，改为同样的写法再读入；否则付款等记录可能分在两处", "where they are one paper spell them alike and load again; else payments and the like may lie with either"))


def _bounded(notes: Iterator[tuple[str, Note]], target: RecordType) -> Iterator[tuple[str, Note]]:
    for number, (source, note) in enumerate(notes):
        if number >= MOST_LISTED:
            yield source, _left_out(target, Text(f"相近的名称超过 {MOST_LISTED} 对，其余未列出", f"more than {MOST_LISTED} pairs of names look alike; the rest are not listed"))
            return
        yield source, note


def _notes(connection: sqlite3.Connection, target: RecordType, aliases: Aliases) -> Iterator[tuple[str, Note]]:
    rows = connection.execute(f'select key, source, "row" is null from {quote(target.type)} order by key').fetchall()
    sources = {decode_part(key): (source, is_bare) for key, source, is_bare in rows}
    if not any(is_bare for _, is_bare in sources.values()):
        return
    if len(sources) > MOST_NAMES:
        text = Text(f"名称超过 {MOST_NAMES} 个，只比较了其中 {MOST_NAMES} 个", f"there are more than {MOST_NAMES} names; {MOST_NAMES} of them were compared")
        yield next(source for source, is_bare in sources.values() if is_bare), _left_out(target, text)
    index = LikeNames(sources)
    seen: set[frozenset[str]] = set()
    for name in sources:
        for other in index.like(name):
            pair = frozenset((name, other))
            bare = sorted((text for text in pair if sources[text][1]), key=lambda text: (len(text), text))
            if bare and pair not in seen and not aliases.are_different(target.type, name, other):
                seen.add(pair)
                yield sources[bare[0]][0], _note(target, bare[0], next(iter(pair - {bare[0]})))


def _note(target: RecordType, name: str, other: str) -> Note:
    zh, en = f"“{name}”与“{other}”相近，没有合并", f'"{name}" looks like "{other}" and was not merged with it'
    return Note("looks_like", target.type, encode_part(name), target.label_field, None, name, None, None, Text(zh, en),
                Text(f"是同一{target.label.zh}的，在 {FILE_NAME} 写作 aliases；不是的，写作 different", f"if they are the same, say so in {FILE_NAME} under aliases; if not, under different"))


def _left_out(target: RecordType, text: Text) -> Note:
    return Note("looks_like", target.type, None, target.label_field, None, None, None, None, text, Text("先处理已列出的，再重新读入", "deal with those listed, then load again"))
