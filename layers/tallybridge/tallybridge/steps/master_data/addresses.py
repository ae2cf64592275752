"""The two address book lines of a customer (customer-accounts.md 2.5): Zuora's bill-to and sold-to contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallybridge.settings import Settings
from tallybridge.steps.master_data.countries import country_code, state_key
from tallybridge.steps.shared.mapping import Body, Mapped, filled, same
from tallybridge.steps.shared.reference import Reference

BILL_TO, SOLD_TO = "Zuora Bill To Address", "Zuora Sold To Address"
SUBLIST = "addressBook"


@dataclass(frozen=True)
class Postal:
    """What one line is made of."""

    account: Mapping[str, Any]
    contact: Mapping[str, Any]
    individual: bool
    settings: Settings

    @property
    def person(self) -> str:
        return full_name(self.contact)

    @property
    def with_company(self) -> bool:
        return self.settings.address_style == "company" and not self.individual

    @property
    def code(self) -> str | None:
        return country_code(self.contact.get("Country"))


def full_name(contact: Mapping[str, Any]) -> str:
    """First and last name of a contact."""
    return " ".join(str(contact[n]).strip() for n in ("FirstName", "LastName") if contact.get(n))


def _state(p: Postal) -> Any:
    return p.contact.get("State") if p.code == "US" or p.settings.send_state_all_countries else None


ROWS: tuple[Mapped[Postal], ...] = (
    Mapped("Account.Name / contact name", "addressee", "CU", lambda p: p.account.get("Name") if p.with_company else p.person),
    Mapped("contact name", "attention", "CU", lambda p: p.person if p.with_company else None),
    Mapped("Address1", "addr1", "CU", lambda p: p.contact.get("Address1")),
    Mapped("Address2", "addr2", "CU", lambda p: p.contact.get("Address2")),
    Mapped("City", "city", "CU", lambda p: p.contact.get("City")),
    Mapped("State", "state", "CU", _state),
    Mapped("PostalCode", "zip", "CU", lambda p: p.contact.get("PostalCode")),
    Mapped("Country", "country", "CU", lambda p: {"id": p.code} if p.code else None),
    Mapped("WorkPhone", "addrPhone", "CU", lambda p: p.contact.get("WorkPhone")),
)


def address_line(label: str, postal: Postal) -> Body:
    """One line of the address book; `label` is `BILL_TO` or `SOLD_TO`."""
    address = filled(ROWS, "C", postal, Reference(), "customer")
    return {"defaultBilling": label == BILL_TO, "defaultShipping": label == SOLD_TO, "label": label, "addressBookAddress": address}


def address_book(bill_to: Postal, sold_to: Postal) -> Body:
    """The sublist with both lines."""
    return {"items": [address_line(BILL_TO, bill_to), address_line(SOLD_TO, sold_to)]}


def is_current(book: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Whether NetSuite's address book (as read, expanded) has both lines with all their values. Other lines, and which line is the
    default, are the users' own as long as no contact changes."""
    lines = {line.get("label"): line.get("addressBookAddress") or {} for line in (held.get(SUBLIST) or {}).get("items") or ()}
    return all(line["label"] in lines and _agrees(line["addressBookAddress"], lines[line["label"]]) for line in book["items"])


def _agrees(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    return all(
        state_key(value) == state_key(str(held.get(name) or "")) if name == "state" else same(value, held.get(name))
        for name, value in wanted.items()
    )
