"""Seeded final-accounts and performance-tracking reports of invented offices, with planted errors.

`generate(seed)` gives a `GeneratedReport`:

- `text`: the report as plain text, tables flattened to one cell a line behind a tab;
- `blocks`: the same as `Heading`, `Paragraph` and `Table` (see `report_blocks`), for other formats;
- `planted`: nought to eight `Planted` errors (see `report_errors`): key, what is printed, what is right, unit, kind,
  the relation that decides it, line of `text` and the printed characters. Nothing else in the report is wrong: all
  other figures are printed as the exact amounts round;
- `facts`: the invented `Office`, every printed `Figure` with its place, and what a reader should count.

Keys of figures: `accounts.spent.current`, `functional.2010301.basic`, `three.total`, `tracked.share`,
`table.7.adjusted` and `table.total.rate` (tracked projects by number), `department.<name>.initial`,
`attachment.7`, … A blank cell is a figure whose value is None.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.report_accounts import accounts
from tests.report_blocks import Block, Heading, Paragraph, placed, plain_text, without_marks
from tests.report_errors import MOST, Planted, candidates, choose
from tests.report_extras import with_contents, with_continuation
from tests.report_office import FunctionRow, Office, Project, invent_office
from tests.report_style import Pen, PrintedFigure, Style, in_unit, invent_style
from tests.report_tracking import (
    Layout,
    Problem,
    attachment,
    budget,
    department_sections,
    invent_layout,
    problems_and_advice,
    tracked,
    without_changes,
)

TITLES = {"accounts": "{y}年部门决算情况说明", "tracking": "{y}年财政支出绩效跟踪报告"}
CARRY_FORWARD = "accounts.carried_in.current"


@dataclass(frozen=True)
class Facts:
    """What the report states, for a test to compare with what was read."""

    office: Office
    style: Style
    layout: Layout
    parts: tuple[str, ...]
    figures: tuple[PrintedFigure, ...]
    function_rows: tuple[FunctionRow, ...]
    projects: tuple[Project, ...]
    attachment_rows: int
    departments: tuple[str, ...]
    problems: tuple[Problem, ...]

    def figure(self, key: str) -> PrintedFigure:
        """The printed figure of a key."""
        return next(figure for figure in self.figures if figure.key == key)


@dataclass(frozen=True)
class GeneratedReport:
    """An invented report, its planted errors, and its facts."""

    seed: int
    text: str
    blocks: tuple[Block, ...]
    planted: tuple[Planted, ...]
    facts: Facts


@dataclass
class _Plan:
    """What is drawn once for a report and stays the same however often it is written."""

    seed: int
    office: Office
    style: Style
    layout: Layout
    parts: tuple[str, ...]
    with_attachment: bool


@dataclass(frozen=True)
class _Draft:
    """A report as written once: marked blocks' text and places, and the exact amounts behind the figures."""

    text: str
    blocks: list[Block]
    figures: list[PrintedFigure]
    problems: list[Problem]
    exact: dict[str, int]


def generate(seed: int) -> GeneratedReport:
    """The report of a seed; the same seed gives the same report everywhere."""
    rng = random.Random(f"report {seed}")
    plan = _plan(seed, rng)
    number = rng.randint(0, MOST)
    gap = number > 0 and "accounts" in plan.parts and rng.random() < 0.25
    if gap:
        _break_carry_forward(plan.office, rng)
    clean = _write(plan, {})
    found = [error for error in candidates(plan.office, clean.figures, plan.style, clean.exact, rng)
             if plan.layout.has_department or error.relation != "department_rows"]
    typed = choose(found, number - gap, {"accounts"} if gap else set(), rng)
    draft = _write(plan, {error.key: _instead(error.printed) for error in typed})
    planted = typed + ([_carried(plan, draft)] if gap else [])
    return GeneratedReport(seed, draft.text, tuple(draft.blocks), _with_places(planted, draft), _facts(plan, draft))


def _instead(printed: Decimal) -> Callable[[Decimal], Decimal]:
    return lambda right: printed


def _plan(seed: int, rng: random.Random) -> _Plan:
    office, style, layout = invent_office(rng), invent_style(rng), invent_layout(rng)
    if "added" not in layout.columns:
        without_changes(office)
    layout = replace(layout, merges_departments=random.Random(f"{seed} merged").random() < 0.15)
    parts = rng.choice([("accounts", "tracking")] * 4 + [("accounts",), ("tracking",)])
    return _Plan(seed, office, style, layout, parts, rng.random() < 0.85)


