"""What the tenant is: features and fields. All of it is told by what can be read, but for Orders, which a refusal tells."""

from __future__ import annotations

from urllib.parse import urlencode

from tallybridge.fields.zuora import ZUORA
from tallybridge.steps.settlement.netsuite_settlements import METHOD_TYPES
from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.probe import NotTestable, Probe, System, words
from tallybridge_cli.verify.rest import Rest, Trace
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora.books import codes, counted, custom, fields, rows, settled, told, zoql

STATUS = "IntegrationStatus"
LONGEST = 255
PERMISSION, RULE, INVALID_TYPE = "10", "30", "INVALID_TYPE"
SETTLEMENT_TABLE = "creditmemo"
END_VALUES = {
    "charge period end",
    "charge period start",
    "rev rec trigger date",
    "subscription end date",
    "use netsuite rev rec template",
}
"""Both published lists of the preference for the end of revenue, in lower case."""
NOT_ENABLED = "not enabled"


def _multiple_currencies(world: World) -> bool:
    return "Currency" in fields(world, "Invoice")


def _invoice_adjustments(world: World) -> bool:
    return bool(fields(world, "InvoiceAdjustment"))


def _adjustment_fields(world: World) -> list[str]:
    known = fields(world, "InvoiceItemAdjustment")
    if not known:
        raise NotTestable("The tenant does not describe InvoiceItemAdjustment.")
    return [name for name in (custom(world, "Origin"), custom(world, "Transaction")) if name in known]


def _transaction_of_refunds(world: World) -> bool:
    return custom(world, "Transaction") in fields(world, "Refund")


def _connector_fields(world: World) -> bool:
    return f"{STATUS}__NS" in fields(world, "Account")


def _orders(world: World) -> bool:
    """An order without anything is refused by a tenant with Orders for what it lacks, by another one for the feature."""
    reply = world.zuora.ask("POST", "/v1/orders", {"existingAccountNumber": world.name("nobody"), "subscriptions": []})
    return PERMISSION not in codes(reply) and NOT_ENABLED not in told(reply).lower() and reply.status not in (403, 404)


def _older_subscriptions(world: World) -> bool:
    """The same for the older operation."""
    reply = world.zuora.ask("POST", "/v1/subscriptions", {"accountKey": world.name("nobody")})
    said = told(reply).lower()
    return PERMISSION not in codes(reply) and "orders" not in said and reply.status not in (403, 404)


# Facts


def _length(world: World) -> bool:
    field = fields(world, "Account").get(custom(world, STATUS))
    if field is None:
        raise NotTestable(f"The account has no field {custom(world, STATUS)}.")
    return field.max_length in (None, LONGEST)


def _everywhere(world: World) -> bool:
    """Every object has the field of the status that the steps write, as far as the tenant has the object."""
    needed = [name for name, needs in ZUORA.items() if any(f"= {STATUS}" in str(need) for need in needs) and fields(world, name)]
    if not any(custom(world, STATUS) in fields(world, name) for name in needed):
        raise NotTestable("No object has the connector's fields; `tallybridge setup zuora` makes them.")
    return all(custom(world, STATUS) in fields(world, name) for name in needed)


def _end_values(world: World) -> bool:
    field = fields(world, "ProductRatePlanCharge").get(custom(world, "RevRecEnd"))
    if field is None:
        raise NotTestable(f"Charges have no field {custom(world, 'RevRecEnd')}.")
    return {option.lower() for option in field.options} <= END_VALUES


def _tables_agree(world: World) -> bool:
    tables = {str(next(iter(row.values()))) for row in rows(world, "SHOW TABLES")}
    return (SETTLEMENT_TABLE in tables) is settled(world)


def _other_mode_refused(world: World) -> bool:
    if settled(world):
        return INVALID_TYPE in codes(zoql(world, "select Id from CreditMemo where Status = 'Posted'"))
    return bool(codes(world.zuora.ask("GET", "/v1/credit-memos", params={"pageSize": "1"}, quiet=True)) & {PERMISSION, RULE})


