"""The performance-tracking part of an invented report: budget, tracked projects, departments, attachment."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.report_blocks import Block, Cell, Heading, Paragraph, Table, row
from tests.report_extras import merged_departments
from tests.report_office import Office, Project, total
from tests.report_style import Pen, ratio

COLUMNS = {
    "initial": ["年初预算", "年初预算数", "年初预算金额"],
    "added": ["年中追加", "追加", "调增金额", "追加预算"],
    "cut": ["年中追减", "追减", "调减金额", "追减预算"],
    "adjusted": ["调整后预算", "调整后预算数", "全年预算数"],
    "actual": ["实际支出", "实际支出数", "全年执行数"],
    "rate": ["执行率", "预算执行率", "执行率（%）", "执行率(%)"],
}
APPROVED = [
    "{y}年度{s}总支出安排{t}。其中：预算内资金安排{o}，上级提前下达专项转移支付资金安排{x}。",
    "经批复，{s}{y}年年初预算总额{t}，包括预算内资金{o}和上级转移支付资金{x}。",
    "{y}年批复预算{t}，其中本级预算内资金{o}，专项转移支付资金{x}。",
]
ADJUSTED = [
    "截至{y}年12月31日，{s}调整后的全年预算为{t}。其中：基本支出安排{b}，项目支出安排{p}。",
    "年中按程序调整后，全年预算总额为{t}，其中基本支出预算{b}，项目支出预算{p}。",
    "调整后全年预算{t}，包括基本支出{b}、项目支出{p}。",
]
EXECUTED = [
    "截至{y}年12月31日，{s}整体支出{t}，其中：基本支出{b}，项目支出{p}。整体支出占全年预算的比例为{rt}，其中：基本支出占全年基本"
    "预算的比例为{rb}，项目支出占全年项目预算的比例为{rp}。",
    "全年实际支出{t}，其中基本支出{b}，项目支出{p}。整体预算执行率{rt}，其中基本支出执行率{rb}，项目支出执行率{rp}。",
    "{s}全年支出{t}，预算执行率为{rt}。其中：基本支出{b}，执行率{rb}；项目支出{p}，执行率{rp}。",
    "截至年末，全年支出{t}，完成预算的{rt}；其中基本支出{b}，完成预算的{rb}，项目支出{p}，完成预算的{rp}。",
]
TRACKED = [
    "{s}选取{n}个重点项目进行跟踪，年初预算合计金额为{i}，全年项目支出预算金额为{a}，跟踪项目年初预算占全年项目支出预算的{sh}。"
    "截至{y}年12月31日，{n2}个项目实际支出金额合计{e}，调整后预算总额为{j}，预算完成比例为{r}。",
    "本次跟踪{n}个项目，年初预算合计{i}，占全年项目预算{a}的{sh}；调整后预算合计{j}，实际支出合计{e}，执行率为{r}。",
    "纳入跟踪的项目共{n}个，年初预算总额{i}，占项目支出年初预算总额{a}的比例为{sh}。调整后预算{j}，至年末实际支出{e}，"
    "预算执行率{r}。",
]
DEPARTMENT = [
    "{d}{y}年度实施的跟踪项目共计{n}个，包括：{names}项目，年初预算合计金额{i}，{moves}调整后预算总额{j}，"
    "实际支出总额{e}，该部门跟踪项目的预算执行率{r}。",
    "{d}{y}年跟踪项目{n}个，分别为{names}。年初预算合计{i}，{moves}调整后预算合计{j}，实际支出合计{e}，预算执行率为{r}。",
    "{d}共有{n}个跟踪项目：{names}。年初预算总额为{i}，{moves}调整后预算总额为{j}，全年实际支出{e}，执行率{r}。",
    "{d}：跟踪项目{n}个（{names}），年初预算{i}，{moves}调整后预算{j}，实际支出{e}，执行率{r}。",
]
DEPARTMENT_NARROW = [
    "{d}{y}年跟踪项目{n}个，分别为{names}。年初预算合计{i}，实际支出合计{e}，预算执行率为{r}。",
    "{d}共有{n}个跟踪项目：{names}。年初预算总额为{i}，全年实际支出{e}，执行率{r}。",
]
PROBLEMS = [
    "{p}的合同于{y}年{m}月{d}日签订，而服务自{y}年{m0}月{d}日开始，签约晚于履约。",
    "{p}采购金额{a}元，没有留存三家报价的比较材料。",
    "{p}的验收单上没有填写完工日期，验收人只签了姓。",
    "{p}的预算没有列明单价和数量，{a}元的构成无法核对。",
    "{p}于{y}年{m}月{d}日收到发票{a}元，早于合同签订日。",
    "部分活动缺少签到表和照片，{p}的成果资料收集不全。",
    "{p}没有做满意度问卷，效果只写了“良好”二字。",
    "{p}的质保金约定为合同价的2%，超过十万元的尾款未说明何时支付。",
    "{p}计划安装{k}处，实际安装{k0}处，变更没有会议纪要。",
]
GENERAL = ["预算编制不够细", "部分项目支出偏慢", "资料归档不及时", "满意度调查流于形式", "合同条款不严谨", "绩效指标难以衡量"]
ADVICE = ["预算要写明数量和单价", "按季度催办支出进度", "随办随归档", "调查问卷由第三方发放", "合同签订前由法务审核", "指标写成可以数的数"]
GOOD = ["各项工作按计划推进。", "总体进展平稳，目标基本达到。", "全年任务完成情况较好。"]
TURN = ["跟踪中也发现以下不足：", "但仍有需要改进之处，具体为：", "存在的主要问题如下："]


@dataclass(frozen=True)
class Problem:
    """A numbered problem paragraph: whose it is (empty for a general one), its number and its words."""

    department: str
    number: int
    text: str


@dataclass(frozen=True)
class Layout:
    """Which columns the table of tracked projects has, and how they are called."""

    columns: tuple[str, ...]
    has_department: bool
    has_remark: bool
    headers: tuple[str, ...]
    unit_in_header: bool
    merges_departments: bool = False


def invent_layout(rng: random.Random) -> Layout:
    """A width of the table."""
    columns = rng.choice([("initial", "added", "cut", "adjusted", "actual", "rate")] * 3
                         + [("initial", "adjusted", "actual", "rate"), ("initial", "actual", "rate")])
    return Layout(columns, rng.random() < 0.85, rng.random() < 0.25, tuple(rng.choice(COLUMNS[name]) for name in columns),
                  rng.random() < 0.2)


def without_changes(office: Office) -> None:
    """For a narrow table: nobody's budget was changed in the year."""
    office.projects = [Project(p.number, p.name, p.department, p.initial, 0 if p.initial else None,
                               0 if p.initial else None, min(p.actual or 0, p.initial) if p.initial else None)
                       for p in office.projects]


