"""The same file, or a newer version of it, under another name or in another place: never counted twice."""

import shutil

import pytest
from click.testing import CliRunner

import ingest
from auditkb.errors import KnowledgeBaseError
from auditkb.sources.loading import load_source
from tests.small_dictionary import small_dictionary

DICTIONARY = small_dictionary()
FIRST = "合同编号,合同名称,合同金额（元）\nHT-1,绿化,100\nHT-2,保洁,200\n"
MAPPING = """tables:
  - header_rows: [1]
    first_row: 2
    columns:
      A 合同编号: contract.number
      B 合同名称: {title}
      C 合同金额（元）: contract.amount
"""


@pytest.fixture
def first(connection, tmp_path):
    """A ledger that is loaded, by itself and with a mapping file."""
    path = tmp_path / "台账.csv"
    path.write_text(FIRST, "utf-8")
    path.with_name("台账.map.yml").write_text(MAPPING.format(title="contract.title"), "utf-8")
    load_source(connection, DICTIONARY, path)
    return path


def said(error) -> str:
    return "\n".join(fault.say("zh") for fault in error.value.faults)


def contracts(connection):
    return connection.execute("select key, title, amount, source from contract order by key").fetchall()


def test_a_copy_under_another_name_is_refused(connection, first):
    copy = shutil.copy(first, first.with_name("台账（副本）.csv"))
    first.with_name("台账（副本）.map.yml").write_text(MAPPING.format(title="contract.title"), "utf-8")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, copy)
    assert "这个文件已作为来源“台账”读入" in said(error) and "ingest.py remove 台账" in said(error)


def test_a_new_id_for_a_loaded_file_is_refused(connection, first):
    first.with_name("台账.map.yml").write_text("id: 另一个\n" + MAPPING.format(title="contract.title"), "utf-8")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, first)
    assert said(error).startswith(f"{first.with_name('台账.map.yml').as_posix()}:1:")
    assert "文件没有变，只是对应文件改了 id：已作为来源“台账”读入，现在写的是“另一个”" in said(error)
    assert "加 --replaces 台账" in said(error) and "写 id: 台账" in said(error)


def test_a_loaded_file_takes_the_new_id_where_it_is_said_to_be_the_same(connection, first):
    load_source(connection, DICTIONARY, write(first.parent, "财务", FIRST.replace("绿化", "道路")), type_name="contract", is_separate=True)
    connection.execute("update sources set wins_over = '[\"台账\"]' where id = '财务'")
    coverage = "coverage:\n  - {covers: contract, because: {zh: 全部}}\n"
    first.with_name("台账.map.yml").write_text("id: 另一个\n" + coverage + MAPPING.format(title="contract.title"), "utf-8")
    report = load_source(connection, DICTIONARY, first, replaces="台账")
    assert (report.source, report.read_again) == ("另一个", True)
    assert connection.execute("select id, wins_over from sources order by id").fetchall() == [("另一个", None), ("财务", '["另一个"]')]
    assert {row[0] for table in ("loads", "source_rows_contract", "coverage", "contract") for row in connection.execute(f"select source from {table}")} == {"另一个", "财务"}
    assert connection.execute("select distinct _sources from contract").fetchall() == [("|财务|另一个|",)]
    assert connection.execute("select count(*) from record_changes").fetchone() == (0,)
    assert load_source(connection, DICTIONARY, first).state == "unchanged"


def test_a_source_is_not_renamed_to_one_that_is_loaded(connection, first):
    load_source(connection, DICTIONARY, write(first.parent, "另一个", FIRST.replace("HT", "GT")), type_name="contract")
    first.with_name("台账.map.yml").write_text("id: 另一个\n" + MAPPING.format(title="contract.title"), "utf-8")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, first, replaces="台账")
    assert "两个都已读入" in said(error)


def test_what_is_added_to_a_mapping_under_the_same_id_is_read_again(connection, first):
    first.with_name("台账.map.yml").write_text("id: 台账\ncoverage:\n  - {covers: contract, because: {zh: 全部}}\n" + MAPPING.format(title="contract.title"), "utf-8")
    assert load_source(connection, DICTIONARY, first).read_again
    assert connection.execute("select source, record_type from coverage").fetchall() == [("台账", "contract")]


