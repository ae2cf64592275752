"""What exit codes mean, and how errors end a command."""

from __future__ import annotations

import io
from typing import NoReturn

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from rich.console import Console

from tallybridge.errors import ConfigurationError, LoginRefused, StepFailed
from tallybridge.sync.runlog import RunOutcome
from tallybridge_cli.exits import Code, code_of, guarded, on
from tests.cli.runs import finished_run


@pytest.mark.parametrize(
    ("outcome", "held", "code"),
    [
        (RunOutcome.COMPLETED, 0, 0),
        (RunOutcome.WARNINGS, 0, 0),  # advisories only: everything arrived
        (RunOutcome.WARNINGS, 1, 1),
        (RunOutcome.COMPLETED, 1, 1),
        (RunOutcome.OUT_OF_BALANCE, 0, 2),
        (RunOutcome.FAILED, 1, 2),
        (RunOutcome.SKIPPED, 0, 2),
    ],
)
def test_the_code_follows_from_outcome_and_records(outcome: RunOutcome, held: int, code: int) -> None:
    assert code_of(finished_run(outcome, held)) == code


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (ConfigurationError("No key.", code="SETTINGS", advice="Set it."), Code.CONFIGURATION, "SETTINGS No key."),
        (LoginRefused("Refused.", service="Zuora", code="ZUORA-401"), Code.CONFIGURATION, "tallybridge doctor"),
        (StepFailed("It broke."), Code.FAILED, "STEP-FAILED It broke."),
        (NoCredentialsError(), Code.CONFIGURATION, "AWS-LOGIN"),
        (refused("AccessDeniedException"), Code.CONFIGURATION, "AWS-ACCESS"),
        (refused("ResourceNotFoundException"), Code.FAILED, "AWS-ResourceNotFoundException"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), Code.CONFIGURATION, "AWS-UNREACHABLE"),
        (KeyboardInterrupt(), Code.INTERRUPTED, "INTERRUPTED"),
        (KeyError("tallies"), Code.FAILED, "INTERNAL Tallybridge has a fault: KeyError: 'tallies'"),
    ],
)
def test_an_error_is_shown_with_code_and_next_step_but_no_traceback(error: BaseException, code: Code, shown: str) -> None:
    written = io.StringIO()

    def failing() -> NoReturn:
        raise error

    assert guarded(failing, debug=False, show=on(Console(file=written, width=200))) == code
    assert shown in written.getvalue()
    assert "Traceback" not in written.getvalue()


def test_debug_lets_the_traceback_through() -> None:
    def failing() -> NoReturn:
        raise StepFailed("It broke.")

    with pytest.raises(StepFailed):
        guarded(failing, debug=True, show=on(Console(file=io.StringIO())))


def test_a_run_that_failed_for_its_set_up_is_code_3() -> None:
    assert code_of(finished_run(RunOutcome.FAILED, 0, set_up=True)) is Code.CONFIGURATION
