"""NetSuite payments, part P3: tenants without Invoice Settlement. The three steps of the procedure, their recovery, and later changes; what
P4 has too is in test_netsuite_payments_mapping.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import Objects, zid
from tests.sync.changes import Change, Changes, Looked, applied, changed, unlinked
from tests.sync.memory import MemoryWorld
from tests.sync.ran import NETSUITE_PAYMENTS
from tests.sync.reverse_world import (
    STATUS,
    all_of,
    apply,
    balance,
    in_netsuite,
    messages,
    ns_payment,
    parts_of,
    ready,
    run,
    status_of,
    statuses_seen,
    zuora_of,
)
from tests.sync.words import METHODS, a_netsuite_payment, an_account, an_own_invoice
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def payment(**fields: Any) -> Objects:
    return ns_payment("P1", 100, {"INV1": 100}, **fields)


# -- procedure --------------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "payments.P3.procedure.1",
    "payments.P3.procedure.2",
    "payments.P3.procedure.3",
    "payments.P3.procedure.4",
    "payments.P3.status.created",
    "sequence-and-status.4.1.rule.3",
    "sequence-and-status.5.2.rule.3",
)
def test_a_draft_then_its_invoices_then_processed(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    states: list[tuple[str, int]] = []
    real = fast.zuora_control.stand_in.wsgi

    def note(environ: Any, start_response: Any) -> Any:
        answer = list(real(environ, start_response))
        if "action/" in environ["PATH_INFO"] and "query" not in environ["PATH_INFO"]:
            (made,) = all_of(fast, "Payment", "P1")
            states.append((made["Status"], len(parts_of(fast, made["Id"]))))
        return answer

    fast.zuora_control.stand_in.wsgi = note  # type: ignore[method-assign]
    seen = statuses_seen(fast, lambda: run(fast))
    fast.zuora_control.stand_in.wsgi = real  # type: ignore[method-assign]
    assert states == [("Draft", 0), ("Draft", 1), ("Draft", 2), ("Processed", 2)]
    writes_in_zuora = [("Zuora", f"/v1/action/{kind}") for kind in ("create", "create", "create", "update")]
    assert seen == [("marked", "Creating Payment"), *writes_in_zuora, ("marked", "Sync Complete")]
    assert (balance(fast, "INV1"), balance(fast, "INV2")) == (0, 30)


# -- status and recovery ---------------------------------------------------------------------------------------------------


def refuse_an_invoice(nth: int) -> dict[str, Any]:
    body = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "not today"}]}]
    return {"method": "POST", "path": "^/v1/action/create", "nth": nth, "status": 200, "body": body}


@pytest.mark.rule("payments.P3.recovery.draft", "sequence-and-status.5.algorithm.resume")
def test_a_draft_gets_what_it_lacks(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    fast.zuora_control.set_faults([refuse_an_invoice(3)])
    run(fast)
    draft = zuora_of(fast, "Payment", "P1")
    assert (draft["Status"], parts_of(fast, draft["Id"])) == ("Draft", {"INV1": 100})
    fast.zuora_control.set_faults([])
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    assert (made["Id"], made["Status"], made["TransferredToAccounting"]) == (draft["Id"], "Processed", "Yes")
    assert parts_of(fast, made["Id"]) == {"INV1": 100, "INV2": 20}
    assert status_of(fast, "P1") == "Sync Complete"


def test_a_draft_that_no_longer_agrees_is_left_to_a_person(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    fast.zuora_control.set_faults([refuse_an_invoice(3)])
    run(fast)
    fast.zuora_control.set_faults([])
    apply(fast, "P1", INV1=90, INV2=30)
    text = messages(run(fast))["NSPAY-DRAFT"]
    assert text == "NetSuite payment P1: Zuora payment P-00000001 is a draft that no longer agrees with it; nothing is done."
    assert zuora_of(fast, "Payment", "P1")["Status"] == "Draft"


def test_a_processed_payment_that_is_not_transferred_is_completed(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    fast.zuora.tenant.store.update("Payment", made["Id"], {"TransferredToAccounting": "No"})
    in_netsuite(fast, "P1", {STATUS: "Creating Payment"})
    run(fast)
    assert zuora_of(fast, "Payment", "P1")["TransferredToAccounting"] == "Yes"


# -- changed after the sync ------------------------------------------------------------------------------------------------


OTHER = an_own_invoice("OTHER", 99.0)
CHANGES = [
    Change(
        "moved to an invoice that is not from Zuora",
        a_netsuite_payment("C1").with_(OTHER),
        applied({"INV-C1": 0, "OTHER": 9}),
        "NSPAY-UNSENT: changed after its sync (USD 0.00 to 0 Zuora invoices); "
        f"Zuora payment P-00000001 holds USD 10.00 (USD 10.00 to invoice {zid('INV-C1')}). It is not sent.",
    ),
    Change(
        "partly unapplied",
        a_netsuite_payment("C2"),
        applied({"INV-C2": 6}),
        "NSPAY-UNSENT: changed after its sync (USD 6.00 to 1 Zuora invoices); "
        "Zuora payment P-00000002 holds USD 10.00 (USD 10.00 to invoice INV-C2). It is not sent.",
    ),
    Change(
        "voided",
        a_netsuite_payment("C3"),
        applied({"INV-C3": 0}, changed(payment=0, memo="VOID")),
        "NSPAY-VOIDED: voided or set to 0 after its sync; "
        f"Zuora payment P-00000003 still holds USD 10.00 (USD 10.00 to invoice {zid('INV-C3')}).",
    ),
    Change(
        "customer without a Zuora ID",
        a_netsuite_payment("C4", of=an_account("LEFT")),
        unlinked("LEFT"),
        "NSPAY-UNLINKED: its customer no longer carries a Zuora ID; Zuora payment P-00000004 stays as it is.",
    ),
]
LATER = Changes(NETSUITE_PAYMENTS, CHANGES, more=[METHODS])


@pytest.fixture(scope="module")
def looked(fast: MemoryWorld) -> Looked:
    return LATER.looked(fast)


@pytest.mark.rule("payments.P3.behaviour")
@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.name)
def test_a_change_is_not_sent_but_told(looked: Looked, row: Change) -> None:
    LATER.check(looked, row)


def test_what_is_held_is_not_written_until_it_is_set_aside(looked: Looked) -> None:
    LATER.holds_together(looked)


def test_a_remark_is_no_difference(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    in_netsuite(fast, "P1", {"memo": "new"})
    assert run(fast)["step"]["unchanged"] == 1
