"""What is done with a document that becomes a NetSuite invoice, which are invoices and debit memos: it is created, or found after an
interruption (invoices.md section 4); and what NetSuite holds of it where NetSuite adds its own tax (section 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from tallybridge.settings import Settings
from tallybridge.steps.documents.document_lines import lines
from tallybridge.steps.documents.kind import D, Kind
from tallybridge.steps.documents.later_revenue import facts
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.periods import Posting
from tallybridge.steps.shared.problems import already_there
from tallybridge.steps.shared.texts import day
from tallybridge.sync.held import Held, agree
from tallybridge.sync.step import Counterpart, Found, Plan, Request, SourceRecord, Write, is_complete


def amounts_must_match(settings: Settings) -> bool:
    """Whether NetSuite's total is Zuora's: not where NetSuite adds its own tax."""
    return not settings.use_standard_invoice_sync.netsuite_calculates_tax


def plan_create(kind: Kind[D], company: Company, record: SourceRecord) -> Plan:
    """A new NetSuite record, in the period that its date or the settings say."""
    data: D = record.data
    if closed := post(kind, company, data).plan(kind.error(data)):
        return closed
    body = {**kind.header(company, data), "item": {"items": lines(kind, company, data)}}
    requests = (Request(kind.record_type(data), body),)
    compared = amounts_must_match(company.settings)
    return Write("create", kind.creating(data), kind.error(data), requests, check_amount=compared, facts=facts(kind, company, data))


def post(kind: Kind[D], company: Company, data: D) -> Posting:
    """How the document is posted; what that adds to its header is noted."""
    posting = company.posting(kind.record_type(data), day(data.head.get(kind.date)) or "", kind.name(data))
    data.posting = posting.fields
    return posting


def plan_found(kind: Kind[D], company: Company, record: SourceRecord, there: Counterpart) -> Plan:
    """The NetSuite record exists: only Zuora is written. With another total than Zuora's it gets the error status instead; where NetSuite
    adds its own tax the totals are not compared."""
    data: D = record.data
    kept, compared = facts(kind, company, data), amounts_must_match(company.settings)
    was_reset = is_complete(record.status) or not record.status
    remark = already_there(kind.code, f"{kind.label} {record.number}", kind.record_type(data), there.id) if was_reset else None
    if compared and agree(record.sent, there.held, record.base):
        return Found(there, remark=remark, facts=kept)
    remarks = (remark,) if remark else ()
    return Write("recover", "", kind.error(data), (), destination_id=there.id, check_amount=compared, remarks=remarks, facts=kept)


def holdings(step: ZuoraToNetSuite, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
    """What NetSuite holds of some documents, as of every transaction: (source id, what); where NetSuite adds its own tax, without that."""
    if amounts_must_match(step.settings):
        return ZuoraToNetSuite.holdings(step, source_ids)
    return _without_tax(step, source_ids)


def _without_tax(step: ZuoraToNetSuite, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
    zuora_id, marks = step.reference.custom("invoice", "Zuora ID"), ", ".join("?" * len(step.transaction_types))
    currency = step.currency_column("t.")
    columns = f"t.{zuora_id} AS zuoraid, t.type AS type, t.entity AS entity{currency}"
    of_whom = f"t.id, t.{zuora_id}, t.type, t.entity{', t.currency' if currency else ''}"
    q = (
        f"SELECT {columns}, SUM(tl.foreignamount) AS net FROM transaction t JOIN transactionline tl ON tl.transaction = t.id "
        f"WHERE t.type IN ({marks}) AND tl.mainline = 'F' AND tl.taxline = 'F' AND t.{zuora_id} IN {{in}} GROUP BY {of_whom}"
    )
    for row in step.context.netsuite.suiteql_in(q, source_ids, step.transaction_types):
        net = -Decimal(row.get("net", "0"))  # item lines of an invoice are negative in SuiteQL
        yield row["zuoraid"], replace(step.held_in(row), amount=net)
