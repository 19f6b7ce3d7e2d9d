"""A rule or a finding explained on the terminal, in the language asked for."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from auditkb.dictionary import Dictionary
from auditkb.errors import KnowledgeBaseError, Text, did_you_mean, fail, nearest
from auditkb.laws import LawRegister
from auditkb.outputs.source_list import local_time
from auditkb.reading import parameter_lines, read_out
from auditkb.record_history import changes_behind
from auditkb.rules.checked import Rule
from auditkb.source_rows import places_of
from auditkb.wording import FINDING_STATES, GONE_REASONS, OUTCOMES, REVIEWS, SEVERITIES, STATUSES, say_reason

if TYPE_CHECKING:
    from rich.console import Console


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
    if row is None:
        _print_other_outcome(console, connection, dictionary, finding_id, language)
        return
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
        why = GONE_REASONS.get(last[1], Text(str(last[1]), str(last[1])))
        console.print(Text(f"第 {last[0]} 批起不再出现：{why.zh}。以下是最后一次出现时的内容。", f"No longer found since run {last[0]}: {why.en}. What follows is how it stood last.").say(language), style="yellow", markup=False)
    for text in changes_behind(connection, dictionary, finding_id):
        console.print("  " + text.say(language), markup=False)


def _event_line(run_id: int, at: str, event: str, reason: str | None, detail: str | None, *, language: str) -> str:
    word = FINDING_STATES.get(event, Text(event, event)).say(language)
    why = Text(f"（{GONE_REASONS[reason].zh}）", f" ({GONE_REASONS[reason].en})").say(language) if reason in GONE_REASONS else ""
    return Text(f"{local_time(at)}  第 {run_id} 批：", f"{local_time(at)}  run {run_id}: ").say(language) + word + why + _linked(event, detail, language)


def _linked(event: str, detail: str | None, language: str) -> str:
    """The finding that a new one carries on, where a corrected row has another key."""
    return Text(f"（即原来的 {detail}，该行已更正）", f" (what was {detail}; the row was corrected)").say(language) if event == "new" and detail else ""


def _finding(connection: sqlite3.Connection, finding_id: str) -> dict[str, Any] | None:
    """The finding of that id; where a rule carries on the numbers of another, also by the rule and the record."""
    rule_id, _, key = finding_id.partition(":")
    for where, values in (("id = ?", [finding_id]), ("rule_id = ? AND record_key = ?", [rule_id, key])):
        cursor = connection.execute(f"SELECT * FROM findings WHERE {where}", values)
        if (found := cursor.fetchone()) is not None:
            return dict(zip([column[0] for column in cursor.description], found, strict=True))
    return None


def _print_other_outcome(console: Console, connection: sqlite3.Connection, dictionary: Dictionary, finding_id: str, language: str) -> None:
    """What a rule says of a record that is no finding, and why. Raises where there is no such rule or record."""
    rule_id, _, key = finding_id.partition(":")
    rule = connection.execute(f"SELECT checks, sql, status, title_{language} FROM rules WHERE id = ?", (rule_id,)).fetchone()
    if rule is None or connection.execute(f'SELECT 1 FROM "{rule[0]}" WHERE key = ?', (key,)).fetchone() is None:
        raise _no_such_finding(connection, finding_id, rule)
    checks, sql, status, title = rule
    console.print(f"{finding_id}  {title}", style="bold", markup=False)
    if sql is None:
        state = STATUSES[status]
        console.print(Text(f"没有疑点：这条规则没有运行（{state.zh}）。", f"No finding: the rule is not run ({state.en}).").say(language), markup=False)
        return
    run_id, as_of = connection.execute("SELECT id, as_of FROM runs WHERE status = 'complete' ORDER BY id DESC LIMIT 1").fetchone() or (None, None)
    kept = connection.execute("SELECT outcome, reasons FROM outcomes WHERE rule_id = ? AND record_key = ? AND run_id = ?", (rule_id, key, run_id)).fetchone()
    # Of records that pass, and of those that a rule does not apply to, a run keeps only the number: they are asked again.
    outcome, reasons = kept or _asked_again(connection, sql, key)
    if kept is None and outcome not in ("pass", "not_applicable") and status == "active":
        console.print(Text("没有疑点，但上次检查之后资料有变化；请重新运行 checks.py run。", "No finding, but the records were changed since the last run; run checks.py run again.").say(language), style="yellow", markup=False)
        return
    word, asked = OUTCOMES[outcome], Text(f"第 {run_id} 批（基准日 {as_of}）", f"run {run_id} (the run's day: {as_of})") if kept else Text("按现有记录", "by the records as they are now")
    begin = Text("这条规则在试行，只计数，不列疑点。", "This rule is on trial: it is counted and makes no findings. ") if status == "trial" else Text("没有疑点。", "No finding. ")
    console.print((begin + Text(f"{asked.zh}的结果：{word.zh}。", f"The outcome, {asked.en}: {word.en}.")).say(language), markup=False)
    if outcome == "not_evaluated":
        console.print(Text("无法检查不表示没有问题。原因：", "Not evaluated does not mean that all is in order. Why:").say(language), markup=False)
    for reason in (reasons or "").split("|") if reasons else []:
        console.print(f"  · {_say_other_reason(reason, dictionary, checks).say(language)}", markup=False)


def _asked_again(connection: sqlite3.Connection, sql: str, key: str) -> tuple[str, str | None]:
    cursor = connection.execute(sql, {"key": key})
    row = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    return row["outcome"], row["reasons"] if row["outcome"] in ("not_evaluated", "exempt") else None


def _say_other_reason(reason: str, dictionary: Dictionary, checks: str) -> Text:
    kind, _, key = reason.partition(":")
    return Text(f"例外登记 {key}", f"exemption {key}") if kind == "exemption" else say_reason(reason, dictionary, checks)


def _no_such_finding(connection: sqlite3.Connection, finding_id: str, rule: tuple[str, ...] | None) -> KnowledgeBaseError:
    """A fault with what may be meant: among the records of the rule where there is one, else among the findings."""
    rule_id, _, _ = finding_id.partition(":")
    found = [name for (name,) in connection.execute("SELECT id FROM findings")]
    near = nearest(finding_id, [name for name in found if rule is None or name.startswith(f"{rule_id}:")])
    if rule is not None and not near:
        near = nearest(finding_id, [f"{rule_id}:{key}" for (key,) in connection.execute(f'SELECT key FROM "{rule[0]}"')])
    return fail(f"没有疑点“{finding_id}”", f'there is no finding "{finding_id}"', hint=did_you_mean(finding_id, near or found, 5))


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
