"""The operations of the record service, each giving the answer it has on its own: at once, or as the result of a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, malformed, nonexistent, user_error
from sandbox.netsuite.output import Renderer
from sandbox.netsuite.records import EXTERNAL_PREFIX, Records, WriteOptions
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.schema import RecordType
from sandbox.netsuite.store import Record, Unit
from sandbox.netsuite.transforms import transform

Body = dict[str, Any]


@dataclass
class Outcome:
    """Status, body and `Location` of one operation."""

    status: int
    body: Body | None = None
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "singular"


@dataclass(frozen=True)
class Reading:
    """What of a record is to be read: body fields (None: all), and what is expanded."""

    only: frozenset[str] | None = None
    expand: bool | frozenset[str] = False
    simple_enums: bool = False


Operation = Callable[[], Outcome]


class Operations:
    """Operations on one account; `base` is scheme and host for links."""

    def __init__(self, tenant: Tenant, records: Records, base: str) -> None:
        self.tenant = tenant
        self.records = records
        self.base = base

    def _written(self, record: Record, how: WriteOptions) -> Outcome:
        headers = {"Warning": f'299 - "{" ".join(how.validation.warnings)}"'} if how.validation.warnings else {}
        location = Renderer(self.tenant, self.base).href(record.type.name, record.id)
        return Outcome(204, location=location, headers=headers)

    def create(self, kind: RecordType, body: Body, how: WriteOptions) -> Outcome:
        return self._written(self.records.create(kind, body, how)[0], how)

    def update(self, kind: RecordType, identifier: str, body: Body, how: WriteOptions) -> Outcome:
        return self._written(self.records.update(self.records.find(kind, identifier), body, how)[0], how)

    def upsert(self, kind: RecordType, identifier: str, body: Body, how: WriteOptions) -> Outcome:
        if not identifier.startswith(EXTERNAL_PREFIX):
            raise malformed(identifier)
        return self._written(self.records.upsert(kind, identifier.removeprefix(EXTERNAL_PREFIX), body, how)[0], how)

    def delete(self, kind: RecordType, identifier: str) -> Outcome:
        self.records.delete(self.records.find(kind, identifier))
        return Outcome(204)

    def read(self, kind: RecordType, identifier: str, reading: Reading) -> Outcome:
        record = self.records.find(kind, identifier)
        renderer = Renderer(self.tenant, self.base, reading.simple_enums)
        return Outcome(200, renderer.document(record, expand=reading.expand, only=reading.only))

    def sub_resource(self, kind: RecordType, identifier: str, path: list[str], expand: bool) -> Outcome:
        record = self.records.find(kind, identifier)
        document = Renderer(self.tenant, self.base).sub_resource(record, path, expand)
        return Outcome(200, document, kind="collection" if "items" in document else "singular")

    def transform(self, kind: RecordType, identifier: str, target: str, body: Body, how: WriteOptions) -> Outcome:
        how.by_transform = True
        source = self.records.find(kind, identifier)
        return self._written(transform(self.tenant, self.records, source, target, body, how)[0], how)

    def attach(self, kind: RecordType, identifier: str, other: str, other_id: str, body: Body | None) -> Outcome:
        """Link a contact to a customer (`body` may give its role), or with None unlink it."""
        holder = self.records.find(kind, identifier)
        if other.lower() != "contact" or kind.name != "customer":
            raise malformed(other)
        contact = self.records.find(self.records.kind("contact"), other_id)
        unit = Unit(self.tenant.store)
        changed = unit.edit("entity", holder.id)
        roles = [line for line in changed.lines.get("contactRoles", []) if line["contact"] != contact.id]
        if body is None and len(roles) == len(changed.lines.get("contactRoles", [])):
            raise user_error("The contact is not attached to this record.")
        if body is not None:
            roles.append({"contact": contact.id, **_role(body)})
        changed.lines["contactRoles"] = roles
        unit.commit()
        return Outcome(204)

    def batch_target(self, kind: RecordType, item: Body, upsert: bool) -> str:
        """The id under which an item of a batch is written: `id` wins over `externalId`; an upsert needs the latter."""
        external = item.get("externalId")
        if not upsert and item.get("id") is not None:
            return str(item["id"])
        if external is None:
            raise nonexistent()
        return EXTERNAL_PREFIX + str(external)


def _role(body: Body) -> Body:
    role = body.get("role")
    identifier = role.get("id") if isinstance(role, dict) else role
    return {"role": int(str(identifier))} if identifier is not None and str(identifier).lstrip("-").isdigit() else {}


def outcome_of(operation: Operation) -> Outcome:
    """Run an operation; a refusal becomes its error document."""
    try:
        return operation()
    except NetSuiteError as error:
        return Outcome(error.status, error.document(), headers=error.headers, kind="error")
