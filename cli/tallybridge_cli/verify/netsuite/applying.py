"""Payments, credit memos and refunds: what may be applied to what, how that is changed, and how queries show it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tallybridge_cli.verify.netsuite.books import (
    applied,
    change,
    customer,
    document,
    first,
    invoice,
    made,
    must,
    payment_body,
    query,
    read,
    rows,
    schema,
    today,
    told,
    tried,
)
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.world import World

PAYMENT, MEMO, REFUND = "customerPayment", "creditMemo", "customerRefund"
REST_SECONDS = 2.0
"""Long enough for a time of change, which has seconds, to be another one."""
UNPAID = "SELECT foreignamountunpaid AS n FROM transaction WHERE id = ?"
UNUSED = "SELECT foreignpaymentamountunused AS n FROM transaction WHERE id = ?"
CHANGED = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS t FROM transaction WHERE id = ?"


def _number(text: Any) -> str:
    return f"{Decimal(str(text or 0)).normalize():f}"


def _unpaid(world: World, id: str) -> str:
    return _number(first(world, UNPAID, (id,)).get("n"))


def _open(world: World, id: str) -> str:
    """What is left of a payment or memo."""
    return _number(first(world, UNUSED, (id,)).get("n"))


def _payment(world: World, what: str, amount: Any, *parts: tuple[str, Any]) -> str:
    return made(world, PAYMENT, what, payment_body(world, amount, *parts))


def _over(world: World) -> list[str]:
    """Applications above what is open that are taken."""
    id = invoice(world, "over")
    bodies = {
        "payments": (PAYMENT, payment_body(world, 20, (id, 20))),
        "credit memos": (MEMO, document(world, {**document(world)["item"]["items"][0], "rate": 20, "amount": 20}, **applied((id, 20)))),
    }
    asked = {name: tried(world, kind, f"over-{kind}", body) for name, (kind, body) in bodies.items()}
    return [name for name, (reply, _) in asked.items() if reply.ok]


def _above_payment(world: World) -> str:
    """What becomes of a payment of 5 that is applied with 10."""
    id = invoice(world, "above")
    reply, payment = tried(world, PAYMENT, "above-1", payment_body(world, 5, (id, 10)))
    return "refused" if not reply.ok else f"a payment of {_number(read(world, PAYMENT, payment)['payment'])}"


def _no_amount(world: World) -> str:
    """What becomes of a payment without its amount."""
    id = invoice(world, "amount")
    body = {name: value for name, value in payment_body(world, 0, (id, 10)).items() if name != "payment"}
    reply, payment = tried(world, PAYMENT, "amount-1", body)
    return "refused" if not reply.ok else f"a payment of {_number(read(world, PAYMENT, payment)['payment'])}"


def _equal_lines(world: World) -> str:
    """What is applied of two lines for one document, of 2 and 3."""
    id = invoice(world, "equal")
    reply, payment = tried(world, PAYMENT, "equal-1", payment_body(world, 10, (id, 2), (id, 3)))
    if not reply.ok:
        return "refused"
    return {"3": "last", "5": "sum", "2": "first"}.get(_number(Decimal(10) - Decimal(_open(world, payment))), "something else")


def _update(world: World) -> dict[str, str]:
    """How much two invoices have open while a payment's applications are changed."""
    one, two = invoice(world, "update-1"), invoice(world, "update-2")
    id = made(world, PAYMENT, "update-3", {**payment_body(world, 20, (one, 10)), "memo": "stays"})
    must(change(world, PAYMENT, id, applied((two, 4))))
    added = f"{_unpaid(world, one)} and {_unpaid(world, two)}"
    must(change(world, PAYMENT, id, applied((one, 0))))
    return {
        "one more": added,
        "first taken back": f"{_unpaid(world, one)} and {_unpaid(world, two)}",
        "memo": str(read(world, PAYMENT, id).body.get("memo")),
    }


def _unapplied(world: World) -> str:
    invoice(world, "unapplied-1")
    return _open(world, made(world, MEMO, "unapplied-2", document(world, autoApply=False)))


def _by_external_id(world: World) -> bool:
    """Whether an application names its document by external id."""
    invoice(world, "by-eid")
    part = {"doc": {"externalId": world.name("by-eid")}, "apply": True, "amount": 4}
    reply, _ = tried(world, PAYMENT, "by-eid-1", {**payment_body(world, 4), "apply": {"items": [part]}})
    return reply.ok


def _money(world: World) -> dict[str, Any]:
    """The account that a refund is paid from."""
    row = first(world, "SELECT id FROM account WHERE accttype = 'Bank' AND isinactive = 'F' ORDER BY id")
    if not row:
        raise NotTestable("The role sees no bank account.")
    return {"account": {"id": row["id"]}}


