"""Values as people read them: money with separators, ratios as percentages, articles and reasons in words."""

from __future__ import annotations

import re

from auditkb.labels import Labels
from auditkb.outputs.source_list import local_time
from web.language import current, say, tell

_DIGITS = "零一二三四五六七八九"
_UNITS = {"yuan": ("元", "yuan"), "days": ("天", "days"), "working_days": ("个工作日", "working days"), "day": ("天", "days"),
          "months": ("个月", "months"), "month": ("个月", "months"), "m2": ("平方米", "m²"), "percent": ("%", "%"), "workdays": ("个工作日", "working days"), "ratio": ("", ""), "count": ("", ""),
          "points": ("分", "points"), "year": ("", "")}
_REASONS = {
    "missing": ("未采集{}", "{} is not recorded"),
    "blank": ("{}在文件中为空白", "{} is blank in the document"),
    "illegible": ("{}字迹不清", "{} is illegible"),
    "unreadable": ("{}无法识别", "{} cannot be read"),
    "disputed": ("各来源的{}不一致", "sources disagree on {}"),
    "other_currency": ("{}不是人民币", "{} is not in yuan"),
    "not_required": ("不要求填写{}", "{} is not required"),
    "none": ("没有{}", "there is no {}"),
    "no_related": ("没有关联的{}", "no {} is linked"),
    "source_not_loaded": ("{}资料未完整收集", "papers of {} were not collected completely"),
    "no_parameter": ("未设定参数{}", "no parameter {}"),
    "event_date_unknown": ("不知道发生日期", "the date of the event is unknown"),
    "assumed": ("{}为推定值", "{} is assumed"),
    "waiver": ("已有豁免认定{}", "waived by {}"),
    "exemption": ("有豁免依据{}", "exempted by {}"),
}


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
        if column is not None:
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
    """Reasons of an outcome in words. They are kept as `kind:path`, several parted by `|`, `,` or `;`."""
    found = []
    for part in re.split(r"[|,;\s]+", (text or "").strip("[]|").replace('"', "")):
        if not part:
            continue
        kind, _, what = part.partition(":")
        words = _REASONS.get(kind)
        if words is None:
            found.append(part)
        elif kind in ("waiver", "exemption"):
            found.append(say(*words).format(what))
        else:
            found.append(say(*words).format(path_words(labels, record_type, what) if what else ""))
    return found
