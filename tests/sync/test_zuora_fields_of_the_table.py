"""The table of Zuora's fields is complete: every step works in a tenant that has its fields and no other, and filters by those alone
that the table says are filtered by."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tallybridge
from sandbox.by_hand.zuora_records import first_invoice
from sandbox.demo.catalogue import netsuite_reference
from tallybridge.errors import Refused
from tallybridge.fields.zuora import ALSO_WRITTEN, FIELDS, LABELS, LENGTH, MODE_OF, OBJECTS, TYPE, ZuoraField
from tallybridge.steps.shared.classification import KINDS
from tallybridge_cli.setup.zuora_reference import permissions
from tests.sync.full_world import FullWorld, customers_world, found, full_world
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

Objects = dict[str, list[dict[str, Any]]]
NAME = re.compile(r"\b[A-Z]\w*__NS\b")
OWN = re.compile(r"\b\w+__c\b")
COLUMN = re.compile(r"^j\d+_")
"""Of a joined table in SQL."""


def rows_of(fields: Collection[ZuoraField], *, legacy: bool) -> list[dict[str, Any]]:
    """The rows that a person enters, of one screen."""
    return [
        {
            "object": f.object,
            "name": f"{f.api}__c",
            "label": f.label,
            "type": TYPE,
            "length": LENGTH,
            "indexed": f.filterable,
        }
        for f in fields
        if (OBJECTS[f.object].kind == "legacy") == legacy
    ]


def suffixed(objects: Objects) -> Objects:
    """The objects with the names of a tenant that has made its fields itself."""
    return renamed(objects, "__NS", "__c")


def renamed(objects: Objects, old: str, new: str) -> Objects:
    return {
        kind: [{k.removesuffix(old) + new if k.endswith(old) else k: v for k, v in row.items()} for row in rows]
        for kind, rows in objects.items()
    }


class Tenant:
    """A tenant that has some fields of its own, and the world that runs in it."""

    def __init__(self, mode: str, fields: Collection[ZuoraField], **settings: Any) -> None:
        self.content: FullWorld = customers_world() if mode == "customers" else full_world(mode)
        self.world = MemoryWorld.of(unserved_world(settlement=mode != "A"))
        self.named: dict[str, set[str]] = defaultdict(set)
        options = self.world.zuora.options
        options.bare, options.admin_client_id, options.admin_client_secret = True, options.client_id, options.client_secret
        self.world.reset(**{"default_subsidiary": "Parent Company", "zuora.field_suffix": "__c", **self.content.settings, **settings})
        for legacy in (False, True):
            self.world.zuora.by_hand({"action": "fields", "rows": rows_of(fields, legacy=legacy), "legacy": legacy})
        self.world.clock.advance(minutes=1)
        self.world.load(suffixed(self.content.first_zuora), self.content.first_netsuite)
        self.listen()

    def work_as(self, permissions: dict[str, list[str]]) -> None:
        """Run as a user of whom these permissions are all that it has."""
        by_hand = self.world.zuora.by_hand
        by_hand({"action": "role", "name": "Tallybridge", "permissions": permissions})
        by_hand({"action": "user", "name": "tallybridge", "role": "Tallybridge"})
        self.world.credentials["zuora"] |= by_hand({"action": "client", "user": "tallybridge"})

    def listen(self) -> None:
        """Take down which fields of which object every request to Zuora names: "" where it is not said of which."""
        send = self.world.session.send

        def heard(request: Any, **how: Any) -> Any:
            body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
            if "/services/" not in request.url and OWN.search(body):
                kind = str(json.loads(body).get("type", "")) if "/v1/action/" in request.url else ""
                self.named[kind if kind in OBJECTS else ""].update(OWN.findall(body))
            return send(request, **how)

        self.world.session.send = heard  # type: ignore[method-assign]

    def run(self) -> None:
        """Both runs. Raises what stops a step."""
        outcomes = [self.world.run()["outcome"]]
        if self.content.second:
            self.world.clock.advance(minutes=30)
            self.world.load(netsuite=self.content.second)
            outcomes.append(self.world.run()["outcome"])
        assert set(outcomes) <= {"completed", "completed with warnings"}

    def found(self) -> Any:
        return found(self.content, renamed(self.world.zuora.dump(), "__c", "__NS"), self.world.netsuite.dump())


def fields_of(mode: str) -> list[ZuoraField]:
    own = "A" if mode == "A" else "B"
    return [f for f in FIELDS if MODE_OF.get(f.object, own) == own]


def literals(folder: Path) -> Iterator[str]:
    """Names of the connector's fields in the code, documentation aside."""
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not NAME.search(text):
            continue
        tree = ast.parse(text)
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield from NAME.findall(node.value)


