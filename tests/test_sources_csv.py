"""Loading CSV files: none, one, many, broken; declarations, references, coverage, loading again."""

import pytest

from auditkb.errors import KnowledgeBaseError, as_a_word
from auditkb.notes import list_problems
from auditkb.sources.loading import load_source
from tests.small_dictionary import small_dictionary

DICTIONARY = small_dictionary()
DECLARATION = "id: office\ntitle: {zh: 台账, en: Ledger}\nmoney_unit: yuan\n"


@pytest.fixture
def folder(tmp_path):
    """A function that writes files of a source into a folder."""

    def write(files: dict[str, str | bytes], declaration: str = DECLARATION, name: str = "office"):
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        for file, content in {"source.yml": declaration, **files}.items():
            path.joinpath(file).write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def faults_of(connection, path, **options):
    """The faults of loading, in English; nothing may have been loaded."""
    before = dump(connection)
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, path, **options)
    assert dump(connection) == before
    assert all(fault.text.zh for fault in error.value.faults)
    return [fault.say("en") for fault in error.value.faults]


def dump(connection):
    names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")]
    return {name: connection.execute(f'select * from "{name}" order by 1').fetchall() for name in names}


def column(connection, name, table="contract"):
    return [row[0] for row in connection.execute(f'select "{name}" from "{table}" order by "row"')]


# --- none, one, many

def test_no_row(connection, folder):
    report = load_source(connection, DICTIONARY, folder({"contract.csv": "合同编号,合同名称\n"}))
    assert report.rows == {"contract": 0} and report.state == "loaded"


def test_one_row(connection, folder):
    text = "合同编号,合同名称,乙方,责任科室,合同类型,签约日期,合同金额（万元）,质保金比例,工期(天),是否框架协议\nHT-1,绿化,甲公司,城管科,服务,2019年5月20日,23.2,3%,30,\n"
    report = load_source(connection, DICTIONARY, folder({"contract.csv": text}))
    row = connection.execute(
        "select key, title, supplier, department, category, signed_on, amount, retention_rate, duration_days, is_framework, source, sheet, row, _department, _year from contract"
    ).fetchone()
    assert row == ("HT-1", "绿化", "甲公司", "城管科", "services", "2019-05-20", 232000.0, 0.03, 30, 0, "office", "contract.csv", 2, "城管科", 2019)
    assert report.created == {"organisation": 1, "department": 1} and report.problems == 0
    assert connection.execute("select name, _folded_name, source, row from organisation").fetchall() == [("甲公司", "甲公司", "office", None)]


def test_many_rows_in_several_batches(connection, folder):
    rows = "".join(f"HT-{number},合同{number},{number}.50\n" for number in range(12_001))
    seen = []
    report = load_source(connection, DICTIONARY, folder({"contract.csv": "Contract number,title,金额(元)\n" + rows}), progress=lambda *what: seen.append(what))
    assert report.rows == {"contract": 12_001}
    assert connection.execute("select count(*), sum(amount) from contract").fetchone() == (12_001, sum(range(12_001)) + 0.5 * 12_001)
    assert seen[-1] == ("contract.csv", 12_001, None)


@pytest.mark.parametrize("content", ["合同编号,合同名称\r\nHT-1,绿化\r\n".encode("utf-8-sig"), "合同编号,合同名称\nHT-1,绿化".encode(), '合同编号,合同名称\n\n"HT-1","绿化"\n,\n'.encode()])
def test_marks_line_ends_quotes_and_blank_rows(connection, folder, content):
    load_source(connection, DICTIONARY, folder({"contract.csv": content}))
    assert column(connection, "key") == ["HT-1"]


def test_row_numbers_are_those_of_a_spreadsheet(connection, folder):
    load_source(connection, DICTIONARY, folder({"contract.csv": '合同编号,合同名称\nHT-1,"两\n行"\n\nHT-2,绿化\n'}))
    assert column(connection, "row") == [2, 4]


def test_a_file_may_be_called_by_the_label(connection, folder):
    assert load_source(connection, DICTIONARY, folder({"合同.csv": "合同编号\nHT-1\n"})).rows == {"contract": 1}


# --- broken

