"""Which source a file is, among those that are loaded: the same one under another name would count everything twice."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from auditkb.errors import Fault, KnowledgeBaseError, Text, as_a_word, did_you_mean, fail
from auditkb.sources.source import Source


def known_as(connection: sqlite3.Connection, source: Source, replaces: str | None) -> Source:
    """The source under the name by which it is loaded, or its own.

    `replaces` is the source that a person says it is a newer version of; it takes the name that the file declares. A file without a name of its own is what was
    loaded from its path. Raises KnowledgeBaseError for a copy of another source, and for a file that has the name of another.
    """
    loaded = [_Loaded(*row) for row in connection.execute("select id, path, sha256, read_as from sources order by id")]
    if replaces is not None:
        return _replacing(connection, source, replaces, [known.id for known in loaded])
    here = [known for known in loaded if known.lies_at(source.path)]
    if source.declaration_file is None and len(here) == 1 and source.id not in [known.id for known in loaded if known not in here]:
        source = _called(source, here[0].id)
    for known in loaded:
        is_here, is_same, is_copy = known in here, known.id == source.id, known.sha256 == source.sha256
        if (not is_same and (is_copy or is_here)) or (is_same and is_copy and not is_here and _read_otherwise(known, source)):
            raise _given_another_id(known, source) if is_here and source.declaration_file is not None else _loaded_already(known, source)
        if is_same and not is_copy and not is_here and source.declaration_file is None:
            raise _name_of_another(known, source)
    return source


def settle_place(connection: sqlite3.Connection, source: Source, *, is_said: bool) -> None:
    """Note where a file lies that was moved, or said to be that of a source; a copy beside the file leaves all as it was."""
    path = connection.execute("select path from sources where id = ?", (source.id,)).fetchone()[0]
    if is_said or not Path(path).exists():
        title = source.declaration.title
        connection.execute("update sources set path = ?, title = ?, title_en = ? where id = ?", (source.path.as_posix(), title.zh, title.en, source.id))


class _Loaded(NamedTuple):
    """A source that is loaded."""

    id: str
    path: str
    sha256: str
    read_as: str

    def lies_at(self, path: Path) -> bool:
        return Path(self.path).resolve() == path.resolve()


def _read_otherwise(known: _Loaded, source: Source) -> bool:
    """Whether a file beside the one that was loaded would be read in another way: by its own mapping file, or by none."""
    return known.read_as != source.read_as and source.declaration_file is None and Path(known.path).exists()


def _loaded_already(known: _Loaded, source: Source) -> KnowledgeBaseError:
    return fail(
        f"这个文件已作为来源“{known.id}”读入（{known.path}）", f'this file is loaded already as the source "{known.id}" ({known.path})', file=source.path.as_posix(),
        hint=Text(f"只是副本的，不必再读入；要改用新的来源名，先运行 ingest.py remove {as_a_word(known.id)}",
                  f"a copy need not be loaded; to give the source another name, run ingest.py remove {as_a_word(known.id)} first"))


def _given_another_id(known: _Loaded, source: Source) -> KnowledgeBaseError:
    """A file that is loaded under another id than is declared for it now."""
    assert source.declaration_file is not None
    same = known.sha256 == source.sha256
    begin = Text("文件没有变，只是对应文件改了 id", "the file is the same, only the id in its mapping file is another") if same else Text("这份资料改了 id", "the id of this source is another")
    said = Text(f"：已作为来源“{known.id}”读入，现在写的是“{source.id}”", f': it is loaded as "{known.id}", and "{source.id}" is written now')
    hint = Text(f"改用新的来源名，加 --replaces {as_a_word(known.id)}；沿用原来的，写 id: {as_a_word(known.id)}，其余改动（coverage 等）照样生效",
                f"to take the new name add --replaces {as_a_word(known.id)}; to keep the former one write id: {as_a_word(known.id)}; all else that was changed (coverage and the like) holds either way")
    return KnowledgeBaseError(source.declaration_file.fault(("id",), begin + said, hint=hint))


def _name_of_another(known: _Loaded, source: Source) -> KnowledgeBaseError:
    return fail(
        f"来源“{known.id}”已由另一个文件读入：{known.path}", f'the source "{known.id}" was loaded from another file: {known.path}', file=source.path.as_posix(),
        hint=Text(f"若是“{known.id}”更正后的文件，加 --replaces {as_a_word(known.id)}；是另一份资料的，给文件另起名称，或在对应文件中另写 id",
                  f'if it is "{known.id}" corrected, add --replaces {as_a_word(known.id)}; if it is another ledger, give the file a name of its own, or an id in its mapping file'))


def _replacing(connection: sqlite3.Connection, source: Source, replaces: str, loaded: list[str]) -> Source:
    if replaces not in loaded:
        raise KnowledgeBaseError(Fault(Text(f"没有读入过来源“{replaces}”", f'no source "{replaces}" is loaded'), source.path.as_posix(), hint=did_you_mean(replaces, loaded)))
    if source.declaration_file is None or source.id == replaces:
        return _called(source, replaces)
    if source.id in loaded:
        raise KnowledgeBaseError(source.declaration_file.fault(
            ("id",), Text(f"这里写的来源名是“{source.id}”，不是“{replaces}”，两个都已读入", f'the source is called "{source.id}" here and not "{replaces}", and both are loaded'),
            hint=Text("把 id 改为一致，或删去", "make the id the same")))
    _rename(connection, replaces, source.id)
    return source


def _rename(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Call a source by another name wherever it is named, in its history too."""
    connection.execute("update sources set id = ? where id = ?", (new, old))
    for name, listed in connection.execute("select id, wins_over from sources where wins_over is not null").fetchall():
        names = [new if entry == old else entry for entry in json.loads(listed)]
        connection.execute("update sources set wins_over = ? where id = ?", (json.dumps(names, ensure_ascii=False), name))
    tables = connection.execute("select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = 'source' where m.type = 'table'").fetchall()
    for (table,) in tables:
        connection.execute(f'update "{table}" set source = ? where source = ?', (new, old))


def _called(source: Source, name: str) -> Source:
    return replace(source, declaration=source.declaration.model_copy(update={"id": name}))