def budget(office: Office, pen: Pen, rng: random.Random) -> list[tuple[str, list[Block]]]:
    """Three sections: budget approved, adjusted, executed."""
    unit, y, s = pen.style.tracking_unit, office.year, office.short

    def large(key: str, fen: int) -> str:
        is_large = pen.style.largest_unit == "亿元" and fen >= 10**10
        return pen.money(key, fen, "亿元", 4) if is_large else pen.money(key, fen, unit)

    approved, adjusted = office.own_budget + office.transfers, office.basic_budget + office.project_budget
    spent = office.basic + office.project
    texts = [
        ("预算批复情况", rng.choice(APPROVED).format(
            y=y, s=s, t=large("approved.total", approved), o=pen.money("approved.own", office.own_budget, unit),
            x=pen.money("approved.transfers", office.transfers, unit))),
        ("预算调整情况", rng.choice(ADJUSTED).format(
            y=y, s=s, t=large("adjusted.total", adjusted), b=pen.money("adjusted.basic", office.basic_budget, unit),
            p=pen.money("adjusted.project", office.project_budget, unit))),
        ("预算执行情况", rng.choice(EXECUTED).format(
            y=y, s=s, t=large("executed.total", spent), b=pen.money("executed.basic", office.basic, unit),
            p=pen.money("executed.project", office.project, unit),
            rt=pen.percent("executed.rate", spent, adjusted),
            rb=pen.percent("executed.basic_rate", office.basic, office.basic_budget),
            rp=pen.percent("executed.project_rate", office.project, office.project_budget)))]
    return [(title, [Paragraph(text)]) for title, text in texts]


