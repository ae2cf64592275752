"""NetSuite credit memos -> Zuora adjustments: the Zuora object that takes them, and the requests that make one (adjustments.md, A2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, Refused
from tallybridge.parallel import side_by_side
from tallybridge.steps.documents.netsuite_credit_memo_mapping import ON_INVOICES, ON_ITEMS, MemoData, Movement, body, targets
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import INTEGRATION_ID
from tallybridge.sync.step import IGNORE, Made, Request

STATUS_FIELD = "IntegrationStatus__NS"
UNKNOWN_OBJECT = "INVALID_TYPE"

Objects = Mapping[str, frozenset[str]]
"""Zuora objects for adjustments by name, with those of the connector's fields that a create may set."""


@dataclass(frozen=True)
class Target:
    """What credit memos become in a tenant: `object` is the Zuora object that is made, `objects` are all that the tenant has."""

    object: str
    objects: Objects

    @property
    def lacking(self) -> tuple[str, ...]:
        """The custom fields that the tenant's object does not have."""
        return tuple(n for n in targets(self.object) if n.endswith("__NS") and n not in self.objects[self.object])

    def hides(self, name: str) -> bool:
        """Whether an adjustment must be kept from the adjustments step until Transferred to Accounting says that it came from NetSuite: a
        worker may die in between, and not every tenant's item adjustments have Origin__NS."""
        return name == ON_ITEMS and STATUS_FIELD in self.objects[name]


def objects_in(context: StepContext) -> Objects:
    """The objects for adjustments that the tenant has and the connector can find again."""
    names = [ON_ITEMS, *([ON_INVOICES] if _has_invoice_adjustments(context) else [])]
    found = {}
    for name, fields in zip(names, side_by_side(context.zuora.describe, names), strict=True):
        settable = {f.name for f in fields if f.createable or f.custom}
        found[name] = frozenset(own for own in (*targets(name), STATUS_FIELD) if in_tenant(context, own) in settable)
    return {name: fields for name, fields in found.items() if INTEGRATION_ID in fields}


def _has_invoice_adjustments(context: StepContext) -> bool:
    """Asked by a query, which changes nothing."""
    try:
        context.zuora.count(f"select Id from {ON_INVOICES}")
    except Refused as declined:
        if declined.service_code == UNKNOWN_OBJECT:
            return False
        raise
    return True


def target_in(context: StepContext, objects: Objects) -> Target:
    """By the setting credit_memo_target; with "auto" InvoiceAdjustment where the tenant has it. Raises `ConfigurationError` FIELD-MISSING
    when the tenant lacks it."""
    wanted = context.settings.credit_memo_target
    name = wanted if wanted != "auto" else ON_INVOICES if ON_INVOICES in objects else ON_ITEMS
    if name not in objects:
        raise ConfigurationError(
            f"The Zuora tenant has no {name} with the field {in_tenant(context, INTEGRATION_ID)}, by which it is found again.",
            place="credit_memo_target",
            code="FIELD-MISSING",
            advice="Have the feature switched on and the field created in Zuora, or set credit_memo_target to the other object.",
        )
    return Target(name, objects)


def in_tenant(context: StepContext, field: str) -> str:
    """A field under the tenant's name."""
    return next(iter(context.source.to_tenant({field: ""})))


# -- requests ------------------------------------------------------------------------------------------------------------


def adjustments(context: StepContext, target: Target, memo: MemoData, main: str) -> Iterator[Request]:
    """What is still to be made of a memo. `main` is the adjustment with the memo's own Integration ID, "" where it is to be made, too."""
    now = stamp(context.clock.now())
    for movement in memo.movements:
        name = "" if not main and movement == memo.movements[0] else f"{movement.kind} {movement.key}"
        yield _adjustment(context, target, memo, movement, now, name)
        yield transferred(context, target, target.object, Made(name))


def _adjustment(context: StepContext, target: Target, memo: MemoData, movement: Movement, now: str, name: str) -> Request:
    content = {k: v for k, v in body(memo, movement, target.object, now).items() if k in target.objects[target.object]}
    if target.hides(target.object):
        content[STATUS_FIELD] = IGNORE
    key = f"{target.object}-{movement.key}-{movement.kind}"
    return Request(target.object, context.source.to_tenant(content), name=name, key=key)


def transferred(context: StepContext, target: Target, name: str, record_id: str | Made) -> Request:
    """Transferred to Accounting, which a create cannot set, and with which the adjustment needs no longer be hidden. `name` is that of the
    adjustment's object."""
    shown = {"fieldsToNull": [in_tenant(context, STATUS_FIELD)]} if target.hides(name) else {}
    return Request(name, {"TransferredToAccounting": "Yes", **shown}, record_id)
