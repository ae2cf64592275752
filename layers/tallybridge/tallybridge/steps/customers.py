"""Zuora accounts -> NetSuite customers (customer-accounts.md, section 2). Validations and mapping are in `customer_mapping`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tallybridge.clock import EPOCH, stamp, utc_moment
from tallybridge.parallel import side_by_side, streamed_parts
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.master_data.addresses import SUBLIST, is_current
from tallybridge.steps.master_data.customer_mapping import ROWS, Customer, problems_of, remarks_on
from tallybridge.steps.master_data.families import depth_of, is_circular, root_of
from tallybridge.steps.master_data.master import (
    UNTRANSFERRED,
    Unread,
    alternatives,
    candidate,
    find_by_zuora_id,
    is_ignored,
    is_own,
    read_all,
    state_of,
)
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import INACTIVE, NOT_WANTED, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.fitting import SPARE, told
from tallybridge.steps.shared.from_zuora import READ_AT_A_TIME, ZuoraToNetSuite
from tallybridge.steps.shared.mapping import Body, changes, filled, followers
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
from tallybridge.zuora.selection import After, Condition, Filled, Is, Selected, SourceQuery

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
PARENT_FIELDS = ("AccountNumber", "IntegrationId__NS", "IntegrationStatus__NS", "Status", "CreatedDate", "SynctoNetSuite__NS")
IN_COPY_ONLY = ("Mrr",)


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with an account."""
    c: Customer = record.data
    if record.destination_id and not updates(company):
        return plan_link(company, record, c)
    problems = problems_of(c, creating=not record.destination_id)
    if len(found) > 1:
        text_ = f"{c.label}: {len(found)} NetSuite customers carry this Zuora ID. Clear the duplicates first."
        advice = f"NetSuite customers {', '.join(f.id for f in found)}: delete the surplus ones, or clear their Zuora ID; keep one."
        problems.append(Problem("ACCT-AMBIGUOUS", text_, advice))
    problems += [f.problem for f in found if isinstance(f, Unread)]
    if problems:
        return Hold(tuple(problems))
    if record.destination_id:
        return plan_update(company, record, c, found[0] if found else Counterpart(record.destination_id))
    if not found:
        return plan_create(company, record, c)
    return plan_update(company, record, c, found[0]) if brings_up_to_date(company, record, found) else Found(found[0])


def updates(company: Company) -> bool:
    """Whether a change in Zuora is sent as an update."""
    return company.settings.customer_account_sync_behavior is Behavior.NEW_AND_MODIFIED


