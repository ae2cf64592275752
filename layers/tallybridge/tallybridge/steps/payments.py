"""Zuora payments -> NetSuite customer payments (payments.md, part P2), Invoice Settlement tenants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import NumberMapping
from tallybridge.steps import classification
from tallybridge.steps.base import ZuoraToNetSuite, ambiguous, currency_problem, day, ref, text
from tallybridge.sync.step import (
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
    normal_status,
)
from tallybridge.zuora.selection import Child, Condition, Is, IsNot, OnOrAfter, Parent, Selected, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", where=(Is("SynctoNetSuite__NS", ("Yes", None)),), optional=True)  # rule 1
METHOD = Parent("PaymentMethod", "PaymentMethodId", optional=True)
SNAPSHOT = Parent("PaymentMethodSnapshot", "PaymentMethodSnapshotId", optional=True)
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Processed",)),  # rule 2
    Is("TransferredToAccounting", ("No", None, "Error", "Processing")),  # rule 3
    IsNot("IntegrationStatus__NS", ("Ignore",)),
    IsNot("Origin__NS", ("NETSUITE",)),  # rule 6
)
HEAD_FIELDS = (
    "PaymentNumber",
    "AccountId",
    "Amount",
    "Comment",
    "CreatedDate",
    "EffectiveDate",
    "PaymentMethodId",
    "PaymentMethodSnapshotId",
    "ReferenceId",
    "Status",
    "TransferredToAccounting",
    "Type",
    "UpdatedDate",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Origin__NS",
)
ACCOUNT_FIELDS = ("AccountNumber", "Currency", "SynctoNetSuite__NS", "IntegrationId__NS", "Class__NS", "Department__NS", "Location__NS")
METHOD_FIELDS = ("Type", "CreditCardType")
PARTS = Child("parts", "PaymentPart", "PaymentId", fields=("Id", "InvoiceId", "DebitMemoId", "Amount"), zoql=False)

MEMO_LIMIT = 999
SOURCE_WRITERS = 8
"""Parallel status writes: a payment takes one call each in this mode (api-zuora-billing.md section 12.5)."""


@dataclass
class PaymentData:
    """A payment with everything its mapping needs. `applied` sums the parts by document id; `documents` are the invoices and debit memos
    it is applied to, by id."""

    head: Mapping[str, Any]
    account: Mapping[str, Any]
    method: Mapping[str, Any]
    applied: Mapping[str, Decimal]
    kinds: Mapping[str, str]
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    customer_currency: str = ""

    @property
    def unassigned(self) -> bool:
        return not self.head.get("AccountId")


class Payments(ZuoraToNetSuite):
    """Step 7: one NetSuite customer payment per processed Zuora payment, with its applications; later changes as updates."""

    name = "payments"
    title = "Zuora payments"
    object = "Payment"
    object_label = "Payment"
    destination = "customerPayment"
    code = "PAY"
    transaction_type = "CustPymt"
    needs = ("class", "department", "location", "payment method", "currency", "periods", "fields:customerPayment")

    def query(self) -> SourceQuery:
        conditions = WAITING
        if self.settings.cutover_zuora_payment:
            conditions += (OnOrAfter("EffectiveDate", self.settings.cutover_zuora_payment.isoformat()),)  # rule 4
        return SourceQuery(
            "Payment",
            HEAD_FIELDS,
            (conditions,),
            parents=(ACCOUNT, METHOD, SNAPSHOT),
            children=(PARTS,),
            copy_fields=("Currency",),
            group="AccountId",
        )

    def parent_fields(self, object_type: str) -> Sequence[str]:
        return ACCOUNT_FIELDS if object_type == "Account" else METHOD_FIELDS

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source = self.context.source
        found = [_data(head, parents, self._parts(selected, head)) for selected, head, parents in self.reread(candidates)]
        documents = {
            **source.reread("Invoice", _documents(found, "invoice"), ("InvoiceNumber", "IntegrationId__NS")),
            **source.reread_memos("debit-memos", _documents(found, "debit memo")),
        }
        for data in found:
            data.documents = documents
        return [self._record(d) for d in found]

    def _parts(self, selected: Selected, head: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The parts of the selection, or, when the payment was changed since, those of the transactional store."""
        if utc_moment(selected.updated) == utc_moment(head.get("UpdatedDate")):
            return selected.children.get("parts", [])
        return self.context.source.children(PARTS, [selected.id])[selected.id]

    def _record(self, data: PaymentData) -> SourceRecord:
        head = data.head
        only_applied = self.settings.payment_amount == "applied only" and data.applied
        return SourceRecord(
            id=head["Id"],
            number=str(head.get("PaymentNumber") or head["Id"]),
            status=str(head.get("IntegrationStatus__NS") or ""),
            group=str(head.get("AccountId") or ""),
            order=(day(head.get("EffectiveDate")) or "",),
            currency=str(data.account.get("Currency") or data.head.get("Currency") or ""),
            amount=sum(data.applied.values(), Decimal(0)) if only_applied else Decimal(head.get("Amount") or 0),
            destination_id=str(head.get("IntegrationId__NS") or ""),
            data=data,
        )

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        found = self.find_transactions(records)
        self.note_customer_currencies(records)
        for record in records:
            hits = found.get(record.id, [])
            if len(hits) == 1 and is_update(record.status):
                found[record.id] = [Counterpart(hits[0].id, hits[0].amount, self._with_applications(hits[0].id))]
        return found

    def _with_applications(self, payment_id: str) -> dict[str, Any]:
        """The NetSuite payment; `applied` = the amount by document id, of Zuora's documents only."""
        content = self.context.netsuite.read("customerPayment", payment_id, expand=True)
        lines = [line for line in (content.get("apply") or {}).get("items", []) if line.get("apply")]
        applied = {str(line["doc"]["id"]): Decimal(line.get("amount") or 0) for line in lines}
        zuora_id = self.reference.custom("invoice", "Zuora ID")
        q = f"SELECT id FROM transaction WHERE id IN {{in}} AND {zuora_id} IS NOT NULL"
        ours = {row["id"] for row in self.context.netsuite.suiteql_in(q, sorted(applied))} if applied else set()
        return {"customer": content.get("customer"), "applied": {d: a for d, a in applied.items() if d in ours}}

    # -- validations -------------------------------------------------------------------------------------------------

    def problems(self, data: PaymentData) -> list[Problem]:
        """All failures of one payment together."""
        return [*self._method_problems(data), *self._parent_problems(data), *self._classifications(data), *self._others(data)]

    def _method_problems(self, data: PaymentData) -> Iterator[Problem]:
        kind = self.method_name(data)
        if self.reference.id_of("payment method", kind) is None:
            advice = f'Create a NetSuite payment method named "{kind}", or translate the type in the setting payment_method_translation.'
            text_ = f'payment method "{kind}" has no NetSuite payment method of exactly that name.'
            yield Problem("PAY-V1", f"{_name(data)}: {text_}", advice)

    def _parent_problems(self, data: PaymentData) -> Iterator[Problem]:
        for document_id in data.applied:
            document = data.documents.get(document_id, {})
            if not document.get("IntegrationId__NS"):
                name = f"{data.kinds[document_id]} {document.get('InvoiceNumber') or document.get('MemoNumber') or document_id}"
                advice = "It syncs by itself once the document has been synced; see the document's own message."
                yield Problem("PAY-V2", f"{_name(data)}: {name} has not been synced to NetSuite.", advice, name)
        if data.unassigned and not self.settings.unassigned_payments_customer_id:
            text_ = "unassigned, and no NetSuite customer is configured for unassigned payments; skipped."
            yield Problem("PAY-V7", f"{_name(data)}: {text_}", "Set unassigned_payments_customer_id, or assign the payment in Zuora.")
        elif not data.unassigned and not data.account.get("IntegrationId__NS"):
            name = f"account {data.account.get('AccountNumber', '')}"
            advice = "It syncs by itself once the account has been synced; see the account's own message."
            yield Problem("PAY-V6", f"{_name(data)}: {name} has not been synced to NetSuite.", advice, name)

    def _classifications(self, data: PaymentData) -> list[Problem]:
        return classification.problems_of_account("PAY", (3, 4, 5), _name(data), self.reference, data.account)

    def _others(self, data: PaymentData) -> Iterator[Problem]:
        if problem := currency_problem("PAY", _name(data), str(data.account.get("Currency") or ""), data.customer_currency):
            yield problem

    # -- action ------------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: PaymentData = record.data
        if len(found) > 1:
            return Hold((ambiguous("PAY", _name(data), "payments", found),))
        if found and is_update(record.status):
            return self._plan_update(data, found[0])
        if found:
            return Found(found[0])
        if data.unassigned and not self.settings.unassigned_payments_customer_id:
            return Leave(next(p for p in self._parent_problems(data) if p.code == "PAY-V7"), level="WARNING")
        if not data.unassigned and not data.applied and not self.settings.sync_unapplied_payments:
            waiting = f"{_name(data)}: not applied to any document yet; it is sent once it is."
            return Leave(Problem("PAY-UNAPPLIED", waiting, "Apply it in Zuora, or set sync_unapplied_payments."))
        if problems := self.problems(data):
            return Hold(tuple(problems))
        posting = self.posting(day(data.head.get("EffectiveDate")) or "", _name(data))
        if closed := posting.plan("Error Creating Payment"):
            return closed
        body = {**self.header(data), **posting.fields, "payment": record.amount, "autoApply": False, **self._apply(self._apply_lines(data))}
        return Write("create", "Creating Payment", "Error Creating Payment", (Request("customerPayment", body),))

    # -- mapping -----------------------------------------------------------------------------------------------------

    def header(self, data: PaymentData) -> dict[str, Any]:
        """The payment header without amount and applications."""
        head, method = data.head, data.method
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
        customer = self.settings.unassigned_payments_customer_id if data.unassigned else data.account.get("IntegrationId__NS")
        is_card = str(method.get("Type") or "").lower() in CARD_TYPES
        fields = {
            "externalId": self.external_id(head["Id"]),
            "customer": ref(customer),
            "tranDate": day(head.get("EffectiveDate")),
            "tranId": head.get("PaymentNumber") if use_number else None,
            self._method_field(): ref(self.reference.id_of("payment method", self.method_name(data))),
            **classification.header(self.settings, self.reference, data.account),
            **self.descriptive(data),
            **self._custom(
                {
                    "Zuora Created Date": text(head.get("CreatedDate")),
                    "Zuora Credit Card Type": text(method.get("CreditCardType")) if is_card else None,
                    "Zuora ID": head["Id"],
                    "Zuora Origin": "ZUORA",
                    "Zuora Type": "PAYMENT",
                    "Zuora Payment Type": text(head.get("Type")),
                }
            ),
        }
        return self.existing("customerPayment", fields)

    def descriptive(self, data: PaymentData) -> dict[str, Any]:
        """What an update sends again: memo and reference fields."""
        head = data.head
        custom = {
            "Zuora Payment Reference ID": text(head.get("ReferenceId")),
            "Zuora Reference Number": text(head.get("PaymentNumber")),
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        return {"memo": text(head.get("Comment"), MEMO_LIMIT), **self._custom(custom)}

    def method_name(self, data: PaymentData) -> str:
        """The NetSuite payment method's name: the Zuora type, character for character, or its translation."""
        kind = str(data.method.get("Type") or "")
        return self.settings.payment_method_translation.get(kind, kind)

    def _method_field(self) -> str:
        """`paymentOption`; accounts without payment instruments have `paymentMethod` instead (api-netsuite.md 9.7)."""
        has_option = self.reference.has_field("customerPayment", "paymentOption")
        return "paymentOption" if has_option else "paymentMethod"

    def _custom(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.reference.custom("customerPayment", label): value for label, value in values.items()}

    def _apply_lines(self, data: PaymentData) -> list[dict[str, Any]]:
        return [
            {"doc": {"id": str(data.documents[document_id]["IntegrationId__NS"])}, "apply": True, "amount": amount}
            for document_id, amount in data.applied.items()
        ]

    @staticmethod
    def _apply(lines: list[dict[str, Any]]) -> dict[str, Any]:
        return {"apply": {"items": lines}} if lines else {}

    # -- update procedure --------------------------------------------------------------------------------------------

    def _plan_update(self, data: PaymentData, there: Counterpart) -> Plan:
        """Transferred to Accounting was reset: bring the applications of Zuora documents to their present state, nothing else."""
        customer = str((there.record.get("customer") or {}).get("id", ""))
        if data.unassigned:
            text_ = f"{_name(data)}: no longer assigned to an account; NetSuite payment {there.id} stays as it is."
            return Found(there, action="none", remark=Problem("PAY-UNASSIGNED", text_))
        if customer != str(data.account.get("IntegrationId__NS") or ""):
            text_ = f"moved to another account after its sync; NetSuite payment {there.id} keeps customer {customer}. Correct by hand."
            return Hold((Problem("PAY-V8", f"{_name(data)}: {text_}", "Correct the NetSuite payment, then set its status to Ignore."),))
        missing = [p for p in self._parent_problems(data) if p.code == "PAY-V2"]
        if missing:
            return Hold(tuple(missing))
        if sum(data.applied.values(), Decimal(0)) > (there.amount or Decimal(0)):
            text_ = f"{_name(data)}: its applications exceed the amount of NetSuite payment {there.id}; not updated."
            return Hold((Problem("PAY-AMOUNT", text_, "Compare the payment on both sides and correct it by hand."),))
        wanted = {str(data.documents[d]["IntegrationId__NS"]): amount for d, amount in data.applied.items()}
        body = {
            "customer": ref(customer),
            **self.existing("customerPayment", self.descriptive(data)),
            **self._apply(self._changed_lines(wanted, there)),
        }
        request = Request("customerPayment", body, there.id)
        return Write("update", "Updating Payment", "Error Updating Payment", (request,), destination_id=there.id)

    def _changed_lines(self, wanted: Mapping[str, Decimal], there: Counterpart) -> list[dict[str, Any]]:
        """Apply lines that must change; lines to documents that did not come from Zuora are not among them."""
        present: Mapping[str, Decimal] = there.record["applied"]
        gone = [{"doc": {"id": d}, "apply": False, "amount": Decimal(0)} for d in present if d not in wanted]
        changed = [{"doc": {"id": d}, "apply": True, "amount": a} for d, a in wanted.items() if present.get(d) != a]
        return gone + changed

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """`PUT /v1/payments/{id}`, one a call, several at a time."""

        def write(mark: Mark) -> tuple[str, MarkResult]:
            fields = self.mark_fields(mark)
            transferred = fields.pop("TransferredToAccounting", None)
            if mark.destination_id:
                fields["Origin__NS"] = "ZUORA"
            body = self.context.source.to_tenant(fields)
            if transferred is not None:
                body["financeInformation"] = {"transferredToAccounting": transferred}
            written = self.context.zuora.update_payment(mark.record.id, body)
            return mark.record.id, MarkResult(written.ok, written.code, written.message)

        with ThreadPoolExecutor(max_workers=SOURCE_WRITERS) as pool:
            return dict(pool.map(write, marks))


def is_update(status: str) -> bool:
    """Whether a payment that NetSuite has is to be updated: it was complete, or an update of it was refused or interrupted."""
    return is_complete(status) or normal_status(status) in UPDATING


UPDATING = frozenset({"updating payment", "error updating payment"})
CARD_TYPES = frozenset({"creditcard", "debitcard", "creditcardreferencetransaction"})


def _data(head: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]], parts: Sequence[Mapping[str, Any]]) -> PaymentData:
    applied: dict[str, Decimal] = {}
    kinds: dict[str, str] = {}
    for part in parts:
        document = part.get("InvoiceId") or part.get("DebitMemoId")
        amount = Decimal(part.get("Amount") or 0)
        if document and amount > 0:
            applied[document] = applied.get(document, Decimal(0)) + amount
            kinds[document] = "invoice" if part.get("InvoiceId") else "debit memo"
    snapshot = parents.get("PaymentMethodSnapshot", {})
    method = snapshot if snapshot.get("Type") else parents.get("PaymentMethod", {})
    return PaymentData(head, parents.get("Account", {}), method, applied, kinds)


def _documents(found: Sequence[PaymentData], kind: str) -> list[str]:
    return [d for data in found for d, k in data.kinds.items() if k == kind]


def _name(data: PaymentData) -> str:
    return f"Payment {data.head.get('PaymentNumber') or data.head['Id']}"
