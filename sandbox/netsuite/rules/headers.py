"""Rules that all transactions share: required fields, customer, currency, subsidiary, dimensions, numbers and posting periods."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.netsuite.exceptions import invalid_value, please_enter, record_exists, user_error
from sandbox.netsuite.rules.context import Tenant, Write
from sandbox.netsuite.store import Record, number_mark

NUMBER_PREFIXES = {
    "invoice": "INV",
    "creditMemo": "CM",
    "customerPayment": "PYMT",
    "customerRefund": "CR",
    "customerDeposit": "CD",
    "depositApplication": "DA",
    "journalEntry": "JE",
    "salesOrder": "SO",
}
NON_POSTING = ("salesOrder",)
DIMENSIONS = ("department", "class", "location")
TARGETS = {"class": "classification", "department": "department", "location": "location"}
LEDGER_FIELDS = ("tranDate", "postingPeriod", "entity", "customer", "currency", "exchangeRate", "account", "total", "payment")
CLOSED_FLAGS = ("closed", "allLocked", "arLocked")
SPANS = ("isYear", "isQuarter")
"""Periods that hold other periods; nothing is posted to them itself."""


def check_required(w: Write) -> None:
    """Every required field and sublist is filled, or the labels of the empty ones are named together."""
    missing = []
    for known in w.record.type.fields.values():
        if known.rule == "R" or (known.rule == "O" and w.one_world):
            empty = not w.record.lines.get(known.name) if known.kind == "sub" else w.values.get(known.name) in (None, ())
            if empty:
                missing.append(known.label)
    if missing:
        raise please_enter(missing)


def stamp(w: Write) -> None:
    """Creation and change dates and the document's number."""
    now = w.tenant.now()
    created = "createdDate" if "createddate" in w.record.type.fields else "dateCreated"
    if created.lower() in w.record.type.fields:
        w.default(created, now)
    if "lastmodifieddate" in w.record.type.fields and "lastModifiedDate" not in w.extra:
        w.values["lastModifiedDate"] = now


def number_document(w: Write) -> None:
    """`tranId` from the account's counter unless it was given and may be."""
    prefix = NUMBER_PREFIXES[w.record.type.name]
    if w.creating:
        number = w.extra.get("transactionNumber") or f"{prefix}{w.store.next_id(f'number {prefix}'):06d}"
        if w.extra.get("transactionNumber") and number.removeprefix(prefix).isdigit():
            w.store.reserve_id(f"number {prefix}", int(number.removeprefix(prefix)))
        if "transactionnumber" in w.record.type.fields:
            w.values["transactionNumber"] = number
        if not w.numbers_may_be_given or not w.values.get("tranId"):
            w.values["tranId"] = number
        _check_number(w)
    elif w.old is not None and (not w.numbers_may_be_given or not w.values.get("tranId")):
        w.values["tranId"] = w.old.values["tranId"]


def _check_number(w: Write) -> None:
    """No other document of the type has the number, where that matters."""
    if w.loading or w.tenant.options.habits.duplicate_numbers == "taken":
        return
    if w.store.names.get(number_mark(w.record), set()) - {w.record.id}:
        raise record_exists()


def customer_of(w: Write, field: str) -> Record:
    """The customer of the transaction: must be there, active, and must stay the same when applications depend on it."""
    identifier = w.values.get(field)
    if identifier is None:
        raise please_enter(["Customer"])
    customer = w.store.get("entity", identifier)
    if customer is None or customer.type.name != "customer":
        raise invalid_value(identifier, field, field)
    if customer.values.get("isInactive") and (w.creating or w.changed(field)):
        raise user_error(f"The customer {customer.values['entityId']} is inactive and cannot be used on a transaction.", field)
    if w.changed(field) and (w.ledger.applied_to(w.record.id) or any(w.record.lines.get(s) for s in ("apply", "deposit", "credit"))):
        raise user_error("The customer cannot be changed because other transactions are applied.", field)
    return customer


def source_customer(w: Write, customer: Record) -> None:
    """Subsidiary, currency and rate come from the customer; given ones must fit it."""
    values = customer.values
    if w.one_world:
        own = values["subsidiary"]
        if w.values.get("subsidiary") not in (None, own):
            raise invalid_value(w.values["subsidiary"], "subsidiary", "subsidiary")
        w.values["subsidiary"] = own
    if w.tenant.options.multiple_currencies:
        w.default("currency", values["currency"])
        known = {values["currency"], *(line["currency"] for line in customer.lines.get("currencyList", ()))}
        if w.values["currency"] not in known:
            raise invalid_value(w.values["currency"], "currency", "currency")
        used = w.store.get("currency", w.values["currency"])
        if w.creating and not w.loading and used is not None and used.values.get("isInactive"):
            raise user_error(f"The currency {used.values['symbol']} is inactive and cannot be used on a transaction.", "currency")
    else:
        w.values["currency"] = w.tenant.base_currency()
    if w.changed("currency"):
        raise user_error("The currency of a transaction cannot be changed.", "currency")
    rate(w)


def rate(w: Write) -> None:
    """Exchange rate from the currency table unless given."""
    currency = w.store.get("currency", w.values["currency"])
    w.default("exchangeRate", currency.values.get("exchangeRate", Decimal(1)) if currency else Decimal(1))
    if currency and currency.values.get("isBaseCurrency") and w.values["exchangeRate"] != 1 and not w.loading:
        _base_rate(w)


def _base_rate(w: Write) -> None:
    """What becomes of another rate than 1 in the base currency."""
    if w.tenant.options.habits.base_rate == "refused":
        raise invalid_value(w.values["exchangeRate"], "exchangeRate", "exchangeRate")
    if w.tenant.options.habits.base_rate == "ignored":
        w.values["exchangeRate"] = Decimal(1)


