"""What NetSuite has of Zuora objects that were synced before: the records with their internal ids, and the ids written back to Zuora.

For measurements and tests that begin in the middle: the step under test finds everything before it done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.demo.catalogue import UNASSIGNED
from sandbox.demo.ids import number
from sandbox.demo.tenant import Objects

FIRST_ID = {"customer": 20_000, "item": 20_000, "transaction": 500_000}
"""Internal ids of the records begin here, in each of NetSuite's groups of ids."""
SYNCED_AT = "2026-06-01T06:00:00Z"
SUBSIDIARIES = {"Parent Company": "1", "Parent Company : US Operations": "2", "Parent Company : Europe Operations": "3"}
CURRENCIES = {"USD": "1", "EUR": "2", "GBP": "3", "JPY": "4"}
ITEM_RECORDS = {"Service": "serviceSaleItem", "Non Inventory": "nonInventorySaleItem", "Inventory": "inventoryItem"}
ITEM_TYPES = {"Product": "PRODUCT", "ProductRatePlan": "RATE_PLAN", "ProductRatePlanCharge": "CHARGE"}
DOCUMENTS = {"Invoice": "INVOICE", "DebitMemo": "DEBIT_MEMO", "CreditMemo": "CREDIT_MEMO"}
NUMBER_FIELDS = {"Invoice": "InvoiceNumber", "DebitMemo": "MemoNumber", "CreditMemo": "MemoNumber"}
DATE_FIELDS = {"Invoice": "InvoiceDate", "DebitMemo": "MemoDate", "CreditMemo": "MemoDate"}
ITEM_ROWS = {
    "Invoice": ("InvoiceItem", "InvoiceId", "ChargeAmount"),
    "DebitMemo": ("DebitMemoItem", "DebitMemoId", "AmountWithoutTax"),
    "CreditMemo": ("CreditMemoItem", "CreditMemoId", "AmountWithoutTax"),
}
TAX_ROWS = {
    "Invoice": ("TaxationItem", "InvoiceItemId"),
    "DebitMemo": ("DebitTaxationItem", "DebitMemoItemId"),
    "CreditMemo": ("CreditTaxationItem", "CreditMemoItemId"),
}
Row = dict[str, Any]


