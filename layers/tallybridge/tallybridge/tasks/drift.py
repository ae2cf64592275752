"""What changed after the sync, told by every run until it is settled or accepted. Nothing is undone.

    look        what either side says was changed since the last look, and what NetSuite says was deleted: the records whose content is no
                longer what the ledger says was synced are in doubt; the connector's own marks leave the content as it was
    compare     the doubtful records and those with an open drift, read again on both sides
    tell        one line each; kept in the ledger until both sides agree, or a person accepts it as it is

Records that this run has itself compared are left to its control totals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.drift import in_zuora
from tallybridge.drift.compare import Pair, drift_of, missing_master
from tallybridge.drift.in_netsuite import There, Transactions, existing
from tallybridge.drift.in_zuora import Changed
from tallybridge.drift.kinds import BORN_IN_NETSUITE, DOCUMENTS, MADE_OF_CREDIT_MEMOS, MASTER_DATA, Kind
from tallybridge.drift.netsuite_born import drifts_of
from tallybridge.errors import ConfigurationError, LoginRefused, NoSlot, NotSent, Refused, ServiceError
from tallybridge.parallel import all_at_once, begun, side_by_side, streamed_parts
from tallybridge.rounds import Kept, NotDone
from tallybridge.steps.shared.reference import load_reference
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.drift import Drift
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger, State
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult
from tallybridge.sync.runs import Runs
from tallybridge.tasks.doubts import Doubts, Look, R
from tallybridge.tasks.steps import STEPS
from tallybridge.tasks.watermarks import Watermark
from tallybridge.zuora.source import INTEGRATION_ID

FILE = "drift.json"
LOG = "log/drift.jsonl.gz"
ZUORA, NETSUITE = "drift in Zuora", "drift in NetSuite"
"""Names of the two watermarks."""
TOLD_BY_ITS_STEP = (Outcome.SYNCED, Outcome.ALREADY, Outcome.REFUSED, Outcome.UNFINISHED)
AT_A_TIME = 1_000
"""Changed records that are compared with the ledger together."""
UNREAD_ADVICE = "Nothing is wrong with what was synced; the next run looks again from the same moment on."
NO_DELETIONS = "What was deleted in NetSuite could not be asked: {0}"
NO_DELETIONS_ADVICE = "Give the connector's role the permission Deleted Records (Setup), or compare by hand what was deleted in NetSuite."


class DriftTask:
    """The look of one run. `steps` are those that the settings allow in this tenant, by name; `noting` False writes nothing."""

    def __init__(self, steps: Mapping[str, SyncStep], ledger: Ledger, runs: Runs, folder: RunFolder, kept: Kept, *, noting: bool) -> None:
        self.kept = kept
        self.steps = steps
        self.ledger = ledger
        self.runs = runs
        self.folder = folder
        self.noting = noting
        self.documents = [k for k in DOCUMENTS if k.step in steps]
        self.master_data = [k for k in MASTER_DATA if k.step in steps]
        self.born = [b for b in BORN_IN_NETSUITE if b.step in steps]
        any_step = next(iter(steps.values()))
        self.context, self.settings = any_step.context, any_step.settings
        self.so_far = Look.load(folder, stamp(self.context.clock.now()))
        self._transactions: Transactions | None = None

    def look(self, results: Iterable[RecordResult]) -> list[Drift]:
        """All drift, kept in the run's folder too. What cannot be asked is a line in the log and nothing else. Raises `NotDone` or `NoSlot`
        when the round's time is used up."""
        found: list[Drift] = []
        try:
            found = self._look(results)
        except (NotDone, NoSlot):
            self.so_far.save(self.folder)
            raise
        except LoginRefused:
            raise
        except (ServiceError, ConfigurationError) as refused:
            if isinstance(refused, NotSent) and self.kept.used_up():
                raise
            found = [drift_in(item) for item in self._open().values()]
            self._note("DRIFT-UNREAD", f"What changed after the sync could not be asked: {refused.message}", UNREAD_ADVICE)
        lines = [*self.so_far.lines, *map(self._line, found)]
        if found:
            self.folder.write_json(FILE, [drift.to_json() for drift in found])
        if lines:
            self.folder.write_lines(LOG, [line.to_json() for line in lines])
        return found

    def _look(self, results: Iterable[RecordResult]) -> list[Drift]:
        doubts = self.so_far.doubts
        if not self.so_far.whole:
            self._doubt_what_changed()
            for result in results:
                self._leave_or_add(doubts, result)
            self.so_far.whole = True
        opened = self._open()
        for key in opened:
            doubts.add(key.removeprefix("drift#"))
        found: dict[str, Drift] = {}
        for kind in (*self.documents, *self.master_data):
            if ids := doubts.of_zuora.get(kind.object):
                drifted = self._of_documents(kind, ids, doubts.unknown) if kind.is_money else self._of_master(kind, ids)
                found |= {self._key("zuora", drift): drift for drift in drifted}
        for born in self.born:
            if ids := doubts.of_netsuite.get(born.record_type):
                found |= {self._key("netsuite", d): d for d in drifts_of(self.steps[born.step], born, sorted(ids))}
        told = self._keep(found, opened)
        self._forget_accepted(doubts, found)
        for name, mark in self.so_far.marks.items() if self.noting else ():
            self.runs.set_watermark(name, "", *mark)
        return told

    # -- which records are in doubt ----------------------------------------------------------------------------------

    def _doubt_what_changed(self) -> None:
        """Asks both sides at once, and goes through what one says and then through what the other says."""
        look = self.so_far
        zuora, netsuite = all_at_once(self._asked_zuora, self._asked_netsuite)
        if zuora:
            here, rows = zuora
            self._go_through(rows, self._doubt_zuora)
            look.finish(ZUORA, here.after(look.latest, look.began))
        if netsuite:
            there, rows = netsuite
            self._go_through(rows, self._doubt_netsuite)
            deleted = self._deleted(there.since)
            self._doubt_deleted(look.doubts, [i for i, _ in deleted])
            look.finish(NETSUITE, there.after(max([look.latest, *(moment for _, moment in deleted)]), look.began))

    def _asked_zuora(self) -> tuple[Watermark, Iterator[Changed]] | None:
        """From when on, and what has begun to come; None where an earlier round has gone through it."""
        look = self.so_far
        if ZUORA in look.marks:
            return None
        mark = self._mark(ZUORA) or Watermark(look.began, look.began, look.began)  # changes before were not the connector's to watch
        return mark, begun(look.rest(lambda: self._changed_in_zuora(mark.since)))

    def _asked_netsuite(self) -> tuple[Watermark, Iterator[There]] | None:
        look = self.so_far
        if NETSUITE in look.marks:
            return None
        mark = self._mark(NETSUITE) or Watermark(self.transactions.latest(), look.began, look.began)
        return mark, begun(self.transactions.changed(mark.since, look.last if ZUORA in look.marks else ""))

    def _go_through(self, rows: Iterator[R], doubt: Callable[[Doubts, Sequence[R]], None]) -> None:
        began = self.kept.now()
        for some in streamed_parts(rows, AT_A_TIME):
            doubt(self.so_far.doubts, some)
            self.so_far.gone_through(some)
            began = self.kept.checkpoint(began)

    def _changed_in_zuora(self, since: str) -> Iterator[Changed]:
        """Adjustments of another kind are asked for alone: a tenant that lacks the connector's field there has none from NetSuite."""
        kinds = [self.documents]
        if MADE_OF_CREDIT_MEMOS.step in self.steps and self.settings.credit_memo_target != "InvoiceItemAdjustment":
            kinds.append([MADE_OF_CREDIT_MEMOS])

        def asked(kinds: Sequence[Kind]) -> Iterator[Changed]:
            try:
                return begun(in_zuora.changed(self.context.source, kinds, since))
            except Refused:
                if kinds is self.documents:
                    raise
                return iter(())

        for rows in side_by_side(asked, kinds):
            yield from rows

    def _mark(self, name: str) -> Watermark | None:
        known = self.runs.watermark(name)
        return Watermark(known.get("watermark", ""), known.get("at", ""), known["looked"]) if known.get("looked") else None

    @property
    def transactions(self) -> Transactions:
        """NetSuite's transactions."""
        if self._transactions is None:
            self._transactions = self._known_transactions()
        return self._transactions

    def _known_transactions(self) -> Transactions:
        """Body fields have one script id on all of them."""
        reference = load_reference(self.context.netsuite, self.folder, ("fields:invoice",), self.settings.field_map)
        zuora_id, zuora_type = (reference.custom("invoice", label) for label in ("Zuora ID", "Zuora Type"))
        zuora_type = zuora_type if reference.has_field("invoice", zuora_type) else ""
        return Transactions(self.context.netsuite, zuora_id, zuora_type, currencies=self.settings.netsuite_multiple_currencies)

    def _doubt_zuora(self, doubts: Doubts, changed: Sequence[Changed]) -> None:
        kinds = {k.object: k for k in (*self.documents, MADE_OF_CREDIT_MEMOS)}
        born = {name: b for b in self.born for name in b.objects}
        keys = [self.ledger.key("zuora", c.object, c.id) for c in changed]
        keys += [self.ledger.key("netsuite", born[c.object].record_type, c.there) for c in changed if c.object in born and c.there]
        known = self._items(keys, doubts)
        for row in changed:
            kind, counts = kinds[row.object], not row.deleted and row.status in ("", kinds[row.object].standing)
            own = known.get(self.ledger.key("zuora", row.object, row.id))
            other = born.get(row.object)
            reverse = known.get(self.ledger.key("netsuite", other.record_type, row.there)) if other else None
            if reverse is not None and own is None and other is not None:
                if not counts or (other.alone and _differs(row.amount, reverse.get("amount"))):
                    doubts.netsuite(other.record_type, row.there)
            elif kind is not MADE_OF_CREDIT_MEMOS and (not counts or own is None or self._says_otherwise(kind, row, own)):
                doubts.zuora(row.object, row.id)

    def _says_otherwise(self, kind: Kind, row: Changed, known: Mapping[str, Any]) -> bool:
        """Whether a record that counts is no longer what was synced. Where the copy was not asked for amounts, that is not known."""
        if row.amount is None:
            return True
        amount = self._compares_amounts(kind) and self._whole(kind) and _differs(row.amount, known.get("amount"))
        return amount or (self._compares_applications(kind) and _differs(row.applied, known.get("applied")))

    def _doubt_netsuite(self, doubts: Doubts, rows: Sequence[There]) -> None:
        kinds = {r.id: self._kinds_of(r) for r in rows}
        born = {b.type: b.record_type for b in self.born}
        keys = [self.ledger.key("zuora", k.object, r.zuora_id) for r in rows for k in kinds[r.id]]
        known = self._items(keys + [self.ledger.key("netsuite", born[r.type], r.id) for r in rows if r.type in born], doubts)
        for row in rows:
            items = {k.object: known.get(self.ledger.key("zuora", k.object, row.zuora_id)) for k in kinds[row.id]}
            own_step_speaks = self.ledger.key("netsuite", born.get(row.type, ""), row.id) in known
            for kind in kinds[row.id]:
                item = items[kind.object]
                if item and item.get("destination_id") == row.id and self._is_otherwise(kind, row, item):
                    doubts.zuora(kind.object, row.zuora_id)
                elif not any(items.values()) and not own_step_speaks:
                    doubts.zuora(kind.object, row.zuora_id)
                    doubts.unknown.add(row.zuora_id)

    def _kinds_of(self, row: There) -> list[Kind]:
        """What a transaction may have been made of, where it says so itself."""
        fitting = [k for k in self.documents if row.type in k.types]
        return [k for k in fitting if row.zuora_type and k.zuora_type == row.zuora_type] or fitting

    def _items(self, keys: Sequence[str], doubts: Doubts | None = None) -> dict[str, dict[str, Any]]:
        """The ledger's items by record key; of records that another connector synced, what an earlier look has found. Those whose drift
        somebody has accepted are in doubt: it may have been settled."""
        noted = {key.removeprefix("drift#"): item for key, item in self.ledger.read([drift_key(k) for k in keys]).items()}
        if doubts is not None:
            for key in (key for key, item in noted.items() if item.get("accepted")):
                doubts.add(key)
        return {key: item for key, item in noted.items() if item.get("destination_id")} | self.ledger.read(keys)

    def _is_otherwise(self, kind: Kind, row: There, known: Mapping[str, Any]) -> bool:
        customer, currency = str(known.get("customer") or ""), str(known.get("currency") or "")
        return (
            row.voided
            or bool(not row.total and Decimal(str(known.get("amount") or 0)))
            or bool(customer and row.customer and customer != row.customer)
            or bool(currency and row.currency and currency != row.currency)
            or (self._compares_amounts(kind) and _differs(abs(row.total), known.get("amount"), absolute=True))
        )

    def _deleted(self, since: str) -> list[tuple[str, str]]:
        try:
            return list(self.transactions.deleted(since))
        except Refused as refused:
            self._note("DRIFT-DELETIONS", NO_DELETIONS.format(refused.message), NO_DELETIONS_ADVICE)
            return []

    def _doubt_deleted(self, doubts: Doubts, internal_ids: Sequence[str]) -> None:
        if not internal_ids:
            return
        for object_type, record_id in in_zuora.linked_to(self.context.source, [*self.documents, *self.master_data], internal_ids):
            doubts.zuora(object_type, record_id)
        keys = {self.ledger.key("netsuite", b.record_type, i): (b.record_type, i) for b in self.born for i in internal_ids}
        for key in self.ledger.read(list(keys)):
            doubts.netsuite(*keys[key])

    def _leave_or_add(self, doubts: Doubts, result: RecordResult) -> None:
        """Records that the run itself has compared are left out; those that their step from NetSuite holds are looked at."""
        born = next((b for b in self.born if b.record_type == result.object), None)
        if born and result.outcome is Outcome.HELD:
            doubts.netsuite(result.object, result.source_id)
        elif result.outcome in TOLD_BY_ITS_STEP:
            for ids in (doubts.of_netsuite if born else doubts.of_zuora).values():
                ids.discard(result.source_id)

    # -- comparing ---------------------------------------------------------------------------------------------------

    def _of_documents(self, kind: Kind, doubtful: Collection[str], unknown: Collection[str]) -> Iterator[Drift]:
        known = self._known(kind, sorted(doubtful))
        heads = in_zuora.heads(self.steps[kind.step], kind, doubtful, {i for i, item in known.items() if item.get("customer")})
        ids = sorted(i for i in doubtful if i in heads or i not in unknown)
        linked = {i: str(known.get(i, {}).get("destination_id") or heads.get(i, {}).get(INTEGRATION_ID) or "") for i in ids}
        there = self.transactions.now(linked)
        numbers = {str(known[i].get("number") or "") for i in ids if i not in heads and i in known} - {""}
        renamed = in_zuora.same_number(self.context.source, kind, numbers) if numbers else set()
        pairs = [
            Pair(
                kind,
                i,
                heads.get(i),
                _counterpart(there, i, linked[i], kind),
                known.get(i, {}),
                str(known.get(i, {}).get("number") or "") in renamed,
                compares_amounts=self._compares_amounts(kind),
                whole=self._whole(kind),
            )
            for i in ids
        ]
        applied = self.transactions.applied([p.there for p in pairs if p.there]) if self._compares_applications(kind) else {}
        for pair in pairs:
            if drift := drift_of(replace(pair, applied=applied.get(pair.there.id) if pair.there else None)):
                yield drift
            elif self.noting and pair.head and pair.there and not pair.known:
                self._note_agreement(pair, pair.there)

    def _note_agreement(self, pair: Pair, there: There) -> None:
        """Of a record that another connector synced: what both sides agree on now, in place of what the ledger would say."""
        key = drift_key(self.ledger.key("zuora", pair.kind.object, pair.id))
        facts = {"number": pair.number, "destination_id": there.id, "customer": there.customer, "currency": there.currency}
        self.ledger.drifted(key, {**facts, "amount": money.plain(pair.held or Decimal(0))}, self.ledger.read([key]).get(key))

    def _of_master(self, kind: Kind, ids: Collection[str]) -> Iterator[Drift]:
        heads = in_zuora.heads(self.steps[kind.step], kind, ids)
        linked = {i: str(head.get(INTEGRATION_ID) or "") for i, head in heads.items()}
        there = existing(self.context.netsuite, kind, {i for i in linked.values() if i})
        for record_id, internal_id in linked.items():
            if internal_id and internal_id not in there:
                yield missing_master(kind, record_id, heads[record_id], internal_id)

    def _known(self, kind: Kind, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        items = self._items([self.ledger.key("zuora", kind.object, i) for i in ids])
        return {key.rsplit("#", 1)[-1]: item for key, item in items.items()}

    def _compares_amounts(self, kind: Kind) -> bool:
        """Not of invoices to which NetSuite adds its own tax."""
        return not (self.settings.use_standard_invoice_sync.netsuite_calculates_tax and "CustInvc" in kind.types)

    def _whole(self, kind: Kind) -> bool:
        """Whether all of the record's amount is sent: of payments, some tenants and settings send what is applied."""
        return kind.object != "Payment" or (self.context.mode == "B" and self.settings.payment_amount != "applied only")

    def _compares_applications(self, kind: Kind) -> bool:
        return bool(kind.applied) and self.context.mode == "B"

    # -- keeping and telling -----------------------------------------------------------------------------------------

    def _open(self) -> dict[str, dict[str, Any]]:
        """The drifts that earlier runs told and nobody has settled or accepted, by their key."""
        return {item["id"]: item for item in drift_items(self.ledger, self.steps)}

    def _key(self, system: str, drift: Drift) -> str:
        return drift_key(self.ledger.key(system, drift.object, drift.source_id))

    def _keep(self, found: Mapping[str, Drift], opened: Mapping[str, Mapping[str, Any]]) -> list[Drift]:
        """What is to be told; the ledger follows."""
        known = self.ledger.read(list(found))
        told = []
        for key, drift in found.items():
            item = known.get(key, {})
            if item.get("accepted") == drift.shape:
                continue
            since = str(item.get("since") or "") if item.get("attention") else ""
            drift = replace(drift, since=since or stamp(self.context.clock.now()))
            told.append(drift)
            if self.noting:
                facts = {"attention": f"{State.DRIFT}#{drift.step}", "step": drift.step, "number": drift.number, "since": drift.since}
                self.ledger.drifted(key, {**facts, "drift": money.dumps(drift.to_json()), "shape": drift.shape, "accepted": ""}, item)
        for key, kept in opened.items():
            if key not in found and self.noting:
                self.ledger.agreed(kept)
        return told

    def _forget_accepted(self, doubts: Doubts, found: Mapping[str, Drift]) -> None:
        """What a person accepted and both sides have settled since would be told anew if it came back."""
        sides = (("zuora", doubts.of_zuora), ("netsuite", doubts.of_netsuite))
        keys = [drift_key(self.ledger.key(side, name, i)) for side, of in sides for name, ids in of.items() for i in ids]
        for item in self.ledger.read([key for key in keys if key not in found]).values() if self.noting else ():
            if item.get("accepted"):
                self.ledger.agreed({**item, "accepted": ""})

    def _line(self, drift: Drift) -> LogLine:
        step = self.steps[drift.step]
        return LogLine(
            stamp(self.context.clock.now()),
            self.folder.run_id,
            drift.step,
            Level.INFO,
            drift.message,
            drift.code,
            step.direction,
            drift.object,
            source_id=drift.source_id,
            source_number=drift.number,
            destination_id=drift.destination_id,
            advice=drift.advice,
        )

    def _note(self, code: str, text: str, advice: str) -> None:
        now = stamp(self.context.clock.now())
        self.so_far.lines.append(LogLine(now, self.folder.run_id, "run", Level.WARNING, text, code, advice=advice))


def drift_key(record_key: str) -> str:
    """The key of a record's drift in the ledger, for example "drift#zuora#Invoice#8ad0..."."""
    return f"drift#{record_key}"


def drift_items(ledger: Ledger, steps: Iterable[str] = STEPS) -> Iterator[dict[str, Any]]:
    """The ledger's items of all drift that is neither settled nor accepted."""
    for items in side_by_side(lambda step: list(ledger.attention(f"{State.DRIFT}#{step}")), list(steps)):
        yield from items


def drift_in(item: Mapping[str, Any]) -> Drift:
    """The drift that an item of the ledger keeps."""
    return Drift.from_json(money.loads(str(item["drift"])))


def open_drift(ledger: Ledger) -> Iterator[Drift]:
    """All drift that is neither settled nor accepted, in the order of the steps."""
    return map(drift_in, drift_items(ledger))


def read_drift(folder: RunFolder) -> list[Drift]:
    """What the run has told."""
    return [Drift.from_json(row) for row in folder.read_json_or(FILE, [])]


def _differs(amount: Decimal | None, known: Any, *, absolute: bool = False) -> bool:
    """Whether an amount is not the one that is known; nothing differs from what is not known."""
    if amount is None or known in (None, ""):
        return False
    other = Decimal(str(known))
    return amount != (abs(other) if absolute else other)


def _counterpart(there: Sequence[There], record_id: str, internal_id: str, kind: Kind) -> There | None:
    """The NetSuite record that a Zuora record was synced to; else one that carries its id."""
    mine = [t for t in there if t.type in kind.types]
    by_id = next((t for t in mine if t.id == internal_id), None)
    return by_id or next((t for t in mine if t.zuora_id == record_id), None)
