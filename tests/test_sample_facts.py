"""The two samples: readable by the dictionary, whole in themselves, and (for 2019) true to the printed report."""

from __future__ import annotations

import calendar
import csv
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditkb.cells import Cell, read_cell
from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.dictionary_files import load_dictionary
from auditkb.records import KeyMaker, encode_part
from auditkb.sources.headers import match_headers
from auditkb.sources.layout import Layout
from auditkb.sources.source import open_source
from auditkb.values import MONEY_UNITS
from auditkb.yaml_files import read_yaml

ROOT = Path(__file__).parents[1]
CASE, LEDGER = ROOT / "sample" / "chunshu-2019", ROOT / "sample" / "first-ledger"
WORDS = ROOT / "tests" / "data" / "report_words.yml"

ROWS = {
    CASE: {
        "organisation": 4, "department": 7, "project": 38, "budget": 38, "functional_expenditure": 118, "tender": 3, "quote": 3,
        "award": 1, "contract": 15, "contract_term": 9, "invoice": 1, "payment": 9, "payment_approval": 1, "acceptance": 2,
        "settlement": 1, "retention": 1, "guarantee": 1, "budget_item": 9, "budget_adjustment": 1, "document": 7, "survey": 3,
    },
    LEDGER: {
        "organisation": 19, "department": 4, "project": 10, "tender": 10, "quote": 11, "contract": 10, "invoice": 13, "payment": 13,
        "acceptance": 7, "participant": 12, "settlement": 4, "retention": 4,
    },
}


@dataclass(frozen=True)
class Fact:
    """One cell that is filled in: where it stands, what it says, and what was read."""

    file: str
    row: int
    type: str
    field: Field
    text: str
    unit: str | None
    cell: Cell

    @property
    def name(self) -> str:
        return f"{self.type}.{self.field.name}"

    def __str__(self) -> str:
        return f"{self.file}:{self.row}: {self.field.label.zh}（{self.name}） {self.text}"


@dataclass(frozen=True)
class Table:
    """One file of a sample."""

    type: RecordType
    facts: list[list[Fact]]
    keys: list[str]

    def values(self) -> list[dict[str, Any]]:
        """The rows as field -> value; an empty cell is left out."""
        return [{fact.field.name: fact.cell.value for fact in row if fact.cell.value is not None} for row in self.facts]


@cache
def dictionary() -> Dictionary:
    return load_dictionary(ROOT / "records")


@cache
def tables(sample: Path) -> dict[str, Table]:
    """Every file of a sample, by record type; the headers are matched as loading does."""
    found = {}
    for path in sorted(sample.glob("*.csv")):
        record_type = dictionary()[path.stem]
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        layout = Layout((1,), 2, {place: (title,) for place, title in enumerate(header)}, line=1)
        matched = match_headers(record_type, layout, path.as_posix(), money_unit="yuan")
        columns = sorted(matched.columns, key=lambda column: column.position)
        assert not matched.faults and len(columns) == len(header), [fault.say("en") for fault in matched.faults]
        maker, facts, keys = KeyMaker(record_type), [], []
        for number, row in enumerate(rows, 2):
            assert len(row) == len(header), f"{path.name}:{number}: {len(row)} cells"
            cells = [Fact(path.name, number, path.stem, column.field, text, column.unit,
                          read_cell(column.field, text, unit=column.unit, is_key=True))
                     for column, text in zip(columns, row, strict=True) if text]
            facts.append(cells)
            keys.append(maker.make({fact.field.name: fact.cell.value for fact in cells}, number).text or "")
        found[path.stem] = Table(record_type, facts, keys)
    return found


def all_facts(sample: Path) -> list[Fact]:
    return [fact for table in tables(sample).values() for row in table.facts for fact in row]


# --- both samples, without the report

