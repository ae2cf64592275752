"""What both sides say of their columns: datasets of NetSuite, upload templates of Zuora Revenue; and what is to be said of a mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tallybridge.desk.revenue.site import Site
from tallybridge.netsuite.datasets import Dataset, Datasets
from tallybridge.revenue.config import InstanceObject
from tallybridge.revenue.mapping import folded
from tallybridge.zuora_revenue import Template

METADATA = "metadata"


def all_datasets(site: Site) -> list[Dataset]:
    """Those that the role may see."""
    return list(_datasets(site).all())


def dataset_columns(site: Site, dataset: str) -> list[str]:
    """Column names of a dataset: the union over its first page. Columns that are empty there do not show."""
    return sorted({key for row in _datasets(site).page(dataset, 0).rows for key in row} - {"links"})


def template(site: Site, name: str) -> Template | None:
    """An upload template by its exact name."""
    return site.revenue(site.revenue_config().connection.revenue).template(name)


def refresh(site: Site, line: InstanceObject) -> dict[str, Any]:
    """Read both sides' columns of an object afresh and keep them for the screen; the mapping is not changed. An empty dataset shows no
    columns: then the last known list stays. {"columns", "template"}"""
    key = f"{METADATA}/{line.dataset}.json"
    columns = dataset_columns(site, line.dataset) or _known(site, key)
    _keep(site, key, columns)
    found = template(site, line.template)
    _keep(site, f"{METADATA}/template-{folded(line.template)}.json", found.to_json() if found else {})
    return {"columns": columns, "template": found}


def _known(site: Site, key: str) -> list[str]:
    try:
        body = site.objects().get_object(Bucket=site.target["REPORTS_BUCKET"], Key=f"configuration/{key}")["Body"].read()
    except site.objects().exceptions.NoSuchKey:
        return []
    return list(json.loads(body))


def _keep(site: Site, key: str, content: Any) -> None:
    body = json.dumps(content).encode()
    site.objects().put_object(Bucket=site.target["REPORTS_BUCKET"], Key=f"configuration/{key}", Body=body, ContentType="application/json")


def _datasets(site: Site) -> Datasets:
    return site.datasets(site.revenue_config().connection.netsuite)


def mapping_remarks(line: InstanceObject, columns: list[str], template: Template | None) -> Iterator[tuple[str, str]]:
    """What is to be said of a mapping: ("ERROR" | "STALE" | "NOTICE", text) for each remark (section 4, rule 4; section 5, rule 4)."""
    from tallybridge.revenue.columns import always_mandatory, canonical
    from tallybridge.revenue.identity import Identity

    if not line.mapping:
        yield "ERROR", "no column is mapped"
    elif not Identity.of(line):
        yield "NOTICE", "no key column and no line id: a dataset of more than one page (1,000 rows) is refused, since rows may be missing"
    if template is None:
        yield "ERROR", f'Zuora Revenue has no upload template "{line.template}"'
        return
    targets = {canonical(c.name) for c in template.columns}
    known = {folded(c) for c in columns}
    for each in line.mapping:
        if canonical(each.target) not in targets:
            yield "ERROR", f'the template has no column "{each.target}" (stale)'
        if columns and folded(each.source) not in known:
            yield "STALE", f'the source "{each.source}" is not in the first page of the dataset; it may be empty there, or gone'
    mapped = {canonical(each.target) for each in line.mapping}
    for column in template.columns:
        if always_mandatory(column.name, ()) and canonical(column.name) not in mapped:
            yield "NOTICE", f'the mandatory column "{column.label}" ({column.name}) is not mapped; data augmentation may fill it'
