"""A source loaded again, two sources of one record, and taking a source back."""

import random

import pytest

from auditkb.database import create_tables, writer
from auditkb.errors import KnowledgeBaseError
from auditkb.notes import list_problems
from auditkb.outputs.source_list import sources
from auditkb.sources.loading import load_source
from auditkb.sources.removing import remove_source, what_goes
from tests.small_dictionary import small_dictionary

DICTIONARY = small_dictionary()
PARTIAL = "id: {name}\ntitle: {{zh: 台账, en: Ledger}}\nmoney_unit: yuan\n"
WHOLE = PARTIAL + "coverage:\n  - {{covers: contract, because: {{zh: 全部, en: all}}}}\n"
HEAD = "合同编号,合同名称,乙方,签订日期,合同金额\n"


@pytest.fixture
def load(connection, tmp_path):
    """A function that writes the contracts of a source (or other files) and loads it."""

    def load_it(contracts: str = "", *, name="office", declaration=WHOLE, files=None, **options):
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        path.joinpath("source.yml").write_text(declaration.format(name=name), "utf-8")
        for file, text in (files or {"contract.csv": HEAD + contracts}).items():
            path.joinpath(file).write_text(text, "utf-8")
        return load_source(connection, DICTIONARY, path, **options)

    return load_it


def contracts(connection, columns="key, signed_on, amount"):
    return connection.execute(f"select {columns} from contract order by key").fetchall()


def changes(connection, columns="key, change, field, old, new"):
    return connection.execute(f"select {columns} from record_changes order by id").fetchall()


def problems(connection, language="en"):
    return [(row[4], row[5], row[-1]) for row in list_problems(connection, language)]


def records(connection):
    """All that rules and pages read, without times and numbers of rows."""
    names = [*DICTIONARY.types, "coverage"]
    found = {name: sorted(map(repr, (row[1:] if name == "coverage" else row for row in connection.execute(f'select * from "{name}"')))) for name in names}
    return found | {"notes": sorted(map(repr, list_problems(connection, "zh")))}


# --- loaded again

def test_the_same_files_again_change_nothing(connection, load):
    load("HT-1,甲,公司,待定,5\n")
    before = "\n".join(connection.iterdump())
    report = load("HT-1,甲,公司,待定,5\n")
    assert (report.state, report.problems) == ("unchanged", 1)
    assert "\n".join(connection.iterdump()) == before


def test_a_corrected_cell_is_updated_and_what_was_before_is_kept(connection, load):
    load("HT-1,甲,公司,待定,5\nHT-2,乙,公司,2019-01-01,6\nHT-3,丙,公司,[文件空白],\n")
    report = load("HT-2,乙,公司,2019-01-01,6\nHT-1,甲,公司,2019-05-20,7.5\nHT-3,丙,公司,,\n")
    assert (report.state, report.changes.changed, report.changes.added, report.changes.gone) == ("replaced", 2, 0, 0)
    assert contracts(connection) == [("HT-1", "2019-05-20", 7.5), ("HT-2", "2019-01-01", 6.0), ("HT-3", None, None)]
    assert changes(connection, "key, change, field, old, new, row") == [
        ("HT-1", "changed", "signed_on", "待定", "2019-05-20", 3), ("HT-3", "changed", "signed_on", "[文件空白]", None, 4),
        ("HT-1", "changed", "amount", "5.00", "7.50", 3)]
    assert connection.execute("select count(*) from record_changes where path like '%office' and at <> '' and source = 'office'").fetchone() == (3,)
    assert problems(connection) == []


def test_a_record_that_a_complete_source_lacks_is_gone_and_may_come_back(connection, load):
    load("HT-1,甲,公司,,5\nHT-2,乙,另一公司,待定,6\n")
    gone = load("HT-1,甲,公司,,5\n")
    assert gone.changes.gone == 1 and contracts(connection, "key") == [("HT-1",)]
    assert connection.execute("select key, amount, _gone is not null from source_rows_contract order by key").fetchall() == [("HT-1", 5.0, 0), ("HT-2", 6.0, 1)]
    assert problems(connection) == [], "what was said of a record that is gone asks nothing"
    assert connection.execute("select raw, is_gone from cell_notes").fetchall() == [("待定", 1)], "and is kept all the same"
    assert connection.execute("select key from organisation").fetchall() == [("公司",)]
    still = load("HT-1,甲,公司,,55\n")
    assert (still.changes.gone, still.changes.changed) == (0, 1)
    back = load("HT-1,甲,公司,,55\nHT-2,乙,公司,2019-01-02,6\n")
    assert (back.changes.returned, back.changes.added) == (1, 0) and contracts(connection, "key") == [("HT-1",), ("HT-2",)]
    assert [row[:2] for row in changes(connection) if row[0] == "HT-2" and row[1] != "changed"] == [("HT-2", "gone"), ("HT-2", "returned")]
    assert ("HT-2", "changed", "signed_on", "待定", "2019-01-02") in changes(connection)
    assert connection.execute("select count(*) from cell_notes").fetchone() == (0,)


