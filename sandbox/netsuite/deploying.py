"""What a deployment of an SDF project does to the account: all of it or nothing. Objects of the same script id are written anew, whoever
made them; nothing is removed; what a bundle has locked is refused [A]."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.netsuite.access import ADMINISTRATOR, Access, Refusal
from sandbox.netsuite.customfields import LIVE, SHOWN, STORED, CustomField, Lists
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.sdf import SdfObject, SdfProject, read

NEEDED = ("SUITECLOUDDEVELOPMENTFRAMEWORK", "CUSTOMRECORDS")
FOR_TRANSACTIONS = "ITEMOPTIONS"
TYPES = {
    "TEXT": "text",
    "TEXTAREA": "longtext",
    "CLOBTEXT": "longtext",
    "CHECKBOX": "checkbox",
    "DATE": "date",
    "INTEGER": "integer",
    "FLOAT": "decimal",
    "CURRENCY": "decimal",
    "PERCENT": "decimal",
}
SALES = ("invoice", "creditMemo", "salesOrder")
RECORDS: dict[str, tuple[str, ...]] = {
    "appliestocustomer": ("customer",),
    "appliestocontact": ("contact",),
    "appliestoproject": ("job",),
    "appliestoservice": ("serviceSaleItem",),
    "appliestononinventory": ("nonInventorySaleItem",),
    "appliestoinventory": ("inventoryItem",),
    "appliestoothercharge": ("otherChargeSaleItem",),
    "bodysale": SALES,
    "bodycustomerpayment": ("customerPayment",),
    "bodyjournal": ("journalEntry",),
    "bodydepositapplication": ("depositApplication",),
    "colsale": SALES,
}
"""The record types that a flag means; refunds go by the option."""
SOURCES = {"STDBODYENTITY": "entity", "STDBODYCUSTOMER": "customer", "STDCOLITEM": "item"}
NOBODY = "nobody"


@dataclass
class Outcome:
    """What a deployment has done, by script id."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)


def script_ids(tenant: Tenant, access: Access) -> dict[str, str]:
    """The account's custom objects with their types, as `suitecloud object:list` shows them."""
    kinds = {
        "custentity": "entitycustomfield",
        "custitem": "itemcustomfield",
        "custbody": "transactionbodycustomfield",
        "custcol": "transactioncolumncustomfield",
    }
    found = {name: next(kind for prefix, kind in kinds.items() if name.startswith(prefix)) for name in tenant.catalog.custom}
    roles = {role.script_id: "role" for role in access.roles.values() if role.id != ADMINISTRATOR}
    return {**found, **dict.fromkeys(tenant.catalog.lists, "customlist"), **roles}


def validate(files: dict[str, str], tenant: Tenant, access: Access) -> SdfProject:
    """The project as the account takes it. Raises `Refusal` with everything that is wrong."""
    missing = [name for name in NEEDED if name not in access.features]
    project = read(files, script_ids(tenant, access))
    if any(o.kind.name.startswith("transaction") for o in project.objects.values()) and FOR_TRANSACTIONS not in access.features:
        missing.append(FOR_TRANSACTIONS)
    if missing:
        raise Refusal(f"The account must have these features enabled: {', '.join(missing)}.")
    off = [name for name, required in project.features.items() if required and name not in access.features]
    wrong = [*project.errors, *(f"the feature {name} is required, and is not enabled" for name in off)]
    locked = [name for name in project.objects if (known := tenant.catalog.custom.get(name)) and known.locked]
    wrong += [f"{project.objects[name].path}: {name} is locked by the bundle that it belongs to" for name in locked]
    if wrong:
        raise Refusal("\n".join(wrong))
    return project


def deploy(files: dict[str, str], tenant: Tenant, access: Access) -> Outcome:
    """Validate and put into effect. Raises `Refusal`; then nothing has changed."""
    project, done, catalog = validate(files, tenant, access), Outcome(), tenant.catalog
    lists: Lists = {name: dict(values) for name, values in catalog.lists.items()}
    keys = {name: dict(values) for name, values in catalog.list_keys.items()}
    fields, roles = dict(catalog.custom), []
    there = script_ids(tenant, access)
    for made in (made for block in project.blocks for made in block):
        (done.updated if made.script_id in there else done.created).append(made.script_id)
        if made.kind.name == "customlist":
            _put_list(made, lists, keys)
        elif made.kind.name == "role":
            roles.append(made)
        else:
            fields[made.script_id] = _field(made, access, tenant.options.refund_flag, lists)
    catalog.lists, catalog.list_keys = lists, keys
    tenant.set_custom_fields(fields)
    for role in roles:
        access.add_role(role.script_id, role.text("name"), role.permissions)
    return done


def _put_list(made: SdfObject, lists: Lists, keys: dict[str, dict[str, int]]) -> None:
    """Values are known by their script ids: one that is there under another id is there twice then."""
    values, known = lists.setdefault(made.script_id, {}), keys.setdefault(made.script_id, {})
    for key, value in made.values.items():
        number = known.setdefault(key, max(values, default=0) + 1)
        values[number] = value


def _field(made: SdfObject, access: Access, refund_flag: str, lists: Lists) -> CustomField:
    kind, list_id = TYPES.get(made.text("fieldtype"), ""), ""
    if made.text("fieldtype") == "SELECT":
        target = made.text("selectrecordtype")
        list_id = target.removeprefix("[scriptid=").removesuffix("]")
        kind = "transaction" if target == "-30" else "list" if list_id in lists else ""
    if not kind:
        raise Refusal(
            f"{made.path}: this stand-in does not cover {made.text('fieldtype')} of {made.text('selectrecordtype') or 'this kind'}."
        )
    flags = [flag for flag, feature in made.kind.flags.items() if made.is_on(flag) and (not feature or feature in access.features)]
    records = [record for flag in flags for record in RECORDS.get(flag, ())]
    if refund_flag in flags:
        records.append("customerRefund")
    through = SOURCES.get(made.text("sourcelist"), "")
    source = f"{through}.{made.text('sourcefrom').removeprefix('[scriptid=').removesuffix(']')}" if through else ""
    return CustomField(
        script_id=made.script_id,
        label=made.text("label"),
        type=kind,
        applies_to=tuple(records),
        list_id=list_id if kind == "list" else "",
        source=source,
        kept=LIVE if not source else SHOWN if made.text("storevalue", "T") == "F" else STORED,
        editors=_editors(made),
        ticked=made.is_on("defaultchecked"),
    )


def _editors(made: SdfObject) -> tuple[str, ...]:
    if made.text("accesslevel", "2") == "2":
        return ()
    rows = made.element.iterfind("roleaccesses/roleaccess")
    named = (r.findtext("role", "").strip() for r in rows if r.findtext("accesslevel", "0").strip() == "2")
    return tuple(name.removeprefix("[scriptid=").removesuffix("]") for name in named) or (NOBODY,)
