"""Items: what NetSuite asks for and fills in."""

from __future__ import annotations

from tallybridge_cli.verify.netsuite.books import ITEM, TAX_SCHEDULE, item, item_body, read, schedule, told, tried
from tallybridge_cli.verify.probe import NotTestable, Probe, System, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World


def _tax_schedule(world: World) -> bool:
    reply, _ = tried(world, ITEM, "schedule", item_body(world, "schedule"))
    if not reply.ok and TAX_SCHEDULE.lower() not in told(reply).lower():
        raise NotTestable(f"NetSuite refused the item for another reason: {told(reply)}")
    return not reply.ok


def _income_account(world: World) -> str:
    body = {name: value for name, value in item_body(world, "income").items() if name != "incomeAccount"}
    return _account_of(world, *tried(world, ITEM, "income", {**body, **schedule(world)}))


def _no_income_account(world: World) -> str:
    body = {**item_body(world, "null"), "incomeAccount": None, **schedule(world)}
    return _account_of(world, *tried(world, ITEM, "null", body))


def _account_of(world: World, reply: Reply, id: str) -> str:
    if not reply.ok:
        return "refused"
    return "default" if read(world, ITEM, id).body.get("incomeAccount") else "empty"


def _by_other_type(world: World) -> bool:
    return not world.netsuite.ask("GET", f"/services/rest/record/v1/serviceSaleItem/{item(world)}").ok


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.tax-schedule",
        NS,
        "Do items need a tax schedule?",
        _tax_schedule,
        True,
        words(yes="They do.", no="They do not."),
        words(no="The setting netsuite_default_tax_schedule is not needed."),
        writes=True,
        option="habits.tax_schedule_required",
    ),
    Probe(
        "netsuite.income-account",
        NS,
        "What becomes of an item without an income account?",
        _income_account,
        "default",
        words(default="It gets the account's default.", empty="It stays empty.", refused="It is refused."),
        words(
            empty="Items for which Zuora names no account cannot be sold until somebody enters one.",
            refused="Items for which Zuora names no account are held.",
        ),
        writes=True,
        option="default_income_account",
        to_option=lambda seen: seen == "default",
    ),
    Probe(
        "netsuite.no-income-account",
        NS,
        "Is an income account of null taken when an item is created?",
        _no_income_account,
        "empty",
        words(default="The default is filled in.", empty="It stays empty.", refused="It is refused."),
        words(
            default="Items of products and rate plans get the default account; nothing is posted to it by the product.",
            refused="Items of products and rate plans are refused; report it.",
        ),
        writes=True,
        option="habits.null_income_account",
    ),
    Probe(
        "netsuite.item-by-type",
        NS,
        "Is an item asked for under another item type not found?",
        _by_other_type,
        True,
        words(yes="It is not found.", no="It is answered."),
        words(no="Nothing: the product asks for the item's own type."),
        writes=True,
    ),
)
