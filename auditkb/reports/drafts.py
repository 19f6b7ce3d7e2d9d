"""Drafts of known findings: a file a candidate, in the form of `findings/known/`, with facts and place, the prose empty.

A draft is no known finding. A person splits it where a paragraph holds several, writes title and condition in their own
words, takes out the quoted paragraph, and puts the file under `findings/known/`.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.reports.candidates import Candidate
from auditkb.reports.figures import Figure
from auditkb.reports.report import Report

_NOTE = ("# 草稿：由程序根据报告整理，不是结论。请用自己的话写出标题和情况，核对事实、类别和判断方式；一段含几个问题的，拆成几个文件。\n"
         "# A draft made from the report, not a conclusion. Write title and condition in your own words, check facts, class and\n"
         "# verdict; where a paragraph holds several findings make a file of each. Take the report's own text (below) out.\n")
_DAYS = ("天", "日")


def write_drafts(report: Report, folder: Path) -> list[Path]:
    """Write the draft of every candidate; raises KnowledgeBaseError, and writes nothing, where one of the files is there already."""
    drafts = {folder / f"{candidate.number}.yml": _draft(report, candidate) for candidate in report.candidates}
    there = [path for path in drafts if path.exists()]
    if there:
        raise KnowledgeBaseError([
            Fault(Text("文件已存在，没有改写", "the file is there already and was not changed"), path.as_posix(),
                  hint=Text("换一个文件夹，或先移走原文件", "use another folder, or move the file away")) for path in there])
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in drafts.items():
        path.write_text(text, "utf-8", newline="\n")
    return list(drafts)


def _draft(report: Report, candidate: Candidate) -> str:
    section = report.document.section(candidate.section)
    quoted = "".join(f"#   {line}\n" for paragraph in candidate.paragraphs for line in paragraph.text.splitlines())
    classes = candidate.class_paths or ()
    lines = [
        _NOTE + quoted + f"id: {report.id}/{candidate.number}",
        "title: {zh: '', en: ''}",
        f"department: {_text(candidate.department)}",
        f"project: {_project(candidate.projects)}",
        f"class: {_list(classes[0]) if classes else '[]'}  # " + (" ".join(_list(path) for path in classes[1:]) or "findings/classes.yml"),
        "verdict: judgement  # rule | presence | text | judgement",
        f"place: {{section: {_text(section.cited)}, line: {candidate.paragraphs[0].place.line}}}",
        "condition: {zh: '', en: ''}", "criteria: null", "cause: null", "effect: null", "recommendation: null"]
    facts = [fact for figure in candidate.figures for fact in _facts(figure)]
    return "\n".join([*lines, "facts:" if facts else "facts: []", *facts]) + "\n"


def _text(text: str | None) -> str:
    """JSON text is YAML text, whatever stands in it."""
    return "null" if text is None else json.dumps(text, ensure_ascii=False)


def _list(words: tuple[str, ...]) -> str:
    return f"[{', '.join(words)}]"


def _project(projects: tuple[str, ...]) -> str:
    return _text(projects[0] if projects else None) if len(projects) < 2 else f"[{', '.join(map(_text, projects))}]"


def _facts(figure: Figure) -> list[str]:
    """The lines of a figure; a period has its first and its last day or month, a whole year is no fact."""
    if figure.unit in ("date", "period"):
        return [_fact(figure, value, unit) for value, unit in _times(figure)]
    if figure.value is None:
        return []
    if figure.unit == "yuan":
        return [_fact(figure, f"{figure.value:f}", "yuan")]
    if figure.unit == "percent":
        return [_fact(figure, f"{figure.value / 100:f}", "ratio")]
    value = f"{figure.value:f}".rstrip("0").rstrip(".") if "." in f"{figure.value:f}" else f"{figure.value:f}"
    return [_fact(figure, value, "days" if figure.unit_printed in _DAYS else "count")]


def _times(figure: Figure) -> list[tuple[str, str | None]]:
    first, last = figure.starts_on, figure.ends_on
    if first is None or last is None:
        return [("null", None)]
    if first == last:
        return [(first.isoformat(), None)]
    if "月" not in (figure.printed or ""):
        return []
    whole_months = first.day == 1 and (last + datetime.timedelta(days=1)).day == 1
    if not whole_months:
        return [(first.isoformat(), None), (last.isoformat(), None)]
    months = dict.fromkeys((f'"{first:%Y-%m}"', f'"{last:%Y-%m}"'))
    return [(month, "month") for month in months]


def _fact(figure: Figure, value: str, unit: str | None) -> str:
    lines = ["  - what: {zh: '', en: ''}", f"    printed: {_text(figure.printed)}"]
    if value != "null":
        lines.append(f"    value: {value}")
    return "\n".join(lines + ([f"    unit: {unit}"] if unit else []))
