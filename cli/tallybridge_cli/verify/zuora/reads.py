"""How the tenant answers what only reads: queries, their limits and refusals, columns, and the documents that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.probe import NotTestable, Probe, System, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora.books import NO_ID, codes, counted, failure, file, job, require_settlement, rows, settled, taken, zoql

WORDINGS = "The product may take a final refusal for a passing one, or the reverse; send the evidence to the maintainers."
LIMIT_MEANS = "Queries of the product would be refused; send the evidence to the maintainers."
PARAMETER = "27"
MANY_IDS = 5_000
ZONES = ("UTC", "America/Los_Angeles", "America/New_York", "Europe/London", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney")
"""Zones that are tried for a difference to UTC, because Data Query may not tell the name."""
MOST_CONDITIONS = 200
MOST_CHARACTERS = 10_000
UNSUPPORTED_TYPE = 415
PARTS = ("paymentpart", "creditmemopart", "refundpart")
COLUMNS: dict[str, str] = {
    "invoiceitem": "id invoiceid chargeamount productrateplanchargeid revrecstartdate subscriptionid servicestartdate serviceenddate",
    "taxationitem": "id invoiceitemid taxcode taxrate taxratetype taxamount jurisdiction accountingcode",
    "rateplancharge": "id revreccode productrateplanchargeid",
    "productrateplancharge": "id revreccode description productrateplanid",
    "product": "id name description",
    "productrateplan": "id name description productid",
    "payment": "id accountid amount status effectivedate paymentmethodid paymentmethodsnapshotid transferredtoaccounting",
}
SETTLEMENT_COLUMNS: dict[str, str] = {
    "creditmemo": "id memonumber memodate comments invoiceid totalamount transferredtoaccounting",
    "debitmemo": "id memonumber memodate comments totalamount transferredtoaccounting",
    "paymentpart": "id paymentid invoiceid debitmemoid amount",
    "creditmemopart": "id creditmemoid invoiceid debitmemoid amount",
    "refundpart": "id refundid paymentid creditmemoid refundamount",
}


def _columns(world: World, table: str) -> set[str]:
    found = rows(world, f"DESCRIBE {table}")
    return {str(row.get("Column", row.get("column", ""))).lower() for row in found}


def _missing_columns(world: World) -> list[str]:
    wanted = COLUMNS | (SETTLEMENT_COLUMNS if settled(world) else {})
    return [f"{table}.{name}" for table, names in wanted.items() for name in sorted(set(names.split()) - _columns(world, table))]


def _without(missing: Any) -> str:
    return f"The tables lack {', '.join(missing)}." if missing else "The tables have every column that the product reads."


# ZOQL, Object Query, HTTP


def _code(ask: Callable[[World], Reply], *expected: str) -> Callable[[World], bool]:
    """Whether a call is refused with one of the codes."""
    return lambda world: bool(codes(ask(world)) & set(expected))


def _locator(world: World) -> Reply:
    return world.zuora.ask("POST", "/v1/action/queryMore", {"queryLocator": f"{NO_ID}-2000"}, reads=True)


def _objects(world: World, path: str = "accounts", **params: str) -> Reply:
    params = {name.replace("_", "[]"): value for name, value in params.items()}
    return world.zuora.ask("GET", f"/object-query/{path}", params=params, quiet=True)


def _keywords(world: World) -> str:
    """In which case ZOQL takes keywords."""
    return "any" if taken(zoql(world, "SELECT Id FROM Account WHERE Name = 'x'")) else "lower"


def _conditions(world: World) -> bool:
    some = " or ".join(f"Id = '{number:032x}'" for number in range(MOST_CONDITIONS))
    query = f"select Id from Account where {some}"
    return len(query) <= MOST_CHARACTERS and taken(zoql(world, query))


def _content_type(world: World) -> bool:
    body = '{"query": "SELECT 1", "outputFormat": "JSON", "compression": "NONE", "output": {"target": "S3"}}'
    return world.zuora.ask("POST", "/query/jobs", body, headers={"Content-Type": "text/plain"}, reads=True).status == UNSUPPORTED_TYPE


# Data Query


def _lower_keys(world: World) -> bool:
    found = rows(world, "SELECT Id, AccountNumber FROM Account LIMIT 1")
    if not found:
        raise NotTestable("The tenant has no account whose columns could be shown.")
    return set(found[0]) == {"id", "accountnumber"}


def _empty_file(world: World) -> bool:
    state = job(world, f"SELECT id FROM account WHERE id = '{NO_ID}'")
    return state["queryStatus"] == "completed" and file(world, state) == ""


def _fresh_address(world: World) -> bool:
    """A job that is read again tells an address that works."""
    state = job(world, f"SELECT id FROM account WHERE id = '{NO_ID}'")
    again = world.zuora.ask("GET", f"/query/jobs/{state['id']}")["data"]
    return file(world, again) == file(world, state)


def _regards_case(world: World) -> bool:
    (row,) = rows(world, "SELECT CASE WHEN 'Acme' LIKE 'acme%' THEN 'alike' ELSE 'unlike' END AS found")
    return bool(row["found"] == "unlike")


def _refuses(sql: str) -> Callable[[World], bool]:
    return lambda world: bool(failure(world, sql))


def _many_ids(world: World) -> bool:
    ids = ", ".join(f"'{number:032x}'" for number in range(MANY_IDS))
    return not failure(world, f"SELECT id FROM account WHERE id IN ({ids})")


def _zone(world: World) -> str:
    """The tenant's zone: its name where Data Query tells it, else the difference to UTC that moments are shown with."""
    found = rows(world, "SELECT updateddate AS shown, at_timezone(updateddate, 'UTC') AS utc FROM account LIMIT 1")
    if not found:
        raise NotTestable("The tenant has no account whose moment could be shown.")
    text = str(found[0]["shown"])
    name = text.split(" ")[-1]
    if "/" in name:
        return name
    moment = datetime.fromisoformat(text)
    return _zone_with(moment)


