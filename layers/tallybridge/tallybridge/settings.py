"""Every setting an administrator can change: one JSON document, flat, with the keys of the settings page; every key may be left out.

Yes/No settings accept "Yes"/"No" and true/false. Unknown keys and wrong values are refused with the place they stand at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from tallybridge.addresses import Recipients, Sender
from tallybridge.documents import Day, Unusable, Words, read_model, when_given
from tallybridge.errors import ConfigurationError
from tallybridge.hosts import netsuite_account, netsuite_address, zuora_address
from tallybridge.ids import checked_id
from tallybridge.settings_rules import contradictions

ProblemKind = Literal["run", "records", "drift"]
"""What a problem is about."""
PROBLEM_KINDS: tuple[ProblemKind, ...] = get_args(ProblemKind)
MAX_NETSUITE_WRITERS = 50
MAX_RUN_HOURS = 160


def _yes_no(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in ("yes", "no"):
        return value.strip().lower() == "yes"
    if isinstance(value, bool):
        return value
    raise ValueError('must be "Yes" or "No"')


YesNo = Annotated[bool, BeforeValidator(_yes_no), PlainSerializer(lambda v: "Yes" if v else "No", return_type=str)]


def _invertible(value: dict[str, str]) -> dict[str, str]:
    """A translation that is read in both directions: no name may stand for two types."""
    types: dict[str, str] = {}
    for kind, name in value.items():
        if not kind or not name:
            raise ValueError("must name a type and a method in every entry")
        if (other := types.setdefault(name, kind)) != kind:
            raise ValueError(f'"{other}" and "{kind}" are both translated to "{name}", which cannot be translated back')
    return value


def _entities(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+(,[A-Za-z0-9-]+)*", text):
        raise ValueError("must be entity ids joined by commas, without blanks")
    return text


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("must be the code of a currency, three capital letters such as EUR, not its name")
    return text


def _without_blanks(value: Any) -> Any:
    if isinstance(value, str) and value != value.strip():
        raise ValueError("must have no blanks around it")
    return value


Text = Annotated[Words, Field(max_length=255)]
Name = Annotated[Text, BeforeValidator(_without_blanks)]
"""A name that is compared, exactly as it stands there."""
Count = Annotated[int, Field(strict=True)]
MAX_MAPPINGS = 500


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


class ClosedPeriod(StrEnum):
    """What happens to a document dated in a closed accounting period."""

    HOLD = "Hold Until Opened"
    REFUSE = "Refuse"
    NEXT_OPEN = "Post In Next Open Period"


ITEM_ID_SPELLINGS = {
    "Use Zuora Charge ID": ItemIdMapping.ZUORA_ID,
    "Use Zuora Charge Name": ItemIdMapping.ZUORA_NAME,
}
"""Other spellings of the same option in older documentation (settings.md open point S2)."""


def _item_id_mapping(value: Any) -> Any:
    return ITEM_ID_SPELLINGS.get(value, value) if isinstance(value, str) else value


class CustomFieldMapping(BaseModel):
    """One row of the custom field sync (settings.md section 6)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zuora_object: Literal["Account", "Invoice", "CreditMemo", "Payment", "Product", "ProductRatePlan", "ProductRatePlanCharge"]
    zuora_field: Annotated[Text, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    netsuite_field: Annotated[Text, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    netsuite_internal_id: Annotated[str, when_given(checked_id)] = ""


class Settings(BaseModel):
    """The settings of one instance. Defaults keep the documented behaviour."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    # Connections; what is not set here comes from the credentials secret.
    zuora_base_url: Annotated[str | None, when_given(zuora_address)] = Field(None, alias="zuora.base_url")
    """Data-centre specific REST host, https and below zuora.com. Prevails over the credentials secret."""
    zuora_entity_ids: Annotated[str | None, when_given(_entities)] = Field(None, alias="zuora.entity_ids")
    """Multi-entity header, entity UUIDs joined by commas. Prevails over the credentials secret."""
    zuora_read_path: Literal["data_query", "zoql"] = Field("data_query", alias="zuora.read_path")
    """How records are selected: `data_query`, or `zoql` where Data Query is not granted."""
    zuora_subscription_api: Literal["auto", "orders", "subscriptions"] = Field("auto", alias="zuora.subscription_api")
    """Which API creates subscriptions from sales orders."""
    zuora_field_suffix: Literal["__NS", "__c"] = Field("__NS", alias="zuora.field_suffix")
    """Suffix of the connector's fields in Zuora: `__NS`, or `__c` for a tenant that made them itself."""
    netsuite_account_id: Annotated[str | None, when_given(netsuite_account)] = Field(None, alias="netsuite.account_id")
    """For example 1234567 or 1234567_SB1. Prevails over the credentials secret."""
    netsuite_base_url: Annotated[str | None, when_given(netsuite_address)] = Field(None, alias="netsuite.base_url")
    """The account's own address at NetSuite; derived from the account id when left out. Prevails over the credentials secret."""
    netsuite_auth_method: Literal["oauth2_m2m", "tba"] | None = Field(None, alias="netsuite.auth_method")
    """`oauth2_m2m` or `tba`. Prevails over the credentials secret."""

    # Currency and tax
    zuora_default_currency: Annotated[Text, when_given(_currency)] = ""
    """Code of the currency of a rate plan's price, and of accounts made from NetSuite customers without one."""
    netsuite_multiple_currencies: YesNo = False
    """Yes: currencies of accounts and documents are checked, and sent. No: NetSuite uses its base currency whatever Zuora says; each run
    tells the amounts that this concerns, and does not call them tied out."""
    netsuite_advanced_pricing: YesNo = False
    """Yes when Multiple Prices or Quantity Pricing is on in NetSuite."""
    netsuite_default_tax_code: Text = ""
    """Exact name; written as the tax item of customers and transactions when Zuora calculates tax."""
    netsuite_default_tax_schedule: Text = ""
    """Exact name; written on every item. Required if Advanced Taxes is on in NetSuite."""

    # Classification
    netsuite_subsidiaries: YesNo = False
    """Yes = OneWorld: subsidiaries are checked and sent."""
    default_department: Text = ""
    """Full name; fallback for items and transaction headers."""
    default_location: Text = ""
    """Full name; fallback for items and transaction headers."""
    default_class: Text = ""
    """Full name; fallback for items and transaction headers."""
    default_subsidiary: Text = ""
    """Full name; fallback for customers and items."""
    invoice_line_department_mapping: LineMapping = LineMapping.ZUORA_CHARGE
    """`Zuora Account`: lines get the account's value even if empty. `Zuora Charge`: NetSuite fills it from the item."""
    invoice_line_location_mapping: LineMapping = LineMapping.ZUORA_CHARGE
    """As for the department."""
    invoice_line_class_mapping: LineMapping = LineMapping.ZUORA_CHARGE
    """As for the department."""

    # Revenue recognition
    netsuite_use_revenue_recognition: YesNo = False
    """Yes: revenue dates, deferred revenue account and template are checked and sent."""

    # Customer accounts
    customer_account_master: Literal["Zuora", "NetSuite"] = "Zuora"
    """Only records of the master are sent to the other side."""
    customer_account_sync_behavior: Behavior = Behavior.NEW_AND_MODIFIED
    """New records only: nothing after creation; a filled Integration ID means link."""
    customer_account_number_mapping: NumberMapping = NumberMapping.AUTO
    """Where the customer's number comes from."""
    customer_account_number_update_behavior: Literal["Allow Updates", "Do Not Allow Updates"] = "Allow Updates"
    """Whether an update also rewrites the number."""
    de_concatenate_account_number: YesNo = False
    """NetSuite to Zuora: only the part of the customer id before the first space is the account number."""
    contact_without_country: Literal["Send", "Hold"] = "Send"
    """NetSuite to Zuora: what happens to a customer whose address has no country, and whose account Zuora cannot tax: it is sent with a
    warning, or held."""
    unassigned_payments_customer_id: Annotated[str, when_given(checked_id)] = ""
    """Internal id of the NetSuite customer that receives payments without an account. Empty: they are not sent."""

    # Product catalogue
    item_id_mapping: Annotated[ItemIdMapping, BeforeValidator(_item_id_mapping)] = ItemIdMapping.ZUORA_ID
    """Item name of new items: prefix and Zuora id, or the record name."""
    product_catalog_sync_behavior: Behavior = Behavior.NEW_AND_MODIFIED
    """As for customer accounts."""
    enable_sales_order_sync: YesNo = False
    """Turns on product, rate plan and sales order sync together."""

    # Transactions
    transaction_number_mapping: Literal[NumberMapping.SOURCE_NUMBER, NumberMapping.AUTO] = NumberMapping.AUTO
    """Document number of every created transaction."""
    payment_sync_behaviour: Behavior = Behavior.NEW_AND_MODIFIED
    """NetSuite to Zuora payments: whether synced payments are sent again when they change."""
    sync_unapplied_payments: YesNo = False
    """Yes: a payment without application is sent at once, without apply lines. No: it waits."""
    payment_amount: Literal["full", "applied only"] = "full"
    """Amount of a NetSuite payment: the full amount, or what is applied and what was refunded (in full while nothing is applied)."""
    payment_date_fallback: Literal["today", "off"] = "today"
    """NetSuite to Zuora payments, with Invoice Settlement: `today`: a payment that Zuora does not take with its NetSuite date, because it
    takes today's alone, is effective today, and its NetSuite date stands in the comment. `off`: such a payment is refused."""
    payment_method_translation: Annotated[dict[Name, Name], AfterValidator(_invertible)] = Field(default_factory=dict)
    """NetSuite payment method name by Zuora payment method type, where they differ. No name for two types. From NetSuite to Zuora a name
    that is a Zuora type is that type."""
    mode_b_payment_status_write: Literal["v1", "actions"] = "v1"
    """How the status of payments and refunds is written with Invoice Settlement: one call each, or `actions` 50 a call, where it works."""
    journal_only_progress_mark: YesNo = False
    """Yes: with Invoice Settlement "Creating Payment" and the like are not written on payments and refunds; saves half the calls."""
    use_standard_invoice_sync: StandardInvoiceSync = StandardInvoiceSync.YES
    """Which system calculates tax, and so which steps run."""
    avoid_zero_amount_invoice_items: YesNo = False
    """Yes: invoice items and tax lines of 0 are left out."""
    default_item_id: Annotated[str, when_given(checked_id)] = ""
    """Internal id of the NetSuite item for invoice items without a product charge."""
    rounding_difference: Literal["hold", "line"] = "hold"
    """What happens to a document whose lines, kept with the digits of NetSuite's currency, do not add up to its total: `hold`, or one more
    `line` on `rounding_item_id` with the difference, never more than one minor unit for each line."""
    rounding_item_id: Annotated[str, when_given(checked_id)] = ""
    """Internal id of the NetSuite item for that line. Required with `line`."""
    large_invoice_lines: Annotated[Count, Field(ge=2, le=10_000)] = 4_000
    """Invoices with more lines are set aside and, on request, sent in pieces."""
    large_invoice_piece: Annotated[Count, Field(ge=1, le=1_000)] = 100
    """Lines in one piece of a large invoice; not more than `large_invoice_lines`."""

    closed_period: dict[Literal["invoice", "creditMemo", "customerPayment", "customerRefund"], ClosedPeriod] = Field(default_factory=dict)
    """What happens to a document dated in a closed NetSuite period, by NetSuite record: `Hold Until Opened` (default), `Refuse`, or
    `Post In Next Open Period`, which keeps the document's date and needs the NetSuite preference that allows it."""
    credit_memo_target: Literal["auto", "InvoiceAdjustment", "InvoiceItemAdjustment"] = "auto"
    """What NetSuite credit memos become in a tenant without Invoice Settlement. `auto`: InvoiceAdjustment where the tenant has it."""
    send_migrated_credit_memos: YesNo = False
    """Yes: credit memos that Zuora's migration to Invoice Settlement made of negative invoices are sent like any other."""
    credit_memos_per_run: Annotated[Count, Field(ge=1, le=100_000)] = 6_000
    """Credit memos in one run; the rest waits for the next."""

    # Cutover dates: records dated before are ignored
    cutover_zuora_invoice: Day = None
    """Invoices dated before are ignored."""
    cutover_zuora_payment: Day = None
    """Payments effective before are ignored."""
    cutover_zuora_refund: Day = None
    """Refunds dated before are ignored."""
    cutover_zuora_invoice_item_adjustment: Day = None
    """Adjustments dated before are ignored."""
    cutover_zuora_memo: Day = None
    """Debit and credit memos dated before are ignored."""
    cutover_netsuite_payment: Day = None
    """NetSuite payments dated before are ignored."""
    cutover_zuora_account: Day = None
    """Accounts created before are ignored."""

    # Disable and force
    disable_zuora_invoice_sync: YesNo = False
    """Skips the invoices step."""
    disable_zuora_payment_sync: YesNo = False
    """Skips the payments step."""
    disable_zuora_refund_sync: YesNo = False
    """Skips the refunds step."""
    disable_zuora_invoice_item_adjustment_sync: YesNo = False
    """Skips the adjustments step."""
    disable_zuora_charge_sync: YesNo = False
    """Skips the charges step; a warning in every run."""
    disable_netsuite_payment_sync: YesNo = True
    """Skips NetSuite payments to Zuora."""
    disable_netsuite_credit_memo_sync: YesNo = True
    """Skips NetSuite credit memos to Zuora."""
    disable_netsuite_refund_sync: YesNo = True
    """Skips NetSuite refunds to Zuora."""
    disable_customer_account_sync: YesNo = False
    """Skips the customers step; a warning in every run."""
    disable_zuora_credit_memo_sync: YesNo = False
    """Skips the credit memos step."""
    disable_zuora_debit_memo_sync: YesNo = False
    """Skips the debit memos step."""
    force_zuora_product_catalog_sync: YesNo = False
    """Runs the product and rate plan steps although sales order sync is off."""

    # Errors and speed
    debug_logging: YesNo = False
    """Raw answers in the log, NetSuite errors one by one instead of grouped."""
    netsuite_error_limit: Literal["Default", "50", "100", "250", "500"] = "Default"
    """Number of NetSuite errors printed in full with debug logging."""
    netsuite_max_concurrency: Annotated[Count, Field(ge=1, le=MAX_NETSUITE_WRITERS)] = 5
    """Calls to NetSuite in flight at once, all workers together, those of the revenue connector too; below the limit of the account. A
    number that is saved counts at once, also for a run that is under way."""
    netsuite_batch_requests: Literal["off", "auto", "always"] = "off"
    """Whether new NetSuite records are sent together, up to 100 a request, for NetSuite to create in jobs of its own: `off`: one by one;
    `auto`: together from 20 records of a batch that do not depend on each other; `always`: however few. Pays where calls at a time are
    scarce, and not where NetSuite has few asynchronous processors: see [operations](operations.md#batch-requests)."""
    run_hours: Annotated[Count, Field(ge=1, le=MAX_RUN_HOURS)] = 24
    """Hours after which a run takes up nothing more: it ends in good order as `partly done`, and the next run goes on. A step may take
    nine tenths of what is left when it begins, so that the steps after it have their turn."""

    # Notification
    notify_recipients: Recipients = Field(default_factory=list)
    """Mail addresses, at most 50, without names."""
    notify_recipients_by_kind: dict[ProblemKind, Recipients] = Field(default_factory=dict)
    """Who is mailed instead where a mail is about one kind of problem: `run` (a step or the run failed, or has something to say of itself),
    `records` (held, refused, left out although due, out of balance), `drift`. A mail about several kinds goes to the people of each."""
    notify_sender: Sender = ""
    """Sender of the mails, an address verified in Amazon SES in the stack's account and region; the one of the deployment when empty, or
    when mails from this one are refused."""
    notify_on_error: YesNo = True
    """Mail when a step or the run failed or does not tie out."""
    notify_on_warning: YesNo = True
    """Mail when records were held or refused."""
    notify_on_success: YesNo = False
    """Mail after every run, also where nothing has changed since the last mail."""
    notify_attach_log: YesNo = True
    """Attach the report as a page and the warnings and errors as CSV, where there is no console that the mail could lead to."""

    # Custom fields and extensions
    custom_field_sync_enabled: YesNo = False
    """Turns on the custom field mappings."""
    custom_field_mappings: list[CustomFieldMapping] = Field(default_factory=list, max_length=MAX_MAPPINGS)
    """Rows of zuora_object, zuora_field, netsuite_field (the script id of a custom field, one source each, none of the connector's own) and
    netsuite_internal_id."""
    custom_fields_inline: YesNo = False
    """Yes: mapped fields go with the create or update itself."""
    include_contact_changes: YesNo = False
    """Yes: accounts whose contacts changed count as modified."""
    address_style: Literal["company", "contact"] = "company"
    """`company`: addressee is the account, attention the person. `contact`: addressee is the person."""
    map_vat_id: YesNo = False
    """Yes: the VAT id becomes the customer's tax registration number."""
    send_state_all_countries: YesNo = False
    """Yes: the state is sent outside the United States too."""
    sync_unsupported_charge_models: YesNo = False
    """Yes: charges of unsupported models become items too."""
    external_id_prefixes: YesNo = False
    """Yes: external ids carry a prefix per kind, for accounts whose ids would collide."""
    field_map: dict[str, str] = Field(default_factory=dict)
    """NetSuite script id by logical name, prefix and label of a field of the connector, for example
    {"custbody.Zuora ID": "custbody_zuora"}."""

    def recipients(self, kinds: Iterable[ProblemKind]) -> list[str]:
        """Who is mailed about problems of these kinds, each person once; those of `notify_recipients` where there is none."""
        lists = [self.notify_recipients_by_kind.get(kind, self.notify_recipients) for kind in kinds] or [self.notify_recipients]
        return list({address.lower(): address for addresses in lists for address in addresses}.values())

    @property
    def notified(self) -> list[str]:
        """Everybody who may be mailed."""
        return self.recipients(PROBLEM_KINDS)

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
        return read_model(Settings, document, contradictions)
    except Unusable as wrong:
        raise ConfigurationError(
            f"The settings are not usable: {wrong}",
            place=wrong.places,
            code="SETTINGS",
            advice="Correct these keys in the settings document; the next run takes the change.",
        ) from wrong
