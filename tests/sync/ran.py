"""One run of one step as tests look at it: what the run told, and what both systems held before it and after it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.sync.world import World

Dump = Mapping[str, list[dict[str, Any]]]
DONE = ("Sync Complete", "Yes")


@dataclass(frozen=True)
class Kind:
    """What a step takes from Zuora: what messages call it, the object, the field with its number, and the NetSuite records it becomes."""

    step: str
    title: str
    record: str
    number: str
    becomes: tuple[str, ...]
    most: int = 1
    """How many of those one record becomes at the most."""

    def of(self, world: World) -> dict[str, dict[str, Any]]:
        """The source's records by number."""
        return {row[self.number]: dict(row) for row in world.zuora.dump().get(self.record, [])}

    def state(self, record: Mapping[str, Any]) -> bool:
        """Whether a source record says that it is in the other system."""
        return status_of(record) == DONE

    def made(self, record: Mapping[str, Any], zuora: Dump, netsuite: Dump) -> list[dict[str, Any]]:
        """What a source record became in the other system."""
        return [r for kind in self.becomes for r in netsuite.get(kind, []) if r.get(self.link) == record["Id"]]

    @property
    def link(self) -> str:
        return "custbodyzuoraid"


@dataclass(frozen=True)
class BackKind(Kind):
    """What a step takes from NetSuite: `record` is NetSuite's, `becomes` are Zuora's objects."""

    status: str = "custbodyzuoraintegrationstatus"

    def of(self, world: World) -> dict[str, dict[str, Any]]:
        return {row[self.number]: dict(row) for row in world.netsuite.dump().get(self.record, []) if row.get(self.number)}

    def state(self, record: Mapping[str, Any]) -> bool:
        return bool(record.get(self.status) == "Sync Complete")

    def made(self, record: Mapping[str, Any], zuora: Dump, netsuite: Dump) -> list[dict[str, Any]]:
        """Those that carry its id, or whose id it carries."""
        internal_id, zuora_id = str(record["id"]), record.get(self.link)
        rows = [r for kind in self.becomes for r in zuora.get(kind, [])]
        return [r for r in rows if str(r.get("IntegrationId__NS") or "").partition("_")[0] == internal_id or r["Id"] == zuora_id]


INVOICES = Kind("invoices", "Invoice", "Invoice", "InvoiceNumber", ("invoice",))
DEBIT_MEMOS = Kind("debit_memos", "Debit memo", "DebitMemo", "MemoNumber", ("invoice",))
CREDIT_MEMOS = Kind("credit_memos", "Credit memo", "CreditMemo", "MemoNumber", ("creditMemo",))
ADJUSTMENTS = Kind("adjustments", "Adjustment", "InvoiceItemAdjustment", "AdjustmentNumber", ("invoice", "creditMemo"))
PAYMENTS = Kind("payments", "Payment", "Payment", "PaymentNumber", ("customerPayment",))
REFUNDS = Kind("refunds", "Refund", "Refund", "RefundNumber", ("customerRefund",))
NETSUITE_CUSTOMERS = BackKind(
    "netsuite_customers", "Customer", "customer", "entityId", ("Account",), status="custentityzuoraintegrationstatus"
)
SALES_ORDERS = BackKind("sales_orders", "Sales order", "salesOrder", "tranId", ("Subscription",))
NETSUITE_PAYMENTS = BackKind("netsuite_payments", "NetSuite payment", "customerPayment", "tranId", ("Payment",))
NETSUITE_REFUNDS = BackKind("netsuite_refunds", "NetSuite refund", "customerRefund", "tranId", ("Refund",))
NETSUITE_MEMOS = BackKind(
    "netsuite_credit_memos", "NetSuite credit memo", "creditMemo", "tranId", ("InvoiceAdjustment", "InvoiceItemAdjustment"), most=9
)


def status_of(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(Integration Status, Transferred to Accounting) of a Zuora record."""
    return record.get("IntegrationStatus__NS"), record.get("TransferredToAccounting")


@dataclass(repr=False)
class Ran:
    """What one run left behind. `lines` are its log lines; `before` and `after` are the source's records by number, `zuora` and `netsuite`
    whole dumps; all stay as they were when the run ended."""

    kind: Kind
    output: dict[str, Any]
    summary: dict[str, Any]
    lines: list[dict[str, Any]]
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    zuora: Dump
    netsuite: Dump

    @property
    def outcome(self) -> str:
        return str(self.output["outcome"])

    def record(self, number: str) -> dict[str, Any]:
        """The source's record."""
        return self.after[number]

    def made(self, number: str) -> list[dict[str, Any]]:
        """What it became in the other system."""
        return self.kind.made(self.after[number], self.zuora, self.netsuite)

    def sent(self, number: str) -> dict[str, Any]:
        """The one record that it became."""
        (found,) = self.made(number)
        return found

    def id_of(self, number: str) -> str:
        """The id of that one, which is NetSuite's or Zuora's."""
        found = self.sent(number)
        return str(found["id"] if "id" in found else found["Id"])

    def lines_of(self, number: str) -> list[dict[str, Any]]:
        return list(self.sent(number)["item"]["items"])

    def applied(self, number: str) -> Any:
        """What the one NetSuite record is applied to: Decimal by NetSuite document."""
        lines = (self.sent(number).get("apply") or {}).get("items", [])
        return {str(line["doc"]["id"]): Decimal(str(line["amount"])) for line in lines if line.get("apply")}

    @cached_property
    def told(self) -> Mapping[str, Sequence[dict[str, Any]]]:
        """The log lines about each record."""
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self.lines:
            found.setdefault(line.get("source_number", ""), []).append(line)
        return found

    def problems(self, number: str) -> list[tuple[str, str]]:
        """(code, message) of the log lines about a record that carry a code."""
        return [(line["code"], line["message"]) for line in self.told.get(number, []) if line.get("code")]

    def line(self, number: str, code: str) -> dict[str, Any]:
        (found,) = [line for line in self.told.get(number, []) if line.get("code") == code]
        return found

    def untouched(self, number: str) -> bool:
        """Neither a record in the other system nor a changed field in the source."""
        return not self.made(number) and self.record(number) == self.before[number]

    def synced(self, number: str) -> bool:
        return self.kind.state(self.record(number)) and 1 <= len(self.made(number)) <= self.kind.most


def ran(world: World, kind: Kind = INVOICES, **how: Any) -> Ran:
    """Run the step of a kind of record as a run of its own."""
    before = kind.of(world)
    output = world.run(steps=(kind.step,), **how)
    log = gzip.decompress(world.object(output["keys"]["log"])).splitlines()
    lines = [json.loads(line) for line in log]
    return Ran(kind, output, world.summary(output), lines, before, kind.of(world), world.zuora.dump(), world.netsuite.dump())
