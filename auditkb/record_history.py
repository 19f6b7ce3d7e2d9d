"""What newer versions of the sources changed in the records that a finding rests on, and records that hang on nothing."""

from __future__ import annotations

import json
import sqlite3

from auditkb.dictionary import Dictionary, RecordType
from auditkb.errors import Text
from auditkb.schema import quote

CHANGES_SHOWN = 5
_DONE = {"added": Text("新增", "added"), "gone": Text("已撤销", "gone"), "returned": Text("重新出现", "back again"), "removed": Text("已撤回", "taken back")}


def changes_behind(connection: sqlite3.Connection, dictionary: Dictionary, finding_id: str) -> list[Text]:
    """What was changed in the record of a finding, and in the rows that it lists, since the run that found it last."""
    row = connection.execute("select f.record_type, f.record_key, f.evidence, r.started_at from findings f join runs r on r.id = f.last_run where f.id = ?", (finding_id,)).fetchone()
    if row is None:
        return []
    record_type, key, evidence, since = row
    records = {(record_type, key)} | {(item["record_type"], one) for item in json.loads(evidence or "{}").get("rows", []) for one in item["keys"]}
    found: dict[int, Text] = {}
    for name, one in sorted(records):
        changes = connection.execute(
            "select id, key, change, field, old, new from record_changes where record_type = ? and (key = ? or (change = 'rekeyed' and old = ?)) "
            "and datetime(at) >= datetime(?) order by id", (name, one, one, since))
        found |= {number: _said(dictionary, name, *what) for number, *what in changes if name in dictionary}
    shown = [found[number] for number in sorted(found)]
    more = len(shown) - CHANGES_SHOWN
    return shown[:CHANGES_SHOWN] + ([Text(f"另有 {more} 处变化", f"{more} more changes")] if more > 0 else [])


def _said(dictionary: Dictionary, name: str, key: str, change: str, field: str | None, old: str | None, new: str | None) -> Text:
    record_type = dictionary[name]
    record = Text(f"{record_type.label.zh}“{key}”", f'{record_type.label.en} "{key}"')
    if change == "rekeyed":
        return record + Text(f"即原来的“{old}”，该行已更正", f' is what was "{old}", corrected')
    if change != "changed":
        return record + Text("：", ": ") + _DONE.get(change, Text(change, change))
    entry = record_type.fields.get(field or "")
    label = Text(entry.label.zh, entry.label.en) if entry is not None else Text(field or "", field or "")
    return record + Text(f"的“{label.zh}”由 {old} 改为 {new}", f': "{label.en}" changed from {old} to {new}')


def without_parent(connection: sqlite3.Connection, dictionary: Dictionary) -> list[Text]:
    """For each record type, how many records say nothing of what they belong to: no sum of a parent holds them."""
    found = []
    for record_type in dictionary.types.values():
        if record_type.derived is None and record_type.belongs_to:
            number = connection.execute(f"select count(*) from {quote(record_type.type)} where {_names_no_parent(record_type)}").fetchone()[0]
            if number:
                labels = [record_type.fields[name].label for name in record_type.belongs_to]
                zh, en = "、".join(label.zh for label in labels), " or ".join(label.en for label in labels)
                found.append(Text(f"{number} {record_type.measure}{record_type.label.zh}没有写明所属（{zh}）：有关合计不含它们，可能偏少",
                                  f'{number} of the records "{record_type.label.en}" do not say which {en} they belong to: no sum holds them, which may be too low'))
    return found


def _names_no_parent(record_type: RecordType) -> str:
    """SQL of a record that names nothing it belongs to, and of which no paper says that there is nothing."""
    return " and ".join(
        f"{quote(name)} is null and instr(coalesce(_states, ''), '|{name}=blank_in_document|') = 0 and instr(coalesce(_states, ''), '|{name}=not_required|') = 0"
        for name in record_type.belongs_to)
