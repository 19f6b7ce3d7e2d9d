"""The final-accounts part of an invented report: duties, staff, two years' accounts, functional table, expenses."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.report_blocks import Block, Cell, Heading, Paragraph, Table
from tests.report_office import FunctionRow, Office, Year
from tests.report_style import Pen

DUTIES = ["办理公文、档案和印章", "组织年度采购与验收", "受理群众来访", "维护公共设施", "承办上级交来的事务", "组织辖区巡查",
          "编制预算和决算", "安排节日值守"]
YEAR_SENTENCES = [
    "{y}年{s}预算内收入资金{income}，上年结转{inn}，收入总计{tin}。{y}年{s}预算内支出资金{spent}，结转下年{out}，支出总计{tout}。",
    "{y}年度收入总计{tin}，其中：本年收入{income}，上年结转和结余{inn}。{y}年度支出总计{tout}，其中：本年支出{spent}，"
    "年末结转和结余{out}。",
    "{s}{y}年本年收入合计{income}，年初结转和结余{inn}，收入总计{tin}；本年支出合计{spent}，年末结转和结余{out}，支出总计{tout}。",
    "{y}年，本部门收入总计为{tin}（本年收入{income}，上年结转{inn}）；支出总计为{tout}（本年支出{spent}，结转下年{out}）。",
    "{y}年总收入{tin}，由本年收入{income}和上年结转{inn}构成；{y}年总支出{tout}，由本年支出{spent}和结转下年{out}构成。",
]
CHANGE_SENTENCES = [
    "{y}年本年收入较{p}年{wi}{di}，{gi}{ri}；本年支出较{p}年{we}{de}，{ge}{re}。主要原因是{why}。",
    "与{p}年相比，{y}年收入{wi}{di}，{gi}{ri}，支出{we}{de}，{ge}{re}，主要是{why}。",
    "{y}年收入资金较{p}年{wi}{di}，支出资金较{p}年{we}{de}，具体原因为{why}。",
    "本年收入比上年{wi}{di}，{gi}{ri}。本年支出比上年{we}{de}，{ge}{re}。{why}是主要原因。",
    "较{p}年，{y}年本年收入{wi}{di}（{gi}{ri}），本年支出{we}{de}（{ge}{re}），系{why}所致。",
]
REASONS = ["人员变动", "新增民生事项", "压减一般性开支", "项目按进度支付", "机构职能调整", "上级专项增加"]
SHARES = [
    "本年支出合计{t}，其中：基本支出{b}，占{bs}；项目支出{p}，占{ps}。",
    "{y}年支出决算{t}，包括基本支出{b}，占本年支出的{bs}，项目支出{p}，占本年支出的{ps}。",
    "全年支出{t}。其中基本支出{b}，占比{bs}；项目支出{p}，占比{ps}。",
]
THREE = [
    "{y}年“三公”经费财政拨款支出{t}，其中：",
    "{y}年度“三公”经费支出决算为{t}，具体如下：",
    "{y}年，{s}“三公”经费决算数合计{t}，其中：",
]
THREE_CHANGE = [
    "{y}年三公经费{t}，较{p}年三公经费{l}{w}{d}，{w}原因为{why}。",
    "“三公”经费{y}年决算数{t}，比{p}年决算数{l}{w}{d}，{g}{r}，主要是{why}。",
    "与{p}年“三公”经费{l}相比，{y}年“三公”经费{t}，{w}{d}。",
]
VEHICLES = "公务用车购置及运行维护费"
Titles = dict[str, list[str]]
TITLES: Titles = {
    "duties": ["机构设置和职责", "部门主要职责", "部门概况"],
    "staff": ["人员构成情况", "人员编制及实有情况", "人员情况"],
    "years": ["{y}年收支决算情况说明", "{y}年度收入支出决算总体情况", "收支决算及增减变化"],
    "functions": ["支出决算具体情况", "{y}年支出按功能分类情况", "决算支出明细"],
    "three": ["“三公”经费决算情况", "“三公”经费支出及增减变化", "一般公共预算“三公”经费情况"],
    "operating": ["机关运行经费支出情况", "机构运行费用", "机关运行经费"],
    "purchase": ["政府采购支出情况", "政府购买服务情况", "采购及购买服务"],
    "capital": ["国有资本经营预算情况", "国有资本经营预算支出情况"],
    "assets": ["国有资产占用情况", "国有资产占有使用情况"],
    "terms": ["名词解释", "专业名词解释"],
    "livelihood": ["民生支出情况", "民生类支出项目", "涉及民生的支出"],
}


def accounts(office: Office, pen: Pen, rng: random.Random) -> list[tuple[str, list[Block]]]:
    """The sections: a title and its blocks, in the order in which the report has them."""
    writers: dict[str, Callable[[Office, Pen, random.Random], list[Block]]] = {
        "duties": _duties, "staff": _staff, "years": _years, "functions": _functions, "three": _three,
        "operating": _operating, "purchase": _purchase, "capital": _capital, "assets": _assets, "terms": _terms,
        "livelihood": _livelihood}
    order = list(writers)
    if rng.random() < 0.4:
        later = order[5:]
        rng.shuffle(later)
        order[5:] = later
    left_out = {name for name in ("operating", "capital", "terms", "assets") if rng.random() < 0.25}
    return [(rng.choice(TITLES[name]).format(y=office.year), writers[name](office, pen, rng))
            for name in order if name not in left_out]


def _duties(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    blocks: list[Block] = [Heading(2, pen.style.mark(2, 1) + "主要职责")]
    for number, duty in enumerate(rng.sample(DUTIES, 4), 1):
        blocks.append(Paragraph(f"{pen.style.mark(3, number)}{duty}。", whole=True))
    blocks.append(Heading(2, pen.style.mark(2, 2) + "内设机构"))
    blocks.append(Paragraph(f"{office.short}下设{len(office.departments)}个科室：{'、'.join(office.departments)}。"))
    return blocks


def _staff(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    values = {"t": pen.count("staff.total", office.civil + office.public), "c": pen.count("staff.civil", office.civil),
              "p": pen.count("staff.public", office.public), "r": pen.count("staff.retired", office.retired)}
    return [Paragraph(rng.choice([
        "实有在职人数{t}人，其中在职公务员{c}人，事业单位{p}人。退休人员{r}人。",
        "年末在职人员{t}人，其中公务员{c}人，事业编制{p}人；退休人员{r}人。",
        "{t}名在职人员中，公务员{c}人，事业人员{p}人。另有退休人员{r}人。"]).format(**values))]


def _year_sentence(form: str, office: Office, year: Year, when: str, pen: Pen) -> str:
    unit = pen.style.accounts_unit
    return form.format(
        y=year.year, s=office.short, income=pen.money(f"accounts.income.{when}", year.income, unit),
        inn=pen.money(f"accounts.carried_in.{when}", year.carried_in, unit),
        tin=pen.money(f"accounts.total_in.{when}", year.total, unit),
        spent=pen.money(f"accounts.spent.{when}", year.expenditure, unit),
        out=pen.money(f"accounts.carried_out.{when}", year.carried_out, unit),
        tout=pen.money(f"accounts.total_out.{when}", year.total, unit))


def _years(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    now, before = office.current, office.previous
    form, unit = rng.choice(YEAR_SENTENCES), pen.style.accounts_unit
    more, spends = now.income - before.income, now.expenditure - before.expenditure
    change = rng.choice(CHANGE_SENTENCES).format(
        y=now.year, p=before.year, why=rng.choice(REASONS),
        wi=_direction(more), gi=_growth(more), di=pen.money("change.income", abs(more), unit),
        ri=pen.percent("change.income_rate", abs(more), before.income),
        we=_direction(spends), ge=_growth(spends), de=pen.money("change.spent", abs(spends), unit),
        re=pen.percent("change.spent_rate", abs(spends), before.expenditure))
    return [Paragraph(_year_sentence(form, office, now, "current", pen)),
            Paragraph(_year_sentence(form, office, before, "previous", pen)), Paragraph(change)]


def _direction(difference: int) -> str:
    return "增加" if difference >= 0 else "减少"


def _growth(difference: int) -> str:
    return "增长" if difference >= 0 else "下降"


def _functions(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    unit = pen.style.accounts_unit
    spent = office.current.expenditure
    sentence = rng.choice(SHARES).format(
        y=office.year, t=pen.money("shares.spent", spent, unit), b=pen.money("shares.basic", office.basic, unit),
        p=pen.money("shares.project", office.project, unit), bs=pen.percent("shares.basic_share", office.basic, spent),
        ps=pen.percent("shares.project_share", office.project, spent))
    split = rng.random() < 0.85
    blocks: list[Block] = [Paragraph(sentence)] if rng.random() < 0.6 else []
    if rng.random() < 0.7:
        blocks.append(Paragraph(rng.choice(["支出功能分类决算表", f"{office.year}年支出决算表", "表1  支出决算明细表"])))
    blocks.append(Paragraph(rng.choice(["单位：{}", "金额单位：{}", "（单位：{}）"]).format(unit), whole=True))
    further = rng.choice([[], [], [], ["备注"], ["上缴上级支出", "经营支出"]])
    headers = _function_headers(split, further)
    blank = [Cell("")] * len(further)
    rows = [(*_function_row(line, pen, unit, split), *blank) for line in office.functions]
    whole = FunctionRow("total", "", office.basic, office.project)
    last = [Cell("合计", columns=2) if rng.random() < 0.5 else Cell("")]
    if last[0].columns == 1:
        last.append(Cell("合计"))
    last += [*_function_cells(whole, pen, unit, split), *blank]
    rows = [tuple(last), *rows] if rng.random() < 0.6 else [*rows, tuple(last)]
    blocks.append(Table(rng.choice(headers), tuple(rows)))
    return blocks


def _function_headers(split: bool, further: list[str]) -> list[tuple[tuple[Cell, ...], ...]]:
    columns = [*(["合计", "基本支出", "项目支出"] if split else ["合计"]), *further]
    codes = [Cell("科目编码"), Cell("科目名称")]
    return [
        ((*codes, *map(Cell, columns)),),
        ((Cell("项目", columns=2), *(Cell(name, rows=2) for name in columns)), (Cell("功能分类科目编码"), Cell("科目名称"))),
        ((Cell("项目", columns=2), *(Cell(name, rows=2) for name in ["本年支出合计", *columns[1:]])),
         (Cell("支出功能分类科目编码"), Cell("科目名称")),
         (Cell("栏次", columns=2), *(Cell(str(number)) for number in range(1, len(columns) + 1)))),
        ((Cell("科目", columns=2), Cell("支出", columns=len(columns))), (*codes, *map(Cell, columns))),
    ]


def _function_row(line: FunctionRow, pen: Pen, unit: str, split: bool) -> tuple[Cell, ...]:
    indent = "" if len(line.code) < 7 else "  "
    return (Cell(line.code), Cell(indent + line.name), *_function_cells(line, pen, unit, split))


def _function_cells(line: FunctionRow, pen: Pen, unit: str, split: bool) -> list[Cell]:
    columns = ["total", "basic", "project"] if split else ["total"]
    return [Cell(pen.cell(f"functional.{line.code}.{name}", getattr(line, name), unit)) for name in columns]


def _three(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    unit, small = pen.style.accounts_unit, pen.style.accounts_unit
    vehicles = office.bought_vehicles + office.vehicle_running
    whole = office.abroad + office.reception + vehicles
    before, difference = office.previous_three, whole - office.previous_three
    y, p = office.year, office.year - 1
    total, abroad = pen.money("three.total", whole, unit), pen.money("three.abroad", office.abroad, small)
    reception, cars = pen.money("three.reception", office.reception, small), pen.money("three.vehicles", vehicles, small)
    bought = pen.money("three.bought", office.bought_vehicles, small)
    running = pen.money("three.running", office.vehicle_running, small)
    style = pen.style
    blocks: list[Block] = [
        Paragraph(rng.choice(THREE).format(y=y, s=office.short, t=total)),
        Heading(2, style.mark(2, 1) + "因公出国（境）费"),
        Paragraph(f"{y}年因公出国（境）费支出{abroad}。全年出国（境）团组{rng.randint(0, 2)}个。"),
        Heading(2, style.mark(2, 2) + "公务接待费"),
        Paragraph(f"{y}年公务接待费支出{reception}。国内接待{rng.randint(0, 9)}批次。"),
        Heading(2, style.mark(2, 3) + rng.choice([VEHICLES, "公务用车购置和运行费"])),
        Paragraph(rng.choice([
            f"{y}年{VEHICLES}支出{cars}，其中：公务用车购置费{bought}，公务用车运行维护费{running}。",
            f"{VEHICLES}支出决算{cars}。其中，公务用车购置费支出{bought}，公务用车运行维护费支出{running}。",
        ]) + f"年末保有公务用车{rng.randint(1, 6)}辆。"),
    ]
    change = rng.choice(THREE_CHANGE).format(
        y=y, p=p, t=pen.money("three.again", whole, unit), l=pen.money("three.previous", before, unit),
        w=_direction(difference), g=_growth(difference), d=pen.money("three.change", abs(difference), unit),
        r=pen.percent("three.change_rate", abs(difference), before), why=rng.choice(REASONS))
    return [*blocks, Paragraph(change)]


def _operating(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    amount = pen.money("operating.total", office.operating, pen.style.accounts_unit)
    return [Paragraph(rng.choice(["{y}年机关运行经费支出合计{a}，包括办公、水电、维修等。",
                                  "机构运行经费用于日常办公，合计{a}。"]).format(y=office.year, a=amount))]


def _purchase(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    unit = pen.style.accounts_unit
    values = {"y": office.year, "s": office.short,
              "t": pen.money("purchase.total", office.goods + office.works + office.services, unit),
              "g": pen.money("purchase.goods", office.goods, unit), "w": pen.money("purchase.works", office.works, unit),
              "v": pen.money("purchase.services", office.services, unit)}
    return [Paragraph(rng.choice([
        "{y}年，{s}政府采购支出总额{t}，其中：政府采购货物支出{g}、政府采购工程支出{w}、政府采购服务支出{v}。",
        "{y}年{s}购买服务总计{t}。其中，购买货物{g}，购买工程{w}，购买服务{v}。",
        "{y}年度采购合计{t}，包括货物{g}，工程{w}，服务{v}。"]).format(**values))]


def _capital(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    return [Paragraph(rng.choice(["本年度没有国有资本经营预算财政拨款。", "本单位无此项拨款。"]))]


def _assets(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    whole = pen.money("assets.total", office.assets, "万元")
    cars = pen.money("assets.cars", office.assets // rng.randint(40, 300), "万元")
    return [Paragraph(rng.choice([
        f"截至{office.year}年12月31日，固定资产总额{whole}，其中：车辆{rng.randint(1, 6)}辆，{cars}。",
        f"{office.year}年末固定资产总额为{whole}，其中车辆{rng.randint(1, 6)}台、{cars}；大型设备{rng.randint(0, 3)}台（套）。"]))]


def _terms(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    terms = ["年末结转：当年没有用完、下年接着用于原来用途的资金。", "执行率：实际支出与调整后预算之比。",
             "基本支出：维持机构日常运转和人员开支的资金。"]
    return [Paragraph(f"{pen.style.mark(3, number)}{term}", whole=True) for number, term in enumerate(terms, 1)]


def _livelihood(office: Office, pen: Pen, rng: random.Random) -> list[Block]:
    unit = pen.style.accounts_unit
    named = [office.function(code) for code in ("208", "210", "221")[:rng.randint(2, 3)]]
    parts = [f"{line.name}{pen.money(f'livelihood.{line.code}', line.total or 0, unit)}" for line in named]
    whole = pen.money("livelihood.total", sum(line.total or 0 for line in named), unit)
    signs = ["①", "②", "③"]
    return [Paragraph(rng.choice([
        f"{office.short}涉及民生类支出有：{'，'.join(sign + part for sign, part in zip(signs, parts, strict=False))}。",
        f"民生支出合计{whole}，其中：{'，'.join(parts)}。",
        f"{office.year}年民生支出主要为{'和'.join(parts[:2])}{'、' + parts[2] if parts[2:] else ''}。"]))]
