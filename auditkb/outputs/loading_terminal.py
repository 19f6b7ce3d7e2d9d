"""What the terminal shows of a loading, and of what removing a source would take away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditkb.dictionary import Dictionary
from auditkb.errors import Text, counted
from auditkb.notes import KINDS
from auditkb.outputs.source_list import local_time
from auditkb.sources.loading import LoadReport
from auditkb.sources.removing import Removal

if TYPE_CHECKING:
    from rich.console import Console

_STATES = {"loaded": Text("已读入", "loaded"), "replaced": Text("已更新", "replaced"), "unchanged": Text("没有变化", "unchanged")}
_READ_AGAIN = Text("文件没有变，按新的读法重新读入", "the same file, read anew in another way")
_YELLOW = "yellow"
_Line = tuple[Text, str | None]
"""A line in words, and its colour where it has one."""


def print_loading(console: Console, report: LoadReport, dictionary: Dictionary, language: str) -> None:
    """What was loaded of one source, what a newer version changed, what counts as complete, and how much is to be checked."""
    state = _READ_AGAIN if report.read_again else _STATES[report.state]
    console.print(f"{report.source}: {state.say(language)}", style="bold", markup=False)
    for lines in (_rows(report, dictionary), _changes(report), _shared(report), _coverage(report, dictionary), _told(report, dictionary), _problems(report)):
        for words, style in lines:
            console.print("  " + words.say(language), style=style, markup=False)


def _rows(report: LoadReport, dictionary: Dictionary) -> Iterator[_Line]:
    for name, count in report.rows.items():
        if count:
            yield _of(dictionary, name, Text(f"{count} 行", counted(count, "row"))), None
    for name, count in report.created.items():
        yield _of(dictionary, name, Text(f"由其他记录中的名称建立 {count} 个", f"{count} made from names in other records")), None


def _of(dictionary: Dictionary, name: str, words: Text) -> Text:
    label = dictionary[name].label
    return Text(f"{label.zh}: {words.zh}", f"{label.en}: {words.en}")


def _changes(report: LoadReport) -> Iterator[_Line]:
    changes = report.changes
    for count, zh, en in (
        (changes.changed, "条更正", "corrected"), (changes.rekeyed, "条更正后编号改变，与原来同一行的记录是同一条", "corrected under a new key, the same record as the one of that row before"),
        (changes.added, "条新增", "added"), (changes.gone, "条已不在文件中，记为已撤销", "no longer there, marked as gone"),
        (changes.returned, "条重新出现", "back again"), (changes.taken_back, "条只有原来的读法才有，已撤回", "came only of the former way of reading, taken back"),
        (changes.kept, "条不在文件中，保留原记录", "not in the file, kept as they were"),
    ):
        if count:
            yield Text(f"{count} {zh}", f"{count} {en}"), None


def _shared(report: LoadReport) -> Iterator[_Line]:
    """What another source has too: one record each, and where the two differ neither value is used unless one is declared to win."""
    for entry in report.shared:
        label = entry.record_type.label
        yield (Text(f"{label.zh}: {entry.of} 条中有 {entry.number} 条来源“{entry.source}”也有，各作为一条记录", f'{label.en}: {entry.number} of {entry.of} are in the source "{entry.source}" too, each is one record'),
               _YELLOW if entry.is_like_newer else None)


def _coverage(report: LoadReport, dictionary: Dictionary) -> Iterator[_Line]:
    """Which record types count as complete, and which do not; a `source.yml` that has no say here."""
    said: dict[bool, dict[str, list[Text]]] = {True: {}, False: {}}
    for entry in report.coverage:
        parts = [*((f"{dictionary[name].label.zh} {key}", f"{dictionary[name].label.en} {key}") for name, key in (entry.record or {}).items()),
                 *((str(part), str(part)) for part in (entry.fiscal_year, entry.department) if part is not None)]
        scopes = said[entry.complete].setdefault(entry.covers, [])
        if parts:
            scopes.append(Text("，".join(zh for zh, _ in parts), ", ".join(en for _, en in parts)))
    covered = {entry.covers for entry in report.coverage}
    for name, count in report.rows.items():
        if count and name not in covered:
            said[False].setdefault(name, [])
    for words, listed in ((Text("按完整处理：", "taken as complete: "), said[True]), (Text("按不完整处理：", "taken as partial: "), said[False])):
        if listed:
            types = [(dictionary[name].label.zh + scope.zh, dictionary[name].label.en + scope.en) for name, scopes in listed.items() for scope in [_in_brackets(scopes)]]
            yield words + Text("、".join(zh for zh, _ in types), ", ".join(en for _, en in types)), None
    path = Path(report.path)
    if path.is_file() and (path.parent / "source.yml").is_file():
        yield (Text(f"旁边的 source.yml 没有用：读入的是单个文件。要用它，读入文件夹 {path.parent.as_posix()}；否则写在 {path.stem}.map.yml",
                    f"the source.yml beside it was not used, because a single file was loaded. To use it load the folder {path.parent.as_posix()}; or write {path.stem}.map.yml"), _YELLOW)


def _in_brackets(scopes: list[Text]) -> Text:
    """For what a statement of completeness holds; several are only counted."""
    if not scopes:
        return Text("", "")
    words = scopes[0] if len(scopes) == 1 else Text(f"{len(scopes)} 个范围", f"{len(scopes)} scopes")
    return Text(f"（{words.zh}）", f" ({words.en})")


def _told(report: LoadReport, dictionary: Dictionary) -> Iterator[_Line]:
    """What needs nothing to be done, but is good to know."""
    if report.unread:
        yield Text(f"{report.unread} 种内容在数据字典中没有位置，未读入，见 ingest.py problems --unread", f"{counted(report.unread, 'path')} without a place in the dictionary, not read: see ingest.py problems --unread"), None
    if marked := report.notes.get("marked", 0):
        yield Text(f"{marked} 个单元格注明了空白、未采集等状态", f"{counted(marked, 'cell')} marked as blank, not captured or the like"), None
    if by_alias := report.notes.get("alias", 0):
        yield Text(f"{by_alias} 个单元格按别名文件对应到记录", f"{counted(by_alias, 'cell')} understood by the alias file"), None
    if empty := [dictionary[name].label for name, count in report.rows.items() if not count]:
        yield Text(f"没有记录的表：{'、'.join(label.zh for label in empty)}", f"no records: {', '.join(label.en for label in empty)}"), None


def _problems(report: LoadReport) -> Iterator[_Line]:
    if report.problems:
        yield Text(f"{report.problems} 处需要核对，见 ingest.py problems", f"{report.problems} to be checked: see ingest.py problems"), _YELLOW
        for kind, label in KINDS.items():
            if kind in report.notes:
                yield Text(f"  {label.zh}: {report.notes[kind]}", f"  {label.en}: {report.notes[kind]}"), _YELLOW
    if report.said:
        yield Text(f"另有 {report.said} 处只作说明（合计行、注、跳过的列、隐藏的行等），见 ingest.py problems --all", f"{report.said} more only said (totals, notes, skipped columns, hidden rows): see ingest.py problems --all"), None


def print_removal(console: Console, removal: Removal, dictionary: Dictionary, language: str) -> None:
    """What removing a source would take away."""
    when = local_time(removal.loaded_at)
    lines = [Text(f"来源“{removal.source}”（{removal.title}，{removal.path}，{when} 读入）将撤回：", f'The source "{removal.source}" ({removal.title}, {removal.path}, loaded {when}) would be removed:')]
    for name, count in removal.records.items():
        shared = removal.shared.get(name, 0)
        also = Text(f"，其中 {shared} 条其他来源也有，将保留", f", of which {shared} stay, because another source has them too") if shared else Text("", "")
        lines.append(Text("  ", "  ") + _of(dictionary, name, Text(str(count), str(count)) + also))
    if removal.notes:
        lines.append(Text(f"  待核对的问题 {removal.notes} 处", f"  {counted(removal.notes, 'problem')} to be checked"))
    if removal.findings:
        lines.append(Text(f"  这些记录上的疑点 {removal.findings} 个，下次检查后记为“记录已撤销”", f"  {counted(removal.findings, 'finding')} on these records; after the next run gone, because the record is gone"))
    for line in lines:
        console.print(line.say(language), markup=False, soft_wrap=True)
