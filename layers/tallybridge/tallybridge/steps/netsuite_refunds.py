"""NetSuite customer refunds -> Zuora refunds (refunds.md, part R3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from tallybridge.errors import Refused
from tallybridge.parallel import side_by_side
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.settlement import netsuite_refund_requests as requests
from tallybridge.steps.settlement import netsuite_settlements as common
from tallybridge.steps.settlement.netsuite_refund_data import Paid, RefundData
from tallybridge.steps.settlement.netsuite_refund_moves import FORGOTTEN, KEPT, LACKING, ONE_CALL, Unapplied, after_all, applied, is_lacking
from tallybridge.steps.settlement.netsuite_settlements import CREDIT_MEMO, METHOD_TYPES, given
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import STATUS, ZUORA_COMMENT_LIMIT, NetSuiteToZuora, Row, is_void
from tallybridge.steps.shared.netsuite_left_out import IGNORED, NO_CUSTOMER, NOT_APPLIED_IN_FULL, SuiteLeftOut
from tallybridge.steps.shared.problems import ambiguous_in_zuora, other_currency
from tallybridge.steps.shared.suite_selection import SuiteSelection
from tallybridge.sync.step import (
    CREATED,
    SYNC_COMPLETE,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    MarkResult,
    Otherwise,
    Plan,
    Problem,
    Remainder,
    Request,
    SourceRecord,
    Stage,
    Write,
    is_complete,
    normal_status,
)

CREATING, CREATE_REFUSED = "Creating Refund", "Error Creating Refund"
UNDONE = ("Canceled", "Error")
"""Statuses of Zuora refunds that no longer count."""
RESEND = "To sync it again, clear Zuora Integration Status and Zuora ID in NetSuite; to leave it alone, set the status to Ignore."
UNDO = f"Cancel the Zuora refund. {RESEND}"


# -- validations -------------------------------------------------------------------------------------------------------


def problems(context: StepContext, data: RefundData) -> list[Problem]:
    """All failures of one refund; without a credit memo or a payment nothing further can be said."""
    if not data.one_credit_memo:
        text = f"{data.name}: must be applied to one credit memo only."
        return [Problem("NSRFD-V1", text, "Enter one customer refund for each credit memo.")]
    if data.payment.get("Status") != "Processed":
        text = f"{data.name}: credit memo {data.memo_number} has no valid Zuora payment reference."
        advice = "Choose a payment that Zuora has, and has not canceled, in Zuora Refund Payment Reference of the credit memo."
        return [Problem("NSRFD-V2", text, advice)]
    return [*amount_is_left(context, data), *it_fits(data)]


def amount_is_left(context: StepContext, data: RefundData) -> Iterator[Problem]:
    """Validations 3, 4 and 6."""
    payment, amount = data.payment_number, data.money(data.amount)
    if data.amount > Decimal(data.payment["Amount"]):
        text = f"{data.name}: {amount} exceeds payment {payment} ({data.money(Decimal(data.payment['Amount']))})."
        yield Problem("NSRFD-V3", text, "Choose the payment that is refunded, or correct the amount.")
    elif data.amount > data.left:
        text = f"{data.name}: only {data.money(data.left)} of payment {payment} is left to refund."
        yield Problem("NSRFD-V6", text, "Part of the payment was refunded before; correct the amount, or refund by hand.")
    elif _is_part_of_several(context, data):
        text = f"{data.name}: partial refund of a payment spread over several invoices; refund it by hand in Zuora."
        yield Problem("NSRFD-V4", text, "Make the refund in Zuora, where its parts can be chosen, and set the status here to Ignore.")


def _is_part_of_several(context: StepContext, data: RefundData) -> bool:
    """Whether it is open from which documents the money is to be taken."""
    if len(data.paid) < 2:
        return False
    all_of_it = data.unapplied if context.settlement_on else Decimal(0)
    return data.amount != all_of_it + sum((p.left for p in data.paid), Decimal(0))


def it_fits(data: RefundData) -> Iterator[Problem]:
    """Validations 5 and 7, account and currency."""
    if data.method_type not in METHOD_TYPES:
        text = f'{data.name}: payment method "{data.row.get("method", "")}" is not known to Zuora.'
        cause = f'payment method "{data.row.get("method", "")}" of NetSuite has no Zuora counterpart.'
        advice = "Name the NetSuite payment method as in Zuora, or translate it in payment_method_translation."
        yield Problem("NSRFD-V5", text, advice, cause=cause)
    if data.amount != abs(Decimal(data.credit_memo.get("total", "0"))):
        text = f"{data.name}: must refund the whole of credit memo {data.memo_number}."
        yield Problem("NSRFD-V7", text, "Refund the full amount of the credit memo, which must not be applied to anything else.")
    if not data.account:
        text = f"{data.name}: Zuora account {data.row.get('account')} does not exist."
        yield Problem("NSRFD-ACCOUNT", text, "Correct the Zuora ID of the NetSuite customer.")
        return
    name = f"Zuora payment {data.payment_number}"
    if data.payment.get("AccountId") != data.row.get("account"):
        text = f"{data.name}: {name} belongs to another account than {data.account.get('AccountNumber', '')}, its customer's; not sent."
        yield Problem("NSRFD-ACCOUNT", text, "Choose a payment of this customer in Zuora Refund Payment Reference of the credit memo.")
    if problem := other_currency("NSRFD", data.name, data.amount, data.row.get("currency", ""), name, data.paid_in):
        yield problem


# -- action ------------------------------------------------------------------------------------------------------------


def plan(context: StepContext, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a refund."""
    data: RefundData = record.data
    live = common.still_counting(found, UNDONE)
    if len(live) > 1:
        return Hold((ambiguous_in_zuora("NSRFD", data.name, "refunds", live),))
    if live:
        return plan_synced(data, live[0]) if is_complete(record.status) else plan_found(context, data, live[0])
    why = why_not(context, record, found)
    if not (open_ := still_unapplied(data)):
        return why or plan_create(context, record)
    if not why and (open_.payment, open_.amount) != (data.payment.get("Id"), data.amount):
        text = f"{data.name}: changed while it was being made; what was unapplied for it in Zuora is applied again."
        why = Hold((Problem("NSRFD-AGAIN", text, "Nothing needs to be done: the next run makes the refund as it is now."),))
    return apply_again(open_, why) if why else plan_refund(context, record, open_)


