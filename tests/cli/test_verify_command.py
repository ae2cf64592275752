"""`tallybridge verify`: where it may write, what it leaves on the disk, and with which code it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.profile import applied, read_profile
from sandbox.revenue import RevenueOptions, RevenueStandIn
from sandbox.revenue.options import SANDBOX_PASSWORD, SANDBOX_USER
from sandbox.server import LoopbackServer
from sandbox.zuora.options import SANDBOX_CLIENT_ID
from tallybridge_cli.main import main
from tallybridge_cli.options import console_for
from tallybridge_cli.target import Target
from tallybridge_cli.verify import command
from tallybridge_cli.verify.netsuite import books
from tallybridge_cli.verify.probes import PROBES
from tests.standins.zuora.tenant import basics
from tests.verify.account import PRIVATE_KEY, Account
from tests.verify.bent import Bent, bending
from tests.verify.cases import CUSTOMERS, DATASET
from tests.verify.tenant import Tenant
from tests.verify.test_netsuite_probes import part
from tests.verify.test_zuora_profile import MEASURED

ZUORA = {"base_url": "", "client_id": SANDBOX_CLIENT_ID, "client_secret": ""}
Run = Callable[..., int]
Said = pytest.CaptureFixture[str]
NO = {"o:errorDetails": [{"detail": "This record cannot be deleted.", "o:errorCode": "USER_ERROR"}]}


@pytest.fixture(scope="module")
def server() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


@pytest.fixture
def account(
    server: Account,
    tenant: Tenant,
    target: Target,
    clients: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Account:
    """An installation whose NetSuite is a stand-in. The probes of Zuora are not asked."""
    server.clock.moment = tenant.clock.moment = target.clock.now()
    monkeypatch.setitem(ZUORA, "base_url", tenant.server.url)
    monkeypatch.setitem(ZUORA, "client_secret", tenant.options.client_secret)
    connect(server.opened(), clients)
    monkeypatch.setattr(command, "target_of", lambda env, stack: target)
    monkeypatch.chdir(tmp_path)
    return server


def connect(account: Account, clients: dict[str, Any], *, id: str = "", host: str = "") -> None:
    o = account.options
    netsuite = {"account_id": id or o.account, "client_id": o.client_id, "certificate_id": o.certificate_id, "private_key": PRIVATE_KEY}
    zuora = {**ZUORA, **({"base_url": host} if host else {})}
    secret = json.dumps({"zuora": zuora, "netsuite": {**netsuite, "base_url": account.server.url}})
    clients["secretsmanager"].put_secret_value(SecretId="credentials", SecretString=secret)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Calls the command; answers its exit code."""

    def run_(*arguments: str) -> int:
        monkeypatch.setattr(command, "out", console_for(sys.stdout))
        with pytest.raises(SystemExit) as ended:
            main(["verify", *arguments])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return run_


def test_as_assumed_ends_with_0_and_leaves_report_and_profile(run: Run, account: Account, tmp_path: Path, capsys: Said) -> None:
    assert run("--only", "netsuite.one-world,netsuite.tax-schedule", "--write") == 0
    assert account.held() == {"entity": 0, "item": 0, "transaction": 0}
    (folder,) = (tmp_path / "out/verify").iterdir()
    assert sorted(file.name for file in folder.iterdir()) == ["journal.jsonl", "profile.json", "report.html", "report.json", "report.txt"]
    profile = json.loads((folder / "profile.json").read_text())
    assert profile["options"] == {"netsuite": {"one_world": True, "habits.tax_schedule_required": True}}
    assert "It has subsidiaries." in (folder / "report.html").read_text()
    assert "2 as assumed" in capsys.readouterr().out


def test_a_difference_ends_with_1_and_says_what_it_means(run: Run, account: Account, clients: dict[str, Any], capsys: Said) -> None:
    connect(account.opened(deleted_records=False), clients)
    assert run("--only", "netsuite.deleted-records", "--json") == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["verdict"], found["seen"]) == ("different", False)
    assert "Give the role the permission Deleted Records." in found["means"]
    assert found["evidence"]


def test_without_write_nothing_is_made_and_the_others_are_named(run: Run, account: Account, capsys: Said) -> None:
    assert run("--only", "netsuite.one-world,netsuite.tax-schedule", "--read-only") == 0
    said = capsys.readouterr().out
    assert "1 not asked" in said
    assert "--write" in said
    assert not [each for each in account.control.stats()["calls"] if each.startswith("POST /record")]


