"""What a Zuora account is made of when NetSuite is the master: validations and mapping tables (customer-accounts.md 3.3 and 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tallybridge.settings import NumberMapping, Settings, StandardInvoiceSync
from tallybridge.steps.master_data.countries import country_code, state_key
from tallybridge.steps.shared.mapping import Body, Mapped, changes, cut, filled
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import CREATED, Later, Problem, is_complete

CODE = "NSCUS"
MAX_CONTACTS = 80
"""NetSuite contacts of one customer (custom-fields.md 2.6)."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """One of the two contacts of an account: the account's field for it, its description, and the customer's columns about it."""

    name: str
    account_field: str
    description: str
    id_column: str
    email_column: str


BILL_TO = Role("bill to", "BillToId", "Bill To Contact", "billtoid", "billtoemail")
SOLD_TO = Role("sold to", "SoldToId", "Sold To Contact", "soldtoid", "soldtoemail")
ROLES = (BILL_TO, SOLD_TO)


@dataclass(frozen=True)
class NetSuiteCustomer:
    """A NetSuite customer with everything its mapping needs. `row`: columns as the step selects them; `billing`, `shipping`: the default
    addresses, None without one; `account`: the Zuora account as it is, {} without one; `methods`: payment method id by type in capitals;
    `parent_first`: the parent's account is created earlier in the same batch; `circular`: the parents run in a circle."""

    row: Row
    settings: Settings
    synced_at: str
    billing: Row | None = None
    shipping: Row | None = None
    contacts: int = 0
    subsidiaries: frozenset[str] = frozenset()
    parent_first: bool = False
    circular: bool = False
    account: Row = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return str(self.row.get("entityid") or self.row["id"])

    @property
    def label(self) -> str:
        return f"Customer {self.number}"

    @property
    def name(self) -> str:
        """The company's name, or first and last name of an individual."""
        if self.row.get("isperson") == "T":
            return " ".join(str(self.row[n]).strip() for n in ("firstname", "lastname") if self.row.get(n))
        return str(self.row.get("companyname") or self.row.get("altname") or "")

    @property
    def currency(self) -> str:
        return str(self.row.get("currency") or self.settings.zuora_default_currency)

    @property
    def payment_term(self) -> str:
        return str(self.row.get("paymentterm") or self.row.get("terms") or "")

    @property
    def payment_method(self) -> str:
        """The id of the payment method that the customer names; "" if it names none, or none that there is."""
        return self.methods.get(str(self.row.get("paymentmethod") or "").strip().upper(), "")

    def address(self, role: Role) -> Row:
        """The address that a contact is made of; without a shipping address both come from the billing address."""
        return (self.shipping if role is SOLD_TO else None) or self.billing or {}


def names_of(addressee: Any) -> tuple[str, str]:
    """First and last name: the text before the first space, and the rest; a single word is both. The last name is "" if none results:
    where it has neither letter nor digit."""
    first, _, last = " ".join(str(addressee or "").split()).partition(" ")
    last = last or first
    return first, last if any(c.isalnum() for c in last) else ""


# -- validations ---------------------------------------------------------------------------------------------------------


def problems_of(c: NetSuiteCustomer) -> list[Problem]:
    """Validations W1 and W4-W12, and what W3 can tell beforehand. That terms and currency exist in Zuora (W2, W3) only Zuora knows: see
    `refused_value`."""
    row, found = c.row, []

    def fails(number: int, message: str, advice: str, waits_for: str = "") -> None:
        found.append(Problem(f"{CODE}-W{number}", f"{c.label}: {message}", advice, waits_for))

    if row.get("subsidiaryid") and row["subsidiaryid"] not in c.subsidiaries and c.settings.netsuite_subsidiaries:
        fails(1, f'subsidiary "{row.get("subsidiary", "")}" is not valid.', "Choose an active subsidiary on the customer.")
    if not c.currency:
        fails(3, 'currency "" is not active in Zuora.', "Fill the setting zuora_default_currency.")
    if not row.get("batch"):
        fails(4, "Zuora Batch is empty.", "Choose the batch on the customer in NetSuite.")
    if not row.get("billcycleday"):
        fails(5, "Zuora Bill Cycle Day is empty.", "Choose the day on the customer in NetSuite.")
    found += _address_problems(c)
    if row.get("parent") and not row.get("parentzuoraid") and (c.circular or not c.parent_first):
        found.append(parent_missing(c))
    if c.contacts > MAX_CONTACTS:
        fails(11, f"more than {MAX_CONTACTS} contacts.", "Remove contacts from the customer in NetSuite.")
    if is_complete(row.get("status")) and not row.get("zuoraid"):
        advice = "Clear the status to create the account, or enter the Zuora account's id to link it."
        fails(12, "status is Sync Complete but Zuora ID is empty.", advice)
    return found


