"""Everything that the product needs to run on this machine: AWS in process with the stack of `template.yaml`, Zuora, NetSuite
and Zuora Revenue.

    with Sandbox(SandboxOptions(data="demo")) as sandbox:
        sandbox.aws.run("BillingSyncArn", {"trigger": "manual"})

`out/sandbox.env` says where everything is; it is written once everything answers and removed when the sandbox stops.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from zoneinfo import available_timezones

import boto3

from sandbox.aws import LocalAws
from sandbox.clock import Clock
from sandbox.console import console_parameters, serve_console
from sandbox.demo import Objects, Tenant, load_tenant
from sandbox.demo.revenue import revenue_demo
from sandbox.demo.revenue_settings import instances
from sandbox.netsuite import NetSuiteOptions, new_key_pair
from sandbox.profile import ProfileRefused, read_profile
from sandbox.revenue import RevenueOptions
from sandbox.run_files import RunFiles
from sandbox.stand_ins import Addresses, StandInChild, StandInOptions, StandInThreads
from sandbox.zuora import ZuoraOptions

REPOSITORY = Path(__file__).resolve().parent.parent
ENV_FILE = ("sandbox", ".env")
KEY_FILE = ("netsuite-private-key", ".pem")
"""Names and endings; a second sandbox in the same folder has a number between."""
MOST_IN_A_FOLDER = 50
SENDER = "tallybridge@example.com"
RECIPIENT = "finance@example.com"
DEFAULT_PORT_BASE = 7000
AWS_PORT, ZUORA_PORT, NETSUITE_PORT, REVENUE_PORT, CONSOLE_PORT = 0, 1, 2, 3, 4
"""Added to the port base."""
CERTIFICATE_LIFE = timedelta(days=700)
TENANTS = ("ZUORA_", "NETSUITE_", "REVENUE_BASE", "REVENUE_USER", "REVENUE_PASSWORD", "REVENUE_ROLE", "REVENUE_CLIENT")
OF_A_BARE_TENANT = ("ZUORA_BASE_URL", "NETSUITE_BASE_URL", "NETSUITE_ACCOUNT", "REVENUE_BASE_URL")
"""Variables about the tenants, and those that are known before anything is set up."""
CALL_SECONDS = 60.0
"""How long a call to a stand-in's control may take; a large load takes a while."""


class SandboxError(RuntimeError):
    """The sandbox cannot start or was given something it refuses; the message says what to do."""


@dataclass(frozen=True)
class SandboxOptions:
    """What to start. `settlement`: Invoice Settlement on (mode B) or off (mode A). `data`: the demo tenant, only the reference data that
    every account has ("empty"), or two tenants and an AWS stack in which nobody has set anything up ("bare"). `data_query_queue_s`,
    `data_query_s`: how long each of Zuora's Data Query jobs waits, and then runs. `netsuite_slots`: calls that NetSuite answers at a time.
    `time_zone`: that of the NetSuite account. `port_base` None takes free ports. `out` is the folder for sandbox.env and the files of the
    runs. `child`: run the stand-ins in a process of their own. `clock` is the time of everything, the machine's without one; a
    `VirtualClock` needs the stand-ins in this process."""

    settlement: bool = True
    data: Literal["demo", "empty", "bare"] = "empty"
    latency_ms: int = 0
    data_query_queue_s: float = 0
    data_query_s: float = 0
    netsuite_slots: int = 5
    time_zone: str = "America/Los_Angeles"
    port_base: int | None = None
    out: Path = Path("out")
    child: bool = True
    clock: Clock | None = None
    instance: str = "Tallybridge sandbox"
    console: bool = True
    """Whether there is a console; what ends with its run is mailed without links that would lead nowhere."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings that differ from the sandbox's."""
    profile: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Options of the stand-ins by system, as a tenant's profile has them."""


