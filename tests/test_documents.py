"""What the documents say is so: commands, options, keys and functions are described, links lead somewhere, examples run."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

import checks
import ingest
from auditkb import laws
from auditkb.dictionary_files import load_dictionary
from auditkb.examples import run_examples
from auditkb.expressions.check import check_expression
from auditkb.expressions.functions import NAMES
from auditkb.expressions.names import Scope
from auditkb.rules import model
from auditkb.rules.load import load_rules
from auditkb.schema import FIXED_TABLES
from auditkb.sources.declaration import read_declaration
from auditkb.wording import OUTCOMES, REASONS, STATES

ROOT = Path(__file__).resolve().parent.parent
DICTIONARY = load_dictionary(ROOT / "records")
READMES = ["README.md", "README.zh-CN.md"]
LANGUAGE = "docs/rule-language.md"
DOCUMENTS = [*READMES, "CONTRIBUTING.md", "CHANGELOG.md",
             *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def read(name: str) -> str:
    """A document of the project."""
    return (ROOT / name).read_text("utf-8")


def fences(name: str, info: str) -> list[str]:
    """The fenced blocks of a document that begin with exactly this word or these words."""
    return [text for found, text in FENCE.findall(read(name)) if found.strip() == info]


def section(name: str, heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", read(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no heading {heading}"
    return found.group(1)


def first_column(text: str) -> set[str]:
    """What stands in code in the first column of tables."""
    cells = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


# Commands

def start_script() -> ModuleType:
    """start.py as a module."""
    spec = importlib.util.spec_from_file_location("start", ROOT / "start.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["start"] = module
    spec.loader.exec_module(module)
    return module


def described_commands() -> dict[str, set[str]]:
    """Every command, as its heading in docs/commands.md reads, with its own options."""
    start = start_script()
    found = {f"start.py {name}": {word for word in start.TAKES[name] if word.startswith("--")} for name in start.COMMANDS}
    for name, script in (("checks.py", checks), ("ingest.py", ingest)):
        for command in script.commands("en").commands.values():
            options = {option for item in command.params if isinstance(item, click.Option) for option in item.opts}
            found[f"{name} {command.name}"] = options - {"--lang"}
    return found


COMMANDS = described_commands()


@pytest.mark.parametrize("heading", COMMANDS)
def test_every_command_and_option_is_described(heading: str) -> None:
    text = section("docs/commands.md", heading)
    assert first_column(text) >= COMMANDS[heading], "an option is not described"
    assert set(OPTION.findall(text)) <= COMMANDS[heading] | {"--lang", "--help"}, "an option is described that is not there"
    assert heading.split()[0] in text.partition("```")[2], "no example of use"


def test_no_command_is_described_that_is_not_there() -> None:
    headings = re.findall(r"^### ((?:start|checks|ingest)\.py .*)$", read("docs/commands.md"), re.MULTILINE)
    assert sorted(headings) == sorted(COMMANDS)


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_documents_name_only_commands_and_options_that_exist(name: str) -> None:
    for script, command in re.findall(r"\b((?:start|checks|ingest)\.py) ([a-z]+)\b", read(name)):
        assert f"{script} {command}" in COMMANDS
    known = set().union(*COMMANDS.values()) | {"--lang", "--help"}
    assert set(OPTION.findall(read(name))) <= known


# The rule language

MODELS: dict[str, type[BaseModel]] = {
    "Keys of a rule": model.RuleFile, "Keys of approved": model.Approval, "Keys of severity": model.SeverityRule,
    "Keys of valid": model.Valid, "Keys of a criterion": model.Criterion, "Keys of a parameter": model.Parameter,
    "Keys of peers": model.PeersRule, "Keys of an example": model.Example}


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_is_described(heading: str) -> None:
    keys = [field.alias or name for name, field in MODELS[heading].model_fields.items()]
    listed = re.findall(r"^\| `([^`]+)` \|", section(LANGUAGE, heading), re.MULTILINE)
    assert listed == keys


def test_every_function_outcome_state_and_reason_is_described() -> None:
    words = first_column(read(LANGUAGE))
    calls = {word.partition("(")[0] for word in words if re.match(r"[a-z_]+\(", word)}
    assert calls == set(NAMES)
    assert words >= set(model.OUTCOMES) and set(STATES) <= words
    reasons = {word.partition(":")[0] for word in words}
    assert reasons >= set(REASONS) - {"assumed", "exemption"}
    for outcome in model.OUTCOMES:
        assert f"| `{outcome}` | {OUTCOMES[outcome].zh} |" in read(LANGUAGE)


def expression_lines(kind: str) -> list[tuple[str, str]]:
    """Record type and text of every expression that the reference shows as good, or as refused."""
    found = []
    for info, text in FENCE.findall(read(LANGUAGE)):
        name, _, record_type = info.partition(" ")
        found += [(record_type, line) for line in text.splitlines() if name == kind and line.strip()]
    return found


@pytest.mark.parametrize(("record_type", "text"), expression_lines("expressions"))
def test_expressions_shown_are_of_the_language(record_type: str, text: str) -> None:
    node, problems = check_expression(text, Scope(DICTIONARY, record_type), "flag")
    assert node is not None, problems


@pytest.mark.parametrize(("record_type", "text"), expression_lines("refused"))
def test_expressions_shown_as_refused_are_refused(record_type: str, text: str) -> None:
    node, problems = check_expression(text, Scope(DICTIONARY, record_type), "flag")
    assert node is None and problems


@pytest.mark.parametrize("text", fences(LANGUAGE, "yaml rule"), ids=lambda text: text.split()[1])
def test_rules_shown_run(text: str, tmp_path: Path) -> None:
    rule_id = text.split()[1]
    own = tmp_path / "rules" / "own"
    own.mkdir(parents=True)
    (own / f"{rule_id}-shown.yml").write_text(text, "utf-8")
    rule = load_rules(ROOT / "rules", DICTIONARY, tmp_path).rules[rule_id]
    results = list(run_examples(rule, DICTIONARY))
    assert results and [fault.say("en") for result in results for fault in result.faults] == []


UNTIL = re.compile(r"^\| `([^`]+)`(?:, with `([^`]+)`)? \| `(\w+)` \| `(\w+)` \| `(\w+)` \|", re.MULTILINE)
ONE_DAY = """id: OFF-099
title: {zh: 付款过迟, en: Paid late}
status: draft
severity: low
category: payment/late
checks: payment
rationale: {zh: 应及时付款。, en: Payment is made in time.}
"""


@pytest.mark.parametrize("until, assumes, empty, blank, not_required", UNTIL.findall(section(LANGUAGE, "Not yet happened")))
def test_what_has_not_happened_yet_comes_out_as_the_table_says(until: str, assumes: str, empty: str, blank: str, not_required: str, tmp_path: Path) -> None:
    cells = {"": empty, ", paid_on: {state: blank_in_document}": blank, ", paid_on: {state: not_required}": not_required}
    examples = "".join(
        f"  - {{name: {{zh: 例{number}, en: Example {number}}}, given: {{contract: {{signed_on: 2025-03-01}}, payment: {{amount: 1{cell}}}}}, as_of: 2025-04-01, expect: {outcome}}}\n"
        for number, (cell, outcome) in enumerate(cells.items()))
    text = ONE_DAY + f"{assumes}\nfails_when: days_between(contract.signed_on, {until}) > 30\nmessage: {{zh: 迟, en: Late}}\nexamples:\n" + examples
    own = tmp_path / "rules" / "own"
    own.mkdir(parents=True)
    (own / "OFF-099-shown.yml").write_text(text, "utf-8")
    rule = load_rules(ROOT / "rules", DICTIONARY, tmp_path).rules["OFF-099"]
    assert [fault.say("en") for result in run_examples(rule, DICTIONARY) for fault in result.faults] == []


def test_the_table_of_what_has_not_happened_is_read_whole() -> None:
    assert len(UNTIL.findall(section(LANGUAGE, "Not yet happened"))) == 4


def test_a_register_and_a_declaration_shown_are_sound(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "laws.yml").write_text(fences(LANGUAGE, "yaml laws")[0], "utf-8")
    assert "12" in load_rules(ROOT / "rules", DICTIONARY, tmp_path).laws.root["payment-policy"].articles
    described = first_column(section(LANGUAGE, "The law register"))
    assert {name.rstrip("_") for name in [*laws.Law.model_fields, *laws.Article.model_fields]} == described
    (tmp_path / "source.yml").write_text(fences(LANGUAGE, "yaml source")[0], "utf-8")
    declared, _ = read_declaration(tmp_path / "source.yml", DICTIONARY)
    assert declared.if_empty["payment"] == {"paid_on": "blank_in_document"}


@pytest.mark.parametrize("text", fences(LANGUAGE, "yaml"))
def test_pieces_of_rules_are_those_of_real_rules(text: str) -> None:
    """What is shown of a rule of the project stands in a file of the project, line by line."""
    files = [*(ROOT / "rules").rglob("*.yml"), *(ROOT / "sample").rglob("*.yml")]
    lines = [{re.sub(r"\s+#.*", "", line).strip() for line in path.read_text("utf-8").splitlines()} for path in files]
    shown = {re.sub(r"\s+#.*", "", line).strip() for line in text.splitlines() if "演示用假设值" not in line}
    assert any(shown <= there for there in lines)


# Architecture

MODULE_ROW = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)


def modules_described() -> list[str]:
    """The modules that docs/architecture.md names, in its order."""
    text = read("docs/architecture.md")
    return MODULE_ROW.findall(text[text.index("## Modules"):text.index("## How a rule becomes SQL")])


def imports_of(module: str, names: set[str]) -> set[str]:
    """The modules of the package that a module imports when it is loaded (not only for types, not inside functions)."""
    path = ROOT / "auditkb" / (module.replace(".", "/") + ".py")
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "auditkb":
            base = (node.module or "").partition(".")[2]
            for item in node.names:
                full = f"{base}.{item.name}".lstrip(".")
                found |= {full} & names or {base} & names
    return found


def test_modules_are_named_in_the_order_of_their_imports() -> None:
    folder = ROOT / "auditkb"
    names = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py") if path.name != "__init__.py"}
    described = modules_described()
    assert sorted(described) == sorted(names)
    early = {module: later for number, module in enumerate(described) if (later := imports_of(module, names) - set(described[:number]))}
    assert early == {}, "imports what stands below it"


def test_every_table_is_described() -> None:
    assert first_column(section("docs/architecture.md", "Tables of kb.db")) == set(FIXED_TABLES)


# READMEs, CONTRIBUTING and links

@pytest.mark.parametrize("name", READMES)
def test_the_first_commands_are_those_that_work_on_a_bare_machine(name: str) -> None:
    blocks = [text.strip() for info, text in FENCE.findall(read(name)) if info == ""]
    assert blocks[:2] == ["python3 start.py run", "python3 start.py test"]
    assert "`py start.py run`" in read(name) and "`python3 start.py test --all`" in read(name)


@pytest.fixture(scope="module")
def checked_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """kb.db with the 2019 case and its findings."""
    database = tmp_path_factory.mktemp("documents") / "kb.db"
    for script, words in ((ingest, ["records", str(ROOT / "sample" / "chunshu-2019")]), (checks, ["run"])):
        result = CliRunner().invoke(script.commands("zh"), [*words, "--db", str(database)])
        assert result.exit_code == 0, result.output
    return database


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), [("README.md", "run"), ("README.zh-CN.md", "run"), ("README.zh-CN.md", "explain")])
def test_output_shown_is_real(name: str, kind: str, checked_sample: Path) -> None:
    language = "zh" if name == "README.zh-CN.md" else "en"
    lines = [line.strip() for text in fences(name, kind) for line in text.splitlines() if line.strip() not in ("", "…")]
    assert lines
    words = ["run"] if kind == "run" else ["explain", "CON-001:2019年椿树街道微信公众平台采编项目/2019-01-30"]
    output = CliRunner().invoke(checks.commands(language), [*words, "--db", str(checked_sample)]).output
    shown = [line.strip().removesuffix(" · 未变").removesuffix(" · unchanged") for line in output.splitlines()]
    assert [line for line in lines if line not in shown] == []


def anchors(text: str) -> set[str]:
    """The places that a page's headings make, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    for target in LINK.findall(read(name)):
        if target.startswith(("http://", "https://")):
            continue
        file, _, place = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.is_file(), f"{name}: {target}"
        if place:
            assert place in anchors(path.read_text("utf-8")), f"{name}: {target}"


