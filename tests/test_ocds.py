"""OCDS files as records: forms of the standard, keys, dates, money, references, what is not read, and hostile files."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditkb.dictionary_files import load_dictionary
from auditkb.errors import KnowledgeBaseError
from auditkb.findings import load_classes
from auditkb.notes import list_problems, list_unread
from auditkb.rules.load import load_rules
from auditkb.run_findings import found
from auditkb.runs import run_rules
from auditkb.sources.loading import load_source
from tests.empty_databases import empty_database

ROOT = Path(__file__).resolve().parents[1]
DICTIONARY = load_dictionary(ROOT / "records")
INVENTED = ROOT / "tests" / "data" / "ocds-invented.json"
CONTRACT = "ocds-invent-001/HT%2F2024%2F1"


@pytest.fixture
def load(connection, tmp_path):
    """A function that writes a value as JSON (a list as JSON Lines), or bytes as they are, and loads the file."""

    def load_it(content, name=None):
        name = name or ("made.jsonl" if isinstance(content, list) else "made.json")
        if not isinstance(content, bytes):
            content = "\n".join(json.dumps(line, ensure_ascii=False) for line in content).encode() if isinstance(content, list) else json.dumps(content, ensure_ascii=False).encode()
        tmp_path.joinpath(name).write_bytes(content)
        return load_source(connection, DICTIONARY, tmp_path / name)

    return load_it


def package():
    return json.loads(INVENTED.read_text("utf-8"))


def release(**more):
    return {**copy.deepcopy(package()["releases"][0]), **more}


def rows(connection, table, columns="*", where="1"):
    return connection.execute(f"select {columns} from {table} where {where} order by key").fetchall()


def problems(connection):
    return {(row[2], row[3], row[5], row[6], row[9]) for row in list_problems(connection, "en")}


def faults_of(load, content, name=None):
    with pytest.raises(KnowledgeBaseError) as error:
        load(content, name)
    assert all(fault.text.zh for fault in error.value.faults)
    return [fault.say("en") for fault in error.value.faults]


# --- what is read

def test_every_field_of_a_release_goes_where_the_dictionary_says(connection):
    report = load_source(connection, DICTIONARY, INVENTED)
    assert report.rows == {"organisation": 3, "project": 1, "budget": 1, "tender": 1, "award": 1, "contract": 1, "quote": 2, "payment_plan": 1, "payment": 2, "amendment": 1, "acceptance": 1}
    assert rows(connection, "contract", "key, number, title, award, tender, project, buyer, supplier, signed_on, starts_on, ends_on, duration_days, amount, status, row") == [
        (CONTRACT, "HT/2024/1", "绿化养护合同", "ocds-invent-001/1", "ocds-invent-001", "ocds-invent-001", "听松街道办事处", "青禾绿化有限公司", "2024-03-20", "2024-03-15", "2024-12-31", 291, 470000.0, "in_progress", 1)]
    assert rows(connection, "tender", "number, buyer, method, object, estimated_amount, notice_on, docs_issued_on, bids_due_on, registered, project") == [
        ("T-1", "听松街道办事处", "open_tender", "services", 480000.5, "2024-01-30", "2024-02-01", "2024-02-25", 2, "ocds-invent-001")]
    assert rows(connection, "payment", "key, number, contract, paid_on, amount, payee") == [
        (f"{CONTRACT}/t1", "t1", CONTRACT, "2024-03-10", 100000.0, "青禾绿化有限公司"), (f"{CONTRACT}/t2", "t2", CONTRACT, "2024-12-01", 370000.0, "青禾绿化有限公司")]
    assert rows(connection, "payment_plan", "key, contract, condition, due_on, amount") == [(f"{CONTRACT}/m1", CONTRACT, "验收后付清", "2024-11-30", 470000.0)]
    assert rows(connection, "quote", "key, tender, supplier, amount, is_valid") == [
        ("ocds-invent-001/q1", "ocds-invent-001", "青禾绿化有限公司", 470000.0, 1), ("ocds-invent-001/q2", "ocds-invent-001", None, None, 0)]
    assert rows(connection, "amendment", "contract, number, signed_on, reason") == [(CONTRACT, "a1", "2024-05-05", "增加面积")]
    assert rows(connection, "organisation", "name, uscc, phone") == [("听松街道办事处", None, None), ("远山园林有限公司", None, None), ("青禾绿化有限公司", "91110000MA00000001", "010-11")]
    assert rows(connection, "project", "name, number, organisation") == [("绿化养护", "P-7", "听松街道办事处")]


def test_what_cannot_be_taken_is_listed_with_its_place(connection):
    load_source(connection, DICTIONARY, INVENTED)
    assert problems(connection) == {
        ("1:bids/details/1/tenderers/0", "quote", "supplier", "{…} / {…}", "unreadable"),
        ("1:bids/details/1/value/amount", "quote", "amount", "60000 USD", "other_currency"),
        ("1:awards/0/value/amount", "award", "amount", "470000.005 CNY", "unreadable")}
    assert "|amount=other_currency|" in rows(connection, "quote", "_states", "key like '%q2'")[0][0]


def test_what_has_no_place_is_counted_by_path(connection):
    report = load_source(connection, DICTIONARY, INVENTED)
    unread = {path: (count, example) for _, path, count, example in list_unread(connection)}
    assert unread["contracts/milestones/description"] == (1, "春季补植")
    assert unread["parties/identifier/id"] == (1, "7") and unread["parties/roles"] == (1, "buyer")
    assert unread["tender/documents/datePublished"] == (1, "2024-02-01T00:00:00Z") and "tender/documents[documentType=tenderNotice]/datePublished" not in unread
    assert not {"contracts/awardID", "contracts/value/currency", "ocid", "contracts/id"} & unread.keys()
    assert report.unread == len(unread) == 12


def test_numbers_stay_as_they_are_written(load, connection):
    written = ["12", 12, "12.00", 12.0, 1.2e1, "0.1", 0.1]
    load([{"ocid": f"a{number}", "tender": {"id": "1", "value": {"amount": amount, "currency": "CNY"}}} for number, amount in enumerate(written)])
    assert [row[0] for row in rows(connection, "tender", "estimated_amount")] == [12.0] * 5 + [0.1] * 2


def test_a_date_is_the_calendar_date_as_it_is_written(load, connection):
    written = ["2024-01-01T00:30:00+08:00", "2024-01-01T23:30:00-11:00", "2024-01-01T05:00:00.000000Z", "2024-01-01 10:00", "2024-01-01"]
    load([{"ocid": f"a{number}", "tender": {"id": "1", "tenderPeriod": {"endDate": date}}} for number, date in enumerate(written)])
    assert [row[0] for row in rows(connection, "tender", "bids_due_on")] == ["2024-01-01"] * 5


def test_pesos_are_no_yuan_and_a_missing_currency_is_none(load, connection):
    values = [({"amount": 5, "currency": "MXN"}, "other_currency"), ({"amount": 5}, "unreadable"), ({"amount": 5, "currency": ""}, "unreadable"),
              ({"amount": "x", "currency": "CNY"}, "unreadable"), ({"amount": "", "currency": "CNY"}, None)]
    load([{"ocid": f"a{number}", "tender": {"id": "1", "value": value}} for number, (value, _) in enumerate(values)])
    assert rows(connection, "tender", "estimated_amount, _states") == [(None, f"|estimated_amount={state}|" if state else None) for _, state in values]


@pytest.mark.slow
def test_a_rule_of_yuan_does_not_judge_pesos(load, connection):
    pesos = release()
    pesos["contracts"][0]["implementation"]["transactions"][0]["value"] = {"amount": 900000, "currency": "MXN"}
    load([pesos])
    rule_set = load_rules(ROOT / "rules", DICTIONARY)
    report = run_rules(connection, DICTIONARY, rule_set, [], load_classes(ROOT / "findings" / "classes.yml"), as_of="2025-01-01")
    assert report.is_complete and report.records("PAY-007", "fail") == 0 and report.records("PAY-007", "not_evaluated") == 1
    assert ("PAY-007", None, "not_evaluated", "other_currency:payment.amount") in {key for key in report.counts if key[0] == "PAY-007"}


# --- forms of the standard

FORMS = {
    "one.json": lambda one: one,
    "list.json": lambda one: [one],
    "releases.json": lambda one: {"version": "1.1", "releases": [one]},
    "records.json": lambda one: {"records": [{"ocid": one["ocid"], "compiledRelease": one, "releases": [{"url": "https://example.org"}]}]},
    "embedded.json": lambda one: {"records": [{"ocid": one["ocid"], "releases": [one]}]},
    "lines.jsonl": lambda one: one,
    "packages.jsonl": lambda one: {"releases": [one]},
    "records.jsonl": lambda one: {"ocid": one["ocid"], "compiledRelease": one},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_records(load, connection, name):
    content = json.dumps(FORMS[name](release()), ensure_ascii=False).encode("utf-8-sig" if name == "one.json" else "utf-8")
    load(content, name)
    assert [row[0] for row in rows(connection, "contract", "key")] == [CONTRACT] and len(rows(connection, "payment")) == 2


def test_a_compiled_release_stands_for_the_others(load, connection):
    draft = release(tag=["tender"], contracts=[], date="2024-01-01")
    load([draft, release(), release(tag=["award"], contracts=[], date="2025-01-01")])
    assert rows(connection, "contract", "key, row") == [(CONTRACT, 2)]


def test_releases_without_a_compiled_one_are_merged_by_date(load, connection):
    later = {"ocid": "a", "date": "2024-02-01T00:00:00Z", "tag": ["contract"], "tender": {"id": "1", "title": None}, "contracts": [{"id": "c2"}, {"id": "c1", "title": "乙", "period": {"endDate": "2024-12-31"}}]}
    first = {"ocid": "a", "date": "2024-01-01T00:00:00Z", "tag": ["tender"], "tender": {"id": "1", "title": "甲"}, "contracts": [{"id": "c1", "title": "甲", "dateSigned": "2024-01-05"}]}
    load([later, {"ocid": "b", "tender": {"id": "9"}}, first])
    assert rows(connection, "contract", "key, title, signed_on, ends_on") == [("a/c1", "乙", "2024-01-05", "2024-12-31"), ("a/c2", None, None, None)]
    assert rows(connection, "tender", "key, title") == [("a", None), ("b", None)]


@pytest.mark.parametrize(("lines", "message"), [
    ([release(), release()], "2 compiled releases (at 1, 2)"),
    ([release(tag=["tender"]), release(tag=["award"])], "equal or missing dates"),
    ([release(tag=["tender"], date=None), release(tag=["award"])], "equal or missing dates"),
    ([{"ocid": "a", "date": "1", "contracts": [{"id": "1"}, {"id": "1"}]}, {"ocid": "a", "date": "2"}], "an id stands twice in one list"),
])
def test_what_could_be_read_in_two_ways_is_refused(load, lines, message):
    assert any(message in fault for fault in faults_of(load, lines))


# --- broken and hostile

@pytest.mark.parametrize(("content", "name", "message"), [
    (b'{"ocid": "a"}\n{"ocid": \n', "x.jsonl", "x.jsonl:2: broken JSON"),
    (b'{"ocid": "a"}\n{"ocid": "b", "x": NaN}\n', "x.jsonl", "x.jsonl:2: broken JSON (NaN is no number)"),
    (b'{"ocid": "a"}\n[1]\n"x"\n', "x.jsonl", "x.jsonl:3: it should be an object"),
    (b'{"ocid": "a", "ocid": "b"}\n', "x.jsonl", '"ocid" stands twice'),
    (b'{"ocid": "a"}\n{"ocid": "b", "tender": {"id": "1", "id": "2"}}\n', "x.jsonl", '"id" stands twice'),
    (b'{"ocid": "a", "tender": {"id": "1", "id": "2"}}', "x.json", '"id" stands twice'),
    (b'{"ocid": "a", "x": ' + b"[" * 100_000, "x.jsonl", "x.jsonl"),
    (b'{"ocid": "a"}\n{"ocid": "b", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "x.jsonl", "nested too deeply"),
    (b'{"ocid": "b", "x": ' + b"[" * 200 + b"]" * 200 + b"}", "x.json", "nested too deeply"),
    (b'{"ocid": "b", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "x.json", "x.json"),
    (b'{"ocid": "a"}\n{"ocid": "b", "x": "\\ud800"}', "x.jsonl", "x.jsonl:2: it holds half a character"),
    (b'{"ocid": "b", "x": "a\\u0000b"}', "x.json", "it holds half a character or a zero byte"),
    (b'{"ocid": "b", "x": ' + b"9" * 6000 + b"}", "x.json", "a number is too long"),
    (b'{"ocid": "b", "x": 1e' + b"9" * 30 + b"}", "x.json", "a number is too long"),
    (b'{"ocid": "a"}\n{"ocid": "b", "x": 1e' + b"9" * 30 + b"}", "x.jsonl", "x.jsonl:2: a number is too long"),
    (b'{"ocid": "b", "pad": "' + b"y" * 64_000 + b'", "pa": [' + b"1" * 6000 + b"]}", "x.json", "a number is too long"),
    (b'{"releases": [{"ocid": "a"}, {"ocid": "b"', "x.json", "broken JSON"),
    (b'{"releases": []}', "x.json", "holds no release"),
    (b'{"ocid": "a"}\n\xff\xfe\n', "x.jsonl", "is not UTF-8"),
    (b'{"ocid": "a", "tender": "\xff"}', "x.json", "broken JSON"),
    (b'{"releases": [{"id": 1}]}', "x.json", "has no ocid"),
    (b'{"ocid": "", "contracts": []}', "x.json", "has no ocid"),
    (b'{"ocid": "a", "contracts": "x"}', "x.json", "contracts should be a list of objects"),
    (b'{"ocid": "a", "contracts": [1]}', "x.json", "contracts should be a list of objects"),
    (b'{"ocid": "a", "tender": [1]}', "x.json", "tender should be an object"),
    (b'{"ocid": "a", "contracts": [{"title": "x"}]}', "x.json", "contracts/0 has no id"),
    (b'{"records": [{"ocid": "a", "releases": [{"url": "x"}]}]}', "x.json", "neither a compiledRelease nor its releases in full"),
])
def test_a_file_that_cannot_be_used_is_refused_with_its_place(load, connection, content, name, message):
    assert any(message in fault for fault in faults_of(load, content, name)), faults_of(load, content, name)
    assert connection.execute("select count(*) from sources").fetchone() == (0,)


def test_values_of_a_wrong_kind_are_listed_and_the_rest_is_read(load, connection):
    load([{"ocid": "a", "buyer": "x", "contracts": [{"id": "1", "title": {"x": 1}, "dateSigned": ["2024-01-01", "2024-01-02"], "period": "soon", "value": {"amount": 10**400, "currency": "CNY"}, "description": "x" * 200_000}]},
          {"ocid": "b", "contracts": [{"id": "1", "title": "y" * 200_000, "value": {"amount": 1e300, "currency": "CNY"}, "awardID": "9"}]}])
    assert rows(connection, "contract", "key, title, signed_on, amount, award") == [("a/1", None, None, None, None), ("b/1", None, None, None, "b/9")]
    found = {(row[4], row[5], row[9]) for row in list_problems(connection, "en")}
    assert {("a/1", "title", "unreadable"), ("a/1", "signed_on", "unreadable"), ("a/1", "amount", "unreadable"), ("a/1", "buyer", "unreadable"), ("b/1", "title", "unreadable"), ("b/1", "award", "no_such_record")} <= found
    assert max(len(row[6] or "") for row in list_problems(connection, "en")) <= 200


def test_ids_that_stand_twice_are_numbered_and_keep_their_own_payments(load, connection):
    one = {"id": "x", "implementation": {"transactions": [{"id": "1"}]}}
    load([{"ocid": "a", "contracts": [one, one, {"id": "x#2"}]}])
    assert [row[0] for row in rows(connection, "contract", "key")] == ["a/x", "a/x#2", "a/x#2+"]
    assert rows(connection, "payment", "key, contract") == [("a/x#2+/1", "a/x#2+"), ("a/x/1", "a/x")]
    assert [row[4] for row in list_problems(connection, "en") if row[9] == "same_key"] == ["a/x#2+"]


def test_an_organisation_that_the_file_describes_in_two_ways_is_disputed(load, connection):
    load([{"ocid": "a", "parties": [{"id": "1", "name": "甲 公司", "contactPoint": {"telephone": "1"}, "address": {"streetAddress": "路"}}]},
          {"ocid": "b", "buyer": {"name": "甲 公司", "contactPoint": {"telephone": "2"}, "address": {"streetAddress": "路 "}}}])
    assert rows(connection, "organisation", "name, phone, address, _states") == [("甲 公司", None, "路", "|phone=disputed|")]
    assert connection.execute("select key, field, raw, note_en from cell_notes where state = 'disputed'").fetchall() == [
        ("甲 公司", "phone", "2", 'places of the file disagree: "1", "2"; neither is used')]


def test_the_same_file_again_changes_nothing_and_a_newer_one_is_compared(load, connection):
    load([release()])
    before = "\n".join(connection.iterdump())
    assert load([release()]).state == "unchanged" and "\n".join(connection.iterdump()) == before
    newer = release()
    newer["contracts"][0]["dateSigned"] = "2024-03-14"
    report = load([newer])
    assert report.changes.changed == 1
    assert connection.execute("select key, field, old, new from record_changes").fetchall() == [(CONTRACT, "signed_on", "2024-03-20", "2024-03-14")]


# --- the sample

OFFICE_RULES = {
    "OFF-001-starts-before-signing": ("contract", "days_early: days_between(starts_on, signed_on)", "days_early > 0", "[signed_on, starts_on]", "{starts_on} {signed_on} {days_early}",
                                      "{contract: {starts_on: 2019-05-15, signed_on: 2019-05-20}}", "{contract: {starts_on: 2019-05-20, signed_on: 2019-05-20}}", "{contract: {signed_on: 2019-05-20}}"),
    "OFF-002-paid-before-signing": ("payment", "days_early: days_between(paid_on, contract.signed_on)", "days_early > 0", "[contract.signed_on, paid_on]", "{paid_on} {contract.signed_on} {days_early}",
                                    "{contract: {signed_on: 2019-05-20}, payment: {paid_on: 2019-05-15}}", "{contract: {signed_on: 2019-05-20}, payment: {paid_on: 2019-05-20}}", "{contract: {signed_on: 2019-05-20}, payment: {}}"),
}


def office_rules(folder):
    """An office's own rules that ask for the two dates and nothing else."""
    for name, (checks, let, fails, evidence, message, bad, good, open_) in OFFICE_RULES.items():
        area = folder / "rules" / "own"
        area.mkdir(parents=True, exist_ok=True)
        area.joinpath(f"{name}.yml").write_text(f"""id: {name[:7]}
title: {{zh: 早于签订, en: Before signing}}
status: active
approved: {{by: 审计科, on: 2026-11-22}}
severity: low
category: contract/date-order
checks: {checks}
event_date: {evidence}
criteria:
  - {{law: purchasing-policy, role: internal_policy}}
rationale: {{zh: 试用, en: For a test}}
let:
  {let}
labels:
  days_early: {{zh: 天数, en: Days}}
fails_when: {fails}
message: {{zh: "{message}", en: "{message}"}}
evidence: {evidence}
known_exceptions:
  - {{zh: 无, en: none}}
cannot_see:
  - {{zh: 没有日期的, en: without a date}}
examples:
  - {{name: {{zh: 早, en: early}}, given: {bad}, expect: fail}}
  - {{name: {{zh: 同日, en: same day}}, given: {good}, expect: pass}}
  - {{name: {{zh: 没有, en: none}}, given: {open_}, expect: not_evaluated}}
""", "utf-8")


