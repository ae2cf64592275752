"""What the probes of NetSuite need of the stand-in, and the other side of what each asks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.netsuite.dataset_options import DatasetOptions
from sandbox.netsuite.habits import Habits
from tests.verify.bent import Bent

RECORD = r"/record/v1/"
QUERY = r"/query/v1/suiteql$"


@dataclass(frozen=True)
class Case:
    """`options` of the account, `objects` that are loaded, and answers that are bent."""

    options: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    bent: tuple[Bent, ...] = ()


def habit(**given: Any) -> Case:
    return Case({"habits": Habits(**given)})


def option(**given: Any) -> Case:
    return Case(given)


def datasets(**given: Any) -> Case:
    return Case({"datasets": DatasetOptions(**given)})


def bent(*answers: Bent) -> Case:
    return Case(bent=answers)


def refused(kind: str, nth: int = 0, text: str = "No.") -> Bent:
    """A create that is refused in words that nobody knows."""
    body = {"status": 400, "o:errorDetails": [{"detail": text, "o:errorCode": "STRANGE"}]}
    return Bent("POST", rf"{RECORD}{kind}$", 400, body, nth=nth)


def taken(kind: str) -> Bent:
    """A create that is taken; its record does not exist."""
    return Bent("POST", rf"{RECORD}{kind}$", 204, headers={"Location": f"/services/rest/record/v1/{kind}/1"})


def shown(kind: str, **body: Any) -> Bent:
    """A record as it is read."""
    return Bent("GET", rf"{RECORD}{kind}/\d+$", 200, body)


def rows(holds: str, *items: dict[str, Any]) -> Bent:
    """The rows of a query that holds a text."""
    return Bent("POST", QUERY, 200, {"items": list(items), "hasMore": False}, holds=holds)


def lines(*items: dict[str, Any]) -> Bent:
    return shown("invoice", item={"items": list(items)}, total=0)


CUSTOMERS = {
    "customer": [
        {"companyName": "Winter", "subsidiary": {"id": 1}, "lastModifiedDate": "2026-01-15T20:00:00Z"},
        {"companyName": "Summer", "subsidiary": {"id": 1}, "lastModifiedDate": "2025-07-15T20:00:00Z"},
    ]
}
DATASET = {
    "dataset": [
        {
            "id": "custdataset1",
            "name": "Lines",
            "columns": [{"name": "LineId", "type": "number"}, {"name": "Day", "type": "date"}],
            "rows": [{"LineId": 1, "Day": "2026-01-31"}],
        }
    ]
}
CLOSED = {"accountingPeriod": [{"periodName": "Mar 2026", "closed": True}]}
"""The id is filled in from the account."""
M2M = {"auth": "oauth2_m2m"}

NEEDS: dict[str, Case] = {
    "netsuite.login": option(**M2M),
    "netsuite.certificates": option(**M2M),
    "netsuite.time-zone": Case(objects=CUSTOMERS),
    "netsuite.datasets": Case(objects=DATASET),
    "netsuite.dataset-dates": Case(objects=DATASET),
    "netsuite.dataset-values": Case(objects=DATASET),
    "netsuite.dataset-rows": Case(objects=DATASET),
    "netsuite.closed-period": Case(objects=CLOSED),
    "netsuite.customer-number-taken": option(allow_number_override=True),
    "netsuite.duplicate-number": option(allow_number_override=True),
}
"""What must be there before a probe can ask."""

OTHER_SIDE: dict[str, Case] = {
    "netsuite.one-world": option(one_world=False),
    "netsuite.multiple-currencies": option(multiple_currencies=False, one_world=False),
    "netsuite.revenue-recognition": option(revenue_recognition=False),
    "netsuite.payment-instruments": option(payment_instruments=False),
    "netsuite.tax-model": option(tax_model="suitetax"),
    "netsuite.lengths-described": option(describes_lengths=False),
    "netsuite.deleted-records": option(deleted_records=False),
    "netsuite.denied": option(denied=("salesOrder",)),
    "netsuite.reference-lists": option(one_world=False),
    "netsuite.custom-fields": Case(objects={"customField": [{"scriptId": "custbodyzuoraid", "isInactive": True}]}),
    "netsuite.full-names": bent(rows("parent IS NOT NULL", {"name": "B", "fullname": "A > B"})),
    "netsuite.slots": option(slots=15),
    "netsuite.login": option(token_life_s=1800),
    "netsuite.certificates": option(certificate_endpoint=False),
    "netsuite.suiteql-limits": bent(rows("LIMIT 1")),
    "netsuite.unknown-names": bent(rows("tbverifynothing")),
    "netsuite.async-suiteql": habit(async_query="answered"),
    "netsuite.time-zone": option(time_zone="Asia/Tokyo"),
    "netsuite.dataset-permission": datasets(permission=False),
    "netsuite.dataset-feature": datasets(suite_analytics_workbook=False),
    "netsuite.datasets": datasets(key_style="alias"),
    "netsuite.dataset-dates": datasets(date_format="DD-Mon-YYYY"),
    "netsuite.dataset-rows": bent(Bent("GET", "/result$", 200, {"items": [{"n": ""}]})),
    "netsuite.revenue-schedule": bent(taken("invoice")),
    "netsuite.dataset-values": bent(Bent("GET", "/result$", 200, {"items": [{"n": 1}]})),
    "netsuite.numbers": option(allow_number_override=True),
    "netsuite.duplicate-number": habit(duplicate_numbers="taken"),
    "netsuite.contact-formats": option(contact_formats=False),
    "netsuite.text-lengths": option(text_lengths={"phone": 21, "memo": 500}),
    "netsuite.external-id": bent(refused("invoice", nth=2)),
    "netsuite.external-id-forms": habit(external_id_case=True),
    "netsuite.item-name-taken": bent(refused("nonInventorySaleItem", nth=2)),
    "netsuite.customer-number-taken": bent(refused("customer", nth=2)),
    "netsuite.required-fields": bent(refused("customer", nth=2)),
    "netsuite.tax-schedule": habit(tax_schedule_required=False),
    "netsuite.income-account": option(default_income_account=False),
    "netsuite.no-income-account": habit(null_income_account="default"),
    "netsuite.person-fixed": bent(Bent("PATCH", f"{RECORD}customer/", 204), shown("customer", isPerson=True)),
    "netsuite.address-book": bent(shown("customer", addressBook={"items": [{}, {"addressBookAddress": {"state": "Bavaria"}}]})),
    "netsuite.item-by-type": bent(Bent("GET", f"{RECORD}serviceSaleItem/", 200, {"id": "1"})),
    "netsuite.item-pricing": bent(shown("nonInventorySaleItem", price={"items": []})),
    "netsuite.value-characters": bent(refused("customer")),
    "netsuite.inactive-records": bent(taken("invoice")),
    "netsuite.defaults-on-create": bent(shown("customer", id="1")),
    "netsuite.sourced-fields": habit(sourced_in_queries=False),
    "netsuite.read-only-property": habit(read_only_ignored=True),
    "netsuite.unknown-property": bent(Bent("PATCH", f"{RECORD}customer/", 204)),
    "netsuite.query-case": habit(query_case=False),
    "netsuite.deletion-visible": bent(rows("deletedrecord")),
    "netsuite.rounding": habit(rounding="half even"),
    "netsuite.negative-lines": bent(refused("invoice")),
    "netsuite.custom-price-level": bent(refused("invoice")),
    "netsuite.posting-period": option(date_outside_period=True),
    "netsuite.closed-period": option(date_outside_period=True, default_posting_period="current"),
    "netsuite.empty-text": habit(empty_text_clears=True),
    "netsuite.replace-sublist": bent(lines({}, {})),
    "netsuite.upsert-twice": bent(lines({}, {})),
    "netsuite.unknown-line": habit(unknown_line="refused"),
    "netsuite.line-update": bent(lines({"line": 1, "amount": 20}, {"line": 2, "amount": 10})),
    "netsuite.line-fields": bent(lines({"line": 1, "custcolzuoraid": "before"})),
    "netsuite.exchange-rate": habit(base_rate="kept"),
    "netsuite.due-date": bent(shown("invoice", id="1")),
    "netsuite.location-subsidiary": bent(refused("invoice")),
    "netsuite.value-formats": bent(refused("invoice")),
    "netsuite.signs": habit(ledger_signs=False),
    "netsuite.line-ids": bent(rows("mainline FROM", {"id": "5", "mainline": "T"})),
    "netsuite.status-filter": habit(status_filter="letter"),
    "netsuite.over-application": bent(taken("creditMemo")),
    "netsuite.above-payment": habit(payment_raised=True),
    "netsuite.payment-amount": habit(payment_needed=False),
    "netsuite.equal-apply-lines": habit(equal_apply_lines="sum"),
    "netsuite.apply-update": bent(rows("foreignamountunpaid", {"n": "10"})),
    "netsuite.unapplied-credit-memo": habit(applies_by_itself=True),
    "netsuite.external-id-in-apply": bent(refused("customerPayment")),
    "netsuite.refund-several-payments": bent(refused("customerRefund")),
    "netsuite.payment-account": bent(shown("customerPayment", account={"id": "99"})),
    "netsuite.enum-values": bent(shown("customerPayment", status={"id": "A"})),
    "netsuite.links": bent(rows("nexttransactionlinelink", {"linktype": "Other", "n": "-4"})),
    "netsuite.open-amounts": bent(rows("foreignamountunpaid", {"n": "10"})),
    "netsuite.payment-balance": bent(rows("foreignpaymentamountunused", {"n": "1"})),
    "netsuite.touched-by-payment": habit(applying_touches=False),
    "netsuite.payment-discount": bent(refused("customerPayment")),
    "netsuite.deletion-of-used": bent(Bent("DELETE", f"{RECORD}invoice/", 204)),
    "netsuite.async-tasks": option(task_per_item=True),
    "netsuite.async-location": habit(job_location="absolute"),
    "netsuite.batch-order": habit(batch_in_order=True),
    "netsuite.async-task": bent(Bent("GET", "/task/1/result$", 200, {})),
    "netsuite.idempotency-twice": bent(Bent("POST", f"{RECORD}customer$", 202, headers={"Location": "/async/v1/job/9"}, nth=2)),
    "netsuite.idempotency-key": habit(key_must_be_uuid=False),
}
"""Where the account behaves otherwise; it is joined with what the probe needs."""
