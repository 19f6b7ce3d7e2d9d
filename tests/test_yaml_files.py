"""Strict YAML: what is refused, and that every fault has its place."""

import datetime

import pytest
from pydantic import BaseModel, ConfigDict

from auditkb.errors import KnowledgeBaseError
from auditkb.file_models import check_model
from auditkb.yaml_files import parse_yaml, read_yaml


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: str
    number: int = 0


class Book(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    entries: dict[str, Entry] = {}
    listed: list[Entry] | None = None


def places(error: KnowledgeBaseError) -> list[str]:
    return [fault.place for fault in error.faults]


@pytest.mark.parametrize(("text", "value"), [
    ("a: true", True), ("a: no", "no"), ("a: on", "on"), ("a: 2019-02-21", datetime.date(2019, 2, 21)),
    ("a: 100_000", "100_000"), ("a: 1.0", 1.0), ("a: 012", "012"), ("a: 12:30", "12:30"), ("a:", None)])
def test_a_plain_value_is_what_yaml_1_2_says(text, value):
    found = parse_yaml(text, "x.yml").data["a"]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("text", "place", "words"), [
    ("a: 1\nb: 2\na: 3\n", "x.yml:3:1", "appears twice"),
    ("a:\n  b: 1\n\tc: 2\n", "x.yml:3:1", "tab"),
    ("a: &x 1\nb: *x\n", "x.yml:2:4", "anchors"),
    ("a: &x 1\n", "x.yml:1:4", "anchors"),
    ("a: &x [*x]\n", "x.yml:1:8", "anchors"),
    ("a: !!python/none x\n", "x.yml:1:4", "tags"),
    ("a: 2019-02-30\n", "x.yml:1:4", "no such day"),
    ("a: [1, 2\nb: 3\n", "x.yml:2:2", "YAML syntax"),
])
def test_what_is_not_allowed_is_refused_with_its_place(text, place, words):
    with pytest.raises(KnowledgeBaseError) as caught:
        parse_yaml(text, "x.yml")
    assert places(caught.value)[-1] == place
    assert words in caught.value.faults[0].text.en


@pytest.mark.parametrize(("text", "place"), [
    ("id: A\ntitle：合同\nseverity: low\n", "x.yml:2:6"), ("title:\n  zh：甲\n  en: b\n", "x.yml:2:5"), ("a:\n - zh：甲\n   en: b\n", "x.yml:2:6")])
def test_a_full_width_colon_after_a_key_is_pointed_at(text, place):
    with pytest.raises(KnowledgeBaseError) as caught:
        parse_yaml(text, "x.yml")
    [fault] = caught.value.faults
    assert fault.place == place and "full-width" in fault.say("en")


@pytest.mark.parametrize(("text", "hint"), [
    ("title: 2019\n", 'in quotes: "2019"'), ("title: true\n", 'in quotes: "true"'), ("title: 2019-02-21\n", 'in quotes: "2019-02-21"'),
    ("title: a\nentries: {b: text}\n", "write {type: …, number: …}")])
def test_a_value_of_the_wrong_kind_is_answered_with_how_to_write_it(text, hint):
    with pytest.raises(KnowledgeBaseError) as caught:
        check_model(Book, parse_yaml(text, "x.yml"))
    [fault] = caught.value.faults
    assert hint in fault.say("en")


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    file = tmp_path / "x.yml"
    file.write_bytes("a: 合同".encode("gb18030"))
    with pytest.raises(KnowledgeBaseError, match="UTF-8"):
        read_yaml(file)


def test_an_unknown_key_is_suggested_from_the_keys_of_that_very_place():
    # The entry is called like a key of the model, which must not mislead the suggestion.
    file = parse_yaml("title: A\nentries:\n  type:\n    typ: text\n    type: x\nlisted:\n  - {type: a, numbr: 1}\n", "x.yml")
    with pytest.raises(KnowledgeBaseError) as caught:
        check_model(Book, file)
    assert places(caught.value) == ["x.yml:4:5", "x.yml:7:15"]
    assert [fault.hint.en for fault in caught.value.faults] == ["did you mean: type", "did you mean: number"]


def test_all_faults_of_a_file_are_told_at_once():
    with pytest.raises(KnowledgeBaseError) as caught:
        check_model(Book, parse_yaml("entries:\n  a: {type: 1}\n  b: {number: many}\n", "x.yml"))
    assert len(caught.value.faults) >= 4


@pytest.mark.parametrize(("text", "is_brace"), [
    ("message:\n  zh: {days}天后付款\n  en: late\n", True), ("message: {zh: {days}天后付款, en: late}\n", True), ("message:\n  en: {days} days later\nnext: 1\n", True),
    ("message:\n  - en: {a.b} then {c}\n", True), ("a: {b: 1}\nc: [x\n", False), ("a: {b: {c: 1}, d: {e: 2}}\nc: x: y\n", False)])
def test_text_that_begins_with_a_brace_is_told_to_take_quotes(text, is_brace):
    with pytest.raises(KnowledgeBaseError) as caught:
        parse_yaml(text, "x.yml")
    (fault,) = caught.value.faults
    assert fault.code == "Y03" and ("begins with {" in fault.hint.en) is is_brace and ("以 { 开头" in fault.hint.zh) is is_brace
