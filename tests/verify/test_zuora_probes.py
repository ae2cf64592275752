"""Every probe of Zuora against the stand-in: as assumed with its defaults, different in a tenant that answers otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from sandbox.profile import applied
from sandbox.zuora import ZuoraOptions
from tallybridge_cli.verify.probe import System, Verdict
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.profile import profile
from tallybridge_cli.verify.zuora.books import CLEANER, account
from tests.standins.zuora.tenant import basics, memos, rid
from tests.verify.bends import MISSING, REFUSED, Bend, answered, counting, deaf, one_token, replaced, without_headers
from tests.verify.tenant import BY_NAME, Tenant

NAMES = [probe.name for probe in PROBES if probe.system is System.ZUORA]
MODE_A = {"zuora.draft-payments", "zuora.refunds-mode-a", "zuora.payments-mode-a"}
"""Probes that ask about a tenant without Invoice Settlement."""
LAXER: dict[str, list[str]] = {
    "zuora.content-type": ["type"],
    "zuora.data-query-dialect": ["case", "functions", "grouping"],
    "zuora.data-query-deleted": ["deleted"],
    "zuora.invoice-dates": ["dates"],
    "zuora.reason-codes": ["reason"],
    "zuora.object-query-errors": ["operator"],
    "zuora.payment-values": ["zero", "decimals", "two"],
    "zuora.payment-transfer": ["nowhere"],
    "zuora.payments-mode-a": ["future", "draft", "balance"],
    "zuora.account-values": ["country", "name", "contact", "contacts"],
}
"""Where the stand-in is known to take what Zuora's pages say that it refuses: the probes see it."""
NO_JOB = {"data": {"id": "1", "queryStatus": "failed", "errorMessage": "No such statement here."}}
LOST = {"method": "POST", "path": "^/v1/accounts$", "nth": 1, "drop": "after"}
"""The first account is made, and its answer is lost."""
DENIED = {"success": False, "reasons": [{"code": 50000010, "message": "You do not have permission to perform this operation."}]}
METHODS = {
    "PaymentMethod": [
        {"Id": rid("9", 20 + n), "Type": kind, "Name": kind} for n, kind in enumerate(("ACH", "Cash", "WireTransfer", "Other"))
    ]
}
ALWAYS = {"success": True, "id": rid("f"), "effectiveDate": "2026-05-04", "unappliedAmount": 1}
FAILED = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "Not here."}]}]
FAULT = {"FaultCode": "MALFORMED_QUERY", "FaultMessage": "Not here."}
NOTHING: dict[str, Any] = {"records": [], "size": 0, "done": True}
YEARS = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2040-01-01"}
CHARGE = {"ChargeType": "Recurring", "ChargeModel": "Discount-Percentage", "TriggerEvent": "ContractEffective"}
CODES = {"TaxCode": "VAT", "AccountingCode": "77"}
DISCOUNT: dict[str, list[dict[str, Any]]] = {
    "Product": [{"Id": rid("d"), "Name": "Seats", **YEARS}],
    "ProductRatePlan": [{"Id": rid("d", 2), "ProductId": rid("d"), "Name": "Year", **YEARS}],
    "ProductRatePlanCharge": [{"Id": rid("d", 3), "ProductRatePlanId": rid("d", 2), "Name": "Off", **CHARGE}],
    "Subscription": [{"Id": rid("d", 4), "AccountId": rid("a"), "Name": "S-1"}],
    "RatePlan": [{"Id": rid("d", 5), "SubscriptionId": rid("d", 4), "ProductRatePlanId": rid("d", 2)}],
    "RatePlanCharge": [{"Id": rid("d", 6), "RatePlanId": rid("d", 5), "ProductRatePlanChargeId": rid("d", 3), "ChargeNumber": "C-1"}],
    "TaxationItem": [{"Id": rid("3", 8), "InvoiceItemId": rid("2"), "Name": "VAT", "TaxAmount": 1.0, "TaxRate": 0.1, **CODES}],
    "InvoiceItem": [{"Id": rid("2", 8), "InvoiceId": rid("1"), "RatePlanChargeId": rid("d", 6), "ChargeAmount": 0.0, "ProcessingType": 1}],
}
REFUND: dict[str, list[dict[str, Any]]] = {
    "Payment": [{"Id": rid("8"), "AccountId": rid("a"), "Amount": 5.0, "Type": "External", "EffectiveDate": "2026-01-31"}],
    "Refund": [
        {"Id": rid("9", 9), "AccountId": rid("a"), "Amount": 5.0, "Type": "External", "MethodType": "Check", "RefundDate": "2026-01-31"}
    ],
    "RefundPart": [{"Id": rid("b"), "RefundId": rid("9", 9), "PaymentId": rid("8"), "RefundAmount": 5.0}],
}


