"""What the connector says to Zuora and NetSuite, collected from runs of many tenants: the demo with its second wave, every step by itself,
the settings that change what is sent, and what people change afterwards on either side."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from sandbox.demo import Tenant, load_tenant
from sandbox.demo.bench_steps import CASES, bench_step
from tallybridge.netsuite import NetSuite
from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tallybridge.zuora import Zuora
from tests.faults.branching import one_thread
from tests.sync.full_world import customers_world
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

LOGINS = ("/oauth/token", "/auth/oauth2")
RECORDS = 2
VARIANTS: list[tuple[str, dict[str, str]]] = [
    *(
        (step, {"use_standard_invoice_sync": how})
        for step in ("customers", "charges", "invoices")
        for how in ("No", "Yes - NetSuite Int'l Edition")
    ),
    ("debit_memos", {"use_standard_invoice_sync": "No"}),
    ("sales_orders", {"zuora.subscription_api": "orders"}),
    ("sales_orders", {"zuora.subscription_api": "subscriptions"}),
    ("invoices", {"netsuite_use_revenue_recognition": "Yes"}),
]
"""Steps whose requests look different under a setting."""
CENT = Decimal("0.01")
USUAL = {"zuora_default_currency": "USD", "default_subsidiary": "Parent Company"}
TRANSFERRED_NO = {"financeInformation": {"transferredToAccounting": "No"}}


@dataclass(frozen=True)
class Sent:
    """One request: method, path without query, query parameters, parsed body; `answer` is that of a success in JSON, parsed, else None."""

    method: str
    path: str
    params: dict[str, str]
    body: Any
    answer: Any = None


class Recorder:
    """Keeps every request but logins that reaches a stand-in while `on`."""

    def __init__(self, stand_in: Any) -> None:
        self._stand_in = stand_in
        self.requests: list[Sent] = []
        self.on = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stand_in, name)

    def wsgi(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not self.on or any(part in path for part in LOGINS):
            passed: Iterable[bytes] = self._stand_in.wsgi(environ, start_response)
            return passed
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        params = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        chunks, status, headers = run_wsgi_app(self._stand_in.wsgi, environ, buffered=True)
        content = b"".join(chunks)
        answer = _parsed(content, headers) if status.startswith("200") else None
        self.requests.append(Sent(environ["REQUEST_METHOD"], path, params, json.loads(body) if body else None, answer))
        start_response(status, list(headers.items()))
        return [content]


def _parsed(content: bytes, headers: Headers) -> Any:
    if not str(headers.get("Content-Type", "")).startswith("application/json"):
        return None
    return json.loads(gzip.decompress(content) if headers.get("Content-Encoding") == "gzip" else content)


Traffic = dict[str, list[Sent]]


class Tape:
    """A world whose requests are recorded."""

    def __init__(self, world: MemoryWorld, mode: str) -> None:
        self.world = world
        self.mode = mode
        world.zuora.options.orders_harmonization = True  # subscriptions may be made by either API
        self.zuora, self.netsuite = Recorder(world.zuora), Recorder(world.netsuite)
        world.zuora_control.stand_in, world.netsuite_control.stand_in = self.zuora, self.netsuite

    def run(self, *steps: str) -> None:
        self.world.run(steps=list(steps) or None)
        self.world.clock.advance(minutes=30)

    @contextmanager
    def people(self) -> Iterator[tuple[Zuora, NetSuite]]:
        """Clients for what people do; what is sent meanwhile is not the connector's."""
        self.zuora.on = self.netsuite.on = False
        wiring = self.world.wiring()
        try:
            yield wiring.zuora(DEFAULTS), wiring.netsuite(DEFAULTS, Owner("people", "by hand/", "people"))
        finally:
            self.zuora.on = self.netsuite.on = True


def traffic(mode: str) -> Traffic:
    """All requests of all scenes in mode "A" or "B", by system."""
    with one_thread():
        tape = Tape(MemoryWorld.of(unserved_world(settlement=mode == "B")), mode)
        for scene in (_demo, _customers_of_netsuite, _each_step, _settings):
            scene(tape)
    return {"zuora": tape.zuora.requests, "netsuite": tape.netsuite.requests}


