"""Set-up and tasks on a bare machine: `python3 start.py run` (Windows: `py start.py run`).

Standard library only, no shell. Makes `.venv`, installs what constraints.txt pins, and calls the project's
own scripts with that Python. It knows nothing of records and rules. It must parse on Python 3.6, so that an
older Python gets one plain sentence instead of a syntax error.
"""

import hashlib
import importlib.util
import io
import json
import locale
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "auditkb-set-up.json"
PIP_LOG = VENV / "auditkb-pip.log"
CONSTRAINTS = ROOT / "constraints.txt"
IS_WINDOWS = os.name == "nt"
SAMPLES = ["sample/chunshu-2019", "sample/first-ledger", "sample/office-2024/ledger.xlsx"]
HOST = "127.0.0.1"
LAST_PORT = 65535
BAD_INPUT = 2  # the exit code of this script and of the two that it calls
INTERRUPTED = 130
PIN_PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PIN_SYSTEMS = {
    "linux": ["manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64"],
    "win32": ["win_amd64"],
}


def system_language() -> str:
    """ "zh" on a Chinese system, else "en"; the terminal's variables count before the system's setting."""
    for name in ("AUDITKB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "zh" if os.environ[name].lower().startswith("zh") else "en"
    if IS_WINDOWS:
        import ctypes

        chinese = 0x04  # the primary language in the low ten bits of a Windows language id
        windows = getattr(ctypes, "windll")  # noqa: B009  # absent elsewhere
        return "zh" if windows.kernel32.GetUserDefaultUILanguage() & 0x3FF == chinese else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith("zh") else "en"


language = system_language()


def say(zh: str, en: str) -> str:
    """The one of the two texts that is in the person's language."""
    return zh if language == "zh" else en


if sys.version_info < (3, 11):
    sys.exit(
        say(
            "需要 Python 3.11 或更高版本，当前是 {0}（{1}）。请安装新版本，再用它运行 start.py。",
            "Python 3.11 or newer is needed; this is {0} ({1}). Install one and run start.py with it.",
        ).format(".".join(map(str, sys.version_info[:3])), sys.executable)
    )


import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class Stop(Exception):
    """What keeps the task from going on, in one sentence; ends start.py with exit code 2."""


def stop(zh: str, en: str) -> Stop:
    """The reason to stop, in the person's language."""
    return Stop(say(zh, en))


def tell(zh: str, en: str) -> None:
    """Say at once what goes on."""
    print(say(zh, en), flush=True)


# Command line. Our own small reader, because argparse speaks English only.

COMMANDS = {
    "run": (
        "准备环境，导入样例，运行全部规则，打印结果，并打开网站",
        "set up, load the sample, run all rules, print the result, serve the site",
    ),
    "serve": ("打开已有数据库的网站", "serve the site of a database that is there already"),
    "test": ("运行测试；-- 之后的参数交给 pytest", "run the tests; what follows -- goes to pytest"),
    "check": (
        "检查代码：ruff、mypy，以及生成的文件是否最新",
        "check the code: ruff, mypy, generated files fresh",
    ),
    "bundle": (
        "把所需的安装包收集到一个文件夹，供不能上网的机器使用",
        "collect all wheels in a folder, for a machine without network",
    ),
    "pins": (
        "检查锁定的安装包在各 Python 版本和系统上是否都有（维护者用）",
        "check that every pinned wheel exists for each Python and system (for maintainers)",
    ),
}
TAKES = {
    "run": ["--no-serve", "--port", "--db", "--wheels"],
    "serve": ["--port", "--db", "--wheels"],
    "test": ["--all", "--wheels"],
    "check": ["--wheels"],
    "bundle": ["DIR"],
    "pins": [],
}
EXAMPLES = {
    "run": "run --no-serve",
    "serve": "serve --port 8002",
    "test": "test -- -k start",
    "check": "check",
    "bundle": "bundle wheels",
    "pins": "pins",
}
OPTIONS = {
    "--no-serve": ("", "打印结果后结束，不打开网站", "end after printing the result"),
    "--port": ("N", "网站的端口，默认 8001", "port of the site, 8001 by default"),
    "--db": ("FILE", "数据库文件，默认 kb.db", "database file, kb.db by default"),
    "--all": (
        "",
        "连同需要浏览器等工具的测试；缺少工具算失败",
        "also what needs a browser or other tools; a missing tool is a failure",
    ),
    "--wheels": (
        "DIR",
        "不上网，从该文件夹安装（先用 bundle 收集）",
        "install from this folder, without network (see bundle)",
    ),
    "--lang": ("zh|en", "显示语言，默认随系统", "language, the system's by default"),
    "--help": ("", "显示这份说明", "show this help"),
}


@dataclass
class Task:
    """What was asked for on the command line."""

    command: str
    folder: Path = ROOT
    serves: bool = True
    port: int = 8001
    database: Path = ROOT / "kb.db"
    wheels: Path | None = None
    runs_all: bool = False
    rest: list[str] = field(default_factory=list)


def help_text(command: str = "") -> str:
    """How to use start.py, or one command of it."""
    start = ("py" if IS_WINDOWS else "python3") + " start.py "
    if command:
        words = [command, *[word for word in TAKES[command] if word not in OPTIONS], say("[选项]", "[options]")]
        lines = [start + " ".join(words), say(*COMMANDS[command]), ""]
    else:
        lines = [start + say("命令 [选项]", "COMMAND [options]"), ""]
        lines += [f"  {name:<8}{say(*text)}" for name, text in COMMANDS.items()] + [""]
    for flag in [*TAKES.get(command, []), "--lang", "--help"]:
        if flag in OPTIONS:
            value, zh, en = OPTIONS[flag]
            lines.append(f"  {(flag + ' ' + value).strip():<15}{say(zh, en)}")
    return "\n".join([*lines, "", say("例如：", "Example: ") + start + EXAMPLES.get(command, "run")])


def read_command_line(words: list[str]) -> Task:
    """The task that `words` name; prints the help and ends if asked for. Raises Stop for a wrong word."""
    rest = []
    if "--" in words:
        words, rest = words[: words.index("--")], words[words.index("--") + 1 :]
    plain, values = split_options(words)
    if "--lang" in values:
        set_language(values["--lang"])
    if plain and plain[0] not in COMMANDS:
        raise unknown(plain[0], COMMANDS)
    if not plain or "--help" in values:
        print(help_text(plain[0] if plain else ""))
        sys.exit(0 if "--help" in values else BAD_INPUT)
    return make_task(plain, values, rest)


def split_options(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """The plain words, and the options with their values ('' for an option that takes none)."""
    pending = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    plain, values = [], {}
    while pending:
        word = pending.pop(0)
        word = "--help" if word == "-h" else word
        if not word.startswith("-"):
            plain.append(word)
        elif word not in OPTIONS:
            raise unknown(word, OPTIONS)
        elif OPTIONS[word][0] and not pending:
            value = OPTIONS[word][0]
            raise stop(f"{word} 后面要写 {value}。", f"{word} needs a value: {value}.")
        else:
            values[word] = pending.pop(0) if OPTIONS[word][0] else ""
    return plain, values


def set_language(name: str) -> None:
    """Speak `name` here and in the scripts that are called."""
    global language
    if name not in ("zh", "en"):
        raise unknown(name, ["zh", "en"])
    language = os.environ["AUDITKB_LANG"] = name


def unknown(word: str, allowed: Iterable[str]) -> Stop:
    """The refusal of a word that is none of those allowed."""
    names = " ".join(allowed)
    return stop(f"不认识 {word}；可用：{names}。", f"{word} is not known here; allowed: {names}.")


def make_task(plain: list[str], values: dict[str, str], rest: list[str]) -> Task:
    """The task of the command `plain[0]`. Raises Stop for what the command does not take."""
    task = Task(plain[0], rest=rest)
    takes = [*TAKES[task.command], "--lang"]
    for word in [*values, *(["--"] if rest and task.command != "test" else [])]:
        if word not in takes:
            raise unknown(f"{task.command} {word}", takes)
    if "DIR" in takes and len(plain) == 2:
        task.folder = Path(plain[1]).resolve()
    elif "DIR" in takes or len(plain) > 1:
        usage = help_text(task.command).splitlines()[0]
        raise stop(f"应写作：{usage}", f"Write: {usage}")
    task.serves = "--no-serve" not in values
    task.runs_all = "--all" in values
    task.database = Path(values.get("--db", task.database)).resolve()
    task.port = read_port(values.get("--port", "8001"))
    task.wheels = find_wheels(values["--wheels"]) if "--wheels" in values else None
    return task


def read_port(text: str) -> int:
    """A port number."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT):
        raise stop(
            f"--port 应为 1 到 65535 的数字，不能是 {text}。",
            f"--port is a number from 1 to 65535, not {text}.",
        )
    return int(text)


def find_wheels(text: str) -> Path:
    """The folder of wheels that `--wheels` names."""
    folder = Path(text).resolve()
    if not any(folder.glob("*.whl")):
        raise stop(
            f"文件夹 {folder} 里没有安装包（*.whl）；请先在能上网的机器上运行 start.py bundle。",
            f"There are no wheels (*.whl) in {folder}; first run start.py bundle on a machine with network.",
        )
    return folder


# Set-up: the virtual environment and what is installed in it.


def venv_python() -> Path:
    """The Python of the virtual environment."""
    return VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")


def use_environment() -> None:
    """Go on in `.venv` where this Python lacks the dependencies, so that `python3 checks.py …` just works."""
    if all(importlib.util.find_spec(name) is not None for name in ("click", "pydantic", "sqlglot", "sqlite_utils", "yaml")):
        return
    if not venv_python().exists():
        sys.exit("请先运行：python3 start.py run（在 Windows 上：py start.py run）\nFirst run: python3 start.py run (on Windows: py start.py run)")
    sys.exit(subprocess.call([str(venv_python()), *sys.argv]))


def call(*command: object, **environment: str) -> int:
    """Run a command in the project's folder with its output on this terminal; its exit code."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    # Files are read as UTF-8 whatever the system's code page; the terminal still gets what it can show.
    utf8 = {"PYTHONUTF8": "1", "PYTHONIOENCODING": f"{encoding}:replace"}
    words = [str(word) for word in command]
    sys.stdout.flush()
    process = subprocess.Popen(words, cwd=str(ROOT), env={**os.environ, **utf8, **environment})
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal has told the child too: let it end by itself.
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def requirements(groups: list[str]) -> list[str]:
    """The direct dependencies in pyproject.toml: those of the product itself, then those of `groups`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found: list[str] = list(project["project"]["dependencies"])
    for group in groups:
        found += project["dependency-groups"][group]
    return found


def set_up(groups: list[str], wheels: Path | None) -> None:
    """Make `.venv` hold the pinned dependencies of the product and of `groups`; at once if it holds them."""
    stamp = read_stamp()
    groups = sorted({*groups, *stamp.get("groups", [])})
    content = CONSTRAINTS.read_text("utf-8") + "\n".join(requirements(groups))
    wanted = {
        "groups": groups,
        "python": list(sys.version_info[:3]),
        "digest": hashlib.sha256(content.encode()).hexdigest(),
    }
    if stamp == wanted:
        return
    make_venv()
    tell(
        "正在安装依赖，第一次约需一分钟……",
        "Installing the dependencies; the first time takes about a minute ...",
    )
    where = ["--no-index", "--find-links", str(wheels)] if wheels else []
    pip("install", *where, "--constraint", str(CONSTRAINTS), *requirements(groups))
    STAMP.write_text(json.dumps(wanted), "utf-8")


def read_stamp() -> dict[str, Any]:
    """What the last complete set-up of a usable `.venv` wrote; {} where there is none."""
    try:
        return dict(json.loads(STAMP.read_text("utf-8"))) if is_usable() else {}
    except (OSError, ValueError):
        return {}


def is_usable() -> bool:
    """Whether `.venv` is whole, has this Python's version, and the Python that made it is still there."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return False
    made = dict(line.split(" = ", 1) for line in lines if " = " in line)
    version = made.get("version", made.get("version_info", "")).split(".")[:2]
    folders = [VENV / "Lib", *VENV.glob("lib/python*")]
    has_pip = any((folder / "site-packages/pip/__main__.py").exists() for folder in folders)
    return (
        version == [str(part) for part in sys.version_info[:2]]
        and has_pip
        and venv_python().exists()
        and Path(made.get("home", "")).is_dir()
    )


def make_venv() -> None:
    """Make `.venv` with this Python, unless a usable one is there."""
    if is_usable():
        return
    for name in ("venv", "ensurepip"):
        if importlib.util.find_spec(name) is None:
            raise stop(
                f"这个 Python 缺少 {name} 模块，不能建立虚拟环境；"
                "在 Debian 或 Ubuntu 上请先运行：sudo apt install python3-venv",
                f"This Python lacks the {name} module, so no virtual environment can be made; "
                "on Debian or Ubuntu first run: sudo apt install python3-venv",
            )
    version = ".".join(map(str, sys.version_info[:3]))
    tell(f"正在用 Python {version} 建立 .venv……", f"Making .venv with Python {version} ...")
    if VENV.exists():
        shutil.rmtree(VENV)
    if call(sys.executable, "-m", "venv", VENV) != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise stop(
            "虚拟环境 .venv 没有建成，原因见上面的输出。",
            "The virtual environment .venv could not be made; the output above says why.",
        )


def pip(*words: str) -> None:
    """Run the environment's pip with the machine's own settings. Raises Stop if it fails."""
    options = ["--log", str(PIP_LOG), "--disable-pip-version-check", "--no-input"]
    PIP_LOG.unlink(missing_ok=True)
    in_terminal = sys.stdout.isatty()
    lines = []
    process = subprocess.Popen(
        [str(venv_python()), "-m", "pip", *words, *options],
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    for line in process.stdout or ():
        lines.append(line.strip())
        if in_terminal and line.startswith("Collecting "):
            print(f"\r  {line.split()[1][:60]:<60}", end="", flush=True)
    if in_terminal:
        print("\r" + " " * 62 + "\r", end="", flush=True)
    if process.wait() != 0:
        raise why_pip_failed(lines)


# What pip's log says when it reached no server, as opposed to a server that lacks a package.
NO_NETWORK = re.compile(
    "connection broken by|Failed to establish|NewConnectionError|NameResolution|ProxyError|ConnectTimeout|"
    "ReadTimeout|Max retries exceeded|Network is unreachable|Connection refused"
)


def why_pip_failed(lines: list[str]) -> Stop:
    """One sentence from pip's output: what happened and what to do."""
    log = PIP_LOG.relative_to(ROOT)
    if PIP_LOG.exists() and NO_NETWORK.search(PIP_LOG.read_text("utf-8", "replace")):
        return stop(
            "连不上软件包服务器，依赖没有装上。请检查网络和代理设置；不能上网的机器，"
            "请先在能上网的同类机器上运行 start.py bundle DIR，把文件夹拷来，再加 --wheels DIR。"
            f"（详见 {log}）",
            "The package server could not be reached, so the dependencies are not installed. Check network "
            "and proxy; without network, run start.py bundle DIR on a like machine that has one, "
            f"copy the folder here and add --wheels DIR. (Details: {log})",
        )
    errors = [line.replace("ERROR: ", "") for line in lines if line.startswith("ERROR:")]
    reason = errors[0] if errors else "".join(lines[-1:])
    return stop(
        f"pip 没有装上依赖：{reason}（详见 {log}）",
        f"pip could not install the dependencies: {reason} (details: {log})",
    )


# The tasks.


def site_arguments(database: Path) -> list[str]:
    """What `datasette serve` is called with for the site of `database`: the one place that says so."""
    return [
        str(database),
        *("--metadata", "metadata.yml"),
        *("--plugins-dir", "web/plugins"),
        *("--template-dir", "web/templates"),
        *("--static", "static:web/static"),
        # Suggested facets cost a second a page on a large table; a facet stops when a query must.
        *("--setting", "suggest_facets", "off"),
        *("--setting", "facet_time_limit_ms", "3000"),
        *("--setting", "sql_time_limit_ms", "6000"),
        *("--setting", "max_returned_rows", "1000"),
    ]


def check_port(port: int) -> None:
    """Raise Stop if the port cannot be had."""
    with socket.socket() as probe:
        if not IS_WINDOWS:  # there the option would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            other = port + 1 if port < LAST_PORT else 8001
            raise stop(
                f"端口 {port} 不能用（也许网站已经开着：http://{HOST}:{port}/）；请换一个端口：--port {other}",
                f"Port {port} cannot be had (perhaps the site is open already: http://{HOST}:{port}/); "
                f"take another: --port {other}",
            ) from None


def serve(task: Task) -> int:
    """Serve the site until Ctrl+C."""
    if not task.database.is_file():
        raise stop(
            f"没有数据库 {task.database}；请先运行 start.py run。",
            f"There is no database {task.database}; first run: start.py run",
        )
    check_port(task.port)
    set_up([], task.wheels)
    address = f"http://{HOST}:{task.port}/"
    tell(f"网站：{address} （按 Ctrl+C 停止）", f"The site: {address} (Ctrl+C stops it)")
    place = ["--host", HOST, "--port", task.port]
    try:
        return call(venv_python(), "-m", "datasette", "serve", *site_arguments(task.database), *place)
    except KeyboardInterrupt:
        return 0


def run(task: Task) -> int:
    """Set up, load the sample, run the rules, print the result, serve. Ends at the first step that fails."""
    if task.serves:
        check_port(task.port)
    set_up([], task.wheels)
    code = call(venv_python(), "ingest.py", "records", *SAMPLES, "--db", task.database)
    follows = {"AUDITKB_SITE_FOLLOWS": "1"} if task.serves else {}
    code = code or call(venv_python(), "checks.py", "run", "--db", task.database, **follows)
    return (serve(task) or code) if task.serves and code != BAD_INPUT else code


def test(task: Task) -> int:
    """Run the tests; with --all also those that need tools which a plain machine lacks."""
    set_up(["test"], task.wheels)
    environment = {"AUDITKB_ALL": "1"} if task.runs_all else {}
    return call(venv_python(), "-m", "pytest", *task.rest, **environment)


def check_commands() -> list[list[str]]:
    """The checks of the code, each a command for the environment's Python."""
    typed = [name for name in ("auditkb", "start.py", "ingest.py", "checks.py") if (ROOT / name).exists()]
    commands = [["-m", "ruff", "check", "."], ["-m", "mypy", *typed]]
    if importlib.util.find_spec("auditkb.generated"):
        commands.append(["-m", "auditkb.generated", "--check"])
    return commands


def check(task: Task) -> int:
    """Run every check, also after one has failed."""
    set_up(["test", "check"], task.wheels)
    failed = [" ".join(command) for command in check_commands() if call(venv_python(), *command) != 0]
    for command in failed:
        print(say("没有通过：", "Failed: ") + f"python {command}", file=sys.stderr)
    return 1 if failed else 0


def bundle(task: Task) -> int:
    """Collect the wheels of all groups for machines of this kind. Wheels only: nothing is ever built."""
    make_venv()
    tell(f"正在收集安装包到 {task.folder} ……", f"Collecting the wheels in {task.folder} ...")
    wanted = ["--constraint", str(CONSTRAINTS), *requirements(["test", "check"])]
    pip("download", "--only-binary=:all:", "--dest", str(task.folder), *wanted)
    count = len(list(task.folder.glob("*.whl")))
    tell(
        f"共 {count} 个安装包；在另一台机器上运行：start.py run --wheels DIR",
        f"{count} wheels; on the other machine: start.py run --wheels DIR",
    )
    return 0


def pins(task: Task) -> int:
    """Ask pip for every pinned wheel for each Python and system; installs nothing."""
    make_venv()
    lines = [line for line in CONSTRAINTS.read_text("utf-8").splitlines() if "==" in line]
    for version in PIN_PYTHONS:
        for system, tags in PIN_SYSTEMS.items():
            # pip judges a marker by the machine that it runs on, so it is judged here.
            parts = [line.partition(";") for line in lines]
            names = [pin.strip() for pin, _, marker in parts if not marker or f'"{system}"' in marker]
            platforms = [word for tag in tags for word in ("--platform", tag)]
            where = ["--target", str(VENV / "unused"), "--python-version", version, *platforms]
            what = ["--ignore-installed", "--no-deps", "--only-binary=:all:", *names]
            pip("install", "--dry-run", "--quiet", *where, *what)
            tell(f"Python {version} {system}：齐全", f"Python {version} {system}: all there")
    return 0


TASKS = {"run": run, "serve": serve, "test": test, "check": check, "bundle": bundle, "pins": pins}


def main(words: list[str]) -> int:
    """Do what the command line says; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a GBK console has no sign for some characters
    try:
        task = read_command_line(words)
        return TASKS[task.command](task)
    except Stop as reason:
        print(reason, file=sys.stderr)
    except OSError as error:
        zh, en = f"无法读写 {error.filename}：{error.strerror}", f"Cannot use {error.filename}: {error.strerror}"
        print(say(zh, en), file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
