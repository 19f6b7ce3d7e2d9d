"""Tie-outs of one report on the terminal: causes first, then what a person has to judge, then what was not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditkb.errors import Text, counted
from auditkb.outputs.tie_out_listing import COLUMNS, causes, not_checked, summary, tie_outs, why_review
from auditkb.reports.tie_outs import VERDICTS, TiedOut

if TYPE_CHECKING:
    from rich.console import Console

_MOST_LISTED = 12


def print_tie_outs(console: Console, tied: TiedOut, language: str, *, everything: bool = False) -> None:
    """The whole result; `everything` lists each tie-out, ties and roundings too."""
    console.print(tied.document.title or tied.document.file, style="bold", markup=False)
    console.print(summary(tied).say(language), markup=False)
    if not tied.tie_outs:
        console.print(Text("没有找到可以核对的数：请确认这是决算或者绩效报告。", "Nothing was found to check: is this a report of accounts or performance?").say(language), style="yellow")
    _print_causes(console, tied, language)
    _print_review(console, tied, language)
    if everything:
        _print_all(console, tied, language)
    for heading, items in not_checked(tied):
        console.print()
        console.print(heading.say(language), style="bold", markup=False)
        for item in items if everything else items[:_MOST_LISTED]:
            console.print(f"  · {item.say(language)}", markup=False, soft_wrap=True)
        if len(items) > _MOST_LISTED and not everything:
            console.print(Text(f"  另有 {len(items) - _MOST_LISTED} 项，--all 全部列出", f"  {len(items) - _MOST_LISTED} more: --all lists them").say(language), style="dim")


def _print_causes(console: Console, tied: TiedOut, language: str) -> None:
    if not tied.causes:
        return
    console.print()
    console.print(Text(f"不符：{len(tied.causes)} 个原因", f"Broken: {counted(len(tied.causes), 'cause')}").say(language), style="bold red")
    for number, place, words, printed, computed, difference, tolerance, relations, advice in causes(tied, language):
        heading = Text(f"{number}. 所载 {printed}，计算 {computed}", f"{number}. printed {printed}, computed {computed}")
        console.print(heading.say(language), style="bold", markup=False, soft_wrap=True)
        where = Text(f"   {place}；差额 {difference}，容差 {tolerance}", f"   {place}; difference {difference}, tolerance {tolerance}")
        console.print(where.say(language), markup=False, soft_wrap=True)
        if words:
            console.print(Text(f"   原文：{words}", f"   words: {words}").say(language), markup=False, soft_wrap=True)
        for relation in relations.splitlines():
            console.print(f"   · {relation}", markup=False, soft_wrap=True)
        console.print(f"   {advice}", style="yellow", markup=False, soft_wrap=True)


def _print_review(console: Console, tied: TiedOut, language: str) -> None:
    review = [one for one in tied.tie_outs if one.verdict == "review"]
    if not review:
        return
    console.print()
    console.print(Text(f"待人判断：{len(review)} 处", f"For a person to judge: {len(review)}").say(language), style="bold")
    for one in review:
        console.print(f"  · {one.title.say(language)}", markup=False, soft_wrap=True)
        facts = Text(f"    {one.place.zh}：所载 {one.printed.zh}，另一数 {one.computed.zh}，差额 {one.difference_shown.zh}",
                     f"    {one.place.en}: printed {one.printed.en}, the other {one.computed.en}, difference {one.difference_shown.en}")
        console.print(facts.say(language), markup=False, soft_wrap=True)
        console.print(f"    {why_review(one).say(language)}", style="yellow", markup=False, soft_wrap=True)


def _print_all(console: Console, tied: TiedOut, language: str) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text as Words

    for verdict in VERDICTS:
        rows = tie_outs(tied, language, (verdict,))
        if not rows:
            continue
        table = Table(title=f"{VERDICTS[verdict].say(language)} ({len(rows)})", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
        for name, label in COLUMNS[:6]:
            table.add_column(label.say(language), justify="left" if name in ("relation", "place") else "right", overflow="fold")
        for row in rows:
            table.add_row(*(Words(str(cell)) for cell in row[:6]))
        console.print()
        console.print(table)
