"""Tables that a page break parts are one, two tables at a page break are two; made from grids as a PDF gives them."""

from __future__ import annotations

from auditkb.reports.document import Place
from auditkb.reports.lines import Grid, GridCell
from auditkb.reports.page_tables import join_over_page

HEAD = [(0, 1, "序号"), (1, 1, "项目名称"), (2, 1, "金额（元）")]
FIRST, SECOND, TOTAL = [(0, 1, "1"), (1, 1, "绿植"), (2, 1, "70.00")], [(0, 1, "2"), (1, 1, "路灯"), (2, 1, "55.00")], [(0, 2, "合计"), (2, 1, "125.00")]
EDGES = (80.0, 130.0, 400.0, 500.0)


def grid(*rows: list[tuple[int, int, str]], edges: tuple[float, ...] = EDGES) -> Grid:
    return Grid(tuple(tuple(GridCell(text, Place(1), start, span) for start, span, text in row) for row in rows), Place(1), edges)


def texts(joined: Grid | None) -> list[list[str]] | None:
    return None if joined is None else [[cell.text for cell in row] for row in joined.rows]


def test_a_total_row_alone_below_the_repeated_header_is_put_to_its_table() -> None:
    assert texts(join_over_page(grid(HEAD, FIRST), grid(HEAD, TOTAL))) == [["序号", "项目名称", "金额（元）"], ["1", "绿植", "70.00"], ["合计", "125.00"]]


def test_a_header_with_nothing_or_one_row_below_it_takes_the_rest_of_the_next_page() -> None:
    for above in (grid(HEAD), grid(HEAD, FIRST)):
        joined = join_over_page(above, grid(HEAD, SECOND, TOTAL))
        assert texts(joined) == [*(texts(above) or []), ["2", "路灯", "55.00"], ["合计", "125.00"]]


def test_a_header_that_a_page_parts_is_one_header_over_the_columns_of_the_rest() -> None:
    joined = join_over_page(grid([(0, 1, "单位名称：街道"), (1, 1, "总金额：200.00元")], edges=(80.4, 399.1, 500.2)), grid(HEAD, FIRST, TOTAL))
    assert joined is not None
    assert [(cell.start, cell.span) for cell in joined.rows[0]] == [(0, 2), (2, 1)]
    assert len(joined.rows) == 4


def test_rows_without_a_header_go_on_with_the_table_before() -> None:
    assert len((join_over_page(grid(HEAD, FIRST), grid(SECOND, TOTAL)) or grid()).rows) == 4


def test_what_did_not_fit_of_a_row_is_put_to_it() -> None:
    joined = join_over_page(grid(HEAD, FIRST), grid(HEAD, [(0, 1, ""), (1, 1, "养护"), (2, 1, "")], SECOND))
    assert texts(joined) == [["序号", "项目名称", "金额（元）"], ["1", "绿植养护", "70.00"], ["2", "路灯", "55.00"]]


def test_tables_with_other_headers_or_other_edges_stay_two() -> None:
    other = [(0, 1, "序号"), (1, 1, "科室"), (2, 1, "人数")]
    assert join_over_page(grid(HEAD, FIRST), grid(other, SECOND)) is None
    assert join_over_page(grid(HEAD, FIRST), grid(HEAD, SECOND, edges=(80.0, 130.0, 400.0, 560.0))) is None
    assert join_over_page(grid(HEAD, FIRST), grid(HEAD, SECOND, edges=(80.0, 200.0, 400.0, 500.0))) is None
    assert join_over_page(grid(HEAD, FIRST), grid(HEAD, SECOND, edges=())) is None
