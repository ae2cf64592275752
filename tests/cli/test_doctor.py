"""The checks of the set-up, with clients that answer from memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.aws.mail import MailAccount
from tallybridge.desk.doctor import State, both, examine, netsuite, preferences, zuora
from tallybridge.desk.doctor.check import Check
from tallybridge.desk.doctor.examine import Systems
from tallybridge.errors import LoginRefused, NotFound, Refused
from tallybridge.field_names import derived_id
from tallybridge.fields import netsuite as kinds
from tallybridge.fields import wanted
from tallybridge.fields.netsuite import NETSUITE, NETSUITE_LINES, prefix_of
from tallybridge.fields.zuora import ZUORA
from tallybridge.netsuite import FieldInfo, RecordSchema
from tallybridge.netsuite.client import GovernanceLimits
from tallybridge.settings import Settings
from tallybridge.steps.shared.reference import PERIODS, TABLES
from tallybridge.sync.ledger import ATTENTION_INDEX, NUMBER_INDEX, PERIOD_INDEX
from tallybridge_cli.checks import conclusion, shown
from tallybridge_cli.target import Target

MAY = {"periodname": "May 2026", "first": "2026-05-01", "last": "2026-05-31", "closed": "F", "arlocked": "F", "alllocked": "F"}
LAST = "SELECT * FROM (SELECT t.tranid"
LIMITS = GovernanceLimits(account=10, unallocated=10, integration=None, kind="")


@dataclass
class FakeNetSuite:
    """Has every field and the given tables; SuiteQL rows by query."""

    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    limits: GovernanceLimits | Refused | None = None
    refused: bool = False
    hides_deletions: bool = False
    lacks: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    unstored: frozenset[str] = frozenset()
    types: dict[str, str] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(kinds.LISTS.values()))
    periods: list[dict[str, str]] = field(default_factory=lambda: [{**MAY}])
    answers: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """Rows of queries that begin so."""

    def server_time(self) -> datetime:
        if self.refused:
            raise LoginRefused("NetSuite refused the login.", service="NetSuite", code="NS-LOGIN-401")
        return datetime(2026, 5, 4, 3, 0, tzinfo=UTC)

    def governance_limits(self) -> GovernanceLimits:
        if isinstance(self.limits, Refused):
            raise self.limits
        return self.limits or LIMITS

    def metadata(self, record_type: str) -> RecordSchema:
        if record_type in self.denied:
            raise Refused("the role lacks a permission", service="NetSuite", status=403)
        if record_type == "journalEntry":
            return RecordSchema({})
        if record_type in self.absent:
            raise NotFound(f"Record type {record_type} does not exist.", service="NetSuite", status=404)
        labels = {w.label for w in wanted(NETSUITE[record_type], ())} - self.lacks
        lines = {w.label for w in wanted(NETSUITE_LINES.get(record_type, ()), ())} - self.lacks
        prefix = prefix_of(record_type)
        return RecordSchema(
            {derived_id(prefix, label): self.field(label) for label in labels},
            {"item": {derived_id("custcol", label): self.field(label) for label in lines}},
        )

    def field(self, label: str) -> FieldInfo:
        word = {kinds.CHECK: "boolean", kinds.YES_NO: "boolean", kinds.LIST: "object", kinds.RECORD: "object", kinds.DAY: "date"}
        return FieldInfo(label, self.types.get(label, word.get(kinds.KIND_OF.get(label, ""), "string")), True)

    def suiteql(self, q: str, params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        if q.startswith("SELECT COUNT(*) AS n FROM "):
            if (table := q.split()[5]) in self.denied:
                raise Refused(f"Record '{table}' was not found.", service="NetSuite", status=400)
            return iter([{"n": "0"}])
        if q.startswith("SELECT t.cust"):
            if q.split()[1].removeprefix("t.") in self.unstored:
                raise Refused("Unknown identifier", service="NetSuite", status=400)
            return iter(())
        if "FROM deletedrecord" in q:
            if self.hides_deletions:
                raise Refused("Record 'deletedrecord' was not found.", service="NetSuite", status=400)
            return iter(())
        if params:
            return iter([{"id": p} for p in params if p in ("900", "77")])
        if q == PERIODS:
            return iter(self.periods)
        known = {preferences.OUTSIDE: [], preferences.CLOSED: [], LAST: [], **self.answers}
        if (rows := next((rows for begin, rows in known.items() if q.startswith(begin)), None)) is not None:
            return iter(rows)
        if found := next((values for name, values in self.lists.items() if name in q), None):
            return iter([{"id": str(n), "name": value} for n, value in enumerate(found)])
        table = next(name for name, query in TABLES.items() if query == q)
        return iter(self.tables.get(table, []))


@dataclass
class FakeZuora:
    """Has the connector's fields, Invoice Settlement, and the given answers to SQL."""

    settlement: bool = True
    hidden: frozenset[str] = frozenset()
    updateable: bool = True
    migrated: int = 0
    tax_codes: dict[str, str] = field(default_factory=dict)
    tenant_methods: tuple[str, ...] = ()
    used: dict[str, dict[str, int]] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()
    refuses: Refused | None = None
    suffix: str = "__NS"
    flat: frozenset[str] = frozenset()
    """Fields that are not filterable."""

    def post(self, path: str, body: Any, key: str) -> Any:
        assert path == f"/v1/payments/{zuora.NO_PAYMENT}/refunds/unapply"
        raise self.refuses or NotFound("cannot find the payment", service="Zuora", status=404, service_code="53850040")

    def invoice_settlement_enabled(self) -> bool:
        return self.settlement

    def describe(self, object_type: str) -> list[Any]:
        if object_type in self.hidden:
            raise Refused("invalid type", service="Zuora")
        names = [w.api for w in wanted(ZUORA[object_type], ()) if w.api not in self.lacks]
        return [
            type("F", (), {"name": f"{n}{self.suffix}", "updateable": self.updateable, "filterable": n not in self.flat})() for n in names
        ]

    def describe_table(self, table: str) -> dict[str, str]:
        return {"id": "varchar"}

    def data_query(self, sql: str) -> Iterator[dict[str, Any]]:
        if sql == zuora.MIGRATED:
            return iter([{"found": self.migrated}])
        if sql == both.TAX_CODES:
            return iter([{"taxcode": code, "item": item} for code, item in self.tax_codes.items()])
        if sql == both.TENANT_METHODS:
            return iter([{"name": name, "used": 1} for name in self.tenant_methods])
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


