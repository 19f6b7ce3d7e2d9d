"""The dictionary: our own record types, the faults that stop a broken one, and an office's additions."""

import re
from pathlib import Path

import pytest

from auditkb.dictionary import VALUE_TYPES, normalise_header
from auditkb.dictionary_files import load_dictionary
from auditkb.dictionary_checks import RESERVED_TABLES
from auditkb.errors import KnowledgeBaseError
from auditkb.schema import FIXED_TABLES

ROOT = Path(__file__).parent.parent
OURS = load_dictionary(ROOT / "records")
LABEL = "{zh: 名, en: N}"

PROJECT = """type: project
label: {zh: 项目, en: Project}
description: {zh: 一项, en: One}
label_field: name
key: [[name]]
fields:
  name: {type: text, label: {zh: 名称, en: Name}, description: {zh: 名, en: N}}
  fiscal_year: {type: integer, label: {zh: 年度, en: Year}, description: {zh: 年, en: Y}}
"""
CONTRACT = """type: contract
label: {zh: 合同, en: Contract}
description: {zh: 一份, en: One}
label_field: number
key: [[number]]
belongs_to: [project]
fiscal_year: [project.fiscal_year]
fields:
  number: {type: text, label: {zh: 编号, en: Number}, description: {zh: 号, en: N}, synonyms: [合同号]}
  project: {type: project, label: {zh: 项目, en: Project}, description: {zh: 项, en: P}}
  category: {type: choice, label: {zh: 类型, en: Category}, description: {zh: 类, en: C}, choices: {works: {zh: 工程, en: Works}}}
  amount: {type: money, label: {zh: 金额, en: Amount}, description: {zh: 额, en: A}}
"""


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return folder


def faults_of(folder, office=None):
    with pytest.raises(KnowledgeBaseError) as caught:
        load_dictionary(folder, office)
    return caught.value.faults


@pytest.mark.parametrize(("old", "new", "line", "column", "words"), [
    pytest.param("label: {zh: 合同, en: Contract}\n", "", 1, 1, '"label" is required', id="missing label"),
    pytest.param("zh: 合同, en: Contract", "zh: 合同", 2, 8, '"en" is required', id="label in one language"),
    pytest.param("{type: money,", "{type: mony,", 12, 18, 'no type "mony"', id="unknown type"),
    pytest.param("{type: project,", "{type: projekt,", 10, 19, 'no type "projekt"', id="unknown reference"),
    pytest.param("belongs_to: [project]", "belongs_to: [amount]", 6, 14, "no reference", id="belongs to a number"),
    pytest.param("belongs_to: [project]", "belongs_to: [projct]", 6, 14, 'no field "projct"', id="belongs to nothing"),
    pytest.param("key: [[number]]", "key: [[number, title]]", 5, 16, 'no field "title"', id="key field unknown"),
    pytest.param("key: [[number]]", "key: []", 5, 6, "at least one field", id="no key"),
    pytest.param("key: [[number]]", "key: [[number]]\nperiod: {fields: [number, ends_on], headings: [期限]}", 6, 19, '"number" is no date', id="period of a text"),
    pytest.param("key: [[number]]", "key: [[number]]\nperiod: {fields: [number, ends_on], headings: [期限]}", 6, 27, 'no field "ends_on"', id="period of nothing"),
    pytest.param("label_field: number", "label_field: nummer", 4, 14, 'no field "nummer"', id="label field unknown"),
    pytest.param("[合同号]", "[合同号, 金 额]", 12, 37, 'already belongs to "number"', id="synonym that is another's label"),
    pytest.param("[project.fiscal_year]", "[project.year]", 7, 15, 'project has no field "year"', id="path to nothing"),
    pytest.param("[project.fiscal_year]", "[amount.fiscal_year]", 7, 15, "leads no further", id="path through a number"),
    pytest.param("[project.fiscal_year]", "[project.name]", 7, 15, "should end at a year", id="path to a text"),
    pytest.param("type: contract\n", "type: contrat\n", 1, 7, "should be called contrat.yml", id="file name"),
    pytest.param("  amount:", "  source:", 12, 3, "reserved", id="reserved name"),
    pytest.param("  amount:", "  _amount:", 12, 3, "small letters", id="leading underscore"),
    pytest.param("  amount:", "  order:", 12, 3, "SQL keyword", id="SQL keyword"),
    pytest.param("choices: {works: {zh: 工程, en: Works}}", "signed: true", 11, 3, 'needs "choices"', id="choice without choices"),
    pytest.param("{type: money,", "{type: money, compared: true,", 12, 25, "does not go with", id="option of another type"),
    pytest.param("{type: money,", "{type: money, unti: yuan,", 12, 25, "did you mean: unit", id="unknown key"),
])
def test_a_fault_is_told_with_its_place(tmp_path, old, new, line, column, words):
    assert old in CONTRACT
    folder = write(tmp_path / "records", project=PROJECT, contract=CONTRACT.replace(old, new))
    told = [(fault.line, fault.column, fault.say("en")) for fault in faults_of(folder)]
    assert any((at, position) == (line, column) and words in text for at, position, text in told), told


