"""NetSuite customers -> Zuora accounts (customer-accounts.md, section 3). Validations and mapping are in `netsuite_customer_mapping`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.errors import LoginRefused, ServiceError
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.master_data.families import depth_of, is_circular, root_of
from tallybridge.steps.master_data.master import UNTRANSFERRED
from tallybridge.steps.master_data.netsuite_customer_mapping import (
    ACCOUNT_LENGTHS,
    ACTIVE,
    COMPLETE,
    CONTACT_FIELDS,
    CONTACT_LENGTHS,
    ROLES,
    ROWS,
    NetSuiteCustomer,
    Role,
    contact_body,
    contact_changes,
    contact_values,
    countries_missing,
    problems_of,
    remarks_on,
)
from tallybridge.steps.master_data.netsuite_customer_writer import ACCOUNT, CONTACT, KEY, AccountWriter
from tallybridge.steps.shared.conditions import INACTIVE
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import INTEGRATION_ID, STATUS, NetSuiteToZuora
from tallybridge.steps.shared.mapping import Body, changes, cut, filled, followers
from tallybridge.steps.shared.netsuite_left_out import IGNORED, SuiteLeftOut
from tallybridge.steps.shared.problems import ambiguous_in_zuora
from tallybridge.steps.shared.reference import Reference
from tallybridge.steps.shared.suite_selection import SuiteSelection
from tallybridge.sync.step import (
    CREATED,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Made,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    Writer,
    is_complete,
    normal_status,
)
from tallybridge.zuora.selection import Is, SourceQuery, Told

CREATING, ERROR_CREATING = "Creating Customer Account", "Error Creating Customer Account"
ERROR_UPDATING = "Error Updating Customer Account"
LINKING, ERROR_LINKING = "Linking Customer Account", "Error Linking Customer Account"
CONTACT_IDS = ("BillToId", "SoldToId")

# -- selection -----------------------------------------------------------------------------------------------------------

COLUMNS = {
    "entityid": "t.entityid",
    "isperson": "t.isperson",
    "companyname": "t.companyname",
    "altname": "t.altname",
    "firstname": "t.firstname",
    "lastname": "t.lastname",
    "phone": "t.phone",
    "fax": "t.fax",
    "comments": "t.comments",
    "terms": "BUILTIN.DF(t.terms)",
    "parent": "t.parent",
    "parentnumber": "p.entityid",
}
LABELS = {
    "batch": "Zuora Batch",
    "billcycleday": "Zuora Bill Cycle Day",
    "paymentterm": "Zuora Payment Term",
    "autopay": "Zuora Auto Pay",
    "crmid": "Zuora CRM ID",
    "servicerep": "Zuora Customer Service Rep Name",
    "ponumber": "Zuora Purchase Order Number",
    "salesrep": "Zuora Sales Rep",
    "paymentmethod": "Zuora Default Payment Method",
    "taxexemptstatus": "Zuora Tax Exempt Status",
    "taxexemptcertificateid": "Zuora Tax Exempt Certificate ID",
    "billtoid": "Zuora Bill To ID",
    "soldtoid": "Zuora Sold To ID",
    "billtoemail": "Zuora Bill To Work Email",
    "soldtoemail": "Zuora Sold To Work Email",
    "billtotaxregion": "Zuora Bill To Tax Region",
}
"""Custom fields by column; one that the account lacks is noted and left out."""
LISTS = ("batch", "billcycleday")
ADDRESSES = (
    "SELECT b.entity, b.defaultbilling, b.defaultshipping, a.addressee, a.addr1, a.addr2, a.city, a.state, a.zip, a.country "
    "FROM customeraddressbook b JOIN customeraddressbookentityaddress a ON a.nkey = b.addressbookaddress "
    "WHERE (b.defaultbilling = 'T' OR b.defaultshipping = 'T') AND b.entity IN {in}"
)
CONTACTS = "SELECT c.company, COUNT(*) AS n FROM contact c WHERE c.company IN {in} GROUP BY c.company"
_MAPPED = (str(row.target) for row in ROWS if row.target != "AllowInvoiceEdit")
ACCOUNT_FIELDS = tuple(dict.fromkeys([*_MAPPED, *CONTACT_IDS, "LastInvoiceDate", *COMPLETE, INTEGRATION_ID]))


NO_CUSTOMERS_YET = Told("LEFT-STAGE", "they are leads or prospects", due=False)


# -- deciding ------------------------------------------------------------------------------------------------------------


def plan(context: StepContext, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a customer."""
    c: NetSuiteCustomer = record.data
    if record.destination_id and not updates(context.settings):
        return plan_link(context, record, c)
    problems = problems_of(c)
    if len(found) > 1:
        problems.append(ambiguous_in_zuora("NSCUS", c.label, "accounts", found))
    if problems:
        return Hold(tuple(problems))
    if not found:
        return plan_update(context, record, c, record.destination_id) if record.destination_id else plan_create(context, record, c)
    account = found[0].record
    c = replace(c, account=account, methods={**c.methods, **_by_type(account["methods"].values())})
    if record.destination_id:
        return plan_update(context, record, c, record.destination_id)
    if account.get("Status") == "Draft" or not all(account.get(name) for name in CONTACT_IDS):
        return plan_completion(context, record, c)
    if updates(context.settings) and normal_status(record.status).startswith("error"):
        return plan_update(context, record, c, found[0].id)  # section 4, rule 2
    return Found(Counterpart(found[0].id))


