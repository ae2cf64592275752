"""AWS: what the owner of a domain, the owner of a mailbox, and AWS Support do."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.by_hand.running import ENV_FILE, EnvOption, address, by_hand, fail

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
RECORD = re.compile(r"^\s*(\S+\.\S+)\s+CNAME\s+(\S+\.\S+)\s*$", re.MULTILINE)


@app.command("dns-records")
def dns_records(
    file: Annotated[str, typer.Argument(help='Text with rows "NAME CNAME VALUE", as `tallybridge setup aws` prints them; "-": input.')],
    env: EnvOption = ENV_FILE,
) -> None:
    """Publish CNAME records in the domain's zone."""
    rows = dict(RECORD.findall(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")))
    if not rows:
        raise fail("There is no row NAME CNAME VALUE in this text.")
    _do(env, "dns", records=rows)
    typer.echo(f"{len(rows)} records are published.")


@app.command("click-link")
def click_link(mailbox: Annotated[str, typer.Argument(help="The address that AWS has mailed.")], env: EnvOption = ENV_FILE) -> None:
    """Follow the link of the mail by which an address is verified."""
    _do(env, "click", address=mailbox)
    typer.echo(f"{mailbox} is verified.")


@app.command("support-answers")
def support_answers(
    refused: Annotated[bool, typer.Option("--refused", help="The request is declined.")] = False, env: EnvOption = ENV_FILE
) -> None:
    """Answer the request to leave the mail sandbox, as AWS Support does within a day."""
    _do(env, "support", granted=not refused)
    typer.echo("AWS Support has declined the request." if refused else "The account may mail everybody.")


@app.command("mails")
def mails(env: EnvOption = ENV_FILE) -> None:
    """Show what was mailed."""
    for mail in _do(env, "mails")["mails"]:
        typer.echo(f"{mail['from']} to {mail['to']}: {mail['subject']}")


def _do(env: Path, action: str, **given: Any) -> dict[str, Any]:
    return by_hand(address(env, "AWS_ENDPOINT_URL"), action, **given)
