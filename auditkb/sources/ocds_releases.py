"""OCDS files as releases: one a contracting process, whichever of the forms of the standard (1.1) they come in.

JSON Lines is read line by line, a JSON file piece by piece, so that memory does not grow with the file. Numbers stay as
they are written. A process has one release: the compiled one where there is one, else the only one, else its releases
merged by the rules of the standard in the order of their dates. What could be read in two ways is refused.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from auditkb.errors import Fault, KnowledgeBaseError, Text

JSON_LINES = (".jsonl", ".ndjson")
SUFFIXES = (".json", *JSON_LINES)
MOST_CHARACTERS_OF_A_LINE = 64 * 1024**2
MOST_FAULTS = 100
MOST_LEVELS = 60
MOST_DIGITS = 40
_LOOKED_AT = 20_000
_SIGNS = {"ocid": "", "releases": "releases.item", "records": "records.item"}
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_METADATA = ("tag", "date", "id", "ocid")

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


class OcdsFile:
    """The releases of an OCDS file, kept one a line in a temporary file: many passes read them, and parsing is what takes time.

    `several` has the places of the releases of each process that has more than one, and whether they are compiled.
    """

    def __init__(self, path: Path):
        self.path = path
        self.several: dict[str, list[tuple[int, bool]]] = {}
        self._kept = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")

    def keep(self, place: int, release: Release) -> bool:
        """Add a release, unless it holds half a character or a zero byte. A number becomes text as it is written."""
        text = json.dumps(release, ensure_ascii=False, default=_written)
        if "\\u0000" in text or _HALF_A_CHARACTER.search(text):
            return False
        self._kept.write(f"{place}\t{text}\n")
        return True

    def releases(self) -> Iterator[tuple[int, Release]]:
        """One release a process, with its place: the line, or its number among the releases of the file."""
        waiting: dict[str, list[tuple[int, Release]]] = defaultdict(list)
        self._kept.seek(0)
        for line in self._kept:
            number, _, text = line.partition("\t")
            place, release = int(number), json.loads(text)
            known = self.several.get(release["ocid"])
            if known is None:
                yield place, release
            elif any(is_compiled for _, is_compiled in known):
                if _is_compiled(release):
                    yield place, release
            else:
                parts = waiting[release["ocid"]]
                parts.append((place, release))
                if len(parts) == len(known):
                    del waiting[release["ocid"]]
                    yield parts[0][0], self._merge(parts)

    def _merge(self, parts: list[tuple[int, Release]]) -> Release:
        try:
            return merge([part for _, part in parts])
        except _UnusableError as error:
            raise KnowledgeBaseError(_fault(self.path, parts[0][0], Text(f"{parts[0][1]['ocid']}：", f"{parts[0][1]['ocid']}: ") + error.text)) from error


def _written(number: Any) -> str:
    # 1E+2 is a hundred; 1E+999999 is nobody's amount and stays as it is.
    return f"{number:f}" if isinstance(number, Decimal) and abs(number.adjusted()) < MOST_DIGITS else str(number)


def is_ocds(path: Path) -> bool:
    """Whether a JSON file says by its first names that it holds OCDS; what is no JSON at all does not."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        return _kind(path) is not None
    except (KnowledgeBaseError, _UnusableError):
        with path.open("rb") as file:
            return b'"ocid"' in file.read(65536)


def open_ocds(path: Path) -> OcdsFile:
    """Look through the file. Raises KnowledgeBaseError with every release that cannot be used."""
    opened = OcdsFile(path)
    seen: dict[str, list[tuple[int, bool, str]]] = {}
    faults: list[Fault] = []
    for place, name, release in _pieces(path, faults):
        if len(faults) >= MOST_FAULTS:
            faults.append(Fault(Text("错误太多，其余未列出", "too many faults; the rest are not listed"), path.as_posix()))
            break
        ocid = release.get("ocid")
        if not isinstance(ocid, str) or not ocid.strip():
            faults.append(_fault(path, place, Text(f"{name}没有 ocid", f"{name or 'the release'} has no ocid")))
        elif (flaw := _flaw(release)) is not None:
            faults.append(_fault(path, place, flaw))
        else:
            date = release.get("date")
            seen.setdefault(ocid, []).append((place, _is_compiled(release), date if isinstance(date, str) else ""))
            if not opened.keep(place, release):
                faults.append(_fault(path, place, Text("含有残缺的字符或空字节", "it holds half a character or a zero byte")))
    several = {ocid: found for ocid, found in seen.items() if len(found) > 1}
    faults += [fault for ocid, found in several.items() if (fault := _cannot_choose(path, ocid, found)) is not None]
    if faults:
        raise KnowledgeBaseError(faults)
    if not seen:
        raise KnowledgeBaseError(Fault(Text("文件中没有 OCDS 数据", "the file holds no release"), path.as_posix()))
    opened.several = {ocid: [(place, is_compiled) for place, is_compiled, _ in found] for ocid, found in several.items()}
    return opened


