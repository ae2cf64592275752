"""The handler that the functions of all sync steps share."""

from __future__ import annotations

import ast
import importlib.util
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tallybridge.tasks import handler as module
from tallybridge.wiring import Wiring
from tests.infra.conftest import REPOSITORY
from tests.infra.scripted import STEPS

CONTEXT = SimpleNamespace(
    function_name="tallybridge-refunds",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:tallybridge-refunds",
    aws_request_id="3f5c1c62-0f1b-4d6e-9a54-0c5d1f2a7b10",
    get_remaining_time_in_millis=lambda: 300_000,
)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_function_loads_no_step_until_it_is_called(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold start reads the shared code alone; and a step whose module is broken breaks no other function."""
    monkeypatch.delitem(sys.modules, f"tallybridge.steps.{step}", raising=False)
    spec = importlib.util.spec_from_file_location(f"app_of_{step}", REPOSITORY / "functions" / step / "app.py")
    assert spec and spec.loader
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    assert callable(app.handler)
    assert f"tallybridge.steps.{step}" not in sys.modules


def test_it_runs_the_task_with_the_class_of_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, dict[str, Any], str]] = []

    def run_task(kind: Any, event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
        calls.append((kind, event, wiring.invocation.id))
        return {"done": True}

    monkeypatch.setattr(module, "step_class", lambda name: f"class of {name}")
    monkeypatch.setattr(module, "run_task", run_task)
    event = {"task": "batch", "runId": "nightly", "step": "refunds", "batch": "000001"}
    assert module.step_handler("refunds")(event, CONTEXT) == {"done": True}
    assert calls == [("class of refunds", event, CONTEXT.aws_request_id)]


def test_it_lets_an_error_through_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_task(*_: Any) -> dict[str, Any]:
        raise LookupError("no such run")

    monkeypatch.setattr(module, "step_class", lambda name: name)
    monkeypatch.setattr(module, "run_task", run_task)
    with pytest.raises(LookupError, match="no such run"):
        module.step_handler("refunds")({"task": "select", "runId": "x"}, CONTEXT)


@pytest.mark.parametrize("step", STEPS)
def test_the_table_names_a_class_that_bears_the_steps_name(step: str) -> None:
    """Whether it is there is read from the source, so that a step that cannot be imported is told apart from one that is missing."""
    from tallybridge.tasks.steps import SEQUENCE, step_class

    place = next(entry.place for entry in SEQUENCE if entry.name == step)
    file, _, name = place.partition(":")
    path = REPOSITORY / "layers" / "tallybridge" / "tallybridge" / "steps" / f"{file}.py"
    body = ast.parse(path.read_text()).body
    classes = [node.name for node in body if isinstance(node, ast.ClassDef)]
    made = [ast.unparse(node.targets[0]) for node in body if isinstance(node, ast.Assign)]
    assert [*classes, *made].count(name) == 1
    assert step_class(step).name == step
