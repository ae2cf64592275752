"""Items and reference data."""

from __future__ import annotations

from decimal import Decimal

from sandbox.netsuite.exceptions import invalid_value, item_exists, please_enter, record_exists, user_error
from sandbox.netsuite.rules import headers
from sandbox.netsuite.rules.context import Write
from sandbox.netsuite.rules.sales import ITEM_TYPES
from sandbox.netsuite.store import Record, names_of

INCOME_TYPES = ("Income", "OthIncome")
DEFERRAL_TYPES = ("DeferRevenue", "OthCurrLiab")
LEVELS = " : "
MAX_LEVELS = 20


def finish_item(w: Write) -> None:
    """Rules of an item of any type."""
    w.default("isInactive", False)
    if w.creating and not w.loading:
        _wanted(w)
    if w.creating and not w.was_there_before and "incomeAccount" not in w.given and w.record.type.name != "discountItem":
        w.default("incomeAccount", w.tenant.default_income_account())
    w.default("includeChildren", False)
    headers.check_required(w)
    _account(w, "incomeAccount", INCOME_TYPES)
    _account(w, "deferredRevenueAccount", DEFERRAL_TYPES)
    if w.values.get("revRecSchedule") and not w.values.get("deferredRevenueAccount"):
        raise please_enter(["Deferred Revenue Account"])
    if any(w.store.names.get(name, set()) - {w.record.id} for name in names_of(w.record)):
        raise item_exists()
    if w.record.type.name == "inventoryItem" and w.creating:
        w.default("assetAccount", next((a.id for a in w.store.all("account") if a.values["acctType"] == "OthCurrAsset"), None))
    w.values["itemType"] = ITEM_TYPES[w.record.type.name]
    w.values["internalId"] = w.record.id
    w.values["fullName"] = _full_name(w, "item", str(w.values["itemId"]))
    _check_prices(w)
    headers.stamp(w)


def _wanted(w: Write) -> None:
    """What some accounts want of new items."""
    habits = w.tenant.options.habits
    if habits.tax_schedule_required and not w.values.get("taxSchedule"):
        raise please_enter(["Tax Schedule"])
    if "incomeAccount" in w.given and not w.values.get("incomeAccount"):
        if habits.null_income_account == "refused":
            raise please_enter(["Income Account"])
        if habits.null_income_account == "default":
            w.default("incomeAccount", w.tenant.default_income_account())


def _account(w: Write, name: str, types: tuple[str, ...]) -> None:
    account = w.store.get("account", w.values[name]) if w.values.get(name) else None
    if account is None or not (w.creating or w.changed(name)):
        return
    if account.values["acctType"] not in types or account.values.get("isInactive"):
        raise invalid_value(account.id, name, name)


def _check_prices(w: Write) -> None:
    for position, line in enumerate(w.record.lines.get("price", ())):
        if line["price"] < 0:
            raise invalid_value(line["price"], "price", f"price.items[{position}].price")


def _full_name(w: Write, group: str, name: str) -> str:
    """The name with those of all parents before it."""
    parts, parent = [name], w.values.get("parent")
    for _ in range(MAX_LEVELS):
        record = w.unit.get(group, parent) if parent else None
        if record is None:
            return LEVELS.join(reversed(parts))
        if record.id == w.record.id:
            raise user_error("A record cannot be its own parent.", "parent")
        parts.append(str(record.values[record.type.name_field]))
        parent = record.values.get("parent")
    raise user_error(f"Records can be nested in at most {MAX_LEVELS} levels.", "parent")


def finish_list_record(w: Write) -> None:
    """Rules of reference data: required fields, unique names and codes, full names of nested records."""
    kind = w.record.type.name
    if "isinactive" in w.record.type.fields:
        w.default("isInactive", False)
    if kind == "account" and w.one_world and not w.values.get("subsidiary"):
        w.values["subsidiary"] = tuple(s.id for s in w.store.all("subsidiary") if not s.values.get("parent"))
        w.values["includeChildren"] = True
    if kind == "currency":
        _currency(w)
    headers.check_required(w)
    if "fullname" in w.record.type.fields:
        name_field = w.record.type.name_field
        w.values["fullName"] = _full_name(w, kind, str(w.values[name_field]))
        if w.changed(name_field) or w.changed("parent"):
            _rename_children(w, w.record)
    if kind == "account":
        number = w.values.get("acctNumber")
        shown = f"{number} {w.values['fullName']}" if number else w.values["fullName"]
        w.values.update(accountSearchDisplayName=shown, displayNameWithHierarchy=w.values["fullName"])
    if kind == "salesTaxItem":
        w.values["name"] = w.values["itemId"]
    if kind == "accountingPeriod" and w.values["endDate"] < w.values["startDate"]:
        raise invalid_value(w.values["endDate"], "endDate", "endDate")
    _check_unique(w)
    headers.stamp(w)


def _currency(w: Write) -> None:
    w.default("exchangeRate", Decimal(1))
    w.default("currencyPrecision", 2)
    w.default("isBaseCurrency", not w.store.groups["currency"] or w.store.groups["currency"].keys() == {w.record.id})
    symbol = w.values.get("symbol")
    if symbol and any(c.values["symbol"] == symbol and c.id != w.record.id for c in w.store.all("currency")):
        raise record_exists()


def _check_unique(w: Write) -> None:
    """No other active record of the list has this name at this level."""
    name = w.record.type.name_field
    unique = "acctNumber" if w.record.type.name == "account" else name
    mine = (w.values.get(unique), w.values.get("parent") if unique == name else None)
    if mine[0] is None or not (w.creating or w.changed(unique) or w.changed("parent")):
        return
    for other in w.store.groups[w.record.type.group].values():
        if other.values.get(unique) != mine[0] or other.id == w.record.id or other.values.get("isInactive"):
            continue
        if other.type.name != w.record.type.name:
            continue
        if unique != name or other.values.get("parent") == mine[1]:
            raise record_exists()


def _rename_children(w: Write, parent: Record) -> None:
    for record in list(w.store.all(parent.type.name)):
        if record.values.get("parent") == parent.id and record.id != parent.id:
            child = w.unit.edit(parent.type.group, record.id)
            child.values["fullName"] = parent.values["fullName"] + LEVELS + str(child.values[child.type.name_field])
            _rename_children(w, child)