@pytest.mark.slow
def test_the_rule_of_contributing_passes(tmp_path: Path) -> None:
    text = next(iter(fences("CONTRIBUTING.md", "yaml")))
    rule_id = text.split()[1]
    path = re.search(rf"our-office/(rules/own/{rule_id}-[a-z-]+\.yml)", read("CONTRIBUTING.md"))
    assert path is not None
    file = tmp_path / path.group(1)
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    commands = re.findall(rf"checks\.py ((?:lint|test|show)(?: {rule_id})?) --office our-office", read("CONTRIBUTING.md"))
    assert [command.split()[0] for command in commands] == ["lint", "test", "show"]
    for command in commands:
        result = CliRunner().invoke(checks.commands("en"), [*command.split(), "--office", str(tmp_path)])
        assert result.exit_code == 0, result.output
    assert (ROOT / re.findall(r"^cp (\S+)", read("CONTRIBUTING.md"), re.MULTILINE)[0]).is_file()


@pytest.mark.slow
def test_a_broken_rule_of_contributing_is_refused(tmp_path: Path) -> None:
    """The commands of the page do look at the office's folder."""
    own = tmp_path / "rules" / "own"
    own.mkdir(parents=True)
    text = next(iter(fences("CONTRIBUTING.md", "yaml")))
    (own / "OWN-001-quote-too-old.yml").write_text(text.replace("> :max_days", "> :max_dayz"), "utf-8")
    result = CliRunner().invoke(checks.commands("en"), ["lint", "--office", str(tmp_path)])
    assert result.exit_code == 2 and "max_dayz" in result.output and "did you mean: max_days" in result.output


def test_source_declarations_shown_are_sound(tmp_path: Path) -> None:
    shown = [(name, text) for name in DOCUMENTS for text in re.findall(r"^```yaml source\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)]
    assert shown
    for number, (name, text) in enumerate(shown):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "source.yml").write_text(text, "utf-8")
        (folder / "合同.csv").write_text("合同编号,合同名称,签订日期,合同金额（万元）\nHT1,保洁,[文件空白],9.8\n", "utf-8")
        result = CliRunner().invoke(ingest.commands("en"), ["records", str(folder), "--db", str(tmp_path / f"{number}.db")])
        assert result.exit_code == 0 and "Contract: 1 row" in result.output, (name, result.output)


DEVELOPMENT = re.compile(r"/work\b|/tmp/|\bissue #?\d|#\d{1,3}\b|helper|assistant|claude|\bAI\b|人工智能|大模型", re.IGNORECASE)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_speak_of_the_project_only(name: str) -> None:
    assert DEVELOPMENT.findall(read(name)) == []
