"""Why NetSuite declined a record, where it can be found out: what the record refers to was deleted, or its external id is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tallybridge.errors import AlreadyExists, Refused
from tallybridge.fields.netsuite import prefix_of
from tallybridge.ids import netsuite_id
from tallybridge.netsuite import NetSuite
from tallybridge.steps.shared.problems import gone
from tallybridge.sync.step import Problem, Request, SourceRecord, Write

KINDS = {
    "CustInvc": "invoice",
    "CustCred": "credit memo",
    "CustPymt": "payment",
    "CustRfnd": "refund",
    "SalesOrd": "sales order",
    "CustDep": "customer deposit",
    "Journal": "journal entry",
}
"""What people call a NetSuite transaction, by its SuiteQL type code."""
TABLE_OF_KEY = {"customer": "customer", "entity": "customer", "item": "item", "doc": "transaction"}
"""The SuiteQL table behind a reference, by the property that holds it."""
GROUPS = {"custentity": "entity", "custitem": "item", "custbody": "transaction"}
"""Records among which an external id is unique, as a SuiteQL table, by the prefix of their custom fields."""


@dataclass(frozen=True)
class Reference:
    """A NetSuite record that a request refers to: its SuiteQL table and internal id."""

    table: str
    id: str


Declined = tuple[SourceRecord, Write, Refused]
"""A record, what was to be written, and how NetSuite declined it."""


def explained(
    netsuite: NetSuite, code: str, label: str, external_id: Callable[[str], str], refused: Mapping[str, Declined]
) -> dict[str, Problem]:
    """Problems by source id: one query per kind of record that the declined requests refer to, and one for external ids. `label` is what
    people call the object."""
    duplicates = {i: of for i, of in refused.items() if isinstance(of[2], AlreadyExists)}
    references = {i: list(_references(plan)) for i, (_, plan, _) in refused.items() if i not in duplicates}
    active = _existing(netsuite, {r for own in references.values() for r in own})
    found: dict[str, Problem] = {}
    for source_id, own in references.items():
        record = refused[source_id][0]
        if missing := next((r for r in own if r not in active), None):
            found[source_id] = _gone(code, f"{label} {record.number}", record, missing)
        elif inactive := next((r for r in own if not active[r]), None):
            found[source_id] = _inactive(code, f"{label} {record.number}", record, inactive)
    return found | _taken(netsuite, code, label, external_id, duplicates)


def _references(plan: Write) -> Iterator[Reference]:
    for request in (r for stage in plan.stages for r in stage.requests):
        if isinstance(request.record_id, str):
            yield Reference("transaction" if prefix_of(request.record_type) == "custbody" else "", request.record_id)
        yield from _in_body(request.body)


def _in_body(value: Any, key: str = "") -> Iterator[Reference]:
    if isinstance(value, Mapping):
        table, internal_id = TABLE_OF_KEY.get(key, ""), value.get("id")
        if table and isinstance(internal_id, str) and netsuite_id(internal_id):
            yield Reference(table, internal_id)
        for name, part in value.items():
            yield from _in_body(part, name)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _in_body(part)


def _existing(netsuite: NetSuite, references: Iterable[Reference]) -> dict[Reference, bool]:
    """Those that NetSuite has, and whether they are active; what cannot be asked counts as both."""
    wanted: dict[str, list[str]] = {}
    for reference in references:
        wanted.setdefault(reference.table, []).append(reference.id)
    found = {Reference("", i): True for i in wanted.pop("", ())}
    for table, ids in wanted.items():
        flag = "" if table == "transaction" else ", isinactive"
        q = f"SELECT id{flag} FROM {table} WHERE id IN {{in}}"
        found |= {Reference(table, row["id"]): row.get("isinactive") != "T" for row in netsuite.suiteql_in(q, sorted(ids))}
    return found


def _inactive(code: str, label: str, record: SourceRecord, reference: Reference) -> Problem:
    name = name_of(record.data, reference.id)
    text = f"{label}: NetSuite {reference.table} {reference.id}{f' of {name}' if name else ''} is inactive."
    return Problem(f"{code}-INACTIVE", text, f"Make the {reference.table} active in NetSuite; the next run sends this record.")


def _gone(code: str, label: str, record: SourceRecord, missing: Reference) -> Problem:
    name = name_of(record.data, missing.id)
    kind = "transaction" if missing.table == "transaction" else missing.table
    return gone(code, label, kind, missing.id, name)


def name_of(data: Any, internal_id: str) -> str:
    """What people call the Zuora record that carries a NetSuite id among those that a record's data hold; "" for none."""
    for kind, row in _rows(data):
        if str(row.get("IntegrationId__NS") or "") == internal_id:
            if number := row.get("InvoiceNumber") or row.get("MemoNumber") or row.get("PaymentNumber") or row.get("AccountNumber"):
                named = {"InvoiceNumber": "invoice", "MemoNumber": "memo", "PaymentNumber": "payment", "AccountNumber": "account"}
                return f"{next(word for field, word in named.items() if row.get(field))} {number}"
            return f'{kind} "{row.get("Name", "")}"'
    return ""


def _rows(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for kind in ("account", "invoice"):
        if isinstance(row := getattr(data, kind, None), Mapping):
            yield kind, row
    for kind in ("charge", "document", "payment"):
        if isinstance(rows := getattr(data, f"{kind}s", None), Mapping):
            yield from ((kind, row) for row in rows.values())


def _taken(
    netsuite: NetSuite, code: str, label: str, external_id: Callable[[str], str], refused: Mapping[str, Declined]
) -> dict[str, Problem]:
    """Records whose external id another record of NetSuite bears."""
    groups: dict[str, dict[str, str]] = {}
    for source_id, (_, plan, _) in refused.items():
        for request in _creates(plan):
            groups.setdefault(GROUPS[prefix_of(request.record_type)], {})[str(request.body.get("externalId") or external_id(source_id))] = (
                source_id
            )
    found = {}
    for table, ids in groups.items():
        number = {"transaction": "tranid", "entity": "entityid", "item": "itemid"}[table]
        kind = "itemtype" if table == "item" else "type"
        q = f"SELECT id, externalid, {kind} AS kind, {number} AS docnumber FROM {table} WHERE externalid IN {{in}}"
        for row in netsuite.suiteql_in(q, sorted(ids)):
            source_id = ids[row["externalid"]]
            found[source_id] = _external_id_taken(code, f"{label} {refused[source_id][0].number}", row)
    return found


def _creates(plan: Write) -> Sequence[Request]:
    return [r for stage in plan.stages for r in stage.requests if r.record_id is None and not r.name]


def _external_id_taken(code: str, label: str, row: Mapping[str, str]) -> Problem:
    kind = KINDS.get(row.get("kind", ""), "record")
    owner = f"NetSuite {kind} {row.get('docnumber', '')} ({row['id']})"
    text = f"{label}: its external id {row['externalid']} is taken by {owner}, which is something else; it cannot be created."
    advice = (
        f"Clear or change the external id of {owner}; the next run creates the record. Where another system writes such ids, set "
        "external_id_prefixes to Yes. Do not link to it."
    )
    return Problem(f"{code}-EXTERNAL-ID", text, advice)
