"""Zuora: login and mode, the fields of every object that the steps use, Data Query, and what is left from a switch of mode."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from secrets import token_hex

from tallybridge.desk.doctor.check import Check, State, named
from tallybridge.errors import Refused
from tallybridge.fields import Wanted, wanted
from tallybridge.fields.zuora import ADVANCED, BY_OTHER_CALLS, LEGACY, MODE_OF, OBJECTS, OWN_SUFFIX, SUFFIXES, ZUORA, ZUORAS_SUFFIX
from tallybridge.reporting.words import plural
from tallybridge.settings import Settings
from tallybridge.steps.settlement.netsuite_refund_moves import ONE_CALL, is_lacking
from tallybridge.sync.runs import MODES
from tallybridge.tasks.steps import steps_to_run
from tallybridge.zuora import Zuora
from tallybridge.zuora.metadata import Field

AREA = "Zuora"
STATUS_FIELDS = ("IntegrationId", "IntegrationStatus", "SyncDate")
FIELDS_NEXT = {
    ZUORAS_SUFFIX: (
        "Ask Zuora to activate its NetSuite integration for the tenant, or make the fields with `tallybridge setup zuora --create` and set "
        "zuora.field_suffix to __c."
    ),
    OWN_SUFFIX: "`tallybridge setup zuora --create` makes them, or says who can.",
}
INDEX_NEXT = {
    ADVANCED: "Extension Studio > Object Manager > the object > the field > Edit > Indexed; Zuora needs 12 to 24 hours for it.",
    LEGACY: "Zuora cannot index a legacy field later: delete it while it is empty, and enter it anew as `tallybridge setup zuora` says.",
}
SUFFIX_NEXT = {
    suffix: f'Put "zuora.field_suffix": "{suffix}" into the settings: `tallybridge settings save settings.json`.' for suffix in SUFFIXES
}
MIGRATED = (
    "SELECT count(*) AS found FROM creditmemo WHERE reasoncode = 'AR Mig - negative invoice' "
    "AND (transferredtoaccounting IS NULL OR transferredtoaccounting NOT IN ('Yes', 'Ignore'))"
)
"""Credit memos that Zuora's migration to Invoice Settlement made of negative invoices (sequence-and-status.md section 9)."""
NO_PAYMENT = "0" * 32
"""The id of no payment."""
HANDFUL = 3
"""Missing fields that are named in full sentences."""


def login(zuora: Zuora) -> Check:
    """Log in and detect the mode."""
    return Check(AREA, "login", State.OK, f"the tenant works {MODES[mode_of(zuora)]}")


def mode_of(zuora: Zuora) -> str:
    """ "B" with Invoice Settlement, else "A"."""
    return "B" if zuora.invoice_settlement_enabled() else "A"


def bound_check(mode: str, bound: str) -> Check:
    """Whether the mode is that of earlier runs; `bound` is "" before the first run."""
    if bound in ("", mode):
        return Check(AREA, "mode", State.OK, f"mode {mode}" + ("" if bound else "; no run has noted it yet"))
    text = f"MODE-CHANGED: this instance ran in mode {bound}, the tenant works {MODES[mode]} (mode {mode}) now; runs are refused"
    next_step = f"If that was on purpose, follow docs/switch-to-invoice-settlement.md and run `tallybridge run --accept-mode {mode}` once."
    return Check(AREA, "mode", State.FAIL, text, next_step)


def checks(zuora: Zuora, settings: Settings, mode: str) -> Iterator[Check]:
    """The fields of each object that this mode has, Data Query where it is used, and migrated credit memos."""
    running = {step for step, runs in steps_to_run(settings, mode).items() if runs}
    of_mode = [(name, list(wanted(needs, running))) for name, needs in ZUORA.items() if MODE_OF.get(name, mode) == mode]
    yield from _suffix_told_once([object_check(zuora, name, fields, settings.zuora_field_suffix) for name, fields in of_mode])
    if mode == "B" and "netsuite_refunds" in running:
        yield unapply_check(zuora)
    if settings.zuora_read_path == "data_query":
        zuora.describe_table("invoice")
        yield Check(AREA, "Data Query", State.OK, "granted")
        if "credit_memos" in running and not settings.send_migrated_credit_memos:
            yield migrated_check(zuora)


def unapply_check(zuora: Zuora) -> Check:
    """Whether the API user may refund applied money in one call: asked of a payment that does not exist, so that nothing can happen."""
    title, body = "refunds that unapply", {"type": "External", "methodType": "Other", "totalAmount": 0, "refundDate": "2000-01-01"}
    try:
        zuora.post(ONE_CALL.replace("{id}", NO_PAYMENT), body, f"doctor-{token_hex(8)}")  # an answer is kept under its key
    except Refused as refused:
        if is_lacking(refused) and refused.status != 404:
            text = "the API user may not refund payments with automatic unapply; refunds of applied money take three calls instead of one"
            return Check(AREA, title, State.OK, text, "To save them, give its role the permission for refunds with automatic unapply.")
    return Check(AREA, title, State.OK, "refunds of applied money unapply it in the same call")


