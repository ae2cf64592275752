"""The sandbox as a whole: what it tells, what it takes, and that nothing of it stays behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from sandbox.__main__ import about
from sandbox.child import ChildFailed
from sandbox.clock import VirtualClock
from sandbox.demo import load_tenant
from sandbox.demo.show import compare, stopped
from sandbox.host import DEFAULT_PORT_BASE, Sandbox, SandboxError, SandboxOptions, options_from, place
from sandbox.stand_ins import StandInChild, StandInOptions
from tallybridge_cli import main as commands
from tallybridge_cli.exits import Code
from tallybridge_cli.main import app, follow
from tallybridge_cli.target import read_env

KEYS = (
    "AWS_ENDPOINT_URL AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY ZUORA_BASE_URL ZUORA_CLIENT_ID "
    "ZUORA_CLIENT_SECRET NETSUITE_BASE_URL NETSUITE_ACCOUNT NETSUITE_CONSUMER_KEY NETSUITE_CONSUMER_SECRET NETSUITE_TOKEN_ID "
    "NETSUITE_TOKEN_SECRET NETSUITE_CLIENT_ID NETSUITE_CERTIFICATE_ID NETSUITE_PRIVATE_KEY_FILE REVENUE_BASE_URL REVENUE_USER "
    "REVENUE_PASSWORD REVENUE_ROLE REVENUE_CLIENT_NAME BILLING_SYNC_ARN REVENUE_INGEST_ARN REVENUE_SETTINGS_PARAMETER "
    "REVENUE_SCHEDULE_ROLE SCHEDULE_DEAD_LETTERS STATUS_TABLE RUNS_TABLE AUDIT_TABLE REPORTS_BUCKET UPLOADS_BUCKET SETTINGS_PARAMETER "
    "CREDENTIALS_SECRET NOTIFICATION_SENDER CONSOLE_URL"
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with the demo tenant, everything in this process."""
    clock = VirtualClock(datetime.now(UTC))
    with Sandbox(SandboxOptions(data="demo", out=tmp_path_factory.mktemp("out"), child=False, clock=clock)) as running:
        yield running


def cli(sandbox: Sandbox, *arguments: str) -> int:
    answer = app([*arguments, "--env", str(sandbox.out / "sandbox.env")], standalone_mode=False)
    return int(answer)


def test_the_environment_file_has_every_documented_key(sandbox: Sandbox) -> None:
    written = read_env(sandbox.out / "sandbox.env")
    assert list(written) == [*KEYS.split(), "SANDBOX"]
    assert all(written.values())
    assert "BEGIN PRIVATE KEY" in Path(written["NETSUITE_PRIVATE_KEY_FILE"]).read_text()


def test_the_environment_file_can_be_read_by_a_shell(sandbox: Sandbox) -> None:
    file = sandbox.out / "sandbox.env"
    done = subprocess.run(
        ["sh", "-eu", "-c", f'. "{file}"; env -0'], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    shell = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    assert not done.stderr
    assert {key: shell.get(key) for key in sandbox.env} == sandbox.env


def test_a_second_sandbox_in_the_folder_has_files_of_its_own_and_nothing_of_it_stays_behind(sandbox: Sandbox, tmp_path: Path) -> None:
    """A process of its own, since only one embedded AWS runs at a time in a process."""
    script = (
        "from pathlib import Path; import sys; from sandbox.__main__ import about; from sandbox.host import Sandbox, SandboxOptions\n"
        "with Sandbox(SandboxOptions(out=Path(sys.argv[1]))) as s: print(about(s)); print(s.env_file.read_text())\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    firsts = [tmp_path / file.name for file in (sandbox.env_file, sandbox.key_file)]
    assert [file.name for file in firsts] == ["sandbox.env", "netsuite-private-key.pem"]
    with place(tmp_path):
        for file in firsts:
            file.write_text("the first one's")
        said = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=True).stdout
        assert [file.read_text() for file in firsts] == ["the first one's"] * 2
    assert sorted(tmp_path.iterdir()) == sorted(firsts)
    assert f"NETSUITE_PRIVATE_KEY_FILE={tmp_path / 'netsuite-private-key-2.pem'}" in said
    assert "tallybridge run --env" in said and "sandbox-2.env" in said
    assert "--env" not in about(sandbox)
    addresses = [line.partition("=")[2] for line in said.splitlines() if line.startswith(("ZUORA_BASE_URL=", "NETSUITE_BASE_URL="))]
    assert len(addresses) == 2
    for address in addresses:
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"{address}/_sandbox/stats", timeout=60)


