"""A run that has created documents of every kind in NetSuite, and people who reverse it: the desk on the stores of a world in memory."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tallybridge.desk.doctor.examine import Systems
from tallybridge.desk.reversal import approving, planning
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.netsuite import NetSuite
from tallybridge.settings import Settings
from tallybridge.sync.reversal import ReversalPlan
from tallybridge.wiring import netsuite_connection
from tests.sync.full_world import SETTINGS, full_world
from tests.sync.memory import MemoryTable, MemoryWorld
from tests.sync.run_world import ready

ANN, BOB = "ann@example.com", "bob@example.com"
REVERSE_ONLY = ("netsuite_payments", "netsuite_credit_memos", "netsuite_refunds")
TRANSACTIONS = ("invoice", "creditMemo", "customerPayment", "customerRefund", "journalEntry")
NAMES = {
    "STATUS_TABLE": "STATUS_TABLE",
    "RUNS_TABLE": "RUNS_TABLE",
    "AUDIT_TABLE": "AUDIT_TABLE",
    "REPORTS_BUCKET": "reports",
    "SETTINGS_PARAMETER": "/tallybridge/settings",
    "CREDENTIALS_SECRET": "credentials",
    "BILLING_SYNC_ARN": "arn:aws:states:eu-west-1:000000000000:stateMachine:billing",
}


class Executions:
    """Step Functions as far as the desk uses it: notes what was started."""

    def __init__(self) -> None:
        self.inputs: list[dict[str, Any]] = []

    def start_execution(self, *, name: str, input: str, **_: Any) -> dict[str, str]:
        self.inputs.append(json.loads(input))
        return {"executionArn": f"arn:aws:states:eu-west-1:000000000000:execution:billing:{name}"}


def target_of(world: MemoryWorld) -> Target:
    """The installation of a world, as its people see it."""
    memory = world.memory
    audit = memory.tables.setdefault("AUDIT_TABLE", MemoryTable("audit", "pk", "sk"))
    secret = {"SecretString": json.dumps(world.credentials)}
    clients = {
        "tables": SimpleNamespace(Table=memory.tables.__getitem__),
        "s3": memory.objects,
        "ssm": memory.parameters,
        "secretsmanager": SimpleNamespace(get_secret_value=lambda **_: secret),
        "stepfunctions": Executions(),
    }
    assert audit
    return Target(NAMES, "the test", world.clock, clients)


def connect(world: MemoryWorld) -> planning.Connect:
    """Clients that reach the stand-ins of a world."""

    def connected(target: Target, settings: Settings) -> Systems:
        wiring = world.wiring()
        netsuite = NetSuite(netsuite_connection(target.credentials(), settings), wiring.http(), tokens=wiring.tokens())
        return Systems(settings, wiring.zuora(settings), netsuite)

    return connected


def everything(world: MemoryWorld, mode: str = "B") -> dict[str, Any]:
    """A run that creates documents of every kind in NetSuite; its output."""
    made = full_world(mode)
    world.reset(**SETTINGS)
    world.load(netsuite=made.first_netsuite)
    world.load(made.first_zuora)
    return world.run()


def invoices(world: MemoryWorld, *steps: str, **settings: Any) -> dict[str, Any]:
    """A run that creates an invoice of 100, and with step "payments" a payment of 60 on it."""
    ready(world, **settings)
    return world.run(steps=("customers", "charges", "invoices", *steps))


@dataclass(frozen=True)
class Sold:
    """A world after such a run, which tests begin from that happen apart."""

    world: MemoryWorld
    run_id: str


def sold_in(world: MemoryWorld, *steps: str) -> Sold:
    """The second of two such runs; what the first and its reversal made is forgotten, but not how the stand-ins read their queries."""
    reversed_whole(world, invoices(world, *steps)["runId"])
    return Sold(world, invoices(world, *steps)["runId"])


def planned(world: MemoryWorld, run_id: str, who: str = ANN) -> ReversalPlan:
    return planning.plan(target_of(world), run_id, who, connect=connect(world))


def approved(world: MemoryWorld, plan: ReversalPlan, who: str = BOB) -> dict[str, Any]:
    """Approve a plan; answers the input of the execution that was started."""
    target = target_of(world)
    approving.approve(target, plan.id, who, "wrong price list", connect(world))
    (started,) = target.clients["stepfunctions"].inputs
    return dict(started)


def carried_out(world: MemoryWorld, plan: ReversalPlan, **how: Any) -> dict[str, Any]:
    """The run that carries out an approved plan; its output."""
    world.clock.advance(minutes=30)
    return world.run(reverse=plan.id, **how)


def reversed_whole(world: MemoryWorld, run_id: str) -> tuple[ReversalPlan, dict[str, Any]]:
    plan = planned(world, run_id)
    approved(world, plan)
    return plan, carried_out(world, plan)


def transactions(world: MemoryWorld) -> dict[str, dict[str, Any]]:
    """All transactions of NetSuite by internal id, with their record type under "type"."""
    return {str(row["id"]): {**row, "type": kind} for kind in TRANSACTIONS for row in world.in_netsuite(kind)}


def accounts(world: MemoryWorld) -> dict[tuple[str, str, str], Decimal]:
    """What every account holds by currency, receivables by customer too, debits positive, as far as it is not 0: the general ledger."""
    target = target_of(world)
    netsuite = connect(world)(target, target.settings()).netsuite
    q = (
        "SELECT a.account, c.accttype, t.currency, COALESCE(l.entity, t.entity) AS entity, l.foreignamount AS amount "
        "FROM transactionline l "
        "JOIN transactionaccountingline a ON a.transaction = l.transaction AND a.transactionline = l.id "
        "JOIN transaction t ON t.id = l.transaction JOIN account c ON c.id = a.account WHERE a.posting = 'T'"
    )
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in netsuite.suiteql(q):
        customer = row.get("entity", "") if row.get("accttype") == "AcctRec" else ""
        sums[row["account"], customer, row.get("currency", "")] += Decimal(row.get("amount", "0"))
    return {key: amount for key, amount in sums.items() if amount}


def open_amounts(world: MemoryWorld) -> dict[str, Decimal]:
    """What is open of each transaction, by internal id, as far as something is."""
    store = world.netsuite.tenant
    found = {i: store.ledger.open_amount(store.store.transaction(int(i))) for i in transactions(world)}
    return {i: amount for i, amount in found.items() if amount}


def reversers(world: MemoryWorld) -> dict[str, list[str]]:
    """What reverses each document, by its internal id."""
    found: dict[str, list[str]] = {}
    for i, row in transactions(world).items():
        external = str(row.get("externalId", ""))
        if external.startswith("reversal-"):
            found.setdefault(external.removeprefix("reversal-"), []).append(i)
    return found


def the(world: MemoryWorld, kind: str) -> str:
    """The internal id of the only transaction of a type."""
    (found,) = [i for i, row in transactions(world).items() if row["type"] == kind]
    return found


def write(world: MemoryWorld, record_type: str, body: dict[str, Any], internal_id: str = "") -> str:
    """What a person does in NetSuite."""
    netsuite = by_person(world)
    return netsuite.update(record_type, internal_id, body) if internal_id else netsuite.create(record_type, body)


def by_person(world: MemoryWorld) -> NetSuite:
    target = target_of(world)
    return connect(world)(target, target.settings()).netsuite


def refusal(act: Callable[[], Any]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as raised:
        act()
    assert raised.value.advice and raised.value.place
    return raised.value
