"""Settings of the Zuora stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Literal

SANDBOX_CLIENT_ID = "0a1b2c3d-0000-4000-8000-000000000001"
SANDBOX_CLIENT_SECRET = "sandbox-zuora-secret"
SANDBOX_ADMIN_ID = "0a1b2c3d-0000-4000-8000-000000000002"
SANDBOX_ADMIN_SECRET = "sandbox-zuora-administrator"
SANDBOX_GATEWAY_ID = "2c92c0f8000000000000000000000010"
ADJUSTMENT_REASONS = ("Standard Adjustment", "Customer Satisfaction", "Incorrect Charge", "Write-off", "Other")
REASON_CODES: dict[str, tuple[str, ...]] = {
    "Payment Refund": (*("Standard Refund", "Customer Satisfaction", "Chargeback", "Payment Rejection", "Payment Reversal", "Other"),),
    "Credit Memo Refund": ("Standard Refund", "Account Closure", "Customer Request", "Other"),
    "Invoice Item Adjustment": ADJUSTMENT_REASONS,
    "Invoice Adjustment": ADJUSTMENT_REASONS,
    "Credit Memo": (
        *("Correcting Invoice Error", "Ad hoc Credit", "Charge Dispute", "Invoice Reversal", "Negative Periodic Charges"),
        *("Service Unavailable", "Unsatisfactory Service", "Write-off"),
    ),
    "Debit Memo": ("Correcting Invoice Error", "Ad hoc Debit", "Charge Dispute", "Credit memo reversal", "Write-off"),
}
"""What a new tenant has (vendor's page "Creating and Editing Reason Codes"), the default first."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class RateLimits:
    """Requests allowed per minute, hour and day for the whole tenant (spec section 6)."""

    per_minute: int = 50_000
    per_hour: int = 2_250_000
    per_day: int = 27_000_000


@dataclass(frozen=True)
class ConcurrencyLimits:
    """Requests in flight per type of operation (spec section 6)."""

    default: int = 40
    high_volume: int = 200
    object_query: int = 80


@dataclass(frozen=True)
class DataQueryLimits:
    """Data Query jobs that may run and wait at a time, and rows that one job may return."""

    running: int = 5
    queued: int = 10
    rows_out: int = 500_000


@dataclass
class ZuoraOptions:
    """How the tenant behind the stand-in is set up.

    `settlement`: Invoice Settlement on (mode B) or off (mode A). `clock` must return an aware time; tests may move it.
    `zone` is the tenant's time zone, in which times are shown and dates begin. `data_query_lag_s` is how long a write through the
    API stays invisible to Data Query. A job waits `data_query_queue_s` in its queue and then runs for `data_query_run_s`, on the tenant's
    clock; it finds what was there when it was submitted. `custom_fields` are the tenant's own `__c` text fields by object type.
    `connector_fields=False` is a tenant without the `__NS` fields. `mode_b_actions_on_payments` lets `action/update` write payments and
    refunds although Invoice Settlement is on; vendor pages disagree about that, so it is off. `invoice_bulk_partial` lets
    `PUT /v1/invoices` save the good invoices of a batch in which another fails; otherwise none of the batch is saved.
    `payment_effective_date`: whether a payment made by `POST /v1/payments` must be effective today, or not in the future.
    `refund_with_unapply`: the user has the permission for refunds that unapply by themselves.
    `orders`: Orders on, so that subscriptions are made by orders only; with `orders_harmonization` the older operations stay open beside
    them. `multiple_currencies`: documents of an account, and payments applied to them, may be in other currencies than its own, and
    invoices have a field Currency; without the feature no API knows that field. `invoice_adjustments`: without the feature of that name no
    API knows the object InvoiceAdjustment. `currencies` and `payment_terms` are the active ones of the tenant; what loaded accounts have
    comes on top.
    `bare`: a tenant that nobody has prepared, without fields of its own, payment method types, and any OAuth client but its
    administrator's. `new_field_delay_s` is how long a new field stays unknown to all but its definition, `reindex_s` how long a field
    that is made filterable later is not. `migrates_standard_objects`: `/objects/migrations` takes standard objects.
    `custom_field_limits`: how many fields of the tenant's own an object may have, and how many filterable ones, as in the smallest
    edition. `reason_codes` are those of the tenant by kind of transaction, the default first; codes of loaded objects come on top.
    `countries` are names beyond ISO 3166. `account_number_prefix` is that of numbers which the service gives; none of the caller's own
    may begin with it. `payment_gateways` are the ids that an electronic payment may name. `zoql_keywords`: whether ZOQL takes keywords in
    lower case alone, as the reference says, or in any case. `voids_transferred_payments`: a payment that was transferred to accounting
    can be canceled. `credit_balance_payments`: a payment of mode A may put more into the credit balance than is in it.
    `aqua_job_name_limit` is the length that the reference gives for names of AQuA jobs; clients of live tenants send longer ones.
    `payment_types_give_methods`: a payment method type that is switched on gives a method without account. `finance`: Zuora
    Finance is on.
    """

    settlement: bool = True
    client_id: str = SANDBOX_CLIENT_ID
    client_secret: str = SANDBOX_CLIENT_SECRET
    admin_client_id: str = SANDBOX_ADMIN_ID
    admin_client_secret: str = SANDBOX_ADMIN_SECRET
    bare: bool = False
    token_life_s: int = 3598
    data_query_lag_s: float = 5
    data_query_queue_s: float = 0
    data_query_run_s: float = 0
    idempotency_replay_status: Literal[200, 409] = 409
    payment_effective_date: Literal["today", "not_future"] = "today"
    refund_with_unapply: bool = False
    clock: Callable[[], datetime] = utc_now
    zone: tzinfo = UTC
    entity_id: str = "2c92c0f8-4f8a-54e8-014f-8b5d1a2b0002"
    custom_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    connector_fields: bool = True
    new_field_delay_s: float = 5
    reindex_s: float = 12 * 3600
    migrates_standard_objects: bool = True
    custom_field_limits: tuple[int, int] = (50, 10)
    payment_types_give_methods: bool = False
    reason_codes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(REASON_CODES))
    countries: tuple[str, ...] = ()
    account_number_prefix: str = "A"
    payment_gateways: tuple[str, ...] = (SANDBOX_GATEWAY_ID,)
    zoql_keywords: Literal["lower", "any"] = "lower"
    voids_transferred_payments: bool = False
    credit_balance_payments: bool = False
    finance: bool = True
    orders: bool = True
    orders_harmonization: bool = False
    multiple_currencies: bool = True
    invoice_adjustments: bool = True
    currencies: tuple[str, ...] = ("USD", "EUR", "GBP", "JPY", "CAD", "AUD", "CHF")
    payment_terms: tuple[str, ...] = ("Due Upon Receipt", "Net 15", "Net 30", "Net 45", "Net 60", "Net 90")
    mode_b_actions_on_payments: bool = False
    invoice_bulk_partial: bool = False
    aqua_partners: tuple[str, ...] = ("sandbox-partner",)
    aqua_job_name_limit: int = 32
    rate_limits: RateLimits = RateLimits()
    concurrency_limits: ConcurrencyLimits = ConcurrencyLimits()
    data_query_limits: DataQueryLimits = DataQueryLimits()
    token_calls_per_minute: int = 2_000
    locator_life_s: int = 900
    result_file_life_s: int = 3_600
