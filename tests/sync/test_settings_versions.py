"""Settings keep their history, a deployment cannot empty them, and a run refuses a document that nobody saved on purpose."""

from __future__ import annotations

import email
import json
from typing import Any

import pytest

from tallybridge.configuration import FOLDER, PARAMETER_BYTES, SETTINGS, Version, lost, stored_key
from tallybridge.errors import ConfigurationError
from tests.sync.memory import MemoryWorld
from tests.sync.test_run_records import record_of

USUAL: dict[str, Any] = {
    "cutover_zuora_invoice": "2026-01-01",
    "default_subsidiary": "Parent Company",
    "netsuite_subsidiaries": "Yes",
    "notify_recipients": ["finance@example.com"],
}


@pytest.fixture
def saved(fast: MemoryWorld) -> MemoryWorld:
    """A world that has run once on settings that some tool put into the parameter."""
    fast.reset()
    fast.memory.settings = json.dumps(USUAL)
    assert fast.run(steps=[])["outcome"] == "completed"
    return fast


def put(world: MemoryWorld, document: Any) -> None:
    """Put a document into the parameter, as any AWS tool does."""
    world.memory.settings = document if isinstance(document, str) else json.dumps(document)


def versions(world: MemoryWorld) -> list[Version]:
    return list(world.wiring().configuration().versions.all())


def save(world: MemoryWorld, document: Any, reason: str = "as agreed") -> Version:
    return world.wiring().configuration().save_version(json.dumps(document), "arn:aws:iam::1:user/ana", reason)


def refused(world: MemoryWorld) -> ConfigurationError:
    """The error of a run that is refused; the run is closed, as its state machine does."""
    with pytest.raises(ConfigurationError) as wrong:
        world.open()
    holder = world.wiring().runs().lock_holder()
    assert holder is not None
    world.close(holder["run_id"], {"Error": "ConfigurationError", "Cause": ""})
    assert wrong.value.code == "CONFIGURATION-SHRUNK"
    return wrong.value


def test_what_a_tool_puts_into_the_parameter_is_taken_by_the_next_run_and_kept(saved: MemoryWorld) -> None:
    put(saved, {**USUAL, "debug_logging": "Yes"})
    run_id = saved.run(steps=[])["runId"]
    newest, first = versions(saved)
    assert (newest.number, newest.before, first.number, first.before) == (2, 1, 1, 0)
    assert (newest.on_purpose, newest.reason) == (False, "Put into the parameter")
    assert json.loads(newest.document)["debug_logging"] == "Yes"
    assert record_of(saved, run_id)["settings_saved"]["number"] == 2


def test_the_same_document_laid_out_otherwise_is_no_new_version(saved: MemoryWorld) -> None:
    put(saved, json.dumps(dict(reversed(USUAL.items())), indent=4))
    saved.run(steps=[])
    assert [v.number for v in versions(saved)] == [1]


@pytest.mark.parametrize("document", ["{}", "", "{ }"], ids=["empty object", "nothing", "blank"])
def test_an_emptied_document_is_refused_and_changes_nothing(saved: MemoryWorld, document: str) -> None:
    """What CloudFormation does when the stack had the parameter and any property of it, a tag included, is updated."""
    put(saved, document)
    wrong = refused(saved)
    assert "The settings are empty; the last run worked with cutover_zuora_invoice, default_subsidiary" in wrong.message
    assert "tallybridge settings restore NUMBER" in wrong.advice and "tallybridge settings accept --reason WHY" in wrong.advice
    assert [v.number for v in versions(saved)] == [1]
    refused(saved)


@pytest.mark.parametrize(
    ("kept", "fine"),
    [
        (["cutover_zuora_invoice", "default_subsidiary", "notify_recipients"], True),
        (["cutover_zuora_invoice", "default_subsidiary"], True),
        (["cutover_zuora_invoice"], False),
        (["default_subsidiary", "netsuite_subsidiaries", "notify_recipients"], False),
    ],
    ids=["one key less", "half of them", "less than half", "without a cutover date"],
)
def test_a_shrunken_document_is_refused_where_it_lost_most_or_a_cutover_date(saved: MemoryWorld, kept: list[str], fine: bool) -> None:
    put(saved, {key: USUAL[key] for key in kept})
    if fine:
        assert saved.run(steps=[])["outcome"] == "completed"
        assert len(versions(saved)) == 2
    else:
        assert set(refused(saved).place.split(", ")) == set(USUAL) - set(kept)


def test_rows_that_are_all_gone_count_as_lost_and_a_value_that_is_written_out_does_not() -> None:
    now: dict[str, Any] = {"cutover_zuora_invoice": None, "notify_recipients": [], "default_subsidiary": "Parent Company"}
    assert lost(json.dumps(USUAL), json.dumps(now)) == ["netsuite_subsidiaries", "notify_recipients"]


def test_a_cutover_date_that_is_written_out_as_nothing_is_on_purpose(saved: MemoryWorld) -> None:
    put(saved, {**USUAL, "cutover_zuora_invoice": None})
    assert saved.run(steps=[])["outcome"] == "completed"


def test_what_is_saved_by_the_connectors_own_command_is_on_purpose(saved: MemoryWorld) -> None:
    made = save(saved, {})
    assert (made.number, made.before, made.on_purpose) == (2, 1, True)
    assert saved.memory.settings == "{}"
    assert saved.run(steps=[])["outcome"] == "completed"
    put(saved, {"debug_logging": "Yes"})
    assert saved.run(steps=[])["outcome"] == "completed"


