"""The connector's own fields in NetSuite by logical name, script id prefix and label: "custbody.Zuora ID" (custom-fields.md section 2)."""

from __future__ import annotations

LABELS = {
    "custentity": (
        "Send to Zuora|Zuora Account MRR|Zuora Account Number|Zuora Auto Pay|Zuora Batch|Zuora Bill Cycle Day|Zuora Bill To ID"
        "|Zuora Bill To Tax Region|Zuora Bill To Work Email|Zuora CRM ID|Zuora Created Date|Zuora Customer Service Rep Name"
        "|Zuora Default Payment Method|Zuora ID|Zuora Integration Status|Zuora Payment Term|Zuora Purchase Order Number|Zuora Sales Rep"
        "|Zuora Sold To ID|Zuora Sold To Work Email|Zuora Sync Date|Zuora Tax Exempt Certificate ID|Zuora Tax Exempt Status"
        "|Zuora Updated Date"
    ),
    "custitem": (
        "Avalara Tax Code|Zuora Billing Period|Zuora Charge Model|Zuora Charge Type|Zuora Created Date|Zuora ID|Zuora Product Name"
        "|Zuora Product Rate Plan Charge Name|Zuora Product Rate Plan Name|Zuora Sync Date|Zuora Tax Code|Zuora Taxable|Zuora Type"
    ),
    "custbody": (
        "Create Zuora Refund|Send to Zuora|Zuora Adjustment IDs|Zuora Adjustment Type|Zuora Amount Without Tax|Zuora Auto Renew"
        "|Zuora Contract Effective Date|Zuora Created Date|Zuora Credit Card Type|Zuora Customer Acceptance Date"
        "|Zuora Customer ID (Payment)|Zuora Customer ID (Sales)|Zuora ID|Zuora Initial Term|Zuora Integration Status"
        "|Zuora Last Email Sent Date|Zuora Origin|Zuora Payment Reference ID|Zuora Payment Type|Zuora Posted Date|Zuora Reference ID"
        "|Zuora Reference Number|Zuora Refund Payment Reference|Zuora Refund Reference ID|Zuora Refund Type"
        "|Zuora Related Reference Number|Zuora Related Transaction|Zuora Renewal Term|Zuora Service Activation Date"
        "|Zuora Subscription Number|Zuora Sync Date|Zuora Sync Updates|Zuora Target Date|Zuora Tax Amount|Zuora Tax Exempt Amount"
        "|Zuora Term Setting|Zuora Term Start Date|Zuora Type|Zuora Updated Date"
    ),
    "custcol": (
        "Zuora Charge Date|Zuora ID|Zuora Item ID|Zuora Service End Date|Zuora Service Start Date|Zuora Subscription Notes"
        "|Zuora Subscription Number|Zuora Tax Rate|Zuora Tax Rate Description|Zuora Type"
    ),
}
LOGICAL_NAMES = frozenset(f"{prefix}.{label}" for prefix, labels in LABELS.items() for label in labels.split("|"))
"""What the setting field_map may name."""
KNOWN_IDS = {
    ("custitem", "Avalara Tax Code"): "custitem_ava_taxcode",
    ("custcol", "Zuora Service Start Date"): "custcolzuoraservicestartdate2",
    ("custcol", "Zuora Service End Date"): "custcolzuoraserviceenddate2",
}
"""Script ids that deviate from the derived pattern."""


def derived_id(prefix: str, label: str) -> str:
    """The label in lower case, letters and digits only, behind the prefix: Zuora Sold To ID -> custentityzuorasoldtoid."""
    return KNOWN_IDS.get((prefix, label)) or prefix + "".join(c for c in label.lower() if c.isalnum())


OWN_IDS = frozenset(derived_id(*name.split(".", 1)) for name in LOGICAL_NAMES)
"""The script ids that these fields usually have."""
