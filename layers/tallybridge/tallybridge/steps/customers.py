"""Zuora accounts -> NetSuite customers (customer-accounts.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.pieces import streamed_parts
from tallybridge.settings import Behavior, NumberMapping, Settings
from tallybridge.steps.addresses import SUBLIST, Postal, address_book, full_name, is_current
from tallybridge.steps.base import ref, text
from tallybridge.steps.countries import country_code
from tallybridge.steps.families import depth_of, is_circular, root_of
from tallybridge.steps.mapping import Body, Custom, Mapped, changes, cut, filled, followers
from tallybridge.steps.master import EPOCH, SEEN_AT_A_TIME, MasterData, Unread, candidate
from tallybridge.steps.reference import Reference
from tallybridge.sync.step import (
    Candidate,
    Counterpart,
    Found,
    Hold,
    Later,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    is_complete,
    normal_status,
)
from tallybridge.zuora.selection import After, Condition, Filled, Is, OnOrAfter, Selected, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

FIELDS = (
    "AccountNumber",
    "AutoPay",
    "Batch",
    "BillCycleDay",
    "BillToId",
    "CreatedDate",
    "CrmId",
    "Currency",
    "CustomerServiceRepName",
    "DefaultPaymentMethodId",
    "Name",
    "Notes",
    "ParentId",
    "PaymentTerm",
    "PurchaseOrderNumber",
    "SalesRepName",
    "SoldToId",
    "Status",
    "TaxExemptCertificateID",
    "TaxExemptStatus",
    "UpdatedDate",
    "VATId",
    "CustomerType__NS",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Subsidiary__NS",
    "SynctoNetSuite__NS",
)
CONTACT_FIELDS = (
    "FirstName",
    "LastName",
    "Address1",
    "Address2",
    "City",
    "State",
    "PostalCode",
    "Country",
    "WorkPhone",
    "Fax",
    "WorkEmail",
    "TaxRegion",
)
PARENT_FIELDS = ("AccountNumber", "IntegrationId__NS")
IN_COPY_ONLY = ("Mrr",)

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

NAME_LENGTH = 83
"""Characters of a customer's name and number in NetSuite."""


def problems_of(c: Customer, *, creating: bool) -> list[Problem]:
    """Validations V1-V9 of section 2.3; V9 is open point C7."""
    account, settings = c.account, c.settings
    found: list[Problem] = []

    def fails(number: int, message: str, advice: str, waits_for: str = "") -> None:
        found.append(Problem(f"ACCT-V{number}", f"{c.label}: {message}", advice, waits_for))

    term = account.get("PaymentTerm")
    if term and c.reference.id_of("term", term) is None:
        fails(1, _missing(c, "term", "payment term", term), "Create the term in NetSuite with exactly this name, or correct the account.")
    currency = account.get("Currency")
    if settings.netsuite_multiple_currencies and currency and c.reference.id_of("currency", currency) is None:
        fails(2, _missing(c, "currency", "currency", currency), "Activate the currency in NetSuite with this code as its symbol.")
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
            fails(4, _missing(c, "subsidiary", "subsidiary", name), advice)
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
    if len(str(account.get("Name") or "")) > NAME_LENGTH:
        fails(9, f"the name is longer than {NAME_LENGTH} characters.", "Shorten the account's name in Zuora; NetSuite takes no more.")
    return found


def parent_missing(c: Customer) -> Problem:
    """V6. The next run, or the same one once the parent is there, takes the account up by itself."""
    parent = str(c.parent.get("AccountNumber") or c.account.get("ParentId"))
    if c.circular:
        advice = "The parents of this account run in a circle. Correct the parent accounts in Zuora."
    else:
        advice = f"Nothing to do here: see why account {parent} was not synced; this account follows by itself."
    return Problem("ACCT-V6", f"{c.label}: parent account {parent} has not been synced.", advice, f"Account {parent}")


