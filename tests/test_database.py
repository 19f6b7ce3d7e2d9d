"""kb.db: its tables, its calendar, one writer at a time, upgrades, and what is resolved after loading."""

import datetime
import sqlite3
from pathlib import Path

import pytest

from auditkb import database
from auditkb.database import create_tables, fill_working_calendar, finish_loading, open_database, writer
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.schema import FIXED_TABLES

DICTIONARY = load_dictionary(Path(__file__).parent.parent / "records")
ADD_COVERAGE = """insert into coverage (source, record_type, department, fiscal_year, parent_type, parent_key, is_complete)
    values (:source, :covers, :department, :year, :parent_type, :parent_key, :complete)"""


@pytest.fixture
def kb():
    connection = open_database(":memory:", create=True)
    create_tables(connection, DICTIONARY)
    yield connection
    connection.close()


def add(connection, table, **row):
    columns = ", ".join(row)
    connection.execute(f"insert into {table} ({columns}) values ({', '.join('?' * len(row))})", list(row.values()))


def declare(connection, covers, *, source="s", department=None, year=None, record=(None, None), complete=True):
    connection.execute(ADD_COVERAGE, {"source": source, "covers": covers, "department": department, "year": year,
                                      "parent_type": record[0], "parent_key": record[1], "complete": complete})


def one(connection, table, key, column):
    return connection.execute(f"select {column} from {table} where key = ?", (key,)).fetchone()[0]


# --- tables

@pytest.mark.parametrize("name", list(DICTIONARY))
def test_a_record_table_has_the_declared_columns_and_links(kb, name):
    record_type = DICTIONARY[name]
    columns = {row[1]: (row[2], row[5]) for row in kb.execute(f"pragma table_info({name})")}
    assert columns["key"] == ("TEXT", 1)
    for field in record_type.fields.values():
        assert columns[field.name] == (field.storage, 0)
        assert (f"_folded_{field.name}" in columns) == field.compared
    assert {"source", "sheet", "row", "_states", "_covered", "_department", "_organisation", "_year"} <= columns.keys()
    links = {row[3]: (row[2], row[4]) for row in kb.execute(f"pragma foreign_key_list({name})")}
    references = {field.name: (field.type, "key") for field in record_type.fields.values() if field.is_reference}
    assert links == {**references, "source": ("sources", "id")}
    indexed = {kb.execute(f"pragma index_info({row[1]})").fetchone()[2] for row in kb.execute(f"pragma index_list({name})").fetchall()}
    assert {"key", *record_type.belongs_to} <= indexed


@pytest.mark.parametrize(("table", "column", "target"), [
    ("findings", "rule_id", "rules"), ("findings", "department", "department"), ("findings", "first_run", "runs"),
    ("outcomes", "rule_id", "rules"), ("outcome_counts", "run_id", "runs"), ("finding_events", "finding_id", "findings"),
    ("known_matches", "known_id", "known_findings"), ("known_matches", "finding_id", "findings"), ("cell_notes", "source", "sources")])
def test_fixed_tables_link_to_what_they_name(kb, table, column, target):
    assert target in {row[2] for row in kb.execute(f"pragma foreign_key_list({table})") if row[3] == column}


def test_all_fixed_tables_are_there(kb):
    there = {row[0] for row in kb.execute("select name from sqlite_master where type = 'table'")}
    assert set(FIXED_TABLES) <= there


def test_creating_again_changes_nothing_and_a_new_field_is_added(kb):
    before = kb.execute("select name, sql from sqlite_master order by name").fetchall()
    create_tables(kb, DICTIONARY)
    assert kb.execute("select name, sql from sqlite_master order by name").fetchall() == before
    contract = DICTIONARY["contract"]
    extra = contract.fields["project"].model_copy()
    extra._name = "second_project"
    wider = contract.model_copy(update={"fields": {**contract.fields, "second_project": extra}})
    add(kb, "contract", key="A")
    create_tables(kb, type(DICTIONARY)({**DICTIONARY.types, "contract": wider}, DICTIONARY.derived_sql))
    assert one(kb, "contract", "A", "second_project") is None
    assert ("project", "second_project") in {(row[2], row[3]) for row in kb.execute("pragma foreign_key_list(contract)")}


# --- opening and upgrading

