"""What a dry run would have made so far, so that later steps forecast what they would then do: parents that the same run would create
satisfy their children. Nothing of it leaves the run's own folder.

What a step would make is kept with what its batches leave (see `folded`). The steps after it read Zuora and NetSuite through the two
classes below, which add it to what is there: the Integration ID and the status of a record in Zuora; the currency of a customer, the open
balance of a document and the applications of a payment in NetSuite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from threading import Lock
from typing import Any, cast

from tallybridge.money import plain
from tallybridge.netsuite import NetSuite
from tallybridge.parallel import streamed_parts
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.runlog import LogLine
from tallybridge.sync.stand_ins import STAND_IN, stand_in_id
from tallybridge.sync.step import SYNC_COMPLETE, Found, Plan, SourceRecord, Write
from tallybridge.tasks.drawers import Drawer
from tallybridge.tasks.folded import TAKEN, made
from tallybridge.tasks.steps import STEPS
from tallybridge.zuora.source import Record, ZuoraSource

LINKS = "nexttransactionlinelink"
"""Queries about applications name this table."""
CURRENCY = ("currency", "Currency")
"""Under which names a Zuora account is given its currency."""
ZERO = Decimal(0)
OPEN_BALANCES = frozenset(("foreignamountunpaid", "unused"))
"""Columns with what is open of a document or a payment."""
ROWS_AT_ONCE = 1_000
Entry = dict[str, Any]


def entry_of(step: SyncStep, record: SourceRecord, plan: Plan) -> Entry | None:
    """What a plan would leave behind; None where nothing that others could need."""
    object_type = step.object
    if isinstance(plan, Found):
        return {"object": object_type, "source": record.id, "id": plan.counterpart.id}
    if not isinstance(plan, Write) or not plan.write_back:
        return None
    if plan.destination_id:
        return {"object": object_type, "source": record.id, "id": plan.destination_id}
    bodies = [r.body for stage in plan.stages for r in stage.requests if r.record_id is None]
    owners = [body[name] for body in bodies for name in ("entity", "customer") if body.get(name)]
    links = [line for body in bodies for line in (body.get("apply") or {}).get("items", ()) if line.get("apply")]
    return {
        "object": object_type,
        "source": record.id,
        "id": stand_in_id(record.id),
        "key": Ledger.key(step.system, object_type, record.id),
        "accounts": _accounts(bodies),
        "currency": record.currency or next((b[n] for b in bodies for n in CURRENCY if isinstance(b.get(n), str)), ""),
        "amount": plain(abs(record.amount)) if record.amount is not None else "",
        "customer": str(owners[0].get("id", "")) if owners else "",
        "number": record.number,
        "name": next((str(body["companyName"]) for body in bodies if body.get("companyName")), ""),
        "links": [[str(line["doc"]["id"]), plain(Decimal(line["amount"]))] for line in links if isinstance(line["doc"]["id"], str)],
    }


def _accounts(bodies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The accounts of an item that would be made."""
    names = {"income": "incomeAccount", "deferred": "deferredRevenueAccount"}
    return {own: str(body[name]["id"]) for body in bodies for own, name in names.items() if isinstance(body.get(name), Mapping)}


