"""The connector's own fields in NetSuite: one table, from which the doctor, the setting field_map, the SDF project and the page of fields
are made. It is to be laid beside custom-fields.md, section 2; a test walks the steps' code and compares."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tallybridge.fields.need import Need

if TYPE_CHECKING:
    from tallybridge.netsuite import FieldInfo

TEXT, LONG, CHECK, YES_NO = "text", "long text", "check box", "check box or Yes/No list"
LIST, RECORD, DAY = "list", "record reference", "date"
TYPES: dict[str, frozenset[str]] = {
    TEXT: frozenset({"string", ""}),
    LONG: frozenset({"string", ""}),
    CHECK: frozenset({"boolean"}),
    YES_NO: frozenset({"boolean", "object"}),
    LIST: frozenset({"object"}),
    RECORD: frozenset({"object"}),
    DAY: frozenset({"date"}),
}
"""The kinds of fields and the words of NetSuite's metadata for them."""
LENGTHS = {TEXT: 300, LONG: 1_000_000}
"""How many characters a text of a kind may have."""

STEP_OF = {
    "cu": "customers",
    "nc": "netsuite_customers",
    "pr": "products",
    "rp": "rate_plans",
    "ch": "charges",
    "so": "sales_orders",
    "in": "invoices",
    "dm": "debit_memos",
    "cm": "credit_memos",
    "pa": "payments",
    "re": "refunds",
    "ad": "adjustments",
    "np": "netsuite_payments",
    "nm": "netsuite_credit_memos",
    "nr": "netsuite_refunds",
}
"""How the table writes the steps."""


@dataclass(frozen=True)
class RecordKind:
    """A record type with fields of the connector: `short` as the table of fields writes it (several may share one), the name of its form,
    the prefix of its body fields, the flags of an SDF project that put them, and those of lines, on it, and the feature that the first of
    these flags asks for."""

    short: str
    record: str
    form: str
    prefix: str
    flags: str
    line_flag: str = ""
    feature: str = ""


RECORDS = (
    RecordKind("CUS", "customer", "Customer", "custentity", "appliestocustomer"),
    RecordKind("ITEM", "serviceSaleItem", "Service item for sale", "custitem", "appliestoservice"),
    RecordKind("ITEM", "nonInventorySaleItem", "Non-inventory item for sale", "custitem", "appliestononinventory"),
    RecordKind("ITEM", "inventoryItem", "Inventory item", "custitem", "appliestoinventory", feature="INVENTORY"),
    RecordKind("SO", "salesOrder", "Sales order", "custbody", "bodysale", "colsale"),
    RecordKind("INV", "invoice", "Invoice", "custbody", "bodysale", "colsale"),
    RecordKind("CM", "creditMemo", "Credit memo", "custbody", "bodysale", "colsale"),
    RecordKind("PAY", "customerPayment", "Customer payment", "custbody", "bodycustomerpayment", feature="RECEIVABLES"),
    RecordKind("REF", "customerRefund", "Customer refund", "custbody", "bodycustomerpayment bodyothertransaction"),
)
"""Which flag puts a field on refunds is not published: both."""
KIND_OF_RECORD = {kind.record: kind for kind in RECORDS}
EDIT, CHECKED = "edit", "checked"
"""Marks: people edit the field, not the connector alone; a new record has it ticked."""