def _refund(world: World) -> dict[str, str]:
    """What is left of two payments and a memo after one refund of all three."""
    parts = [_payment(world, "refund-1", 6), _payment(world, "refund-2", 5)]
    parts.append(made(world, MEMO, "refund-3", document(world, autoApply=False)))
    body = world.with_values("payment", {"customer": {"id": customer(world)}, "tranDate": today(world).isoformat(), **_money(world)})
    lines = applied((parts[0], 6), (parts[1], 3), (parts[2], 4))["apply"]
    reply, id = tried(world, REFUND, "refund-4", {**body, "apply": lines})
    if not reply.ok:
        return {"refused": told(reply)}
    left = {name: _open(world, part) for name, part in zip(("first payment", "second payment", "memo"), parts, strict=True)}
    return {"total": _number(read(world, REFUND, id)["total"]), **left}


def _method_account(world: World) -> bool:
    """Whether a payment is booked to the account of its payment method."""
    field = "paymentOption" if "paymentOption" in schema(world, PAYMENT).fields else "paymentMethod"
    for row in rows(world, "SELECT id FROM paymentmethod WHERE isinactive = 'F'"):
        reply = world.netsuite.ask("GET", f"/services/rest/record/v1/paymentMethod/{row['id']}", params={"fields": "account,undepFunds"})
        own = (reply.body.get("account") or {}).get("id") if reply.ok else None
        if own:
            id = made(world, PAYMENT, "method", {**payment_body(world, 5), field: {"id": row["id"]}})
            return str(read(world, PAYMENT, id).body.get("account", {}).get("id")) == str(own)
    raise NotTestable("No payment method that the role sees has an account of its own.")


def _letters(world: World) -> dict[str, str]:
    """Letters of a payment's status: in undeposited funds, and in a bank account."""
    undeposited = made(world, PAYMENT, "letter-1", {**payment_body(world, 5), "undepFunds": {"id": "T"}})
    deposited = made(world, PAYMENT, "letter-2", {**payment_body(world, 5), "undepFunds": {"id": "F"}, **_money(world)})
    return {name: read(world, PAYMENT, id)["status"]["id"] for name, id in (("undeposited", undeposited), ("deposited", deposited))}


def _links(world: World) -> dict[str, str]:
    """How a query shows what a payment is applied to."""
    id = invoice(world, "links")
    payment = _payment(world, "links-1", 10, (id, 4))
    q = "SELECT linktype, foreignamount AS n FROM nexttransactionlinelink WHERE previousdoc = ? AND nextdoc = ?"
    found = first(world, q, (id, payment))
    return {"type": found.get("linktype", "none"), "amount": _number(found.get("n"))}


def _open_amounts(world: World) -> dict[str, str]:
    """What queries show as open of an invoice of 10, and of a payment of 10 of which 4 are applied."""
    id = invoice(world, "open")
    payment = _payment(world, "open-1", 10, (id, 4))
    return {"invoice": _unpaid(world, id), "payment": _open(world, payment)}


def _touched(world: World) -> bool:
    """Whether an application changes the time of change of what it is applied to."""
    id = invoice(world, "touched")
    before = first(world, CHANGED, (id,))["t"]
    world.clock.sleep(REST_SECONDS)
    _payment(world, "touched-1", 10, (id, 4))
    return first(world, CHANGED, (id,))["t"] != before


def _discount(world: World) -> str:
    """What an early payment discount of 2 beside 8 leaves of an invoice of 10."""
    id = invoice(world, "discount")
    part = {"doc": {"id": id}, "apply": True, "amount": 8, "disc": 2}
    reply, _ = tried(world, PAYMENT, "discount-1", {**payment_body(world, 8), "apply": {"items": [part]}})
    return _unpaid(world, id) if reply.ok else "refused"


def _deleted(world: World) -> bool:
    """Whether a document is kept to which something is applied."""
    id = invoice(world, "kept")
    _payment(world, "kept-1", 10, (id, 4))
    return not world.netsuite.ask("DELETE", f"/services/rest/record/v1/invoice/{id}").ok


