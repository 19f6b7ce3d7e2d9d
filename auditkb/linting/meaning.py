"""Checks of a rule that has been read and typed: names that nobody uses, things that are not said, conditions that never hold."""

from __future__ import annotations

from collections.abc import Iterator

from auditkb.dictionary import Dictionary
from auditkb.errors import Fault, Text
from auditkb.expressions.rebuild import written
from auditkb.expressions.tree import (
    Aggregate, AsOf, Blank, ChildLetName, Compare, Constant, Field, In, LetName, Logic, Missing, Node, Parameter, walk,
)
from auditkb.laws import LawRegister
from auditkb.linting.codes import found
from auditkb.rules.check import PLACEHOLDER
from auditkb.rules.checked import Rule
from auditkb.sentences import Speaker
from auditkb.wording import say_unit
from auditkb.yaml_files import Path_

SPANS = ("days", "workdays", "months")


def check_meaning(rule: Rule, dictionary: Dictionary, laws: LawRegister) -> Iterator[Fault]:
    """Every check that needs no example to be run."""
    yield from _lets(rule)
    yield from _parameters(rule)
    yield from _conditions(rule, dictionary)
    yield from _units(rule, dictionary)
    yield from _peers(rule)
    yield from _dates(rule, laws)
    yield from _words_missing(rule)


def _lets(rule: Rule) -> Iterator[Fault]:
    used = {part.name for root in rule.nodes() for part in walk(root) if isinstance(part, LetName)}
    used |= {f"{part.child}.{part.name}" for root in rule.nodes() for part in walk(root) if isinstance(part, ChildLetName)}
    shown = {part.name for part in [*rule.shown.values(), *(item.node for item in rule.evidence)] if isinstance(part, LetName)}
    for name in rule.file.let:
        if name not in used:
            yield found("R21", rule.source, ("let", name), Text(f"“{name}”没有用到", f'"{name}" is never used'), Text("删去，或用起来", "take it out, or use it"), key=True)
        elif name in shown and name not in rule.file.labels:
            yield found("R22", rule.source, ("let", name), Text(f"“{name}”显示给人看，却没有名称", f'people see "{name}", which has no label'),
                        Text(f"labels: {{{name}: {{zh: …, en: …}}}}", f"labels: {{{name}: {{zh: …, en: …}}}}"), key=True)
    for name in rule.file.labels:
        if name not in rule.file.let:
            yield found("R28", rule.source, ("labels", name), Text(f"没有叫“{name}”的 let", f'there is no let "{name}"'), key=True)


def _parameters(rule: Rule) -> Iterator[Fault]:
    used = {part.name for root in _deciding(rule) for part in walk(root) if isinstance(part, Parameter)}
    for name, model in rule.file.parameters.items():
        path = ("parameters", name)
        if name not in used:
            yield found("P21", rule.source, path, Text(f"参数“{name}”不影响检查结果", f'nothing depends on the parameter "{name}"'), Text("删去，或用起来", "take it out, or use it"), key=True)
        if model.label is None:
            yield found("P22", rule.source, path, Text(f"参数“{name}”没有 label", f'parameter "{name}" has no label'), Text("label: {zh: …, en: …}", "label: {zh: …, en: …}"), key=True)
        if rule.parameters[name].kind.name == "number" and model.unit is None:
            yield found("P22", rule.source, path, Text(f"参数“{name}”是数，却没有 unit", f'parameter "{name}" is a number and has no unit'),
                        Text("unit: days、months、count、yuan、ratio 等", "unit: days, months, count, yuan, ratio …"), key=True)


def _units(rule: Rule, dictionary: Dictionary) -> Iterator[Fault]:
    """Days compared with working days, months with days: numbers alike, and not what is meant."""
    speaker = Speaker(rule, dictionary)
    paths: list[tuple[Path_, Node | None]] = [(("applies_when",), rule.applies), (("fails_when",), rule.fails), (("severity", "high_when"), rule.high_when)]
    paths += [(("let", name), node) for name, node in rule.lets.items()]
    for path, root in paths:
        for node in walk(root) if root is not None else ():
            units = [unit for side in (node.left, node.right) if (unit := speaker.unit(side)) in SPANS] if isinstance(node, Compare) else []
            if len(set(units)) == 2:
                left, right = (say_unit(2, unit) for unit in units)
                yield found("R29", rule.source, path, Text(f"“{written(node)}”：左边按{left.zh}计，右边按{right.zh}计",
                                                           f'"{written(node)}": the left is counted in{left.en}, the right in{right.en}'),
                            Text("改 unit，或改用同一单位的函数", "change unit, or the function, so that both count the same"))


