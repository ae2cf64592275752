"""What the account is: features, preferences and rights. All of it is told by what can be read."""

from __future__ import annotations

from tallybridge_cli.verify.netsuite.books import line_schema, query, schema
from tallybridge_cli.verify.probe import Probe, System, words
from tallybridge_cli.verify.world import World


def _one_world(world: World) -> bool:
    return "subsidiary" in schema(world, "customer")


def _currencies(world: World) -> bool:
    return "currency" in schema(world, "customer")


def _revenue(world: World) -> bool:
    return "revRecStartDate" in line_schema(world, "invoice")


def _instruments(world: World) -> bool:
    return "paymentOption" in schema(world, "customerPayment")


def _lengths_described(world: World) -> bool:
    return "maxLength" in schema(world, "customer")["companyName"]


def _deletions(world: World) -> bool:
    return query(world, "SELECT d.recordid FROM deletedrecord d WHERE d.recordid = 0", limit=1).ok


PROBES = (
    Probe(
        "netsuite.one-world",
        System.NETSUITE,
        "Does the account have subsidiaries?",
        _one_world,
        True,
        words(yes="It has subsidiaries.", no="It has none."),
        words(no="Set netsuite_subsidiaries to No."),
        option="one_world",
    ),
    Probe(
        "netsuite.multiple-currencies",
        System.NETSUITE,
        "Does the account have several currencies?",
        _currencies,
        True,
        words(yes="It has several currencies.", no="It has one."),
        words(no="Set netsuite_multiple_currencies to No; documents in another currency are held."),
        option="multiple_currencies",
    ),
    Probe(
        "netsuite.revenue-recognition",
        System.NETSUITE,
        "Do invoice lines take the dates of revenue recognition?",
        _revenue,
        True,
        words(yes="Lines have revRecStartDate.", no="Lines do not have revRecStartDate."),
        words(no="Set netsuite_use_revenue_recognition to No."),
        option="revenue_recognition",
    ),
    Probe(
        "netsuite.payment-instruments",
        System.NETSUITE,
        "Do payments have paymentOption, or paymentMethod?",
        _instruments,
        True,
        words(yes="They have paymentOption.", no="They have paymentMethod."),
        words(no="Nothing: the product takes the field that the account has."),
        option="payment_instruments",
    ),
    Probe(
        "netsuite.lengths-described",
        System.NETSUITE,
        "Does the metadata catalogue tell how long texts may be?",
        _lengths_described,
        True,
        words(yes="It tells maxLength.", no="It does not tell maxLength."),
        words(no="Texts are cut to the published lengths; netsuite.text-lengths tells whether these are the account's."),
        option="describes_lengths",
    ),
    Probe(
        "netsuite.deleted-records",
        System.NETSUITE,
        "May the role ask what was deleted?",
        _deletions,
        True,
        words(yes="The table deletedrecord answers.", no="The table deletedrecord is unknown to the role."),
        words(no="Nobody is told when a synced record is deleted. Give the role the permission Deleted Records."),
        option="deleted_records",
    ),
)
