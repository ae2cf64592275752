"""The definitions are sound, read like the documented sequence, and fit template and code."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws import definitions
from sandbox.aws.translate import load_template
from tallybridge.reporting.delivery import LATER
from tests.infra.conftest import REPOSITORY, TEMPLATE
from tests.infra.scripted import STEPS, camel

FOLDER = REPOSITORY / "statemachine"
DEFINITIONS = sorted(FOLDER.glob("*.asl.json"))
LAMBDA_FAULTS = {"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"}
EXECUTION_LIMIT = 7 * 24 * 3600
"""A run that its time cannot end, since something hangs, ends within a week."""


def read(name: str) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads((FOLDER / f"{name}.asl.json").read_text())
    return machine


def all_states() -> list[Any]:
    return [
        pytest.param(state, id=f"{path.stem}-{name}")
        for path in DEFINITIONS
        for name, state in definitions.states(json.loads(path.read_text()))
    ]


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_definition_has_no_fault(path: Path) -> None:
    assert definitions.faults(path.read_text()) == []


def break_next(machine: dict[str, Any]) -> None:
    machine["States"]["Prepare"]["Next"] = "Nowhere"


def break_default(machine: dict[str, Any]) -> None:
    machine["States"]["AnyBatches?"]["Default"] = "Nowhere"


def break_catch(machine: dict[str, Any]) -> None:
    machine["States"]["Select"]["Catch"][0]["Next"] = "Nowhere"


def break_child(machine: dict[str, Any]) -> None:
    bundle = machine["States"]["SyncBatches"]["ItemProcessor"]["States"]["Bundle"]
    bundle["ItemProcessor"]["States"]["WaitForNextRound"]["Next"] = "Nowhere"


def orphan(machine: dict[str, Any]) -> None:
    machine["States"]["Lonely"] = {"Type": "Succeed"}


def endless(machine: dict[str, Any]) -> None:
    del machine["States"]["StepDone"]["End"]


def without_catch(machine: dict[str, Any]) -> None:
    del machine["States"]["Select"]["Catch"]


def without_time_out(machine: dict[str, Any]) -> None:
    del machine["States"]["Select"]["TimeoutSeconds"]


def unbounded(machine: dict[str, Any]) -> None:
    del machine["States"]["SyncBatches"]["MaxConcurrencyPath"]


def tolerant(machine: dict[str, Any]) -> None:
    machine["States"]["SyncBatches"]["ToleratedFailurePercentage"] = 5


def batcher(machine: dict[str, Any]) -> None:
    machine["States"]["SyncBatches"]["ItemBatcher"] = {"MaxItemsPerBatch": 10}


def express(machine: dict[str, Any]) -> None:
    machine["States"]["SyncBatches"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = "EXPRESS"


def csv(machine: dict[str, Any]) -> None:
    machine["States"]["SyncBatches"]["ItemReader"]["ReaderConfig"]["InputType"] = "CSV"


def jsonata(machine: dict[str, Any]) -> None:
    machine["QueryLanguage"] = "JSONata"


def other_service(machine: dict[str, Any]) -> None:
    machine["States"]["Select"]["Resource"] = "arn:aws:states:::glue:startJobRun"


def unknown_parameter(machine: dict[str, Any]) -> None:
    machine["States"]["Select"]["Parameters"]["Qualifier"] = "live"


def no_start(machine: dict[str, Any]) -> None:
    machine["StartAt"] = "Nowhere"


@pytest.mark.parametrize(
    "damage",
    [
        *[break_next, break_default, break_catch, break_child, orphan, endless, without_catch, without_time_out, unbounded],
        *[tolerant, batcher, express, csv, jsonata, other_service, unknown_parameter, no_start],
    ],
    ids=lambda damage: damage.__name__,
)
def test_the_checks_find_a_seeded_fault(damage: Callable[[dict[str, Any]], None]) -> None:
    machine = copy.deepcopy(read("sync_step"))
    damage(machine)
    assert definitions.faults(json.dumps(machine))


@pytest.mark.parametrize("state", all_states())
def test_a_state_says_in_words_what_happens(state: dict[str, Any]) -> None:
    assert state["Comment"].endswith(".")


THROTTLES = {"Lambda.TooManyRequestsException", "StepFunctions.ExecutionLimitExceededException", "StepFunctions.ThrottlingException"}
MAIL = {"ErrorEquals": ["MailNotSent"], "IntervalSeconds": 60, "BackoffRate": 2, "MaxDelaySeconds": 900, "JitterStrategy": "NONE"}


@pytest.mark.parametrize("state", [each for each in all_states() if each.values[0]["Type"] == "Task"])
def test_a_task_repeats_transient_faults_with_growing_bounded_jittered_waits(state: dict[str, Any]) -> None:
    for retry in state["Retry"]:
        if retry["ErrorEquals"] == MAIL["ErrorEquals"]:
            assert retry == {**MAIL, "MaxAttempts": LATER}
            continue
        assert retry["BackoffRate"] > 1
        assert retry["MaxDelaySeconds"] <= 60
        assert retry["MaxAttempts"] <= 6 or set(retry["ErrorEquals"]) <= THROTTLES
        assert retry["JitterStrategy"] == "FULL"
    if state["Resource"] == definitions.LAMBDA_INVOKE:
        assert {name for retry in state["Retry"][:2] for name in retry["ErrorEquals"]} == LAMBDA_FAULTS
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


@pytest.mark.parametrize("state", [each for each in all_states() if each.values[0]["Type"] == "Task"])
def test_a_task_outlasts_others_that_use_up_what_the_account_may_run(state: dict[str, Any]) -> None:
    """The mean of full jitter is half of the wait."""
    first = state["Retry"][0]
    assert set(first["ErrorEquals"]) <= THROTTLES
    waits = [min(first["MaxDelaySeconds"], first["IntervalSeconds"] * first["BackoffRate"] ** n) / 2 for n in range(first["MaxAttempts"])]
    assert sum(waits) > 30 * 60
    assert not {name for retry in state["Retry"][1:] for name in retry["ErrorEquals"]} & THROTTLES


def test_the_definition_reads_like_the_documented_sequence() -> None:
    machine = read("billing_sync")
    nested = [state for state in machine["States"].values() if state.get("Resource") == definitions.NESTED_SYNC]
    assert tuple(state["Parameters"]["Input"]["step"] for state in nested) == STEPS
    wanted = [state["Choices"][0]["Variable"] for name, state in machine["States"].items() if name.endswith("Wanted?")]
    assert wanted == [f"$.run.steps.{step}" for step in STEPS]
    assert tuple(machine["States"]["PrepareResults"]["Parameters"]["results"]) == STEPS
    for state, following in zip(wanted[:-1], STEPS[1:], strict=True):
        default = machine["States"][f"{camel(state.rpartition('.')[2])}Wanted?"]["Default"]
        if default == "DocumentStepFailed?":
            default = machine["States"][default]["Default"]
        assert default == f"{camel(following)}Wanted?"


def test_the_entries_of_all_steps_are_alike() -> None:
    """One entry with the step's names put in place of another's is that other's entry, except for words, order and the block."""
    states = read("billing_sync")["States"]

    def entry(step: str) -> str:
        parts = [states[f"{camel(step)}Wanted?"], states[f"Sync{camel(step)}"], states[f"{camel(step)}Failed"]]
        shape = json.dumps([{k: v for k, v in part.items() if k not in ("Comment", "Next", "Default")} for part in parts])
        for name in (camel(step), step):
            shape = re.sub(rf"(?<![a-z_]){name}(?![a-z_])|(?<=Sync){name}(?=\")|{name}(?=Failed|Function|Blocked)", "STEP", shape)
        return shape.replace('"STEPBlocked?"', '"SyncSTEP"')

    assert {step: entry(step) for step in STEPS} == dict.fromkeys(STEPS, entry("charges"))


