"""Every setting an administrator can change: one JSON document, flat, with the keys of the settings page; every key may be left out.

Yes/No settings accept "Yes"/"No" and true/false. Unknown keys and wrong values are refused with the place they stand at.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from tallybridge.errors import ConfigurationError

MAX_NETSUITE_WRITERS = 50


def _yes_no(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in ("yes", "no"):
        return value.strip().lower() == "yes"
    if isinstance(value, bool):
        return value
    raise ValueError('must be "Yes" or "No"')


YesNo = Annotated[bool, BeforeValidator(_yes_no), PlainSerializer(lambda v: "Yes" if v else "No", return_type=str)]
Text = Annotated[str, Field(max_length=255)]
OptionalDate = Annotated[date | None, BeforeValidator(lambda v: None if v == "" else v)]


class Behavior(StrEnum):
    NEW_AND_MODIFIED = "Sync New and Modified Records"
    NEW_ONLY = "Sync New Records Only"


class NumberMapping(StrEnum):
    SOURCE_NUMBER = "Use Number From Source Record"
    SOURCE_NAME = "Use Name From Source Record"
    AUTO = "Let Destination Auto-Number"


class StandardInvoiceSync(StrEnum):
    """Who calculates tax, and so which steps run (settings.md section 4.4)."""

    YES = "Yes"
    INTERNATIONAL = "Yes - NetSuite Int'l Edition"
    NO = "No"
    NO_AVATAX = "No - Use NetSuite Avatax"

    @property
    def netsuite_calculates_tax(self) -> bool:
        return self in (StandardInvoiceSync.NO, StandardInvoiceSync.NO_AVATAX)


class LineMapping(StrEnum):
    ZUORA_ACCOUNT = "Zuora Account"
    ZUORA_CHARGE = "Zuora Charge"


class ItemIdMapping(StrEnum):
    ZUORA_ID = "Use Unique Zuora Internal ID"
    ZUORA_NAME = "Use Zuora Record Name"


ITEM_ID_SPELLINGS = {
    "Use Zuora Charge ID": ItemIdMapping.ZUORA_ID,
    "Use Zuora Charge Name": ItemIdMapping.ZUORA_NAME,
}
"""Other spellings of the same option in older documentation (settings.md open point S2)."""


class CustomFieldMapping(BaseModel):
    """One row of the custom field sync (settings.md section 6)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zuora_object: Literal["Account", "Invoice", "CreditMemo", "Payment", "Product", "ProductRatePlan", "ProductRatePlanCharge"]
    zuora_field: Text
    netsuite_field: Text
    netsuite_internal_id: str = ""


