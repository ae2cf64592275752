"""NetSuite: login, concurrency, the connector's fields and the role's access per record type, custom lists, accounting periods."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from tallybridge.desk.doctor import names
from tallybridge.desk.doctor.check import Check, State, named
from tallybridge.desk.doctor.preferences import preference_checks
from tallybridge.desk.doctor.role import role_check
from tallybridge.errors import Refused
from tallybridge.field_names import LOGICAL_NAMES
from tallybridge.fields import Wanted, wanted
from tallybridge.fields.netsuite import FIELDS, KIND_OF, LISTS, NETSUITE, NETSUITE_LINES, OF_A_FEATURE, TEXT, TYPES, prefix_of, script_id_of
from tallybridge.fields.netsuite_role import PERMISSIONS
from tallybridge.netsuite import NetSuite, RecordSchema
from tallybridge.settings import NumberMapping, Settings
from tallybridge.steps.shared.reference import PERIODS, Reference
from tallybridge.tasks.steps import steps_to_run

AREA = "NetSuite"
MISSING_NEXT = (
    "`tallybridge setup netsuite` writes what is missing as a project to deploy; show the field on the preferred form. Or name the script "
    "id of one that is there in the setting field_map."
)
TYPE_NEXT = "Make the field anew with the right type, and name its script id in the setting field_map if that differs."
PERIODS_AHEAD = timedelta(days=365)
"""How far revenue schedules usually reach."""
HANDFUL = 3
"""Missing fields that are named in full sentences."""


def login(netsuite: NetSuite) -> Check:
    """Log in and ask for NetSuite's clock."""
    return Check(AREA, "login", State.OK, f"its clock says {netsuite.server_time():%Y-%m-%d %H:%M} UTC")


def checks(netsuite: NetSuite, settings: Settings, mode: str) -> Iterator[Check]:
    """Everything about NetSuite that a tenant of this mode needs."""
    running = {step for step, runs in steps_to_run(settings, mode).items() if runs}
    yield concurrency_check(netsuite, settings)
    schemas: dict[str, RecordSchema] = {}
    for record_type, needs in NETSUITE.items():
        fields = list(wanted(needs, running, mode))
        lines = list(wanted(NETSUITE_LINES.get(record_type, ()), running, mode))
        yield record_check(netsuite, record_type, fields, lines, settings.field_map, schemas)
    yield sourced_check(netsuite, schemas, settings.field_map, running)
    if any(n.runs(running) for n in NETSUITE["customer"]):
        yield from list_checks(netsuite)
    yield role_check(netsuite, settings, running)
    yield deletions_check(netsuite)
    yield field_map_check(settings)
    yield from names.name_checks(netsuite, settings)
    yield from names.id_checks(netsuite, settings)
    yield from period_checks(netsuite, settings)
    yield from preference_checks(netsuite, settings, running, netsuite.server_time().date())
    yield from hints(settings, running, mode)


def concurrency_check(netsuite: NetSuite, settings: Settings) -> Check:
    """Whether NetSuite answers so many calls at a time as the settings let through."""
    name, wanted_calls = "concurrency", settings.netsuite_max_concurrency
    try:
        limits = netsuite.governance_limits()
    except Refused:
        return Check(AREA, name, State.OK, f"up to {wanted_calls} calls at a time; only administrators may read the account's limit")
    most = limits.integration if limits.integration is not None else limits.account
    if wanted_calls > most:
        detail = f"netsuite_max_concurrency is {wanted_calls}, but NetSuite answers {most} calls at a time"
        return Check(AREA, name, State.WARN, detail, f"Set netsuite_max_concurrency to {max(1, most - 1)} or less.")
    if wanted_calls == limits.account and limits.integration is None:
        return Check(
            AREA, name, State.OK, f"up to {wanted_calls} of {most} calls at a time; nothing is left for other integrations meanwhile"
        )
    return Check(AREA, name, State.OK, f"up to {wanted_calls} of {most} calls at a time")


