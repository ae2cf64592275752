"""The missing fields of a Zuora tenant, made one by one; nothing is ever changed or deleted, and a lost answer is looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tallybridge.errors import OutcomeUnknown, Refused
from tallybridge.fields.zuora import LENGTH, OWN_SUFFIX, TYPE, ZuoraField
from tallybridge.zuora import Zuora
from tallybridge_cli.setup.zuora_look import DEFINED_TYPE, Tenant, is_there, visible

MIGRATIONS = "/objects/migrations"
NAMESPACE = "com_zuora"
PERMISSION_CATEGORY = "10"
LOOK_SECONDS = 5.0
"""Between two looks whether new fields are known everywhere."""
SENDS = 2
"""How often one field is sent, when the answer was lost and it is not there."""
HOPELESS = 3
"""Objects with refusals, without a field made, after which the rest is not tried: the tenant does not take fields of standard objects this
way. An object is left alone after `SENDS` refusals, too."""
EDITIONS = ((50, 10), (75, 15), (100, 20))
"""Fields of its own that an object may have, and how many filterable ones, by edition (provisioning.md section 3.1)."""
LEGACY_EDITION = (50, 10)
RIGHTS = {
    "Payment": "Manage Payments Settings",
    "Refund": "Manage Payments Settings",
}
"""What the fields of an object ask for beside API Write Access and Edit Custom Objects; of any other Manage Billing Settings."""


@dataclass
class Made:
    """What came of it. `refused`: Zuora's words by "Object.Name"; `rights`: the permissions one of which is missing; `by_hand`: what was
    refused or, after that, not tried; `open`: sent, and it is not known whether they are there."""

    made: list[ZuoraField] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    rights: list[str] = field(default_factory=list)
    by_hand: list[ZuoraField] = field(default_factory=list)
    open: list[ZuoraField] = field(default_factory=list)


def request_for(each: ZuoraField) -> dict[str, Any]:
    """The one action that adds a field."""
    steps = ", ".join(step.replace("_", " ") for step in each.steps)
    definition = {"type": DEFINED_TYPE, "label": each.label, "maxLength": LENGTH, "description": f"Tallybridge: {steps}"[:LENGTH]}
    added = {"name": each.api + OWN_SUFFIX, "filterable": each.filterable, "required": False, "definition": definition}
    return {"actions": [{"type": "addField", "namespace": NAMESPACE, "object": each.object.lower(), "field": added}]}


def make(zuora: Zuora, fields: Iterable[ZuoraField], told: Callable[[ZuoraField], None] = lambda _: None) -> Made:
    """Add the fields. Raises what stops everything, such as a service that does not answer; another call then goes on."""
    done = Made()
    without_right: set[str] = set()
    for each in fields:
        right = RIGHTS.get(each.object, "Manage Billing Settings")
        tried = Counter(name.partition(".")[0] for name in done.refused)
        hopeless = tried[each.object] >= SENDS or (not done.made and len(tried) >= HOPELESS)
        if hopeless or right in without_right:
            done.by_hand.append(each)
            continue
        try:
            told(each)
            _make_one(zuora, each, done)
        except Refused as refused:
            done.refused[f"{each.object}.{each.api}{OWN_SUFFIX}"] = refused.detail or refused.message
            done.by_hand.append(each)
            if refused.status == 403 or refused.service_code[-2:] == PERMISSION_CATEGORY:
                without_right.add(right)
    if without_right:
        done.rights = ["API Write Access", "Edit Custom Objects", *sorted(without_right)]
    return done


def _make_one(zuora: Zuora, each: ZuoraField, done: Made) -> None:
    name = each.api + OWN_SUFFIX
    for _ in range(SENDS):
        try:
            zuora.post(MIGRATIONS, request_for(each), "")
        except OutcomeUnknown:
            if not is_there(zuora, each.object, name):
                continue
        except Refused:
            if not is_there(zuora, each.object, name):  # somebody else has made it at this moment
                raise
        done.made.append(each)
        return
    done.open.append(each)


def wait_until_known(
    zuora: Zuora, fields: list[ZuoraField], seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> list[ZuoraField]:
    """Those that the query APIs do not know after so many seconds."""
    end = clock() + seconds
    waiting = list(fields)
    while waiting:
        known = set(visible(zuora, waiting, OWN_SUFFIX))
        waiting = [each for each in waiting if each not in known]
        if not waiting or clock() + LOOK_SECONDS > end:
            break
        sleep(LOOK_SECONDS)
    return waiting


def row(each: ZuoraField) -> dict[str, Any]:
    """What a person enters for a field."""
    return {
        "object": each.object,
        "name": each.api + OWN_SUFFIX,
        "label": each.label,
        "type": TYPE,
        "length": LENGTH,
        "indexed": each.filterable,
    }


def limits(tenant: Tenant, missing: Iterable[ZuoraField]) -> dict[str, str]:
    """Objects that will have more fields than the smallest edition allows, with what is needed; the tenant's own are counted in."""
    wanted: dict[str, list[ZuoraField]] = {}
    for each in missing:
        wanted.setdefault(each.object, []).append(each)
    told: dict[str, str] = {}
    for seen in tenant.objects:
        more = wanted.get(seen.object.name, [])
        if not more:
            continue
        own = seen.own()
        filterable = sum(n in seen.indexed or bool(seen.described and n in seen.described and seen.described[n].filterable) for n in own)
        count, count_filterable = len(own) + len(more), filterable + sum(each.filterable for each in more)
        editions = EDITIONS if seen.object.kind == "advanced" else (LEGACY_EDITION,)
        fits = next((e for e in editions if count <= e[0] and count_filterable <= e[1]), None)
        if fits != editions[0]:
            need = f"an edition that allows {fits[0]} fields, {fits[1]} of them filterable" if fits else "fewer fields of its own"
            told[seen.object.name] = f"{count} fields of its own, {count_filterable} of them filterable: needs {need}"
    return told
