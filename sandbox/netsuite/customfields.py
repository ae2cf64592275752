"""Custom field definitions and custom lists of the account, with the set that the connector's NetSuite package installs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from sandbox.netsuite.schema.fields import TEXT_LENGTH, Field

SALES = ("invoice", "creditMemo", "salesOrder")
MEMOS = ("invoice", "creditMemo")
MONEY = ("customerPayment", "customerRefund", "customerDeposit")
BODY = (*SALES, *MONEY, "depositApplication", "journalEntry")
ITEMS = ("nonInventorySaleItem", "serviceSaleItem", "otherChargeSaleItem", "inventoryItem", "discountItem")
PREFIX_TARGETS = {"custentity": ("customer", "job", "contact"), "custitem": ITEMS, "custbody": BODY, "custcol": MEMOS}
TYPES = ("text", "longtext", "checkbox", "date", "integer", "decimal", "list", "transaction")
LONG_TEXT_LENGTH = 4000
KINDS: dict[str, Any] = {"text": "str", "longtext": "str", "checkbox": "bool", "date": "date", "integer": "int", "decimal": "num"}

Lists = dict[str, dict[int, str]]
LIVE, STORED, SHOWN = "live", "stored", "shown"

_ITEM_TEXTS = (
    "Zuora ID|Zuora Type|Zuora Product Name|Zuora Product Rate Plan Name|Zuora Product Rate Plan Charge Name|Zuora Charge Model"
    "|Zuora Charge Type|Zuora Billing Period|Zuora Tax Code|Zuora Created Date|Zuora Sync Date"
)
_CUSTOMER_TEXTS = (
    "Zuora ID|Zuora Account Number|Zuora Account MRR|Zuora Bill To ID|Zuora Sold To ID|Zuora Bill To Tax Region|Zuora Bill To Work Email"
    "|Zuora Sold To Work Email|Zuora Created Date|Zuora Updated Date|Zuora Sync Date|Zuora CRM ID|Zuora Customer Service Rep Name"
    "|Zuora Default Payment Method|Zuora Payment Term|Zuora Purchase Order Number|Zuora Sales Rep|Zuora Tax Exempt Certificate ID"
    "|Zuora Tax Exempt Status|Zuora Integration Status"
)
_COMMON_TEXTS = (
    "Zuora ID|Zuora Type|Zuora Reference Number|Zuora Related Reference Number|Zuora Origin|Zuora Integration Status|Zuora Created Date"
    "|Zuora Updated Date|Zuora Sync Date"
)
_MEMO_TEXTS = (
    "Zuora Amount Without Tax|Zuora Tax Amount|Zuora Tax Exempt Amount|Zuora Posted Date|Zuora Target Date|Zuora Last Email Sent Date"
    "|Zuora Reference ID|Zuora Adjustment Type"
)
_PAYMENT_TEXTS = "Zuora Payment Type|Zuora Credit Card Type|Zuora Payment Reference ID"
_REFUND_TEXTS = "Zuora Refund Type|Zuora Refund Reference ID"
_ORDER_TEXTS = "Zuora Initial Term|Zuora Renewal Term|Zuora Term Setting|Zuora Subscription Number"
_ORDER_DATES = "Zuora Term Start Date|Zuora Contract Effective Date|Zuora Service Activation Date|Zuora Customer Acceptance Date"
_LINE_TEXTS = (
    "Zuora ID|Zuora Type|Zuora Reference Number|Zuora Charge Date|Zuora Subscription Number|Zuora Subscription Notes|Zuora Sync Date"
    "|Zuora Tax Rate|Zuora Tax Rate Description"
)


@dataclass(frozen=True)
class CustomField:
    """One custom field. `source`: the field shows this field of the record's customer or the line's item. How is said by `kept` [A]: `live`
    as it is there now, in records and queries; `stored` as it was there when the record was saved; `shown` in records, and not in queries.

    `editors`: script ids of the roles that may write it, everybody if there are none. `locked`: it belongs to a bundle that protects its
    objects. `ticked`: a new record has it ticked."""

    script_id: str
    label: str
    type: str
    applies_to: tuple[str, ...]
    list_id: str = ""
    source: str = ""
    kept: str = LIVE
    editors: tuple[str, ...] = ()
    locked: bool = False
    ticked: bool = False

    def as_field(self) -> Field:
        """The property that the records have."""
        return self._as_field

    @cached_property
    def _as_field(self) -> Field:
        if self.type == "list":
            return Field(self.script_id, "ref", self.list_id, label=self.label, custom=True)
        if self.type == "transaction":
            return Field(self.script_id, "ref", "transaction", label=self.label, custom=True)
        length = {"text": TEXT_LENGTH, "longtext": LONG_TEXT_LENGTH}.get(self.type, 0)
        rule = "=" if self.source else ""
        made = Field(self.script_id, KINDS[self.type], rule=rule, label=self.label, custom=True, length=length)
        return replace(made, sourced=bool(self.source), kept=self.kept == STORED)

    def as_object(self) -> dict[str, Any]:
        """The form that `load` takes and `dump` gives."""
        known = {
            "scriptId": self.script_id,
            "label": self.label,
            "type": self.type,
            "appliesTo": list(self.applies_to),
            "list": self.list_id,
            "source": self.source,
            "kept": self.kept if self.source else "",
            "editors": list(self.editors),
            "locked": self.locked,
            "ticked": self.ticked,
        }
        return {k: v for k, v in known.items() if v}


KEYS = {"scriptId", "label", "type", "appliesTo", "list", "source", "kept", "editors", "locked", "ticked", "isInactive"}


def script_id(prefix: str, label: str) -> str:
    """`custentity`, `Zuora Sold To ID` -> `custentityzuorasoldtoid`."""
    return prefix + re.sub(r"[^a-z0-9]", "", label.lower())


def from_object(given: dict[str, Any], lists: Lists) -> CustomField:
    """A definition from the form that `load` takes. Raises `ValueError` saying what is wrong."""
    if unknown := set(given) - KEYS:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
    identifier = str(given["scriptId"])
    prefix = next((p for p in PREFIX_TARGETS if identifier.startswith(p)), None)
    if prefix is None or not re.fullmatch(r"[a-z][a-z0-9_]*", identifier):
        raise ValueError(f"scriptId {identifier!r} must be lower case and begin with one of {', '.join(PREFIX_TARGETS)}")
    kind = str(given.get("type", "text"))
    if kind not in TYPES or (kind == "list" and given.get("list") not in lists):
        raise ValueError(f"type {kind!r} of {identifier} is not one of {', '.join(TYPES)}, or its list is unknown")
    applies_to = tuple(given.get("appliesTo") or PREFIX_TARGETS[prefix])
    return CustomField(
        script_id=identifier,
        label=str(given.get("label", identifier)),
        type=kind,
        applies_to=applies_to,
        list_id=given.get("list", ""),
        source=given.get("source", ""),
        kept=given.get("kept") or LIVE,
        editors=tuple(given.get("editors", ())),
        locked=bool(given.get("locked")),
        ticked=bool(given.get("ticked")),
    )


def _many(prefix: str, labels: str, applies_to: tuple[str, ...], type_: str = "text") -> list[CustomField]:
    return [CustomField(script_id(prefix, label), label, type_, applies_to) for label in labels.split("|")]


def installed_lists() -> Lists:
    """The custom lists of the connector's NetSuite package: values by their ids."""
    return {
        "customlistzuorabatch": {n: f"Batch{n}" for n in range(1, 21)},
        "customlistzuorabillcycleday": {n: str(n) for n in range(1, 32)},
    }


