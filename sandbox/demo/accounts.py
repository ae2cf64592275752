"""The accounts: twelve with a story, and as many plain ones as are asked for, each with contacts, payment method and subscription."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.demo.ids import zuora_id
from sandbox.demo.tenant import Objects

FIRST_ACCOUNT = 1001
US, EUROPE = "Parent Company : US Operations", "Parent Company : Europe Operations"


@dataclass(frozen=True)
class Profile:
    """One account. `buys` are charge keys with quantities; `regime` its taxes; `pays_by` the type of its payment method."""

    name: str
    currency: str
    term: str
    regime: str
    subsidiary: str
    person: tuple[str, str]
    place: tuple[str, str, str, str, str]
    pays_by: str
    buys: tuple[tuple[str, int], ...]
    parent: int = 0
    discount: int = 0
    synced: bool = True
    individual: bool = False
    sold_to: tuple[str, str] = ("", "")
    classified: tuple[str, str, str] = ("", "", "")
    """Class, department, location."""


SMALL, MIDDLE = (("platform", 1), ("licences", 8)), (("platform", 1), ("licences", 35), ("calls", 0))
LARGE = (("annual", 1), ("licences", 120), ("calls", 0), ("support", 1))
AUSTIN = ("4100 Guadalupe Street", "Austin", "TX", "78751", "United States")
HOUSTON = ("77 Harbour Court, Suite 900", "Houston", "TX", "77002", "United States")
STORIES = (
    Profile("Brightwater Analytics Inc.", "USD", "Net 30", "US", US, ("Dana", "Whitfield"), AUSTIN, "ACH", LARGE, discount=10,
            sold_to=("Marcus", "Oyelaran"), classified=("Software", "Sales : Field Sales", "Americas : North America : Eastern")),
    Profile("Brightwater Analytics (West)", "USD", "Net 30", "US", US, ("Lena", "Castellano"), HOUSTON, "ACH", SMALL, parent=1),
    Profile("Müller & Söhne GmbH", "EUR", "Net 30", "DE", EUROPE, ("Jürgen", "Müller"),
            ("Lindenstraße 14", "Düsseldorf", "", "40213", "Germany"), "WireTransfer", (*MIDDLE, ("connector", 6)),
            classified=("Software", "Sales", "Europe")),
    Profile('O\'Hara, Finch & "Partners" LLP', "USD", "Net 15", "US", US, ("Siobhan", "O'Hara"), HOUSTON, "CreditCard",
            (*SMALL, ("gateway", 2))),
    Profile("Caldwell Instruments Ltd", "GBP", "Net 45", "GB", EUROPE, ("Priya", "Raman"),
            ("Unit 5, Wharf Lane", "Leeds", "", "LS1 4AP", "United Kingdom"), "WireTransfer", (*MIDDLE, ("gateway", 3))),
    Profile("Hoshino Seiki K.K.", "JPY", "Net 60", "JP", "Parent Company", ("Haruka", "Hoshino"),
            ("2-7-4 Kanda", "Tokyo", "", "101-0044", "Japan"), "WireTransfer", (("platform", 1), ("licences", 60))),
    Profile("Éclairage du Rhône S.A.S.", "EUR", "Net 45", "FR", EUROPE, ("Benoît", "Lefèvre"),
            ("12, quai Saint-Antoine", "Lyon", "", "69002", "France"), "Check", (*SMALL, ("support", 1)), discount=5),
    Profile("International Consortium for Inland Navigation and Intermodal Freight e.V.", "EUR", "Net 60", "DE", EUROPE,
            ("Anneliese", "Freifrau von Hohenberg-Lichtenfels"), ("Am Kai 3", "Passau", "", "94032", "Germany"), "ACH", MIDDLE),
    Profile("Ingrid Ostergaard-Lindqvist", "USD", "Due Upon Receipt", "US", US, ("Ingrid", "Ostergaard-Lindqvist"), AUSTIN, "PayPal",
            (("connector", 2),), individual=True),
    Profile("Pinecrest County School District", "USD", "Net 60", "US exempt", US, ("Walter", "Nakamura"),
            ("1 Education Way", "Pinecrest", "TX", "79901", "United States"), "Check", (*SMALL, ("training", 2)),
            classified=("", "Sales", "Americas : North America")),
    Profile("Halden Robotics AS", "EUR", "Net 37", "DE", EUROPE, ("Sigrid", "Haldorsen"),
            ("Havnegata 9", "Bremen", "", "28195", "Germany"), "ACH", SMALL),
    Profile("Northgate Pilot (internal)", "USD", "Net 30", "US", US, ("Avery", "Stone"), AUSTIN, "Other", SMALL, synced=False),
)  # fmt: skip
UNKNOWN_TERM, NOT_SYNCED = 11, 12
"""Positions of the account with a payment term that NetSuite lacks, and of the one that is not to be synced."""
BANK_TRANSFER = "BankTransfer"
"""A type of payment method that NetSuite has no method for."""

FIRST_WORDS = ["Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Ivory", "Juniper", "Kestrel", "Lumen"]
LAST_WORDS = ["Foods", "Logistics", "Media", "Networks", "Optics", "Packaging", "Robotics", "Solar", "Textiles", "Tools", "Works"]
GIVEN = ["Alice", "Bruno", "Chloe", "David", "Elena", "Farid", "Grace", "Hugo", "Iris", "Jonas"]
FAMILY = ["Abbott", "Brandt", "Costa", "Duval", "Ekström", "Fischer", "Grant", "Haas", "Iversen", "Jansen"]


def profiles(count: int, chance: Random) -> list[Profile]:
    """The stories first, then plain accounts in their likeness."""
    made = [_plain(n, chance) for n in range(len(STORIES) + 1, count + 1)]
    return [*STORIES[:count], *made]


def _plain(n: int, chance: Random) -> Profile:
    like = STORIES[chance.choice((1, 2, 4, 5, 6))]
    name = f"{chance.choice(FIRST_WORDS)} {chance.choice(LAST_WORDS)} {n}"
    return Profile(name, like.currency, like.term, like.regime, like.subsidiary, (chance.choice(GIVEN), chance.choice(FAMILY)),
                   like.place, like.pays_by, chance.choice((SMALL, MIDDLE)), discount=chance.choice((0, 0, 5, 10)))  # fmt: skip


def account_number(n: int) -> str:
    """A00001001 for the first account."""
    return f"A{FIRST_ACCOUNT + n - 1:08d}"


def tenant_methods(accounts: int) -> dict[str, int]:
    """Positions of the payment methods that belong to no account, by type."""
    return {BANK_TRANSFER: accounts + 1, "Check": accounts + 2}


def zuora_accounts(chosen: list[Profile]) -> Objects:
    """Accounts, contacts and payment methods: one of each account, and two of the whole tenant."""
    methods = [_method(n, p) for n, p in enumerate(chosen, 1)]
    methods += [{"Id": zuora_id("PaymentMethod", n), "Type": kind} for kind, n in tenant_methods(len(chosen)).items()]
    return {
        "Account": [_account(n, p) for n, p in enumerate(chosen, 1)],
        "Contact": [c for n, p in enumerate(chosen, 1) for c in _contacts(n, p)],
        "PaymentMethod": methods,
    }


def _account(n: int, p: Profile) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Id": zuora_id("Account", n),
        "AccountNumber": account_number(n),
        "Name": p.name,
        "Currency": p.currency,
        "PaymentTerm": p.term,
        "Status": "Active",
        "ParentId": zuora_id("Account", p.parent) if p.parent else "",
        "BillToId": zuora_id("Contact", 2 * n - 1),
        "SoldToId": zuora_id("Contact", 2 * n if p.sold_to[1] else 2 * n - 1),
        "DefaultPaymentMethodId": zuora_id("PaymentMethod", n),
        "AutoPay": p.pays_by in ("ACH", "CreditCard"),
        "Batch": f"Batch{1 + n % 3}",
        "BillCycleDay": 1,
        "CrmId": f"CRM-{4000 + n}",
        "SalesRepName": GIVEN[n % len(GIVEN)] + " " + FAMILY[n * 3 % len(FAMILY)],
        "PurchaseOrderNumber": f"PO-{26000 + 7 * n}" if n % 3 == 0 else "",
        "TaxExemptStatus": "Yes" if "exempt" in p.regime else "No",
        "TaxExemptCertificateID": "TX-GOV-2291" if "exempt" in p.regime else "",
        "CreatedDate": "2025-09-01T08:00:00Z",
        "Subsidiary__NS": p.subsidiary,
        "CustomerType__NS": "Individual" if p.individual else "Company",
        "Class__NS": p.classified[0],
        "Department__NS": p.classified[1],
        "Location__NS": p.classified[2],
        "SynctoNetSuite__NS": "Yes" if p.synced else "No",
    }
    return {k: v for k, v in row.items() if v != ""}


ODD = 9
ODD_CONTACT = {
    "WorkPhone": "+49 221 5550 / +49 221 5550 199 (switchboard)"[:40],
    "WorkEmail": "ap@example.com, billing@example.com",
    "Fax": "n/a",
}
"""Of one account: what NetSuite does not take as it is; the customer arrives all the same, with remarks."""


def _contacts(n: int, p: Profile) -> Iterator[dict[str, Any]]:
    for contact, person in ((2 * n - 1, p.person), (2 * n, p.sold_to)):
        if person[1]:
            street, city, state, code, country = p.place
            row = {
                "Id": zuora_id("Contact", contact),
                "AccountId": zuora_id("Account", n),
                "FirstName": person[0],
                "LastName": person[1],
                "WorkEmail": f"billing{contact}@example.com",
                "WorkPhone": f"+1 512 555 01{contact % 100:02d}",
                "Address1": street,
                "City": city,
                "State": state,
                "PostalCode": code,
                "Country": country,
                **(ODD_CONTACT if n == ODD else {}),
            }
            yield {k: v for k, v in row.items() if v != ""}


def _method(n: int, p: Profile) -> dict[str, Any]:
    row: dict[str, Any] = {"Id": zuora_id("PaymentMethod", n), "AccountId": zuora_id("Account", n), "Type": p.pays_by}
    if p.pays_by == "CreditCard":
        row |= {"CreditCardType": "Visa", "CreditCardMaskNumber": "************1111", "CreditCardExpirationMonth": 8}
        row["CreditCardExpirationYear"] = 2029
    return row
