"""Settings before they are saved: checked as a whole, with what one should think about first (settings.md sections 1 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tallybridge.clock import SystemClock
from tallybridge.configuration import lost
from tallybridge.desk.doctor.check import Check, State, named
from tallybridge.desk.doctor.examine import Systems, attempt, connected, failed_check
from tallybridge.desk.doctor.names import id_checks, name_checks
from tallybridge.desk.doctor.netsuite import field_map_check
from tallybridge.desk.doctor.settings import AREA, remark_checks
from tallybridge.desk.exits import KNOWN_ERRORS
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.settings import Settings, parse_settings

NO_TEXT = (
    "NetSuite will calculate tax: totals of Zuora and NetSuite no longer agree, and nothing after the invoices (debit memos included) is "
    "sent any more: no credit memos, payments, refunds or adjustments in either direction"
)
NO_NEXT = "Ask your tax adviser and try it in a NetSuite sandbox first. Zuora recommends Yes."
LIVE = ("disable_netsuite_payment_sync", "disable_netsuite_credit_memo_sync", "disable_netsuite_refund_sync")
"""Switches that are on by default; off, NetSuite's documents are written to Zuora."""


def checks(document: str, target: Target | None, connect: Callable[[Target, Settings], Systems] | None = None) -> list[Check]:
    """Every check of a settings document; names are looked up in NetSuite when an installation is given. Nothing is written."""
    try:
        settings = parse_settings(document)
    except ConfigurationError as wrong:
        return [failed_check(AREA, "document", wrong)]
    today = (target.clock if target else SystemClock()).now().date()
    found = [
        Check(AREA, "document", State.OK, f"version {settings.version}"),
        *second_thoughts(settings),
        *remark_checks(settings, "", today),
    ]
    found.append(field_map_check(settings))
    if target is None:
        return [*found, Check(AREA, "names", State.OK, "not looked up in NetSuite")]
    return [*found, *_names(target, settings, connect or connected)]


def _names(target: Target, settings: Settings, connect: Callable[[Target, Settings], Systems]) -> Iterator[Check]:
    try:
        netsuite = connect(target, settings).netsuite
        login = attempt(AREA, "NetSuite", lambda: Check(AREA, "NetSuite", State.OK, f"{netsuite.server_time():%Y-%m-%d %H:%M} UTC there"))
        if login.state is State.FAIL:
            yield login
            return
        yield from name_checks(netsuite, settings)
        yield from id_checks(netsuite, settings)
    except KNOWN_ERRORS as failed:
        yield failed_check(AREA, "names", failed)


def dropped(document: str, target: Target) -> Iterator[Check]:
    """Keys that the settings in force have and the document lacks: they would fall back to their defaults."""
    try:
        gone = lost(target.configuration().current().document, document)
    except ConfigurationError:
        return
    if gone:
        text = f"keys of the settings in force that the file lacks (default from then on): {named(gone)}"
        yield Check(AREA, "keys", State.WARN, text, "Put back what is to stay; `tallybridge settings history` has every earlier version.")


def second_thoughts(settings: Settings) -> Iterator[Check]:
    """Choices that are allowed and ought to be confirmed."""
    if settings.use_standard_invoice_sync.netsuite_calculates_tax:
        yield Check(AREA, "use_standard_invoice_sync", State.WARN, NO_TEXT, NO_NEXT)
    for key, what in (("disable_customer_account_sync", "customers"), ("disable_zuora_charge_sync", "charges")):
        if getattr(settings, key):
            text = f'"{what}" is disabled. Records that depend on it will not sync unless another process maintains their Integration ID.'
            yield Check(AREA, key, State.WARN, text, "Leave it on unless something else sends them.")
    on = [key for key in LIVE if not getattr(settings, key)]
    if on:
        yield Check(AREA, "NetSuite to Zuora", State.NOTE, f"documents of NetSuite are written to Zuora: {named(on)} off")
