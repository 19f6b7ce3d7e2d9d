"""Wordings that no relation was written for: what a report says when another person writes it.

With them some errors are missed, because a relation does not know the words; that is told (figures without a counterpart,
relations that found nothing). A wrong accusation is never allowed.
"""

from __future__ import annotations

YEAR_SENTENCES = [
    "{y}年度，{s}全年共取得收入{income}，加上年初结转的{inn}，可用资金合计{tin}；当年支出{spent}，年底结余{out}，两项合计{tout}。",
    "收入方面：{y}年当年收入{income}，动用以前年度结转{inn}，总收入{tin}。支出方面：{y}年当年支出{spent}，结转以后年度{out}，总支出{tout}。",
]
CHANGE_SENTENCES = [
    "同比来看，收入{wi}{di}、幅度{ri}；支出{we}{de}、幅度{re}，原因是{why}。",
    "{y}年收入同比{wi}{di}（{gi}{ri}），支出同比{we}{de}（{ge}{re}），{why}。",
]
SHARES = [
    "按支出性质分，基本支出{b}（{bs}），项目支出{p}（{ps}），合计{t}。",
    "{t}的支出中，用于人员和公用的基本支出{b}，比重{bs}，用于专项的项目支出{p}，比重{ps}。",
]
THREE = ["“三公”经费全年开支{t}，分项如下：", "全年“三公”经费共花费{t}："]
THREE_CHANGE = ["“三公”经费同比{w}{d}（上年{l}，本年{t}），{g}{r}，{why}。", "上年“三公”经费{l}，本年{t}，{w}{d}。"]
APPROVED = ["年初批准的预算为{t}，由本级财力{o}和上级补助{x}组成。", "{y}年预算盘子{t}，本级{o}，上级{x}。"]
ADJUSTED = ["执行中经调整，预算数变为{t}（基本{b}、项目{p}）。", "预算追加追减后为{t}，基本支出部分{b}，项目支出部分{p}。"]
EXECUTED = [
    "到年底，累计列支{t}（基本{b}，项目{p}），总体进度{rt}，基本支出进度{rb}，项目支出进度{rp}。",
    "预算执行结果为{t}，执行进度{rt}；基本支出{b}，进度{rb}；项目支出{p}，进度{rp}。",
]
TRACKED = [
    "列入跟踪范围的项目{n}个，年初安排{i}，是全部项目预算{a}的{sh}；年中调整为{j}，年底支出{e}，进度{r}。",
    "{n}个项目被跟踪，它们的年初数{i}，在全部项目的{a}中比重{sh}，调整数{j}，支出数{e}，完成率{r}。",
]
DEPARTMENT = [
    "{d}承担{n}个项目，即{names}，年初安排{i}，{moves}年中调整为{j}，年底支出{e}，进度{r}。",
    "{d}负责的{names}共{n}个项目，年初数{i}，{moves}调整数{j}，支出数{e}，完成率{r}。",
]
DEPARTMENT_NARROW = ["{d}承担{n}个项目，即{names}，年初安排{i}，年底支出{e}，进度{r}。"]
COLUMNS = {
    "initial": ["预算批复数", "年初批复"], "added": ["预算增加", "追加金额"], "cut": ["预算减少", "核减"],
    "adjusted": ["调整预算数", "变更后预算"], "actual": ["决算数", "累计列支"], "rate": ["完成率", "支出进度"],
}
IN_ACCOUNTS = ("YEAR_SENTENCES", "CHANGE_SENTENCES", "SHARES", "THREE", "THREE_CHANGE")
IN_TRACKING = ("APPROVED", "ADJUSTED", "EXECUTED", "TRACKED", "DEPARTMENT", "DEPARTMENT_NARROW", "COLUMNS")
