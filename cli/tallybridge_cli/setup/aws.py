"""`tallybridge setup aws`: the machine, the login, the stack and mail; looks at everything, does what it is asked for, may be repeated."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from tallybridge.desk.credentials import settings_so_far
from tallybridge.desk.doctor.check import Check, State
from tallybridge.desk.exits import KNOWN_ERRORS, explained
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge_cli import checks, render
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, err, out, say, write_json
from tallybridge_cli.setup import aws_mail, aws_rights, policies
from tallybridge_cli.setup.where import Place, place_of

AREA = "AWS"
REPOSITORY = Path(__file__).resolve().parents[3]
RUNTIMES = ("python3.13", "python3.12", "python3.11")
"""Runtimes that the template knows, the default first; `sam build` needs the same Python on the machine."""
ROLE = "{stack}-deployment"
"""The role that CloudFormation takes on, where there is one (policies/service-role*.json)."""


@dataclass(frozen=True)
class Wanted:
    """What the person asks for. `leave`: the mail sandbox; `yes`: without being asked once more."""

    identity: str = ""
    recipients: list[str] = field(default_factory=list)
    leave: bool = False
    website: str = ""
    use_case: str = ""
    yes: bool = False


def aws_command(
    identity: Annotated[
        str, typer.Option("--identity", help="Domain or address that mails come from; the sender's domain otherwise.")
    ] = "",
    recipient: Annotated[list[str] | None, typer.Option("--recipient", help="Who is told of runs; may be repeated.")] = None,
    leave: Annotated[bool, typer.Option("--leave-mail-sandbox", help="Ask AWS Support that everybody may be mailed.")] = False,
    website: Annotated[str, typer.Option("--website", help="For that request: your company's address.")] = "",
    use_case: Annotated[str, typer.Option("--use-case", help="For that request: what is mailed to whom.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Send that request without being asked once more.")] = False,
    write: Annotated[Path | None, typer.Option("--policies", help="Only write the least rights as files into this folder.")] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Check this machine, the AWS login and the stack; set up mail and its recipients."""
    place = place_of(env, stack)
    if write is not None:
        return _written(place, write, json=json)
    records, found = aws_mail.Records(), []
    wanted = Wanted(identity, recipient or [], leave, website, use_case, yes)
    for check in examined(place, wanted, records):
        found.append(check)
        if not json:
            say(out, checks.shown(check))
    done = all(c.state in (State.OK, State.NOTE) for c in found)
    if json:
        rows = [{"name": name, "type": "CNAME", "value": value} for name, value in records.rows]
        write_json({"ok": done, "stack": place.stack, "checks": [c.to_json() for c in found], "records": rows})
        return Code.TIED_OUT if done else Code.LEFT_OVER
    if records.rows:
        say(out, "", *(render.plain(f"{name} CNAME {value}") for name, value in records.rows))
    say(out, "", render.plain(f"Then: tallybridge setup{place.option}" if done else "Call it again when that is done."))
    return Code.TIED_OUT if done else Code.LEFT_OVER


def examined(place: Place, wanted: Wanted, records: aws_mail.Records) -> Iterator[Check]:
    """Every check, and what was asked for done on the way."""
    yield Check(AREA, "login", State.OK, f"{place.caller['Arn']}, region {place.region}")
    yield aws_rights.check(place)
    if place.target is None:
        yield from tools()
        yield Check(AREA, "stack", State.WARN, f"{place.stack} is not deployed", deploy_commands(place))
        return
    yield Check(AREA, "stack", State.OK, f"{place.stack} is deployed")
    try:
        yield from mail(place.target, wanted, records)
    except ConfigurationError:
        raise
    except KNOWN_ERRORS as failed:
        known = explained(failed)
        yield Check(aws_mail.AREA, "Amazon SES", State.FAIL, f"{known.code}: {known.message}", known.advice)


