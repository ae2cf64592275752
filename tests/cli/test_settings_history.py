"""`tallybridge settings history`, `restore`, `accept`: who changed what, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tallybridge.configuration import REVENUE
from tallybridge.sync.runs import REVENUE as JOB
from tallybridge.sync.runs import Runs
from tallybridge_cli.target import Target
from tests.cli.test_commands import call  # noqa: F401 - a fixture
from tests.cli.test_settings_file import netsuite, stored, written  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("netsuite")


def save(call: Any, written: Any, document: Any, *more: str) -> None:  # noqa: F811
    code, text = call("settings", "save", str(written(document)), "--yes", *more)
    assert code == 0, text


def put(target: Target, document: Any) -> None:
    """Put a document into the parameter, as any AWS tool does."""
    target.client("ssm").put_parameter(Name=target["SETTINGS_PARAMETER"], Value=json.dumps(document), Type="String", Overwrite=True)


@pytest.fixture
def two(call: Any, written: Any, netsuite: Any) -> None:  # noqa: F811
    """Two versions."""
    save(call, written, {"cutover_zuora_invoice": "2026-01-01", "debug_logging": "No"}, "--reason", "go-live")
    save(call, written, {"cutover_zuora_invoice": "2026-01-01", "debug_logging": "Yes"}, "--reason", "looking for INV-7")


@pytest.mark.usefixtures("two")
def test_history_says_who_changed_what_and_why(call: Any) -> None:  # noqa: F811
    newest, first = json.loads(call("settings", "history", "--json")[1])
    assert (newest["number"], newest["before"], newest["reason"], newest["changed"]) == (2, 1, "looking for INV-7", ["debug_logging"])
    assert (first["reason"], first["changed"]) == ("go-live", ["cutover_zuora_invoice", "debug_logging"])
    assert newest["author"].startswith("arn:aws:") and (newest["current"], first["current"]) == (True, False)
    text = call("settings", "history")[1]
    assert "2 *" in text and "looking for INV-7" in text and "debug_logging" in text


@pytest.mark.usefixtures("two")
def test_what_stands_in_the_parameter_alone_is_told(call: Any, target: Target) -> None:  # noqa: F811
    put(target, {"cutover_zuora_invoice": "2026-02-01"})
    assert json.loads(call("settings", "history", "--json")[1])[0]["number"] == 0
    assert "in the parameter, taken by the next run" in call("settings", "history")[1]


@pytest.mark.usefixtures("two")
def test_restoring_makes_a_new_version_of_an_old_document(call: Any, target: Target) -> None:  # noqa: F811
    code, text = call("settings", "restore", "1", "--reason", "found it")
    assert (code, "as version 3" in text, stored(target)["debug_logging"]) == (0, True, "No")
    newest = json.loads(call("settings", "history", "--json")[1])[0]
    assert (newest["number"], newest["before"], newest["reason"]) == (3, 2, "Version 1 restored: found it")


@pytest.mark.usefixtures("two")
def test_an_earlier_version_can_be_looked_at(call: Any) -> None:  # noqa: F811
    assert json.loads(call("settings", "show", "--json", "--version", "2")[1])["debug_logging"] == "Yes"
    assert "debug_logging" not in json.loads(call("settings", "show", "--json", "--version", "1")[1])


def test_a_version_that_does_not_exist_is_a_configuration_error(call: Any) -> None:  # noqa: F811
    code, text = call("settings", "restore", "7")
    assert (code, "There is no version 7 of the settings." in text) == (3, True)


@pytest.mark.usefixtures("two")
def test_what_a_run_refused_can_be_accepted(call: Any, target: Target) -> None:  # noqa: F811
    put(target, {})
    code, text = call("settings", "accept", "--reason", "all defaults")
    assert (code, "as version 3" in text) == (0, True)
    assert target.configuration().current().on_purpose is True
    code, text = call("settings", "accept", "--reason", "again")
    assert (code, "are version 3 already" in text) == (3, True)


def test_keys_that_a_file_has_lost_are_asked_about(call: Any, written: Any, monkeypatch: pytest.MonkeyPatch, two: None) -> None:  # noqa: F811
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text))
    code, text = call("settings", "save", str(written({"debug_logging": "Yes"})))
    assert (code, len(asked)) == (0, 1)
    assert "keys of the settings in force that the file lacks (default from then on)" in text and "cutover_zuora_invoice" in text


def test_settings_larger_than_a_parameter_are_saved(call: Any, written: Any, target: Target) -> None:  # noqa: F811
    rows = [{"zuora_object": "Account", "zuora_field": f"Field{n}__c", "netsuite_field": f"custentity_f{n}"} for n in range(150)]
    save(call, written, {"custom_field_sync_enabled": "Yes", "custom_field_mappings": rows})
    assert stored(target) == {"stored": "configuration/settings/000001.json"}
    assert len(target.settings().custom_field_mappings) == 150


# --- Calls at a time --------------------------------------------------------------------------------------------------


def test_runs_under_way_keep_to_a_number_of_calls_that_is_saved(call: Any, written: Any, target: Target) -> None:  # noqa: F811
    """However it is saved; a document that some other tool puts there counts from the next run on."""
    calls = target.runs
    assert calls.concurrency(otherwise=7) == 7
    for document, most in (({"netsuite_max_concurrency": 9}, 9), ({"netsuite_max_concurrency": 2}, 2), ({}, 5)):
        save(call, written, document)
        assert calls.concurrency(otherwise=7) == most
    assert call("settings", "restore", "2")[0] == 0
    assert calls.concurrency(otherwise=7) == 2
    put(target, {"netsuite_max_concurrency": 4})
    assert calls.concurrency(otherwise=7) == 2
    assert call("settings", "accept", "--reason", "mine")[0] == 0
    assert calls.concurrency(otherwise=7) == 4


def test_the_revenue_connector_has_a_number_of_its_own(target: Target) -> None:
    document = json.dumps({"connection": {"netsuite": {"max_concurrency": 3}}})
    variables = {**target.variables, "REVENUE_SETTINGS_PARAMETER": "/tallybridge/revenue-settings"}
    replace(target, variables=variables).configuration(REVENUE).save_version(document, "somebody", "")
    assert Runs(target.table("RUNS_TABLE"), target.clock, JOB).concurrency(otherwise=7) == 3
    assert target.runs.concurrency(otherwise=7) == 7
