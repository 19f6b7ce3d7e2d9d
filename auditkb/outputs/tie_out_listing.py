"""Tie-outs of one report as rows and columns, as JSON with one tie-out a line, and as Markdown."""

from __future__ import annotations

import json
from typing import Any

from auditkb.errors import Text, counted
from auditkb.outputs import markdown
from auditkb.reports.exact import Term, Verdict
from auditkb.reports.figures import Figure
from auditkb.reports.relations import said
from auditkb.reports.tie_outs import VERDICTS, TiedOut, TieOut, as_printed, cause_computed, place_of, what_to_do

Columns = list[tuple[str, Text]]
Rows = list[list[Any]]
QUOTED = 20  # characters before a figure that are quoted with it
_DIGITS = "0123456789０１２３４５６７８９.,"
MOST_ADDED = 5  # more figures are only counted
ORDER: tuple[Verdict, ...] = ("broken", "review", "rounding", "ties")
CAUSE_COLUMNS: Columns = [
    ("number", Text("序号", "No.")), ("place", Text("位置", "Place")), ("quoted", Text("原文", "Words")), ("printed", Text("所载数", "Printed")),
    ("computed", Text("计算数", "Computed")), ("difference", Text("差额", "Difference")), ("tolerance", Text("容差", "Tolerance")), ("relations", Text("不符的关系", "Broken relations")),
    ("advice", Text("怎么办", "What to do"))]
COLUMNS: Columns = [
    ("relation", Text("勾稽关系", "Relation")), ("place", Text("位置", "Place")), ("printed", Text("所载数", "Printed")), ("computed", Text("计算数", "Computed")),
    ("difference", Text("差额", "Difference")), ("tolerance", Text("容差", "Tolerance")), ("verdict", Text("结果", "Verdict")), ("cause", Text("原因", "Cause"))]


def causes(tied: TiedOut, language: str) -> Rows:
    """A row a cause: its figure, what it should be, the relations that it breaks, what to do."""
    rows: Rows = []
    for number, cause in enumerate(tied.causes, 1):
        broken = tied.of(cause)
        lead = broken[0]
        rows.append([number, place_of(cause.figure, tied.document).say(language), quoted(cause.figure), as_printed(cause.figure).say(language),
                     cause_computed(cause, tied).say(language), lead.difference_shown.say(language), lead.tolerance_shown.say(language),
                     "\n".join((one.title + calculation(one)).say(language) for one in broken), what_to_do(cause, tied).say(language)])
    return rows


