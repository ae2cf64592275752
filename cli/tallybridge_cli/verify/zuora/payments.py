"""Payments and refunds: dates, amounts, applications, and what is left to refund."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallybridge.errors import OutcomeUnknown
from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.probe import NotTestable, Probe, System, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora.books import (
    METHOD,
    PAYMENT,
    SYSTEM,
    account,
    cancelled,
    codes,
    currency,
    invoice,
    paid,
    pay,
    records,
    require_settlement,
    taken,
    today,
    told,
    wanted,
)

TELL = "Send the evidence to the maintainers."
TODAY, NOT_FUTURE = "today", "not_future"
PERMISSION = "10"
CANCELED = ("Canceled", "Cancelled")


def _shifted(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _effective_date(world: World) -> str:
    """Which dates a payment may have: today only, or earlier ones too."""
    yesterday = _shifted(world.once("today", lambda: today(world)), -1)
    reply = pay(world, 1, effectiveDate=yesterday)
    if not taken(reply):
        return TODAY
    if reply["effectiveDate"] != yesterday:
        raise NotTestable(f"The payment was taken, but dated {reply['effectiveDate']}.")
    return NOT_FUTURE


def _refund_with_unapply(world: World) -> bool:
    """Whether a refund may unapply by itself. A user without the permission is refused for that, whatever the rest of the call says."""
    owed = invoice(world, 2, "Posted")
    payment = paid(world, 2, invoices=[{"invoiceId": owed["id"], "amount": 2}])
    body = _refund(world, 1, payment) | {"invoices": [{"invoiceId": owed["id"], "amount": 1}]}
    reply = world.zuora.ask("POST", f"/v1/payments/{payment['id']}/refunds/unapply", body)
    if taken(reply):
        return True
    if PERMISSION in codes(reply) or "permission" in told(reply).lower() or reply.status in (403, 404):
        return False
    raise NotTestable(f"Zuora refused the refund for another reason: {told(reply)}")


def _refund(world: World, amount: Any, payment: Reply, **given: Any) -> dict[str, Any]:
    day = payment["effectiveDate"]
    return {"type": "External", "methodType": METHOD, "totalAmount": amount, "refundDate": day, "comment": world.name("refund"), **given}


def _refunded(world: World, payment: Reply, amount: Any, **given: Any) -> Reply:
    return world.zuora.ask("POST", f"/v1/payments/{payment['id']}/refunds", _refund(world, amount, payment, **given))


def _takes_the_rest(world: World) -> bool:
    payment = paid(world, 10)
    if not taken(_refunded(world, payment, 4)):
        return False
    return Decimal(str(world.zuora.ask("GET", f"/v1/payments/{payment['id']}")["unappliedAmount"])) == 6


def _no_more_than_left(world: World) -> bool:
    payment = paid(world, 10)
    wanted(_refunded(world, payment, 4), "a refund")
    return not taken(_refunded(world, payment, 7))


def _applied_not_refunded(world: World) -> bool:
    owed = invoice(world, 5, "Posted")
    payment = paid(world, 5, invoices=[{"invoiceId": owed["id"], "amount": 5}])
    return not taken(_refunded(world, payment, 5))


def _apply(world: World, payment: Reply, verb: str, owed: Reply, amount: Any, **given: Any) -> Reply:
    line = {"invoiceId": owed["id"], "amount": amount}
    return world.zuora.ask("PUT", f"/v1/payments/{payment['id']}/{verb}", {"invoices": [line], **given})


def _unapplied_and_applied(world: World) -> bool:
    owed = invoice(world, 5, "Posted")
    payment = paid(world, 5, invoices=[{"invoiceId": owed["id"], "amount": 5}])
    return taken(_apply(world, payment, "unapply", owed, 5)) and taken(_apply(world, payment, "apply", owed, 3))


def _not_before_application(world: World) -> bool:
    """Whether an unapply dated before the application is refused."""
    owed = invoice(world, 5, "Posted")
    payment = paid(world, 5, invoices=[{"invoiceId": owed["id"], "amount": 5}])
    return not taken(_apply(world, payment, "unapply", owed, 5, effectiveDate=_shifted(payment["effectiveDate"], -1)))


def _cancel_unapplied(world: World) -> bool:
    owed = invoice(world, 5, "Posted")
    payment = paid(world, 5, invoices=[{"invoiceId": owed["id"], "amount": 5}])
    if taken(cancelled(world, payment)):
        return False
    wanted(_apply(world, payment, "unapply", owed, 5), "an unapply")
    return taken(cancelled(world, payment))


def _above_balance(world: World) -> bool:
    owed = invoice(world, 10, "Posted")
    return not taken(pay(world, 20, invoices=[{"invoiceId": owed["id"], "amount": 15}]))


def _above_payment(world: World) -> bool:
    owed = invoice(world, 10, "Posted")
    return not taken(pay(world, 5, invoices=[{"invoiceId": owed["id"], "amount": 10}]))


def _two_invoices(world: World) -> bool:
    one, two = invoice(world, 1, "Posted"), invoice(world, 1, "Posted")
    number = two.body.get("number") or two.body.get("invoiceNumber")
    return not taken(pay(world, 1, invoices=[{"invoiceId": one["id"], "invoiceNumber": number, "amount": 1}]))


def _moved(world: World) -> bool:
    other = account(world, "other")
    payment = paid(world, 1)
    return taken(world.zuora.ask("PUT", f"/v1/payments/{payment['id']}/transfer", {"accountId": other}))


def _nowhere(world: World) -> bool:
    """Whether a transfer is refused that names no account. Where it is not, the payment hangs on nothing, so that it is in the journal."""
    key = world.name("nowhere")
    payment = paid(world, 1, referenceId=key)
    world.journal.is_there(world.journal.intend(SYSTEM, PAYMENT, key), str(payment["id"]))
    return not taken(world.zuora.ask("PUT", f"/v1/payments/{payment['id']}/transfer", {}))


def _not_moved_applied(world: World) -> bool:
    owed, other = invoice(world, 1, "Posted"), account(world, "other")
    payment = paid(world, 1, invoices=[{"invoiceId": owed["id"], "amount": 1}])
    return not taken(world.zuora.ask("PUT", f"/v1/payments/{payment['id']}/transfer", {"accountId": other}))


def _unassigned(world: World) -> bool:
    """A payment without account. It hangs on nothing, so that it is in the journal itself."""
    require_settlement(world)
    key = world.name("unassigned")
    body = {"amount": 1, "currency": currency(world), "type": "External", "paymentMethodType": METHOD, "referenceId": key}
    made = world.journal.intend(SYSTEM, PAYMENT, key)
    try:
        reply = world.zuora.ask("POST", "/v1/payments", {**body, "financeInformation": {"transferredToAccounting": "Ignore"}})
    except OutcomeUnknown:
        raise NotTestable("The answer to the payment was lost; run the probe again.") from None
    if not taken(reply):
        world.journal.is_gone(made)
        return False
    world.journal.is_there(made, str(reply["id"]))
    return "accountId" not in reply.body or reply["accountId"] in (None, "")


def _void_transferred(world: World) -> bool:
    """Whether a payment can be canceled that is marked as transferred to accounting."""
    payment = paid(world, 1, financeInformation={"transferredToAccounting": "Yes"})
    if taken(cancelled(world, payment)):
        return True
    back = {"financeInformation": {"transferredToAccounting": "Ignore"}}
    wanted(world.zuora.ask("PUT", f"/v1/payments/{payment['id']}", back), "the mark on the payment")
    return False


def _reason_code(world: World) -> bool:
    payment = paid(world, 2)
    return not taken(_refunded(world, payment, 1, reasonCode="No such reason of TB-VERIFY"))


# Mode A


def _method(world: World) -> str:
    """A method of an external payment, made for the probes' account where the tenant has none for all."""

    def make() -> str:
        reply = world.zuora.ask(
            "POST", "/v1/action/create", {"type": "PaymentMethod", "objects": [{"AccountId": account(world), "Type": METHOD}]}
        )
        if not (isinstance(reply.body, list) and reply.body[0].get("Success")):
            raise NotTestable(f"Zuora refused a payment method: {told(reply) if not isinstance(reply.body, list) else reply.body}")
        return str(reply.body[0]["Id"])

    return world.once("method", make)


