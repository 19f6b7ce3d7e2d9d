"""The pieces of an OCDS file: releases, records and packages as they are written, read line by line or piece by piece.

Memory does not grow with the file. A name that stands twice in an object, levels without end and numbers without end
are refused before they do harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.sources.json_guard import MOST_LEVELS, GuardedFile, UnsafeJsonError

JSON_LINES = (".jsonl", ".ndjson")
SUFFIXES = (".json", *JSON_LINES)
MOST_CHARACTERS_OF_A_LINE = 64 * 1024**2
MOST_FAULTS = 100
_LOOKED_AT = 20_000
_SIGNS = {"ocid": "", "releases": "releases.item", "records": "records.item"}

Release = dict[str, Any]


class _Object(dict[str, Any]):
    """An object of JSON that remembers a name that stands twice in it: either value may be meant.

    It raises nothing itself, because the parser that fills it would not pass that on.
    """

    repeated: str | None = None

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self:
            self.repeated = name
        super().__setitem__(name, value)


class _RepeatedNameError(ValueError):
    pass


def is_ocds(path: Path) -> bool:
    """Whether a JSON file says by its first names that it holds OCDS; what is no JSON at all does not."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        return _kind(path) is not None
    except (KnowledgeBaseError, UnusableError):
        with path.open("rb") as file:
            return b'"ocid"' in file.read(65536)


def pieces_of(path: Path, faults: list[Fault]) -> Iterator[tuple[int, str, Release]]:
    """(place, what it is, release) of every release in the file; `faults` grows with what cannot be used."""
    source = _lines(path, faults) if path.suffix.lower() in JSON_LINES else _items(path)
    for place, piece in source:
        try:
            yield from ((place, name, release) for name, release in _releases_of(piece))
        except UnusableError as error:
            faults.append(fault_at(path, place, error.text, error.hint))


class UnusableError(Exception):
    """Why a piece cannot be used; whoever knows its place makes a fault of it."""

    def __init__(self, text: Text, hint: Text | None = None):
        super().__init__(text.en)
        self.text, self.hint = text, hint


def _releases_of(piece: Any) -> Iterator[tuple[str, Release]]:
    """The releases of one line or item: a release, a record, or a package of either."""
    if not isinstance(piece, dict):
        raise UnusableError(Text("应为一个对象", "it should be an object"))
    if "records" in piece or "releases" in piece and "ocid" not in piece:
        for name in ("records", "releases"):
            for part in _list(piece, name):
                yield from _releases_of(part)
    elif isinstance(piece.get("compiledRelease"), dict):
        yield "compiledRelease ", {"ocid": piece.get("ocid"), **piece["compiledRelease"]}
    elif "releases" in piece:
        parts = _list(piece, "releases")
        if not parts or not all(isinstance(part, dict) and part.keys() - {"url", "date", "tag"} for part in parts):
            raise UnusableError(Text("这条 record 没有 compiledRelease，也没有内容完整的 releases", "the record has neither a compiledRelease nor its releases in full"),
                            Text("请下载含 compiledRelease 的数据", "get the file with compiledRelease"))
        for part in parts:
            yield "release ", {"ocid": piece.get("ocid"), **part}
    else:
        yield "", piece


def _list(piece: Release, name: str) -> list[Any]:
    value = piece.get(name, [])
    if not isinstance(value, list):
        raise UnusableError(Text(f"“{name}”应为列表", f'"{name}" should be a list'))
    return value


def _lines(path: Path, faults: list[Fault]) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_CHARACTERS_OF_A_LINE):
            number += 1
            if len(line) >= MOST_CHARACTERS_OF_A_LINE:
                faults.append(fault_at(path, number, Text("这一行太长", "this line is too long")))
                return
            if line.strip():
                try:
                    yield number, _parse(line.removeprefix(b"\xef\xbb\xbf"))
                except UnusableError as error:
                    faults.append(fault_at(path, number, error.text, error.hint))
            if len(faults) >= MOST_FAULTS:
                return


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"), parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise UnusableError(Text("不是 UTF-8 编码", "is not UTF-8")) from error
    except _RepeatedNameError as error:
        raise UnusableError(_repeated(str(error))) from error
    except RecursionError as error:
        raise UnusableError(Text("嵌套太深", "it is nested too deeply")) from error
    except ArithmeticError as error:
        raise UnusableError(Text("数字太长", "a number is too long")) from error
    except ValueError as error:
        raise UnusableError(Text(f"JSON 格式有误（{error}）", f"broken JSON ({error})")) from error


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> Release:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedNameError(next(name for name in names if names.count(name) > 1))
    return found


def _kind(path: Path) -> str | None:
    """Where the releases stand: an ijson prefix ("" for the whole), or None where it is no OCDS."""
    if path.suffix.lower() in JSON_LINES:
        faults: list[Fault] = []
        first = next(_lines(path, faults), (0, None))[1]
        if faults:
            raise KnowledgeBaseError(faults)
        return "" if isinstance(first, dict) and first.keys() & {*_SIGNS, "compiledRelease"} else None
    import ijson

    with _reading(path) as file:
        for number, (prefix, event, value) in enumerate(ijson.parse(file)):
            if event == "map_key" and prefix in ("", "item") and value in _SIGNS:
                return "item" if prefix == "item" else _SIGNS[value]
            if number > _LOOKED_AT:
                break
    return None


def _items(path: Path) -> Iterator[tuple[int, Any]]:
    import ijson

    prefix = _kind(path)
    if prefix is None:
        return
    with _reading(path) as file:
        yield from enumerate(ijson.items(file, prefix, map_type=_Object), 1)


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """The open file; what ijson finds wrong becomes a fault."""
    import ijson

    try:
        with path.open("rb") as file:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            yield GuardedFile(file)
    except UnsafeJsonError as error:
        raise KnowledgeBaseError(Fault(error.text, path.as_posix())) from error
    except ArithmeticError as error:
        raise KnowledgeBaseError(Fault(Text("数字太长", "a number is too long"), path.as_posix())) from error
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        raise KnowledgeBaseError(Fault(Text(f"JSON 格式有误（{_short(error)}）", f"broken JSON ({_short(error)})"), path.as_posix())) from error


def _short(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(text.split())[:80]


def fault_at(path: Path, place: int, text: Text, hint: Text | None = None) -> Fault:
    """A fault at a line, or at the number of a release."""
    return Fault(text, path.as_posix(), place, hint=hint)


def flaw_of(value: Any, level: int = 0) -> Text | None:
    """Why nothing can be read from an object: it is nested too deeply, or says a thing twice."""
    if not isinstance(value, dict | list):
        return None
    if level > MOST_LEVELS:
        return Text("嵌套太深", "it is nested too deeply")
    if isinstance(value, _Object) and value.repeated is not None:
        return _repeated(value.repeated)
    parts = value.values() if isinstance(value, dict) else value
    return next((flaw for part in parts if (flaw := flaw_of(part, level + 1)) is not None), None)


def _repeated(name: str) -> Text:
    return Text(f"同一对象中“{name}”出现两次", f'"{name}" stands twice in one object')
