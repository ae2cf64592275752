"""NetSuite credit memos -> Zuora adjustments (adjustments.md, parts A2 standard and A3 negative balance)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from tallybridge.money import plain
from tallybridge.parallel import side_by_side, streamed_parts
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.documents.adjustment_spread import ZERO, Book
from tallybridge.steps.documents.netsuite_credit_memo_checks import settle
from tallybridge.steps.documents.netsuite_credit_memo_drift import drift, left, stray
from tallybridge.steps.documents.netsuite_credit_memo_mapping import INVOICE, NEGATIVE, ON_ITEMS, MemoData, one_per_document
from tallybridge.steps.documents.netsuite_credit_memo_target import (
    Objects,
    Target,
    adjustments,
    in_tenant,
    objects_in,
    target_in,
    transferred,
)
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_netsuite import INTEGRATION_ID, ZUORA_COMMENT_LIMIT, NetSuiteToZuora
from tallybridge.steps.shared.netsuite_left_out import IGNORED, NO_CUSTOMER, NOT_APPLIED_IN_FULL, SuiteLeftOut
from tallybridge.steps.shared.problems import ambiguous_in_zuora
from tallybridge.steps.shared.suite_selection import SuiteSelection
from tallybridge.sync.held import Held
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
from tallybridge.zuora.selection import Child

CREATING, CREATE_REFUSED = "Creating Invoice Adjustment", "Error Creating Invoice Adjustment"
UNDONE = ("Canceled",)
"""Statuses of Zuora adjustments that no longer count."""
INVOICE_FIELDS = ("InvoiceNumber", "Balance", "InvoiceDate", INTEGRATION_ID)
ITEMS = Child("items", "InvoiceItem", "InvoiceId", fields=("Id", "ChargeAmount"))
TAXES = Child("taxes", "TaxationItem", "InvoiceId", fields=("Id", "TaxAmount"))
ADJUSTED = ("InvoiceId", "SourceId", "Type", "Amount", "Status")
OWN_FIELDS = (INTEGRATION_ID, "ReferenceId", "InvoiceId", "Type", "Amount", "Status", "TransferredToAccounting")
READ_AT_A_TIME = 300
"""Candidates that are asked about together."""

ZuoraRow = Mapping[str, Any]


# -- action --------------------------------------------------------------------------------------------------------------


def plan(context: StepContext, target: Target, record: SourceRecord) -> Plan:
    """What is done with a memo, by what was read of it and of its adjustments."""
    memo: MemoData = record.data
    tried = bool(normal_status(record.status))
    if problem := next(doubts(memo, tried=tried), None):
        return Hold((problem,))
    if is_complete(record.status):
        return plan_synced(memo)
    if tried and (problem := stray(memo)):
        return Hold((problem,))
    if tried and not memo.held and (why := left(memo)):
        return Leave(why) if memo.void else Hold((why,))
    if memo.problems:
        return Hold(tuple(memo.problems))
    return plan_rest(context, target, memo)


def doubts(memo: MemoData, *, tried: bool) -> Iterator[Problem]:
    """Two adjustments where one is due, or one that was canceled while the memo still says that it is being worked on."""
    for goal in memo.goals:
        live = memo.live(goal)
        if twice := [r for r in live if sum(o[INTEGRATION_ID] == r[INTEGRATION_ID] for o in live) > 1]:
            yield ambiguous_in_zuora(memo.code, memo.name, "adjustments", [Counterpart(str(r["Id"])) for r in twice])
        canceled = [r for r in memo.made if goal.owns(r) and r.get("Status") in UNDONE]
        if tried and canceled and not live:
            text = f"{memo.name}: Zuora adjustment {canceled[0]['Id']} was canceled; nothing is done."
            advice = "To sync it again, clear Zuora Integration Status and the Zuora id in NetSuite; else set the status to Ignore."
            yield Problem(f"{memo.code}-CANCELED", text, advice)


def plan_synced(memo: MemoData) -> Plan:
    """After success no change is sent; that both sides differ is told."""
    if problem := drift(memo):
        return Hold((problem,))
    if why := left(memo):
        return Leave(why)
    there = Counterpart(main_of(memo), memo.amount)
    return Found(there, action="none", write_back=bool(memo.known.get("attention")))


def plan_rest(context: StepContext, target: Target, memo: MemoData) -> Plan:
    """What is still to be made, and Transferred to Accounting of what an interrupted create has made."""
    live, main = [r for goal in memo.goals for r in memo.live(goal)], main_of(memo)
    late = [transferred(context, target, r["object"], str(r["Id"])) for r in live if r.get("TransferredToAccounting") != "Yes"]
    if not memo.movements and not late:
        return Found(Counterpart(main, sum((Decimal(r["Amount"]) for g in memo.goals[:1] for r in memo.live(g)), ZERO)))
    requests = (*late, *adjustments(context, target, memo, main))
    return Write("recover" if main else "create", CREATING, CREATE_REFUSED, requests, destination_id=main, remarks=remarks(target, memo))


def main_of(memo: MemoData) -> str:
    """The adjustment with the memo's own Integration ID, "" where there is none."""
    return next((str(r["Id"]) for goal in memo.goals[:1] for r in memo.live(goal)), "")


