"""What docs/reports.md says of relations is so: every key, kind and verdict, and the file that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from auditkb.reports import relations as model
from auditkb.reports.tie_outs import VERDICTS, cause_computed
from tests.small_reports import found, tied
from tests.test_documents import fences, first_column, section

PAGE = "docs/reports.md"
MODELS: dict[str, type[BaseModel]] = {
    "Keys of a relation file": model.RelationFile, "Keys of a table": model.TablePattern, "Keys of a figure": model.FigurePattern,
    "Keys of a relation": model.Relation, "words.yml": model.WordLists}


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_is_described(heading: str) -> None:
    keys = [field.alias or name for name, field in MODELS[heading].model_fields.items()]
    assert re.findall(r"^\| `([^`]+)` \|", section(PAGE, heading), re.MULTILINE) == keys


def test_every_kind_is_described() -> None:
    assert re.findall(r"^\| `([^`]+)` \|", section(PAGE, "Kinds"), re.MULTILINE) == list(model.KINDS)


def test_every_verdict_is_described() -> None:
    text = section(PAGE, "What a verdict means · 结果的含义")
    assert first_column(text) == set(VERDICTS)
    assert all(f"| `{verdict}` | {words.zh} |" in text for verdict, words in VERDICTS.items())


def test_the_file_shown_finds_the_wrong_figure(tmp_path: Path) -> None:
    assert yaml.load(fences(PAGE, "yaml relations")[0], yaml.SafeLoader)
    folder = tmp_path / "rules" / "relations"
    folder.mkdir(parents=True)
    (folder / "lamps.yml").write_text(fences(PAGE, "yaml relations")[0], "utf-8")
    result = tied(fences(PAGE, "text report")[0], tmp_path, tmp_path)
    verdicts = found(result)
    assert (verdicts["lamps-total"], verdicts["lamps-share"], set(verdicts["lamps-text"])) == (["ties"], ["ties"], {"broken"})
    assert [(cause.figure.printed, cause_computed(cause, result).en) for cause in result.causes][:1] == [("120.00元", "125.00元")]
