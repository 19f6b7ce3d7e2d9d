"""The folder `findings/`: what a published report states, one strict YAML file a finding.

`load_known` reads and checks all files of `findings/known/`; it does not look at records or rules, and it writes
nothing. The ingest of known findings and the run that compares them with outcomes call it.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.file_models import load_model
from auditkb.yaml_files import YamlFile

Verdict = Literal["rule", "presence", "text", "judgement"]
Unit = Literal["yuan", "ratio", "count", "days", "month"]

CHINESE = re.compile(r"[\u3400-\u9fff]")
FINDING_ID = r"^[a-z0-9-]+/[A-Z0-9]+(\.[0-9]+)*$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)


class Wording(_Strict):
    """One thing said in Chinese and in English."""

    zh: str
    en: str

    @model_validator(mode="after")
    def _both_are_said(self) -> Wording:
        if CHINESE.search(self.zh) is None:
            raise ValueError("“zh”应写中文 | zh should be written in Chinese")
        if re.search(r"[A-Za-z]", self.en) is None:
            raise ValueError("“en”应写英文 | en should be written in English")
        return self

    @property
    def text(self) -> Text:
        """The same as a `Text`."""
        return Text(self.zh, self.en)


class Place(_Strict):
    """Where the report says it: section as numbered there, line of the text file from 1."""

    section: str = Field(min_length=1)
    line: int = Field(gt=0)


class Fact(_Strict):
    """One thing as the report prints it; `value` is its reading: a date, or a number of `unit`, or null for words.

    Money is in yuan, a ratio is a fraction (0.03 for 3%), a month is written "2019-05".
    """

    what: Wording
    printed: str = Field(min_length=1)
    value: datetime.date | int | float | str | None = None
    unit: Unit | None = None

    @model_validator(mode="after")
    def _unit_fits_value(self) -> Fact:
        if isinstance(self.value, datetime.date) or self.value is None:
            if self.unit is not None:
                raise ValueError("日期和文字没有单位 | a date or words have no unit")
        elif isinstance(self.value, str):
            if self.unit != "month" or re.fullmatch(r"\d{4}-\d{2}", self.value) is None:
                raise ValueError('文字值只用于月份，如 "2019-05" | text is a value only for a month such as "2019-05"')
        elif self.unit in (None, "month"):
            raise ValueError("数值应写明单位 | a number needs a unit")
        return self


class FoundBy(_Strict):
    """What would find it: a rule with the record that it looks at, or a register entry that has no rule yet."""

    rule: str | None = Field(None, pattern=r"^[A-Z]{2,6}-[0-9]{3}$")
    record_type: str | None = None
    record: str | None = None
    register_entry: str | None = Field(None, alias="register", pattern=r"^R[0-9]{2}$")

    @model_validator(mode="after")
    def _rule_or_register(self) -> FoundBy:
        of_rule = [self.rule, self.record_type, self.record]
        if self.register_entry is not None:
            if any(part is not None for part in of_rule):
                raise ValueError("写了 register 就不写 rule、record_type、record"
                                 " | with register there is no rule, record_type or record")
        elif not all(of_rule):
            raise ValueError("应写 rule、record_type、record 三项，或只写 register"
                             " | write rule, record_type and record, or register alone")
        return self


def _as_list(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, str) else value


class KnownFinding(_Strict):
    """One finding of a published report, in our own words. What the report does not state is None."""

    id: str = Field(pattern=FINDING_ID)
    title: Wording
    department: str | None
    projects: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(alias="project")
    class_path: tuple[str, ...] = Field(alias="class", min_length=2)
    verdicts: Annotated[tuple[Verdict, ...], BeforeValidator(_as_list)] = Field(alias="verdict", min_length=1)
    place: Place
    condition: Wording
    criteria: Wording | None
    cause: Wording | None
    effect: Wording | None
    recommendation: Wording | None
    facts: tuple[Fact, ...] = ()
    found_by: tuple[FoundBy, ...] = ()
    restates: str | None = Field(None, pattern=FINDING_ID)
    note: Wording | None = None

    @property
    def report(self) -> str:
        """The report's id: the part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def number(self) -> str:
        """The number within the report: the part of the id after the slash."""
        return self.id.partition("/")[2]

    @property
    def project(self) -> str | None:
        """The projects on one line, None if the report names none."""
        return "、".join(self.projects) or None

    @property
    def verdict(self) -> Verdict:
        """The leading verdict: how the finding can be decided."""
        return self.verdicts[0]


