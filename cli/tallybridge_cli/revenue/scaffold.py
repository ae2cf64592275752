"""A configuration to begin with, made from a dataset and an upload template: columns of the same name are mapped."""

from __future__ import annotations

import re
from typing import Any

from tallybridge.desk.revenue.metadata import all_datasets, dataset_columns
from tallybridge.desk.revenue.metadata import template as template_of
from tallybridge.desk.revenue.site import Site
from tallybridge.errors import ConfigurationError
from tallybridge.netsuite.datasets import Dataset
from tallybridge.revenue.codes import Code
from tallybridge.revenue.columns import always_mandatory, canonical
from tallybridge.revenue.config import STANDARD_OBJECTS
from tallybridge.zuora_revenue import Template, TemplateColumn


def scaffold(site: Site, dataset: str, template: str, object_type: str, instance: str) -> tuple[dict[str, Any], list[str]]:
    """The present configuration with one more object, and what a person still has to decide. `dataset` is an id or an exact name;
    `object_type` "" takes the standard object that the template's name speaks of. Raises `ConfigurationError`."""
    source = _dataset(site, dataset)
    target = template_of(site, template)
    if target is None:
        advice = "Enter the exact name of the upload template, as Revenue shows it."
        raise ConfigurationError(
            f'Zuora Revenue has no upload template "{template}".', place="template", code=str(Code.TEMPLATE_NOT_FOUND), advice=advice
        )
    columns = dataset_columns(site, source.id)
    mapping, remarks = mapped(columns, target)
    if not columns:
        remarks.insert(0, f"the dataset {source.id} shows no row, so its columns are not known: fill in the sources by hand")
    name = object_type or next((o for o in STANDARD_OBJECTS if _plain(o) in _plain(template)), template)
    line = {"object": name, "dataset": source.id, "dataset_name": source.name, "template": target.name, "mapping": mapping}
    return _with_object(site.document(), instance, line), remarks


def _dataset(site: Site, wanted: str) -> Dataset:
    every = all_datasets(site)
    found = [d for d in every if d.id == wanted] or [d for d in every if d.name == wanted]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} datasets are called" if found else "The NetSuite role sees no dataset"
    advice = "`tallybridge revenue datasets` lists them; the id is unique."
    raise ConfigurationError(f'{problem} "{wanted}".', place="dataset", code=str(Code.DATASET_NOT_FOUND), advice=advice)


def mapped(sources: list[str], template: Template) -> tuple[list[dict[str, str]], list[str]]:
    """Columns that go by one name on both sides (that of the staging column, its other name, or its label), and what is left over."""
    by_name: dict[str, str] = {}
    for source in sources:
        by_name.setdefault(_plain(canonical(source)), source)
        by_name.setdefault(_plain(source), source)
    lines, used, remarks = [], set(), []
    for column in template.columns:
        fitting = next((by_name[n] for n in _names(column) if n in by_name and by_name[n] not in used), None)
        if fitting is not None:
            used.add(fitting)
            lines.append({"source": fitting, "target": column.name})
        elif always_mandatory(column.name, ()):
            remarks.append(f"nothing is mapped to the mandatory column {column.label} ({column.name})")
    remarks += [f"the column {source} of the dataset is mapped to nothing" for source in sources if source not in used]
    return lines, remarks


def _names(column: TemplateColumn) -> tuple[str, ...]:
    return (_plain(column.name), _plain(canonical(column.name)), _plain(column.label))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _with_object(document: dict[str, Any], instance: str, line: dict[str, Any]) -> dict[str, Any]:
    instances = [dict(each) for each in document.get("instances", [])]
    known = next((each for each in instances if str(each.get("name", "")).lower() == instance.lower()), None)
    if known is None:
        known = {"name": instance, "objects": []}
        instances.append(known)
    known["objects"] = [o for o in known.get("objects", []) if str(o.get("object", "")).lower() != line["object"].lower()] + [line]
    return {**document, "instances": instances}