def test_the_sample_gives_the_findings_that_were_counted_by_hand(connection, shared, tmp_path):
    report = load_source(connection, DICTIONARY, shared / "registers" / "ocds-sample.jsonl")
    assert {name: report.rows[name] for name in ("tender", "award", "contract", "payment")} == {"tender": 90, "award": 87, "contract": 85, "payment": 94}
    assert report.unread > 100 and report.notes["other_currency"] == 85 + 87 + 94 + 39
    office_rules(tmp_path)
    rule_set = load_rules(ROOT / "rules", DICTIONARY, tmp_path)
    run = run_rules(connection, DICTIONARY, rule_set, [], load_classes(ROOT / "findings" / "classes.yml"), as_of="2026-11-24")
    assert (run.records("OFF-001", "fail"), run.records("OFF-001", "pass"), run.records("OFF-001", "not_evaluated")) == (12, 73, 0)
    assert (run.records("OFF-002", "fail"), run.records("OFF-002", "pass"), run.records("OFF-002", "not_evaluated")) == (4, 90, 0)
    assert run.records("CON-002", "fail") == 12
    messages = {item.record_key: item.message.en for item in found(connection, run) if item.rule_id == "OFF-002"}
    assert len(messages) == 4 and all(message.count("2017-") == 2 for message in messages.values())
    assert connection.execute("select count(*) from contract where supplier is null or buyer is null or tender is null").fetchone() == (0,)


_KEYS = st.sampled_from(["ocid", "id", "date", "tag", "tender", "contracts", "awards", "awardID", "value", "amount", "currency", "suppliers", "name", "implementation", "transactions", "documents", "documentType", "parties", "buyer", "period", "startDate", "bids", "details", "releases", "records", "compiledRelease", "x"])
_VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(["CNY", "2024-01-01T00:00:00Z", "compiled"]),
                       lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=30)


@pytest.mark.slow
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(_KEYS, _VALUES, max_size=8), lines=st.booleans())
def test_whatever_is_written_is_loaded_or_refused_with_a_place(tmp_path, body, lines):
    path = tmp_path / ("any.jsonl" if lines else "any.json")
    path.write_text(json.dumps({"ocid": "a", **body}), "utf-8")
    with empty_database(DICTIONARY) as connection:
        try:
            load_source(connection, DICTIONARY, path)
        except KnowledgeBaseError as error:
            assert all(fault.text.zh and fault.text.en and fault.file for fault in error.faults)
