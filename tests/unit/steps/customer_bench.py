"""What the customer tests share: one Zuora account with everything its mapping needs, and a bench to plan and write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallybridge.steps.customers import Customers
from tallybridge.steps.master_data import customer_mapping
from tallybridge.steps.shared.mapping import Custom
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Hold, Write
from tests.unit.steps.master_fakes import Bench, FakeNetSuite, FakeZuora, fields_with, table

LABELS = [row.target.label for row in customer_mapping.ROWS if isinstance(row.target, Custom)]
STANDARD = [row.target for row in customer_mapping.ROWS if isinstance(row.target, str)]
FIELDS = fields_with([*STANDARD, "addressBook"], dict.fromkeys(LABELS), "custentity")
C = FIELDS.custom

ACCOUNT: dict[str, Any] = {
    "Id": "acc1",
    "AccountNumber": "A0001",
    "AutoPay": True,
    "Batch": "Batch7",
    "BillCycleDay": 15,
    "BillToId": "bill1",
    "CreatedDate": "2026-01-05T10:00:00.000+01:00",
    "CrmId": "crm-9",
    "Currency": "EUR",
    "CustomerServiceRepName": "Csr",
    "DefaultPaymentMethodId": "pm1",
    "Name": "Brightwater GmbH",
    "Notes": "Some notes",
    "PaymentTerm": "Net 30",
    "PurchaseOrderNumber": "PO-1",
    "SalesRepName": "Sales Rep",
    "SoldToId": "sold1",
    "Status": "Active",
    "TaxExemptCertificateID": "CERT-1",
    "TaxExemptStatus": "No",
    "UpdatedDate": "2026-02-01T08:00:00.000+01:00",
    "VATId": "DE123",
    "CustomerType__NS": "Company",
    "Subsidiary__NS": "Parent : Europe",
    "SynctoNetSuite__NS": "Yes",
}
BILL_TO = {
    "Id": "bill1",
    "AccountId": "acc1",
    "FirstName": "Dana",
    "LastName": "Whitfield",
    "Address1": "Lindenstr. 14",
    "Address2": "2nd floor",
    "City": "Köln",
    "State": "NRW",
    "PostalCode": "50667",
    "Country": "Germany",
    "WorkPhone": "+49 221 1000",
    "Fax": "+49 221 2000",
    "WorkEmail": "dana@example.com",
    "TaxRegion": "EU",
}
SOLD_TO = BILL_TO | {"Id": "sold1", "FirstName": "Marcus", "WorkEmail": "marcus@example.com", "City": "Bonn"}
ONE_WORLD = {"netsuite_subsidiaries": "Yes"}


def bench(account: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None, **contacts: Mapping[str, Any]) -> Bench:
    zuora, netsuite = FakeZuora(), FakeNetSuite(zuora_field=C["Zuora ID"])
    given = {k: v for k, v in {**ACCOUNT, **(account or {})}.items() if v is not None}
    zuora.put("Account", given)
    zuora.put("Contact", BILL_TO | dict(contacts.get("bill_to", {})), SOLD_TO | dict(contacts.get("sold_to", {})))
    zuora.put("PaymentMethod", {"Id": "pm1", "Type": "CreditCard"})
    tables = {
        "term": table(Net_30="31"),
        "currency": table(EUR="4", USD="1"),
        "subsidiary": table(Parent="1", Parent__Europe="3"),
        "tax code": table(Zero="71"),
    }
    return Bench(Customers, zuora, netsuite, Reference(tables, {"customer": FIELDS}), dict(settings or {}))


def held(b: Bench, record_id: str = "acc1") -> list[tuple[str, str]]:
    plan = b.plan(record_id)
    assert isinstance(plan, Hold), plan
    return [(p.code, p.message) for p in plan.problems]


def written(b: Bench, record_id: str = "acc1") -> dict[str, Any]:
    plan = b.plan(record_id)
    assert isinstance(plan, Write), plan
    return dict(plan.requests[0].body)


def synced(b: Bench, **more: Any) -> Bench:
    """The same bench with the account already in NetSuite as it would be written now."""
    body = written(b)
    b.netsuite.put("customer", "900", **body)
    b.zuora.tables["Account"]["acc1"] |= {"IntegrationId__NS": "900", "IntegrationStatus__NS": "Sync Complete", **more}
    return b


INDIVIDUAL = {"CustomerType__NS": "Individual"}
LATE = {"IntegrationId__NS": "900"}
EVERYTHING = {
    "customer_account_number_mapping": "Use Number From Source Record",
    "netsuite_multiple_currencies": "Yes",
    "netsuite_subsidiaries": "Yes",
    "netsuite_default_tax_code": "Zero",
    "use_standard_invoice_sync": "No",
}


def full_bench(**settings: Any) -> Bench:
    b = bench({"ParentId": "acc0", **INDIVIDUAL}, {**EVERYTHING, **settings})
    b.zuora.put("Account", {"Id": "acc0", "AccountNumber": "A0000", "IntegrationId__NS": "800"})
    return b
