"""Which installation a command works on: the sandbox's environment file, the environment, or a stack by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from tallybridge.desk.target import HOW, Target
from tallybridge.errors import ConfigurationError

__all__ = ["NEEDED", "OUTPUTS", "SANDBOX_ENV", "Target", "read_env", "resolve"]

SANDBOX_ENV = Path("out/sandbox.env")
OUTPUTS = {
    "BillingSyncArn": "BILLING_SYNC_ARN",
    "StatusTable": "STATUS_TABLE",
    "RunsTable": "RUNS_TABLE",
    "AuditTable": "AUDIT_TABLE",
    "ReportsBucket": "REPORTS_BUCKET",
    "UploadsBucket": "UPLOADS_BUCKET",
    "RevenueIngestArn": "REVENUE_INGEST_ARN",
    "RevenueSettingsParameter": "REVENUE_SETTINGS_PARAMETER",
    "RevenueScheduleRole": "REVENUE_SCHEDULE_ROLE",
    "ScheduleDeadLetters": "SCHEDULE_DEAD_LETTERS",
    "SettingsParameter": "SETTINGS_PARAMETER",
    "CredentialsSecret": "CREDENTIALS_SECRET",
    "NotificationSender": "NOTIFICATION_SENDER",
    "ExportKey": "EXPORT_KEY",
}
"""Outputs of the stack and the variables of the same content."""
NEEDED = ("BILLING_SYNC_ARN", "STATUS_TABLE", "RUNS_TABLE", "REPORTS_BUCKET", "SETTINGS_PARAMETER", "CREDENTIALS_SECRET")


def resolve(env_file: Path | None, stack: str | None, environ: Mapping[str, str]) -> Target:
    """The installation that a command means: --stack, else --env, else the environment, else a running sandbox's out/sandbox.env.

    Raises `ConfigurationError` TARGET when there is none, or when it lacks something.
    """
    if stack:
        target = _of_stack(stack, environ)
    elif env_file is not None:
        target = Target(_with_credentials(read_env(env_file), environ), str(env_file))
    elif environ.get("BILLING_SYNC_ARN"):
        target = Target(environ, "the environment")
    elif SANDBOX_ENV.is_file() and not environ.get("AWS_ENDPOINT_URL"):
        target = Target(read_env(SANDBOX_ENV), str(SANDBOX_ENV))
    else:
        raise ConfigurationError("It is not said which installation is meant.", place="target", code="TARGET", advice=HOW)
    for name in NEEDED:
        target[name]
    return target


def read_env(path: Path) -> dict[str, str]:
    """KEY=value lines; blank lines and those that begin with # are left out. Raises `ConfigurationError` TARGET."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as missing:
        advice = "Start the sandbox with `make sandbox`, or name another file."
        raise ConfigurationError(f"{path} cannot be read: {missing.strerror}.", place=str(path), code="TARGET", advice=advice) from missing
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals:
            raise ConfigurationError(f"{path}, line {number}: not KEY=value.", place=f"{path}:{number}", code="TARGET")
        found[name.strip()] = value.strip().strip("\"'")
    return found


def _with_credentials(variables: dict[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The file's variables; AWS credentials come from the environment when the file has none."""
    if "AWS_ACCESS_KEY_ID" in variables:
        return variables
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {**{name: environ[name] for name in names if name in environ}, **variables}


def _of_stack(stack: str, environ: Mapping[str, str]) -> Target:
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    variables = {name: environ[name] for name in names if name in environ}
    source = f"stack {stack}"
    try:
        found = Target(variables, source).client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as refused:
        if refused.response.get("Error", {}).get("Code") != "ValidationError":
            raise
        advice = "Check name and region; `sam list stack-outputs` shows what is deployed."
        raise ConfigurationError(f'There is no stack "{stack}" here.', place="stack", code="TARGET", advice=advice) from refused
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
    return Target({**variables, **{OUTPUTS[k]: v for k, v in outputs.items() if k in OUTPUTS}}, source)
