"""Limits of the real services that moto leaves out. One function per limit, one test per function (`tests/infra/test_limits.py`)."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Callable
from email.utils import getaddresses
from typing import Any

import moto.ssm.models as ssm
from moto.ses.exceptions import InvalidParameterValue, MessageRejectedError
from moto.ses.models import SESBackend
from moto.ssm.exceptions import ValidationException
from moto.stepfunctions.exceptions import ValidationException as RefusedByStates
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from sandbox.aws import repairs
from sandbox.aws.environ import Invocation, current_invocation
from sandbox.aws.mail import MailAccount
from sandbox.aws.patch import put

STANDARD_BYTES, ADVANCED_BYTES = 4_096, 8_192
"""Of a parameter's value (Systems Manager user guide, "Managing parameter tiers")."""
TIER_BYTES = {"Standard": STANDARD_BYTES, "Advanced": ADVANCED_BYTES, "Intelligent-Tiering": ADVANCED_BYTES}
INPUT_BYTES = 262_144
"""Of the input of an execution (Step Functions developer guide, "Service quotas"); results of states are held to it by moto."""
HISTORY_EVENTS = 25_000
"""Of one execution, the event of its failure included (the same page)."""
HISTORY_FULL = f"The execution reached the maximum number of history events ({HISTORY_EVENTS})."
TEMPORARY_BYTES = 512 * 1024 * 1024
"""Of `/tmp`, for each invocation (Lambda developer guide, "Lambda quotas")."""


def parameters_have_their_sizes() -> None:
    """A parameter of any size is taken, and an advanced one becomes a standard one again."""
    before = ssm.SimpleSystemManagerBackend.put_parameter

    def put_parameter(self: Any, name: str, description: Any, value: str, *rest: Any, **options: Any) -> Any:
        given = dict(zip(("parameter_type", "allowed_pattern", "keyid", "overwrite", "tags", "data_type", "tier"), rest, strict=False))
        tier = {**given, **options}.get("tier")
        versions = self._parameters.get(name) or []
        held = versions[-1].tier if versions else None
        if tier == "Standard" and held == "Advanced":
            raise ValidationException(
                "This parameter uses the advanced-parameter tier. You can't downgrade it to the standard-parameter tier."
            )
        used = tier or held or self.default_parameter_tier
        if len(value.encode()) > TIER_BYTES[used]:
            raise ValidationException(
                f"{'Standard' if used == 'Standard' else 'Advanced'} tier parameters support a maximum parameter value of "
                f"{TIER_BYTES[used]} characters."
            )
        return before(self, name, description, value, *rest, **options)

    put(ssm.SimpleSystemManagerBackend, "put_parameter", put_parameter)


def inputs_of_executions_have_their_size() -> None:
    """Input of any size starts an execution."""
    before = StepFunctionsParserBackend.start_execution

    def start(self: Any, state_machine_arn: str, name: Any = None, execution_input: Any = None, **rest: Any) -> Any:
        if len((execution_input or "").encode()) > INPUT_BYTES:
            raise RefusedByStates(
                "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                f"Member must have length less than or equal to {INPUT_BYTES}"
            )
        return before(self, state_machine_arn, name, execution_input, **rest)

    put(StepFunctionsParserBackend, "start_execution", start)


class Histories:
    """What was written into histories since the process began: states entered, and the events of the longest one. While a distributed Map
    runs, its children share one list, which counts as one until it is longer than any may be."""

    entered = 0
    longest = 0