def _deciding(rule: Rule) -> list[Node]:
    """Every expression that can change what a record gets; what is only shown is left out."""
    roots: list[Node | None] = [rule.applies, rule.fails, rule.high_when, *rule.amount, *rule.lets.values(), *rule.child_lets.values()]
    roots += [node for _, node in rule.criteria]
    for table in rule.parameters.values():
        roots += [*table.by, table.field, table.at_most, table.at_least]
    for assumption in rule.assumptions:
        roots += assumption.stand_ins
    if rule.peers is not None:
        roots.append(rule.peers.within_days)
    return [node for node in roots if node is not None]


# conditions

def _conditions(rule: Rule, dictionary: Dictionary) -> Iterator[Fault]:
    outcomes = {outcome for example in rule.file.examples
                for outcome in (example.expect.values() if isinstance(example.expect, dict) else [example.expect])}
    never_applies = rule.applies is not None and _why_constant(rule.applies, rule, dictionary)
    if never_applies:
        yield found("R24", rule.source, ("applies_when",), never_applies)
    elif outcomes == {"not_applicable"}:
        yield found("R24", rule.source, ("examples",), Text("没有一个例子适用这条规则", "the rule applies to none of its examples"), key=True)
    never_fails = _why_constant(rule.fails, rule, dictionary)
    if never_fails:
        yield found("R23", rule.source, ("fails_when",), never_fails)
    elif outcomes - {"not_applicable"} and "fail" not in outcomes:
        yield found("R23", rule.source, ("examples",), Text("没有一个例子得出疑点", "no example fails"), key=True)


def _why_constant(node: Node, rule: Rule, dictionary: Dictionary) -> Text | None:
    """Why a condition is the same for every record, or never true; None where it may be true or false."""
    if not _reads_records(node, rule):
        return Text("条件没有用到记录的任何字段，结果总是一样", "the condition names nothing recorded and always gives the same")
    part = _impossible(node, rule, dictionary)
    return None if part is None else Text(f"“{written(part)}”永远不成立", f'"{written(part)}" never holds')


def _reads_records(node: Node, rule: Rule) -> bool:
    for part in walk(node):
        if isinstance(part, (Field, Aggregate, Missing, ChildLetName, AsOf, Blank)):
            return True
        if isinstance(part, LetName) and part.name in rule.lets and _reads_records(rule.lets[part.name], rule):
            return True
    return False


def _impossible(node: Node, rule: Rule, dictionary: Dictionary) -> Node | None:
    """The part that makes a condition impossible by the kinds of its values, or None."""
    if isinstance(node, Logic) and node.operator == "and":
        first = next((part for item in node.items if (part := _impossible(item, rule, dictionary)) is not None), None)
        return first if first is not None else _contradiction(node)
    if isinstance(node, Logic):
        parts = [_impossible(item, rule, dictionary) for item in node.items]
        return parts[0] if all(part is not None for part in parts) else None
    if isinstance(node, Compare) and isinstance(node.right, Constant) and isinstance(node.right.value, (int, float)):
        below = node.operator == "<" and node.right.value <= 0 or node.operator in ("<=", "=") and node.right.value < 0
        return node if below and _is_never_negative(node.left, rule, dictionary) else None
    return None


def _contradiction(node: Logic) -> Node | None:
    """`a = 'x' and a = 'y'`."""
    values: dict[Node, Node] = {}
    for item in node.items:
        if isinstance(item, Compare) and item.operator == "=" and isinstance(item.right, Constant) and values.setdefault(item.left, item.right) != item.right:
            return item
    return None


def _is_never_negative(node: Node, rule: Rule, dictionary: Dictionary) -> bool:
    if isinstance(node, Aggregate):
        return node.function == "count" or not (node.signed or node.refunds)
    if isinstance(node, LetName) and node.name in rule.lets:
        return _is_never_negative(rule.lets[node.name], rule, dictionary)
    if not isinstance(node, Field) or node.kind.name != "money":
        return False
    record_type = rule.checks
    for step in node.ups:
        record_type = dictionary[record_type].fields[step].type
    entry = dictionary[record_type].fields[node.name]
    return node.level == 0 and not (entry.signed or entry.refunds)


# the frame

