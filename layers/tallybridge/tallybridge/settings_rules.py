"""What each setting allows and the settings together do not: found when the document is read, each fault at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tallybridge.addresses import MAX_RECIPIENTS
from tallybridge.documents import Place
from tallybridge.field_names import LOGICAL_NAMES, OWN_IDS
from tallybridge.hosts import netsuite_address

if TYPE_CHECKING:
    from tallybridge.settings import Settings

SCRIPT_ID = re.compile(r"(custentity|custitem|custbody|custcol)[a-z0-9_]+")
PREFIX_OF = {
    "Account": "custentity",
    "Invoice": "custbody",
    "CreditMemo": "custbody",
    "Payment": "custbody",
    "Product": "custitem",
    "ProductRatePlan": "custitem",
    "ProductRatePlanCharge": "custitem",
}
"""The kind of NetSuite field that a Zuora object's custom fields go to (operations.md section 8)."""

Faults = Iterator[tuple[Place, str]]


def contradictions(settings: Settings) -> Faults:
    """The faults of a document whose keys and values are each in order by themselves."""
    yield from _addresses(settings)
    yield from _recipients(settings)
    yield from _large_invoices(settings)
    yield from _rounding(settings)
    yield from _custom_fields(settings)
    yield from _field_map(settings)


def _addresses(settings: Settings) -> Faults:
    if settings.netsuite_base_url and settings.netsuite_account_id:
        try:
            netsuite_address(settings.netsuite_base_url, settings.netsuite_account_id)
        except ValueError as wrong:
            yield ("netsuite.base_url",), str(wrong)


def _recipients(settings: Settings) -> Faults:
    for kind, addresses in settings.notify_recipients_by_kind.items():
        if not addresses:
            yield ("notify_recipients_by_kind", kind), "must name somebody; leave the kind out to have those of notify_recipients told"
    if (count := len(settings.notified)) > MAX_RECIPIENTS:
        yield ("notify_recipients_by_kind",), f"must be at most {MAX_RECIPIENTS} addresses in all, not {count}: one mail goes to no more"


def _large_invoices(settings: Settings) -> Faults:
    if settings.large_invoice_piece > settings.large_invoice_lines:
        limit = settings.large_invoice_lines
        yield ("large_invoice_piece",), f"must not be above large_invoice_lines ({limit}): a piece would be larger than what it is cut from"


def _rounding(settings: Settings) -> Faults:
    if settings.rounding_difference == "line" and not settings.rounding_item_id:
        yield ("rounding_item_id",), 'must be given with rounding_difference "line": the item that differences are booked on'


def _custom_fields(settings: Settings) -> Faults:
    """Every NetSuite field is of the record's kind, nobody else's, and has one source."""
    taken: dict[tuple[str, str], int] = {}
    own = {script_id: f'holds the connector\'s own "{name}"' for name, script_id in settings.field_map.items()}
    for number, row in enumerate(settings.custom_field_mappings):
        place: Place = ("custom_field_mappings", number, "netsuite_field")
        name, prefix = row.netsuite_field.lower(), PREFIX_OF[row.zuora_object]
        if not SCRIPT_ID.fullmatch(name) or not name.startswith(prefix):
            yield (place, f'must be the script id of a custom field, for {row.zuora_object} {prefix}..., not "{row.netsuite_field}"')
        elif name in own or name in OWN_IDS:
            yield place, f"must not be a field of the connector: {row.netsuite_field} {own.get(name, 'is one that it writes itself')}"
        elif (first := taken.setdefault((row.zuora_object, name), number)) != number:
            yield place, f"must not be mapped twice: {row.netsuite_field} of {row.zuora_object} is filled by row {first} already"


def _field_map(settings: Settings) -> Faults:
    """Every logical name is one, every script id is of its kind and stands for one name."""
    taken: dict[str, str] = {}
    for name, script_id in settings.field_map.items():
        place, prefix = ("field_map", name), name.partition(".")[0]
        if name not in LOGICAL_NAMES:
            yield place, 'is not a field that the connector uses; names are prefix and label, such as "custbody.Zuora ID"'
        elif not SCRIPT_ID.fullmatch(script_id) or not script_id.startswith(prefix):
            yield place, f'must be the script id of a custom field, {prefix}..., not "{script_id}"'
        elif (other := taken.setdefault(script_id, name)) != name:
            yield place, f'must not be {script_id}: "{other}" is that field already'
