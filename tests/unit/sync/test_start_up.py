"""What a function does not do when it starts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from botocore.validate import ParamValidationDecorator

from tallybridge import wiring

FUNCTION = "import sys; sys.path.insert(0, 'functions/invoices'); import app, tallybridge.steps.invoices; "
FOR_LATER = {"boto3", "botocore.client", "jinja2", "requests_oauthlib", "joserfc", "moto"}
"""Used by few tasks, or at the first call only."""


def test_a_steps_function_starts_without_what_it_may_need_later() -> None:
    code = f"{FUNCTION}print(*sorted(set(sys.modules) & {FOR_LATER!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == set()


def test_texts_of_settings_are_not_read_by_functions() -> None:
    code = f"{FUNCTION}from tallybridge.settings import Settings; print(*(n for n, f in Settings.model_fields.items() if f.description))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_aws_clients_say_who_calls_and_leave_judging_to_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    wiring.forget_clients()
    try:
        client = wiring.aws("client", "s3")
    finally:
        wiring.forget_clients()
    assert client.meta.config.user_agent.startswith("tallybridge/")
    assert not isinstance(client._serializer, ParamValidationDecorator)
