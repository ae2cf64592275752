"""Customers that were entered in NetSuite and are to be sent to Zuora; looked at only where NetSuite is the master of customers."""

from __future__ import annotations

from typing import Any

from sandbox.demo.books import Chapter
from sandbox.demo.tenant import FROM_NETSUITE, Planted

FIRST_CUSTOMER = 911
Row = dict[str, Any]


def flagged_customers() -> Chapter:
    """A company with a subsidiary of its own kind below it, an individual, and two that lack something."""
    chapter = Chapter()
    company = netsuite_customer(0, "Larkspur Freight Inc.", ("Nadia Okafor", "900 Congress Avenue", "Austin", "TX", "78701", "US"))
    child = netsuite_customer(1, "Larkspur Freight (Gulf)", ("Nadia Okafor", "12 Pier Road", "Houston", "TX", "77002", "US"))
    child["parent"] = {"id": str(FIRST_CUSTOMER)}
    person = netsuite_customer(2, "", ("Tomasz Wieczorek", "Rathausplatz 2", "Passau", "", "94032", "DE"), currency="EUR")
    person |= {"isPerson": True, "firstName": "Tomasz", "lastName": "Wieczorek", "subsidiary": {"id": "3"}}
    no_batch = netsuite_customer(3, "Marlow Print Works", ("Edith Marlow", "5 Mill Lane", "Leeds", "", "LS1 4AP", "GB"), currency="GBP")
    del no_batch["custentityzuorabatch"]
    nowhere = netsuite_customer(4, "Quillfeather Press", None)
    not_yet = netsuite_customer(5, "Undecided Holdings", None)
    not_yet["custentitysendtozuora"] = False
    chapter.add({"customer": [company, child, person, no_batch, nowhere, not_yet]})
    for place, code, wrong in ((3, "NSCUS-W4", "Nobody chose its batch."), (4, "NSCUS-W6", "It has no address.")):
        chapter.planted.append(Planted("customer", customer_number(place), "held", wrong, "", code, FROM_NETSUITE))
    return chapter


def customer_number(place: int) -> str:
    """NC-3001 for the first customer."""
    return f"NC-{3001 + place}"


def netsuite_customer(place: int, name: str, address: tuple[str, str, str, str, str, str] | None, currency: str = "USD") -> Row:
    """A customer to be sent to Zuora. `address`: addressee, street, city, state, postal code, country."""
    subsidiary = {"USD": "2", "EUR": "3", "GBP": "3"}[currency]
    row: Row = {
        "id": FIRST_CUSTOMER + place,
        "entityId": customer_number(place),
        "companyName": name,
        "subsidiary": {"id": subsidiary},
        "currency": {"id": {"USD": "1", "EUR": "2", "GBP": "3"}[currency]},
        "terms": {"refName": "Net 30"},
        "email": f"accounts{place}@example.com",
        "phone": f"+1 512 555 03{place:02d}",
        "comments": "Asked for one invoice a month" if place == 0 else "",
        "custentitysendtozuora": True,
        "custentityzuorabatch": {"id": str(1 + place)},
        "custentityzuorabillcycleday": {"id": "1"},
        "custentityzuorapaymentterm": "Net 30",
        "custentityzuorabilltoworkemail": f"ap{place}@example.com",
        "custentityzuorasoldtoworkemail": f"it{place}@example.com",
    }
    if address:
        keys = ("addressee", "addr1", "city", "state", "zip")
        where: Row = {k: v for k, v in zip(keys, address, strict=False) if v} | {"country": {"id": address[-1]}}
        row["addressBook"] = {"items": [{"defaultBilling": True, "defaultShipping": True, "label": "Main", "addressBookAddress": where}]}
    return {k: v for k, v in row.items() if v != ""}
