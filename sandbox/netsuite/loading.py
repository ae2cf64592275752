"""Whole objects in and out: what the control endpoints `load` and `dump` do."""

from __future__ import annotations

from typing import Any

from sandbox.control import LoadRefused
from sandbox.netsuite.customfields import CustomField, from_object
from sandbox.netsuite.dataset_options import DatasetOptions
from sandbox.netsuite.datasets import DATASET, DATASET_SETTINGS, Dataset
from sandbox.netsuite.exceptions import NetSuiteError, invalid_value
from sandbox.netsuite.output import Renderer
from sandbox.netsuite.records import EXTERNAL_PREFIX, Before, Records, WriteOptions
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.schema import RecordType
from sandbox.netsuite.store import Record, Unit, undo
from sandbox.netsuite.values import Validation, parse_time

CUSTOM_FIELD = "customField"
DELETED = "deleted"
"""Member of a row that says that somebody deletes the record, as the screens let them."""
Objects = dict[str, list[dict[str, Any]]]


class Loader:
    """Loads and dumps the account's objects by record type."""

    def __init__(self, tenant: Tenant, records: Records, datasets: dict[str, Dataset]) -> None:
        self.tenant = tenant
        self.records = records
        self.datasets = datasets

    def load(self, objects: Objects) -> dict[str, int]:
        """Create or update the objects, in the order of what depends on what, all or none. Raises `LoadRefused`."""
        fields = self.tenant.catalog.custom
        undone: Before = []
        errors: list[dict[str, Any]] = []
        if not isinstance(objects, dict) or not all(_is_rows(rows) for rows in objects.values()):
            raise ValueError("load takes an object whose members are lists of objects")
        known = {n.lower() for n in objects}
        unknown = [n for n in objects if n not in (CUSTOM_FIELD, DATASET, DATASET_SETTINGS) and n.lower() not in self.tenant.catalog.types]
        errors += [{"type": n, "index": 0, "message": f"Record type '{n}' does not exist."} for n in unknown]
        self._load_custom_fields(objects.get(CUSTOM_FIELD, []), errors)
        datasets = self._read_datasets(objects.get(DATASET, []), errors)
        settings = self._read_settings(objects.get(DATASET_SETTINGS, []), errors)
        coming = self._transactions_in(objects)
        finished = False
        try:
            for kind in [k for name, k in self.tenant.catalog.types.items() if name in known]:
                given = next(rows for name, rows in objects.items() if name.lower() == kind.name.lower())
                self._load_type(kind, given, coming, undone, errors)
            if not errors:
                undone += self._keep_dates(objects)
            finished = not errors
        finally:
            if not finished:
                undo(self.tenant.store, undone)
                if self.tenant.catalog.custom is not fields:
                    self.tenant.set_custom_fields(fields)
        if errors:
            raise LoadRefused(errors)
        self.datasets.update(datasets)
        self.tenant.options.datasets.change(settings)
        return {name: len(rows) for name, rows in objects.items()}

    @staticmethod
    def _read_datasets(rows: list[dict[str, Any]], errors: list[dict[str, Any]]) -> dict[str, Dataset]:
        found: dict[str, Dataset] = {}
        for index, row in enumerate(rows):
            try:
                made = Dataset.from_object(row)
                found[made.id] = made
            except (ValueError, TypeError, AttributeError) as wrong:
                errors.append({"type": DATASET, "index": index, "message": str(wrong)})
        return found

    @staticmethod
    def _read_settings(rows: list[dict[str, Any]], errors: list[dict[str, Any]]) -> dict[str, Any]:
        checked: dict[str, Any] = {}
        for index, row in enumerate(rows):
            try:
                DatasetOptions().change(row)
                checked |= row
            except (ValueError, TypeError) as wrong:
                errors.append({"type": DATASET_SETTINGS, "index": index, "message": str(wrong)})
        return checked

    def _load_custom_fields(self, rows: list[dict[str, Any]], errors: list[dict[str, Any]]) -> None:
        if not rows:
            return
        fields: dict[str, CustomField] = dict(self.tenant.catalog.custom)
        for index, row in enumerate(rows):
            try:
                if row.get("isInactive"):
                    del fields[str(row["scriptId"])]
                else:
                    made = from_object({**_known(fields.get(str(row.get("scriptId")))), **row}, self.tenant.catalog.lists)
                    fields[made.script_id] = made
            except (ValueError, KeyError) as wrong:
                errors.append({"type": CUSTOM_FIELD, "index": index, "message": f"{type(wrong).__name__}: {wrong}"})
        self.tenant.set_custom_fields(fields)

    def _transactions_in(self, objects: Objects) -> frozenset[int]:
        """Internal ids of the transactions among these objects."""
        kinds = {name.lower() for name, kind in self.tenant.catalog.types.items() if kind.group == "transaction"}
        rows = (row for name, given in objects.items() if name.lower() in kinds for row in given)
        return frozenset(int(row["id"]) for row in rows if str(row.get("id")).isdigit())

    def _load_type(
        self, kind: RecordType, rows: list[dict[str, Any]], coming: frozenset[int], undone: Before, errors: list[dict[str, Any]]
    ) -> None:
        """Rows that wait for a later row of the same type (a parent) are tried again as long as some get through."""
        waiting = list(enumerate(rows))
        while waiting:
            refused = []
            for index, row in waiting:
                try:
                    undone += self._load_one(kind, row, coming)
                except NetSuiteError as error:
                    refused.append((index, row, error))
            if len(refused) == len(waiting):
                errors += [{"type": kind.name, "index": i, "message": str(e)} for i, _, e in refused]
                return
            waiting = [(index, row) for index, row, _ in refused]

    def _load_one(self, kind: RecordType, row: dict[str, Any], coming: frozenset[int]) -> Before:
        how = WriteOptions(Validation(names="error"), loading=True, coming=coming)
        stored = self._stored(kind, row)
        if row.get(DELETED):
            return self.records.delete(stored or self.records.find(kind, _identifier(row)))
        if stored is not None:
            return self.records.update(self.records.find(kind, str(stored.id)), row, how)[1]
        if row.get("id") is not None and not str(row["id"]).isdigit():
            raise invalid_value(row["id"], "id", "id")
        identifier = int(row["id"]) if row.get("id") is not None else None
        return self.records.create(kind, row, how, identifier=identifier)[1]

    def _keep_dates(self, objects: Objects) -> Before:
        """Applying a document changes another one; what was loaded keeps the date of change that it came with."""
        unit = Unit(self.tenant.store)
        known = {name: self.tenant.catalog.types[name.lower()] for name in objects if name.lower() in self.tenant.catalog.types}
        for name, kind in known.items():
            for row in (row for row in objects[name] if row.get("lastModifiedDate")):
                stored, given = self._stored(kind, row), parse_time(row["lastModifiedDate"])
                if stored is not None and stored.values.get("lastModifiedDate") not in (None, given):
                    unit.edit(stored.type.group, stored.id).values["lastModifiedDate"] = given
        return unit.commit()

    def _stored(self, kind: RecordType, row: dict[str, Any]) -> Record | None:
        named = row.get("id") is not None or row.get("externalId")
        return self.records.lookup(kind, _identifier(row)) if named else None

    def of_type(self, name: str) -> list[dict[str, Any]]:
        """The records of a type, as `load` would take them."""
        renderer = Renderer(self.tenant, "")
        return [renderer.whole(record) for record in self.tenant.store.all(name)]

    def dump(self) -> Objects:
        """Everything there is, as `load` would take it; types without records are left out."""
        found: Objects = {CUSTOM_FIELD: [f.as_object() for f in self.tenant.catalog.custom.values()]}
        for kind in self.tenant.catalog.types.values():
            if rows := self.of_type(kind.name):
                found[kind.name] = rows
        if self.datasets:
            found[DATASET] = [d.as_object() for d in self.datasets.values()]
        return found


def _identifier(row: dict[str, Any]) -> str:
    """How a path names the record that a row means."""
    return str(row["id"]) if row.get("id") is not None else EXTERNAL_PREFIX + str(row.get("externalId", ""))


def _is_rows(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def _known(field: CustomField | None) -> dict[str, Any]:
    return field.as_object() if field else {}