def histories_have_an_end() -> None:
    """An execution goes on beyond 25,000 events; on AWS it fails, whatever it catches."""
    before = EventManager.add_event

    def add(self: Any, context: Any, event_type: HistoryEventType, *rest: Any, **options: Any) -> int:
        events = len(self._history_event_list)
        Histories.entered += event_type.value.endswith("StateEntered")
        if "_open" not in self.__dict__:
            Histories.longest = max(Histories.longest, events + 1)
        if events >= HISTORY_EVENTS - 1 and "_open" not in self.__dict__:
            execution = next((each for each in _executions() if _manager_of(each) is self), None)
            if execution is None:  # children of a distributed Map write into one list here; on AWS each has a history of its own
                self.__dict__["_open"] = True
            elif event_type != HistoryEventType.ExecutionFailed:
                repairs.fail(execution, "States.Runtime", HISTORY_FULL)
                return int(context.last_published_event_id)
            elif events >= HISTORY_EVENTS:
                return int(context.last_published_event_id)
        return before(self, context, event_type, *rest, **options)

    put(EventManager, "add_event", add)


def _executions() -> list[Any]:
    backends = [backend for regions in stepfunctions_parser_backends.values() for backend in regions.values()]
    machines = [machine for backend in backends for machine in backend.state_machines]
    return [execution for machine in machines for execution in machine.executions if execution.status == ExecutionStatus.RUNNING.value]


def _manager_of(execution: Any) -> Any:
    env = execution.exec_worker.env if execution.exec_worker is not None else None
    return env.event_manager if env is not None else None


def mail_goes_where_it_may() -> None:
    """Local parts that are not 7-bit are taken, and an account in the SES sandbox reaches everybody."""
    before = SESBackend.send_raw_email

    def send(self: Any, source: str, destinations: list[str], raw_data: str) -> Any:
        addresses = [address for _, address in getaddresses([*destinations, *([source] if source else [])])]
        if any(not address.isascii() for address in addresses):
            raise InvalidParameterValue("Local address contains control or whitespace")
        if not MailAccount.account["ProductionAccessEnabled"]:
            strangers = [address for _, address in getaddresses(destinations) if not self._is_verified_address(address)]
            if strangers:
                raise MessageRejectedError(
                    "Email address is not verified. The following identities failed the check in region "
                    f"{self.region_name.upper()}: {', '.join(strangers)}"
                )
        return before(self, source, destinations, raw_data)

    put(SESBackend, "send_raw_email", send)


class _Temporary(io.FileIO):
    """A temporary file of an invocation: what it holds counts towards the 512 MB that the invocation has."""

    def __init__(self, descriptor: int, invocation: Invocation) -> None:
        super().__init__(descriptor, "r+")
        self.invocation = invocation
        self.bytes = 0

    def write(self, data: Any) -> int:
        grown = max(self.bytes, self.tell() + len(memoryview(data).cast("B")))
        if self.invocation.temporary + grown - self.bytes > TEMPORARY_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.invocation.temporary += grown - self.bytes
        self.bytes = grown
        return super().write(data)

    def close(self) -> None:
        if not self.closed:
            self.invocation.temporary -= self.bytes
            self.bytes = 0
        super().close()


def temporary_files_have_their_room() -> None:
    """What functions put into `tempfile.TemporaryFile`, which is also where a spooled one ends, is as large as this machine's disk."""
    before = tempfile.TemporaryFile

    def temporary(mode: str = "w+b", buffering: int = -1, encoding: Any = None, newline: Any = None, *rest: Any, **options: Any) -> Any:
        invocation = current_invocation()
        if invocation is None:
            return before(mode, buffering, encoding, newline, *rest, **options)
        errors = options.pop("errors", None)
        with before("w+b", -1, None, None, *rest, **options) as real:
            raw = _Temporary(os.dup(real.fileno()), invocation)
        if buffering == 0:
            return raw
        file = io.BufferedRandom(raw, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
        return file if "b" in mode else io.TextIOWrapper(file, encoding, errors, newline)

    put(tempfile, "TemporaryFile", temporary)


LIMITS: tuple[Callable[[], None], ...] = (
    parameters_have_their_sizes,
    inputs_of_executions_have_their_size,
    histories_have_an_end,
    mail_goes_where_it_may,
    temporary_files_have_their_room,
)
