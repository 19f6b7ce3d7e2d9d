"""`aliases.yml`: names that people have found to mean the same, reviewed and kept in git, of the project and of an office.

```yaml
organisation:
  北京甲建筑工程有限责任公司:
    aliases: [甲建筑]
    different: [北京甲建筑装饰有限公司]
    why: 营业执照和合同章核对一致
    by: 审计科
    on: 2026-11-20
```

An alias stands for one name only, and is itself no name: there are no chains and no circles.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from auditkb.errors import Fault, KnowledgeBaseError, Text
from auditkb.names import same_name
from auditkb.file_models import load_model
from auditkb.yaml_files import Path_, YamlFile

FILE_NAME = "aliases.yml"
_Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AliasEntry(_Model):
    """What was found of one name: other words for it, and names that look like it and are not it."""

    aliases: tuple[_Words, ...] = ()
    different: tuple[_Words, ...] = ()
    why: _Words
    by: _Words
    on: datetime.date

    @model_validator(mode="after")
    def _says_something(self) -> AliasEntry:
        if not self.aliases and not self.different:
            raise ValueError("aliases 和 different 至少写一项 | give aliases or different")
        return self


class AliasFile(_Model):
    """One file: entries by the name that records keep, for each kind of name."""

    organisation: dict[_Words, AliasEntry] = {}
    department: dict[_Words, AliasEntry] = {}
    project: dict[_Words, AliasEntry] = {}

    def entries(self) -> Iterator[tuple[str, str, AliasEntry]]:
        """Kind, name and entry of everything in the file."""
        for kind in type(self).model_fields:
            for name, entry in getattr(self, kind).items():
                yield kind, name, entry


@dataclass(frozen=True)
class Aliases:
    """Every alias with its name, and the names that were found to differ. Names are compared by `same_name`."""

    names: dict[tuple[str, str], str] = field(default_factory=dict)
    different: frozenset[tuple[str, frozenset[str]]] = frozenset()
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    """Kind and alias as it is written -> its name."""

    def name_of(self, kind: str, text: str) -> str | None:
        """The name that `text` is an alias of."""
        return self.names.get((kind, same_name(text))) if self.names else None

    def spellings(self, kind: str, text: str) -> list[str]:
        """Every word for what `text` names, as written: the name, its aliases, and the text itself."""
        name = self.name_of(kind, text) or text
        others = (alias for (other, alias), meant in self.written.items() if other == kind and same_name(meant) == same_name(name))
        return list(dict.fromkeys([text, name, *others]))

    def are_different(self, kind: str, one: str, other: str) -> bool:
        """Whether somebody has found that the two names mean two."""
        return (kind, frozenset((same_name(one), same_name(other)))) in self.different

    @property
    def fingerprint(self) -> str:
        """Changes with every alias; '' where there is none."""
        return hashlib.sha256(repr(sorted(self.names.items())).encode()).hexdigest() if self.names else ""


NO_ALIASES = Aliases()


def load_aliases(rules: Path, office: Path | None = None) -> Aliases:
    """The aliases of the project and of an office. Raises KnowledgeBaseError with every fault of both files."""
    aliases, faults = read_aliases(rules, office)
    if faults:
        raise KnowledgeBaseError(faults)
    return aliases


def read_aliases(rules: Path, office: Path | None = None) -> tuple[Aliases, list[Fault]]:
    """The aliases that can be read, and the faults of both files by place."""
    found: list[tuple[str, str, AliasEntry, YamlFile]] = []
    faults: list[Fault] = []
    for folder in (rules, office):
        if folder is None or not (folder / FILE_NAME).is_file():
            continue
        try:
            model, file = load_model(AliasFile, folder / FILE_NAME)
        except KnowledgeBaseError as error:
            faults += error.faults
            continue
        found += ((kind, name, entry, file) for kind, name, entry in model.entries())
    names: dict[tuple[str, str], str] = {}
    faults += _check_names(found) + _fill(names, found)
    different = frozenset((kind, frozenset((same_name(name), same_name(other)))) for kind, name, entry, _ in found for other in entry.different)
    written = {(kind, alias): name for kind, name, entry, _ in found for alias in entry.aliases}
    return Aliases(names, different, written), faults


def _check_names(found: list[tuple[str, str, AliasEntry, YamlFile]]) -> list[Fault]:
    """Faults of one name written in two ways within a file."""
    faults = []
    seen: dict[tuple[str, str, str], str] = {}
    for kind, name, _, file in found:
        first = seen.setdefault((file.name, kind, same_name(name)), name)
        if first != name:
            faults.append(_fault("N01", file, (kind, name), Text(f"“{name}”与“{first}”是同一名称", f'"{name}" and "{first}" are one name'),
                                 Text("合并为一条", "make one entry of both"), key=True))
    return faults


def _fill(names: dict[tuple[str, str], str], found: list[tuple[str, str, AliasEntry, YamlFile]]) -> list[Fault]:
    """Fill `names`; faults of aliases that stand for two names, are names themselves, or are called different as well."""
    faults = []
    own = {(kind, same_name(name)): name for kind, name, _, _ in found}
    for kind, name, entry, file in found:
        different = {same_name(other) for other in entry.different}
        for number, alias in enumerate(entry.aliases):
            key, place = (kind, same_name(alias)), (kind, name, "aliases", number)
            other = names.get(key)
            if key in own:
                text = Text(f"“{alias}”本身是一个名称，不能又是“{name}”的别名", f'"{alias}" is itself a name and cannot be an alias of "{name}"')
                faults.append(_fault("N02", file, place, text, Text("只保留一个名称，其余写作它的别名", "keep one name and make the others its aliases")))
            elif other is not None:
                text = Text(f"“{alias}”已是“{other}”的别名", f'"{alias}" is already an alias of "{other}"')
                faults.append(_fault("N01", file, place, text, Text("一个别名只对应一个名称", "an alias stands for one name")))
            elif key[1] in different:
                text = Text(f"“{alias}”既写作别名，又写作不同的名称", f'"{alias}" is called an alias and different')
                faults.append(_fault("N03", file, place, text, Text("只保留一处", "keep one of them")))
            else:
                names[key] = name
    return faults


def _fault(code: str, file: YamlFile, place: Path_, text: Text, hint: Text, *, key: bool = False) -> Fault:
    return file.fault(place, text, hint=hint, key=key, code=code)
