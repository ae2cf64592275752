"""Zuora invoices -> NetSuite invoices (invoices.md), Invoice Settlement tenants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from tallybridge.money import plain, quantum, rounded
from tallybridge.steps import classification
from tallybridge.steps.base import already_there, ambiguous, currency_problem, day
from tallybridge.steps.invoice_mapping import InvoiceData, InvoiceMapping, charge_id_of
from tallybridge.sync.step import (
    CREATED,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    is_complete,
)
from tallybridge.zuora.selection import Child, Condition, Is, IsNot, Join, OnOrAfter, Parent, SourceQuery

# -- 1 selection ---------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", where=(Is("SynctoNetSuite__NS", ("Yes", None)),))  # rule 1
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),  # rule 2
    Is("TransferredToAccounting", ("No", None, "Error", "Processing")),  # rule 3
    IsNot("IntegrationStatus__NS", ("Ignore",)),  # rule 5
)
HEAD_FIELDS = (
    "InvoiceNumber",
    "InvoiceDate",
    "DueDate",
    "Amount",
    "AmountWithoutTax",
    "TaxAmount",
    "TaxExemptAmount",
    "Comments",
    "CreatedDate",
    "PostedDate",
    "TargetDate",
    "LastEmailSentDate",
    "Status",
    "AccountId",
    "TransferredToAccounting",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
)
ACCOUNT_FIELDS = (
    "AccountNumber",
    "Currency",
    "SynctoNetSuite__NS",
    "IntegrationId__NS",
    "Class__NS",
    "Department__NS",
    "Location__NS",
)
CHARGE_FIELDS = ("Name", "IntegrationId__NS", "RevRecCode", "RevRecStart__NS", "RevRecEnd__NS", "RevRecTemplateType__NS")
ITEMS = Child(
    "items",
    "InvoiceItem",
    "InvoiceId",
    fields=(
        "Id",
        "ChargeName",
        "ChargeAmount",
        "TaxAmount",
        "Quantity",
        "ChargeDate",
        "ProcessingType",
        "ServiceStartDate",
        "ServiceEndDate",
        "RevRecStartDate",
        "RevRecCode",
        "RatePlanChargeId",
        "SubscriptionId",
    ),
    joins=(
        Join("Subscription", "Subscription", "SubscriptionId", ("Name", "Notes", "SubscriptionEndDate", "Project__NS")),
        Join("RatePlanCharge", "RatePlanCharge", "RatePlanChargeId", ("ProductRatePlanChargeId",)),
    ),
)
TAXES = Child(
    "taxes",
    "TaxationItem",
    "InvoiceId",
    fields=(
        "Id",
        "InvoiceItemId",
        "AccountingCode",
        "Jurisdiction",
        "TaxAmount",
        "TaxCode",
        "TaxDate",
        "TaxRate",
        "TaxRateType",
        "TaxRateDescription",
    ),
    via=("InvoiceItem", "InvoiceItemId", "InvoiceId"),
)

CREATING, ERROR = "Creating Invoice", "Error Creating Invoice"
REVENUE_UNFINISHED: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),
    Is("TransferredToAccounting", ("Yes",)),
    Is("IntegrationStatus__NS", ("Updating Revenue Recognition", "Error Updating Revenue Recognition")),
)
"""Synced invoices whose revenue update was interrupted or refused: picked up again by status (section 7, 3)."""
DEFERRED = "DEFERRED#invoices"
"""Ledger mark of invoices with provisional revenue dates (section 7)."""


class Invoices(InvoiceMapping):
    """Step 4: one NetSuite invoice per posted Zuora invoice, and later the revenue dates of its deferred lines."""

    name = "invoices"
    title = "Zuora invoices"
    object = "Invoice"
    object_label = "Invoice"
    destination = "invoice"
    code = "INV"
    transaction_type = "CustInvc"
    needs = ("class", "department", "location", "tax code", "revenue template", "periods", "fields:invoice")

    def query(self) -> SourceQuery:
        conditions = WAITING
        if self.settings.cutover_zuora_invoice:
            conditions += (OnOrAfter("InvoiceDate", self.settings.cutover_zuora_invoice.isoformat()),)  # rule 4
        alternatives = (conditions, REVENUE_UNFINISHED) if self.settings.netsuite_use_revenue_recognition else (conditions,)
        return SourceQuery("Invoice", HEAD_FIELDS, alternatives, parents=(ACCOUNT,), children=(ITEMS, TAXES), copy_fields=("AccountId",))

    def waiting_work(self) -> int:
        return super().waiting_work() + len(self._deferred())

    def select(self) -> Iterator[Candidate]:
        """Waiting invoices, then those with deferred lines; one that is both comes once."""
        deferred = dict.fromkeys(self._deferred())
        for candidate in super().select():
            deferred.pop(candidate.id, None)
            yield candidate
        for invoice_id in deferred:
            yield Candidate(invoice_id, data={"revenue_update": True})

    def _deferred(self) -> tuple[str, ...]:
        return self.context.deferred if self.settings.netsuite_use_revenue_recognition else ()

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source = self.context.source
        found, updates = [], [c.id for c in candidates if c.data.get("revenue_update")]
        waiting = [c for c in candidates if not c.data.get("revenue_update")]
        charge_ids = {charge_id_of(i) for c in waiting for i in c.data["children"].get("items", ())}
        with ThreadPoolExecutor(max_workers=1) as pool:  # the charges are read while the heads are
            reading = pool.submit(source.reread, "ProductRatePlanCharge", charge_ids, CHARGE_FIELDS)
            rereads = list(self.reread(waiting))
            charges = reading.result()
        for selected, head, parents in rereads:
            if all(c.holds(head) for c in REVENUE_UNFINISHED):
                updates.append(selected.id)
            else:
                items, taxes = selected.children.get("items", []), selected.children.get("taxes", [])
                found.append(InvoiceData(head, parents["Account"], items, taxes))
        if updates:
            found += self._revenue_updates(updates)
        missing = {charge_id_of(i) for d in found for i in d.items} - charge_ids
        charges |= source.reread("ProductRatePlanCharge", missing, CHARGE_FIELDS)
        for data in found:
            data.charges = charges
        return [self._record(d) for d in found]

    def _record(self, data: InvoiceData) -> SourceRecord:
        head, amount = data.head, Decimal(data.head.get("Amount") or 0)
        if self.settings.use_standard_invoice_sync.netsuite_calculates_tax:  # Zuora's tax, if any, is not sent
            amount -= sum((t["TaxAmount"] for t in data.taxes), Decimal(0))
        return SourceRecord(
            id=head["Id"],
            number=str(head.get("InvoiceNumber") or head["Id"]),
            status=str(head.get("IntegrationStatus__NS") or ""),
            order=(day(head.get("InvoiceDate")) or "",),
            currency=str(data.account.get("Currency") or ""),
            amount=amount,
            destination_id=str(head.get("IntegrationId__NS") or ""),
            data=data,
        )

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Decimal | None]]:
        """As for every transaction; when NetSuite adds its own tax, what its invoices hold without it."""
        if not self.settings.use_standard_invoice_sync.netsuite_calculates_tax:
            yield from super().holdings(source_ids)
            return
        zuora_id = self.reference.custom("invoice", "Zuora ID")
        q = (
            f"SELECT t.id, t.{zuora_id} AS zuoraid, SUM(tl.foreignamount) AS net FROM transaction t JOIN transactionline tl "
            f"ON tl.transaction = t.id WHERE t.type = ? AND tl.mainline = 'F' AND tl.taxline = 'F' AND t.{zuora_id} IN {{in}} "
            f"GROUP BY t.id, t.{zuora_id}"
        )
        for row in self.context.netsuite.suiteql_in(q, source_ids, [self.transaction_type]):
            yield row["zuoraid"], -Decimal(row.get("net", "0"))  # item lines of an invoice are negative in SuiteQL

    def _revenue_updates(self, ids: Sequence[str]) -> list[InvoiceData]:
        """Synced invoices with deferred lines, if the trigger date of one of their items is known by now (section 7, 1 and 2)."""
        source = self.context.source
        heads = source.reread("Invoice", ids, HEAD_FIELDS)
        children = source.children(ITEMS, list(heads))
        accounts = source.reread("Account", (h.get("AccountId", "") for h in heads.values()), ACCOUNT_FIELDS)
        found = []
        for invoice_id, head in heads.items():
            items = children.get(invoice_id, [])
            if any(i.get("RevRecStartDate") for i in items) or all(c.holds(head) for c in REVENUE_UNFINISHED):
                found.append(InvoiceData(head, accounts.get(head.get("AccountId", ""), {}), items, [], revenue_update=True))
        return found

    def parent_fields(self, object_type: str) -> Sequence[str]:
        return ACCOUNT_FIELDS

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        updates = [r for r in records if r.data.revenue_update]
        large = [r for r in records if not r.data.revenue_update and self._is_large(r.data)]
        with ThreadPoolExecutor(max_workers=1) as pool:  # both look-ups at once
            noting = pool.submit(self.note_customer_currencies, records)
            found = self.find_transactions([r for r in records if not r.data.revenue_update])
            noting.result()
        known = self.context.known([r.id for r in large]) if large else {}
        for record in large:
            record.data.was_set_aside = known.get(record.id, {}).get("code") == "INV-LARGE"
        needed = {r.id: r.destination_id for r in updates if r.destination_id}
        needed |= {r.id: found[r.id][0].id for r in large if len(found.get(r.id, ())) == 1}
        lines = self._lines_in_netsuite(list(needed.values()))
        for source_id, internal_id in needed.items():
            amount = found[source_id][0].amount if source_id in found else None
            found[source_id] = [Counterpart(internal_id, amount, {"lines": lines.get(internal_id, [])})]
        return found

    def _lines_in_netsuite(self, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        """The lines of NetSuite invoices that carry a Zuora ID, by invoice: line number, Zuora ID, whether deferred."""
        zuora_id = self.reference.custom("invoice", "Zuora ID", line=True)
        q = (
            f"SELECT tl.transaction, tl.linesequencenumber AS line, tl.{zuora_id} AS zuoraid, tl.deferrevrec AS deferred "
            "FROM transactionline tl WHERE tl.transaction IN {in} AND tl.mainline = 'F' AND tl.taxline = 'F'"
        )
        lines: dict[str, list[dict[str, str]]] = {}
        for row in self.context.netsuite.suiteql_in(q, list(ids)) if ids else ():
            if row.get("zuoraid"):
                lines.setdefault(row["transaction"], []).append(row)
        return lines

    # -- 3 validations -----------------------------------------------------------------------------------------------

    def problems(self, data: InvoiceData) -> list[Problem]:
        """All failures of one invoice together."""
        parts = (
            self._parents,
            self._charge_problems,
            self._project_problems,
            self._tax_problems,
            self._classifications,
            self._sums,
            self._others,
        )
        return [problem for part in parts for problem in part(data)]

    def _parents(self, data: InvoiceData) -> Iterator[Problem]:
        number, account = data.head.get("InvoiceNumber"), data.account
        if not account.get("IntegrationId__NS"):
            name = f"account {account.get('AccountNumber', '')}"
            advice = "It syncs by itself once the account has been synced; see the account's own message."
            yield Problem("INV-V1", f"Invoice {number}: {name} has not been synced to NetSuite.", advice, name)

    def _charge_problems(self, data: InvoiceData) -> Iterator[Problem]:
        number = data.head.get("InvoiceNumber")
        reported = set()
        for item in data.items:
            charge_id = charge_id_of(item)
            charge = data.charges.get(charge_id, {})
            if self.item_id(data, item) or (charge_id in reported and charge_id):
                continue
            reported.add(charge_id)
            name = charge.get("Name") or item.get("ChargeName") or ""
            advice = "It syncs by itself once the charge has been synced; see the charge's own message."
            if not charge_id:
                advice = "The item has no product charge behind it: set default_item_id to the NetSuite item for standalone charges."
            yield Problem(
                "INV-V2", f'Invoice {number}: charge "{name}" ({charge_id}) has not been synced to NetSuite.', advice, f'charge "{name}"'
            )

    def _project_problems(self, data: InvoiceData) -> Iterator[Problem]:
        if not self.settings.netsuite_use_revenue_recognition:
            return
        without = [i for i in data.items if self.is_variable(data, i) and not i.get("Subscription.Project__NS")]
        for name, subscription in dict.fromkeys((data.charge_of(i).get("Name"), i.get("Subscription.Name", "")) for i in without):
            text_ = f'charge "{name}" uses a variable revenue template but subscription {subscription} has no NetSuite Project.'
            yield Problem("INV-V4", f"Invoice {data.head.get('InvoiceNumber')}: {text_}", "Enter the NetSuite project on the subscription.")

    def _tax_problems(self, data: InvoiceData) -> Iterator[Problem]:
        number = data.head.get("InvoiceNumber")
        reported = set()
        for tax in self.taxes(data):
            code, item = tax.get("TaxCode", ""), str(tax.get("AccountingCode") or "")
            if code not in reported and not item:
                reported.add(code)
                advice = "Create the tax item in NetSuite and an accounting code whose name is its id; set that on the tax code."
                yield Problem(
                    "INV-V3",
                    f'Invoice {number}: tax code "{code}" has no accounting code, so no NetSuite item can be found for its tax line.',
                    advice,
                )
            elif code not in reported and not item.isdigit():
                reported.add(code)
                yield Problem(
                    "INV-V8",
                    f'Invoice {number}: tax code "{code}" has accounting code "{item}", which is not a NetSuite item id.',
                    "The name of the accounting code must be the internal id of the NetSuite tax item.",
                )
        if any(not t.get("Jurisdiction") for t in self.taxes(data)):
            yield Problem(
                "INV-V11",
                f"Invoice {number}: a tax line has no jurisdiction; not sent.",
                "Complete the tax data in Zuora (tax engine or rate).",
            )

    def _classifications(self, data: InvoiceData) -> list[Problem]:
        label = f"Invoice {data.head.get('InvoiceNumber')}"
        return classification.problems_of_account("INV", (5, 6, 7), label, self.reference, data.account)

    def _sums(self, data: InvoiceData) -> Iterator[Problem]:
        number, currency = data.head.get("InvoiceNumber"), str(data.account.get("Currency") or "")
        if not self.items(data) and not self.taxes(data):
            advice = "Check the invoice's items in Zuora; an invoice of 0 is set aside by itself."
            yield Problem("INV-V10", f"Invoice {number}: no line left to send after removing zero amounts; not sent.", advice)
            return
        total = sum((i["ChargeAmount"] for i in self.items(data)), Decimal(0)) + sum((t["TaxAmount"] for t in self.taxes(data)), Decimal(0))
        amount = Decimal(data.head.get("Amount") or 0)
        if self.settings.use_standard_invoice_sync.netsuite_calculates_tax:  # taxation is off in Zuora (section 12); its tax is not sent
            amount -= sum((t["TaxAmount"] for t in data.taxes), Decimal(0))
        if abs(total - amount) >= quantum(currency) / 2 and rounded(total, currency) != rounded(amount, currency):
            advice = (
                "Compare the invoice with its items and tax lines in Zuora; if they are right there, ask for help with this invoice number."
            )
            yield Problem(
                "INV-V9", f"Invoice {number}: lines add up to {plain(total)} but the invoice amount is {plain(amount)}; not sent.", advice
            )

    def _others(self, data: InvoiceData) -> Iterator[Problem]:
        label = f"Invoice {data.head.get('InvoiceNumber')}"
        if problem := currency_problem("INV", label, str(data.account.get("Currency") or ""), data.customer_currency):
            yield problem

    # -- 4 action ----------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: InvoiceData = record.data
        if data.revenue_update:
            return self._plan_revenue_update(record, found)
        if len(found) > 1:
            return Hold((ambiguous("INV", f"Invoice {record.number}", "invoices", found),))
        large = self._is_large(data)
        if found and not (large and found[0].amount != record.amount):
            return self._plan_found(record, found[0])
        if Decimal(data.head.get("Amount") or 0) < 0:  # rule 6
            negative = f"Invoice {record.number}: negative invoices are not synced when Invoice Settlement is enabled."
            return Leave(
                Problem("INV-NEGATIVE", negative, "Handle it by hand, or set Transferred to Accounting to Ignore."), level="WARNING"
            )
        if problems := self.problems(data):
            nothing_to_send = [p.code for p in problems] == ["INV-V10"] and not record.amount
            return Leave(problems[0], set_aside=True) if nothing_to_send else Hold(tuple(problems))
        posting = self.posting(day(data.head.get("InvoiceDate")) or "", f"Invoice {record.number}")
        if closed := posting.plan(ERROR):
            return closed
        data.posting = posting.fields
        if large:
            return self._plan_large(record, found)
        return Write(
            "create",
            CREATING,
            ERROR,
            (Request("invoice", {**self.header(data), "item": {"items": self.lines(data)}}),),
            check_amount=self._amounts_must_match(),
            facts=self._facts(data),
        )

    def _plan_found(self, record: SourceRecord, there: Counterpart) -> Plan:
        """The NetSuite invoice exists: only Zuora is written. With another total than Zuora's it gets the error status instead; where
        NetSuite adds its own tax the totals are not compared."""
        facts, compared = self._facts(record.data), self._amounts_must_match()
        remark = (
            already_there("INV", f"Invoice {record.number}", "invoice", there.id)
            if is_complete(record.status) or not record.status
            else None
        )
        if compared and there.amount == record.amount:
            return Found(there, remark=remark, facts=facts)
        remarks = (remark,) if remark else ()
        return Write("recover", "", ERROR, (), destination_id=there.id, check_amount=compared, remarks=remarks, facts=facts)

    def _amounts_must_match(self) -> bool:
        return not self.settings.use_standard_invoice_sync.netsuite_calculates_tax

    def _facts(self, data: InvoiceData) -> dict[str, Any]:
        return {"attention": DEFERRED} if any(self.revenue(data, i).defer for i in self.items(data)) else {}

    # -- 7 later revenue date updates --------------------------------------------------------------------------------

    def _plan_revenue_update(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: InvoiceData = record.data
        lines = {line["zuoraid"]: line for line in found[0].record["lines"]} if found else {}
        changes = []
        for item in data.items:
            line, dates = lines.get(str(item["Id"]), {}), self.revenue(data, item)
            if line.get("deferred") == "T" and not dates.defer:
                number = int(line["line"])
                start, end = dates.start or None, dates.end or None
                changes.append({"line": number, "deferRevRec": False, "revRecStartDate": start, "revRecEndDate": end})
        unfinished = all(c.holds(data.head) for c in REVENUE_UNFINISHED)
        facts = self._facts(data)
        if not changes and not unfinished:
            if facts or not lines:
                return Leave(Problem("INV-REVENUE", f"Invoice {record.number}: revenue dates are up to date."), level="DEBUG")
            return Write("recover", "", "", (), destination_id=record.destination_id, write_back=False, check_amount=False)
        date = day(data.head.get("InvoiceDate")) or ""
        if changes and self.reference.is_closed(date):
            reason = f"the accounting period of {date} is closed"
            text_ = f"Invoice {record.number}: revenue dates could not be updated in NetSuite: {reason}."
            advice = "Open the period, or correct the lines by hand."
            return Leave(Problem("INV-REVENUE-PERIOD", text_, advice), level="WARNING")  # not a hold: it stays in the list of deferred ones
        requests = (Request("invoice", {"item": {"items": changes}}, record.destination_id),) if changes else ()
        return Write(
            "update",
            "Updating Revenue Recognition",
            "Error Updating Revenue Recognition",
            requests,
            destination_id=record.destination_id,
            transferred=False,
            check_amount=False,
            facts=facts,
        )

    # -- 10 large invoices -------------------------------------------------------------------------------------------

    def _is_large(self, data: InvoiceData) -> bool:
        return len(self.items(data)) + len(self.taxes(data)) > self.settings.large_invoice_lines

    def _plan_large(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """Set aside at first sight; once a person has set Transferred to Accounting to No again, send it in pieces.

        Negative lines come last, so that the running total never falls below zero. Lines are numbered in the order in which they are sent:
        a piece that arrives twice changes nothing. After a crash the lines that are already there are left out.
        """
        data: InvoiceData = record.data
        count = len(self.items(data)) + len(self.taxes(data))
        if not data.was_set_aside and not found and not record.status:
            limit = self.settings.large_invoice_lines
            text_ = f"Invoice {record.number}: {count} lines exceed the limit of {limit}; set aside."
            advice = "Set Transferred to Accounting to No to send it in pieces."
            return Leave(Problem("INV-LARGE", f"{text_} {advice}", advice), set_aside=True, level="WARNING")
        there = {line["zuoraid"] for line in found[0].record["lines"]} if found else set()
        id_field = self.reference.custom("invoice", "Zuora ID", line=True)
        lines = sorted(self.lines(data), key=lambda line: line["amount"] < 0)
        missing = (line for line in lines if line[id_field] not in there)
        rest = [{**line, "line": number} for number, line in enumerate(missing, len(there) + 1)]
        size = self.settings.large_invoice_piece
        pieces = [{"item": {"items": rest[n : n + size]}} for n in range(0, len(rest), size)]
        target = found[0].id if found else None
        requests = [Request("invoice", piece, target or CREATED) for piece in pieces]
        if target is None:
            requests[0] = Request("invoice", {**self.header(data), **pieces[0]})
        return Write("create", CREATING, ERROR, tuple(requests), destination_id=target or "", facts=self._facts(data))

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """`PUT /v1/invoices`, 50 a call (api-zuora-billing.md 12.3)."""
        objects = []
        for mark in marks:
            fields = self.mark_fields(mark)
            if mark.record.data.revenue_update:
                fields.pop("TransferredToAccounting", None)  # stays Yes (section 7, 3)
            if "TransferredToAccounting" in fields:
                fields["transferredToAccounting"] = fields.pop("TransferredToAccounting")
            objects.append({"id": mark.record.id, **self.context.source.to_tenant(fields)})
        return {w.id: MarkResult(w.ok, w.code, w.message) for w in self.context.zuora.update_invoices(objects)}