def why_not(context: StepContext, record: SourceRecord, found: Sequence[Counterpart]) -> Hold | Leave | None:
    """Why no refund is made."""
    data: RefundData = record.data
    if normal_status(record.status) and is_void(data.row):
        return Leave(Problem("NSRFD-VOID", f"{data.name}: is void, and Zuora has no refund of it that counts."))
    if found and normal_status(record.status):
        number = found[0].record.get("RefundNumber") or found[0].id
        text = f"{data.name}: Zuora refund {number} was canceled; nothing is done."
        return Hold((Problem("NSRFD-CANCELED", text, RESEND),))
    if is_complete(record.status):
        text = f"{data.name}: marked as synced, but no Zuora refund carries its internal id; nothing is done."
        return Hold((Problem("NSRFD-MISSING", text, RESEND),))
    if not data.qualifies:
        text = f"{data.name}: was never made in Zuora and no longer meets the selection rules; nothing is done."
        return Hold((Problem("NSRFD-LEFT", text, "Clear Zuora Integration Status if it is not to be sent."),))
    if told := problems(context, data):
        return Hold(tuple(told))
    return None


def plan_synced(data: RefundData, there: Counterpart) -> Plan:
    """After success no change is sent; that the money differs is told."""
    number = there.record.get("RefundNumber") or there.id
    was = f"Zuora refund {number} of {data.money(there.amount or Decimal(0))} stays as it is."
    before, named = data.known.get("payment"), data.credit_memo.get("payment", "")
    if is_void(data.row) or not data.applications:
        return Hold((Problem("NSRFD-VOIDED", f"{data.name}: voided or unapplied after its sync; {was}", UNDO),))
    if not data.row.get("account"):
        text = f"{data.name}: its customer no longer carries a Zuora ID; {was}"
        return Hold((Problem("NSRFD-UNLINKED", text, "Put the Zuora ID back on the NetSuite customer, or set the status to Ignore."),))
    if data.amount != there.amount or not data.one_credit_memo or (before and named != before):
        what = f"amount {data.money(data.amount)}" if data.amount != there.amount else "credit memo or payment changed"
        return Hold((Problem("NSRFD-CHANGED", f"{data.name}: changed after its sync ({what}); {was}", UNDO),))
    if data.known.get("attention"):
        return Found(there, action="none", facts=_facts(data))
    return Found(there, action="none", write_back=False)


