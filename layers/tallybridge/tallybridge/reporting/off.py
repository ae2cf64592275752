"""Records that the destination holds otherwise than they were sent: found one by one, so that differences that cancel out are seen too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tallybridge.reporting.words import listed, money_text, plural
from tallybridge.sync.held import Held, agree, same_customer, same_kind
from tallybridge.sync.runlog import OffRecord, Outcome, RecordResult

ARRIVED = frozenset({Outcome.SYNCED, Outcome.ALREADY})
MAX_OFF = 50
"""Records named with one control total; the count goes on."""


@dataclass
class Off:
    """The records of one control total that are held otherwise: how many, and the first of them."""

    count: int = 0
    first: list[OffRecord] = field(default_factory=list)

    def add(self, record: OffRecord) -> None:
        self.count += 1
        if len(self.first) < MAX_OFF:
            self.first.append(record)


def off_record(result: RecordResult, held: Sequence[Held]) -> OffRecord | None:
    """The record if the destination holds anything but one record of its amount, in the currency's precision, in its currency, of its
    customer and of its type; a record that did not arrive must not be there."""
    arrived = result.outcome in ARRIVED
    if (not held and not arrived) or (arrived and len(held) == 1 and agree(result.sent, held[0], result.base)):
        return None
    return OffRecord(result.source_id, result.source_number or result.source_id, result.sent, tuple(held))


def off_words(record: OffRecord, currency: str, there: str) -> str:
    """What `there` (NetSuite, Zuora) holds of a record, for example "NetSuite holds USD 12.00, USD 10.00 was sent"."""
    sent = "" if record.amount is None else money_text(record.amount, currency)
    was_sent = f", {sent} was sent" if sent else ""
    if not record.held:
        return f"{there} does not hold it{was_sent}"
    amounts = [money_text(h.amount, h.currency or currency) for h in record.held if h.amount is not None and sent]
    several = plural(len(record.held), "record") + " of it" + (f", {listed(amounts)}" if amounts else "")
    what = several if len(record.held) > 1 or not amounts else amounts[0]
    return f"{there} holds {what}{_whose(record)}{was_sent}"


def _whose(record: OffRecord) -> str:
    """The customers and types there, where they are others."""
    sent = record.sent
    customers = [h.customer for h in record.held if not same_customer(sent, h)]
    kinds = [h.kind for h in record.held if not same_kind(sent, h)]
    of = f" of customer {listed(customers)} instead of {sent.customer}" if customers else ""
    return of + (f" as {listed(kinds)} instead of {sent.kind}" if kinds else "")
