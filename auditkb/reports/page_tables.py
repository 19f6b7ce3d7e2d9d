"""Tables of a PDF that a page break parts, put together again before anything is understood.

What stands last on one page and first on the next is one table where the header is repeated, where only one of the two
has a header, or where the first is no more than a header. Both must have the same outer edges, and the columns of one
must be among those of the other.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import dropwhile, takewhile

from auditkb.reports.lines import Grid, GridCell
from auditkb.reports.number_forms import is_number
from auditkb.reports.tables import holds_figures, understand

MOST_HEAD = 6  # rows that are a header and no table of words
NEAR = 4.0  # points within which the edges of two pages are one
Rows = tuple[tuple[GridCell, ...], ...]


def join_over_page(grid: Grid, following: Grid) -> Grid | None:
    """Both as one table, None if they are two."""
    edges = _common_edges(grid.edges, following.edges)
    if edges is None:
        return None
    above, below = _over(edges, grid), _over(edges, following)
    head = list(takewhile(lambda row: not holds_figures(row), above))
    # A header whose cells are merged over rows may come again with some of its rows only.
    known = set().union(*(_words(row) for row in head))
    rest = tuple(dropwhile(lambda row: not holds_figures(row) and bool(_words(row)) and _words(row) <= known, below))
    is_only_head = len(head) == len(above) <= MOST_HEAD
    if len(rest) == len(below) and not is_only_head and any(understand(following).columns):
        return None
    return replace(grid, rows=_rows(above, rest), edges=edges)


def _common_edges(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...] | None:
    """The edges of the table that has more of them, if it has all of the other's."""
    more, fewer = (one, other) if len(one) >= len(other) else (other, one)
    if len(fewer) < 2 or abs(more[0] - fewer[0]) > NEAR or abs(more[-1] - fewer[-1]) > NEAR:
        return None
    return more if all(any(abs(edge - mine) <= NEAR for mine in more) for edge in fewer) else None


def _over(edges: tuple[float, ...], grid: Grid) -> Rows:
    """The rows of a grid with their cells counted in columns between these edges."""
    at = [max(0, bisect_left(edges, edge - NEAR)) for edge in grid.edges]

    def moved(cell: GridCell) -> GridCell:
        start = cell.start or 0
        end = min(start + cell.span, len(at) - 1)
        return replace(cell, start=at[start], span=max(1, at[end] - at[start]))
    return tuple(tuple(moved(cell) for cell in row) for row in grid.rows)


def _words(row: tuple[GridCell, ...]) -> set[tuple[int | None, str]]:
    """Each word of a row with the column that it stands in."""
    return {(cell.start, "".join(cell.text.split())) for cell in row if cell.text}


def _rows(above: Rows, below: Rows) -> Rows:
    """Both one below the other; what did not fit of the last row is put to it."""
    if above and below and _is_rest_of_row(below[0], above[-1]):
        more = {cell.start: cell.text for cell in below[0]}
        last = tuple(replace(cell, text=cell.text + more.get(cell.start, "")) for cell in above[-1])
        return (*above[:-1], last, *below[1:])
    return (*above, *below)


def _is_rest_of_row(row: tuple[GridCell, ...], before: tuple[GridCell, ...]) -> bool:
    """Whether a row at the top of a page is what did not fit of the row before: no first cell and no figure."""
    texts = [cell.text for cell in row]
    return not texts[0] and any(texts) and not any(is_number(text) for text in texts) and [cell.start for cell in row] == [cell.start for cell in before]
