"""The page of what the stand-in covers, made from the tables that it works by."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sandbox.zuora.exceptions import Family
from sandbox.zuora.models import actions
from sandbox.zuora.models.objectquery import ALWAYS_FILTERABLE, COMPARE, FILTERABLE
from sandbox.zuora.models.zoql_parse import OPERATORS
from sandbox.zuora.options import MEANINGS, ZuoraOptions
from sandbox.zuora.published import Spec, bodies, filters, model_of
from sandbox.zuora.published.expands import EXPANDS
from sandbox.zuora.responses import settings
from sandbox.zuora.responses.actions import unknown
from sandbox.zuora.responses.object_query import MAX_PAGE
from sandbox.zuora.responses.v1 import subscriptions
from sandbox.zuora.responses.v1.fields import settlement_required
from sandbox.zuora.schema import ObjectType, build_schema
from sandbox.zuora.schema.rules import EMPTY_PLURALS, FROZEN_WITH_SETTLEMENT, ORDER_TYPES, PLURALS
from sandbox.zuora.urls import ROUTES, Route

HEAD = """# What the Zuora stand-in covers

Made from the tables by which [the stand-in](sandbox-zuora.md) works, so that nothing stands here that it does not do.
[Data Query](sandbox-data-query.md) has a page of its own. What is particular about an operation, and what it leaves out, is told on
[the stand-in's page](sandbox-zuora.md#endpoints).

"""
FAMILIES = {
    Family.ACTIONS: "Actions",
    Family.DATA_QUERY: "Data Query",
    Family.V1: "v1, settings and objects",
    Family.OBJECT_QUERY: "Object Query",
    Family.AQUA: "AQuA",
    Family.EXPORT: "Export, files and describe",
    Family.CRUD: "CRUD",
}
NEEDS: dict[object, str] = {
    settlement_required: "Invoice Settlement",
    subscriptions.orders_required: "Orders",
    subscriptions.orders_absent: "no Orders, or Orders Harmonization",
    settings.finance_required: "Zuora Finance",
}
SECRETS = frozenset({"client_id", "client_secret", "admin_client_id", "admin_client_secret", "clock", "entity_id"})
LISTS = {
    "/v1/payments": filters.PAYMENTS,
    "/v1/refunds": filters.REFUNDS,
    "/v1/credit-memos": filters.CREDIT_MEMOS,
    "/v1/credit-memos/{key}/items": filters.CREDIT_MEMO_ITEMS,
    "/v1/debit-memos": filters.DEBIT_MEMOS,
    "/v1/debit-memos/{key}/items": filters.DEBIT_MEMO_ITEMS,
}


def page() -> str:
    """docs/sandbox-zuora-coverage.md."""
    schema = build_schema(connector_fields=False)
    parts = (endpoints(), request_bodies(), lists(), object_query(schema), zoql(schema), written(schema), objects(schema), options())
    return HEAD + "\n".join(parts)


def table(*columns: str, rows: Iterable[Iterable[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def needs(route: Route) -> str:
    if route.gate is None:
        return ""
    return NEEDS[route.gate]


def endpoints() -> str:
    text = "## Endpoints\n\n`{...}` stands for a value in the path; beside these there are `POST /oauth/token` and the addresses of"
    text += " result files. Every other path is answered by 404, every other method by 405.\n"
    for family, title in FAMILIES.items():
        found = sorted((r for r in ROUTES if r.family is family and r.handler is not unknown), key=lambda r: r.shape)
        rows = []
        for path, routes in groupby(found, key=lambda r: r.shape):
            same = list(routes)
            rows.append([f"`{path}`", ", ".join(r.method for r in same), ", ".join(dict.fromkeys(filter(None, map(needs, same)))) or "-"])
        text += f"\n### {title}\n\n" + table("Path", "Methods", "Needs", rows=rows)
    return text


def request_bodies() -> str:
    operations, models = bodies()
    rows = []
    for route in sorted(ROUTES, key=lambda r: (r.shape, r.method)):
        if (model := model_of(route.method, route.shape)) is not None:
            below = list(reached(model))
            required = ", ".join(f"`{k}`" for k, spec in models[model].items() if spec.required) or "-"
            rows.append([f"`{route.method} {route.shape}`", str(len(models[model])), str(sum(len(models[m]) for m in below)), required])
    assert len(rows) == len(operations)
    return (
        "## Bodies\n\nHeld against what the vendor publishes, at every depth: names, types, lengths, enumerations, dates, and what is"
        " required. In v1 an unknown name is refused too; the other families ignore it. A published field that the tenant has no use for"
        " is checked and changes nothing.\n\n" + table("Operation", "Fields at the top", "Fields in all", "Required", rows=rows)
    )


def reached(model: str) -> Iterator[str]:
    """The model and those below it."""
    seen = [model]
    for name in seen:
        seen += [s.kind for s in bodies()[1][name].values() if s.kind in bodies()[1] and s.kind not in seen]
    yield from dict.fromkeys(seen)


def lists() -> str:
    def shown(name: str, spec: Spec) -> str:
        return f"`{name}` ({spec.kind})" if spec.kind not in ("text", "enum") else f"`{name}`"

    rows = [[f"`{path}`", ", ".join(shown(n, s) for n, s in sorted(given.items()))] for path, given in LISTS.items()]
    return (
        "## Lists of v1\n\n`page`, `pageSize` (more than 40 counts as 40), `sort` by the same names (`+number,-amount`), and filters by"
        " equality. A value that does not fit is refused (400, category 27).\n\n" + table("List", "Filters", rows=rows)
    )


def object_query(schema: dict[str, ObjectType]) -> str:
    text = (
        f"## Object Query\n\nOperators: IN, SW (texts), {', '.join(COMPARE)}; EQ, NE, IN and SW without regard to case. `pageSize`"
        f" 1 to {MAX_PAGE}, one `sort[]` by a field that can be filtered, `expand[]`, `fields[]`, `includeNullFields`. Custom fields can be"
        " filtered where they are indexed.\n\n"
    )
    rows = []
    for plural, name in sorted(PLURALS.items()):
        kind = schema[name]
        camel = {f.name.lower(): f.camel for f in kind.fields.values() if f.camel}
        names = sorted({*FILTERABLE.get(name, "").split(), *ALWAYS_FILTERABLE} & set(camel))
        relations = EXPANDS[plural].split()
        fields = str(sum(1 for f in kind.fields.values() if f.camel))
        rows.append([f"`{plural}`", fields, ", ".join(f"`{camel[n]}`" for n in names), ", ".join(f"`{r}`" for r in relations) or "-"])
    text += table("Plural", "Fields", "Filters and sorts", "Expands", rows=rows)
    return text + f"\nAlways empty: {', '.join(f'`{p}`' for p in sorted(EMPTY_PLURALS))}.\n"


def zoql(schema: dict[str, ObjectType]) -> str:
    rows = []
    for kind in sorted(schema.values(), key=lambda k: k.name):
        if kind.zoql:
            chosen = [f.name for f in kind.fields.values() if f.selectable]
            blind = [f.name for f in kind.fields.values() if f.selectable and not f.filterable]
            rows.append([f"`{kind.name}`", str(len(chosen)), ", ".join(f"`{n}`" for n in blind) or "-"])
    operators = ", ".join(f"`{o}`" for o in sorted(OPERATORS))
    return (
        f"## ZOQL\n\n`select` fields `from` object `where` conditions joined by `and` and `or`; {operators}, `like`. No `*`, joins, `in`,"
        " order, limit, parentheses or functions.\n\n" + table("Object", "Fields", "Selected, but not filtered", rows=rows)
    )


def written(schema: dict[str, ObjectType]) -> str:
    rows = []
    for kind in sorted(schema.values(), key=lambda k: k.name):
        if kind.settlement_only or kind.name in ORDER_TYPES:
            continue
        made = kind.name in actions.PLAIN_CREATES or kind.name in actions.LEGACY_CREATES
        changed = sum(1 for f in kind.fields.values() if f.updateable)
        gone = actions.DELETABLE.get(kind.name)
        states = "no" if gone is None else ", ".join(gone) or "yes"
        closed = kind.name in FROZEN_WITH_SETTLEMENT or kind.name in ("Payment", "Refund")
        rows.append([f"`{kind.name}`", "yes" if made else "no", str(changed), states, "no" if closed else "yes"])
    columns = ("Object", "Create", "Fields to update", "Delete (in which states)", "With Invoice Settlement")
    return f"## Actions and CRUD\n\nAt most {actions.MAX_OBJECTS} objects a call, each by itself.\n\n" + table(*columns, rows=rows)


def objects(schema: dict[str, ObjectType]) -> str:
    rows = []
    for kind in sorted(schema.values(), key=lambda k: k.name):
        rows.append([f"`{kind.name}`", f"`{kind.table}`", " ".join(sorted(f.name for f in kind.fields.values() if f.kind != "obj"))])
    head = "## Objects\n\nTheir tables in Data Query, and their fields beside custom ones, under the names of ZOQL.\n\n"
    return head + table("Object", "Table", "Fields", rows=rows)


def options() -> str:
    defaults = {f.name: f for f in dataclasses.fields(ZuoraOptions)}
    named = [name for names in MEANINGS for name in names.split()]
    assert sorted(named) == sorted(defaults), set(named) ^ set(defaults)
    standard = ZuoraOptions()
    rows = []
    for names, meaning in MEANINGS.items():
        shown = ["made up" if n in SECRETS else default_of(n, getattr(standard, n)) for n in names.split()]
        rows.append([", ".join(f"`{n}`" for n in names.split()), "; ".join(dict.fromkeys(shown)), meaning])
    return "## Options\n\nFields of `ZuoraOptions`.\n\n" + table("Option", "Default", "Meaning", rows=rows)


def default_of(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ", ".join(f"{f.name.replace('_', ' ')} {getattr(value, f.name):,}" for f in dataclasses.fields(value))
    if name in ("payment_gateways",):
        return "one, made up"
    if isinstance(value, dict):
        return "those of a new tenant" if value else "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
