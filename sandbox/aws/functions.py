"""Runs the Lambda functions of the stack: `functions/<name>/app.py`, in this process, as Lambda would call it."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.environ import ProcessView
from sandbox.clock import Clock, Ended

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
ACCOUNT_CONCURRENCY = 1_000
"""Invocations that an account may have at a time (Lambda quotas; new accounts have fewer)."""
KEPT_INVOCATIONS = 5_000
"""Records of invocations, and their logs, that are kept for `LocalAws.invocations`."""
MAX_LOG_CHARACTERS = 20_000
"""Of the log of one invocation."""
Outcome = tuple[bytes, str | None, str]
"""A function's answer, the error's class name or None, and what was printed."""


@dataclass(frozen=True)
class FunctionConfig:
    """One function as deployed: `key` is its folder below the functions root, `timeout` in seconds, `memory` in MB, `dead_letters` the ARN
    of the queue for events that it failed on."""

    name: str
    key: str
    arn: str
    handler: str
    timeout: int
    memory: int
    log_group: str
    variables: dict[str, str]
    dead_letters: str = ""


@dataclass(frozen=True)
class InvocationRecord:
    """What one invocation did. `milliseconds` are those of the clock, `error` is the error's class name or None, `log` what it printed."""

    function: str
    request_id: str
    milliseconds: float
    error: str | None
    log: str


@dataclass
class Usage:
    """What all invocations took since the start: how many, how many failed, the longest (milliseconds of the clock), memory by time as it
    is billed, and the largest payload or answer in bytes."""

    invocations: int = 0
    errors: int = 0
    longest: float = 0.0
    gigabyte_seconds: float = 0.0
    largest: int = 0

    def add(self, record: InvocationRecord, memory: int, size: int) -> None:
        self.invocations += 1
        self.errors += record.error is not None
        self.longest = max(self.longest, record.milliseconds)
        self.gigabyte_seconds += record.milliseconds / 1000 * memory / 1024
        self.largest = max(self.largest, size)


Runner = Callable[[FunctionConfig, bytes, str], Outcome]
"""Runs a function with a payload, under the id of its request."""


class TooManyRequests(ClientError):
    """The account has as many invocations as it may."""

    def __init__(self) -> None:
        answer: Any = {
            "Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."},
            "ResponseMetadata": {"HTTPStatusCode": 429, "RequestId": str(uuid.uuid4())},
        }
        super().__init__(answer, "Invoke")


class LambdaContext:
    """The context object that a handler gets, with the attributes of the real one."""

    def __init__(self, config: FunctionConfig, request_id: str, clock: Clock) -> None:
        self.aws_request_id = request_id
        self.function_name = config.name
        self.function_version = "$LATEST"
        self.invoked_function_arn = config.arn
        self.memory_limit_in_mb = str(config.memory)
        self.log_group_name = config.log_group
        self.log_stream_name = f"sandbox/[$LATEST]{request_id.replace('-', '')}"
        self.identity = None
        self.client_context = None
        self._clock = clock
        self._deadline = clock.now() + timedelta(seconds=config.timeout)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, (self._deadline - self._clock.now()) // timedelta(milliseconds=1))


