"""What products, rate plans and charges share on their way to NetSuite items (catalog.md, section 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import Behavior, ItemIdMapping, Settings
from tallybridge.steps.master_data.master import (
    UNTRANSFERRED,
    Unread,
    alternatives,
    find_by_zuora_id,
    is_ignored,
    is_own,
    read_all,
    state_of,
)
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import NOT_EFFECTIVE
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.fitting import told
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.mapping import Body, Custom, Mapped, changes, filled, followers, sent
from tallybridge.steps.shared.reference import Reference
from tallybridge.steps.shared.texts import ref
from tallybridge.sync.ledger import State
from tallybridge.sync.step import (
    Candidate,
    Counterpart,
    Found,
    Hold,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    is_complete,
    normal_status,
)
from tallybridge.zuora.selection import Condition, OnOrAfter, OnOrBefore, Parent, SourceQuery

# -- item types (1.1) ----------------------------------------------------------------------------------------------------

ITEM_TYPES = (
    # ItemType__NS, NetSuite REST record, item type in SuiteQL
    ("Service", "serviceSaleItem", "Service"),
    ("Non Inventory", "nonInventorySaleItem", "NonInvtPart"),
    ("Inventory", "inventoryItem", "InvtPart"),
)
RECORD_TYPES = {name: record_type for name, record_type, _ in ITEM_TYPES}
SUITEQL_TYPES = {name: kind for name, _, kind in ITEM_TYPES}
RECORD_OF_SUITEQL_TYPE = {kind: record_type for _, record_type, kind in ITEM_TYPES}
FOUND_TYPE = "suiteql item type"
"""Where a counterpart's record says of which type the item is in NetSuite."""


ITEM_FIELDS = ("Name", "CreatedDate", "UpdatedDate", "ItemType__NS", "IntegrationId__NS", "IntegrationStatus__NS")
"""Fields that every catalogue object has."""


@dataclass(frozen=True)
class Kind:
    """What differs between products, rate plans and charges: name, title and code of the step; the `object` in Zuora, the `fields` of its
    that are read, and its `parents`; whether it has effective dates itself, as all parents have; the word in messages, the prefix of item
    numbers, the value of Zuora Type with its other spellings, and whether the record has its own classifications and subsidiary; the
    `rows` of its mapping; `problems`, validations of its own, `remarks` likewise, and why a record is left alone on purpose; reference
    tables that it needs, or that are read where a setting calls for them, since the account may not have them."""

    step: str
    title: str
    code: str
    object: str
    fields: tuple[str, ...]
    word: str
    prefix: str
    zuora_type: str
    rows: tuple[Mapped[Item], ...]
    parents: tuple[Parent, ...] = ()
    dated: bool = True
    spellings: tuple[str, ...] = ()
    classified: bool = True
    problems: Callable[[Item], list[Problem]] = lambda item: []
    remarks: Callable[[Item], list[Problem]] = lambda item: []
    left_alone: Callable[[Item], Problem | None] = lambda item: None
    tables: Callable[[Settings], Mapping[str, bool]] = lambda settings: {}


@dataclass(frozen=True)
class Item:
    """A catalogue record with everything its mapping needs; `parents` by Zuora object name. `refusal` is why NetSuite declined it when it
    was sent last, "" when it did not."""

    kind: Kind
    own: Mapping[str, Any]
    settings: Settings
    reference: Reference
    synced_at: str
    parents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refusal: str = ""

    @property
    def label(self) -> str:
        return f'{self.kind.word} "{self.own.get("Name") or ""}"'

    @property
    def item_type(self) -> str:
        return str(self.own.get("ItemType__NS") or "").strip()

    @property
    def item_id(self) -> str:
        """Item Name/Number (1.2)."""
        by_id = self.settings.item_id_mapping is ItemIdMapping.ZUORA_ID
        return f"{self.kind.prefix} {self.own['Id']}" if by_id else str(self.own.get("Name") or "").strip()

    @property
    def subsidiary(self) -> str:
        own = self.own.get("Subsidiary__NS") if self.kind.classified else ""
        return str(own or self.settings.default_subsidiary)

    def parent(self, object_type: str, name: str) -> Any:
        return self.parents.get(object_type, {}).get(name)


