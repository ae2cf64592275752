"""The revenue connector's configuration for the demo tenant: one instance with three objects, which runs on demand."""

from __future__ import annotations

from typing import Any

from sandbox.demo.revenue import DATASETS, TEMPLATES, revenue_demo
from sandbox.demo.tenant import Tenant

INSTANCE = "Daily revenue"
OBJECTS = ("Orders", "Invoices", "Credit Memos")
NOT_MAPPED = {("Invoices", "Memo"), ("Credit Memos", "Memo"), ("Credit Memos", "SO_LINE_ID")}
"""Columns of the demo's datasets that have no place in the object's file, or are empty in every row."""


def instances(tenant: Tenant) -> list[dict[str, Any]]:
    """The configuration's instances: each object with its dataset, its template and the columns that go from one to the other."""
    demo = revenue_demo(tenant)
    columns = {t["name"]: {c["label"]: c["col_name"] for c in t["mapping"]} for t in demo.revenue["template"]}
    objects = [
        {
            "object": name,
            "dataset": DATASETS[name],
            "dataset_name": f"ZR {name}",
            "template": TEMPLATES[name],
            "mapping": [
                {"source": alias, "target": columns[TEMPLATES[name]][label]}
                for alias, label in demo.mappings[name]
                if (name, alias) not in NOT_MAPPED
            ],
        }
        for name in OBJECTS
    ]
    return [{"name": INSTANCE, "objects": objects}]