def _address_problems(c: NetSuiteCustomer) -> list[Problem]:
    """W6-W9."""

    def problem(number: int, message: str, advice: str) -> Problem:
        return Problem(f"{CODE}-W{number}", f"{c.label}: {message}", advice)

    if c.billing is None:
        return [problem(6, "no default billing address.", "Give the customer an address and make it the default for billing.")]
    found, advice = [], "Enter first and last name as the addressee of the address in NetSuite."
    if not str(c.billing.get("addressee") or "").strip():
        found.append(problem(7, "the default billing address has no addressee.", advice))
    if c.shipping is not None and not str(c.shipping.get("addressee") or "").strip():
        found.append(problem(8, "the default shipping address has no addressee.", advice))
    if c.settings.contact_without_country == "Hold":
        found += countries_missing(c)
    for addressee in dict.fromkeys(a.get("addressee") for a in (c.billing, c.shipping) if a and str(a.get("addressee") or "").strip()):
        if not names_of(addressee)[1]:
            found.append(problem(9, f'addressee "{addressee}" gives no last name.', advice))
    return found


def countries_missing(c: NetSuiteCustomer) -> list[Problem]:
    """Addresses without a country: Zuora takes the account and cannot tell its taxes."""
    places = [p for p, a in (("billing", c.billing), ("shipping", c.shipping)) if a is not None and not str(a.get("country") or "").strip()]
    if not places:
        return []
    what = f"the default {' and '.join(places)} {'addresses have' if len(places) > 1 else 'address has'} no country"
    advice = "Enter the country of the address in NetSuite; where Zuora has the account already, it follows by itself."
    return [Problem(f"{CODE}-COUNTRY", f"{c.label}: {what}; Zuora cannot calculate taxes for its account.", advice)]


def parent_missing(c: NetSuiteCustomer) -> Problem:
    """W10. The next run, or the same one once the parent is there, takes the customer up by itself."""
    parent = str(c.row.get("parentnumber") or c.row.get("parent"))
    text = (
        f"No record details found in memory for RECORD_ID '{c.row.get('parent')}'. "
        f"The parent of customer {c.number} is not set to Send to Zuora or failed to sync."
    )
    advice = f"See why customer {parent} was not synced, or set its Send to Zuora; this customer follows by itself."
    if c.circular:
        advice = "The parents of this customer run in a circle. Correct the parent customers in NetSuite."
    return Problem(f"{CODE}-W10", text, advice, f"Customer {parent}")


def refused_value(body: Mapping[str, Any], detail: str) -> tuple[str, str, str] | None:
    """Whether a refusal of Zuora is about a value of W2 or W3: (code, text, advice). No API lists a tenant's payment terms and currencies,
    so Zuora's own check of the account is the validation."""
    text = detail.lower().replace(" ", "")
    if "paymentterm" in text and body.get("PaymentTerm"):
        advice = "Create the payment term in Zuora with exactly this name, or correct the customer's terms."
        return f"{CODE}-W2", f'terms "{body["PaymentTerm"]}" do not exist in Zuora.', advice
    if "currency" in text and body.get("Currency"):
        return f"{CODE}-W3", f'currency "{body["Currency"]}" is not active in Zuora.', "Activate the currency in Zuora."
    return None


