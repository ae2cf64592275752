"""`tallybridge setup netsuite`: a SuiteCloud project with what the account lacks, and what is to be done with it and beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from tallybridge import money
from tallybridge.desk.doctor.check import named
from tallybridge.desk.doctor.examine import SLOTS
from tallybridge.desk.exits import KNOWN_ERRORS, explained
from tallybridge.errors import ConfigurationError
from tallybridge.fields.netsuite_role import ROLE_ID, ROLE_NAME
from tallybridge.http import Http
from tallybridge.netsuite import LocalSlots, NetSuite
from tallybridge.settings import DEFAULTS, Settings
from tallybridge.wiring import netsuite_connection, parse_secret
from tallybridge_cli import render
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, write_json
from tallybridge_cli.setup.netsuite_compare import Comparison, whole, with_account, with_objects
from tallybridge_cli.setup.netsuite_page import by_form
from tallybridge_cli.setup.netsuite_project import AUTH_ID, OBJECTS, project
from tallybridge_cli.target import Target, resolve

FOLDER = Path("out/netsuite")
MARK = "suitecloud.config.js"
"""The file by which a folder is known as a project."""
FEATURES = (
    "Setup > Company > Enable Features: on SuiteCloud SuiteCloud Development Framework, Custom Records, REST Web Services and OAuth 2.0 "
    "(two ask to accept terms); on Items & Inventory Item Options; on Analytics SuiteAnalytics Workbook.",
)
AFTERWARDS = (
    f"Lists > Employees > Employees > the integration's user > Access: Give Access, role {ROLE_NAME}.",
    "Setup > Integration > Manage Integrations > New: tick Client Credentials (Machine to Machine) Grant and the scope REST Web Services, "
    "and nothing else. The client id is shown once.",
    "Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M) Setup > Create New: user, role, integration, "
    "certificate file. The list shows the certificate id.",
    "Customization > Forms: show the fields on the preferred form of each record; docs/netsuite-fields.md says which on which.",
)
NOTHING_SEEN = (
    "If the account has none of the fields, `tallybridge setup netsuite --all` writes the whole project. Otherwise write what "
    "`suitecloud object:list` prints into a file, and name it with --objects."
)

IntoOption = Annotated[Path, typer.Option("--into", help="Folder for the project; a former project there is replaced.")]
AllOption = Annotated[bool, typer.Option("--all", help="The whole project, without looking at the account.")]
ObjectsOption = Annotated[Path | None, typer.Option("--objects", help="What `suitecloud object:list` has printed, instead of a login.")]
RoleOption = Annotated[str, typer.Option("--role", help="Script id of a role of your own, which the new fields name instead of ours.")]


def netsuite_command(
    into: IntoOption = FOLDER,
    everything: AllOption = False,
    objects: ObjectsOption = None,
    role: RoleOption = ROLE_ID,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Write a SuiteCloud project with the fields, lists and role that the account lacks. Nothing in NetSuite is changed."""
    found, compared = _found(everything, objects, env, stack)
    found = found.written_by(role)
    paths = write(into, project(found.wanted)) if len(found.wanted) else []
    steps = commands(into) if paths else []
    if json:
        screens = {"before": list(FEATURES) if paths else [], "after": list(AFTERWARDS), "forms": by_form(found.wanted.fields)}
        said = {"compared_with": compared, "into": str(into) if paths else "", "commands": steps, "by_hand": screens}
        write_json({**found.to_json(), **said})
    else:
        say(out, *(render.plain(line) for line in _told(found, compared, into, steps)))
    return Code.TIED_OUT


def _found(everything: bool, objects: Path | None, env: Path | None, stack: str | None) -> tuple[Comparison, str]:
    """What the account lacks, and what was looked at: "nothing", "object list" or "account"."""
    if everything:
        return whole(), "nothing"
    if objects is not None:
        try:
            return with_objects(objects.read_text(encoding="utf-8")), "object list"
        except (OSError, UnicodeDecodeError) as unreadable:
            advice = "Write what `suitecloud object:list` prints into a file, and name that."
            text = f"{objects} cannot be read: {unreadable}"
            raise ConfigurationError(text, place="--objects", code="INPUT", advice=advice) from unreadable
    try:
        target = resolve(env, stack, os.environ)
        settings = _settings(target)
        return with_account(_account(target, settings), settings.field_map), "account"
    except KNOWN_ERRORS as failed:
        known = explained(failed)
        text = f"Nothing of the NetSuite account can be compared yet ({known.code}: {known.message})"
        raise ConfigurationError(text, place="netsuite", code="NETSUITE-UNSEEN", advice=NOTHING_SEEN) from failed