def _zone_with(moment: datetime) -> str:
    """UTC, or the first of some zones that shows a moment like this; else the one of a fixed difference."""
    shown = moment.utcoffset() or timedelta()
    for name in ZONES:
        if moment.replace(tzinfo=ZoneInfo(name)).utcoffset() == shown:
            return name
    hours, rest = divmod(int(shown.total_seconds()), 3600)
    if rest:
        raise NotTestable(f"No zone is known that is {shown} from UTC.")
    return f"Etc/GMT{-hours:+d}"


def _refuses_subtly() -> Iterable[Fact]:
    means = "The product's own statements are not concerned; statements written after the stand-in may fail."
    yield Fact("case", _regards_case, "LIKE does not regard case.", "Look-ups by name may find more than one; compare exactly.")
    yield Fact("functions", _refuses("SELECT ifnull(1, 2) AS n"), "ifnull is a function there.", means)
    yield Fact("grouping", _refuses("SELECT name, count(*) AS n FROM account"), "Columns need not be grouped.", means)
    yield Fact("types", _refuses("SELECT id FROM account WHERE updateddate = 'x'"), "A moment is compared with a text.", means)


# Documents that are there


def _none(of: str, condition: str, otherwise: str = "") -> Callable[[World], bool]:
    """Whether no row of a table meets a condition. Raises `NotTestable` where the table has no row at all."""

    def ask(world: World) -> bool:
        if of.startswith(("creditmemo", "debitmemo", "refundpart")):
            require_settlement(world)
        some = counted(world, f"SELECT count(*) AS n FROM {of}{f' WHERE {otherwise}' if otherwise else ''}")
        if not some:
            raise NotTestable(f"The tenant has no {of} to look at.")
        return counted(world, f"SELECT count(*) AS n FROM {of} WHERE {condition}") == 0

    return ask


