"""The table that `make bench` ends with: each figure with what it was before, its aim, and what came out.

Figures are ratios, calls or seconds within one run on one machine; those of other machines differ in seconds, hardly in the rest. What
misses its aim is printed with the reason, as far as it is known, and with the next idea.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NOT_MEASURED = "not measured"

INVOICES = "the creates themselves take nine tenths of the time; next: the last chunk's status writes beside its sends"
WIDE = "AWS calls of 15 writers fill one processor; next: as for the processor time"
SMALL = (
    "100 records are 6 s of sending; selecting, reading and, for payments and refunds, a status write each before and after take as long; "
    "next: records are sent as soon as their own status is written"
)
ONE_BY_ONE = "statuses are written one by one, as delivered; with the settings in the line below they are not"
OWN_CALLS = "15 calls are the step's own, however many records there are: of 1,000 a call for 67; a run of all steps counts once for all"
IDLE = (
    "the calls take 3.5 s, the rest is 26 functions with 40 calls each to the embedded AWS; next: a step without work is summed up where "
    "it is selected"
)
PACE = "a record waits for its job's last look; next: look when the job should be through, by the pace of those before"
PROCESSOR = (
    "two thirds are the AWS client, with one call for each of four ledger writes a record; next: claims and ends of a batch in "
    "transactions of 100, at twice the price of a write"
)
COST = "half of it are four ledger writes a record, a quarter the states of a batch; less memory would make the processor the limit"
REVENUE = "rows come as objects, taking them apart and joining cells is half of it; next: a reader of JSON that gives columns"


@dataclass(frozen=True)
class Aim:
    """A figure by its key. `least`: it must not be lower, otherwise not higher, than `limit`. `why` is said where it misses its aim."""

    key: str
    figure: str
    before: str
    limit: float
    least: bool = False
    unit: str = ""
    why: str = ""

    def is_met(self, result: float) -> bool:
        shown = float(f"{result:.4g}")
        return shown >= self.limit if self.least else shown <= self.limit

    @property
    def aim(self) -> str:
        return f"{'>=' if self.least else '<='} {written(self.limit)}{self.unit}"


def written(amount: float) -> str:
    """A figure with as many digits as tell something."""
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"


AIMS = (
    Aim("invoices", "invoices of 3 lines: ratio", "0.84", 0.95, True, why=INVOICES),
    Aim("invoices_a", "the same without Invoice Settlement", "0.78", 0.95, True, why=INVOICES),
    Aim("long", "the same, 5,000 invoices", "-", 0.97, True, why=INVOICES),
    Aim("wide", "the same, 15 slots", "0.58", 0.93, True, why=WIDE),
    Aim("lowest", "Zuora -> NetSuite steps, 100 records: lowest ratio", "0.19", 0.75, True, why=SMALL),
    Aim("fixed", "their fixed time beyond the query's own, at most", "5 to 8 s", 2, unit=" s", why=SMALL),
    Aim("into_zuora", "NetSuite calls a record, steps into Zuora, at most", "3.1", 1.1, why=ONE_BY_ONE),
    Aim("into_zuora_sparing", "the same, with netsuite_batch_requests", "-", 1.1),
    Aim("payments", "Zuora calls a payment, with Invoice Settlement", "2.1", 1.05, why=ONE_BY_ONE),
    Aim("payments_sparing", "the same, with journal_only_progress_mark", "-", 1.05, why=OWN_CALLS),
    Aim("refunds", "Zuora calls a refund, with Invoice Settlement", "4.1", 2.05, why=ONE_BY_ONE),
    Aim("refunds_sparing", "the same, with journal_only_progress_mark", "-", 2.05, why=OWN_CALLS),
    Aim("batch_calls", "batch requests: NetSuite calls an invoice", "1.04", 0.05),
    Aim("batch_pace", "batch requests: share of processors / time", "-", 0.9, True, why=PACE),
    Aim("idle_calls", "run with nothing to do: calls", "21", 14, why=IDLE),
    Aim("idle_seconds", "run with nothing to do: seconds", "-", 5, unit=" s", why=IDLE),
    Aim("processor", "processor time a record, connector with AWS client", "6 to 9 ms", 4, unit=" ms", why=PROCESSOR),
    Aim("import", "import of a step's function", "0.61 s", 0.35, unit=" s"),
    Aim("revenue", "revenue rows beside csv.writer, with key column", "0.25", 0.5, True, why=REVENUE),
    Aim("cost", "cost of 100,000 invoices on AWS, USD", "< 1", 0.5, why=COST),
)


def table(results: Mapping[str, float], absent: Mapping[str, str]) -> str:
    """The table as text. `results` by key; `absent` says of a key why there is none."""
    lines = [f"{'figure':<52} {'before':>9} {'aim':>9} {'result':>9}"]
    for aim in AIMS:
        if aim.key not in results:
            lines.append(f"{aim.figure:<52} {aim.before:>9} {aim.aim:>9} {'-':>9}  {absent.get(aim.key, NOT_MEASURED)}")
            continue
        result = results[aim.key]
        verdict = "met" if aim.is_met(result) else f"missed{f': {aim.why}' if aim.why else ''}"
        lines.append(f"{aim.figure:<52} {aim.before:>9} {aim.aim:>9} {written(result) + aim.unit:>9}  {verdict}")
    return "\n".join(lines)
