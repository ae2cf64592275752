"""Stage validation of a line against others: orders that invoices name, invoices that credits name, lines sent again.

The ledger of what the tenant has is built only when a line asks for it: a million order lines that refer to nothing need none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.revenue.columns import CREDITS, ORGANIZATION
from sandbox.revenue.formats import number_of
from sandbox.revenue.uploads import Upload

Line = dict[str, str]
ZERO = Decimal(0)
REFERRING = frozenset({"INV", "RORD", *CREDITS})
REFERENCES = frozenset({"doc_line_id", "orig_so_line_id", "orig_inv_line_id"})


def amount(line: Line, column: str) -> Decimal:
    """The number of a cell, 0 for an empty one."""
    return number_of(line.get(column, "")) or ZERO


@dataclass
class Order:
    """An SO or RORD line as the tenant has it."""

    kind: str
    price: Decimal
    quantity: Decimal
    currency: str
    rate: str
    cv_flag: str
    organization: str
    collected: bool


@dataclass
class Ledger:
    """Order and invoice lines by id, and what is invoiced and credited on each."""

    orders: dict[str, Order] = field(default_factory=dict)
    invoiced: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    quantities: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    invoices: dict[str, Decimal] = field(default_factory=dict)
    credited: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    seen: set[int] = field(default_factory=set)

    def follow(self, uploads: Iterable[Upload]) -> None:
        """Take in the staged uploads that are new."""
        for upload in uploads:
            if upload.staged and upload.template.kind == "transaction" and upload.id not in self.seen:
                self.seen.add(upload.id)
                for line in upload.lines():
                    self.add(line, collected=upload.collected)

    def add(self, line: Line, *, collected: bool = False) -> None:
        """Take in one line."""
        kind = line.get("type", "")
        if kind in ("SO", "RORD"):
            self.orders[line.get("doc_line_id", "")] = Order(
                kind,
                amount(line, "ext_sll_prc"),
                amount(line, "ord_qty"),
                line.get("curr", ""),
                line.get("f_ex_rate", ""),
                line.get("cv_eligible_flag", ""),
                line.get(ORGANIZATION, ""),
                collected,
            )
        elif kind == "INV":
            order, billed = line.get("doc_line_id", ""), amount(line, "ext_sll_prc")
            self.invoices[line.get("inv_line_id", "")] = billed
            if order:
                self.invoiced[order] += billed
                self.quantities[order] += amount(line, "inv_qty")
        elif kind in CREDITS and line.get("orig_inv_line_id"):
            self.credited[line["orig_inv_line_id"]] += abs(amount(line, "ext_sll_prc"))

    def collect(self, line: Line) -> None:
        """The line is part of a revenue contract now."""
        known = self.orders.get(line.get("doc_line_id", ""))
        if known is not None and line.get("type") == known.kind:
            known.collected = True


def asks(kinds: set[str], columns: set[str]) -> bool:
    """Whether lines of these types, in a file with these columns, can refer to others at all."""
    return bool(kinds & REFERRING) and bool(columns & REFERENCES)


def wrong_references(line: Line, ledger: Ledger, overstated: bool) -> Iterator[tuple[str, str]]:
    """Code and reason of each rule that the line breaks, given all lines before it. `overstated`: profile ALLOW_OVERSTATED_INVOICE."""
    kind = line.get("type", "")
    if kind == "SO":
        yield from _order_again(line, ledger)
    elif kind == "RORD":
        yield from _reduction(line, ledger)
    elif kind == "INV":
        yield from _invoice(line, ledger, overstated)
    elif kind in CREDITS:
        yield from _credit(line, ledger)


def _order_again(line: Line, ledger: Ledger) -> Iterator[tuple[str, str]]:
    known = ledger.orders.get(line.get("doc_line_id", ""))
    if known is None or not known.collected or known.kind != "SO":
        return
    if known.organization != line.get(ORGANIZATION, ""):
        yield "RPRO-10000", "an SO line id that is already processed in another organisation"
        return
    if (number_of(known.rate) or 1) != (number_of(line.get("f_ex_rate", "")) or 1):
        yield "RPRO-00077", "an exchange rate other than that of the stored SO line"
    if known.cv_flag != line.get("cv_eligible_flag", ""):
        yield "RPRO-00079", "a CV Eligible Flag other than that of the stored SO line"


def _reduction(line: Line, ledger: Ledger) -> Iterator[tuple[str, str]]:
    reference = line.get("orig_so_line_id", "")
    if not reference:
        return
    order = ledger.orders.get(reference)
    if order is None:
        yield "RPRO-00600", f"an SO line id that is not in the system: {reference}"
        return
    if line.get("curr") and order.currency != line["curr"]:
        yield "RPRO-00082", "a currency other than that of the SO"
    if abs(amount(line, "ext_sll_prc")) > abs(order.price):
        yield "RPRO-00357", "an amount above the net sell price of the SO"


def _invoice(line: Line, ledger: Ledger, overstated: bool) -> Iterator[tuple[str, str]]:
    reference = line.get("doc_line_id", "")
    if not reference:
        return
    order = ledger.orders.get(reference)
    if order is None:
        yield "RPRO-00600", f"an SO line id that is not in the system: {reference}"
        return
    billed = amount(line, "ext_sll_prc")
    if billed * order.price < 0:
        yield "RPRO-00078", "a sign other than that of the SO"
    elif not overstated:
        if abs(ledger.invoiced[reference] + billed) > abs(order.price):
            yield "RPRO-00622", "an invoice that overstates the price of the SO"
        if abs(ledger.quantities[reference] + amount(line, "inv_qty")) > abs(order.quantity):
            yield "RPRO-00623", "an invoice that overstates the quantity of the SO"


def _credit(line: Line, ledger: Ledger) -> Iterator[tuple[str, str]]:
    if line.get("type") == "CM-RO":
        order = ledger.orders.get(line.get("doc_line_id", ""))
        if line.get("doc_line_id") and (order is None or order.kind != "RORD"):
            yield "RPRO-00683", "a CM-RO for an RORD that is not in the system"
        return
    invoice, order_line = line.get("orig_inv_line_id", ""), line.get("orig_so_line_id", "")
    if invoice and order_line:
        return
    credited = abs(amount(line, "ext_sll_prc"))
    if invoice:
        if invoice not in ledger.invoices:
            yield "RPRO-00624", f"an invoice line that is not in the system: {invoice}"
        elif ledger.credited[invoice] + credited > abs(ledger.invoices[invoice]):
            yield "RPRO-00621", "a credit that is larger than the invoice"
    elif order_line:
        order = ledger.orders.get(order_line)
        if order is None:
            yield "RPRO-00600", f"an SO line id that is not in the system: {order_line}"
        elif credited > abs(order.price):
            yield "RPRO-00657", "a credit that is larger than the net price of the SO"
