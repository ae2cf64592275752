"""The checks of the set-up, with clients that answer from memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tallybridge.errors import LoginRefused, Refused
from tallybridge.netsuite import FieldInfo, RecordSchema
from tallybridge.netsuite.client import GovernanceLimits
from tallybridge.settings import Settings
from tallybridge.steps.reference import TABLES, derived_id, prefix_of
from tallybridge_cli.doctor import State, both, examine, netsuite, zuora
from tallybridge_cli.doctor.check import Check, conclusion, shown
from tallybridge_cli.doctor.examine import Systems
from tallybridge_cli.target import Target

LIMITS = GovernanceLimits(account=10, unallocated=10, integration=None, kind="")


@dataclass
class FakeNetSuite:
    """Has every field and the given tables; SuiteQL rows by query."""

    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    limits: GovernanceLimits | Refused | None = None
    refused: bool = False
    lacks: frozenset[str] = frozenset()

    def server_time(self) -> datetime:
        if self.refused:
            raise LoginRefused("NetSuite refused the login.", service="NetSuite", code="NS-LOGIN-401")
        return datetime(2026, 5, 4, 3, 0, tzinfo=UTC)

    def governance_limits(self) -> GovernanceLimits:
        if isinstance(self.limits, Refused):
            raise self.limits
        return self.limits or LIMITS

    def metadata(self, record_type: str) -> RecordSchema:
        labels = set(netsuite.BODY[record_type].split("|")) - self.lacks
        lines = set(netsuite.LINE.get(record_type, "Zuora ID").split("|")) - self.lacks
        prefix = prefix_of(record_type)
        return RecordSchema(
            {derived_id(prefix, label): FieldInfo(label, "string", True) for label in labels},
            {"item": {derived_id("custcol", label): FieldInfo(label, "string", True) for label in lines}},
        )

    def suiteql(self, q: str, params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        if params:
            return iter([{"id": p} for p in params if p == "900"])
        table = next(name for name, query in TABLES.items() if query == q)
        return iter(self.tables.get(table, []))


@dataclass
class FakeZuora:
    """Has the connector's fields, Invoice Settlement, and the given answers to SQL."""

    settlement: bool = True
    used: dict[str, dict[str, int]] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()

    def invoice_settlement_enabled(self) -> bool:
        return self.settlement

    def describe(self, object_type: str) -> list[Any]:
        names = [n for n in zuora.NEEDED[object_type] if n not in self.lacks]
        return [type("F", (), {"name": f"{n}__NS", "updateable": True})() for n in names]

    def describe_table(self, table: str) -> dict[str, str]:
        return {"id": "varchar"}

    def data_query(self, sql: str) -> Iterator[dict[str, Any]]:
        title = next(name for name, (query, _) in both.USED.items() if query == sql)
        return iter([{"name": name, "used": used} for name, used in self.used.get(title, {}).items()])


def examined(target: Target, z: FakeZuora | None = None, n: FakeNetSuite | None = None, **settings: Any) -> dict[str, Check]:
    """Every check by area and name, after storing the settings."""
    target.client("ssm").put_parameter(Name=target["SETTINGS_PARAMETER"], Value=json.dumps(settings), Type="String", Overwrite=True)
    made: Any = lambda target, settings: Systems(settings, z or FakeZuora(), n or FakeNetSuite())  # type: ignore[arg-type]  # noqa: E731
    return {f"{c.area}: {c.name}": c for c in examine(target, made)}


def test_checks_of_both_sides_are_made_when_both_logins_work(target: Target) -> None:
    found = examined(target)
    assert found["Zuora: login"].state is State.OK
    assert found["Both sides: payment terms"].state is State.OK
    assert found["AWS: status table"].state is State.OK


def test_settings_that_are_wrong_end_the_examination_with_their_key(target: Target) -> None:
    found = examined(target, default_subsidary="Parent Company")
    assert found["Settings: document"].state is State.FAIL
    assert "default_subsidary" in found["Settings: document"].detail
    assert "NetSuite: login" not in found


def test_a_refused_login_fails_and_leaves_out_what_depends_on_it(target: Target) -> None:
    found = examined(target, n=FakeNetSuite(refused=True))
    assert found["NetSuite: login"].state is State.FAIL
    assert "NS-LOGIN-401" in found["NetSuite: login"].detail
    assert found["Zuora: fields of Account"].state is State.OK
    assert not any(name.startswith("Both sides") for name in found)


def test_a_table_without_its_index_fails(target: Target) -> None:
    target.client("dynamodb").update_table(
        TableName="status",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "attention"}}],
    )
    assert examined(target)["AWS: status table"].state is State.FAIL


def test_incomplete_credentials_are_named_without_a_value(target: Target) -> None:
    target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString='{"zuora": {"client_secret": "hush"}}')
    found = {f"{c.area}: {c.name}": c for c in examine(target)}
    assert found["Credentials: secret"].state is State.FAIL
    assert '"netsuite"' in found["Credentials: secret"].detail
    assert "hush" not in str(found)


