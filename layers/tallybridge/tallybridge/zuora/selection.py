"""Which records to read from Zuora, said once and read three ways: as Data Query SQL, as ZOQL, and as a check on a row already read.

Conditions follow SQL's three-valued logic made explicit: an empty text counts as null, and whether null matches is part of the condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from itertools import product
from math import prod
from typing import Any

MAX_PREDICATES = 150
"""In one ZOQL query, of the 200 that it takes (api-zuora-billing.md section 8), so that the text stays below 10,000 characters too."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """A rule that leaves records out and says so: `reason` as it stands in "... are left out: <reason>". `due` says whether somebody would
    miss them, so that a person has to act or a later run brings them; otherwise nothing is due. `only` are the values of the field of which
    the rule speaks, where another condition of the selection stands behind it ("already synced" leaves nothing out)."""

    code: str
    reason: str
    only: tuple[str, ...] = ()
    due: bool = dataclass_field(kw_only=True)


@dataclass(frozen=True)
class Is:
    """The field has one of the values; None among them means "or is empty"."""

    field: str
    values: tuple[str | None, ...]
    told: Told | None = dataclass_field(default=None, compare=False)

    def sql(self, column: str) -> str:
        listed = [sql_text(v) for v in self.values if v is not None]
        parts = [f"{column} IN ({', '.join(listed)})"] if listed else []
        if None in self.values:
            parts += [f"{column} IS NULL", f"{column} = ''"]
        return "(" + " OR ".join(parts) + ")"

    def zoql(self) -> list[str]:
        return [f"{self.field} = {'null' if v is None else zoql_text(v)}" for v in self.values]

    def holds(self, row: Row) -> bool:
        return (row.get(self.field) or None) in self.values


@dataclass(frozen=True)
class Filled:
    """The field has a value."""

    field: str

    def sql(self, column: str) -> str:
        return f"({column} IS NOT NULL AND {column} <> '')"

    def zoql(self) -> list[str]:
        return [f"{self.field} != null"]

    def holds(self, row: Row) -> bool:
        return bool(row.get(self.field))


@dataclass(frozen=True)
class IsNot:
    """The field has none of the values; an empty field qualifies."""

    field: str
    values: tuple[str, ...]
    told: Told | None = dataclass_field(default=None, compare=False)

    def sql(self, column: str) -> str:
        return f"({column} IS NULL OR {column} NOT IN ({', '.join(sql_text(v) for v in self.values)}))"

    def zoql(self) -> list[str]:
        return [f"{self.field} = null", " and ".join(f"{self.field} != {zoql_text(v)}" for v in self.values)]

    def holds(self, row: Row) -> bool:
        return (row.get(self.field) or None) not in self.values


@dataclass(frozen=True)
class OnOrAfter:
    """A date field is on or after the date (YYYY-MM-DD); `moment` says that the field holds a date-time."""

    field: str
    value: str
    moment: bool = False
    told: Told | None = dataclass_field(default=None, compare=False)

    def sql(self, column: str) -> str:
        return f"{column} >= DATE {sql_text(self.value)}"

    def zoql(self) -> list[str]:
        return [f"{self.field} >= {zoql_text(self.value + 'T00:00:00' if self.moment else self.value)}"]

    def holds(self, row: Row) -> bool:
        return str(row.get(self.field) or "")[:10] >= self.value


@dataclass(frozen=True)
class OnOrBefore:
    """A date field is on or before the date (YYYY-MM-DD)."""

    field: str
    value: str
    told: Told | None = dataclass_field(default=None, compare=False)

    def sql(self, column: str) -> str:
        return f"{column} <= DATE {sql_text(self.value)}"

    def zoql(self) -> list[str]:
        return [f"{self.field} <= {zoql_text(self.value)}"]

    def holds(self, row: Row) -> bool:
        found = str(row.get(self.field) or "")[:10]
        return bool(found) and found <= self.value


@dataclass(frozen=True)
class After:
    """A date-time field lies after the moment (ISO 8601 UTC, milliseconds). Not checked again on a row: the row may have moved on."""

    field: str
    value: str

    def sql(self, column: str) -> str:
        moment = self.value.removesuffix("Z").replace("T", " ")
        return f"{column} > TIMESTAMP '{moment if '.' in moment else moment + '.000'} +00:00'"

    def zoql(self) -> list[str]:
        return [f"{self.field} > {zoql_text(self.value.removesuffix('Z') + '+00:00')}"]

    def holds(self, row: Row) -> bool:
        return True


Condition = Is | Filled | IsNot | OnOrAfter | OnOrBefore | After


@dataclass(frozen=True)
class Parent:
    """A record that the head refers to by `key`, with the conditions that it must meet, and the `fields` that are read of it when the head
    is read again. `optional`: the head may have none.

    `of` names another parent, listed before this one, that has the `key` in place of the head: the product of a charge's rate plan.
    `fresh` are conditions on what an earlier step of the same run may just have written: the query copy lags behind, so they are checked
    only when the record is read again.
    """

    object: str
    key: str
    where: tuple[Condition, ...] = ()
    optional: bool = False
    of: str = ""
    fresh: tuple[Condition, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Join:
    """A record that a child refers to by `key`; its fields come with the child as "{name}.{field}"."""

    name: str
    object: str
    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Child:
    """Rows that hang on a head, read at selection because they do not change any more once the head qualifies.

    `key` is the field of the child that holds the head's id; `via` = (object, key to it, its key to the head) where Data Query has
    no direct column. `zoql` False: the object cannot be read by ZOQL.
    """

    name: str
    object: str
    key: str
    fields: tuple[str, ...]
    joins: tuple[Join, ...] = ()
    via: tuple[str, str, str] | None = None
    zoql: bool = True


@dataclass(frozen=True)
class SourceQuery:
    """The heads of a step: alternatives of conditions (any of them, each all of its conditions), parents, children.

    `fields` are re-read from the transactional store before a record is processed; `copy_fields` exist in the query copy only.
    `group` is the field whose equal values must stay together and be written in order ("" = none).
    """

    object: str
    fields: tuple[str, ...]
    anyof: tuple[tuple[Condition, ...], ...]
    parents: tuple[Parent, ...] = ()
    children: tuple[Child, ...] = ()
    copy_fields: tuple[str, ...] = ()
    group: str = ""

    def qualifies(self, head: Row, parents: Mapping[str, Row]) -> bool:
        """Whether a head that was read again still meets the selection; `parents` by object name."""
        if not any(all(c.holds(head) for c in conditions) for conditions in self.anyof):
            return False
        for parent in self.parents:
            if parent.optional and not (parents.get(parent.of, {}) if parent.of else head).get(parent.key):
                continue
            if not all(c.holds(parents.get(parent.object, {})) for c in (*parent.where, *parent.fresh)):
                return False
        return True

    def narrowed(self, condition: Condition) -> SourceQuery:
        """The same heads as far as they also meet the condition."""
        return replace(self, anyof=tuple((*conditions, condition) for conditions in self.anyof))

    def zoql(self, fields: tuple[str, ...] = ("Id",)) -> str:
        """The heads as ZOQL. It knows no joins: conditions on parents are checked when the record is read again."""
        return f"select {', '.join(dict.fromkeys(('Id', *fields)))} from {self.object} where {' or '.join(self._zoql_terms())}"

    def _zoql_terms(self) -> list[str]:
        """Every combination of the conditions' alternatives, because ZOQL has no parentheses. Where that would be more than ZOQL takes,
        the last conditions are left out: all of them are checked again when a record is read again."""
        kept = [[c.zoql() for c in conditions] for conditions in self.anyof]
        while sum(len(terms) * prod(map(len, terms)) for terms in kept) > MAX_PREDICATES:
            longest = max(kept, key=lambda terms: len(terms) * prod(map(len, terms)))
            del longest[max(n for n, alternatives in enumerate(longest) if len(alternatives) > 1)]
        return [" and ".join(term) for terms in kept for term in product(*terms)]

    def heads_sql(self) -> str:
        """The heads as SQL, in the order (group, id)."""
        columns = ["h.id AS id", f"{self._group_sql()} AS grp", "at_timezone(h.updateddate, 'UTC') AS updateddate"]
        columns += [f"h.{f.lower()} AS {f.lower()}" for f in self.copy_fields]
        return f"SELECT {', '.join(columns)} {self._from_sql()} ORDER BY grp, h.id"

    def count_sql(self) -> str:
        """How many heads there are, as SQL with the column n."""
        return f"SELECT count(*) AS n {self._from_sql()}"

    def left_out_sql(self, number: str, amount: str) -> str:
        """The heads that a rule leaves out that says so, as SQL with the columns rule, currency, number, amount; "" without such a rule.
        They meet all other conditions; `rule` is the code of the first one that they do not meet. `amount` "" is for records without."""
        aliases = self._aliases()
        between = [(c, f"h.{c.field.lower()}", "") for c in self.anyof[0]]
        for parent in (p for p in self.parents if p.object in aliases):
            key = f"{aliases[parent.of] if parent.of else 'h'}.{parent.key.lower()}"
            between += [(c, f"{aliases[parent.object]}.{c.field.lower()}", key if parent.optional else "") for c in parent.where]
        told = [(c.told, _failing(c, column, key)) for c, column, key in between if not isinstance(c, Filled | After) and c.told]
        if not told:
            return ""
        met = [_met_or_told(c, column, key) for c, column, key in between]
        rule = "CASE " + " ".join(f"WHEN {failing} THEN {sql_text(rule.code)}" for rule, failing in told) + " END"
        holders = [*(["h"] if "Currency" in self.copy_fields else []), *([aliases["Account"]] if "Account" in aliases else [])]
        currency = f"COALESCE({', '.join(f'{h}.currency' for h in holders)}, '')" if amount and holders else "''"
        value = f"h.{amount.lower()}" if amount else "0"
        columns = f"{rule} AS rule, {currency} AS currency, h.{number.lower()} AS number, {value} AS amount"
        conditions = [*filter(None, met), "(" + " OR ".join(failing for _, failing in told) + ")"]
        return f"SELECT {columns} {self._tables_sql()} WHERE {' AND '.join(conditions)}"

    @property
    def told(self) -> dict[str, Told]:
        """The rules that say so when they leave records out, by code."""
        every = (*(c for alternative in self.anyof for c in alternative), *(c for p in self.parents for c in (*p.where, *p.fresh)))
        return {c.told.code: c.told for c in every if not isinstance(c, Filled | After) and c.told}

    def left_out_when_read(self, head: Row, parents: Mapping[str, Row], *, joined: bool) -> Told | None:
        """The rule on a parent that leaves a head out which was selected before that was known: on what an earlier step may just have
        written; and on all of the parent where the selection `joined` none."""
        if not any(all(c.holds(head) for c in conditions) for conditions in self.anyof):
            return None
        known = [p for p in self.parents if not p.optional or head.get(p.key)]
        fresh = ((c, parents.get(p.object, {})) for p in known for c in (*(() if joined else p.where), *p.fresh))
        return next((c.told for c, row in fresh if not isinstance(c, Filled | After) and c.told and not c.holds(row)), None)

    def child_sql(self, child: Child) -> str:
        """The children as SQL, in the order (group, head id, creation, id)."""
        columns = [f"{self._group_sql()} AS grp", "h.id AS head_id"] + [f"c.{f.lower()} AS {f.lower()}" for f in child.fields]
        joins = ""
        for n, join in enumerate(child.joins):
            columns += [f"j{n}.{f.lower()} AS j{n}_{f.lower()}" for f in join.fields]
            joins += f" LEFT JOIN {join.object.lower()} j{n} ON j{n}.id = c.{join.key.lower()}"
        if child.via:
            middle, to_middle, to_head = child.via
            link = f" JOIN {middle.lower()} v ON v.{to_head.lower()} = h.id JOIN {child.object.lower()} c ON c.{to_middle.lower()} = v.id"
        else:
            link = f" JOIN {child.object.lower()} c ON c.{child.key.lower()} = h.id"
        order = "ORDER BY grp, h.id, c.createddate, c.id"
        return f"SELECT {', '.join(columns)} {self._from_sql(link + joins)} {order}"

    def _group_sql(self) -> str:
        return f"COALESCE(h.{self.group.lower()}, '')" if self.group else "''"

    def _aliases(self) -> dict[str, str]:
        """The parents that are joined, with their names in the text."""
        between = {p.of for p in self.parents if p.where}
        return {p.object: f"p{n}" for n, p in enumerate(p for p in self.parents if p.where or p.object in between)}

    def _tables_sql(self) -> str:
        text, aliases = f"FROM {self.object.lower()} h", self._aliases()
        for parent in (p for p in self.parents if p.object in aliases):
            own, key = aliases[parent.object], f"{aliases[parent.of] if parent.of else 'h'}.{parent.key.lower()}"
            text += f" {'LEFT JOIN' if parent.optional else 'JOIN'} {parent.object.lower()} {own} ON {own}.id = {key}"
        return text

    def _from_sql(self, links: str = "") -> str:
        conditions, aliases = [], self._aliases()
        for parent in (p for p in self.parents if p.object in aliases):
            own, key = aliases[parent.object], f"{aliases[parent.of] if parent.of else 'h'}.{parent.key.lower()}"
            met = [c.sql(f"{own}.{c.field.lower()}") for c in parent.where]
            if met and parent.optional:
                conditions.append(f"({key} IS NULL OR {' AND '.join(met)})")
            else:
                conditions += met
        heads = " OR ".join("(" + " AND ".join(c.sql(f"h.{c.field.lower()}") for c in alternative) + ")" for alternative in self.anyof)
        return f"{self._tables_sql()}{links} WHERE {' AND '.join([f'({heads})', *conditions])}"

    def renamed(self, suffix: str) -> SourceQuery:
        """The same query for a tenant whose connector fields end in `suffix` instead of "__NS"."""
        if suffix == "__NS":
            return self

        def name(text: str) -> str:
            return text.removesuffix("__NS") + suffix if text.endswith("__NS") else text

        def names(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(name(t) for t in texts)

        def conditions(given: tuple[Condition, ...]) -> tuple[Condition, ...]:
            return tuple(replace(c, field=name(c.field)) for c in given)

        return replace(
            self,
            fields=names(self.fields),
            anyof=tuple(conditions(c) for c in self.anyof),
            parents=tuple(replace(p, where=conditions(p.where), fresh=conditions(p.fresh)) for p in self.parents),
            children=tuple(
                replace(c, fields=names(c.fields), joins=tuple(replace(j, fields=names(j.fields)) for j in c.joins)) for c in self.children
            ),
        )


def _failing(condition: Condition, column: str, key: str) -> str:
    """The records that a telling condition leaves out; `key` is the field by which they refer to an optional parent."""
    told = None if isinstance(condition, Filled | After) else condition.told
    if told and told.only:
        text = f"COALESCE({column}, '') IN ({', '.join(map(sql_text, told.only))})"
    else:
        text = f"NOT COALESCE({condition.sql(column)}, FALSE)"
    return f"({key} IS NOT NULL AND {text})" if key else text


def _met_or_told(condition: Condition, column: str, key: str) -> str:
    """What a condition still asks of records that telling rules leave out: nothing, where the rule speaks of all that fail it."""
    if isinstance(condition, Filled | After) or not condition.told:
        met = condition.sql(column)
    elif condition.told.only:
        met = f"({condition.sql(column)} OR {_failing(condition, column, '')})"
    else:
        return ""
    return f"({key} IS NULL OR {met})" if key else met


@dataclass
class Selected:
    """One head as it was selected: its id, its group, when it was last changed, the fields of the copy, and its children by name."""

    id: str
    group: str = ""
    updated: str = ""
    copy: dict[str, Any] = dataclass_field(default_factory=dict)
    children: dict[str, list[dict[str, Any]]] = dataclass_field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "group": self.group, "updated": self.updated, "copy": self.copy, "children": self.children}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Selected:
        return cls(**row)


def sql_text(value: str) -> str:
    """A text literal of Data Query SQL."""
    return "'" + value.replace("'", "''") + "'"


def zoql_text(value: str) -> str:
    """A text literal of ZOQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