def tracked(office: Office, pen: Pen, rng: random.Random, layout: Layout) -> list[Block]:
    """The sentence on all tracked projects, and their table."""
    unit, projects = pen.style.tracking_unit, office.projects
    initial, adjusted, actual = (total(projects, name) for name in ("initial", "adjusted", "actual"))
    sentence = rng.choice(TRACKED).format(
        s=office.short, y=office.year, n=pen.count("tracked.count", len(projects)),
        n2=pen.count("tracked.count.again", len(projects)), i=pen.money("tracked.initial", initial, unit),
        a=pen.money("tracked.all", office.all_projects_initial, unit),
        sh=pen.percent("tracked.share", initial, office.all_projects_initial),
        e=pen.money("tracked.actual", actual, unit), j=pen.money("tracked.adjusted", adjusted, unit),
        r=pen.percent("tracked.rate", actual, adjusted))
    caption = rng.choice(["跟踪项目预算执行情况表", "表2  重点跟踪项目执行明细", "项目预算执行情况一览表"])
    note = rng.choice(["单位：{}", "                    单位：{}（保留两位小数）", "（金额单位：{}）"]).format(unit)
    notes = [] if layout.unit_in_header else [Paragraph(note, whole=True)]
    return [Paragraph(sentence + "明细见下表："), Paragraph(caption, whole=True), *notes,
            _project_table(office, pen, rng, layout)]


def _project_table(office: Office, pen: Pen, rng: random.Random, layout: Layout) -> Table:
    def shown(name: str) -> str:
        if pen.style.breaks_headers and len(name) == 4:
            return name[:2] + "\n" + name[2:]
        return name
    suffix = f"（{pen.style.tracking_unit}）" if layout.unit_in_header else ""
    headers = [name + ("" if kind == "rate" else suffix) for kind, name in zip(layout.columns, layout.headers, strict=True)]
    names = ["序号", *(["实施部门"] if layout.has_department else []), rng.choice(["项目名称", "项目"]), *headers,
             *(["备注"] if layout.has_remark else [])]
    signs = not any("%" in name for name in layout.headers)
    rows = []
    for project in office.projects:
        cells = [str(project.number), *([project.department] if layout.has_department else []), project.name]
        cells += _amounts(f"table.{project.number}", project, pen, layout, signs)
        rows.append(row(cells + ([rng.choice(["", "", "", "跨年实施", "已结项"])] if layout.has_remark else [])))
    if layout.has_department and layout.merges_departments:
        rows = merged_departments(rows, 1)
    lead = 3 if layout.has_department else 2
    whole = Project(0, "", "", *(total(office.projects, name) for name in ("initial", "added", "cut", "actual")))
    first = rng.choice([[Cell("合计", columns=lead)], [*[Cell("　")] * (lead - 1), Cell("合计")]])
    last = [Cell(text) for text in _amounts("table.total", whole, pen, layout, signs)]
    rows.append((*first, *last, *([Cell("")] if layout.has_remark else [])))
    return Table((row(shown(name) for name in names),), tuple(rows))


def _amounts(key: str, project: Project, pen: Pen, layout: Layout, signs: bool) -> list[str]:
    unit, cells = pen.style.tracking_unit, []
    for name in layout.columns:
        if name != "rate":
            cells.append(pen.cell(f"{key}.{name}", getattr(project, name), unit))
        elif project.adjusted and project.actual is not None:
            text = pen.percent(f"{key}.rate", project.actual, project.adjusted, in_cell=True)
            cells.append(text if signs else text.removesuffix("%"))
        else:
            cells.append(pen.cell(f"{key}.rate", None, "%"))
    return cells


def department_sections(office: Office, pen: Pen, rng: random.Random, layout: Layout) -> tuple[list[Block], list[Problem]]:
    """A numbered paragraph for each department with the sums of its rows, then its problems."""
    blocks: list[Block] = []
    problems: list[Problem] = []
    form = rng.choice(DEPARTMENT if "adjusted" in layout.columns else DEPARTMENT_NARROW)
    for number, department in enumerate(office.departments, 1):
        blocks.append(Paragraph(pen.style.mark(3, number) + _department(office, department, pen, rng, form), whole=True))
        found = _problems(office, department, rng)
        blocks.append(Paragraph(rng.choice(GOOD) + (rng.choice(TURN) if found else "")))
        blocks += [Paragraph(pen.style.mark(4, problem.number) + problem.text, whole=True) for problem in found]
        problems += found
    return blocks, problems


