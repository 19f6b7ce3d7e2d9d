"""The text of a cell before it is any value: folded, cleaned, or refused as a mark of no certain meaning.

`values` stands on this; whoever only compares text uses `fold`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from auditkb.errors import Text

MOST_CHARACTERS = 100

WRITE_A_STATE = Text(
    "没有值时请写明原因：[文件空白]、[未采集]、[不要求] 或 [字迹不清]，或在对应文件中声明它的含义",
    "where there is no value say why: [blank_in_document], [not_captured], [not_required] or [illegible], or declare in a mapping file what it means",
)

WRITE_A_VALUE = Text(
    "不是确定的值：请按原件填写确定的值，或在对应文件的 meanings 中声明它的含义",
    "this is no certain value: write the one of the paper, or declare in a mapping file (meanings) what it means",
)


class Unreadable(ValueError):
    """A cell that cannot be read: why, and what to do about it."""

    def __init__(self, reason: Text, advice: Text):
        super().__init__(reason.en)
        self.reason, self.advice = reason, advice


def fold(text: str) -> str:
    """Text as rules compare it: one width, one case, no white space and no invisible characters.

    >>> fold("ＡＢ 公司 ")
    'ab公司'
    """
    if text.isascii():
        return "".join(text.casefold().split())
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(unicodedata.normalize("NFKC", text).split())
    if not text.isprintable():
        text = "".join(character for character in text if not _is_invisible(character))
    # Taking a space out may leave a letter beside the accent that belongs to it.
    return unicodedata.normalize("NFKC", text)


def fold_all(texts: Sequence[str]) -> list[str] | None:
    """`fold` of each of many texts, looked at in one go; None where some need to be folded one by one.

    >>> fold_all(["ＡＢ公司", "第1号"]), fold_all(["AB 公司", "x"])
    (['ab公司', '第1号'], None)
    """
    # No line break joins what stands beside it, so lines are made one form as the texts would be.
    lines = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", "\n".join(texts)).casefold())
    folded = lines.split("\n")
    # Else there is white space in a text, or a text is empty.
    if len(folded) != len(texts) or lines.split() != folded:
        return None
    return folded if lines.replace("\n", "").isprintable() else None


def clean(text: str) -> str:
    """The text at one width, without invisible characters, padding and the apostrophe by which Excel marks text."""
    if text.isascii():
        return text.strip().removeprefix("'").strip()
    text = unicodedata.normalize("NFKC", text)
    if text.isprintable():
        return text.strip().removeprefix("'").strip()
    text = "".join(character for character in text if character.isspace() or not _is_invisible(character))
    return text.strip().removeprefix("'").strip()


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


_WORDS_FOR_NOTHING = frozenset(("无", "空", "空白", "待定", "不详", "暂无", "未知", "na", "n/a", "nan", "nil", "none", "null", "tbd", "unknown"))
# 无编号, 未编号, 无合同: there is no number, which is none.
_NO_NUMBER = re.compile("(?:无|没有|暂无|未)(?:合同|发票|凭证|采购|项目)?(?:编号|编码|号码?|合同|发票)")
# With room for the width and space that folding takes away.
_LONGEST_WORD_FOR_NOTHING = 20
_DIGIT = re.compile("[0-9]")


def means_nothing_certain(text: str, *, words: bool = True) -> bool:
    """Whether a cell holds only a mark such as `/` or `—` (or, with `words`, a word such as 无 or 待定).

    Such marks mean "does not apply" in some ledgers and "not known" in others.
    """
    # No such mark or word has a digit, and most cells have one.
    if _DIGIT.search(text) or (len(text) > _LONGEST_WORD_FOR_NOTHING and text[0].isalnum()):
        return False
    folded = fold(text)
    return not any(character.isalnum() for character in folded) or (words and (folded in _WORDS_FOR_NOTHING or _NO_NUMBER.fullmatch(folded) is not None))


def refuse_uncertain_mark(text: str, *, words: bool = True) -> None:
    """Raises Unreadable for a cell that `means_nothing_certain`."""
    if means_nothing_certain(text, words=words):
        words_shown = shown(text)
        line = Text(f'values: {{meanings: {{"{words_shown}": 含义}}}}', f'values: {{meanings: {{"{words_shown}": MEANING}}}}')
        raise Unreadable(Text(f"“{words_shown}”的含义不明确", f'what "{words_shown}" means is not certain'),
                         WRITE_A_STATE + Text(f"：{line.zh}，含义写 not_required（不要求）、not_captured（未采集）或 blank_in_document（文件空白）",
                                              f": {line.en}, where MEANING is not_required, not_captured or blank_in_document"))


def prepare(text: str) -> str:
    """`clean` text of a cell that should hold a value. Raises Unreadable for a mark of no certain meaning or a long text."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(Text(f"内容太长（{len(text)}个字符）", f"the text is too long ({len(text)} characters)"), WRITE_A_STATE)
    refuse_uncertain_mark(text)
    return clean(text)


def shown(text: str) -> str:
    """The text as a message quotes it: on one line, cut at 40 characters."""
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:40] + "…"


def refusal(compact: str, text: str, table: tuple[tuple[str, str, str, Text], ...], otherwise: Text, advice: Text) -> Unreadable:
    """Why `text` is no value: the first row of (pattern of the whole `compact` text, reason in both languages, advice)."""
    for pattern, zh, en, what_to_do in table:
        if re.fullmatch(pattern, compact, re.ASCII | re.DOTALL):
            return Unreadable(Text(f"{zh}：{shown(text)}", f"{en}: {shown(text)}"), what_to_do)
    return Unreadable(Text(f"“{shown(text)}”{otherwise.zh}", f'"{shown(text)}" {otherwise.en}'), advice)
