"""NetSuite customer payments -> Zuora payments (payments.md, parts P3 and P4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tallybridge.clock import moment_of
from tallybridge.parallel import side_by_side
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.settlement import netsuite_payment_drift as followed
from tallybridge.steps.settlement import netsuite_payment_requests as requests
from tallybridge.steps.settlement import netsuite_settlements as common
from tallybridge.steps.settlement.netsuite_beside import Settled, settled
from tallybridge.steps.settlement.netsuite_payment_checks import (
    account_exists,
    balances_suffice,
    currencies_agree,
    documents_are_synced,
    exceeding,
    method_is_known,
    no_adjustment_is_paid,
    no_journal_is_paid,
)
from tallybridge.steps.settlement.netsuite_payment_data import PaymentData, remark_level, sums_by_document
from tallybridge.steps.settlement.netsuite_payment_dates import with_a_date
from tallybridge.steps.settlement.netsuite_payment_drift import number_of
from tallybridge.steps.settlement.netsuite_payment_moves import LastSuccess, Present, aim
from tallybridge.steps.settlement.netsuite_settlements import ADJUSTMENT, INVOICE
from tallybridge.steps.shared.applications import Application
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import NetSuiteToZuora
from tallybridge.steps.shared.netsuite_left_out import BEFORE_CUTOVER, IGNORED, NO_CUSTOMER, NOT_APPLIED_IN_FULL, SuiteLeftOut
from tallybridge.steps.shared.problems import ambiguous_in_zuora
from tallybridge.steps.shared.suite_selection import SuiteSelection
from tallybridge.steps.shared.writers import NOT_REPEATABLE
from tallybridge.sync.step import (
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    Mark,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    is_complete,
    normal_status,
)
from tallybridge.zuora.selection import Told

CREATING, CREATE_REFUSED = "Creating Payment", "Error Creating Payment"
UPDATING, UPDATE_REFUSED = "Updating Payment", "Error Updating Payment"
UNDONE = ("Canceled", "Voided", "Error")
"""Statuses of Zuora payments that no longer count."""
LINKED = "nexttransactionlinelink l JOIN transaction d ON d.id = l.previousdoc WHERE l.nextdoc = t.id"
OWN_WRITES = timedelta(minutes=5)
"""How long after the moment that it notes the connector may still have been writing a payment."""
WITH_CREDITS = Told("LEFT-CREDITS", "they are applied to something else than invoices too, or use credit memos or deposits", due=True)
CHARGES_ALONE = Told("LEFT-CHARGES", "they settle what charge adjustments became, and no invoice; enter them in Zuora by hand", due=True)
NO_UPDATES = Told("LEFT-UPDATES", "Zuora Sync Updates does not say Yes", due=False)


# -- validations ---------------------------------------------------------------------------------------------------------

CHECKS: tuple[Callable[[PaymentData], Iterable[Problem]], ...] = (
    documents_are_synced,
    no_adjustment_is_paid,
    followed.used_with_it,
    method_is_known,
    no_journal_is_paid,
    balances_suffice,
    account_exists,
    currencies_agree,
)


def problems(data: PaymentData) -> list[Problem]:
    """All failures of one payment together."""
    return [problem for check in CHECKS for problem in check(data)]


# -- action --------------------------------------------------------------------------------------------------------------


def plan(context: StepContext, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a payment."""
    data: PaymentData = record.data
    live = common.still_counting(found, UNDONE)
    if len(live) > 1:
        return Hold((ambiguous_in_zuora("NSPAY", data.name, "payments", live),))
    if live:
        return plan_change(context, record, live[0]) if data.settlement_on else plan_rest(context, record, live[0])
    if normal_status(record.status) and data.void:
        return Leave(Problem("NSPAY-VOID", f"{data.name}: has no amount any more, and Zuora has no payment of it that counts."))
    if gone := followed.gone(record, found):
        return Hold((gone,))
    if not data.qualifies:
        text = f"{data.name}: was never made in Zuora and no longer meets the selection rules; nothing is done."
        return Hold((Problem("NSPAY-LEFT", text, "Clear Zuora Integration Status if it is not to be sent."),))
    if told := problems(data):
        return Hold(tuple(told))
    return plan_create(context, record)