class ClassArea(_Strict):
    """One area of the classes of findings: its label, and its finer words (Chinese) with their English."""

    label: Wording
    words: dict[str, str] = Field(min_length=1)


class Classes(RootModel[dict[str, ClassArea]]):
    """All areas by code, as in `findings/classes.yml`."""

    model_config = ConfigDict(frozen=True)

    def label(self, path: tuple[str, ...]) -> Text:
        """A class path in words: 合同管理 / 时序倒置."""
        area = self.root[path[0]]
        return Text(" / ".join([area.label.zh, *path[1:]]),
                    " / ".join([area.label.en, *(area.words[word] for word in path[1:])]))


def load_classes(path: Path) -> Classes:
    """Read `findings/classes.yml`. Raises KnowledgeBaseError."""
    return load_model(Classes, path)[0]


def load_known(folder: Path) -> list[KnownFinding]:
    """All files of `folder` (`findings/known`), by report and place; `classes.yml` lies beside the folder.

    Raises KnowledgeBaseError with every fault of every file.
    """
    classes = load_classes(folder.parent / "classes.yml")
    faults: list[Fault] = []
    loaded: list[tuple[KnownFinding, YamlFile]] = []
    for path in sorted(folder.glob("*/*.yml")):
        try:
            known, file = load_model(KnownFinding, path)
        except KnowledgeBaseError as error:
            faults += error.faults
            continue
        loaded.append((known, file))
        faults += [*_id_faults(known, file, path), *_class_faults(known, file, classes)]
    faults += _reference_faults(loaded)
    if faults:
        raise KnowledgeBaseError(faults)
    return sorted((known for known, _ in loaded), key=lambda known: (known.report, known.place.line, known.number))


def _id_faults(known: KnownFinding, file: YamlFile, path: Path) -> list[Fault]:
    expected = f"{path.parent.name}/{path.stem}"
    if known.id == expected:
        return []
    return [file.fault(("id",), Text(f"编号“{known.id}”与文件名不一致", f'id "{known.id}" differs from the file name'),
                       hint=Text(f"应为：{expected}", f"should be: {expected}"))]


def _class_faults(known: KnownFinding, file: YamlFile, classes: Classes) -> list[Fault]:
    code = known.class_path[0]
    if code not in classes.root:
        return [file.fault(("class", 0), Text(f"没有“{code}”这一类", f'there is no class "{code}"'),
                           hint=did_you_mean(code, list(classes.root)))]
    words = classes.root[code].words
    return [file.fault(("class", index), Text(f"{code} 下没有“{word}”这一类", f'{code} has no class "{word}"'),
                       hint=did_you_mean(word, list(words)))
            for index, word in enumerate(known.class_path[1:], 1) if word not in words]


def _reference_faults(loaded: list[tuple[KnownFinding, YamlFile]]) -> list[Fault]:
    faults: list[Fault] = []
    first: dict[str, str] = {}
    for known, file in loaded:
        if known.id in first:
            faults.append(file.fault(("id",), Text(f"编号“{known.id}”已用于 {first[known.id]}",
                                                   f'id "{known.id}" is already used in {first[known.id]}')))
        first.setdefault(known.id, file.name)
    for known, file in loaded:
        if known.restates is not None and (known.restates not in first or known.restates == known.id):
            faults.append(file.fault(("restates",), Text(f"没有另一条问题“{known.restates}”",
                                                         f'there is no other finding "{known.restates}"'),
                                     hint=did_you_mean(known.restates, sorted(first))))
    return faults
