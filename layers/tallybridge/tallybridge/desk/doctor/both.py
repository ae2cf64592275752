"""The reference data that must be the same on both sides: terms, currencies, payment methods (settings.md section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tallybridge.desk.doctor.check import Check, State, named
from tallybridge.ids import netsuite_id
from tallybridge.netsuite import NetSuite
from tallybridge.settings import Settings
from tallybridge.steps.shared.reference import TABLES
from tallybridge.tasks.steps import steps_to_run
from tallybridge.zuora import Zuora

AREA = "Both sides"
USED = {
    "payment terms": ("SELECT paymentterm AS name, count(*) AS used FROM account WHERE status = 'Active' GROUP BY paymentterm", "term"),
    "currencies": ("SELECT currency AS name, count(*) AS used FROM account WHERE status = 'Active' GROUP BY currency", "currency"),
    "payment methods": ("SELECT type AS name, count(*) AS used FROM paymentmethod GROUP BY type", "payment method"),
}
"""What Zuora uses, by SQL, and the NetSuite table that must have it under the same name."""
TAX_CODES = "SELECT taxcode, max(accountingcode) AS item FROM taxationitem GROUP BY taxcode"
TENANT_METHODS = "SELECT type AS name, count(*) AS used FROM paymentmethod WHERE accountid IS NULL GROUP BY type"
MOST_ITEMS = 100
"""Tax items that are looked up one by one."""
NEXT = {
    "payment terms": "Create them in NetSuite (Accounting Lists, type Term), spelled exactly so; their accounts are held until then.",
    "currencies": "Create them in NetSuite, or make them inactive in Zuora; their accounts are held until then.",
    "payment methods": "Create NetSuite payment methods of exactly these names, or map them with payment_method_translation.",
}


def checks(zuora: Zuora, netsuite: NetSuite, settings: Settings, mode: str) -> Iterator[Check]:
    """What Zuora uses and NetSuite lacks. Zuora is asked by Data Query; without it these checks are left out."""
    if settings.zuora_read_path != "data_query":
        yield Check(AREA, "reference data", State.OK, "not compared: that needs Data Query")
        return
    for title, (sql, table) in USED.items():
        used = {str(row["name"]): int(row["used"]) for row in zuora.data_query(sql) if row.get("name")}
        if title == "currencies" and not settings.netsuite_multiple_currencies:
            yield one_currency(used)
            continue
        known = [row.get("name", "").strip() for row in netsuite.suiteql(TABLES[table])]
        yield compared(title, used, known, settings.payment_method_translation if title == "payment methods" else {})
    if not settings.use_standard_invoice_sync.netsuite_calculates_tax:
        yield tax_items(zuora, netsuite)
    if steps_to_run(settings, mode)["netsuite_payments"]:
        yield tenant_methods(zuora)


def one_currency(used: Mapping[str, int]) -> Check:
    """Without NetSuite Multiple Currencies every account gets NetSuite's base currency whatever Zuora says."""
    if len(used) <= 1:
        return Check(AREA, "currencies", State.OK, "Zuora's accounts use one currency")
    text = f"Zuora's accounts use {named(sorted(used))}, but NetSuite Multiple Currencies is off: all get NetSuite's base currency"
    return Check(
        AREA, "currencies", State.WARN, text, "Set netsuite_multiple_currencies to Yes, or make the other currencies inactive in Zuora."
    )


def tax_items(zuora: Zuora, netsuite: NetSuite) -> Check:
    """Every tax code that Zuora has used: its accounting code names a NetSuite item by internal id (settings.md section 7)."""
    items = {str(row["taxcode"]): str(row.get("item") or "") for row in zuora.data_query(TAX_CODES) if row.get("taxcode")}
    ids = sorted({item for item in items.values() if netsuite_id(item)})[:MOST_ITEMS]
    there = {i for i in ids if list(netsuite.suiteql("SELECT id FROM item WHERE id = ? AND isinactive = 'F'", [i]))}
    bad = sorted(code for code, item in items.items() if not netsuite_id(item) or (item in ids and item not in there))
    if not bad:
        return Check(AREA, "tax items", State.OK, f"all {len(items)} tax codes name a NetSuite item")
    text = f"tax codes {named(bad)} have no accounting code whose name is the internal id of a NetSuite item"
    next_step = "Create the item in NetSuite, name an accounting code of type Sales Tax Payable after its id, set it on the tax code."
    return Check(AREA, "tax items", State.WARN, text, next_step)


def tenant_methods(zuora: Zuora) -> Check:
    """NetSuite payments need Zuora payment methods that belong to no account (payments.md, NSPAY-V2)."""
    types = sorted({str(row["name"]) for row in zuora.data_query(TENANT_METHODS) if row.get("name")})
    if types:
        return Check(AREA, "tenant-wide payment methods", State.OK, f"NetSuite payments may use {named(types)}")
    next_step = "Create payment methods without an account in Zuora; NetSuite payments are held until then (NSPAY-V2)."
    return Check(AREA, "tenant-wide payment methods", State.WARN, "Zuora has none for payments that come from NetSuite", next_step)


def compared(title: str, used: Mapping[str, int], known: Sequence[str], translation: Mapping[str, str]) -> Check:
    """One kind of reference data: every name that Zuora uses is there exactly once."""
    missing = sorted(name for name in used if known.count(translation.get(name, name)) != 1)
    if not missing:
        return Check(AREA, title, State.OK, f"all {len(used)} that Zuora uses are in NetSuite")
    records = sum(used[name] for name in missing)
    detail = f"NetSuite has no single active {named(missing)}, used by {records} record{'s' if records != 1 else ''} in Zuora"
    return Check(AREA, title, State.WARN, detail, NEXT[title])