def test_a_second_reference_to_one_type_is_fine_where_it_is_no_parent(tmp_path):
    folder = write(tmp_path / "records", project=PROJECT, contract=CONTRACT.replace("{type: money,", "{type: project,"))
    assert load_dictionary(folder).child_link("project", "contract") == "project"


def test_two_ways_to_belong_to_one_type_are_refused(tmp_path):
    text = CONTRACT.replace("belongs_to: [project]", "belongs_to: [project, other]")
    text += "  other: {type: project, label: {zh: 另, en: Other}, description: {zh: 另, en: O}}\n"
    (fault,) = faults_of(write(tmp_path / "records", project=PROJECT, contract=text))
    assert (fault.line, fault.column) == (6, 23) and "only one may" in fault.text.en


def test_a_field_named_like_a_child_type_is_refused(tmp_path):
    text = PROJECT + "  contract: {type: contract, label: {zh: 合同, en: Contract}, description: {zh: 合, en: C}}\n"
    (fault,) = faults_of(write(tmp_path / "records", project=text, contract=CONTRACT))
    assert "two meanings" in fault.text.en and fault.line == 9


def test_faults_of_all_files_are_told_at_once(tmp_path):
    folder = write(tmp_path / "records", project=PROJECT.replace("type: integer", "type: whole"),
                   contract=CONTRACT.replace("key: [[number]]", "key: [[nr]]"), broken="type: [\n", tab="type:\tx\n")
    assert {Path(fault.file).name for fault in faults_of(folder)} == {"project.yml", "contract.yml", "broken.yml", "tab.yml"}


def test_an_empty_folder_is_a_fault(tmp_path):
    (fault,) = faults_of(tmp_path)
    assert "no record types" in fault.text.en


def test_a_derived_type_needs_its_query(tmp_path):
    folder = write(tmp_path / "records", project=PROJECT.replace("label_field", "derived: project.sql\nlabel_field"))
    (fault,) = faults_of(folder)
    assert fault.line == 4 and "derived/project.sql" in fault.text.en


# --- an office's own

def office(tmp_path, **files):
    write(tmp_path / "records", project=PROJECT, contract=CONTRACT)
    write(tmp_path / "office" / "records", **files)
    return tmp_path / "records", tmp_path / "office"


def test_an_office_adds_types_fields_choices_and_synonyms(tmp_path):
    addition = f"""type: contract
fields:
  number: {{synonyms: [合同流水号]}}
  category: {{choices: {{lease: {{zh: 租赁, en: Lease}}}}}}
  keeper: {{type: text, label: {LABEL}, description: {LABEL}}}
"""
    visit = PROJECT.replace("type: project", "type: visit").replace("项目", "走访")
    dictionary = load_dictionary(*office(tmp_path, contract=addition, visit=visit))
    contract = dictionary["contract"]
    assert contract.headers()["合同流水号"] == "number" and contract.headers()["合同号"] == "number"
    assert list(contract.fields["category"].choices) == ["works", "lease"]
    assert contract.fields["keeper"].name == "keeper"
    assert "visit" in dictionary