def test_where_nothing_is_declared_complete_a_person_says_what_a_missing_record_means(connection, load):
    load("HT-1,甲,公司,,5\nHT-2,乙,公司,待定,6\n", declaration=PARTIAL)
    before = "\n".join(connection.iterdump())
    with pytest.raises(KnowledgeBaseError) as error:
        load("HT-1,甲,公司,,5\n", declaration=PARTIAL)
    assert "HT-2 (contract.csv row 3)" in error.value.faults[0].say("en") and "--missing keep" in error.value.faults[0].say("zh")
    assert "\n".join(connection.iterdump()) == before
    kept = load("HT-1,甲,公司,,5\n", declaration=PARTIAL, missing="keep")
    assert kept.changes.kept == 1 and contracts(connection, "key, amount") == [("HT-1", 5.0), ("HT-2", 6.0)]
    assert sorted(problems(connection), key=str) == [("HT-2", "signed_on", "unreadable"), ("HT-2", None, "not_in_newer")]
    gone = load("HT-1,甲,公司,,8\n", declaration=PARTIAL, missing="gone")
    assert gone.changes.gone == 1 and contracts(connection, "key, amount") == [("HT-1", 8.0)] and problems(connection) == []


def test_a_row_corrected_in_its_key_is_the_same_record(connection, load):
    head = "合同,支付日期,支付金额\n"
    load(declaration=PARTIAL, files={"payment.csv": head + "HT-1,2024.13.5,9\nHT-1,2024-02-01,7\nHT-1,2024-03-01,8\n"})
    report = load(declaration=PARTIAL, files={"payment.csv": head + "HT-1,2024-11-05,9\nHT-1,2024-02-01,7\nHT-1,2024-03-01,8\n"})
    assert (report.changes.rekeyed, report.changes.added, report.changes.gone, report.changes.kept) == (1, 0, 0, 0)
    assert connection.execute("select count(*), sum(amount) from payment").fetchone() == (3, 24.0)
    new = "HT-1/2024-11-05/9.00"
    assert changes(connection) == [(new, "rekeyed", "key", "HT-1/9.00", new), (new, "changed", "paid_on", "2024.13.5", "2024-11-05")]
    load(declaration=PARTIAL, files={"payment.csv": head + "HT-1,2024-11-05,9.5\nHT-1,2024-02-01,7\nHT-1,2024-03-01,8\n"}, missing="keep")
    assert connection.execute("select count(*), sum(amount) from payment").fetchone() == (3, 24.5), "kept, it would count twice"
    back = load(declaration=PARTIAL, files={"payment.csv": head + "HT-1,2024-11-05,9\nHT-1,2024-02-01,7\nHT-1,2024-03-01,8\n"})
    assert back.changes.rekeyed == 1 and connection.execute("select sum(amount) from payment").fetchone() == (24.0,)


def test_the_next_months_payments_in_the_same_rows_are_no_corrections(connection, load):
    head = "合同,支付日期,支付金额\n"
    load(declaration=PARTIAL, files={"payment.csv": head + "HT-1,2024-01-05,9\nHT-2,2024-01-05,7\n"})
    later = {"payment.csv": head + "HT-1,2024-02-05,9\nHT-2,2024-02-05,7\n"}
    with pytest.raises(KnowledgeBaseError, match="2 of the Payment records"):
        load(declaration=PARTIAL, files=later)
    report = load(declaration=PARTIAL, files=later, missing="keep")
    assert (report.changes.kept, report.changes.added, report.changes.rekeyed) == (2, 2, 0)
    assert connection.execute("select count(*) from payment").fetchone() == (4,)