@pytest.mark.parametrize("path", ["data_query", "zoql"])
@pytest.mark.parametrize("mode", ["A", "B", "customers"])
def test_every_step_works_with_the_fields_of_the_table_and_the_permissions_of_the_set_up_alone(mode: str, path: str) -> None:
    tenant = Tenant(mode, fields_of(mode), **{"zuora.read_path": path})
    own = "A" if mode == "A" else "B"
    tenant.work_as(permissions("", own, "to Zuora", f"to Zuora {own}"))
    tenant.run()
    if mode != "customers":
        assert tenant.found() == tenant.content.expected
    for kind, names in tenant.named.items():
        known = {f.api.lower() for f in FIELDS if kind in ("", f.object)}
        assert {COLUMN.sub("", n.lower()).removesuffix("__c") for n in names} <= known, kind


@pytest.mark.parametrize("mode", ["A", "B"])
def test_without_the_useful_fields_every_step_works_too(mode: str) -> None:
    tenant = Tenant(mode, [f for f in fields_of(mode) if f.vital])
    tenant.run()
    assert tenant.found() == tenant.content.expected


@pytest.mark.parametrize("lacking", ["API Write Access", "Run Data Queries (In UI Or API)", "Modify Invoice"])
def test_without_one_of_them_something_fails(lacking: str) -> None:
    tenant = Tenant("B", fields_of("B"))
    wanted = permissions("", "B", "to Zuora", "to Zuora B")
    tenant.work_as({category: [p for p in names if p != lacking] for category, names in wanted.items()})
    with contextlib.suppress(Refused):
        tenant.world.run()
    assert tenant.found() != tenant.content.expected_first


FILTERED = [f for f in FIELDS if f.filterable and f.api not in ("IntegrationId", "IntegrationStatus")]


@pytest.mark.parametrize("field", FILTERED, ids=lambda f: f"{f.object}.{f.api}")
def test_what_is_said_to_be_filtered_by_is(field: ZuoraField) -> None:
    mode = MODE_OF.get(field.object, "B")
    fields = [replace(f, filterable=f.filterable and f != field) for f in fields_of(mode)]
    tenant = Tenant(mode, fields, **{"zuora.read_path": "zoql"})
    if field.object == "Subscription":  # by its number an order is looked for that was begun before
        tenant.content.second["salesOrder"][0]["custbodyzuoraintegrationstatus"] = "Error Creating Subscription"
    with pytest.raises(Refused, match=f"(?i)invalid field for query: {field.object}.{field.api}__c"):
        tenant.run()


def test_every_field_that_the_code_names_is_in_the_table() -> None:
    named = {name.removesuffix("__NS") for name in literals(Path(tallybridge.__file__).parent)} | {k.capitalize() for k in KINDS}
    assert named == set(LABELS)
    assert {name for names in ALSO_WRITTEN.values() for name in names} <= named


def test_the_table_has_the_fields_of_the_specification() -> None:
    counted = {name: len(each.fields) for name, each in OBJECTS.items()}
    assert sum(counted.values()) == 75
    assert sum(len(each.fields) for each in OBJECTS.values() if each.kind == "legacy") == 9
    assert all(sum(f.filterable for f in each.fields) <= 10 for each in OBJECTS.values()), "the smallest edition has 10"


@pytest.mark.parametrize("tax_code", ["", "WORLD"])
def test_the_first_invoice_of_a_new_tenant_ties_out(tax_code: str) -> None:
    tenant = Tenant("B", fields_of("B"))
    world = tenant.world
    world.reset(default_subsidiary="Parent Company", **{"zuora.field_suffix": "__c"})
    world.zuora.by_hand({"action": "fields", "rows": rows_of(fields_of("B"), legacy=False), "legacy": False})
    world.clock.advance(minutes=1)
    reference = netsuite_reference()
    item = str(reference["nonInventorySaleItem"][0]["id"])
    world.zuora.tenant.settings.make_accounting_code(item, "SalesTaxPayable")
    world.zuora.by_hand({"action": "tax-code", "name": "WORLD", "accounting_code": item})
    world.load(first_invoice("2026-11-01", "__c", tax_code), reference)
    output = world.run()
    assert (output["outcome"], output["tiedOut"]) == ("completed", True)
    (invoice,) = world.in_netsuite("invoice")
    assert invoice["total"] == (120 if tax_code else 100)
