"""What `tallybridge rotate` does beside exchanging keys that a person brings: a new certificate for the NetSuite login."""

from __future__ import annotations

from pathlib import Path

from tallybridge.desk import certificate_change, key_pair
from tallybridge.desk.credentials import EXPIRES
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, LoginRefused, TallybridgeError
from tallybridge_cli import render
from tallybridge_cli.exits import Code
from tallybridge_cli.options import out, say, write_json

BY_HAND = ("CERTIFICATE-RIGHT", "CERTIFICATE-REFUSED")
"""Refusals after which a person can do what the endpoint does not; so is one of the login, whose certificate may have run out."""


def check(side: str, *, certificate: bool, finish: bool, revoked: bool, brings: bool) -> None:
    """Raises `ConfigurationError` INPUT for options that do not go together. `brings`: keys are given."""
    if (certificate or finish or revoked) and side != "netsuite":
        raise _misused("Only NetSuite logs in by a certificate.")
    if (certificate and (finish or brings)) or (finish and brings) or (revoked and not finish):
        raise _misused("--certificate and --finish stand alone; --revoked goes with --finish.")


def begin(target: Target, folder: Path, reason: str, days: int, *, json: bool) -> int:
    """Put a new certificate in force, or say what to do by hand."""
    try:
        made = certificate_change.begin(target, folder, target.who(), reason, days)
    except TallybridgeError as refused:
        if not (refused.code in BY_HAND or isinstance(refused, LoginRefused)) or not (folder / key_pair.CERTIFICATE).exists():
            raise
        return _by_hand(folder, refused, json=json)
    if json:
        write_json({"side": "netsuite", "certificate_id": made.id, "previous": made.previous, EXPIRES: made.expires_on})
        return Code.TIED_OUT
    say(out, render.plain(f"Certificate {made.id} is in force until {made.expires_on}; a login with it went well."))
    say(out, render.plain(f"The one before, {made.previous}, works until it is revoked: `tallybridge rotate netsuite --finish`,"))
    say(out, render.plain("once a run has gone well with the new one."))
    return Code.TIED_OUT


def finish(target: Target, reason: str, *, revoked: bool, json: bool) -> int:
    """Revoke the certificate before, once a run has proved the new one."""
    try:
        old = certificate_change.finish(target, target.who(), reason, revoked=revoked)
    except ConfigurationError as refused:
        if refused.code == "CERTIFICATE-RIGHT":
            refused.advice = (
                f"Revoke it by hand ({certificate_change.SCREEN}), then say so: `tallybridge rotate netsuite --finish --revoked`."
            )
        raise
    if json:
        write_json({"side": "netsuite", "revoked": old})
    else:
        say(out, render.plain(f"Certificate {old} is revoked; the change is finished."))
    return Code.TIED_OUT


def expiry_beside(key_file: Path) -> dict[str, str]:
    """The last day of the certificate that lies beside a key and belongs to it; {} without one."""
    file = key_file.with_name(key_pair.CERTIFICATE)
    if not file.exists():
        return {}
    try:
        certificate = key_pair.read(file)
        fits = key_pair.belongs(key_pair.read(key_file), certificate)
    except ConfigurationError:
        return {}
    return {EXPIRES: key_pair.last_day(certificate)} if fits else {}


def _by_hand(folder: Path, refused: TallybridgeError, *, json: bool) -> int:
    key, certificate = folder / key_pair.KEY, folder / key_pair.CERTIFICATE
    steps = [
        f"In NetSuite: {certificate_change.SCREEN} > Create New.",
        f"Entity, role and application as in the row that is there; certificate: {certificate}.",
        "Save. The list shows the new row's Certificate ID.",
        f"`tallybridge rotate netsuite --key-file {key} --certificate-id ID`",
        "After a good run: `tallybridge rotate netsuite --finish`.",
    ]
    if json:
        told = {"code": refused.code, "message": refused.message, "advice": refused.advice}
        write_json({"error": told, "key_file": str(key), "certificate_file": str(certificate), "by_hand": steps})
        return Code.CONFIGURATION
    say(out, render.plain(f"{refused.code} {refused.message}", "yellow"))
    say(out, render.plain("Nothing was changed. By hand it goes like this:"))
    say(out, *(render.plain(f"  {number}. {step}") for number, step in enumerate(steps, 1)))
    return Code.CONFIGURATION


def _misused(text: str) -> ConfigurationError:
    return ConfigurationError(text, place="rotate", code="INPUT", advice="`tallybridge rotate --help` says what goes together.")
