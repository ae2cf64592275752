"""A plan that reverses what a run has created in NetSuite: which documents, by which compensating ones; sealed, and approved by a second
person before a run may carry it out. Nothing is ever deleted.

    reversals/<id>.json             the plan, written once
    reversals/<id>.approval.json    who has approved it, written once

What is in neither of them is how far it is carried out: the ledger's items of the compensating documents say that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from tallybridge import money
from tallybridge.clock import moment_of
from tallybridge.errors import ConfigurationError
from tallybridge.sync.folder import ObjectStore, is_missing, is_taken, keys
from tallybridge.sync.ledger import Ledger

STEP = "reversals"
SYSTEM, OBJECT = "netsuite", "Reversal"
"""Of the ledger's keys of compensating documents: netsuite#Reversal#<internal id of the document that is reversed>."""
FOLDER = "reversals/"
IN_THE_RUN = "reversal.json"
"""The plan in the folder of the run that carries it out."""
VALID_FOR = timedelta(days=7)
"""A plan that is older is made anew: the books have moved on."""
ID = re.compile(r"[0-9A-Za-z-]{1,80}")
OUT_OF_DATE = "Make a new plan with `tallybridge reversal plan`, and have it approved."


@dataclass(frozen=True)
class Reversal:
    """One document of NetSuite (`id`, `record_type`) and what compensates it: a record of the type `way`, dated `date` (YYYY-MM-DD).
    `step`, `source_id` and `number` tell the record it was made of; `amount` in units of `currency`; `customer` is NetSuite's id;
    `seal` a digest of what NetSuite held of it when the plan was made."""

    id: str
    record_type: str
    way: str
    step: str
    source_id: str
    number: str
    currency: str
    amount: Decimal
    customer: str
    date: str
    seal: str

    @property
    def key(self) -> str:
        """The ledger's key of what compensates it."""
        return key_of(self.id)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{f.name: row[f.name] for f in fields(cls)} | {"amount": Decimal(str(row["amount"]))})


@dataclass(frozen=True)
class NotReversed:
    """What the run did and the plan leaves alone: `count` records of a kind, or the document that `number` and `id` name; why, and what a
    person can do about it. `amount` None for records without money."""

    step: str
    code: str
    message: str
    advice: str
    count: int = 1
    number: str = ""
    id: str = ""
    record_type: str = ""
    currency: str = ""
    amount: Decimal | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        amount = row.get("amount")
        return cls(**{**row, "amount": None if amount is None else Decimal(str(amount))})


@dataclass(frozen=True)
class Total:
    """Documents of a type in a currency, and what they hold together."""

    record_type: str
    way: str
    currency: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class ReversalPlan:
    """`by` has made it `at` a moment (ISO 8601 UTC) for run `run_id` of NetSuite account `account`; `digest` seals everything else."""

    id: str
    run_id: str
    account: str
    by: str
    at: str
    reversals: tuple[Reversal, ...]
    left: tuple[NotReversed, ...]
    digest: str = ""

    def sealed(self) -> ReversalPlan:
        """The plan with its digest."""
        return replace(self, digest=self.proper_digest)

    @property
    def proper_digest(self) -> str:
        """What `digest` must be."""
        return hashlib.sha256(money.dumps({**self.to_json(), "digest": ""}).encode()).hexdigest()

    @property
    def totals(self) -> list[Total]:
        """By record type and currency, in the order in which they are reversed."""
        found: dict[tuple[str, str, str], list[Reversal]] = {}
        for each in self.reversals:
            found.setdefault((each.record_type, each.way, each.currency), []).append(each)
        return [Total(*key, len(rows), sum((r.amount for r in rows), Decimal(0))) for key, rows in found.items()]

    def is_too_old(self, now: datetime) -> bool:
        made = moment_of(self.at)
        return made is None or now > made + VALID_FOR

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        rows = {"reversals": tuple(map(Reversal.from_json, row["reversals"])), "left": tuple(map(NotReversed.from_json, row["left"]))}
        return cls(**{**row, **rows})