def updates(settings: Settings) -> bool:
    """Whether a change in NetSuite is sent as an update."""
    return settings.customer_account_sync_behavior is Behavior.NEW_AND_MODIFIED


def plan_create(context: StepContext, record: SourceRecord, c: NetSuiteCustomer) -> Plan:
    """Section 3.4: draft account, bill-to, sold-to, contacts and Active."""
    body, remarks = _body(c, "C")
    account = Request(ACCOUNT, context.source.to_tenant(body), key=f"{KEY}{record.id}")
    requests, more = _completion(context, record, c)
    told = _told(c, (*remarks, *more))
    return Write("create", CREATING, ERROR_CREATING, (account, *requests), **UNTRANSFERRED, **told)


def plan_completion(context: StepContext, record: SourceRecord, c: NetSuiteCustomer) -> Plan:
    """A create that ended half-way: what is missing of it."""
    requests, remarks = _completion(context, record, c)
    account_id = str(c.account["Id"])
    told = _told(c, remarks)
    return Write("create", CREATING, ERROR_CREATING, requests, destination_id=account_id, **UNTRANSFERRED, **told)


def plan_update(context: StepContext, record: SourceRecord, c: NetSuiteCustomer, account_id: str) -> Plan:
    """What differs: bill-to, sold-to, account. A customer whose status does not say Sync Complete yet gets it, and its account is
    linked to it, too."""
    requests: list[Request] = []
    settles = not is_complete(record.status)
    wanted, remarks = _body(c, "U")
    if settles:
        wanted |= _link_body(c)
    ids: dict[str, Any] = {}
    for role in ROLES:
        contact_id = str(c.row.get(role.id_column) or c.account.get(role.account_field) or "")
        if contact_id:
            held = c.account.get("contacts", {}).get(contact_id, {})
            body = contact_changes(c, role, held)
            requests += [Request(CONTACT, body, contact_id)] if body else []
            long = [n for n in cut(contact_values(c, role), CONTACT_LENGTHS)[1] if n[0] in body]
            remarks = (*remarks, *_cuts(c, long))
        elif c.account:
            request, more = _new_contact(record, c, role)
            requests.append(request)
            remarks = (*remarks, *more)
            ids[role.account_field] = Made(role.name)
    body = {**changes(wanted, c.account, followers(ROWS, Reference(), ACCOUNT)), **ids}
    if body or requests:
        body["SyncDate__NS"] = c.synced_at
    requests += [Request(ACCOUNT, context.source.to_tenant(body), CREATED)] if body else []
    action = "update" if record.destination_id else "recover"
    if not requests:
        return Found(Counterpart(account_id), action="recover" if settles else "none", write_back=settles)
    common = {**UNTRANSFERRED, **_told(c, remarks), "write_back": settles}
    return Write(action, "", ERROR_UPDATING, tuple(requests), destination_id=account_id, **common)


def plan_link(context: StepContext, record: SourceRecord, c: NetSuiteCustomer) -> Plan:
    """The account that the customer names is marked as its own."""
    requests = (Request(ACCOUNT, context.source.to_tenant(_link_body(c)), record.destination_id),)
    return Write("link", LINKING, ERROR_LINKING, requests, destination_id=record.destination_id, **UNTRANSFERRED)


