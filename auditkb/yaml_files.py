"""Strict YAML with places: what a person wrote, or every fault of it with `file:line:column`.

A small YAML 1.2: `true`/`false` are the only flags (never `no`, `on`), dates are dates, duplicate keys, anchors, tags
and tabs are refused.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from auditkb.errors import Fault, KnowledgeBaseError, Text

Path_ = tuple[str | int, ...]

DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_RESOLVERS = {
    "tag:yaml.org,2002:null": (re.compile(r"^(?:~|null|)$"), ["~", "n", ""]),
    "tag:yaml.org,2002:bool": (re.compile(r"^(?:true|false)$"), list("tf")),
    "tag:yaml.org,2002:int": (re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")),
    "tag:yaml.org,2002:float": (
        re.compile(r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$"),
        list("-+0123456789"),
    ),
    "tag:yaml.org,2002:timestamp": (DATE, list("0123456789")),
}


# The loader in C is ten times as fast; where the wheel lacks it the one in Python reads the same.
_BaseLoader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _tag, (_pattern, _first) in _RESOLVERS.items():
    for _character in _first:
        _Loader.yaml_implicit_resolvers.setdefault(_character, []).append((_tag, _pattern))


@dataclass
class YamlFile:
    """Plain data of one file and the place of every value and key in it."""

    name: str
    text: str
    data: Any
    values: dict[Path_, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path_, tuple[int, int]] = field(default_factory=dict)
    styles: dict[Path_, str | None] = field(default_factory=dict)

    def place(self, path: Path_, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at `path`, or of its key; of the nearest parent if it is absent."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def place_inside(self, path: Path_, offset: int) -> tuple[int, int]:
        """The place of character `offset` of the text at `path`; its start where that cannot be told."""
        line, column = self.place(path)
        value = self._get(path)
        if not isinstance(value, str) or path not in self.values:
            return line, column
        style = self.styles.get(path)
        source = self.text.splitlines()[line - 1][column - 1 :]
        if style in (None, "'", '"'):
            length = _length_in_source(source, value[:offset], style)
            if length is not None:
                return line, column + length
        return self._place_in_block(value, offset, line, column)

    def _place_in_block(self, value: str, offset: int, line: int, column: int) -> tuple[int, int]:
        """The place of a word of a text on several lines."""
        word = re.match(r"\w+|\S", value[offset:])
        if word is None:
            return line, column
        # The word's occurrence number in the folded value is its occurrence number in the block.
        count = value[:offset].count(word.group())
        for number, text in enumerate(self.text.splitlines()[line - 1 :], line):
            for found in re.finditer(re.escape(word.group()), text):
                if number == line and found.start() < column - 1:
                    continue
                if count == 0:
                    return number, found.start() + 1
                count -= 1
        return line, column

    def _get(self, path: Path_) -> Any:
        value = self.data
        for step in path:
            value = value[step]
        return value

    def fault(self, path: Path_, text: Text, *, hint: Text | None = None, offset: int | None = None,
              code: str | None = None, key: bool = False, severity: Any = "error") -> Fault:
        """A fault at `path` (or at its key, or at character `offset` of its text)."""
        line, column = self.place(path, key=key) if offset is None else self.place_inside(path, offset)
        return Fault(text, self.name, line, column, code, severity, hint)


def _length_in_source(source: str, before: str, style: str | None) -> int | None:
    """How many characters of a scalar's line stand for `before`, its opening quote included; None past the line's end."""
    at = 0 if style is None else 1
    for character in before:
        if style == "'" and source.startswith("''", at) or style == '"' and source.startswith("\\", at):
            at += 2
        elif source.startswith(character, at):
            at += 1
        else:
            return None
    return at if at < len(source) else None


def read_yaml(path: Path, name: str | None = None) -> YamlFile:
    """Read one YAML file; `name` is how the file is called in faults (default: the path as given).

    Raises KnowledgeBaseError with every duplicate key and forbidden construct, or the first syntax fault.
    """
    name = name or path.as_posix()
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KnowledgeBaseError(Fault(Text("文件不是 UTF-8 编码，请另存为 UTF-8", "the file is not UTF-8; save it as UTF-8"), name, code="Y01")) from error
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> YamlFile:
    """As `read_yaml`, for text that is already here."""
    tab = next(((number, line.index("\t")) for number, line in enumerate(text.splitlines(), 1)
                if "\t" in line[: len(line) - len(line.lstrip())] or re.match(r"^[^#'\"]*:\t", line)), None)
    if tab is not None:
        raise KnowledgeBaseError(Fault(Text("YAML 中不能用制表符，请改用空格", "a tab is not allowed in YAML; use spaces"),
                                       name, tab[0], tab[1] + 1, "Y02"))
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise KnowledgeBaseError(_syntax_fault(error, text, name)) from error
    except yaml.reader.ReaderError as error:
        raise KnowledgeBaseError(Fault(Text(f"含有不允许的字符（位置 {error.position}）", f"a character is not allowed (position {error.position})"), name, code="Y01")) from error
    finally:
        loader.dispose()
    file = YamlFile(name, text, None)
    anchors = Text("不能使用锚点或别名（& 和 *）", "anchors and aliases (& and *) are not allowed")
    faults = [Fault(anchors, name, *place, code="Y04") for place in _places(text, "&*", "anchor")]
    tags = Text("不能使用 YAML 标签（!）", "YAML tags (!) are not allowed")
    faults += [Fault(tags, name, *place, code="Y04") for place in _places(text, "!", "tag")]
    if node is not None and not faults:
        file.data = _plain(node, (), file, faults)
    if faults:
        raise KnowledgeBaseError(faults)
    return file


_SYNTAX_ERROR = Text("此处 YAML 语法不对", "YAML syntax: wrong here")
_SYNTAX_HINTS = (
    ("mapping values are not allowed", Text("文字中含有“: ”时要加引号", 'put text that holds ": " in quotes')),
    ("expected ':'", Text("缺少冒号：用半角冒号，后面空一格", "a colon is missing: a plain one, and a space after it")),
    ("',' or", Text("括号没有配对，或缺少逗号；含逗号或括号的文字要加引号",
                    "a bracket is not closed or a comma is missing; put text with commas or brackets in quotes")),
    ("expected the node content", Text("多了一个逗号，或逗号后没有内容", "a comma too many, or nothing after it")),
    ("end of stream", Text("引号没有配对", "a quote is not closed")),
    ("cannot start any token", Text("文字不能以这个字符开头，请加引号", "text cannot begin with this character; put it in quotes")),
)
_OTHER_SYNTAX = Text("看看本行和上一行：缩进是否对齐，引号、括号是否配对", "look at this line and the one above: indentation, quotes, brackets")


_BEGINS_WITH_BRACE = re.compile(r"(?:^\s*(?:- )?|[{,]\s*)[\w.]+:\s+\{[\w.]*\}(?!\s*(?:[,}#]|$))")
"""`zh: {days}天…`: a text that begins with a name in braces, which YAML reads as a mapping that ends there."""
QUOTE_BRACE = Text("以 { 开头的文字要加引号，如 zh: \"{days}天\"", 'text that begins with { needs quotes, as in en: "{days} days"')


_WIDE_COLON = re.compile(r"\s*(?:- +)?[A-Za-z_]\w*(?P<colon>：)")
_PLAIN_COLON = Text("这个冒号是全角的；请改为半角冒号，后面空一格", "this colon is a full-width one; write a plain one, and a space after it")


def _syntax_fault(error: yaml.MarkedYAMLError, text: str, name: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Fault(_SYNTAX_ERROR, name, 1, 1, code="Y03", hint=_syntax_hint(error, text))
    # PyYAML takes a key with a full-width colon for text, and stumbles on the line after.
    first = max(mark.line - 1, 0)
    for number, line in enumerate(text.splitlines()[first:mark.line + 1], first + 1):
        found = _WIDE_COLON.match(line)
        if found is not None:
            return Fault(_SYNTAX_ERROR, name, number, found.start("colon") + 1, code="Y03", hint=_PLAIN_COLON)
    return Fault(_SYNTAX_ERROR, name, mark.line + 1, mark.column + 1, code="Y03", hint=_syntax_hint(error, text))


def _syntax_hint(error: yaml.MarkedYAMLError, text: str) -> Text:
    """What to do about a fault of which PyYAML speaks in its own words."""
    lines = text.splitlines()
    for mark in (error.problem_mark, error.context_mark):
        if mark is not None and any(_BEGINS_WITH_BRACE.search(line) for line in lines[max(mark.line - 1, 0):mark.line + 1]):
            return QUOTE_BRACE
    said = f"{error.context or ''} {error.problem or ''}"
    return next((hint for words, hint in _SYNTAX_HINTS if words in said), _OTHER_SYNTAX)


def _places(text: str, signs: str, attribute: str) -> list[tuple[int, int]]:
    """Places of anchors and aliases, or of tags; a node no longer knows that it had one."""
    if not any(sign in text for sign in signs):
        return []
    marks = [event.start_mark for event in yaml.parse(text, Loader=_BaseLoader) if getattr(event, attribute, None) is not None]
    return [(mark.line + 1, mark.column + 1) for mark in marks if mark is not None]


def _plain(node: yaml.Node, path: Path_, file: YamlFile, faults: list[Fault]) -> Any:
    file.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, file, faults)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), file, faults) for index, child in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    file.styles[path] = node.style or None
    return _scalar(node, file, faults)


def _mapping(node: yaml.MappingNode, path: Path_, file: YamlFile, faults: list[Fault]) -> dict[Hashable, Any]:
    result: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = _scalar(key_node, file, faults) if isinstance(key_node, yaml.ScalarNode) else None
        place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, yaml.ScalarNode) or key is None:
            faults.append(Fault(Text("键必须是文字", "a key must be text"), file.name, *place, code="Y06"))
            continue
        if not isinstance(key, str):
            key = key_node.value
        if key in result:
            first = file.keys[(*path, key)]
            faults.append(Fault(Text(f"键“{key}”重复（首次出现在第 {first[0]} 行）", f'key "{key}" appears twice (first on line {first[0]})'), file.name, *place, code="Y05"))
            continue
        file.keys[(*path, key)] = place
        result[key] = _plain(value_node, (*path, key), file, faults)
    return result


def _scalar(node: yaml.ScalarNode, file: YamlFile, faults: list[Fault]) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value == "true"
    if kind == "int":
        return int(node.value)
    if kind == "float":
        return float(node.value)
    if kind == "timestamp":
        try:
            return datetime.date.fromisoformat(node.value)
        except ValueError:
            place = (node.start_mark.line + 1, node.start_mark.column + 1)
            faults.append(Fault(Text(f"没有这一天：{node.value}", f"there is no such day: {node.value}"), file.name, *place, code="Y07",
                                hint=Text("日期写作 2019-02-21", "write a date as 2019-02-21")))
            return None
    return node.value
