"""JSON and JSON Lines: lists of flat records. The names of the values are the headers; numbers stay as they are written.

A JSON file is a list of records, or an object with a list for each record type; a line of JSON Lines is a record.
The header counts as row 1 and the first record as row 2, as in a spreadsheet with the same records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from auditkb.errors import KnowledgeBaseError, Text, fail
from auditkb.sources.json_guard import GuardedFile, UnsafeJsonError
from auditkb.sources.sheets import Problem, Row, Sheet

MOST_NAMES = 16_384
MOST_CHARACTERS_OF_A_LINE = 32 * 1024**2
_UTF8_MARK = b"\xef\xbb\xbf"

NOT_FLAT = Text("这里有几个值（嵌套的列表或对象）", "there are several values here (a nested list or object)")
GIVE_ONE_VALUE = Text("每个字段只写一个值；下属记录另成一个列表", "give each field one value; records that belong to it are a list of their own")

# A record as its names and texts, with the names whose values are nested.
_Record = tuple[dict[str, str], list[str]]
_Events = Iterator[tuple[str, Any]]


def read_json(path: Path) -> list[Sheet]:
    """The sheets of a JSON file: one for a list, else one for each record type. Raises KnowledgeBaseError for what is neither."""
    names: dict[str | None, dict[str, None]] = {}
    for type_name, _, record in _json_records(path):
        found = names.setdefault(type_name, {})
        if record is not None:
            _collect(found, record, path)
    if not names:
        raise _not_records(path)
    # A type whose list is empty says nothing, unless it is all there is.
    held = {type_name: list(found) for type_name, found in names.items() if found} or {next(iter(names)): []}
    return [_sheet(path, type_name, _json_rows(path, type_name, headers)) for type_name, headers in held.items()]


def read_json_lines(path: Path) -> list[Sheet]:
    """The one sheet of a JSON Lines file, named like its record type."""
    names: dict[str, None] = {}
    for _, record in _line_records(path):
        _collect(names, record, path)
    headers = list(names)
    return [_sheet(path, None, lambda: _rows(headers, ((line, record) for line, record in _line_records(path)), header_line=1))]


def holds_ocds(names: set[str]) -> bool:
    """Whether an object with these names is a package, a release or a record of the Open Contracting Data Standard."""
    return "ocid" in names or ({"releases", "records"} & names != set() and {"uri", "publisher", "version", "publishedDate"} & names != set())


def _sheet(path: Path, type_name: str | None, rows: Callable[[], Iterator[Row]]) -> Sheet:
    name = path.name if type_name is None else f"{path.name}[{type_name}]"
    return Sheet(path, name, path.stem if type_name is None else type_name, rows)


def _collect(names: dict[str, None], record: _Record, path: Path) -> None:
    names.update(dict.fromkeys(record[0]))
    if len(names) > MOST_NAMES:
        raise fail(f"字段超过 {MOST_NAMES} 个，不是同一类记录", f"there are over {MOST_NAMES} fields; these are not records of one kind", file=path.as_posix())


def _rows(headers: list[str], records: Iterator[tuple[int | None, _Record]], *, header_line: int | None = None) -> Iterator[Row]:
    if headers:
        yield Row(1, header_line, headers)
    for number, (line, (values, nested)) in enumerate(records, 2):
        cells = [values.get(header, "") for header in headers]
        if any(map(str.strip, cells)):
            yield Row(number, line, cells, False, tuple(Problem(headers.index(name), NOT_FLAT, GIVE_ONE_VALUE) for name in nested))


# --- JSON

def _json_rows(path: Path, type_name: str | None, headers: list[str]) -> Callable[[], Iterator[Row]]:
    return lambda: _rows(headers, ((None, record) for name, _, record in _json_records(path) if name == type_name and record is not None))


def _json_records(path: Path) -> Iterator[tuple[str | None, int, _Record | None]]:
    """Record type (None in a list), number and record, one after another; a list is announced by None before its records."""
    import ijson

    with path.open("rb") as file, _plain_faults(path):
        if file.read(3) != _UTF8_MARK:
            file.seek(0)
        events: _Events = ijson.basic_parse(GuardedFile(file))
        event, _ = next(events)
        if event == "start_array":
            yield None, 0, None
            for number, record in _items(events, path):
                yield None, number, record
        elif event == "start_map":
            yield from _lists_by_type(events, path)
        else:
            raise _not_records(path)
        # What follows the end is for the parser to refuse.
        for _ in events:
            pass


def _lists_by_type(events: _Events, path: Path) -> Iterator[tuple[str | None, int, _Record | None]]:
    seen: set[str] = set()
    ordinary = True
    for event, value in events:
        if event == "end_map":
            break
        if value in seen:
            raise fail(f"“{value}”出现两次", f'"{value}" stands there twice', file=path.as_posix())
        seen.add(value)
        event, _ = next(events)
        if event != "start_array":
            # A package says first who published it and when; the answer waits for all the names.
            ordinary = False
            _skip(event, events)
        elif ordinary and not holds_ocds(seen):
            yield value, 0, None
            for number, record in _items(events, path):
                yield value, number, record
        else:
            _skip(event, events)
    if holds_ocds(seen):
        raise _ocds(path)
    if not ordinary:
        raise _not_records(path)


def _items(events: _Events, path: Path) -> Iterator[tuple[int, _Record]]:
    """The records of a list that has been opened."""
    number = 0
    for event, _ in events:
        if event == "end_array":
            return
        number += 1
        if event != "start_map":
            raise fail(f"第 {number} 项不是记录（对象）", f"item {number} is no record (an object)", file=path.as_posix())
        values: dict[str, str] = {}
        nested: list[str] = []
        for kind, value in events:
            if kind == "end_map":
                break
            name = str(value)
            if name in values:
                raise _twice(path, name, f"第 {number} 条记录", f"record {number}")
            kind, value = next(events)
            values[name], is_nested = _event_text(kind, value, events)
            if is_nested:
                nested.append(name)
        if number == 1 and holds_ocds(set(values)):
            raise _ocds(path)
        yield number, (values, nested)


def _event_text(event: str, value: Any, events: _Events) -> tuple[str, bool]:
    if event in ("start_map", "start_array"):
        _skip(event, events)
        return ("{…}" if event == "start_map" else "[…]"), True
    if event == "null":
        return "", False
    if event == "boolean":
        return ("TRUE" if value else "FALSE"), False
    return str(value), False


def _skip(event: str, events: _Events) -> None:
    """Read to the end of what has been opened."""
    depth = int(event in ("start_map", "start_array"))
    while depth:
        event, _ = next(events)
        depth += (event in ("start_map", "start_array")) - (event in ("end_map", "end_array"))


# --- JSON Lines

def _line_records(path: Path) -> Iterator[tuple[int, _Record]]:
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file, path), 1):
            text = line.removeprefix(_UTF8_MARK) if number == 1 else line
            if text.strip():
                record = _line_record(text, path, number)
                if number == 1 and holds_ocds(set(record[0])):
                    raise _ocds(path)
                yield number, record


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MOST_CHARACTERS_OF_A_LINE + 1):
        number += 1
        if len(line) > MOST_CHARACTERS_OF_A_LINE:
            raise fail("这一行太长", "the line is too long", file=path.as_posix(), line=number, hint=Text("每行写一条记录", "write one record a line"))
        yield line


def _line_record(line: bytes, path: Path, number: int) -> _Record:
    nested: list[str] = []

    def flat(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            name = next(name for name, _ in pairs if sum(other == name for other, _ in pairs) > 1)
            raise _twice(path, name, "这一行", "the line", line=number)
        return found

    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        text = line.decode("utf-8")
        found = json.loads(text, object_pairs_hook=flat, parse_float=str, parse_int=str, parse_constant=refuse)
        if "\\u" in text:
            # Half of a pair of escapes stands for no character.
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        column = getattr(error, "colno", None)
        raise fail("这一行不是有效的 JSON", "the line is not valid JSON", file=path.as_posix(), line=number, column=column) from error
    if not isinstance(found, dict):
        raise fail("这一行不是记录（对象）", "the line is no record (an object)", file=path.as_posix(), line=number, hint=Text("每行写一条记录", "write one record a line"))
    values = {}
    for name, value in found.items():
        if isinstance(value, dict | list):
            nested.append(name)
            values[name] = "{…}" if isinstance(value, dict) else "[…]"
        else:
            values[name] = "" if value is None else str(value).upper() if isinstance(value, bool) else str(value)
    return values, nested


# --- faults

@contextmanager
def _plain_faults(path: Path) -> Iterator[None]:
    import ijson

    try:
        yield
    except UnsafeJsonError as error:
        raise fail(error.text.zh, error.text.en, file=path.as_posix()) from error
    except ArithmeticError as error:
        raise _too_long(path) from error
    except (ijson.JSONError, UnicodeDecodeError, StopIteration) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else ""
        raise fail(f"不是完整有效的 JSON（{reason}）", f"this is not complete, valid JSON ({reason})", file=path.as_posix(),
                   hint=Text("文件应为 UTF-8 编码", "the file should be in UTF-8")) from error


def _too_long(path: Path) -> KnowledgeBaseError:
    return fail("数字太长", "a number is too long", file=path.as_posix(), hint=Text("号码写成文本", "write long numbers as text"))


def _twice(path: Path, name: str, where_zh: str, where_en: str, **where: int) -> KnowledgeBaseError:
    return fail(f"{where_zh}中“{name}”出现两次", f'{where_en} has "{name}" twice', file=path.as_posix(), **where)


def _not_records(path: Path) -> KnowledgeBaseError:
    return fail("不是记录的列表", "this is no list of records", file=path.as_posix(),
                hint=Text('写作 [{"字段": "值"}, …]，或 {"记录类型": [{…}, …]}', 'write [{"field": "value"}, …] or {"record type": [{…}, …]}'))


def _ocds(path: Path) -> KnowledgeBaseError:
    return fail("这是 OCDS（开放合同数据标准）文件，不是一般的记录列表", "this is OCDS (Open Contracting Data Standard), not a plain list of records", file=path.as_posix())
