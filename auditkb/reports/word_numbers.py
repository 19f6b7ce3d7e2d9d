"""The numbers that Word puts before paragraphs itself: they are not in the text, and a section begins with them."""

from __future__ import annotations

import re
from typing import Any

from auditkb.reports.numbering import numeral_of

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CHINESE = ("chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting", "taiwaneseCounting", "taiwaneseCountingThousand")
_CIRCLED = ("decimalEnclosedCircle", "decimalEnclosedCircleChinese")


class WordNumbers:
    """Counts the numbered paragraphs of one document, in their order."""

    def __init__(self, document: Any):
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._abstract: dict[str, str] = {}
        self._counters: dict[tuple[str, int], int] = {}
        self._styles: dict[str, tuple[str, int]] = {}
        self._read(document)

    def _read(self, document: Any) -> None:
        part = next((relation.target_part for relation in document.part.rels.values() if relation.reltype.endswith("/numbering")), None)
        if part is None:
            return
        root = part.element
        for abstract in root.findall(f"{_W}abstractNum"):
            for level in abstract.findall(f"{_W}lvl"):
                key = (abstract.get(f"{_W}abstractNumId"), int(level.get(f"{_W}ilvl")))
                self._levels[key] = (_val(level, "numFmt") or "decimal", _val(level, "lvlText") or "", int(_val(level, "start") or 1))
        for number in root.findall(f"{_W}num"):
            self._abstract[number.get(f"{_W}numId")] = _val(number, "abstractNumId") or ""
        for style in document.styles.element.findall(f"{_W}style"):
            found = _numbered(style.find(f"{_W}pPr"))
            if found is not None:
                self._styles[style.get(f"{_W}styleId")] = found

    def before(self, paragraph: Any) -> str:
        """The number before a paragraph, '' for a paragraph without one."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return ""
        found = _numbered(properties) or self._styles.get(_val(properties, "pStyle") or "")
        if found is None or found[0] == "0":
            return ""
        abstract, level = self._abstract.get(found[0], ""), found[1]
        if (abstract, level) not in self._levels:
            return ""
        start = self._levels[abstract, level][2]
        self._counters[abstract, level] = self._counters.get((abstract, level), start - 1) + 1
        for deeper in [key for key in self._counters if key[0] == abstract and key[1] > level]:
            del self._counters[deeper]
        return self._printed(abstract, level)

    def _printed(self, abstract: str, level: int) -> str:
        def number(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            kind, _, start = self._levels.get((abstract, at), ("decimal", "", 1))
            return _written(self._counters.get((abstract, at), start), kind)

        kind, text, _ = self._levels[abstract, level]
        return "" if kind in ("bullet", "none") else re.sub(r"%(\d)", number, text)


def _val(element: Any, name: str) -> str | None:
    found = element.find(f"{_W}{name}")
    return None if found is None else found.get(f"{_W}val")


def _numbered(properties: Any) -> tuple[str, int] | None:
    found = None if properties is None else properties.find(f"{_W}numPr")
    if found is None:
        return None
    identifier = _val(found, "numId")
    return None if identifier is None else (identifier, int(_val(found, "ilvl") or 0))


def _written(value: int, kind: str) -> str:
    if kind in _CHINESE:
        return numeral_of(value)
    if kind in _CIRCLED and 1 <= value <= 20:
        return chr(0x2460 + value - 1)
    return str(value)