class Mirror:
    """Marks the objects of `zuora` (in place) as synced and collects their NetSuite records; the order of calls is that of the sync."""

    def __init__(self, zuora: Objects) -> None:
        self.zuora = zuora
        self.netsuite: Objects = {}
        self._next = dict(FIRST_ID)
        self._ids: dict[str, str] = {}
        self._charges = {r["Id"]: r["ProductRatePlanChargeId"] for r in zuora.get("RatePlanCharge", [])}

    def of(self, *types: str) -> Mirror:
        """Mirror all objects of these types; those that they need must be mirrored before."""
        for kind in types:
            if kind == "Account":
                self._accounts()
            elif kind in ITEM_TYPES:
                self._items(kind)
            elif kind in DOCUMENTS:
                self._documents(kind)
            elif kind == "Payment":
                self._payments()
            else:
                raise ValueError(f"{kind} cannot be mirrored")
        return self

    def reference(self, zuora_id: str) -> Row:
        """A reference to the record of a Zuora object."""
        return {"id": self._ids[zuora_id]}

    def add(self, record_type: str, row: Row) -> None:
        self.netsuite.setdefault(record_type, []).append(row)

    def _synced(self, group: str, row: Row) -> int:
        """Give a Zuora object the id of its record, and all that a sync writes back."""
        identifier = self._next[group]
        self._next[group] += 1
        self._ids[row["Id"]] = str(identifier)
        row |= {"IntegrationId__NS": str(identifier), "IntegrationStatus__NS": "Sync Complete", "SyncDate__NS": SYNCED_AT}
        if group == "transaction":
            row["TransferredToAccounting"] = "Yes"
        return identifier

    def _accounts(self) -> None:
        for account in self.zuora["Account"]:
            record = {
                "id": self._synced("customer", account),
                "externalId": account["Id"],
                "companyName": account["Name"],
                "subsidiary": {"id": SUBSIDIARIES[account.get("Subsidiary__NS", "Parent Company")]},
                "currency": {"id": CURRENCIES[account["Currency"]]},
                "custentityzuoraid": account["Id"],
                "custentityzuoraaccountnumber": account["AccountNumber"],
            }
            self.add("customer", record)

    def _items(self, kind: str) -> None:
        for row in self.zuora.get(kind, []):
            if not row.get("ItemType__NS") or (kind == "ProductRatePlan" and row["ProductId"] not in self._ids):
                continue
            record = {
                "id": self._synced("item", row),
                "externalId": row["Id"],
                "itemId": f"{ITEM_TYPES[kind]} {row['Id']}",
                "incomeAccount": {"id": "7"},
                "subsidiary": {"items": [{"id": "1"}]},
                "includeChildren": True,
                "custitemzuoraid": row["Id"],
                "custitemzuoratype": ITEM_TYPES[kind],
            }
            if kind == "ProductRatePlan":
                record["parent"] = self.reference(row["ProductId"])
            self.add(ITEM_RECORDS[row["ItemType__NS"]], record)

    def _documents(self, kind: str) -> None:
        items, link, amount = ITEM_ROWS[kind]
        lines = _grouped(self.zuora.get(items, []), link)
        taxes = _grouped(self.zuora.get(TAX_ROWS[kind][0], []), TAX_ROWS[kind][1])
        parts = _grouped(self.zuora.get("CreditMemoPart", []), "CreditMemoId")
        for document in self.zuora.get(kind, []):
            if document.get("Status") != "Posted":
                continue
            negative = kind == "Invoice" and document["Amount"] < 0
            sign = -1 if negative else 1
            mine = lines[document["Id"]]
            record = {
                **self._transaction(document, NUMBER_FIELDS[kind], DATE_FIELDS[kind]),
                "entity": self.reference(document["AccountId"]),
                "item": {"items": [line for i in mine for line in self._lines(i, taxes[i["Id"]], amount, sign)]},
                "custbodyzuoratype": "NEGATIVE_INVOICE" if negative else DOCUMENTS[kind],
            }
            if kind == "CreditMemo":
                record |= {"autoApply": False, **self._applied(parts[document["Id"]])}
            self.add("creditMemo" if negative or kind == "CreditMemo" else "invoice", record)

    def _transaction(self, row: Row, number: str, day: str) -> Row:
        return {
            "id": self._synced("transaction", row),
            "externalId": row["Id"],
            "tranId": row[number],
            "tranDate": row[day],
            "custbodyzuoraid": row["Id"],
            "custbodyzuorareferencenumber": row[number],
            "custbodyzuoraorigin": "ZUORA",
        }

    def _lines(self, item: Row, taxes: list[Row], amount: str, sign: int) -> list[Row]:
        charge = self.reference(self._charges[item["RatePlanChargeId"]])
        rows = [{"item": charge, "quantity": item.get("Quantity", 1), "amount": sign * item[amount], "custcolzuoraid": item["Id"]}]
        return rows + [
            {"item": {"id": t["AccountingCode"]}, "quantity": 1, "amount": sign * t["TaxAmount"], "custcolzuoraid": t["Id"]} for t in taxes
        ]

    def _payments(self) -> None:
        parts = _grouped([*self.zuora.get("PaymentPart", []), *self.zuora.get("InvoicePayment", [])], "PaymentId")
        methods = {m["Id"]: m["Type"] for m in self.zuora["PaymentMethod"]}
        for payment in self.zuora.get("Payment", []):
            mine = parts[payment["Id"]]
            by_invoices = sum(Decimal(str(p["Amount"])) for p in mine)
            record = {
                **self._transaction(payment, "PaymentNumber", "EffectiveDate"),
                "customer": self.reference(payment["AccountId"]) if "AccountId" in payment else {"id": str(UNASSIGNED)},
                "payment": number(Decimal(by_invoices)) if "InvoicePayment" in self.zuora else payment["Amount"],
                "paymentOption": {"refName": methods[payment["PaymentMethodId"]]},
                "autoApply": False,
                **self._applied(mine),
            }
            self.add("customerPayment", record)

    def _applied(self, parts: Iterable[Row]) -> Row:
        lines = [
            {"doc": self.reference(part.get("InvoiceId") or part["DebitMemoId"]), "apply": True, "amount": part["Amount"]} for part in parts
        ]
        return {"apply": {"items": lines}} if lines else {}


def _grouped(rows: Iterable[Row], field: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get(field):
            found[row[field]].append(row)
    return found
