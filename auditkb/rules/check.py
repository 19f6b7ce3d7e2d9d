"""Rule file -> checked rule: every expression typed, every name known, all faults of the file at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from auditkb.dictionary import Dictionary
from auditkb.dictionary_checks import RESERVED_FIELDS, SQL_WORDS
from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.expressions.check import check_expression
from auditkb.expressions.names import PEERS, Scope, resolve
from auditkb.expressions.syntax import Problem
from auditkb.expressions.tree import TEXT, Aggregate, Constant, Field, Kind, LetName, Missing, Node, walk
from auditkb.laws import LawRegister
from auditkb.parameters import ENDS_FIRST, Overlay, kind_of_parameter, stored, value_fits
from auditkb.rules.checked import Assumption, EvidenceItem, Peers, Rule
from auditkb.rules.parameter_tables import ParameterChecks, YamlPath
from auditkb.rules.model import RuleFile
from auditkb.yaml_files import YamlFile

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_EVENT_DATES = Text("只能是本条记录或其上级记录的日期、年度字段，如 signed_on、contract.signed_on；不能是下级记录、let 或算式",
                    "it is a date or year field of the record or of a record above it, such as signed_on or contract.signed_on; no rows below, no let, nothing computed")
_REGISTER_IT = Text("；新的写进法规库 rules/laws.yml，单位自己的制度写进单位文件夹的 rules/laws.yml",
                    "; a new one is added to the register rules/laws.yml, a policy of an office to rules/laws.yml in its folder")
_NO_ARTICLES = Text("它只能整体引用，删去 article", "it is cited as a whole: take article out")


def check_rule(model: RuleFile, source: YamlFile, dictionary: Dictionary, laws: LawRegister, overlay: Overlay) -> Rule:
    """The checked rule; raises KnowledgeBaseError with every fault found."""
    checker = _RuleChecker(model, source, dictionary, laws)
    rule = checker.check(overlay)
    if checker.faults or rule is None:
        raise KnowledgeBaseError(checker.faults)
    return rule


class _RuleChecker(ParameterChecks):
    def __init__(self, model: RuleFile, source: YamlFile, dictionary: Dictionary, laws: LawRegister):
        self.model = model
        self.source = source
        self.dictionary = dictionary
        self.laws = laws
        self.faults: list[Fault] = []
        self.kinds = {name: kind_of_parameter(item) for name, item in model.parameters.items()}
        self.lets: dict[str, Node] = {}
        self.child_lets: dict[tuple[str, str], Node] = {}
        self.pending: set[str] = set()
        self._made: tuple[tuple[int, int], Scope] | None = None
        self.broken: set[str] = set()
        self.conditions: list[Node] = []

    def say(self, path: YamlPath, text: Text, hint: Text | None = None, *, code: str, offset: int | None = None, key: bool = False) -> None:
        self.faults.append(self.source.fault(path, text, hint=hint, offset=offset, key=key, code=code))

    def check(self, overlay: Overlay) -> Rule | None:
        model = self.model
        if model.checks not in self.dictionary.types:
            self.say(("checks",), Text(f"没有记录类型“{model.checks}”", f'there is no record type "{model.checks}"'),
                     did_you_mean(model.checks, list(self.dictionary.types)), code="R01")
            return None
        self._let_names()
        peers = self._peers()
        for name in model.let:
            self._let(name)
        applies = self._condition(("applies_when",), model.applies_when)
        fails = self._condition(("fails_when",), model.fails_when)
        high = self._condition(("severity", "high_when"), model.severity.high_when)
        amounts = [self.value(("amount", index) if len(model.amount) > 1 else ("amount",), text) for index, text in enumerate(model.amount)]
        self._law_names()
        self._exemptions()
        rule_criteria = tuple((item, self._condition(("criteria", index, "when"), item.when))
                              for index, item in enumerate(model.criteria))
        tables = {name: self.table(name, item, overlay) for name, item in model.parameters.items()}
        rule = Rule(model, self.source, self._event_date(), tables, self._assumptions(), peers, self.lets,
                    self.child_lets, applies, fails, high, tuple(node for node in amounts if node), self._evidence(), self._shown(), rule_criteria)  # type: ignore[arg-type]
        return None if self.faults else rule

    # scopes and expressions

    def _scope(self) -> Scope:
        size = (len(self.lets), len(self.child_lets))
        if self._made is None or self._made[0] != size:
            peer_lets = frozenset(name for name in self.lets if not uses_peers(self.lets[name], self.lets))
            self._made = size, Scope(
                self.dictionary, self.model.checks, self.kinds, {name: node.kind for name, node in self.lets.items()},
                {key: node.kind for key, node in self.child_lets.items()}, self.model.peers is not None,
                self.model.peers is not None and self.model.peers.order is not None, peer_lets)
        return self._made[1]

    def value(self, path: YamlPath, text: str | None, scope: Scope | None = None, expected: str | None = None, *, shift: int = 0) -> Node | None:
        """The typed node of an expression, or None after noting what is wrong; `shift`: where it begins in the text at `path`."""
        if text is None:
            return None
        if scope is None:
            for word in re.findall(r"[A-Za-z_][A-Za-z_0-9.]*", text):
                self._let(word.split(".")[-1] if word.split(".")[0] in PEERS else word)
                for child in self.model.let:
                    if "." in child and word.endswith(child):
                        self._let(child)
            scope = self._scope()
        node, problems = check_expression(text, scope, expected)
        for problem in problems:
            if not self._is_broken(text, problem.offset):
                self.say(path, problem.text, problem.hint, code=problem.code, offset=shift + problem.offset)
        return node

    def _is_broken(self, text: str, offset: int) -> bool:
        """Whether the word there is a let with a fault of its own, which has been said already."""
        word = re.match(r"\w+", text[offset:])
        return word is not None and word.group() in {name.rpartition(".")[2] for name in self.broken | self.pending}

    def _condition(self, path: YamlPath, text: str | None) -> Node | None:
        node = self.value(path, text, expected="flag")
        if node is not None:
            self.conditions.append(node)
        return node

    def _let_names(self) -> None:
        fields = self.dictionary[self.model.checks].fields
        for name in self.model.let:
            if "." in name:
                child, _, own = name.partition(".")
                if child not in self.dictionary.types or own in self.dictionary[child].fields:
                    self.say(("let", name), Text(f"“{name}”：点号前应为下级记录类型，点号后应为新名称", f'"{name}": a child record type, a dot and a new name'), key=True, code="R02")
            elif name in fields or name in self.dictionary.types or name in RESERVED_FIELDS | SQL_WORDS:
                self.say(("let", name), Text(f"“{name}”已是字段、记录类型或语言用词，请换名", f'"{name}" is already a field, a record type or a word of the language'), key=True, code="R02")
            elif not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                self.say(("let", name), Text("名称只用小写字母、数字和下划线", "a name has lower-case letters, digits and underscores"), key=True, code="R02")

    def _let(self, name: str) -> None:
        """Check one let, its own lets first; a circle is a fault."""
        if name not in self.model.let or name in self.lets or name in self.broken or tuple(name.split(".")) in self.child_lets:
            return
        path: YamlPath = ("let", name)
        if name in self.pending:
            self.say(path, Text(f"“{name}”绕回到它自己", f'"{name}" depends on itself'), key=True, code="R03")
            return
        self.pending.add(name)
        if "." in name:
            child, _, own = name.partition(".")
            if child in self.dictionary.types:
                scope = Scope(self.dictionary, child, self.kinds)
                node = self.value(path, self.model.let[name], scope)
                if node is not None:
                    self.child_lets[(child, own)] = node
                else:
                    self.broken.add(name)
        else:
            node = self.value(path, self.model.let[name])
            if node is not None:
                self.lets[name] = node
            if node is None:
                self.broken.add(name)
        self.pending.discard(name)

    # the other keys

    def _peers(self) -> Peers | None:
        model = self.model.peers
        if model is None:
            return None

        def all_of(key: str, texts: Iterable[str]) -> tuple[Field | LetName, ...]:
            nodes = [field(self._item(("peers", key), index), text) for index, text in enumerate(texts)]
            return tuple(node for node in nodes if node is not None)

        def field(path: YamlPath, text: str | None) -> Field | LetName | None:
            node = self.value(path, text)
            if isinstance(node, Field) and node.kind == TEXT and not node.compared:
                self.say(path, Text(f"字段“{node.path}”未声明可比较（字典中 compared: true）", f'field "{node.path}" is not declared as compared (compared: true in the dictionary)'), code="X12")
                return None
            if node is None or isinstance(node, Field) or (isinstance(node, LetName) and not uses_peers(node, self.lets)):
                return node
            self.say(path, Text("同组、排序只能用字段，或不涉及同组记录的 let", "peers are grouped and ordered by fields, or by lets that use no peers"), code="R04")
            return None

        within = model.within_days
        if within is not None and model.order is None:
            self.say(("peers", "within_days"), Text("写了 within_days 就要写 order", "within_days needs an order"), key=True, code="R04")
        return Peers(all_of("same", model.same), all_of("different", model.different), field(("peers", "order"), model.order),
                     self.value(("peers", "within_days"), str(within) if within is not None else None))

    def _item(self, path: YamlPath, index: int) -> YamlPath:
        """The path of an item of what may be written as a list or as one text."""
        return (*path, index) if (*path, index) in self.source.values else path

    def _event_date(self) -> tuple[Field, ...]:
        fields = []
        if self.model.valid is not None and not self.model.event_date:
            self.say(("valid",), Text("写了 valid 就要写 event_date，否则一条记录也无法检查", "valid needs an event_date, or no record can be checked"), key=True, code="R05")
        valid = self.model.valid
        if valid is not None and valid.from_ is not None and valid.to is not None and valid.from_ > valid.to:
            self.say(("valid", "to"), ENDS_FIRST, code="R08")
        for index, text in enumerate(self.model.event_date):
            path = self._item(("event_date",), index)
            walked = resolve(text.split("."), self._scope(), 0)
            is_set = not isinstance(walked, Problem) and bool(walked.rows.downs or walked.rows.peers)
            node = None if is_set else self.value(path, text)
            if isinstance(node, Field) and node.kind.name in ("date", "integer"):
                fields.append(node)
            elif node is not None or is_set:
                self.say(path, Text(f"“{text}”不能作业务日期", f'"{text}" cannot be the event date'), _EVENT_DATES, code="R05")
        return tuple(fields)

    def _assumptions(self) -> tuple[Assumption, ...]:
        found = []
        for target, value in self.model.assumes.items():
            path: YamlPath = ("assumes", target)
            node = self.value(path, target)
            if not isinstance(node, (Field, LetName)):
                if node is not None:
                    self.say(path, Text(f"“{target}”应为字段或 let", f'"{target}" should be a field or a let'), key=True, code="R06")
                continue
            stand_ins = [self._stand_in(path, item, node.kind) for item in (value if isinstance(value, list) else [value])]
            found.append(Assumption(target, node if isinstance(node, Field) else None,
                                    tuple(item for item in stand_ins if item is not None)))
        return tuple(found)

    def _stand_in(self, path: YamlPath, value: Any, kind: Kind) -> Node | None:
        if not isinstance(value, str):
            plain = stored(value)
            if not value_fits(value, kind):
                self.say(path, Text(f"“{value}”与该字段类型不符", f'"{value}" is not of the type of that field'), code="R06")
                return None
            return Constant(plain, kind)
        return self.value(path, value)

    def _law_names(self) -> None:
        for index, item in enumerate(self.model.criteria):
            articles = list(self.laws.root[item.law].articles) if item.law in self.laws.root else []
            if item.law not in self.laws.root:
                self.say(("criteria", index, "law"), Text(f"法规库中没有“{item.law}”", f'the law register has no "{item.law}"'),
                         did_you_mean(item.law, list(self.laws.root)) + _REGISTER_IT, code="L01")
            elif item.article is not None and item.article not in articles:
                self.say(("criteria", index, "article"), Text(f"法规“{item.law}”未登记第 {item.article} 条", f'law "{item.law}" has no article "{item.article}" in the register'),
                         (did_you_mean(item.article, articles) if articles else _NO_ARTICLES) + _REGISTER_IT, code="L01")

    def _exemptions(self) -> None:
        kinds = list(self.dictionary["exemption"].fields["type"].choices or {}) if "exemption" in self.dictionary.types else []
        for index, item in enumerate(self.model.exempt_by):
            if item not in kinds:
                self.say(("exempt_by", index), Text(f"没有豁免类型“{item}”", f'there is no exemption of type "{item}"'), did_you_mean(item, kinds), code="R07")

    def _evidence(self) -> tuple[EvidenceItem, ...]:
        items = []
        for index, text in enumerate(self.model.evidence):
            walked = resolve(text.split("."), self._scope(), 0)
            if isinstance(walked, Problem):
                if not self._is_broken(text, walked.offset):
                    self.say(("evidence", index), walked.text, walked.hint, code=walked.code, offset=walked.offset)
            elif walked.value is None:
                items.append(EvidenceItem(text, None, walked.rows))
            elif walked.rows.downs or walked.rows.peers:
                self.say(("evidence", index), Text(f"“{text}”有多条：写到记录为止", f'"{text}" has several rows: name the rows only'), code="X10")
            else:
                items.append(EvidenceItem(text, walked.value, None))
        return tuple(items)

    def _shown(self) -> dict[str, Node]:
        shown: dict[str, Node] = {}
        for language in ("zh", "en"):
            for found in PLACEHOLDER.finditer(getattr(self.model.message, language)):
                name = found.group(1)
                is_parameter = name in self.kinds
                node = self.value(("message", language), f":{name}" if is_parameter else name, shift=found.start(1) - is_parameter)
                if node is not None:
                    shown[name] = node
        return shown


def uses_peers(node: Node, lets: dict[str, Node]) -> bool:
    """Whether a let looks at peers, itself or through another let."""
    for part in walk(node):
        if isinstance(part, (Aggregate, Missing)) and part.rows.peers is not None:
            return True
        if isinstance(part, LetName) and part.name in lets and uses_peers(lets[part.name], lets):
            return True
    return False