@dataclass(frozen=True)
class Approval:
    """Who has approved the plan with a digest, when, and why."""

    digest: str
    by: str
    at: str
    reason: str = ""


@dataclass(frozen=True)
class Plans:
    """Where plans and their approvals are kept."""

    store: ObjectStore
    bucket: str

    def keep(self, plan: ReversalPlan) -> None:
        """Store a new plan."""
        self._put(f"{plan.id}.json", plan.to_json())

    def plan(self, plan_id: str) -> ReversalPlan:
        """A plan. Raises `ConfigurationError` REVERSAL-UNKNOWN, or REVERSAL-SEAL where it is not as it was made."""
        row = self._get(f"{plan_id}.json") if ID.fullmatch(plan_id) else None
        if row is None:
            advice = "`tallybridge reversal list` has them all."
            raise ConfigurationError(f'There is no reversal "{plan_id[:80]}".', place="reversal", code="REVERSAL-UNKNOWN", advice=advice)
        plan = ReversalPlan.from_json(row)
        if plan.digest != plan.proper_digest:
            text = f"Reversal {plan.id} is no longer as it was made."
            raise ConfigurationError(text, place="reversal", code="REVERSAL-SEAL", advice=OUT_OF_DATE)
        return plan

    def approval(self, plan: ReversalPlan) -> Approval | None:
        """The approval of exactly this plan by another person than the one who made it; None where there is none."""
        row = self._get(f"{plan.id}.approval.json")
        given = Approval(**row) if row else None
        return given if given and given.digest == plan.digest and given.by != plan.by else None

    def approve(self, plan: ReversalPlan, approval: Approval) -> bool:
        """Store an approval; answers whether it is the first."""
        return self._put(f"{plan.id}.approval.json", asdict(approval), IfNoneMatch="*")

    def approved(self, plan_id: str, now: datetime) -> ReversalPlan:
        """A plan that may be carried out. Raises `ConfigurationError` REVERSAL-UNKNOWN, REVERSAL-SEAL, REVERSAL-OLD or
        REVERSAL-NOT-APPROVED."""
        plan = self.plan(plan_id)
        check_age(plan, now)
        if self.approval(plan) is None:
            text = f"Reversal {plan.id} is not approved."
            advice = f"Have another person than {plan.by} approve it: `tallybridge reversal approve {plan.id}`."
            raise ConfigurationError(text, place="reversal", code="REVERSAL-NOT-APPROVED", advice=advice)
        return plan

    def ids(self) -> Iterator[str]:
        """The ids of all plans, oldest first."""
        for key in keys(self.store, self.bucket, FOLDER):
            name = key.removeprefix(FOLDER)
            if name.endswith(".json") and not name.endswith(".approval.json"):
                yield name.removesuffix(".json")

    def _put(self, name: str, value: Any, **condition: str) -> bool:
        body = money.dumps(value).encode()
        try:
            self.store.put_object(Bucket=self.bucket, Key=FOLDER + name, Body=body, ContentType="application/json", **condition)
        except Exception as failed:
            if is_taken(failed):
                return False
            raise
        return True

    def _get(self, name: str) -> Any:
        try:
            return money.loads(self.store.get_object(Bucket=self.bucket, Key=FOLDER + name)["Body"].read())
        except Exception as failed:
            if is_missing(failed):
                return None
            raise


def check_age(plan: ReversalPlan, now: datetime) -> None:
    """Raises `ConfigurationError` REVERSAL-OLD."""
    if plan.is_too_old(now):
        text = f"Reversal {plan.id} was made at {plan.at}, more than {VALID_FOR.days} days ago."
        raise ConfigurationError(text, place="reversal", code="REVERSAL-OLD", advice=OUT_OF_DATE)


def key_of(document: str) -> str:
    """The ledger's key of what compensates a NetSuite document."""
    return Ledger.key(SYSTEM, OBJECT, document)


def external_id(document: str) -> str:
    """The external id of what compensates a NetSuite document: the same in every plan and every run."""
    return f"reversal-{document}"