# -- effective dates (1, rule 3) -----------------------------------------------------------------------------------------

ONE_DAY = timedelta(days=1)


def tenant_day(now: datetime, row: Mapping[str, Any]) -> str:
    """Today in the tenant's time zone, YYYY-MM-DD. Zuora tells the zone by the offset of the times that it gives; without one it is UTC."""
    updated = str(row.get("UpdatedDate") or "")
    zone = datetime.fromisoformat(updated).tzinfo if updated else None
    return now.astimezone(zone or UTC).date().isoformat()


def are_effective(rows: Sequence[Mapping[str, Any]], today: str) -> bool:
    """Whether all rows that have effective dates are effective on the day, the last one included."""
    return all(_day(row, "EffectiveStartDate") <= today <= _day(row, "EffectiveEndDate") for row in rows if row.get("EffectiveEndDate"))


def _day(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")[:10]


# -- validations (1.3) ---------------------------------------------------------------------------------------------------


def problems_of(item: Item, found_type: str, *, creating: bool) -> list[Problem]:
    """I1-I9. `found_type` is the type that the item has in NetSuite, as SuiteQL says it; "" when there is none yet."""
    own, settings, reference = item.own, item.settings, item.reference
    found: list[Problem] = []

    def fails(number: int, message: str, advice: str, cause: str = "") -> None:
        found.append(Problem(f"ITEM-I{number}", f"{item.label}: {message}", advice, cause=cause))

    def lacks(number: int, table: str, name: Any) -> None:
        text = missing(reference, table, table, name)
        fails(number, text, FULL_NAME, text)

    types = ", ".join(RECORD_TYPES)
    if not item.item_type:
        fails(1, "Item Type is empty.", f"Fill NetSuite Item Type in Zuora: {types}.")
    elif item.item_type not in RECORD_TYPES:
        fails(1, f'Item Type "{item.item_type}" is not valid.', f"NetSuite Item Type in Zuora must be one of {types}.")
    elif found_type and found_type != SUITEQL_TYPES[item.item_type]:
        text = (
            f'Item Type was changed to "{item.item_type}" after the item was created in NetSuite. '
            "Restore it, or delete the item and clear the integration fields."
        )
        fails(2, text, "NetSuite cannot change the type of an item.")
    if is_complete(own.get("IntegrationStatus__NS")) and not own.get("IntegrationId__NS"):
        fails(3, "status is Sync Complete but Integration ID is empty.", "Clear the status to create the item, or enter the NetSuite id.")
    if item.kind.classified:
        for number, kind in ((4, "location"), (5, "class"), (6, "department")):
            name = own.get(classification.field_of(kind))
            if name and reference.id_of(kind, name) is None:
                lacks(number, kind, name)
    if settings.netsuite_subsidiaries:
        name = item.subsidiary if creating else (own.get("Subsidiary__NS") if item.kind.classified else "")
        if name and reference.id_of("subsidiary", name) is None:
            lacks(7, "subsidiary", name)
        if creating and not name:
            fails(8, "no subsidiary and no default subsidiary is configured.", "Fill it in Zuora, or the setting default_subsidiary.")
    limit = reference.limit(RECORD_TYPES.get(item.item_type, ""), "itemId")
    if len(item.item_id) > limit:
        fails(9, f"item name is longer than {limit} characters.", "Shorten the name in Zuora, or let item numbers use the Zuora id.")
    return found


FULL_NAME = 'Enter the exact full name of an active value, with " : " between levels.'


def missing(reference: Reference, table: str, word: str, name: Any) -> str:
    """Why a name does not do: it is not there, or twice."""
    return f'{word} "{name}" ' + ("is ambiguous in NetSuite." if reference.is_ambiguous(table, name) else "does not exist in NetSuite.")


def refusal_of(known: Mapping[str, Any] | None) -> str:
    """Why NetSuite declined a record, as its ledger item says; "" when that is not how it ended."""
    return str(known.get("message") or "") if known and known.get("state") == State.REFUSED else ""


def remarks_on(item: Item) -> list[Problem]:
    """What is said without holding the record back."""
    schedule = item.settings.netsuite_default_tax_schedule
    if schedule and item.reference.id_of("tax schedule", schedule) is None:
        text = f'Default tax schedule "{schedule}" does not exist in NetSuite; it is ignored.'
        return [Problem("DEFAULT-MISSING", text, "Correct the setting netsuite_default_tax_schedule.")]
    return []


# -- mapping rows of all three -------------------------------------------------------------------------------------------


def _classification(kind: str) -> Any:
    def rule(item: Item) -> Any:
        return classification.item(item.settings, item.reference, item.own if item.kind.classified else {}).get(kind)

    return rule


def _subsidiary(item: Item) -> Any:
    found = item.reference.id_of("subsidiary", item.subsidiary) if item.settings.netsuite_subsidiaries else None
    return {"items": [{"id": found}]} if found else None


def _include_children(item: Item) -> Any:
    answer = {"yes": True, "no": False}.get(normal_status(item.own.get("IncludeChildren__NS")))
    return answer if item.settings.netsuite_subsidiaries else None


def _tax_schedule(item: Item) -> Any:
    return ref(item.reference.id_of("tax schedule", item.settings.netsuite_default_tax_schedule))


ITEM_ID = Mapped[Item]("id / Name", "itemId", "CU", lambda i: i.item_id)
ZUORA_ID = Mapped[Item]("Id", Custom("Zuora ID"), "CUL", lambda i: i.own["Id"])
ZUORA_TYPE = Mapped[Item]("-", Custom("Zuora Type"), "CUL", lambda i: i.kind.zuora_type)
SYNC_DATE = Mapped[Item]("-", Custom("Zuora Sync Date"), "CUL", lambda i: i.synced_at, follows=True)
CLASSIFICATIONS: tuple[Mapped[Item], ...] = (
    Mapped("Class__NS", "class", "CU", _classification("class")),
    Mapped("Department__NS", "department", "CU", _classification("department")),
    Mapped("Location__NS", "location", "CU", _classification("location")),
)
SUBSIDIARY = Mapped[Item]("Subsidiary__NS", "subsidiary", "C", _subsidiary)
INCLUDE_CHILDREN = Mapped[Item]("IncludeChildren__NS", "includeChildren", "CU", _include_children)
TAX_SCHEDULE = Mapped[Item]("netsuite_default_tax_schedule", "taxSchedule", "CU", _tax_schedule)


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a catalogue record."""
    item: Item = record.data
    found_type = str(found[0].record.get(FOUND_TYPE, "")) if len(found) == 1 else ""
    if record.destination_id and not updates(company.settings):
        return plan_link(company, record, item, found_type)
    if (why := item.kind.left_alone(item)) is not None:
        return Hold((why,))
    problems = [*problems_of(item, found_type, creating=not record.destination_id), *item.kind.problems(item)]
    if len(found) > 1:
        text = f"{item.label}: {len(found)} NetSuite items carry this Zuora ID. Clear the duplicates first."
        advice = f"NetSuite items {', '.join(f.id for f in found)}: delete the surplus ones, or clear their Zuora ID; keep one."
        problems.append(Problem(f"{item.kind.code}-AMBIGUOUS", text, advice))
    problems += [f.problem for f in found if isinstance(f, Unread)]
    if problems:
        return Hold(tuple(problems))
    if record.destination_id:
        return plan_update(company, record, item, found[0] if found else Counterpart(record.destination_id))
    if not found:
        return plan_create(company, record, item)
    return plan_update(company, record, item, found[0]) if len(found[0].record) > 1 else Found(Counterpart(found[0].id))


def updates(settings: Settings) -> bool:
    """Whether a change in Zuora is sent as an update."""
    return settings.product_catalog_sync_behavior is Behavior.NEW_AND_MODIFIED


def plan_create(company: Company, record: SourceRecord, item: Item) -> Plan:
    """A new item."""
    record_type = RECORD_TYPES[item.item_type]
    body, remarks = _body(company, record, item, "C", record_type)
    requests = (Request(record_type, {"externalId": company.external_id(item.kind.object, record.id), **body}),)
    return Write("create", "Creating Item", "Error Creating Item", requests, **UNTRANSFERRED, remarks=remarks)


def plan_update(company: Company, record: SourceRecord, item: Item, there: Counterpart) -> Plan:
    """What differs. The status is written only where it does not say Sync Complete yet, so that an error does not stay for ever."""
    record_type = RECORD_TYPES[item.item_type]
    body, remarks = _body(company, record, item, "U", record_type)
    body = changes(body, there.record, followers(item.kind.rows, company.reference, record_type))
    settles = not is_complete(record.status)
    action = "update" if record.destination_id else "recover"
    if not body:
        return Found(Counterpart(there.id), action="recover" if settles else "none", write_back=settles)
    requests = (Request(record_type, body, there.id),)
    return Write(action, "", "Error Updating Item", requests, there.id, write_back=settles, **UNTRANSFERRED, remarks=remarks)


def plan_link(company: Company, record: SourceRecord, item: Item, found_type: str) -> Plan:
    """Zuora fields only, never the subsidiary (open point K1). Nothing is validated, but without a type there is no record to write."""
    record_type = RECORD_TYPES.get(item.item_type) or RECORD_OF_SUITEQL_TYPE.get(found_type)
    if record_type is None:
        return Hold(tuple(p for p in problems_of(item, found_type, creating=False) if p.code == "ITEM-I1"))
    body, remarks = _body(company, record, item, "L", record_type)
    requests = (Request(record_type, body, record.destination_id),)
    kept = {**UNTRANSFERRED, "remarks": tuple(r for r in remarks if r.code == "ITEM-CUT")}
    return Write("link", "Linking Item", "Error Linking Item", requests, record.destination_id, **kept)


def _body(company: Company, record: SourceRecord, item: Item, when: str, record_type: str) -> tuple[Body, tuple[Problem, ...]]:
    body = company.existing(record_type, filled(item.kind.rows, when, item, company.reference, record_type))
    whole = company.fit(record_type, body)
    return sent(whole.body), (*remarks_on(item), *item.kind.remarks(item), *told("ITEM", f"{item.kind.word} {record.number}", whole.said))


# -- the step ------------------------------------------------------------------------------------------------------------

NEEDS = ("class", "department", "location", *(f"fields:{record_type}" for record_type in RECORD_TYPES.values()))
"""Reference tables that all three need."""


def tables_of(kind: Kind, settings: Settings) -> tuple[str, ...]:
    """Those that the kind needs, and that the settings call for."""
    used = {
        "subsidiary": settings.netsuite_subsidiaries,
        "tax schedule": bool(settings.netsuite_default_tax_schedule),
        **kind.tables(settings),
    }
    return tuple(table for table, wanted in used.items() if wanted)


def effective(now: datetime) -> tuple[Condition, ...]:
    """Effective today in some time zone (section 1, rule 3); `refreshed` decides by the tenant's own."""
    tomorrow, yesterday = ((now + days).date().isoformat() for days in (ONE_DAY, -ONE_DAY))
    return (OnOrBefore("EffectiveStartDate", tomorrow, NOT_EFFECTIVE), OnOrAfter("EffectiveEndDate", yesterday, told=NOT_EFFECTIVE))


def refreshed(step: ZuoraToNetSuite, kind: Kind, candidates: Sequence[Candidate]) -> list[SourceRecord]:
    """The candidates as they are now, as far as they are effective."""
    now = step.context.clock.now()
    known = step.context.known([c.id for c in candidates])
    return [
        source_record(step, Item(kind, head, step.settings, step.reference, stamp(now), parents, refusal_of(known.get(str(head["Id"])))))
        for _, head, parents in step.reread(candidates)
        if not is_ignored(head) and are_effective((head, *parents.values()), tenant_day(now, head))
    ]


def source_record(step: ZuoraToNetSuite, item: Item) -> SourceRecord:
    """The record as the engine takes it; people call it by its name."""
    name = str(item.own.get("Name") or item.own["Id"])
    return SourceRecord(
        id=str(item.own["Id"]),
        number=name,
        status=str(item.own.get("IntegrationStatus__NS") or ""),
        order=(name,),
        destination_id=str(item.own.get("IntegrationId__NS") or ""),
        data=item,
        modified=utc_moment(item.own.get("UpdatedDate")),
        state=state_of(step, item.own),
    )


def find_items(step: ZuoraToNetSuite, kind: Kind, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
    """By Zuora ID and Zuora Type where there is no Integration ID; of which type the item is; its content where it may be updated."""
    found = _by_zuora_id(step, kind, [r for r in records if not r.destination_id]) | _by_id(step, [r for r in records if r.destination_id])
    by_source = {r.id: r for r in records}
    to_read = {}
    for source_id, hits in found.items():
        record = by_source[source_id]
        if len(hits) == 1 and step.updates and (record.destination_id or normal_status(record.status).startswith("error")):
            record_type = RECORD_OF_SUITEQL_TYPE.get(hits[0].record[FOUND_TYPE])
            if record_type and hits[0].record[FOUND_TYPE] == SUITEQL_TYPES.get(record.data.item_type):
                to_read[source_id] = (record_type, hits[0].id)
    whole = read_all(step, to_read, lambda i: str(by_source[i].data.label))
    for source_id, there in whole.items():
        if not isinstance(there, Unread):
            there = replace(there, record={**there.record, **found[source_id][0].record})
        found[source_id] = [there]
    return found


def _by_zuora_id(step: ZuoraToNetSuite, kind: Kind, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
    any_item = next(iter(RECORD_TYPES.values()))
    words = ", ".join(f"'{w}'" for w in (kind.zuora_type, *kind.spellings))
    only = f" AND t.{step.reference.custom(any_item, 'Zuora Type')} IN ({words})"
    hits = find_by_zuora_id(step, records, any_item, ", t.itemtype", only)
    return {
        i: [Counterpart(k, record={FOUND_TYPE: row.get("itemtype", "")}, own=is_own(row, i)) for k, row in rows.items()]
        for i, rows in hits.items()
    }


def _by_id(step: ZuoraToNetSuite, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
    ids = [r.destination_id for r in records]
    rows = step.context.netsuite.suiteql_in("SELECT id, itemtype FROM item WHERE id IN ({in})", ids)
    types = {row["id"]: row.get("itemtype", "") for row in rows}
    return {
        r.id: [Counterpart(r.destination_id, record={FOUND_TYPE: types[r.destination_id]})] for r in records if r.destination_id in types
    }


def catalogue_step(kind: Kind) -> type[ZuoraToNetSuite]:
    """The step of a kind: what its direction does, with what the kind says."""

    class CatalogueStep(ZuoraToNetSuite):
        name = kind.step
        title = kind.title
        object = kind.object
        object_label = kind.word
        code = kind.code
        cut_code = "ITEM"
        destination = table = "item"
        number_field = "Name"
        needs = NEEDS
        transaction = False
        follows_changes = True

        def __init__(self, context: StepContext) -> None:
            super().__init__(context)
            self.needs = (*NEEDS, *tables_of(kind, self.settings))

        @staticmethod
        def behavior_in(settings: Settings) -> Behavior:
            return settings.product_catalog_sync_behavior

        def query(self) -> SourceQuery:
            dates = effective(self.context.clock.now())
            heads = alternatives(self, dates if kind.dated else ())
            parents, keys = tuple(replace(p, where=dates) for p in kind.parents), tuple(p.key for p in kind.parents if not p.of)
            return SourceQuery(kind.object, kind.fields, heads, parents=parents, copy_fields=keys)

        def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
            return refreshed(self, kind, candidates)

        def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
            return find_items(self, kind, records)

        def record_type_of(self, record: SourceRecord) -> str:
            return RECORD_TYPES.get(record.data.item_type, self.destination)

        def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
            return plan(self.company, record, found)

    return CatalogueStep
