"""What the probes of Zuora share: queries, descriptions, records of their own, and how these are taken away again.

Everything that is made hangs on accounts of the probes' own, so that deleting an account takes all of it away; payments without account
are the only other records in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tallybridge import money
from tallybridge.errors import BadAnswer, OutcomeUnknown
from tallybridge.zuora.faults import faults_in
from tallybridge.zuora.metadata import Field, fields_from_xml
from tallybridge_cli.verify.facts import OtherMode
from tallybridge_cli.verify.journal import Made
from tallybridge_cli.verify.probe import NotTestable
from tallybridge_cli.verify.rest import Reply, Rest, Trace
from tallybridge_cli.verify.world import PREFIX, Cleaner, Lost, World

SYSTEM = "zuora"
ACCOUNT, PAYMENT, FIELD = "account", "payment", "field"
FIELD_PREFIX = "TbVerify"
"""Names of fields that probes make begin so."""
POLLS = (0.5, 1.0, 2.0, 3.0, *(5.0,) * 60)
"""Seconds between looks at a Data Query job; five minutes in all."""
RUNNING = frozenset({"submitted", "accepted", "in_progress", "queued"})
NOT_FOUND = "40"
METHOD = "Check"
"""The type of method of the probes' payments: no money is moved by it."""
NO_ID = "0" * 32


def told(reply: Reply) -> str:
    """Code and text of a refusal."""
    return "; ".join(f"{fault.code} {fault.text}".strip() for fault in faults_in(reply.body)) or f"HTTP {reply.status}"


def codes(reply: Reply) -> set[str]:
    """The codes of a refusal; of v1 codes the category alone."""
    return {fault.category or fault.code for fault in faults_in(reply.body)}


def taken(reply: Reply) -> bool:
    """Whether the call was carried out: v1 refuses with HTTP 200 too."""
    return reply.ok and not faults_in(reply.body)


def wanted(reply: Reply, what: str) -> Reply:
    """An answer that the probe works with. Raises `NotTestable` where the call was refused."""
    if not taken(reply):
        raise NotTestable(f"Zuora refused {what}: {told(reply)}")
    return reply


def settled(world: World) -> bool:
    """Whether Invoice Settlement is on (mode B)."""

    def ask() -> bool:
        return taken(world.zuora.ask("GET", "/v1/credit-memos", params={"pageSize": "1"}, quiet=True))

    return world.once("settlement", ask)


def require_settlement(world: World, on: bool = True) -> None:
    """Raises `OtherMode` in a tenant of the other mode."""
    if settled(world) is not on:
        raise OtherMode(f"Invoice Settlement is {'off' if on else 'on'} in this tenant; the question is one of the other mode.")


# Reading


def zoql(world: World, text: str, **conf: Any) -> Reply:
    """The answer to a ZOQL query, whatever it is."""
    return world.zuora.ask("POST", "/v1/action/query", {"queryString": text, **({"conf": conf} if conf else {})}, reads=True, quiet=True)


def records(world: World, text: str) -> list[dict[str, Any]]:
    """The first page of a ZOQL query. Raises `NotTestable` when it is refused."""
    found: list[dict[str, Any]] = wanted(zoql(world, text), "a query")["records"] or []
    return found


def fields(world: World, object_type: str) -> Mapping[str, Field]:
    """The fields of an object as the tenant describes them, none where it has no such object."""

    def ask() -> Mapping[str, Field]:
        reply = world.zuora.ask("GET", f"/v1/describe/{object_type}", quiet=True)
        try:
            return {field.name: field for field in fields_from_xml(reply.text.encode(), object_type)} if reply.ok else {}
        except BadAnswer:
            return {}

    return world.once(f"describe {object_type}", ask)


def submitted(world: World, sql: str, **more: Any) -> Reply:
    """The answer to a Data Query statement."""
    body = {"query": sql, "outputFormat": "JSON", "compression": "NONE", "output": {"target": "S3"}, **more}
    return world.zuora.ask("POST", "/query/jobs", body, reads=True)


def job(world: World, sql: str, **more: Any) -> Mapping[str, Any]:
    """A Data Query job that has ended, well or not. Raises `NotTestable` when it is refused or does not end."""
    state: Mapping[str, Any] = wanted(submitted(world, sql, **more), "Data Query")["data"]
    for pause in POLLS:
        if state["queryStatus"] not in RUNNING:
            return state
        world.clock.sleep(pause)
        state = wanted(world.zuora.ask("GET", f"/query/jobs/{state['id']}"), "the state of a Data Query job")["data"]
    world.zuora.ask("DELETE", f"/query/jobs/{state['id']}", reads=True)
    raise NotTestable("The Data Query job did not end within five minutes.")