@pytest.mark.parametrize(("scope", "gone"), [("department: 城管科, ", ["HT-1"]), ("fiscal_year: 2019, ", ["HT-2"]), ("", ["HT-1", "HT-2"])])
def test_complete_means_complete_for_its_scope(connection, load, scope, gone):
    head, rows = "合同编号,责任科室,签订日期\n", "HT-0,城管科,2019-01-01\n"
    text = PARTIAL + "coverage:\n  - {{covers: contract, " + scope + "because: {{zh: 全部, en: all}}}}\n"
    load(declaration=text, files={"contract.csv": head + rows + "HT-1,城管科,2020-01-01\nHT-2,财务科,2019-01-01\n"})
    load(declaration=text, files={"contract.csv": head + rows}, missing="keep")
    assert [row[0] for row in changes(connection) if row[1] == "gone"] == gone


def test_a_file_that_is_no_longer_in_the_folder_counts_as_missing(connection, load, tmp_path):
    load(files={"contract.csv": "合同编号\nHT-1\n", "payment.csv": "凭证号,合同\n1,HT-1\n"})
    tmp_path.joinpath("office", "payment.csv").unlink()
    with pytest.raises(KnowledgeBaseError, match="1 of the Payment records"):
        load(files={"contract.csv": "合同编号\nHT-1\n"})
    load(files={"contract.csv": "合同编号\nHT-1\n"}, missing="gone")
    assert connection.execute("select count(*) from payment").fetchone() == (0,)


def test_a_failed_newer_version_leaves_the_former(connection, load):
    load("HT-1,甲,公司,,5\n")
    before = "\n".join(connection.iterdump())
    with pytest.raises(KnowledgeBaseError, match="same key"):
        load("HT-1,甲,公司,,6\nHT-1,甲,公司,,7\n")
    assert "\n".join(connection.iterdump()) == before


def test_a_failure_far_down_leaves_the_database_as_it_was(connection, load):
    load("HT-1,甲,公司,,5\n")
    before = "\n".join(connection.iterdump())
    rows = "".join(f"HT-{number},甲,公司,,5\n" for number in range(2, 20_000))
    with pytest.raises(KnowledgeBaseError):
        load("HT-1,甲,公司,,5\n" + rows + "HT-9,甲,公司,,5\n")
    assert "\n".join(connection.iterdump()) == before


# --- two sources of one record

WINS = PARTIAL + "wins_over: [office]\n"


def test_sources_that_agree_make_one_record_and_fill_each_other(connection, load):
    load("HT-1,绿化 工程,公司,2019-05-20,\n")
    load("HT-1,绿化工程,,,5\n", name="finance", declaration=PARTIAL)
    assert contracts(connection, "key, supplier, signed_on, amount, _sources") == [("HT-1", "公司", "2019-05-20", 5.0, "|finance|office|")]
    assert problems(connection) == []


def test_a_field_that_sources_dispute_is_unknown_and_listed_with_both_places(connection, load):
    load("HT-1,甲,公司,2019-05-20,5\n")
    load("HT-0,乙,公司,,1\nHT-1,甲,公司,2019-05-21,5\n", name="finance", declaration=PARTIAL)
    assert contracts(connection, "key, signed_on, amount, _states") == [("HT-0", None, 1.0, None), ("HT-1", None, 5.0, "|signed_on=disputed|")]
    (problem,) = list_problems(connection, "en")
    assert (problem[4], problem[5], problem[6]) == ("HT-1", "signed_on", "2019-05-20")
    assert 'source "finance", contract.csv, row 3 says "2019-05-21"; source "office", contract.csv, row 2 says "2019-05-20"' in problem[7]


@pytest.mark.parametrize("order", [("office", "finance"), ("finance", "office")])
def test_the_declared_source_wins_in_whatever_order_they_come(connection, load, order):
    texts = {"office": ("HT-1,甲,公司,2019-05-20,5\n", PARTIAL), "finance": ("HT-1,甲,公司,2019-05-21,\n", WINS)}
    for name in order:
        load(texts[name][0], name=name, declaration=texts[name][1])
    assert contracts(connection, "signed_on, amount, _states, source") == [("2019-05-21", 5.0, None, "finance")]
    (problem,) = list_problems(connection, "en")
    assert problem[0] == "office" and '"finance" wins, as declared' in problem[7]


def test_blank_on_the_paper_against_a_date_is_a_dispute_and_not_captured_is_none(connection, load):
    load("HT-1,甲,公司,[文件空白],[字迹不清]\n")
    load("HT-1,甲,公司,2019-05-20,5\n", name="finance", declaration=PARTIAL)
    assert contracts(connection, "signed_on, amount, _states") == [(None, 5.0, "|signed_on=disputed|")]


