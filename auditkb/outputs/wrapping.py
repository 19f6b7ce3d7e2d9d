"""Text in lines of a screen, where a Chinese character takes two cells and a line may end after any of them."""

from __future__ import annotations

import re
import unicodedata

_PIECES = re.compile(r"\s+|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|.[，。；：、）】》”？！…]*")
"""A space, a word, or a Chinese character with the signs that must not begin a line."""


def wrap(text: str, width: int = 78, initial_indent: str = "", subsequent_indent: str = "", preserve_paragraphs: bool = False) -> str:
    """Lines of at most `width` cells, as click asks for them; paragraphs are parted by empty lines.

    >>> wrap("列出规则、参数 and sources", 8)
    '列出规\\n则、参数\\nand\\nsources'
    """
    parts = re.split(r"\n\s*\n", text) if preserve_paragraphs else [text]
    return "\n\n".join(_paragraph(part, width, initial_indent, subsequent_indent) for part in parts)


def _paragraph(text: str, width: int, initial: str, subsequent: str) -> str:
    lines, line = [], initial
    start = initial
    # A line end of the source between Chinese characters is no space.
    text = re.sub(r"(?<=[\u2e80-\uffef])\s*\n\s*(?=[\u2e80-\uffef])", "", text.strip())
    for piece in _PIECES.findall(" ".join(text.split())):
        if line != start and _cells(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = start = subsequent
            piece = piece.lstrip()
        line += piece
    return "\n".join([*lines, line.rstrip()])


def _cells(text: str) -> int:
    # rich counts the same, but help is to come at once, without a library.
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
