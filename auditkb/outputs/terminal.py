"""What the terminal shows of a run, a rule and a finding. Everything a person reads, in the language asked for."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from auditkb.dictionary import Dictionary
from auditkb.engines.shared import Part
from auditkb.errors import Text, counted, did_you_mean, fail
from auditkb.evidence import parameter_labels
from auditkb.laws import LawRegister
from auditkb.outputs.source_list import local_time
from auditkb.reading import parameter_lines, read_out
from auditkb.record_history import changes_behind, without_parent
from auditkb.rules.checked import Rule
from auditkb.run_findings import Found, found, gone, on_trial
from auditkb.runs import RunReport
from auditkb.source_rows import places_of
from auditkb.wording import OUTCOMES, REVIEWS, SEVERITIES, say_reason

if TYPE_CHECKING:
    from rich.console import Console

REASONS_SHOWN = 4
_COUNTED = ("fail", "pass", "exempt", "not_evaluated", "not_applicable")
_STATES = {"new": Text("新", "new"), "unchanged": Text("未变", "unchanged"), "updated": Text("已变化", "updated"),
           "reopened": Text("再次出现", "reopened"), "gone": Text("不再出现", "no longer found")}
_STEPS = {"take": Text("取共用结果", "take shared"), "decide": Text("判定", "decide"), "reasons": Text("未判定的原因", "reasons"), "stand_ins": Text("代用值", "stand-ins"),
          "count": Text("计数", "count"), "evidence": Text("证据", "evidence"), "write": Text("写入", "write")}
_SHARED = {"indexes": Text("共用：建索引", "once: indexes"), "publish": Text("共用：写规则、法规和已知问题", "once: rules, law, known findings")}
_GONE = {"resolved_in_data": Text("数据已改，待复核", "resolved in data, to be verified"), "rule_changed": Text("规则已改", "the rule changed"),
         "waived": Text("已豁免", "exempt"), "not_applicable": Text("不再适用", "no longer applicable"),
         "record_removed": Text("记录已撤销", "the record is gone"), "not_evaluated": Text("已无法检查", "can no longer be checked")}


def print_run(console: Console, connection: sqlite3.Connection, report: RunReport, dictionary: Dictionary, language: str, *, limit: int = 0) -> None:
    """Counts of every outcome by rule, findings by severity, what could not be checked and why, known findings.

    At most `limit` findings of each severity are listed (0: all, and all reasons too); how many more there are is said.
    """
    console.print(_counts_table(report, language))
    if not report.counts:
        console.print(Text("没有一条记录可以检查：还没有读入资料。请先用 ingest.py records 读入；“疑点 0 个”不表示没有问题。",
                           'There is not one record to check: nothing was loaded. Load with ingest.py records first; "0 leads" does not mean that all is in order.').say(language), style="bold yellow", markup=False)
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
        parts.append(_STATES[item.state].say(language))
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
            console.print(f"  {name}  {_GONE[reason].say(language)}", markup=False)
            for text in changes_behind(connection, dictionary, name) if reason == "resolved_in_data" else []:
                console.print(f"    {text.say(language)}", markup=False)


def _print_known(console: Console, report: RunReport, dictionary: Dictionary, language: str) -> None:
    # The findings of a report whose records are not here say nothing of this office.
    here = {known.partition("/")[0] for known, *_, outcome, _ in report.matched if outcome != "no_record"}
    matched = [row for row in report.matched if row[0].partition("/")[0] in here]
    if not matched:
        return
    table = _table(Text(f"报告已载问题 {report.known} 个，其中有规则可比对的：", f"{counted(report.known, 'known finding')}; those that a rule speaks to:").say(language),
                   [Text("报告问题", "Known finding").say(language), Text("规则", "Rule").say(language), Text("记录", "Record").say(language), Text("结果", "Outcome").say(language)])
    for known, rule, record_type, key, outcome, reasons in matched:
        word = OUTCOMES[outcome].say(language)
        named = parameter_labels(report.rules[rule]) if rule in report.rules else None
        said = [say_reason(reason, dictionary, record_type, named).say(language) for reason in reasons]
        table.add_row(known, rule, key, word + (Text(f"（{'，'.join(said)}）", f" ({', '.join(said)})").say(language) if said else ""))
    console.print(table)


def print_rule(console: Console, rule: Rule, dictionary: Dictionary, laws: LawRegister, language: str) -> None:
    """A rule in sentences with its criteria, parameters, exceptions and examples."""
    file = rule.file
    console.print(f"{rule.id}  {getattr(file.title, language)}", style="bold", markup=False)
    console.print(getattr(file.rationale, language), markup=False)
    console.print()
    console.print(read_out(rule, dictionary).say(language), markup=False)
    console.print()
    console.print(Text("标准（按业务日期引用当时有效的）：", "Criteria (those in force on the event date are cited):").say(language), style="bold")
    for criterion, _ in rule.criteria:
        law = laws.root[criterion.law]
        article = Text(f"第 {criterion.article} 条", f"article {criterion.article}").say(language) if criterion.article else ""
        verified = law.articles[criterion.article].verified if criterion.article else law.verified
        mark = _standing(verified=verified, internal=law.internal).say(language)
        console.print(f"· {getattr(law.title, language)} {article}{mark}", markup=False)
    _print_parameters(console, rule, dictionary, language)
    for title, items in ((Text("已知例外：", "Known exceptions:"), file.known_exceptions), (Text("看不到的：", "It cannot see:"), file.cannot_see)):
        if items:
            console.print(title.say(language), style="bold")
            for item in items:
                console.print(f"· {getattr(item, language)}", markup=False)
    console.print(Text("例子：", "Examples:").say(language), style="bold")
    for example in file.examples:
        expect = example.expect if isinstance(example.expect, str) else ", ".join(f"{key}: {OUTCOMES[value].say(language)}" for key, value in example.expect.items())
        shown = OUTCOMES[expect].say(language) if expect in OUTCOMES else expect
        console.print(f"· {getattr(example.name, language)} → {shown}", markup=False)


def _print_parameters(console: Console, rule: Rule, dictionary: Dictionary, language: str) -> None:
    if rule.parameters:
        console.print(Text("参数：", "Parameters:").say(language), style="bold")
    for name in rule.parameters:
        label = rule.file.parameters[name].label
        for line in parameter_lines(rule, name, dictionary):
            console.print(f"· {getattr(label, language) if label else name}{Text('：', ': ').say(language)}{line.say(language)}", markup=False)


def print_finding(console: Console, connection: sqlite3.Connection, dictionary: Dictionary, finding_id: str, language: str, *, sql: bool) -> None:
    """A finding: message, values with their source cells, stand-ins, law in force, parameters, history, SQL."""
    row = _finding(connection, finding_id)
    evidence = json.loads(row["evidence"]) if row["evidence"] else {}
    console.print(f"{row['id']}  [{SEVERITIES[row['severity']].say(language) if row['severity'] else ''}] {REVIEWS[row['review']].say(language)}", style="bold", markup=False)
    if row["state"] == "gone":
        _print_no_longer(console, connection, dictionary, row["id"], language)
    console.print(row[f"message_{language}"], markup=False)
    _section(console, Text("标准", "Criteria"), [_criterion(item, language) for item in evidence.get("criteria", [])], language)
    _section(console, Text("比对的值", "Values compared"), [_value_line(connection, dictionary, item, language) for item in evidence.get("values", [])], language)
    _section(console, Text("相关记录", "Rows"), [f"{item['label_' + language]}: {', '.join(item['keys']) or Text('没有', 'none').say(language)}" for item in evidence.get("rows", [])], language)
    _section(console, Text("推定", "Presumed"), [f"{item['label_' + language]} {item['shown_' + language]}" for item in evidence.get("assumed", [])], language)
    _section(console, Text("参数", "Parameters"), [f"{item['label_' + language]} = {item['shown_' + language]} ({item['source_' + language]})" for item in evidence.get("parameters", [])], language)
    events = connection.execute("SELECT run_id, at, event, reason, detail FROM finding_events WHERE finding_id = ? ORDER BY id", (row["id"],)).fetchall()
    _section(console, Text("经过", "History"), [_event_line(*event, language=language) for event in events], language)
    if sql and row["rule_id"]:
        text = connection.execute("SELECT sql FROM rules WHERE id = ?", (row["rule_id"],)).fetchone()
        _section(console, Text(f"可复现的 SQL（:key = {row['record_key']}）", f"SQL that reproduces it (:key = {row['record_key']})"), [text[0]] if text else [], language)


def _print_no_longer(console: Console, connection: sqlite3.Connection, dictionary: Dictionary, finding_id: str, language: str) -> None:
    """That a finding is no longer found, why, and what was changed since."""
    last = connection.execute("SELECT run_id, reason FROM finding_events WHERE finding_id = ? AND event = 'gone' ORDER BY id DESC LIMIT 1", (finding_id,)).fetchone()
    if last is not None:
        why = _GONE.get(last[1], Text(str(last[1]), str(last[1])))
        console.print(Text(f"第 {last[0]} 批起不再出现：{why.zh}。以下是最后一次出现时的内容。", f"No longer found since run {last[0]}: {why.en}. What follows is how it stood last.").say(language), style="yellow", markup=False)
    for text in changes_behind(connection, dictionary, finding_id):
        console.print("  " + text.say(language), markup=False)


def _event_line(run_id: int, at: str, event: str, reason: str | None, detail: str | None, *, language: str) -> str:
    word = _STATES.get(event, Text(event, event)).say(language)
    why = Text(f"（{_GONE[reason].zh}）", f" ({_GONE[reason].en})").say(language) if reason in _GONE else ""
    return Text(f"{local_time(at)}  第 {run_id} 批：", f"{local_time(at)}  run {run_id}: ").say(language) + word + why + _linked(event, detail, language)


def _linked(event: str, detail: str | None, language: str) -> str:
    """The finding that a new one carries on, where a corrected row has another key."""
    return Text(f"（即原来的 {detail}，该行已更正）", f" (what was {detail}; the row was corrected)").say(language) if event == "new" and detail else ""


def _finding(connection: sqlite3.Connection, finding_id: str) -> dict[str, Any]:
    cursor = connection.execute("SELECT * FROM findings WHERE id = ?", (finding_id,))
    found = cursor.fetchone()
    if found is None:
        ids = [name for (name,) in connection.execute("SELECT id FROM findings")]
        raise fail(f"没有疑点“{finding_id}”", f'there is no finding "{finding_id}"', hint=did_you_mean(finding_id, ids, 5))
    return dict(zip([column[0] for column in cursor.description], found, strict=True))


def _section(console: Console, title: Text, lines: list[str], language: str) -> None:
    if lines:
        console.print(f"\n{title.say(language)}", style="bold", markup=False)
        for line in lines:
            console.print(f"  {line}", markup=False, soft_wrap=True)


def _standing(*, verified: bool, internal: bool) -> Text:
    """What is to be known of a provision before it is relied on; nothing where its text was read."""
    if internal:
        return Text("（单位内部制度）", " (the office's own policy)")
    return Text("", "") if verified else Text("（条文未核验）", " (text not verified)")


def _criterion(item: dict[str, Any], language: str) -> str:
    article = Text(f"第 {item['article']} 条", f"article {item['article']}").say(language) if item["article"] else ""
    possible = Text("（可能适用）", " (possible basis)") if item["possible"] else Text("", "")
    marks = (possible + _standing(verified=item["verified"], internal=item.get("internal", item["role"] == "internal_policy"))).say(language)
    says = Text("：", ": ").say(language) + item["text_" + language] if item.get("text_" + language) else ""
    return f"{item['title_' + language]} {article}{marks}{says}"


def _place(place: tuple[str, str | None, int | None], language: str) -> str:
    source, sheet, row = place
    return " ".join(part for part in (source, sheet, Text(f"第 {row} 行", f"row {row}").say(language) if row is not None else None) if part)


def _value_line(connection: sqlite3.Connection, dictionary: Dictionary, item: dict[str, Any], language: str) -> str:
    text = f"{item['label_' + language]}: {item['shown_' + language]}"
    if item.get("key") and item.get("record_type") in dictionary.types:
        places = [_place(place, language) for place in places_of(connection, item["record_type"], item["key"])]
        if places:
            text += Text(f"   〔{'；'.join(places)}〕", f"   [{'; '.join(places)}]").say(language)
    return text
