"""Text of a cell -> value, or the reason in plain words why it cannot be read. Pure functions, no guessing.

Every reader takes the text as it stands in a cell and gives the value, or raises `Unreadable`. Empty text is the
caller's matter. Who calls this: the readers of record files, rule examples and filters.
"""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Text as rules compare it: one width, one case, no white space.

    >>> fold("ＡＢ 公司 ")
    'ab公司'
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
