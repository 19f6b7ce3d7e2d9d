"""An amount in figures and in capitals, in two columns of one table."""

import pytest

from auditkb.database import create_tables, open_database, writer
from auditkb.notes import list_problems
from auditkb.sources.loading import load_source
from tests.small_dictionary import small_dictionary

DICTIONARY = small_dictionary()


@pytest.fixture
def load(tmp_path):
    """A function that loads a table of contracts: its amounts, and the problems as (cell, text, what is wrong)."""

    def act(text: str):
        path = tmp_path / "contract.csv"
        path.write_text(text, "utf-8")
        connection = open_database(":memory:", create=True)
        with writer(connection):
            create_tables(connection, DICTIONARY)
        load_source(connection, DICTIONARY, path)
        return connection.execute('select amount from contract order by "row"').fetchall(), [(row[2], row[6], row[7]) for row in list_problems(connection, "en")]

    return act


@pytest.mark.parametrize("headers", ["合同金额（元）,合同金额（大写）", "合同金额（元）,合同金额大写", "金额(元)(小写),金额(大写)"])
def test_capitals_that_agree_say_nothing(load, headers):
    assert load(f"合同编号,{headers}\n1,232000,贰拾叁万贰仟元整\n2,\"1,005.03\",壹仟零伍元零叁分\n3,50,\n4,,伍拾元整\n") == ([(232000.0,), (1005.03,), (50.0,), (50.0,)], [])


def test_capitals_that_differ_are_a_problem_and_the_figures_stay(load):
    amounts, problems = load("合同编号,合同金额（大写）,合同金额（万元）\n1,贰拾叁万贰仟元整,23.2\n2,贰拾贰万叁仟元整,23.2\n3,待定,5\n")
    assert amounts == [(232000.0,), (232000.0,), (50000.0,)]
    assert problems == [("C3", "23.2", "figures say 232,000.00, words say 223,000.00 yuan: 贰拾贰万叁仟元整"), ("C4", "5", 'what "待定" means is not certain')]


def test_capitals_alone_are_the_amount(load):
    assert load("合同编号,合同金额（大写）\n1,贰拾叁万贰仟元整\n") == ([(232000.0,)], [])
