"""`tallybridge setup credentials`: the secret, filled from files and hidden prompts; nothing secret is shown or typed on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tallybridge.desk import key_pair
from tallybridge.desk.credentials import NAMES, Versions, fill, present
from tallybridge.desk.target import Target
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge_cli import render, rotation
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, write_json
from tallybridge_cli.setup.where import place_of

Given = dict[str, dict[str, str]]
KEY_FILE = "private_key_file"
"""A key of a file: where the private key lies."""
SHOWN = {"base_url": "address, such as https://rest.na.zuora.com", "account_id": "account id, such as 1234567_SB1"}
"""What is asked for and shown; all else is hidden."""
ASKED = {"zuora": ("base_url", "client_id", "client_secret"), "netsuite": ("account_id", "client_id", "certificate_id", KEY_FILE)}
FILE_ADVICE = 'Write {"zuora": {"base_url": "...", "client_id": "...", "client_secret": "..."}, "netsuite": {...}}; see docs/setup.md.'
OTHERS = 0o077


def credentials_command(
    file: Annotated[Path | None, typer.Option("--from", help="JSON file with the keys by side.")] = None,
    zuora: Annotated[Path | None, typer.Option("--zuora", help="JSON file with base_url, client_id and client_secret.")] = None,
    account: Annotated[str, typer.Option("--account", help="NetSuite: account id, such as 1234567_SB1.")] = "",
    client_id: Annotated[str, typer.Option("--client-id", help="NetSuite: client id of the integration record.")] = "",
    certificate_id: Annotated[str, typer.Option("--certificate-id", help="NetSuite: as its screen shows it.")] = "",
    key_file: Annotated[Path | None, typer.Option("--key-file", help="NetSuite: PEM file with the private key.")] = None,
    untried: Annotated[bool, typer.Option("--untried", help="Store them without a login: this machine reaches no vendor.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Fill in the credentials, after a login with them has gone well; what is not given stays, and is asked for where nothing is given."""
    place = place_of(env, stack)
    if place.target is None:
        text = f"The stack {place.stack} is not deployed, so that there is no secret to fill in."
        raise ConfigurationError(text, place="stack", code="TARGET", advice=f"`tallybridge setup aws{place.option}` says how.")
    target = place.target
    notes: list[str] = []
    given = _of_files(file, zuora, notes)
    own = {"account_id": account, "client_id": client_id, "certificate_id": certificate_id, KEY_FILE: str(key_file or "")}
    given["netsuite"] = {**given.get("netsuite", {}), **{name: value for name, value in own.items() if value}}
    given = {system: keys for system, keys in given.items() if keys} or _asked_for(target)
    given = _with_addresses(target, {system: _with_key(keys) for system, keys in given.items() if keys})
    said, versions = fill(target, given, target.who(), reason, untried=untried)
    keys = {system: sorted(given[system]) for system in given}
    back = way_back(target, versions)
    if json:
        write_json({"keys": keys, "logins": said, "notes": notes, "back": back})
        return Code.TIED_OUT
    say(out, *(render.plain(f"{NAMES[system]}: {text}. Stored: {', '.join(keys[system])}.") for system, text in said.items()))
    say(out, *(render.plain(note, "yellow") for note in notes))
    say(out, render.plain("What was there before comes back, if it must, with", "dim"), render.plain(f"  {back}", "dim"))
    if any("private_key" in names for names in keys.values()):
        say(out, render.plain("Delete the key file now: the secret has it."))
    return Code.TIED_OUT


def way_back(target: Target, versions: Versions) -> str:
    """The command by which AWS puts the secret before in force again."""
    moved = f"--move-to-version-id {versions.before} --remove-from-version-id {versions.after}"
    secret = target["CREDENTIALS_SECRET"]
    return f"aws secretsmanager update-secret-version-stage --secret-id {secret} --version-stage AWSCURRENT {moved}"


def _of_files(file: Path | None, zuora: Path | None, notes: list[str]) -> Given:
    given: Given = {}
    if file:
        for system, keys in _read(file, notes).items():
            if not isinstance(keys, dict):
                raise _unusable(file)
            given[system] = {str(key): str(value) for key, value in keys.items()}
    if zuora:
        given["zuora"] = {**given.get("zuora", {}), **{str(key): str(value) for key, value in _read(zuora, notes).items()}}
    return given


def _read(file: Path, notes: list[str]) -> dict[str, Any]:
    try:
        if file.stat().st_mode & OTHERS:
            notes.append(f"Others of this machine can read {file}: chmod 600, and delete it now.")
        return read_object(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Unusable) as wrong:
        raise _unusable(file) from wrong


def _unusable(file: Path) -> ConfigurationError:
    return ConfigurationError(f"{file} is no readable JSON object of objects.", place=str(file), code="INPUT", advice=FILE_ADVICE)


def _with_key(keys: dict[str, str]) -> dict[str, str]:
    """With the text of the key file in the place of its name, and the last day of the certificate beside it."""
    named = keys.get(KEY_FILE, "")
    others = {key: value for key, value in keys.items() if key != KEY_FILE}
    if not named:
        return others
    return {**rotation.expiry_beside(Path(named)), **others, "private_key": key_pair.read(Path(named))}


def _with_addresses(target: Target, given: Given) -> Given:
    """A sandbox knows where its stand-ins are: they are no addresses that somebody could know."""
    for system, keys in given.items():
        if (known := target.variables.get(f"{system.upper()}_BASE_URL")) and "base_url" not in keys:
            keys["base_url"] = known
    return given


def _asked_for(target: Target) -> Given:
    """What a person types. What the secret has already may stay: an empty answer."""
    known, given = present(target), {}
    for system, names in ASKED.items():
        keys: dict[str, str] = {}
        for name in names:
            stays = "private_key" in known[system] if name == KEY_FILE else name in known[system]
            said = SHOWN.get(name) or ("path of the private key's PEM file" if name == KEY_FILE else name)
            text = f"{NAMES[system]} {said}" + (" (empty: stays)" if stays else "")
            hidden = name not in SHOWN and name != KEY_FILE
            keys[name] = typer.prompt(text, default="", hide_input=hidden, show_default=False, err=True).strip()
        given[system] = {name: value for name, value in keys.items() if value}
    if not any(given.values()):
        raise ConfigurationError("Nothing was given.", place="credentials", code="INPUT", advice="`tallybridge setup credentials --help`")
    return given