@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        ("合同编号\n绿化\n".encode() + b"\xff\n", "no valid text"),
        (b"PK\x03\x04abc", "an Excel workbook"),
        ("合同编号,合同名称\n\"HT-1,绿化\n".encode(), "a quote is not closed"),
        ("合同编号\n" + '"' + "x" * 200_000 + '"\n', "too long"),
        ("合同编好,签订日期\nHT-1,2019-05-20\n", 'column A "合同编好" is not a field of "Contract"; did you mean: 合同编号'),
        ("合同名称,合同编好\n绿化,x\n", 'column B "合同编好" is not a field of "Contract"; did you mean: 合同编号'),
        ("合同编号,合同号\nHT-1,x\n", 'column B "合同号" and column A "合同编号" are both "Contract number"'),
        ("合同编号,签订日期（元）\nHT-1,\n", "unit"),
        ("合同编号,合同金额（美元）\nHT-1,5\n", "unit"),
        ("合同编号,\nHT-1,x\n", "B2 is filled in, but column B has no header"),
        ("合同编号\nHT-1,x\n", "B2 is filled in, but column B has no header"),
        ("合同编号\nHT-1\nHT-1\n", "row 3 has the same key as row 2: HT-1"),
        ("合同编号,签订日期\n,2019-01-01\n", "row 2 has nothing that could name"),
        ("合同编号,签订日期\n/,2019-01-01\n", "row 2 has nothing that could name"),
    ],
)
def test_broken_files_are_refused_whole(connection, folder, content, message):
    found = faults_of(connection, folder({"contract.csv": content, "payment.csv": "凭证号,合同\n1,HT-1\n"}))
    assert any(message in fault and "contract.csv" in fault for fault in found), found


def test_the_unit_of_money_is_never_guessed(connection, folder):
    path = folder({"contract.csv": "合同编号,合同金额\nHT-1,5\nHT-2,6\n"}, DECLARATION.replace("money_unit: yuan\n", ""))
    assert ['yuan or 10,000 yuan is not known (B2)' in fault for fault in faults_of(connection, path)] == [True]


def test_an_amount_that_names_its_unit_needs_none_in_the_header(connection, folder):
    path = folder({"contract.csv": "合同编号,合同金额\nHT-1,5万元\nHT-2,0\nHT-3,\n"}, DECLARATION.replace("money_unit: yuan\n", ""))
    load_source(connection, DICTIONARY, path)
    assert column(connection, "amount") == [50000.0, 0.0, None]


def test_the_declared_unit_holds_where_the_header_names_none(connection, folder):
    path = folder({"contract.csv": "合同编号,合同金额\nHT-1,5\n"}, DECLARATION.replace("yuan", "ten_thousand"))
    load_source(connection, DICTIONARY, path)
    assert column(connection, "amount") == [50000.0]


def test_all_faults_of_all_files_come_at_once(connection, folder):
    found = faults_of(connection, folder({"contract.csv": "合同编好,名\n", "payment.csv": "凭证,x\n", "approval.csv": b""}))
    assert len(found) == 5
    assert all("did you mean" in fault or "allowed" in fault for fault in found[:4])


def test_too_many_faults_are_cut_short(connection, folder):
    found = faults_of(connection, folder({"contract.csv": "合同编号\n" + "HT-1\n" * 5000}))
    assert len(found) == 101 and "the rest are not listed" in found[-1]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"contracts.csv": "合同编号\nHT-1\n"}, '"contracts" is not a record type'),
        ({"contract.pdf": b"%PDF"}, 'the format ".pdf" cannot be read'),
        ({}, "the folder holds no file to read"),
    ],
)
def test_files_of_a_folder(connection, folder, files, message):
    assert any(message in fault for fault in faults_of(connection, folder(files)))


def test_a_folder_needs_a_declaration(connection, tmp_path):
    (tmp_path / "contract.csv").write_text("合同编号\nHT-1\n", "utf-8")
    assert "has no source.yml" in faults_of(connection, tmp_path)[0]
    assert f"load the file by itself: ingest.py records {as_a_word(tmp_path.joinpath('contract.csv').as_posix())}" in faults_of(connection, tmp_path)[0]


def test_nothing_there(connection, tmp_path):
    assert "no such file" in faults_of(connection, tmp_path / "absent")[0]


# --- one file by itself

def test_a_single_file_is_called_by_its_name_and_covers_nothing(connection, tmp_path):
    path = tmp_path / "contract.csv"
    path.write_text("合同编号,金额（元）\nHT-1,5\n", "utf-8")
    assert load_source(connection, DICTIONARY, path).source == "contract"
    assert connection.execute("select count(*) from coverage").fetchone() == (0,)


