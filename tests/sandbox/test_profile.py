"""A tenant's profile makes stand-ins that behave as the tenant does; what is no behaviour cannot be set by it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox.__main__ import about
from sandbox.host import Sandbox, SandboxError, options_from
from sandbox.netsuite import NetSuiteOptions
from sandbox.profile import FORMAT, ProfileRefused, applied, read_profile
from sandbox.stand_ins import StandInOptions, StandInThreads
from sandbox.zuora import ZuoraOptions


def written(folder: Path, **options: Any) -> Path:
    file = folder / "profile.json"
    file.write_text(json.dumps({"format": FORMAT, "run": "1", "options": options, "unknown": {}}))
    return file


def test_a_profile_reaches_the_stand_ins(tmp_path: Path) -> None:
    netsuite = {"one_world": False, "multiple_currencies": False, "habits.async_query": "answered"}
    options = options_from({"PROFILE": str(written(tmp_path, netsuite=netsuite, zuora={"zone": "Europe/Berlin"})), "DATA": "empty"})
    given = json.loads(json.dumps({"profile": options.profile}))  # as a child process gets it
    with StandInThreads(StandInOptions(**given)) as running, urllib.request.urlopen(f"{running.addresses.netsuite}/_sandbox/dump") as dump:
        assert not json.loads(dump.read()).get("subsidiary")


def test_the_sandbox_goes_by_what_the_profile_says_of_it(tmp_path: Path) -> None:
    file = written(tmp_path, netsuite={"slots": 15, "time_zone": "Asia/Tokyo"}, zuora={"settlement": False})
    options = options_from({"PROFILE": str(file)})
    assert (options.netsuite_slots, options.time_zone, options.settlement) == (15, "Asia/Tokyo", False)
    assert options_from({}).profile == {}


def test_the_sandbox_says_that_it_behaves_as_a_profile_tells(tmp_path: Path) -> None:
    for options, says in ({"netsuite": {"slots": 15}, "zuora": {"orders": False}}, True), ({}, False):
        sandbox = Sandbox(options_from({"PROFILE": str(written(tmp_path, **options))}))
        sandbox.env = {"AWS_ENDPOINT_URL": ""}
        assert ("as a profile tells, 2 options" in about(sandbox)) is says


def test_values_become_what_the_options_are_made_of() -> None:
    netsuite = applied(NetSuiteOptions(), {"denied": ["salesOrder"], "text_lengths": {"phone": 20}, "datasets.key_style": "alias"})
    assert netsuite.denied == ("salesOrder",)
    assert netsuite.text_lengths == {"phone": 20}
    assert netsuite.datasets.key_style == "alias"
    zuora = applied(ZuoraOptions(), {"zone": "Europe/Berlin", "data_query_lag_s": 3, "rate_limits.per_minute": 10})
    assert str(zuora.zone) == "Europe/Berlin"
    assert zuora.data_query_lag_s == 3
    assert zuora.rate_limits.per_minute == 10


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"one_worlds": True}, "netsuite.one_worlds"),
        ({"one_world": "yes"}, "netsuite.one_world"),
        ({"slots": True}, "netsuite.slots"),
        ({"tax_model": "sales tax"}, "netsuite.tax_model"),
        ({"habits.async_query": "both"}, "netsuite.habits.async_query"),
        ({"habits.nothing": True}, "netsuite.habits.nothing"),
        ({"slots.most": 3}, "netsuite.slots.most"),
        ({"clock": "now"}, "netsuite.clock"),
        ({"consumer_secret": "x"}, "netsuite.consumer_secret"),
        ({"certificate_public_key": "x"}, "netsuite.certificate_public_key"),
        ({"account": "1234567"}, "netsuite.account"),
    ],
)
def test_what_is_no_option_or_of_another_kind_is_refused_with_its_place(given: dict[str, Any], place: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileRefused, match=place.replace(".", "[., ]+")):
        read_profile(written(tmp_path, netsuite=given))


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "options": {}}', '{"format": 1}', '{"format": 1, "options": {"sap": {}}}'])
def test_a_file_that_is_no_profile_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    file.write_text(text)
    with pytest.raises(SandboxError, match=r"profile\.json"):
        options_from({"PROFILE": str(file)})
    with pytest.raises(SandboxError, match="nowhere"):
        options_from({"PROFILE": str(tmp_path / "nowhere")})