def plan_create(context: StepContext, record: SourceRecord) -> Write:
    """A new Zuora payment: by one call, and without Invoice Settlement in steps."""
    data: PaymentData = record.data
    remarks, facts = _remarks(data), _facts(data, data.wanted)
    write = Write("create", CREATING, CREATE_REFUSED, (), remarks=remarks, remark_level=remark_level(data), facts=facts)
    if not data.settlement_on:
        own, synced = common.connector_fields(context, record), common.synced_field(context)
        return replace(write, requests=requests.create_in_steps(data, record, own, synced))
    own = common.connector_fields(context, record, Transaction__NS=data.row.get("tranid", ""))
    today, falls_back = context.clock.now().date().isoformat(), context.settings.payment_date_fallback == "today"
    return with_a_date(record, write, own, context.learned, today=today, falls_back=falls_back)


def _facts(data: PaymentData, held: Mapping[str, Decimal], refunded: Decimal = Decimal(0)) -> dict[str, Any]:
    """What the ledger keeps of a success: with Invoice Settlement the applications on both sides."""
    if not data.settlement_on:
        return {}
    kept = LastSuccess(data.wanted, held, refunded).facts()
    return {"fingerprint": data.fingerprint, "date": data.row.get("trandate", ""), **kept}


def _remarks(data: PaymentData) -> tuple[Problem, ...]:
    """P4, validation 5; and what settles the documents beside the payment."""
    beside = tuple(followed.told_beside(data))
    foreign = sum((a.amount for a in data.applications), Decimal(0)) - sum(data.wanted.values(), Decimal(0))
    if not data.settlement_on or not foreign:
        return beside
    text = f"{data.name}: {data.money(foreign)} is applied to non-Zuora documents; the Zuora payment will show it as unapplied."
    return (Problem("NSPAY-V5", text), *beside)


# -- without Invoice Settlement ------------------------------------------------------------------------------------------


def is_draft(there: Counterpart) -> bool:
    """Whether a create without Invoice Settlement was interrupted before its end."""
    return there.record.get("Status") == requests.DRAFT


def plan_rest(context: StepContext, record: SourceRecord, there: Counterpart) -> Plan:
    """P3, recovery: whatever step the creation has come to, the rest of it; a complete payment is only compared."""
    data: PaymentData = record.data
    if not is_draft(there):
        if is_complete(record.status):
            return plan_unsent(record, there)
        if there.record.get("TransferredToAccounting") == "Yes":
            return Found(there)
        done = (requests.transferred(there.id, common.synced_field(context)),)
        return Write("recover", CREATING, CREATE_REFUSED, done, destination_id=there.id)
    wanted = data.wanted
    same = there.amount == data.amount and there.record.get("AccountId") == data.row.get("account")
    if not same or any(wanted.get(invoice) != amount for invoice, amount in data.parts.items()):
        text = f"{data.name}: Zuora payment {number_of(there)} is a draft that no longer agrees with it; nothing is done."
        return Hold((Problem("NSPAY-DRAFT", text, "Delete the draft in Zuora; the payment is then created anew."),))
    if told := problems(data):
        return Hold(tuple(told))
    rest = requests.rest_of_draft(data, record, there.id, common.synced_field(context))
    return Write("create", CREATING, CREATE_REFUSED, rest, destination_id=there.id)


def plan_unsent(record: SourceRecord, there: Counterpart) -> Plan:
    """P3, effect: later changes are not sent; that both sides differ is told."""
    data: PaymentData = record.data
    refunded = Decimal(there.record.get("RefundAmount") or 0)
    if problem := followed.void_or_unlinked(data, there, refunded):
        return Hold((problem,))
    if there.amount != data.amount or there.record.get("AccountId") != data.row.get("account") or data.parts != data.wanted:
        return Hold((followed.not_sent(data, there),))
    return _agreed(data, there, {})


# -- update procedure, with Invoice Settlement ---------------------------------------------------------------------------


