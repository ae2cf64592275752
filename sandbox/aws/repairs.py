"""Repairs of moto's Step Functions, so that the definitions run here as they run on AWS. One function per fault, one test per function.

They reach into moto's internals and are therefore tied to one release (`patch.MOTO_RELEASE`). With a new release, run
`tests/infra/test_repairs.py` without the repairs first; what passes then is no longer needed.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import moto.stepfunctions.parser.asl.component.common.path.result_path as result_path
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as lambda_tasks
import moto.stepfunctions.parser.asl.component.state.state as state_module
import moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp as timestamp
import moto.stepfunctions.parser.asl.eval.event.event_manager as event_manager
import moto.stepfunctions.parser.asl.utils.boto_client as boto_client
import moto.stepfunctions.parser.asl.utils.json_path as json_path
import moto.stepfunctions.parser.backend.execution as execution_module
import moto.stepfunctions.parser.models as models
from moto.cloudformation.models import Stack
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import StateTaskServiceCallback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import StateTaskServiceSfn
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramStopped
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.aws.patch import put
from sandbox.clock import Clock, RealClock

START_WAIT_SECONDS = 5.0
"""How long stopping an execution waits for its thread to have begun."""
HISTORY_PAGE = 1000
BETWEEN_STRINGS = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')
"""Strings of a JSON text, and the blanks between them, of which the interpreter's parser makes a token each."""
THRESHOLD_EXCEEDED = "The specified tolerated failure threshold was exceeded"


class Hooks:
    """What the embedded AWS puts in: who hears of status changes, who answers `lambda:invoke` (function name or ARN and payload in;
    answer and, if it failed, `Unhandled` out), and the clock."""

    status_changed: Callable[[Execution, str], None] | None = None
    invoke: Callable[[str, bytes], tuple[bytes, str | None]] | None = None
    clock: Clock = RealClock()


_ending = threading.RLock()
"""An execution ends by itself or is stopped, not both."""
_changed = threading.Condition()
"""Told whenever an execution has ended or something that waits for one is to wait no longer."""


class _Heard(threading.Event):
    """An event that `_changed` hears of."""

    def set(self) -> None:
        super().set()
        with _changed:
            _changed.notify_all()


def state_machines_of_stacks_are_executed() -> None:
    """CloudFormation puts state machines where the interpreter does not look, and leaves `DefinitionSubstitutions` out."""

    def create(cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any) -> StateMachine:
        properties = cloudformation_json["Properties"]
        return stepfunctions_parser_backends[account_id][region_name].create_state_machine(
            name=properties.get("StateMachineName", resource_name),
            definition=definition_of(properties),
            roleArn=properties["RoleArn"],
            loggingConfiguration=_api_names(properties.get("LoggingConfiguration")),
            tracingConfiguration=_api_names(properties.get("TracingConfiguration")),
            sm_type=properties.get("StateMachineType"),
        )

    put(StateMachine, "create_from_cloudformation_json", classmethod(create))


def templates_in_json_are_read_as_json() -> None:
    """Templates are parsed as YAML first, in Python, which takes longer than all the rest of a stack."""
    before = Stack.parse_template

    def parse(template: str) -> Any:
        return json.loads(template) if template.startswith("{") else before(template)

    put(Stack, "parse_template", staticmethod(parse))


def nested_executions_convert_names() -> None:
    """`startExecution` and its `.sync` forms keep PascalCase for the call and camelCase for the answer; AWS converts both."""
    before = StateTaskServiceSfn._normalise_parameters
    operations = {"start_execution": "StartExecution", "describe_execution": "DescribeExecution"}

    def shapes(name: str) -> Any:
        return boto_client.boto_client_for(region="us-east-1", service="stepfunctions").meta.service_model.operation_model(operations[name])

    def parameters(self: StateTaskServiceSfn, parameters: dict[str, Any], *names: Any, **options: Any) -> None:
        before(self, parameters, *names, **options)
        self._to_boto_request(parameters, shapes("start_execution").input_shape)

    def response(self: StateTaskServiceSfn, response: Any, boto_service_name: Any = None, service_action_name: str | None = None) -> None:
        if "executionArn" in response:
            self._from_boto_response(response, shapes(service_action_name or "start_execution").output_shape)
            for name, value in response.items():
                if isinstance(value, datetime.datetime):
                    response[name] = int(value.timestamp() * 1000)

    put(StateTaskServiceSfn, "_normalise_parameters", parameters)
    put(StateTaskServiceSfn, "_normalise_response", response)


