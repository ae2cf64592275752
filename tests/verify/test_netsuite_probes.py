"""Every probe of NetSuite against the stand-in: as assumed with its defaults, different with the other side of what it asks about."""

from __future__ import annotations

from dataclasses import fields
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from sandbox.netsuite import NetSuiteOptions
from sandbox.netsuite.dataset_options import DatasetOptions
from sandbox.netsuite.habits import Habits
from sandbox.profile import applied
from tallybridge_cli.verify.probe import System, Verdict
from tallybridge_cli.verify.profile import profile
from tests.verify.account import Account, probes
from tests.verify.cases import CLOSED, CUSTOMERS, DATASET, M2M, NEEDS, OTHER_SIDE, Case

NAMES = [probe.name for probe in probes(System.NETSUITE)]


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_in_behaves_as_assumed(name: str, server: Account, tmp_path: Path) -> None:
    account = server.arranged(NEEDS.get(name, Case()))
    before = account.held()
    (found,) = account.found(tmp_path, name)
    assert found.verdict is Verdict.AS_ASSUMED, (found.saw, found.evidence)
    assert not found.left
    assert account.held() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_sees_the_other_side(name: str, server: Account, tmp_path: Path) -> None:
    account = server.arranged(NEEDS.get(name, Case()), OTHER_SIDE[name])
    (found,) = account.found(tmp_path, name)
    assert found.verdict is Verdict.DIFFERENT, (found.saw, found.evidence)
    assert found.saw
    assert found.means
    assert "Something else was seen" not in found.saw + found.means
    if found.probe.option:
        behaving = applied(NetSuiteOptions(), profile("1", [found], [found.probe])["options"]["netsuite"])
        assert part(behaving, found.probe.option) == part(account.options, found.probe.option)
        assert part(behaving, found.probe.option) != part(NetSuiteOptions(), found.probe.option)


def test_legacy_taxes_with_vat_are_told_from_those_of_the_united_states(server: Account, tmp_path: Path) -> None:
    account = server.arranged(Case({"tax_model": "vat"}))
    (found,) = account.found(tmp_path, "netsuite.tax-model")
    assert (found.verdict, found.seen) == (Verdict.DIFFERENT, "vat")
    assert "without the field isTaxable" in found.saw


def part(options: Any, way: str) -> Any:
    """The value of an option, or of one inside it."""
    return reduce(getattr, way.split("."), options)


def test_there_is_another_side_of_every_probe() -> None:
    assert sorted(OTHER_SIDE) == sorted(NAMES)
    assert set(NEEDS) <= set(NAMES)


UNASKED = {
    "account": "who it is",
    "client_id": "credentials",
    "certificate_id": "credentials",
    "certificate_public_key": "credentials",
    "consumer_key": "credentials",
    "consumer_secret": "credentials",
    "token_id": "credentials",
    "token_secret": "credentials",
    "clock": "the time itself",
    "async_wait_s": "how long something takes, not how it behaves",
    "async_item_s": "how long something takes, not how it behaves",
    "async_life_s": "how long something takes, not how it behaves",
    "async_fails_every": "a fault on demand",
    "processors": "how long something takes, not how it behaves",
    "token_calls_per_minute": "it would shut others out",
    "non_gl_changes": "it needs a document of its own in a closed period, and nothing can be posted there",
    "refund_flag": "fields bear both flags, so that it makes no difference",
    "certificate_answer": "it would need a new certificate",
    "datasets.rest_web_services": "without it no call at all is answered",
    "datasets.suite_analytics_connect": "it needs a dataset of more than 100,000 rows",
}
"""Options that no probe asks for, and why."""


def test_every_option_of_the_stand_in_is_asked_for_or_excused() -> None:
    options = NetSuiteOptions()
    names = {f.name for f in fields(options)} - {"datasets", "habits", "bare"}
    names |= {f"datasets.{f.name}" for f in fields(options.datasets)} | {f"habits.{f.name}" for f in fields(options.habits)}
    asked = {probe.option for probe in probes(System.NETSUITE) if probe.option}
    assert asked <= names
    assert names - asked == {name for name in UNASKED if name in names}


def test_an_account_that_differs_in_everything_is_told_by_its_profile(server: Account, tmp_path: Path) -> None:
    """Every option turned round at once, as far as one account can have them: what is seen makes a stand-in that behaves the same."""
    together = {name: case for name, case in OTHER_SIDE.items() if case.options and name not in ALONE}
    habits = {name.removeprefix("habits."): part(case.options["habits"], name.removeprefix("habits.")) for name, case in _habits(together)}
    options = {key: value for case in together.values() for key, value in case.options.items() if key not in ("habits", "datasets")}
    sets = DatasetOptions(key_style="alias", date_format="DD-Mon-YYYY")
    account = server.arranged(
        Case(objects={**CUSTOMERS, **DATASET, **CLOSED}), Case({**M2M, **options, "habits": Habits(**habits), "datasets": sets})
    )
    asked = [probe.name for probe in probes(System.NETSUITE)]
    done = account.found(tmp_path, *asked)
    told = profile("1", done, [f.probe for f in done])
    behaving = applied(NetSuiteOptions(), told["options"]["netsuite"])
    names = {probe.option for probe in probes(System.NETSUITE) if probe.option}
    unlike = {name for name in names if part(behaving, name) != part(account.options, name)}
    assert unlike == set(told["unknown"].get("netsuite", ()))
    assert unlike == set()
    assert not [f.probe.name for f in done if f.left]


ALONE = {
    "netsuite.one-world": "other probes need subsidiaries",
    "netsuite.multiple-currencies": "other probes need a currency",
    "netsuite.reference-lists": "it is the same option",
    "netsuite.deleted-records": "deletions are asked for by another probe",
    "netsuite.dataset-permission": "other probes read datasets",
    "netsuite.dataset-feature": "other probes read datasets",
    "netsuite.income-account": "without a default, null cannot become it",
    "netsuite.denied": "nothing can be done with it",
}
"""Options that are turned round by themselves."""


def _habits(cases: dict[str, Case]) -> list[tuple[str, Case]]:
    by_name = {probe.name: probe for probe in probes(System.NETSUITE)}
    return [(by_name[name].option, case) for name, case in cases.items() if "habits" in case.options]