def was_modified(data: PaymentData) -> bool:
    """Whether NetSuite's payment was changed since its last success: by its fingerprint, else by when NetSuite says it was changed."""
    if data.known.get("fingerprint"):
        return bool(data.known["fingerprint"] != data.fingerprint)
    synced, changed = moment_of(data.row.get("synced")), moment_of(data.changed)
    return synced is None or changed is None or changed - synced > OWN_WRITES


def is_as_left(data: PaymentData, there: Counterpart) -> bool:
    """Whether both payments are as the last success left them, told without reading the parts: nothing changed in NetSuite, the sums
    in Zuora are the same, and nobody wrote there since."""
    row, last = there.record, data.last
    if last is None or not data.at_rest or data.known.get("fingerprint") != data.fingerprint:
        return False
    refunded, unapplied = (Decimal(row.get(name) or 0) for name in ("RefundAmount", "UnappliedAmount"))
    written, since = moment_of(row.get("UpdatedDate")), moment_of(row.get("SyncDate__NS"))
    same = refunded == last.refunded and (there.amount or Decimal(0)) - unapplied - refunded == sum(last.held.values(), Decimal(0))
    return same and written is not None and since is not None and written - since <= OWN_WRITES


def plan_change(context: StepContext, record: SourceRecord, there: Counterpart) -> Plan:
    """P4, update procedure: what the Zuora payment's parts lack or have too much, nothing else."""
    data: PaymentData = record.data
    refunded = Decimal(there.record.get("RefundAmount") or 0)
    if data.void and there.amount == refunded:
        return Leave(Problem("NSPAY-VOID", f"{data.name}: has no amount any more, and all of Zuora's payment was refunded."))
    if problem := followed.void_or_unlinked(data, there, refunded) or followed.amount_or_customer(data, there):
        return Hold((problem,))
    present = Present(there.amount or Decimal(0), data.parts, refunded, data.at_rest)
    wanted = aim(data.wanted, present, data.last)
    if wanted is None:
        return Hold((followed.unclear(data, there),))
    facts = _facts(data, wanted, refunded)
    changes = requests.changes(data, wanted, there, common.synced_field(context))
    cutover = context.settings.cutover_netsuite_payment
    if problem := followed.may_not_follow(data, there, bool(changes), cutover.isoformat() if cutover else ""):
        return Hold((problem,))
    if told := change_problems(record, there, wanted, present, bool(changes)):
        return Hold(tuple(told))
    if not changes:
        return _agreed(data, there, facts) if is_complete(record.status) else Found(there, facts=facts)
    remarks, level = _remarks(data), remark_level(data)
    return Write("update", UPDATING, UPDATE_REFUSED, changes, destination_id=there.id, remarks=remarks, remark_level=level, facts=facts)


def change_problems(
    record: SourceRecord, there: Counterpart, wanted: Mapping[str, Decimal], present: Present, changes: bool
) -> list[Problem]:
    """Why a change cannot be sent."""
    data: PaymentData = record.data
    found = [*no_adjustment_is_paid(data), *no_journal_is_paid(data), *followed.used_with_it(data)]
    if wanted == data.parts:
        return found
    if data.last is None and not data.known.get("fingerprint") and is_complete(record.status) and not was_modified(data):
        return [followed.differs(data, there), *found]
    if changes and sum(wanted.values(), Decimal(0)) > present.amount - present.refunded:
        return [followed.too_much(data, there, present.amount - present.refunded), *found]
    return [*documents_are_synced(data), *exceeding(data, wanted), *found, *currencies_agree(data)]


def _agreed(data: PaymentData, there: Counterpart, facts: Mapping[str, Any]) -> Found:
    """Both sides agree. The ledger is written only where it says something else: that the payment is held, or an earlier state."""
    known = data.known
    stale = data.last is not None and any(known.get(name) != value for name, value in facts.items())
    if stale or known.get("attention"):
        return Found(there, action="none", facts=facts)
    return Found(there, action="none", write_back=False)


# -- the step ------------------------------------------------------------------------------------------------------------