TABLE: tuple[tuple[str, str, str, str, str], ...] = (
    # prefix, steps by record ("!": the step cannot work without it; "A", "B": in tenants of that mode alone), kind, labels, marks
    ("custentity", "CUS cu! nc! so! np! nm! nr!", TEXT, "Zuora ID", ""),
    ("custentity", "CUS cu", TEXT, "Zuora Account Number|Zuora Account MRR|Zuora Created Date|Zuora Updated Date", ""),
    ("custentity", "CUS cu nc", CHECK, "Zuora Auto Pay", EDIT),
    ("custentity", "CUS cu nc", LIST, "Zuora Batch|Zuora Bill Cycle Day", EDIT),
    ("custentity", "CUS cu nc", TEXT, "Zuora Bill To ID|Zuora Sold To ID|Zuora Sync Date", ""),
    (
        "custentity",
        "CUS cu nc",
        TEXT,
        "Zuora Bill To Tax Region|Zuora Bill To Work Email|Zuora Sold To Work Email|Zuora CRM ID|Zuora Customer Service Rep Name"
        "|Zuora Default Payment Method|Zuora Payment Term|Zuora Purchase Order Number|Zuora Sales Rep|Zuora Tax Exempt Certificate ID"
        "|Zuora Tax Exempt Status",
        EDIT,
    ),
    ("custentity", "CUS nc!", TEXT, "Zuora Integration Status", ""),
    ("custentity", "CUS nc!", YES_NO, "Send to Zuora", EDIT),
    ("custitem", "ITEM pr! rp! ch! so!", TEXT, "Zuora ID", ""),
    (
        "custitem",
        "ITEM pr rp ch",
        TEXT,
        "Zuora Product Name|Zuora Product Rate Plan Name|Zuora Product Rate Plan Charge Name|Zuora Charge Model"
        "|Zuora Charge Type|Zuora Billing Period|Zuora Tax Code|Zuora Created Date|Zuora Sync Date",
        "",
    ),
    ("custitem", "ITEM pr rp ch so!", TEXT, "Zuora Type", ""),
    ("custitem", "ITEM pr rp ch", CHECK, "Zuora Taxable", ""),
    (
        "custbody",
        "SO so!; INV in! dm! ad!; CM in!A cm! ad! nm! nr!; PAY pa! re! np!; REF re! nr!",
        TEXT,
        "Zuora ID",
        "",
    ),
    ("custbody", "SO so!; CM nm! nr; PAY np!; REF nr!", TEXT, "Zuora Integration Status", ""),
    ("custbody", "SO so!", YES_NO, "Send to Zuora", EDIT),
    ("custbody", "SO so!", TEXT, "Zuora Term Setting", EDIT),
    ("custbody", "SO so!", DAY, "Zuora Contract Effective Date", EDIT),
    ("custbody", "SO so; INV in dm ad; CM inA cm ad nm!; PAY pa np; REF re nr", TEXT, "Zuora Type", ""),
    ("custbody", "SO so; INV in dm ad; CM inA cm ad; PAY pa; REF re", TEXT, "Zuora Reference Number", ""),
    ("custbody", "SO so; INV in dm ad; CM inA cm ad nm; PAY pa np!; REF re nr", TEXT, "Zuora Sync Date", ""),
    ("custbody", "SO so; CM nm; INV", TEXT, "Zuora Customer ID (Sales)", ""),
    ("custbody", "PAY np; REF nr", TEXT, "Zuora Customer ID (Payment)", ""),
    ("custbody", "SO so", YES_NO, "Zuora Auto Renew", EDIT),
    ("custbody", "SO so", TEXT, "Zuora Initial Term|Zuora Renewal Term|Zuora Subscription Number", EDIT),
    ("custbody", "SO so", DAY, "Zuora Term Start Date|Zuora Service Activation Date|Zuora Customer Acceptance Date", EDIT),
    ("custbody", "INV in dm ad; CM inA cm ad nm; PAY pa np!; REF re nr!", TEXT, "Zuora Origin", ""),
    ("custbody", "INV in dm ad; CM inA cm ad; PAY pa; REF re", TEXT, "Zuora Created Date", ""),
    (
        "custbody",
        "INV in dm; CM inA cm",
        TEXT,
        "Zuora Amount Without Tax|Zuora Tax Amount|Zuora Tax Exempt Amount|Zuora Posted Date|Zuora Target Date",
        "",
    ),
    ("custbody", "INV in; CM inA", TEXT, "Zuora Last Email Sent Date", ""),
    ("custbody", "INV ad; CM ad", TEXT, "Zuora Related Reference Number|Zuora Reference ID|Zuora Adjustment Type", ""),
    ("custbody", "INV ad; CM ad", RECORD, "Zuora Related Transaction", ""),
    ("custbody", "INV dm; CM cm; REF re", TEXT, "Zuora Updated Date", ""),
    ("custbody", "CM nm! nr!", CHECK, "Create Zuora Refund", EDIT),
    ("custbody", "CM nm", LONG, "Zuora Adjustment IDs", ""),
    ("custbody", "CM nr!", RECORD, "Zuora Refund Payment Reference", EDIT),
    ("custbody", "PAY pa", TEXT, "Zuora Payment Type|Zuora Credit Card Type", ""),
    ("custbody", "PAY pa np!", TEXT, "Zuora Payment Reference ID", EDIT),
    ("custbody", "PAY np!B", YES_NO, "Zuora Sync Updates", f"{EDIT} {CHECKED}"),
    ("custbody", "REF re", TEXT, "Zuora Refund Type|Zuora Refund Reference ID", ""),
    ("custcol", "INV in! dm ad; CM in!A cm ad", TEXT, "Zuora ID", ""),
    ("custcol", "INV in dm ad; CM inA cm ad", TEXT, "Zuora Type|Zuora Service Start Date|Zuora Service End Date", ""),
    (
        "custcol",
        "INV in dm; CM inA cm",
        TEXT,
        "Zuora Charge Date|Zuora Subscription Number|Zuora Subscription Notes|Zuora Tax Rate|Zuora Tax Rate Description",
        "",
    ),
    ("custcol", "SO so!; INV; CM", TEXT, "Zuora Item ID", ""),
)
SOURCES = {
    ("custbody", "Zuora Customer ID (Sales)"): ("entity", "custentity", "Zuora ID"),
    ("custbody", "Zuora Customer ID (Payment)"): ("customer", "custentity", "Zuora ID"),
    ("custcol", "Zuora Item ID"): ("item", "custitem", "Zuora ID"),
}
"""Fields that NetSuite fills from another record: from which reference, and which field of what it refers to."""
KNOWN_IDS = {
    ("custitem", "Avalara Tax Code"): "custitem_ava_taxcode",
    ("custcol", "Zuora Service Start Date"): "custcolzuoraservicestartdate2",
    ("custcol", "Zuora Service End Date"): "custcolzuoraserviceenddate2",
}
"""Script ids that deviate from the derived pattern."""
OF_OTHERS = frozenset({"custitem.Avalara Tax Code"})
"""Fields that are used where another product has made them, and that are never made here."""