def test_three_sources_of_which_two_agree_are_a_dispute_all_the_same(connection, load):
    for name, day in (("a", "2019-01-01"), ("b", "2019-01-01"), ("c", "2019-01-02")):
        load(f"HT-1,甲,公司,{day},\n", name=name, declaration=PARTIAL)
    assert contracts(connection, "signed_on, _states") == [(None, "|signed_on=disputed|")]


def test_two_papers_of_one_number_are_not_made_one(connection, load):
    load("HT-1,甲,公司,2019-05-20,5\n")
    with pytest.raises(KnowledgeBaseError) as error:
        load("HT-1,甲,另一公司,2019-06-30,8\n", name="finance", declaration=PARTIAL)
    assert "two papers of one number, it seems" in str(error.value) and "keys of a mapping file" in str(error.value)
    assert contracts(connection) == [("HT-1", "2019-05-20", 5.0)]
    load("HT-1,甲,另一公司,2019-06-30,8\n", name="finance", declaration=WINS)
    assert contracts(connection) == [("HT-1", "2019-06-30", 8.0)]


def test_what_a_record_belongs_to_is_never_left_open(connection, load):
    head = "凭证号,合同,支付日期,支付金额\n"
    load(files={"contract.csv": "合同编号\nHT-1\nHT-2\n", "payment.csv": head + "1,HT-1,2019-01-01,5\n"})
    with pytest.raises(KnowledgeBaseError) as error:
        load(name="finance", declaration=PARTIAL, files={"payment.csv": head + "1,HT-2,2019-01-01,5\n"})
    assert 'disagree on "Contract" of the Payment "1"' in str(error.value) and "wins_over" in str(error.value)
    load(name="finance", declaration=WINS, files={"payment.csv": head + "1,HT-2,2019-01-01,5\n"})
    assert connection.execute("select contract from payment").fetchall() == [("HT-2",)]


def test_a_name_that_nothing_answers_to_is_no_dispute_with_its_key(connection, load):
    head = "凭证号,合同\n"
    load(declaration=PARTIAL, files={"payment.csv": head + "1,CS/17\n"})
    load(name="finance", declaration=PARTIAL, files={"contract.csv": "合同编号\nCS/17\n", "payment.csv": head + "1,CS/17\n"})
    assert connection.execute("select contract from payment").fetchall() == [("CS%2F17",)] and problems(connection) == []


def test_sources_cannot_each_win_over_the_other(connection, load):
    load("HT-1,甲,公司,,\n", declaration=PARTIAL + "wins_over: [finance]\n")
    with pytest.raises(KnowledgeBaseError, match="cannot each win over the other"):
        load("HT-1,甲,公司,,\n", name="finance", declaration=WINS)


def test_a_record_of_two_sources_is_there_until_both_lack_it(connection, load):
    load("HT-1,甲,公司,2019-05-20,5\n")
    load("HT-1,甲,公司,2019-05-21,5\n", name="finance")
    load("HT-2,甲,公司,,\n")
    assert contracts(connection, "key, signed_on, source") == [("HT-1", "2019-05-21", "finance"), ("HT-2", None, "office")]
    assert problems(connection) == []
    load("HT-3,甲,公司,,\n", name="finance")
    assert contracts(connection, "key") == [("HT-2",), ("HT-3",)]


def test_completeness_of_either_source_holds_for_a_shared_record(connection, load):
    load("HT-1,甲,公司,,\n", name="b", declaration=PARTIAL + "coverage:\n  - {{covers: payment, because: {{zh: 全部, en: all}}}}\n")
    load("HT-1,甲,公司,,\n", name="a", declaration=PARTIAL)
    assert contracts(connection, "source, _covered") == [("a", "|payment|")]


def test_a_mapping_file_may_declare_the_winner(connection, load, tmp_path):
    load("HT-1,甲,公司,2019-05-20,5\n")
    tmp_path.joinpath("finance.csv").write_text("编号甲,日期甲\nHT-1,2019-05-21\n", "utf-8")
    tmp_path.joinpath("finance.map.yml").write_text(
        "id: finance\nwins_over: [office]\ntables:\n  - header_rows: [1]\n    first_row: 2\n    columns: {A 编号甲: contract.number, B 日期甲: contract.signed_on}\n", "utf-8")
    load_source(connection, DICTIONARY, tmp_path / "finance.csv")
    assert contracts(connection, "signed_on, _sources") == [("2019-05-21", "|finance|office|")]


