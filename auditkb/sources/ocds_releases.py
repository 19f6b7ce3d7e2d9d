"""OCDS releases: one a contracting process, whichever of the forms of the standard (1.1) they come in.

A process has one release: the compiled one where there is one, else the only one, else its releases merged by the rules
of the standard in the order of their dates. What could be read in two ways is refused. Numbers stay as they are written.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.sources.ocds_files import MOST_FAULTS, Release, UnusableError, fault_at, flaw_of, pieces_of

MOST_DIGITS = 40
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_METADATA = ("tag", "date", "id", "ocid")


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
        except UnusableError as error:
            raise KnowledgeBaseError(fault_at(self.path, parts[0][0], Text(f"{parts[0][1]['ocid']}：", f"{parts[0][1]['ocid']}: ") + error.text)) from error


def _written(number: Any) -> str:
    # 1E+2 is a hundred; 1E+999999 is nobody's amount and stays as it is.
    return f"{number:f}" if isinstance(number, Decimal) and abs(number.adjusted()) < MOST_DIGITS else str(number)


def open_ocds(path: Path) -> OcdsFile:
    """Look through the file. Raises KnowledgeBaseError with every release that cannot be used."""
    opened = OcdsFile(path)
    seen: dict[str, list[tuple[int, bool, str]]] = {}
    faults: list[Fault] = []
    for place, name, release in pieces_of(path, faults):
        if len(faults) >= MOST_FAULTS:
            faults.append(Fault(Text("错误太多，其余未列出", "too many faults; the rest are not listed"), path.as_posix()))
            break
        ocid = release.get("ocid")
        if not isinstance(ocid, str) or not ocid.strip():
            faults.append(fault_at(path, place, Text(f"{name}没有 ocid", f"{name or 'the release'} has no ocid")))
        elif (flaw := flaw_of(release)) is not None:
            faults.append(fault_at(path, place, flaw))
        else:
            date = release.get("date")
            seen.setdefault(ocid, []).append((place, _is_compiled(release), date if isinstance(date, str) else ""))
            if not opened.keep(place, release):
                faults.append(fault_at(path, place, Text("含有残缺的字符或空字节", "it holds half a character or a zero byte")))
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
        return fault_at(path, compiled[1], Text(f"{ocid} 有 {len(compiled)} 个汇总版本（位置 {places.zh}）", f"{ocid} has {len(compiled)} compiled releases (at {places.en})"),
                      Text("只保留一个", "keep one of them"))
    dates = [date for *_, date in found]
    if not compiled and (len(set(dates)) < len(dates) or "" in dates):
        return fault_at(path, found[1][0], Text(f"{ocid} 有 {len(found)} 次发布（位置 {places.zh}），日期相同或缺少日期，无法确定先后", f"{ocid} has {len(found)} releases (at {places.en}) with equal or missing dates; their order is not certain"),
                      Text("给每次发布不同的 date，或提供 compiledRelease", "give each its own date, or a compiledRelease"))
    return None


def _is_compiled(release: Release) -> bool:
    tag = release.get("tag")
    return tag == "compiled" or (isinstance(tag, list) and "compiled" in tag)


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
            raise UnusableError(Text("同一列表中有重复的 id，无法合并", "an id stands twice in one list, so that nothing can be merged"))
        return list(items.values())
    return _merged({}, new) if isinstance(new, dict) else new


def _have_ids(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and "id" in item for item in items)