def _cannot_choose(path: Path, ocid: str, found: list[tuple[int, bool, str]]) -> Fault | None:
    """Why it is not certain what holds of a process that has several releases."""
    compiled = [place for place, is_compiled, _ in found if is_compiled]
    places = Text("、".join(str(place) for place, *_ in found), ", ".join(str(place) for place, *_ in found))
    if len(compiled) > 1:
        return _fault(path, compiled[1], Text(f"{ocid} 有 {len(compiled)} 个汇总版本（位置 {places.zh}）", f"{ocid} has {len(compiled)} compiled releases (at {places.en})"),
                      Text("只保留一个", "keep one of them"))
    dates = [date for *_, date in found]
    if not compiled and (len(set(dates)) < len(dates) or "" in dates):
        return _fault(path, found[1][0], Text(f"{ocid} 有 {len(found)} 次发布（位置 {places.zh}），日期相同或缺少日期，无法确定先后", f"{ocid} has {len(found)} releases (at {places.en}) with equal or missing dates; their order is not certain"),
                      Text("给每次发布不同的 date，或提供 compiledRelease", "give each its own date, or a compiledRelease"))
    return None


def _is_compiled(release: Release) -> bool:
    tag = release.get("tag")
    return tag == "compiled" or (isinstance(tag, list) and "compiled" in tag)


def _flaw(value: Any, level: int = 0) -> Text | None:
    """Why nothing can be read from an object: it is nested too deeply, or says a thing twice."""
    if not isinstance(value, dict | list):
        return None
    if level > MOST_LEVELS:
        return Text("嵌套太深", "it is nested too deeply")
    if isinstance(value, _Object) and value.repeated is not None:
        return _repeated(value.repeated)
    parts = value.values() if isinstance(value, dict) else value
    return next((flaw for part in parts if (flaw := _flaw(part, level + 1)) is not None), None)


def _repeated(name: str) -> Text:
    return Text(f"同一对象中“{name}”出现两次", f'"{name}" stands twice in one object')


# --- pieces of a file

def _pieces(path: Path, faults: list[Fault] | None = None) -> Iterator[tuple[int, str, Release]]:
    """(place, what it is, release) of every release in the file. Faults are added to `faults`, or raised where there is none."""
    found: list[Fault] = [] if faults is None else faults
    source = _lines(path, found) if path.suffix.lower() in JSON_LINES else _items(path)
    for place, piece in source:
        try:
            yield from ((place, name, release) for name, release in _releases_of(piece))
        except _UnusableError as error:
            found.append(_fault(path, place, error.text, error.hint))
    if faults is None and found:
        raise KnowledgeBaseError(found)


class _UnusableError(Exception):
    def __init__(self, text: Text, hint: Text | None = None):
        super().__init__(text.en)
        self.text, self.hint = text, hint


def _releases_of(piece: Any) -> Iterator[tuple[str, Release]]:
    """The releases of one line or item: a release, a record, or a package of either."""
    if not isinstance(piece, dict):
        raise _UnusableError(Text("应为一个对象", "it should be an object"))
    if "records" in piece or "releases" in piece and "ocid" not in piece:
        for name in ("records", "releases"):
            for part in _list(piece, name):
                yield from _releases_of(part)
    elif isinstance(piece.get("compiledRelease"), dict):
        yield "compiledRelease ", {"ocid": piece.get("ocid"), **piece["compiledRelease"]}
    elif "releases" in piece:
        parts = _list(piece, "releases")
        if not parts or not all(isinstance(part, dict) and part.keys() - {"url", "date", "tag"} for part in parts):
            raise _UnusableError(Text("这条 record 没有 compiledRelease，也没有内容完整的 releases", "the record has neither a compiledRelease nor its releases in full"),
                            Text("请下载含 compiledRelease 的数据", "get the file with compiledRelease"))
        for part in parts:
            yield "release ", {"ocid": piece.get("ocid"), **part}
    else:
        yield "", piece


def _list(piece: Release, name: str) -> list[Any]:
    value = piece.get(name, [])
    if not isinstance(value, list):
        raise _UnusableError(Text(f"“{name}”应为列表", f'"{name}" should be a list'))
    return value