def test_a_place_is_free_again_when_its_sandbox_is_gone(tmp_path: Path) -> None:
    with place(tmp_path) as first, place(tmp_path) as second:
        assert (first, second) == ("", "-2")
    with place(tmp_path) as third:
        assert third == ""
    assert not list(tmp_path.iterdir())


def test_the_revenue_connector_can_be_used_at_once(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(sandbox, "revenue", "test", "--json") == Code.TIED_OUT
    capsys.readouterr()
    assert cli(sandbox, "revenue", "instances", "--json") == Code.TIED_OUT
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["instance"], row["schedule"]) == ("Daily revenue", "on demand")


def test_secrets_are_readable_by_their_owner_only(sandbox: Sandbox) -> None:
    for name in ("sandbox.env", "netsuite-private-key.pem"):
        assert (sandbox.out / name).stat().st_mode & 0o077 == 0


def test_the_set_up_passes_the_doctor_but_for_what_was_planted(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(sandbox, "doctor", "--json") == Code.TIED_OUT
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {c["name"] for c in checks if c["state"] != "ok"} == {
        "payment terms",
        "payment methods",
        "cutover_netsuite_payment",
        "cutover_zuora_memo",
        "cutover_zuora_payment",
        "marks in closed periods",
        "migrated credit memos",
        "Zuora Sync Updates",
    }


def test_the_demo_run_ties_out_and_stops_exactly_at_what_was_planted(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sandbox.out.parent)
    monkeypatch.setattr(commands, "follow", lambda target, execution, quiet: follow(target, execution, quiet=quiet, longest=120.0))
    assert cli(sandbox, "run", "--json") == Code.LEFT_OVER
    told = json.loads(capsys.readouterr().out)
    assert told["summary"]["tied_out"] is True
    assert told["outcome"] == "completed with warnings"
    from tallybridge_cli.target import Target

    target = Target(sandbox.env, "test")
    assert compare(load_tenant().expected("B"), stopped(target.folder(told["run_id"]))) == []
    (before,) = [m for m in told["summary"]["messages"] if "P-00002000" in m["message"]]
    assert "before the cutover date" in before["message"] and "set cutover_zuora_invoice to 2026-01-08" in before["advice"]
    files = {Path(f).name for f in told["files"]}
    assert files == {"summary.json", "summary.csv", "log.jsonl.gz", "report.html", "mail.eml"}


def test_a_load_that_is_refused_names_the_object(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"Invoice 0: .*AccountId"):
        sandbox.load_zuora({"Invoice": [{"InvoiceDate": "2026-01-01", "Amount": 1}]})


def test_settings_are_put_on_top_of_the_sandbox_s_own(sandbox: Sandbox) -> None:
    import boto3

    value = boto3.client("ssm").get_parameter(Name=sandbox.env["SETTINGS_PARAMETER"])["Parameter"]["Value"]
    settings = json.loads(value)
    assert settings["default_subsidiary"] == "Parent Company"
    assert settings["unassigned_payments_customer_id"] == "900"


def test_the_child_ends_with_its_input() -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen(
        [sys.executable, "-m", "sandbox.stand_ins"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    )
    assert child.stdin is not None and child.stdout is not None
    with child:
        child.stdin.write(json.dumps(asdict(StandInOptions())) + "\n")
        child.stdin.flush()
        assert set(json.loads(child.stdout.readline())) == {"zuora", "netsuite", "revenue"}
        child.stdin.close()
        assert child.wait(60) == 0


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        base = other.getsockname()[1] - 1
        with pytest.raises(SandboxError, match=f"Port ({base}|{base + 1}|{base + 2}) is taken.*PORT_BASE"):
            Sandbox(SandboxOptions(port_base=base, out=tmp_path)).__enter__()


def test_a_child_that_cannot_listen_says_why() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ChildFailed, match="cannot be used"):
            StandInChild(StandInOptions(zuora_port=other.getsockname()[1])).__enter__()


def test_options_come_from_variables() -> None:
    options = options_from(
        {"SETTLEMENT": "off", "DATA": "empty", "LATENCY_MS": "300", "NETSUITE_SLOTS": "10", "PORT_BASE": "7100", "TIMEZONE": "Asia/Tokyo"}
    )
    assert (options.settlement, options.data, options.latency_ms, options.netsuite_slots, options.port_base) == (
        False,
        "empty",
        300,
        10,
        7100,
    )
    assert options.time_zone == "Asia/Tokyo"
    slow = options_from({"QUERY_QUEUE_S": "60", "QUERY_S": "600"})
    assert (slow.data_query_queue_s, slow.data_query_s) == (60, 600)
    assert (options_from({}).port_base, options_from({}).time_zone) == (DEFAULT_PORT_BASE, "America/Los_Angeles")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SETTLEMENT", "maybe"),
        ("DATA", "full"),
        ("LATENCY_MS", "-1"),
        ("NETSUITE_SLOTS", "many"),
        ("TIMEZONE", "Nowhere"),
        ("PORT_BASE", "70000"),
    ],
)
def test_a_wrong_option_is_named(name: str, value: str) -> None:
    with pytest.raises(SandboxError, match=name):
        options_from({name: value})