class Settings(BaseModel):
    """The settings of one instance. Defaults keep the documented behaviour."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    # Connections; what is not set here comes from the credentials secret.
    zuora_base_url: str | None = Field(None, alias="zuora.base_url", description="Data-centre specific REST host.")
    zuora_entity_ids: str | None = Field(None, alias="zuora.entity_ids", description="Multi-entity header, if used.")
    zuora_read_path: Literal["data_query", "zoql"] = Field(
        "data_query", alias="zuora.read_path", description="How records are selected: Data Query, or ZOQL where Data Query is not granted."
    )
    zuora_subscription_api: Literal["auto", "orders", "subscriptions"] = Field("auto", alias="zuora.subscription_api")
    zuora_field_suffix: Literal["__NS", "__c"] = Field(
        "__NS", alias="zuora.field_suffix", description="Suffix of the connector's fields in Zuora."
    )
    netsuite_account_id: str | None = Field(None, alias="netsuite.account_id", description="For example 1234567 or 1234567_SB1.")
    netsuite_base_url: str | None = Field(None, alias="netsuite.base_url", description="Derived from the account id when left out.")
    netsuite_auth_method: Literal["oauth2_m2m", "tba"] | None = Field(None, alias="netsuite.auth_method")

    # Currency and tax
    zuora_default_currency: Text = ""
    netsuite_multiple_currencies: YesNo = False
    netsuite_advanced_pricing: YesNo = False
    netsuite_default_tax_code: Text = ""
    netsuite_default_tax_schedule: Text = ""

    # Classification
    netsuite_subsidiaries: YesNo = False
    default_department: Text = ""
    default_location: Text = ""
    default_class: Text = ""
    default_subsidiary: Text = ""
    invoice_line_department_mapping: LineMapping = LineMapping.ZUORA_CHARGE
    invoice_line_location_mapping: LineMapping = LineMapping.ZUORA_CHARGE
    invoice_line_class_mapping: LineMapping = LineMapping.ZUORA_CHARGE

    # Revenue recognition
    netsuite_use_revenue_recognition: YesNo = False

    # Customer accounts
    customer_account_master: Literal["Zuora", "NetSuite"] = "Zuora"
    customer_account_sync_behavior: Behavior = Behavior.NEW_AND_MODIFIED
    customer_account_number_mapping: NumberMapping = NumberMapping.AUTO
    customer_account_number_update_behavior: Literal["Allow Updates", "Do Not Allow Updates"] = "Allow Updates"
    de_concatenate_account_number: YesNo = False
    unassigned_payments_customer_id: Annotated[str, Field(pattern=r"^\d*$")] = ""

    # Product catalogue
    item_id_mapping: Annotated[ItemIdMapping, BeforeValidator(lambda v: ITEM_ID_SPELLINGS.get(v, v))] = ItemIdMapping.ZUORA_ID
    product_catalog_sync_behavior: Behavior = Behavior.NEW_AND_MODIFIED
    enable_sales_order_sync: YesNo = False

    # Transactions
    transaction_number_mapping: Literal[NumberMapping.SOURCE_NUMBER, NumberMapping.AUTO] = NumberMapping.AUTO
    payment_sync_behaviour: Behavior = Behavior.NEW_AND_MODIFIED
    sync_unapplied_payments: YesNo = False
    payment_amount: Literal["full", "applied only"] = "full"
    payment_method_translation: dict[str, str] = Field(default_factory=dict)
    use_standard_invoice_sync: StandardInvoiceSync = StandardInvoiceSync.YES
    avoid_zero_amount_invoice_items: YesNo = False
    default_item_id: Annotated[str, Field(pattern=r"^\d*$")] = ""
    large_invoice_lines: Annotated[int, Field(ge=2, le=10_000)] = 4_000
    large_invoice_piece: Annotated[int, Field(ge=1, le=1_000)] = 100

    # Cutover dates: records dated before are ignored
    cutover_zuora_invoice: OptionalDate = None
    cutover_zuora_payment: OptionalDate = None
    cutover_zuora_refund: OptionalDate = None
    cutover_zuora_invoice_item_adjustment: OptionalDate = None
    cutover_zuora_memo: OptionalDate = None
    cutover_netsuite_payment: OptionalDate = None
    cutover_zuora_account: OptionalDate = None

    # Disable and force
    disable_zuora_invoice_sync: YesNo = False
    disable_zuora_payment_sync: YesNo = False
    disable_zuora_refund_sync: YesNo = False
    disable_zuora_invoice_item_adjustment_sync: YesNo = False
    disable_zuora_charge_sync: YesNo = False
    disable_netsuite_payment_sync: YesNo = True
    disable_netsuite_credit_memo_sync: YesNo = True
    disable_netsuite_refund_sync: YesNo = True
    disable_customer_account_sync: YesNo = False
    disable_zuora_credit_memo_sync: YesNo = False
    disable_zuora_debit_memo_sync: YesNo = False
    force_zuora_product_catalog_sync: YesNo = False

    # Errors and speed
    debug_logging: YesNo = False
    netsuite_error_limit: Literal["Default", "50", "100", "250", "500"] = "Default"
    netsuite_max_concurrency: Annotated[int, Field(ge=1, le=MAX_NETSUITE_WRITERS)] = 5

    # Notification
    notify_recipients: list[str] = Field(default_factory=list, max_length=50)
    notify_sender: str = ""
    notify_on_error: YesNo = True
    notify_on_warning: YesNo = True
    notify_on_success: YesNo = False
    notify_attach_log: YesNo = True

    # Custom fields and extensions
    custom_field_sync_enabled: YesNo = False
    custom_field_mappings: list[CustomFieldMapping] = Field(default_factory=list)
    custom_fields_inline: YesNo = False
    include_contact_changes: YesNo = False
    address_style: Literal["company", "contact"] = "company"
    map_vat_id: YesNo = False
    send_state_all_countries: YesNo = False
    sync_unsupported_charge_models: YesNo = False
    external_id_prefixes: YesNo = False
    field_map: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _addresses(self) -> Settings:
        for address in [*self.notify_recipients, *filter(None, [self.notify_sender])]:
            local, at, domain = address.partition("@")
            if not (local and at and domain) or any(c.isspace() for c in address):
                raise ValueError(f'"{address}" is not a mail address')
        return self

    @property
    def version(self) -> str:
        """A short fingerprint of the document, stored with every run."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()[:12]

    @property
    def error_limit(self) -> int:
        """How many NetSuite errors are printed in full with debug logging."""
        return 50 if self.netsuite_error_limit == "Default" else int(self.netsuite_error_limit)


DEFAULTS = Settings.model_validate({})
"""What an empty document means."""


def parse_settings(document: str) -> Settings:
    """Settings from their JSON text. Raises `ConfigurationError` (code SETTINGS) that names every wrong key."""
    try:
        content = json.loads(document or "{}")
    except ValueError as wrong:
        raise ConfigurationError(
            f"The settings are not valid JSON: {wrong}",
            place="settings",
            code="SETTINGS",
            advice="Correct the document in the Parameter Store.",
        ) from wrong
    if not isinstance(content, dict):
        raise ConfigurationError("The settings must be one JSON object.", place="settings", code="SETTINGS")
    try:
        return Settings.model_validate(content)
    except ValidationError as wrong:
        raise ConfigurationError(
            "The settings are not usable: " + "; ".join(_explain(e) for e in wrong.errors()),
            place=", ".join(".".join(map(str, e["loc"])) for e in wrong.errors()),
            code="SETTINGS",
            advice="Correct these keys in the settings document; the next run takes the change.",
        ) from wrong


def _explain(error: Any) -> str:
    place = ".".join(map(str, error["loc"])) or "document"
    if error["type"] == "extra_forbidden":
        return f'"{place}" is not a setting'
    shown = "" if isinstance(error["input"], dict) else f" (found {json.dumps(error['input'], default=str)})"
    return f'"{place}": {error["msg"]}{shown}'
