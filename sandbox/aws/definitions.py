"""Checks of a state machine definition: is it sound, and does the embedded AWS honour every field of it?

Both AWS and the interpreter take definitions that lead nowhere; the interpreter moreover takes fields that it then ignores. Whatever
is not in the tables below is refused, so that a definition behaves here as it does on AWS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

LAMBDA_INVOKE = "arn:aws:states:::lambda:invoke"
NESTED_SYNC = "arn:aws:states:::states:startExecution.sync:2"
S3_GET_OBJECT = "arn:aws:states:::s3:getObject"
INTEGRATIONS = {
    LAMBDA_INVOKE: {"FunctionName", "FunctionName.$", "Payload", "Payload.$"},
    NESTED_SYNC: {"StateMachineArn", "StateMachineArn.$", "Name", "Name.$", "Input", "Input.$"},
}
"""Integrations that run here, each with the parameters it takes."""

_EVERY = {"Type", "Comment", "InputPath", "OutputPath"}
_GOES_ON = _EVERY | {"Next", "End"}
_ERRORS = {"Retry", "Catch", "ResultSelector", "ResultPath"}
FIELDS: dict[str, set[str]] = {
    "Pass": _GOES_ON | {"Parameters", "Result", "ResultPath"},
    "Task": _GOES_ON | _ERRORS | {"Resource", "Parameters", "TimeoutSeconds"},
    "Choice": _EVERY | {"Choices", "Default"},
    "Wait": _GOES_ON | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _EVERY,
    "Fail": {"Type", "Comment", "Error", "Cause"},
    "Parallel": _GOES_ON | _ERRORS | {"Branches", "Parameters"},
    "Map": _GOES_ON
    | _ERRORS
    | {"Label", "MaxConcurrency", "MaxConcurrencyPath", "ItemReader", "ItemSelector", "ItemsPath", "ItemProcessor"},
}
"""Fields of a state that the interpreter honours, by type. Left out on purpose: ItemBatcher, ResultWriter, tolerated failures, heartbeats,
credentials, variables (Assign) and JSONata."""

MACHINE_FIELDS = {"Comment", "StartAt", "States", "TimeoutSeconds"}
RETRY_FIELDS = {"Comment", "ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds", "JitterStrategy"}
CATCH_FIELDS = {"Comment", "ErrorEquals", "ResultPath", "Next"}
PROCESSOR_FIELDS = {"ProcessorConfig", "StartAt", "States", "Comment"}
READER_FIELDS = {"Resource", "ReaderConfig", "Parameters"}

State = dict[str, Any]


def faults(text: str) -> list[str]:
    """Every fault of a definition, in words, with the state it stands in; empty if it is sound."""
    try:
        machine = json.loads(text)
    except ValueError as problem:
        return [f"not JSON: {problem}"]
    unknown = [f"{name}: field of the machine is not honoured here" for name in sorted(set(machine) - MACHINE_FIELDS)]
    return unknown + list(_graph(machine)) + [fault for name, state in states(machine) for fault in _state(name, state)]


def states(machine: State) -> Iterator[tuple[str, State]]:
    """All states with their names, those inside Maps and Parallels included."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        for inner in _inner(state):
            yield from states(inner)


def substitutions(text: str) -> set[str]:
    """The names that a definition expects the template to put in (`${Name}`)."""
    return set(re.findall(r"\$\{(\w+)\}", text))


def targets(state: State) -> Iterator[str]:
    """The names of all states that this one may go to."""
    for place in (state, *state.get("Choices", []), *state.get("Catch", [])):
        for field in ("Next", "Default"):
            if field in place:
                yield place[field]


def _inner(state: State) -> list[State]:
    return [*([state["ItemProcessor"]] if "ItemProcessor" in state else []), *state.get("Branches", [])]


def _graph(machine: State) -> Iterator[str]:
    own: dict[str, State] = machine.get("States", {})
    start = machine.get("StartAt")
    if start not in own:
        yield f"StartAt {start}: no such state"
        return
    for name, state in own.items():
        for target in targets(state):
            if target not in own:
                yield f"{name}: goes to {target}, which does not exist"
        if state.get("Type") not in ("Choice", "Succeed", "Fail") and ("Next" in state) == ("End" in state):
            yield f"{name}: needs either Next or End"
        for inner in _inner(state):
            yield from _graph(inner)
    reached, open_ends = {start}, [start]
    while open_ends:
        for target in targets(own.get(open_ends.pop(), {})):
            if target not in reached:
                reached.add(target)
                open_ends.append(target)
    yield from (f"{name}: cannot be reached" for name in own if name not in reached)


def _state(name: str, state: State) -> Iterator[str]:
    kind = state.get("Type", "")
    if kind not in FIELDS:
        yield f"{name}: type {kind} does not run here"
        return
    yield from (f"{name}: {field} is not honoured here" for field in sorted(set(state) - FIELDS[kind]))
    for field, known in (("Retry", RETRY_FIELDS), ("Catch", CATCH_FIELDS)):
        for place in state.get(field, []):
            yield from (f"{name}: {unknown} in {field} is not honoured here" for unknown in sorted(set(place) - known))
    if kind == "Task":
        yield from _task(name, state)
    if kind == "Map":
        yield from _map(name, state)


def _task(name: str, state: State) -> Iterator[str]:
    allowed = INTEGRATIONS.get(state.get("Resource", ""))
    if allowed is None:
        yield f"{name}: resource {state.get('Resource')} does not run here"
    else:
        yield from (f"{name}: parameter {field} is not honoured here" for field in sorted(set(state.get("Parameters", {})) - allowed))
    yield from (f"{name}: a Task needs {field}" for field in ("Retry", "Catch", "TimeoutSeconds") if not state.get(field))


def _map(name: str, state: State) -> Iterator[str]:
    if "MaxConcurrency" not in state and "MaxConcurrencyPath" not in state:
        yield f"{name}: a Map needs MaxConcurrency, or every item gets a thread"
    processor = state.get("ItemProcessor", {})
    yield from (f"{name}: {field} in ItemProcessor is not honoured here" for field in sorted(set(processor) - PROCESSOR_FIELDS))
    config = processor.get("ProcessorConfig", {})
    if config.get("ExecutionType", "STANDARD") != "STANDARD":
        yield f"{name}: children of type {config['ExecutionType']} do not run here"
    yield from (f"{name}: {field} in ProcessorConfig is not honoured here" for field in sorted(set(config) - {"Mode", "ExecutionType"}))
    reader = state.get("ItemReader")
    if reader is not None:
        yield from (f"{name}: {field} in ItemReader is not honoured here" for field in sorted(set(reader) - READER_FIELDS))
        if reader.get("Resource") != S3_GET_OBJECT or reader.get("ReaderConfig", {}) != {"InputType": "JSON"}:
            yield f"{name}: an ItemReader reads a JSON array from S3 here, nothing else"