def test_opening_what_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(KnowledgeBaseError, match="there is no database"):
        open_database(tmp_path / "kb.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_was_made_opens_again(tmp_path):
    open_database(tmp_path / "kb.db", create=True).close()
    connection = open_database(tmp_path / "kb.db")
    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_file_of_somebody_else_is_refused_and_left_alone(tmp_path):
    text, other = tmp_path / "text.db", tmp_path / "other.db"
    text.write_text("这是文字，不是数据库。" * 100, "utf-8")
    with sqlite3.connect(other) as connection:
        connection.execute("create table notes (id)")
    connection.close()
    for file in (text, other):
        before = file.read_bytes()
        with pytest.raises(KnowledgeBaseError, match="not an auditkb database"):
            open_database(file, create=True)
        assert file.read_bytes() == before


def test_an_older_file_is_upgraded_after_a_copy(tmp_path, monkeypatch):
    file = tmp_path / "kb.db"
    with writer(connection := open_database(file, create=True)):
        connection.execute("create table work (done)")
    connection.close()
    step = (3, "drops", lambda opened: opened.execute("drop table work"))
    monkeypatch.setattr(database, "MIGRATIONS", [*database.MIGRATIONS, step])
    connection = open_database(file)
    assert [row[0] for row in connection.execute("select version from schema_versions order by version")] == [1, 2, 3]
    connection.close()
    kept = sqlite3.connect(tmp_path / "kb.db.before-3")
    assert kept.execute("select count(*) from work").fetchone() == (0,)
    kept.close()
    monkeypatch.undo()
    with pytest.raises(KnowledgeBaseError, match="newer auditkb"):
        open_database(file)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "kb.db"
    open_database(file, create=True).close()

    def breaks(opened):
        opened.execute("create table half (x)")
        raise sqlite3.IntegrityError("broken step")

    monkeypatch.setattr(database, "MIGRATIONS", [*database.MIGRATIONS, (3, "breaks", breaks)])
    with pytest.raises(KnowledgeBaseError):
        open_database(file)
    monkeypatch.undo()
    connection = open_database(file)
    assert connection.execute("select count(*) from sqlite_master where name = 'half'").fetchone() == (0,)
    connection.close()


# --- one writer

def test_a_second_writer_is_told_who_writes_and_readers_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    first, second = open_database(tmp_path / "kb.db", create=True), open_database(tmp_path / "kb.db")
    with writer(first):
        first.execute("create table work (done)")
        assert second.execute("select count(*) from sqlite_master where name = 'work'").fetchone() == (0,)
        with pytest.raises(KnowledgeBaseError, match=r"somebody else is writing to .*kb\.db \(.+, process \d+, since"), writer(second):
            pass
    with writer(second):
        second.execute("insert into work values (1)")
    assert first.execute("select count(*) from work").fetchone() == (1,)
    assert not (tmp_path / "kb.db.writer").exists()
    first.close()
    second.close()


def test_an_error_leaves_nothing_behind(tmp_path):
    connection = open_database(tmp_path / "kb.db", create=True)
    with pytest.raises(ZeroDivisionError), writer(connection):
        create_tables(connection, DICTIONARY)
        raise ZeroDivisionError
    assert connection.execute("select count(*) from sqlite_master where name = 'contract'").fetchone() == (0,)
    assert not (tmp_path / "kb.db.writer").exists()
    connection.close()


# --- the working calendar

@pytest.fixture(scope="module")
def calendar():
    connection = open_database(":memory:", create=True)
    create_tables(connection, DICTIONARY)
    fill_working_calendar(connection)
    fill_working_calendar(connection)
    yield {row[0]: row[1:] for row in connection.execute("select day, is_workday, workday_number, next_workday from working_calendar")}
    connection.close()


@pytest.mark.parametrize(("day", "is_workday", "next_workday"), [
    ("2019-04-28", 1, "2019-04-28"),  # a Sunday worked for the holiday
    ("2019-05-01", 0, "2019-05-05"), ("2019-05-02", 0, "2019-05-05"), ("2019-05-03", 0, "2019-05-05"), ("2019-05-04", 0, "2019-05-05"),
    ("2019-05-05", 1, "2019-05-05"),  # a Sunday worked for the holiday
    ("2019-03-30", 0, "2019-04-01"), ("2018-12-29", 1, "2018-12-29"), ("2019-01-01", 0, "2019-01-02")])
def test_holidays_and_make_up_days_are_known(calendar, day, is_workday, next_workday):
    assert (calendar[day][0], calendar[day][2]) == (is_workday, next_workday)


def test_workday_numbers_count_working_days(calendar):
    assert calendar["2019-05-06"][1] - calendar["2019-04-30"][1] == 2
    days = sorted(calendar)
    assert days[0] == "2004-01-01" and days[-1].endswith("-12-31")
    assert len(days) == (datetime.date.fromisoformat(days[-1]) - datetime.date(2004, 1, 1)).days + 1
    assert all(calendar[day][2] is None or calendar[day][2] >= day for day in days)


# --- after loading

def test_department_body_and_year_come_from_the_first_path_that_is_known(kb):
    add(kb, "organisation", key="街道")
    add(kb, "department", key="党群", organisation="街道")
    add(kb, "department", key="民政")
    add(kb, "project", key="P", department="党群", fiscal_year=2019)
    add(kb, "contract", key="own", project="P", department="民政", signed_on="2018-12-30")
    add(kb, "contract", key="project's", project="P")
    add(kb, "contract", key="none", signed_on="2018-12-30")
    add(kb, "payment", key="pay", contract="project's")
    finish_loading(kb, DICTIONARY)
    found = {key: values for key, *values in kb.execute("select key, _department, _organisation, _year from contract")}
    assert found == {"own": ["民政", "街道", 2019], "project's": ["党群", "街道", 2019], "none": [None, None, 2018]}
    assert kb.execute("select _department, _organisation, _year from payment").fetchone() == ("党群", None, 2019)
    assert one(kb, "department", "党群", "_department") == "党群" and one(kb, "organisation", "街道", "_organisation") == "街道"


def test_resolved_columns_follow_the_data(kb):
    add(kb, "project", key="P", fiscal_year=2019)
    finish_loading(kb, DICTIONARY)
    kb.execute("update project set fiscal_year = 2020")
    finish_loading(kb, DICTIONARY)
    assert one(kb, "project", "P", "_year") == 2020


def test_folded_text_that_is_missing_is_filled(kb):
    add(kb, "contract", key="A", title="ＡＢ 合同", service=None)
    add(kb, "contract", key="B", title=None)
    finish_loading(kb, DICTIONARY)
    assert kb.execute("select _folded_title, _folded_service from contract order by key").fetchall() == [("ab合同", None), (None, None)]


def test_priced_lines_are_gathered_from_all_three_sources(kb):
    add(kb, "project", key="P", fiscal_year=2019)
    add(kb, "budget_item", key="P/绿植", project="P", item="绿 植", unit_price=60, source="s", row=3, _states="|unit=blank_in_document|")
    add(kb, "tender", key="T")
    add(kb, "quote", key="Q", tender="T", quoted_on="2018-03-01")
    add(kb, "quote_line", key="Q/1", quote="Q", item="绿植", unit_price=27)
    add(kb, "invoice", key="I", issued_on="2020-03-01")
    add(kb, "invoice_line", key="I/1", invoice="I", item="绿植")
    for _ in range(2):
        finish_loading(kb, DICTIONARY)
    rows = kb.execute("select key, _folded_item, unit_price, priced_on, fiscal_year, budget_item, quote_line, invoice_line, source, row, _states "
                      "from priced_line order by key").fetchall()
    assert rows == [
        ("budget_item/P/绿植", "绿植", 60.0, None, 2019, "P/绿植", None, None, "s", 3, "|unit=blank_in_document|"),
        ("invoice_line/I/1", "绿植", None, "2020-03-01", 2020, None, None, "I/1", None, None, None),
        ("quote_line/Q/1", "绿植", 27.0, "2018-03-01", 2018, None, "Q/1", None, None, None, None)]


@pytest.mark.parametrize("query", ["delete from contract", "select 1; drop table contract", "attach 'x' as y", "select 'a' as key"])
def test_a_derived_query_that_is_no_plain_select_of_the_fields_is_refused(kb, query):
    with pytest.raises(KnowledgeBaseError):
        finish_loading(kb, type(DICTIONARY)(DICTIONARY.types, {"priced_line": query}))


# --- coverage

@pytest.fixture
def office(kb):
    """Two projects of different departments and years, each with a contract; one source brought all of it."""
    for number, (department, year) in enumerate([("党群", 2019), ("民政", 2020)], 1):
        add(kb, "department", key=department)
        add(kb, "project", key=f"P{number}", department=department, fiscal_year=year, source="s")
        add(kb, "contract", key=f"C{number}", project=f"P{number}", source="s")
    return kb


def covered(kb, table="contract"):
    finish_loading(kb, DICTIONARY)
    return dict(kb.execute(f"select key, _covered from {table} order by key").fetchall())


def test_without_a_declaration_nothing_is_covered(office):
    assert covered(office) == {"C1": "", "C2": ""}


@pytest.mark.parametrize(("scope", "first", "second"), [
    ({}, "|payment|", "|payment|"),
    ({"year": 2019}, "|payment|", ""),
    ({"department": "民政"}, "", "|payment|"),
    ({"department": "民政", "year": 2019}, "", ""),
    ({"record": ("contract", "C1")}, "|payment|", ""),
    ({"record": ("project", "P2")}, "", "|payment|"),
    ({"record": ("project", "elsewhere")}, "", ""),
    ({"source": "t"}, "", ""),
    ({"source": "t", "year": 2019}, "", ""),
    ({"source": "t", "department": "党群"}, "|payment|", ""),
    ({"complete": False}, "", "")])
def test_a_declaration_covers_its_scope(office, scope, first, second):
    declare(office, "payment", **scope)
    assert covered(office) == {"C1": first, "C2": second}


def test_several_types_stand_side_by_side(office):
    declare(office, "payment", year=2019)
    declare(office, "acceptance", record=("contract", "C1"))
    assert covered(office) == {"C1": "|acceptance|payment|", "C2": ""}


@pytest.mark.parametrize(("complete", "partial", "first"), [
    ({}, {"year": 2019}, ""),
    ({"year": 2019}, {}, "|payment|"),
    ({"year": 2019}, {"department": "党群"}, ""),
    ({"department": "党群", "year": 2019}, {"department": "党群"}, "|payment|"),
    ({"record": ("contract", "C1")}, {"department": "党群", "year": 2019}, "|payment|"),
    ({"record": ("project", "P1")}, {"record": ("contract", "C1")}, ""),
    ({}, {"record": ("contract", "C2")}, "|payment|")])
def test_the_narrowest_declaration_decides_and_partial_wins_a_tie(office, complete, partial, first):
    declare(office, "payment", **complete)
    declare(office, "payment", **partial, complete=False)
    assert covered(office)["C1"] == first


def test_another_source_of_the_same_body_is_covered_and_of_another_body_is_not(kb):
    for key, body, source in [("A", "街道", "s"), ("B", "街道", "t"), ("C", "别处", "u"), ("D", None, "t")]:
        add(kb, "contract", key=key, buyer=body, source=source)
    declare(kb, "payment", source="s")
    assert covered(kb) == {"A": "|payment|", "B": "|payment|", "C": "", "D": ""}
    add(kb, "contract", key="E", buyer="别处", source="s")
    assert covered(kb) == {"A": "|payment|", "B": "", "C": "", "D": "", "E": "|payment|"}


def test_all_contracts_of_one_project_are_not_all_contracts(office):
    declare(office, "contract", record=("project", "P1"))
    assert covered(office) == {"C1": "|contract@project|", "C2": ""}
    assert covered(office, "project") == {"P1": "|contract|", "P2": ""}
    declare(office, "contract", year=2020)
    assert covered(office)["C2"] == "|contract|"


@pytest.fixture
def prices(kb):
    add(kb, "project", key="P", fiscal_year=2019, source="s")
    add(kb, "budget_item", key="P/绿植", project="P", source="s")
    return kb


def test_a_derived_type_is_covered_where_a_person_declares_it(prices):
    declare(prices, "budget_item", record=("project", "P"))
    assert covered(prices, "priced_line") == {"budget_item/P/绿植": "|budget_item|"}
    declare(prices, "priced_line", record=("project", "P"))
    assert covered(prices, "priced_line") == {"budget_item/P/绿植": "|budget_item|priced_line|"}


def test_a_derived_type_is_covered_where_all_its_sources_are(prices):
    for covers in ("budget_item", "quote_line"):
        declare(prices, covers, year=2019)
    assert "|priced_line|" not in covered(prices, "priced_line")["budget_item/P/绿植"]
    declare(prices, "invoice_line", year=2019)
    assert "|priced_line|" in covered(prices, "priced_line")["budget_item/P/绿植"]
    declare(prices, "priced_line", complete=False)
    assert "|priced_line|" not in covered(prices, "priced_line")["budget_item/P/绿植"]