class Sandbox:
    """A running sandbox; a context manager. `env` are the lines of sandbox.env, `aws` is the embedded AWS."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self.options = options or SandboxOptions()
        self.env: dict[str, str] = {}
        self.addresses = Addresses("", "")
        self.console_url = ""
        self.out = self.options.out.resolve()
        self.env_file = self.key_file = Path()
        self._running = ExitStack()

    def __enter__(self) -> Sandbox:
        """Start everything. Raises `SandboxError`, or what a part says about why it cannot start."""
        options = self.options
        if options.clock is not None and options.child:
            raise SandboxError("A clock of its own needs the stand-ins in this process: give child=False as well.")
        if options.port_base is not None:
            _check_ports(options.port_base)
        self.out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as running:
            private_key, public_key = ("", "") if self.is_bare else new_key_pair()
            mark = running.enter_context(place(self.out))
            self.env_file, self.key_file = (self.out / f"{name}{mark}{end}" for name, end in (ENV_FILE, KEY_FILE))
            if private_key:
                running.enter_context(_file(self.key_file, private_key))
            stand_ins = self._stand_ins(public_key)
            running.enter_context(stand_ins)
            self.addresses = stand_ins.addresses
            console = (self._port(CONSOLE_PORT) or _free_port()) if options.console else None
            self.console_url = f"http://127.0.0.1:{console}" if console else ""
            parameters = {"NotificationSender": SENDER, "InstanceName": options.instance}
            self.aws = running.enter_context(
                LocalAws(
                    REPOSITORY / "template.yaml",
                    parameters={**parameters, **(console_parameters(console) if console else {})},
                    port=self._port(AWS_PORT),
                    clock=options.clock,
                    new_account=self.is_bare,
                )
            )
            if console:
                running.enter_context(serve_console(self.aws, console, self.aws.clock))
            if not self.is_bare:
                self._store_credentials(private_key)
                self.store_settings({})
            if options.data == "demo":
                self.load(load_tenant())
                self.load_revenue()
            self.env = self._environment()
            if not self.is_bare:
                self.store_revenue_settings(self.revenue_settings())
            machines = [self.aws.physical_ids[name] for name in ("BillingSync", "RunEnded", "RevenueIngest", "RevenueEnded")]
            self.aws.heard = running.enter_context(RunFiles(machines, self.aws.outputs["ReportsBucket"], self.out / "runs")).hear
            running.enter_context(_file(self.env_file, as_file(self.env)))
            self._running = running.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._running.close()

    @property
    def is_bare(self) -> bool:
        """Whether nobody has set anything up."""
        return self.options.data == "bare"

    # --- Use ----------------------------------------------------------------------------------------------------------

    def load(self, tenant: Tenant) -> None:
        """Put a tenant into the stand-ins. Raises `SandboxError` naming the first objects that they refuse."""
        self.load_zuora(tenant.zuora if self.options.settlement else tenant.without_settlement())
        self.load_netsuite(tenant.netsuite)
        self.store_settings(tenant.settings)

    def load_zuora(self, objects: Objects) -> None:
        """Put objects by type into Zuora."""
        self.control("zuora", "load", objects)

    def load_netsuite(self, objects: Objects) -> None:
        """Put records by type into NetSuite."""
        self.control("netsuite", "load", objects)

    def load_revenue(self) -> None:
        """Put the demo tenant's datasets into NetSuite and its upload templates into Zuora Revenue."""
        demo = revenue_demo(load_tenant())
        self.load_netsuite(demo.netsuite)
        self.control("revenue", "load", demo.revenue)

    def dump(self, system: Literal["zuora", "netsuite", "revenue"]) -> Objects:
        """Everything that a stand-in holds, by type."""
        objects: Objects = self.control(system, "dump")
        return objects

    def control(self, system: Literal["zuora", "netsuite", "revenue"], action: str, body: Any = None) -> Any:
        """Call a stand-in's control: POST with a body, GET without one. Raises `SandboxError` when it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{getattr(self.addresses, system)}/_sandbox/{action}", data)  # noqa: S310 - on loopback
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise SandboxError(f"{system} refused {action}: {_first_errors(refused.read())}") from refused

    def store_settings(self, settings: dict[str, Any]) -> None:
        """Make these the settings, on top of the sandbox's own and those of the options."""
        document = json.dumps({**self._own_settings(), **settings, **self.options.settings})
        client = boto3.client("ssm", region_name=self.aws.region)
        client.put_parameter(Name=self.aws.outputs["SettingsParameter"], Value=document, Type="String", Overwrite=True)

    def revenue_settings(self) -> dict[str, Any]:
        """The revenue connector's configuration: connected, with the demo tenant's instance where that tenant is loaded."""
        netsuite = {
            "account_id": self.env["NETSUITE_ACCOUNT"],
            "services_url": self.env["NETSUITE_BASE_URL"],
            "auth_method": "oauth2_m2m",
            "max_concurrency": self._slots(),
        }
        return {
            "enabled": True,
            "connection": {"netsuite": netsuite, "revenue": {"host": self.env["REVENUE_BASE_URL"]}},
            "notifications": {"recipients": [RECIPIENT], "sender": SENDER, "on_success": True, "on_warning": True},
            "options": {"poll_first_seconds": 1, "poll_most_seconds": 1},
            "instances": instances(load_tenant()) if self.options.data == "demo" else [],
        }

    def store_revenue_settings(self, document: dict[str, Any]) -> None:
        """Make a document the revenue connector's configuration, in the bucket, since it is longer than a parameter may be."""
        key = "configuration/sandbox-revenue.json"
        bucket, parameter = self.aws.outputs["ReportsBucket"], self.aws.outputs["RevenueSettingsParameter"]
        boto3.client("s3", region_name=self.aws.region).put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode())
        client = boto3.client("ssm", region_name=self.aws.region)
        client.put_parameter(Name=parameter, Value=json.dumps({"stored": key}), Type="String", Overwrite=True)

    # --- Start --------------------------------------------------------------------------------------------------------

    def _stand_ins(self, public_key: str) -> StandInChild | StandInThreads:
        options = StandInOptions(
            settlement=self.options.settlement,
            latency_ms=self.options.latency_ms,
            data_query_queue_s=self.options.data_query_queue_s,
            data_query_s=self.options.data_query_s,
            netsuite_slots=self.options.netsuite_slots,
            time_zone=self.options.time_zone,
            zuora_port=self._port(ZUORA_PORT),
            netsuite_port=self._port(NETSUITE_PORT),
            revenue_port=self._port(REVENUE_PORT),
            certificate_public_key=public_key,
            profile=self.options.profile,
            bare=self.is_bare,
        )
        return StandInChild(options) if self.options.child else StandInThreads(options, self.options.clock)

    def _port(self, offset: int) -> int:
        return 0 if self.options.port_base is None else self.options.port_base + offset

    def _store_credentials(self, private_key: str) -> None:
        zuora, netsuite, revenue = ZuoraOptions(), NetSuiteOptions(), RevenueOptions().users[0]
        document = {
            "revenue": {"user": revenue.name, "password": revenue.password},
            "zuora": {"base_url": self.addresses.zuora, "client_id": zuora.client_id, "client_secret": zuora.client_secret},
            "netsuite": {
                "account_id": netsuite.account,
                "base_url": self.addresses.netsuite,
                "auth_method": "oauth2_m2m",
                "client_id": netsuite.client_id,
                "certificate_id": netsuite.certificate_id,
                "private_key": private_key,
                "expires_on": (self.aws.clock.now() + CERTIFICATE_LIFE).date().isoformat(),
            },
        }
        client = boto3.client("secretsmanager", region_name=self.aws.region)
        client.put_secret_value(SecretId=self.aws.outputs["CredentialsSecret"], SecretString=json.dumps(document))

    def _own_settings(self) -> dict[str, Any]:
        netsuite = self.options.profile.get("netsuite", {})
        subsidiaries, currencies = netsuite.get("one_world", True), netsuite.get("multiple_currencies", True)
        return {
            "zuora_default_currency": "USD",
            "netsuite_subsidiaries": "Yes" if subsidiaries else "No",
            "netsuite_multiple_currencies": "Yes" if currencies else "No",
            "netsuite_default_tax_schedule": "Standard",
            **({"default_subsidiary": "Parent Company"} if subsidiaries else {}),
            "netsuite_max_concurrency": self._slots(),
            "notify_recipients": [RECIPIENT],
            "notify_sender": SENDER,
            "notify_on_success": "Yes",
        }

    def _slots(self) -> int:
        """How many calls at a time the settings let through: those that NetSuite answers."""
        return max(1, min(self.options.netsuite_slots or 50, 50))

    def _environment(self) -> dict[str, str]:
        zuora, netsuite, outputs = ZuoraOptions(), NetSuiteOptions(), self.aws.outputs
        revenue = RevenueOptions().users[0]
        values = {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_REGION": self.aws.region,
            "AWS_DEFAULT_REGION": self.aws.region,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "ZUORA_BASE_URL": self.addresses.zuora,
            "ZUORA_CLIENT_ID": zuora.client_id,
            "ZUORA_CLIENT_SECRET": zuora.client_secret,
            "NETSUITE_BASE_URL": self.addresses.netsuite,
            "NETSUITE_ACCOUNT": netsuite.account,
            "NETSUITE_CONSUMER_KEY": netsuite.consumer_key,
            "NETSUITE_CONSUMER_SECRET": netsuite.consumer_secret,
            "NETSUITE_TOKEN_ID": netsuite.token_id,
            "NETSUITE_TOKEN_SECRET": netsuite.token_secret,
            "NETSUITE_CLIENT_ID": netsuite.client_id,
            "NETSUITE_CERTIFICATE_ID": netsuite.certificate_id,
            "NETSUITE_PRIVATE_KEY_FILE": str(self.key_file),
            "REVENUE_BASE_URL": self.addresses.revenue,
            "REVENUE_USER": revenue.name,
            "REVENUE_PASSWORD": revenue.password,
            "REVENUE_ROLE": revenue.roles[0],
            "REVENUE_CLIENT_NAME": revenue.clients[0],
            "BILLING_SYNC_ARN": outputs["BillingSyncArn"],
            "REVENUE_INGEST_ARN": outputs.get("RevenueIngestArn", ""),
            "REVENUE_SETTINGS_PARAMETER": outputs["RevenueSettingsParameter"],
            "REVENUE_SCHEDULE_ROLE": outputs["RevenueScheduleRole"],
            "SCHEDULE_DEAD_LETTERS": outputs["ScheduleDeadLetters"],
            "STATUS_TABLE": outputs["StatusTable"],
            "RUNS_TABLE": outputs["RunsTable"],
            "AUDIT_TABLE": outputs["AuditTable"],
            "REPORTS_BUCKET": outputs["ReportsBucket"],
            "UPLOADS_BUCKET": outputs["UploadsBucket"],
            "SETTINGS_PARAMETER": outputs["SettingsParameter"],
            "CREDENTIALS_SECRET": outputs["CredentialsSecret"],
            "NOTIFICATION_SENDER": outputs["NotificationSender"],
            "CONSOLE_URL": self.console_url,
        }
        if self.is_bare:
            values = {name: value for name, value in values.items() if name in OF_A_BARE_TENANT or not name.startswith(TENANTS)}
        return {name: value for name, value in values.items() if value}