def mail(target: Target, wanted: Wanted, records: aws_mail.Records) -> Iterator[Check]:
    """Sender, account and recipients, in the order in which one depends on the other."""
    who = target.who()
    if wanted.recipients:
        yield aws_mail.save_recipients(target, wanted.recipients, who)
    else:
        yield aws_mail.told(target)
    settings = settings_so_far(target)
    sender = aws_mail.sender_of(target, settings)
    if not (sender or wanted.identity):
        advice = "Deploy with NotificationSender=ADDRESS, or set notify_sender."
        yield Check(aws_mail.AREA, "sender", State.WARN, "it is not known where mails come from", advice)
        return
    identity = wanted.identity or ("" if aws_mail.covered(target, sender) else sender.partition("@")[2])
    if identity:
        yield aws_mail.identity(target, identity, records)
    if sender and aws_mail.covered(target, sender):
        yield Check(aws_mail.AREA, "sender", State.OK, f"{sender} may send")
    elif wanted.identity and sender not in (wanted.identity, "") and sender.partition("@")[2] != wanted.identity:
        text = f"mails come from {sender}, which {wanted.identity} does not cover"
        advice = "Set notify_sender to an address of it, or deploy with another NotificationSender."
        yield Check(aws_mail.AREA, "sender", State.WARN, text, advice)
    if wanted.leave and not target.client("sesv2").get_account().get("ProductionAccessEnabled"):
        if not wanted.yes:
            err.print("AWS Support reads the request, and holds the account to what it says.")
            typer.confirm("Ask AWS Support that this account may mail everybody?", abort=True, err=True)
        yield aws_mail.leave_sandbox(target, wanted.website, wanted.use_case)
    yield from aws_mail.account(target, settings.notified, identity)


def tools() -> Iterator[Check]:
    """What deploying needs on this machine."""
    if sam():
        yield Check(AREA, "sam", State.OK, sam())
    else:
        advice = "`make build` brings it into build/sam, or install it: pip install aws-sam-cli."
        yield Check(AREA, "sam", State.WARN, "the SAM CLI is not here", advice)
    if python := runtime():
        yield Check(AREA, "python", State.OK, f"{python}, with which the functions are built")
    else:
        advice = "Install one of them, or build with `sam build --use-container`."
        yield Check(AREA, "python", State.WARN, f"none of {', '.join(RUNTIMES)} is here", advice)


def sam() -> str:
    """Where the SAM CLI is, "" where it is not."""
    own = REPOSITORY / "build" / "sam" / "bin" / "sam"
    return shutil.which("sam") or (str(own) if own.is_file() else "")


def runtime() -> str:
    """The runtime of the functions that this machine can build for."""
    return next((each for each in RUNTIMES if shutil.which(each)), "")


def deploy_commands(place: Place) -> str:
    """The exact commands that deploy the stack from this machine."""
    python = runtime() or RUNTIMES[0]
    parameters = "" if python == RUNTIMES[0] else f" PythonRuntime={python}"
    build = f"{sam() or 'sam'} build" + (f" --parameter-overrides{parameters}" if parameters else "")
    role = f"arn:{place.partition}:iam::{place.caller['Account']}:role/{ROLE.format(stack=place.stack)}" if has_role(place) else ""
    deploy = f"{sam() or 'sam'} deploy --stack-name {place.stack} --region {place.region}" + (f" --role-arn {role}" if role else "")
    return f"`{build}`, then `{deploy} --parameter-overrides NotificationSender=ADDRESS{parameters}`"


def has_role(place: Place) -> bool:
    """Whether an administrator has made the role for CloudFormation; where it may not be looked at, it is not taken."""
    try:
        place.aws.client("iam").get_role(RoleName=ROLE.format(stack=place.stack))
    except KNOWN_ERRORS:
        return False
    return True


def _written(place: Place, folder: Path, *, json: bool) -> int:
    """Write the policies for this stack, account and region."""
    key = place.target.variables.get("EXPORT_KEY", "") if place.target else ""
    made = policies.filled_in(place.stack, place.caller["Account"], place.region, aws_rights.person(place), key, place.partition)
    files = policies.write(folder, made)
    told: dict[str, Any] = {str(file): policies.WHAT_FOR[file.stem] for file in files}
    if json:
        write_json({"stack": place.stack, "policies": told})
        return Code.TIED_OUT
    say(out, *(render.plain(f"{file}: {what}") for file, what in told.items()))
    say(out, "", render.plain("An administrator makes CloudFormation's role once, with any tool, such as:"))
    say(out, *(render.plain(f"  {line}") for line in role_commands(place, folder)))
    return Code.TIED_OUT


def role_commands(place: Place, folder: Path) -> Iterator[str]:
    """The commands by which an administrator makes the role that CloudFormation takes on."""
    role, account = ROLE.format(stack=place.stack), f"arn:{place.partition}:iam::{place.caller['Account']}"
    yield f"aws iam create-role --role-name {role} --assume-role-policy-document file://{folder}/service-role-trust.json"
    for name in policies.OF_THE_ROLE:
        yield f"aws iam create-policy --policy-name {role}-{name} --policy-document file://{folder}/{name}.json"
        yield f"aws iam attach-role-policy --role-name {role} --policy-arn {account}:policy/{role}-{name}"
    yield f"sam deploy ... --role-arn {account}:role/{role}"
