"""Zuora documents that become NetSuite invoices, which are invoices and debit memos: the way back from an interruption, totals without
NetSuite's own tax, and the revenue dates that come later (invoices.md sections 4, 7 and 12; memos.md part D)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from tallybridge.steps.documents.document_checks import DocumentChecks
from tallybridge.steps.documents.document_lines import DocumentData
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS
from tallybridge.steps.shared.periods import Posting
from tallybridge.steps.shared.problems import already_there
from tallybridge.steps.shared.texts import day
from tallybridge.sync.held import Held, agree
from tallybridge.sync.step import Candidate, Counterpart, Found, Hold, Leave, Mark, Plan, Problem, Request, SourceRecord, Write, is_complete
from tallybridge.zuora.selection import Child, Condition, Is

REVENUE_UNFINISHED: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),
    Is("TransferredToAccounting", ("Yes",)),
    Is("IntegrationStatus__NS", ("Updating Revenue Recognition", "Error Updating Revenue Recognition")),
)
"""Synced documents whose revenue update was interrupted or refused: picked up again by status (section 7, 3)."""


class InvoiceDocuments(DocumentChecks):
    """Base of the invoices and the debit memos step."""

    item_child: Child
    data_class: ClassVar[type[DocumentData]] = DocumentData
    error: str
    """Status text of a refused create."""

    @property
    def deferred_mark(self) -> str:
        """Ledger mark of documents with provisional revenue dates (section 7)."""
        return f"DEFERRED#{self.name}"

    def alternatives(self, conditions: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], ...]:
        """The step's own conditions, and the status of unfinished revenue updates where NetSuite recognises revenue."""
        return (conditions, REVENUE_UNFINISHED) if self.settings.netsuite_use_revenue_recognition else (conditions,)

    # -- selection ---------------------------------------------------------------------------------------------------

    def waiting_work(self) -> int:
        return self.count() + len(self._deferred())

    def count(self) -> int:
        """How many documents may be waiting: one call."""
        return super().waiting_work()

    def head_fields(self) -> tuple[str, ...]:
        """What is read of a document."""
        raise NotImplementedError

    def select(self) -> Iterator[Candidate]:
        """Waiting documents, then those with deferred lines; one that is both comes once."""
        deferred = dict.fromkeys(self._deferred())
        for candidate in super().select():
            deferred.pop(candidate.id, None)
            yield candidate
        for document_id in deferred:
            yield Candidate(document_id, data={"revenue_update": True})

    def _deferred(self) -> tuple[str, ...]:
        return self.context.deferred if self.settings.netsuite_use_revenue_recognition else ()

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        found: list[DocumentData] = []
        updates = [c.id for c in candidates if c.data.get("revenue_update")]
        waiting = [c for c in candidates if not c.data.get("revenue_update")]
        rereads, charges = self.reread_with_charges(waiting)
        for selected, head, parents in rereads:
            if all(c.holds(head) for c in REVENUE_UNFINISHED):
                updates.append(selected.id)
            else:
                items, taxes = selected.children.get("items", []), selected.children.get("taxes", [])
                found.append(self.data_class(head, parents["Account"], self.complete_items(items), taxes))
        if updates:
            found += self._revenue_updates(updates)
        self.add_charges(found, charges)
        return [self.record(d) for d in found]

    def _revenue_updates(self, ids: Sequence[str]) -> list[DocumentData]:
        """Synced documents with deferred lines, if the trigger date of one of their items is known by now (section 7, 1 and 2)."""
        source = self.context.source
        heads = source.reread(self.object, ids, self.head_fields())
        children = source.children(self.item_child, list(heads))
        accounts = source.reread("Account", (h.get("AccountId", "") for h in heads.values()), ACCOUNT_FIELDS)
        found = []
        for document_id, head in heads.items():
            items = self.complete_items(children.get(document_id, []))
            if any(i.get("RevRecStartDate") for i in items) or all(c.holds(head) for c in REVENUE_UNFINISHED):
                found.append(self.data_class(head, accounts.get(head.get("AccountId", ""), {}), items, [], revenue_update=True))
        return found

    # -- destination -------------------------------------------------------------------------------------------------

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        updates = [r for r in records if r.data.revenue_update]
        with ThreadPoolExecutor(max_workers=1) as pool:  # both look-ups at once
            noting = pool.submit(self.note_customers, records)
            found = self.find_documents([r for r in records if not r.data.revenue_update])
            noting.result()
        needed = {r.id: r.destination_id for r in updates if r.destination_id} | self.also_with_lines(records, found)
        lines = self.lines_in_netsuite(list(needed.values()))
        for source_id, internal_id in needed.items():
            there = found[source_id][0] if source_id in found else Counterpart(internal_id)
            found[source_id] = [replace(there, record={"lines": lines.get(internal_id, [])})]
        return found

    def find_documents(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts of documents that are to be sent."""
        return self.find_transactions(records)

    def also_with_lines(self, records: Sequence[SourceRecord], found: Mapping[str, Sequence[Counterpart]]) -> dict[str, str]:
        """Which other counterparts are needed with their lines: internal id by source id."""
        return {}

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        """As for every transaction; when NetSuite adds its own tax, what its invoices hold without it."""
        if self.amounts_must_match:
            yield from super().holdings(source_ids)
            return
        zuora_id, types = self.reference.custom("invoice", "Zuora ID"), ", ".join("?" * len(self.transaction_types))
        of_whom = f"t.id, t.{zuora_id}, t.type, t.entity{', t.currency' if self.currency_column() else ''}"
        q = (
            f"SELECT t.{zuora_id} AS zuoraid, t.type AS type, t.entity AS entity{self.currency_column('t.')}, SUM(tl.foreignamount) AS net "
            "FROM transaction t JOIN transactionline tl ON tl.transaction = t.id "
            f"WHERE t.type IN ({types}) AND tl.mainline = 'F' AND tl.taxline = 'F' AND t.{zuora_id} IN {{in}} GROUP BY {of_whom}"
        )
        for row in self.context.netsuite.suiteql_in(q, source_ids, self.transaction_types):
            net = -Decimal(row.get("net", "0"))  # item lines of an invoice are negative in SuiteQL
            yield row["zuoraid"], replace(self.held_in(row), amount=net)

    @property
    def amounts_must_match(self) -> bool:
        """Whether NetSuite's total is Zuora's: not where NetSuite adds its own tax."""
        return not self.settings.use_standard_invoice_sync.netsuite_calculates_tax

    def lines_in_netsuite(self, ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
        """The item lines of NetSuite invoices, by invoice: line key, Zuora ID, whether deferred."""
        zuora_id = self.reference.custom("invoice", "Zuora ID", line=True)
        q = (
            f"SELECT tl.transaction, tl.id AS line, tl.{zuora_id} AS zuoraid, tl.deferrevrec AS deferred "
            "FROM transactionline tl WHERE tl.transaction IN {in} AND tl.mainline = 'F' AND tl.taxline = 'F'"
        )
        lines: dict[str, list[dict[str, str]]] = {}
        for row in self.context.netsuite.suiteql_in(q, list(ids)) if ids else ():
            lines.setdefault(row["transaction"], []).append(row)
        return lines

    # -- 4 action ----------------------------------------------------------------------------------------------------

    def plan_create(self, record: SourceRecord, creating: str) -> Plan:
        """A new NetSuite invoice, in the period that its date or the settings say."""
        data: DocumentData = record.data
        error = self.error_of(data)
        if closed := self.post(data).plan(error):
            return closed
        body = {**self.header(data), "item": {"items": self.lines(data)}}
        request = Request(self.record_type(data), body)
        return Write("create", creating, error, (request,), check_amount=self.amounts_must_match, facts=self.facts(data))

    def post(self, data: DocumentData) -> Posting:
        """How the document is posted; what that adds to its header is noted."""
        posting = self.posting(day(data.head.get(self.date_field)) or "", self.label(data), self.record_type(data))
        data.posting = posting.fields
        return posting

    def error_of(self, data: DocumentData) -> str:
        """Status text of a refused create."""
        return self.error

    # -- 4 recovery --------------------------------------------------------------------------------------------------

    def plan_found(self, record: SourceRecord, there: Counterpart) -> Plan:
        """The NetSuite invoice exists: only Zuora is written. With another total than Zuora's it gets the error status instead; where
        NetSuite adds its own tax the totals are not compared."""
        facts, compared = self.facts(record.data), self.amounts_must_match
        was_reset = is_complete(record.status) or not record.status
        label = f"{self.object_label} {record.number}"
        remark = already_there(self.code, label, self.record_type(record.data), there.id) if was_reset else None
        if compared and agree(record.sent, there.held, record.base):
            return Found(there, remark=remark, facts=facts)
        remarks = (remark,) if remark else ()
        error = self.error_of(record.data)
        return Write("recover", "", error, (), destination_id=there.id, check_amount=compared, remarks=remarks, facts=facts)

    def facts(self, data: DocumentData) -> dict[str, Any]:
        """What the ledger keeps: whether revenue dates are still to come, where the record type can say that they are (section 7, 7)."""
        can_defer = self.reference.has_field(self.record_type(data), "deferRevRec", line=True)
        return {"attention": self.deferred_mark} if can_defer and any(self.revenue(data, i).defer for i in self.items(data)) else {}

    # -- 7 later revenue date updates --------------------------------------------------------------------------------

    def plan_revenue_update(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """One update with the dates of all lines that have become known; nothing when the lines have them."""
        data: DocumentData = record.data
        lines = found[0].record["lines"] if found else []
        changes = self._line_changes(data, lines)
        unfinished = all(c.holds(data.head) for c in REVENUE_UNFINISHED)
        facts = self.facts(data)
        if not changes and not unfinished:
            if facts or not any(line.get("zuoraid") for line in lines):
                return Leave(Problem(f"{self.code}-REVENUE", f"{self.label(data)}: revenue dates are up to date."), level="DEBUG")
            return Write("recover", "", "", (), destination_id=record.destination_id, write_back=False, check_amount=False)
        date = day(data.head.get(self.date_field)) or ""
        if changes and self.reference.is_closed(date):
            reason = f"the accounting period of {date} is closed"
            text_ = f"{self.label(data)}: revenue dates could not be updated in NetSuite: {reason}."
            advice = "Open the period, or correct the lines by hand."
            problem = Problem(f"{self.code}-REVENUE-PERIOD", text_, advice)
            return Hold((problem,))
        requests = (Request(self.record_type(data), {"item": {"items": changes}}, record.destination_id),) if changes else ()
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

    @staticmethod
    def without_transfer(mark: Mark) -> Mark:
        """The mark, without Transferred to Accounting for a revenue update: it stays Yes (section 7, 3)."""
        return replace(mark, transferred=None) if mark.record.data.revenue_update else mark

    def _line_changes(self, data: DocumentData, lines: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
        """The lines that are still deferred in NetSuite and whose dates are final by now."""
        changes = []
        by_key = {line["line"]: line for line in lines}
        by_id = {line.get("zuoraid"): line for line in lines}
        for item in data.items:
            line, dates = _line_of(item, by_key, by_id), self.revenue(data, item)
            if line.get("deferred") == "T" and not dates.defer:
                start, end = dates.start or None, dates.end or None
                changes.append({"line": int(line["line"]), "deferRevRec": False, "revRecStartDate": start, "revRecEndDate": end})
        return changes


def _line_of(
    item: Mapping[str, Any], by_key: Mapping[str, Mapping[str, str]], by_id: Mapping[str | None, Mapping[str, str]]
) -> Mapping[str, str]:
    """The NetSuite line of an item: by the line key that the item holds (mode A), unless that line carries another item's Zuora ID; else by
    the line's Zuora ID (section 7, 4)."""
    keyed = by_key.get(str(item.get("IntegrationId__NS") or ""), {})
    return keyed if keyed and keyed.get("zuoraid", item["Id"]) == item["Id"] else by_id.get(str(item["Id"]), {})
