"""`tallybridge settings`: shown, checked before they are stored, and stored only after a second thought."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from tallybridge.desk import settings_checks
from tallybridge.desk.doctor import State
from tallybridge.desk.doctor.examine import Systems
from tallybridge.settings import Settings
from tallybridge_cli import settings_file
from tallybridge_cli.target import Target
from tests.cli.test_commands import call  # noqa: F401 - a fixture
from tests.cli.test_doctor import FakeNetSuite, FakeZuora


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(document: Any) -> Path:
        path = tmp_path / "settings.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.fixture
def netsuite(monkeypatch: pytest.MonkeyPatch) -> FakeNetSuite:
    """What names are looked up in."""
    made = FakeNetSuite({"class": [{"id": "1", "name": "Software"}]})
    monkeypatch.setattr(settings_checks, "connected", lambda target, settings: Systems(settings, FakeZuora(), made))  # type: ignore[arg-type]
    return made


def stored(target: Target) -> dict[str, Any]:
    return dict(json.loads(target.client("ssm").get_parameter(Name=target["SETTINGS_PARAMETER"])["Parameter"]["Value"]))


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"default_subsidary": "X"}, '"default_subsidary" is not a setting'),
        ({"netsuite_max_concurrency": 0}, '"netsuite_max_concurrency"'),
        ({"cutover_zuora_invoice": "tomorrow"}, '"cutover_zuora_invoice"'),
        ({"custom_field_mappings": [{"zuora_object": "Account"}]}, '"custom_field_mappings.0.zuora_field"'),
        ({"closed_period": {"invoice": "Perhaps"}}, '"closed_period.invoice"'),
        ({"use_standard_invoice_sync": "Maybe"}, '"use_standard_invoice_sync"'),
        ("{", "not valid JSON"),
        ("[]", "must be one JSON object"),
    ],
)
def test_wrong_keys_and_values_are_refused_with_their_place(call: Any, written: Any, document: Any, named: str) -> None:  # noqa: F811
    code, text = call("settings", "check", str(written(document)), "--offline")
    assert code == 3
    assert named in text


@pytest.mark.rule("settings.1.validation.names")
def test_names_are_looked_up_in_netsuite_before_the_settings_are_stored(
    call: Any,  # noqa: F811
    written: Any,
    netsuite: FakeNetSuite,
    target: Target,
) -> None:
    assert call("settings", "check", str(written({"default_class": "Software"})))[0] == 0
    code, text = call("settings", "save", str(written({"default_class": "Hardware"})))
    assert (code, stored(target)) == (3, {})
    assert 'Setting "Default Class": "Hardware" was not found in NetSuite.' in text


def test_settings_are_stored_as_they_are_written(call: Any, written: Any, netsuite: FakeNetSuite, target: Target) -> None:  # noqa: F811
    code, text = call("settings", "save", str(written({"default_class": "Software"})))
    assert (code, stored(target)) == (0, {"default_class": "Software"})
    assert "the next run takes them" in text


@pytest.mark.parametrize("value", ["No", "No - Use NetSuite Avatax"])
def test_tax_by_netsuite_is_warned_of_and_must_be_confirmed(
    call: Any,  # noqa: F811
    written: Any,
    netsuite: FakeNetSuite,
    target: Target,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = str(written({"use_standard_invoice_sync": value}))
    code, text = call("settings", "check", path)
    assert (code, "NetSuite will calculate tax" in text) == (0, True)

    def refuse(*_: Any, **__: Any) -> bool:
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", refuse)
    assert call("settings", "save", path)[0] == 130
    assert stored(target) == {}
    assert call("settings", "save", path, "--yes")[0] == 0
    assert stored(target) == {"use_standard_invoice_sync": value}


@pytest.mark.parametrize("key", ["disable_customer_account_sync", "disable_zuora_charge_sync"])
def test_switching_off_what_others_depend_on_is_warned_of(key: str) -> None:
    found = {c.name: c for c in settings_file.second_thoughts(Settings.model_validate({key: "Yes"}))}
    assert found[key].state is State.WARN
    assert "Records that depend on it will not sync unless another process maintains their Integration ID." in found[key].detail


def test_writing_to_zuora_is_noted() -> None:
    found = {c.name: c for c in settings_file.second_thoughts(Settings.model_validate({"disable_netsuite_refund_sync": "No"}))}
    assert found["NetSuite to Zuora"].state is State.NOTE


def test_show_names_what_differs_from_the_defaults(call: Any, written: Any, netsuite: FakeNetSuite) -> None:  # noqa: F811
    assert "default" in call("settings", "show")[1]
    call("settings", "save", str(written({"default_class": "Software", "debug_logging": "No"})))
    assert json.loads(call("settings", "show", "--json")[1]) == {"default_class": "Software"}
    every = json.loads(call("settings", "show", "--json", "--all")[1])
    assert set(every) == {f.alias or name for name, f in Settings.model_fields.items()}


def test_a_file_that_is_not_there_is_a_configuration_error(call: Any, tmp_path: Path) -> None:  # noqa: F811
    assert call("settings", "check", str(tmp_path / "none.json"), "--offline")[0] == 3
