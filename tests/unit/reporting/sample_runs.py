"""Finished runs to report on: clean, with warnings, failed, out of balance. Shared by the unit and the browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from functools import cache, wraps
from typing import ParamSpec

from tallybridge.reporting.causes import causes
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.totals import control_totals, run_outcome
from tallybridge.sync.runlog import (
    ControlTotal,
    LeftOut,
    Level,
    LogLine,
    Outcome,
    RecordResult,
    RunOutcome,
    RunSummary,
    StepOutcome,
    StepReport,
    Tally,
)

INJECTED = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4
NAMES = ("Northwind Traders", f"Café 🚲 Zürich {INJECTED}", LONG_NAME[:300], "株式会社サンプル", "=HYPERLINK(1)", "\u202eevil\u202c name")
KEYS = {
    name: f"runs/20251120T050012Z-7f3a/{file}"
    for name, file in {
        "log": "log.jsonl.gz",
        "summary": "summary.json",
        "summary_csv": "summary.csv",
        "report": "report.html",
        "mail": "mail.eml",
    }.items()
}


def results(object_: str, currency: str, counts: dict[Outcome, int], unit: str = "118.35") -> Iterator[RecordResult]:
    """So many records with each outcome; the n-th is worth n times `unit`, so that no two lines add up by accident."""
    number = 0
    for outcome, count in counts.items():
        for _ in range(count):
            number += 1
            amount = Decimal(unit) * number if currency else None
            action = "create" if outcome is Outcome.SYNCED else "none"
            yield RecordResult(object_, f"8a{number:06x}", f"{object_}-{number:05d}", outcome, action, currency, amount)


def holdings(rows: list[RecordResult]) -> dict[tuple[str, str], Tally | None]:
    """What an honest destination would hold after these results."""
    held: dict[tuple[str, str], Tally | None] = {}
    for row in rows:
        tally = held.setdefault((row.object, row.currency), Tally())
        if tally is not None and row.outcome in (Outcome.SYNCED, Outcome.ALREADY):
            tally.add(row.amount)
    return held


def line(step: str, level: Level, message: str, **more: str) -> LogLine:
    return LogLine(time="2025-11-20T05:01:09.250+00:00", run_id="20251120T050012Z-7f3a", step=step, level=level, message=message, **more)


STEPS = {
    "customers": ("Customers", "Account"),
    "charges": ("Charges", "ProductRatePlanCharge"),
    "invoices": ("Invoices", "Invoice"),
    "credit_memos": ("Credit memos", "CreditMemo"),
    "payments": ("Payments", "Payment"),
    "refunds": ("Refunds", "Refund"),
    "netsuite_payments": ("NetSuite payments", "customerPayment"),
}


def steps_of(rows: list[RecordResult], lines: list[LogLine]) -> list[StepReport]:
    """A report per step, counted from results and log."""
    reports = []
    for place, (step, (title, object_)) in enumerate(STEPS.items()):
        direction = "NetSuite -> Zuora" if step.startswith("netsuite") else "Zuora -> NetSuite"
        mine = [r for r in rows if r.object == object_]
        counted = {o: sum(r.outcome is o for r in mine) for o in Outcome}
        warnings = sum(x.level is Level.WARNING and x.step == step for x in lines)
        report = StepReport(step, title, direction, StepOutcome.WARNINGS if warnings else StepOutcome.COMPLETED)
        report.started, report.ended = f"2025-11-20T05:0{place}:12+00:00", f"2025-11-20T05:0{place}:{25 + place * 4}+00:00"
        report.selected, report.warnings = len(mine), warnings
        report.created, report.linked = counted[Outcome.SYNCED], counted[Outcome.ALREADY]
        report.held, report.refused, report.unfinished = counted[Outcome.HELD], counted[Outcome.REFUSED], counted[Outcome.UNFINISHED]
        if not mine:
            report.message = "No records found to sync."
        if step == "netsuite_payments":
            report.outcome, report.message, report.started, report.ended = StepOutcome.SKIPPED, "Disabled in the settings.", "", ""
        reports.append(report)
    return reports


def finished(
    rows: list[RecordResult],
    lines: list[LogLine],
    held: dict[tuple[str, str], Tally | None] | None = None,
    steps: list[StepReport] | None = None,
    dry_run: bool = False,
    instance: str = "Contoso production",
) -> RunSummary:
    """The summary of a run with these results and this log."""
    totals = control_totals(rows, {} if dry_run else holdings(rows) if held is None else held)
    steps = steps_of(rows, lines) if steps is None else steps
    errors = [x for x in lines if x.level is Level.ERROR]
    return RunSummary(
        run_id="20251120T050012Z-7f3a",
        job="billing",
        instance=instance,
        trigger="schedule",
        dry_run=dry_run,
        outcome=run_outcome(steps, totals, errors, dry_run),
        started="2025-11-20T05:00:12+00:00",
        ended="2025-11-20T05:06:44+00:00",
        mode="B",
        settings_version="14",
        steps=steps,
        totals=totals,
        messages=group_messages(lines),
        keys=dict(KEYS),
        console_url="https://console.example.com",
    )


Run = tuple[RunSummary, list[LogLine]]
P = ParamSpec("P")


def fresh(make: Callable[P, Run]) -> Callable[P, Run]:
    """Builds each run once and hands out copies, which a test may change."""
    kept = cache(make)

    @wraps(make)
    def copy(*args: P.args, **kwargs: P.kwargs) -> Run:
        return deepcopy(kept(*args, **kwargs))  # type: ignore[arg-type]

    return copy


@fresh
def clean_run(dry_run: bool = False) -> Run:
    rows = [
        *results("Account", "", {Outcome.SYNCED: 41, Outcome.ALREADY: 3}),
        *results("ProductRatePlanCharge", "", {Outcome.SYNCED: 12}),
        *results("Invoice", "EUR", {Outcome.SYNCED: 310, Outcome.ALREADY: 6}),
        *results("Invoice", "USD", {Outcome.SYNCED: 902}),
        *results("CreditMemo", "EUR", {Outcome.SYNCED: 9}, "12.10"),
        *results("Payment", "USD", {Outcome.SYNCED: 640}),
    ]
    lines = [line("refunds", Level.INFO, "No records found to sync.")]
    return finished(rows, lines, dry_run=dry_run), lines


def warning_lines() -> list[LogLine]:
    lines = [line("refunds", Level.INFO, "No records found to sync.")]
    for n, name in enumerate(NAMES):
        lines.append(
            line(
                "invoices",
                Level.WARNING,
                f'Invoice INV-{n:05d} waits: customer "{name}" is not in NetSuite yet.',
                code="INV-V2",
                source_number=f"INV-{n:05d}",
                waits_for=f"customer {name}",
                advice="Nothing to do if the customer syncs in this or the next run. Otherwise see the warning about the customer.",
            )
        )
    for n in range(14):
        lines.append(
            line(
                "payments",
                Level.WARNING,
                f'NetSuite Warning: Warning received from NetSuite for record "P-{n:05d}": (Code: PERIOD_CLOSED Type: USER_ERROR '
                f"Message: The accounting period of 2025-{n % 3 + 7:02d}-31 is closed.)",
                code="NS-PERIOD_CLOSED",
                source_number=f"P-{n:05d}",
                source_id=f"8a80f0{n:04x}",
                advice="Open the period in NetSuite, or set a cutover date after it.",
            )
        )
    lines.append(
        line(
            "customers",
            Level.WARNING,
            f"Account name {LONG_NAME[:300]} is longer than 83 characters.",
            code="ACCT-V1",
            source_number="A-00000017",
            detail='{"o:errorDetails":[{"detail":"<b>too long</b>"}]}',
        )
    )
    return lines


@fresh
def run_with_warnings() -> Run:
    rows = [
        *results("Account", "", {Outcome.SYNCED: 41, Outcome.HELD: 1}),
        *results("Invoice", "EUR", {Outcome.SYNCED: 310, Outcome.ALREADY: 16, Outcome.HELD: 4}),
        *results("Invoice", "JPY", {Outcome.SYNCED: 22, Outcome.HELD: 1}, "118350"),
        *results("Invoice", "USD", {Outcome.SYNCED: 1902, Outcome.HELD: 1}, "2118.35"),
        *results("CreditMemo", "KWD", {Outcome.SYNCED: 9}, "-12.105"),
        *results("Payment", "USD", {Outcome.SYNCED: 640, Outcome.REFUSED: 14}),
        *results("customerPayment", "USD", {Outcome.SYNCED: 4}),
    ]
    lines = warning_lines()
    return finished(rows, lines, instance=f"Contoso 🚲 {INJECTED}"), lines


@fresh
def failed_run() -> Run:
    rows = [
        *results("Account", "", {Outcome.SYNCED: 41}),
        *results("Invoice", "USD", {Outcome.SYNCED: 120, Outcome.UNFINISHED: 6}),
    ]
    why = "NetSuite refused the login. Check the certificate or token and the role."
    lines = [line("invoices", Level.ERROR, why, code="NS-LOGIN", advice="Renew the certificate in NetSuite, then run the set-up check.")]
    steps = steps_of(rows, lines)
    steps[2].outcome, steps[2].message = StepOutcome.FAILED, why
    for later in steps[3:]:
        later.outcome, later.message, later.started, later.ended = StepOutcome.SKIPPED, "Not started: the run had failed.", "", ""
    return finished(rows, lines, steps=steps), lines


@fresh
def out_of_balance_run() -> Run:
    _, lines = clean_run()
    rows = [*results("Invoice", "EUR", {Outcome.SYNCED: 310}), *results("Invoice", "USD", {Outcome.SYNCED: 902})]
    held = holdings(rows)
    short = held["Invoice", "EUR"]
    assert short is not None
    held["Invoice", "EUR"] = Tally(short.count - 1, short.amount - Decimal("1204.50"))
    return finished(rows, lines, held), lines


EVERY_STEP = (
    ("customers", "Customers", "Account", ""),
    ("products", "Products", "Product", ""),
    ("rate_plans", "Rate plans", "ProductRatePlan", ""),
    ("sales_orders", "Sales orders", "salesOrder", ""),
    ("charges", "Charges", "ProductRatePlanCharge", ""),
    ("invoices", "Invoices", "Invoice", "EUR GBP JPY USD"),
    ("debit_memos", "Debit memos", "DebitMemo", "EUR USD"),
    ("credit_memos", "Credit memos", "CreditMemo", "EUR USD"),
    ("payments", "Payments", "Payment", "EUR GBP JPY USD"),
    ("refunds", "Refunds", "Refund", "EUR USD"),
    ("adjustments", "Invoice item adjustments", "InvoiceItemAdjustment", "EUR USD"),
    ("netsuite_payments", "NetSuite payments", "customerPayment", "EUR USD"),
    ("netsuite_credit_memos", "NetSuite credit memos", "creditMemo", "USD"),
    ("netsuite_refunds", "NetSuite refunds", "customerRefund", "USD"),
)
"""Step, title, object type and currencies of a run with all there is."""


def chain_lines() -> list[LogLine]:
    """A charge without an Item Type, and all that waits for it; in the order in which the steps run."""
    charge = 'charge "Seats, EMEA & 🚀 rocket tier, annual prepaid with a name nobody shortened"'
    advice = "It follows by itself; see the message about what it waits for."
    lines = [
        line("charges", Level.WARNING, f"{charge[0].upper()}{charge[1:]}: Item Type is empty.", code="ITEM-I1", source_number=charge[7:],
             advice="Set Item Type on the charge in Zuora.", direction="Zuora -> NetSuite"),
    ]  # fmt: skip
    for n in range(3):
        number = f"INV{n:08d}"
        lines.append(
            line("invoices", Level.WARNING, f"Invoice {number}: {charge} has not been synced.", code="INV-V2", source_number=number,
                 waits_for=charge, advice=advice)
        )  # fmt: skip
    lines.append(
        line("payments", Level.WARNING, "Payment P-00000001: Invoice INV00000001 has not been synced to NetSuite.", code="PAY-V2",
             source_number="P-00000001", waits_for="Invoice INV00000001", advice=advice)
    )  # fmt: skip
    lines.append(
        line("refunds", Level.WARNING, "Refund R-00000001: payment P-00000001 has not been synced.", code="RFD-V2",
             source_number="R-00000001", waits_for="payment P-00000001", advice=advice)
    )  # fmt: skip
    lines.append(
        line("netsuite_payments", Level.WARNING, 'NetSuite payment CHK-7 "株式会社": payment method "Lockbox" has no Zuora counterpart.',
             code="NSPAY-V2", source_number="CHK-7", direction="NetSuite -> Zuora",
             advice="Zuora needs a payment method of this type that belongs to no account; or translate it in payment_method_translation.")
    )  # fmt: skip
    return lines


@fresh
def run_with_everything() -> Run:
    """Every object type of both modes at once, in both directions, with a chain of records that wait for each other."""
    lines, rows, steps = chain_lines(), [], []
    for place, (step, title, object_, currencies) in enumerate(EVERY_STEP):
        held = sum(x.step == step for x in lines)
        mine = []
        for n, currency in enumerate(currencies.split() or [""]):
            counts = {Outcome.SYNCED: 31 + 7 * place + n, Outcome.ALREADY: n, Outcome.HELD: 0 if n else held}
            mine += list(results(object_, currency, counts, "118350" if currency == "JPY" else "118.35"))
        direction = "NetSuite -> Zuora" if object_[0].islower() else "Zuora -> NetSuite"
        outcome = StepOutcome.WARNINGS if held else StepOutcome.COMPLETED
        report = StepReport(step, title, direction, outcome, selected=len(mine), held=held, warnings=held)
        report.created = sum(r.outcome is Outcome.SYNCED for r in mine)
        report.linked = sum(r.outcome is Outcome.ALREADY for r in mine)
        report.started, report.ended = f"2025-11-20T05:{place:02d}:12+00:00", f"2025-11-20T05:{place:02d}:{25 + place}+00:00"
        rows += mine
        steps.append(report)
    return finished(rows, lines, steps=steps), lines


@fresh
def run_with_causes() -> Run:
    """What needs a person by cause: a missing tax code in three steps, with a long and a hostile name, and all that waits for it."""
    summary, lines = run_with_warnings()
    cause = f'tax code "{INJECTED}" has no accounting code.'
    known = [("invoices", "Invoice", "INV"), ("debit_memos", "DebitMemo", "DM"), ("credit_memos", "CreditMemo", "CM")]
    for step, object_, prefix in known:
        for n, (currency, amount) in enumerate((("EUR", "1234567.89"), ("USD", "20.5"), ("KWD", "-12.105"))):
            money = {"object": object_, "currency": currency, "amount": amount, "outcome": "held", "source_id": f"{prefix}{n}"}
            own = {"source_number": f"{prefix}-{n}", "cause": cause, "code": "INV-V3", "advice": "Set an accounting code on the tax code."}
            lines.append(line(step, Level.WARNING, f"{prefix}-{n}: {cause}", **money, **own))
    for n in range(20):
        money = {"object": "Payment", "currency": "EUR", "amount": "99.90", "outcome": "held", "source_id": f"p{n}"}
        own = {"source_number": f"{NAMES[2][:60]}-{n}", "code": "PAY-V2", "waits_for": "invoice INV-0", "advice": "It follows by itself."}
        lines.append(line("payments", Level.WARNING, f"Payment {n}: invoice INV-0 has not been synced.", **money, **own))
    rows = [
        LeftOut("payments", "Payment", "LEFT-UNAPPLIED", "they are not applied in full", "USD", Tally(3, Decimal(300)), ["P-1"], due=True)
    ]
    summary.messages, summary.left_out, summary.causes = group_messages(lines), rows, causes(lines, rows)
    return summary, lines


STANDING = (
    "Staged in Zuora Revenue, and still there: Daily_Orders_20251120T050012Z_7f3a_p01of02.csv (50,000 rows, request 4711).",
    "Not staged: Daily_Orders_20251120T050012Z_7f3a_p02of02.csv (1,250 rows).",
    "To complete it, resume the run (tallybridge revenue resume 20251120T050012Z-7f3a): the same remaining files are sent, unchanged. "
    "Do not simply run the instance again: lines would be sent twice.",
)
"""What a half sent run of the revenue connector says of itself."""


def revenue_run() -> Run:
    """A run of the revenue connector that has sent the first of two files."""
    text = "Revenue did not stage the file in 30 minutes."
    lines = [line("Confirm staging", Level.ERROR, text, code="STAGING_TIMEOUT", advice="Look for the file by its name in Revenue.")]
    total = ControlTotal("Orders", "", Tally(51_250), Tally(50_000), held=Tally(1_250), expected=Tally(50_000))
    step = StepReport(
        "confirm-1", "Confirm staging: Orders", "NetSuite -> Zuora Revenue", StepOutcome.FAILED, selected=51_250, message=text
    )
    summary = finished([], lines, steps=[step], instance="Production: Daily")
    summary.job, summary.mode, summary.outcome, summary.totals = "revenue", "scheduled", RunOutcome.FAILED, [total]
    return summary, lines


RUNS: dict[str, Callable[[], Run]] = {
    "clean": clean_run,
    "dry": lambda: clean_run(dry_run=True),
    "warnings": run_with_warnings,
    "causes": run_with_causes,
    "everything": run_with_everything,
    "failed": failed_run,
    "out_of_balance": out_of_balance_run,
}