def brings_up_to_date(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> bool:
    """Section 4, rule 2: what was refused before and is there after all is brought up to date as well."""
    return updates(company) and len(found) == 1 and normal_status(record.status).startswith("error")


def plan_create(company: Company, record: SourceRecord, c: Customer) -> Plan:
    """A new customer with its address book."""
    body, remarks = _body(company, record, c, "C")
    address_book = company.existing("customer", {SUBLIST: c.address_book()})
    requests = (Request("customer", {"externalId": company.external_id("Account", record.id), **body, **address_book}, spare=SPARE),)
    return Write("create", "Creating Customer", "Error Creating Customer", requests, **UNTRANSFERRED, remarks=remarks)


def plan_update(company: Company, record: SourceRecord, c: Customer, there: Counterpart) -> Plan:
    """What differs, and the address book if a contact differs. The status is written only where it does not say Sync Complete yet:
    otherwise an account that was once refused would stay in error for ever."""
    body, remarks = _body(company, record, c, "U")
    body = changes(body, there.record, followers(ROWS, company.reference, "customer"))
    book = company.fit("customer", company.existing("customer", {SUBLIST: c.address_book()}))
    replaced = bool(book.body) and not is_current(book.body[SUBLIST], there.record)
    if replaced:
        body |= book.body
        remarks = (*remarks, *told("ACCT", f"Account {record.number}", book.said))
    settles = not is_complete(record.status)
    action = "update" if record.destination_id else "recover"
    if not body:
        return Found(Counterpart(there.id), action="recover" if settles else "none", write_back=settles)
    requests = (Request("customer", body, there.id, (SUBLIST,) if replaced else (), spare=SPARE),)
    error = "Error Updating Customer"
    return Write(action, "", error, requests, destination_id=there.id, write_back=settles, **UNTRANSFERRED, remarks=remarks)


def plan_link(company: Company, record: SourceRecord, c: Customer) -> Plan:
    """The customer that the account names is marked as its own."""
    body, remarks = _body(company, record, c, "L")
    requests = (Request("customer", body, record.destination_id),)
    kept = {**UNTRANSFERRED, "remarks": tuple(r for r in remarks if r.code == "ACCT-CUT")}
    return Write("link", "Linking Customer", "Error Linking Customer", requests, destination_id=record.destination_id, **kept)


def _body(company: Company, record: SourceRecord, c: Customer, when: str) -> tuple[Body, tuple[Problem, ...]]:
    whole = company.fit("customer", company.existing("customer", filled(ROWS, when, c, company.reference, "customer")))
    return whole.body, (*remarks_on(c), *told("ACCT", f"Account {record.number}", whole.said))


# -- the step ------------------------------------------------------------------------------------------------------------


class Customers(ZuoraToNetSuite):
    """Step 1: one NetSuite customer per active Zuora account, its parent before it; later changes as updates of what differs."""

    name = "customers"
    title = "Zuora customer accounts"
    object = "Account"
    object_label = "Account"
    destination = "customer"
    table = "customer"
    code = "ACCT"
    number_field = "AccountNumber"
    needs: tuple[str, ...] = ("term", "fields:customer")

    transaction = False
    follows_changes = True

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        used = {
            "currency": self.settings.netsuite_multiple_currencies,
            "subsidiary": self.settings.netsuite_subsidiaries,
            "tax code": bool(self.settings.netsuite_default_tax_code),
        }
        self.needs = (*self.needs, *(table for table, wanted in used.items() if wanted))

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        return settings.customer_account_sync_behavior

    def eligible(self) -> tuple[Condition, ...]:
        """What every account must meet, new or modified."""
        return (
            Is("Status", ("Active",), INACTIVE),  # rule 1
            Is("SynctoNetSuite__NS", ("Yes", None), NOT_WANTED),  # rule 2
            *since("CreatedDate", self.settings.cutover_zuora_account, moment=True),  # rule 3
        )

    def query(self) -> SourceQuery:
        return SourceQuery("Account", FIELDS, alternatives(self, self.eligible()), copy_fields=IN_COPY_ONLY, group="ParentId")

    def select(self) -> Iterator[Candidate]:
        """Accounts, those whose parent has yet to be created in one group with it. Only accounts that have a parent are held in memory."""
        query = self.query()
        again = {row.id: row for row in self.again({*self.context.retry, *self.accounts_of_changed_contacts()})}
        children = {row.id: row for row in again.values() if row.group}
        below = query.narrowed(Filled("ParentId"))
        if self.context.source.count(below):
            children = {row.id: row for row in self.context.source.select(below)} | children
        families = self._families(children)
        for row in self.context.source.select(query.narrowed(Is("ParentId", (None,)))):
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
        """Accounts whose bill-to or sold-to contact was changed lately, where the setting asks for it (rule 7)."""
        if not (self.settings.include_contact_changes and self.updates):
            return
        changed = SourceQuery("Contact", ("AccountId",), ((After("UpdatedDate", self.context.since or EPOCH),),))
        for piece in streamed_parts(self.context.zuora.query(changed.zoql(("AccountId",))), READ_AT_A_TIME):
            contacts = {row["Id"] for row in piece}
            ids = [row.get("AccountId") or "" for row in piece]
            for account in self.context.source.reread("Account", ids, ("BillToId", "SoldToId")).values():
                if contacts & {account.get("BillToId"), account.get("SoldToId")}:
                    yield account["Id"]

    def waiting_work(self, counted: int | None = None) -> int:
        return super().waiting_work(counted) or int(any(True for _ in self.accounts_of_changed_contacts()))

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source, now = self.context.source, stamp(self.context.clock.now())
        heads = {h["Id"]: h for _, h, _ in self.reread(candidates) if not is_ignored(h)}
        above = {str(h.get("ParentId") or "") for h in heads.values()} - heads.keys()
        contacts, methods, others = side_by_side(
            lambda read: source.reread(*read),
            [
                ("Contact", [h.get(k) or "" for h in heads.values() for k in ("BillToId", "SoldToId")], CONTACT_FIELDS),
                ("PaymentMethod", [h.get("DefaultPaymentMethodId") or "" for h in heads.values()], ("Type",)),
                ("Account", above, PARENT_FIELDS),
            ],
        )
        parents = {**others, **heads}
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
            modified=utc_moment(c.account.get("UpdatedDate")),
            state=state_of(self, c.account, *(self._content(contact) for contact in (c.bill_to, c.sold_to))),
        )

    def _content(self, contact: Mapping[str, Any]) -> list[Any]:
        """What counts as a change of a contact: nothing unless the setting asks for it."""
        return [contact.get(name) for name in CONTACT_FIELDS] if self.settings.include_contact_changes else []

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """By Zuora ID where the account has no Integration ID; the customer's content where it may be updated."""
        hits = find_by_zuora_id(self, [r for r in records if not r.destination_id], "customer")
        found = {i: [Counterpart(k, own=is_own(row, i)) for k, row in rows.items()] for i, rows in hits.items()}
        to_read = {r.id: (self.destination, r.destination_id) for r in records if r.destination_id and self.updates}
        to_read |= {r.id: (self.destination, found[r.id][0].id) for r in records if brings_up_to_date(self.company, r, found.get(r.id, []))}
        labels = {r.id: r.data.label for r in records}
        whole = read_all(self, to_read, labels.__getitem__)
        return found | {i: [counterpart] for i, counterpart in whole.items()}

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)


def _family(top: Selected, members: Sequence[Selected]) -> Iterator[Candidate]:
    """Candidates of one group, the top first; an account alone belongs to no group."""
    group = top.id if members else ""
    for row in (top, *members):
        yield candidate(row, group)
