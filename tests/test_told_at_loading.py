"""What loading tells an auditor: what counts as complete, what belongs to nothing, what a correction changed."""

import re
import sqlite3
import tempfile
from contextlib import closing

import pytest
from click.testing import CliRunner

import checks
import command_line
import ingest
from auditkb.cells import state_named
from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError, Text
from auditkb.sources.mapping import read_mapping, value_options
from auditkb.wording import say_reason

DICTIONARY = load_dictionary(ingest.RECORDS)
HEAD = "合同编号,合同名称,合同金额（元）,签订日期,合同起始日期\n"
PAID = "合同编号,支付日期,支付金额（元）\n"
MAPPING = "id: 台账\n{}values:\n  meanings: {{/: {}}}\ntables:\n  - header_rows: [1]\n    first_row: 2\n    columns: {{A 合同编号: contract.number}}\n"


def run(*arguments, language="zh"):
    return CliRunner().invoke(ingest.commands(language), [str(argument) for argument in arguments])


def check(*arguments, language="zh"):
    return CliRunner().invoke(checks.commands(language), [str(argument) for argument in arguments])


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(("word", "state"), [("不需要", "not_required"), ("不要求", "not_required"), ("未登记", "not_captured"), ("未采集", "not_captured"), ("未记录", "not_captured"),
                                            ("文件空白", "blank_in_document"), ("原件空白", "blank_in_document"), ("字迹不清", "illegible"), ("[未登记]", "not_captured"), ("是", None)])
def test_the_words_for_states_name_them_in_a_mapping(tmp_path, word, state):
    said = read_mapping(write(tmp_path / "a.map.yml", MAPPING.format("", f'"{word}"')), DICTIONARY)
    assert value_options(said.mapping.values).meaning_of("/") == (state or word)
    assert state_named(word) == state


@pytest.mark.parametrize("word", ["未填", "未填写", "空白", "[没有]", "not_capturd", "不清楚"])
def test_what_looks_like_a_state_and_is_none_is_refused(tmp_path, word):
    with pytest.raises(KnowledgeBaseError) as error:
        read_mapping(write(tmp_path / "a.map.yml", MAPPING.format("", f'"{word}"')), DICTIONARY)
    assert f"没有状态“{word}”" in error.value.faults[0].say("zh")


def test_chinese_alone_is_enough_for_titles_and_reasons(tmp_path):
    said = read_mapping(write(tmp_path / "a.map.yml", MAPPING.format("title: {zh: 台账}\ncoverage:\n  - {covers: contract, because: {zh: 全年}}\n", "未登记")), DICTIONARY)
    assert said.mapping.title.en == "台账" and said.mapping.coverage[0].because.en == "全年"


def test_two_real_payments_alike_are_told_how_to_stay_both(tmp_path):
    done = run("records", write(tmp_path / "支付.csv", PAID + "HT-1,2024-03-01,100\nHT-1,2024-03-01,100\n"), "--db", tmp_path / "kb.db")
    told = "\n".join(fault.say("zh") for fault in done.exception.faults) if isinstance(done.exception, KnowledgeBaseError) else done.output
    assert "都保留，并在每行填写“支付编号”" in told


def test_what_counts_as_complete_is_said_and_a_source_yml_beside_a_file_too(tmp_path):
    path = write(tmp_path / "合同.csv", HEAD + "HT-1,绿化,100,2024-05-20,2024-05-15\n")
    write(tmp_path / "source.yml", "id: x\ntitle: {zh: 台账}\nmoney_unit: yuan\ncoverage:\n  - {covers: contract, fiscal_year: 2024, because: {zh: 全年合同台账}}\n")
    alone = run("records", path, "--db", tmp_path / "a.db").output
    assert "按不完整处理：合同" in alone and "旁边的 source.yml 没有用" in alone
    for name in ("a.db", "a.db-shm", "a.db-wal"):
        (tmp_path / name).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        together = run("records", tmp_path, "--db", f"{folder}/b.db").output
    assert "按完整处理：合同（2024）" in together and "按不完整处理" not in together


