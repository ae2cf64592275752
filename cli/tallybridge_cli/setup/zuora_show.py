"""What `tallybridge setup zuora` prints: text for a person, one document with --json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tallybridge.fields.zuora import OWN_SUFFIX, ZuoraField
from tallybridge.reporting.words import plural
from tallybridge_cli.render import plain
from tallybridge_cli.setup.zuora_make import row
from tallybridge_cli.setup.zuora_reference import ROLE_SCREEN, TAX_SCREEN

if TYPE_CHECKING:
    from tallybridge_cli.setup.zuora import Outcome

__all__ = ["document", "plain", "shown"]

OBJECT_MANAGER = "Extension Studio > Object Manager > the object > Custom Fields > Create"
LEGACY_SCREEN = (
    "Settings > Billing > Manage Custom Fields > the object (Invoice Item is called Invoice Detail) > Indexed or Non-Indexed > "
    "Add New Field; Zuora appends __c by itself"
)
FILTER_SCREEN = "Extension Studio > Object Manager > the object > the field > Edit > Indexed"
COLUMNS = ("object", "name", "label", "type", "length", "indexed")
GREEN, YELLOW, RED, DIM = "green", "yellow", "bold red", "dim"


def document(outcome: Outcome) -> dict[str, Any]:
    """The JSON document."""
    found, made, suffix = outcome.found, outcome.made, outcome.tenant.suffix

    def names(fields: Sequence[ZuoraField]) -> list[str]:
        return [f"{f.object}.{f.api}{suffix}" for f in fields]

    return {
        "tenant": outcome.login.host,
        "environment": outcome.login.environment,
        "mode": outcome.tenant.mode,
        "dry": outcome.dry,
        "complete": outcome.complete,
        "fields": {
            "suffix": suffix,
            "there": names(found.there),
            "to_make": names(outcome.to_make) if outcome.dry else [],
            "made": names(made.made),
            "refused": made.refused,
            "rights_missing": made.rights,
            "unknown": names(made.open),
            "not_known_everywhere_yet": names(found.waiting),
            "only_zuora_can_add": names(found.by_zuora),
            "wrong_type": found.wrong,
            "not_filterable": names(found.unfilterable),
            "objects_not_shown": found.hidden,
            "limits": outcome.limits,
        },
        "setting": {"zuora.field_suffix": outcome.setting} if outcome.setting else {},
        "by_hand": {
            "object_manager": [row(f) for f in outcome.to_enter],
            "legacy_fields": [row(f) for f in outcome.legacy],
            "tax_codes": [{"tax_code": code, "accounting_code": item} for code, item in outcome.taxes.items.items()],
            "screens": {"object_manager": OBJECT_MANAGER, "legacy_fields": LEGACY_SCREEN, "tax_codes": TAX_SCREEN, "role": ROLE_SCREEN},
        },
        "role": vars(outcome.role),
        "tax": vars(outcome.taxes),
        "payment_types": vars(outcome.types),
    }


def shown(outcome: Outcome) -> Iterator[RenderableType]:
    """The text, part by part; where something was written, the heading stands above it already."""
    if outcome.dry:
        yield heading(outcome)
    yield from fields_shown(outcome)
    yield from rows_shown("To enter by hand, " + OBJECT_MANAGER, outcome.to_enter)
    yield from rows_shown("To enter by hand, no API makes these: " + LEGACY_SCREEN, outcome.legacy)
    yield from setting_shown(outcome)
    yield from taxes_shown(outcome)
    yield from types_shown(outcome)
    yield from role_shown(outcome)
    yield ""
    yield conclusion(outcome)


def heading(outcome: Outcome) -> Text:
    """Where it works, and whether that is production."""
    login = outcome.login
    return plain(
        f"{login.environment}: Zuora {login.host}, mode {outcome.tenant.mode}, as {login.who}",
        RED if login.environment == "PRODUCTION" else "",
    )


def fields_shown(outcome: Outcome) -> Iterator[RenderableType]:
    found, made, suffix = outcome.found, outcome.made, outcome.tenant.suffix
    yield plain(f"{plural(len(found.there), 'field')} in place ({suffix})", GREEN)
    if outcome.dry and outcome.to_make:
        yield plain(f"{plural(len(outcome.to_make), 'field')} would be made by --create:", YELLOW)
        yield from by_object(outcome.to_make, suffix)
    if made.made:
        yield plain(f"{plural(len(made.made), 'field')} made", GREEN)
    for name, text in made.refused.items():
        yield plain(f"{name} was refused: {text}", RED)
    if made.rights:
        yield plain(
            f"The client's user lacks one of the permissions {', '.join(made.rights)}. Give them to its role, and repeat this.", RED
        )
    if made.open:
        yield plain(
            f"It is not known whether these were made: {', '.join(f.object + '.' + f.api for f in made.open)}. Repeat this.", YELLOW
        )
    if found.waiting:
        text = f"{plural(len(found.waiting), 'field')} made, but not known to every API of the tenant yet: repeat this in some minutes"
        yield plain(text, YELLOW)
        yield from by_object(found.waiting, suffix)
    if found.by_zuora:
        vital = any(f.vital for f in found.by_zuora)
        text = "only Zuora can add them" if vital else "runs work without them, and leave out what they are for; only Zuora can add them"
        yield plain(f"{plural(len(found.by_zuora), 'field')} with {suffix} missing; {text}:", RED if vital else YELLOW)
        yield from by_object(found.by_zuora, suffix)
        yield plain(f"Ask Zuora Support, or make a whole set of your own: --suffix {OWN_SUFFIX} --create.")
    for name, text in found.wrong.items():
        yield plain(
            f"{name} is {text}, not text of 255 characters. It is left as it is: rename or delete it in Zuora, and repeat this.", RED
        )
    if found.unfilterable:
        yield plain(f"Not filterable, so that look-ups by them are refused ({FILTER_SCREEN}; takes 12 to 24 hours):", YELLOW)
        yield from by_object(found.unfilterable, suffix)
    for name, text in found.hidden.items():
        yield plain(f"Zuora does not show {name}: {text}", DIM if name == "InvoiceAdjustment" else RED)
    for name, text in outcome.limits.items():
        yield plain(f"{name} will have {text}", YELLOW)


def by_object(fields: Sequence[ZuoraField], suffix: str) -> Iterator[RenderableType]:
    """One line per object."""
    names: dict[str, list[str]] = {}
    for each in fields:
        names.setdefault(each.object, []).append(each.api + suffix)
    yield from (plain(f"  {name}: {', '.join(own)}") for name, own in names.items())


def rows_shown(title: str, fields: Sequence[ZuoraField]) -> Iterator[RenderableType]:
    """Exactly what to enter."""
    if not fields:
        return
    table = Table(*COLUMNS, box=None, pad_edge=False, header_style="bold")
    for each in fields:
        entered = row(each)
        table.add_row(*(("yes" if value else "no") if isinstance(value, bool) else str(value) for value in (entered[c] for c in COLUMNS)))
    yield ""
    yield plain(title, "bold")
    yield table


def setting_shown(outcome: Outcome) -> Iterator[RenderableType]:
    if outcome.setting:
        yield ""
        text = f'Put "zuora.field_suffix": "{outcome.setting}" into the settings and save them: tallybridge settings save settings.json'
        yield plain(text, YELLOW)


def taxes_shown(outcome: Outcome) -> Iterator[RenderableType]:
    done = outcome.taxes
    yield ""
    if done.codes is None:
        yield plain("Tax codes cannot be read with these rights (Manage Billing Settings).", DIM)
    for item in done.made:
        yield plain(f"made accounting code {item}, Sales Tax Payable", GREEN)
    for item in done.missing:
        yield plain(f"accounting code {item}, Sales Tax Payable, would be made by --create", YELLOW)
    for item, text in done.refused.items():
        yield plain(
            f"Accounting code {item} was refused: {text}. It needs Zuora Finance and the permission Configure Accounting Codes.", RED
        )
    left = [code for code in done.codes or () if code not in done.items]
    if left:
        yield plain(f'Tax codes without a NetSuite item so far: {", ".join(left)}. Give each: --tax-item "TAXCODE=internal id".', YELLOW)
    for code, item in done.items.items():
        unknown = "" if done.codes is None or code in done.codes else ", after the code is made"
        yield plain(f"Set accounting code {item} on tax code {code}{unknown}: {TAX_SCREEN}. No API does or shows it.")


def types_shown(outcome: Outcome) -> Iterator[RenderableType]:
    done = outcome.types
    if not done.wanted:
        return
    if done.switched:
        yield plain(f"switched on: {', '.join(done.switched)}", GREEN)
    if done.refused:
        yield plain(f"Payment method types: {done.refused}. It needs the permission Manage Payments Settings.", RED)
    more = [t for t in done.wanted if t not in (done.on or ()) and t not in done.switched]
    if more and not done.refused:
        yield plain(f"{', '.join(more)} would be switched on by --create", YELLOW)
    lacking = [t for t in done.wanted if t not in (done.methods or ()) and t not in more]
    if lacking and done.methods is not None:
        text = f"There is no payment method without account of type {', '.join(lacking)} yet: NetSuite payments wait for one (NSPAY-V2)."
        yield plain(text, YELLOW)


def role_shown(outcome: Outcome) -> Iterator[RenderableType]:
    role = outcome.role
    for name, held in role.others.items():
        yield plain(f'The role "{name}" holds {", ".join(held)}: take it away, people would undo with it what was synced.', YELLOW)
    if role.found and not role.missing:
        yield plain(f'The role "{role.name}" has every permission that is needed.', GREEN)
        return
    yield ""
    if role.found is None:
        yield plain(f'Roles cannot be read with these rights. The role of the API user ("{role.name}") needs, {ROLE_SCREEN}:', "bold")
    elif not role.found:
        yield plain(f'There is no role "{role.name}". Make it, one of each kind, {ROLE_SCREEN}:', "bold")
    else:
        yield plain(f'The role "{role.name}" lacks, {ROLE_SCREEN}:', "bold")
    yield from by_kind(role.missing or role.permissions)
    if role.more:
        yield plain("If records are to go from NetSuite to Zuora, besides:")
        yield from by_kind(role.more)


def by_kind(permissions: dict[str, list[str]]) -> Iterator[RenderableType]:
    yield from (plain(f"  {category}: {', '.join(names)}") for category, names in permissions.items())


def conclusion(outcome: Outcome) -> Text:
    if outcome.complete:
        return plain("Zuora has everything that the connector needs, as far as it can be seen.", GREEN)
    if outcome.dry and outcome.to_make:
        return plain("Nothing was written. Repeat this with --create to make what can be made.", YELLOW)
    return plain("Something is left to do, see above; then repeat this.", YELLOW)