def test_a_new_id_for_a_loaded_folder_is_refused(connection, tmp_path):
    declared = "id: {}\ntitle: {{zh: 台账}}\nmoney_unit: yuan\n"
    tmp_path.joinpath("source.yml").write_text(declared.format("a"), "utf-8")
    tmp_path.joinpath("contract.csv").write_text(FIRST, "utf-8")
    load_source(connection, DICTIONARY, tmp_path)
    tmp_path.joinpath("source.yml").write_text(declared.format("b"), "utf-8")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, tmp_path)
    assert "已作为来源“a”读入，现在写的是“b”" in said(error)


def _corrected(first, name):
    folder = first.parent / "更正"
    folder.mkdir()
    path = folder / f"{name}.csv"
    path.write_text(FIRST.replace("200", "250"), "utf-8")
    path.with_name(f"{name}.map.yml").write_text(MAPPING.format(title="contract.title"), "utf-8")
    return path


def test_a_corrected_file_in_another_folder_is_told_how_to_replace(connection, first):
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, _corrected(first, "台账"))
    assert "若是“台账”更正后的文件，加 --replaces 台账" in said(error)


def test_a_corrected_file_of_another_name_replaces_the_source_and_stays_it(connection, first):
    path = _corrected(first, "台账（更正）")
    report = load_source(connection, DICTIONARY, path, replaces="台账")
    assert (report.state, report.changes.changed) == ("replaced", 1)
    assert contracts(connection) == [("HT-1", "绿化", 100.0, "台账"), ("HT-2", "保洁", 250.0, "台账")]
    assert connection.execute("select id, path, title from sources").fetchall() == [("台账", path.as_posix(), path.name)]
    path.write_text(FIRST.replace("200", "260"), "utf-8")
    assert load_source(connection, DICTIONARY, path).source == "台账"


def test_only_a_loaded_source_is_replaced(connection, first):
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, _corrected(first, "x"), replaces="台帐")
    assert "没有读入过来源“台帐”" in said(error)


def test_a_file_that_was_moved_is_the_same(connection, first):
    folder = first.parent / "归档"
    folder.mkdir()
    for path in (first, first.with_name("台账.map.yml")):
        path.rename(folder / path.name)
    assert load_source(connection, DICTIONARY, folder / first.name).state == "unchanged"
    assert connection.execute("select path from sources").fetchall() == [((folder / first.name).as_posix(),)]


def test_the_same_file_read_another_way_takes_the_former_reading_back(connection, first):
    mapping = first.with_name("台账.map.yml")
    mapping.write_text(MAPPING.format(title="skip").replace("first_row: 2", "first_row: 3"), "utf-8")
    report = load_source(connection, DICTIONARY, first)
    assert report.read_again and (report.changes.taken_back, report.changes.changed, report.changes.gone) == (1, 1, 0)
    assert contracts(connection) == [("HT-2", None, 200.0, "台账")]
    changes = connection.execute("select key, change, field, old from record_changes order by id").fetchall()
    assert changes == [("HT-2", "changed", "title", "保洁"), ("HT-1", "removed", None, None)]
    mapping.write_text(MAPPING.format(title="contract.title"), "utf-8")
    load_source(connection, DICTIONARY, first)
    assert [row[0] for row in contracts(connection)] == ["HT-1", "HT-2"]


@pytest.mark.parametrize("name", ["民政科（2024）台账", "【终稿】合同台账", "付款、发票台账", "《合同》台账", "台账—定稿", "台账+付款", "1号&2号", "-台账", "[2024]台账", "台账“甲”", "１号"])
def test_every_name_of_a_file_names_a_source(connection, tmp_path, name):
    path = tmp_path / f"{name}.csv"
    path.write_text(FIRST, "utf-8")
    assert load_source(connection, DICTIONARY, path, type_name="contract").source == name


@pytest.mark.parametrize("name", ["../x", "a:b", ".hidden", "a\\b", ""])
def test_an_id_that_no_file_could_have_is_refused_with_its_place(connection, tmp_path, name):
    tmp_path.joinpath("source.yml").write_text(f"id: '{name}'\ntitle: {{zh: 台账, en: Ledger}}\n", "utf-8")
    tmp_path.joinpath("contract.csv").write_text(FIRST, "utf-8")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, tmp_path)
    assert "source.yml:1:" in said(error) and "来源名" in said(error)