class NetSuitePayments(NetSuiteToZuora):
    """Step 8 (A) or 9 (B): one Zuora payment per NetSuite customer payment; with Invoice Settlement later changes of its applications."""

    name = "netsuite_payments"
    title = "NetSuite payments"
    object = "customerPayment"
    object_label = "NetSuite payment"
    destination = "payment"
    code = "NSPAY"
    zuora_object = "Payment"
    undone = UNDONE
    needs = ("fields:customerPayment", "fields:customer")
    follows_changes = True
    cuts = requests.CUTS

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        return settings.payment_sync_behaviour

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        return self._selection_b() if self.context.settlement_on else self._selection_a()

    def _columns(self) -> tuple[str, ...]:
        own = (f"t.{self.label_field('Zuora Payment Reference ID')} AS reference", f"t.{self.label_field('Zuora Sync Date')} AS synced")
        updates = (
            (f"CASE WHEN {self.says_yes('Zuora Sync Updates')} THEN 'T' ELSE 'F' END AS updates",) if self.context.settlement_on else ()
        )
        unused = "NVL(t.foreignpaymentamountunused, 0) AS unused"
        return (*common.common_columns(self), unused, *own, *updates)

    def _cutover(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """P3, rule 7; P4, rule 6: the condition and its parameter."""
        if not self.settings.cutover_netsuite_payment:
            return (), ()
        return ("t.trandate >= TO_DATE(?, 'YYYY-MM-DD')",), (self.settings.cutover_netsuite_payment.isoformat(),)

    def _from_zuora(self) -> str:
        return f"d.type = '{INVOICE}' AND d.{self.label_field('Zuora ID')} IS NOT NULL"

    def _of_an_invoice(self) -> str:
        """P3, rule 6."""
        return f"EXISTS (SELECT 1 FROM {LINKED} AND {self._from_zuora()} AND d.{self.label_field('Zuora Type')} = 'INVOICE')"

    def _selection_a(self) -> SuiteSelection:
        cutover, params = self._cutover()  # rule 7
        rules = (
            f"{common.customer_field(self)} IS NOT NULL",  # rule 1
            "NVL(t.foreignpaymentamountunused, 0) = 0",  # rule 3
            f"NOT EXISTS (SELECT 1 FROM {LINKED} AND d.type <> '{INVOICE}')",  # rule 5
            self._of_an_invoice(),  # rule 6
            *cutover,
            self.not_complete(),  # rule 2, whatever Payment Sync Behaviour says
        )
        where = ("t.type = 'CustPymt'", common.not_from_zuora(self))  # rule 4
        return self._followed(where, rules, params)

    def _followed(self, where: tuple[str, ...], rules: tuple[str, ...], params: tuple[str, ...]) -> SuiteSelection:
        """New payments by the rules; those that were sent before, whatever the rules say: the ones that were changed lately,
        unless Payment Sync Behaviour asks for new ones alone (P4, rule 7), and the ones that were interrupted or refused."""
        tables, columns = common.tables(self.settings), self._columns()
        if self.behavior_in(self.settings) is Behavior.NEW_ONLY:
            return SuiteSelection(tables, (*where, self.not_complete()), columns, params, "t.entity", rules=rules, followed=self.was_sent())
        changed, since = self.modified_lately()
        due = f"({self.not_complete()}) OR ({changed})"
        return SuiteSelection(tables, (*where, self.not_ignored()), columns, params, "t.entity", due, since, rules, self.was_sent())

    def _selection_b(self) -> SuiteSelection:
        cutover, params = self._cutover()  # rule 6
        unapplied = f"(NVL(t.foreignpaymentamountunused, 0) > 0 AND NOT EXISTS (SELECT 1 FROM {LINKED}))"
        rules = (
            f"{common.customer_field(self)} IS NOT NULL",  # rule 1
            self.says_yes("Zuora Sync Updates"),  # rule 5
            *cutover,
            f"EXISTS (SELECT 1 FROM {LINKED} AND {self._from_zuora()}) OR {unapplied}",  # rules 2 and 4
        )
        return self._followed(("t.type = 'CustPymt'", common.not_from_zuora(self)), rules, params)  # rule 3

    def told(self) -> SuiteLeftOut:
        """New payments of Zuora documents that a rule leaves out; with Invoice Settlement also unapplied ones of Zuora customers."""
        cutover, params = self._cutover()
        linked = f"EXISTS (SELECT 1 FROM {LINKED} AND {self._from_zuora()})"
        has_account = f"{common.customer_field(self)} IS NOT NULL"
        rules: tuple[tuple[str, Told], ...] = ((self.not_ignored(), IGNORED), (has_account, NO_CUSTOMER))
        if self.context.settlement_on:
            linked = f"{linked} OR (NVL(t.foreignpaymentamountunused, 0) > 0 AND NOT EXISTS (SELECT 1 FROM {LINKED}) AND {has_account})"
            rules += ((self.says_yes("Zuora Sync Updates"), NO_UPDATES),)
        else:
            rules += (
                (f"NOT EXISTS (SELECT 1 FROM {LINKED} AND d.type <> '{INVOICE}')", WITH_CREDITS),
                ("NVL(t.foreignpaymentamountunused, 0) = 0", NOT_APPLIED_IN_FULL),
                (self._of_an_invoice(), CHARGES_ALONE),
            )
        rules += tuple((condition, BEFORE_CUTOVER) for condition in cutover)
        where = ("t.type = 'CustPymt'", common.not_from_zuora(self), self.not_done(), f"NOT ({self.was_sent()})", linked)
        return SuiteLeftOut(common.tables(self.settings), where, rules, params, currency=common.currency_column(self.settings))

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        rows = self.reread(candidates)
        ids = [row["id"] for row in rows]
        applied, known = self.applications(ids) if ids else {}, self.context.known(ids) if ids else {}
        qualifying = self.qualifying(rows)
        accounts, charges = common.accounts_of(self.context.source, rows), self._charges(applied)
        used = {row["id"]: Decimal(row.get("total", "0")) - Decimal(row.get("unused", "0")) for row in rows}
        applied_alone = settled(self.context.netsuite, applied, used)
        found = []
        for row in rows:
            own = applied_alone.get(row["id"], Settled(()))
            data = PaymentData(row, own.applications, self.context.settlement_on, common.method_type(self.settings, row.get("method", "")))
            data.beside, data.charges = own.beside, charges
            data.known, data.qualifies = known.get(row["id"], {}), row["id"] in qualifying
            data.account = accounts.get(row.get("account", ""), {})
            found.append(data)
        return [common.settlement_record(self, data) for data in found]

    def _charges(self, applied: Mapping[str, Sequence[Application]]) -> dict[str, dict[str, Any]]:
        """Without Invoice Settlement: the adjustments behind documents that payments are applied to; a call where there are any."""
        if self.context.settlement_on:
            return {}
        ids = {a.zuora_id for of_one in applied.values() for a in of_one if a.zuora_type == ADJUSTMENT}
        fields = ("InvoiceId", "Type", "IntegrationId__NS")
        rows = self.context.source.reread("InvoiceItemAdjustment", ids, fields) if ids else {}
        return {i: row for i, row in rows.items() if row.get("Type") == "Charge"}

    def _read_moments(self, found: Iterable[PaymentData]) -> None:
        """When payments of which the ledger knows nothing were changed last, from their records, which tell UTC: one call each."""
        for data in found:
            if is_complete(data.row.get("status")) and data.last is None and not data.known.get("fingerprint"):
                data.changed = str(self.context.netsuite.read(self.object, data.row["id"]).get("lastModifiedDate") or "")

    def _read_documents(self, found: Sequence[PaymentData]) -> None:
        """The Zuora documents of payments that are to be created or changed, and the tenant's methods."""
        source = self.context.source
        memos = sorted({d for data in found for d in data.debit_memos})
        invoices = sorted({d for data in found for d in data.wanted} - set(memos))
        documents = self.context.invoices(invoices, ("InvoiceNumber", "Balance", "IntegrationId__NS"))
        if memos:
            documents |= source.reread_memos("debit-memos", memos)
        for data in found:
            data.documents, data.methods = documents, self._methods

    @cached_property
    def _methods(self) -> dict[str, str]:
        """Zuora's payment methods that belong to no account, by type (open point 6)."""
        rows = self.context.zuora.query("select Id, Type, PaymentMethodStatus from PaymentMethod where AccountId = null")
        usable = [row for row in rows if row.get("PaymentMethodStatus") != "Closed" and row.get("Type")]
        return {row["Type"]: row["Id"] for row in sorted(usable, key=lambda r: str(r["Id"]), reverse=True)}

    def counterpart_fields(self) -> tuple[str, ...]:
        names = ("AccountId", "Comment", "PaymentNumber", "ReferenceId", "RefundAmount", "TransferredToAccounting")
        return (*names, "UnappliedAmount", "UpdatedDate", "SyncDate__NS") if self.context.settlement_on else names

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """The Zuora payments with what they are applied to, whatever the ledger remembers, and the documents of those to change."""
        found = super().find(records) if records else {}
        single = {r.id: live[0] for r in records if len(live := [c for c in found.get(r.id, ()) if self.counts(c.record)]) == 1}
        data_of = {r.id: r.data for r in records}
        asked = [c for i, c in single.items() if not (self.context.settlement_on and is_as_left(data_of[i], c))]
        parts = self._parts_of_payments(asked) if self.context.settlement_on else self._parts_in_mode_a(asked)
        for record in records:
            if record.id in single and single[record.id] not in asked:
                record.data.parts = record.data.last.held
            elif record.id in single:
                rows = parts.get(single[record.id].id, ())
                record.data.parts = sums_by_document(rows)
                record.data.memo_parts = frozenset(row["debitMemoId"] for row in rows if row.get("debitMemoId"))
        due = [r for r in records if r.id not in single or r.data.wanted != r.data.parts or is_draft(single[r.id])]
        if due:
            self._read_documents([r.data for r in due])
        if self.context.settlement_on:
            self._read_moments(r.data for r in due if r.id in single)
        return found

    def _parts_of_payments(self, found: Iterable[Counterpart]) -> dict[str, list[dict[str, Any]]]:
        """What Zuora payments are applied to now, from the transactional store: one call each, for found ones alone."""
        ids = [c.id for c in found]
        return dict(zip(ids, side_by_side(self.context.zuora.get_payment_parts, ids), strict=True))

    def _parts_in_mode_a(self, found: Iterable[Counterpart]) -> dict[str, list[dict[str, Any]]]:
        """The invoice payments that payments, and drafts so far, have, in the form of parts."""
        rows: dict[str, list[dict[str, Any]]] = {}
        ids = [c.id for c in found]
        for row in self.context.source.by_field("InvoicePayment", "PaymentId", ids, ("PaymentId", "InvoiceId", "Amount")):
            rows.setdefault(row["PaymentId"], []).append({"invoiceId": row["InvoiceId"], "amount": row["Amount"]})
        return rows

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """The payment, or an invoice payment of a draft."""
        if not request.name:
            return super().find_made(record, request)
        payment, invoice = str(request.body["PaymentId"]), request.body["InvoiceId"]
        rows = self.context.source.by_field("InvoicePayment", "PaymentId", [payment], ("InvoiceId",))
        return [Counterpart(row["Id"]) for row in rows if row["InvoiceId"] == invoice]

    def currencies_in_zuora(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Asked where an account may have payments in several currencies: 99 a call."""
        return self.context.source.currencies(self.zuora_object, ids) if ids and self.context.currency_of_invoices else {}

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        return common.link(self, record, target)

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.context, record, found)

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """The payments to which something was applied, or of which something was unapplied: what they are applied to now, one call each."""
        moved = {i: (r.data, p) for i, (r, p) in written.items() if any(s.record_type.endswith(NOT_REPEATABLE) for s in p.requests)}
        parts = side_by_side(self.context.zuora.get_payment_parts, [p.destination_id for _, p in moved.values()])
        found = {}
        for (i, (data, plan)), rows in zip(moved.items(), parts, strict=True):
            aimed, now = LastSuccess.of(plan.facts), sums_by_document(rows)
            if aimed is None or now != aimed.held:
                found[i] = followed.parts_differ(data, plan.destination_id, now)
        return found

    # -- source ------------------------------------------------------------------------------------------------------

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Zuora Origin": "NETSUITE"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}
