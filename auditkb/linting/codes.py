"""Every check that lint knows, by its stable code. docs/lint.md describes the same ones, a test compares.

Y, F, X, R, P, L, N, S and E are faults of reading where the number is below 20: the rule set then runs nothing. From 21 on
a rule runs and should still be mended; from 31 on there is something to know. A code never gets another meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditkb.errors import Fault, Severity, Text
from auditkb.yaml_files import Path_, YamlFile


@dataclass(frozen=True)
class Check:
    """One check: what it finds, and whether `lint --fix` mends it."""

    title: Text
    is_fixable: bool = False


CHECKS: dict[str, Check] = {
    "Y01": Check(Text("文件不是 UTF-8，或含不允许的字符", "not UTF-8, or a character that is not allowed")),
    "Y02": Check(Text("制表符", "a tab")),
    "Y03": Check(Text("YAML 语法错误", "YAML syntax")),
    "Y04": Check(Text("锚点、别名或标签", "an anchor, an alias or a tag")),
    "Y05": Check(Text("键重复", "a key appears twice")),
    "Y06": Check(Text("键不是文字", "a key is no text")),
    "Y07": Check(Text("没有这一天", "no such day")),
    "F01": Check(Text("不认识的键", "unknown key")),
    "F02": Check(Text("缺少必需的键", "a key is missing")),
    "F03": Check(Text("值的类型不对", "a value of the wrong kind")),
    "F04": Check(Text("值不在可用范围", "a value is not one of the choices")),
    "F05": Check(Text("编号的写法不对", "an id is not written as it should be")),
    "F21": Check(Text("键的顺序不同", "keys stand in another order"), is_fixable=True),
    "F22": Check(Text("行尾有空格，或文件末尾不是一个换行", "spaces at the end of a line, or no single line end at the end of the file"), is_fixable=True),
    "X01": Check(Text("表达式无法读取", "an expression cannot be read")),
    "X02": Check(Text("表达式太长或嵌套太深", "an expression is too long or too deep")),
    "X03": Check(Text("不属于规则语言的写法", "not part of the rule language")),
    "X04": Check(Text("没有这个字段、记录类型或 let", "no such field, record type or let")),
    "X05": Check(Text("没有声明这个参数", "no such parameter")),
    "X06": Check(Text("没有这个函数", "no such function")),
    "X07": Check(Text("类型不相配", "kinds do not go together")),
    "X08": Check(Text("不是该字段的选项", "not a choice of the field")),
    "X09": Check(Text("日期写错", "a date is wrong")),
    "X10": Check(Text("一组记录用错了地方", "a set of rows in the wrong place")),
    "X11": Check(Text("同组记录用错了地方", "peers in the wrong place")),
    "X12": Check(Text("文字字段未声明可比较", "a text field that is not declared as compared")),
    "R01": Check(Text("没有这个记录类型", "no such record type")),
    "R02": Check(Text("let 的名称不能用", "a let has a name that cannot be used")),
    "R03": Check(Text("let 绕回到自己", "a let depends on itself")),
    "R04": Check(Text("peers 写错", "peers are wrong")),
    "R05": Check(Text("event_date 缺少或不是日期", "event_date is missing or no date")),
    "R06": Check(Text("assumes 写错", "assumes is wrong")),
    "R07": Check(Text("没有这种豁免", "no such exemption")),
    "R08": Check(Text("valid 的终止早于起始", "valid ends before it begins")),
    "R21": Check(Text("let 没有用到", "a let is never used")),
    "R22": Check(Text("显示给人看的 let 没有 labels", "a let is shown and has no label")),
    "R23": Check(Text("规则不会得出疑点", "the rule can never fail")),
    "R24": Check(Text("规则不会适用", "the rule can never apply")),
    "R25": Check(Text("对同组记录每次都提的条件没有写在 peers 里", "what every filter over peers asks is not said in peers")),
    "R26": Check(Text("用到有期限的法规或参数，却没有 event_date", "dated law or parameters without an event_date")),
    "R27": Check(Text("启用的规则没有写明由谁批准", "an active rule that nobody approved")),
    "R28": Check(Text("labels 里的名称不是 let", "a label of what is no let")),
    "R29": Check(Text("比较的两边单位不同", "the two sides of a comparison are counted differently")),
    "R31": Check(Text("同组记录两两比较，组大时很慢", "every two rows of a group are compared: slow for large groups")),
    "P01": Check(Text("参数的值类型不对", "a parameter's value is of the wrong kind")),
    "P02": Check(Text("参数表的一行写错", "a line of a parameter's table is wrong")),
    "P03": Check(Text("没有这个规则参数", "no rule has this parameter")),
    "P21": Check(Text("参数没有用到", "a parameter is never used")),
    "P22": Check(Text("参数没有 label 或 unit", "a parameter has no label or no unit")),
    "P23": Check(Text("参数的几行期限重叠", "lines of a parameter overlap")),
    "P24": Check(Text("参数的值超出法定界限", "a parameter's value is beyond the legal limit")),
    "P25": Check(Text("比例大于 1", "a ratio above 1")),
    "L01": Check(Text("法规库中没有这部法规或这一条", "no such law or article in the register")),
    "L02": Check(Text("没有法规库", "no law register")),
    "L03": Check(Text("法规名称已登记过", "the name of a law is taken")),
    "L21": Check(Text("规则没有写明依据", "a rule that names no provision")),
    "L31": Check(Text("引用的条文没有人核对过原文", "a provision that nobody has read in the law's own text")),
    "N01": Check(Text("一个别名对应两个名称，或一个名称写了两次", "an alias of two names, or a name written twice")),
    "N02": Check(Text("别名本身是一个名称", "an alias that is itself a name")),
    "N03": Check(Text("既是别名又是不同的名称", "an alias that is called different as well")),
    "S01": Check(Text("文件名与规则编号不符", "the file is not named after the rule's id")),
    "S02": Check(Text("规则编号已用过", "the id is used already")),
    "S03": Check(Text("replaces 写错", "replaces is wrong")),
    "S21": Check(Text("两条规则同名", "two rules have one title")),
    "S22": Check(Text("文件名编号之后的部分不规范", "the file name after the id is not a slug")),
    "S23": Check(Text("新建时的示范内容还没有改", "what the draft of a new rule says of its pattern is still there")),
    "T21": Check(Text("断定他人意图的用词", "a word about intent")),
    "T22": Check(Text("缺少一种语言", "one language is missing")),
    "T23": Check(Text("两种语言的信息显示的内容不同", "the message shows other things in the other language")),
    "T24": Check(Text("没有写明例外或局限", "exceptions or limits are not said")),
    "E01": Check(Text("例子中的名称或值不对", "a name or a value in an example is wrong")),
    "E02": Check(Text("例子的结果与期望不符", "an example gives something else than it expects")),
    "E21": Check(Text("例子少于四个", "fewer than four examples")),
    "E22": Check(Text("缺少一类结果的例子", "no example of one outcome")),
    "E23": Check(Text("没有刚好在界限上的例子", "no example exactly on a threshold")),
    "E24": Check(Text("两个例子同名", "two examples have one name")),
    "E25": Check(Text("例子的结果取决于基准日，却没有写明哪一天", "an example depends on the run's day and does not name it")),
}


def severity_of(code: str) -> Severity:
    """A code's severity lies in its number: errors below 20, warnings from 21, notes from 31."""
    number = int(code[1:])
    return "error" if number < 20 else "warning" if number < 30 else "note"


def found(code: str, file: YamlFile, path: Path_, text: Text, hint: Text | None = None, *, key: bool = False) -> Fault:
    """A fault of one check at a place of a file."""
    return file.fault(path, text, hint=hint, key=key, code=code, severity=severity_of(code))