def record_check(
    netsuite: NetSuite,
    record_type: str,
    fields: Collection[Wanted],
    lines: Collection[Wanted],
    overrides: Mapping[str, str],
    schemas: dict[str, RecordSchema],
) -> Check:
    """One record type: whether the role may use it, and its fields. What the account says of it is put into `schemas`."""
    try:
        schema = schemas[record_type] = netsuite.metadata(record_type)
    except Refused as refused:
        needed = any(f.running for f in fields)
        title = f"fields of {record_type}"
        if record_type in OF_A_FEATURE and refused.status != 403:
            text = f"the account has no {record_type}; Item Type {OF_A_FEATURE[record_type]} cannot be used"
            return Check(AREA, title, State.NOTE, text)
        text = f"NetSuite does not show {record_type} to the role: {refused.message}"
        next_step = f"Give the role the permission {PERMISSIONS[record_type]}." if needed else ""
        return Check(AREA, title, State.FAIL if needed else State.NOTE, text, next_step)
    return fields_check(record_type, fields, lines, schema, overrides)


def fields_check(
    record_type: str, fields: Collection[Wanted], lines: Collection[Wanted], schema: RecordSchema, overrides: Mapping[str, str]
) -> Check:
    """Whether a record type has the fields, by the field map, else by label, else by derived script id, and whether their type is right."""
    title = f"fields of {record_type}"
    missing: list[tuple[Wanted, str]] = []
    wrong: list[str] = []
    for group, prefix, known in (
        (fields, prefix_of(record_type), schema.fields),
        (lines, "custcol", schema.sublists.get("item", {})),
    ):
        where = "line " if prefix == "custcol" else ""
        for field in group:
            script_id = script_id_of(prefix, field.label, known, overrides)
            found = known.get(script_id)
            if found is None:
                missing.append((field, f'NetSuite {record_type} is missing {where}field "{field.label}" ({script_id}).'))
            elif field.running and found.type not in TYPES[KIND_OF.get(field.label, TEXT)]:
                kind = KIND_OF.get(field.label, TEXT)
                wrong.append(f'NetSuite {record_type} {where}field "{field.label}" ({script_id}) is {found.type}, not {kind}.')
    if missing:
        return _missing(title, missing)
    if wrong:
        return Check(AREA, title, State.WARN, " ".join(wrong), TYPE_NEXT)
    return Check(AREA, title, State.OK, f"{len(fields) + len(lines)} fields")


def _missing(title: str, missing: list[tuple[Wanted, str]]) -> Check:
    vital = [m for m in missing if m[0].running and m[0].vital]
    useful = [m for m in missing if m[0].running]
    state = State.FAIL if vital else State.WARN if useful else State.NOTE
    told = vital or useful or missing
    text = " ".join(sentence for _, sentence in told[:HANDFUL])
    if len(told) > HANDFUL:
        text += f" And {named([f.label for f, _ in told[HANDFUL:]])}."
    return Check(
        AREA, title, state, text, MISSING_NEXT if state is not State.NOTE else "Nothing now: only steps that are switched off use them."
    )


def sourced_check(netsuite: NetSuite, schemas: Mapping[str, RecordSchema], overrides: Mapping[str, str], running: Collection[str]) -> Check:
    """Whether queries know the fields that NetSuite fills from another record: it may show a field and not store it."""
    title, unknown = "sourced fields", {}
    for field in (field for field in FIELDS if field.source):
        table = "transactionline" if field.prefix == "custcol" else "transaction"
        for record_type in {use.record for use in field.uses if use.step in running} & schemas.keys():
            schema = schemas[record_type]
            known = schema.sublists.get("item", {}) if field.prefix == "custcol" else schema.fields
            script_id = script_id_of(field.prefix, field.label, known, overrides)
            if script_id in known and not _queried(netsuite, table, script_id):
                unknown[field.label] = script_id
    if unknown:
        listed = ", ".join(f"{label} ({script_id})" for label, script_id in sorted(unknown.items()))
        text = f"records show {listed}, and queries do not know it: steps that read it stop"
        return Check(AREA, title, State.FAIL, text, "Tick Store Value on the field's screen in NetSuite.")
    return Check(AREA, title, State.OK, "queries know those that records show")


def _queried(netsuite: NetSuite, table: str, script_id: str) -> bool:
    try:
        list(netsuite.suiteql(f"SELECT t.{script_id} FROM {table} t WHERE t.id = 0"))
    except Refused:
        return False
    return True


