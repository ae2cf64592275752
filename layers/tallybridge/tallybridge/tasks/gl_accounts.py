"""Which accounts NetSuite posts to, asked in bulk: accounts and periods once a run, items once a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tallybridge.errors import Refused
from tallybridge.netsuite import NetSuite
from tallybridge.settings import Settings
from tallybridge.steps.shared.reference import Reference, load_reference
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.step import Plan, Write
from tallybridge.tasks.gl_effect import Books, ItemAccounts

ACCOUNTS = "SELECT id, acctnumber, fullname, accttype, isinactive FROM account"
"""Spec: api-netsuite.md 5, tables."""
ITEMS = "SELECT id, incomeaccount, deferredrevenueaccount FROM item WHERE id IN {in}"
RECEIVABLE = "AcctRec"
KEPT = "reference/gl-accounts.json"
NEEDS = ("periods", "currency")


def books_for(
    plans: Iterable[Plan], netsuite: NetSuite, folder: RunFolder, settings: Settings, made: Mapping[str, Mapping[str, Any]]
) -> Books:
    """What is needed to tell what plans post. `made`: what the run would make, by stand-in id, with the accounts of items. What the role
    may not read is not known."""
    reference = load_reference(netsuite, folder, NEEDS, settings.field_map)
    accounts = _accounts(netsuite, folder)
    receivable = [a["id"] for a in accounts if a.get("accttype") == RECEIVABLE and a.get("isinactive") != "T"]
    wanted = sorted({item for plan in plans for item in _items(plan)})
    known = {i: ItemAccounts(**made[i]["accounts"]) for i in wanted if made.get(i, {}).get("accounts")}
    return Books(
        names={a["id"]: " ".join(filter(None, (a.get("acctnumber"), a.get("fullname")))) for a in accounts},
        items=known | _item_accounts(netsuite, [i for i in wanted if i not in made]),
        receivable=receivable[0] if len(receivable) == 1 else "",
        periods=reference.periods,
        currencies=_currencies(reference),
        calculates_tax=settings.use_standard_invoice_sync.netsuite_calculates_tax,
    )


def _items(plan: Plan) -> Iterable[str]:
    bodies = [r.body for stage in plan.stages for r in stage.requests] if isinstance(plan, Write) else []
    sublists = (body["item"] for body in bodies if isinstance(body.get("item"), Mapping))
    lines = (line for sublist in sublists for line in sublist.get("items", ()))
    return (str((line.get("item") or {}).get("id", "")) for line in lines if line.get("item"))


def _accounts(netsuite: NetSuite, folder: RunFolder) -> list[dict[str, str]]:
    if (known := folder.read_json_or(KEPT)) is not None:
        return list(known)
    try:
        found = list(netsuite.suiteql(ACCOUNTS))
    except Refused:
        found = []
    folder.write_json(KEPT, found)
    return found


def _item_accounts(netsuite: NetSuite, ids: list[str]) -> dict[str, ItemAccounts]:
    try:
        rows = list(netsuite.suiteql_in(ITEMS, [i for i in ids if i]))
    except Refused:
        return {}
    return {row["id"]: ItemAccounts(row.get("incomeaccount", ""), row.get("deferredrevenueaccount", "")) for row in rows}


def _currencies(reference: Reference) -> dict[str, str]:
    return {currency.id: code for code, currency in reference.currencies.items()}
