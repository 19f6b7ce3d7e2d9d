"""The invented office: its departments, its accounts of two years, its projects, all exact to the fen.

Every name is made up of the lists here; nothing is taken from a published report.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

CITIES = ["云渚市", "松麓市", "澄江市", "白鹭市", "蓝桉市", "霁川市"]
DISTRICTS = ["青萝区", "望湖区", "北渡区", "石榴区", "听涛区", "杏林区"]
PLACES = ["柳桥", "金穗", "南塘", "枫林", "望江", "银杏", "古渡", "新荷", "鹿鸣", "七里"]
KINDS = [("街道", "街道办事处"), ("镇", "镇人民政府"), ("乡", "乡人民政府"), ("园区", "园区管理委员会")]
DEPARTMENTS = ["综合协调科", "财务资产科", "公共服务科", "市政建设科", "文化教育科", "法治宣传科", "救助事务科", "产业促进科",
               "生态环保科", "应急值守科", "人居环境科", "老龄事业科", "组织人事处", "信息数据中心", "安全生产科", "便民服务中心"]
THINGS = ["河道清淤", "路灯养护", "老年餐桌", "图书角更新", "应急物资储备", "分类宣传", "口袋花园改造", "消防器材更换", "公厕保洁",
          "档案数字化", "法律咨询", "防汛演练", "健身步道维修", "儿童之家运营", "政务大厅维保", "树木修剪", "网格巡查", "停车引导",
          "心理关爱", "技能培训", "志愿者保险", "残障家庭探访", "雨污分流", "楼道照明", "电梯加装协调", "数据机房维护", "公益讲座",
          "社情调查", "窗口叫号系统", "农贸市场整治", "历史建筑测绘", "垃圾房翻新", "巡逻车租赁", "广播站设备", "幼托补助",
          "荷花节", "中秋诗会", "龙舟赛", "非遗展示", "马拉松保障", "村志编纂", "水质监测", "噪声监测", "驿站运维", "就业驿站"]
FORMS = ["{}项目", "{}经费", "{}服务费", "{}", "{}工程", "{}（二期）", "{}专项", "{}购买服务", "“{}”活动", "{}、验收及结算"]
FUNCTIONS: dict[str, tuple[str, dict[str, tuple[str, dict[str, str]]]]] = {
    "201": ("一般公共服务支出", {
        "03": ("政府办公厅（室）及相关机构事务", {"01": "行政运行", "02": "一般行政管理事务", "50": "事业运行"}),
        "05": ("统计信息事务", {"07": "专项普查活动", "99": "其他统计信息事务支出"}),
        "06": ("财政事务", {"01": "行政运行", "99": "其他财政事务支出"}),
        "29": ("群众团体事务", {"06": "工会事务", "99": "其他群众团体事务支出"}),
        "32": ("组织事务", {"02": "一般行政管理事务", "99": "其他组织事务支出"})}),
    "203": ("国防支出", {"06": ("国防动员", {"01": "兵役征集", "07": "民兵"})}),
    "204": ("公共安全支出", {"06": ("司法", {"04": "基层司法业务", "05": "普法宣传"})}),
    "206": ("科学技术支出", {"07": ("科学技术普及", {"02": "科普活动"})}),
    "207": ("文化旅游体育与传媒支出", {
        "01": ("文化和旅游", {"09": "群众文化", "99": "其他文化和旅游支出"}), "03": ("体育", {"08": "群众体育"})}),
    "208": ("社会保障和就业支出", {
        "02": ("民政管理事务", {"08": "基层政权建设和社区治理", "99": "其他民政管理事务支出"}),
        "05": ("行政事业单位养老支出", {"01": "行政单位离退休", "06": "职业年金缴费支出"}),
        "08": ("抚恤", {"01": "死亡抚恤", "02": "伤残抚恤", "99": "其他优抚支出"}),
        "10": ("社会福利", {"01": "儿童福利", "02": "老年福利"}),
        "11": ("残疾人事业", {"04": "残疾人康复", "07": "残疾人生活和护理补贴"})}),
    "210": ("卫生健康支出", {
        "07": ("计划生育事务", {"99": "其他计划生育事务支出"}),
        "11": ("行政事业单位医疗", {"01": "行政单位医疗", "03": "公务员医疗补助"})}),
    "211": ("节能环保支出", {"03": ("污染防治", {"01": "大气", "02": "水体"})}),
    "212": ("城乡社区支出", {
        "01": ("城乡社区管理事务", {"04": "城管执法", "99": "其他城乡社区管理事务支出"}),
        "05": ("城乡社区环境卫生", {"01": "城乡社区环境卫生"})}),
    "213": ("农林水支出", {"03": ("水利", {"14": "防汛"})}),
    "221": ("住房保障支出", {"02": ("住房改革支出", {"01": "住房公积金", "03": "购房补贴"})}),
    "224": ("灾害防治及应急管理支出", {"01": ("应急管理事务", {"06": "安全监管", "09": "应急管理"})}),
}
ALWAYS = {"201", "208", "210", "221"}


@dataclass(frozen=True)
class Project:
    """A tracked project; amounts in fen, all of them None for a row that is printed blank."""

    number: int
    name: str
    department: str
    initial: int | None
    added: int | None
    cut: int | None
    actual: int | None

    @property
    def adjusted(self) -> int | None:
        """The budget after additions and cuts."""
        if self.initial is None:
            return None
        return self.initial + (self.added or 0) - (self.cut or 0)


@dataclass(frozen=True)
class FunctionRow:
    """A row of the functional classification; level 3, 5 or 7 is the length of its code."""

    code: str
    name: str
    basic: int | None
    project: int | None

    @property
    def total(self) -> int | None:
        """Basic and project expenditure together; None where both are blank."""
        if self.basic is None and self.project is None:
            return None
        return (self.basic or 0) + (self.project or 0)


@dataclass(frozen=True)
class Year:
    """Income and expenditure of a year in fen."""

    year: int
    income: int
    carried_in: int
    expenditure: int

    @property
    def total(self) -> int:
        """Income with what was carried in; the same as expenditure with what is carried out."""
        return self.income + self.carried_in

    @property
    def carried_out(self) -> int:
        """What is left for the next year."""
        return self.total - self.expenditure


@dataclass
class Office:
    """Everything that the report states."""

    name: str
    short: str
    district: str
    year: int
    civil: int
    public: int
    retired: int
    functions: list[FunctionRow]
    current: Year
    previous: Year
    abroad: int
    reception: int
    bought_vehicles: int
    vehicle_running: int
    previous_three: int
    operating: int
    goods: int
    works: int
    services: int
    assets: int
    departments: list[str]
    projects: list[Project]
    basic_budget: int
    project_budget: int
    all_projects_initial: int
    transfers: int
    own_budget: int

    def rows_of(self, department: str) -> list[Project]:
        """The tracked projects of a department."""
        return [project for project in self.projects if project.department == department]

    def function(self, code: str) -> FunctionRow:
        """The row of a code."""
        return next(row for row in self.functions if row.code == code)

    @property
    def basic(self) -> int:
        """Basic expenditure of the year."""
        return sum(row.basic or 0 for row in self.functions if len(row.code) == 7)

    @property
    def project(self) -> int:
        """Project expenditure of the year."""
        return sum(row.project or 0 for row in self.functions if len(row.code) == 7)


def total(projects: list[Project], column: str) -> int:
    """The sum of a column in fen, blank cells left out."""
    return sum(getattr(project, column) or 0 for project in projects)


def invent_office(rng: random.Random) -> Office:
    """An office whose figures agree with each other to the fen."""
    place, (kind, body) = rng.choice(PLACES), rng.choice(KINDS)
    city, district = rng.choice(CITIES), rng.choice(DISTRICTS)
    year = rng.randint(2018, 2025)
    functions = _functions(rng)
    spent = sum(row.total or 0 for row in functions if len(row.code) == 7)
    departments = rng.sample(DEPARTMENTS, rng.randint(2, 9))
    projects = _projects(rng, departments)
    project_spent = sum(row.project or 0 for row in functions if len(row.code) == 7)
    basic_spent = spent - project_spent
    carried_in, carried_out = _odd(rng, 90_000_00, 3_000_000_00), _odd(rng, 400_000_00, 9_000_000_00)
    before_in = _odd(rng, 90_000_00, 2_000_000_00)
    before_spent = round(spent * rng.uniform(0.7, 1.25)) + rng.randint(1, 99)
    reception = rng.choice([0, _odd(rng, 2_000_00, 90_000_00)])
    budget = _odd(rng, spent, spent + 9_000_000_00)
    transfers = _odd(rng, 900_000_00, budget // 6)
    return Office(
        name=f"{city}{district}{place}{body}", short=f"{place}{kind}", district=district, year=year,
        civil=rng.randint(21, 140), public=rng.randint(11, 90), retired=rng.randint(3, 160),
        functions=functions,
        current=Year(year, spent + carried_out - carried_in, carried_in, spent),
        previous=Year(year - 1, before_spent + carried_in - before_in, before_in, before_spent),
        abroad=rng.choice([0, 0, _odd(rng, 20_000_00, 300_000_00)]), reception=reception,
        bought_vehicles=rng.choice([0, 0, _odd(rng, 150_000_00, 500_000_00)]),
        vehicle_running=_odd(rng, 8_000_00, 400_000_00),
        previous_three=_odd(rng, 30_000_00, 900_000_00), operating=_odd(rng, 900_000_00, 9_000_000_00),
        goods=rng.choice([0, _odd(rng, 100_000_00, 4_000_000_00)]), works=_odd(rng, 100_000_00, 9_000_000_00),
        services=_odd(rng, 1_000_000_00, 40_000_000_00), assets=_odd(rng, 9_000_000_00, 200_000_000_00),
        departments=departments, projects=projects,
        basic_budget=basic_spent + rng.choice([0, _odd(rng, 100_000_00, 1_500_000_00)]),
        project_budget=project_spent + _odd(rng, 200_000_00, 6_000_000_00),
        all_projects_initial=round(total(projects, "initial") * rng.uniform(1.4, 3)) + rng.randint(1, 99),
        transfers=transfers, own_budget=budget - transfers,
    )


def _odd(rng: random.Random, low: int, high: int) -> int:
    """An amount in fen, mostly with odd cents, seldom a round one."""
    amount = rng.randint(low, max(low + 1, high))
    return amount if rng.random() < 0.8 else max(amount // 100_00 * 100_00, low // 100_00 * 100_00 + 100_00)


def _functions(rng: random.Random) -> list[FunctionRow]:
    chosen = [code for code in FUNCTIONS if code in ALWAYS or rng.random() < 0.6]
    rows: list[FunctionRow] = []
    for code in chosen:
        name, groups = FUNCTIONS[code]
        blank = code not in ALWAYS and rng.random() < 0.08
        below: list[FunctionRow] = []
        for group in [g for g in groups if rng.random() < 0.8] or list(groups):
            below += _group(rng, code + group, groups[group], blank)
        rows.append(_summed(code, name, [row for row in below if len(row.code) == 5]))
        rows += below
    return rows


def _group(rng: random.Random, code: str, group: tuple[str, dict[str, str]], blank: bool) -> list[FunctionRow]:
    name, items = group
    rows = []
    for item in [i for i in items if rng.random() < 0.85] or list(items):
        full, empty = code + item, blank or rng.random() < 0.04
        pays_staff = full[:3] in {"201", "208", "210", "221"} and rng.random() < 0.55 or full[:3] == "221"
        empty = empty and full[:3] not in {"221", "210"}
        basic = _odd(rng, 200_000_00, 30_000_000_00) if pays_staff and not empty else None
        project = None if empty or (basic is not None and rng.random() < 0.7) else _odd(rng, 6_000_00, 18_000_000_00)
        rows.append(FunctionRow(full, items[item], basic, project))
    return [_summed(code, name, rows), *rows]


def _summed(code: str, name: str, parts: list[FunctionRow]) -> FunctionRow:
    def column(values: list[int | None]) -> int | None:
        known = [value for value in values if value is not None]
        return sum(known) if known else None
    return FunctionRow(code, name, column([part.basic for part in parts]), column([part.project for part in parts]))


def _projects(rng: random.Random, departments: list[str]) -> list[Project]:
    number = rng.randint(len(departments), 46)
    names = [rng.choice(FORMS).format(thing) for thing in rng.sample(THINGS, min(number, len(THINGS)))]
    owners = departments + [rng.choice(departments) for _ in range(len(names) - len(departments))]
    owners.sort(key=departments.index)
    projects = []
    for position, (name, department) in enumerate(zip(names, owners, strict=True), 1):
        first = owners.index(department) == position - 1
        if not first and rng.random() < 0.02:
            projects.append(Project(position, name, department, None, None, None, None))
            continue
        initial = _odd(rng, 80_000_00, 9_000_000_00)
        added = _odd(rng, 20_000_00, 900_000_00) if rng.random() < 0.2 else 0
        cut = _odd(rng, 20_000_00, initial // 2) if rng.random() < 0.3 else 0
        adjusted = initial + added - cut
        actual = adjusted if rng.random() < 0.4 else round(adjusted * rng.uniform(0.4, 1))
        projects.append(Project(position, name, department, initial, added, cut, actual))
    return projects