@pytest.mark.parametrize(
    ("id", "host"),
    [
        ("1234567", ""),
        ("", "https://rest.zuora.com"),
        ("", "https://rest.eu2.zuora.com"),
        ("1234567-SB", "https://rest.na.zuora.com"),
    ],
)
@pytest.mark.parametrize("option", ["--write", "--clean-up"])
def test_nothing_is_written_to_production_or_to_what_is_not_known_as_a_test(
    id: str, host: str, option: str, run: Run, account: Account, clients: dict[str, Any], capsys: Said
) -> None:
    connect(account, clients, id=id, host=host)
    assert run(option, "--only", "netsuite.one-world", "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "VERIFY-PRODUCTION"
    assert not account.control.stats()["calls"]


def test_production_can_be_asked_what_only_reads(run: Run, account: Account, clients: dict[str, Any], capsys: Said) -> None:
    connect(account.opened(account="1234567"), clients, host="https://rest.zuora.com")
    assert run("--only", "netsuite.one-world") == 0
    assert "It has subsidiaries." in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [("--only", "netsuite.none"), ("--write", "--read-only")])
def test_a_wrong_choice_is_refused_before_any_call(wrong: tuple[str, ...], run: Run, account: Account, capsys: Said) -> None:
    assert run(*wrong, "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "INPUT"
    assert not account.control.stats()["calls"]


def test_what_is_left_is_told_and_taken_away_later(run: Run, account: Account, clients: dict[str, Any], capsys: Said) -> None:
    connect(
        account.opened(bending(Bent("DELETE", "/nonInventorySaleItem/", 400, NO), Bent("PATCH", "/nonInventorySaleItem/", 400, NO))),
        clients,
    )
    assert run("--only", "netsuite.income-account", "--write") == 1
    assert "Still there: netsuite nonInventorySaleItem TB-VERIFY-" in capsys.readouterr().out
    assert run("--clean-up") == 1
    account.app = account.control
    assert run("--clean-up") == 0
    assert "Taken away: netsuite nonInventorySaleItem TB-VERIFY-" in capsys.readouterr().out
    assert account.held()["item"] == 0
    assert run("--clean-up", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"gone": [], "left": [], "kept": [], "elsewhere": []}


def test_an_end_from_outside_takes_records_away_first(run: Run, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    def killed(*given: Any, **named: Any) -> Any:
        made = tried(*given, **named)
        os.kill(os.getpid(), signal.SIGTERM)
        return made

    tried = books.tried
    monkeypatch.setattr("tallybridge_cli.verify.netsuite.items.tried", killed)
    assert run("--only", "netsuite.one-world,netsuite.tax-schedule", "--write", "--json") == 130
    told = json.loads(capsys.readouterr().out)
    assert told["interrupted"] is True
    assert [found["probe"] for found in told["findings"]] == ["netsuite.one-world"]
    assert account.held()["item"] == 0
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_refused_login_is_no_finding(run: Run, account: Account, clients: dict[str, Any], capsys: Said) -> None:
    account.options.certificate_id = "another"
    assert run("--only", "netsuite.one-world", "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"].startswith("NS-LOGIN")


def test_fields_that_the_tenant_asks_for_are_given(run: Run, account: Account, tmp_path: Path) -> None:
    values = tmp_path / "values.json"
    values.write_text('{"document": {"department": {"id": "1"}}, "line": {"description": "asked for"}}')
    assert run("--only", "netsuite.negative-lines", "--write", "--values", str(values)) == 0
    evidence = json.loads(next((tmp_path / "out/verify").glob("*/report.json")).read_text())["findings"][0]["evidence"]
    assert any('"department":{"id":"1"}' in each and '"description":"asked for"' in each for each in evidence)


@pytest.mark.parametrize("text", ["no JSON", '{"invoices": {}}', '{"customer": 1}', "[]"])
def test_values_that_cannot_be_used_are_refused_before_any_call(
    text: str, run: Run, account: Account, tmp_path: Path, capsys: Said
) -> None:
    values = tmp_path / "values.json"
    values.write_text(text)
    assert run("--values", str(values), "--json") == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "VERIFY-VALUES"
    assert not account.control.stats()["calls"]


def test_what_writes_stands_in_the_audit(run: Run, account: Account, target: Target) -> None:
    assert run("--only", "netsuite.one-world") == 0
    assert not list(target.audit.newest())
    assert run("--only", "netsuite.one-world", "--write") == 0
    assert [(entry.action, entry.what) for entry in target.audit.newest()] == [("verify", "run 260504-030000")]


def test_the_list_needs_no_installation(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Said) -> None:
    def no_target(*given: Any) -> Target:
        raise AssertionError("An installation was looked for.")

    monkeypatch.setattr(command, "target_of", no_target)
    monkeypatch.chdir(tmp_path)
    assert run("--list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed) > 700
    assert all(each["place"] and each["begins"] and bool(each["probe"]) != bool(each["reason"]) for each in listed)
    assert run("--list") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "api-zuora-billing.open-3-replay [open point]: A repeated POST with its idempotency key is answered with 409." in said
    assert "Probe zuora.idempotency-replay" in said
    assert "No probe: A decision of the product" in said
    assert not [*tmp_path.iterdir()]


def test_the_list_can_be_of_one_probe(run: Run, capsys: Said) -> None:
    assert run("--list", "--only", "zuora.idempotency-replay", "--json") == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)] == ["api-zuora-billing.open-3-replay"]


def test_what_was_found_is_told_by_its_place_in_the_specification(run: Run, account: Account, capsys: Said) -> None:
    assert run("--only", "zuora.idempotency-replay", "--write", "--json") == 0
    told = {each["id"]: each for each in json.loads(capsys.readouterr().out)["assumptions"]}
    replay = told["api-zuora-billing.open-3-replay"]
    assert (replay["verdict"], replay["place"].split()[0]) == ("as assumed", "api-zuora-billing.md")
    assert told["decisions.datasets-chunked"]["verdict"] == "no probe"
    assert told["api-zuora-billing.open-4-bulk"]["verdict"] == "not asked"


def test_everything_can_be_asked_at_once_and_nothing_is_left(
    run: Run,
    account: Account,
    tenant: Tenant,
    target: Target,
    clients: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Said,
) -> None:
    """All probes of both systems on one clock: each has an answer, and the profile of the stand-ins makes these very stand-ins."""
    monkeypatch.setattr(account, "clock", target.clock)
    monkeypatch.setattr(tenant, "clock", target.clock)
    connect(account.opened(), clients)
    account.stand_in.load({**CUSTOMERS, **DATASET})
    tenant.opened().loaded(**basics())
    before, held = tenant.held(), account.held()
    assert run("--write", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [found["probe"] for found in told["findings"]] == [probe.name for probe in PROBES]
    assert {each["verdict"] for each in told["assumptions"]} <= {"as assumed", "different", "not testable", "no probe"}
    assert (told["left"], told["kept"], told["not_asked"]) == ([], [], [])
    assert (tenant.held(), account.held()) == (before, held)
    for system, options in read_profile(tmp_path / "out/verify" / told["run"] / "profile.json").items():
        own = {"netsuite": account.options, "zuora": tenant.options}[system]
        behaving = applied(own, options)
        unlike = [name for name in options if str(part(behaving, name)) != str(part(own, name))]
        assert set(unlike) <= MEASURED, system


def test_a_system_without_a_connection_is_not_logged_in_to(run: Run, account: Account, capsys: Said) -> None:
    assert run("--only", "revenue.mapping-verb,netsuite.one-world", "--json") == 1
    found = {each["probe"]: each for each in json.loads(capsys.readouterr().out)["findings"]}
    assert (found["revenue.mapping-verb"]["verdict"], found["netsuite.one-world"]["verdict"]) == ("not testable", "as assumed")
    assert "No connection to revenue" in found["revenue.mapping-verb"]["saw"]


def test_zuora_revenue_is_asked_where_the_installation_is_connected_to_it(
    run: Run, account: Account, target: Target, clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    stand_in = RevenueStandIn(RevenueOptions(clock=target.clock.now))
    with LoopbackServer(Control(stand_in)) as server:
        secret = json.loads(clients["secretsmanager"].get_secret_value(SecretId="credentials")["SecretString"])
        secret["revenue"] = {"user": SANDBOX_USER, "password": SANDBOX_PASSWORD}
        clients["secretsmanager"].put_secret_value(SecretId="credentials", SecretString=json.dumps(secret))
        document = json.dumps({"connection": {"revenue": {"host": server.url}}})
        clients["ssm"].put_parameter(Name="/tallybridge/revenue", Value=document, Type="String")
        connected = replace(target, variables={**target.variables, "REVENUE_SETTINGS_PARAMETER": "/tallybridge/revenue"})
        monkeypatch.setattr(command, "target_of", lambda env, stack: connected)
        assert run("--only", "revenue.login", "--json") == 0
    assert json.loads(capsys.readouterr().out)["findings"][0]["verdict"] == "as assumed"
