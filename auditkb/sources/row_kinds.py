"""What a row below a header is that is no record: a total, a note, a title of a section, the header printed again."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from auditkb.dictionary import normalise_header
from auditkb.errors import Text
from auditkb.sources.layout import Layout
from auditkb.sources.sheets import Area, Row

TOTAL = Text("合计行", "a row of totals")
SUBTOTAL = Text("小计行", "a row of subtotals")
PART = Text("“其中”行，已包含在上面的行里", "a row of 其中, part of the rows above")
NOTE = Text("表下的注", "a note under the table")
SIGNATURE = Text("表下的落款", "a line of names and dates under the table")
SECTION = Text("分段标题", "a title of a section")
REPEATED = Text("重复的表头", "the header again")
AVERAGE = Text("平均数一行", "a row of averages")
ALONE = Text("只有一格有内容，像是标题或注", "one cell only is filled in: a title or a note, it seems")
UNNAMED_TOTAL = Text("只有一个金额，等于上面各行之和，像是没有写“合计”的合计", "an amount only, which is the sum of the rows above: a total that is not called one, it seems")
COMPLETE_IT = Text("是一条记录的，补上其他内容再读入；不是的不用管", "where it is a record fill in the rest of it and load it again; else leave it")

_TOTAL = re.compile(r"^.{0,12}?(?:合计|总计|共计|累计|汇总)(?:\(.*\))?(?::.*)?$|^(?:合计|总计|共计|累计|总)(?:合同|项目)?(?:支付|付款|支出)?(?:金额|价款|数|额|价)?(?:\(.*\))?:?$"
                    r"|^(?:合计|总计|共计|共)\d+[份项笔个家件]\D*$|^(?:grand)?totals?(?:amount|sum)?:?$")
_SUBTOTAL = re.compile(r"^.{0,12}?小计(?:\(.*\))?:?$|^sub-?totals?$")
_COUNT = re.compile(r"共?\s*\d+\s*[份项笔个家件]")
_PART = re.compile(r"^其中")
_NOTE_WORDS = "注|备注|说明|填表说明|附注|note|notes|remarks?"
_NOTE = re.compile(rf"^\(?(?:{_NOTE_WORDS})\)?(?:\d*[:.、]|\d+\b)")
# A cell with nothing but the word; what is noted stands in the cells beside it.
_NOTE_ALONE = re.compile(rf"^\(?(?:{_NOTE_WORDS})\)?\d*[:.、]?$")
_AVERAGE = re.compile(r"^(?:平均(?:值|数|每[份项笔个家件])?|average|mean):?$")
_SIGNATURE = re.compile(r"^(?:制表|填表|编制|审核|复核|审批|负责|经办|填报|统计|联系|单位|日期|部门|科室)[^:]{0,8}:")
_SECTION = re.compile(r"^\(?[一二三四五六七八九十]+[)、.．]")
# What the label of a row of totals, of a part of one or of a signature holds.
_MAY_BE_NONE = re.compile(r"[计总]|^其中|total|:|汇总|^共|^平均|^average|^mean|^\(?(?:注|备注|说明|填表说明|附注|note|remark)")
# A code such as HT2019-001, which is its own label but for its case.
_CODE = re.compile(r"[A-Z](?=.*\d)[A-Z\d-]*", re.ASCII)


class Kinds:
    """Tells the kind of each row of one table, one after the other."""

    def __init__(self, layout: Layout, loaded: Collection[int], merged: Collection[Area], amounts: Collection[int]):
        self._header = {normalise_header(title) for path in layout.titles.values() for title in path}
        self._columns, self._loaded, self._amounts = len(layout.titles), loaded, amounts
        self._wide = {area.first_row for area in merged if area.last_column - area.first_column + 1 >= max(2, self._columns / 2)}
        self._in_notes = False

    def of(self, row: Row, texts: list[tuple[int, str]]) -> Text | None:
        """The kind of a row; None for a record."""
        first = next((text for _, text in texts if not is_number(text)), None)
        kind = None
        # Called for every row: what begins as a record mostly does is looked at no further.
        if first is not None:
            label = _label(first)
            if len(texts) <= 2 or label in self._header or _MAY_BE_NONE.search(label):
                kind = self._of_words(row, texts, label, [text for _, text in texts if not is_number(text)])
        self._in_notes = kind is NOTE
        return kind

    def begins_record(self, text: str) -> bool | None:
        """Whether a row of three cells or more is a record because this is its first text; None for a blank or a number, which tells nothing."""
        if _CODE.fullmatch(text) and text.lower() not in self._header and "TOTAL" not in text:
            return True
        text = text.strip()
        if not text or text.isdecimal() or is_number(text):
            return None
        label = _label(text)
        if label in self._header:
            return False
        return _MAY_BE_NONE.search(label) is None or not any(form.match(label) for form in (_PART, _SUBTOTAL, _TOTAL, _SIGNATURE, _NOTE_ALONE, _AVERAGE))

    def pass_records(self) -> None:
        """Records have come between, so that no note goes on."""
        self._in_notes = False

    def _of_words(self, row: Row, texts: list[tuple[int, str]], label: str, words: list[str]) -> Text | None:
        if _PART.match(label):
            return PART
        if (len(texts) == 1 and self._in_notes) or (len(texts) <= 2 and _NOTE.match(label)) or _is_note(label, len(texts)):
            return NOTE
        kind = AVERAGE if _AVERAGE.match(label) else total_kind(label)
        if kind is not None and self._names_nothing_else(row, texts):
            return kind
        if _SIGNATURE.match(label) and all(_SIGNATURE.match(normalise_header(word)) for word in words):
            return SIGNATURE
        if len(texts) == 1 and len(self._loaded) > 1 and (_SECTION.match(label) or row.number in self._wide):
            return SECTION
        if len(texts) > 1 and len(texts) >= self._columns / 2 and all(normalise_header(text) in self._header for _, text in texts):
            return REPEATED
        return None

    def _names_nothing_else(self, row: Row, texts: list[tuple[int, str]]) -> bool:
        """Whether nothing beside the label names a record: an amount may be an error or words, a remark is not loaded."""
        faulty = {problem.position for problem in row.problems}
        words = [place for place, text in texts if not is_number(text) and not _COUNT.fullmatch(text)]
        return not any(place in self._loaded and place not in self._amounts and place not in faulty for place in words[1:])


def _is_note(label: str, cells: int) -> bool:
    """Whether a cell with nothing but 注 or 注： has what is noted beside it."""
    return _NOTE_ALONE.match(label) is not None and (cells <= 2 or not label[-1].isalnum())


def total_kind(label: str) -> Text | None:
    """What a normalised label such as 城管科小计 says of its row."""
    return SUBTOTAL if _SUBTOTAL.match(label) else TOTAL if _TOTAL.match(label) else None


_LIKE_A_CODE = re.compile(r"(?=.*[0-9])(?!.*\d{4}年?$|[\d.,/-]+$)[一-鿿]{0,6}[A-Za-z0-9_/.()（）\[\]〔〕年第号字-]+")

_LIKE_A_DATE = re.compile(r"[\d\s年月日号./:-]+")


def is_like_a_code(text: str) -> bool:
    """Whether a text may be the number of a paper and is neither words nor a bare number or date.

    >>> is_like_a_code("HT2019-001"), is_like_a_code("京财〔2023〕5号"), is_like_a_code("工程类"), is_like_a_code("2023年12月31日"), is_like_a_code("300.00")
    (True, True, False, False, False)
    """
    return _LIKE_A_CODE.fullmatch(text) is not None


def is_like_a_label(text: str) -> bool:
    """Whether a text holds words, so that it may say what an amount beside it is: 截至2023年12月31日, but no code and no date."""
    return not is_like_a_code(text) and _LIKE_A_DATE.fullmatch(text) is None


def _label(text: str) -> str:
    return normalise_header(text) if len(text) <= 40 else text


@lru_cache(4096)
def is_number(text: str) -> bool:
    """Whether a cell is a number or a share, as in a row of totals, and not words."""
    return re.fullmatch(r"[¥￥$(（]?-?[\d,，]*\.?\d+[%‰)）元万]*|[-—–/]+", text.strip()) is not None
