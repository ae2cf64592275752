"""Settings that are allowed and that a person ought to think about: without effect in this tenant, or easily not what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from tallybridge.reporting.words import listed
from tallybridge.settings import DEFAULTS, PROBLEM_KINDS, Behavior, Settings
from tallybridge.steps.settlement.netsuite_settlements import METHOD_TYPES
from tallybridge.sync.runs import MODES
from tallybridge.tasks.steps import SEQUENCE, why_not

OLD = date(1990, 1, 1)
"""A cutover before it is more likely a slip of the pen."""
NO_EFFECT = "Leave it out, or change what it depends on."


@dataclass(frozen=True)
class Remark:
    """What is to be thought about, where in the document, and what to do."""

    place: str
    text: str
    advice: str = NO_EFFECT


ONLY_IN_MODE = {
    "B": (
        *(
            "unassigned_payments_customer_id",
            "sync_unapplied_payments",
            "payment_amount",
            "mode_b_payment_status_write",
            "payment_date_fallback",
        ),
        *("journal_only_progress_mark", "avoid_zero_amount_invoice_items", "custom_field_sync_enabled"),
    )
}
"""Settings that tenants of the other mode have no use for, beside those whose steps they do not have."""
OF_STEPS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("customers",): (
        *("cutover_zuora_account", "include_contact_changes", "address_style", "map_vat_id", "send_state_all_countries"),
        "netsuite_default_tax_code",
    ),
    ("netsuite_customers",): ("de_concatenate_account_number", "contact_without_country"),
    ("sales_orders",): ("zuora_subscription_api",),
    ("charges",): ("sync_unsupported_charge_models",),
    ("products", "rate_plans", "charges"): ("item_id_mapping", "product_catalog_sync_behavior", "netsuite_default_tax_schedule"),
    ("invoices",): ("cutover_zuora_invoice", "large_invoice_lines", "large_invoice_piece"),
    ("debit_memos", "credit_memos"): ("cutover_zuora_memo",),
    ("credit_memos",): ("send_migrated_credit_memos", "credit_memos_per_run"),
    ("payments",): ("cutover_zuora_payment", "unassigned_payments_customer_id", "sync_unapplied_payments", "payment_amount"),
    ("refunds",): ("cutover_zuora_refund",),
    ("adjustments",): ("cutover_zuora_invoice_item_adjustment",),
    ("netsuite_payments",): ("cutover_netsuite_payment", "payment_sync_behaviour", "payment_date_fallback"),
    ("netsuite_credit_memos",): ("credit_memo_target",),
}
"""Settings that matter to some steps alone."""
DEPENDS: dict[str, tuple[Callable[[Settings], object], str]] = {
    "netsuite_error_limit": (lambda s: s.debug_logging, "debug_logging is off"),
    "custom_fields_inline": (lambda s: s.custom_field_sync_enabled, "custom_field_sync_enabled is off"),
    "custom_field_mappings": (lambda s: s.custom_field_sync_enabled, "custom_field_sync_enabled is off; nothing is copied"),
    "custom_field_sync_enabled": (lambda s: s.custom_field_mappings, "custom_field_mappings has no rows"),
    "default_subsidiary": (lambda s: s.netsuite_subsidiaries, "netsuite_subsidiaries is No"),
    "customer_account_number_update_behavior": (
        lambda s: s.customer_account_sync_behavior is Behavior.NEW_AND_MODIFIED,
        "customer_account_sync_behavior never updates",
    ),
    "include_contact_changes": (
        lambda s: s.customer_account_sync_behavior is Behavior.NEW_AND_MODIFIED,
        "customer_account_sync_behavior never updates",
    ),
    "force_zuora_product_catalog_sync": (lambda s: not s.enable_sales_order_sync, "enable_sales_order_sync runs these steps already"),
    "netsuite_default_tax_code": (
        lambda s: not s.use_standard_invoice_sync.netsuite_calculates_tax,
        "NetSuite calculates tax (use_standard_invoice_sync)",
    ),
    "notify_sender": (lambda s: s.notified, "notify_recipients names nobody"),
    "notify_on_success": (lambda s: s.notified, "notify_recipients names nobody"),
    "notify_attach_log": (lambda s: s.notified, "notify_recipients names nobody"),
}
"""Settings that need another one: whether it is so, and what to say if not."""
PRESUMES = (
    ("cutover_zuora_payment", "cutover_zuora_invoice", "payments", "invoices"),
    ("cutover_zuora_memo", "cutover_zuora_invoice", "credit_memos", "invoices"),
    ("cutover_zuora_invoice_item_adjustment", "cutover_zuora_invoice", "adjustments", "invoices"),
    ("cutover_zuora_refund", "cutover_zuora_payment", "refunds", "payments"),
    ("cutover_netsuite_payment", "cutover_zuora_invoice", "netsuite_payments", "invoices"),
)
"""Cutover dates with those of what the documents refer to, the step that takes them, and what they refer to."""


def remarks(settings: Settings, mode: str = "", today: date | None = None) -> Iterator[Remark]:
    """All remarks on a document. `mode` = "A", "B", or "" where the tenant is not known: then only what holds in both."""
    modes = mode or "AB"
    yield from _without_effect(settings, modes)
    yield from _switched_on_in_vain(settings, modes)
    yield from _cutovers(settings, modes, today)
    yield from _methods(settings)
    if settings.notified and not (settings.notify_on_error or settings.notify_on_warning or settings.notify_on_success):
        text = "names people, but every mail is switched off; only three failed runs in a row are mailed"
        yield Remark("notify_recipients", text, "Set notify_on_error to Yes.")
    untold = [kind for kind in PROBLEM_KINDS if not settings.recipients([kind])]
    if settings.notified and untold:
        text = f"names nobody for {listed(list(untold))}, and notify_recipients nobody at all: such problems are mailed to nobody"
        yield Remark("notify_recipients_by_kind", text, "Set notify_recipients to those who are told of everything else.")


def _without_effect(settings: Settings, modes: str) -> Iterator[Remark]:
    given = {key for key in Settings.model_fields if getattr(settings, key) != getattr(DEFAULTS, key)}
    for steps, keys in OF_STEPS.items():
        reasons = [_why_none(steps, settings, mode) for mode in modes]
        yield from (Remark(_place(key), f"has no effect: {reasons[0]}.") for key in keys if key in given and all(reasons))
    for mode, keys in ONLY_IN_MODE.items():
        reason = f"it belongs to Zuora tenants {MODES[mode]}"
        yield from (Remark(_place(key), f"has no effect: {reason}.") for key in keys if key in given and mode not in modes)
    for key, (met, reason) in DEPENDS.items():
        if key in given and not met(settings):
            yield Remark(_place(key), f"has no effect: {reason}.")


def _why_none(steps: tuple[str, ...], settings: Settings, mode: str) -> str:
    """Why none of the steps runs; "" if one does."""
    reasons = [why_not(step, settings, mode) for step in steps]
    return f'"{steps[0]}" does not run: {reasons[0]}' if all(reasons) else ""


def _switched_on_in_vain(settings: Settings, modes: str) -> Iterator[Remark]:
    """Steps that are off by default, were switched on, and do not run all the same."""
    for entry in SEQUENCE:
        if entry.disabled_by and getattr(DEFAULTS, entry.disabled_by) and not getattr(settings, entry.disabled_by):
            reasons = [why_not(entry.name, settings, mode) for mode in modes if mode in entry.modes or len(modes) == 1]
            if all(reasons):
                yield Remark(entry.disabled_by, f'switches "{entry.name}" on, which does not run: {reasons[0]}.')


def _cutovers(settings: Settings, modes: str, today: date | None) -> Iterator[Remark]:
    for key in (name for name in Settings.model_fields if name.startswith("cutover_")):
        day = getattr(settings, key)
        if day and today and day > today:
            yield Remark(key, f"is {day}, in the future: nothing that is dated before it is ever sent.", "Is the date right?")
        if day and day < OLD:
            yield Remark(key, f"is {day}: is the year right?", "Leave it out if there is no cutover.")
    for key, other, step, of in PRESUMES:
        day, first = getattr(settings, key), getattr(settings, other)
        if first and (day is None or day < first) and not all(why_not(step, settings, mode) for mode in modes):
            said = f"is {day}, earlier than {other} ({first})" if day else f"is not set, while {other} is {first}"
            what = step.replace("_", " ").replace("netsuite", "NetSuite")
            yield Remark(key, f"{said}: {what} for {of} that were never sent are held for good.", f"Set it to {first}, or {other} earlier.")


def _methods(settings: Settings) -> Iterator[Remark]:
    for kind, name in settings.payment_method_translation.items():
        place = f"payment_method_translation.{kind}"
        if name in METHOD_TYPES and name != kind:
            text = f'is translated to "{name}", which is a Zuora type itself: from NetSuite it is taken for that type.'
            yield Remark(place, text, "Give the NetSuite payment method another name.")
        elif kind not in METHOD_TYPES and name == kind:
            yield Remark(place, "is translated to itself.", "Leave it out.")


def _place(key: str) -> str:
    return str(Settings.model_fields[key].alias or key)
