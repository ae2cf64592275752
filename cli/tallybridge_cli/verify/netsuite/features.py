"""What only accounts with certain features have: lists of prices, revenue templates, datasets."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tallybridge.netsuite.datasets import PATH as DATASETS
from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.netsuite.books import ITEM, document, first, item_body, line, read, schedule, schema, today, tried
from tallybridge_cli.verify.probe import NotTestable, Probe, System, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World

BASE_LEVEL = "1"
PRICE = Decimal("12.5")
SHORT, LONG = 20, 36_500
"""Days of a schedule that lies in the account's periods, and of one that cannot."""
SAMPLES = 3


def _base_price(world: World) -> str:
    """What becomes of a base price that is sent with a new item."""
    if "price" not in schema(world, ITEM).sublists:
        raise NotTestable("Items of this account have one rate, and no list of prices.")
    currency = first(world, "SELECT id FROM currency WHERE isbasecurrency = 'T'")
    if not currency:
        raise NotTestable("The role does not see the base currency.")
    line = {"currencyPage": {"id": currency["id"]}, "priceLevel": {"id": BASE_LEVEL}, "quantity": {"value": 0}, "price": PRICE}
    reply, id = tried(world, ITEM, "priced", {**item_body(world, "priced"), **schedule(world), "price": {"items": [line]}})
    if not reply.ok:
        return "refused"
    found = read(world, ITEM, id, expand=True).body.get("price", {}).get("items", [])
    levels = [row for row in found if str(row.get("priceLevel", {}).get("id")) == BASE_LEVEL]
    return "kept" if [row["price"] for row in levels if row.get("price") == PRICE] else "lost"


# Revenue templates


def _scheduled(world: World, what: str, days: int) -> Reply:
    """The answer to an invoice whose line is recognised by a template, until so many days from today."""
    template = first(world, "SELECT id FROM revrectemplate WHERE isinactive = 'F' ORDER BY id")
    if not template:
        raise NotTestable("The role sees no revenue template.")
    begins = today(world)
    dates = {"revRecStartDate": begins.isoformat(), "revRecEndDate": (begins + timedelta(days=days)).isoformat()}
    row = line(world, revRecSchedule={"id": template["id"]}, deferRevRec=False, **dates)
    return tried(world, "invoice", what, document(world, row))[0]


def _by_template(world: World) -> bool:
    return _scheduled(world, "scheduled", SHORT).ok


def _past_periods(world: World) -> bool:
    if not _scheduled(world, "in-time", SHORT).ok:
        raise NotTestable("NetSuite refuses a short schedule too.")
    return not _scheduled(world, "too-long", LONG).ok


# Datasets


def _listed(world: World) -> list[dict[str, Any]]:
    reply = world.netsuite.ask("GET", f"{DATASETS}/", params={"limit": "1000", "offset": "0"}, quiet=True)
    if not reply.ok or not reply["items"]:
        raise NotTestable("The role sees no dataset.")
    return list(reply["items"])


def _rows_of_datasets(world: World) -> list[dict[str, Any]]:
    """Rows as they come, of the first datasets."""

    def ask() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for each in _listed(world)[:SAMPLES]:
            reply = world.netsuite.ask("GET", f"{DATASETS}/{each['id']}/result", params={"limit": "100", "offset": "0"}, quiet=True)
            found += reply["items"] if reply.ok else []
        if not found:
            raise NotTestable("The role sees no dataset with rows.")
        return found

    return world.once("raw dataset rows", ask)


def _no_columns_told(world: World) -> bool:
    return not any("column" in name.lower() for each in _listed(world) for name in each)


def _links(world: World) -> bool:
    return all("links" in row for row in _rows_of_datasets(world))


def _empty_left_out(world: World) -> bool:
    return not any(value in (None, "") for row in _rows_of_datasets(world) for value in row.values())


PROBES = (
    Probe(
        "netsuite.item-pricing",
        System.NETSUITE,
        "Is a base price kept that is sent as a line of the item's prices?",
        _base_price,
        "kept",
        words(kept="It is kept.", lost="It is not there afterwards.", refused="The item is refused."),
        words(
            lost="Sales order lines are not filled with the rate plan's price; enter prices by hand.",
            refused="Rate plans with a price are held; set netsuite_advanced_pricing as the account has it.",
        ),
        writes=True,
    ),
    facts_probe(
        "netsuite.revenue-schedule",
        System.NETSUITE,
        "Does a line take a revenue template by its id, and only within the accounting periods?",
        Fact("template", _by_template, "A line with a template is refused.", "Invoices of charges with a revenue code are held."),
        Fact(
            "periods",
            _past_periods,
            "A schedule is taken that runs past the accounting periods.",
            "Nothing: such invoices are sent, and their schedules are made with the periods.",
        ),
        writes=True,
    ),
    facts_probe(
        "netsuite.dataset-rows",
        System.NETSUITE,
        "Are rows of datasets made as the product reads them?",
        Fact("columns", _no_columns_told, "The list of datasets tells columns.", "They could be read from there; tell the maintainers."),
        Fact("links", _links, "Rows have no member links.", "Nothing: it is left out where it is."),
        Fact("empty", _empty_left_out, "Empty values are told.", "Nothing: they are read as missing ones."),
    ),
)
