"""What the workbook to fill in says: instructions, headings with their unit, and a comment on each heading."""

from __future__ import annotations

from auditkb.dictionary import Dictionary, Field, RecordType
from auditkb.errors import Text
from auditkb.values import COUNT_UNITS

INSTRUCTIONS = (
    Text("1. 每张工作表是一类记录，一行填一条。用不到的工作表可以留空或删去，用不到的列也可以留空或删去，列的顺序可以调整。",
         "1. Each sheet is one type of record, one record a row. Leave empty or delete the sheets and columns that you do not use; columns may be moved."),
    Text("2. 不要改第一行的表头，不要合并单元格，不要加合计行。鼠标停在表头上可以看到说明。黄色表头用来识别记录，请尽量填写。",
         "2. Do not change the headings in the first row, merge cells or add totals. Point at a heading to see what it means. Yellow headings name the record: fill them in where you can."),
    Text("3. 日期写作 2024-05-20。金额按表头的单位填写，不写“万元”。比例写作 3%。编号列是文本，前面的零会保留；从别处复制时，请用“选择性粘贴”只粘贴数值。",
         "3. Write dates as 2024-05-20, amounts in the unit of the heading, ratios as 3%. Columns of numbers of papers are text, so that zeros in front stay; paste values only."),
    Text("4. 所属的项目、合同、单位等，写它在自己那张表中的名称或编号，写法要一致。",
         "4. Where a column names a project, a contract or an organisation, write its name or number as in its own sheet."),
    Text("5. 没有值的单元格：空着表示没有采集到。文件上这一处就是空白的，写 [文件空白]；不需要填的，写 [不要求]；看不清的，写 [字迹不清]。空着和“文件空白”含义不同，会影响检查结果。",
         "5. A cell without a value: leave it empty if it was not captured. Write [blank_in_document] where the paper itself is blank there, [not_required] where none is needed, [illegible] where it cannot be read. These mean different things to the rules."),
    Text("6. 下表写明哪些记录已经收集齐全。“是”表示齐全（表是空的，就是确实没有）；“否”表示不全；不写的，有记录的表按齐全计，空表按没有收集计。只收齐了某一年度或某个部门的，写明年度或部门；可以加行。",
         "6. The table below says of which records everything is here. \"yes\": complete (an empty sheet then means that there are none); \"no\": not complete; nothing: a sheet with records counts as complete, an empty one as not collected. Name the year or the department where only that is complete; add rows as you need."),
    Text("7. 填好后存为 .xlsx，运行：ingest.py records 文件名", "7. Save as .xlsx and run: ingest.py records FILE"),
)
DATE_REFUSED = (Text("不是日期", "Not a date"), Text("请填写 1990 至 2100 年之间的日期，如 2024-05-20；没有日期时留空，或写 [文件空白] 等。",
                                                "Write a date from 1990 to 2100 such as 2024-05-20; leave it empty where there is none, or write [blank_in_document] or the like."))
NOT_A_CHOICE = (Text("不在选项中", "Not one of the choices"), Text("请从下拉列表中选择；没有值时留空，或写 [文件空白] 等。",
                                                         "Choose from the list; leave it empty where there is none, or write [blank_in_document] or the like."))
_EXAMPLES = {"date": Text("2024-05-20", "2024-05-20"), "money": Text("232000.00", "232000.00"), "ratio": Text("3%", "3%"), "integer": Text("90", "90"),
             "flag": Text("是", "yes")}


def title_of_guide() -> Text:
    """The title of the guide, and of the workbook."""
    return Text("审计资料填报表", "Records for the audit")


def heading_of(field: Field, language: str) -> str:
    """The label of a field with its unit, as loading reads it back."""
    label, unit = field.label.say(language), _unit_of(field)
    if unit is None:
        return label
    return f"{label}（{unit.zh}）" if language == "zh" else f"{label} ({unit.en})"


def _unit_of(field: Field) -> Text | None:
    if field.type == "money":
        return Text("元", "yuan")
    words = COUNT_UNITS.get(field.unit or "", ()) if field.type == "integer" and field.unit != "year" else ()
    return Text(words[0], next(word for word in words if word.isascii())) if words else None


def comment_on(record_type: RecordType, field: Field, dictionary: Dictionary, language: str) -> str:
    """Meaning, unit, example, other headings and what stands for itself, a line each."""
    lines = [field.description.say(language)]
    unit = _unit_of(field)
    if unit is not None:
        lines.append(Text(f"单位：{unit.zh}", f"Unit: {unit.en}").say(language))
    lines.append(_example(field, dictionary).say(language))
    if field.name in record_type.key[0]:
        lines.append(Text("用来识别记录，请尽量填写", "Names the record: fill it in where you can").say(language))
    if field.synonyms and language == "zh":
        lines.append(f"也叫：{'、'.join(field.synonyms)}")
    if field.synonyms and language == "en":
        lines.append(f"Chinese headings: {field.label.zh}, {', '.join(field.synonyms)}")
    if field.personal:
        lines.append(Text("个人信息，不对外公开", "Personal, never published").say(language))
    return "\n".join(lines)


def _example(field: Field, dictionary: Dictionary) -> Text:
    if field.is_reference:
        target = dictionary[field.type]
        names = [target.fields[name].label for name in target.key[0]]
        if len(names) == 1:
            return Text(f"填写：{target.label.zh}的{names[0].zh}", f"Write: the {names[0].en} of the {target.label.en}")
        return Text(f"填写：{target.label.zh}的{'、'.join(name.zh for name in names)}，用 / 隔开", f"Write, with / between: {', '.join(name.en for name in names)} of the {target.label.en}")
    if field.choices:
        first = next(iter(field.choices.values()))
        return Text(f"例：{first.zh}", f"Example: {first.en}")
    if field.unit == "year":
        return Text("例：2024", "Example: 2024")
    if field.unit == "months":
        months = 3 if "interval" in field.name else 24
        return Text(f"例：{months}", f"Example: {months}")
    if field.type in _EXAMPLES:
        return Text(f"例：{_EXAMPLES[field.type].zh}", f"Example: {_EXAMPLES[field.type].en}")
    return Text("文字", "Text")
