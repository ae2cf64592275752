"""What a run leaves: mails, messages of what is missing in NetSuite, control totals."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from urllib3 import HTTPResponse

from tallybridge.errors import ConfigurationError
from tests.sync.builders import payment
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import mails, ready

# -- notification --------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "settings.key.notify_on_success",
    "settings.key.notify_on_warning",
    "settings.key.notify_on_error",
    "settings.key.notify_recipients",
)
@pytest.mark.parametrize(
    ("settings", "outcome", "expected"),
    [
        ({"notify_on_success": "Yes"}, "completed", 1),
        ({"notify_on_success": "No"}, "completed", 0),
        ({"notify_on_success": "No", "notify_on_warning": "Yes"}, "completed with warnings", 1),
        ({"notify_on_success": "No", "notify_on_warning": "No"}, "completed with warnings", 0),
        ({"notify_on_success": "No", "notify_on_error": "Yes"}, "failed", 1),
        ({"notify_on_success": "No", "notify_on_error": "No"}, "failed", 0),
        ({"notify_on_success": "Yes", "notify_recipients": []}, "completed", 0),
    ],
)
def test_who_is_mailed_when(fast: MemoryWorld, settings: dict[str, Any], outcome: str, expected: int) -> None:
    ready(fast, **settings)
    if outcome == "completed with warnings":
        fast.load(payment("A1", "P2", 5.0, {"INV1": 5.0}, method="BankTransfer"))
    if outcome == "failed":
        opened = fast.open()
        output = fast.close(opened["runId"], {"Error": "States.Timeout", "Cause": ""})
    else:
        output = fast.run()
    assert (output["outcome"], mails(fast)) == (outcome, expected)


@pytest.mark.rule("operations.6.three-failures")
def test_the_third_failure_in_a_row_mails_whatever_the_settings_say(fast: MemoryWorld) -> None:
    ready(fast, notify_on_error="No", notify_on_success="No")
    counts = []
    for _ in range(3):
        opened = fast.open()
        fast.close(opened["runId"], {"Error": "States.Timeout", "Cause": ""})
        fast.clock.advance(minutes=30)
        counts.append(mails(fast))
    assert counts == [0, 0, 1]


# -- what is missing in NetSuite -----------------------------------------------------------------------------------------


class Lacking:
    """Hides fields from a record type's metadata, as in an account that lacks them."""

    def __init__(self, world: MemoryWorld, record_type: str, *names: str) -> None:
        self.world, self.record_type, self.names = world, record_type, names

    def __enter__(self) -> None:
        self.send = self.world.session.send
        self.world.session.send = self.hide  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self.world.session.send = self.send  # type: ignore[method-assign]

    def hide(self, request: Any, **how: Any) -> Any:
        answer: Any = self.send(request, **how)
        if request.url.endswith(f"/metadata-catalog/{self.record_type}"):
            content = json.loads(answer.content)
            for name in self.names:
                assert content["properties"].pop(name)
            answer.raw = HTTPResponse(io.BytesIO(json.dumps(content).encode()), preload_content=False)
            answer._content, answer._content_consumed = False, False
        return answer


def test_without_the_field_zuora_id_the_step_fails_and_the_others_go_on(fast: MemoryWorld) -> None:
    ready(fast)
    with Lacking(fast, "customerPayment", "custbodyzuoraid"):
        opened = fast.open()
        run_id = opened["runId"]
        for step in ("customers", "charges", "invoices"):
            fast.step(run_id, step)
        with pytest.raises(ConfigurationError) as missing:
            fast.task("payments", {"runId": run_id, "step": "payments", "task": "select"})
        error = {"Error": "ConfigurationError", "Cause": json.dumps({"errorMessage": missing.value.message})}
        fast.task("payments", {"runId": run_id, "step": "payments", "task": "summarise", "error": error})
        output = fast.close(run_id)
    assert missing.value.code == "FIELD-MISSING"
    steps = {s["step"]: s["outcome"] for s in fast.summary(output)["steps"]}
    assert (steps["invoices"], steps["payments"], output["outcome"]) == ("completed", "failed", "failed")
    assert any("Zuora ID" in m["message"] for m in fast.summary(output)["messages"])
    assert fast.in_netsuite("customerPayment") == []


def test_optional_fields_that_netsuite_lacks_are_left_out_with_one_warning(fast: MemoryWorld) -> None:
    ready(fast)
    with Lacking(fast, "customerPayment", "custbodyzuoracreateddate"):
        output = fast.run()
    assert len(fast.in_netsuite("customerPayment")) == 1
    found = [m for m in fast.summary(output)["messages"] if m["code"] == "FIELD-DROPPED"]
    assert [(m["count"], "custbodyzuoracreateddate" in m["message"]) for m in found] == [(1, True)]
    assert (output["outcome"], output["tiedOut"]) == ("completed with warnings", True)


# -- control totals ------------------------------------------------------------------------------------------------------


def test_a_lost_and_a_doubled_result_throw_the_totals_out_of_balance(fast: MemoryWorld) -> None:
    for change in (lambda rows: rows[:-1], lambda rows: [*rows, rows[0]]):
        ready(fast)
        opened = fast.open(steps=["customers"])
        run_id = opened["runId"]
        event = {"runId": run_id, "step": "customers"}
        fast.task("customers", {**event, "task": "select"})
        fast.batch(run_id, "customers", "000001")
        key = f"runs/{run_id}/customers/results/000001-0001.json"
        content = json.loads(fast.memory.objects.content[key])
        content["results"] = change(content["results"])
        fast.memory.objects.content[key] = json.dumps(content).encode()
        fast.task("customers", {**event, "task": "summarise", "error": None})
        output = fast.close(run_id)
        assert (output["outcome"], output["tiedOut"]) == ("out of balance", False)


def test_a_batch_that_never_ended_counts_as_unfinished(fast: MemoryWorld) -> None:
    ready(fast)
    opened = fast.open(steps=["customers"])
    event = {"runId": opened["runId"], "step": "customers"}
    fast.task("customers", {**event, "task": "select"})
    fast.task("customers", {**event, "task": "batch_failed", "batch": "000001", "error": {"Error": "States.Timeout", "Cause": ""}})
    fast.task("customers", {**event, "task": "summarise", "error": None})
    output = fast.close(opened["runId"])
    assert output["tiedOut"] is False
    assert [t["selected"] for t in output["totals"]] == [1]
    assert fast.run()["tiedOut"] is True
