"""The reference data that must be the same on both sides: terms, currencies, payment methods (settings.md section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tallybridge.netsuite import NetSuite
from tallybridge.settings import Settings
from tallybridge.steps.reference import TABLES
from tallybridge.zuora import Zuora
from tallybridge_cli.doctor.check import Check, State, named

AREA = "Both sides"
USED = {
    "payment terms": ("SELECT paymentterm AS name, count(*) AS used FROM account WHERE status = 'Active' GROUP BY paymentterm", "term"),
    "currencies": ("SELECT currency AS name, count(*) AS used FROM account WHERE status = 'Active' GROUP BY currency", "currency"),
    "payment methods": ("SELECT type AS name, count(*) AS used FROM paymentmethod GROUP BY type", "payment method"),
}
"""What Zuora uses, by SQL, and the NetSuite table that must have it under the same name."""
NEXT = {
    "payment terms": "Create them in NetSuite (Accounting Lists, type Term), spelled exactly so; their accounts are held until then.",
    "currencies": "Create them in NetSuite, or make them inactive in Zuora; their accounts are held until then.",
    "payment methods": "Create NetSuite payment methods of exactly these names, or map them with payment_method_translation.",
}


def checks(zuora: Zuora, netsuite: NetSuite, settings: Settings) -> Iterator[Check]:
    """What Zuora uses and NetSuite lacks. Zuora is asked by Data Query; without it these checks are left out."""
    if settings.zuora_read_path != "data_query":
        yield Check(AREA, "reference data", State.OK, "not compared: that needs Data Query")
        return
    for title, (sql, table) in USED.items():
        if title == "currencies" and not settings.netsuite_multiple_currencies:
            continue
        used = {str(row["name"]): int(row["used"]) for row in zuora.data_query(sql) if row.get("name")}
        known = [row.get("name", "").strip() for row in netsuite.suiteql(TABLES[table])]
        yield compared(title, used, known, settings.payment_method_translation if title == "payment methods" else {})


def compared(title: str, used: Mapping[str, int], known: Sequence[str], translation: Mapping[str, str]) -> Check:
    """One kind of reference data: every name that Zuora uses is there exactly once."""
    missing = sorted(name for name in used if known.count(translation.get(name, name)) != 1)
    if not missing:
        return Check(AREA, title, State.OK, f"all {len(used)} that Zuora uses are in NetSuite")
    records = sum(used[name] for name in missing)
    detail = f"NetSuite has no single active {named(missing)}, used by {records} record{'s' if records != 1 else ''} in Zuora"
    return Check(AREA, title, State.WARN, detail, NEXT[title])
