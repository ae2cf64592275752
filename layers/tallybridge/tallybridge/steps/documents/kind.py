"""What a kind of document is. Invoices, debit memos, credit memos and adjustments each have one: a value that says what their page of the
specification names, numbers and allows differently. What is done with it is in `document_lines`, `document_checks` and `invoice_plans`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from tallybridge import money
from tallybridge.settings import Settings
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.currencies import Customer, own_currency
from tallybridge.steps.shared.texts import text
from tallybridge.sync.step import Problem

PROCESSING_TYPES = {"0": "Charge", "1": "Discount", "2": "Prepayment", "3": "Tax"}
Item = Mapping[str, Any]


@dataclass
class DocumentData:
    """A document with everything its mapping needs: `charges` by product rate plan charge id; `revenue_update` for invoices.md section 7;
    `posting` = fields that post it in another period than that of its date."""

    head: Mapping[str, Any]
    account: Mapping[str, Any]
    items: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    charges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    revenue_update: bool = False
    customer: Customer | None = None
    posting: Mapping[str, Any] = field(default_factory=dict)

    def charge_of(self, item: Item) -> Mapping[str, Any]:
        """The product rate plan charge behind an item; empty for a standalone item."""
        return self.charges.get(charge_id_of(item), {})


D = TypeVar("D", bound=DocumentData)
Check = Callable[["Kind[D]", Company, D], Iterable[Problem]]
Line = Callable[["Kind[D]", Company, D, Item], dict[str, Any]]


def currency_of_head(data: DocumentData) -> str:
    """The document's own."""
    return own_currency(data.head, data.account)


def as_it_is(data: DocumentData, amount: Decimal) -> Decimal:
    """Amounts keep their sign."""
    return amount


def all_items(company: Company, data: DocumentData) -> list[dict[str, Any]]:
    """Every item."""
    return data.items


def zuora_taxes(company: Company, data: DocumentData) -> list[dict[str, Any]]:
    """None when NetSuite calculates tax (invoices.md section 12)."""
    return [] if company.settings.use_standard_invoice_sync.netsuite_calculates_tax else data.taxes


def processing_type(item: Item) -> str | None:
    """Zuora's processing type in words; some of its APIs give a number."""
    return PROCESSING_TYPES.get(str(item.get("ProcessingType") or 0), text(item.get("ProcessingType")))


def quantity_of(item: Item) -> Any:
    """As Zuora has it."""
    return item.get("Quantity")


@dataclass(frozen=True)
class Kind(Generic[D]):
    """A kind of document. `object` is its name in Zuora, `label` what messages call it; `number`, `date`, `amount` are fields of its head
    (the amount with tax), `line_amount` that of an item without tax, `tax_of` that of a tax line which names its item.

    `record_type` is the NetSuite record type that a document becomes, `header` that record's header, `signed` an amount with the sign that
    NetSuite is to get. `items` and `taxes` are those to send; `item_line`, `tax_line` their lines without a number.

    `checks` are its validations, in the order in which they are told; `rules` their numbers in the table of the kind, by "account",
    "charge", "tax code" (has none), "tax item" (is no NetSuite id), "jurisdiction", "project", "location", "class", "department", "lines"
    (none is left), "sum"; one without a number is not made. `plain_texts`: messages about charges without their id, about tax codes
    without the consequence.

    `creating` and `error` are the status texts of a create; `step` is the name of the step, where documents may have provisional revenue
    dates: the ledger marks them with it.
    `in_order`: documents of one account are written one after the other.
    """

    object: str
    code: str
    label: str
    number: str
    date: str
    amount: str
    line_amount: str
    tax_of: str
    record_type: Callable[[D], str]
    header: Callable[[Company, D], dict[str, Any]]
    item_line: Line[D]
    tax_line: Line[D]
    checks: tuple[Check[D], ...]
    rules: Mapping[str, int]
    creating: Callable[[D], str]
    error: Callable[[D], str]
    signed: Callable[[D, Decimal], Decimal] = as_it_is
    currency: Callable[[D], str] = currency_of_head
    items: Callable[[Company, D], list[dict[str, Any]]] = all_items
    taxes: Callable[[Company, D], list[dict[str, Any]]] = zuora_taxes
    line_type: Callable[[Item], str | None] = processing_type
    quantity: Callable[[Item], Any] = quantity_of
    plain_texts: bool = True
    in_order: bool = False
    step: str = ""

    def name(self, data: D) -> str:
        """What messages call a document: "Debit memo DM00000001"."""
        return f"{self.label} {data.head.get(self.number)}"

    def money(self, data: D, amount: Decimal) -> str:
        """An amount of a document as messages show it: "USD 1,190.75"."""
        return money.text(amount, self.currency(data))


def charge_id_of(item: Item) -> str:
    """The product rate plan charge of an item, of its subscription or direct; "" for a standalone item."""
    return str(item.get("RatePlanCharge.ProductRatePlanChargeId") or item.get("ProductRatePlanChargeId") or "")


def tables_needed(needs: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """The reference tables of a step of documents: those of revenue recognition where NetSuite recognises revenue."""
    return needs if settings.netsuite_use_revenue_recognition else tuple(need for need in needs if need != "revenue template")