def _completion(context: StepContext, record: SourceRecord, c: NetSuiteCustomer) -> tuple[tuple[Request, ...], tuple[Problem, ...]]:
    requests: list[Request] = []
    remarks: list[Problem] = []
    ids: dict[str, Any] = {}
    for role in ROLES:
        ids[role.account_field] = _contact_of(c, role)
        if not ids[role.account_field]:
            request, more = _new_contact(record, c, role)
            requests.append(request)
            remarks += more
            ids[role.account_field] = Made(role.name)
    last = Request(ACCOUNT, context.source.to_tenant({**ids, **ACTIVE, **COMPLETE}), CREATED)
    return (*requests, last), tuple(remarks)


def _new_contact(record: SourceRecord, c: NetSuiteCustomer, role: Role) -> tuple[Request, list[Problem]]:
    body, long = cut(contact_body(c, role), CONTACT_LENGTHS)
    return Request(CONTACT, body, name=role.name, key=f"{role.name.replace(' ', '-')}-{record.id}"), _cuts(c, long)


def _link_body(c: NetSuiteCustomer) -> Body:
    return {**filled(ROWS, "L", c, Reference(), ACCOUNT), **COMPLETE}


def _body(c: NetSuiteCustomer, when: str) -> tuple[Body, tuple[Problem, ...]]:
    body, long = cut(filled(ROWS, when, c, Reference(), ACCOUNT), ACCOUNT_LENGTHS)
    return body, (*remarks_on(c), *_cuts(c, long))


def _told(c: NetSuiteCustomer, remarks: Sequence[Problem]) -> dict[str, Any]:
    """The remarks of a plan, with what Zuora cannot do for the account as a warning."""
    lacking = countries_missing(c)
    return {"remarks": tuple(dict.fromkeys((*lacking, *remarks))), "remark_level": "WARNING" if lacking else "INFO"}


def _cuts(c: NetSuiteCustomer, long: Sequence[tuple[str, int]]) -> list[Problem]:
    advice = "Shorten the value in NetSuite if the rest matters."
    return [Problem("NSCUS-CUT", f"{c.label}: {n} was cut to {limit} characters, Zuora takes no more.", advice) for n, limit in long]


# -- the step ------------------------------------------------------------------------------------------------------------