def test_whoever_is_to_be_told_is_told_although_the_settings_were_emptied(saved: MemoryWorld) -> None:
    put(saved, "{}")
    saved.memory.mailer.sent.clear()
    refused(saved)
    (mail,) = saved.memory.mailer.sent
    assert mail["Destinations"] == ["finance@example.com"]
    text = email.message_from_bytes(mail["RawMessage"]["Data"])
    (plain,) = (part for part in text.walk() if part.get_content_type() == "text/plain")
    payload: Any = plain.get_payload(decode=True)
    assert "settings are empty" in payload.decode().replace("\n", " ")


def test_an_unusable_document_is_no_version(saved: MemoryWorld) -> None:
    put(saved, '{"default_subsidary": "X"}')
    with pytest.raises(ConfigurationError) as wrong:
        saved.run(steps=[])
    assert wrong.value.code == "SETTINGS"
    assert [v.number for v in versions(saved)] == [1]


def test_settings_far_larger_than_a_parameter_are_kept_by_reference(saved: MemoryWorld) -> None:
    rows = [{"zuora_object": "Account", "zuora_field": f"Field{n}__c", "netsuite_field": f"custentity_field_{n}"} for n in range(150)]
    document = {**USUAL, "custom_field_sync_enabled": "Yes", "custom_field_mappings": rows}
    assert len(json.dumps(document)) > 3 * PARAMETER_BYTES
    made = save(saved, document)
    assert stored_key(saved.memory.settings) == f"{FOLDER}/{SETTINGS}/{made.number:06d}.json"
    run_id = saved.run(steps=[])["runId"]
    assert record_of(saved, run_id)["settings_saved"]["number"] == made.number
    assert len(json.loads(saved.wiring().configuration().current().document)["custom_field_mappings"]) == 150


def test_a_tool_may_put_a_reference_to_a_document_of_its_own(saved: MemoryWorld) -> None:
    key = f"{FOLDER}/mine.json"
    saved.memory.objects.put_object(Bucket="reports", Key=key, Body=json.dumps({**USUAL, "debug_logging": "Yes"}).encode())
    put(saved, {"stored": key})
    assert saved.run(steps=[])["outcome"] == "completed"
    assert json.loads(versions(saved)[0].document)["debug_logging"] == "Yes"


def test_a_reference_to_nothing_is_named(saved: MemoryWorld) -> None:
    put(saved, {"stored": f"{FOLDER}/gone.json"})
    with pytest.raises(ConfigurationError, match=f"there is no {FOLDER}/gone.json in the bucket") as wrong:
        saved.run(steps=[])
    assert (wrong.value.code, wrong.value.place) == ("SETTINGS", "stored")


def test_a_parameter_that_has_gone_leaves_the_last_version_in_force(saved: MemoryWorld) -> None:
    saved.memory.parameters.text = None
    run_id = saved.run(steps=[])["runId"]
    assert record_of(saved, run_id)["settings_saved"]["number"] == 1


def test_without_any_settings_nothing_runs(fast: MemoryWorld) -> None:
    fast.reset()
    fast.memory.parameters.text = None
    with pytest.raises(ConfigurationError, match="There are no settings") as wrong:
        fast.run(steps=[])
    assert "tallybridge settings save FILE" in wrong.value.advice


def test_a_save_that_did_not_reach_the_parameter_is_in_force_nevertheless(saved: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise ConnectionError("cut off")

    monkeypatch.setattr(saved.memory.parameters, "put_parameter", broken)
    with pytest.raises(ConnectionError):
        save(saved, {**USUAL, "debug_logging": "Yes"})
    run_id = saved.run(steps=[])["runId"]
    assert record_of(saved, run_id)["settings_saved"]["number"] == 2
    put(saved, {**USUAL, "debug_logging": "No"})
    run_id = saved.run(steps=[])["runId"]
    assert record_of(saved, run_id)["settings_saved"]["number"] == 3


def test_of_two_who_save_at_once_the_second_is_told(saved: MemoryWorld) -> None:
    configuration = saved.wiring().configuration()
    save(saved, {**USUAL, "debug_logging": "Yes"})
    with pytest.raises(ConfigurationError, match="Version 2 of the settings was saved after the version 1") as late:
        configuration.save_version(json.dumps(USUAL), "bo", "", replaces=1)
    assert late.value.code == "CONFIGURATION-SAVED-MEANWHILE"
    with pytest.raises(ConfigurationError) as taken:
        configuration.versions.add(Version(2, "{}"))
    assert taken.value.code == "CONFIGURATION-SAVED-MEANWHILE"
    assert json.loads(versions(saved)[0].document)["debug_logging"] == "Yes"


def test_an_instance_that_never_kept_versions_is_compared_with_its_last_run(saved: MemoryWorld) -> None:
    """After an upgrade from a release that had the settings in the parameter alone."""
    for key in [k for k in saved.memory.objects.content if k.startswith(FOLDER)]:
        del saved.memory.objects.content[key]
    del saved.memory.tables["RUNS_TABLE"].items["configuration", "billing"]
    put(saved, "{}")
    assert "cutover_zuora_invoice" in refused(saved).message
    put(saved, USUAL)
    assert saved.run(steps=[])["outcome"] == "completed"


def test_a_dry_run_is_not_what_later_settings_are_compared_with(saved: MemoryWorld) -> None:
    save(saved, {})
    saved.run(steps=[], dry_run=True)
    assert saved.wiring().runs().configuration() == 1