def remarks_on(c: NetSuiteCustomer) -> list[Problem]:
    """What is said without holding the customer back."""
    wanted = str(c.row.get("paymentmethod") or "").strip()
    if not wanted or c.payment_method:
        return []
    advice = "Add a payment method of this type to the account in Zuora, or correct the field on the customer."
    return [Problem(f"{CODE}-METHOD", f'{c.label}: default payment method "{wanted}" was not found.', advice)]


# -- mapping: the account ------------------------------------------------------------------------------------------------

ACCOUNT_LENGTHS = {
    "AccountNumber": 50,
    "Name": 255,
    "CustomerId__NS": 255,
    "CrmId": 100,
    "CustomerServiceRepName": 50,
    "PurchaseOrderNumber": 100,
    "SalesRepName": 50,
    "TaxExemptCertificateID": 32,
}
CONTACT_LENGTHS = {
    "FirstName": 100,
    "LastName": 100,
    "Address1": 255,
    "Address2": 255,
    "City": 40,
    "State": 40,
    "PostalCode": 20,
    "WorkPhone": 40,
    "Fax": 40,
    "WorkEmail": 80,
    "TaxRegion": 32,
}
"""Characters that Zuora's fields take (api-zuora-billing.md 14.3); longer texts are cut, with a remark."""


def _number(c: NetSuiteCustomer) -> Any:
    match c.settings.customer_account_number_mapping:
        case NumberMapping.SOURCE_NAME:
            return c.name
        case NumberMapping.SOURCE_NUMBER:
            number = str(c.row.get("entityid") or "")
            return number.split(" ", 1)[0] if c.settings.de_concatenate_account_number else number
    return None


def _number_on_update(c: NetSuiteCustomer) -> Any:
    if c.settings.customer_account_number_update_behavior != "Allow Updates":
        return None
    return None if c.settings.de_concatenate_account_number and c.account.get("LastInvoiceDate") else _number(c)


def _parent(c: NetSuiteCustomer) -> Any:
    if not c.row.get("parent"):
        return None
    return c.row.get("parentzuoraid") or Later(str(c.row["parent"]), parent_missing(c))


def _day(c: NetSuiteCustomer) -> Any:
    day = str(c.row.get("billcycleday") or "")
    return int(day) if day.isdecimal() else None


def _auto_pay(c: NetSuiteCustomer) -> Any:
    """Zuora refuses automatic payment without a payment method."""
    if "autopay" not in c.row:
        return None
    return c.row["autopay"] == "T" and bool(c.payment_method or c.account.get("DefaultPaymentMethodId"))


def _tax_exempt(column: str) -> Callable[[NetSuiteCustomer], Any]:
    return lambda c: c.row.get(column) if c.settings.use_standard_invoice_sync is StandardInvoiceSync.YES else None


def _column(name: str) -> Callable[[NetSuiteCustomer], Any]:
    return lambda c: c.row.get(name)


ROWS: tuple[Mapped[NetSuiteCustomer], ...] = (
    Mapped("internal id", "IntegrationId__NS", "CL", lambda c: c.row["id"]),
    Mapped("now", "SyncDate__NS", "CUL", lambda c: c.synced_at, follows=True),
    Mapped("entityId / name", "AccountNumber", "C", _number),
    Mapped("entityId / name", "AccountNumber", "U", _number_on_update),
    Mapped("entityId", "CustomerId__NS", "CUL", _column("entityid")),
    Mapped("companyName / firstName + lastName", "Name", "CU", lambda c: c.name),
    Mapped("parent", "ParentId", "CU", _parent),
    Mapped("Zuora Batch", "Batch", "CU", _column("batch")),
    Mapped("Zuora Bill Cycle Day", "BillCycleDay", "CU", _day),
    Mapped("comments", "Notes", "CU", _column("comments")),
    Mapped("-", "Status", "C", lambda c: "Draft"),
    Mapped("currency", "Currency", "C", lambda c: c.currency),
    Mapped("-", "AllowInvoiceEdit", "C", lambda c: True),
    Mapped("Zuora Payment Term / terms", "PaymentTerm", "CU", lambda c: c.payment_term),
    Mapped("Zuora Auto Pay", "AutoPay", "CU", _auto_pay),
    Mapped("Zuora CRM ID", "CrmId", "CU", _column("crmid")),
    Mapped("Zuora Customer Service Rep Name", "CustomerServiceRepName", "CU", _column("servicerep")),
    Mapped("Zuora Purchase Order Number", "PurchaseOrderNumber", "CU", _column("ponumber")),
    Mapped("Zuora Sales Rep", "SalesRepName", "CU", _column("salesrep")),
    Mapped("Zuora Default Payment Method", "DefaultPaymentMethodId", "CU", lambda c: c.payment_method),
    Mapped("Zuora Tax Exempt Status", "TaxExemptStatus", "CU", _tax_exempt("taxexemptstatus")),
    Mapped("Zuora Tax Exempt Certificate ID", "TaxExemptCertificateID", "CU", _tax_exempt("taxexemptcertificateid")),
)