def _payment_a(world: World, **given: Any) -> Reply:
    require_settlement(world, on=False)
    day = world.clock.now().date().isoformat()
    own = {"AccountId": account(world), "PaymentMethodId": _method(world), "Type": "External", "EffectiveDate": day, "Amount": 10}
    return world.zuora.ask("POST", "/v1/action/create", {"type": "Payment", "objects": [{**own, "AppliedCreditBalanceAmount": 0, **given}]})


def _id(reply: Reply) -> str:
    """The id of the one object of an action, "" where it was refused."""
    return str(reply.body[0]["Id"]) if isinstance(reply.body, list) and reply.body[0].get("Success") else ""


def _action(world: World, verb: str, object_type: str, **given: Any) -> bool:
    return bool(_id(world.zuora.ask("POST", f"/v1/action/{verb}", {"type": object_type, "objects": [given]})))


def _draft(world: World) -> str:
    id = _id(_payment_a(world, Status="Draft"))
    if not id:
        raise NotTestable("Zuora refused a draft payment.")
    return id


def _draft_changed(world: World) -> bool:
    return _action(world, "update", "Payment", Id=_draft(world), Amount=12)


def _draft_continued(world: World) -> bool:
    owed = invoice(world, 10, "Posted")
    id = _draft(world)
    lines = _action(world, "create", "InvoicePayment", PaymentId=id, InvoiceId=owed["id"], Amount=10)
    return lines and _action(world, "update", "Payment", Id=id, Status="Processed")


