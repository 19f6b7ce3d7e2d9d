"""A process that is killed while it loads leaves a database that opens and holds whole files only."""

import random
import subprocess
import sys
import textwrap
import time
from contextlib import closing

import pytest

from auditkb.database import create_tables, open_database, writer
from auditkb.sources.loading import load_source
from tests.small_dictionary import small_dictionary

DECLARATION = "id: office\ntitle: {zh: 台账, en: Ledger}\nmoney_unit: yuan\ncoverage:\n  - {covers: contract, because: {zh: 全部, en: all}}\n"
HEAD = "合同编号,合同名称,乙方,签订日期,合同金额\n"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")]

KILLED = """
import os, random, signal, sys, threading, time
from pathlib import Path
from auditkb.database import open_database
from auditkb.sources.loading import load_source
from auditkb.database import create_tables, writer
from tests.small_dictionary import small_dictionary
connection = open_database(Path(sys.argv[1]), create=True)
with writer(connection):
    create_tables(connection, small_dictionary())
print("go", flush=True)
threading.Timer(float(sys.argv[3]), lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
for _ in range(50):
    load_source(connection, small_dictionary(), Path(sys.argv[2]))
    Path(sys.argv[2], "contract.csv").open("a").write(f"more-{_},丁,公司,,1\\n")
"""


def test_a_killed_loading_leaves_whole_files_only(tmp_path, project):
    file, folder = tmp_path / "kb.db", tmp_path / "office"
    folder.mkdir()
    folder.joinpath("source.yml").write_text(DECLARATION, "utf-8")
    connection = open_database(file, create=True)
    with writer(connection):
        create_tables(connection, small_dictionary())
    connection.close()
    generator, lengths = random.Random(7), set()
    for number in range(20):
        rows = [f"HT-{row},甲{number},公司,2019-05-20,{row}.50\n" for row in range(4000)]
        folder.joinpath("contract.csv").write_text(HEAD + "".join(rows), "utf-8")
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(file), str(folder), str(generator.uniform(0.01, 1.2))], cwd=project, capture_output=True, check=False)
        assert done.returncode == -9, done.stderr.decode()
        connection = open_database(file)
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        loaded, titles, longest = connection.execute("select count(*), count(distinct title), max(length(key)) from contract where key like 'HT-%'").fetchone()
        assert (loaded, titles) in ((0, 0), (4000, 1)), (number, loaded, titles, longest)
        total = connection.execute("select count(*) from contract").fetchone()[0]
        assert connection.execute("select coalesce(sum(rows), 0) from sources").fetchone()[0] == total
        lengths.add(total)
        connection.close()
    assert len(lengths) > 1
    # The note of a writer that was killed stands in nobody's way.
    connection = open_database(file)
    with writer(connection):
        pass
    connection.close()


def test_the_first_loading_into_a_new_file_may_be_killed_too(tmp_path, project):
    folder, ledger, found = tmp_path / "office", HEAD + "".join(f"HT-{row},甲,公司,2019-05-20,{row}.50\n" for row in range(60_000)), set()
    folder.mkdir()
    folder.joinpath("source.yml").write_text(DECLARATION, "utf-8")
    folder.joinpath("contract.csv").write_text(ledger, "utf-8")
    with closing(open_database(tmp_path / "whole.db", create=True)) as connection:
        with writer(connection):
            create_tables(connection, small_dictionary())
        started = time.perf_counter()
        load_source(connection, small_dictionary(), folder)
        whole = time.perf_counter() - started
    for part in (0.1, 0.3, 0.5, 0.7, 0.9, 4.0):
        file = tmp_path / f"{part}.db"
        folder.joinpath("contract.csv").write_text(ledger, "utf-8")
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(file), str(folder), str(part * whole)], cwd=project, capture_output=True, check=False)
        assert done.returncode == -9, done.stderr.decode()
        with closing(open_database(file)) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            total = connection.execute("select count(*) from contract").fetchone()[0]
            assert total == 0 or total >= 60_000, (part, total)
            assert connection.execute("select coalesce(sum(rows), 0) from sources").fetchone()[0] == total
            found.add(total)
    assert 0 in found and len(found) > 1
