"""What a Zuora administrator does in the tenant's screens, done on the stand-in.

FILE is what `tallybridge setup zuora --json` has printed: it holds the rows to enter and the permissions of the role.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.by_hand import zuora_records as records
from sandbox.by_hand.running import ENV_FILE, EnvOption, address, by_hand, fail, json_file, loaded

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)
FileArgument = Annotated[Path, typer.Argument(help="What `tallybridge setup zuora --json` has printed.")]


def do(env: Path, action: str, **given: Any) -> dict[str, Any]:
    return by_hand(address(env, "ZUORA_BASE_URL"), action, **given)


def part(file: Path, *names: str) -> Any:
    """A part of the document. Ends the command when it is not there."""
    content = json_file(file)
    for name in names:
        if not isinstance(content, dict) or name not in content:
            raise fail(f"{file} has no {'.'.join(names)}: it is not what `tallybridge setup zuora --json` prints.")
        content = content[name]
    return content


@app.command("legacy-fields")
def legacy_fields(file: FileArgument, env: EnvOption = ENV_FILE) -> None:
    """Enter the fields of legacy objects: Settings > Billing > Manage Custom Fields."""
    entered(do(env, "fields", rows=part(file, "by_hand", "legacy_fields"), legacy=True))


@app.command("fields")
def fields(file: FileArgument, env: EnvOption = ENV_FILE) -> None:
    """Enter the other fields: Extension Studio > Object Manager, where the API does not make them."""
    entered(do(env, "fields", rows=part(file, "by_hand", "object_manager"), legacy=False))


def entered(done: dict[str, Any]) -> None:
    typer.echo(f"{len(done['made'])} fields entered, {len(done['there'])} were there")


@app.command("role")
def role(name: Annotated[str, typer.Argument(help="Name of the role.")], file: FileArgument, env: EnvOption = ENV_FILE) -> None:
    """Make the API user's roles: Settings > Administration > Manage User Roles."""
    done = do(env, "role", name=name, permissions=part(file, "role", "permissions"))
    typer.echo("; ".join(f"{r['category']}: {len(r['permissions'])} permissions" for r in done["roles"]))


@app.command("user")
def user(
    name: Annotated[str, typer.Argument(help="Name of the user.")],
    role: Annotated[str, typer.Option("--role", help="The roles of this name are given to it.")],
    env: EnvOption = ENV_FILE,
) -> None:
    """Make the API user: Settings > Administration > Manage Users."""
    typer.echo(", ".join(do(env, "user", name=name, role=role)["roles"]))


@app.command("client")
def client(
    user: Annotated[str, typer.Option("--user", help="Whose client it is.")],
    into: Annotated[Path | None, typer.Option("--into", help="Write id and secret into this file, not on the screen.")] = None,
    env: EnvOption = ENV_FILE,
) -> None:
    """Make an OAuth client: Manage Users > the user > OAuth Clients > Create. The secret is shown this once."""
    made = do(env, "client", user=user)
    if into is None:
        typer.echo(f"client_id {made['client_id']}\nclient_secret {made['client_secret']}")
        return
    into.touch(mode=0o600)
    into.write_text(json.dumps({"base_url": address(env, "ZUORA_BASE_URL"), **made}), encoding="utf-8")
    typer.echo(f"id and secret are in {into}")


@app.command("tax-code")
def tax_code(
    name: Annotated[str, typer.Argument(help="Name of the tax code; one that is not there is made.")],
    accounting_code: Annotated[str, typer.Option("--accounting-code", help="Name of the accounting code to set on it.")] = "",
    env: EnvOption = ENV_FILE,
) -> None:
    """Make a tax code, set its accounting code: Settings > Billing > Manage Tax Codes."""
    done = do(env, "tax-code", name=name, accounting_code=accounting_code or None)
    typer.echo(f"{done['tax_code']}: accounting code {done['accounting_code'] or 'none'}")


@app.command("first-invoice")
def first_invoice(
    day: Annotated[str, typer.Option("--day", help="Invoice date, such as 2026-11-30; today without it.")] = "",
    suffix: Annotated[str, typer.Option("--suffix", help="Of the connector's fields.")] = "__c",
    tax_code: Annotated[str, typer.Option("--tax-code", help="A tax of 20 % is on the invoice, by this tax code.")] = "",
    env: EnvOption = ENV_FILE,
) -> None:
    """Enter the first customer with a product, a subscription and a posted invoice over USD 100."""
    objects = records.first_invoice(day or datetime.now(UTC).date().isoformat(), suffix, tax_code)
    counts = loaded(address(env, "ZUORA_BASE_URL"), objects)
    typer.echo(f"entered {', '.join(f'{n} {name}' for name, n in counts.items())}: account A-FIRST, invoice INV-FIRST")