def options_from(variables: dict[str, str], **fixed: Any) -> SandboxOptions:
    """Options from SETTLEMENT (on/off), DATA (demo/empty/bare), LATENCY_MS, QUERY_QUEUE_S, QUERY_S, NETSUITE_SLOTS, TIMEZONE, PORT_BASE,
    PROFILE (a file of `tallybridge verify`, which prevails). Raises `SandboxError` that names a wrong one."""
    settlement = _choice(variables, "SETTLEMENT", "on", ("on", "off")) == "on"
    data: Any = _choice(variables, "DATA", "demo", ("demo", "empty", "bare"))
    options = SandboxOptions(
        settlement=settlement,
        data=data,
        latency_ms=_whole(variables, "LATENCY_MS", 0, 600_000),
        data_query_queue_s=_whole(variables, "QUERY_QUEUE_S", 0, 86_400),
        data_query_s=_whole(variables, "QUERY_S", 0, 86_400),
        netsuite_slots=_whole(variables, "NETSUITE_SLOTS", 5, 1_000),
        time_zone=_zone(variables, "TIMEZONE", SandboxOptions.time_zone),
        port_base=_whole(variables, "PORT_BASE", DEFAULT_PORT_BASE, 65_000),
        profile=(profile := _profile(variables)),
    )
    return replace(options, **_of_profile(profile), **fixed)


