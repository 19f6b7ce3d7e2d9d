"""Department, body and year of a record as SQL over its row and the rows that it hangs under: the dictionary's paths."""

from __future__ import annotations

from auditkb.dictionary import Dictionary, RecordType
from auditkb.schema import quote


class Resolved:
    """SQL for the resolved columns of one type: `values` over its rows `t` and the tables joined by `joins`."""

    def __init__(self, dictionary: Dictionary, record_type: RecordType):
        self._dictionary, self._record_type = dictionary, record_type
        self._aliases: dict[tuple[str, ...], str] = {(): "t"}
        self.joins = ""
        self.values = {"_department": self._first_known(record_type.department),
                       "_organisation": self._first_known(record_type.organisation),
                       "_year": self._first_known(record_type.fiscal_year)}
        # A department answers for its own row, and a body's parameters hold for its own.
        self.values |= {f"_{name}": "t.key" for name in ("department", "organisation") if record_type.type == name}

    def _first_known(self, paths: tuple[str, ...]) -> str:
        """SQL for the first of `paths` that leads to a value; a date there stands for its year."""
        values = [self._value(path.split(".")) for path in paths]
        return f"coalesce({', '.join(values)}, null)" if values else "null"

    def _value(self, steps: list[str]) -> str:
        here = self._record_type
        passed: tuple[str, ...] = ()
        for step in steps[:-1]:
            above = self._dictionary[here.fields[step].type]
            link = f"{self._aliases[passed]}.{quote(step)}"
            passed = (*passed, step)
            if passed not in self._aliases:
                # Each record that the paths pass through is joined once.
                alias = self._aliases[passed] = f"t{len(self._aliases)}"
                self.joins += f"left join {quote(above.type)} {alias} on {alias}.key = {link} "
            here = above
        column = f"{self._aliases[passed]}.{quote(steps[-1])}"
        return f"cast(substr({column}, 1, 4) as integer)" if here.fields[steps[-1]].type == "date" else column
