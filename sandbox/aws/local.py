"""AWS in this process: the stack of `template.yaml`, with the real definitions and handlers."""

from __future__ import annotations

import email
import email.policy
import functools
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from moto.awslambda.models import LambdaBackend
from moto.awslambda_simple.models import LambdaSimpleBackend, lambda_simple_backends
from moto.cloudformation.models import cloudformation_backends
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from sandbox.aws import definitions, patch, properties, repairs, resources, scheduler, updates
from sandbox.aws.environ import ProcessView
from sandbox.aws.functions import ACCOUNT_CONCURRENCY, FunctionConfig, Functions, InvocationRecord, TooManyRequests, Usage
from sandbox.aws.hands import Hands
from sandbox.aws.inprocess import ACCOUNT, InProcess
from sandbox.aws.mail import NEW, MailAccount
from sandbox.aws.patch import put
from sandbox.aws.permissions import Need, Roles, managed_documents
from sandbox.aws.translate import CODE_BUCKET, translate
from sandbox.clock import Clock, RealClock
from sandbox.server import KeepingHandler, LoopbackServer

STACK = "tallybridge"
REGION = "us-east-1"
ASYNCHRONOUS_TRIES = 3
"""How often Lambda invokes a function with an event before it gives up (the default of MaximumRetryAttempts is 2)."""
KEPT_EVENT_SECONDS, EVENT_PAUSE_SECONDS = 6 * 3600, 60
"""How long Lambda keeps an event for which there is no room, and how often it looks."""
STOP_WAIT_SECONDS = 60.0
"""How long closing waits for running executions and deliveries to end."""


class StackError(RuntimeError):
    """The template, a definition or a function cannot be run here as it would run on AWS."""