def submitted_nested_executions_are_converted_before_use() -> None:
    """The nested execution's ARN is read in PascalCase before the answer of the start was converted."""
    before = StateTaskServiceSfn._eval_service_task

    def task(self: StateTaskServiceSfn, env: Any, *rest: Any, **options: Any) -> None:
        before(self, env, *rest, **options)
        self._normalise_response(env.stack[-1])

    put(StateTaskServiceSfn, "_eval_service_task", task)


def nested_executions_are_awaited_closely() -> None:
    """The end of a nested execution is looked for twice a second, with an API call; here it is heard of. And it goes on when its parent is
    stopped or its task times out; AWS stops it."""
    before = StateTaskServiceCallback._eval_integration_pattern

    def pattern(self: Any, env: Any, *rest: Any, **options: Any) -> None:
        if not isinstance(self, StateTaskServiceSfn) or self.resource.condition != ResourceCondition.Sync2:
            return before(self, env, *rest, **options)
        arn, details = env.stack[-1]["ExecutionArn"], env.aws_execution_details
        execution = stepfunctions_parser_backends[details.account][details.region].describe_execution(arn)
        resolve: Any = self._build_sync2_resolver(env, *rest, **options)
        env.program_state_event = _Heard()
        with _changed:
            _changed.wait_for(lambda: execution.status != ExecutionStatus.RUNNING.value or not env.is_running())
        ended = execution.status != ExecutionStatus.RUNNING.value
        env.stack.append(resolve() if ended else None)
        if not ended:
            client: Any = boto_client.boto_client_for(region=details.region, service="stepfunctions")
            client.stop_execution(executionArn=arn, cause="Its parent execution was stopped, or waited too long for it.")
        return None

    put(StateTaskServiceCallback, "_eval_integration_pattern", pattern)


def maps_of_any_length_run() -> None:
    """A worker calls itself once per item (RecursionError near 1,000), and a child that fails does not fail the Map."""

    def pool(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            frame = worker_frame.open_inner_frame()
            self._eval_job(env=frame, job=job)
            worker_frame.delete_frame(frame)
            if not isinstance(frame.program_state(), ProgramEnded | ProgramStopped):
                job.job_output = FailureEventException(
                    _failure(
                        frame,
                        StatesErrorNameType.StatesExceedToleratedFailureThreshold,
                        THRESHOLD_EXCEEDED,
                    )
                )
            following = None if isinstance(job.job_output, Exception) or self.stopped() else self._job_pool.next_job()
            if following is None:
                self._env.delete_frame(worker_frame)
            self._job_pool.close_job(job)
            job = following

    put(DistributedItemProcessorWorker, "_eval_pool", pool)


def unreadable_manifests_have_their_error_name() -> None:
    """A failing ItemReader ends as States.Runtime, which no Catch sees; AWS names it States.ItemReaderFailed."""
    before = ItemReader._eval_body

    def body(self: ItemReader, env: Any) -> None:
        try:
            before(self, env)
        except FailureEventException:
            raise
        except Exception as problem:
            raise FailureEventException(_failure(env, StatesErrorNameType.StatesItemReaderFailed, str(problem))) from problem

    put(ItemReader, "_eval_body", body)


def executions_have_valid_names() -> None:
    """An execution started without a name is called None, and invalid names are taken. Starts of one name at once both win."""
    before = StepFunctionsParserBackend.start_execution
    lock = threading.RLock()

    def start(
        self: StepFunctionsParserBackend, state_machine_arn: str, name: str | None = None, execution_input: Any = None, **rest: Any
    ) -> Execution:
        if name is not None:
            self._validate_name(name)
        with lock:
            TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
            execution = before(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, **rest)
        return execution

    put(StepFunctionsParserBackend, "start_execution", start)


def an_execution_runs_as_soon_as_it_is_listed() -> None:
    """Between its creation and its start an execution has no status, and whoever lists executions in that moment fails."""
    put(Execution, "status", property(lambda self: (self.exec_status or ExecutionStatus.RUNNING).value))


def stopping_takes_effect_at_once() -> None:
    """A stopped execution stays RUNNING until its task ends, loses error and cause, and cannot be stopped in its first instants."""

    def stop(self: Execution, stop_date: datetime.datetime, error: str | None, cause: str | None) -> None:
        deadline = time.monotonic() + START_WAIT_SECONDS
        while not _begun(self) and time.monotonic() < deadline:
            time.sleep(0.001)
        with _ending:
            if self.exec_status != ExecutionStatus.RUNNING or self.exec_worker is None:
                return
            self.exec_status, self.stop_date, self.error, self.cause = ExecutionStatus.ABORTED, stop_date, error or None, cause or None
            self.exec_worker.stop(stop_date=stop_date, cause=cause, error=error)
            _tell(self, ExecutionStatus.ABORTED.value)

    def respond(self: StepFunctionResponse) -> ActionResult:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        now = Hooks.clock.now()
        execution.stop(stop_date=now, error=self._get_param("error"), cause=self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date})

    put(Execution, "stop", stop)
    put(StepFunctionResponse, "stop_execution", respond)