def plan_found(context: StepContext, data: RefundData, there: Counterpart) -> Plan:
    """Zuora has the refund: what may be missing is that it was transferred."""
    if there.record.get("TransferredToAccounting") == "Yes":
        return Found(there, facts={**_facts(data), **(FORGOTTEN if data.known.get(KEPT) else {})})
    done = requests.transferred(context, there.id)
    if context.settlement_on:
        done = Request("/v1/refunds/{id}", {"financeInformation": {"transferredToAccounting": "Yes"}}, there.id)
    return Write("recover", CREATING, CREATE_REFUSED, (done,), destination_id=there.id, facts={**_facts(data), **FORGOTTEN})


# -- stages: what is applied has to be unapplied, with Invoice Settlement ----------------------------------------------


def plan_create(context: StepContext, record: SourceRecord) -> Plan:
    """Unapplied money is refunded as it is; what is missing is unapplied by the same call, so that nothing stays unapplied when the
    refund is refused; or in calls of their own where the tenant does not offer that."""
    data: RefundData = record.data
    if not context.settlement_on:
        made = (requests.of_mode_a(context, record), requests.transferred(context, CREATED))
        return Write("create", CREATING, CREATE_REFUSED, made, facts=_facts(data))
    needed = to_unapply(data)
    if not needed.lines:
        return plan_refund(context, record)
    in_parts = plan_in_parts(context, record, needed)
    if context.learned.has(LACKING):
        return replace(in_parts, in_progress=CREATING)

    def learns(refused: Refused) -> bool:
        """Whether the tenant does not unapply and refund in one call; the run remembers it."""
        if lacking := is_lacking(refused):
            context.learned.note(LACKING)
        return lacking

    path = ONE_CALL.replace("{id}", str(data.payment["Id"]))
    one = Request(path, given({**requests.body(context, record), **needed.documents()}), key=f"refund-{record.id}-unapply")
    return Write(
        "create",
        CREATING,
        CREATE_REFUSED,
        (one,),
        facts=_facts(data),
        otherwise=Otherwise(learns, lambda: context.learned.has(LACKING), in_parts),
    )


def plan_in_parts(context: StepContext, record: SourceRecord, needed: Unapplied) -> Write:
    """Unapply, then refund; apply again if the refund is refused."""
    data: RefundData = record.data
    unapply = Request("/v1/payments/{id}/unapply", needed.documents(), str(data.payment["Id"]))
    refund = Stage("", CREATE_REFUSED, (requests.of_unapplied(context, record),), undo=_undo(needed))
    facts = {**_facts(data), **FORGOTTEN}
    return Write("create", "", CREATE_REFUSED, (unapply,), facts=facts, keep=needed.facts(), then=(refund,))


def plan_refund(context: StepContext, record: SourceRecord, open_: Unapplied | None = None) -> Write:
    """Of unapplied money. `open_` was unapplied for it before, and is applied again if the refund is refused."""
    data: RefundData = record.data
    facts = {**_facts(data), **(FORGOTTEN if data.known.get(KEPT) else {})}
    undo = _undo(open_) if open_ else ()
    return Write("create", CREATING, CREATE_REFUSED, (requests.of_unapplied(context, record),), facts=facts, undo=undo)


