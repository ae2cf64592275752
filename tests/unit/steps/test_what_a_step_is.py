"""Both directions, and the step of reversals, have all that the engine and the tasks ask of a step; a step has one base, its direction."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.steps.debit_memos import DEBIT_MEMO
from tallybridge.steps.documents.kind import Kind
from tallybridge.steps.invoices import INVOICE
from tallybridge.steps.reversals import Reversals
from tallybridge.steps.shared.from_netsuite import NetSuiteToZuora
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.step import Step
from tallybridge.tasks.steps import STEPS, step_class

KINDS: tuple[type[SyncStep], ...] = (ZuoraToNetSuite, NetSuiteToZuora, Reversals)
"""That they fit is looked at by mypy."""
ASKED = {name for protocol in (Step, SyncStep) for name in (*protocol.__annotations__, *vars(protocol)) if not name.startswith("_")}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_all_that_is_asked_of_one(step: str) -> None:
    given = {name for cls in step_class(step).__mro__ for name in vars(cls)} | {"context", "settings", "reference"}
    assert given >= ASKED


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_one_base_that_of_its_direction(step: str) -> None:
    above = list(step_class(step).__mro__[1:-1])
    assert above == [] if step == "reversals" else above in ([ZuoraToNetSuite], [NetSuiteToZuora])


@pytest.mark.parametrize(("step", "kind"), [("invoices", INVOICE), ("debit_memos", DEBIT_MEMO)])
def test_documents_with_provisional_revenue_dates_are_marked_with_the_steps_name(step: str, kind: Kind[Any]) -> None:
    assert kind.step == step_class(step).name == step
