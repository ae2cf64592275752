"""`tallybridge setup`: what two tenants and an AWS account need before the first run, made, checked, or printed for the person who can."""

from __future__ import annotations

import typer

from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption
from tallybridge_cli.setup.aws import aws_command
from tallybridge_cli.setup.certificate import certificate_command
from tallybridge_cli.setup.credentials import credentials_command
from tallybridge_cli.setup.netsuite import netsuite_command
from tallybridge_cli.setup.overview import overview
from tallybridge_cli.setup.zuora import zuora_command

app = typer.Typer(help="From empty tenants to the first run, step by step; alone: what is done, and what is next.", rich_markup_mode=None)
app.command("netsuite")(netsuite_command)
app.command("zuora")(zuora_command)
app.command("aws")(aws_command)
app.command("certificate")(certificate_command)
app.command("credentials")(credentials_command)


@app.callback(invoke_without_command=True)
def alone(
    context: typer.Context, env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Show every step from empty tenants to the first run: what is done, who does the next one, and how."""
    return 0 if context.invoked_subcommand else overview(env, stack, json=json)