def _undo(moved: Unapplied) -> tuple[Stage, ...]:
    apply = Request("/v1/payments/{id}/apply", moved.documents(), moved.payment)
    return Stage("", "", (apply,)), Stage("", "", (), keep=FORGOTTEN)


def apply_again(open_: Unapplied, why: Hold | Leave) -> Write:
    """An earlier run has unapplied the money, and now the refund is not made: everything as it was, and why."""
    first, *more = why.problems if isinstance(why, Hold) else (why.problem,)
    undo, forget = _undo(open_)
    return Write(
        "recover",
        "",
        CREATE_REFUSED,
        undo.requests,
        then=(replace(forget, error=CREATE_REFUSED),),
        check_amount=False,
        remarks=tuple(more),
        remark_level="WARNING",
        remainder=Remainder(CREATE_REFUSED, first),
    )


def still_unapplied(data: RefundData) -> Unapplied | None:
    """What an interrupted refund has unapplied and nobody has moved since."""
    kept = Unapplied.of(data.known)
    return kept if kept and data.kept_parts == kept.after else None


def to_unapply(data: RefundData) -> Unapplied:
    """Nothing if enough is unapplied; what is missing from the only document; all of several."""
    missing = data.amount - data.unapplied
    own, before = (str(data.payment["Id"]), data.amount), {p.document: p.left for p in data.paid}
    memos = frozenset(p.document for p in data.paid if p.is_debit_memo)
    if missing <= 0:
        return Unapplied(*own, before, {}, memos)
    lines = {p.document: missing if len(data.paid) == 1 else p.left for p in data.paid}
    return Unapplied(*own, before, lines, memos)


# -- the step ----------------------------------------------------------------------------------------------------------


