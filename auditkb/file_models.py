"""A file that a person wrote, as the pydantic model of its form, or every fault of it with its place."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.yaml_files import QUOTE_BRACE, Path_, YamlFile, read_yaml

Model = TypeVar("Model", bound=BaseModel)
KEYS_IN_A_HINT = 4


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
        return file.fault(path, Text(f"“{shown}”{text.zh}", f"{shown} {text.en}"), hint=_as_wanted(model, path, kind, item["input"]), code="F03")
    zh, _, en = item["msg"].removeprefix("Value error, ").partition(" | ")
    if not en:
        zh, en = f"不能是“{item['input']}”", f'cannot be "{item["input"]}"'
    return file.fault(path, Text(f"“{shown}”：{zh}", f"{shown}: {en}"), code="F03")


def _as_wanted(model: type[BaseModel], path: Path_, kind: str, value: Any) -> Text | None:
    """How a value of the wrong kind would be written."""
    if kind == "string_type" and isinstance(value, (bool, int, float, datetime.date)):
        said = str(value).lower() if isinstance(value, bool) else str(value)
        return Text(f'加引号，写作 "{said}"', f'in quotes: "{said}"')
    names = _fields_at(model, path) if kind == "model_type" and isinstance(value, str) else []
    if names:
        form = "{" + ", ".join(f"{name}: …" for name in names[:KEYS_IN_A_HINT]) + (", …" if len(names) > KEYS_IN_A_HINT else "") + "}"
        return Text(f"写作 {form}", f"write {form}")
    return _quote_it(path, value)


def _quote_it(path: Path_, value: Any) -> Text | None:
    """`{days: days_between(a, b)}` splits at the comma: `b)` becomes a key without a value; `zh: {days}` is a mapping."""
    if isinstance(value, dict) and len(value) == 1 and list(value.values()) == [None]:
        return QUOTE_BRACE
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
