"""`tallybridge setup zuora`: compares a tenant with what the connector needs, makes what the API makes, prints the rest for a person.

Nothing is written without --create, and nothing is ever changed or deleted. It may be repeated at any time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from tallybridge.clock import Clock, SystemClock
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.fields.zuora import ADVANCED, OBJECTS, OWN_SUFFIX, SUFFIXES, ZuoraField
from tallybridge.http import Http
from tallybridge.tasks.steps import steps_to_run
from tallybridge.zuora import Zuora
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, write_json
from tallybridge_cli.setup import zuora_show
from tallybridge_cli.setup.zuora_login import Login, login_for, target_if_any
from tallybridge_cli.setup.zuora_look import Findings, Tenant, findings, look
from tallybridge_cli.setup.zuora_make import Made, limits, make, wait_until_known
from tallybridge_cli.setup.zuora_reference import PaymentTypes, Role, Taxes, payment_types, role, tax_items, taxes

WAIT_SECONDS = 120.0
ROLE = "Tallybridge"
TO_ZUORA = ("netsuite_customers", "sales_orders", "netsuite_payments", "netsuite_credit_memos", "netsuite_refunds")
"""Steps that make records in Zuora."""


@dataclass
class Outcome:
    """Everything that was seen and done. `limits` by object, in words; `setting`: the suffix that the settings should have and have not;
    `installed`: there is an installation, whose settings they are."""

    login: Login
    dry: bool
    tenant: Tenant
    found: Findings
    limits: dict[str, str]
    role: Role
    taxes: Taxes
    types: PaymentTypes
    setting: str
    installed: bool
    made: Made = field(default_factory=Made)

    @property
    def to_enter(self) -> list[ZuoraField]:
        """What a person must enter in the Object Manager, because the tenant does not take it by the API."""
        return self.made.by_hand

    @property
    def legacy(self) -> list[ZuoraField]:
        """What a person must enter under Manage Custom Fields: no API makes it."""
        return [f for f in self.found.missing if OBJECTS[f.object].kind != ADVANCED]

    @property
    def to_make(self) -> list[ZuoraField]:
        """What --create makes."""
        return [f for f in self.found.missing if OBJECTS[f.object].kind == ADVANCED]

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do for anybody, as far as it can be seen."""
        found, made = self.found, self.made
        left = (
            [f for f in found.by_zuora if f.vital],
            found.waiting,
            found.wrong,
            found.unfilterable,
            self.legacy,
            made.by_hand,
            made.open,
        )
        open_codes = self.taxes.missing or self.taxes.refused
        open_types = self.types.refused or set(self.types.wanted) - {*(self.types.on or ()), *self.types.switched}
        unmade = (self.dry and self.to_make) or (self.installed and self.setting)
        needed = {name for name in found.hidden if name != "InvoiceAdjustment"}
        return not (any(left) or open_codes or open_types or unmade or needed or self.role.missing or self.role.found is False)


def zuora_command(
    create: Annotated[
        bool, typer.Option("--create", help="Make what is missing and the API can make; without it nothing is written.")
    ] = False,
    credentials: Annotated[
        Path | None, typer.Option("--credentials", help="JSON file with base_url, client_id and client_secret of an administrator.")
    ] = None,
    as_installed: Annotated[bool, typer.Option("--as-installed", help="Log in as the installation does.")] = False,
    base_url: Annotated[str, typer.Option("--base-url", help="Address of the tenant, such as https://rest.na.zuora.com.")] = "",
    suffix: Annotated[str, typer.Option("--suffix", help="Of the connector's fields: __c (made here) or __NS (added by Zuora).")] = "",
    role_name: Annotated[str, typer.Option("--role", help="Name of the API user's role, to be compared.")] = ROLE,
    tax_item: Annotated[
        list[str] | None, typer.Option("--tax-item", help='"TAXCODE=internal id" of its NetSuite item; may be repeated.')
    ] = None,
    payment_type: Annotated[
        list[str] | None, typer.Option("--payment-type", help="Payment method type to switch on, such as Check; may be repeated.")
    ] = None,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait until new fields are known everywhere.")] = WAIT_SECONDS,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Compare a Zuora tenant with what the connector needs; make what is missing with --create."""
    if suffix and suffix not in SUFFIXES:
        raise ConfigurationError(f'"{suffix}" is no suffix.', place="--suffix", code="INPUT", advice=f"It is {' or '.join(SUFFIXES)}.")
    items = tax_items(tax_item or [])
    target = target_if_any(env, stack)
    login = login_for(target, credentials, base_url, as_installed=as_installed)
    clock = clock_of(target)
    zuora = Zuora(login.connection, Http(clock=lambda: clock.now().timestamp(), sleep=clock.sleep))
    outcome = look_around(zuora, login, target, suffix, role_name, items, payment_type or [], create=create)
    if create and not json:
        say(out, zuora_show.heading(outcome))
    if create and outcome.to_make:
        make_fields(zuora, outcome, clock, wait, quiet=json)
    if json:
        write_json(zuora_show.document(outcome))
    else:
        say(out, *zuora_show.shown(outcome))
    return Code.TIED_OUT if outcome.complete else Code.LEFT_OVER


def clock_of(target: Target | None) -> Clock:
    """The installation's clock, or this machine's."""
    return target.clock if target else SystemClock()


def look_around(
    zuora: Zuora,
    login: Login,
    target: Target | None,
    suffix: str,
    role_name: str,
    items: dict[str, str],
    types: list[str],
    *,
    create: bool,
) -> Outcome:
    """Read the tenant and, with `create`, make accounting codes and switch types on."""
    tenant = look(zuora, suffix)
    found = findings(tenant)
    return Outcome(
        login=login,
        dry=not create,
        tenant=tenant,
        found=found,
        limits=limits(tenant, found.missing),
        role=role(zuora, role_name, tenant.mode, reverse=sends_to_zuora(target, tenant.mode)),
        taxes=taxes(zuora, items, create=create),
        types=payment_types(zuora, types, create=create),
        setting=tenant.suffix if tenant.suffix != suffix_of(target) else "",
        installed=target is not None,
    )


def suffix_of(target: Target | None) -> str:
    """What the installation's settings say; the default where there is none yet."""
    try:
        return target.settings().zuora_field_suffix if target else SUFFIXES[0]
    except TallybridgeError:
        return SUFFIXES[0]


def sends_to_zuora(target: Target | None, mode: str) -> bool:
    """Whether records go from NetSuite to Zuora, by the installation's settings; without any they may."""
    try:
        return target is None or any(runs for step, runs in steps_to_run(target.settings(), mode).items() if step in TO_ZUORA)
    except TallybridgeError:
        return True


def make_fields(zuora: Zuora, outcome: Outcome, clock: Clock, wait: float, *, quiet: bool) -> None:
    """Make the fields and look whether they are known everywhere."""
    begun: list[str] = []

    def told(each: ZuoraField) -> None:
        if not quiet and each.object not in begun:
            begun.append(each.object)
            say(out, zuora_show.plain(f"making the fields of {each.object}", "dim"))

    outcome.made = make(zuora, outcome.to_make, told)
    pending = [*outcome.found.waiting, *outcome.made.made]
    late = (
        wait_until_known(zuora, pending, wait, lambda: clock.now().timestamp(), clock.sleep) if outcome.tenant.suffix == OWN_SUFFIX else []
    )
    outcome.found.waiting = late
    outcome.found.there += [f for f in pending if f not in late]