def _settings(target: Target) -> Settings:
    """The settings, and the defaults as long as nobody has ever saved any. Raises `ConfigurationError` for those that cannot be read."""
    try:
        return target.settings()
    except ConfigurationError as missing:
        if missing.place != target["SETTINGS_PARAMETER"] or target.configuration().versions.newest() is not None:
            raise
        return DEFAULTS


def _account(target: Target, settings: Settings) -> NetSuite:
    """The account, by the NetSuite part of the secret alone. Raises `ConfigurationError`."""
    secret = target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"]
    clock = target.clock
    http = Http(clock=lambda: clock.now().timestamp(), sleep=clock.sleep)
    credentials = {"netsuite": parse_secret(secret).get("netsuite", {})}
    return NetSuite(netsuite_connection(credentials, settings), http, LocalSlots(SLOTS, http.clock))


def write(into: Path, files: Mapping[str, str]) -> list[Path]:
    """Write a project into a folder, in the place of one that is there. Raises `ConfigurationError` where something else is there."""
    if into.exists() and not (into / MARK).is_file() and (not into.is_dir() or any(into.iterdir())):
        text = f"{into} holds something else than a SuiteCloud project; nothing was written."
        raise ConfigurationError(text, place="--into", code="INPUT", advice="Name another folder with --into.")
    for old in (into / OBJECTS).glob("*.xml"):
        old.unlink()
    for path, text in files.items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        (into / path).write_text(text, encoding="utf-8")
    return [into / path for path in files]


def commands(into: Path) -> list[str]:
    """What to run with the vendor's tool, in this order."""
    return [
        f"cd {into}",
        "suitecloud account:setup",
        "suitecloud project:validate --server",
        "suitecloud project:deploy --dryrun",
        "suitecloud project:deploy",
    ]


def _told(found: Comparison, compared: str, into: Path, steps: list[str]) -> Iterator[str]:
    seen = {"nothing": "The account was not looked at.", "object list": f"{found.found} fields are there by their script ids."}
    yield seen.get(compared) or f"{found.found} fields are there."
    yield from _findings(found)
    if not steps:
        yield "The account lacks nothing that can be made; no project was written."
        return
    wanted = found.wanted
    yield f"{into} holds {len(wanted.fields)} fields, {len(wanted.lists)} lists and {'the' if wanted.role else 'no'} role."
    if wanted.role:
        yield f"Deploying writes the role {ROLE_ID} anew; permissions that somebody has added to it should be looked at afterwards."
    yield ""
    yield "1. In NetSuite:"
    yield from (f"   {line}" for line in FEATURES)
    yield f"2. With the vendor's tool (npm install -g @oracle/suitecloud-cli); it asks for an authentication id: {AUTH_ID}"
    yield from (f"   {line}" for line in steps)
    yield "3. In NetSuite, once:"
    yield from (f"   {line}" for line in AFTERWARDS)
    yield "4. tallybridge doctor"


def _findings(found: Comparison) -> Iterator[str]:
    """What was found that no project can mend, each with what to do."""
    if found.field_map:
        entries = money.dumps({"field_map": found.field_map})
        yield f"Found under other ids, and used by their labels. To be safe when a label changes, save the setting {entries}"
    for name, script_id in found.mapped.items():
        yield f"{name}: field_map names {script_id}, which the account lacks. Correct or remove the entry, and run this again."
    for name, text in found.wrong_type.items():
        yield f"{name}: {text}. It was left as it is: make a field of the right type under another id, and name that in field_map."
    for name, records in found.incomplete.items():
        yield f"{name}: not on {', '.join(records)}. Tick the record on the field's screen, or see that its form shows it."
    for script_id, values in found.lists.items():
        yield f"{script_id}: lacks {named(values)}. Add them on the list's screen."
    for record, permission in found.hidden.items():
        yield f"{record}: not shown to the role. Give the role the permission {permission}, and run this again."
    if found.unseen:
        yield f"Not seen, and not written: {named(found.unseen)}."
