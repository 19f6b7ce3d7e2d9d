"""What the terminal shows of a run: counts, findings, what could not be checked, what went, where the time goes."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from auditkb.dictionary import Dictionary
from auditkb.engines.shared import Part
from auditkb.errors import Text, counted
from auditkb.evidence import parameter_labels
from auditkb.record_history import changes_behind, without_parent
from auditkb.rules.checked import Rule
from auditkb.run_findings import Found, found, gone, on_trial
from auditkb.runs import RunReport
from auditkb.wording import FINDING_STATES, GONE_REASONS, NOTHING_CHECKED, OUTCOMES, SEVERITIES, say_reason

if TYPE_CHECKING:
    from rich.console import Console

REASONS_SHOWN = 4
_COUNTED = ("fail", "pass", "exempt", "not_evaluated", "not_applicable")
_STEPS = {"take": Text("取共用结果", "take shared"), "decide": Text("判定", "decide"), "reasons": Text("未判定的原因", "reasons"), "stand_ins": Text("代用值", "stand-ins"),
          "count": Text("计数", "count"), "evidence": Text("证据", "evidence"), "write": Text("写入", "write")}
_SHARED = {"indexes": Text("共用：建索引", "once: indexes"), "publish": Text("共用：写规则、法规和已知问题", "once: rules, law, known findings")}


def print_run(console: Console, connection: sqlite3.Connection, report: RunReport, dictionary: Dictionary, language: str, *, limit: int = 0) -> None:
    """Counts of every outcome by rule, findings by severity, what could not be checked and why, known findings.

    At most `limit` findings of each severity are listed (0: all, and all reasons too); how many more there are is said.
    """
    console.print(_counts_table(report, language))
    if not report.counts:
        console.print(NOTHING_CHECKED.say(language), style="bold yellow", markup=False)
    for text in without_parent(connection, dictionary):
        console.print(text.say(language), style="yellow", markup=False)
    _print_findings(console, connection, report, language, limit)
    _print_not_checked(console, report, dictionary, language, shown=REASONS_SHOWN if limit else None)
    _print_gone(console, connection, report, dictionary, language)
    _print_known(console, report, dictionary, language)
    for fault in report.faults:
        console.print(fault.say(language), style="red", markup=False)
    if not report.is_complete:
        console.print(Text("本批次不完整：没有关闭任何疑点。", "This run is incomplete: no finding was closed.").say(language), style="bold red")


def print_profile(console: Console, report: RunReport, language: str) -> None:
    """How long each rule took and in which step, the slowest first, and what is done once for all rules."""
    steps = [name for name in _STEPS if any(name in spent for rule, spent in report.seconds.items() if rule)]
    table = _table(Text("各规则所用时间（秒）", "Seconds by rule").say(language),
                   [Text("规则", "Rule").say(language), *(_STEPS[name].say(language) for name in steps), Text("合计", "Together").say(language)],
                   tuple(range(1, len(steps) + 2)))
    rules = {name: spent for name, spent in report.seconds.items() if name}
    for name, spent in sorted(rules.items(), key=lambda item: -sum(item[1].values())):
        table.add_row(name, *(f"{spent.get(step, 0):.3f}" for step in steps), f"{sum(spent.values()):.3f}")
    whole = [sum(spent.get(step, 0) for spent in rules.values()) for step in steps]
    table.add_section()
    table.add_row(Text("全部规则", "All rules").say(language), *(f"{number:.3f}" for number in whole), f"{sum(whole):.3f}")
    for part in sorted(report.shared, key=lambda part: (part.step != "scan", -part.seconds)):
        table.add_row(_say_part(part).say(language), *("" for _ in steps), f"{part.seconds:.3f}")
    for step, seconds in report.seconds.get("", {}).items():
        table.add_row(_SHARED[step].say(language), *("" for _ in steps), f"{seconds:.3f}")
    console.print(table)


def _say_part(part: Part) -> Text:
    """What was done once for several rules."""
    if part.step == "gather":
        return Text(f"共用：汇总 {part.name}", f"once: {part.name} gathered")
    if len(part.rules) == 1:
        return Text(f"{part.name}：{part.rules[0]}", f"{part.name}: {part.rules[0]}")
    return Text(f"共用：{part.name}，{len(part.rules)} 条规则", f"once for {part.name}: {len(part.rules)} rules")


def _table(console_title: str, columns: list[str], right: tuple[int, ...] = ()) -> Any:
    from rich.table import Table

    table = Table(title=console_title, title_justify="left", title_style="bold", header_style="bold")
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index in right else "left", overflow="fold")
    return table


def _counts_table(report: RunReport, language: str) -> Any:
    title = Text(f"第 {report.run_id} 批检查（基准日 {report.as_of}）：各规则的结果", f"Run {report.run_id} (the run's day: {report.as_of}): outcomes by rule").say(language)
    table = _table(title, [Text("规则", "Rule").say(language), Text("名称", "Title").say(language),
                           *(OUTCOMES[name].say(language) for name in _COUNTED), Text("提示", "Note").say(language)], (2, 3, 4, 5, 6))
    totals = report.totals()
    for rule in report.rules.values():
        counts = [totals[(rule.id, name)] for name in _COUNTED]
        table.add_row(rule.id, getattr(rule.file.title, language), *(str(number) if number else "·" for number in counts),
                      _suspicion(rule, counts).say(language))
    return table


def _suspicion(rule: Rule, counts: list[int]) -> Text:
    """A rule that could check nothing, or calls out nearly everything, deserves a look itself."""
    failed, passed, exempt, unknown, _ = counts
    if rule.file.status == "trial":
        return Text("试行", "trial")
    if not any(counts):
        return Text("没有记录", "no records")
    if not failed + passed + exempt and unknown:
        return Text("一条也没能检查", "could check nothing")
    if failed >= 10 and failed > 0.8 * (failed + passed):
        return Text("几乎全部列为疑点，请核对规则", "calls out nearly everything: look at the rule")
    return Text("", "")


def _print_findings(console: Console, connection: sqlite3.Connection, report: RunReport, language: str, limit: int) -> None:
    from rich.text import Text as Styled

    number = report.found.total()
    console.print()
    console.print(Text(f"疑点 {number} 个（待人核实，不是认定）", f"{counted(number, 'finding')} ({'a lead' if number == 1 else 'leads'} to be verified, not {'a verdict' if number == 1 else 'verdicts'})").say(language), style="bold")
    styles = {"high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
    for severity, label in SEVERITIES.items():
        number = sum(findings for (_, of), findings in report.found.items() if of == severity)
        if not number:
            continue
        console.print(Text(f"【{label.zh}】{number} 个", f"[{label.en}] {number}").say(language), style=styles[severity], markup=False)
        for item in islice(found(connection, report, severity), limit or None):
            console.print(Styled("  ").append(item.id, style="bold").append(f"  {_marks(item, report, language)}"), soft_wrap=True)
            console.print(Styled(f"    {item.message.say(language)}"), soft_wrap=True)
        if limit and number > limit:
            console.print(Text(f"  另有 {number - limit} 个未列出：--limit 0 全部列出，--format csv 可导出", f"  {counted(number - limit, 'more is', 'more are')} not listed: --limit 0 lists all, --format csv writes them out").say(language), style="dim")
    for name, _, _, message in on_trial(connection):
        console.print(Styled(f"  ({Text('试行', 'trial').say(language)}) {name}: {message.say(language)}", style="dim"))


def _marks(item: Found, report: RunReport, language: str) -> str:
    parts = [getattr(report.rules[item.rule_id].file.title, language)]
    if item.amount is not None:
        parts.append(Text(f"金额 {item.amount:,.2f} 元", f"amount {item.amount:,.2f} yuan").say(language))
    if item.presumed:
        parts.append(Text("推定：", "presumed: ").say(language) + "，".join(f"{a['label_' + language]} {a['shown_' + language]}" for a in item.data["assumed"]))
    if item.legal_conflict:
        parts.append(Text("参数与法规冲突", "parameter conflicts with law").say(language))
    if item.state != "new":
        parts.append(FINDING_STATES[item.state].say(language))
    return " · ".join(parts)


def _print_not_checked(console: Console, report: RunReport, dictionary: Dictionary, language: str, *, shown: int | None) -> None:
    table = _table(Text("没能检查的及原因", "What could not be checked, and why").say(language),
                   [Text("规则", "Rule").say(language), Text("条数", "Records").say(language), Text("原因（条数）", "Reasons (records)").say(language)], (1,))
    cut, totals, open_ = False, report.totals(), defaultdict[str, Counter[str]](Counter)
    for (rule_id, _, outcome, reason), records in report.counts.items():
        if outcome == "not_evaluated" and reason:
            open_[rule_id][reason] += records
    for rule in report.rules.values():
        number = totals[(rule.id, "not_evaluated")]
        if not number:
            continue
        reasons: Counter[str] = Counter()
        for reason, records in open_[rule.id].items():
            reasons[say_reason(reason, dictionary, rule.checks, parameter_labels(rule)).say(language)] += records
        listed = "；" if language == "zh" else "; "
        parts = [f"{text} ({records})" for text, records in reasons.most_common(shown)]
        if len(reasons) > len(parts):
            cut = True
            parts.append(Text(f"另有 {len(reasons) - len(parts)} 种原因", counted(len(reasons) - len(parts), "more reason")).say(language))
        table.add_row(rule.id, str(number), listed.join(parts))
    console.print()
    console.print(table)
    if cut:
        console.print(Text("全部原因：--limit 0", "All reasons: --limit 0").say(language), style="dim")


def _print_gone(console: Console, connection: sqlite3.Connection, report: RunReport, dictionary: Dictionary, language: str) -> None:
    if report.gone:
        console.print(Text(f"不再出现 {report.gone} 个：", f"{report.gone} no longer found:").say(language), style="bold")
        for name, reason in gone(connection, report):
            console.print(f"  {name}  {GONE_REASONS[reason].say(language)}", markup=False)
            for text in changes_behind(connection, dictionary, name) if reason == "resolved_in_data" else []:
                console.print(f"    {text.say(language)}", markup=False)


def _print_known(console: Console, report: RunReport, dictionary: Dictionary, language: str) -> None:
    if not report.matched:
        return
    table = _table(Text(f"报告已载问题 {report.known} 个，其中有规则可比对的：", f"{counted(report.known, 'known finding')}; those that a rule speaks to:").say(language),
                   [Text("报告问题", "Known finding").say(language), Text("规则", "Rule").say(language), Text("记录", "Record").say(language), Text("结果", "Outcome").say(language)])
    for known, rule, record_type, key, outcome, reasons in report.matched:
        word = OUTCOMES[outcome].say(language)
        named = parameter_labels(report.rules[rule]) if rule in report.rules else None
        said = [say_reason(reason, dictionary, record_type, named).say(language) for reason in reasons]
        table.add_row(known, rule, key, word + (Text(f"（{'，'.join(said)}）", f" ({', '.join(said)})").say(language) if said else ""))
    console.print(table)
