"""A credit memo or payment that was applied otherwise in Zuora after its sync, and reset by a person: NetSuite's follows by one update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.sync import memo_world, payment_world
from tests.sync.memory import MemoryWorld
from tests.sync.ran import CREDIT_MEMOS, PAYMENTS, Kind, Ran, ran
from tests.sync.words import Part, a_credit_memo, a_debit_memo, a_payment, an_invoice, internal_id, world_with
from tests.sync.world import World

Amounts = dict[str, float]
UPDATES: dict[str, tuple[Amounts, Amounts, Amounts, Amounts]] = {
    "apply more of the same": ({"INV1": 20}, {"INV1": 30}, {}, {"INV1": 50}),
    "apply another": ({"INV1": 20}, {"INV2": 30}, {}, {"INV1": 20, "INV2": 30}),
    "apply to a debit memo": ({"INV1": 20}, {"DM1": 30}, {}, {"INV1": 20, "DM1": 30}),
    "apply less": ({"INV1": 50}, {}, {"INV1": 30}, {"INV1": 20}),
    "remove one": ({"INV1": 20, "INV2": 30}, {}, {"INV2": 30}, {"INV1": 20}),
    "remove all": ({"INV1": 20, "INV2": 30}, {}, {"INV1": 20, "INV2": 30}, {}),
    "move to another": ({"INV1": 50}, {"INV2": 50}, {"INV1": 50}, {"INV2": 50}),
    "move all": ({"INV1": 90}, {"INV2": 50}, {"INV1": 50}, {"INV1": 40, "INV2": 50}),
    "nothing changed": ({"INV1": 50}, {}, {}, {"INV1": 50}),
}
"""Applied before; applied then, and unapplied, by a person; what is applied in NetSuite after that."""


@dataclass(frozen=True)
class Case:
    """`make` makes a record of 90 or more that is applied; `change` and `reset` are what a person does to it in Zuora; `kept`: fields of
    its counterpart that stay."""

    kind: Kind
    make: Callable[..., Part]
    change: Callable[..., None]
    reset: Callable[[MemoryWorld, str], None]
    kept: tuple[str, ...]
    rules: tuple[str, ...]


CASES = {
    "credit memo": Case(
        CREDIT_MEMOS,
        lambda number, applied: a_credit_memo(number, applied=applied),
        memo_world.by_api,
        memo_world.reset_by_a_person,
        ("id", "tranDate", "entity", "externalId", "total", "item"),
        (
            "memos.C.application.3",
            "memos.C.resync",
            "memos.C.selection.no-status-rule",
            "sequence-and-status.5.algorithm.update",
            "sequence-and-status.6.resync.credit-memo-mode-b",
        ),
    ),
    "payment": Case(
        PAYMENTS,
        lambda number, applied: a_payment(number, 90.0, applied),
        payment_world.change,
        payment_world.reset_by_a_person,
        ("id", "payment", "tranDate", "customer", "externalId"),
        (
            *(f"payments.P2.update.{n}" for n in (1, 2, 3)),
            "payments.P2.status.change-needs-reset",
            "payments.P2.state.has-1-application",
            "sequence-and-status.5.algorithm.update",
            "sequence-and-status.6.resync.payment-z-ns-mode-b",
        ),
    ),
}
ROWS = [
    pytest.param(name, update, marks=pytest.mark.rule(*case.rules), id=f"{name}: {update}")
    for name, case in CASES.items()
    for update in UPDATES
]


def own(number: str, amounts: Amounts) -> Amounts:
    """The documents of a row are its own."""
    return {f"{document}-{number}": amount for document, amount in amounts.items()}


def given(case: Case, number: str, before: Amounts) -> Part:
    documents = [
        an_invoice(f"INV1-{number}", synced=True),
        an_invoice(f"INV2-{number}", 50.0, synced=True),
        a_debit_memo(f"DM1-{number}", 30.0, synced=True),
    ]
    by_name = {document.number: document for document in documents}
    return case.make(number, [(by_name[n], a) for n, a in own(number, before).items()]).with_(*documents)


@pytest.fixture(scope="module")
def runs(started_world: World) -> dict[str, tuple[Ran, Ran, int]]:
    """By kind: the run that sent them, the one after the changes, and how many updates that took."""
    found = {}
    for name, case in CASES.items():
        numbers = {update: f"X{n}" for n, update in enumerate(UPDATES)}
        world = world_with(started_world, *(given(case, numbers[update], row[0]) for update, row in UPDATES.items()))
        first = ran(world, case.kind)
        for update, (_, more, less, _) in UPDATES.items():
            for action, amounts in (("unapply", less), ("apply", more)):
                if amounts:
                    case.change(world, numbers[update], action, **memo_world.on(**own(numbers[update], amounts)))
            case.reset(world, numbers[update])
        world.clock.advance(minutes=30)
        world.calls()
        second = ran(world, case.kind)
        found[name] = first, second, world.calls()["netsuite"][f"PATCH /record/v1/{case.kind.becomes[0]}/{{id}}"]
    return found


@pytest.mark.parametrize(("name", "update"), ROWS)
def test_applications_follow_zuora(runs: dict[str, tuple[Ran, Ran, int]], name: str, update: str) -> None:
    number, (first, second, _) = f"X{list(UPDATES).index(update)}", runs[name]
    assert second.applied(number) == {internal_id(n): a for n, a in own(number, UPDATES[update][-1]).items()}
    assert second.synced(number)
    for kept in CASES[name].kept:
        assert first.sent(number).get(kept) == second.sent(number).get(kept), kept


@pytest.mark.rule("memos.C.application.3", "payments.P2.update.1")
@pytest.mark.parametrize("name", CASES)
def test_each_takes_one_update_and_the_run_ties_out(runs: dict[str, tuple[Ran, Ran, int]], name: str) -> None:
    _, second, updates = runs[name]
    assert (updates, second.outcome, second.output["tiedOut"]) == (len(UPDATES), "completed", True)
