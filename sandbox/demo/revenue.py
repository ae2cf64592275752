"""What the demo tenant's company sends to Zuora Revenue: datasets of NetSuite lines, and the upload templates that take them.

One dataset and one template for orders, invoices and credit memos. The lines are those of the tenant's subscriptions, invoices and credit
memos as they stand in NetSuite, so that the amounts agree with the billing sync: an order line per charge of a subscription, an invoice
line per item with a positive amount, a credit line per credit memo item. They keep the rules of stage validation, which refers invoice
lines to order lines and credit lines to invoice lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.demo.ids import rounded
from sandbox.demo.tenant import Objects, Tenant

Row = dict[str, Any]
DATE_FORMAT = "DD-MON-YYYY"
GLOBAL_RATES = {"USD": "1", "EUR": "1.08", "GBP": "1.27", "JPY": "0.0067"}
"""Exchange rates into US dollars, the reporting currency; each subsidiary keeps its books in the currency of the document."""
YEAR_MONTHS, TERM_DAYS = 12, 364
DEFERRED, RECOGNIZED = "01.2200.000", "01.4000.000"
"""Account segments: company, account, department."""
ONCE = frozenset({"OneTime", "Usage"})


@dataclass(frozen=True)
class Field:
    """One column on its way: alias and type in the dataset, staging column, label and type in the template."""

    alias: str
    kind: str
    column: str
    label: str
    data_type: str


def _fields(*rows: str) -> tuple[Field, ...]:
    types = {"text": "Character", "number": "Number", "date": "Date"}
    split = (tuple(part.strip() for part in row.split("|")) for row in rows)
    return tuple(Field(alias, kind, column, label, types[kind]) for alias, kind, column, label in split)


COMMON = (
    "RevenueType          | text   | type         | Type",
    "SO_LINE_ID           | text   | doc_line_id  | Doc Line Id",
    "CustomerNumber       | text   | cust_num     | Cust Num",
    "altname              | text   | cstmr_nm     | Cstmr Nm",
    "ItemID               | text   | item_num     | Item Num",
    "ListAmount           | number | ext_lst_prc  | Ext Lst Prc",
    "NetAmount            | number | ext_sll_prc  | Ext Sll Prc",
    "TransactionCurrency  | text   | curr         | Curr",
    "FunctionalCurrency   | text   | f_cur        | F Cur",
    "ExchangeRate         | number | f_ex_rate    | F Ex Rate",
    "GlobalRate           | number | g_ex_rate    | G Ex Rate",
    "StartDate            | date   | start_date   | Start Date",
    "EndDate              | date   | end_date     | End Date",
    "DEF_SEGMENTS         | text   | def_segments | Def Segments",
    "REV_SEGMENTS         | text   | rev_segments | Rev Segments",
    "Memo                 | text   | comments     | Comments",
)
ORDER = (
    "TransactionNumber    | text   | doc_num      | Doc Num",
    "LineSequenceNumber   | text   | doc_line_num | Doc Line Num",
    "TransactionDate      | date   | doc_date     | Doc Date",
    "Quantity             | number | ord_qty      | Ord Qty",
)
INVOICE = (
    "InvoiceNumber        | text   | inv_num      | Inv Num",
    "InvoiceLine          | text   | inv_line_num | Inv Line Num",
    "INV_LINE_ID          | text   | inv_line_id  | Inv Line Id",
    "TransactionDate      | date   | inv_date     | Inv Date",
    "InvoicedQuantity     | number | inv_qty      | Inv Qty",
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "Orders": _fields(*COMMON, *ORDER),
    "Invoices": _fields(*COMMON, *INVOICE, "Quantity | number | ord_qty | Ord Qty"),
    "Credit Memos": _fields(*COMMON, *INVOICE, "CreatedFrom | text | orig_inv_line_id | Orig Inv Line Id"),
}
"""Object of the connector -> its columns."""
DATASETS = {"Orders": "custdataset_zr_orders", "Invoices": "custdataset_zr_invoices", "Credit Memos": "custdataset_zr_credit_memos"}
TEMPLATES = {name: f"NetSuite {name}" for name in DATASETS}


@dataclass(frozen=True)
class RevenueDemo:
    """`netsuite` and `revenue` are what the two stand-ins load; `mappings` say for each object which alias goes to which label."""

    netsuite: Objects
    revenue: Objects
    mappings: dict[str, list[tuple[str, str]]]


def revenue_demo(tenant: Tenant) -> RevenueDemo:
    """Datasets and templates for the lines of a tenant with Invoice Settlement."""
    lines = _Lines(tenant)
    rows = {"Orders": list(lines.orders()), "Invoices": list(lines.invoices()), "Credit Memos": list(lines.credits())}
    return RevenueDemo(
        netsuite={"dataset": [_dataset(name, rows[name]) for name in DATASETS]},
        revenue={"template": [_template(name) for name in TEMPLATES]},
        mappings={name: [(f.alias, f.label) for f in fields] for name, fields in FIELDS.items()},
    )


def large_dataset(rows: int, identifier: str = "custdataset_zr_large") -> Row:
    """A computed dataset of so many order lines for the template of orders; any size costs nothing to load."""
    values = {
        "RevenueType": "SO",
        "SO_LINE_ID": "L{n:07}-1",
        "CustomerNumber": "A{n%500+1000}",
        "altname": "Customer {n%500+1000}",
        "ItemID": "ITEM-{n%40+1:03}",
        "ListAmount": "{n%900+100}.50",
        "NetAmount": "{n%900+100}.25",
        "TransactionCurrency": "USD",
        "FunctionalCurrency": "USD",
        "ExchangeRate": "1",
        "GlobalRate": "1",
        "StartDate": "2026-01-01+{n%28}",
        "EndDate": "2026-12-31+{n%28}",
        "DEF_SEGMENTS": DEFERRED,
        "REV_SEGMENTS": RECOGNIZED,
        "TransactionNumber": "L{n/10:06}",
        "LineSequenceNumber": "{n%10+1}",
        "TransactionDate": "2026-01-01+{n%28}",
        "Quantity": "{n%9+1}",
    }
    columns = [{"name": f.alias, "type": f.kind, "value": values[f.alias]} for f in FIELDS["Orders"] if f.alias in values]
    return {"id": identifier, "name": "ZR Order Lines, Large", "generate": rows, "columns": columns}


def _dataset(name: str, rows: list[Row]) -> Row:
    columns = [{"name": f.alias, "type": f.kind} for f in FIELDS[name]]
    return {"id": DATASETS[name], "name": f"ZR {name}", "columns": columns, "rows": rows}


def _template(name: str) -> Row:
    mapping = [
        {"seq": n, "col_name": f.column, "label": f.label, "data_type": f.data_type, "total": "Sum" if f.column == "ext_sll_prc" else ""}
        for n, f in enumerate(FIELDS[name], 1)
    ]
    return {"name": TEMPLATES[name], "description": f"{name} from NetSuite datasets", "date_format": DATE_FORMAT, "mapping": mapping}


class _Lines:
    """The lines of the datasets, made from the tenant's billing objects."""

    def __init__(self, tenant: Tenant) -> None:
        zuora = tenant.zuora
        self.accounts = {a["Id"]: a for a in zuora["Account"]}
        self.subscriptions = {s["Id"]: s for s in zuora["Subscription"]}
        self.plans = {p["Id"]: p for p in zuora["RatePlan"]}
        self.products = {p["Id"]: p for p in zuora["ProductRatePlanCharge"]}
        self.charges = {c["Id"]: c for c in zuora["RatePlanCharge"]}
        self.documents = {i["Id"]: i for i in zuora["Invoice"] if i["Status"] == "Posted"}
        self.memos = {m["Id"]: m for m in zuora.get("CreditMemo", []) if m["Status"] == "Posted"}
        self.memo_items = zuora.get("CreditMemoItem", [])
        self.items = [i for i in zuora["InvoiceItem"] if self._is_revenue(i)]
        self.credited: dict[str, Decimal] = defaultdict(Decimal)

    def _is_revenue(self, item: Row) -> bool:
        return (
            item["InvoiceId"] in self.documents and item.get("RatePlanChargeId") in self.charges and Decimal(str(item["ChargeAmount"])) > 0
        )

    def _order_of(self, charge: Row) -> tuple[Row, Row]:
        """Subscription and account of a charge."""
        subscription = self.subscriptions[self.plans[charge["RatePlanId"]]["SubscriptionId"]]
        return subscription, self.accounts[subscription["AccountId"]]

    def _common(self, kind: str, charge: Row, start: str, end: str, amount: Decimal, memo: str = "") -> Row:
        _, account = self._order_of(charge)
        currency = account["Currency"]
        shown = _money(amount, currency)
        return {
            "RevenueType": kind,
            "SO_LINE_ID": charge["ChargeNumber"],
            "CustomerNumber": account["AccountNumber"],
            "altname": account["Name"],
            "ItemID": self.products[charge["ProductRatePlanChargeId"]]["Name"],
            "ListAmount": shown,
            "NetAmount": shown,
            "TransactionCurrency": currency,
            "FunctionalCurrency": currency,
            "ExchangeRate": "1",
            "GlobalRate": GLOBAL_RATES[currency],
            "StartDate": start,
            "EndDate": end,
            "DEF_SEGMENTS": DEFERRED,
            "REV_SEGMENTS": RECOGNIZED,
            "Memo": memo,
        }

    def orders(self) -> Iterator[Row]:
        """An order line per charge that has a price or was billed: the value of a year, or what was billed if that is more."""
        billed: dict[str, Decimal] = defaultdict(Decimal)
        quantities: dict[str, Decimal] = defaultdict(Decimal)
        for item in self.items:
            billed[item["RatePlanChargeId"]] += Decimal(str(item["ChargeAmount"]))
            quantities[item["RatePlanChargeId"]] += _quantity(item)
        numbers: dict[str, int] = defaultdict(int)
        for charge in sorted(self.charges.values(), key=lambda c: str(c["ChargeNumber"])):
            subscription, _ = self._order_of(charge)
            months = 1 if self.products[charge["ProductRatePlanChargeId"]]["ChargeType"] in ONCE else YEAR_MONTHS
            value = Decimal(str(charge.get("Price", 0))) * Decimal(str(charge.get("Quantity", 1))) * months
            value = max(value, billed[charge["Id"]])
            if not value:
                continue
            numbers[subscription["Id"]] += 1
            start = charge["EffectiveStartDate"]
            quantity = max(Decimal(str(charge.get("Quantity", 1))) * months, quantities[charge["Id"]])
            yield {
                **self._common("SO", charge, start, _later(start, TERM_DAYS), value, subscription.get("Notes", "")),
                "TransactionNumber": subscription["Name"],
                "LineSequenceNumber": str(numbers[subscription["Id"]]),
                "TransactionDate": subscription["ContractEffectiveDate"],
                "Quantity": _plain(quantity),
            }

    def invoices(self) -> Iterator[Row]:
        """An invoice line per item with a positive amount."""
        for item in self.items:
            document, charge = self.documents[item["InvoiceId"]], self.charges[item["RatePlanChargeId"]]
            quantity = _plain(_quantity(item))
            yield {
                **self._common("INV", charge, *_span(item, document["InvoiceDate"]), Decimal(str(item["ChargeAmount"]))),
                "InvoiceNumber": document["InvoiceNumber"],
                "InvoiceLine": item["Id"][-2:].lstrip("0"),
                "INV_LINE_ID": _line_id(document, item),
                "TransactionDate": document["InvoiceDate"],
                "InvoicedQuantity": quantity,
                "Quantity": quantity,
            }

    def credits(self) -> Iterator[Row]:
        """A credit line per credit memo item of a charge. It refers to the invoice line that it credits, where there is one."""
        for item in self.memo_items:
            memo, charge = self.memos.get(item["CreditMemoId"]), self.charges.get(item.get("RatePlanChargeId", ""))
            if memo is None or charge is None:
                continue
            amount = Decimal(str(item["Amount"]))
            source = self._credited_line(memo, item, amount)
            row = {
                **self._common("CM-C" if source else "CM", charge, *_span(item, memo["MemoDate"]), -amount, memo.get("Comment", "")),
                "InvoiceNumber": memo["MemoNumber"],
                "InvoiceLine": item["Id"][-2:].lstrip("0"),
                "INV_LINE_ID": f"{memo['MemoNumber']}-{item['Id'][-2:]}",
                "TransactionDate": memo["MemoDate"],
                "InvoicedQuantity": _plain(_quantity(item)),
                "CreatedFrom": source,
            }
            yield {**row, "SO_LINE_ID": ""}

    def _credited_line(self, memo: Row, item: Row, amount: Decimal) -> str:
        """Id of the invoice line of the same charge that still covers the amount, "" if there is none."""
        for line in self.items:
            if line["RatePlanChargeId"] != item["RatePlanChargeId"] or line["InvoiceId"] != memo.get("InvoiceId"):
                continue
            identifier = _line_id(self.documents[line["InvoiceId"]], line)
            if self.credited[identifier] + amount <= Decimal(str(line["ChargeAmount"])):
                self.credited[identifier] += amount
                return identifier
        return ""


def _line_id(document: Row, item: Row) -> str:
    return f"{document['InvoiceNumber']}-{item['Id'][-2:]}"


def _span(item: Row, otherwise: str) -> tuple[str, str]:
    """First and last day of service."""
    start = str(item.get("ServiceStartDate") or otherwise)
    return start, str(item.get("ServiceEndDate") or start)


def _quantity(item: Row) -> Decimal:
    return Decimal(str(item.get("Quantity") or 1))


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _money(amount: Decimal, currency: str) -> str:
    return f"{rounded(amount, currency):f}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