@dataclass(frozen=True)
class Use:
    """A record type that has the field, and the step that uses it there; "" where it is only shown. `mode`: the only one in which."""

    record: str
    step: str
    vital: bool
    mode: str = ""


@dataclass(frozen=True)
class NetSuiteField:
    """One field. `edited`: people fill it in or change it. `source`: see `SOURCES`."""

    prefix: str
    label: str
    kind: str
    uses: tuple[Use, ...]
    edited: bool = False
    checked: bool = False

    @property
    def script_id(self) -> str:
        return derived_id(self.prefix, self.label)

    @property
    def name(self) -> str:
        """Its logical name, as the setting field_map has it."""
        return f"{self.prefix}.{self.label}"

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.record for use in self.uses))

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.step for use in self.uses if use.step))

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that must show it."""
        return tuple(KIND_OF_RECORD[record].form for record in self.records)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of an SDF project that put it on its record types."""
        kinds = [KIND_OF_RECORD[record] for record in self.records]
        of_lines = self.prefix == "custcol"
        return tuple(dict.fromkeys(flag for kind in kinds for flag in (kind.line_flag if of_lines else kind.flags).split()))

    @property
    def source(self) -> tuple[str, str, str] | None:
        return SOURCES.get((self.prefix, self.label))


def prefix_of(record_type: str) -> str:
    """The prefix of the body fields of a record type (custom-fields.md section 2.1), be they the connector's own or not."""
    if kind := KIND_OF_RECORD.get(record_type):
        return kind.prefix
    return "custitem" if record_type.lower().endswith("item") else "custbody"


def derived_id(prefix: str, label: str) -> str:
    """The label in lower case, letters and digits only, behind the prefix: Zuora Sold To ID -> custentityzuorasoldtoid."""
    return KNOWN_IDS.get((prefix, label)) or prefix + "".join(c for c in label.lower() if c.isalnum())


def _uses(text: str) -> Iterator[Use]:
    for part in text.split(";"):
        short, *steps = part.split()
        for record in (kind.record for kind in RECORDS if kind.short == short):
            if not steps:
                yield Use(record, "", vital=False)
            for step in steps:
                yield Use(record, STEP_OF[step[:2]], "!" in step, step[2:].removeprefix("!"))


FIELDS: tuple[NetSuiteField, ...] = tuple(
    NetSuiteField(prefix, label, kind, tuple(_uses(uses)), EDIT in marks.split(), CHECKED in marks.split())
    for prefix, uses, kind, labels, marks in TABLE
    for label in labels.split("|")
)
"""Every field that is read or written, in the order of the table."""


def _needs(prefixes: Collection[str]) -> dict[str, tuple[Need, ...]]:
    """What each step needs of each record type among the fields with these prefixes."""
    found: dict[str, dict[tuple[str, str], tuple[list[str], list[str]]]] = {}
    for field in FIELDS:
        for use in field.uses:
            if field.prefix in prefixes and use.step:
                vital, useful = found.setdefault(use.record, {}).setdefault((use.step, use.mode), ([], []))
                (vital if use.vital else useful).append(field.label)
    order = [kind.record for kind in RECORDS if kind.record in found]
    return {r: tuple(Need(s, "|".join(vital), "|".join(useful), mode) for (s, mode), (vital, useful) in found[r].items()) for r in order}


NETSUITE = _needs(("custentity", "custitem", "custbody"))
"""Labels of NetSuite's body fields by record type (custom-fields.md sections 2.2 to 2.4)."""
NETSUITE_LINES = _needs(("custcol",))
"""Labels of the fields of item lines (custom-fields.md section 2.5)."""
KIND_OF = {field.label: field.kind for field in FIELDS if field.kind != TEXT}
"""Fields that are not text."""
LISTS = {
    "Zuora Batch": ("customlistzuorabatch", tuple(f"Batch{n}" for n in range(1, 21))),
    "Zuora Bill Cycle Day": ("customlistzuorabillcycleday", tuple(str(n) for n in range(1, 32))),
}
"""Custom lists, by the field that uses them, and the values they must have."""
OF_A_FEATURE = {"serviceSaleItem": "Service", "nonInventorySaleItem": "Non Inventory", "inventoryItem": "Inventory"}
"""Record types that only accounts with a feature have, and the Item Type in Zuora that asks for them."""


def script_id_of(prefix: str, label: str, fields: Mapping[str, FieldInfo], overrides: Mapping[str, str]) -> str:
    """The script id of a field: by the field map, by its label in this account, else derived."""
    if mapped := overrides.get(f"{prefix}.{label}"):
        return mapped
    return next((name for name, f in sorted(fields.items()) if f.custom and f.title == label), derived_id(prefix, label))