def check_dimensions(w: Write, values: dict[str, Any], path: str = "") -> None:
    """Department, class and location are active and available in the transaction's subsidiary."""
    for name in DIMENSIONS:
        identifier = values.get(name)
        record = w.store.get(TARGETS[name], identifier) if identifier else None
        if record is None:
            continue
        allowed = record.values.get("subsidiary")
        outside = w.one_world and allowed and not covers(w.tenant, record, w.values.get("subsidiary"))
        if outside or record.values.get("isInactive"):
            raise invalid_value(identifier, name, path + name)


def covers(tenant: Tenant, record: Record, subsidiary: int | None) -> bool:
    """Whether a record restricted to subsidiaries is available in this one (itself, or a parent with `includeChildren`)."""
    allowed = record.values.get("subsidiary") or ()
    node = subsidiary
    while node is not None:
        if node in allowed and (node == subsidiary or record.values.get("includeChildren")):
            return True
        parent = tenant.store.get("subsidiary", node)
        node = parent.values.get("parent") if parent else None
    return False


def post(w: Write) -> None:
    """Date and posting period: the period must exist and be open, and an entry of a closed period keeps its amounts."""
    if not w.values.get("tranDate"):
        w.values["tranDate"] = w.tenant.today()
    if w.record.type.name in NON_POSTING:
        return
    moved = w.creating or w.changed("tranDate")
    given = "postingPeriod" in w.given and bool(w.values.get("postingPeriod"))
    if moved and not given:
        w.values["postingPeriod"] = open_period(w)
    elif moved or w.changed("postingPeriod"):
        check_date(w)
    if w.creating or changes_ledger(w):
        for identifier in {w.values["postingPeriod"], w.old.values["postingPeriod"] if w.old else w.values["postingPeriod"]}:
            check_open(w.tenant, identifier)
    elif not w.loading:
        check_editable(w)


def open_period(w: Write) -> int:
    """The posting period of the date; where that is closed and the account lets dates lie outside, the one that its preference names."""
    found = period_of(w.tenant, w.values["tranDate"])
    period = w.store.get("accountingPeriod", found)
    options = w.tenant.options
    if w.loading or period is None or not options.date_outside_period or not _is_closed(period):
        return found
    open_ones = [p for p in w.store.all("accountingPeriod") if not _is_closed(p) and not any(p.values.get(flag) for flag in SPANS)]
    today = w.tenant.today()
    if options.default_posting_period == "current":
        now = [p for p in open_ones if p.values["startDate"] <= today <= p.values["endDate"]]
        return now[0].id if now else found
    later = [p for p in open_ones if p.values["startDate"] > period.values["endDate"]]
    return min(later, key=lambda p: p.values["startDate"], default=period).id


def _is_closed(period: Record) -> bool:
    return any(period.values.get(flag) for flag in CLOSED_FLAGS)


def check_date(w: Write) -> None:
    """The posting period holds the document's date, unless the account allows others."""
    period = w.store.get("accountingPeriod", w.values["postingPeriod"])
    if w.tenant.options.date_outside_period or w.loading or period is None:
        return
    if not period.values["startDate"] <= w.values["tranDate"] <= period.values["endDate"]:
        text = "The transaction date you specified is not within the date range of your accounting period."
        raise user_error(text, "postingPeriod")


def check_editable(w: Write) -> None:
    """What posts nothing can be changed in a closed period only where period and role allow it."""
    period = w.store.get("accountingPeriod", w.values["postingPeriod"])
    closed = period is not None and any(period.values.get(flag) for flag in CLOSED_FLAGS)
    if period is not None and closed and not (w.tenant.may_change_closed and period.values.get("allowNonGLChanges")):
        text = f"You cannot edit this transaction because its posting period {period.values['periodName']} is closed."
        raise user_error(text, "postingPeriod")


def period_of(tenant: Tenant, day: date) -> int:
    """The posting period that a day lies in."""
    for period in tenant.store.all("accountingPeriod"):
        values = period.values
        if values["startDate"] <= day <= values["endDate"] and not (
            values.get("isYear") or values.get("isQuarter") or values.get("isAdjust")
        ):
            return period.id
    raise user_error(f"There is no accounting period for the transaction date {day.isoformat()}.", "tranDate")


def check_open(tenant: Tenant, identifier: int) -> None:
    """The posting period is open for receivables."""
    period = tenant.store.get("accountingPeriod", identifier)
    if period is not None and any(period.values.get(flag) for flag in SPANS):
        raise invalid_value(identifier, "postingPeriod", "postingPeriod")
    if period is None or any(period.values.get(flag) for flag in CLOSED_FLAGS):
        name = period.values["periodName"] if period else identifier
        raise user_error(f"You cannot make this entry because the posting period {name} is closed.", "postingPeriod")


def changes_ledger(w: Write) -> bool:
    """Whether an update touches what is posted: date, customer, account, amounts or lines (memo and custom fields are free)."""
    if w.old is None:
        return True
    if any(w.changed(name) for name in LEDGER_FIELDS):
        return True
    return any(_posted(w.old, s) != _posted(w.record, s) for s in {*w.old.lines, *w.record.lines})


def _posted(record: Record, sublist: str) -> list[tuple[Any, ...]]:
    names = ("line", "item", "account", "amount", "debit", "credit", "tax1Amt", "taxAmount", "doc")
    return [tuple(line.get(n) for n in names) for line in record.lines.get(sublist, ())]


def due_date(day: date, term: Record | None) -> date:
    """Due date of a document of this day under its terms."""
    return day + timedelta(days=int(term.values.get("daysUntilNetDue") or 0)) if term else day