class LocalAws:
    """The stack of a template, running in this process.

    Usage::

        with LocalAws(Path("template.yaml"), parameters={"NotificationSender": "sync@example.com"}) as aws:
            arn = boto3.client("stepfunctions").start_execution(stateMachineArn=aws.outputs["BillingSyncArn"])["executionArn"]
            print(aws.wait(arn)["output"])

    While it runs, every boto3 client of this process reaches it without HTTP; other processes reach it at `endpoint_url`. Several
    may follow one another in one process, each with clean state, but only one runs at a time.

    `functions_root` is the folder that the template's `CodeUri`s are relative to (default: where the template is), `environment` are
    further variables for every function, `port` is that of the server on 127.0.0.1 (0 takes a free one). `clock` is the time that functions
    and executions live by; on a `VirtualClock` hours pass in milliseconds, while `wait` and `settle` still count the machine's seconds.
    `new_account`: nobody has verified an address or asked for production access in Amazon SES; else the stack's sender is verified.
    """

    def __init__(
        self,
        template: Path,
        *,
        parameters: Mapping[str, str],
        functions_root: Path | None = None,
        port: int = 0,
        environment: Mapping[str, str] | None = None,
        region: str = REGION,
        clock: Clock | None = None,
        new_account: bool = False,
    ) -> None:
        self.new_account = new_account
        self.template = template
        self.clock = clock or RealClock()
        self.region = region
        self.outputs: dict[str, str] = {}
        self.physical_ids: dict[str, str] = {}
        self._parameters = dict(parameters)
        self._tags: dict[str, str] = {}
        self._port = port
        self._environment = dict(environment or {})
        self._process = InProcess(region)
        self._view = ProcessView()
        self.roles = Roles(ACCOUNT, region)
        self.functions = Functions(functions_root or template.parent, self._view, region, self.clock)
        self._configs: dict[str, FunctionConfig] = {}
        self._deliveries: list[threading.Thread] = []
        self._delivering = threading.Lock()
        self._started: list[str] = []
        """Executions that rules and schedules have started, as far as they may still run."""
        self._server: LoopbackServer | None = None
        self._scheduler: scheduler.Scheduler | None = None
        self._restore: list[Callable[[], None]] = []
        self.heard: Callable[[Mapping[str, Any]], None] = lambda detail: None
        """Called with the detail of each event about an execution, in the thread of that."""

    # --- Life --------------------------------------------------------------------------------------------------------

    def start(self) -> LocalAws:
        """Creates the stack and opens the server. Raises StackError if something in it would not run here as on AWS."""
        patch.apply((*repairs.REPAIRS, scheduler.schedules_are_checked_and_heard_of))
        self._process.start()
        self._view.install()
        self.clock.install()
        self.roles.install()
        self._quiet_interpreter()
        try:
            self._create_stack()
            self._scheduler = scheduler.Scheduler(self.clock, ACCOUNT, self.region, self._start_target, self._give_up_target)
            app = Hands(DomainDispatcherApplication(create_backend_app), ACCOUNT, self.region, self.sent_mails)
            self._server = LoopbackServer(app, self._port, KeepingHandler).start()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Stops executions, server and handlers, and gives the process back as it was."""
        try:
            if self._scheduler is not None:
                self._scheduler.stop()
                self._scheduler = None
            self._stop_executions()
        finally:
            repairs.Hooks.status_changed = None
            repairs.Hooks.invoke = None
            repairs.Hooks.clock = RealClock()
            if self._server is not None:
                self._server.close()
                self._server = None
            for restore in self._restore:
                restore()
            self._restore.clear()
            self.roles.remove()
            self._process.stop()
            self.clock.remove()
            self._view.remove()

    def __enter__(self) -> LocalAws:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def endpoint_url(self) -> str:
        """Where other processes reach this AWS (`AWS_ENDPOINT_URL`)."""
        if self._server is None:
            raise RuntimeError("the embedded AWS is not running")
        return self._server.url

    # --- Use ---------------------------------------------------------------------------------------------------------

    def invoke(self, function: str, payload: Any) -> Any:
        """Calls a function by its folder, logical id or name and returns its answer. Raises FunctionFailed if it failed."""
        answer, failed = self.functions.invoke(self._config(function), json.dumps(payload).encode())
        document = json.loads(answer)
        if failed:
            raise FunctionFailed(document["errorType"], document["errorMessage"], document.get("stackTrace", []))
        return document

    def run(self, machine_output: str, document: Any, *, name: str | None = None, timeout: float = 60.0) -> dict[str, Any]:
        """Starts an execution of the state machine in output `machine_output` and waits for its end; see `wait`."""
        named = {} if name is None else {"name": name}
        started = self._client.start_execution(stateMachineArn=self.outputs[machine_output], input=json.dumps(document), **named)
        return self.wait(started["executionArn"], timeout)

    def wait(self, execution_arn: str, timeout: float = 60.0) -> dict[str, Any]:
        """Waits until an execution has ended; returns its description with `input` and `output` parsed. Raises TimeoutError."""
        if not repairs.ends(self._execution(execution_arn), timeout):
            raise TimeoutError(f"{execution_arn} still runs after {timeout} s")
        described = self._client.describe_execution(executionArn=execution_arn)
        return {**described, **{key: json.loads(described[key]) for key in ("input", "output") if key in described}}

    def states_entered(self, execution_arn: str) -> list[str]:
        """The names of the states that an execution went through, in order."""
        events = self._execution(execution_arn).to_history_output()["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if event.get("stateEnteredEventDetails")]

    @functools.cached_property
    def _client(self) -> Any:
        return boto3.client("stepfunctions", region_name=self.region)

    def _execution(self, execution_arn: str) -> Any:
        return stepfunctions_parser_backends[ACCOUNT][self.region].describe_execution(execution_arn)

    def invocations(self, function: str | None = None) -> list[InvocationRecord]:
        """What functions did, oldest first, with what they printed; of one function (its folder) or of all."""
        return [record for record in list(self.functions.records) if function in (None, record.function)]

    @property
    def used(self) -> Usage:
        """What all invocations took."""
        return self.functions.used

    def sent_mails(self) -> list[EmailMessage]:
        """The mails given to SES, oldest first."""
        sent = ses_backends[ACCOUNT][self.region].sent_messages
        return [email.message_from_string(each.raw_data, policy=email.policy.default) for each in sent]

    def update(
        self, template: Path | None = None, *, parameters: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Deploys the stack again, as CloudFormation would: with another template, other parameters, or tags of the stack, each as before
        where it is not given. Returns what was done by logical id: CREATE, UPDATE, DELETE or RETAIN. Raises StackError for what cannot be
        done here."""
        self.template = template or self.template
        self._parameters |= parameters or {}
        self._tags = self._tags if tags is None else dict(tags)
        translated = translate(self.template, self._parameters, self.region)
        self._refuse_what_would_be_ignored(translated)
        stack = cloudformation_backends[ACCOUNT][self.region].get_stack(STACK)
        try:
            done = updates.update(stack, translated, self._parameters, self._tags)
        except updates.NotUpdated as refused:
            raise StackError(str(refused)) from None
        self._learn_stack(stack, translated)
        return done

    def settle(self, timeout: float = STOP_WAIT_SECONDS) -> None:
        """Waits until the end of every ended execution has been told, the events on their way have been delivered, and what they have
        started has ended."""
        deadline = time.monotonic() + timeout
        settled = False
        while not settled and time.monotonic() < deadline:
            while any(not repairs.end_is_told(each) for each in self._executions()) and time.monotonic() < deadline:
                time.sleep(0.002)
            with self._delivering:
                waiting = [each for each in self._deliveries if each.is_alive()]
            for thread in waiting:
                thread.join(max(0.0, deadline - time.monotonic()))
            settled = not waiting and not any(self._runs(each) for each in self._started)
            if not settled:
                time.sleep(0.002)

    def _runs(self, execution_arn: str) -> bool:
        return bool(self._execution(execution_arn).status == "RUNNING")

    # --- The stack ---------------------------------------------------------------------------------------------------

    def _create_stack(self) -> None:
        translated = translate(self.template, self._parameters, self.region)
        self._refuse_what_would_be_ignored(translated)
        repairs.Hooks.clock = self.clock
        resources.register()
        self._take_invocations()
        stack = cloudformation_backends[ACCOUNT][self.region].create_stack(STACK, json.dumps(translated), dict(self._parameters))
        self._learn_stack(stack, translated)
        if self.new_account:
            MailAccount.reset(**NEW)
            self._restore.append(MailAccount.reset)
        elif sender := self._parameters.get("NotificationSender"):
            ses_backends[ACCOUNT][self.region].verify_email_identity(sender)
        repairs.Hooks.status_changed = self._status_changed
        repairs.Hooks.invoke = lambda name, payload: self.functions.invoke(self._config(name), payload)

    def _learn_stack(self, stack: Any, translated: dict[str, Any]) -> None:
        created = {name: stack.resource_map[name] for name in stack.resource_map.resources}
        self.physical_ids = {name: str(getattr(each, "physical_resource_id", name)) for name, each in created.items() if each is not None}
        self.outputs = {output.key: output.value for output in stack.output_map.values()}
        self._apply_what_stacks_leave_out(translated)
        self._learn_functions(translated)

    def _refuse_what_would_be_ignored(self, translated: dict[str, Any]) -> None:
        faults = properties.faults(translated)
        for name, resource in translated["Resources"].items():
            if resource["Type"] == "AWS::StepFunctions::StateMachine":
                text = resource["Properties"]["DefinitionString"]
                faults += [f"{name}: {fault}" for fault in definitions.faults(text)]
                missing = definitions.substitutions(text) - set(resource["Properties"].get("DefinitionSubstitutions", {}))
                faults += [f"{name}: nothing is put in for ${{{each}}}" for each in sorted(missing)]
            elif resource["Type"] == "AWS::Lambda::Function":
                path = self.functions.source(resource["Properties"]["Code"]["S3Key"], resource["Properties"]["Handler"])
                if not path.is_file():
                    faults.append(f"{name}: there is no {path}")
        if faults:
            raise StackError("the stack cannot run here as on AWS:\n  " + "\n  ".join(faults))

    def _apply_what_stacks_leave_out(self, translated: dict[str, Any]) -> None:
        for name, resource in translated["Resources"].items():
            wanted = resource.get("Properties", {})
            if resource["Type"] == "AWS::IAM::Role":
                for policy in wanted.get("ManagedPolicyArns", []):
                    self._attach(name, policy)
            elif resource["Type"] == "AWS::SNS::Topic" and "KmsMasterKeyId" in wanted:
                key = self.physical_ids[wanted["KmsMasterKeyId"]["Ref"]]
                sns_backends[ACCOUNT][self.region].get_topic(self.physical_ids[name]).kms_master_key_id = key
            elif resource["Type"] == "AWS::S3::Bucket" and wanted.get("VersioningConfiguration", {}).get("Status") == "Enabled":
                s3_backends[ACCOUNT]["aws"].put_bucket_versioning(self.physical_ids[name], "Enabled")
            elif resource["Type"] == "AWS::DynamoDB::Table":
                backend = dynamodb_backends[ACCOUNT][self.region]
                if "TimeToLiveSpecification" in wanted:
                    backend.update_time_to_live(self.physical_ids[name], wanted["TimeToLiveSpecification"])
                if "PointInTimeRecoverySpecification" in wanted:
                    backend.update_continuous_backups(self.physical_ids[name], wanted["PointInTimeRecoverySpecification"])

    def _attach(self, role: str, policy: Any) -> None:
        """Attaches a managed policy of this stack to a role; policies of AWS itself are refused, their statements are not known here."""
        if not isinstance(policy, dict) or policy.get("Ref") not in self.physical_ids:
            raise StackError(f"{role}: {policy} is no managed policy of this stack")
        iam_backends[ACCOUNT]["aws"].attach_role_policy(policy_arn=self.physical_ids[policy["Ref"]], role_name=self.physical_ids[role])

    # --- Functions ---------------------------------------------------------------------------------------------------

    def _learn_functions(self, translated: dict[str, Any]) -> None:
        backend = lambda_simple_backends[ACCOUNT][self.region]
        for logical_id, resource in translated["Resources"].items():
            if resource["Type"] == "AWS::Lambda::Function":
                function = backend.get_function(self.physical_ids[logical_id])
                config = FunctionConfig(
                    name=function.function_name,
                    key=function.code["S3Key"],
                    arn=function.function_arn,
                    handler=str(function.handler),
                    timeout=int(function.timeout),
                    memory=int(function.memory_size),
                    log_group=f"/aws/lambda/{function.function_name}",
                    variables={**{key: str(value) for key, value in function.environment_vars.items()}, **self._environment},
                    dead_letters=self._queue_arn(resource["Properties"].get("DeadLetterConfig", {}).get("TargetArn")),
                )
                if function.code["S3Bucket"] != CODE_BUCKET:
                    raise StackError(f"{logical_id}: its code does not stand in the repository")
                role = iam_backends[ACCOUNT]["aws"].get_role_by_arn(str(function.role))
                self.roles.grant(config.name, {**role.policies, **managed_documents(role)})
                for alias in (logical_id, config.name, config.arn, config.key, config.key.rpartition("/")[2]):
                    self._configs[alias] = config

    def _queue_arn(self, reference: Any) -> str:
        """The ARN of a queue of this stack that a property refers to; "" without a reference."""
        if reference is None:
            return ""
        return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{self.physical_ids[reference['Fn::GetAtt'][0]].rpartition('/')[2]}"

    def _invoke_with_event(self, config: FunctionConfig, payload: bytes) -> None:
        """Invokes a function as Lambda does with an event: again after a failure, and in the end it goes to the function's dead letters,
        if its role may put it there."""
        answer, failed = b"", None
        for _ in range(ASYNCHRONOUS_TRIES):
            answer, failed = self._invoke_in_turn(config, payload)
            if not failed:
                return
        if config.dead_letters and self.roles.allows(config.name, Need("sqs:SendMessage", (config.dead_letters,))):
            self._put_aside(config.dead_letters, payload.decode(), json.loads(answer)["errorMessage"])

    def _invoke_in_turn(self, config: FunctionConfig, payload: bytes) -> tuple[bytes, str | None]:
        """Invokes a function with an event as soon as the account has room: Lambda keeps it for six hours."""
        for _ in range(KEPT_EVENT_SECONDS // EVENT_PAUSE_SECONDS):
            try:
                return self.functions.invoke(config, payload)
            except TooManyRequests:
                self.clock.sleep(EVENT_PAUSE_SECONDS)
        return self.functions.invoke(config, payload)

    def allow_at_once(self, invocations: int = ACCOUNT_CONCURRENCY) -> None:
        """How many invocations the account may have at a time from now on. What comes beyond is refused, or, with an event, waits."""
        self.functions.concurrency = invocations

    def _config(self, function: str) -> FunctionConfig:
        try:
            return self._configs[function]
        except KeyError:
            raise KeyError(f"the stack has no function {function}") from None

    def _take_invocations(self) -> None:
        """Lets this stack's handlers answer moto's Lambda."""
        before = LambdaSimpleBackend.invoke

        def invoke(
            backend: LambdaBackend, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: dict[str, str]
        ) -> bytes | None:
            function = backend.get_function(function_name, qualifier)
            config = self._configs[function.function_name]
            payload = body.encode() if isinstance(body, str) else body or b"{}"
            if headers.get("X-Amz-Invocation-Type") == "Event":
                self._deliver(lambda: self._invoke_with_event(config, payload))
                return b""
            answer, failed = self.functions.invoke(config, payload)
            if failed:
                response_headers["x-amz-function-error"] = failed
            return answer

        put(LambdaSimpleBackend, "invoke", invoke)
        self._restore.append(lambda: put(LambdaSimpleBackend, "invoke", before))

    def role_arn(self, logical_id: str) -> str:
        """The ARN of a role of the stack."""
        return str(iam_backends[ACCOUNT]["aws"].get_role(self.physical_ids[logical_id]).arn)

    # --- Schedules ---------------------------------------------------------------------------------------------------

    def _start_target(self, target: Mapping[str, Any], text: str) -> None:
        """Starts the target of a schedule or rule with its role. Raises whatever AWS would fail with."""
        arn = target["Arn"]
        if ":stateMachine:" in arn:
            self._require(target, Need("states:StartExecution", (arn,)))
            started = self._client.start_execution(stateMachineArn=arn, input=text)["executionArn"]
            self._started = [*(each for each in self._started if self._runs(each)), started]
        else:
            config = self._config(arn)
            if "RoleArn" in target:  # a rule's target has none: it is the function that lets it in
                self._require(target, Need("lambda:InvokeFunction", (arn,)))
            self._deliver(lambda: self._invoke_with_event(config, text.encode()))

    def _give_up_target(self, target: Mapping[str, Any], text: str) -> None:
        """Puts the input of a schedule's target into its dead letters, if there are any and the role may."""
        queue = target.get("DeadLetterConfig", {}).get("Arn", "")
        if queue and self._may(target, Need("sqs:SendMessage", (queue,))):
            self._put_aside(queue, text, "none")

    def _put_aside(self, queue: str, text: str, error: str) -> None:
        """Puts a message into a queue of dead letters, by its ARN."""
        if queue:
            attributes = {"ErrorMessage": {"DataType": "String", "StringValue": error[:1024] or "none"}}
            client = boto3.client("sqs", region_name=self.region)
            url = client.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
            client.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)

    def _require(self, target: Mapping[str, Any], need: Need) -> None:
        if not self._may(target, need):
            raise PermissionError(f"{target['RoleArn']} may not perform {need.action}")

    def _may(self, target: Mapping[str, Any], need: Need) -> bool:
        role = iam_backends[ACCOUNT]["aws"].get_role_by_arn(target["RoleArn"])
        self.roles.grant(target["RoleArn"], {**role.policies, **managed_documents(role)})
        return self.roles.allows(target["RoleArn"], need)

    # --- Executions --------------------------------------------------------------------------------------------------

    def _quiet_interpreter(self) -> None:
        """The interpreter logs every caught error with its whole state; the execution's history says it better."""
        logger = logging.getLogger("moto.stepfunctions")
        self._restore.append(functools.partial(logger.setLevel, logger.level))
        logger.setLevel(logging.CRITICAL)

    def _status_changed(self, execution: Execution, status: str) -> None:
        event = repairs.status_event(execution, status)
        self.tell(event)
        self.heard(event["detail"])

    def tell(self, event: Mapping[str, Any]) -> None:
        """Gives an event to every rule that matches it, as EventBridge would: at its own pace, to functions and state machines. What a rule
        cannot start goes to its dead letters at once."""
        for rule in events_backends[ACCOUNT][self.region].event_buses["default"].rules.values():
            if rule.state == "ENABLED" and rule.event_pattern.matches_event(event):  # type: ignore[arg-type]
                for target in rule.targets:
                    self._deliver(lambda target=target: self._hand_over(target, json.dumps(event)))  # type: ignore[misc]

    def _hand_over(self, target: Mapping[str, Any], text: str) -> None:
        try:
            self._start_target(target, text)
        except Exception as refused:  # whatever it is, AWS ends with the dead letters
            self._put_aside(target.get("DeadLetterConfig", {}).get("Arn", ""), text, str(refused))

    def _deliver(self, delivery: Callable[[], object]) -> None:
        thread = threading.Thread(target=delivery, daemon=True)
        with self._delivering, self.clock.working():
            thread.start()
            self._deliveries = [*(each for each in self._deliveries if each.is_alive()), thread]

    def _executions(self) -> list[Any]:
        machines = stepfunctions_parser_backends[ACCOUNT][self.region].state_machines
        return [execution for machine in machines for execution in machine.executions]

    def _stop_executions(self) -> None:
        """Stops what runs and waits for its threads, which would go on to call AWS when there is none any more."""
        repairs.Hooks.status_changed = None
        now = self.clock.now()
        for execution in self._executions():
            if execution.status == "RUNNING":
                execution.stop(stop_date=now, error="SandboxClosed", cause="The embedded AWS was closed.")
        with self._delivering:
            self._deliveries += [thread for thread in TMP_THREADS if thread.is_alive()]
        self.settle()
        TMP_THREADS.clear()


class FunctionFailed(Exception):
    """A function answered with an error: `error_type` is the class name that Retry and Catch would see."""

    def __init__(self, error_type: str, message: str, trace: list[str]) -> None:
        super().__init__(f"{error_type}: {message}\n{''.join(trace)}")
        self.error_type = error_type
        self.message = message
