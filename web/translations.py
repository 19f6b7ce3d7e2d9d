"""Core templates of Datasette in two languages: fragments of their source are replaced when a template is loaded.

Only the source is touched, never data. A fragment that no longer occurs (after an upgrade of Datasette) is recorded
in `misses`, and a test fails. A replacement is Jinja: `say(zh, en)` speaks the reader's language at rendering.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import BaseLoader, Environment


def _said(zh: str, en: str) -> str:
    return f'{{{{ say("{zh}", "{en}") }}}}'


@dataclass(frozen=True)
class Fragment:
    """Replace all text from `start` to the end of `end` (or `start` alone) by `by`, wherever it stands."""

    start: str
    by: str
    end: str = ""

    def apply(self, source: str) -> str | None:
        """The source with the replacement, or None if the fragment does not occur."""
        if not self.end:
            return source.replace(self.start, self.by) if self.start in source else None
        pattern = re.escape(self.start) + r".*?" + re.escape(self.end)
        changed, count = re.subn(pattern, lambda _: self.by, source, flags=re.DOTALL)
        return changed if count else None


FRAGMENTS: dict[str, list[Fragment]] = {
    "table.html": [
        Fragment("{% block title %}", "{% block title %}{{ table_label(table) }} · {{ site_title() }}{% endblock %}", "{% endblock %}"),
        Fragment("<script src=\"{{ urls.static('table.js') }}\" defer>",
                 "<script src=\"{{ urls.static('table.js') }}?language={{ language() }}\" defer>"),
        Fragment("<style>", "", "</style>"),
        Fragment("{{ crumbs.nav(request=request, database=database) }}", "{{ crumbs.nav(request=request, database=database) }}"),
        Fragment(" style=\"border-color: #{{ database_color(database) }}\"", ""),
        Fragment("{{ metadata.title or table }}", "{{ table_label(table) }}"),
        Fragment("{% if is_view %} (view){% endif %}", ""),
        Fragment(">Table actions</title>", ">" + _said("操作", "Table actions") + "</title>"),
        Fragment("{% if metadata.columns %}", '{% include "_columns.html" %}', "{% endif %}"),
        Fragment("{% if filtered_table_rows_count or human_description_en %}",
                 '{% include "_selection.html" %}', "</h3>\n{% endif %}"),
        Fragment('<form class="filters"', '{% include "_filters.html" %}', "</form>"),
        Fragment("{{ extra_wheres_for_ui|length }} extra where clause{% if extra_wheres_for_ui|length != 1 %}s{% endif %}",
                 _said("附加条件", "Extra conditions")),
        Fragment(">remove</a>", ">" + _said("删除", "remove") + "</a>"),
        Fragment('<span class="underlined">View and edit SQL</span>',
                 '<span class="underlined">' + _said("查看 SQL", "View and edit SQL") + "</span>"),
        Fragment('<p class="export-links">', '{% include "_export.html" %}', "</p>"),
        Fragment("These facets timed out: ", _said("以下统计超时：", "These facets timed out: ")),
        # Facets stand beside the filters (_filters.html); a table with none says nothing here.
        Fragment("{% if facet_results %}", "", "{% endif %}"),
        Fragment(">Next page</a>", ' class="button">' + _said("下一页", "Next page") + "</a>"),
        Fragment('<div id="export" class="advanced-export">', "", "</form>\n    </div>"),
        Fragment("{% if table_definition %}", "", "{% endif %}"),
        Fragment("{% if view_definition %}", "", "{% endif %}"),
    ],
    "query.html": [
        Fragment("{% block title %}", "{% block title %}{{ metadata.title or site_title() }}{% endblock %}", "{% endblock %}"),
        Fragment("This query cannot be executed because the database is immutable.",
                 _said("数据库只读，不能执行此查询。", "This query cannot be executed because the database is immutable.")),
        Fragment("Custom SQL query", _said("查询", "Custom SQL query")),
        Fragment(" returning {% if truncated %}more than {% endif %}", "{% if truncated %}" + _said("（超过）", " more than") + "{% endif %} "),
        Fragment(" row{% if display_rows|length == 1 %}{% else %}s{% endif %}", _said(" 行", " rows")),
        Fragment("{{ show_hide_text }}", "{{ show_hide_words(show_hide_text) }}"),
        Fragment("Query parameters", _said("查询参数", "Query parameters")),
        Fragment("Format SQL", _said("整理格式", "Format SQL")),
        Fragment('value="Run SQL"', 'value="' + "{{ say('执行', 'Run SQL') }}" + '"'),
        Fragment(">Edit SQL</a>", ">" + _said("修改", "Edit SQL") + "</a>"),
        Fragment("This data as ", _said("导出：", "This data as ")),
        Fragment("0 results", _said("没有结果", "0 results")),
    ],
    "logout.html": [
        Fragment("Log out", _said("退出登录", "Log out")),
        Fragment("You are logged in as", _said("当前用户：", "You are logged in as")),
    ],
}

# Words of the column menu (static/table.js), in Chinese.
SCRIPT_WORDS = {
    "Sort ascending": "升序",
    "Sort descending": "降序",
    "Facet by this": "按此列统计",
    "Hide this column": "隐藏此列",
    "Show all columns": "显示全部列",
    "Show not-blank rows": "只看非空的行",
    "Remove this filter": "删除此条件",
}
# The type of a column means nothing to an inspector.
SCRIPT_TYPE = "if (columnType) {"

FILTER_WORDS = {
    "exact": ("等于", "is"), "not": ("不等于", "is not"), "contains": ("包含", "contains"), "endswith": ("结尾是", "ends with"),
    "startswith": ("开头是", "starts with"), "gt": ("大于", ">"), "gte": ("大于等于", "≥"), "lt": ("小于", "<"), "lte": ("小于等于", "≤"),
    "like": ("匹配", "like"), "notlike": ("不匹配", "not like"), "glob": ("通配", "glob"), "in": ("属于", "in"), "notin": ("不属于", "not in"),
    "arraycontains": ("列表含", "array contains"), "arraynotcontains": ("列表不含", "array does not contain"),
    "date": ("日期是", "date"), "isnull": ("没有值", "has no value"), "notnull": ("有值", "has a value"),
    "isblank": ("为空", "is blank"), "notblank": ("不为空", "is not blank"),
}
# What a person who is no programmer chooses from.
OFFERED_FILTERS = ("exact", "not", "contains", "startswith", "gt", "gte", "lt", "lte", "isblank", "notblank")

ERRORS = {
    "Record not found": "没有这条记录",
    "Table not found": "没有这张表",
    "Database not found": "没有这个数据库",
    "Page not found": "没有这个页面",
    "The address asks for something that is not there.": "网址有误：要找的列、条件或内容不存在。",
}


class TranslatingLoader(BaseLoader):
    """Another loader's templates with the fragments of this module replaced."""

    def __init__(self, inner: BaseLoader):
        self.inner = inner
        self.misses: list[tuple[str, str]] = []
        self.loaded: set[str] = set()

    def get_source(self, environment: Environment, template: str):  # type: ignore[no-untyped-def]
        """As jinja2 asks for it."""
        source, filename, fresh = self.inner.get_source(environment, template)
        self.loaded.add(template)
        for fragment in FRAGMENTS.get(template, []):
            changed = fragment.apply(source)
            if changed is None:
                self.misses.append((template, fragment.start))
                continue
            source = changed
        return source, filename, fresh

    def list_templates(self) -> list[str]:
        """As jinja2 asks for it."""
        return self.inner.list_templates()


def translate_script(source: str) -> tuple[str, list[str]]:
    """`table.js` in Chinese, and the words that no longer occur in it."""
    misses = [words for words in (*SCRIPT_WORDS, SCRIPT_TYPE) if words not in source]
    for english, chinese in SCRIPT_WORDS.items():
        source = source.replace(english, chinese)
    return source.replace(SCRIPT_TYPE, "if (false) {"), misses
