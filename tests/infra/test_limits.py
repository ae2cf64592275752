"""One test or more per limit of the real services: what AWS refuses is refused here."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import LocalAws, limits
from sandbox.aws.mail import MailAccount
from tests.infra.scripted import Script
from tests.infra.test_repairs import Machines, invoke

MB = 1024 * 1024


@pytest.fixture
def machines(aws: LocalAws, script: Script) -> Machines:
    return Machines(aws)


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


class TestParameters:
    """parameters_have_their_sizes"""

    @pytest.mark.parametrize(("tier", "most"), [({}, 4_096), ({"Tier": "Standard"}, 4_096), ({"Tier": "Advanced"}, 8_192)])
    def test_hold_so_many_bytes(self, aws: LocalAws, tier: dict[str, Any], most: int) -> None:
        client = boto3.client("ssm")
        client.put_parameter(Name=f"/size/{most}{len(tier)}", Value="x" * most, Type="String", **tier)
        for value in ("x" * (most + 1), "é" * (most // 2 + 1)):
            with pytest.raises(ClientError, match=f"maximum parameter value of {most} characters") as refused:
                client.put_parameter(Name=f"/size/{most}{len(tier)}", Value=value, Type="String", Overwrite=True, **tier)
            assert code(refused) == "ValidationException"
        assert client.get_parameter(Name=f"/size/{most}{len(tier)}")["Parameter"]["Version"] == 1

    def test_stay_advanced(self, aws: LocalAws) -> None:
        client = boto3.client("ssm")
        client.put_parameter(Name="/size/kept", Value="x" * 5_000, Type="String", Tier="Advanced")
        client.put_parameter(Name="/size/kept", Value="x" * 6_000, Type="String", Overwrite=True)
        with pytest.raises(ClientError, match="can't downgrade"):
            client.put_parameter(Name="/size/kept", Value="x", Type="String", Overwrite=True, Tier="Standard")

    def test_of_the_intelligent_tier_grow(self, aws: LocalAws) -> None:
        client = boto3.client("ssm")
        client.put_parameter(Name="/size/any", Value="x" * 8_192, Type="String", Tier="Intelligent-Tiering")
        with pytest.raises(ClientError, match="8192"):
            client.put_parameter(Name="/size/any", Value="x" * 8_193, Type="String", Overwrite=True, Tier="Intelligent-Tiering")


class TestPayloads:
    """inputs_of_executions_have_their_size"""

    def test_input(self, machines: Machines) -> None:
        machine = machines.create({"Say": {"Type": "Pass", "Result": {}, "End": True}})
        assert machines.run(machine, {"x": "y" * (262_144 - 9)})["status"] == "SUCCEEDED"
        with pytest.raises(ClientError, match="less than or equal to 262144"):
            machines.run(machine, {"x": "y" * (262_144 - 8)})

    def test_answers_of_functions(self, machines: Machines, script: Script) -> None:
        script.when("notify", lambda *_: {"x": "y" * 262_144})
        caught = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Seen"}]
        states = {"Call": invoke("notify", Catch=caught, End=True), "Seen": {"Type": "Succeed"}}
        ended = machines.run(machines.create(states))
        assert machines.aws.states_entered(ended["executionArn"]) == ["Call", "Seen"]

    def test_what_states_add_up(self, machines: Machines, script: Script) -> None:
        script.when("notify", lambda *_: {"x": "y" * 200_000})
        states = {
            "One": {**invoke("notify", ResultPath="$.one", Next="Two"), "OutputPath": "$"},
            "Two": {**invoke("notify", ResultPath="$.two", End=True), "OutputPath": "$"},
        }
        ended = machines.run(machines.create(states))
        assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded")


class TestHistories:
    """histories_have_an_end"""

    STATES = {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
        "More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 30, "Next": "Count"}], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    }

    @pytest.fixture(autouse=True)
    def short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "HISTORY_EVENTS", 100)

    def test_of_an_execution_that_never_ends(self, machines: Machines) -> None:
        ended = machines.run(machines.create(self.STATES), {"n": 0})
        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
        assert "maximum number of history events (25000)" in ended["cause"]
        machines.aws.settle()
        events = machines.client.get_execution_history(executionArn=ended["executionArn"])["events"]
        assert len(events) <= 100

    def test_of_one_that_just_ends(self, machines: Machines) -> None:
        assert machines.run(machines.create(self.STATES), {"n": 7})["status"] == "SUCCEEDED"

    def test_no_catch_takes_it(self, machines: Machines, script: Script) -> None:
        script.when("notify", lambda event, _: {"n": event["n"] + 1})
        caught = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
        states = {**self.STATES, "Count": invoke("notify", Catch=caught, Next="More")}
        ended = machines.run(machines.create(states), {"n": 0})
        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")


class TestMail:
    """mail_goes_where_it_may"""

    @pytest.fixture(autouse=True)
    def account(self) -> Iterator[None]:
        yield
        MailAccount.reset()

    def send(self, *recipients: str) -> None:
        message = {"Data": b"Subject: x\r\n\r\nx"}
        boto3.client("ses").send_raw_email(Source="sync@example.com", Destinations=list(recipients), RawMessage=message)

    def test_an_account_with_production_access_reaches_everybody(self, aws: LocalAws) -> None:
        self.send("anybody@example.org")

    def test_in_the_sandbox_unverified_recipients_are_refused(self, aws: LocalAws) -> None:
        MailAccount.reset(ProductionAccessEnabled=False)
        boto3.client("ses").verify_email_identity(EmailAddress="known@example.org")
        boto3.client("ses").verify_domain_identity(Domain="example.net")
        self.send("known@example.org", "anybody@example.net")
        with pytest.raises(ClientError, match=r"not verified.*US-EAST-1: stranger@example.org") as refused:
            self.send("known@example.org", "stranger@example.org")
        assert code(refused) == "MessageRejected"

    @pytest.mark.parametrize("address", ["jürgen@example.org", "finance@exämple.org"])
    def test_addresses_are_seven_bit(self, aws: LocalAws, address: str) -> None:
        with pytest.raises(ClientError) as refused:
            self.send(address)
        assert code(refused) == "InvalidParameterValue"


class TestTemporaryFiles:
    """temporary_files_have_their_room"""

    def test_512_mb_and_no_more(self, aws: LocalAws, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TEMPORARY_BYTES", 4 * MB)

        def fill(*_: Any) -> Any:
            told: list[int | None] = []
            with (
                tempfile.TemporaryFile() as one,
                tempfile.SpooledTemporaryFile(max_size=MB) as two,
                tempfile.TemporaryFile(buffering=0) as three,
            ):
                one.write(b"x" * 2 * MB)
                one.seek(0)
                one.write(b"y" * MB)  # over what is there: takes no more room
                two.write(b"x" * 2 * MB)
                one.seek(0)
                told.append(len(one.read()))
                try:
                    three.write(b"z")
                except OSError as full:
                    told.append(full.errno)
            with tempfile.TemporaryFile("w+", encoding="utf-8") as text:
                text.write("é" * MB)
                text.seek(0)
                told.append(len(text.read()))
            return told

        script.when("notify", fill)
        assert aws.invoke("notify", {}) == [2 * MB, errno.ENOSPC, MB]

    def test_of_others_is_the_machines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "TEMPORARY_BYTES", 10)
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 100)


def test_every_limit_has_a_test() -> None:
    tested = {str(each.__doc__) for each in globals().values() if isinstance(each, type)}
    assert [limit.__name__ for limit in limits.LIMITS if limit.__name__ not in tested] == []
    assert json.dumps(sorted(limits.TIER_BYTES.values())) == "[4096, 8192, 8192]"