@pytest.mark.parametrize(("addition", "line", "words"), [
    ("type: contract\nfields:\n  amount: {type: text}\n", 3, "cannot make it text"),
    ("type: contract\nfields:\n  amount: {signed: true}\n", 3, "cannot be changed"),
    ("type: contract\nlabel: {zh: 协议, en: Agreement}\nfields: {}\n", 2, "cannot be changed"),
    ("type: contract\nfields:\n  category: {choices: {works: {zh: 施工, en: Works}}}\n", 3, "cannot be changed"),
    ("type: contract\nfields:\n  amount: {choices: {a: {zh: 施工, en: Works}}}\n", 3, "not a field of choices"),
    ("type: contract\nfields:\n  number: {synonyms: [金额]}\n", 3, "already belongs"),
    ("type: contract\nfields:\n  keeper: {type: text}\n", 3, "is required"),
])
def test_an_office_cannot_redefine_what_is_ours(tmp_path, addition, line, words):
    fault = faults_of(*office(tmp_path, contract=addition))[0]
    assert fault.file.endswith("office/records/contract.yml")
    assert fault.line == line and words in fault.text.en


# --- our own record types

def test_children_are_found_by_their_link():
    assert OURS.child_link("project", "contract") == "project"
    assert OURS.child_link("contract", "payment") == "contract"
    assert OURS.child_link("project", "payment") == "project"
    assert OURS.child_link("organisation", "contract") is None


def test_parents_are_loaded_before_children():
    order = OURS.load_order()
    assert sorted(order) == sorted(OURS)
    for name, record_type in OURS.types.items():
        for link in record_type.belongs_to:
            assert order.index(record_type.fields[link].type) < order.index(name)


def test_a_header_is_compared_without_width_case_blanks_and_bracket_form():
    assert normalise_header(" 工期（天） ") == normalise_header("工期[天]") == "工期(天)"
    assert OURS["contract"].headers()[normalise_header("签约 时间")] == "signed_on"


FIELDS = [pytest.param(entry, id=f"{name}.{entry.name}") for name, record_type in OURS.types.items() for entry in record_type.fields.values()]


@pytest.mark.parametrize("entry", FIELDS)
def test_names_say_what_a_field_holds(entry):
    assert (entry.type == "date") == entry.name.endswith("_on")
    assert (entry.type == "flag") == entry.name.startswith(("is_", "has_"))
    assert not (entry.is_reference and entry.name.endswith("_id"))
    if entry.type == "money":
        assert entry.unit == "yuan"


@pytest.mark.parametrize("entry", FIELDS)
def test_a_description_is_no_repeat_of_the_label(entry):
    assert entry.description.zh != entry.label.zh and entry.description.en.casefold() != entry.label.en.casefold()
    assert re.search("[\u4e00-\u9fff]", entry.label.zh) and not re.search("[\u4e00-\u9fff]", entry.label.en)


def test_only_amounts_that_can_be_negative_are_signed():
    signed = {f"{name}.{entry.name}" for name, record_type in OURS.types.items() for entry in record_type.fields.values() if entry.signed}
    assert signed == {"amendment.amount_change", "invoice.net_amount", "invoice.tax_amount", "invoice.amount", "invoice_line.amount",
                      "tie_out.difference"}


def test_personal_data_is_marked():
    personal = {f"{name}.{entry.name}" for name, record_type in OURS.types.items() for entry in record_type.fields.values() if entry.personal}
    assert personal >= {"organisation.legal_rep", "organisation.phone", "organisation.bank_account_hash"}


def test_table_names_of_the_database_are_reserved():
    assert set(FIXED_TABLES) <= RESERVED_TABLES
    assert not VALUE_TYPES.keys() & OURS.types.keys()
