"""`tallybridge setup`: what two tenants and an AWS account need before the first run, made, checked, or printed for the person who can."""

from __future__ import annotations

import typer

from tallybridge_cli.setup.netsuite import netsuite_command
from tallybridge_cli.setup.zuora import zuora_command

app = typer.Typer(help="From empty tenants to the first run, step by step.", no_args_is_help=True)
app.command("netsuite")(netsuite_command)
app.command("zuora")(zuora_command)
