"""What a NetSuite customer is made of: validations, remarks and the mapping table of accounts (customer-accounts.md 2.3 and 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import NumberMapping, Settings
from tallybridge.steps.master_data.addresses import Postal, address_book
from tallybridge.steps.master_data.countries import country_code
from tallybridge.steps.shared import parents
from tallybridge.steps.shared.mapping import Body, Custom, Mapped
from tallybridge.steps.shared.problems import CORRECT_ID, no_id
from tallybridge.steps.shared.reference import Reference
from tallybridge.steps.shared.texts import ref, text
from tallybridge.sync.step import Later, Problem, is_complete, normal_status
from tallybridge.zuora.source import NO_ID

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Customer:
    """An account with everything its mapping needs. `parent` is the parent account as it is now, {} without one; `parent_first` says that
    it is written earlier in the same batch; `circular` that the parents run in a circle."""

    account: Row
    bill_to: Row
    sold_to: Row
    payment_method: Row
    settings: Settings
    reference: Reference
    synced_at: str
    parent: Row = field(default_factory=dict)
    parent_first: bool = False
    circular: bool = False

    @property
    def label(self) -> str:
        return f"Account {self.account.get('AccountNumber', '')}"

    @property
    def individual(self) -> bool:
        return normal_status(self.account.get("CustomerType__NS")) == "individual"

    @property
    def subsidiary(self) -> str:
        return str(self.account.get("Subsidiary__NS") or self.settings.default_subsidiary)

    def address_book(self) -> Body:
        bill_to, sold_to = (Postal(self.account, c, self.individual, self.settings) for c in (self.bill_to, self.sold_to or self.bill_to))
        return address_book(bill_to, sold_to)


# -- validations ---------------------------------------------------------------------------------------------------------


def problems_of(c: Customer, *, creating: bool) -> list[Problem]:
    """Validations V1-V9 of section 2.3; V9 is open point C7."""
    account, settings = c.account, c.settings
    found: list[Problem] = []

    def fails(number: int, message: str, advice: str, cause: str = "") -> None:
        found.append(Problem(f"ACCT-V{number}", f"{c.label}: {message}", advice, cause=cause))

    def lacks(number: int, kind: str, word: str, name: Any, advice: str) -> None:
        text = _missing(c, kind, word, name)
        fails(number, text, advice, text)

    term = account.get("PaymentTerm")
    if term and c.reference.id_of("term", term) is None:
        lacks(1, "term", "payment term", term, "Create the term in NetSuite with exactly this name, or correct the account.")
    currency = account.get("Currency")
    if settings.netsuite_multiple_currencies and currency and c.reference.id_of("currency", currency) is None:
        advice = "Create the currency in NetSuite with this code as its symbol, or switch it on again."
        lacks(2, "currency", "currency", currency, advice)
    if is_complete(account.get("IntegrationStatus__NS")) and not account.get("IntegrationId__NS"):
        text_ = (
            "status is Sync Complete but Integration ID is empty. Clear the status to create the customer, "
            "or enter the NetSuite id to link it."
        )
        fails(3, text_, "Correct the two fields of the account in Zuora.")
    if settings.netsuite_subsidiaries:
        name = c.subsidiary if creating else account.get("Subsidiary__NS")
        if name and c.reference.id_of("subsidiary", name) is None:
            advice = 'Enter the exact full name of an active subsidiary, with " : " between levels.'
            lacks(4, "subsidiary", "subsidiary", name, advice)
        if creating and not name:
            fails(
                5,
                "no subsidiary on the account and no default subsidiary is configured.",
                "Fill NetSuite Subsidiary on the account, or the setting default_subsidiary.",
            )
    if account.get("ParentId") and not c.parent.get("IntegrationId__NS") and (c.circular or not c.parent_first):
        found.append(parent_missing(c))
    if c.individual and not (c.bill_to.get("FirstName") and c.bill_to.get("LastName")):
        fails(7, "an individual customer needs the bill-to contact's first and last name.", "Complete the contact in Zuora.")
    if not c.bill_to:
        fails(8, "no bill-to contact.", "Give the account a bill-to contact in Zuora.")
    limit = c.reference.limit("customer", "companyName")
    if len(str(account.get("Name") or "")) > limit:
        fails(9, f"the name is longer than {limit} characters.", "Shorten the account's name in Zuora; NetSuite takes no more.")
    return found


def parent_missing(c: Customer) -> Problem:
    """V6. The next run, or the same one once the parent is there, takes the account up by itself."""
    parent = str(c.parent.get("AccountNumber") or c.account.get("ParentId"))
    if wrong := c.parent.get(NO_ID):
        return Problem("ACCT-V6", f"{c.label}: parent account {parent} {no_id(wrong)}", CORRECT_ID)
    if not c.circular and (stays := parents.stays("account", c.parent, c.settings, settlement_on=True)):
        release = f"To have account {parent} sent, {stays.release}. " if stays.release else ""
        advice = f"{release}If NetSuite has it already, enter its internal id there as Integration ID; or take the parent off this account."
        return Problem("ACCT-V6", f"{c.label}: parent account {parent} is not synced and does not follow by itself: {stays.why}.", advice)
    if c.circular:
        advice = "The parents of this account run in a circle. Correct the parent accounts in Zuora."
    else:
        advice = f"Nothing to do here: see why account {parent} was not synced; this account follows by itself."
    return Problem("ACCT-V6", f"{c.label}: parent account {parent} has not been synced.", advice, f"Account {parent}")


def remarks_on(c: Customer) -> list[Problem]:
    """What is said without holding the account back."""
    found = []
    if any(sign in str(c.account.get("Name") or "") for sign in '",'):
        found.append(
            Problem("ACCT-A1", f"{c.label}: the name contains a double quote or comma.", "Some NetSuite searches stumble over it.")
        )
    for contact in (c.bill_to, c.sold_to):
        country = contact.get("Country")
        if country and country_code(country) is None:
            advice = "Correct the country of the contact in Zuora: its English name or ISO code."
            found.append(Problem("ACCT-A2", f'{c.label}: country "{country}" is not known; the address is sent without it.', advice))
    if any(contact and not contact.get("Country") for contact in (c.bill_to, c.sold_to)):
        text_ = f"{c.label}: a contact has no country; the address is sent without it."
        found.append(Problem("ACCT-A3", text_, "Enter the country of the contact in Zuora: NetSuite cannot tell its taxes without it."))
    name = c.settings.netsuite_default_tax_code
    if name and c.reference.id_of("tax code", name) is None:
        text_ = f'Default tax code "{name}" does not exist in NetSuite; it is ignored.'
        found.append(Problem("DEFAULT-MISSING", text_, "Correct the setting netsuite_default_tax_code."))
    return list(dict.fromkeys(found))


def _missing(c: Customer, kind: str, word: str, name: Any) -> str:
    if kind == "currency" and name in c.reference.currencies:
        return f'currency "{name}" is switched off in NetSuite.'
    why = "is ambiguous in NetSuite" if c.reference.is_ambiguous(kind, name) else "does not exist in NetSuite"
    return f'{word} "{name}" {why}.'


# -- mapping -------------------------------------------------------------------------------------------------------------


def _number(c: Customer) -> Any:
    source = {NumberMapping.SOURCE_NUMBER: "AccountNumber", NumberMapping.SOURCE_NAME: "Name"}
    return c.account.get(source.get(c.settings.customer_account_number_mapping, ""))


def _number_on_update(c: Customer) -> Any:
    return _number(c) if c.settings.customer_account_number_update_behavior == "Allow Updates" else None


def _parent(c: Customer) -> Any:
    if not c.account.get("ParentId"):
        return None
    return {"id": c.parent.get("IntegrationId__NS") or Later(str(c.account["ParentId"]), parent_missing(c))}


def _currency(c: Customer) -> Any:
    return ref(c.reference.id_of("currency", c.account.get("Currency"))) if c.settings.netsuite_multiple_currencies else None


def _subsidiary(c: Customer) -> Any:
    return ref(c.reference.id_of("subsidiary", c.subsidiary)) if c.settings.netsuite_subsidiaries else None


def _taxable(c: Customer) -> Any:
    if not c.settings.use_standard_invoice_sync.netsuite_calculates_tax:
        return None
    return normal_status(c.account.get("TaxExemptStatus")) != "yes"


def _vat_number(c: Customer) -> Any:
    if c.settings.map_vat_id and c.account.get("VATId"):
        return c.account["VATId"]
    return c.account.get("TaxExemptCertificateID") if c.settings.use_standard_invoice_sync.netsuite_calculates_tax else None


def _bill_cycle_day(c: Customer) -> Any:
    day = str(c.account.get("BillCycleDay") or "0")
    return None if day == "0" else {"refName": day}


def _moment(value: Any) -> str | None:
    return stamp(datetime.fromisoformat(utc_moment(value))) if value else None


def _when_individual(name: str) -> Any:
    return lambda c: c.bill_to.get(name) if c.individual else None


def _account(name: str) -> Any:
    return lambda c: text(c.account.get(name))


def _bill_to(name: str) -> Any:
    return lambda c: text(c.bill_to.get(name))


def _sold_to(name: str) -> Any:
    return lambda c: text(c.sold_to.get(name))


ROWS: tuple[Mapped[Customer], ...] = (
    Mapped("Account.AccountNumber / Name", "entityId", "C", _number),
    Mapped("Account.AccountNumber / Name", "entityId", "U", _number_on_update),
    Mapped("Account.Name", "companyName", "CU", _account("Name")),
    Mapped("Account.CustomerType__NS", "isPerson", "C", lambda c: c.individual),
    Mapped("BillToContact.FirstName", "firstName", "CU", _when_individual("FirstName")),
    Mapped("BillToContact.LastName", "lastName", "CU", _when_individual("LastName")),
    Mapped("Account.ParentId", "parent", "CU", _parent),
    Mapped("Account.Currency", "currency", "C", _currency),
    Mapped("Account.PaymentTerm", "terms", "CU", lambda c: ref(c.reference.id_of("term", c.account.get("PaymentTerm")))),
    Mapped("Account.PaymentTerm", Custom("Zuora Payment Term"), "CUL", _account("PaymentTerm")),
    Mapped("Account.Notes", "comments", "CU", lambda c: c.account.get("Notes")),
    Mapped("Account.Subsidiary__NS", "subsidiary", "C", _subsidiary),
    Mapped(
        "netsuite_default_tax_code", "taxItem", "CU", lambda c: ref(c.reference.id_of("tax code", c.settings.netsuite_default_tax_code))
    ),
    Mapped("Account.TaxExemptStatus", "taxable", "CU", _taxable),
    Mapped("Account.VATId / TaxExemptCertificateID", "vatRegNumber", "CU", _vat_number),
    Mapped("BillToContact.WorkEmail", "email", "CU", _bill_to("WorkEmail")),
    Mapped("BillToContact.WorkPhone", "phone", "CU", _bill_to("WorkPhone")),
    Mapped("BillToContact.Fax", "fax", "CU", _bill_to("Fax")),
    Mapped("Account.Id", Custom("Zuora ID"), "CUL", _account("Id")),
    Mapped("Account.AccountNumber", Custom("Zuora Account Number"), "CUL", _account("AccountNumber")),
    Mapped("Account.AutoPay", Custom("Zuora Auto Pay"), "CUL", lambda c: c.account.get("AutoPay")),
    Mapped("Account.Batch", Custom("Zuora Batch"), "CUL", lambda c: {"refName": c.account["Batch"]} if c.account.get("Batch") else None),
    Mapped("Account.BillCycleDay", Custom("Zuora Bill Cycle Day"), "CUL", _bill_cycle_day),
    Mapped("Account.CreatedDate", Custom("Zuora Created Date"), "CUL", lambda c: _moment(c.account.get("CreatedDate"))),
    Mapped("Account.UpdatedDate", Custom("Zuora Updated Date"), "CUL", lambda c: _moment(c.account.get("UpdatedDate")), follows=True),
    Mapped("Account.CrmId", Custom("Zuora CRM ID"), "CUL", _account("CrmId")),
    Mapped("Account.CustomerServiceRepName", Custom("Zuora Customer Service Rep Name"), "CUL", _account("CustomerServiceRepName")),
    Mapped("Account.Mrr", Custom("Zuora Account MRR"), "CUL", _account("Mrr")),
    Mapped("Account.PurchaseOrderNumber", Custom("Zuora Purchase Order Number"), "CUL", _account("PurchaseOrderNumber")),
    Mapped("Account.SalesRepName", Custom("Zuora Sales Rep"), "CUL", _account("SalesRepName")),
    Mapped("Account.TaxExemptCertificateID", Custom("Zuora Tax Exempt Certificate ID"), "CUL", _account("TaxExemptCertificateID")),
    Mapped("Account.TaxExemptStatus", Custom("Zuora Tax Exempt Status"), "CUL", _account("TaxExemptStatus")),
    Mapped("DefaultPaymentMethod.Type", Custom("Zuora Default Payment Method"), "CUL", lambda c: text(c.payment_method.get("Type"))),
    Mapped("BillToContact.Id", Custom("Zuora Bill To ID"), "CUL", _account("BillToId")),
    Mapped("SoldToContact.Id", Custom("Zuora Sold To ID"), "CUL", _account("SoldToId")),
    Mapped("BillToContact.TaxRegion", Custom("Zuora Bill To Tax Region"), "CUL", _bill_to("TaxRegion")),
    Mapped("BillToContact.WorkEmail", Custom("Zuora Bill To Work Email"), "CUL", _bill_to("WorkEmail")),
    Mapped("SoldToContact.WorkEmail", Custom("Zuora Sold To Work Email"), "CUL", _sold_to("WorkEmail")),
    Mapped("now", Custom("Zuora Sync Date"), "CUL", lambda c: c.synced_at, follows=True),
)