@pytest.mark.parametrize("index", [ATTENTION_INDEX, NUMBER_INDEX, PERIOD_INDEX])
def test_a_table_without_one_of_its_indexes_fails(target: Target, index: str) -> None:
    target.client("dynamodb").update_table(
        TableName="status",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index}}],
    )
    check = examined(target)["AWS: status table"]
    assert (check.state, check.detail) == (State.FAIL, f"status has no index {index}")


def test_incomplete_credentials_are_named_without_a_value(target: Target) -> None:
    target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString='{"zuora": {"client_secret": "hush"}}')
    found = {f"{c.area}: {c.name}": c for c in examine(target)}
    assert found["Credentials: secret"].state is State.FAIL
    assert '"netsuite"' in found["Credentials: secret"].detail
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("calls", "limits", "state"),
    [
        (5, LIMITS, State.OK),
        (11, LIMITS, State.WARN),
        (5, GovernanceLimits(account=10, unallocated=5, integration=3, kind=""), State.WARN),
        (5, Refused("no", service="NetSuite"), State.OK),
    ],
)
def test_more_calls_at_a_time_than_netsuite_answers_are_warned_of(calls: int, limits: Any, state: State) -> None:
    settings = Settings.model_validate({"netsuite_max_concurrency": calls})
    assert netsuite.concurrency_check(FakeNetSuite(limits=limits), settings).state is state  # type: ignore[arg-type]


@pytest.mark.rule("settings.1.validation.names")
@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("default_department", "Default Department"),
        ("default_location", "Default Location"),
        ("default_class", "Default Class"),
        ("default_subsidiary", "Default Subsidiary"),
        ("netsuite_default_tax_code", "NetSuite Default Tax Code"),
        ("netsuite_default_tax_schedule", "NetSuite Default Tax Schedule"),
        ("zuora_default_currency", "Zuora Default Currency"),
    ],
)
def test_a_name_in_the_settings_that_netsuite_lacks_fails_with_its_label(target: Target, key: str, label: str) -> None:
    name = "XTS" if key == "zuora_default_currency" else "Software : Nowhere"
    settings: Any = {key: name}
    found = examined(target, **settings)[f"NetSuite: {key}"]
    assert found.state is State.FAIL
    assert found.detail == f'Setting "{label}": "{name}" was not found in NetSuite.'
    assert found.next == 'Enter the exact name, using " : " between levels.'