class NetSuiteCustomers(NetSuiteToZuora):
    """Step 1 where NetSuite is the master: one Zuora account with two contacts per customer, its parent before it; later changes as updates
    of what differs."""

    name = "netsuite_customers"
    title = "NetSuite customers"
    object = "customer"
    object_label = "Customer"
    destination = "account"
    zuora_object = ACCOUNT
    code = "NSCUS"
    table = "customer"
    transaction = False
    own_columns = NetSuiteToZuora.own_columns | {"billtoid", "soldtoid", "parentzuoraid"}
    follows_changes = True
    undone = ("Canceled",)
    needs: tuple[str, ...] = ("fields:customer",)

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        if self.settings.netsuite_subsidiaries:
            self.needs = (*type(self).needs, "subsidiary")
        self.accounts: dict[str, dict[str, Any]] = {}
        """By id, as far as they have been read to be written back; customers of two chunks may be marked at the same time."""
        self.declined: set[str] = set()

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        return settings.customer_account_sync_behavior

    def selection(self) -> SuiteSelection:
        where = (
            "t.isinactive = 'F'",  # rule 1
            self.says_yes("Send to Zuora"),  # rule 2
            "t.searchstage = 'Customer'",  # rule 3
            self.not_ignored(),  # rule 4
        )
        columns = tuple(f"{expression} AS {name}" for name, expression in self._columns().items())
        source = f"customer t LEFT JOIN customer p ON p.id = t.parent{self._currency_join()}"
        if not updates(self.settings):
            return SuiteSelection(source, (*where, self.not_complete()), columns)  # rule 5
        changed, params = self.modified_lately()
        return SuiteSelection(source, where, columns, due=f"({self.not_complete()}) OR ({changed})", due_params=params)  # rules 5, 6

    def told(self) -> SuiteLeftOut:
        """Customers to be sent that a rule leaves out."""
        rules = ((self.not_ignored(), IGNORED), ("t.isinactive = 'F'", INACTIVE), ("t.searchstage = 'Customer'", NO_CUSTOMERS_YET))
        return SuiteLeftOut("customer t", (self.says_yes("Send to Zuora"), self.not_done()), rules, number="t.entityid", amount="")

    def _columns(self) -> dict[str, str]:
        zuora_id, status = self.label_field("Zuora ID"), self.label_field(STATUS)
        columns = {**COLUMNS, "zuoraid": f"t.{zuora_id}", "status": f"t.{status}", "parentzuoraid": f"p.{zuora_id}"}
        if self.settings.netsuite_multiple_currencies:
            columns["currency"] = "u.symbol"
        if self.settings.netsuite_subsidiaries:
            columns |= {"subsidiaryid": "t.subsidiary", "subsidiary": "BUILTIN.DF(t.subsidiary)"}
        for name, label in LABELS.items():
            script_id = self.reference.custom(self.object, label)
            if self.reference.has_field(self.object, script_id):
                columns[name] = f"BUILTIN.DF(t.{script_id})" if name in LISTS else f"t.{script_id}"
            else:
                self.context.dropped.add(f"{self.object}.{script_id}")
        return columns

    def _currency_join(self) -> str:
        return " LEFT JOIN currency u ON u.id = t.currency" if self.settings.netsuite_multiple_currencies else ""

    def select(self) -> Iterator[Candidate]:
        """Customers, those whose parent has yet to be created in one group with it. Only customers with a parent are held in memory."""
        selection = self.selection()
        below = replace(selection, where=(*selection.where, "t.parent IS NOT NULL"), group="t.parent")
        children = {c.id: c for c in self.candidates(below)}
        families = self._families(children)
        for top in self.candidates(replace(selection, where=(*selection.where, "t.parent IS NULL"))):
            yield from _family(top, families.pop(top.id, []))
        for members in families.values():
            yield from _family(members[0], members[1:])

    def _families(self, children: Mapping[str, Candidate]) -> dict[str, list[Candidate]]:
        """The customers that have a parent, by the customer at the top of those that are still to be created, upper ones first."""
        q = f"SELECT t.id, t.{self.label_field('Zuora ID')} AS zuoraid FROM customer t WHERE t.id IN {{in}}"
        synced = {
            row["id"] for row in self.context.netsuite.suiteql_in(q, sorted({c.group for c in children.values()})) if row.get("zuoraid")
        }
        parent_of = {c.id: c.group for c in children.values() if c.group not in synced}
        found: dict[str, list[Candidate]] = {}
        for i in sorted(children, key=lambda i: (depth_of(i, parent_of), i)):
            found.setdefault(root_of(i, parent_of), []).append(children[i])
        return found

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        rows = {row["id"]: row for row in self.reread(candidates)}
        addresses: dict[tuple[str, str], Mapping[str, Any]] = {}
        for line in self.context.netsuite.suiteql_in(ADDRESSES, rows):
            for use in ("defaultbilling", "defaultshipping"):
                if line.get(use) == "T":
                    addresses.setdefault((line["entity"], use), line)
        contacts = {row["company"]: int(row["n"]) for row in self.context.netsuite.suiteql_in(CONTACTS, rows)}
        methods = self._methods_of_the_tenant() if any(row.get("paymentmethod") for row in rows.values()) else {}
        subsidiaries = frozenset(entry["id"] for entry in self.reference.tables.get("subsidiary", {}).values())
        parent_of = {i: row["parent"] for i, row in rows.items() if row.get("parent") in rows and not row.get("parentzuoraid")}
        now = stamp(self.context.clock.now())
        return [
            self._record(
                NetSuiteCustomer(
                    row=row,
                    settings=self.settings,
                    synced_at=now,
                    billing=addresses.get((i, "defaultbilling")),
                    shipping=addresses.get((i, "defaultshipping")),
                    contacts=contacts.get(i, 0),
                    subsidiaries=subsidiaries,
                    parent_first=i in parent_of,
                    circular=is_circular(i, parent_of),
                    methods=methods,
                ),
                depth_of(i, parent_of),
            )
            for i, row in rows.items()
        ]

    def _record(self, c: NetSuiteCustomer, depth: int) -> SourceRecord:
        return SourceRecord(
            id=str(c.row["id"]),
            number=c.number,
            status=str(c.row.get("status") or ""),
            order=(f"{depth:03d}", c.number),
            destination_id=str(c.row.get("zuoraid") or ""),
            data=c,
            modified=utc_moment(c.row.get("modified")),
            state=self.state(c.row, c.billing, c.shipping),
        )

    def _methods_of_the_tenant(self) -> dict[str, str]:
        """Payment methods without an account, by type: every account may use them."""
        query = SourceQuery("PaymentMethod", ("Type",), ((Is("AccountId", (None,)),),))
        return _by_type(self.context.zuora.query(query.zoql(("Type",))))

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Accounts by Integration ID, or by Zuora ID where the customer has one and may be updated; with their contacts and methods."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for source_id, rows in self.in_zuora([r.id for r in records if not r.destination_id], ACCOUNT_FIELDS).items():
            if kept := [row for row in rows if self.counts(row)]:
                found[source_id] = kept
        if updates(self.settings):
            known = {r.destination_id: r.id for r in records if r.destination_id}
            for i, row in self.context.source.reread(ACCOUNT, known, ACCOUNT_FIELDS).items():
                found[known[i]] = [row]
        accounts = [str(row["Id"]) for rows in found.values() for row in rows]
        contacts = _of_accounts(self.context.source.by_field(CONTACT, "AccountId", accounts, CONTACT_FIELDS))
        wanted = [str(row["Id"]) for r in records if r.data.row.get("paymentmethod") for row in found.get(r.id, ())]
        methods = _of_accounts(self.context.source.by_field("PaymentMethod", "AccountId", wanted, ("AccountId", "Type")))
        return {
            source_id: [
                Counterpart(
                    str(row["Id"]),
                    record={**row, "contacts": contacts.get(row["Id"], {}), "methods": methods.get(row["Id"], {})},
                    own=row.get(INTEGRATION_ID) == source_id,
                )
                for row in rows
            ]
            for source_id, rows in found.items()
        }

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """The account of the customer, or the contact of that description."""
        if request.record_type != CONTACT:
            return super().find_made(record, request)
        account, description = str(request.body["AccountId"]), request.body["Description"]
        rows = self.context.source.by_field(CONTACT, "AccountId", [account], ("Description",))
        return [Counterpart(str(row["Id"])) for row in rows if row.get("Description") == description]

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.context, record, found)

    # -- writing -----------------------------------------------------------------------------------------------------

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        return self.decide(replace(record, destination_id=target), [])

    def writer(self) -> Writer:
        return AccountWriter(self.context.zuora, self.declined)

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """As every step from NetSuite; with success the ids of the two contacts are written, too."""
        finished = [m for m in marks if m.synced_at]
        try:
            self.accounts |= self.context.source.reread(ACCOUNT, [m.destination_id for m in finished], CONTACT_IDS) if finished else {}
        except LoginRefused:
            raise
        except ServiceError as lost:
            failed = {m.record.id: MarkResult(False, lost.code, lost.message) for m in finished}
            return failed | super().mark([m for m in marks if not m.synced_at])
        return super().mark([self._as_it_was(m) for m in marks])

    def _as_it_was(self, mark: Mark) -> Mark:
        """A customer that fails W2 or W3 keeps the status it had."""
        kept = mark.status == ERROR_CREATING and mark.record.id in self.declined
        return replace(mark, status=mark.record.status) if kept else mark

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        fields = super().mark_fields(mark)
        if fields.get(STATUS) == "":
            fields[STATUS] = None
        account = self.accounts.get(mark.destination_id, {}) if mark.synced_at else {}
        labels = {role.account_field: LABELS[role.id_column] for role in ROLES}
        return fields | {label: account[name] for name, label in labels.items() if account.get(name)}


def _contact_of(c: NetSuiteCustomer, role: Role) -> str:
    """The contact that the account has for a role, or that was made for it before the create ended."""
    if c.account.get(role.account_field):
        return str(c.account[role.account_field])
    made: Mapping[str, Mapping[str, Any]] = c.account.get("contacts", {})
    return next((i for i, row in sorted(made.items()) if row.get("Description") == role.description), "")


def _by_type(methods: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Payment method id by type in capitals; of several of a type the first by id."""
    return {str(m.get("Type") or "").upper(): str(m["Id"]) for m in sorted(methods, key=lambda m: str(m["Id"]), reverse=True)}


def _of_accounts(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Rows by account id and own id."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["AccountId"]), {})[str(row["Id"])] = row
    return found


def _family(top: Candidate, members: Sequence[Candidate]) -> Iterator[Candidate]:
    """Candidates of one group, the top first; a customer alone belongs to no group."""
    group = top.id if members else ""
    for c in (top, *members):
        yield replace(c, group=group)