def remarks_on(c: Customer) -> list[Problem]:
    """What is said without holding the account back."""
    found = []
    if any(sign in str(c.account.get("Name") or "") for sign in '",'):
        found.append(Problem("ACCT-A1", f"{c.label}: the name contains a double quote or comma.", "Some NetSuite searches stumble over it."))
    for contact in (c.bill_to, c.sold_to):
        country = contact.get("Country")
        if country and country_code(country) is None:
            advice = "Correct the country of the contact in Zuora: its English name or ISO code."
            found.append(Problem("ACCT-A2", f'{c.label}: country "{country}" is not known; the address is sent without it.', advice))
    name = c.settings.netsuite_default_tax_code
    if name and c.reference.id_of("tax code", name) is None:
        text_ = f'Default tax code "{name}" does not exist in NetSuite; it is ignored.'
        found.append(Problem("DEFAULT-MISSING", text_, "Correct the setting netsuite_default_tax_code."))
    return list(dict.fromkeys(found))


def _missing(c: Customer, kind: str, word: str, name: Any) -> str:
    why = "is ambiguous in NetSuite" if c.reference.is_ambiguous(kind, name) else "does not exist in NetSuite"
    return f'{word} "{name}" {why}.'


# -- mapping -------------------------------------------------------------------------------------------------------------

LENGTHS = {"entityId": NAME_LENGTH, "companyName": NAME_LENGTH, "firstName": 32, "lastName": 32, "comments": 4000}
"""Characters that NetSuite's fields take; longer texts are cut, with a remark."""


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
    Mapped("netsuite_default_tax_code", "taxItem", "CU", lambda c: ref(c.reference.id_of("tax code", c.settings.netsuite_default_tax_code))),
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
    Mapped(
        "DefaultPaymentMethod.Type", Custom("Zuora Default Payment Method"), "CUL", lambda c: text(c.payment_method.get("Type"))
    ),
    Mapped("BillToContact.Id", Custom("Zuora Bill To ID"), "CUL", _account("BillToId")),
    Mapped("SoldToContact.Id", Custom("Zuora Sold To ID"), "CUL", _account("SoldToId")),
    Mapped("BillToContact.TaxRegion", Custom("Zuora Bill To Tax Region"), "CUL", _bill_to("TaxRegion")),
    Mapped("BillToContact.WorkEmail", Custom("Zuora Bill To Work Email"), "CUL", _bill_to("WorkEmail")),
    Mapped("SoldToContact.WorkEmail", Custom("Zuora Sold To Work Email"), "CUL", _sold_to("WorkEmail")),
    Mapped("now", Custom("Zuora Sync Date"), "CUL", lambda c: c.synced_at, follows=True),
)


# -- the step ------------------------------------------------------------------------------------------------------------