def _number_of_lines(world: World) -> bool:
    """Whether the balance of a payment in queries is that of its record."""
    payment = _payment(world, "balance", 7)
    reply = query(world, UNUSED, (payment,), 1)
    return reply.ok and _number(read(world, PAYMENT, payment)["unapplied"]) == _open(world, payment)


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.over-application",
        NS,
        "Is an application above the open amount refused?",
        _over,
        [],
        lambda seen: f"{' and '.join(seen).capitalize()} are taken." if seen else "It is refused.",
        sentence("Applications of {} have to be compared by the control totals alone; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.above-payment",
        NS,
        "What becomes of a payment of 5 that is applied with 10?",
        _above_payment,
        "refused",
        sentence("It is {}."),
        sentence("Nothing: the product checks the sum before it sends it ({})."),
        writes=True,
        option="habits.payment_raised",
        to_option=lambda seen: seen == "a payment of 10",
    ),
    Probe(
        "netsuite.payment-amount",
        NS,
        "What becomes of a payment without its amount?",
        _no_amount,
        "refused",
        sentence("It is {}."),
        sentence("Nothing: the product always sends the amount ({})."),
        writes=True,
        option="habits.payment_needed",
        to_option=lambda seen: seen == "refused",
    ),
    Probe(
        "netsuite.equal-apply-lines",
        NS,
        "What counts of two application lines for one document?",
        _equal_lines,
        "last",
        words(last="The last one.", sum="Both.", refused="They are refused.", first="The first one."),
        words(sum="Nothing: the product adds up parts before it sends them.", refused="Nothing: the product adds up parts."),
        writes=True,
        option="habits.equal_apply_lines",
    ),
    Probe(
        "netsuite.apply-update",
        NS,
        "Are applications changed one by one, taken back by an amount of 0, and everything else left alone?",
        _update,
        {"one more": "0 and 6", "first taken back": "10 and 6", "memo": "stays"},
        lambda seen: f"Open after one more: {seen['one more']}; after the first was taken back: {seen['first taken back']}.",
        sentence("Later changes of payments and unapplying refunds do not arrive as meant: {}; report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.unapplied-credit-memo",
        NS,
        "Can a credit memo be left unapplied?",
        _unapplied,
        "10",
        sentence("{} of 10 are left."),
        sentence("NetSuite applies credit memos by itself ({} of 10 are left); switch that off."),
        writes=True,
        option="habits.applies_by_itself",
        to_option=lambda seen: seen != "10",
    ),
    Probe(
        "netsuite.external-id-in-apply",
        NS,
        "Can an application name its document by external id?",
        _by_external_id,
        True,
        words(yes="It can.", no="It cannot."),
        words(no="Nothing: the product names internal ids."),
        writes=True,
    ),
    Probe(
        "netsuite.refund-several-payments",
        NS,
        "Can one refund take from several payments and a credit memo?",
        _refund,
        {"total": "13", "first payment": "0", "second payment": "2", "memo": "6"},
        lambda seen: "; ".join(f"{name}: {value}" for name, value in seen.items()) + ".",
        sentence("Refunds do not settle as meant: {}; report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.payment-account",
        NS,
        "Is a payment booked to the account of its payment method?",
        _method_account,
        True,
        words(yes="It is.", no="It is not."),
        words(no="Name the account in the settings of payments."),
        writes=True,
    ),
    Probe(
        "netsuite.enum-values",
        NS,
        "Does undepFunds take T and F, and has a payment the letters B and C?",
        _letters,
        {"undeposited": "B", "deposited": "C"},
        lambda seen: "; ".join(f"{name}: {letter}" for name, letter in seen.items()) + ".",
        sentence("Payments may be selected or left out by the wrong letter: {}; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.links",
        NS,
        "Does a query show what a payment is applied to, as a link of the type Payment with a positive amount?",
        _links,
        {"type": "Payment", "amount": "4"},
        lambda seen: f"The link is of the type {seen['type']} and has {seen['amount']} of 4.",
        sentence("Applications made in NetSuite are not seen as meant: {}; report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.open-amounts",
        NS,
        "Do queries show what is open of an invoice and of a payment?",
        _open_amounts,
        {"invoice": "6", "payment": "6"},
        lambda seen: f"Of 10 with 4 applied the invoice shows {seen['invoice']}, the payment {seen['payment']}.",
        sentence("Open amounts are misread: {}; report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.payment-balance",
        NS,
        "Is what is unapplied of a payment the same in queries and in its record?",
        _number_of_lines,
        True,
        words(yes="It is.", no="It is not."),
        words(no="Open amounts are misread; report it before the first run."),
        writes=True,
    ),
    Probe(
        "netsuite.touched-by-payment",
        NS,
        "Does an application change the time of change of the invoice?",
        _touched,
        True,
        words(yes="It does.", no="It does not."),
        words(no="Applications made in NetSuite are seen when the payment itself is changed."),
        writes=True,
        option="habits.applying_touches",
    ),
    Probe(
        "netsuite.payment-discount",
        NS,
        "Does an early payment discount close the invoice beside the amount?",
        _discount,
        "0",
        sentence("Of 10 with 8 and a discount of 2 it leaves {}."),
        sentence("Nothing: the product takes no discounts itself; such payments made in NetSuite are read by what the invoice shows ({})."),
        writes=True,
    ),
    Probe(
        "netsuite.deletion-of-used",
        NS,
        "Is a document kept to which something is applied?",
        _deleted,
        True,
        words(yes="It cannot be deleted.", no="It can be deleted."),
        words(no="A deletion takes applications with it; the drift check tells it."),
        writes=True,
    ),
)