def status_changes_are_told() -> None:
    """EventBridge hears nothing of executions that start or end."""
    before_start = Execution.start
    before_end: Any = BaseExecutionWorkerCommunication._reflect_execution_status

    def start(self: Execution) -> None:
        with Hooks.clock.working():
            _tell(self, ExecutionStatus.RUNNING.value)
            before_start(self)

    def reflect(self: BaseExecutionWorkerCommunication) -> None:
        with _ending:
            if self.execution.exec_status == ExecutionStatus.RUNNING:
                before_end(self)
                _tell(self.execution, self.execution.status)

    put(Execution, "start", start)
    put(BaseExecutionWorkerCommunication, "_reflect_execution_status", reflect)


def executions_are_described_in_full() -> None:
    """Outputs that are strings or hold dates break describe_execution; the end of a timed out execution is not shown."""

    def described(execution: Any) -> dict[str, Any]:
        description: dict[str, Any] = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.start_date,
        }
        return description if execution.stop_date is None else {**description, "stopDate": execution.stop_date}

    def describe(self: StepFunctionResponse) -> ActionResult:
        execution: Any = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        answer = {**described(execution), "input": execution.execution_input, "inputDetails": {"included": True}}
        if execution.exec_status == ExecutionStatus.SUCCEEDED:
            answer |= {"output": to_json_str(execution.output, separators=(",", ":")), "outputDetails": {"included": True}}
        return ActionResult(answer | {name: value for name in ("error", "cause") if (value := getattr(execution, name)) is not None})

    def listed(self: StepFunctionResponse) -> ActionResult:
        executions, token = self.stepfunction_backend.list_executions(
            self._get_param("stateMachineArn"),
            status_filter=self._get_param("statusFilter"),
            max_results=self._get_int_param("maxResults"),
            next_token=self._get_param("nextToken"),
        )
        return ActionResult({"executions": [described(execution) for execution in executions], "nextToken": token})

    put(StepFunctionResponse, "describe_execution", describe)
    put(StepFunctionResponse, "list_executions", listed)


def histories_are_paged() -> None:
    """get_execution_history ignores maxResults, nextToken and reverseOrder."""

    def history(self: StepFunctionResponse) -> ActionResult:
        events = list(self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))["events"])
        if self._get_param("reverseOrder"):
            events.reverse()
        token = self._get_param("nextToken") or "0"
        if not token.isdecimal():
            invalid: Any = InvalidToken
            raise invalid()
        begin, size = int(token), min(self._get_int_param("maxResults") or HISTORY_PAGE, HISTORY_PAGE)
        answer: dict[str, Any] = {"events": events[begin : begin + size]}
        return ActionResult(answer if begin + size >= len(events) else {**answer, "nextToken": str(begin + size)})

    put(StepFunctionResponse, "get_execution_history", history)


def repeated_work_is_remembered() -> None:
    """Clients, parsed definitions and JSONPath expressions are made anew for every task, which costs more than the task."""
    parse: Any = AmazonStateLanguageParser.parse

    def parsed(definition: str) -> Any:
        return parse(BETWEEN_STRINGS.sub(lambda found: found[1] or "", definition))

    put(AmazonStateLanguageParser, "parse", staticmethod(functools.lru_cache(maxsize=64)(parsed)))
    for module in (json_path, result_path):
        put(module, "parse", functools.lru_cache(maxsize=2048)(getattr(module, "parse")))  # noqa: B009
    original, clients, lock = boto_client.boto_client_for, {}, threading.Lock()

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        with lock:
            if (region, service) not in clients:
                clients[region, service] = original(region=region, service=service)
            return clients[region, service]

    for module in [module for name, module in sys.modules.items() if name.startswith("moto.stepfunctions")]:
        if getattr(module, "boto_client_for", None) is original:
            put(module, "boto_client_for", client_for)


def functions_are_called_directly() -> None:
    """`lambda:invoke` goes through a client and an HTTP request made up for it, which costs more than the rest of the task."""
    before = lambda_tasks._invoke_lambda_function

    def invoke(parameters: dict[str, Any], region: str, state_credentials: Any) -> Any:
        try:
            if Hooks.invoke is None:
                raise KeyError(parameters["FunctionName"])
            answer, failed = Hooks.invoke(parameters["FunctionName"], parameters.get("Payload") or b"{}")
        except KeyError:
            return before(parameters=parameters, region=region, state_credentials=state_credentials)
        called = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(answer)}
        return called if failed is None else {**called, "FunctionError": failed}

    put(lambda_tasks, "_invoke_lambda_function", invoke)


