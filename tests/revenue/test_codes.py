"""Every code of section 13.1, provoked."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.revenue.codes import OF_ONE_OBJECT
from tallybridge.revenue.performing import AFTER_BARRIER
from tests.revenue.rules import rules
from tests.revenue.test_run import load
from tests.revenue.world import RevenueWorld, invoice, line, order

PAGE = "/dataset/.*/result"


def failed(world: RevenueWorld, code: str, name: str, number: str = "", **given: Any) -> dict[str, Any]:
    """Run; the run has failed in this task with this code, nothing was sent, log and mail came out. All later tasks are skipped, but those
    that prepare other objects, whose faults are told too."""
    sent = len(world.uploads())
    output = world.run("failing", **given)
    task = world.task("failing", name, number)
    assert (output["outcome"], task.status, task.code) == ("FAILED", "ERROR", code), task
    assert task.advice and task.message
    tasks = world.result("failing").tasks
    later = tasks[[(t.name, t.object) for t in tasks].index((name, number)) + 1 :]
    others = {(t.name, t.object) for t in later if t.object not in ("", number) and t.name not in AFTER_BARRIER}
    assert {t.status for t in later if t.name not in ("log", "mail") and (t.name, t.object) not in others} <= {"SKIPPED"}
    assert code in OF_ONE_OBJECT or {t.status for t in later if (t.name, t.object) in others} <= {"SKIPPED"}
    assert code in world.codes("failing")
    assert "FAILED" in world.mails()[-1]["Subject"] and code in str(world.mails()[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert len(world.uploads()) == sent
    assert not [item for item in world.memory.runs.items.values() if item["pk"] == "lock"]
    return output


def refused(world: RevenueWorld, code: str, **given: Any) -> None:
    """A run on demand does not start at all."""
    output = world.run("refused", **given)
    assert (output["outcome"], output["code"]) == ("REFUSED", code) and output["message"]
    assert not world.wiring().runs().read("refused") and not world.mails()


@rules("13.1.code.CONNECTOR_DISABLED", "3.2.toggle")
def test_while_it_is_off_nothing_starts_and_schedules_do_not_fire(world: RevenueWorld) -> None:
    world.config["enabled"] = False
    world.store()
    refused(world, "CONNECTOR_DISABLED")
    assert world.run("due", trigger="schedule")["outcome"] == "REFUSED"
    assert not world.mails() and not list(world.wiring().runs().recent())


@rules("13.1.code.INSTANCE_NOT_FOUND")
def test_an_unknown_instance_is_refused_on_demand_and_fails_on_schedule(world: RevenueWorld) -> None:
    refused(world, "INSTANCE_NOT_FOUND", instance="Weekly")
    failed(world, "INSTANCE_NOT_FOUND", "validate", instance="Weekly", trigger="schedule")


@rules("13.1.code.NO_ENABLED_OBJECT", "3.4.rule.4")
def test_an_instance_without_enabled_objects_is_refused(world: RevenueWorld) -> None:
    world.objects(line("Orders", enabled=False))
    refused(world, "NO_ENABLED_OBJECT")


@rules("13.1.code.RUN_IN_PROGRESS", "6.rule.4")
def test_a_run_on_demand_is_refused_while_the_instance_runs(world: RevenueWorld) -> None:
    world.wiring().instance_lock("daily").lock("other-run")
    refused(world, "RUN_IN_PROGRESS")
    assert world.wiring().instance_lock("daily").lock_holder()["run_id"] == "other-run"  # type: ignore[index]


@rules("6.rule.4", "10.status.skipped", "13.4.warnings")
def test_an_occurrence_while_the_instance_runs_is_skipped_with_a_warning(world: RevenueWorld) -> None:
    world.wiring().instance_lock("daily").lock("other-run")
    output = world.run("due", trigger="schedule")
    assert output["outcome"] == "SKIPPED"
    assert "RUN_IN_PROGRESS" in world.codes("due", "WARNING") and "SKIPPED" in world.mails()[0]["Subject"]
    assert world.wiring().instance_lock("daily").lock_holder()["run_id"] == "other-run"  # type: ignore[index]
    assert world.wiring().runs().read("due")["outcome"] == "SKIPPED"


@rules("13.1.code.CONFIG_INCOMPLETE")
@pytest.mark.parametrize("missing", ["dataset", "template"])
def test_an_object_without_dataset_or_template(world: RevenueWorld, missing: str) -> None:
    world.objects(line("Orders", **{missing: ""}))
    assert "Orders" in failed(world, "CONFIG_INCOMPLETE", "validate")["message"]


@rules("13.1.code.CONFIG_INCOMPLETE")
@pytest.mark.parametrize("side", ["netsuite", "revenue"])
def test_a_connection_without_credentials(world: RevenueWorld, side: str) -> None:
    del world.credentials[side]
    failed(world, "CONFIG_INCOMPLETE", "validate")


@rules("13.1.code.MAPPING_MISSING")
def test_an_object_without_mapping(world: RevenueWorld) -> None:
    world.objects(line("Orders", mapping=[]))
    failed(world, "MAPPING_MISSING", "validate")


def test_a_document_that_is_not_usable_fails_the_run_and_is_mailed_to_those_it_names(world: RevenueWorld) -> None:
    world.config["options"] |= {"large_dataset_mode": "huge"}
    world.store()
    output = failed(world, "REVENUE-SETTINGS", "validate")
    assert "options.large_dataset_mode" in output["message"]


@rules("13.1.code.NS_AUTH_FAILED", "7.task.2")
def test_netsuite_refuses_the_login(world: RevenueWorld) -> None:
    world.credentials["netsuite"]["token_secret"] = "wrong"
    failed(world, "NS_AUTH_FAILED", "netsuite")


@rules("13.1.code.NS_FORBIDDEN", "7.task.2")
def test_the_role_in_netsuite_lacks_a_permission(world: RevenueWorld) -> None:
    world.faults("netsuite", {"path": r"/dataset/?(\?|$)", "status": 403, "body": {}})
    failed(world, "NS_FORBIDDEN", "netsuite")


@rules("13.1.code.NS_UNREACHABLE", "7.task.2")
@pytest.mark.parametrize("fault", [{"status": 503, "body": {}}, {"status": 429, "body": {}}, {"drop": "before"}])
def test_netsuite_does_not_answer(world: RevenueWorld, fault: dict[str, Any]) -> None:
    world.faults("netsuite", {"path": r"/dataset/?(\?|$)", **fault})
    failed(world, "NS_UNREACHABLE", "netsuite")


@rules("13.1.code.NS_UNREACHABLE", "7.task.4")
def test_netsuite_goes_away_while_a_dataset_is_read(world: RevenueWorld) -> None:
    load(world)
    world.faults("netsuite", {"path": PAGE, "status": 500, "body": "<html>gateway</html>"})
    failed(world, "NS_UNREACHABLE", "read", "1")


@rules("13.1.code.ZR_AUTH_FAILED", "7.task.3")
def test_revenue_refuses_the_login(world: RevenueWorld) -> None:
    world.credentials["revenue"]["password"] = "wrong"
    failed(world, "ZR_AUTH_FAILED", "revenue")


@rules("13.1.code.ZR_AUTH_FAILED", "3.1.field.revenue-role-client-name")
def test_revenue_does_not_know_the_role(world: RevenueWorld) -> None:
    world.config["connection"]["revenue"]["role"] = "Other Role"
    world.store()
    failed(world, "ZR_AUTH_FAILED", "revenue")


@rules("13.1.code.ZR_FORBIDDEN")
def test_the_role_in_revenue_lacks_a_privilege(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": "/upload/mapping", "status": 403, "body": {}})
    failed(world, "ZR_FORBIDDEN", "template", "1")


@rules("13.1.code.ZR_API_NOT_ENABLED", "7.task.3")
def test_the_api_is_not_switched_on(world: RevenueWorld) -> None:
    world.load_revenue(tenant=[{"api_enabled": False}])
    failed(world, "ZR_API_NOT_ENABLED", "revenue")


@rules("13.1.code.ZR_UNREACHABLE", "7.task.3")
def test_revenue_cannot_be_reached(world: RevenueWorld) -> None:
    world.config["connection"]["revenue"]["host"] = "http://127.0.0.1:9"
    world.store()
    failed(world, "ZR_UNREACHABLE", "revenue")


@rules("13.1.code.DATASET_NOT_FOUND", "7.task.4", "10.status.failed")
def test_an_unknown_dataset(world: RevenueWorld) -> None:
    world.objects(line("Orders", dataset="custdataset_none"))
    failed(world, "DATASET_NOT_FOUND", "read", "1")


@rules("13.1.code.DATASET_READ_FAILED", "7.task.4")
@pytest.mark.parametrize("fault", [{"status": 400, "body": {"title": "Bad Request"}}, {"status": 200, "body": "<html>maintenance</html>"}])
def test_a_page_that_netsuite_declines_or_garbles(world: RevenueWorld, fault: dict[str, Any]) -> None:
    load(world)
    world.faults("netsuite", {"path": PAGE, **fault})
    failed(world, "DATASET_READ_FAILED", "read", "1")


def page(rows: int, total: int, *, count: int | None = None, more: bool = False) -> dict[str, Any]:
    items = [{"links": [], "type": "SO"} for _ in range(rows)]
    return {"links": [], "count": rows if count is None else count, "hasMore": more, "offset": 0, "totalResults": total, "items": items}


@rules("13.1.code.DATASET_INCONSISTENT", "8.rule.1", "7.task.4")
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(page(2, 3), id="fewer rows than totalResults"),
        pytest.param(page(2, 2, count=3), id="count differs from the rows"),
        pytest.param(page(0, 5, more=True), id="empty page although more is promised"),
        pytest.param(page(2, 3000, more=True), id="short page although more is promised"),
    ],
)
def test_a_dataset_that_does_not_add_up(world: RevenueWorld, wrong: dict[str, Any]) -> None:
    load(world)
    world.faults("netsuite", {"path": PAGE, "status": 200, "body": wrong})
    failed(world, "DATASET_INCONSISTENT", "read", "1")


@rules("13.1.code.DATASET_INCONSISTENT")
def test_a_total_that_changes_between_pages(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(n) for n in range(1_500)])
    world.faults("netsuite", {"path": PAGE, "nth": 2, "status": 200, "body": page(500, 1_501)})
    failed(world, "DATASET_INCONSISTENT", "read", "1")


@rules("13.1.code.DATASET_INCONSISTENT", "3.4.line.key-column")
def test_a_key_on_two_pages_is_read_once_more_and_then_fails(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(n % 1_200) for n in range(1_500)])
    world.objects(line("Orders", key_column="doc_line_id"))
    output = failed(world, "DATASET_INCONSISTENT", "read", "1")
    assert "SO0-1" in output["message"] and "300 keys" in output["message"]


def test_rows_that_moved_once_are_right_at_the_second_reading(world: RevenueWorld) -> None:
    rows = [order(n) for n in range(1_500)]
    world.load_rows(orders=rows)
    world.objects(line("Orders", key_column="doc_line_id"))
    moved = page(500, 1_500) | {"items": [{"links": [], **row} for row in rows[:500]], "offset": 1000}
    world.faults("netsuite", {"path": PAGE, "nth": 2, "times": 1, "status": 200, "body": moved})
    assert world.run("again")["outcome"] == "SUCCESS"
    assert "second attempt" in world.task("again", "read", "1").message
    assert len(world.staged()) == 1_500


@rules("13.1.code.DATASET_INCONSISTENT", "3.4.line.key-column")
@pytest.mark.parametrize("made", [order, lambda n: order(n, type="CST") if n % 2 else order(n)], ids=["orders", "costs and orders"])
def test_pages_that_overlap_are_told_by_the_line_id_where_no_key_column_is_named(world: RevenueWorld, made: Any) -> None:
    world.load_rows(orders=[*(made(n) for n in range(1_000)), *(made(n) for n in range(999, 1_499))])
    world.objects(line("Orders"))
    output = failed(world, "DATASET_INCONSISTENT", "read", "1")
    assert "1 key stands on more than one page" in output["message"] and "SO999-1" in output["message"]


@rules("3.4.line.key-column")
def test_a_cost_line_with_the_id_of_its_order_line_is_another_row(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(n // 2, type="CST" if n % 2 else "SO") for n in range(999, 2_500)])
    world.objects(line("Orders"))
    world.run("costs")
    assert world.task("costs", "read", "1").status == "SUCCESS"


@rules("3.4.line.key-column")
def test_invoice_lines_are_told_by_their_own_id_and_not_by_that_of_the_order(world: RevenueWorld) -> None:
    world.load_rows(invoices=[invoice(n, doc_line_id="SO1-1") for n in range(1_500)])
    world.objects(line("Invoices"))
    world.run("instalments")
    assert world.task("instalments", "read", "1").status == "SUCCESS"


@rules("3.4.line.key-column", "8.rule.1")
def test_rows_that_nothing_tells_apart_are_not_read_beyond_one_page(world: RevenueWorld) -> None:
    mapping = [m for m in line("Orders")["mapping"] if m["target"] != "doc_line_id"]
    world.objects(line("Orders", mapping=mapping))
    world.load_rows(orders=[order(n) for n in range(1_001)])
    assert "1001 rows" in failed(world, "KEY_MISSING", "read", "1")["message"]
    assert not [key for bucket, key in world.memory.objects.content if bucket == "uploads"]
    world.load_rows(orders=[order(n) for n in range(1_000)])
    assert world.run("one-page")["outcome"] == "WARNING", "one page is whole by itself"
    world.objects(line("Orders", mapping=mapping, key_column="doc_line_id"))
    world.load_rows(orders=[order(n) for n in range(1_001)])
    assert world.run("with-key")["outcome"] == "WARNING"


@rules("3.4.line.key-column", "8.rule.1")
def test_rows_without_a_line_id_prove_nothing(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(n, doc_line_id="" if n in (3, 1_200) else f"SO{n}-1") for n in range(1_500)])
    world.objects(line("Orders"))
    assert "2 of 1500 rows have nothing in doc_line_id" in failed(world, "KEY_MISSING", "read", "1")["message"]


@rules("13.1.code.DATASET_TOO_LARGE", "14.limit.rows-per-dataset-execution", "1.rule.4")
def test_more_than_a_million_rows_are_refused_before_further_pages_are_read(world: RevenueWorld) -> None:
    load(world)
    world.faults("netsuite", {"path": PAGE, "status": 200, "body": page(1_000, 1_000_001, more=True)})
    failed(world, "DATASET_TOO_LARGE", "read", "1")
    names = [key for bucket, key in world.memory.objects.content if bucket == "uploads"]
    assert names == []


@rules("13.1.code.DATASET_TOO_LARGE", "14.limit.size-of-file")
def test_a_file_above_the_limit(world: RevenueWorld) -> None:
    text = "x" * 2_900
    mapping = [*line("Orders")["mapping"], {"source": "comments", "target": "comments"}]
    world.load_rows(orders=[order(n, comments=text) for n in range(400)])
    world.objects(line("Orders", mapping=mapping))
    world.change(max_file_mb=1)
    failed(world, "DATASET_TOO_LARGE", "build", "1")


@rules("13.1.code.TEMPLATE_NOT_FOUND", "7.task.5")
def test_an_unknown_template(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders", template="Orders of old"))
    failed(world, "TEMPLATE_NOT_FOUND", "template", "1")


@rules("13.1.code.TEMPLATE_COLUMN_MISSING", "7.task.5", "4.rule.4", "4.rule.5", "5.rule.4")
def test_a_target_that_the_template_no_longer_has(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders", mapping=[*line("Orders")["mapping"], {"source": "x", "target": "atr60"}]))
    assert '"atr60"' in failed(world, "TEMPLATE_COLUMN_MISSING", "template", "1")["message"]


@rules("13.1.code.VALUE_DATE", "7.task.6", "13.3.check.date-not-parseable")
@pytest.mark.parametrize("value", ["2026-13-01", "31/1/2026", "5 Jan", "2/29/2026", "yesterday"])
def test_a_value_that_is_no_date(world: RevenueWorld, value: str) -> None:
    world.load_rows(orders=[order(1), order(2, doc_date=value)])
    output = failed(world, "VALUE_DATE", "build", "1")
    assert "row 2" in output["message"] and '"Doc Date"' in output["message"] and value in output["message"]


@rules("13.1.code.VALUE_NUMBER", "7.task.6", "13.3.check.number-column-not-numeric", "9.rule.4")
@pytest.mark.parametrize("value", ["1,200.00", "(12.00)", "- 5", "12 USD", "1.2.3", "--1", "NaN", "."])
def test_a_value_that_is_no_number(world: RevenueWorld, value: str) -> None:
    world.load_rows(orders=[order(1), order(2, ord_qty=value)])
    output = failed(world, "VALUE_NUMBER", "build", "1")
    assert "row 2" in output["message"] and "RPRO-00712" in output["message"]


@rules("13.2.missing-mandatory")
def test_a_mapped_source_in_no_row_whose_target_is_mandatory(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1, ext_sll_prc=None), order(2, ext_sll_prc="")])
    failed(world, "SOURCE_COLUMN_MISSING", "build", "1")


@rules("13.2.missing-optional", "13.4.warnings")
def test_a_mapped_source_in_no_row_whose_target_may_be_empty(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders", mapping=[*line("Orders")["mapping"], {"source": "memo", "target": "comments"}]))
    assert world.run("empty")["outcome"] == "WARNING"
    assert "SOURCE_COLUMN_EMPTY" in world.codes("empty", "WARNING")


def test_a_source_that_may_be_two_columns(world: RevenueWorld) -> None:
    world.load_rows(orders=[{**order(1), "unit price": "1", "unit_price": "2"}])
    mapping = [m for m in line("Orders")["mapping"] if m["target"] != "ord_qty"]
    world.objects(line("Orders", mapping=[*mapping, {"source": "Unit Price", "target": "ord_qty"}]))
    failed(world, "SOURCE_COLUMN_AMBIGUOUS", "build", "1")


@rules("13.1.code.FILE_CHECK_FAILED", "7.task.7")
def test_a_row_that_revenue_would_reject_the_file_for(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1), order(2, curr="DOLLAR")])
    assert "RPRO-00736" in failed(world, "FILE_CHECK_FAILED", "check", "1")["message"]


@rules("13.1.code.RUN_TIMEOUT", "7.rule.7")
def test_a_run_that_takes_longer_than_six_hours(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenuePrepareFunctionArn"]

    def slow(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == "build":
            world.clock.advance(hours=6)
        return usual(event)

    machine.functions = {**machine.functions, "RevenuePrepareFunctionArn": slow}
    assert machine.run("slow", {"trigger": "manual", "instance": "Daily"})["outcome"] == "FAILED"
    assert world.task("slow", "build", "1").code == "RUN_TIMEOUT" and not world.uploads()


@rules("13.1.code.INTERNAL", "7.rule.2")
def test_a_function_that_crashes_again_and_again(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenuePrepareFunctionArn"]

    def broken(event: dict[str, Any]) -> dict[str, Any]:
        answer = usual(event)
        if event["task"] == "check":
            raise MemoryError("out of memory")
        return answer

    machine.functions = {**machine.functions, "RevenuePrepareFunctionArn": broken}
    output = machine.run("crashed", {"trigger": "manual", "instance": "Daily"})
    assert output["outcome"] == "FAILED" and not world.uploads()
    assert "INTERNAL" in world.codes("crashed") and "FAILED" in world.mails()[0]["Subject"]
    assert not [item for item in world.memory.runs.items.values() if item["pk"] == "lock"]