@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_every_file_is_there_with_its_rows(sample: Path) -> None:
    assert {name: len(table.facts) for name, table in tables(sample).items()} == ROWS[sample]


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_the_source_is_declared_and_opens(sample: Path) -> None:
    source = open_source(sample, dictionary())
    assert source.id == sample.name
    assert {record_type.type for record_type, _ in source.sheets} == set(ROWS[sample])


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_every_cell_can_be_read(sample: Path) -> None:
    assert [f"{fact}: {fact.cell.reason.en}" for fact in all_facts(sample) if fact.cell.reason is not None] == []


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_headers_are_the_labels_of_the_dictionary(sample: Path) -> None:
    for path in sample.glob("*.csv"):
        labels = {field.label.zh for field in dictionary()[path.stem].fields.values()}
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert [title for title in header if title.removesuffix("（万元）") not in labels] == [], path.name


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_files_are_utf8_without_carriage_returns_and_dates_are_iso(sample: Path) -> None:
    for path in sample.glob("*.csv"):
        assert b"\r" not in path.read_bytes() and not path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name
    dates = [fact for fact in all_facts(sample) if fact.field.type == "date" and fact.cell.value is not None]
    assert [str(fact) for fact in dates if fact.text != str(fact.cell.value)] == []


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_every_reference_leads_to_a_record(sample: Path) -> None:
    known = {name: set(table.keys) for name, table in tables(sample).items()}
    lost = [str(fact) for fact in all_facts(sample) if fact.field.is_reference and fact.cell.value is not None
            and not {fact.text, encode_part(fact.text)} & known.get(fact.field.type, set())]
    assert lost == []


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_every_declaration_for_a_record_names_one_that_is_there(sample: Path) -> None:
    for entry in open_source(sample, dictionary()).declaration.coverage:
        for name, key in (entry.record or {}).items():
            assert key in tables(sample)[name].keys, f"{entry.covers} of {name} {key}"


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_keys_are_unique_and_only_nameless_quotes_are_numbered(sample: Path) -> None:
    for name, table in tables(sample).items():
        assert all(table.keys) and len(set(table.keys)) == len(table.keys), name
        if name != "quote":
            assert not any(re.search(r"/\d$", key) for key in table.keys), name


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_every_record_has_a_parent(sample: Path) -> None:
    for name, table in tables(sample).items():
        if name in ("contract", "payment"):  # a department will do: the report does not always say which project paid
            orphans = [row for row in table.values() if not row.keys() & {"contract", "project", "department"}]
        else:
            orphans = [row for row in table.values() if table.type.belongs_to and not row.keys() & set(table.type.belongs_to)]
        assert orphans == [], name


@pytest.mark.parametrize("sample", ROWS, ids=lambda path: path.name)
def test_every_project_has_one_of_the_departments(sample: Path) -> None:
    departments = set(tables(sample)["department"].keys)
    assert {row["department"] for row in tables(sample)["project"].values()} == departments


def test_the_samples_share_no_names() -> None:
    for name in set(ROWS[CASE]) & set(ROWS[LEDGER]):
        assert not set(tables(CASE)[name].keys) & set(tables(LEDGER)[name].keys), name


# --- the figures of 2019

def test_adjusted_is_initial_with_what_was_added_and_without_what_was_reduced() -> None:
    for row in tables(CASE)["budget"].values():
        assert row["adjusted_amount"] == row["initial_amount"] + row["added_amount"] - row["reduced_amount"], row["project"]


@pytest.mark.parametrize(("field", "printed"), [
    ("initial_amount", "5342.16"), ("added_amount", "70.19"), ("reduced_amount", "499.56"), ("adjusted_amount", "4912.79"),
    ("actual_amount", "4717.56")])
def test_the_38_projects_add_up_to_the_printed_total(field: str, printed: str) -> None:
    rows = tables(CASE)["budget"].values()
    # Each figure is rounded to 0.01万元, the total as well.
    assert abs(sum(row[field] for row in rows) / 10000 - Decimal(printed)) <= Decimal("0.005") * (len(rows) + 1)


def test_the_printed_rates_are_actual_of_adjusted() -> None:
    half = Decimal(50)
    for row in tables(CASE)["budget"].values():
        low = (row["actual_amount"] - half) / (row["adjusted_amount"] + half) - Decimal("0.00005")
        high = (row["actual_amount"] + half) / (row["adjusted_amount"] - half) + Decimal("0.00005")
        assert low <= row["execution_rate_printed"] <= high, row["project"]


AMOUNTS = ("total_amount", "basic_amount", "project_amount")
BLANK_ROWS = ["205", "20505", "2050599", "2080199", "2080201"]


def functional() -> dict[str, tuple[Decimal, ...]]:
    """Code -> the three columns, a blank one as nothing."""
    rows = tables(CASE)["functional_expenditure"].values()
    return {str(row["code"]): tuple(row.get(name, Decimal(0)) for name in AMOUNTS) for row in rows}


def add(rows: list[tuple[Decimal, ...]]) -> tuple[Decimal, ...]:
    return tuple(sum(column, Decimal(0)) for column in zip(*rows, strict=True))