def _demo(tape: Tape) -> None:
    """The demo tenant's two runs, and a third after people changed a bit of everything."""
    tenant, world = load_tenant(), tape.world
    world.reset(**USUAL, **tenant.settings)
    world.load(tenant.in_mode(tape.mode), tenant.netsuite)
    tape.run()
    with tape.people() as (zuora, _):
        _changes_in_zuora(zuora, world, tape.mode)
    world.load(netsuite=tenant.later_in(tape.mode))
    tape.run()
    for share in (Decimal("0.5"), Decimal(2)):
        with tape.people() as (_, netsuite):
            _apply(share, netsuite, world)
        tape.run()


def _changes_in_zuora(zuora: Zuora, world: MemoryWorld, mode: str) -> None:
    """New names of what is synced, and payments that are to be sent again."""
    dump = world.zuora.dump()
    for kind in ("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge"):
        synced = [o for o in dump[kind] if o.get("IntegrationId__NS")][:3]
        zuora.update(kind, [{"Id": o["Id"], "Name": f"{o['Name']} II"} for o in synced])
    for payment in dump["Payment"]:
        if payment.get("IntegrationId__NS") and mode == "B":
            zuora.update_payment(payment["Id"], TRANSFERRED_NO)
        elif payment.get("IntegrationId__NS"):
            zuora.update("Payment", [{"Id": payment["Id"], "TransferredToAccounting": "No"}])


def _apply(share: Decimal, netsuite: NetSuite, world: MemoryWorld) -> None:
    """Every payment entered in NetSuite settles `share` of what it settles on its invoices now."""
    for payment in world.in_netsuite("customerPayment"):
        lines = [line for line in payment.get("apply", {}).get("items", []) if line.get("apply")]
        if payment.get("custbodyzuorasyncupdates") and lines:
            changed = [{"doc": {"id": line["doc"]["id"]}, "apply": True, "amount": _part(line["amount"], share)} for line in lines]
            body = {"customer": {"id": payment["customer"]["id"]}, "apply": {"items": changed}}
            netsuite.update("customerPayment", str(payment["id"]), body)


def _part(amount: Any, share: Decimal) -> Decimal:
    return (Decimal(str(amount)) * share).quantize(CENT, ROUND_DOWN)


def _customers_of_netsuite(tape: Tape) -> None:
    """NetSuite is the master of customers: accounts are made, then changed, with their contacts."""
    made, world = customers_world(), tape.world
    world.reset(**USUAL, **made.settings)
    world.load(netsuite=made.first_netsuite)
    tape.run()
    with tape.people() as (_, netsuite):
        for customer in world.in_netsuite("customer"):
            if customer.get("custentityzuoraid"):
                netsuite.update("customer", str(customer["id"]), {"phone": "+1 512 555 0199", "comments": "Moved"})
    tape.run()


def _each_step(tape: Tape) -> None:
    for step, (_, modes, _) in CASES.items():
        if tape.mode in modes:
            _one_step(tape, step, {})
    if tape.mode == "B":
        _refund_of_unapplied_money(tape)
        tape.world.zuora.options.refund_with_unapply = True  # above, the user lacked the permission
        _one_step(tape, "netsuite_refunds", {})


def _refund_of_unapplied_money(tape: Tape) -> None:
    """More was paid than the invoices ask for, so that no application has to be taken back."""
    tenant = bench_step("netsuite_refunds", RECORDS)
    for payment in tenant.zuora["Payment"]:
        payment["Amount"] += 100
    _load_and_run(tape, tenant, "netsuite_refunds", {})


def _settings(tape: Tape) -> None:
    for step, settings in VARIANTS:
        if tape.mode in CASES[step][1]:
            _one_step(tape, step, settings)


def _one_step(tape: Tape, step: str, settings: dict[str, str]) -> None:
    _load_and_run(tape, bench_step(step, RECORDS, tape.mode), step, settings)


def _load_and_run(tape: Tape, tenant: Tenant, step: str, settings: dict[str, str]) -> None:
    tape.world.reset(**{**USUAL, **tenant.settings, **settings})
    tape.world.load(tenant.in_mode(tape.mode), tenant.netsuite)
    tape.world.load(netsuite=tenant.later_in(tape.mode))
    tape.run(step)
