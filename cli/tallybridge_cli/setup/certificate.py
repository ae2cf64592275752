"""`tallybridge setup certificate`: the key pair of the NetSuite login, made on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tallybridge.desk import certificate_change, key_pair
from tallybridge.errors import ConfigurationError
from tallybridge_cli import render
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, JsonOption, out, say, write_json

FOLDER = certificate_change.FOLDER


def certificate_command(
    into: Annotated[Path, typer.Option("--into", help="Folder for key and certificate.")] = FOLDER,
    days: Annotated[int, typer.Option("--days", min=30, max=key_pair.DAYS, help="How long the certificate holds.")] = key_pair.DAYS,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Make a private key (EC, P-256) and a certificate for NetSuite; what is in the folder already is kept."""
    there = (into / key_pair.KEY).exists()
    pair = key_pair.kept_in(into, datetime.now(UTC), days)
    if pair.expires_on <= datetime.now(UTC).date().isoformat():
        text = f"The certificate in {into} ended on {pair.expires_on}."
        advice = "Name another folder with --into, or move both files away: they are made anew."
        raise ConfigurationError(text, place=str(into), code="KEY-FILE", advice=advice)
    key, certificate = into / key_pair.KEY, into / key_pair.CERTIFICATE
    if json:
        told = {"key_file": str(key), "certificate_file": str(certificate), "expires_on": pair.expires_on, "made": not there}
        write_json(told)
        return Code.TIED_OUT
    say(out, render.plain(f"{certificate}: {'kept' if there else 'made'}, holds until {pair.expires_on}. Give it to NetSuite:"))
    say(out, render.plain(f"  {certificate_change.SCREEN} > Create New"))
    say(out, render.plain(f"{key}: the private key, readable by you alone. It goes into the secret and nowhere else:"))
    say(out, render.plain(f"  tallybridge setup credentials --key-file {key} --certificate-id ID --client-id ID --account ID"))
    return Code.TIED_OUT