def test_every_state_of_a_step_goes_on_to_the_next_step() -> None:
    states = read("billing_sync")["States"]
    for step in STEPS:
        after = {states[name]["Next"] for name in (f"Sync{camel(step)}", f"{camel(step)}Failed")}
        assert after == {states[f"{camel(step)}Wanted?"]["Default"]}


def test_a_step_calls_its_own_function() -> None:
    for state in read("billing_sync")["States"].values():
        if state.get("Resource") == definitions.NESTED_SYNC:
            given = state["Parameters"]["Input"]
            assert given["function"] == f"${{{camel(given['step'])}FunctionArn}}"


def test_time_outs_nest() -> None:
    billing, step = read("billing_sync"), read("sync_step")
    assert billing["TimeoutSeconds"] <= EXECUTION_LIMIT
    for state in billing["States"].values():
        if state.get("Resource") == definitions.NESTED_SYNC:
            assert step["TimeoutSeconds"] < state["TimeoutSeconds"] < billing["TimeoutSeconds"]


def test_a_task_waits_longer_than_its_function_may_run() -> None:
    """Otherwise the state machine gives up first, and the function's own error is never seen."""
    template = load_template(TEMPLATE)["Resources"]
    usual = load_template(TEMPLATE)["Globals"]["Function"]["Timeout"]
    allowed = {f"${{{name}Arn}}": each["Properties"].get("Timeout", usual) for name, each in template.items() if name.endswith("Function")}
    steps = max(allowed[f"${{{camel(step)}FunctionArn}}"] for step in STEPS)
    for path in DEFINITIONS:
        for name, state in definitions.states(json.loads(path.read_text())):
            if state.get("Resource") == definitions.LAMBDA_INVOKE:
                assert state["TimeoutSeconds"] > allowed.get(state["Parameters"].get("FunctionName", ""), steps), name


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_template_and_definition_agree_on_what_is_put_in(path: Path) -> None:
    for resource in load_template(TEMPLATE)["Resources"].values():
        if resource.get("Properties", {}).get("DefinitionUri") == f"statemachine/{path.name}":
            given = set(resource["Properties"].get("DefinitionSubstitutions", {}))
            assert definitions.substitutions(path.read_text()) == given
            return
    pytest.fail(f"no state machine of the template uses {path.name}")