def _lines(path: Path, faults: list[Fault]) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_CHARACTERS_OF_A_LINE):
            number += 1
            if len(line) >= MOST_CHARACTERS_OF_A_LINE:
                faults.append(_fault(path, number, Text("这一行太长", "this line is too long")))
                return
            if line.strip():
                try:
                    yield number, _parse(line.removeprefix(b"\xef\xbb\xbf"))
                except _UnusableError as error:
                    faults.append(_fault(path, number, error.text, error.hint))
            if len(faults) >= MOST_FAULTS:
                return


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"), parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise _UnusableError(Text("不是 UTF-8 编码", "is not UTF-8")) from error
    except _RepeatedNameError as error:
        raise _UnusableError(_repeated(str(error))) from error
    except RecursionError as error:
        raise _UnusableError(Text("嵌套太深", "it is nested too deeply")) from error
    except ValueError as error:
        raise _UnusableError(Text(f"JSON 格式有误（{error}）", f"broken JSON ({error})")) from error


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
            yield _Shallow(file)
    except _TooDeepError as error:
        raise KnowledgeBaseError(Fault(Text("嵌套太深", "it is nested too deeply"), path.as_posix())) from error
    except _TooLongError as error:
        raise KnowledgeBaseError(Fault(Text("有一个数字超过一千位", "a number has more than a thousand digits"), path.as_posix())) from error
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
        raise KnowledgeBaseError(Fault(Text(f"JSON 格式有误（{_short(error)}）", f"broken JSON ({_short(error)})"), path.as_posix())) from error


class _TooDeepError(ValueError):
    pass


class _TooLongError(ValueError):
    pass


_LONG_NUMBER = re.compile(rb"\d{1000}")
_NO_BRACKETS = bytes(sign for sign in range(256) if sign not in b"[]{}")


class _Shallow:
    """A file of JSON that is refused where it nests too deeply or writes too long a number, before the parser meets it.

    The parser remembers the whole path at every level, and ends the process at an integer of more than 4,300 digits.
    """

    def __init__(self, file: IO[bytes]):
        self._file, self._level, self._in_string, self._is_escaped, self._before = file, 0, False, False, b""

    def read(self, size: int = -1) -> bytes:
        """The next piece of the file."""
        piece = self._file.read(size)
        plain = re.sub(rb"\\.", b"", b"\\" + piece if self._is_escaped else piece, flags=re.DOTALL)
        self._is_escaped = plain.endswith(b"\\")
        parts = plain.split(b'"')
        outside = b" ".join(parts[self._in_string :: 2])
        if _LONG_NUMBER.search(self._before + outside):
            raise _TooLongError
        self._before = outside[-1000:]
        self._in_string ^= len(parts) % 2 == 0
        self._count(outside.translate(None, _NO_BRACKETS))
        return piece

    def _count(self, signs: bytes) -> None:
        """Take inner pairs away, level by level; what is left closes and opens levels beyond this piece."""
        for _ in range(MOST_LEVELS):
            fewer = signs.replace(b"[]", b"").replace(b"{}", b"")
            if len(fewer) == len(signs):
                break
            signs = fewer
        opened = signs.count(b"[") + signs.count(b"{")
        self._level += 2 * opened - len(signs)
        if opened > MOST_LEVELS or self._level > MOST_LEVELS:
            raise _TooDeepError


def _short(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(text.split())[:80]


def _fault(path: Path, place: int, text: Text, hint: Text | None = None) -> Fault:
    return Fault(text, path.as_posix(), place, hint=hint)


# --- several releases of one process

def merge(releases: list[Release]) -> Release:
    """One release of several, by the rules of the standard: later values win, null takes away, lists merge by id."""
    merged: Release = {}
    for release in sorted(releases, key=lambda one: str(one["date"])):
        merged = _merged(merged, {name: value for name, value in release.items() if name not in _METADATA})
    return {"ocid": releases[0]["ocid"], **merged}


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        found = {name: value for name, value in old.items() if name not in new}
        found.update({name: _merged(old.get(name), value) for name, value in new.items() if value is not None})
        return found
    if isinstance(new, list) and new and _have_ids(new) and (old is None or isinstance(old, list) and _have_ids(old)):
        items = {str(item["id"]): item for item in old or ()}
        for item in new:
            items[str(item["id"])] = _merged(items.get(str(item["id"])), item)
        if len({str(item["id"]) for item in new}) < len(new):
            raise _UnusableError(Text("同一列表中有重复的 id，无法合并", "an id stands twice in one list, so that nothing can be merged"))
        return list(items.values())
    return _merged({}, new) if isinstance(new, dict) else new


def _have_ids(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and "id" in item for item in items)


