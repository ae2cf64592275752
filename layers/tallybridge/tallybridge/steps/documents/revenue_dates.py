"""Revenue recognition dates of a line (invoices.md section 6): pure, shared by invoices, memos and adjustments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

USE_TEMPLATE = "use netsuite rev rec template"
CHARGE_PERIOD_START = "charge period start"
TRIGGER_DATE = "rev rec trigger date"
CHARGE_PERIOD_END = "charge period end"
SUBSCRIPTION_END = "subscription end date"
VARIABLE = "variable"


@dataclass(frozen=True)
class RevenueInputs:
    """What decides the dates; dates as YYYY-MM-DD, "" for none. `trigger` is the item's revenue trigger date."""

    code: str = ""
    template_type: str = ""
    start_preference: str = ""
    end_preference: str = ""
    trigger: str = ""
    service_start: str = ""
    service_end: str = ""
    subscription_end: str = ""
    project: str = ""


@dataclass(frozen=True)
class RevenueDates:
    """The dates to send; "" sends nothing. `defer` marks a provisional start that is corrected once the trigger date is known."""

    start: str = ""
    end: str = ""
    defer: bool = False
    project: str = ""


def inputs_of(item: Mapping[str, Any], charge: Mapping[str, Any], project: str = "") -> RevenueInputs:
    """The inputs from an invoice item (with its rate plan charge and subscription) and its product rate plan charge."""

    def day(value: Any) -> str:
        return str(value)[:10] if value else ""

    return RevenueInputs(
        code=str(item.get("RatePlanCharge.RevRecCode") or item.get("RevRecCode") or charge.get("RevRecCode") or ""),
        template_type=str(charge.get("RevRecTemplateType__NS") or ""),
        start_preference=str(charge.get("RevRecStart__NS") or ""),
        end_preference=str(charge.get("RevRecEnd__NS") or ""),
        trigger=day(item.get("RevRecStartDate")),
        service_start=day(item.get("ServiceStartDate")),
        service_end=day(item.get("ServiceEndDate")),
        subscription_end=day(item.get("Subscription.SubscriptionEndDate")),
        project=project,
    )


def revenue_dates(inputs: RevenueInputs, *, recognition_on: bool) -> RevenueDates:
    """Section 6, line by line."""
    if not recognition_on:
        return RevenueDates()
    if inputs.code and _same(inputs.template_type, VARIABLE):
        return RevenueDates(project=inputs.project)
    start, defer = _start(inputs)
    return RevenueDates(start, _end(inputs), defer)


def _start(inputs: RevenueInputs) -> tuple[str, bool]:
    if not inputs.code:
        return inputs.service_start, False
    if not inputs.trigger:
        return inputs.service_start, True
    if _same(inputs.start_preference, USE_TEMPLATE):
        return "", False
    if inputs.trigger < inputs.service_start:
        return inputs.service_start, False
    if _same(inputs.start_preference, TRIGGER_DATE):
        return inputs.trigger, False
    return inputs.service_start, False  # Charge Period Start, and the proposal for no preference


def _end(inputs: RevenueInputs) -> str:
    if _same(inputs.start_preference, USE_TEMPLATE) or _same(inputs.end_preference, USE_TEMPLATE):
        return ""
    if _same(inputs.end_preference, SUBSCRIPTION_END):
        return inputs.subscription_end
    return inputs.service_end  # Charge Period End, and the proposal for unknown preferences


def _same(value: str, word: str) -> bool:
    return value.strip().lower() == word