def retry_counts_survive_threads() -> None:
    """The key under which a Retry counts its attempts is made on first use; two workers that make it at once lose a count."""
    put(EvalComponent, "heap_key", property(lambda self: str(id(self))))


def executions_live_by_the_clock() -> None:
    """Not a fault: moments in executions, their histories and their Waits are those of `Hooks.clock`."""

    class Moment(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime.datetime:  # type: ignore[override]
            now = Hooks.clock.now()
            return now.replace(tzinfo=None) if tz is None else now.astimezone(tz)

    for module in (execution_module, event_manager, state_module, timestamp, models):
        put(module, "datetime", SimpleNamespace(datetime=Moment, timezone=datetime.timezone, timedelta=datetime.timedelta))


REPAIRS: tuple[Callable[[], None], ...] = (
    repeated_work_is_remembered,
    templates_in_json_are_read_as_json,
    state_machines_of_stacks_are_executed,
    nested_executions_convert_names,
    submitted_nested_executions_are_converted_before_use,
    nested_executions_are_awaited_closely,
    maps_of_any_length_run,
    unreadable_manifests_have_their_error_name,
    executions_have_valid_names,
    an_execution_runs_as_soon_as_it_is_listed,
    stopping_takes_effect_at_once,
    status_changes_are_told,
    executions_are_described_in_full,
    histories_are_paged,
    functions_are_called_directly,
    retry_counts_survive_threads,
    executions_live_by_the_clock,
)


def definition_of(properties: dict[str, Any]) -> str:
    """The definition of a state machine of a stack, with everything put in."""
    definition = str(properties["DefinitionString"])
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace("${" + name + "}", value)
    return definition


def _api_names(value: Any) -> Any:
    """A property of a stack with the names of the API: their first letter is small."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _api_names(each) for name, each in value.items()}
    return [_api_names(each) for each in value] if isinstance(value, list) else value


def fail(execution: Any, error: str, cause: str) -> None:
    """Ends an execution from outside as failed, whatever its states catch."""
    with _ending:
        if execution.exec_status == ExecutionStatus.RUNNING:
            execution.exec_status, execution.stop_date = ExecutionStatus.FAILED, Hooks.clock.now()
            execution.error, execution.cause = error, cause
            execution.exec_worker.env.set_error({"error": error, "cause": cause})
            _tell(execution, ExecutionStatus.FAILED.value)


def end_is_told(execution: Execution) -> bool:
    """Whether an execution still runs, or those who listen have been told of its end."""
    return execution.status == ExecutionStatus.RUNNING.value or hasattr(execution, "end_told")


def ends(execution: Execution, timeout: float) -> bool:
    """Waits for the end of an execution, so many seconds at most; whether it has ended."""
    with _changed:
        return bool(_changed.wait_for(lambda: execution.status != ExecutionStatus.RUNNING.value, timeout))


def _begun(execution: Any) -> bool:
    """Whether an execution's program runs or has ended."""
    env = execution.exec_worker.env if execution.exec_worker is not None else None
    running = execution.status == ExecutionStatus.RUNNING.value
    return not running or (env is not None and env.program_state() is not None)


def _tell(execution: Any, status: str) -> None:
    if Hooks.status_changed is not None:
        Hooks.status_changed(execution, status)
    if status != ExecutionStatus.RUNNING.value:
        execution.end_told = True
        with _changed:
            _changed.notify_all()


def _failure(env: Any, kind: StatesErrorNameType, cause: str) -> FailureEvent:
    details: Any = {"taskFailedEventDetails": TaskFailedEventDetails(error=kind.to_name(), cause=cause, resource="", resourceType="")}
    return FailureEvent(env, StatesErrorName(typ=kind), HistoryEventType.TaskFailed, cast(EventDetails, details))


def status_event(execution: Execution, status: str) -> dict[str, Any]:
    """The EventBridge event of a change to `status`, as Step Functions sends it."""
    stopped = execution.stop_date
    succeeded = status == ExecutionStatus.SUCCEEDED.value
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": Hooks.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.name,
            "status": status,
            "startDate": int(execution.start_date.timestamp() * 1000),
            "stopDate": None if stopped is None else int(stopped.timestamp() * 1000),
            "input": json.dumps(execution.input_data),
            "inputDetails": {"included": True},
            "output": to_json_str(execution.output) if succeeded else None,
            "outputDetails": {"included": True} if succeeded else None,
            "error": execution.error,
            "cause": execution.cause,
        },
    }
