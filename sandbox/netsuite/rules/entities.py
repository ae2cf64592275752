"""Customers, projects, contacts, employees and vendors."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite.exceptions import entity_exists, please_enter, user_error
from sandbox.netsuite.rules import headers
from sandbox.netsuite.rules.context import Write
from sandbox.netsuite.store import names_of

CLOSED_WON = 13


def finish_customer(w: Write) -> None:
    """Rules of a customer."""
    w.default("isPerson", False)
    w.default("isInactive", False)
    w.default("entityStatus", CLOSED_WON)
    missing = [] if w.values.get("companyName") or w.values["isPerson"] else ["Company Name"]
    if w.values["isPerson"]:
        missing += [label for name, label in (("firstName", "First Name"), ("lastName", "Last Name")) if not w.values.get(name)]
    if w.one_world and not w.values.get("subsidiary"):
        missing.append("Subsidiary")
    if missing:
        raise please_enter(missing)
    _fixed(w)
    _number(w, "CUST")
    _currencies(w)
    if w.values.get("parent") == w.record.id:
        raise user_error("A customer cannot be its own parent.", "parent")
    _addresses(w)
    check_unique_name(w)
    headers.stamp(w)


def _fixed(w: Write) -> None:
    used = w.old is not None and bool(w.store.of_customer.get(w.record.id))
    for name, label in (("subsidiary", "subsidiary"), ("currency", "currency")):
        if w.changed(name) and used:
            raise user_error(f"The {label} of a customer with transactions cannot be changed.", name)
    if w.changed("isPerson"):
        raise user_error("The type of a customer (individual or company) cannot be changed.", "isPerson")


def _number(w: Write, prefix: str) -> None:
    if w.numbers_may_be_given and w.values.get("entityId"):
        return
    if w.old is not None:
        w.values["entityId"] = w.old.values["entityId"]
    else:
        w.values["entityId"] = f"{prefix}{w.record.id}"


def _currencies(w: Write) -> None:
    if not w.tenant.options.multiple_currencies:
        w.values["currency"] = w.tenant.base_currency()
        return
    subsidiary = w.store.get("subsidiary", w.values["subsidiary"]) if w.values.get("subsidiary") else None
    w.default("currency", subsidiary.values["currency"] if subsidiary else w.tenant.base_currency())
    lines = w.record.lines.setdefault("currencyList", [])
    if all(line["currency"] != w.values["currency"] for line in lines):
        lines.append({"currency": w.values["currency"]})


def _addresses(w: Write) -> None:
    lines = w.record.lines.get("addressBook", [])
    for line in lines:
        if not line.get("addressBookAddress"):
            raise please_enter(["Address"])
        line["addressBookAddress"]["addrText"] = address_text(line["addressBookAddress"])
        line.setdefault("internalId", line["id"])
    for flag in ("defaultBilling", "defaultShipping"):
        chosen = [line for line in lines if line.get(flag)]
        for line in chosen[:-1]:
            line[flag] = False


def address_text(address: dict[str, Any]) -> str:
    """An address as it is printed."""
    place = " ".join(str(address[n]) for n in ("city", "state", "zip") if address.get(n))
    parts = [address.get(n) for n in ("attention", "addressee", "addr1", "addr2", "addr3")]
    return "\n".join(str(p) for p in [*parts, place, address.get("country")] if p)


def check_unique_name(w: Write) -> None:
    """No other entity of the type has this name."""
    if any(w.store.names.get(name, set()) - {w.record.id} for name in names_of(w.record)):
        raise entity_exists()


def finish_contact(w: Write) -> None:
    """Rules of a contact."""
    w.default("isInactive", False)
    company = w.store.get("entity", w.values["company"]) if w.values.get("company") else None
    if w.one_world and company:
        w.default("subsidiary", company.values.get("subsidiary"))
    full = " ".join(str(w.values[n]) for n in ("firstName", "middleName", "lastName") if w.values.get(n))
    w.default("entityId", full or None)
    headers.check_required(w)
    _addresses(w)
    check_unique_name(w)
    headers.stamp(w)


def finish_employee(w: Write) -> None:
    """Rules of an employee: a person, named by first and last name."""
    missing = [label for name, label in (("firstName", "First Name"), ("lastName", "Last Name")) if not w.values.get(name)]
    if missing:
        raise please_enter(missing)
    w.default("entityId", f"{w.values['firstName']} {w.values['lastName']}")
    _finish_other(w)


def finish_vendor(w: Write) -> None:
    """Rules of a vendor: a company, or a person."""
    w.default("isPerson", False)
    names = ("firstName", "lastName") if w.values["isPerson"] else ("companyName",)
    missing = [w.record.type.fields[name.lower()].label for name in names if not w.values.get(name)]
    if missing:
        raise please_enter(missing)
    w.default("entityId", " ".join(str(w.values[name]) for name in names))
    _finish_other(w)


def _finish_other(w: Write) -> None:
    w.default("isInactive", False)
    headers.check_required(w)
    check_unique_name(w)
    headers.stamp(w)


def finish_job(w: Write) -> None:
    """Rules of a project."""
    w.default("isInactive", False)
    w.default("customer", w.values.get("parent"))
    customer = w.store.get("entity", w.values["customer"]) if w.values.get("customer") else None
    if w.one_world and customer:
        w.default("subsidiary", customer.values.get("subsidiary"))
    w.default("entityId", w.values.get("companyName"))
    headers.check_required(w)
    check_unique_name(w)
    headers.stamp(w)