class NetSuiteRefunds(NetSuiteToZuora):
    """Step 10: one Zuora refund per NetSuite customer refund of a credit memo that asks for it."""

    name = "netsuite_refunds"
    title = "NetSuite refunds"
    object = "customerRefund"
    object_label = "NetSuite refund"
    destination = "refund"
    code = "NSRFD"
    cuts: ClassVar[Mapping[str, int]] = {"memo": ZUORA_COMMENT_LIMIT}
    zuora_object = "Refund"
    undone = UNDONE
    needs = ("fields:customerRefund", "fields:creditMemo", "fields:customer")
    follows_changes = True

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        """Refunds that were synced are looked at when they change: nothing is sent, but differences are told."""
        return Behavior.NEW_AND_MODIFIED

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        where = (
            "t.type = 'CustRfnd'",
            self.not_ignored(),
            common.not_from_zuora(self),  # rule 5
        )
        rules = (
            f"{common.customer_field(self)} IS NOT NULL",  # rule 1
            self.not_complete(),  # rule 2
            "NVL(t.foreignpaymentamountunused, 0) = 0",  # rule 3
            self._of_a_memo(),  # rule 4
        )
        columns = (*common.common_columns(self), "NVL(c.companyname, c.altname) AS customername")
        changed, since = self.modified_lately()
        due = f"({self.not_complete()}) OR ({changed})"
        return SuiteSelection(common.tables(self.settings), where, columns, (), "t.entity", due, since, rules, self.was_sent())

    def told(self) -> SuiteLeftOut:
        """New refunds of credit memos that ask for a Zuora refund, left out by another rule."""
        rules = (
            (self.not_ignored(), IGNORED),
            (f"{common.customer_field(self)} IS NOT NULL", NO_CUSTOMER),
            ("NVL(t.foreignpaymentamountunused, 0) = 0", NOT_APPLIED_IN_FULL),
        )
        where = ("t.type = 'CustRfnd'", common.not_from_zuora(self), self.not_done(), f"NOT ({self.was_sent()})", self._of_a_memo())
        return SuiteLeftOut(common.tables(self.settings), where, rules, currency=common.currency_column(self.settings))

    def _of_a_memo(self) -> str:
        """Rule 4: it refunds a credit memo that asks for it."""
        wanted = f"d.{self.label_field('Create Zuora Refund', 'creditMemo')} = 'T'"
        applied = "SELECT 1 FROM nexttransactionlinelink l JOIN transaction d ON d.id = l.previousdoc WHERE l.nextdoc = t.id"
        return f"EXISTS ({applied} AND d.type = '{CREDIT_MEMO}' AND {wanted})"

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        rows = self.reread(candidates)
        ids = [row["id"] for row in rows]
        applied, known = self.applications(ids) if ids else {}, self.context.known(ids) if ids else {}
        qualifying = self.qualifying(rows)
        found = [RefundData(row, applied.get(row["id"], ()), common.method_type(self.settings, row.get("method", ""))) for row in rows]
        memos = self._credit_memos(a.document for data in found for a in data.applications if a.kind == CREDIT_MEMO)
        accounts = common.accounts_of(self.context.source, rows)
        for data in found:
            data.known, data.qualifies = known.get(data.row["id"], {}), data.row["id"] in qualifying
            data.account, data.has_transaction = accounts.get(data.row.get("account", ""), {}), self._has_transaction
            if data.one_credit_memo:
                data.credit_memo = memos.get(data.applications[0].document, {})
        self._read_payments(found)
        return [common.settlement_record(self, data) for data in found]

    def _credit_memos(self, ids: Iterable[str]) -> dict[str, Row]:
        """Credit memos with the Zuora id of the payment that each names (refunds.md, open point 3), and with that payment's currency."""
        reference = self.label_field("Zuora Refund Payment Reference", "creditMemo")
        multiple = self.settings.netsuite_multiple_currencies
        currency = (", u.symbol AS currency", " LEFT JOIN currency u ON u.id = p.currency") if multiple else ("", "")
        q = (
            f"SELECT d.id, d.tranid, d.foreigntotal AS total, p.{self.label_field('Zuora ID')} AS payment{currency[0]} FROM transaction d "
            f"LEFT JOIN transaction p ON p.id = d.{reference}{currency[1]} WHERE d.id IN {{in}}"
        )
        return {row["id"]: row for row in self.context.netsuite.suiteql_in(q, sorted(set(ids)))}

    def _read_payments(self, found: Sequence[RefundData]) -> None:
        """The Zuora payments, and what they paid as far as it decides anything."""
        fields = ("AccountId", "PaymentNumber", "Amount", "RefundAmount", "UnappliedAmount", "Status", "EffectiveDate", "Comment")
        found = [data for data in found if not is_complete(data.row.get("status"))]
        payments = self.context.source.reread("Payment", (data.credit_memo.get("payment", "") for data in found), fields)
        for data in found:
            data.payment = payments.get(data.credit_memo.get("payment", ""), {})
        self._note_currencies([data for data in found if data.payment and data.account])
        self._read_kept(found)
        due = [d for d in found if d.payment and (not self.context.settlement_on or d.unapplied < d.amount)]
        ids = sorted({str(data.payment["Id"]) for data in due})
        paid = self._applied_now(ids) if self.context.settlement_on else self._invoice_payments(ids)
        for data in due:
            data.paid = paid.get(str(data.payment["Id"]), ())

    def _read_kept(self, found: Sequence[RefundData]) -> None:
        """What payments are applied to from which an interrupted refund has unapplied something."""
        kept = {id(data): of.payment for data in found if (of := Unapplied.of(data.known))}
        parts = self._applied_now(sorted(set(kept.values()))) if kept else {}
        for data in found:
            data.kept_parts = applied({p.document: p.left for p in parts.get(kept.get(id(data), ""), ())})

    def _note_currencies(self, found: Sequence[RefundData]) -> None:
        """The currencies of the Zuora payments: the account's, and their own where the refund is in another, which only Object Query
        shows: 99 a call."""
        other = {str(d.payment["Id"]) for d in found if d.row.get("currency") and d.row["currency"] != d.account.get("Currency")}
        own = self.context.source.currencies("Payment", sorted(other)) if other else {}
        for data in found:
            in_account = str(data.account.get("Currency") or "")
            data.paid_in = data.credit_memo.get("currency") or in_account
            if data.payment["Id"] in other:
                data.paid_in = own.get(data.payment["Id"]) or in_account

    def _applied_now(self, ids: Sequence[str]) -> dict[str, list[Paid]]:
        """What payments are applied to, from the transactional store: one call each, where the unapplied money is not enough."""
        read = side_by_side(self.context.zuora.get_payment_parts, ids)
        return {i: [p for part in rows if (p := _paid(part)).document and p.left > 0] for i, rows in zip(ids, read, strict=True)}

    def _invoice_payments(self, ids: Sequence[str]) -> dict[str, list[Paid]]:
        found: dict[str, list[Paid]] = {}
        fields = ("PaymentId", "InvoiceId", "Amount", "RefundAmount")
        for row in self.context.source.by_field("InvoicePayment", "PaymentId", ids, fields):
            left = Decimal(row.get("Amount") or 0) - Decimal(row.get("RefundAmount") or 0)
            found.setdefault(row["PaymentId"], []).append(Paid(row["InvoiceId"], False, left))
        return found

    def counterpart_fields(self) -> tuple[str, ...]:
        return ("RefundNumber", "TransferredToAccounting")

    def currencies_in_zuora(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Asked where an account may have payments in several currencies: 99 a call."""
        return self.context.source.currencies(self.zuora_object, ids) if ids and self.context.currency_of_invoices else {}

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        return common.link(self, record, target)

    # -- action ------------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.context, record, found)

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """Payments from which something was unapplied by a call of its own: what they are applied to now, one call each."""
        moves: dict[str, dict[str, Unapplied]] = {}
        for i, (record, plan) in written.items():
            if kept := Unapplied.of(plan.keep):
                moves.setdefault(str(record.data.payment["Id"]), {})[i] = kept
        read = side_by_side(self.context.zuora.get_payment_parts, list(moves))
        found = {}
        for (payment, of_records), rows in zip(moves.items(), read, strict=True):
            now = applied({p.document: p.left for p in map(_paid, rows) if p.document})
            if now != after_all(of_records.values()):
                for i in of_records:
                    text = f"{written[i][0].data.name}: Zuora payment {payment} is applied otherwise than was sent after its refund."
                    advice = "The next run finds the refund; look at what the payment is applied to in Zuora."
                    found[i] = Problem("NSRFD-PARTS", text, advice)
        return found

    @cached_property
    def _has_transaction(self) -> bool:
        (name,) = self.context.source.to_tenant({requests.TRANSACTION: ""})
        return any(f.name == name for f in self.context.zuora.describe("Refund"))

    # -- source ------------------------------------------------------------------------------------------------------

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """The credit memo is complete together with its refund, so that no other sync takes it."""
        memos, bodies = {}, {}
        for source_id, (record, refund) in done.items():
            if memo := record.data.credit_memo:
                memos[source_id] = memo["id"]
                body = self.fields_by_label("creditMemo", {"Zuora ID": refund, STATUS: SYNC_COMPLETE})
                bodies[memo["id"]] = (body, record.data.memo_number)
        results = self.patch_all("creditMemo", self.table, bodies)
        return {source_id: result for source_id, memo_id in memos.items() if not (result := results[memo_id]).ok}


def _facts(data: RefundData) -> dict[str, str]:
    """What the ledger keeps of a success: the Zuora payment that was refunded."""
    return {"payment": str(data.credit_memo.get("payment", ""))}


def _paid(part: Mapping[str, Any]) -> Paid:
    document = str(part.get("invoiceId") or part.get("debitMemoId") or "")
    return Paid(document, bool(part.get("debitMemoId")), Decimal(part.get("amount") or 0))
