"""Invoices and their lines: sums, periods, dates, and how lines are changed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallybridge_cli.verify.netsuite.books import (
    KNOWN_WORDS,
    OTHER_WORDS,
    change,
    customer,
    document,
    first,
    has_subsidiaries,
    invoice,
    line,
    made,
    must,
    query,
    read,
    refusal,
    rows,
    schema,
    script,
    subsidiary,
    today,
    told,
    tried,
)
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.world import World

CUSTOM_PRICE = "-1"
NO_LINE = 77
OPEN_PERIODS = (
    "SELECT id, TO_CHAR(startdate, 'YYYY-MM-DD') AS first, TO_CHAR(enddate, 'YYYY-MM-DD') AS last FROM accountingperiod "
    "WHERE isyear = 'F' AND isquarter = 'F' AND closed = 'F' AND arlocked = 'F' AND alllocked = 'F' ORDER BY startdate"
)
CLOSED_PERIODS = (
    "SELECT id, TO_CHAR(startdate, 'YYYY-MM-DD') AS first, TO_CHAR(enddate, 'YYYY-MM-DD') AS last FROM accountingperiod "
    "WHERE isyear = 'F' AND isquarter = 'F' AND closed = 'T' ORDER BY startdate DESC"
)
POSTED, FIRST_OPEN, CURRENT = "posted there", "posted into the first open period", "posted into the current period"
MOVED = (
    "A document whose period is closed during a run is posted elsewhere without a word; set Allow Transaction Date Outside of the Posting "
    "Period to Disallow."
)
OPEN_LATER = (
    "SELECT id FROM accountingperiod WHERE isyear = 'F' AND isquarter = 'F' AND closed = 'F' AND arlocked = 'F' AND alllocked = 'F' "
    "AND startdate > TO_DATE(?, 'YYYY-MM-DD') ORDER BY startdate"
)


def _lines(world: World, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(world, "invoice", id, expand=True)["item"]["items"]
    return found


def _amount(value: Any) -> str:
    """An amount as text, without superfluous zeros."""
    return f"{Decimal(str(value)).normalize():f}"


def _rounding(world: World) -> dict[str, str]:
    """Amounts with too many decimals, and what became of them."""
    wanted = ("10.005", "10.014999", "10.015")
    id = invoice(world, "rounding", *[line(world, Decimal(amount)) for amount in wanted])
    found = _lines(world, id)
    total = _amount(read(world, "invoice", id)["total"])
    return {**{amount: _amount(row["amount"]) for amount, row in zip(wanted, found, strict=True)}, "total": total}


def _negative_lines(world: World) -> bool:
    reply, id = tried(world, "invoice", "negative", document(world, line(world, 10), line(world, -3)))
    return reply.ok and _amount(read(world, "invoice", id)["total"]) == "7"


def _custom_price(world: World) -> bool:
    row = {"item": line(world)["item"], "quantity": 1, "amount": Decimal("12.34"), "price": {"id": CUSTOM_PRICE}}
    reply, id = tried(world, "invoice", "price", document(world, row))
    return reply.ok and _amount(_lines(world, id)[0]["amount"]) == "12.34"


def _posting_period(world: World) -> bool:
    """Whether a posting period is taken that does not hold the date."""
    now, periods = today(world).isoformat(), rows(world, OPEN_PERIODS)
    if not any(row["first"] <= now <= row["last"] for row in periods):
        raise NotTestable("The accounting period of today is closed or missing.")
    others = [row for row in periods if row["first"] > now] or [row for row in reversed(periods) if row["last"] < now]
    if not others:
        raise NotTestable("There is no second open period.")
    reply, _ = tried(world, "invoice", "period", document(world, postingPeriod={"id": others[0]["id"]}))
    if not reply.ok and refusal(reply, "NetSuite does not post the document outside") != KNOWN_WORDS:
        raise NotTestable(f"NetSuite refused the invoice for another reason: {told(reply)}")
    return reply.ok


def _closed_period(world: World) -> str:
    """What becomes of a document that is dated in a closed period and names none."""
    closed = first(world, CLOSED_PERIODS)
    if not closed:
        raise NotTestable("No accounting period is closed.")
    day = date.fromisoformat(closed["first"]) + timedelta(days=1)
    reply, id = tried(world, "invoice", "closed", {**document(world), "tranDate": day.isoformat()})
    if not reply.ok:
        return refusal(reply, "The accounting period of")
    posted = str(read(world, "invoice", id)["postingPeriod"]["id"])
    if posted == closed["id"]:
        return POSTED
    return FIRST_OPEN if posted == first(world, OPEN_LATER, (closed["last"],)).get("id") else CURRENT


def _replace(world: World) -> dict[str, int]:
    """Lines of an invoice of two after one more was sent: with `replace`, and without."""
    with_replace = invoice(world, "replace", line(world), line(world))
    must(change(world, "invoice", with_replace, {"item": {"items": [line(world, 5)]}}, replace="item"))
    without = invoice(world, "append", line(world), line(world))
    must(change(world, "invoice", without, {"item": {"items": [line(world, 5)]}}))
    return {"with replace": len(_lines(world, with_replace)), "without": len(_lines(world, without))}


def _upsert(world: World) -> int:
    """Lines after the same upsert was sent twice, with `replace`."""
    what = "upsert"
    id = invoice(world, what)
    for _ in range(2):
        path = f"/services/rest/record/v1/invoice/eid:{world.name(what)}"
        must(world.netsuite.ask("PUT", path, document(world), params={"replace": "item"}))
    return len(_lines(world, id))


def _unknown_line(world: World) -> str:
    id = invoice(world, "line-77")
    reply = change(world, "invoice", id, {"item": {"items": [{**line(world, 5), "line": NO_LINE}]}})
    return "refused" if not reply.ok else "added" if len(_lines(world, id)) > 1 else "ignored"


def _line_update(world: World) -> bool:
    """Whether a line is changed by its number, and the others stay."""
    id = invoice(world, "line", line(world, 10), line(world, 20))
    number = _lines(world, id)[0]["line"]
    must(change(world, "invoice", id, {"item": {"items": [{"line": number, "description": "changed"}]}}))
    found = _lines(world, id)
    return [_amount(row["amount"]) for row in found] == ["10", "20"] and found[0].get("description") == "changed"


def _base_rate(world: World) -> str:
    """What becomes of a rate other than 1 in the base currency."""
    if "exchangeRate" not in schema(world, "invoice").fields:
        raise NotTestable("The account has one currency.")
    base = first(world, "SELECT id FROM currency WHERE isbasecurrency = 'T'")
    mine = read(world, "customer", customer(world))["currency"]["id"]
    if str(mine) != base.get("id"):
        raise NotTestable("The customers of the probes' subsidiary are not in the base currency.")
    reply, id = tried(world, "invoice", "rate", document(world, exchangeRate=2))
    if not reply.ok:
        return "refused"
    return "kept" if Decimal(str(read(world, "invoice", id)["exchangeRate"])) == 2 else "ignored"


def _due_date(world: World) -> bool:
    return bool(read(world, "invoice", invoice(world, "due")).body.get("dueDate"))


def _location(world: World) -> str:
    """How a location of another subsidiary is taken."""
    if not has_subsidiaries(world):
        raise NotTestable("The account has no subsidiaries.")
    own = subsidiary(world)
    found = rows(world, "SELECT id, subsidiary FROM location WHERE isinactive = 'F' AND subsidiary IS NOT NULL")
    other = next((row["id"] for row in found if own not in row["subsidiary"].replace(" ", "").split(",")), "")
    if not other:
        raise NotTestable("There is no location of another subsidiary.")
    reply, id = tried(world, "invoice", "location", document(world, {**line(world), "location": {"id": other}}))
    if reply.ok and str((_lines(world, id)[0].get("location") or {}).get("id")) != other:
        return "ignored"
    known = {refusal(reply, text) for text in ("NetSuite does not accept", "The {field} ")}
    return KNOWN_WORDS if KNOWN_WORDS in known else known.pop()


def _empty_text(world: World) -> bool:
    """Whether an empty text is taken for a date."""
    return tried(world, "invoice", "empty", document(world, dueDate=""))[0].ok


def _forms(world: World) -> dict[str, str]:
    """Values of other forms, and how they are taken."""
    now = today(world)
    asked = {
        "date with slashes": {"tranDate": f"{now:%Y/%m/%d}"},
        "date-time": {"tranDate": f"{now}T00:00:00Z"},
        "number as text": {"exchangeRate": "1"} if "exchangeRate" in schema(world, "invoice").fields else {"memo": "1"},
    }
    answers = {name: tried(world, "invoice", f"form-{n}", document(world, **given))[0] for n, (name, given) in enumerate(asked.items())}
    return {name: "taken" if reply.ok else "refused" for name, reply in answers.items()}


def _signs(world: World) -> dict[str, int]:
    """Signs of amounts in queries, of documents and of their item lines."""
    ids = {
        "invoice": invoice(world, "sign-1"),
        "creditMemo": made(world, "creditMemo", "sign-2", document(world, autoApply=False)),
    }
    found: dict[str, int] = {}
    for kind, id in ids.items():
        total = first(world, "SELECT foreigntotal AS n FROM transaction WHERE id = ?", (id,))
        q = "SELECT foreignamount AS n FROM transactionline WHERE transaction = ? AND mainline = 'F' AND taxline = 'F'"
        found |= {kind: _sign(total["n"]), f"{kind} line": _sign(first(world, q, (id,))["n"])}
    return found


def _sign(text: str) -> int:
    number = Decimal(text)
    return (number > 0) - (number < 0)


def _line_ids(world: World) -> bool:
    """Whether lines in queries have the numbers that REST knows, and the document itself is line 0."""
    id = invoice(world, "lines", line(world, 1), line(world, 2))
    found = rows(world, "SELECT id, mainline FROM transactionline WHERE transaction = ? AND taxline = 'F' ORDER BY id", (id,))
    main = [row["id"] for row in found if row["mainline"] == "T"]
    return main == ["0"] and [row["id"] for row in found if row["mainline"] == "F"] == [str(row["line"]) for row in _lines(world, id)]


def _status(world: World) -> str:
    """In which form a status is compared, and shown."""
    id = invoice(world, "status")
    forms = {"letter": "A", "compound": "CustInvc:A"}
    asked = {name: query(world, "SELECT id FROM transaction WHERE id = ? AND status = ?", (id, form), 1) for name, form in forms.items()}
    fits = [name for name, reply in asked.items() if reply.ok and reply["items"]]
    shown = first(world, "SELECT status FROM transaction WHERE id = ?", (id,))["status"]
    return f"{' or '.join(fits) or 'none'}, shown as {'a letter' if len(shown) == 1 else shown}"


def _custom_dates(world: World) -> bool:
    """Whether a field of the connector on a line is changed by the line's number."""
    field = script(world, "custcol", "Zuora ID")
    if field not in schema(world, "invoice").sublists["item"]:
        raise NotTestable(f"The line field {field} is not there yet; `tallybridge setup netsuite` makes it.")
    id = invoice(world, "column", {**line(world), field: "before"})
    number = _lines(world, id)[0]["line"]
    must(change(world, "invoice", id, {"item": {"items": [{"line": number, field: "after"}]}}))
    return [row.get(field) for row in _lines(world, id)] == ["after"]


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.rounding",
        NS,
        "Are lines rounded half up at the currency's precision, and totals the sum of rounded lines?",
        _rounding,
        {"10.005": "10.01", "10.014999": "10.01", "10.015": "10.02", "total": "30.04"},
        lambda seen: "; ".join(f"{given} becomes {kept}" for given, kept in seen.items()) + ".",
        sentence("Sums of documents can differ by cents and are held as out of balance: {}; report it."),
        writes=True,
        option="habits.rounding",
        to_option=lambda seen: "half up" if seen["10.005"] == "10.01" else "half even",
    ),
    Probe(
        "netsuite.negative-lines",
        NS,
        "May an invoice hold negative lines?",
        _negative_lines,
        True,
        words(yes="It may.", no="It may not."),
        words(no="Invoices with credits on a line are refused; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.custom-price-level",
        NS,
        "Does the price level Custom keep a line's amount without a rate?",
        _custom_price,
        True,
        words(yes="It does.", no="It does not."),
        words(no="Lines get other amounts, and documents are held as out of balance; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.posting-period",
        NS,
        "Is a posting period taken that does not hold the date?",
        _posting_period,
        False,
        words(yes="It is taken.", no="It is refused in known words."),
        words(yes="closed_period: post_in_next_open_period works without a change of preferences."),
        writes=True,
        option="date_outside_period",
    ),
    Probe(
        "netsuite.closed-period",
        NS,
        "What becomes of a document that is dated in a closed period?",
        _closed_period,
        KNOWN_WORDS,
        sentence("It is {}."),
        words(
            **{
                FIRST_OPEN: MOVED,
                CURRENT: MOVED,
                POSTED: "The role may post into closed periods; take that right from it.",
                OTHER_WORDS: "It is held with NetSuite's own text.",
            }
        ),
        writes=True,
        option="default_posting_period",
        to_option=lambda seen: "current" if seen == CURRENT else "first open",
    ),
    Probe(
        "netsuite.replace-sublist",
        NS,
        "Does the parameter replace exchange the lines of a document, and are lines added without it?",
        _replace,
        {"with replace": 1, "without": 3},
        lambda seen: f"An invoice of two lines has {seen['with replace']} after a replacement, {seen['without']} after an addition.",
        sentence("A repeated write could double lines: {}; report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.upsert-twice",
        NS,
        "Has a document the same lines after an upsert was sent twice?",
        _upsert,
        1,
        sentence("It has {} after two upserts of one line."),
        sentence("A repeated write doubles lines ({}); report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.unknown-line",
        NS,
        "What does an update of a line do that does not exist?",
        _unknown_line,
        "added",
        words(added="It adds the line.", refused="It is refused.", ignored="It does nothing."),
        words(
            refused="Nothing: the product updates lines that it has read.", ignored="Nothing: the product updates lines that it has read."
        ),
        writes=True,
        option="habits.unknown_line",
    ),
    Probe(
        "netsuite.line-update",
        NS,
        "Is a line changed by its number while the others stay?",
        _line_update,
        True,
        words(yes="It is.", no="It is not."),
        words(no="Later revenue dates do not reach their lines; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.line-fields",
        NS,
        "Is a field of the connector on a line changed by the line's number?",
        _custom_dates,
        True,
        words(yes="It is.", no="It is not."),
        words(no="Marks on lines do not arrive; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.exchange-rate",
        NS,
        "Is a rate other than 1 kept in the base currency?",
        _base_rate,
        "refused",
        words(kept="It is kept.", ignored="It is ignored.", refused="It is refused."),
        words(ignored="Nothing: the product sends no rates.", kept="Nothing: the product sends no rates."),
        writes=True,
        option="habits.base_rate",
    ),
    Probe(
        "netsuite.due-date",
        NS,
        "Does an invoice without due date get one?",
        _due_date,
        True,
        words(yes="It does.", no="It stays without."),
        words(no="Invoices of adjustments have no due date."),
        writes=True,
    ),
    Probe(
        "netsuite.location-subsidiary",
        NS,
        "Is a location of another subsidiary refused, in words that the product knows?",
        _location,
        KNOWN_WORDS,
        sentence("It is {}."),
        sentence("The document is held with NetSuite's own text, or posted with the wrong location ({})."),
        writes=True,
    ),
    Probe(
        "netsuite.value-formats",
        NS,
        "Are dates of another form refused, and numbers taken as text?",
        _forms,
        {"date with slashes": "refused", "date-time": "refused", "number as text": "taken"},
        lambda seen: "; ".join(f"{name}: {how}" for name, how in seen.items()) + ".",
        sentence("Nothing: the product sends the published forms ({})."),
        writes=True,
    ),
    Probe(
        "netsuite.empty-text",
        NS,
        "Is an empty text taken for a date?",
        _empty_text,
        False,
        words(yes="It is taken as none.", no="It is refused."),
        words(yes="Nothing: the product sends no empty texts."),
        writes=True,
        option="habits.empty_text_clears",
    ),
    Probe(
        "netsuite.signs",
        NS,
        "Have amounts of queries the sign of the ledger?",
        _signs,
        {"invoice": 1, "invoice line": -1, "creditMemo": -1, "creditMemo line": 1},
        lambda seen: ", ".join(f"{name} {'+' if sign > 0 else '-' if sign < 0 else '0'}" for name, sign in seen.items()) + ".",
        sentence("Control totals would differ by sign ({}); report it before the first run."),
        writes=True,
        option="habits.ledger_signs",
        to_option=lambda seen: seen["creditMemo"] < 0,
    ),
    Probe(
        "netsuite.line-ids",
        NS,
        "Have lines in queries the numbers that REST knows, and is the document itself line 0?",
        _line_ids,
        True,
        words(yes="They have.", no="They have not."),
        words(no="Lines are not found again; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.status-filter",
        NS,
        "Is a status compared in its compound form, and shown as a letter?",
        _status,
        "compound, shown as a letter",
        sentence("It is compared as {}."),
        sentence("Closed sales orders may be selected, or none ({}); report it."),
        writes=True,
        option="habits.status_filter",
        to_option=lambda seen: seen.partition(",")[0],
    ),
)
