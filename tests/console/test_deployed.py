"""The console as the function of the stack builds it: from its environment and its secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tallybridge.console import deployed as stack
from tallybridge.console.deployed import SHORTEST_KEY, read_secret
from tallybridge.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
KEY = "k" * SHORTEST_KEY


def test_the_secret_holds_the_key_of_sessions_and_the_clients_secret() -> None:
    assert read_secret(json.dumps({"session_key": KEY, "client_secret": "s"})) == (KEY, "s")
    assert read_secret(json.dumps({"session_key": KEY})) == (KEY, "")


@pytest.mark.parametrize("content", [{}, {"session_key": "short"}, {"session_key": 5}, {"session_key": KEY, "client_secret": 5}, [], "x"])
def test_a_secret_that_would_sign_with_little_is_refused_and_no_value_is_told(content: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_secret(json.dumps(content))
    assert refused.value.code == "CONSOLE-SECRET"
    assert KEY not in refused.value.message and "short" not in refused.value.message


@pytest.mark.parametrize(("value", "key"), [("none", None), ("arn:aws:kms:x:1:key/k", "arn:aws:kms:x:1:key/k")])
def test_the_key_of_exports_is_known_where_the_stack_has_one(monkeypatch: pytest.MonkeyPatch, value: str, key: str | None) -> None:
    secrets = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": json.dumps({"session_key": KEY})})
    monkeypatch.setattr(stack, "aws", lambda kind, service: secrets)
    monkeypatch.setattr(stack, "variable", lambda name: value if name == "EXPORT_KEY" else f"the {name}")
    assert stack.deployed().target.variables.get("EXPORT_KEY") == key


def test_the_function_is_loaded_without_boto3_which_is_lambdas_own() -> None:
    code = "import sys; sys.path[:0] = ['functions/console', 'layers/tallybridge']; import app; print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