def remarks(target: Target, memo: MemoData) -> tuple[Problem, ...]:
    """The fields that the tenant lacks."""
    if not memo.lacking:
        return ()
    text = f"Zuora {target.object} has no {' and no '.join(memo.lacking)}: left out."
    return (Problem("NSCM-FIELDS", text, "Create the fields in Zuora if you want them; nothing depends on them."),)


# -- the step ------------------------------------------------------------------------------------------------------------


class NetSuiteCreditMemos(NetSuiteToZuora):
    """Step 9: a credit on the Zuora invoice that a memo was applied to; charges and credits that close a negative invoice."""

    name = "netsuite_credit_memos"
    title = "NetSuite credit memos"
    object = "creditMemo"
    object_label = "NetSuite credit memo"
    destination = "invoice adjustment"
    code = "NSCM"
    cuts: ClassVar[Mapping[str, int]] = {"memo": ZUORA_COMMENT_LIMIT}
    undone = UNDONE
    needs = ("fields:creditMemo", "fields:customer")
    follows_changes = True

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        """Memos that were synced are looked at when they change: nothing is sent, but differences are told."""
        return Behavior.NEW_AND_MODIFIED

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        """Rules 1 to 3 are those of both sub-syncs. Memos that were sent are followed whatever they look like now."""
        kind = f"t.{self.label_field('Zuora Type')}"
        multiple = self.settings.netsuite_multiple_currencies
        changed, since = self.modified_lately()
        return SuiteSelection(
            source=self._tables(),
            where=(
                "t.type = 'CustCred'",
                f"{kind} = '{NEGATIVE}' OR {kind} IS NULL",  # A3, rule 4; A2, rule 4
                self.not_ignored(),
            ),
            rules=(
                f"{self._account()} IS NOT NULL",  # rule 1
                self.not_complete(),  # rule 2
                "t.foreignpaymentamountunused = 0",  # rule 3
                f"{kind} = '{NEGATIVE}' OR ({' AND '.join(self._standard())})",  # A2, rules 5 and 6
            ),
            followed=self.was_sent(),
            due=f"({self.not_complete()}) OR ({changed})",
            due_params=since,
            columns=(
                "t.tranid AS tranid",
                "TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate",
                "t.memo AS memo",
                "t.entity AS entity",
                "t.foreigntotal AS total",
                "t.voided AS voided",
                f"{self._account()} AS account",
                f"{kind} AS zuoratype",
                f"t.{self.label_field('Zuora ID')} AS zuoraid",
                f"t.{self.label_field('Zuora Integration Status')} AS status",
                *(("u.symbol AS currency",) if multiple else ()),
            ),
            group="t.entity",
        )

    def select(self) -> Iterator[Candidate]:
        """Without the synced memos that ask for a refund and that this step has not sent: the refund step has marked them."""
        for piece in streamed_parts(super().select(), READ_AT_A_TIME):
            known = self.context.known([c.id for c in piece])
            unknown = [c.id for c in piece if c.id not in known]
            of_refunds = set(self._asking_for_refunds(unknown)) if unknown else set()
            yield from (c for c in piece if c.id not in of_refunds)

    def _asking_for_refunds(self, ids: Sequence[str]) -> Iterator[str]:
        if asks := self._refund_field():
            q = f"SELECT t.id FROM transaction t WHERE t.{asks} = 'T' AND t.id IN {{in}}"
            yield from (row["id"] for row in self.context.netsuite.suiteql_in(q, ids))

    def _refund_field(self) -> str:
        name = self.reference.custom(self.object, "Create Zuora Refund")
        return name if self.reference.has_field(self.object, name) else ""

    def told(self) -> SuiteLeftOut:
        """Memos of Zuora invoices that a rule leaves out. Nothing is due of that of a negative invoice before it is applied to one."""
        kind = f"t.{self.label_field('Zuora Type')}"
        multiple = self.settings.netsuite_multiple_currencies
        rules = (
            (self.not_ignored(), IGNORED),
            (f"{self._account()} IS NOT NULL", NO_CUSTOMER),
            ("t.foreignpaymentamountunused = 0", NOT_APPLIED_IN_FULL),
        )
        where = (
            "t.type = 'CustCred'",
            self.not_done(),
            f"({kind} = '{NEGATIVE}' AND {self._applied_to_invoice()}) OR ({' AND '.join((f'{kind} IS NULL', *self._standard()))})",
        )
        return SuiteLeftOut(self._tables(), where, rules, currency="u.symbol" if multiple else "")

    def _tables(self) -> str:
        multiple = self.settings.netsuite_multiple_currencies
        return "transaction t JOIN customer c ON c.id = t.entity" + (" JOIN currency u ON u.id = t.currency" if multiple else "")

    def _applied_to_invoice(self) -> str:
        return (
            "EXISTS (SELECT l.nextdoc FROM nexttransactionlinelink l JOIN transaction d ON d.id = l.previousdoc "
            f"WHERE l.nextdoc = t.id AND d.type = 'CustInvc' AND d.{self.label_field('Zuora Type')} = '{INVOICE}')"
        )

    def _standard(self) -> Iterator[str]:
        """What A2 asks for: at least one Zuora invoice, so that validation 1 can report a second one."""
        yield self._applied_to_invoice()  # rule 5
        if refund := self._refund_field():
            yield f"NVL(t.{refund}, 'F') <> 'T'"  # rule 6

    def _account(self) -> str:
        return self.customer_id("Zuora Customer ID (Sales)")

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        """The memos with their applications, their Zuora invoices, and what is still to be made of them. Memos of one account share the
        open balances, in the order in which they are written. Of synced ones nothing is to be made."""
        rows = self.reread(candidates)
        if not rows:
            return []
        ids = [r["id"] for r in rows]
        applied, known, qualifying = self.applications(ids), self.context.known(ids), self.qualifying(rows)
        memos = [
            MemoData(row, one_per_document(applied.get(row["id"], ())), known=known.get(row["id"], {}), qualifies=row["id"] in qualifying)
            for row in rows
        ]
        self._note_refunds([m for m in memos if m.negative and not m.applications])
        made = self._made({m.id: [g.key for g in m.goals] for m in memos})
        for memo in memos:
            memo.made = made.get(memo.id, [])
        book = self._book(memos)
        records = sorted(map(self._record, memos), key=lambda r: (r.order, r.number))
        for record in records:
            if record.data.qualifies and not is_complete(record.status):
                settle(record.data, book, self.target.object)
        if first := next((r.data for r in records if r.data.movements and not r.data.problems), None):
            first.lacking = self.target.lacking
        return records

    def _record(self, memo: MemoData) -> SourceRecord:
        made = "" if memo.negative else memo.row.get("zuoraid", "")
        state = self.state(memo.row, [(a.document, plain(a.amount)) for a in memo.applications])
        return self.transaction_record(memo, memo.amount, memo.row.get("currency", ""), made, state)

    def _note_refunds(self, memos: Sequence[MemoData]) -> None:
        """A refund uses a memo up as an application does (A3, validation 1)."""
        q = "SELECT l.previousdoc AS memo FROM nexttransactionlinelink l WHERE l.nexttype = 'CustRfnd' AND l.previousdoc IN {in}"
        refunded = {row["memo"] for row in self.context.netsuite.suiteql_in(q, [m.id for m in memos])} if memos else set()
        for memo in memos:
            memo.refunded = memo.id in refunded

    def _book(self, memos: Sequence[MemoData]) -> Book:
        """What is open on the Zuora invoices of the memos; their lines too where items are adjusted."""
        ids = sorted({invoice for m in memos for _, invoice in (*m.wanted, *m.held) if invoice})
        invoices = self.context.invoices(ids, INVOICE_FIELDS)
        new = [m for m in memos if m.row.get("currency") and m.qualifies and not is_complete(m.row.get("status"))]
        undecided = {m.row.get("account", "") for m in new if any(not i.get("Currency") for i in invoices.values())}
        accounts = self.context.source.reread("Account", undecided, ("Currency",))
        for memo in memos:
            memo.invoices, memo.account = invoices, accounts.get(memo.row.get("account", ""), {})
        book = Book({i: Decimal(invoice.get("Balance") or 0) for i, invoice in invoices.items()})
        if self.target.object == ON_ITEMS and invoices:
            source, known = self.context.source, list(invoices)
            items, taxes = side_by_side(lambda child: source.children(child, known), (ITEMS, TAXES))
            adjustments: dict[str, list[ZuoraRow]] = {}
            for row in source.by_field(ON_ITEMS, "InvoiceId", known, ADJUSTED):
                adjustments.setdefault(str(row["InvoiceId"]), []).append(row)
            for i in known:
                book.add_lines(i, items.get(i, []), taxes.get(i, []), adjustments.get(i, []))
        return book

    # -- Zuora's objects ---------------------------------------------------------------------------------------------

    @cached_property
    def objects(self) -> Objects:
        """What the tenant has for adjustments."""
        return objects_in(self.context)

    @cached_property
    def target(self) -> Target:
        """What is made."""
        return target_in(self.context, self.objects)

    def _made(self, keys: Mapping[str, Iterable[str]]) -> dict[str, list[ZuoraRow]]:
        """The adjustments of memos, by memo, canceled ones too: by Integration ID (`keys` by memo) and, for those with a number behind it,
        by Reference ID, which is the memo's own id."""
        owners = {key: memo for memo, own in keys.items() for key in (memo, *own)}
        lookups = [(o, *by) for o in self.objects for by in ((INTEGRATION_ID, list(owners)), ("ReferenceId", list(keys)))]
        rows = side_by_side(lambda lookup: [(lookup[0], r) for r in self.context.source.by_field(*lookup, OWN_FIELDS)], lookups)
        found: dict[str, dict[str, ZuoraRow]] = {}
        for name, row in (pair for pairs in rows for pair in pairs):
            key = str(row.get(INTEGRATION_ID) or "")
            memo = owners.get(key) or key.partition("_")[0]
            if memo in keys:
                found.setdefault(memo, {})[str(row["Id"])] = {**row, "object": name}
        return {memo: sorted(own.values(), key=_by_key) for memo, own in found.items()}

    # -- counterparts ------------------------------------------------------------------------------------------------

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """What `refresh` has read, the canceled ones too."""
        return {r.id: [self._counterpart(row) for row in r.data.made] for r in records if r.data.made}

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """What a create of one adjustment may have made: of its Integration ID and type."""
        key = str(request.body[in_tenant(self.context, INTEGRATION_ID)])
        rows = self._made({record.id: [key]}).get(record.id, [])
        return [self._counterpart(r) for r in rows if self.counts(r) and r[INTEGRATION_ID] == key and r["Type"] == request.body["Type"]]

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """The sum of the adjustments that belong together, by the id of the first."""
        wanted = set(destination_ids)
        mains = {
            str(row["Id"]): str(row.get(INTEGRATION_ID) or "")
            for name in self.objects
            for row in self.context.source.reread(name, wanted, (INTEGRATION_ID,)).values()
        }
        held = self._held(list(mains.values()))
        return {main: Held(sum(held[memo], ZERO)) for main, memo in mains.items() if memo in held}

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        held = self._held(source_ids)
        for memo, sums in held.items():
            yield from ((memo, Held(amount)) for amount in sums)
        yield from ((memo, Held(ZERO)) for memo in self._charged_already([i for i in source_ids if i not in held]))

    def _held(self, memos: Sequence[str]) -> dict[str, list[Decimal]]:
        """What Zuora holds of memos: the sum of the charges on a negative invoice, else of the credits; a second adjustment of one
        Integration ID counts as a second record."""
        found: dict[str, list[Decimal]] = {}
        for memo, rows in self._made(dict.fromkeys(memos, ())).items():
            live = [r for r in rows if self.counts(r)]
            kind = "Charge" if any(r["Type"] == "Charge" for r in live) else "Credit"
            once: dict[str, list[Decimal]] = {}
            for row in (r for r in live if r["Type"] == kind):
                once.setdefault(str(row[INTEGRATION_ID]), []).append(Decimal(row["Amount"]))
            if once:
                found[memo] = [sum((first for first, *_ in once.values()), ZERO), *(a for _, *more in once.values() for a in more)]
        return found

    def _charged_already(self, memos: Sequence[str]) -> Iterator[str]:
        """Memos of negative invoices of which nothing was to be charged: charge adjustments made in Zuora have used them up (A3)."""
        if not memos:
            return
        applied = self.applications(memos)
        q = f"SELECT id, foreigntotal AS total, {self.label_field('Zuora Type')} AS zuoratype FROM transaction WHERE id IN {{in}}"
        for row in self.context.netsuite.suiteql_in(q, memos):
            memo = MemoData(row, one_per_document(applied.get(row["id"], ())))
            if memo.negative and not memo.amount:
                yield memo.id

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.context, self.target, record)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """As any step; of a complete memo of a negative invoice also the ids of its adjustments, which are looked up once for all."""
        done = [m.record.data for m in marks if m.destination_id and m.record.data.negative]
        made = self._made({memo.id: [g.key for g in memo.goals] for memo in done}) if done else {}
        for memo in done:
            memo.zuora_ids = ",".join(str(r["Id"]) for r in made.get(memo.id, []) if self.counts(r))
        return super().mark(marks)

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        """The Zuora ID of a negative invoice's memo is the key of the invoice sync: it stays (A3)."""
        fields = super().mark_fields(mark)
        if mark.record.data.negative and fields.pop("Zuora ID", ""):
            fields["Zuora Adjustment IDs"] = mark.record.data.zuora_ids
        return fields


def _by_key(row: ZuoraRow) -> tuple[bool, int, str]:
    """Charges first, then by Integration ID."""
    key = str(row.get(INTEGRATION_ID) or "")
    return row.get("Type") != "Charge", len(key), key