class Functions:
    """Loads each function's module once and calls its handler. Safe to call from several threads."""

    def __init__(self, root: Path, view: ProcessView, region: str, clock: Clock) -> None:
        self.concurrency = ACCOUNT_CONCURRENCY
        self._running = 0
        self._counting = threading.Lock()
        self._root = root
        self._view = view
        self._clock = clock
        self._region = region
        self.elsewhere: Runner | None = None
        """Where functions run instead of in this process."""
        self._handlers: dict[str, Callable[[Any, Any], Any]] = {}
        self._loading = threading.RLock()
        self.records: deque[InvocationRecord] = deque(maxlen=KEPT_INVOCATIONS)
        self.used = Usage()

    def source(self, key: str, handler: str) -> Path:
        """The file in which a function's handler stands."""
        return self._root / key / f"{handler.rpartition('.')[0]}.py"

    def invoke(self, config: FunctionConfig, payload: bytes) -> tuple[bytes, str | None]:
        """Invokes a function with a JSON payload; returns the JSON answer and, if it failed, the word `Unhandled`.

        A failure answers `{"errorMessage", "errorType", "requestId", "stackTrace"}`: the class name is what Retry and Catch see. Raises
        `TooManyRequests` beyond `concurrency`.
        """
        request_id = str(uuid.uuid4())
        with self._place(), self._clock.working():
            started = self._clock.now()
            answer, error, log = (self.elsewhere or self.run_in_time)(config, payload, request_id)
            took = self._clock.now() - started
        name, log = config.key.rpartition("/")[2], log[-MAX_LOG_CHARACTERS:]
        record = InvocationRecord(name, request_id, took / timedelta(milliseconds=1), error, log)
        self.records.append(record)
        with self._loading:
            self.used.add(record, config.memory, max(len(payload), len(answer)))
        return answer, None if error is None else "Unhandled"

    @contextmanager
    def _place(self) -> Iterator[None]:
        with self._counting:
            if self._running >= self.concurrency:
                raise TooManyRequests
            self._running += 1
        try:
            yield
        finally:
            with self._counting:
                self._running -= 1

    def run_in_time(self, config: FunctionConfig, payload: bytes, request_id: str) -> Outcome:
        """Runs a function for as long as its time-out allows; returns the answer, the error and what was printed. What still runs then has
        no effect any more: it can neither call nor wait; and the next invocation loads the function anew, since its process is gone."""
        answers: list[tuple[bytes, str | None]] = []
        broken: list[BaseException] = []

        def run() -> None:
            try:
                answers.append(self._run(config, payload, request_id))
            except Ended:
                pass
            except BaseException as problem:  # no handler's, but a test's that ends everything
                broken.append(problem)

        with self._view.invocation(self._variables(config)) as invocation:
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
        thread.join(config.timeout)
        if broken:
            raise broken[0]
        if answers:
            return *answers[0], invocation.printed.getvalue()
        self._clock.end(invocation)
        self._handlers.pop(config.name, None)
        ended = f"Task timed out after {config.timeout:.2f} seconds"
        log = f"{invocation.printed.getvalue()}{self._clock.now():%Y-%m-%dT%H:%M:%S.%fZ} {request_id} {ended}\n"
        return *_failure("Sandbox.Timedout", f"RequestId: {request_id} Error: {ended}", request_id), log

    def _run(self, config: FunctionConfig, payload: bytes, request_id: str) -> tuple[bytes, str | None]:
        if len(payload) > MAX_PAYLOAD_BYTES:
            return _failure("RequestTooLargeException", f"{len(payload)} byte payload is too large", request_id)
        try:
            handler = self._handler(config)
        except (ImportError, SyntaxError, OSError) as problem:
            message = f"Unable to import module '{config.handler.rpartition('.')[0]}': {problem}"
            return _failure("Runtime.ImportModuleError", message, request_id, problem)
        except AttributeError as problem:
            return _failure("Runtime.HandlerNotFound", f"Handler '{config.handler}' missing: {problem}", request_id)
        try:
            result = handler(json.loads(payload), LambdaContext(config, request_id, self._clock))
        except SystemExit as problem:
            return _failure("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with {problem.code}", request_id)
        except Exception as problem:  # the outermost edge: whatever a handler raises becomes its answer
            print(f"[ERROR] {type(problem).__name__}: {problem}", *traceback.format_tb(problem.__traceback__), sep="\n")  # as on AWS
            return _failure(type(problem).__name__, str(problem), request_id, problem)
        try:
            answer = json.dumps(result).encode()
        except (TypeError, ValueError) as problem:
            return _failure("Runtime.MarshalError", f"Unable to marshal response: {problem}", request_id)
        if len(answer) > MAX_PAYLOAD_BYTES:
            return _failure(
                "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes).", request_id
            )
        return answer, None

    def _handler(self, config: FunctionConfig) -> Callable[[Any, Any], Any]:
        handler = self._handlers.get(config.name)
        if handler is None:
            with self._loading:
                handler = self._handlers.get(config.name) or getattr(self._load(config), config.handler.rpartition(".")[2])
                self._handlers[config.name] = handler
        return handler

    def _load(self, config: FunctionConfig) -> ModuleType:
        path = self.source(config.key, config.handler)
        spec = importlib.util.spec_from_file_location(f"sandbox_function_{path.parent.name}", path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is no Python module")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module  # dataclasses and pydantic look their module up there
        spec.loader.exec_module(module)
        return module

    def _variables(self, config: FunctionConfig) -> dict[str, str]:
        return {
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_SESSION_TOKEN": "sandbox",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": config.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": config.log_group,
            "LAMBDA_TASK_ROOT": str(self._root / config.key),
            "_HANDLER": config.handler,
            "TZ": ":UTC",
            **config.variables,
        }


def _failure(kind: str, message: str, request_id: str, problem: BaseException | None = None) -> tuple[bytes, str]:
    trace = [] if problem is None else traceback.format_tb(problem.__traceback__)
    document = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}
    return json.dumps(document).encode(), kind