ACTIVE: Mapping[str, Any] = {"Status": "Active"}
"""The last call of a create, beside the two contacts."""
COMPLETE: Mapping[str, Any] = {"IntegrationStatus__NS": "Sync Complete"}
"""Written to the account with the last call of a create and when it is linked: the steps from Zuora that follow take no record of an
account whose status does not say so (api-zuora-billing.md 12.7)."""


# -- mapping: the contacts -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """What one contact is made of."""

    customer: NetSuiteCustomer
    role: Role

    @property
    def address(self) -> Row:
        return self.customer.address(self.role)


def _address(name: str) -> Callable[[Person], Any]:
    return lambda p: p.address.get(name)


CONTACT_ROWS: tuple[Mapped[Person], ...] = (
    Mapped("Zuora ID", "AccountId", "C", lambda p: CREATED),
    Mapped("addressee", "FirstName", "CU", lambda p: names_of(p.address.get("addressee"))[0]),
    Mapped("addressee", "LastName", "CU", lambda p: names_of(p.address.get("addressee"))[1]),
    Mapped("addr1", "Address1", "CU", _address("addr1")),
    Mapped("addr2", "Address2", "CU", _address("addr2")),
    Mapped("city", "City", "CU", _address("city")),
    Mapped("state", "State", "CU", _address("state")),
    Mapped("zip", "PostalCode", "CU", _address("zip")),
    Mapped("country", "Country", "CU", _address("country")),
    Mapped("phone", "WorkPhone", "CU", lambda p: p.customer.row.get("phone")),
    Mapped("fax", "Fax", "CU", lambda p: p.customer.row.get("fax")),
    Mapped("Zuora Bill To / Sold To Work Email", "WorkEmail", "CU", lambda p: p.customer.row.get(p.role.email_column)),
    Mapped("Zuora Bill To Tax Region", "TaxRegion", "CU", lambda p: p.customer.row.get("billtotaxregion") if p.role is BILL_TO else None),
    Mapped("fixed text", "Description", "CU", lambda p: p.role.description),
)
CONTACT_FIELDS = tuple(dict.fromkeys(str(row.target) for row in CONTACT_ROWS))


def contact_body(c: NetSuiteCustomer, role: Role) -> Body:
    """A new contact."""
    return filled(CONTACT_ROWS, "C", Person(c, role), Reference(), "contact")


def contact_values(c: NetSuiteCustomer, role: Role) -> Body:
    """What a contact is to hold."""
    return filled(CONTACT_ROWS, "U", Person(c, role), Reference(), "contact")


def contact_changes(c: NetSuiteCustomer, role: Role, held: Row) -> Body:
    """What differs from the contact in Zuora, as Zuora would store it; names and codes of one country or state are the same."""
    body = changes(cut(contact_values(c, role), CONTACT_LENGTHS)[0], held)
    keys: dict[str, Callable[[str], str | None]] = {"Country": country_code, "State": state_key}
    same = {n for n, key in keys.items() if n in body and key(str(body[n])) and key(str(body[n])) == key(str(held.get(n) or ""))}
    return {name: value for name, value in body.items() if name not in same}
