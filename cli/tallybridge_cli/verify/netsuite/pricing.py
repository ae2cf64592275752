"""Prices of items, in accounts whose items have a price for each currency and level."""

from __future__ import annotations

from tallybridge_cli.verify.netsuite.books import ITEM, first, item_body, read, schedule, schema, tried
from tallybridge_cli.verify.probe import NotTestable, Probe, System, words
from tallybridge_cli.verify.world import World

BASE_LEVEL = "1"
PRICE = 12.5


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
)
