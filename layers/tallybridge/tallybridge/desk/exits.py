"""How a command or an action ended, as a number and in words."""

from __future__ import annotations

from enum import IntEnum

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.sync.runlog import BROKEN_OFF, RunOutcome, RunSummary


class Code(IntEnum):
    """The exit codes of every command."""

    TIED_OUT = 0
    LEFT_OVER = 1  # records were held, refused, left out although due, changed after their sync, booked in another currency, or left
    # to the next run because the run's time was used up
    FAILED = 2  # out of balance, failed, cancelled, or not started
    CONFIGURATION = 3  # settings, credentials, or a service that cannot be reached
    INTERRUPTED = 130


KNOWN_ERRORS = (TallybridgeError, BotoCoreError, ClientError)
"""Errors that are shown as a message; any other is a fault of the program."""
NO_ACCESS = frozenset({"AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken"})


def code_of(summary: RunSummary) -> Code:
    """The exit code that a finished run stands for."""
    if summary.outcome is RunOutcome.FAILED and summary.set_up:
        return Code.CONFIGURATION
    if summary.outcome in (*BROKEN_OFF, RunOutcome.OUT_OF_BALANCE, RunOutcome.SKIPPED, RunOutcome.RUNNING):
        return Code.FAILED
    short = summary.outcome is RunOutcome.PARTLY or summary.due or summary.drift or any(t.booked_in for t in summary.totals)
    return Code.LEFT_OVER if short else Code.TIED_OUT


def explained(error: Exception) -> TallybridgeError:
    """An error of AWS in the words of the product; the product's own errors as they are."""
    if isinstance(error, TallybridgeError):
        return error
    if isinstance(error, NoCredentialsError | NoRegionError | ProfileNotFound):
        advice = "Log in to AWS (aws configure, AWS_PROFILE), or name the environment file of a sandbox with --env."
        return ConfigurationError(f"AWS cannot be called: {error}", code="AWS-LOGIN", advice=advice)
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code in NO_ACCESS:
            advice = "Use a login that may read this stack, in the region that it is in."
            return ConfigurationError(f"AWS refused the call: {error}", code="AWS-ACCESS", advice=advice)
        return TallybridgeError(f"AWS refused the call: {error}", code=f"AWS-{code}", advice="Run `tallybridge doctor` for the set-up.")
    return ConfigurationError(
        f"AWS does not answer: {error}", code="AWS-UNREACHABLE", advice="Check the network; for the sandbox, whether `make sandbox` runs."
    )