PROBES = (
    Probe(
        "zuora.column-names",
        System.ZUORA,
        "Do the tables of Data Query have the columns that the product reads?",
        _missing_columns,
        [],
        _without,
        lambda seen: "What is read from them stays empty, or the query fails; send the evidence to the maintainers.",
    ),
    facts_probe(
        "zuora.zoql-wordings",
        System.ZUORA,
        "Are refusals of ZOQL told with the codes that the product knows?",
        Fact(
            "locator",
            _code(_locator, "INVALID_QUERY_LOCATOR"),
            "An unknown locator is refused with another code.",
            "A query that was read too slowly is not begun anew by itself; " + WORDINGS[0].lower() + WORDINGS[1:],
        ),
        Fact("syntax", _code(lambda w: zoql(w, "select from"), "MALFORMED_QUERY"), "A wrong query is refused with another code.", WORDINGS),
        Fact(
            "object",
            _code(lambda w: zoql(w, "select Id from NoSuchObject"), "INVALID_TYPE"),
            "An unknown object is refused with another code.",
            WORDINGS,
        ),
        Fact(
            "field",
            _code(lambda w: zoql(w, "select NoSuchField from Account"), "INVALID_FIELD"),
            "An unknown field is refused with another code.",
            WORDINGS,
        ),
    ),
    facts_probe(
        "zuora.zoql-limits",
        System.ZUORA,
        "Does ZOQL take queries as large as the product writes them?",
        Fact(
            "case", lambda w: taken(zoql(w, "select Id from Account where Name = 'x'")), "Keywords in lower case are refused.", LIMIT_MEANS
        ),
        Fact("conditions", _conditions, "200 conditions are refused.", LIMIT_MEANS),
        Fact(
            "page",
            lambda w: taken(zoql(w, "select Id from Account where Name = 'x'", batchSize=2000)),
            "A page of 2,000 records is refused.",
            LIMIT_MEANS,
        ),
    ),
    Probe(
        "zuora.zoql-keywords",
        System.ZUORA,
        "In which case does ZOQL take keywords?",
        _keywords,
        "lower",
        words(lower="In lower case alone.", any="In any case."),
        words(any="Nothing: the product writes them in lower case."),
        option="zoql_keywords",
    ),
    facts_probe(
        "zuora.object-query-errors",
        System.ZUORA,
        "Does Object Query refuse what it does not know, in the form that the product reads?",
        Fact(
            "filter", _code(lambda w: _objects(w, filter_="nosuchfield.EQ:1"), PARAMETER), "A wrong filter is refused otherwise.", WORDINGS
        ),
        Fact(
            "operator",
            _code(lambda w: _objects(w, filter_="balance.SW:1"), PARAMETER),
            "An operator of texts is taken for a number.",
            "Nothing: the product does not use it.",
        ),
        Fact("page", _code(lambda w: _objects(w, pageSize="100"), PARAMETER), "A page of 100 is refused otherwise, or taken.", WORDINGS),
        Fact("object", lambda w: _objects(w, "no-such-objects").status >= 400, "An unknown object is answered.", WORDINGS),
        Fact("objects", lambda w: all(taken(_objects(w, p, pageSize="1")) for p in _plurals(w)), "Some objects have no path.", LIMIT_MEANS),
    ),
    facts_probe(
        "zuora.content-type",
        System.ZUORA,
        "Is a body refused that does not say that it is JSON?",
        Fact("type", _content_type, "It is taken.", "Nothing: the product says what its bodies are."),
    ),
    facts_probe(
        "zuora.data-query",
        System.ZUORA,
        "Does Data Query answer in the form that the product reads?",
        Fact(
            "keys", _lower_keys, "Keys of rows are not in lower case.", "The product finds no value; send the evidence to the maintainers."
        ),
        Fact("empty", _empty_file, "An empty result is not an empty file.", "Set the read path to ZOQL until the product reads it."),
        Fact("address", _fresh_address, "A job that is read again tells no working address.", "Large results may be lost halfway."),
    ),
    facts_probe("zuora.data-query-dialect", System.ZUORA, "Does Data Query refuse what Trino refuses?", *_refuses_subtly()),
    facts_probe(
        "zuora.data-query-lists",
        System.ZUORA,
        "Does a statement take 5,000 ids?",
        Fact("ids", _many_ids, "5,000 ids are refused.", "Selections of many documents fail; send the evidence to the maintainers."),
    ),
    Probe(
        "zuora.data-query-zone",
        System.ZUORA,
        "In which zone does Data Query show moments?",
        _zone,
        "UTC",
        lambda seen: f"It shows them in {seen}.",
        lambda seen: "Nothing: the product asks for UTC. Dates begin in that zone.",
        option="zone",
    ),
    facts_probe(
        "zuora.history",
        System.ZUORA,
        "Are the tenant's documents as the product expects documents to be?",
        Fact(
            "discounts",
            _none("invoiceitem", "processingtype = 1 AND rateplanchargeid IS NULL", "processingtype = 1"),
            "There are discounts without a charge of their own.",
            "Invoices with such a discount are held back.",
        ),
        Fact(
            "rates",
            _none("taxationitem", "taxratetype = 'Percentage' AND taxrate > 1", "taxratetype = 'Percentage'"),
            "There are percentages that are no fractions.",
            "The tax rate on NetSuite lines is a hundred times too large; amounts are not concerned.",
        ),
        Fact("memos", _none("creditmemo", "totalamount < 0"), "There are negative credit memos.", "They are held back."),
        Fact(
            "applications",
            _none("creditmemo", "appliedamount > totalamount"),
            "There are credit memos applied above their amount.",
            "They are held back.",
        ),
        Fact(
            "refunds",
            _none("refund", "status = 'Posted'"),
            "There are refunds in a status Posted.",
            "They are not selected; send the evidence to the maintainers.",
        ),
    ),
)


def _plurals(world: World) -> tuple[str, ...]:
    return ("accounts", "invoices", *(("credit-memos", "debit-memos", "payments", "refunds") if settled(world) else ()))