def test_missing_status_fields_fail_and_missing_others_warn(target: Target) -> None:
    assert examined(target, FakeZuora(lacks=frozenset({"IntegrationId"})))["Zuora: fields of Invoice"].state is State.FAIL
    found = examined(target, FakeZuora(lacks=frozenset({"Department"})))["Zuora: fields of Account"]
    assert (found.state, '"Department__NS"' in found.detail) == (State.WARN, True)


def test_fields_that_cannot_be_written_fail() -> None:
    known = {f"{n}__NS": False for n in zuora.COMMON}
    assert zuora.fields_check("Invoice", zuora.COMMON, known, "__NS").state is State.FAIL


def test_a_missing_zuora_id_fails_and_a_missing_other_field_warns(target: Target) -> None:
    assert examined(target, n=FakeNetSuite(lacks=frozenset({"Zuora ID"})))["NetSuite: fields of invoice"].state is State.FAIL
    found = examined(target, n=FakeNetSuite(lacks=frozenset({"Zuora Charge Date"})))["NetSuite: fields of invoice"]
    assert found.state is State.WARN
    assert "line: Zuora Charge Date" in found.detail


def test_a_field_counts_by_map_by_label_or_by_derived_id() -> None:
    by_label = RecordSchema({"custbody_other": FieldInfo("Zuora ID", "string", True)})
    by_id = RecordSchema({"custbodyzuoraid": FieldInfo("Anything", "string", True)})
    neither = RecordSchema({"custbody_mine": FieldInfo("Mine", "string", True)})
    assert netsuite.fields_check("invoice", ["Zuora ID"], [], by_label, {}).state is State.OK
    assert netsuite.fields_check("invoice", ["Zuora ID"], [], by_id, {}).state is State.OK
    assert netsuite.fields_check("invoice", ["Zuora ID"], [], neither, {}).state is State.FAIL
    assert netsuite.fields_check("invoice", ["Zuora ID"], [], neither, {"custbody.Zuora ID": "custbody_mine"}).state is State.OK


@pytest.mark.parametrize(
    ("wanted", "limits", "state"),
    [
        (5, LIMITS, State.OK),
        (11, LIMITS, State.WARN),
        (5, GovernanceLimits(account=10, unallocated=5, integration=3, kind=""), State.WARN),
        (5, Refused("no", service="NetSuite"), State.OK),
    ],
)
def test_more_calls_at_a_time_than_netsuite_answers_are_warned_of(wanted: int, limits: Any, state: State) -> None:
    settings = Settings.model_validate({"netsuite_max_concurrency": wanted})
    assert netsuite.concurrency_check(FakeNetSuite(limits=limits), settings).state is state  # type: ignore[arg-type]


def test_a_name_in_the_settings_that_netsuite_lacks_fails_with_its_label(target: Target) -> None:
    found = examined(target, default_class="Software : Nowhere")["NetSuite: default_class"]
    assert found.state is State.FAIL
    assert '"Software : Nowhere" was not found in NetSuite' in found.detail


def test_a_name_that_stands_for_two_records_fails(target: Target) -> None:
    twice = FakeNetSuite({"class": [{"id": "1", "name": "Software"}, {"id": "2", "name": "Software"}]})
    assert examined(target, n=twice, default_class="Software")["NetSuite: default_class"].state is State.FAIL


@pytest.mark.parametrize(("customer", "state"), [("900", State.OK), ("901", State.FAIL)])
def test_the_customer_for_unassigned_payments_must_exist(target: Target, customer: str, state: State) -> None:
    found = examined(target, unassigned_payments_customer_id=customer)
    assert found["NetSuite: unassigned_payments_customer_id"].state is state


def test_terms_that_zuora_uses_and_netsuite_lacks_are_named_with_their_records(target: Target) -> None:
    found = examined(
        target,
        FakeZuora(used={"payment terms": {"Net 30": 4, "Net 37": 2}}),
        FakeNetSuite({"term": [{"id": "1", "name": "Net 30"}]}),
    )["Both sides: payment terms"]
    assert found.state is State.WARN
    assert '"Net 37", used by 2 records' in found.detail
    assert "Net 30" not in found.detail


def test_payment_methods_are_compared_after_translation() -> None:
    check = both.compared("payment methods", {"BankTransfer": 1}, ["Wire"], {"BankTransfer": "Wire"})
    assert check.state is State.OK


def test_a_check_shows_its_next_step_and_the_conclusion_counts() -> None:
    bad = Check("NetSuite", "login", State.FAIL, "refused", "Check the role.")
    assert "Next: Check the role." in shown(bad).plain
    assert conclusion([bad, bad]).plain.startswith("2 checks failed")
    assert conclusion([Check("AWS", "x", State.WARN)]).plain.startswith("A run can work. 1 check needs")
    assert conclusion([Check("AWS", "x", State.OK)]).plain == "Everything is in place."


def test_an_unverified_sender_fails(target: Target) -> None:
    settings: Any = {"notify_recipients": ["finance@example.com"], "notify_sender": "sync@example.com"}
    assert examined(target, **settings)["Mail: sender"].state is State.FAIL
    target.client("ses").verify_domain_identity(Domain="example.com")
    assert examined(target, **settings)["Mail: sender"].state is State.OK


def test_nobody_to_tell_is_warned_of(target: Target) -> None:
    assert examined(target)["Mail: recipients"].state is State.WARN