def test_five_rows_are_blank_and_not_zero() -> None:
    rows = tables(CASE)["functional_expenditure"].values()
    assert [row["code"] for row in rows if not any(name in row for name in AMOUNTS)] == BLANK_ROWS
    assert not any(value == 0 for row in rows for name, value in row.items() if name in AMOUNTS)


def test_every_class_is_the_sum_of_its_groups_and_items() -> None:
    figures = functional()
    children: dict[str, list[tuple[Decimal, ...]]] = defaultdict(list)
    for code, row in figures.items():
        children[code[:-2]].append(row)
    for code, (total, basic, project) in figures.items():
        assert total == basic + project, code
        if len(code) < 7:
            assert add(children[code]) == (total, basic, project), code
    assert Counter(map(len, figures)) == {3: 11, 5: 41, 7: 66}
    levels = {row["code"]: row["level"] for row in tables(CASE)["functional_expenditure"].values()}
    assert all(level == {3: "class", 5: "group", 7: "item"}[len(code)] for code, level in levels.items())


@pytest.mark.parametrize("length", [3, 5, 7])
def test_every_level_adds_up_to_the_printed_total(length: int) -> None:
    printed = (Decimal("180567629.26"), Decimal("65386631.60"), Decimal("115180997.66"))
    assert add([row for code, row in functional().items() if len(code) == length]) == printed


# --- the report itself

@dataclass(frozen=True)
class Report:
    """The report without white space (each line by itself too) and the numbers that stand in it, without separators."""

    lines: list[str]
    text: str
    numbers: frozenset[str]


@pytest.fixture(scope="module")
def report(shared: Path) -> Report:
    path = next((shared / "report").glob("*.txt"))
    lines = [plain(line) for line in path.read_text("utf-8-sig").splitlines()]
    text = "".join(lines)
    # Runs of digits are cut line by line: cells of a table follow one another without a space.
    numbers = frozenset(number for line in lines for number in re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d)", "", line)))
    return Report(lines, text, numbers)


def plain(text: str) -> str:
    """Text at one width and without white space; full-width commas in numbers become plain ones."""
    return "".join(unicodedata.normalize("NFKC", text).split())


@cache
def words_of_report() -> dict[str, dict[str, str]]:
    return read_yaml(WORDS).data


def value_text(fact: Fact) -> str:
    value = fact.cell.value
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_printed(fact: Fact, report: Report) -> bool:
    """Whether what the cell says occurs in the report, in the form in which the report would print it."""
    if fact.name in words_of_report():
        words = words_of_report()[fact.name].get(value_text(fact))
        return words is not None and plain(words) in report.text
    match fact.field.type:
        case "choice" | "flag":
            return False
        case "date":
            return date_is_printed(fact, report)
        case "money":
            number, unit = amount_as_printed(fact)
            return number in report.numbers and (unit is None or f"{number}{unit}" in report.text.replace(",", ""))
        case "ratio":
            return any(re.search(rf"(?<![\d.]){re.escape(plain(fact.text))}", line) for line in report.lines)
        case "integer":
            return fact.text in report.numbers
    return plain(fact.text) in report.text or is_key_of_a_record(fact)


def date_is_printed(fact: Fact, report: Report) -> bool:
    """2019年5月20日, or 5月20日 in a paragraph that names the year before it."""
    year, month, day = (int(part) for part in fact.text.split("-"))
    short = f"{month}月{day}日"
    return any(re.search(rf"(?<!\d){year}年(?:.*[^\d])?{short}", line) for line in report.lines)


def amount_as_printed(fact: Fact) -> tuple[str, str | None]:
    """The digits of an amount without separators, and its unit where the cell names one."""
    unit = next((unit for unit in sorted(MONEY_UNITS, key=len, reverse=True) if fact.text.endswith(unit)), None)
    return plain(fact.text).removesuffix(unit or "").replace(",", ""), unit


def is_key_of_a_record(fact: Fact) -> bool:
    """A reference whose key is put together from several fields; they are looked up in the record itself."""
    return fact.field.is_reference and "/" in fact.text and fact.text in tables(CASE)[fact.field.type].keys


def test_every_fact_of_2019_is_printed_in_the_report(report: Report) -> None:
    facts = [fact for fact in all_facts(CASE) if not fact.cell.is_marked]
    missing = [str(fact) for fact in facts if not is_printed(fact, report)]
    assert missing == [], "not in the report:\n" + "\n".join(missing)


def test_every_word_of_the_list_is_used_and_printed(report: Report) -> None:
    used = {(fact.name, value_text(fact)) for fact in all_facts(CASE) if fact.cell.value is not None}
    listed = {(name, value): words for name, values in words_of_report().items() for value, words in values.items()}
    assert sorted(set(listed) - used) == []
    assert [words for words in listed.values() if plain(words) not in report.text] == []


