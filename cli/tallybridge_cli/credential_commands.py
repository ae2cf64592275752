"""The commands about what an installation is connected to: credentials are exchanged, another account is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tallybridge.desk import certificate_change, key_pair
from tallybridge.desk.connection import connection
from tallybridge.desk.credentials import EXPIRES, KEYS, NAMES, present
from tallybridge.desk.credentials import rotate as exchanged
from tallybridge.desk.moving import accept, move
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge_cli import render, rotation
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, target_of, write_json

app = typer.Typer()


@app.command()
def rotate(
    side: Annotated[str, typer.Argument(help="Whose credentials: zuora, netsuite or revenue.")],
    file: Annotated[Path | None, typer.Option("--from", help="A JSON file with the new keys; without it they are asked for.")] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="NetSuite: a PEM file with the new private key.")] = None,
    certificate_id: Annotated[str, typer.Option("--certificate-id", help="NetSuite: the id that its screen shows for the key.")] = "",
    certificate: Annotated[bool, typer.Option("--certificate", help="NetSuite: make a key and a certificate, and map it.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="NetSuite: revoke the certificate before, after a good run.")] = False,
    revoked: Annotated[bool, typer.Option("--revoked", help="With --finish: it was revoked by hand.")] = False,
    into: Annotated[Path, typer.Option("--into", help="Where key and certificate lie meanwhile.")] = certificate_change.FOLDER,
    days: Annotated[int, typer.Option("--days", min=30, max=key_pair.DAYS, help="How long the certificate holds.")] = key_pair.DAYS,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Exchange credentials for new ones, after a login with them has gone well. The next run takes them."""
    target = target_of(env, stack)
    if side not in KEYS:
        text = f'"{side}" is no side that has credentials.'
        raise ConfigurationError(text, place="side", code="INPUT", advice=f"The sides are {', '.join(KEYS)}.")
    brings = bool(file or key_file or certificate_id)
    rotation.check(side, certificate=certificate, finish=finish, revoked=revoked, brings=brings)
    if certificate:
        return rotation.begin(target, into, reason, days, json=json)
    if finish:
        return rotation.finish(target, reason, revoked=revoked, json=json)
    given = _of_file(file) if file else {} if brings else _asked_for(side, present(target)[side])
    if key_file:
        given = {**rotation.expiry_beside(key_file), **given, "private_key": _text(key_file)}
    if certificate_id:
        given["certificate_id"] = certificate_id
    said = exchanged(target, side, given, target.who(), reason)
    if json:
        write_json({"side": side, "keys": sorted(key for key, value in given.items() if value), "login": said})
    else:
        say(out, render.plain(f"{NAMES[side]} takes the new credentials: {said}. The next run works with them."))
        say(out, render.plain("Take the old ones away there, once a run has gone well.", "dim"))
    return Code.TIED_OUT


@app.command("connection")
def connected_to(
    take_over: Annotated[bool, typer.Option("--accept", help="Go on with the NetSuite account of the secret, if it is a copy.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show which Zuora tenant and NetSuite account are connected; or go on with a copy of the NetSuite account."""
    target = target_of(env, stack)
    proof = accept(target, target.who(), reason) if take_over else None
    now, known = connection(target), move(target)
    if json:
        write_json({**vars(now), "bound": known.bound, "moved": known.moved, "proof": vars(proof) if proof else None})
        return Code.LEFT_OVER if known.moved else Code.TIED_OUT
    say(out, render.plain(f"{now.environment}: Zuora {now.tenant or 'not set'} {now.mode}, NetSuite {now.account or 'not set'}"))
    if proof:
        say(out, render.plain(f"Bound to NetSuite account {known.bound} now: {proof.text}."))
    elif known.moved:
        say(out, render.plain(f"Bound to NetSuite account {known.bound}: no run works until that is settled."))
        say(out, render.plain("If the other account is a copy: `tallybridge connection --accept --reason WHY`."))
    return Code.LEFT_OVER if known.moved else Code.TIED_OUT


def _asked_for(side: str, known: list[str]) -> dict[str, str]:
    """The new values of the keys that the secret has; nothing is shown while they are typed, and an empty one stays as it is."""
    names = [key for key in (known or KEYS[side]) if key not in ("private_key", EXPIRES)]
    given = {key: typer.prompt(f"{NAMES[side]} {key} (empty: stays)", default="", hide_input=True, show_default=False) for key in names}
    return {**given, EXPIRES: typer.prompt(f"{NAMES[side]} last day, 2027-03-31 (empty: stays)", default="", show_default=False)}


def _of_file(file: Path) -> dict[str, str]:
    try:
        content = read_object(_text(file))
    except Unusable as wrong:
        text = f"{file} is no JSON object with keys and texts."
        raise ConfigurationError(
            text, place=str(file), code="INPUT", advice='Write {"client_id": "...", "client_secret": "..."}.'
        ) from wrong
    return {str(key): str(value) for key, value in content.items()}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        text = f"{file} cannot be read: {unreadable}"
        raise ConfigurationError(text, place=str(file), code="INPUT", advice="Give the path of a text file.") from unreadable