class Customers(MasterData):
    """Step 1: one NetSuite customer per active Zuora account, its parent before it; later changes as updates of what differs."""

    name = "customers"
    title = "Zuora customer accounts"
    object = "Account"
    object_label = "Account"
    destination = "customer"
    table = "customer"
    code = "ACCT"
    needs = ("term", "currency", "subsidiary", "tax code", "fields:customer")

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        used = {
            "currency": self.settings.netsuite_multiple_currencies,
            "subsidiary": self.settings.netsuite_subsidiaries,
            "tax code": bool(self.settings.netsuite_default_tax_code),
        }
        self.needs = tuple(n for n in type(self).needs if used.get(n, True))

    def behavior(self) -> Behavior:
        return self.settings.customer_account_sync_behavior

    def eligible(self) -> tuple[Condition, ...]:
        conditions: tuple[Condition, ...] = (Is("Status", ("Active",)), Is("SynctoNetSuite__NS", ("Yes", None)))  # rules 1, 2
        if self.settings.cutover_zuora_account:
            conditions += (OnOrAfter("CreatedDate", self.settings.cutover_zuora_account.isoformat()),)  # rule 3
        return conditions

    def query(self) -> SourceQuery:
        return SourceQuery("Account", FIELDS, self.alternatives(), copy_fields=IN_COPY_ONLY, group="ParentId")

    def select(self) -> Iterator[Candidate]:
        """Accounts, those whose parent has yet to be created in one group with it. Only accounts that have a parent are held in memory."""
        query = self.query()
        again = {row.id: row for row in self.again({*self.context.retry, *self.accounts_of_changed_contacts()})}
        children = {row.id: row for row in again.values() if row.group}
        below = query.narrowed(Filled("ParentId"))
        if self.context.source.count(below):
            children = {row.id: row for row in self.foreign_changes(below)} | children
        families = self._families(children)
        for row in self.foreign_changes(query.narrowed(Is("ParentId", (None,)))):
            if row.id not in again and row.id not in children:
                yield from _family(row, families.pop(row.id, []))
        for row in again.values():
            if not row.group:
                yield from _family(row, families.pop(row.id, []))
        for members in families.values():
            yield from _family(members[0], members[1:])

    def _families(self, children: Mapping[str, Selected]) -> dict[str, list[Selected]]:
        """The accounts that have a parent, by the account at the top of those that are still to be created, upper ones first."""
        parents = self.context.source.reread("Account", {row.group for row in children.values()}, PARENT_FIELDS)
        parent_of = {i: row.group for i, row in children.items() if not parents.get(row.group, {}).get("IntegrationId__NS")}
        found: dict[str, list[Selected]] = {}
        for i in sorted(children, key=lambda i: (depth_of(i, parent_of), i)):
            found.setdefault(root_of(i, parent_of), []).append(children[i])
        return found

    def accounts_of_changed_contacts(self) -> Iterator[str]:
        """Accounts whose bill-to or sold-to contact was changed after the watermark, where the setting asks for it (rule 7)."""
        if not (self.settings.include_contact_changes and self.updates):
            return
        changed = SourceQuery("Contact", ("AccountId",), ((After("UpdatedDate", self.context.watermark or EPOCH),),))
        for piece in streamed_parts(self.context.zuora.query(changed.zoql(("AccountId",))), SEEN_AT_A_TIME):
            contacts = {row["Id"] for row in piece}
            ids = [row.get("AccountId") or "" for row in piece]
            for account in self.context.source.reread("Account", ids, ("BillToId", "SoldToId")).values():
                if contacts & {account.get("BillToId"), account.get("SoldToId")}:
                    yield account["Id"]

    def waiting_work(self) -> int:
        return super().waiting_work() + sum(1 for _ in self.accounts_of_changed_contacts())

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source, now = self.context.source, stamp(self.context.clock.now())
        heads = {h["Id"]: h for _, h, _ in self.reread(candidates) if not self.is_ignored(h)}
        contacts = source.reread("Contact", [h.get(k) or "" for h in heads.values() for k in ("BillToId", "SoldToId")], CONTACT_FIELDS)
        methods = source.reread("PaymentMethod", [h.get("DefaultPaymentMethodId") or "" for h in heads.values()], ("Type",))
        above = {str(h.get("ParentId") or "") for h in heads.values()} - heads.keys()
        parents = {**source.reread("Account", above, PARENT_FIELDS), **heads}
        parent_of = {i: str(h["ParentId"]) for i, h in heads.items() if h.get("ParentId") in heads}
        return [
            self._record(
                Customer(
                    account=h,
                    bill_to=contacts.get(h.get("BillToId") or "", {}),
                    sold_to=contacts.get(h.get("SoldToId") or "", {}),
                    payment_method=methods.get(h.get("DefaultPaymentMethodId") or "", {}),
                    settings=self.settings,
                    reference=self.reference,
                    synced_at=now,
                    parent=parents.get(h.get("ParentId") or "", {}),
                    parent_first=i in parent_of,
                    circular=is_circular(i, parent_of),
                ),
                depth_of(i, parent_of),
            )
            for i, h in heads.items()
        ]

    def _record(self, c: Customer, depth: int) -> SourceRecord:
        number = str(c.account.get("AccountNumber") or c.account["Id"])
        return SourceRecord(
            id=str(c.account["Id"]),
            number=number,
            status=str(c.account.get("IntegrationStatus__NS") or ""),
            order=(f"{depth:03d}", number),
            currency=str(c.account.get("Currency") or ""),
            destination_id=str(c.account.get("IntegrationId__NS") or ""),
            data=c,
        )

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """By Zuora ID where the account has no Integration ID; the customer's content where it may be updated."""
        hits = self.find_by_zuora_id([r for r in records if not r.destination_id], "customer")
        found = {i: [Counterpart(internal_id) for internal_id in rows] for i, rows in hits.items()}
        to_read = {r.id: (self.destination, r.destination_id) for r in records if r.destination_id and self.updates}
        to_read |= {r.id: (self.destination, found[r.id][0].id) for r in records if self._updates_found(r, found.get(r.id, []))}
        labels = {r.id: r.data.label for r in records}
        whole = self.read_all(to_read, labels.__getitem__)
        return found | {i: [counterpart] for i, counterpart in whole.items()}

    def _updates_found(self, record: SourceRecord, found: Sequence[Counterpart]) -> bool:
        """Section 4, rule 2: what was refused before and is there after all is brought up to date as well."""
        return self.updates and len(found) == 1 and normal_status(record.status).startswith("error")

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        c: Customer = record.data
        if record.destination_id and not self.updates:
            return self._link(record, c)
        problems = problems_of(c, creating=not record.destination_id)
        if len(found) > 1:
            text_ = f"{c.label}: {len(found)} NetSuite customers carry this Zuora ID. Clear the duplicates first."
            advice = f"NetSuite customers {', '.join(f.id for f in found)}: delete the surplus ones, or clear their Zuora ID; keep one."
            problems.append(Problem("ACCT-AMBIGUOUS", text_, advice))
        problems += [f.problem for f in found if isinstance(f, Unread)]
        if problems:
            return Hold(tuple(problems))
        if record.destination_id:
            return self._update(record, c, found[0] if found else Counterpart(record.destination_id))
        if not found:
            return self._create(record, c)
        if self._updates_found(record, found):
            return self._update(record, c, found[0])
        return Found(found[0])

    def _create(self, record: SourceRecord, c: Customer) -> Plan:
        body, remarks = self._body(c, "C")
        body = {"externalId": self.external_id(record.id), **body, **self.existing("customer", {SUBLIST: c.address_book()})}
        requests = (Request("customer", body),)
        return Write("create", "Creating Customer", "Error Creating Customer", requests, **MASTER, remarks=remarks)

    def _update(self, record: SourceRecord, c: Customer, there: Counterpart) -> Plan:
        """What differs, and the address book if a contact differs. The status is written only where it does not say Sync Complete yet:
        otherwise an account that was once refused would stay in error for ever."""
        body, remarks = self._body(c, "U")
        body = changes(body, there.record, followers(ROWS, self.reference, "customer"))
        book = self.existing("customer", {SUBLIST: c.address_book()})
        replaced = bool(book) and not is_current(book[SUBLIST], there.record)
        if replaced:
            body |= book
        settles = not is_complete(record.status)
        action = "update" if record.destination_id else "recover"
        if not body:
            return Found(Counterpart(there.id), action="recover" if settles else "none", write_back=settles)
        requests = (Request("customer", body, there.id, (SUBLIST,) if replaced else ()),)
        error = "Error Updating Customer"
        return Write(action, "", error, requests, destination_id=there.id, write_back=settles, **MASTER, remarks=remarks)

    def _link(self, record: SourceRecord, c: Customer) -> Plan:
        body, _ = self._body(c, "L")
        requests = (Request("customer", body, record.destination_id),)
        return Write("link", "Linking Customer", "Error Linking Customer", requests, destination_id=record.destination_id, **MASTER)

    def _body(self, c: Customer, when: str) -> tuple[Body, tuple[Problem, ...]]:
        body = self.existing("customer", filled(ROWS, when, c, self.reference, "customer"))
        body, long = cut(body, LENGTHS)
        advice = "Shorten the value in Zuora if the rest matters."
        cuts = [Problem("ACCT-CUT", f"{c.label}: {name} was cut to {limit} characters, NetSuite takes no more.", advice) for name, limit in long]
        return body, (*remarks_on(c), *cuts)


MASTER: Mapping[str, Any] = {"transferred": False, "check_amount": False}
"""Customers carry no money and no Transferred to Accounting."""


def _family(top: Selected, members: Sequence[Selected]) -> Iterator[Candidate]:
    """Candidates of one group, the top first; an account alone belongs to no group."""
    group = top.id if members else ""
    for row in (top, *members):
        yield candidate(row, group)