def quoted(figure: Figure) -> str:
    """The words around a figure of the text, by which it is found in any file."""
    if figure.row_number is not None or figure.printed is None:
        return ""
    before, after = figure.before[-QUOTED:].strip(), figure.after[:QUOTED // 2].strip()
    # No half of another number is quoted.
    before = "…" + before.lstrip(_DIGITS) if len(figure.before) > QUOTED else before
    return before + figure.printed + (after.rstrip(_DIGITS) + "…" if len(figure.after) > QUOTED // 2 else after)


def calculation(one: TieOut) -> Text:
    """What a figure is held against, in figures: 184129842.39元＋128378.60元＝184,258,220.99元; of a single figure where it stands."""
    sides = one.comparison.sides
    if not sides.terms:
        return Text("", "")
    if not sides.divisor and len(sides.terms) == 1:
        figure = sides.terms[0].figure
        where = "".join(f"{word} · " for word in (*figure.row, *figure.column[-1:])) if figure.row_number is not None else ""
        return Text("：", ": ") + as_printed(figure) + Text(f"（{where}{figure.place.text.zh}）", f" ({where}{figure.place.text.en})")
    whole = _added(sides.terms, -1 if sides.sign < 0 and not sides.divisor else 1)
    if sides.divisor:
        several = len(sides.terms) > 1
        whole = (Text("（", "(") + whole + Text("）", ")") if several else whole) + Text(" ÷ ", " ÷ ") + _added(sides.divisor, 1)
    return Text("：", ": ") + whole + (Text("，", ", ") if sides.at_most else Text("＝", " = ")) + one.computed


def _added(terms: tuple[Term, ...], sign: int) -> Text:
    if len(terms) > MOST_ADDED:
        return Text(f"{len(terms)}个数之和", f"the sum of {len(terms)} figures")
    ordered = sorted(terms, key=lambda term: -term.sign * sign)
    text = Text("", "")
    for number, term in enumerate(ordered):
        sign_zh, sign_en = ("－", " - ") if term.sign * sign < 0 else ("＋", " + ")
        text += Text(sign_zh if number or term.sign * sign < 0 else "", sign_en if number or term.sign * sign < 0 else "") + as_printed(term.figure)
    return text


def tie_outs(tied: TiedOut, language: str, verdicts: tuple[Verdict, ...] = ORDER) -> Rows:
    """A row a tie-out, the broken ones first."""
    numbers = {id(cause): number for number, cause in enumerate(tied.causes, 1)}
    ordered = [one for verdict in verdicts for one in tied.tie_outs if one.verdict == verdict]
    return [[one.title.say(language), one.place.say(language), one.printed.say(language), one.computed.say(language), one.difference_shown.say(language), one.tolerance_shown.say(language),
             VERDICTS[one.verdict].say(language), numbers.get(id(one.cause))] for one in ordered]


def summary(tied: TiedOut) -> Text:
    """The counts on one line."""
    number = {verdict: tied.count(verdict) for verdict in ORDER}
    return Text(f"核对 {len(tied.tie_outs)} 处：不符 {number['broken']} 处（{len(tied.causes)} 个原因），待人判断 {number['review']} 处，取整差异 {number['rounding']} 处，相符 {number['ties']} 处",
                f"{counted(len(tied.tie_outs), 'relation')} checked: {number['broken']} broken ({counted(len(tied.causes), 'cause')}), {number['review']} for a person to judge, "
                f"{number['rounding']} rounding, {number['ties']} tie")


def why_review(one: TieOut) -> Text:
    """Why arithmetic does not decide it."""
    note = one.relation.note
    return one.comparison.unclear or (said(note) if note is not None else Text("口径可能不同，请看原文", "their scope may differ: read the text"))


def not_checked(tied: TiedOut) -> list[tuple[Text, list[Text]]]:
    """What was not compared, under its heading: figures without a counterpart, approximate ones, unknown tables, relations without figures."""
    silent = [said(relation.title) for relation in tied.silent]
    alone = []
    for one in tied.alone:
        place = place_of(one.figure, tied.document)
        missing = [tied.label(name) for name in one.missing]
        alone.append(said(one.relation.title) + Text("：", ": ") + as_printed(one.figure) + Text(f"（{place.zh}），缺 ", f" ({place.en}), lacks ")
                     + Text("、".join(word.zh for word in missing), ", ".join(word.en for word in missing)))
    unknown = [Text(f"{table.title or '表'}（{table.place.text.zh}），{len(table.rows)}行", f"{table.title or 'table'} ({table.place.text.en}), {len(table.rows)} rows") for table in tied.unknown]
    about = [as_printed(figure) + Text(f"（{place_of(figure, tied.document).zh}）", f" ({place_of(figure, tied.document).en})") for figure in tied.approximate]
    return [(heading, items) for heading, items in (
        (Text(f"有 {len(alone)} 个数没有找到可比的数", f"{counted(len(alone), 'figure')} with nothing to be compared with"), alone),
        (Text(f"有 {len(about)} 个约数没有比对", f"{len(about)} approximate figures were not compared"), about),
        (Text(f"有 {len(unknown)} 张表没有核对，没有一种关系认得它的栏目", f"{counted(len(unknown), 'table')} not checked: no relation knows the columns"), unknown),
        (Text(f"有 {len(silent)} 种关系在本报告中没有对应的数", f"{counted(len(silent), 'relation')} without figures in this report"), silent)) if items]


def as_json(tied: TiedOut, language: str) -> str:
    """All tie-outs as a list, one a line. Differences and tolerances are exact numbers as text, in `unit`."""
    numbers = {id(cause): number for number, cause in enumerate(tied.causes, 1)}
    lines = []
    for one in (one for verdict in ORDER for one in tied.tie_outs if one.verdict == verdict):
        lines.append(json.dumps({
            "relation": one.title.say(language), "place": one.place.say(language), "printed": one.printed.say(language), "computed": one.computed.say(language),
            "difference": _plain(one.difference), "tolerance": _plain(one.tolerance), "verdict": one.verdict, "unit": one.figure.unit, "id": one.relation.id,
            "line": one.figure.place.line, "cause": numbers.get(id(one.cause))}, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]"


def _plain(number: object) -> str | None:
    return None if number is None else f"{number:f}"


def as_markdown(tied: TiedOut, language: str) -> str:
    """The causes, what a person has to judge, the rounding differences and what was not checked."""
    lines = [f"# {Text('勾稽核对', 'Tie-outs').say(language)} · {tied.document.title or tied.document.file}", "", summary(tied).say(language), ""]
    if tied.causes:
        lines += [f"## {Text('不符', 'Broken').say(language)}", ""]
        lines += markdown.table([label.say(language) for _, label in CAUSE_COLUMNS], [[str(cell).replace("\n", "；") for cell in row] for row in causes(tied, language)])
    for verdict in ("review", "rounding"):
        rows = tie_outs(tied, language, (verdict,))
        if rows:
            lines += [f"## {VERDICTS[verdict].say(language)}", ""]
            lines += markdown.table([label.say(language) for _, label in COLUMNS[:6]], [[str(cell) for cell in row[:6]] for row in rows])
    for heading, items in not_checked(tied):
        lines += [f"## {heading.say(language)}", "", *markdown.bullets([item.say(language) for item in items])]
    return markdown.page(lines)