def _other_token(world: World, trace: Trace) -> str:
    """A further token. The call stays out of the evidence, because the secret is in its body."""
    connection = world.connections[System.ZUORA]
    form = {"client_id": connection.client_id, "client_secret": connection.client_secret, "grant_type": "client_credentials"}
    login = Rest("Zuora", world.zuora.url, world.zuora.http, None, trace, {"Content-Type": "application/x-www-form-urlencoded"})
    reply = login.ask("POST", "/oauth/token", urlencode(form), reads=True)
    if not reply.ok:
        raise NotTestable(f"A further token was refused with HTTP {reply.status}.")
    return str(reply["access_token"])


def _older_token_lives(world: World) -> bool:
    first, second = (_other_token(world, Trace()) for _ in range(2))
    plain = Rest("Zuora", world.zuora.url, world.zuora.http, None, Trace(), {})
    ok = [plain.ask("GET", "/v1/describe/Account", headers={"Authorization": f"Bearer {token}"}).ok for token in (first, second)]
    if not ok[1]:
        raise NotTestable("The newest token was refused too.")
    return ok[0]


def _methods_known(world: World) -> bool:
    types = {str(row["type"]) for row in rows(world, "SELECT DISTINCT methodtype AS type FROM refund WHERE methodtype IS NOT NULL")}
    if not types:
        raise NotTestable("The tenant has no refund with a method.")
    return types <= METHOD_TYPES


def _methods_without_account(world: World) -> bool:
    return counted(world, "SELECT count(*) AS n FROM paymentmethod WHERE accountid IS NULL") > 0


def _headers(world: World, *names: str) -> bool:
    headers = {name.lower() for name in world.zuora.ask("GET", "/v1/describe/Account", quiet=True).headers}
    return all(name.lower() in headers for name in names)


def _concurrency(world: World) -> bool:
    reply = world.zuora.ask("GET", f"/v1/accounts/{world.name('nobody')}")
    return "concurrency-limit-remaining" in {name.lower() for name in reply.headers}


def _bill_cycle_day(world: World) -> bool:
    found = rows(world, "SELECT min(billcycleday) AS least, max(billcycleday) AS most FROM account")
    if not found or found[0].get("most") is None:
        raise NotTestable("The tenant has no account.")
    return int(found[0]["least"]) >= 0 and int(found[0]["most"]) <= 31