def _above_balance_a(world: World) -> bool:
    require_settlement(world, on=False)
    owed = invoice(world, 10, "Posted")
    return not _id(_payment_a(world, Status="Processed", Amount=15, InvoiceId=owed["id"], AppliedInvoiceAmount=15))


def _in_either_mode(of_b: Callable[[World], bool], of_a: Callable[[World], bool]) -> Callable[[World], bool]:
    def ask(world: World) -> bool:
        try:
            require_settlement(world)
        except NotTestable:
            return of_a(world)
        return of_b(world)

    return ask


def _refunded_a(world: World) -> tuple[str, str]:
    """The invoice of 10 and the payment of which 4 were refunded; the payment is "" where the refund was refused."""

    def make() -> tuple[str, str]:
        require_settlement(world, on=False)
        owed = invoice(world, 10, "Posted")["id"]
        payment = _id(_payment_a(world, Status="Processed", InvoiceId=owed, AppliedInvoiceAmount=10))
        if not payment:
            raise NotTestable("Zuora refused a payment of the invoice.")
        day = world.clock.now().date().isoformat()
        given = {"Amount": 4, "Type": "External", "MethodType": METHOD, "RefundDate": day, "PaymentId": payment, "SourceType": "Payment"}
        return owed, payment if _action(world, "create", "Refund", **given) else ""

    return world.once("refunded in mode A", make)


def _reopened_a(world: World) -> bool:
    owed, payment = _refunded_a(world)
    balance = world.zuora.ask("GET", f"/v1/invoices/{owed}")["balance"] if payment else 0
    return Decimal(str(balance)) == 4


def _gross_a(world: World) -> bool:
    """Whether the application keeps its gross amount when a part of it is refunded."""
    _, payment = _refunded_a(world)
    if not payment:
        raise NotTestable("Zuora refused the refund.")
    found = records(world, f"select Amount, RefundAmount from InvoicePayment where PaymentId = '{payment}'")
    return [(Decimal(str(row["Amount"])), Decimal(str(row["RefundAmount"]))) for row in found] == [(Decimal(10), Decimal(4))]


def _stays_posted_a(world: World) -> bool:
    """Whether a paid invoice cannot become a draft again."""
    owed, _ = _refunded_a(world)
    return not _action(world, "update", "Invoice", Id=owed, Status="Draft")


def _future_a(world: World) -> bool:
    future = (world.clock.now().date() + timedelta(days=30)).isoformat()
    return not _id(_payment_a(world, Status="Draft", EffectiveDate=future))


def _nothing_from_nothing_a(world: World) -> bool:
    return not _id(_payment_a(world, Status="Processed", AppliedCreditBalanceAmount=10))


