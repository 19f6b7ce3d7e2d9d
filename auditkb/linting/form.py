"""Checks of a rule's file as text, and the mending of what is mechanical: nothing but lines is moved or cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from auditkb.errors import Fault, Text
from auditkb.linting.codes import found, severity_of
from auditkb.rules.model import RuleFile
from auditkb.rules.scaffold import sample_texts
from auditkb.yaml_files import YamlFile, parse_yaml

KEYS = [field.alias or name for name, field in RuleFile.model_fields.items()]
# What someone intended is for a person to establish, never for a rule to say.
INTENT = re.compile("倒签|虚开|串标|串通投标|挪用|造假|back-?dat|sham invoice|embezzl|misappropriat|fraud|collu|bid.rigging", re.IGNORECASE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FIX = Text("checks.py lint --fix 可改好", "checks.py lint --fix mends it")


def check_form(file: YamlFile) -> Iterator[Fault]:
    """Order of keys, line ends, words, both languages, what is left of a draft, file name."""
    yield from _order(file)
    yield from _line_ends(file)
    yield from _words(file)
    yield from _languages(file, file.data, ())
    yield from _sample(file)
    stem = file.name.rpartition("/")[2].removesuffix(".yml")
    slug = "-".join(stem.split("-")[2:])
    if not SLUG.fullmatch(slug):
        yield found("S22", file, ("id",), Text(f"文件名“{stem}.yml”中编号之后应为小写英文词，用连字符相连", f'in the file name "{stem}.yml" small English words joined by hyphens should follow the id'),
                    Text("如 CON-002-start-before-signing.yml", "such as CON-002-start-before-signing.yml"))


def fixed(file: YamlFile) -> str:
    """The file's text with keys in order and without spaces at line ends; comments stay with the key below them."""
    lines = file.text.splitlines()
    starts = sorted((line - 1, str(path[0])) for path, (line, _) in file.keys.items() if len(path) == 1)
    if _is_out_of_order(file) and len({line for line, _ in starts}) == len(starts) and _is_plain(file, starts):
        lines = _in_order(lines, starts)
    text = "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"
    # What was only moved must still say the same; anything else is left to a person.
    return text if parse_yaml(text, file.name).data == file.data else file.text


def fix_file(path: Path, file: YamlFile) -> bool:
    """Mend a file in place; whether there was anything to mend."""
    text = fixed(file)
    if text == path.read_text("utf-8-sig"):
        return False
    path.write_text(text, "utf-8", newline="\n")
    return True


def _is_out_of_order(file: YamlFile) -> bool:
    keys = [key for key in file.data if key in KEYS]
    return keys != sorted(keys, key=KEYS.index)


def _is_plain(file: YamlFile, starts: list[tuple[int, str]]) -> bool:
    """Whether every key of the file begins a line of its own."""
    return all(file.keys[(key,)][1] == 1 for _, key in starts)


def _in_order(lines: list[str], starts: list[tuple[int, str]]) -> list[str]:
    """The lines with each key's block in its place. A comment right above a key belongs to it; those of the first key head the file."""
    begins = [starts[0][0]]
    for line, _ in starts[1:]:
        while lines[line - 1].startswith("#"):
            line -= 1
        begins.append(line)
    ends = [*begins[1:], len(lines)]
    blocks = {key: lines[begin:end] for (_, key), begin, end in zip(starts, begins, ends, strict=True)}
    order = sorted(blocks, key=lambda key: KEYS.index(key) if key in KEYS else len(KEYS))
    return [*lines[: begins[0]], *(line for key in order for line in blocks[key])]


def _sample(file: YamlFile) -> Iterator[Fault]:
    """What `checks.py new` wrote and nobody has replaced."""
    left = [key for key, text in sample_texts().items() if file.data.get(key) == text]
    if left:
        yield found("S23", file, (left[0],), Text(f"还是新建时的示范内容（合同备案过迟）：{'、'.join(left)}", f"still what the draft says of its pattern (a contract filed late): {', '.join(left)}"),
                    Text("换成标题所说的，条件、字段和例子一并核对", "write what the title says, and look at the condition, the fields and the examples too"), key=True)


def _order(file: YamlFile) -> Iterator[Fault]:
    keys = [key for key in file.data if key in KEYS]
    wanted = sorted(keys, key=KEYS.index)
    for key, other in zip(keys, wanted, strict=True):
        if key != other:
            yield found("F21", file, (key,), Text(f"此处应先写“{other}”，再写“{key}”", f'"{other}" should stand here, before "{key}"'), _FIX, key=True)
            return


def _line_ends(file: YamlFile) -> Iterator[Fault]:
    severity = severity_of("F22")
    lines = file.text.split("\n")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield Fault(Text("行尾有空格", "spaces at the end of the line"), file.name, number, len(line.rstrip()) + 1, "F22", severity, _FIX)
    if not file.text.endswith("\n") or file.text.endswith("\n\n"):
        yield Fault(Text("文件末尾应有且只有一个换行", "the file should end with one line end"), file.name, len(file.text.splitlines()), 1, "F22", severity, _FIX)


def _words(file: YamlFile) -> Iterator[Fault]:
    for number, line in enumerate(file.text.splitlines(), 1):
        for word in INTENT.finditer(line):
            yield Fault(Text(f"“{word.group()}”断定了他人的意图", f'"{word.group()}" says what someone intended'), file.name, number, word.start() + 1, "T21",
                        severity_of("T21"), Text("写清楚哪里不合规定，意图由人来认定", "say what is out of order; intent is for a person to establish"))


def _languages(file: YamlFile, value: object, path: tuple[str | int, ...]) -> Iterator[Fault]:
    """Every `{zh, en}` below `path`: Chinese in the one, none in the other."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _languages(file, item, (*path, index))
    elif isinstance(value, dict) and set(value) == {"zh", "en"}:
        if not CHINESE.search(str(value["zh"])):
            yield found("T22", file, (*path, "zh"), Text("zh 里没有中文", "zh holds no Chinese"))
        if CHINESE.search(str(value["en"])) or not str(value["en"]).strip():
            yield found("T22", file, (*path, "en"), Text("en 里没有英文，或夹有中文", "en is empty or holds Chinese"))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _languages(file, item, (*path, str(key)))