def object_check(zuora: Zuora, object_type: str, fields: Collection[Wanted], suffix: str) -> Check:
    """One object; one that the tenant does not show is a failure only where a step that runs needs it."""
    try:
        described = {f.name: f for f in zuora.describe(object_type)}
    except Refused as refused:
        needed = any(f.running for f in fields)
        text = f"Zuora does not show {object_type}: {refused.message}"
        if object_type == "InvoiceAdjustment":
            return Check(AREA, f"fields of {object_type}", State.NOTE, f"{text} Adjustments are made on invoice items instead.")
        next_step = "Give the API user access to it, or switch its step off."
        return Check(AREA, f"fields of {object_type}", State.FAIL if needed else State.NOTE, text, next_step if needed else "")
    check = fields_check(object_type, fields, {name: f.updateable for name, f in described.items()}, suffix)
    return index_check(object_type, fields, described, suffix) or check if check.state is State.OK else check


def index_check(object_type: str, fields: Collection[Wanted], described: Mapping[str, Field], suffix: str) -> Check | None:
    """A warning where look-ups by a field of the tenant's own may be refused because it is not filterable; Zuora's own ones are as they
    are, and memos are not looked up by their fields."""
    if suffix != OWN_SUFFIX or object_type in BY_OTHER_CALLS:
        return None
    running = {f.api for f in fields if f.running and f.vital}
    flat = [
        f.api + suffix
        for f in OBJECTS[object_type].fields
        if f.filterable and f.api in running and not described[f.api + suffix].filterable
    ]
    if not flat:
        return None
    text = f"Zuora {object_type}: {named(flat)} not filterable, so that look-ups may be refused"
    return Check(AREA, f"fields of {object_type}", State.WARN, text, INDEX_NEXT[OBJECTS[object_type].kind])


def fields_check(object_type: str, fields: Collection[Wanted], known: Mapping[str, bool], suffix: str) -> Check:
    """Whether an object has the fields, and whether those of the status can be written (custom-fields.md section 3). Zuora refuses a query
    that names a field it does not have, so that a field which a running step reads is vital to it."""
    title = f"fields of {object_type}"
    missing = [f for f in fields if f.api + suffix not in known]
    if missing:
        return _other_suffix(title, object_type, missing, known, suffix) or _missing(title, object_type, missing, suffix)
    frozen = [f for f in fields if f.api in STATUS_FIELDS and f.running and f.vital and not known[f.api + suffix]]
    if frozen and object_type not in BY_OTHER_CALLS:
        text = f"Zuora {object_type}: {named([f.api + suffix for f in frozen])} cannot be written"
        return Check(AREA, title, State.FAIL, text, "Give the API user's role write access to them.")
    return Check(AREA, title, State.OK, f"{len(fields)} fields")


def _suffix_told_once(found: Sequence[Check]) -> Iterator[Check]:
    """The checks of all objects; where the setting says the wrong suffix, which one save mends for all, the worst one tells of it."""
    of_suffix = [check for check in found if check.next in SUFFIX_NEXT.values()]
    if of_suffix:
        worst = next((check for state in (State.FAIL, State.WARN) for check in of_suffix if check.state is state), of_suffix[0])
        others = len(of_suffix) - 1
        yield replace(worst, detail=worst.detail + (f"; the same of {plural(others, 'other object')}" if others else ""))
    yield from (check for check in found if check not in of_suffix)


def _other_suffix(title: str, object_type: str, missing: list[Wanted], known: Mapping[str, bool], suffix: str) -> Check | None:
    """Fields that are there with the suffix that the setting does not say."""
    other = next(s for s in SUFFIXES if s != suffix)
    if not all(f.api + other in known for f in missing):
        return None
    state = State.FAIL if any(f.running and f.vital for f in missing) else State.WARN if any(f.running for f in missing) else State.NOTE
    text = f"Zuora {object_type} has {named([f.api + other for f in missing], HANDFUL)}, but the setting zuora.field_suffix says {suffix}"
    return Check(AREA, title, state, text, SUFFIX_NEXT[other])


def _missing(title: str, object_type: str, missing: list[Wanted], suffix: str) -> Check:
    vital = [f for f in missing if f.running and f.vital]
    useful = [f for f in missing if f.running]
    state = State.FAIL if vital else State.WARN if useful else State.NOTE
    told = vital or useful or missing
    text = " ".join(f'Zuora {object_type} is missing field "{f.label}" ({f.api}{suffix}).' for f in told[:HANDFUL])
    if len(told) > HANDFUL:
        text += f" And {named([f.api + suffix for f in told[HANDFUL:]])}."
    return Check(
        AREA,
        title,
        state,
        text,
        FIELDS_NEXT[suffix] if state is not State.NOTE else "Nothing now: only steps that are switched off use them.",
    )


def migrated_check(zuora: Zuora) -> Check:
    """Credit memos of the migration that would be held by every run (CM-MIGRATED)."""
    row = next(iter(zuora.data_query(MIGRATED)), {})
    count = int(row.get("found") or 0)
    title = "migrated credit memos"
    if not count:
        return Check(AREA, title, State.OK, "none is left to be set aside")
    text = f"left by the Invoice Settlement migration, for negative invoices that NetSuite has already: {count}"
    return Check(AREA, title, State.WARN, text, "Set Transferred to Accounting to Yes on them; they are not sent (CM-MIGRATED).")
