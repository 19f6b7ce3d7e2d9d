"""Reading `rules/relations/`: all files as one set, or every fault of every file: a name that nothing has, a law that is not there."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from auditkb.errors import Fault, KnowledgeBaseError, Text, did_you_mean
from auditkb.laws import LawRegister
from auditkb.reports.relations import TOTAL, FigurePattern, Relation, RelationFile, RelationSet, TablePattern, WordLists, YearWords, placeholders
from auditkb.rules.load import shown_path
from auditkb.file_models import load_model
from auditkb.yaml_files import Path_, YamlFile

WORDS_FILE = "words.yml"


def load_relations(folder: Path, laws: LawRegister, office: Path | None = None) -> RelationSet:
    """All files of `folder` (`rules/relations`) and of the office's own `rules/relations`.

    Raises KnowledgeBaseError with every fault of every file.
    """
    paths = [path for one in (folder, *([office / "rules" / "relations"] if office else [])) for path in sorted(one.glob("*.yml"))]
    faults: list[Fault] = []
    models: list[tuple[RelationFile, YamlFile]] = []
    words: list[WordLists] = []
    for path in paths:
        try:
            if path.name == WORDS_FILE:
                words.append(load_model(WordLists, path, shown_path(path))[0])
            else:
                models.append(load_model(RelationFile, path, shown_path(path)))
        except KnowledgeBaseError as error:
            faults += error.faults
    if not words and not faults:
        faults.append(Fault(Text(f"缺少 {WORDS_FILE}", f"{WORDS_FILE} is missing"), shown_path(folder)))
    if faults:
        raise KnowledgeBaseError(faults)
    found = _joined(words, models, faults)
    for model, file in models:
        faults += _name_faults(model, file, found) + _law_faults(model, file, laws)
    if faults:
        raise KnowledgeBaseError(sorted(faults, key=lambda fault: (fault.file or "", fault.line or 0, fault.column or 0)))
    return found


def _joined(words: list[WordLists], models: list[tuple[RelationFile, YamlFile]], faults: list[Fault]) -> RelationSet:
    """The files as one; a name that two of them give is a fault."""
    tables: dict[str, TablePattern] = {}
    figures: dict[str, FigurePattern] = {}
    relations: dict[str, Relation] = {}
    for model, file in models:
        given: list[tuple[Path_, str, Container[str]]] = [(("tables", name), name, tables) for name in model.tables]
        given += [(("figures", name), name, figures) for name in model.figures]
        given += [(("relations", place, "id"), item.id, relations) for place, item in enumerate(model.relations)]
        faults += [file.fault(path, Text(f"名称“{name}”重复", f'the name "{name}" is taken'), key=path[0] != "relations") for path, name, taken in given if name in taken]
        tables.update(model.tables)
        figures.update(model.figures)
        for place, item in enumerate(model.relations):
            if any(item.id == other.id for other in model.relations[:place]):
                faults.append(file.fault(("relations", place, "id"), Text(f"名称“{item.id}”重复", f'the name "{item.id}" is taken')))
            relations[item.id] = item
    lists = WordLists(fillers=tuple(word for one in words for word in one.fillers), fewer=tuple(word for one in words for word in one.fewer),
                      prices=tuple(word for one in words for word in one.prices), years=_years([one.years for one in words]), words={name: value for one in words for name, value in one.words.items()},
                      openings={name: value for one in words for name, value in one.openings.items()},
                      variables={name: value for one in words for name, value in one.variables.items()})
    return RelationSet(lists, tables, figures, tuple(relations.values()), {file.name: model for model, file in models})


def _years(lists: list[YearWords]) -> YearWords:
    return YearWords.model_validate({name: tuple(word for one in lists for word in getattr(one, name)) for name in YearWords.model_fields})


def _name_faults(model: RelationFile, file: YamlFile, found: RelationSet) -> list[Fault]:
    names = [*found.figures, *(f"{table}.{column}" for table, pattern in found.tables.items() for column in pattern.columns)]
    faults = [file.fault(("relations", number, *path), Text(f"没有名为“{name}”的数", f'no figure is named "{name}"'), hint=did_you_mean(name, names))
              for number, relation in enumerate(model.relations) for path, name in relation.operands if name.removesuffix(TOTAL) not in names]
    for number, relation in enumerate(model.relations):
        faults += _table_faults(("relations", number), relation, file, found)
    for name, table in model.tables.items():
        faults += [file.fault(("tables", name, key, place), Text(f"没有“{column}”这一列", f'there is no column "{column}"'), hint=did_you_mean(column, list(table.columns)))
                   for key in ("needs", "keys", "filled_down") for place, column in enumerate(getattr(table, key)) if column not in table.columns]
    known = {*found.words.words, *found.words.variables, *(column for table in found.tables.values() for column in table.keys)}
    for name, figure in model.figures.items():
        if figure.paragraph is not None and figure.paragraph not in found.words.openings:
            faults.append(file.fault(("figures", name, "paragraph"), Text(f"没有“{figure.paragraph}”这种开头", f'there is no opening "{figure.paragraph}"'), hint=did_you_mean(figure.paragraph, list(found.words.openings))))
        if figure.beside is not None and figure.beside not in found.figures:
            faults.append(file.fault(("figures", name, "beside"), Text(f"没有名为“{figure.beside}”的数", f'no figure is named "{figure.beside}"'), hint=did_you_mean(figure.beside, list(found.figures))))
        for key in ("wording", "after"):
            faults += [file.fault(("figures", name, key), Text(f"没有“{word}”这组词或变量", f'there is no list of words or variable "{word}"'), hint=did_you_mean(word, sorted(known)))
                       for text in getattr(figure, key) for word in placeholders(text) if word not in known]
        if not figure.wording and not figure.after:
            faults.append(file.fault(("figures", name), Text("wording 和 after 至少写一个", "wording or after is needed"), key=True))
    return faults


def _table_faults(path: Path_, relation: Relation, file: YamlFile, found: RelationSet) -> list[Fault]:
    if relation.table is None:
        return []
    table = found.tables.get(relation.table)
    if table is None:
        return [file.fault((*path, "table"), Text(f"没有名为“{relation.table}”的表", f'no table is named "{relation.table}"'), hint=did_you_mean(relation.table, list(found.tables)))]
    wanted: list[tuple[Path_, str]] = [(("columns", place) if len(relation.columns) > 1 else ("columns",), name) for place, name in enumerate(relation.columns)]
    wanted += [((key,), value) for key, value in (("code", relation.code), ("distinct", relation.distinct)) if value]
    if relation.where:
        wanted += [(("where", "column"), relation.where.column), (("where", "of"), relation.where.of), *((("where", "whole"), name) for name in relation.where.whole)]
    faults = [file.fault((*path, *step), Text(f"表“{relation.table}”没有“{name}”这一列", f'the table "{relation.table}" has no column "{name}"'), hint=did_you_mean(name, list(table.columns)))
              for step, name in wanted if name not in table.columns]
    if relation.where and relation.where.below not in found.figures:
        faults.append(file.fault((*path, "where", "below"), Text(f"没有名为“{relation.where.below}”的数", f'no figure is named "{relation.where.below}"'), hint=did_you_mean(relation.where.below, list(found.figures))))
    return faults


def _law_faults(model: RelationFile, file: YamlFile, laws: LawRegister) -> list[Fault]:
    faults = []
    for number, item in enumerate(model.criteria):
        if item.law not in laws.root:
            faults.append(file.fault(("criteria", number, "law"), Text(f"法规库没有“{item.law}”", f'the law register has no "{item.law}"'), hint=did_you_mean(item.law, list(laws.root))))
        elif item.article is not None and item.article not in laws.root[item.law].articles:
            faults.append(file.fault(("criteria", number, "article"), Text(f"“{item.law}”没有第 {item.article} 条", f'"{item.law}" has no article {item.article}'),
                                     hint=did_you_mean(item.article, list(laws.root[item.law].articles))))
    return faults