def list_checks(netsuite: NetSuite) -> Iterator[Check]:
    """Whether the custom lists have their values (custom-fields.md section 3)."""
    for label, (table, values) in LISTS.items():
        title = f"list of {label}"
        try:
            found = {row.get("name", "") for row in netsuite.suiteql(f"SELECT id, name FROM {table}")}
        except Refused:
            yield Check(AREA, title, State.OK, f"not compared: SuiteQL does not show {table}; it needs {values[0]} to {values[-1]}")
            continue
        missing = [value for value in values if value not in found]
        if missing:
            text = f"NetSuite list {table} is missing {named(missing)}"
            yield Check(AREA, title, State.WARN, text, "Add the values; customers that have them are refused until then.")
        else:
            yield Check(AREA, title, State.OK, f"{len(values)} values")


def deletions_check(netsuite: NetSuite) -> Check:
    """Whether the role may ask what was deleted, so that each run can tell it (`DRIFT-DELETIONS`)."""
    try:
        list(netsuite.suiteql("SELECT d.recordid FROM deletedrecord d WHERE d.recordid = 0"))
    except Refused:
        text = "the role may not ask what was deleted; nobody is told when a synced record is deleted in NetSuite"
        return Check(AREA, "deleted records", State.WARN, text, "Give the role the permission Deleted Records (Setup).")
    return Check(AREA, "deleted records", State.OK, "the role may ask what was deleted")


def field_map_check(settings: Settings) -> Check:
    """Whether every logical name in the field map is one that the connector uses."""
    unknown = sorted(set(settings.field_map) - LOGICAL_NAMES)
    if unknown:
        text = f"field_map names {named(unknown)}, which the connector does not use"
        return Check(AREA, "field_map", State.WARN, text, 'Names are prefix and label, such as "custbody.Zuora ID".')
    return Check(AREA, "field_map", State.OK, f"{len(settings.field_map)} entries")


def period_checks(netsuite: NetSuite, settings: Settings) -> Iterator[Check]:
    """Whether today can be posted to, and whether periods reach as far as revenue schedules."""
    today = netsuite.server_time().date()
    periods = Reference(periods=list(netsuite.suiteql(PERIODS)))
    period = periods.period_of(today.isoformat())
    if period is None:
        text = f"NetSuite has no accounting period for {today}"
        yield Check(AREA, "accounting period", State.WARN, text, "Set up the fiscal year; documents of today are refused until then.")
    elif periods.is_closed(today.isoformat()):
        text = f'the accounting period "{period["periodname"]}" is closed or locked for receivables'
        next_step = "Open it, or say in the setting closed_period what becomes of its documents."
        yield Check(AREA, "accounting period", State.WARN, text, next_step)
    else:
        yield Check(AREA, "accounting period", State.OK, f'"{period["periodname"]}" is open')
    last = max((p["last"] for p in periods.periods), default="")
    if settings.netsuite_use_revenue_recognition and last < (today + PERIODS_AHEAD).isoformat():
        text = f"accounting periods end on {last or 'no day'}; longer revenue schedules are refused (NS-INSUFCNT_NUM_PRDS_FOR_REV_REC)"
        yield Check(AREA, "periods for revenue", State.WARN, text, "Create accounting periods as far as your revenue schedules reach.")


def hints(settings: Settings, running: Collection[str], mode: str) -> Iterator[Check]:
    """What cannot be asked of NetSuite but must be so (settings.md section 2.3)."""
    numbers = "Setup > Company > Auto-Generated Numbers"
    if settings.customer_account_number_mapping is not NumberMapping.AUTO and settings.customer_account_master == "Zuora":
        next_step = f"Make sure that Allow Override is on for customers ({numbers})."
        yield Check(AREA, "customer numbers", State.OK, "Zuora numbers or names are used for customers", next_step)
    if settings.netsuite_subsidiaries and not settings.default_subsidiary:
        detail = "accounts and charges without a subsidiary of their own are held"
        next_step = "Set default_subsidiary, or fill Subsidiary on every account and charge."
        yield Check(AREA, "default_subsidiary", State.WARN, detail, next_step)
    if mode == "B" and "netsuite_payments" in running:
        detail = "NetSuite payments whose Zuora Sync Updates is empty are not sent"
        yield Check(AREA, "Zuora Sync Updates", State.NOTE, detail, "Give the field the default Yes in NetSuite.")
    if settings.netsuite_max_concurrency > 1 and settings.custom_field_sync_enabled and not settings.custom_fields_inline:
        detail = "mapped custom fields are copied one record after the other beside the parallel writes"
        yield Check(AREA, "custom field sync", State.NOTE, detail, "Set custom_fields_inline to Yes to send them with the record itself.")