def _peers(rule: Rule) -> Iterator[Fault]:
    """Filters over peers that look at the row too: what every one of them asks belongs in `peers`, the rest costs time."""
    filters = [(path, part.condition) for path, root in _places(rule) for part in walk(root)
               if isinstance(part, (Aggregate, Missing)) and part.rows.peers is not None]
    costly = [(path, condition) for path, condition in filters if condition is not None and any(_joins(part) for part in walk(condition))]
    if not costly:
        return
    path, condition = costly[0]
    shared = [part for part in _conjuncts(condition) if _is_plain_join(part) and all(other is not None and part in _conjuncts(other) for _, other in filters)]
    if shared:
        asked = shared[0]
        key = "same" if isinstance(asked, Compare) and asked.operator == "=" else "different"
        yield found("R25", rule.source, path, Text(f"每次都要求“{written(asked)}”，应写在 peers 的 {key} 里", f'"{written(asked)}" is asked every time: it belongs in {key} of peers'))
    else:
        yield found("R31", rule.source, path, Text("同组的每两条记录都要比较，组大时很慢", "every two rows of a group are compared, which is slow for large groups"))


def _places(rule: Rule) -> list[tuple[Path_, Node]]:
    roots: list[tuple[Path_, Node | None]] = [*((("let", name), node) for name, node in rule.lets.items()),
                                              (("applies_when",), rule.applies), (("fails_when",), rule.fails)]
    return [(path, node) for path, node in roots if node is not None]


def _conjuncts(condition: Node) -> tuple[Node, ...]:
    return condition.items if isinstance(condition, Logic) and condition.operator == "and" else (condition,)


def _joins(part: Node) -> bool:
    """Whether a comparison has the peer on one side and the row on the other."""
    return isinstance(part, (Compare, In)) and {inner.level for inner in walk(part) if isinstance(inner, (Field, LetName))} >= {0, 1}


def _is_plain_join(part: Node) -> bool:
    """`peers.x = x` or `peers.x <> x`."""
    if not isinstance(part, Compare) or part.operator not in ("=", "<>"):
        return False
    sides = (part.left, part.right)
    if not all(isinstance(side, (Field, LetName)) for side in sides):
        return False
    names = {(side.ups, side.name) if isinstance(side, Field) else side.name for side in sides if isinstance(side, (Field, LetName))}
    return _joins(part) and len(names) == 1


def _dates(rule: Rule, laws: LawRegister) -> Iterator[Fault]:
    if rule.event_date:
        return
    dated = next((name for name, table in rule.parameters.items() if table.is_dated), None)
    cited = next((item.law for item in rule.file.criteria if (law := laws.root.get(item.law)) is not None and (law.from_ or law.to)), None)
    hint = Text("event_date: [日期字段, …]", "event_date: [date field, …]")
    if dated is not None:
        yield found("R26", rule.source, ("parameters", dated), Text(f"参数“{dated}”按日期取值，规则却没有 event_date", f'parameter "{dated}" has periods and the rule has no event_date'), hint, key=True)
    elif cited is not None:
        yield found("R26", rule.source, ("criteria",), Text(f"法规“{cited}”有施行期限，没有 event_date 就不会引用它", f'law "{cited}" has a period in force and is never cited without an event_date'), hint, key=True)


def _words_missing(rule: Rule) -> Iterator[Fault]:
    file = rule.file
    if file.status == "active" and file.approved is None:
        yield found("R27", rule.source, ("status",), Text("规则已启用，没有写明由谁、何时批准", "the rule is active and nobody is named who approved it"), Text("approved: {by: …, on: …}", "approved: {by: …, on: …}"))
    if not file.criteria:
        yield found("L21", rule.source, ("id",), Text("没有写明依据（criteria）", "no provision is named (criteria)"), Text("没有法律依据时引用内部制度", "where there is no law name the policy"))
    for key, has, zh, en in (("known_exceptions", file.known_exceptions, "认定前应排除的情形", "what to rule out before calling it a fault"),
                             ("cannot_see", file.cannot_see, "规则发现不了的情形", "what the rule does not find")):
        if not has:
            yield found("T24", rule.source, ("id",), Text(f"没有写明{zh}（{key}）", f"{en} is not said ({key})"))
    zh_names, en_names = (set(PLACEHOLDER.findall(text)) for text in (file.message.zh, file.message.en))
    if zh_names != en_names:
        names = ", ".join(sorted(zh_names ^ en_names))
        yield found("T23", rule.source, ("message",), Text(f"两种语言中只有一种写了：{names}", f"in one of the languages only: {names}"), key=True)
