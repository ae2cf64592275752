"""Which NetSuite records a step takes: said once, asked in several ways."""

from __future__ import annotations

from dataclasses import dataclass

MOMENT = "YYYY-MM-DD HH24:MI:SS"
MODIFIED = f"TO_CHAR(t.lastmodifieddate, '{MOMENT}')"
"""When a record was changed last, in NetSuite's own time zone: to be compared with values of this expression alone."""
NO_GROUP = " "
"""Comes before every group. An empty text would be null to Oracle, beside which nothing is greater."""


@dataclass(frozen=True)
class SuiteSelection:
    """Which NetSuite records a step takes, said once and asked four ways: how many, which, some by id, and what they hold now.

    `source` names the tables, the record's own row as `t`; `where` are conditions that must all hold, with `params` for their `?` in
    order; `columns` are "expression AS name" to be read of each record beside `id`; `group` is the expression whose equal values are
    written in order. Dates must be wrapped in TO_CHAR (api-netsuite.md section 5).

    `due` narrows how many and which, with `due_params`, but is not asked again of records that were selected: "not synced, or modified
    lately". Held records need not meet it either.

    `rules` choose what is new; a record that was synced (`followed` says so) is taken whatever the rules say. The parameters of the
    rules come after those of `where` in `params`.
    """

    source: str
    where: tuple[str, ...]
    columns: tuple[str, ...]
    params: tuple[str, ...] = ()
    group: str = ""
    due: str = ""
    due_params: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    followed: str = ""

    def count_sql(self) -> str:
        return f"SELECT COUNT(*) AS n FROM {self.source} WHERE {self._due_conditions()}"

    def window_sql(self) -> str:
        """Ids, groups and moments of change after (group, id): the last three parameters are group, group, id."""
        after = f"({self._grp()} > ? OR ({self._grp()} = ? AND t.id > ?))"
        return f"{self._heads()} WHERE {self._due_conditions()} AND {after} ORDER BY {self._grp()}, t.id"

    def heads_sql(self) -> str:
        """The same of some ids, whether they are due or not."""
        return f"{self._heads()} WHERE {self._conditions()} AND t.id IN {{in}}"

    def rows_sql(self) -> str:
        """The records of some ids, as far as they still qualify."""
        columns = ", ".join(("t.id", *self.columns, f"{MODIFIED} AS modified"))
        return f"SELECT {columns} FROM {self.source} WHERE {self._conditions()} AND t.id IN {{in}}"

    def latest_sql(self) -> str:
        """When a record of the kind was changed last, whatever the rules say."""
        return f"SELECT TO_CHAR(MAX(t.lastmodifieddate), '{MOMENT}') AS latest FROM {self.source} WHERE {_all_of(self.where)}"

    def qualifying_sql(self) -> str:
        """Which of some ids the rules for new records would choose."""
        return f"SELECT t.id FROM {self.source} WHERE {_all_of((*self.where, *self.rules))} AND t.id IN {{in}}"

    def due_values(self) -> list[str]:
        """The parameters of `count_sql`, and of `window_sql` before its last three."""
        return [*self.params, *self.due_params]

    def _heads(self) -> str:
        return f"SELECT t.id, {self._grp()} AS grp, {MODIFIED} AS modified FROM {self.source}"

    def _grp(self) -> str:
        return f"NVL(TO_CHAR({self.group}), '{NO_GROUP}')" if self.group else f"'{NO_GROUP}'"

    def _conditions(self) -> str:
        if not self.followed:
            return _all_of((*self.where, *self.rules))
        return _all_of((*self.where, f"({_all_of(self.rules)}) OR ({self.followed})"))

    def _due_conditions(self) -> str:
        return f"{self._conditions()} AND ({self.due})" if self.due else self._conditions()


def _all_of(conditions: tuple[str, ...]) -> str:
    return " AND ".join(f"({c})" for c in conditions)
