"""Values as people read them: money with separators, ratios as percentages, articles and reasons in words."""

from __future__ import annotations

import re

from auditkb.labels import Labels
from auditkb.outputs.source_list import local_time
from auditkb.wording import PEER_WORDS, say_reason
from web.language import current, say, tell

_DIGITS = "零一二三四五六七八九"
_UNITS = {"yuan": ("元", "yuan"), "days": ("天", "days"), "working_days": ("个工作日", "working days"), "day": ("天", "days"),
          "months": ("个月", "months"), "month": ("个月", "months"), "m2": ("平方米", "m²"), "percent": ("%", "%"), "workdays": ("个工作日", "working days"), "ratio": ("", ""), "count": ("", ""),
          "points": ("分", "points"), "year": ("", "")}


def money(value: float) -> str:
    """Yuan with two decimals and separators: 232,000.00."""
    return f"{value:,.2f}"


def ratio(value: float) -> str:
    """A fraction as a percentage: 0.6238 -> 62.38%, 0.745 -> 74.50%, 0.03 -> 3%."""
    percent = f"{value * 100:.4f}".rstrip("0")
    whole, _, decimals = percent.partition(".")
    return f"{whole}.{decimals:0<2}%" if decimals else f"{whole}%"


def unit_name(unit: str | None) -> str:
    """A unit in words; '' for none."""
    if not unit:
        return ""
    return say(*_UNITS.get(unit, (unit, unit)))


def with_unit(value: float, unit: str) -> str:
    """A figure of a report with its unit: 3,690,700.00 元, 0.72 个百分点."""
    if unit == "yuan":
        return (money(value) if round(value, 2) == value else number(value)) + say(" 元", " yuan")
    return number(value) + {"percent": "%", "percentage_points": say(" 个百分点", " percentage points")}.get(unit, "")


def number(value: float) -> str:
    """A number without needless decimals."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{int(value):,}"


def chinese_number(value: int) -> str:
    """1 to 9999 in Chinese numerals, as articles of law are counted: 32 -> 三十二, 1012 -> 一千零一十二."""
    text, pending = "", False
    for size, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, size)
        if digit:
            text += ("零" if pending and text else "") + _DIGITS[digit] + name
            pending = False
        else:
            pending = True
    return text[1:] if text.startswith("一十") else text


def article(value: str | None) -> str:
    """Where in a law: 32 -> 第三十二条; anything else as it is written."""
    if not value:
        return ""
    text = str(value)
    if current() == "en":
        return f"Art. {text}"
    if text.isdigit():
        return f"第{chinese_number(int(text))}条"
    found = re.fullmatch(r"(\d+)[.(（](\d+)[)）]?", text)
    if found:
        return f"第{chinese_number(int(found[1]))}条第{chinese_number(int(found[2]))}款"
    return text if text.startswith("第") else f"第{text}条" if text[0].isdigit() else text


def time(value: object) -> str:
    """A moment as a clock on the wall shows it; what is no moment as it stands."""
    try:
        return local_time(str(value))
    except ValueError:
        return str(value)


def path_words(labels: Labels, record_type: str, path: str) -> str:
    """A path of a rule in words: `contract.signed_on` from an invoice -> 合同的签订日期."""
    words: list[str] = []
    here = record_type
    for step in path.split("."):
        column = labels.column(here, step)
        if step in PEER_WORDS:
            words.append(tell(PEER_WORDS[step]))
        elif column is not None:
            words.append(tell(column.label))
            here = column.type if column.type in labels else here
        elif step in labels:
            words.append(tell(labels.table(step)))
            here = step
        else:
            words.append(tell(labels.parameters[step]) if step in labels.parameters else step)
    if current() == "zh":
        return "“" + "的".join(words) + "”"
    return "“" + ", ".join(words) + "”"


def reasons(labels: Labels, record_type: str, text: str | None) -> list[str]:
    """Reasons of an outcome in words. They are kept as `kind:path`, several parted by `|`."""
    return [tell(say_reason(part, labels.dictionary, record_type, labels.parameters)) for part in (text or "").split("|") if part]