def test_a_single_file_with_its_type_named(connection, tmp_path):
    path = tmp_path / "ledger-2024.csv"
    path.write_text("合同编号\nHT-1\n", "utf-8")
    assert load_source(connection, DICTIONARY, path, type_name="contract").rows == {"contract": 1}
    other = tmp_path / "more"
    other.mkdir()
    other = other / "ledger-2024.csv"
    other.write_text("合同编号\nHT-2\n", "utf-8")
    assert "was loaded from another file" in faults_of(connection, other, type_name="contract")[0]


# --- notes

def test_cells_keep_what_stood_there(connection, folder):
    text = "合同编号,合同名称,签订日期,备案日期,金额\nHT-1,甲,待定,[未采集],8873.022\nHT-2,乙,[文件空白],,5\n"
    report = load_source(connection, DICTIONARY, folder({"contract.csv": text}))
    assert report.notes == {"unreadable": 2, "marked": 2}
    notes = connection.execute("select key, field, state, raw, sheet, cell from cell_notes order by id").fetchall()
    assert notes == [
        ("HT-1", "signed_on", "unreadable", "待定", "contract.csv", "C2"),
        ("HT-1", "filed_on", "not_captured", "[未采集]", "contract.csv", "D2"),
        ("HT-1", "amount", "unreadable", "8873.022", "contract.csv", "E2"),
        ("HT-2", "signed_on", "blank_in_document", "[文件空白]", "contract.csv", "C3"),
    ]
    assert column(connection, "_states") == ["|signed_on=unreadable|amount=unreadable|", "|signed_on=blank_in_document|filed_on=blank_in_document|"]
    for language in ("zh", "en"):
        assert [row[6] for row in list_problems(connection, language)] == ["待定", "8873.022"]
        assert all(row[7] and row[8] for row in list_problems(connection, language))


def test_rows_without_a_parent_are_listed(connection, folder):
    load_source(connection, DICTIONARY, folder({"payment.csv": "凭证号,合同\n1,\n2,[文件空白]\n"}))
    assert [(row[2], row[4]) for row in list_problems(connection, "en")] == [("B2", "1")]


def test_a_sheet_without_a_column_for_the_parent_is_listed_once(connection, folder):
    load_source(connection, DICTIONARY, folder({"payment.csv": "凭证号\n1\n2\n"}))
    assert [row[7] for row in list_problems(connection, "en")] == ["no column says which Contract the rows belong to"]


def test_equal_rows_are_numbered_and_listed(connection, folder):
    load_source(connection, DICTIONARY, folder({"contract.csv": "合同名称\n绿化\n绿化\n"}))
    assert column(connection, "key") == ["绿化", "绿化/2"]
    assert [(row[2], row[4]) for row in list_problems(connection, "en")] == [("3", "绿化/2")]


# --- references

def test_a_reference_finds_a_number_with_slashes(connection, folder):
    files = {"contract.csv": "合同编号\nCS/2019/017\n", "payment.csv": "凭证号,合同,支付日期,支付金额\n,CS/2019/017,2019-05-05,5\n", "approval.csv": "支付,角色\nCS%252F2019%252F017/2019-05-05/5.00,监理\n"}
    report = load_source(connection, DICTIONARY, folder(files))
    assert column(connection, "key", "payment") == ["CS%252F2019%252F017/2019-05-05/5.00"]
    assert column(connection, "contract", "payment") == ["CS%2F2019%2F017"]
    assert column(connection, "key", "approval") == ["CS%25252F2019%25252F017%2F2019-05-05%2F5.00/监理"]
    assert report.problems == 0


def test_a_reference_within_one_type(connection, folder):
    load_source(connection, DICTIONARY, folder({"contract.csv": "合同编号,原合同\nHT/2,HT/1\nHT/1,\n"}))
    assert column(connection, "parent_contract") == ["HT%2F1", None]


def test_a_reference_that_leads_nowhere_is_kept_and_listed(connection, folder):
    files = {"contract.csv": "合同编号,合同名称\nHT-1,绿化\n", "payment.csv": "凭证号,合同\n1,HT-9\n2,绿化\n"}
    report = load_source(connection, DICTIONARY, folder(files))
    assert column(connection, "contract", "payment") == ["HT-9", "绿化"]
    problems = list_problems(connection, "en")
    assert [(row[1], row[2], row[6]) for row in problems] == [("payment.csv", "B2", "HT-9"), ("payment.csv", "B3", "绿化")]
    assert problems[0][7] == 'there is no "Contract" with the key "HT-9"' and 'is "HT-1" meant?' in problems[1][8]
    assert report.notes == {"no_such_record": 2}