def failure(world: World, sql: str) -> str:
    """Why a statement fails, "" where it does not."""
    state = job(world, sql)
    return "" if state["queryStatus"] == "completed" else str(state.get("errorMessage") or state["queryStatus"])


def file(world: World, state: Mapping[str, Any]) -> str:
    """The result file of a job. Its address is a key by itself, so that it stays out of the evidence."""
    address = urlsplit(str(state["dataFile"]))
    reader = Rest("Zuora", f"{address.scheme}://{address.netloc}", world.zuora.http, None, Trace(), {})
    reply = reader.ask("GET", f"{address.path}?{address.query}")
    if not reply.ok:
        raise NotTestable(f"The result file could not be fetched: HTTP {reply.status}.")
    return reply.text


def rows(world: World, sql: str, **more: Any) -> list[dict[str, Any]]:
    """The rows of a Data Query statement. Raises `NotTestable` when it fails."""
    state = job(world, sql, **more)
    if state["queryStatus"] != "completed":
        raise NotTestable(f"Data Query failed: {state.get('errorMessage') or state['queryStatus']}")
    return [money.loads(line) for line in file(world, state).splitlines()]


def counted(world: World, sql: str) -> int:
    """The number in the only row and column."""
    (row,) = rows(world, sql)
    return int(next(iter(row.values())))


# Records of the probes


def custom(world: World, name: str) -> str:
    """A field that the connector writes, with the tenant's suffix."""
    return f"{name}{world.settings.zuora_field_suffix}"


def currency(world: World) -> str:
    """A currency that is active in the tenant."""

    def ask() -> str:
        if world.settings.zuora_default_currency:
            return world.settings.zuora_default_currency
        known = records(world, "select Currency from Account where Status = 'Active'")
        return str(known[0]["Currency"]) if known else "USD"

    return world.once("currency", ask)


def account_body(world: World, what: str) -> dict[str, Any]:
    """An account that the connector leaves alone."""
    own = {custom(world, "SynctoNetSuite"): "No"} if custom(world, "SynctoNetSuite") in fields(world, "Account") else {}
    name = world.name(what)
    contact = {"firstName": "Verify", "lastName": PREFIX, "country": "United States", "state": "California"}
    return {
        "name": name,
        "accountNumber": name,
        "currency": currency(world),
        "billCycleDay": 1,
        "autoPay": False,
        "billToContact": contact,
        **own,
    }


def tried(world: World, what: str, body: Mapping[str, Any], *, shared: bool = False, key: str = "") -> tuple[Reply, str]:
    """The answer to the create of an account, and its id, "" where it was refused. A lost answer is looked up. `key`: idempotency key."""
    number = str(body.get("accountNumber", world.name(what)))
    require_deletion(world)
    made = world.journal.intend(SYSTEM, ACCOUNT, number, shared=shared)
    try:
        reply = world.zuora.ask("POST", "/v1/accounts", body, headers={"Idempotency-Key": key} if key else None)
    except OutcomeUnknown:
        if not found(world, number):
            world.journal.is_gone(made)
        raise NotTestable(f"The answer to the create of account {number} was lost; run the probe again.") from None
    if not taken(reply):
        world.journal.is_gone(made)
        return reply, ""
    id = str(reply["accountId"])
    world.journal.is_there(made, id)
    return reply, id


def require_deletion(world: World) -> None:
    """Raises `NotTestable` when the user may not delete accounts: what the probes make would stay."""

    def ask() -> str:
        reply = world.zuora.ask("DELETE", f"/v1/accounts/{world.name('nobody')}")
        return "" if NOT_FOUND in codes(reply) or taken(reply) else told(reply)

    if why := world.once("deletion", ask):
        advice = "Give the user of the installation Delete Accounts in this sandbox; nothing was made."
        raise NotTestable(f"Accounts cannot be deleted ({why}). {advice}")


def account(world: World, what: str = "account") -> str:
    """The id of the account of that name, made once for all probes."""

    def make() -> str:
        reply, id = tried(world, what, account_body(world, what), shared=True)
        if not id:
            raise NotTestable(f"Zuora refused the account that the probes work with: {told(reply)}")
        return id

    return world.once(f"account {what}", make)


