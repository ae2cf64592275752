"""The configuration document: what it takes, and that every fault is named by its place (sections 3 to 6)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tallybridge.desk.revenue.metadata import mapping_remarks
from tallybridge.desk.revenue.schedules import name_of
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import InstanceObject, parse_config
from tallybridge.revenue.schedule import Schedule
from tallybridge.revenue.wiring import netsuite_connection, revenue_connection
from tests.revenue.rules import rules
from tests.revenue.world import line

SIDES = {"netsuite": {"account_id": "1234567_SB1", "services_url": "https://1234567-sb1.suitetalk.api.netsuite.com/"}}


def document(**more: Any) -> str:
    return json.dumps({"enabled": True, **more})


def instance(*objects: dict[str, Any], name: str = "Daily", **more: Any) -> dict[str, Any]:
    return {"name": name, "objects": list(objects or (line("Orders"),)), **more}


def fault(text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        parse_config(text)
    assert raised.value.code == "REVENUE-SETTINGS" and raised.value.place in raised.value.message
    return raised.value.place


def test_an_empty_document_is_switched_off_and_has_the_defaults() -> None:
    config = parse_config("")
    assert not config.enabled and config.options.max_rows_per_file == 60_000 and config.options.rows_per_part == 50_000
    assert config.connection.revenue.role == "API Role" and config.connection.revenue.client_name == "Default"


@rules(
    "3.4.rule.3",
    "3.4.once-per-instance",
    "5.rule.3",
    "5.rule.4",
    "3.3.recipients",
    "14.limit.instances-objects-per-instance",
    "14.limit.interval",
)
@rules("3.1.field.netsuite-api-services-url", "3.1.field.revenue-tenant-host-url", "3.1.field.netsuite-account-id")
@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("{", "document"),
        ("[]", "document"),
        (document(colour="red"), "colour"),
        (document(instances=[instance(name="")]), "instances.0.name"),
        (document(instances=[instance(name="x" * 81)]), "instances.0.name"),
        (document(instances=[instance(), instance(name="DAILY")]), "instances"),
        (document(instances=[instance(name=str(n)) for n in range(51)]), "instances"),
        (document(instances=[instance(line("Orders"), line("orders"))]), "instances.0.objects"),
        (document(instances=[instance(*[line(f"Custom {n}") for n in range(21)])]), "instances.0.objects"),
        (document(instances=[instance(line("Orders", dataset="17; drop"))]), "instances.0.objects.0.dataset"),
        (document(instances=[instance(line("Orders", source_date_format="YYYY"))]), "instances.0.objects.0.source_date_format"),
        (document(instances=[instance(line("Orders", mapping=[{"source": "a", "target": "b"}] * 2))]), "instances.0.objects.0.mapping"),
        (
            document(instances=[instance(line("Orders", mapping=[{"source": "a", "target": t} for t in ("SO_LINE_ID", "doc_line_id")]))]),
            "instances.0.objects.0.mapping",
        ),
        (document(instances=[instance(line("Orders", mapping=[{"source": "a"}]))]), "instances.0.objects.0.mapping.0.target"),
        (
            document(instances=[instance(line("Orders", mapping=[{"source": "links", "target": "b"}]))]),
            "instances.0.objects.0.mapping.0.source",
        ),
        (document(instances=[instance(schedule={"frequency": "minutes", "every": 5})]), "instances.0.schedule.every"),
        (document(connection={"revenue": {"host": "http://acme.revprooncloud.com"}}), "connection.revenue.host"),
        (document(connection={"revenue": {"host": "acme"}}), "connection.revenue.host"),
        (document(connection={"netsuite": {**SIDES["netsuite"], "account_id": "7654321"}}), "connection.netsuite.services_url"),
        (document(notifications={"recipients": ["nobody"]}), "notifications.recipients.0"),
        (document(notifications={"recipients": [f"p{n}@example.com" for n in range(51)]}), "notifications.recipients"),
        (document(options={"max_rows": 1_000_001}), "options.max_rows"),
        (document(options={"upload_endpoint": "csv"}), "options.upload_endpoint"),
        (document(options={"max_rows_per_file": 10}), "options"),
        (document(options={"currency_decimals": {"usd": 2}}), "options.currency_decimals"),
        (document(options={"currency_decimals": {"USD": 10}}), "options.currency_decimals.USD"),
    ],
)
def test_a_fault_is_named_by_its_place(given: str, place: str) -> None:
    assert fault(given).startswith(place)


@rules("3.1.rule.2")
@pytest.mark.parametrize("key", ["password", "user", "client_secret", "token_secret"])
def test_the_document_takes_no_secret_so_that_none_can_be_read_back_from_it(key: str) -> None:
    for side in ("netsuite", "revenue"):
        assert fault(document(connection={side: {key: "hidden"}})) == f"connection.{side}.{key}"


@rules("3.3.recipients")
def test_recipients_are_trimmed_and_named_once() -> None:
    given = parse_config(document(notifications={"recipients": [" a@example.com", "A@example.com ", "b@example.com"]}))
    assert given.notifications.recipients == ["a@example.com", "b@example.com"]


@rules("3.4.rule.2", "3.4.line.object-type", "5.rule.1")
def test_a_mapping_belongs_to_an_object_of_an_instance_and_has_a_version() -> None:
    config = parse_config(
        document(instances=[instance(line("Orders"), line("Projects", mapping=[])), instance(line("Orders"), name="Weekly")])
    )
    assert config.instance("daily") is config.instances[0] and config.instance("monthly") is None
    orders, projects = config.instances[0].objects
    assert orders.mapping_version == config.instances[1].objects[0].mapping_version != projects.mapping_version


@rules("3.1.field.netsuite-account-id", "3.1.field.netsuite-api-services-url", "3.1.rule.3")
def test_the_netsuite_connection_takes_its_address_from_the_document_and_its_keys_from_the_secret() -> None:
    side = parse_config(document(connection=SIDES)).connection.netsuite
    keys = {"consumer_key": "ck", "consumer_secret": "cs", "token_id": "ti", "token_secret": "ts"}
    made = netsuite_connection({"netsuite": keys}, side)
    assert made.url == "https://1234567-sb1.suitetalk.api.netsuite.com" and made.realm == "1234567_SB1" and made.auth_method == "tba"
    oauth = side.model_copy(update={"auth_method": "oauth2_m2m"})
    made = netsuite_connection({"netsuite": {"client_id": "c", "certificate_id": "k", "private_key": "p"}}, oauth)
    assert made.auth_method == "oauth2_m2m"
    with pytest.raises(ConfigurationError, match="consumer_key"):
        netsuite_connection({}, side)


@rules("3.1.field.revenue-user-name-password", "3.1.field.revenue-role-client-name", "3.1.field.revenue-tenant-host-url")
def test_the_revenue_connection() -> None:
    side = parse_config(document(connection={"revenue": {"host": "https://acme.revprooncloud.com/"}})).connection.revenue
    made = revenue_connection({"revenue": {"user": "u", "password": "p"}}, side)
    assert made.url == "https://acme.revprooncloud.com/api/integration/v1" and (made.role, made.client_name) == ("API Role", "Default")
    with pytest.raises(ConfigurationError, match="user"):
        revenue_connection({}, side)


@rules("6.frequency.every-n-minutes", "6.frequency.every-n-hours", "6.frequency.daily", "6.frequency.weekly", "6.frequency.monthly")
@pytest.mark.parametrize(
    ("given", "expression"),
    [
        ({"frequency": "minutes", "every": 15}, "cron(0/15 * * * ? *)"),
        ({"frequency": "hours", "every": 6, "start_minute": 20}, "cron(20 0/6 * * ? *)"),
        ({"frequency": "daily", "time": "02:05"}, "cron(5 2 * * ? *)"),
        ({"frequency": "weekly", "time": "23:59", "days": ["FRI", "MON"]}, "cron(59 23 ? * MON,FRI *)"),
        ({"frequency": "monthly", "time": "00:00", "day": 28}, "cron(0 0 28 * ? *)"),
        ({"frequency": "monthly", "time": "00:00", "day": "last"}, "cron(0 0 L * ? *)"),
    ],
)
def test_frequencies(given: dict[str, Any], expression: str) -> None:
    assert Schedule.model_validate(given).expression == expression


@rules("6.frequency.every-n-hours", "6.frequency.monthly", "6.frequency.weekly", "6.frequency.daily", "6.rule.3")
@pytest.mark.parametrize(
    "given",
    [
        {"frequency": "minutes", "every": 45},
        {"frequency": "hours", "every": 13},
        {"frequency": "daily"},
        {"frequency": "daily", "time": "24:00"},
        {"frequency": "weekly", "time": "02:00"},
        {"frequency": "monthly", "time": "02:00", "day": 29},
        {"frequency": "daily", "time": "02:00", "every": 3},
        {"frequency": "daily", "time": "02:00", "timezone": "Mars/Base"},
        {"frequency": "daily", "time": "02:00", "start_date": "2026-02-01", "end_date": "2026-01-01"},
    ],
)
def test_frequencies_that_do_not_exist(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Schedule.model_validate(given)


@rules("6.rule.3", "6.rule.6", "3.2.toggle")
def test_a_schedule_has_zone_bounds_and_makes_nothing_up() -> None:
    made = Schedule.model_validate({"frequency": "daily", "time": "02:00", "timezone": "Europe/Berlin", "end_date": "2026-12-31"})
    request = made.request(name="n", instance="Daily", target="arn", role="role", dead_letters="queue", group="default", enabled=False)
    assert request["ScheduleExpressionTimezone"] == "Europe/Berlin" and request["State"] == "DISABLED"
    assert request["EndDate"].isoformat() == "2026-12-31T23:59:59.999999+01:00" and "StartDate" not in request
    assert json.loads(request["Target"]["Input"]) == {"trigger": "schedule", "instance": "Daily"}
    assert request["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] < 15 * 60


def test_a_start_date_that_has_passed_is_left_out_and_an_end_date_ends_it() -> None:
    given = {"frequency": "daily", "time": "02:00", "timezone": "Europe/Berlin", "start_date": "2026-03-01", "end_date": "2026-12-31"}
    made = Schedule.model_validate(given)
    names = {"name": "n", "instance": "Daily", "target": "arn", "role": "role", "dead_letters": "queue", "group": "default"}
    for moment, begins in ((datetime(2026, 2, 28, 22, 0, tzinfo=UTC), True), (datetime(2026, 2, 28, 23, 30, tzinfo=UTC), False)):
        assert ("StartDate" in made.request(**names, enabled=True, now=moment)) is begins
    assert not made.is_over(datetime(2026, 12, 31, 22, 0, tzinfo=UTC))
    assert made.is_over(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Daily run", "daily-run"), ("Täglich", "T-glich"), ("a/b", "a:b"), ("x" * 37 + " north", "x" * 37 + " south"), ("y" * 70, "y" * 71)],
)
def test_no_two_instances_share_a_schedule(one: str, other: str) -> None:
    arn = "arn:aws:states:eu-west-1:000000000000:stateMachine:tallybridge-revenue-ingest"
    names = [name_of(arn, one), name_of(arn, other)]
    assert names[0] != names[1]
    assert all(len(name) <= 64 and re.fullmatch(r"[0-9a-zA-Z-_.]+", name) for name in names)
    assert name_of(arn, one.upper()) == names[0], "names are compared without regard to case"


@rules("3.4.line.key-column", "4.rule.4")
@pytest.mark.parametrize(
    ("change", "told"),
    [({}, False), ({"mapping": [{"source": "type", "target": "type"}]}, True), ({"mapping": [], "key_column": "id"}, False)],
)
def test_an_object_whose_rows_nothing_tells_apart_is_remarked_on(change: dict[str, Any], told: bool) -> None:
    remarks = list(mapping_remarks(InstanceObject.model_validate(line("Orders", **change)), [], None))
    assert any(kind == "NOTICE" and "no key column" in text for kind, text in remarks) == told