def _break_carry_forward(office: Office, rng: random.Random) -> None:
    """The year before ends with another amount than this one begins with; each year adds up in itself."""
    before = office.previous
    gap = rng.randint(before.expenditure // 50, before.expenditure // 20)
    office.previous = replace(before, expenditure=before.expenditure - gap)


def _carried(plan: _Plan, draft: _Draft) -> Planted:
    now = next(figure for figure in draft.figures if figure.key == CARRY_FORWARD)
    assert now.value is not None
    right = in_unit(plan.office.previous.carried_out, now.unit)
    return Planted("wrong carry-forward", now.key, now.value, right, now.unit, "carry_forward")


def _write(plan: _Plan, changes: dict[str, Callable[[Decimal], Decimal]]) -> _Draft:
    """The report with some figures changed; everything else is drawn alike each time."""
    pen = Pen(plan.style, changes)
    blocks: list[Block] = []
    problems: list[Problem] = []
    for number, part in enumerate(plan.parts, 1):
        if len(plan.parts) > 1:
            blocks.append(Heading(0, plan.style.mark(0, number) + TITLES[part].format(y=plan.office.year)))
        else:
            blocks.append(Heading(0, f"{plan.office.name}{TITLES[part].format(y=plan.office.year)}"))
        rng = random.Random(f"{plan.seed} {part}")
        sections = accounts(plan.office, pen, rng) if part == "accounts" else _tracking(plan, pen, rng, problems)
        for place, (title, content) in enumerate(sections, 1):
            blocks += [Heading(1, plan.style.mark(1, place) + title), *content]
    extra = random.Random(f"{plan.seed} extras")
    blocks = with_contents(blocks, extra) if extra.random() < 0.15 else blocks
    blocks = with_continuation(blocks, extra) if extra.random() < 0.15 else blocks
    marked = plain_text(blocks, plan.style, random.Random(f"{plan.seed} lines"))
    text, figures = placed(marked, pen.figures)
    return _Draft(text, without_marks(blocks), figures, problems, pen.exact)


def _tracking(plan: _Plan, pen: Pen, rng: random.Random, problems: list[Problem]) -> list[tuple[str, list[Block]]]:
    office, style = plan.office, pen.style
    done: list[Block] = [Paragraph(rng.choice(["成立了跟踪小组，由财务人员和各科室联络员组成。", "按季度收集资料并实地查看。"]))]
    run: list[Block] = []
    for number, (title, content) in enumerate(budget(office, pen, rng), 1):
        run += [Heading(2, style.mark(2, number) + title), *content]
    by_department, found = department_sections(office, pen, rng, plan.layout)
    general, more = problems_and_advice(office, pen, rng)
    problems += found + more
    results: list[Block] = [Heading(2, style.mark(2, 1) + "项目绩效目标完成情况"), *tracked(office, pen, rng, plan.layout),
                            Heading(2, style.mark(2, 2) + "各科室项目完成情况及原因分析"), *by_department]
    sections = [("绩效跟踪组织情况", done), ("年度预算执行情况", run), ("绩效目标完成情况", results), ("问题和建议", general)]
    return sections + ([("附件", attachment(office, pen, rng))] if plan.with_attachment else [])


def _with_places(planted: list[Planted], draft: _Draft) -> tuple[Planted, ...]:
    places = {figure.key: figure for figure in draft.figures}
    return tuple(replace(error, line=places[error.key].line, characters=places[error.key].printed) for error in planted)


def _facts(plan: _Plan, draft: _Draft) -> Facts:
    has_accounts, has_tracking = "accounts" in plan.parts, "tracking" in plan.parts
    projects = tuple(plan.office.projects) if has_tracking else ()
    return Facts(
        office=plan.office, style=plan.style, layout=plan.layout, parts=plan.parts, figures=tuple(draft.figures),
        function_rows=tuple(plan.office.functions) if has_accounts else (), projects=projects,
        attachment_rows=len(projects) if plan.with_attachment else 0,
        departments=tuple(plan.office.departments) if has_tracking else (), problems=tuple(draft.problems))