PROBES = (
    Probe(
        "zuora.settlement",
        System.ZUORA,
        "Is Invoice Settlement on?",
        settled,
        True,
        words(yes="It is on: mode B.", no="It is off: mode A."),
        words(no="Nothing: the product finds the mode by itself. Steps and settings of mode A are used."),
        option="settlement",
    ),
    facts_probe(
        "zuora.mode",
        System.ZUORA,
        "Do the signs by which the product finds the mode agree?",
        Fact(
            "tables",
            _tables_agree,
            "The list of credit memos and SHOW TABLES disagree about Invoice Settlement.",
            "The product may take the wrong mode; tell the maintainers.",
        ),
        Fact(
            "other-mode",
            _other_mode_refused,
            "What belongs to the other mode is refused in another way than expected.",
            "Messages about the mode may be wrong; send the evidence to the maintainers.",
        ),
    ),
    Probe(
        "zuora.connector-fields",
        System.ZUORA,
        "Does the tenant have the fields ending in __NS that Zuora's own NetSuite integration brings?",
        _connector_fields,
        True,
        words(yes="It has them.", no="It has none of them."),
        words(no="Set zuora.field_suffix to __c; `tallybridge setup zuora` makes the fields."),
        option="connector_fields",
    ),
    facts_probe(
        "zuora.connector-field-places",
        System.ZUORA,
        "Are the connector's fields texts of 255 characters, on every object that a step writes?",
        Fact(
            "length", _length, "They have another length than 255.", "Longer status texts and ids may be refused; make the fields 255 long."
        ),
        Fact("ends", _end_values, "The end of revenue has other values.", "They count as the end of the service; tell the maintainers."),
        Fact("objects", _everywhere, "Some objects lack them.", "`tallybridge doctor` names them; the steps that need them do not run."),
    ),
    Probe(
        "zuora.multiple-currencies",
        System.ZUORA,
        "Can a document have another currency than its account?",
        _multiple_currencies,
        True,
        words(yes="Invoices have a field Currency.", no="Invoices have no field Currency."),
        words(no="Nothing: every document has its account's currency."),
        option="multiple_currencies",
    ),
    Probe(
        "zuora.invoice-adjustments",
        System.ZUORA,
        "Does the tenant have the older object InvoiceAdjustment?",
        _invoice_adjustments,
        True,
        words(yes="It has it.", no="It does not have it."),
        words(no="Set the target of NetSuite credit memos to InvoiceItemAdjustment."),
        option="invoice_adjustments",
    ),
    Probe(
        "zuora.orders",
        System.ZUORA,
        "Are subscriptions made by orders?",
        _orders,
        True,
        words(yes="Orders are on.", no="Orders are not there."),
        words(no="Nothing with zuora.subscription_api auto; a setting orders has to be changed to subscriptions."),
        writes=True,
        option="orders",
    ),
    Probe(
        "zuora.orders-harmonization",
        System.ZUORA,
        "Is the older operation for subscriptions closed?",
        _older_subscriptions,
        False,
        words(yes="POST /v1/subscriptions is open.", no="POST /v1/subscriptions is closed."),
        words(yes="Nothing: the product uses orders where they are on."),
        writes=True,
        option="orders_harmonization",
    ),
    Probe(
        "zuora.adjustment-fields",
        System.ZUORA,
        "Do invoice item adjustments have Origin and Transaction?",
        _adjustment_fields,
        [],
        lambda seen: f"They have {', '.join(seen)}." if seen else "They have neither.",
        lambda seen: "Nothing: the product writes what is there.",
    ),
    Probe(
        "zuora.refund-fields",
        System.ZUORA,
        "Do refunds have the field Transaction?",
        _transaction_of_refunds,
        False,
        words(yes="They have it.", no="They do not have it."),
        words(yes="Nothing: the product writes what is there."),
    ),
    facts_probe(
        "zuora.tokens",
        System.ZUORA,
        "Does an older token live on when a newer one is fetched?",
        Fact(
            "older-token",
            _older_token_lives,
            "The older token was refused.",
            "Processes take each other's tokens away: give every installation an OAuth client of its own, and run one at a time.",
        ),
    ),
    facts_probe(
        "zuora.payment-method-names",
        System.ZUORA,
        "Are the method types of the tenant's refunds those of the published list?",
        Fact(
            "types",
            _methods_known,
            "There are types that the list does not have.",
            "NetSuite methods of that name are not recognised; translate them in the setting of payment methods.",
        ),
    ),
    facts_probe(
        "zuora.methods-without-account",
        System.ZUORA,
        "Are there payment methods for the whole tenant, without account?",
        Fact(
            "methods",
            _methods_without_account,
            "Every payment method belongs to an account.",
            "External payments name a method type instead, and an account's default method stays unset; see `tallybridge setup zuora`.",
        ),
    ),
    facts_probe(
        "zuora.answer-headers",
        System.ZUORA,
        "Do answers tell what is left of the tenant's limits?",
        Fact(
            "rate",
            lambda world: _headers(world, "RateLimit-Limit", "RateLimit-Remaining"),
            "They do not tell what is left of the rate.",
            "The product sees the limit only when it is reached, and waits then.",
        ),
        Fact(
            "concurrency",
            _concurrency,
            "They do not tell how many places for concurrent calls are left.",
            "The product cannot make room for others before the limit is reached: set a lower number of parallel calls.",
        ),
    ),
    facts_probe(
        "zuora.bill-cycle-day",
        System.ZUORA,
        "Is the bill cycle day a number from 0 to 31?",
        Fact("day", _bill_cycle_day, "There are other values.", "They are written to NetSuite as they are; add them to the list there."),
    ),
)