def straight(app: Any) -> Any:
    return app


@dataclass(frozen=True)
class Other:
    """A tenant in which a probe sees something else: by an option, by what it holds, or bent on the way."""

    sees: Any
    options: dict[str, Any] = field(default_factory=dict)
    bend: Bend = straight
    holds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    empty: bool = False


def option(sees: Any, **options: Any) -> Other:
    return Other(sees, options)


def bent(*sees: str, by: Bend, **options: Any) -> Other:
    return Other(list(sees), options, by)


OTHERS: dict[str, Other] = {
    "zuora.settlement": option(False, settlement=False),
    "zuora.mode": bent("other-mode", by=replaced("/v1/action/query", "INVALID_TYPE", "INVALID_VALUE")),
    "zuora.connector-fields": option(False, connector_fields=False),
    "zuora.connector-field-places": bent("length", by=replaced("/describe/", "<maxlength>255", "<maxlength>100")),
    "zuora.multiple-currencies": option(False, multiple_currencies=False),
    "zuora.invoice-adjustments": option(False, invoice_adjustments=False),
    "zuora.orders": option(False, orders=False),
    "zuora.orders-harmonization": option(True, orders_harmonization=True),
    "zuora.adjustment-fields": bent("Origin__NS", by=replaced("/describe/InvoiceItemAdj", "<name>Comment<", "<name>Origin__NS<")),
    "zuora.refund-fields": Other(True, bend=replaced("/describe/Refund", "<name>Comment<", "<name>Transaction__NS<")),
    "zuora.tokens": bent("older-token", by=one_token),
    "zuora.payment-method-names": bent("types", by=replaced("/presigned/", '"type": ?"Check"', '"type":"Barter"')),
    "zuora.methods-without-account": Other(["methods"], empty=True),
    "zuora.answer-headers": bent("rate", by=without_headers("RateLimit")),
    "zuora.bill-cycle-day": bent("day", by=replaced("/presigned/", r'"most": ?\d+', '"most":77')),
    "zuora.column-names": bent("invoiceitem.revrecstartdate", by=replaced("/presigned/", '"revrecstartdate"', '"revenuestart"')),
    "zuora.zoql-wordings": bent("syntax", by=replaced("/v1/action/", "MALFORMED_QUERY", "WRONG_QUERY")),
    "zuora.zoql-limits": bent("case", "conditions", "page", by=answered("POST", "/v1/action/query", FAULT)),
    "zuora.object-query-errors": bent("filter", "operator", "page", by=replaced("/object-query/", "50000027", "50000020")),
    "zuora.data-query": bent("keys", by=replaced("/presigned/", '"accountnumber"', '"AccountNumber"')),
    "zuora.data-query-lists": bent("ids", by=answered("POST", "/query/jobs", NO_JOB)),
    "zuora.data-query-zone": option("Europe/Berlin", zone=ZoneInfo("Europe/Berlin")),
    "zuora.history": Other(
        ["rates"], holds={"TaxationItem": [{"Id": rid("3", 9), "InvoiceItemId": rid("2"), "Name": "x", "TaxAmount": 1.0, "TaxRate": 9.0}]}
    ),
    "zuora.user-rights": bent("Object Query", by=answered("GET", "/object-query/", DENIED, "403 Forbidden")),
    "zuora.object-definitions": bent("there", by=answered("GET", "/objects/definitions/", MISSING, "404 Not Found")),
    "zuora.object-migrations": option(False, migrates_standard_objects=False),
    "zuora.new-field": option(30, new_field_delay_s=30),
    "zuora.tax-codes": bent("code", by=replaced("/settings/tax-codes", '"description"', '"accountingCode"')),
    "zuora.payment-types": Other(True, {"payment_types_give_methods": True}, holds=METHODS),
    "zuora.batch-independence": bent("independent", by=answered("POST", "/v1/action/update", FAILED * 2)),
    "zuora.batch-limit": bent("fifty", by=replaced("/v1/action/update", "MAX_RECORDS_EXCEEDED", "INVALID_VALUE")),
    "zuora.idempotency-replay": option(200, idempotency_replay_status=200),
    "zuora.idempotency-of-actions": bent("once", by=deaf("/v1/action/", "Idempotency-Key")),
    "zuora.invoice-bulk": option(True, invoice_bulk_partial=True),
    "zuora.actions-on-payments": option(True, mode_b_actions_on_payments=True),
    "zuora.read-after-create": bent("found", by=answered("GET", "/v1/accounts/", MISSING)),
    "zuora.found-by-integration-id": bent("found", by=answered("POST", "/v1/action/query", NOTHING)),
    "zuora.write-back-dates": bent("moves", by=replaced("/v1/action/query", '"UpdatedDate": ?"[^"]*"', '"UpdatedDate":"2026-05-04"')),
    "zuora.contact-touches-account": bent("stays", by=replaced("/v1/action/query", '"UpdatedDate": ?"[^"]*"', counting())),
    "zuora.data-query-lag": option(60, data_query_lag_s=60),
    "zuora.tta-values": bent("five", by=answered("PUT", "/v1/payments/", REFUSED)),
    "zuora.write-paths": bent("invoices", by=answered("PUT", "/v1/invoices", REFUSED)),
    "zuora.items-without-charge": bent("empty", by=replaced("/items$", '"chargeName"', '"productRatePlanChargeId"')),
    "zuora.order-validation": bent("plan", by=answered("POST", "/v1/orders", ALWAYS)),
    "zuora.payment-effective-date": option("not_future", payment_effective_date="not_future"),
    "zuora.refund-with-unapply": option(True, refund_with_unapply=True),
    "zuora.refund-unapplied": bent("left", by=answered("POST", "/refunds$", ALWAYS, having="7")),
    "zuora.payment-applications": bent("again", by=answered("PUT", "/apply$", REFUSED)),
    "zuora.over-application": bent("balance", "payment", by=answered("POST", "/v1/payments$", ALWAYS)),
    "zuora.payment-values": bent("currency", "negative", "zero", "decimals", "two", by=answered("POST", "/v1/payments$", ALWAYS)),
    "zuora.payment-transfer": bent("moved", by=answered("PUT", "/transfer$", REFUSED)),
    "zuora.unassigned-payment": bent("unassigned", by=answered("POST", "/v1/payments$", REFUSED)),
    "zuora.draft-payments": bent("changed", "continued", by=answered("POST", "/v1/action/update", FAILED), settlement=False),
    "zuora.refunds-mode-a": bent("reopened", by=answered("POST", "/v1/action/create", FAILED, having='"Refund"'), settlement=False),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


def open_tenant(server: Tenant, other: Other) -> Tenant:
    """The stand-in with one customer's documents."""
    options = {"settlement": True, **other.options}
    tenant = server.opened(other.bend, **options)
    if other.empty:
        return tenant
    objects: dict[str, list[dict[str, Any]]] = basics()
    for more in (DISCOUNT, {**memos(), **REFUND} if options["settlement"] else {}, other.holds):
        for kind, rows in more.items():
            objects[kind] = [*objects.get(kind, []), *rows]
    return tenant.loaded(**objects)


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_in_behaves_as_assumed(name: str, server: Tenant, tmp_path: Path) -> None:
    """Or it is known to be laxer than Zuora, and the probe sees that."""
    tenant = open_tenant(server, option(None, settlement=name not in MODE_A))
    before = tenant.held()
    (found,) = tenant.found(tmp_path, name)
    expected = Verdict.DIFFERENT if name in LAXER else Verdict.AS_ASSUMED
    assert found.verdict is expected, (found.saw, found.evidence)
    assert found.seen == LAXER.get(name, found.probe.assumed)
    assert not found.left
    assert tenant.held() == before


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_tenant_that_answers_otherwise_is_seen(name: str, server: Tenant, tmp_path: Path) -> None:
    other = OTHERS[name]
    (found,) = open_tenant(server, other).found(tmp_path, name)
    assert found.verdict is Verdict.DIFFERENT, (found.saw, found.evidence)
    assert found.seen == other.sees
    assert found.saw
    assert found.means
    if name := found.probe.option:
        behaving = applied(ZuoraOptions(), profile("1", [found], [found.probe])["options"]["zuora"])
        assert getattr(behaving, name) == getattr(server.options, name) != getattr(ZuoraOptions(), name)


def test_every_probe_can_say_that_something_is_different() -> None:
    assert sorted({*OTHERS, *LAXER}) == sorted(NAMES)


UNASKED = {
    "client_id": "credentials",
    "client_secret": "credentials",
    "admin_client_id": "credentials",
    "admin_client_secret": "credentials",
    "entity_id": "credentials",
    "clock": "the sandbox's own",
    "bare": "how the sandbox begins",
    "token_life_s": "told with every token",
    "token_calls_per_minute": "takes a load",
    "rate_limits": "takes a load",
    "concurrency_limits": "takes a load",
    "data_query_limits": "takes a load",
    "data_query_queue_s": "depends on what others ask at that time",
    "data_query_run_s": "depends on what others ask at that time",
    "locator_life_s": "published",
    "result_file_life_s": "takes hours",
    "reindex_s": "takes hours",
    "custom_field_limits": "of the edition; shows when it is reached",
    "finance": "told by the set-up when it makes accounting codes",
    "custom_fields": "the tenant's own, which runs do not use",
    "currencies": "lists of the tenant, which come with its data",
    "payment_terms": "lists of the tenant, which come with its data",
    "aqua_partners": "the product does not use it",
}
"""Options that no probe tells, and why."""


def test_every_option_of_the_stand_in_is_told_by_a_probe_or_excused() -> None:
    asked = {probe.option for probe in PROBES if probe.system is System.ZUORA and probe.option}
    assert asked | set(UNASKED) == {each.name for each in fields(ZuoraOptions)}
    assert not asked & set(UNASKED)


def test_a_tenant_with_every_option_turned_round_is_told_by_its_profile(server: Tenant, tmp_path: Path) -> None:
    """But for those whose other side hides the others: Invoice Settlement, Orders, the connector's fields and the way to make fields."""
    hiding = {"settlement", "orders", "connector_fields", "migrates_standard_objects"}
    turned = {name: value for other in OTHERS.values() for name, value in other.options.items() if name not in hiding}
    tenant = open_tenant(server, Other(None, turned, holds=METHODS))
    ours = [probe for probe in PROBES if probe.system is System.ZUORA and probe.option]
    told = profile("1", tenant.found(tmp_path, *[probe.name for probe in ours]), ours)
    behaving = applied(ZuoraOptions(), told["options"]["zuora"])
    assert {probe.option for probe in ours} == set(told["options"]["zuora"])
    assert turned == {name: getattr(behaving, name) for name in turned}
    assert set(turned) | hiding == {probe.option for probe in ours}


def test_probes_that_only_read_write_nothing(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    before = tenant.stand_in.dump()
    tenant.found(tmp_path, *[probe.name for probe in PROBES if probe.system is System.ZUORA and not probe.writes])
    assert tenant.stand_in.dump() == before
    assert tenant.world(tmp_path / "other").journal.made == {}


def test_the_secret_is_in_no_evidence(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    (found,) = tenant.found(tmp_path, "zuora.tokens")
    assert tenant.options.client_secret not in str(found)


def test_the_other_mode_is_no_answer(server: Tenant, tmp_path: Path) -> None:
    (found,) = open_tenant(server, option(None)).found(tmp_path, "zuora.draft-payments")
    assert (found.verdict, "other mode" in found.saw) == (Verdict.NOT_TESTABLE, True)


def test_a_user_who_may_not_delete_makes_nothing(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, Other(None, bend=answered("DELETE", "/v1/accounts/", DENIED, "403 Forbidden")))
    before = tenant.held()
    (found,) = tenant.found(tmp_path, "zuora.write-paths")
    assert (found.verdict, "Delete Accounts" in found.saw) == (Verdict.NOT_TESTABLE, True)
    assert tenant.held() == before


def test_what_a_lost_answer_has_made_is_taken_away(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    before = tenant.held()
    requests.post(f"{tenant.server.url}/_sandbox/faults", json=[LOST], timeout=10)
    (found,) = tenant.found(tmp_path, "zuora.write-paths")
    assert (found.verdict, "was lost" in found.saw) == (Verdict.NOT_TESTABLE, True)
    assert tenant.held() == before


def test_what_no_journal_names_is_found_by_its_name(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    before = tenant.held()
    forgotten = tenant.world(tmp_path / "forgotten")
    account(forgotten)
    BY_NAME["zuora.unassigned-payment"].look(forgotten)
    BY_NAME["zuora.object-migrations"].look(forgotten)
    assert tenant.held() != before
    world = tenant.world(tmp_path / "later", "2")
    for kind, key, id in CLEANER.lost(world):
        world.journal.is_there(world.journal.intend("zuora", kind, key), id)
    assert world.clean(shared=True) == []
    assert tenant.held() == before
    assert not [*CLEANER.lost(tenant.world(tmp_path / "last", "3"))]


@pytest.mark.parametrize("name", ["zuora.write-paths", "zuora.history"])
def test_facts_of_the_other_mode_are_left_out(name: str, server: Tenant, tmp_path: Path) -> None:
    refund = {"Id": rid("9", 9), "AccountId": rid("a"), "Amount": 5.0, "Type": "External", "RefundDate": "2026-01-31"}
    tenant = open_tenant(server, Other(None, {"settlement": False}, holds={"Refund": [refund]}))
    (found,) = tenant.found(tmp_path, name)
    assert found.verdict is Verdict.AS_ASSUMED, (found.saw, found.evidence)