def found(world: World, number: str) -> str:
    """The id of the account with a number, "" where there is none."""
    reply = world.zuora.ask("GET", f"/v1/accounts/{number}")
    return str(reply["basicInfo"]["id"]) if taken(reply) else ""


def today(world: World) -> str:
    """The tenant's day, as it dates a document that names none."""
    payment = paid(world, 1)
    wanted(cancelled(world, payment), "the cancellation of a payment")
    return str(payment["effectiveDate"])


def payment_body(world: World, amount: Any, **given: Any) -> dict[str, Any]:
    """An external payment of the probes' account: no money is moved."""
    own = {"accountId": account(world), "amount": amount, "currency": currency(world)}
    return {**own, "type": "External", "paymentMethodType": METHOD, **marked(world), **given}


def marked(world: World) -> dict[str, Any]:
    """What keeps the connector away from a payment."""
    return {"financeInformation": {"transferredToAccounting": "Ignore"}}


def pay(world: World, amount: Any, **given: Any) -> Reply:
    """The answer to a payment, whatever it is."""
    require_settlement(world)
    return world.zuora.ask("POST", "/v1/payments", payment_body(world, amount, **given))


def paid(world: World, amount: Any, **given: Any) -> Reply:
    """A payment. Raises `NotTestable` when it is refused."""
    return wanted(pay(world, amount, **given), "the payment that the probe works with")


def cancelled(world: World, payment: Reply) -> Reply:
    return world.zuora.ask("PUT", f"/v1/payments/{payment['id']}/cancel", {})


def invoice(world: World, amount: Any, status: str = "Draft", day: str = "") -> Reply:
    """A new invoice of the probes' account. Raises `NotTestable` when Zuora refuses it."""
    day = day or world.clock.now().date().isoformat()
    item = {"amount": amount, "chargeName": PREFIX, "serviceStartDate": day, "unitPrice": amount, "quantity": 1}
    body = {"accountId": account(world), "invoiceDate": day, "invoiceItems": [item], "status": status, "autoPay": False}
    return wanted(world.zuora.ask("POST", "/v1/invoices", body), "the invoice that the probe works with")


def field_name(world: World) -> str:
    """A field of this run."""
    return f"{FIELD_PREFIX}{''.join(each for each in world.run if each.isalnum())}__c"


def migrated(world: World, kind: str, field: Mapping[str, Any]) -> Reply:
    """The answer to a change of the account's definition."""
    action = {"type": kind, "namespace": "com_zuora", "object": "account", "field": dict(field)}
    return world.zuora.ask("POST", "/objects/migrations", {"actions": [action]})


# Taking away


def undo(world: World, made: Made) -> str:
    """Delete an account with everything on it, a payment without account, or a field; answers why it is still there."""
    if made.kind == PAYMENT:
        return _without_payment(world, made)
    if made.kind == FIELD:
        reply = migrated(world, "deleteField", {"name": made.key})
        return (
            ""
            if taken(reply) or f"<name>{made.key}</name>" not in world.zuora.ask("GET", "/v1/describe/Account", quiet=True).text
            else told(reply)
        )
    reply = world.zuora.ask("DELETE", f"/v1/accounts/{made.id or made.key}")
    return "" if taken(reply) or NOT_FOUND in codes(reply) else told(reply)


def _without_payment(world: World, made: Made) -> str:
    keys = [made.id] if made.id else [row["Id"] for row in records(world, f"select Id from Payment where ReferenceId = '{made.key}'")]
    for key in keys:
        world.zuora.ask("PUT", f"/v1/payments/{key}/cancel", {})
        reply = world.zuora.ask("DELETE", f"/v1/payments/{key}")
        if not taken(reply) and NOT_FOUND not in codes(reply):
            return told(reply)
    return ""


def lost(world: World) -> Iterator[Lost]:
    """Accounts and payments with the probes' names; payments first, so that accounts go before them."""
    if settled(world):
        for row in records(world, f"select Id, ReferenceId from Payment where ReferenceId like '{PREFIX}-%'"):
            yield PAYMENT, row["ReferenceId"], row["Id"]
    for name in fields(world, "Account"):
        if name.startswith(FIELD_PREFIX):
            yield FIELD, name, name
    for row in records(world, f"select Id, AccountNumber from Account where AccountNumber like '{PREFIX}-%' and Status != 'Canceled'"):
        yield ACCOUNT, row["AccountNumber"], row["Id"]


CLEANER = Cleaner(undo, lost)