def _department(office: Office, department: str, pen: Pen, rng: random.Random, form: str) -> str:
    rows, unit, key = office.rows_of(department), pen.style.tracking_unit, f"department.{department}"
    initial, added, cut, adjusted, actual = (total(rows, name) for name in ("initial", "added", "cut", "adjusted", "actual"))
    quoted = [f"“{project.name.replace('“', '‘').replace('”', '’')}”" for project in rows]
    names = "、".join(quoted[:-1]) + ("和" if len(quoted) > 1 else "") + quoted[-1]
    more, less = ("追加预算", "追减预算") if "实际支出{e}，执行率" in form else ("年中追加预算金额", "年中调减预算金额")
    moves = f"{more}{pen.money(key + '.added', added, unit)}，" if added else ""
    moves += f"{less}{pen.money(key + '.cut', cut, unit)}，" if cut else ""
    return form.format(d=department, y=office.year, n=pen.count(key + ".count", len(rows)), names=names,
                       i=pen.money(key + ".initial", initial, unit), moves=moves,
                       j=pen.money(key + ".adjusted", adjusted, unit), e=pen.money(key + ".actual", actual, unit),
                       r=pen.percent(key + ".rate", actual, adjusted))


def _problems(office: Office, department: str, rng: random.Random) -> list[Problem]:
    """Up to five, no two with the same words."""
    texts: list[str] = []
    for _ in range(rng.randint(0, 5)):
        project, many = rng.choice(office.rows_of(department)), rng.randint(5, 40)
        texts.append(rng.choice(PROBLEMS).format(
            p=project.name, y=office.year, m=rng.randint(7, 12), m0=rng.randint(1, 6), d=rng.randint(1, 28),
            a=f"{rng.randint(1000, 900000):,}.00", k=many, k0=many - 4))
    return [Problem(department, number, text) for number, text in enumerate(dict.fromkeys(texts), 1)]


def problems_and_advice(office: Office, pen: Pen, rng: random.Random) -> tuple[list[Block], list[Problem]]:
    """General problems and recommendations, each a numbered title with a paragraph."""
    style = pen.style
    rates = [ratio(p.actual, p.adjusted, 2) for p in office.projects if p.adjusted and p.actual is not None]
    slow, is_clear = sum(rate < 80 for rate in rates), all(abs(rate - 80) > 1 for rate in rates)
    problems = [Problem("", number, title) for number, title in enumerate(rng.sample(GENERAL, rng.randint(2, 5)), 1)]
    blocks: list[Block] = [Heading(2, style.mark(2, 1) + rng.choice(["存在的问题", "发现的主要问题"]))]
    for problem in problems:
        blocks += [Heading(3, style.mark(3, problem.number) + problem.text),
                   Paragraph(f"跟踪的{len(office.projects)}个项目中有{slow}个执行率不足80%。" if is_clear and "偏慢" in problem.text
                             else "有的科室对此重视不够，需要持续督促。")]
    blocks.append(Heading(2, style.mark(2, 2) + rng.choice(["下一步改进建议", "建议", "整改措施和建议"])))
    for number, title in enumerate(rng.sample(ADVICE, rng.randint(2, 5)), 1):
        blocks += [Heading(3, style.mark(3, number) + title), Paragraph("由财务部门牵头，各科室分别落实。")]
    return blocks, problems


def attachment(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    """The list of tracked projects with their amounts, under a head of four cells."""
    unit, listed = pen.style.attachment_unit, office.projects
    initial = total(listed, "initial")

    def padded(text: str) -> str:
        return f" {text} " if pen.style.pads_cells else text
    head = [
        (Cell(f"预算单位名称：{office.name}", columns=2),
         Cell("项目支出总金额：" + pen.money("attachment.all", office.all_projects_initial, unit))),
        (Cell("绩效跟踪金额：" + pen.money("attachment.tracked", initial, unit), columns=2),
         Cell("跟踪金额占项目支出总金额的比例：" + pen.percent("attachment.share", initial, office.all_projects_initial)))]
    header = row(["序号", rng.choice(["项目名称", "跟踪项目名称"]), rng.choice(["项目金额（{}）", "金额（{}）"]).format(unit)])
    rows = [row([str(p.number), p.name, padded(pen.cell(f"attachment.{p.number}", p.initial, unit))]) for p in listed]
    rows.append((Cell("合计", columns=2), Cell(padded(pen.cell("attachment.total", initial, unit)))))
    return [Paragraph(f"{office.district}财政支出绩效跟踪清单", whole=True), Table((*head, header), tuple(rows))]
