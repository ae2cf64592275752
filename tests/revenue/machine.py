"""Walks through the real definition `revenue_ingest.asl.json`, calling the functions in this process: states, choices, maps, retries of
crashes and catches as Step Functions has them, without waiting. It knows what the definition uses and refuses what it does not know."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.killing import WorkerKilled

DEFINITION = Path(__file__).resolve().parents[2] / "statemachine" / "revenue_ingest.asl.json"
MAX_STATES = 20_000

Function = Callable[[dict[str, Any]], dict[str, Any]]


class StateFailed(Exception):
    """An error with a name, as Retry and Catch see it."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


@dataclass
class Machine:
    """`functions` by the placeholder in the definition; `waited` is told of each Wait; `passed` collects the states."""

    functions: Mapping[str, Function]
    waited: Callable[[float], None]
    definition: dict[str, Any] = field(default_factory=lambda: json.loads(DEFINITION.read_text()))
    passed: list[str] = field(default_factory=list)

    def run(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """The output of an execution. Raises `StateFailed` when it fails."""
        arn = f"arn:aws:states:us-east-1:123456789012:execution:tallybridge-revenue-ingest:{name}"
        context = {"Execution": {"Id": arn, "Name": name}}
        output: dict[str, Any] = self._states(self.definition, given, context)
        return output

    def _states(self, machine: Mapping[str, Any], data: Any, context: dict[str, Any]) -> Any:
        name = machine["StartAt"]
        for _ in range(MAX_STATES):
            state = machine["States"][name]
            self.passed.append(name)
            try:
                data, following = self._state(state, data, context)
            except StateFailed as failed:
                catch = next((c for c in state.get("Catch", []) if "States.ALL" in c["ErrorEquals"]), None)
                if catch is None:
                    raise
                data = put(data, catch.get("ResultPath", "$"), {"Error": failed.name, "Cause": failed.cause})
                following = catch["Next"]
            if following is None:
                return data
            name = following
        raise AssertionError("the machine does not end")

    def _state(self, state: Mapping[str, Any], data: Any, context: dict[str, Any]) -> tuple[Any, str | None]:
        following = None if state.get("End") else state.get("Next")
        match state["Type"]:
            case "Task":
                result = self._task(state, fill(state["Parameters"]["Payload"], data, context))
                selected = fill(state["ResultSelector"], {"Payload": result}, context)
                data = put(data, state.get("ResultPath", "$"), selected)
                return (get(data, state["OutputPath"]) if "OutputPath" in state else data), following
            case "Choice":
                return data, next((c["Next"] for c in state["Choices"] if get(data, c["Variable"]) is c["BooleanEquals"]), state["Default"])
            case "Pass":
                result = fill(state["Parameters"], data, context) if "Parameters" in state else state["Result"]
                return put(data, state.get("ResultPath", "$"), result), following
            case "Wait":
                self.waited(get(data, state["SecondsPath"]))
                return data, following
            case "Map":
                assert state["MaxConcurrency"] == 1 and state["ResultPath"] is None
                for item in get(data, state["ItemsPath"]):
                    given = fill(state["ItemSelector"], data, {**context, "Map": {"Item": {"Value": item}}})
                    self._states(state["ItemProcessor"], given, context)
                return data, following
            case "Succeed":
                return data, None
            case "Fail":
                if "ErrorPath" in state:
                    raise StateFailed(get(data, state["ErrorPath"]), get(data, state["CausePath"]))
                raise StateFailed(state["Error"], state["Cause"])
        raise AssertionError(state["Type"])

    def _task(self, state: Mapping[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
        function = self.functions[state["Parameters"]["FunctionName"].strip("${}")]
        left = [r["MaxAttempts"] for r in state["Retry"]]
        while True:
            try:
                answer = function(copy.deepcopy(payload))
                return dict(json.loads(json.dumps(answer)))
            except (Exception, WorkerKilled) as crash:
                name = type(crash).__name__
                fitting = (n for n, r in enumerate(state["Retry"]) if {name, "States.TaskFailed"} & set(r["ErrorEquals"]))
                place = next(fitting, None)
                if place is None or not left[place]:
                    raise StateFailed(name, json.dumps({"errorMessage": str(crash)})) from crash
                left[place] -= 1


def get(data: Any, path: str, context: Mapping[str, Any] | None = None) -> Any:
    """The value at a reference path: `$.a.b`, or `$$.a.b` in the context."""
    value: Any = context if path.startswith("$$") else data
    for name in path.lstrip("$").split("."):
        if name:
            value = value[name]
    return value


def put(data: Any, path: str | None, value: Any) -> Any:
    if path is None:
        return data
    if path == "$":
        return value
    name = path.removeprefix("$.")
    assert "." not in name
    return {**data, name: value}


def fill(template: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """A payload template with its paths filled in."""
    return {k.removesuffix(".$"): get(data, v, context) if k.endswith(".$") else v for k, v in template.items()}