class Rehearsal:
    """What earlier steps of a dry run would have made: of it what was asked for, so that a worker holds no more than its batch needs."""

    def __init__(self, drawers: Sequence[Drawer] = ()) -> None:
        self.drawers = drawers
        self.ids: dict[str, dict[str, str]] = {}
        """Internal id by source id, by object type."""
        self.made: dict[str, Entry] = {}
        """What stands for a record of NetSuite, by its stand-in id."""
        self.taken: dict[str, Decimal] = {}
        """What would be taken of a record's open balance, by internal id."""
        self._asked: set[str] = set()
        self._guard = Lock()

    @classmethod
    def before(cls, folder: RunFolder, step: str) -> Rehearsal:
        """What the steps before this one would have made."""
        return cls([drawer for name in STEPS[: STEPS.index(step)] for drawer in made(folder, name)])

    def know(self, sources: Iterable[str] = (), ids: Iterable[str] = ()) -> None:
        """Have at hand what would have been made of source records, and what stands for, or would be taken of, records of these ids."""
        stand_ins, named = {stand_in_id(s) for s in sources if s}, {i for i in ids if i}
        keys = {*stand_ins, *(i for i in named if STAND_IN.fullmatch(i)), *(TAKEN + i for i in named)}
        with self._guard:
            if wanted := keys - self._asked:
                for drawer in self.drawers:
                    for key, value in drawer.get(wanted).items():
                        self._add(key, value)
                self._asked |= wanted

    def _add(self, key: str, entry: Any) -> None:
        if key.startswith(TAKEN):
            document = key.removeprefix(TAKEN)
            self.taken[document] = self.taken.get(document, ZERO) + Decimal(str(entry))
            return
        self.ids.setdefault(entry["object"], {})[entry["source"]] = entry["id"]
        if "links" in entry:
            self.made[entry["id"]] = entry

    def row(self, internal_id: str) -> dict[str, str]:
        """The columns that NetSuite would have of it, under the names by which steps ask for them."""
        entry, taken = self.made[internal_id], self.taken.get(internal_id, ZERO)
        rest = Decimal(entry["amount"] or 0) - taken
        unused = rest - sum((Decimal(amount) for _, amount in entry["links"]), ZERO)
        return {
            "id": internal_id,
            "entity": entry["customer"],
            "symbol": entry["currency"],
            "name": entry["name"],
            "foreignamountunpaid": plain(rest),
            "unused": plain(unused),
        }

    def links(self, internal_id: str) -> Iterator[dict[str, str]]:
        """What it would be applied to, as NetSuite's links tell it."""
        for document, amount in self.made[internal_id]["links"]:
            known = self.made.get(document, {})
            names = {"number": str(known.get("number", document)), "zuoraid": str(known.get("source", document))}
            yield {"record": internal_id, "document": document, "kind": "CustInvc", "amount": amount, **names}

    def shown(self, text: str) -> str:
        """A text as people read it: what would be made has no id yet."""
        self.know(ids=STAND_IN.findall(text))
        return STAND_IN.sub(lambda found: "new" if found[0] in self.made else found[0], text)

    def told(self, line: LogLine) -> LogLine:
        """A line as people read it."""
        return replace(line, message=self.shown(line.message), cause=self.shown(line.cause), advice=self.shown(line.advice))

    def account(self, internal_id: str) -> Record:
        """The Zuora account that would have been made of a NetSuite customer, by its stand-in id."""
        entry = self.made[internal_id]
        return {"Id": internal_id, "AccountNumber": entry["number"], "Currency": entry["currency"], "IntegrationId__NS": entry["source"]}

    def corrected(self, row: dict[str, str]) -> dict[str, str]:
        """A row of NetSuite with the open balance that would be left, and with the account that its customer would have in Zuora."""
        if account := self.ids.get("customer", {}).get(row.get("customer", "")):
            row = {**row, "account": row.get("account") or account}
        taken = self.taken.get(row.get("id", ""))
        if taken is None:
            return row
        return {**row, **{name: plain(Decimal(row[name] or 0) - taken) for name in OPEN_BALANCES if name in row}}


class RehearsedSource(ZuoraSource):
    """Zuora as it would be after the steps before."""

    def __init__(self, source: ZuoraSource, rehearsal: Rehearsal) -> None:
        super().__init__(source.zuora, source.read_path, source.suffix)
        self.rehearsal = rehearsal

    def reread(self, object_type: str, ids: Iterable[str], fields: Sequence[str]) -> dict[str, Record]:
        wanted = list(ids)
        self.rehearsal.know(wanted, filter(STAND_IN.fullmatch, wanted))
        known = self.rehearsal.ids.get(object_type, {})
        made = {i: self.rehearsal.account(i) for i in wanted if object_type == "Account" and i in self.rehearsal.made}
        there = super().reread(object_type, [i for i in wanted if i not in made], fields)
        return {**made, **{i: self._complete(row, known.get(i, "")) for i, row in there.items()}}

    @staticmethod
    def _complete(row: Record, internal_id: str) -> Record:
        return {**row, "IntegrationId__NS": internal_id, "IntegrationStatus__NS": SYNC_COMPLETE} if internal_id else row


class RehearsedNetSuite:
    """NetSuite as it would be after the steps before, as far as steps ask by internal ids; everything else is asked of the client."""

    def __init__(self, netsuite: NetSuite, rehearsal: Rehearsal) -> None:
        self.netsuite = netsuite
        self.rehearsal = rehearsal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.netsuite, name)

    def suiteql_in(self, q: str, values: Iterable[str], params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        wanted = list(values)
        self.rehearsal.know(ids=filter(STAND_IN.fullmatch, wanted))
        made = [v for v in wanted if v in self.rehearsal.made]
        if LINKS in q:
            self.rehearsal.know(ids=(document for v in made for document, _ in self.rehearsal.made[v]["links"]))
        for internal_id in made:
            yield from self.rehearsal.links(internal_id) if LINKS in q else [self.rehearsal.row(internal_id)]
        there = [v for v in wanted if v not in self.rehearsal.made]
        for rows in streamed_parts(self.netsuite.suiteql_in(q, there, params), ROWS_AT_ONCE):
            self.rehearsal.know(
                sources=(row.get("customer", "") for row in rows),
                ids=(row.get("id", "") for row in rows if not OPEN_BALANCES.isdisjoint(row)),
            )
            yield from map(self.rehearsal.corrected, rows)


def rehearsed(netsuite: NetSuite, source: ZuoraSource, rehearsal: Rehearsal) -> tuple[NetSuite, ZuoraSource]:
    """Both systems as a step of a dry run sees them."""
    return cast(NetSuite, RehearsedNetSuite(netsuite, rehearsal)), RehearsedSource(source, rehearsal)