def test_the_console_is_there_with_its_people(sandbox: Sandbox) -> None:
    """The true code flow, through the stack's own function, under its own role."""
    browser = requests.Session()
    page = browser.get(sandbox.env["CONSOLE_URL"], timeout=20)
    assert "Choose a person" in page.text and page.url.startswith("http://localhost:")
    (link,) = [unescape(part) for part in page.text.split('"') if "as=otto" in part]
    page = browser.get(urljoin(page.url, link), timeout=20)
    assert page.url == f"{sandbox.env['CONSOLE_URL']}/"
    assert "otto@example.com</bdi> · operator" in page.text and '<span class="badge sandbox">SANDBOX</span>' in page.text
    for path in ("runs", "schedules", "settings", "doctor"):
        assert browser.get(f"{sandbox.env['CONSOLE_URL']}/{path}", timeout=20).status_code == 200


def test_the_checks_of_the_set_up_are_made_from_the_console(sandbox: Sandbox) -> None:
    browser, address = requests.Session(), sandbox.env["CONSOLE_URL"]
    page = browser.get(address, timeout=20)
    (link,) = [unescape(part) for part in page.text.split('"') if "as=otto" in part]
    browser.get(urljoin(page.url, link), timeout=20)
    form = browser.get(f"{address}/doctor", timeout=20).text.partition('action="/doctor/run"')[2]
    fields = {name: form.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("csrf", "once")}
    page = browser.post(f"{address}/doctor/run", data=fields, headers={"Origin": address}, timeout=60)
    found = browser.get(f"{address}/doctor?format=json", timeout=20).json()
    assert (page.status_code, found["by"]) == (200, "otto@example.com")
    assert {check["area"] for check in found["checks"]} >= {"AWS", "Settings", "Credentials", "Zuora", "NetSuite"}
    assert [check for check in found["checks"] if check["area"] == "AWS" and check["state"] != "ok"] == []


def test_mails_of_a_sandbox_lead_to_its_console(sandbox: Sandbox) -> None:
    """A run of one step: the summary names the console, and the mail links to the run there."""
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "test", "steps": ["products"]}, timeout=60)
    mail = str(sandbox.aws.sent_mails()[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert f"{sandbox.env['CONSOLE_URL']}/runs/{ended['output']['runId']}" in mail
