"""Strict YAML with places: what a person wrote, or every fault of it with `file:line:column`.

A small YAML 1.2: `true`/`false` are the only flags (never `no`, `on`), dates are dates, duplicate keys, anchors, tags
and tabs are refused. `load_model` checks a file against a pydantic model and gives each fault its place.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

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
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise KnowledgeBaseError(Fault(_SYNTAX_ERROR, name, *place, code="Y03", hint=_syntax_hint(error, text))) from error
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
_QUOTE_BRACE = Text("以 { 开头的文字要加引号，如 zh: \"{days}天\"", 'text that begins with { needs quotes, as in en: "{days} days"')


def _syntax_hint(error: yaml.MarkedYAMLError, text: str) -> Text:
    """What to do about a fault of which PyYAML speaks in its own words."""
    lines = text.splitlines()
    for mark in (error.problem_mark, error.context_mark):
        if mark is not None and any(_BEGINS_WITH_BRACE.search(line) for line in lines[max(mark.line - 1, 0):mark.line + 1]):
            return _QUOTE_BRACE
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


def check_model(model: type[Model], file: YamlFile) -> Model:
    """`file.data` as `model`, or every fault of it with its place."""
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        raise KnowledgeBaseError(_model_faults(model, file, error)) from error


def load_model(model: type[Model], path: Path, name: str | None = None) -> tuple[Model, YamlFile]:
    """Read `path` as `model`; returns the model and the file for places of later checks."""
    file = read_yaml(path, name)
    return check_model(model, file), file


_PATTERNS = {r"^[A-Z]{2,6}-\d{3}$": "CON-002", r"^[A-Z]{2,6}-[0-9]{3}$": "CON-002", r"^R\d{2}$": "R02", r"^R[0-9]{2}$": "R02",
             r"^[a-z0-9-]+/[A-Z0-9]+(\.[0-9]+)*$": "chunshu-2019/3.5.1"}
_KIND = {
    "missing": Text("缺少这一项", "is required"),
    "string_too_short": Text("不能是空的", "is empty"),
    "string_type": Text("应为文字", "should be text"),
    "int_type": Text("应为整数", "should be a whole number"),
    "bool_type": Text("应为 true 或 false", "should be true or false"),
    "date_type": Text("应为日期，如 2019-02-21", "should be a date such as 2019-02-21"),
    "date_from_datetime_parsing": Text("应为日期，如 2019-02-21", "should be a date such as 2019-02-21"),
    "list_type": Text("应为列表", "should be a list"),
    "dict_type": Text("应为键值对", "should be a mapping"),
    "model_type": Text("应为键值对", "should be a mapping"),
}


def _model_faults(model: type[BaseModel], file: YamlFile, error: ValidationError) -> list[Fault]:
    """One fault a place: where a value may be of several kinds pydantic speaks once for each of them."""
    faults: dict[Path_, Fault] = {}
    for item in error.errors():
        path = _written_path(file, item["loc"])
        at = (*path, item["loc"][-1]) if item["type"] == "missing" else path
        if at not in faults or item["type"] == "literal_error":
            faults[at] = _model_fault(model, file, {**item, "loc": at})
    return list(faults.values())


def _written_path(file: YamlFile, location: Path_) -> Path_:
    """The steps of `location` that stand in the file; the others are pydantic's names for branches of a union."""
    path: Path_ = ()
    for step in location:
        if (*path, step) in file.values:
            path = (*path, step)
    return path


def _model_fault(model: type[BaseModel], file: YamlFile, item: Any) -> Fault:
    path = tuple(step for step in item["loc"])
    shown = ".".join(str(step) for step in path) or "file"
    kind = item["type"]
    if kind == "extra_forbidden":
        # `_fields_at` follows the model down to the place, so the suggestion names the keys of that very place.
        return file.fault(path, Text(f"不认识的键“{path[-1]}”", f'unknown key "{path[-1]}"'), key=True, code="F01",
                          hint=_quote_it(path, item["input"]) or did_you_mean(str(path[-1]), _fields_at(model, path[:-1])))
    if kind == "literal_error":
        expected = item["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return file.fault(path, Text(f"“{shown}”的值“{item['input']}”不在可用范围", f'{shown}: "{item["input"]}" is not one of the choices'),
                          hint=Text(f"可用：{expected}", f"allowed: {expected}"), code="F04")
    if kind == "missing":
        return file.fault(path[:-1], Text(f"缺少“{path[-1]}”", f'"{path[-1]}" is required'), code="F02")
    if kind == "string_pattern_mismatch":
        like = _PATTERNS.get(item["ctx"]["pattern"])
        return file.fault(path, Text(f"“{shown}”的写法不对：{item['input']}", f"{shown} is not written as it should be: {item['input']}"),
                          hint=Text(f"形如 {like}", f"such as {like}") if like else None, code="F05")
    text = _KIND.get(kind)
    if text is not None:
        return file.fault(path, Text(f"“{shown}”{text.zh}", f"{shown} {text.en}"), hint=_quote_it(path, item["input"]), code="F03")
    zh, _, en = item["msg"].removeprefix("Value error, ").partition(" | ")
    if not en:
        zh, en = f"不能是“{item['input']}”", f'cannot be "{item["input"]}"'
    return file.fault(path, Text(f"“{shown}”：{zh}", f"{shown}: {en}"), code="F03")


def _quote_it(path: Path_, value: Any) -> Text | None:
    """`{days: days_between(a, b)}` splits at the comma: `b)` becomes a key without a value; `zh: {days}` is a mapping."""
    if isinstance(value, dict) and len(value) == 1 and list(value.values()) == [None]:
        return _QUOTE_BRACE
    if value is None and path and re.search(r"[) ]", str(path[-1])):
        return Text("花括号内含逗号的文字或表达式要加引号", "text or an expression with a comma needs quotes inside { }")
    return None


def _fields_at(annotation: Any, path: Path_) -> list[str]:
    """Names of the keys allowed where `path` leads from `annotation`; [] where no model stands there."""
    if path:
        inner = _step(annotation, path[0])
        # A step that leads nowhere is pydantic's own name for one branch of a union.
        return _fields_at(annotation if inner is None else inner, path[1:])
    return [info.alias or name for found in _models_in(annotation)[:1] for name, info in found.model_fields.items()]


def _step(annotation: Any, step: str | int) -> Any:
    """The annotation of what stands under `step`: a model's field, a mapping's value, a list's item; else None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return next((info.annotation for name, info in fields.items() if step in (name, info.alias)), None)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return parts[1]
    if origin in (list, tuple, set, frozenset):
        return parts[0]
    return next((found for part in parts if (found := _step(part, step)) is not None), None)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
