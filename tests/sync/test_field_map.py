"""Script ids of NetSuite's fields: derived, found by label, or named in the setting field_map; and Yes/No fields of either kind."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.field_names import derived_id
from tallybridge.steps.shared.reference import RecordFields, Reference
from tests.sync import customer_world
from tests.sync.builders import invoice, zid
from tests.sync.customer_world import accounts, customer
from tests.sync.invoice_world import change, ready
from tests.sync.memory import MemoryWorld
from tests.sync.ran import ran

OWN = {"custbody.Zuora ID": "custbody_z_key", "custbody.Zuora Reference Number": "custbody_z_no", "custcol.Zuora ID": "custcol_z_line"}
LABELS = {"custbody_z_key": "Key", "custbody_z_no": "Number", "custcol_z_line": "Line key"}
YES_NO = "custentitysendtozuora"


@pytest.mark.rule("custom-fields.2.1.pattern")
@pytest.mark.parametrize(
    ("prefix", "label", "script_id"),
    [
        ("custentity", "Zuora Sold To ID", "custentityzuorasoldtoid"),
        ("custbody", "Zuora Customer ID (Payment)", "custbodyzuoracustomeridpayment"),
        ("custentity", "Zuora Bill To Tax Region", "custentityzuorabilltotaxregion"),
        ("custitem", "Zuora Product Rate Plan Charge Name", "custitemzuoraproductrateplanchargename"),
        ("custcol", "Zuora Service Start Date", "custcolzuoraservicestartdate2"),
        ("custcol", "Zuora Service End Date", "custcolzuoraserviceenddate2"),
        ("custbody", "Zuora Reference Number", "custbodyzuorareferencenumber"),
    ],
)
def test_a_script_id_is_derived_from_the_label(prefix: str, label: str, script_id: str) -> None:
    assert derived_id(prefix, label) == script_id


@pytest.mark.rule("custom-fields.2.1.field-map")
@pytest.mark.parametrize(("record_type", "prefix"), [("customer", "custentity"), ("serviceSaleItem", "custitem"), ("invoice", "custbody")])
def test_the_field_map_prevails_over_the_label_and_the_label_over_the_pattern(record_type: str, prefix: str) -> None:
    labelled = {record_type: RecordFields(custom={"Zuora ID": f"{prefix}_by_label"})}
    assert Reference().custom(record_type, "Zuora ID") == f"{prefix}zuoraid"
    assert Reference(fields=labelled).custom(record_type, "Zuora ID") == f"{prefix}_by_label"
    mapped = Reference(fields=labelled, overrides={f"{prefix}.Zuora ID": "custom_mine"})
    assert mapped.custom(record_type, "Zuora ID") == "custom_mine"


@pytest.mark.rule("custom-fields.2.1.field-map", "settings.key.field_map")
def test_fields_of_the_field_map_are_written_and_searched(fast: MemoryWorld) -> None:
    fields = [{"scriptId": i, "label": label, "type": "text", "appliesTo": ["invoice"]} for i, label in LABELS.items()]
    ready(fast, invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"), netsuite={"customField": fields}, field_map=OWN)
    assert ran(fast).outcome == "completed"
    (made,) = fast.in_netsuite("invoice")
    assert (made["custbody_z_key"], made["custbody_z_no"]) == (zid("INV1"), "INV1")
    assert [line["custcol_z_line"] for line in made["item"]["items"]] == [zid("INV1 item 1")]
    assert not {"custbodyzuoraid", "custbodyzuorareferencenumber"} & made.keys()
    fast.netsuite.load({"invoice": [{"id": str(made["id"]), "externalId": "another-connector"}]})
    change(fast, "Invoice", "INV1", IntegrationStatus__NS="Creating Invoice", TransferredToAccounting="Processing", IntegrationId__NS=None)
    ran(fast)
    assert len(fast.in_netsuite("invoice")) == 1, "found by the mapped field"
    assert fast.in_zuora("Invoice", "INV1")["IntegrationId__NS"] == str(made["id"])


@pytest.mark.rule("custom-fields.F5.send-to-zuora")
@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("checkbox", True, True),
        ("checkbox", False, False),
        *(("text", value, True) for value in ("Yes", "T", "true")),
        *(("text", value, False) for value in ("No", "F", "false", None)),
    ],
)
def test_send_to_zuora_may_be_a_check_box_or_a_yes(fast: MemoryWorld, kind: str, value: Any, sent: bool) -> None:
    customer_world.ready(fast)
    fast.netsuite.load({"customField": [{"scriptId": YES_NO, "label": "Send to Zuora", "type": kind, "appliesTo": ["customer"]}]})
    fast.load(netsuite={"customer": [customer("801", **{YES_NO: value})]})
    customer_world.run(fast)
    assert len(accounts(fast)) == sent