def rows_as_printed(name: str, columns: list[str]) -> list[list[str]]:
    """The cells of these fields, row by row, '' where one is empty."""
    return [[plain(next((fact.text for fact in row if fact.field.name == column), "")) for column in columns]
            for row in tables(CASE)[name].facts]


def test_every_row_of_the_project_table_is_as_printed(report: Report) -> None:
    names = rows_as_printed("project", ["sequence", "department", "name"])
    amounts = rows_as_printed("budget", ["initial_amount", "added_amount", "reduced_amount", "adjusted_amount", "actual_amount",
                                         "execution_rate_printed"])
    assert [name[2] for name in names] == [row[0] for row in rows_as_printed("budget", ["project"])]
    missing = [row[0] for name, row in zip(names, amounts, strict=True)
               if not stands_in(name + [text.replace(",", "") for text in row], report.lines)]
    assert missing == []


def test_every_functional_row_is_as_printed(report: Report) -> None:
    rows = rows_as_printed("functional_expenditure", ["code", "name", *AMOUNTS])
    missing = [row[0] for row in rows if not stands_in(row, report.lines)]
    assert missing == []


def stands_in(cells: list[str], lines: list[str]) -> bool:
    """Whether the cells stand in the report on lines that follow one another."""
    return any(lines[start:start + len(cells)] == cells for start, line in enumerate(lines) if line == cells[0])


def test_a_changed_figure_would_be_found_out(report: Report) -> None:
    field = dictionary()["budget"].fields["actual_amount"]
    wrong = Fact("budget.csv", 2, "budget", field, "75.04", "万元", Cell(Decimal("750400.00")))
    assert not is_printed(wrong, report)
    field = dictionary()["contract"].fields["signed_on"]
    assert not is_printed(Fact("contract.csv", 2, "contract", field, "2019-02-22", None, Cell()), report)


# --- the invented ledger

def of(contract: str, name: str) -> list[dict[str, Any]]:
    return [row for row in tables(LEDGER)[name].values() if row.get("contract") == contract]


def test_the_ledger_stands_on_its_thresholds() -> None:
    contracts = {str(row["number"]): row for row in tables(LEDGER)["contract"].values()}
    same_day = contracts["HT2024-002"]
    assert same_day["signed_on"] == same_day["starts_on"] == of("HT2024-002", "invoice")[0]["issued_on"]
    assert contracts["HT2024-006"]["amount"] == Decimal("100000.00")
    [retention], [settlement] = of("HT2024-007", "retention"), of("HT2024-007", "settlement")
    assert retention["rate"] == contracts["HT2024-007"]["retention_rate"] == Decimal("0.03")
    assert retention["amount"] == Decimal("0.03") * settlement["reviewed_amount"]
    priced = Counter(row["tender"] for row in tables(LEDGER)["quote"].values() if "amount" in row)
    assert priced == {"CG2024-002": 3, "CG2024-004": 2, "CG2024-005": 2, "CG2024-006": 2}


def test_payments_and_retention_come_to_the_settlement() -> None:
    for row in tables(LEDGER)["retention"].values():
        if "amount" not in row:
            continue
        contract = str(row["contract"])
        [settlement] = of(contract, "settlement")
        paid = sum(payment["amount"] for payment in of(contract, "payment"))
        assert paid + row["amount"] == settlement["reviewed_amount"], contract
        assert row["amount"] == row["rate"] * row["base_amount"], contract


def test_every_month_ends_on_its_last_day() -> None:
    [ends_on] = [row["ends_on"] for row in tables(CASE)["payment"].values() if "ends_on" in row]
    assert ends_on.day == calendar.monthrange(ends_on.year, ends_on.month)[1]


def test_every_contract_of_the_ledger_has_an_expected_outcome_for_each_rule() -> None:
    text = (LEDGER / "README.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if re.match(r"\| HT2024-\d{3} \| [a-z]", line)]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in rows] == tables(LEDGER)["contract"].keys
    outcomes = {rule: {row[place].removesuffix(" =") for row in rows} - {"-"} for place, rule in enumerate(
        ["CON-001", "CON-002", "PROC-003", "WORKS-005", "WORKS-006", "WORKS-007", "WORKS-008"], 1)}
    assert all({"fail", "pass", "not_evaluated"} <= found for found in outcomes.values())
    assert all(any(row[place].endswith("=") for row in rows) for place in range(1, 8))
