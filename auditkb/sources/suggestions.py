"""What a column may be whose heading nobody knows, or whose one reading could make no record: choices, never a decision."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from auditkb.dictionary import Field, RecordType, normalise_header

MOST = 4
_LOOKED_AT = 50
_USUAL = ("contract", "payment", "invoice", "tender")
"""Record types that most ledgers tell of."""
_DATE = re.compile(r"(?:\d{4}|\d{2})\s*[-./年]\s*\d{1,2}.*|\d{1,2}月\d{1,2}日|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_NUMBER = re.compile(r"[¥￥]?\s*-?[\d,，]+(?:\.\d+)?\s*(?:元|万元|万|亿元)?")
_FLAGS = frozenset(("是", "否", "有", "无", "√", "×", "y", "n", "yes", "no"))
_MONEY_WORDS = re.compile("[款价金费额资]")
_COMMON = re.compile("日期|时间|金额|情况|信息|是否|本次|累计|名称|单位")
_NAMING = re.compile("项目|名称|编号|标的|采购|合同")


def kind_of(title: str, texts: Sequence[str]) -> str | None:
    """The kind of value that most cells of a column hold: date, money, integer, flag or text; None for an empty column."""
    seen = [text.strip() for text in texts[:_LOOKED_AT] if any(map(str.isalnum, text)) or text.strip() in _FLAGS]
    if not seen:
        return None
    kinds = [_kind(text) for text in seen]
    most = max(dict.fromkeys(kinds), key=kinds.count)
    return "money" if most == "number" and (_MONEY_WORDS.search(title) or any("." in text for text in seen)) else "integer" if most == "number" else most


def _kind(text: str) -> str:
    if text.lower() in _FLAGS:
        return "flag"
    return "date" if _DATE.fullmatch(text) else "number" if _NUMBER.fullmatch(text) else "text"


def suggest(types: Mapping[str, RecordType], main: str | None, title: str, texts: Sequence[str], taken: Collection[str]) -> list[str]:
    """Fields that a column may be, by its values and the words of its heading, the likeliest first."""
    kind, words = kind_of(title, texts), _pairs(_COMMON.sub("", normalise_header(title)))
    scored: list[tuple[int, bool, int, str]] = []
    for name, record_type in types.items():
        for entry in record_type.fields.values():
            if f"{name}.{entry.name}" in taken or not _fits(entry, kind):
                continue
            score = max(len(words & _pairs(_COMMON.sub("", normalise_header(heading)))) for heading in (entry.label.zh, record_type.label.zh + entry.label.zh, *entry.synonyms))
            if score:
                scored.append((-score, name != main, len(scored), f"{name}.{entry.name}"))
    if not scored and kind in ("date", "money"):
        # No word tells: the first such field of each record type.
        firsts = [_first_of(record_type, kind) for _, record_type in sorted(types.items(), key=lambda item: item[0] not in _USUAL)]
        return [choice for choice in firsts if choice and choice not in taken][:MOST]
    return [choice for *_, choice in sorted(scored)[:MOST]]


def _first_of(record_type: RecordType, kind: str) -> str:
    """The field of this kind that tells most of a record: one that names it, else the first."""
    keys = {name for names in record_type.key for name in names}
    fields = sorted((entry for entry in record_type.fields.values() if entry.type == kind), key=lambda entry: entry.name not in keys)
    return f"{record_type.type}.{fields[0].name}" if fields else ""


def _fits(entry: Field, kind: str | None) -> bool:
    if kind == "text":
        return entry.type in ("text", "choice") or entry.is_reference
    return kind is None or entry.type == kind


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}


def lacks_key(record_type: RecordType, fields: Collection[str], present: Collection[str]) -> bool:
    """Whether columns with these fields could not name a record; one of a type in `present` is named by the row."""
    *exact, last = record_type.key

    def there(name: str) -> bool:
        return name in fields or record_type.fields[name].type in present

    return not any(all(there(name) for name in names) for names in exact) and not any(map(there, last))


def ways_to_name(record_type: RecordType, titles: Iterable[str]) -> list[str]:
    """The fields that name a record and can be written in a column of text."""
    named = [f"{record_type.type}.{name}" for names in record_type.key for name in names if record_type.fields[name].type == "text"]
    return list(dict.fromkeys(named)) if any(_NAMING.search(title) for title in titles) else []