def test_a_lock_file_of_excel_is_refused_in_plain_words(connection, tmp_path):
    path = tmp_path / "~$台账.xlsx"
    path.write_bytes(b"\x05admin")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, path)
    assert "临时文件" in said(error) and "“台账.xlsx”" in said(error)


# --- a newer version under another name, which nobody called so

OTHER = "合同编号,合同名称,合同金额（元）\nHT-1,绿化,100\nHT-2,保洁,250\nHT-9,道路,300\n"


def write(folder, name, text):
    path = folder / f"{name}.csv"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def loaded(connection, tmp_path):
    """A ledger that is loaded by its headings."""
    load_source(connection, DICTIONARY, write(tmp_path, "合同", FIRST), type_name="contract")
    return tmp_path


def test_a_file_with_the_records_and_columns_of_a_source_is_refused_until_somebody_says_what_it_is(connection, loaded):
    path = write(loaded, "合同（更正）", OTHER)
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, path, type_name="contract")
    assert "3 条合同中有 2 条在来源“合同”" in said(error) and "加 --replaces 合同；是另一份资料，加 --separate" in said(error)
    assert contracts(connection) == [("HT-1", "绿化", 100.0, "合同"), ("HT-2", "保洁", 200.0, "合同")]


def test_such_a_file_is_loaded_as_what_it_is_said_to_be(connection, loaded):
    path = write(loaded, "合同（更正）", OTHER)
    report = load_source(connection, DICTIONARY, path, type_name="contract", is_separate=True)
    assert (report.source, [(entry.source, entry.number, entry.of) for entry in report.shared]) == ("合同（更正）", [("合同", 2, 3)])
    assert report.notes["sources_differ"] == 1
    # From then on it is known by its place.
    path.write_text(OTHER.replace("300", "310"), "utf-8")
    assert load_source(connection, DICTIONARY, path, type_name="contract").state == "replaced"


@pytest.mark.parametrize(
    "text",
    [
        "合同编号,乙方,签订日期\nHT-1,甲公司,2024-01-05\nHT-2,乙公司,2024-02-05\n",
        "合同编号,合同名称,合同金额（元）\nHT-2,保洁,200\nHT-8,道路,300\nHT-9,桥梁,300\n",
    ],
    ids=["other columns", "few records"],
)
def test_a_ledger_of_other_columns_or_mostly_other_records_is_a_source_of_its_own(connection, loaded, text):
    report = load_source(connection, DICTIONARY, write(loaded, "财务", text), type_name="contract")
    assert report.state == "loaded" and [entry.source for entry in report.shared] == ["合同"]


def test_a_source_that_has_a_name_of_its_own_is_one_and_what_it_shares_is_said(connection, loaded):
    path = write(loaded, "合同（更正）", OTHER)
    path.with_suffix(".map.yml").write_text("id: 另一份\n" + MAPPING.format(title="contract.title"), "utf-8")
    report = load_source(connection, DICTIONARY, path)
    assert (report.source, report.shared[0].number) == ("另一份", 2)


def test_a_correction_whose_disputes_would_refuse_it_is_told_about_replacing_first(connection, tmp_path):
    paid = "凭证号,合同,支付日期,支付金额（元）\nV-1,HT-1,2024-01-05,10\nV-2,HT-1,2024-01-06,20\nV-3,HT-1,2024-01-07,30\n"
    load_source(connection, DICTIONARY, write(tmp_path, "支付", paid), type_name="payment")
    with pytest.raises(KnowledgeBaseError) as error:
        load_source(connection, DICTIONARY, write(tmp_path, "支付2", paid.replace("V-3,HT-1", "V-3,HT-2")), type_name="payment")
    assert "--replaces 支付" in said(error).splitlines()[0]


def test_the_command_says_which_options_do_not_go_together(tmp_path):
    for arguments, told in ((["--replaces", "a", "--separate"], "只能用一个"), (["b.csv", "--separate"], "只用于一个文件")):
        done = CliRunner().invoke(ingest.commands("zh"), ["records", str(tmp_path / "a.csv"), *arguments])
        assert done.exit_code == 2 and told in done.output
