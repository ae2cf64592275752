"""What v1 deletes: canceled payments, and accounts with all that hangs on them (published operations DELETE_Payment, DELETE_Account)."""

from __future__ import annotations

from collections.abc import Iterator

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.http import Call, success
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import RULE, found

ACCOUNT = 521100
PAYMENT = 538100
CANCELED = "Canceled"
SNAPSHOT, SNAPSHOT_FIELD = "PaymentMethodSnapshot", "PaymentMethodSnapshotId"


def payment(call: Call) -> Response:
    record = found(call, "Payment", call.args["key"])
    if record["Status"] != CANCELED:
        raise v1_error(PAYMENT, RULE, "Only payments with the Cancelled status can be deleted.")
    for kind, key in reversed(below(call.tenant.store, "Payment", record["Id"])):
        call.tenant.store.delete(kind, key)
    return success({"id": record["Id"]})


def account(call: Call) -> Response:
    """The job that deletes has done its work when its number is answered."""
    record = found(call, "Account", call.args["key"])
    store = call.tenant.store
    for subscription in store.by("Subscription", "AccountId", record["Id"]):
        if subscription.get("InvoiceOwnerId", record["Id"]) != record["Id"]:
            raise v1_error(ACCOUNT, RULE, "The account owns a subscription whose invoice owner is another account.")
    for kind, key in reversed(below(store, "Account", record["Id"])):
        store.delete(kind, key)
    return success({"id": record["Id"], "jobId": store.new_id("Account"), "jobStatus": "Pending"})


def below(store: Store, top: str, top_id: str) -> list[tuple[str, str]]:
    """An object and everything that refers to it, by type and id, with the snapshots that belong to them; the object first. Accounts below
    an account stay."""
    doomed = {(top, top_id): None}
    waiting = [(top, top_id)]
    while waiting:
        target, key = waiting.pop()
        for kind, record in [*referring(store, target, key), *snapshots(store, target, key)]:
            if (kind, record["Id"]) not in doomed:
                doomed[kind, record["Id"]] = None
                waiting.append((kind, record["Id"]))
    return list(doomed)


def referring(store: Store, target: str, key: str) -> Iterator[tuple[str, Record]]:
    for kind, schema in store.schema.items():
        for field, wanted in schema.references.items():
            if wanted == target and kind != "Account":
                yield from ((kind, record) for record in store.by(kind, field, key))


def snapshots(store: Store, kind: str, key: str) -> Iterator[tuple[str, Record]]:
    """The copy of a method that was made for a payment or refund alone."""
    name = (store.get(kind, key) or {}).get(SNAPSHOT_FIELD) if kind in ("Payment", "Refund") else None
    if (record := store.get(SNAPSHOT, name)) is not None:
        yield SNAPSHOT, record