# --- taking back

@pytest.mark.parametrize("declaration", [PARTIAL, WINS])
def test_removing_a_source_leaves_what_was_without_it(connection, load, declaration):
    load("HT-1,甲,公司,2019-05-20,5\nHT-2,乙,公司,待定,\n")
    before = records(connection)
    load("HT-1,甲,公司,2019-05-21,5\nHT-3,丙,第三公司,,\n", name="finance", declaration=declaration)
    assert records(connection) != before
    going = what_goes(connection, DICTIONARY, "finance")
    assert (going.records, going.shared) == ({"contract": 2}, {"contract": 1})
    remove_source(connection, DICTIONARY, "finance")
    assert records(connection) == before
    assert [row[0] for row in connection.execute("select id from sources")] == ["office"]
    assert [row[:2] for row in changes(connection)] == [("HT-1", "removed"), ("HT-3", "removed")]


def test_removing_what_is_not_loaded_names_what_is(connection, load):
    load("HT-1,甲,公司,,\n")
    with pytest.raises(KnowledgeBaseError, match="did you mean: office"):
        remove_source(connection, DICTIONARY, "ofice")


def test_the_list_of_sources_says_what_is_loaded(connection, load):
    load("HT-1,甲,公司,待定,5\nHT-2,乙,公司,,\n")
    load("HT-1,甲,公司,待定,6\n")
    load("HT-1,甲,公司,,6\n", name="finance", declaration=WINS)
    columns, rows = sources(connection, DICTIONARY, "en", codes=True)
    office = dict(zip([name for name, _ in columns], rows[1], strict=True))
    assert (office["source"], office["records"], office["gone"], office["shared"], office["problems"]) == ("office", {"contract": 1}, 1, 1, 1)
    assert (office["complete"], office["superseded"], office["wins_over"]) == ("contract", 1, None)
    assert dict(zip([name for name, _ in columns], rows[0], strict=True))["wins_over"] == "office"


# --- whatever the way to it

@pytest.mark.slow
def test_the_records_depend_on_what_is_loaded_and_not_on_the_way_to_it(load, connection, tmp_path):
    generator = random.Random(11)

    def rows():
        return "".join(f"HT-{key},项目{key},公司{key % 3},{generator.choice(['', '[文件空白]', '2019-01-01', '待定'])},{generator.choice(['', '5', '6'])}\n"
                       for key in generator.sample(range(8), generator.randrange(1, 8)))

    declarations = {"a": WHOLE + "wins_over: [b]\n", "b": WHOLE, "c": PARTIAL}
    for number in range(12):
        final = {name: rows() for name in declarations}
        names = list(declarations)
        generator.shuffle(names)
        for name in generator.choices(names, k=3):
            load(rows(), name=name, declaration=declarations[name], missing="gone")
        for name in names:
            load(final[name], name=name, declaration=declarations[name], missing="gone")
        connection.execute("update contract set _covered = null")
        reached = records(connection)
        for (name,) in connection.execute("select id from sources").fetchall():
            remove_source(connection, DICTIONARY, name)
        assert connection.execute("select count(*) from contract").fetchone() == (0,)
        assert connection.execute("select (select count(*) from cell_notes) + (select count(*) from source_rows_contract) + (select count(*) from organisation)").fetchone() == (0,)
        for name in sorted(names):
            load(final[name], name=name, declaration=declarations[name])
        connection.execute("update contract set _covered = null")
        straight = records(connection)
        # Which source a name is first met in hangs on the order, and with it what that source is taken to be about.
        for found in (reached, straight):
            del found["organisation"]
        assert not {kind: (set(reached[kind]) - set(straight[kind]), set(straight[kind]) - set(reached[kind])) for kind in reached if reached[kind] != straight[kind]}, number
        for name in names:
            remove_source(connection, DICTIONARY, name)


# --- older databases

def test_a_database_from_before_keeps_its_rows_by_source(connection, load):
    load("HT-1,甲,公司,2019-05-20,5\n")
    connection.execute("drop table source_rows_contract")
    with writer(connection):
        create_tables(connection, DICTIONARY)
    assert load("HT-1,甲,公司,2019-05-21,5\n").changes.changed == 1
    assert ("HT-1", "changed", "signed_on", "2019-05-20", "2019-05-21") in changes(connection)