PROBES = (
    Probe(
        "zuora.payment-effective-date",
        System.ZUORA,
        "Which effective dates may a payment have that is made by API?",
        _effective_date,
        TODAY,
        words(today="Only today's.", not_future="Today's and earlier ones."),
        words(not_future="Nothing: payments are tried with their NetSuite date first, and keep it."),
        writes=True,
        option="payment_effective_date",
    ),
    Probe(
        "zuora.refund-with-unapply",
        System.ZUORA,
        "May a refund unapply a payment by itself?",
        _refund_with_unapply,
        False,
        words(yes="It may.", no="The user lacks the permission."),
        words(yes="Nothing: the product uses it where it is offered, and saves two calls for each refund."),
        writes=True,
        option="refund_with_unapply",
    ),
    facts_probe(
        "zuora.refund-unapplied",
        System.ZUORA,
        "Does a refund take what is unapplied of a payment, and no more?",
        Fact("rest", _takes_the_rest, "The unapplied rest is not lowered by the refund.", f"Refunds cannot be followed. {TELL}"),
        Fact("left", _no_more_than_left, "More was refunded than was left.", f"The product checks it by itself. {TELL}"),
        Fact("applied", _applied_not_refunded, "What is applied was refunded.", f"Money is taken from paid invoices. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.payment-applications",
        System.ZUORA,
        "Are payments unapplied, applied again and canceled as the product does it?",
        Fact("again", _unapplied_and_applied, "An unapplied payment cannot be applied again.", f"Changes cannot be followed. {TELL}"),
        Fact("date", _not_before_application, "An unapply may be dated before the application.", "Nothing: the product dates it today."),
        Fact("cancel", _cancel_unapplied, "An applied payment can be canceled, or an unapplied one cannot.", f"Voids differ. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.over-application",
        System.ZUORA,
        "Is an application refused that is larger than what is open?",
        Fact(
            "balance",
            _in_either_mode(_above_balance, _above_balance_a),
            "More was applied than was owed.",
            f"Invoices go below zero. {TELL}",
        ),
        Fact("payment", _in_either_mode(_above_payment, _above_balance_a), "More was applied than was paid.", f"Sums differ. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.payment-values",
        System.ZUORA,
        "Are payments refused that make no sense?",
        Fact("currency", lambda w: not taken(pay(w, 1, currency="XXX")), "An unknown currency is taken.", TELL),
        Fact("negative", lambda w: not taken(pay(w, -1)), "A negative amount is taken.", TELL),
        Fact("zero", lambda w: not taken(pay(w, 0)), "An amount of 0 is taken.", "Nothing: the product sends none."),
        Fact("decimals", lambda w: not taken(pay(w, 1.005)), "A third decimal is taken.", "Nothing: NetSuite's amounts have none."),
        Fact("two", _two_invoices, "An id and a number of two invoices are taken.", "Nothing: the product sends the id alone."),
        writes=True,
    ),
    facts_probe(
        "zuora.payment-transfer",
        System.ZUORA,
        "Can an unapplied payment be moved to another account, and an applied one not?",
        Fact("moved", _moved, "It cannot be moved.", "Nothing: the product only reports moved payments."),
        Fact("applied", _not_moved_applied, "An applied payment was moved.", f"Its NetSuite payment keeps the older customer. {TELL}"),
        Fact("nowhere", _nowhere, "It can be moved to no account.", "Nothing: the product moves no payments."),
        writes=True,
    ),
    facts_probe(
        "zuora.unassigned-payment",
        System.ZUORA,
        "Can a payment have no account?",
        Fact("unassigned", _unassigned, "It cannot.", "The setting of unassigned payments has no effect."),
        writes=True,
    ),
    Probe(
        "zuora.void-transferred",
        System.ZUORA,
        "Can a payment be canceled that was transferred to accounting?",
        _void_transferred,
        False,
        words(yes="It can.", no="It cannot before Transferred to Accounting is set back."),
        words(yes="Nothing: the product cancels none, and the step before it in the advice to people is not needed."),
        writes=True,
        option="voids_transferred_payments",
    ),
    facts_probe(
        "zuora.reason-codes",
        System.ZUORA,
        "Is an unknown reason code refused?",
        Fact("reason", _reason_code, "It is taken.", "Nothing: the product sends no reason codes."),
        writes=True,
    ),
    facts_probe(
        "zuora.draft-payments",
        System.ZUORA,
        "Can a draft payment of mode A be changed, continued and processed?",
        Fact("changed", _draft_changed, "Its amount cannot be changed.", "Nothing: the product makes it anew."),
        Fact("continued", _draft_continued, "It cannot be processed.", f"An interrupted payment has to be finished by hand. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.refunds-mode-a",
        System.ZUORA,
        "Does a refund of mode A reopen the invoice?",
        Fact("reopened", _reopened_a, "It is refused, or the invoice stays as it was.", f"Refunds from NetSuite fail. {TELL}"),
        Fact("gross", _gross_a, "The application is lowered by the refund.", f"Amounts of payments with refunds differ. {TELL}"),
        writes=True,
    ),
    facts_probe(
        "zuora.payments-mode-a",
        System.ZUORA,
        "Are payments of mode A refused that make no sense?",
        Fact("future", _future_a, "A payment of next month is taken.", "Nothing: the product waits for the day."),
        Fact("draft", _stays_posted_a, "A paid invoice can become a draft again.", "Nothing: the product never does it."),
        Fact("balance", _nothing_from_nothing_a, "A credit balance is taken that is not there.", "Nothing: the product uses none."),
        writes=True,
    ),
)