@cache
def installed() -> tuple[CustomField, ...]:
    """The fields of the connector's NetSuite package, as a new account has them."""
    customer = ("customer",)
    payment, refund, order = ("customerPayment",), ("customerRefund",), ("salesOrder",)
    return (
        *_many("custitem", _ITEM_TEXTS, ITEMS),
        *_many("custitem", "Zuora Taxable", ITEMS, "checkbox"),
        *_many("custentity", _CUSTOMER_TEXTS, customer),
        *_many("custentity", "Zuora Auto Pay|Send to Zuora", customer, "checkbox"),
        CustomField("custentityzuorabatch", "Zuora Batch", "list", customer, "customlistzuorabatch"),
        CustomField("custentityzuorabillcycleday", "Zuora Bill Cycle Day", "list", customer, "customlistzuorabillcycleday"),
        *_many("custbody", _COMMON_TEXTS, BODY),
        *_many("custbody", "Zuora Related Transaction", BODY, "transaction"),
        CustomField("custbodyzuoracustomeridpayment", "Zuora Customer ID (Payment)", "text", MONEY, source="customer.custentityzuoraid"),
        CustomField("custbodyzuoracustomeridsales", "Zuora Customer ID (Sales)", "text", SALES, source="entity.custentityzuoraid"),
        *_many("custbody", _MEMO_TEXTS, MEMOS),
        *_many("custbody", _PAYMENT_TEXTS, payment),
        *_many("custbody", "Zuora Sync Updates", payment, "checkbox"),
        *_many("custbody", _REFUND_TEXTS, refund),
        *_many("custbody", _ORDER_TEXTS, order),
        *_many("custbody", "Send to Zuora|Zuora Auto Renew", order, "checkbox"),
        *_many("custbody", _ORDER_DATES, order, "date"),
        *_many("custbody", "Create Zuora Refund", ("creditMemo",), "checkbox"),
        *_many("custbody", "Zuora Adjustment IDs", ("creditMemo",), "longtext"),
        *_many("custbody", "Zuora Refund Payment Reference", ("creditMemo",), "transaction"),
        *_many("custcol", _LINE_TEXTS, MEMOS),
        CustomField("custcolzuoraservicestartdate2", "Zuora Service Start Date", "text", MEMOS),
        CustomField("custcolzuoraserviceenddate2", "Zuora Service End Date", "text", MEMOS),
        CustomField("custcolzuoraitemid", "Zuora Item ID", "text", SALES, source="item.custitemzuoraid"),
    )
