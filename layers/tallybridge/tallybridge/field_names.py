"""The connector's own fields in NetSuite by logical name, script id prefix and label: "custbody.Zuora ID" (custom-fields.md section 2)."""

from __future__ import annotations

from tallybridge.fields.netsuite import FIELDS, OF_OTHERS, derived_id

__all__ = ["LOGICAL_NAMES", "OWN_IDS", "derived_id"]

LOGICAL_NAMES = frozenset(field.name for field in FIELDS) | OF_OTHERS
"""What the setting field_map may name."""
OWN_IDS = frozenset(derived_id(*name.split(".", 1)) for name in LOGICAL_NAMES)
"""The script ids that these fields usually have."""