def test_sources_may_come_in_any_order(connection, folder):
    payments = folder({"payment.csv": "凭证号,合同\n1,HT-1\n"})
    contracts = folder({"contract.csv": "合同编号\nHT-1\n"}, DECLARATION.replace("office", "contracts"), "contracts")
    assert load_source(connection, DICTIONARY, payments).problems == 1
    load_source(connection, DICTIONARY, contracts)
    assert list_problems(connection, "en") == []
    folder({"contract.csv": "合同编号\nHT-2\n"}, DECLARATION.replace("office", "contracts"), "contracts")
    load_source(connection, DICTIONARY, contracts, missing="gone")
    assert [(row[0], row[2]) for row in list_problems(connection, "en")] == [("office", "2")]


def test_a_record_takes_the_place_of_what_its_name_had_made(connection, folder):
    load_source(connection, DICTIONARY, folder({"contract.csv": "合同编号,乙方\nHT-1,甲/乙公司\n"}))
    assert column(connection, "key", "organisation") == ["甲%2F乙公司"]
    load_source(connection, DICTIONARY, folder({"organisation.csv": "单位名称\n甲/乙公司\n"}, DECLARATION.replace("office", "names"), "names"))
    assert connection.execute("select key, source, row from organisation").fetchall() == [("甲%2F乙公司", "names", 2)]


# --- declaration and coverage

def test_coverage_is_written(connection, folder):
    declaration = DECLARATION + """kind: report_facts
date: 2020-01-13
if_empty: {contract: {signed_on: blank_in_document}}
coverage:
  - {covers: payment, record: {contract: HT/1}, because: {section: 6.3, zh: 查过, en: looked for}}
  - {covers: contract, department: 城管科, fiscal_year: 2019, complete: false, because: {zh: 抽查, en: sampled}}
  - {covers: contract, because: {zh: 全部, en: all}}
"""
    load_source(connection, DICTIONARY, folder({"contract.csv": "合同编号,责任科室,签订日期\nHT/1,城管科,\n"}, declaration))
    rows = connection.execute("select source, record_type, department, fiscal_year, parent_type, parent_key, is_complete, because, because_en from coverage order by id").fetchall()
    assert rows == [
        ("office", "payment", None, None, "contract", "HT%2F1", 1, "6.3: 查过", "6.3: looked for"),
        ("office", "contract", "城管科", 2019, None, None, 0, "抽查", "sampled"),
        ("office", "contract", None, None, None, None, 1, "全部", "all"),
    ]
    assert column(connection, "_states") == ["|signed_on=blank_in_document|"]
    assert connection.execute("select title, title_en, kind, date, rows from sources").fetchone() == ("台账", "Ledger", "report_facts", "2020-01-13", 1)


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("  - {covers: paymant, because: {zh: 无, en: x}}", ":5:14", "did you mean: payment"),
        ("  - {covers: payment, record: {contract: HT-9}, because: {zh: 无, en: x}}", ":5:31", 'no "Contract" with the key "HT-9"'),
        ("  - {covers: payment, department: 城管, because: {zh: 无, en: x}}", ":5:35", 'no "Department" with the key "城管"'),
        ("  - {covers: payment}", ":5:5", '"because" is required'),
        ("  - {covers: payment, record: {contract: HT-1, payment: x}, because: {zh: 无, en: x}}", ":5:31", "name one record"),
        ("  - {covers: payment, completed: true, because: {zh: 无, en: x}}", ":5:23", "did you mean: complete"),
    ],
)
def test_faults_of_a_declaration_have_their_place(connection, folder, line, place, message):
    path = folder({"contract.csv": "合同编号,责任科室\nHT-1,城管科\n"}, DECLARATION + "coverage:\n" + line + "\n")
    found = faults_of(connection, path)
    assert len(found) == 1 and message in found[0]
    assert found[0].split(" ")[0].removesuffix(":").endswith("source.yml" + place)


def test_an_interrupted_loading_leaves_nothing(connection, folder):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_source(connection, DICTIONARY, folder({"contract.csv": "合同编号\nHT-1\n"}), progress=interrupt)
    assert dump(connection)["contract"] == [] and dump(connection)["sources"] == []