@pytest.mark.slow
def test_a_run_says_how_many_records_belong_to_nothing_and_what_a_correction_resolved(tmp_path):
    database, folder = tmp_path / "kb.db", tmp_path / "office"
    write(folder / "source.yml", "id: office\ntitle: {zh: 台账}\ncoverage:\n  - {covers: contract, because: {zh: 全}}\n  - {covers: acceptance, because: {zh: 全}}\n")
    write(folder / "payment.csv", PAID + ",2024-03-01,100\n")
    write(folder / "contract.csv", HEAD + "HT-1,绿化,100,2024-05-20,2024-05-15\n")
    assert run("records", folder, "--db", database).exit_code == 0
    assert "1 笔支付没有写明所属（合同、项目、发票）：有关合计不含它们，可能偏少" in check("run", "--db", database).output
    write(folder / "contract.csv", HEAD + "HT-1,绿化,100,2024-05-10,2024-05-15\n")
    assert run("records", folder, "--db", database).exit_code == 0
    changed = "合同“HT-1”的“签订日期”由 2024-05-20 改为 2024-05-10"
    assert changed in check("run", "--db", database).output
    told = check("explain", "CON-002:HT-1", "--db", database).output
    assert "不再出现：数据已改，待复核" in told and changed in told
    assert told.index("不再出现") < told.index("标准")


def test_a_corrected_amount_in_a_key_is_noted_as_the_same_row(tmp_path):
    database, folder = tmp_path / "kb.db", tmp_path / "office"
    write(folder / "source.yml", "id: office\ntitle: {zh: 台账}\ncoverage:\n  - {covers: payment, because: {zh: 全}}\n")
    for amount in (100, 90):
        write(folder / "payment.csv", PAID + f"HT-1,2024-03-01,{amount}\nHT-1,2024-04-01,70\n")
        assert run("records", folder, "--db", database).exit_code == 0
    with closing(sqlite3.connect(database)) as connection:
        noted = connection.execute("select key, old, new from record_changes where change = 'rekeyed'").fetchall()
    assert len(noted) == 1 and noted[0][0] == noted[0][2] and "100" in noted[0][1] and "90" in noted[0][2]


@pytest.mark.slow
def test_the_finding_of_a_corrected_row_names_the_one_before_the_correction(tmp_path):
    database, folder = tmp_path / "kb.db", tmp_path / "office"
    write(folder / "source.yml", "id: office\ntitle: {zh: 台账}\ncoverage:\n  - {covers: payment, because: {zh: 全}}\n  - {covers: contract, because: {zh: 全}}\n")
    write(folder / "contract.csv", HEAD + "HT-1,绿化,100,2024-05-20,2024-05-21\n")
    for amount in (100, 90):
        write(folder / "payment.csv", PAID + f"HT-1,2024-03-01,{amount}\nHT-1,2024-06-01,70\n")
        assert run("records", folder, "--db", database).exit_code == 0
        assert check("run", "--db", database).exit_code == 0
    with closing(sqlite3.connect(database)) as connection:
        events = connection.execute("select finding_id, event, reason, detail from finding_events where finding_id like 'PAY-012:%' order by id").fetchall()
    old, new = "PAY-012:HT-1/2024-03-01/100.00", "PAY-012:HT-1/2024-03-01/90.00"
    assert events == [(old, "new", None, None), (new, "new", None, old), (old, "gone", "record_corrected", None)]
    assert old in check("explain", new, "--db", database).output


def test_each_fault_of_ours_has_a_file_of_its_own(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))

    def broken(language):
        group = ingest.commands(language)
        monkeypatch.setattr(group, "main", lambda **options: 1 / 0)
        return group

    assert command_line.run_commands(broken, ["problems"]) == command_line.ExitCode.INCOMPLETE
    files = [path.name for path in tmp_path.iterdir()]
    assert len(files) == 1 and re.fullmatch(r"auditkb-error-\d{8}-\d{6}-\d+\.txt", files[0]) and files[0] in capsys.readouterr().err


def test_reasons_are_said_in_words():
    assert say_reason("source_not_loaded:document", DICTIONARY, "contract").zh == "资料未读全"
    assert say_reason("no_parameter:required_roles", DICTIONARY, "contract", {"required_roles": Text("应参加的各方", "Who takes part")}).zh == "应参加的各方没有可用的参数值"
