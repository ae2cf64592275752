"""Custom fields of the owner's own, copied from Zuora records to their NetSuite counterparts (operations.md section 8).

By default as the commercial product does it: text only, after the record was created, at most 200 records an object and run. With
`custom_fields_inline` the values go with the create or update itself, of whatever type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tallybridge.settings import CustomFieldMapping, Settings
from tallybridge.steps.shared.texts import text
from tallybridge.sync.step import CREATED, Found, Plan, Problem, Request, SourceRecord, Stage, Write, normal_status

UPDATING, REFUSED = "Updating custom fields", "Error updating custom fields"
UNFINISHED = frozenset({UPDATING.lower(), REFUSED.lower()})
LIMIT = 200
"""Records of one object whose custom fields are copied in one run, unless they go inline."""
OBJECTS = frozenset({"Account", "Invoice", "CreditMemo", "Payment", "Product", "ProductRatePlan", "ProductRatePlanCharge"})


@dataclass(frozen=True)
class CustomFields:
    """The mapping rows of one Zuora object; none where the sync of custom fields is off or does not apply."""

    rows: tuple[CustomFieldMapping, ...] = ()
    inline: bool = False

    @classmethod
    def of(cls, settings: Settings, mode: str, zuora_object: str) -> CustomFields:
        """The rows of an object; only Invoice Settlement tenants have any."""
        if not settings.custom_field_sync_enabled or mode != "B" or zuora_object not in OBJECTS:
            return cls()
        return cls(tuple(r for r in settings.custom_field_mappings if r.zuora_object == zuora_object), settings.custom_fields_inline)

    @property
    def names(self) -> tuple[str, ...]:
        """The Zuora fields to read."""
        return tuple(dict.fromkeys(r.zuora_field for r in self.rows))

    def values(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """What NetSuite is to hold, by script id: text, or inline the value as it is. Empty values are not sent."""
        found = {r.netsuite_field: own.get(r.zuora_field) for r in self.rows}
        return {k: v if self.inline else _as_text(v) for k, v in found.items() if v is not None and v != ""}

    def added(self, plan: Plan, record: SourceRecord, values: Mapping[str, Any], record_type: str, label: str, place: int) -> Plan:
        """The plan with the custom fields in it. `place` is the record's place in the step's selection, from 0."""
        if not values:
            return plan
        return self._inline(plan, values, record_type) if self.inline else self._copied(plan, record, values, record_type, label, place)

    @staticmethod
    def _inline(plan: Plan, values: Mapping[str, Any], record_type: str) -> Plan:
        if isinstance(plan, Write) and plan.action in ("create", "update") and plan.requests:
            first, *rest = plan.requests
            return replace(plan, requests=(replace(first, body={**first.body, **values}), *rest))
        if isinstance(plan, Found) and plan.counterpart.record:
            differing = {k: v for k, v in values.items() if _as_text(plan.counterpart.record.get(k)) != _as_text(v)}
            if differing:
                request = Request(record_type, differing, plan.counterpart.id)
                target = plan.counterpart.id
                return Write("update", "", REFUSED, (request,), target, plan.write_back, transferred=False, check_amount=False)
        return plan

    @staticmethod
    def _copied(plan: Plan, record: SourceRecord, values: Mapping[str, Any], record_type: str, label: str, place: int) -> Plan:
        unfinished = normal_status(record.status) in UNFINISHED
        if isinstance(plan, Found) and unfinished:
            plan = Write(
                "recover", "", REFUSED, (), plan.counterpart.id, facts=plan.facts, check_amount=plan.counterpart.amount is not None
            )
        if not isinstance(plan, Write) or not (plan.action == "create" or unfinished):
            return plan
        if place >= LIMIT and not unfinished:
            text_ = f"Custom fields of {label} were not sent: limit of {LIMIT} reached."
            advice = "Set custom_fields_inline to send them with the record, or enter them in NetSuite by hand."
            return replace(plan, remarks=(*plan.remarks, Problem("CUSTOM-LIMIT", text_, advice)), remark_level="WARNING")
        if len(plan.requests) > 1:
            return plan  # a large invoice, in pieces
        return replace(plan, then=(*plan.then, Stage(UPDATING, REFUSED, (Request(record_type, dict(values), CREATED),))))


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _as_text(value.get("id") or value.get("refName"))
    return text(value if not isinstance(value, int) else Decimal(value))
