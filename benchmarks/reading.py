"""How long files take to be read and loaded, as ratios to openpyxl (read-only) and to `sqlite-utils insert`, and the memory they need.

    python benchmarks/reading.py --rows 100000 --rounds 3
    python benchmarks/reading.py --megabytes 200        # one CSV of this size, loaded: time and peak memory only

Every measurement is a process of its own, so that peak memory is its own too; a round does each once, in turn, and the
medians of the processor's seconds are printed. Needs Linux or macOS (the operating system counts for us).
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

HEADERS = ("合同编号", "合同名称", "乙方", "签订日期", "开始日期", "终止日期", "合同金额（元）", "质保金比例", "付款安排", "责任科室", "经办人", "是否框架协议", "工期", "付款方式")
Value = str | float | datetime.date
# What no loading of ours can fall short of: the tables made, the cells as they stand written into both tables of contracts, nothing checked.
FLOOR = """
import csv, itertools, sys
from pathlib import Path
from auditkb.database import create_tables, open_database, writer
from auditkb.dictionary_files import load_dictionary
from auditkb.records import insert_statement
fields = "number title supplier signed_on starts_on ends_on amount retention_rate payment_schedule department handler is_framework duration_days payment_terms".split()
connection = open_database(Path(sys.argv[2]), create=True)
with writer(connection):
    create_tables(connection, load_dictionary(Path("records")))
with writer(connection), open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = itertools.islice(csv.reader(file), 1, None)
    made = ((row[0], "x", "x", number, *row, row[1]) for number, row in enumerate(rows, 2))
    columns = ["key", "source", "sheet", "row", *fields, "_folded_title"]
    statement = insert_statement("source_rows_contract", columns)
    while batch := list(itertools.islice(made, 5000)):
        connection.executemany(statement, batch)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"insert into contract ({names}) select {names} from source_rows_contract")
"""
MEASURED = {
    "openpyxl read-only, values only": "import openpyxl, sys\nfor row in openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0].iter_rows(values_only=True): pass",
    "auditkb: .xlsx to rows of text": (
        "import sys\nfrom pathlib import Path\nfrom auditkb.sources.source import FORMATS\nfor sheet in FORMATS['.xlsx'](Path(sys.argv[1])):\n    for row in sheet.rows(): pass"),
    "auditkb: .csv to rows of text": (
        "import sys\nfrom pathlib import Path\nfrom auditkb.sources.source import FORMATS\nfor sheet in FORMATS['.csv'](Path(sys.argv[1])):\n    for row in sheet.rows(): pass"),
    "calamine alone": "import python_calamine, sys\nfor row in python_calamine.load_workbook(sys.argv[1]).get_sheet_by_index(0).iter_rows(): pass",
    "floor: csv.reader, executemany": FLOOR,
    "auditkb: .xlsx loaded": "",
    "auditkb: .csv loaded": "",
    "sqlite-utils insert --csv": "",
}


def rows(count: int, seed: int = 1) -> Iterator[list[Value]]:
    """Contracts with fourteen columns: text, dates, money, a share, choices, a flag, a number."""
    chance = random.Random(seed)
    for number in range(count):
        signed = datetime.date(2019, 1, 1) + datetime.timedelta(days=chance.randrange(1500))
        yield [
            f"HT2019-{number:07d}", f"第{number}号道路维修工程项目", f"北京某某公司{number % 900}", signed, signed + datetime.timedelta(5), signed + datetime.timedelta(300),
            round(chance.random() * 1e6, 2), 0.03, "按节点", f"科室{number % 12}", "" if number % 3 else f"经办{number % 50}", "否", chance.randrange(10, 400), "分期",
        ]


def write_csv(path: Path, count: int | None, megabytes: int = 0) -> None:
    """The contracts as CSV in UTF-8: `count` of them, or as many as make a file of this size."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for number, row in enumerate(rows(count if count is not None else 10**9)):
            writer.writerow([f"{row[7]:.0%}" if place == 7 else value for place, value in enumerate(row)])
            if count is None and number % 5000 == 0 and path.stat().st_size >= megabytes * 10**6:
                return


def write_xlsx(path: Path, count: int) -> None:
    """The contracts as a workbook with date and percentage formats."""
    import xlsxwriter

    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("contract")
    date, share = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "0%"})
    sheet.write_row(0, 0, HEADERS)
    for number, row in enumerate(rows(count), 1):
        for place, value in enumerate(row):
            if isinstance(value, datetime.date):
                sheet.write_datetime(number, place, value, date)
            elif value != "":
                sheet.write(number, place, value, share if place == 7 else None)
    book.close()


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds of the processor and peak memory in MB of one process."""
    # Installed packages are compiled beforehand; so is this one where nothing forbids Python to keep what it compiled.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**environment, "PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {status}")
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def command_of(name: str, folder: Path) -> list[str]:
    """The process that one line of the table measures."""
    file = folder / ("contract.csv" if "csv" in name else "contract.xlsx")
    database = folder / "measured.db"
    for leftover in folder.glob("measured.db*"):
        leftover.unlink()
    if name.startswith("sqlite-utils"):
        return [sys.executable, "-m", "sqlite_utils", "insert", str(database), "contract", str(file), "--csv", "--silent"]
    if name.endswith("loaded"):
        return [sys.executable, "ingest.py", "records", str(file), "--type", "contract", "--db", str(database)]
    return [sys.executable, "-c", MEASURED[name], str(file), str(database)]


def compare(folder: Path, count: int, rounds: int) -> None:
    """Print seconds, rows a second, memory and ratios of every line."""
    write_csv(folder / "contract.csv", count)
    write_xlsx(folder / "contract.xlsx", count)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in MEASURED}
    for _ in range(rounds):
        for name in MEASURED:
            found[name].append(measure(command_of(name, folder)))
    seconds = {name: statistics.median(second for second, _ in times) for name, times in found.items()}
    print(f"{'':34} {'seconds':>8} {'rows/s':>9} {'MB':>6} {'x openpyxl':>11} {'x sqlite-utils':>15}")
    for name, second in seconds.items():
        memory = max(peak for _, peak in found[name])
        print(f"{name:34} {second:8.2f} {count / second:9,.0f} {memory:6.0f} {seconds['openpyxl read-only, values only'] / second:11.2f} {seconds['sqlite-utils insert --csv'] / second:15.2f}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, help="load one CSV of this size instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.megabytes is None:
            compare(folder, arguments.rows, arguments.rounds)
        else:
            write_csv(folder / "contract.csv", None, arguments.megabytes)
            second, memory = measure(command_of("auditkb: .csv loaded", folder))
            print(f"{arguments.megabytes} MB of CSV: {second:.1f} s, {arguments.megabytes / second:.1f} MB/s, peak {memory:.0f} MB")


if __name__ == "__main__":
    main()