def test_a_translated_payment_method_must_exist(target: Target) -> None:
    there = FakeNetSuite({"payment method": [{"id": "1", "name": "Wire"}]})
    found = examined(target, n=there, payment_method_translation={"ACH": "Wire", "Check": "Cheque"})
    assert found["NetSuite: payment_method_translation.ACH"].state is State.OK
    assert found["NetSuite: payment_method_translation.Check"].state is State.FAIL


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


RECIPIENTS = ["finance@example.com", "books@example.org"]


@pytest.mark.parametrize(
    ("account", "name", "state", "said"),
    [
        ({"SendingEnabled": False}, "sending", State.FAIL, "paused"),
        ({"EnforcementStatus": "SHUTDOWN"}, "reputation", State.FAIL, "may not send"),
        ({"EnforcementStatus": "PROBATION"}, "reputation", State.WARN, "under review"),
        ({"ProductionAccessEnabled": False}, "sandbox", State.WARN, "only verified addresses"),
        ({"ProductionAccessEnabled": False}, "sandbox recipients", State.WARN, "books@example.org"),
        ({"SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 200.0}}, "quota", State.FAIL, "used up"),
        ({"SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 170.0}}, "quota", State.WARN, "170 were sent"),
        ({"SendQuota": {"Max24HourSend": -1.0, "SentLast24Hours": 1e6}}, "account", State.OK, "sends, to everybody"),
        ({}, "account", State.OK, "sends, to everybody"),
    ],
)
def test_what_is_wrong_with_all_mail_of_the_account_is_told(
    target: Target, account: dict[str, Any], name: str, state: State, said: str
) -> None:
    MailAccount.reset(**account)
    target.client("ses").verify_domain_identity(Domain="example.com")
    check = examined(target, notify_recipients=RECIPIENTS)[f"Mail: {name}"]
    assert (check.state, said in check.detail) == (state, True), check
    assert check.state is State.OK or check.next


def test_recipients_that_amazon_ses_has_on_its_suppression_list_are_named(target: Target) -> None:
    MailAccount.suppressed["books@example.org"] = "BOUNCE"
    check = examined(target, notify_recipients=RECIPIENTS)["Mail: suppression list"]
    assert (check.state, "books@example.org" in check.detail, "finance" in check.detail) == (State.WARN, True, False)
    assert examined(target, notify_recipients=RECIPIENTS[1:])["Mail: suppression list"].state is State.FAIL
    of_kind = examined(target, notify_recipients_by_kind={"run": RECIPIENTS[1:]})["Mail: suppression list"]
    assert of_kind.state is State.FAIL, "those of one kind of problem are looked at too"


def test_the_sender_of_the_deployment_is_looked_at_too(target: Target) -> None:
    there = replace(target, variables={**target.variables, "NOTIFICATION_SENDER": "run@example.com"})
    assert examined(there, notify_recipients=RECIPIENTS)["Mail: sender"].state is State.FAIL
    there.client("ses").verify_email_identity(EmailAddress="run@example.com")
    assert examined(there, notify_recipients=RECIPIENTS)["Mail: sender"].state is State.OK


def test_nobody_to_tell_is_warned_of(target: Target) -> None:
    assert examined(target)["Mail: recipients"].state is State.WARN


@pytest.mark.parametrize("system", ["zuora", "netsuite"])
def test_an_address_that_is_not_the_vendors_fails_before_anything_is_sent_there(target: Target, system: str) -> None:
    secret: dict[str, Any] = {
        "zuora": {"base_url": "https://rest.zuora.com", "client_id": "c", "client_secret": "s"},
        "netsuite": {"account_id": "1234567", "client_id": "c", "certificate_id": "d", "private_key": "k"},
    }
    secret[system]["base_url"] = "https://rest.zuora.com@evil.example"
    target.client("secretsmanager").put_secret_value(SecretId=target["CREDENTIALS_SECRET"], SecretString=json.dumps(secret))
    found = {f"{c.area}: {c.name}": c for c in examine(target)}
    assert found["Credentials: secret"].state is State.FAIL and "ADDRESS" in found["Credentials: secret"].detail
    assert not [name for name in found if name.startswith(("Zuora:", "NetSuite:"))]


def test_settings_without_effect_are_told_and_warned_of_where_no_tenant_has_a_use_for_them(target: Target) -> None:
    found = examined(target, FakeZuora(settlement=True), disable_netsuite_credit_memo_sync="No", netsuite_error_limit="100")
    here = found["Settings: disable_netsuite_credit_memo_sync"]
    assert here.state is State.OK and "which does not run" in here.detail
    assert found["Settings: netsuite_error_limit"].state is State.WARN
    assert "Settings: disable_netsuite_credit_memo_sync" not in examined(
        target, FakeZuora(settlement=False), disable_netsuite_credit_memo_sync="No"
    )


def test_what_a_refund_of_applied_money_takes_is_asked_of_a_payment_that_is_not_there(target: Target) -> None:
    refused = Refused("no", service="Zuora", status=200, service_code="53850010", detail="You do not have permission")
    on: Any = {"disable_netsuite_refund_sync": "No"}
    found = examined(target, FakeZuora(refuses=refused), **on)["Zuora: refunds that unapply"]
    assert "three calls" in found.detail and "permission" in found.next
    assert examined(target, **on)["Zuora: refunds that unapply"].next == ""
    assert "Zuora: refunds that unapply" not in examined(target)


# -- preferences of the account ------------------------------------------------------------------------------------------

NEXT_OPEN = {"closed_period": {"invoice": "Post In Next Open Period"}}
NUMBERS = {"transaction_number_mapping": "Use Number From Source Record"}
OUTSIDE = "dates outside of the posting period"
PREFERENCES: dict[str, tuple[dict[str, Any], str, list[dict[str, str]], str, State, str]] = {
    "none posted outside": (NEXT_OPEN, preferences.OUTSIDE, [], OUTSIDE, State.WARN, "Transaction Date Outside"),
    "some posted outside": (NEXT_OPEN, preferences.OUTSIDE, [{"id": "1"}], OUTSIDE, State.OK, ""),
    "closed without the flag": (
        {"disable_netsuite_payment_sync": "No"},
        preferences.CLOSED,
        [{"id": "1", "periodname": "Apr 2026", "last": "2026-04-30", "allowed": "F"}],
        "marks in closed periods",
        State.WARN,
        "Allow Non G/L Changes",
    ),
    "closed with the flag": (
        {"disable_netsuite_payment_sync": "No"},
        preferences.CLOSED,
        [{"id": "1", "periodname": "Apr 2026", "last": "2026-04-30", "allowed": "T"}],
        "marks in closed periods",
        State.OK,
        "Allow Non G/L Changes",
    ),
    "closed long ago": (
        {"disable_netsuite_payment_sync": "No"},
        preferences.CLOSED,
        [{"id": "1", "periodname": "Apr 2024", "last": "2024-04-30"}],
        "marks in closed periods",
        State.OK,
        "Allow Non G/L Changes",
    ),
    "a number that was not taken": (NUMBERS, LAST, [{"number": "INV7", "wanted": "I1"}], "document numbers", State.WARN, "Allow Override"),
    "a number that was taken": (NUMBERS, LAST, [{"number": "I1", "wanted": "I1"}], "document numbers", State.OK, ""),
    "no number yet": (NUMBERS, LAST, [], "document numbers", State.OK, "Allow Override"),
}


@pytest.mark.parametrize("case", PREFERENCES)
def test_preferences_are_read_from_what_they_have_led_to(target: Target, case: str) -> None:
    settings, query, rows, title, state, next_step = PREFERENCES[case]
    found = examined(target, n=FakeNetSuite(answers={query: rows}), **settings)[f"NetSuite: {title}"]
    assert found.state is state, found
    assert next_step in found.next


def test_what_the_settings_do_not_need_is_not_asked(target: Target) -> None:
    found = examined(target)
    assert not [name for name in found if "posting period" in name or "closed periods" in name or "document numbers" in name]


def test_a_role_that_may_not_ask_what_was_deleted_is_warned_of(target: Target) -> None:
    check = examined(target, n=FakeNetSuite(hides_deletions=True))["NetSuite: deleted records"]
    assert check.state is State.WARN and "Deleted Records" in check.next
    assert examined(target)["NetSuite: deleted records"].state is State.OK
