"""What a step works with: clients, settings, clock, and what the run knows already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tallybridge.clock import Clock
from tallybridge.netsuite import NetSuite
from tallybridge.settings import Settings
from tallybridge.shelf import NoShelf, Shelf
from tallybridge.steps.shared.learned import Learned
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.reversal import ReversalPlan
from tallybridge.sync.runlog import LeftOut
from tallybridge.sync.step import Problem
from tallybridge.zuora import Zuora
from tallybridge.zuora.invoice_currency import InvoiceCurrency
from tallybridge.zuora.source import ZuoraSource


@dataclass
class StepContext:
    """What a step works with."""

    zuora: Zuora
    source: ZuoraSource
    netsuite: NetSuite
    settings: Settings
    clock: Clock
    reference: Reference = field(default_factory=Reference)
    """The NetSuite tables that the step asked for in `needs`."""
    since: str = ""
    """From which moment on, in the source's time, changes are looked at; "" where none are."""
    retry: tuple[str, ...] = ()
    """Ids that must be selected again although the watermark has moved past them."""
    deferred: tuple[str, ...] = ()
    """Ids of synced documents whose revenue dates are still to come."""
    known: Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]] = lambda ids: {}
    """The ledger's items by source id."""
    dropped: set[str] = field(default_factory=set)
    """Collects the fields that this account lacks."""
    shelf: Shelf = field(default_factory=NoShelf)
    """Where the run keeps tables of the account that were asked for."""
    learned: Learned = field(default_factory=Learned)
    """What the run has learnt of the tenants."""
    renumbered: dict[str, str] = field(default_factory=dict)
    """Collects documents that NetSuite gave a number of its own though Zuora's was sent: what people call them, and that number."""
    remarks: list[tuple[str, Problem]] = field(default_factory=list)
    """Collects what is told of the run itself: levels and problems."""
    left_out: list[LeftOut] = field(default_factory=list)
    """Collects records that a rule leaves out, one by one, where that is known only when they are read again."""
    mode: str = "B"
    """"A", a tenant without Invoice Settlement, or "B"."""
    places: Mapping[str, int] = field(default_factory=dict)
    """The place of each record in the step's selection, from 0."""
    invoice_currency: InvoiceCurrency | None = None
    """Whether invoices have a currency of their own; None where they are not asked about."""
    reversal: ReversalPlan | None = None
    """The plan that the run carries out, of one that reverses what another has made."""

    @property
    def settlement_on(self) -> bool:
        """Whether the tenant has Invoice Settlement (mode B)."""
        return self.mode == "B"

    @property
    def currency_of_invoices(self) -> tuple[str, ...]:
        """The field of invoices with their currency, for lists of fields; nothing where the tenant has none."""
        return self.invoice_currency.known() if self.invoice_currency else ()

    def invoices(self, ids: Iterable[str], fields: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Invoices as they are now, by id, with their currency where they have one of their own."""
        wanted, known = {i for i in ids if i}, self.invoice_currency
        if not wanted or known is None:
            return self.source.reread("Invoice", wanted, fields)
        return known.ask(lambda currency: self.source.reread("Invoice", wanted, (*fields, *currency)))
