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
    """How the tenant behind the stand-in is set up: `MEANINGS` tells what each option is. `clock` must return an aware time; tests may move
    it. `custom_fields` are the tenant's own `__c` text fields by object type."""

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
    token_calls_per_address: int = 100
    locator_life_s: int = 900
    result_file_life_s: int = 3_600


MEANINGS: dict[str, str] = {
    "settlement": "Invoice Settlement on (mode B) or off (mode A)",
    "client_id client_secret": "the OAuth client of the runs, which may do everything",
    "admin_client_id admin_client_secret": "the administrator's OAuth client",
    "bare": (
        "nobody has prepared the tenant: no field of its own, no `__NS` fields, no payment method types, no client but the administrator's"
    ),
    "new_field_delay_s": "how long a new field stays unknown to all but its definition **[A]**",
    "reindex_s": "how long a field that is made filterable later is not",
    "migrates_standard_objects": (
        "`POST /objects/migrations` takes standard objects; the vendor's page on custom fields says so, the reference does not **[A]**"
    ),
    "custom_field_limits": "fields of the tenant's own per object, and filterable ones, as in the smallest edition",
    "reason_codes": (
        "by kind of transaction, the default first; what the option leaves out stays, and codes of loaded objects come on top"
    ),
    "countries": "names of countries beyond ISO 3166",
    "account_number_prefix": "how numbers begin that the service gives; the caller's own must not",
    "payment_gateways": "ids that an electronic payment may name",
    "zoql_keywords": "`any`: ZOQL takes keywords in capitals too; the reference says lower case **[A]**",
    "voids_transferred_payments": "payments can be canceled although they were transferred to accounting **[A]**",
    "credit_balance_payments": "payments of mode A may put more into the credit balance than is in it **[A]**",
    "aqua_job_name_limit": ("longest name of an AQuA job, as the reference says; clients of live tenants send longer ones **[A]**"),
    "payment_types_give_methods": "a payment method type that is switched on gives a method that belongs to no account **[A]**",
    "finance": "Zuora Finance; off: no accounting codes are made",
    "token_life_s": "life of an access token; older tokens live on beside newer ones",
    "data_query_lag_s": "how long a write through the API stays invisible to Data Query, AQuA and export",
    "data_query_queue_s": "how long a Data Query job waits (`accepted`) before it runs",
    "data_query_run_s": ("how long it then runs (`in_progress`), on the tenant's clock; it finds what was there when it was submitted"),
    "idempotency_replay_status": ("status with which the first answer of a key is repeated: 409, or 200 for that of the first answer"),
    "payment_effective_date": (
        "date of a payment made by `POST /v1/payments`: `today` only, as the reference says, or not in the future **[A]**"
    ),
    "refund_with_unapply": (
        "the user has the permission for refunds with automatic unapply; off: `POST /v1/payments/{key}/refunds/unapply` is denied"
    ),
    "clock zone": "the tenant's clock and time zone; times are shown and dates begin in it",
    "entity_id": "the only value that `Zuora-Entity-Ids` may have",
    "connector_fields custom_fields": "the `__NS` fields; the tenant's own `__c` fields by object",
    "orders orders_harmonization": (
        "Orders: `POST /v1/orders` is there, `POST /v1/subscriptions` and Actions on subscriptions are not; with"
        " harmonization they stay open beside it"
    ),
    "multiple_currencies": (
        "documents, and payments applied to them, may be in other currencies than their account's; off: no API knows"
        " `Currency` of an invoice **[A]**"
    ),
    "invoice_adjustments": "off: no API knows the object InvoiceAdjustment **[A]**",
    "currencies payment_terms": "active in the tenant; currencies and terms of loaded accounts come on top",
    "mode_b_actions_on_payments": "lets `action/update` write payments and refunds in mode B **[A]**",
    "invoice_bulk_partial": "`PUT /v1/invoices` saves the good invoices of a failing batch; off: none **[A]**",
    "rate_limits concurrency_limits token_calls_per_minute": "request limits of the tenant",
    "token_calls_per_address": "tokens that one address of a caller may ask for in a minute",
    "data_query_limits": "limits of Data Query",
    "locator_life_s result_file_life_s": "life of a ZOQL locator, of the address of a result file",
    "aqua_partners": "partner ids with which AQuA jobs may be stateful",
}
"""What each option means, several with one meaning side by side; the generated page of what is covered shows it."""
