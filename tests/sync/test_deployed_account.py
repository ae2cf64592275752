"""What the SuiteCloud project puts into a bare NetSuite account is enough: each step works with its fields, lists and permissions alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from tallybridge.desk.doctor import State
from tallybridge.desk.doctor.netsuite import checks
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.fields import wanted
from tallybridge.fields.netsuite import FIELDS, LISTS, NETSUITE_LINES, NetSuiteField
from tallybridge.fields.netsuite_role import ROLE, ROLE_ID, Permission
from tallybridge.settings import parse_settings
from tallybridge.sync.ledger import Owner
from tallybridge_cli.setup.netsuite_project import OBJECTS, Wanted, project
from tests.sync.full_world import FullWorld, Objects, customers_world, found, full_world
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

VITAL = tuple(f for f in FIELDS if any(use.vital for use in f.uses))


def project_of(fields: Collection[NetSuiteField], lacking: Permission | None = None) -> dict[str, str]:
    """The project with these fields, and a role that lacks a permission."""
    files = project(Wanted(tuple(fields), tuple(label for label in LISTS if any(f.label == label for f in fields))))
    if lacking is not None:
        path = f"{OBJECTS}{ROLE_ID}.xml"
        before, found, after = files[path].partition(f"  <permission>\n      <permkey>{lacking.key}</permkey>")
        assert found
        files[path] = before + after.partition("</permission>\n")[2]
    return files


class Deployed:
    """A world whose NetSuite account was bare, and has what was deployed; the connector logs in with the deployed role."""

    def __init__(self, mode: str, files: dict[str, str], **options: Any) -> None:
        self.content: FullWorld = customers_world() if mode == "customers" else full_world(mode)
        self.world = MemoryWorld.of(unserved_world(settlement=mode != "A"))
        vars(self.world.netsuite.options).update(bare=True, **options)
        self.world.reset(default_subsidiary="Parent Company", **self.content.settings)
        do = self.world.netsuite.by_hand
        do({"action": "features"})
        do({"action": "deploy", "files": files})
        do({"action": "role-to-user", "user": "Tallybridge", "role": ROLE_ID})
        client = do({"action": "integration", "name": "Tallybridge"})["client_id"]
        names = {"user": "Tallybridge", "role": ROLE_ID, "integration": "Tallybridge"}
        made = do({"action": "certificate", "pem": self.certificate(), **names})
        self.world.credentials["netsuite"] |= {"client_id": client, "certificate_id": made["certificate_id"]}
        self.world.load(self.content.first_zuora, self.known(self.content.first_netsuite))

    def known(self, objects: Objects) -> Objects:
        """The records without custom fields that the account lacks."""
        there = self.world.netsuite.tenant.catalog.custom
        return {
            kind: [{n: v for n, v in row.items() if not n.startswith("cust") or n in (*there, "customer")} for row in rows]
            for kind, rows in objects.items()
        }

    def certificate(self) -> str:
        private = load_pem_private_key(self.world.credentials["netsuite"]["private_key"].encode(), None)
        name, first = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tallybridge")]), self.world.clock.now() - timedelta(days=1)
        builder = x509.CertificateBuilder(name, name, private.public_key(), 1, first, first + timedelta(days=700))  # type: ignore[arg-type]
        return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()  # type: ignore[arg-type]

    def run(self) -> None:
        """Both runs."""
        outcomes = [self.world.run()["outcome"]]
        if self.content.second:
            self.world.clock.advance(minutes=30)
            self.world.load(netsuite=self.known(self.content.second))
            outcomes.append(self.world.run()["outcome"])
        assert set(outcomes) <= {"completed", "completed with warnings"}

    def found(self) -> Any:
        return found(self.content, self.world.zuora.dump(), self.world.netsuite.dump())


@pytest.mark.parametrize("mode", ["A", "B", "customers"])
def test_every_step_works_with_what_the_project_deploys(mode: str) -> None:
    deployed = Deployed(mode, project_of(FIELDS))
    deployed.run()
    assert deployed.found() == deployed.content.expected


def test_refunds_have_their_fields_whichever_flag_puts_them_there() -> None:
    deployed = Deployed("B", project_of(FIELDS), refund_flag="bodycustomerpayment")
    deployed.run()
    assert deployed.found() == deployed.content.expected


@pytest.mark.parametrize("mode", ["A", "B"])
def test_every_step_works_without_the_useful_fields(mode: str) -> None:
    deployed = Deployed(mode, project_of(VITAL))
    deployed.run()
    expected = {key: total for key, total in deployed.content.expected.items() if key[0] != "salesOrder"}
    assert deployed.found() == expected, "the order with a term is held: its terms cannot be entered"
    assert len(expected) == len(deployed.content.expected) - 1


LACKED = {
    ("B", "netsuite_payments"): ("Zuora Sync Updates", "Zuora Payment Reference ID", "Zuora Sync Date", "Zuora Integration Status"),
    ("B", "sales_orders"): ("Send to Zuora", "Zuora Integration Status"),
    ("B", "netsuite_refunds"): ("Create Zuora Refund", "Zuora Refund Payment Reference"),
}
"""By mode and step: fields without which the step stops."""


@pytest.mark.parametrize(("mode", "step", "label"), [(*key, label) for key, labels in LACKED.items() for label in labels])
def test_what_is_said_to_be_vital_is(mode: str, step: str, label: str) -> None:
    deployed = Deployed(mode, project_of([f for f in FIELDS if f.label != label]))
    with pytest.raises(ConfigurationError, match=rf'is missing field "{label}"'):
        [run() for run in (lambda: deployed.world.run(steps=[step]), deployed.run)]  # some only where there is something to do


def test_lines_of_invoices_are_known_by_their_zuora_id() -> None:
    deployed = Deployed("A", project_of([f for f in FIELDS if f.name != "custcol.Zuora ID"]))
    assert deployed.world.run()["outcome"] == "out of balance"
    check = next(w for w in wanted(NETSUITE_LINES["invoice"], {"invoices"}, "A") if w.label == "Zuora ID")
    assert check.vital and check.running, "the doctor fails on it"


@pytest.mark.parametrize(
    "key", ["LIST_ITEM", "TRAN_FIND", "LIST_ACCOUNT", "ADMI_ACCTPERIODS", "LIST_CURRENCY", "ADMI_CUSTFIELD", "REPO_ANALYTICS"]
)
def test_without_a_permission_of_the_role_a_run_stops(key: str) -> None:
    (lacking,) = (p for p in ROLE if p.key == key)
    deployed = Deployed("B", project_of(FIELDS, lacking))
    with pytest.raises(TallybridgeError):
        deployed.run()


def test_a_sourced_field_that_is_only_shown_is_told_by_the_doctor() -> None:
    files = project_of(FIELDS)
    path = f"{OBJECTS}custbodyzuoracustomeridsales.xml"
    deployed = Deployed("B", {**files, path: files[path].replace("<storevalue>T", "<storevalue>F")})
    settings = parse_settings(deployed.world.memory.settings)
    client = deployed.world.wiring().netsuite(settings, Owner("tests", "doctor", "person"))
    found = {c.name: c for c in checks(client, settings, "B")}
    assert found["sourced fields"].state is State.FAIL and "Zuora Customer ID (Sales)" in found["sourced fields"].detail
    assert [c.name for c in found.values() if c.state is State.FAIL] == ["sourced fields"], "nothing else is wrong with the account"