def _choice(variables: dict[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = variables.get(name, "").strip().lower() or default
    if value not in allowed:
        raise SandboxError(f"{name} must be {' or '.join(allowed)}, not {value!r}.")
    return value


def _whole(variables: dict[str, str], name: str, default: int, highest: int) -> int:
    text = variables.get(name, "").strip() or str(default)
    if not text.isdecimal() or int(text) > highest:
        raise SandboxError(f"{name} must be a whole number up to {highest}, not {text!r}.")
    return int(text)


def _profile(variables: dict[str, str]) -> dict[str, dict[str, Any]]:
    path = variables.get("PROFILE", "").strip()
    try:
        return read_profile(Path(path)) if path else {}
    except ProfileRefused as refused:
        raise SandboxError(str(refused)) from refused


def _of_profile(profile: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What of a profile is an option of the sandbox too."""
    names = {"settlement": ("zuora", "settlement"), "netsuite_slots": ("netsuite", "slots"), "time_zone": ("netsuite", "time_zone")}
    return {own: profile[system][name] for own, (system, name) in names.items() if name in profile.get(system, {})}


def _zone(variables: dict[str, str], name: str, default: str) -> str:
    zone = variables.get(name, "").strip() or default
    if zone not in available_timezones():
        raise SandboxError(f"{name} must be an IANA time zone such as Pacific/Kiritimati, not {zone!r}.")
    return zone


def _free_port() -> int:
    """A port that nobody uses, for a server whose address has to be known before it is there."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_ports(base: int) -> None:
    for port in (base + offset for offset in (AWS_PORT, ZUORA_PORT, NETSUITE_PORT, REVENUE_PORT, CONSOLE_PORT)):
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as taken:
                raise SandboxError(f"Port {port} is taken. Stop what uses it, or choose other ports with PORT_BASE.") from taken


def as_file(variables: Mapping[str, str]) -> str:
    """The environment file: a line KEY=value each, quoted for a shell, and a last one with which `. out/sandbox.env` hands them on to the
    programs that the shell starts."""
    lines = [f"{key}={shlex.quote(value)}" for key, value in variables.items()]
    return "\n".join([*lines, f"SANDBOX=running; export SANDBOX {' '.join(variables)}"]) + "\n"


@contextlib.contextmanager
def place(folder: Path) -> Iterator[str]:
    """What marks a sandbox's files in a folder, "" or "-2", "-3" and so on, while it lives there. A lock of the system keeps the place,
    so that it is free again however a sandbox ends."""
    for number in range(1, MOST_IN_A_FOLDER):
        mark = f"-{number}" if number > 1 else ""
        path = folder / f".sandbox{mark}.lock"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                lost = not path.exists() or path.stat().st_ino != os.fstat(lock.fileno()).st_ino
            except BlockingIOError:
                continue
            if lost:  # whoever lived here has just left, and has taken this file away
                continue
            try:
                yield mark
            finally:
                path.unlink(missing_ok=True)
            return
    raise SandboxError(f"{MOST_IN_A_FOLDER - 1} sandboxes live in {folder} already. Stop one, or work in another folder.")


class _file(AbstractContextManager[Path]):
    """A file, readable by its owner only, that exists as long as the context does. It appears with its content, never half written."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    def __enter__(self) -> Path:
        unfinished = self.path.with_name(self.path.name + ".part")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(self.text)
        unfinished.replace(self.path)
        return self.path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.path.unlink(missing_ok=True)


def _first_errors(body: bytes) -> str:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError):
        return body[:300].decode("utf-8", "replace")
    shown = [f"{e.get('type', '')} {e.get('index', '')}: {e.get('message', '')}".strip() for e in errors[:5]]
    return "; ".join(shown) + (f" and {len(errors) - 5} more" if len(errors) > 5 else "")
