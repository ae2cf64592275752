"""The sequence of the billing sync: every step in the documented order, which class does it, and what decides whether it runs.

sequence-and-status.md 1.1 (mode A, a Zuora tenant without Invoice Settlement), 1.2 (mode B, with it), 1.4 and 1.5; settings.md 4.2 and 4.4.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

from tallybridge.settings import Settings
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.reversal import STEP
from tallybridge.sync.runs import MODES


class When(StrEnum):
    """What besides its own switch a step needs; the value says in words why it does not run without it."""

    ALWAYS = ""
    ZUORA_IS_MASTER = "Customer Account Master is NetSuite"
    NETSUITE_IS_MASTER = "Customer Account Master is Zuora"
    CATALOGUE = "both Enable Sales Order Sync and Force Zuora Product Catalog Sync are off"
    SALES_ORDERS = "Enable Sales Order Sync is off"
    ZUORA_TAXES = "NetSuite calculates tax (Use Standard Invoice Sync)"
    REVERSING = "it carries out an approved reversal, and has no part in other runs"


@dataclass(frozen=True)
class StepEntry:
    """One step: its name, which is also that of its function and of its folder in a run, "module:Class" below tallybridge.steps, the tenant
    modes it belongs to, what it needs, and the setting that switches it off. Others depend on a `mandatory` step: each run in which it
    is switched off says so. `after` are the steps that make what its records refer to: where a run's time did not suffice for one of
    them, it waits."""

    name: str
    place: str
    modes: str
    when: When
    disabled_by: str = ""
    mandatory: bool = False
    after: tuple[str, ...] = ()


CUSTOMERS = ("customers", "netsuite_customers")
# fmt: off
SEQUENCE = (
    StepEntry("customers", "customers:Customers", "AB", When.ZUORA_IS_MASTER, "disable_customer_account_sync", mandatory=True),
    StepEntry("netsuite_customers", "netsuite_customers:NetSuiteCustomers", "AB", When.NETSUITE_IS_MASTER, "disable_customer_account_sync",
              mandatory=True),
    StepEntry("products", "products:Products", "AB", When.CATALOGUE),
    StepEntry("rate_plans", "rate_plans:RatePlans", "AB", When.CATALOGUE, after=("products",)),
    StepEntry("sales_orders", "sales_orders:SalesOrders", "AB", When.SALES_ORDERS, after=("products", "rate_plans")),
    StepEntry("charges", "charges:Charges", "AB", When.ALWAYS, "disable_zuora_charge_sync", mandatory=True),
    StepEntry("invoices", "invoices:Invoices", "AB", When.ALWAYS, "disable_zuora_invoice_sync", after=(*CUSTOMERS, "charges")),
    StepEntry("debit_memos", "debit_memos:DebitMemos", "B", When.ALWAYS, "disable_zuora_debit_memo_sync", after=(*CUSTOMERS, "charges")),
    StepEntry("credit_memos", "credit_memos:CreditMemos", "B", When.ZUORA_TAXES, "disable_zuora_credit_memo_sync",
              after=(*CUSTOMERS, "charges", "invoices", "debit_memos")),
    StepEntry("payments", "payments:Payments", "AB", When.ZUORA_TAXES, "disable_zuora_payment_sync",
              after=(*CUSTOMERS, "invoices", "debit_memos")),
    StepEntry("refunds", "refunds:Refunds", "AB", When.ZUORA_TAXES, "disable_zuora_refund_sync", after=("credit_memos", "payments")),
    StepEntry("adjustments", "adjustments:Adjustments", "A", When.ZUORA_TAXES, "disable_zuora_invoice_item_adjustment_sync",
              after=("invoices",)),
    StepEntry("netsuite_payments", "netsuite_payments:NetSuitePayments", "AB", When.ZUORA_TAXES, "disable_netsuite_payment_sync",
              after=("invoices",)),
    StepEntry("netsuite_credit_memos", "netsuite_credit_memos:NetSuiteCreditMemos", "A", When.ZUORA_TAXES,
              "disable_netsuite_credit_memo_sync", after=("invoices",)),
    StepEntry("netsuite_refunds", "netsuite_refunds:NetSuiteRefunds", "AB", When.ZUORA_TAXES, "disable_netsuite_refund_sync",
              after=("netsuite_payments",)),
    StepEntry("reversals", "reversals:Reversals", "AB", When.REVERSING),
)
# fmt: on
STEPS = tuple(entry.name for entry in SEQUENCE)
"""The names alone, in the documented order."""

_BY_NAME = {entry.name: entry for entry in SEQUENCE}


def comes_after(name: str) -> tuple[str, ...]:
    """The steps that make what a step's records refer to."""
    return _BY_NAME[name].after


def step_class(name: str) -> type[SyncStep]:
    """The class of a step; its module is imported only now, so that a function loads its own step alone."""
    module, _, cls = _BY_NAME[name].place.partition(":")
    found: type[SyncStep] = getattr(import_module(f"tallybridge.steps.{module}"), cls)
    return found


def steps_to_run(settings: Settings, mode: str, only: Collection[str] | None = None, *, reverse: bool = False) -> dict[str, bool]:
    """Which steps run, every step named in the documented order. `mode` = "A" or "B"; `only` = the steps asked for, None for all;
    `reverse`: the run carries out a reversal and nothing else."""
    if reverse:
        return {entry.name: entry.name == STEP for entry in SEQUENCE}
    return {entry.name: (only is None or entry.name in only) and not why_not(entry.name, settings, mode) for entry in SEQUENCE}


def why_not(name: str, settings: Settings, mode: str) -> str:
    """Why a step does not run in such a tenant with such settings, in words; "" if it does."""
    entry = _BY_NAME[name]
    if mode not in entry.modes:
        return f"it belongs to Zuora tenants {MODES[entry.modes]}"
    if is_disabled(entry, settings):
        return f'the setting "{entry.disabled_by}" is on'
    return "" if _given(entry.when, settings) else str(entry.when)


def is_disabled(entry: StepEntry, settings: Settings) -> bool:
    """Whether the step's own switch is off."""
    return bool(entry.disabled_by) and bool(getattr(settings, entry.disabled_by))


def missed_by_others(settings: Settings) -> tuple[str, ...]:
    """Steps that others depend on and that are switched off (settings.md 4.2); of the customer steps, the one of the master's direction."""
    return tuple(e.name for e in SEQUENCE if e.mandatory and is_disabled(e, settings) and _given(e.when, settings))


def _given(when: When, settings: Settings) -> bool:
    sales_orders = settings.enable_sales_order_sync
    return {
        When.ALWAYS: True,
        When.ZUORA_IS_MASTER: settings.customer_account_master == "Zuora",
        When.NETSUITE_IS_MASTER: settings.customer_account_master == "NetSuite",
        When.CATALOGUE: sales_orders or settings.force_zuora_product_catalog_sync,
        When.SALES_ORDERS: sales_orders,
        When.REVERSING: False,
        When.ZUORA_TAXES: not settings.use_standard_invoice_sync.netsuite_calculates_tax,
    }[when]
