"""The reviewed words by which reports are read: `rules/reports.yml`, strict, with places of faults."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from auditkb.file_models import load_model

WORDS_FILE = Path(__file__).resolve().parents[2] / "rules" / "reports.yml"
Words_ = tuple[str, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnWords(_Strict):
    """Words of column headers."""

    labels: Words_
    rates: Words_
    counts: Words_
    departments: Words_
    projects: Words_
    remarks: Words_


class ClassWords(_Strict):
    """A class of findings and the words that propose it."""

    class_path: Words_ = Field(alias="class", min_length=2)
    words: Words_ = Field(min_length=1)


class Matter(_Strict):
    """A matter that problems and recommendations share, and the words by which either speaks of it."""

    matter: str
    words: Words_ = Field(min_length=1)


class TitleSlip(_Strict):
    """Part of a document's title that is usually written otherwise."""

    printed: str
    usual: str


class Words(_Strict):
    """All lists."""

    counters: Words_
    not_numbers: Words_
    approximate_before: Words_
    approximate_after: Words_
    connectors: Words_
    lead_ins: Words_
    columns: ColumnWords
    total_rows: Words_
    problem_sections: Words_
    advice_sections: Words_
    mixed_sections: Words_
    body_labels: Words_
    matters: tuple[Matter, ...]
    department_endings: Words_
    project_tails: Words_
    common_endings: Words_
    problem_words: Words_
    classes: tuple[ClassWords, ...]
    title_slips: tuple[TitleSlip, ...] = ()


@lru_cache(maxsize=4)
def read_words(path: Path = WORDS_FILE) -> Words:
    """The words of a file. Raises KnowledgeBaseError with every fault and its place."""
    return load_model(Words, path)[0]


def holds_any(text: str, words: Words_) -> bool:
    """Whether a text holds one of the words."""
    return any(word in text for word in words)
