"""Names of organisations, departments and projects: when two are the same, and when they only look alike.

The same: equal but for width, case, blanks and kinds of bracket. 有限公司 and 有限责任公司 are two forms, and a name that
begins like another is another. What looks alike is told to a person, never merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditkb.texts import fold

_BRACKETS = str.maketrans("[]{}〔〕【】「」《》〈〉", "()()()()()()()")
_NO_BRACKETS = str.maketrans("", "", "()")
_LEGAL_FORM = re.compile(r"(?:(?:集团)?(?:股份|有限责任|有限)+公司|集团公司|公司|co\.?,?ltd\.?|llc|inc\.?)$")
_NUMBERING = frozenset("0123456789零〇一二三四五六七八九十甲乙丙丁东南西北上下abcdef")
_SHORTEST_CORE = 4
_SHORTEST_PART = 3
MOST_NAMES = 10_000
MOST_ALIKE = 3


def same_name(text: str) -> str:
    """What two spellings of one name share.

    >>> same_name("甲（北京） 有限公司") == same_name("甲(北京)有限公司"), same_name("甲有限公司") == same_name("甲有限责任公司")
    (True, False)
    """
    return fold(text).translate(_BRACKETS)


class LikeNames:
    """Names, and for each the others that look like it: another legal form, one character more, less or other, a part of it.

    Work grows with the number of names, not with their pairs. Beyond MOST_NAMES further names are left out.
    """

    def __init__(self, names: Iterable[str]):
        self._cores: dict[str, str] = {}
        self._same: dict[str, str] = {}
        self._by_shape: dict[str, list[str]] = {}
        self._by_part: dict[str, list[str]] = {}
        for name in names:
            if len(self._cores) >= MOST_NAMES:
                break
            self._same[name] = same_name(name)
            core = self._cores[name] = _core(self._same[name])
            for shape in _shapes(core):
                self._by_shape.setdefault(shape, []).append(name)
            for start in range(len(core) - _SHORTEST_PART + 1):
                self._by_part.setdefault(core[start : start + _SHORTEST_PART], []).append(name)

    def like(self, name: str) -> list[str]:
        """The names that look like `name`, at most MOST_ALIKE; none where more do, because then it says nothing."""
        same = same_name(name)
        core = _core(same)
        near = {other for shape in _shapes(core) for other in self._by_shape.get(shape, ())}
        found = {other for other in near if self._same[other] != same and _is_slip(core, self._cores[other])}
        found |= {other for other in self._longer(core) if self._same[other] != same}
        return sorted(found) if len(found) <= MOST_ALIKE else []

    def _longer(self, core: str) -> set[str]:
        if len(core) < _SHORTEST_PART:
            return set()
        parts = (core[start : start + _SHORTEST_PART] for start in range(len(core) - _SHORTEST_PART + 1))
        candidates = min((self._by_part.get(part, ()) for part in parts), key=len)
        return {other for other in candidates if core in self._cores[other] and len(self._cores[other]) > len(core)}


def _core(same: str) -> str:
    return _LEGAL_FORM.sub("", same).translate(_NO_BRACKETS)


def _shapes(core: str) -> Iterator[str]:
    """The core, and the core without each of its characters: two that share one differ by a character or two."""
    if len(core) > 1:
        yield core
    if len(core) >= _SHORTEST_CORE:
        for place in range(len(core)):
            yield core[:place] + core[place + 1 :]


def _is_slip(one: str, other: str) -> bool:
    """Whether two cores differ by nothing, or by one character that is no numbering (一期 and 二期 are two)."""
    if one == other:
        return True
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    place = 0
    for character, beside in zip(short, long, strict=False):
        if character != beside:
            break
        place += 1
    if len(short) == len(long):
        differ = {short[place], long[place]}
        return short[place + 1 :] == long[place + 1 :] and not differ <= _NUMBERING
    return len(long) == len(short) + 1 and short[place:] == long[place + 1 :] and long[place] not in _NUMBERING
