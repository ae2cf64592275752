"""A whole run through the real state machine definition: what it stages, and what it leaves behind."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from tests.revenue.rules import rules
from tests.revenue.world import RECIPIENT, RevenueWorld, invoice, line, order

TASKS = [
    "Validate configuration",
    "Authenticate with NetSuite",
    "Authenticate with Zuora Revenue",
    "Read dataset",
    "Load upload template",
    "Build upload file",
    "Check upload file",
    "Upload file",
    "Confirm staging",
    "Check stage errors",
    "Write summary log",
    "Send notification",
]


def load(world: RevenueWorld, orders: int = 3, invoices: int = 2) -> None:
    world.load_rows(orders=[order(n) for n in range(1, orders + 1)], invoices=[invoice(n) for n in range(1, invoices + 1)])


@rules("1.rule.1", "1.rule.3", "3.4.rule.1", "10.status.success", "8.rule.7", "10.file-states", "7.task.9", "7.task.8")
def test_a_run_brings_every_row_into_staging(world: RevenueWorld) -> None:
    load(world)
    output = world.run("first-run")
    assert output["outcome"] == "SUCCESS"
    assert world.staged() == ["SO1-1", "SO2-1", "SO3-1", "INV1-1", "INV2-1"]
    assert [(o["object"], o["status"], o["staged"]) for o in output["objects"]] == [("Orders", "STAGED", 3), ("Invoices", "STAGED", 2)]
    assert [(f.state, f.request_id != "") for f in world.files("first-run")] == [("STAGED", True), ("STAGED", True)]


@rules("7.rule.3", "10.task-states", "7.task.1", "7.task.2", "7.task.3", "7.task.4", "7.task.5", "7.task.6", "7.task.7", "7.task.10")
def test_every_task_is_listed_with_its_status_times_and_counts(world: RevenueWorld) -> None:
    load(world)
    world.run("run-a")
    result = world.result("run-a")
    assert list(dict.fromkeys(t.title for t in result.tasks)) == TASKS
    assert {t.status for t in result.tasks} == {"SUCCESS"}
    assert all(t.started and t.ended and t.message for t in result.tasks)
    read = world.task("run-a", "read", "1")
    assert (read.rows_in, read.rows_out) == (3, 3)


@rules("7.rule.1", "3.4.line.sequence")
def test_objects_go_in_the_order_orders_invoices_custom_whatever_their_place_in_the_document(world: RevenueWorld) -> None:
    load(world)
    world.netsuite.load({"dataset": [{"id": "custdataset_other", "name": "Other", "columns": [{"name": "type"}], "rows": []}]})
    other = line("Projects", template="NetSuite Orders", mapping=[{"source": "type", "target": "type"}])
    world.objects(other, line("Invoices"), line("Orders"))
    assert [o["object"] for o in world.run()["objects"]] == ["Orders", "Invoices", "Projects"]
    assert [u["template"] for u in world.uploads()] == ["NetSuite Orders", "NetSuite Invoices"]


def test_a_sequence_in_the_configuration_prevails(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders", sequence=9), line("Invoices", sequence=1))
    assert [o["object"] for o in world.run()["objects"]] == ["Invoices", "Orders"]


@rules("3.4.rule.4", "3.4.line.enabled")
def test_a_run_takes_only_objects_that_are_on(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders"), line("Invoices", enabled=False))
    world.run()
    assert world.staged() == ["SO1-1", "SO2-1", "SO3-1"]


@rules("8.rule.4", "13.4.empty-dataset")
def test_an_object_without_rows_sends_nothing_and_is_no_warning(world: RevenueWorld) -> None:
    load(world, invoices=0)
    output = world.run("empty")
    assert output["outcome"] == "SUCCESS"
    assert [(o["object"], o["status"]) for o in output["objects"]] == [("Orders", "STAGED"), ("Invoices", "NO_DATA")]
    assert [u["template"] for u in world.uploads()] == ["NetSuite Orders"]
    assert not [f for f in world.files("empty") if f.object == "2"]


@rules("13.4.empty-dataset")
def test_an_empty_dataset_is_a_warning_where_that_is_configured(world: RevenueWorld) -> None:
    load(world, invoices=0)
    world.change(warn_on_empty_dataset=True)
    assert world.run("empty")["outcome"] == "WARNING"
    assert "DATASET_EMPTY" in world.codes("empty", "WARNING")


@rules("9.rule.1", "9.rule.2", "9.rule.3", "5.rule.3", "3.4.line.erp-object-name", "3.4.line.revenue-object-name")
def test_the_file_has_the_templates_labels_in_order_and_the_documented_dialect(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1, cstmr_nm='Acme "A", Ltd'), order(2, cust_num="", unmapped="x")])
    world.objects(line("Orders"))
    world.run("file")
    text = world.upload_file("file")
    header, first, second, end = text.split("\r\n")
    assert header.startswith('"Type","Doc Num","Doc Line Id","Doc Date"') and header.endswith('"Comments"') and end == ""
    assert first.startswith('"SO","SO1","SO1-1","05-JAN-2026","C-77","Acme ""A"", Ltd","ITEM-A","2"') and first.endswith(",")
    assert ',"05-JAN-2026",,"Acme",' in second


@rules("9.rule.7")
def test_the_files_name_says_instance_object_time_and_run(world: RevenueWorld) -> None:
    load(world)
    world.config["instances"][0]["name"] = "EU / daily (Ä)"
    world.store()
    world.run("abcdef123456", instance="eu / DAILY (ä)")
    first, second = (f.name for f in world.files("abcdef123456"))
    assert first == f"EU-daily_Orders_{world.clock.moment:%Y%m%d}T080000Z_abcdef12.csv"
    assert second.startswith("EU-daily_Invoices_") and {u["file_name"] for u in world.uploads()} == {first, second}


@rules("11.columns", "11.rule.1", "11.rule.2", "11.rule.4", "7.task.11")
def test_the_summary_log(world: RevenueWorld) -> None:
    load(world)
    world.run("logged")
    rows = world.log("logged")
    head = "run_id,instance,mode,seq,time_utc,level,task,object,status,duration_ms,rows_in,rows_out,file_name,file_request_id,template"
    assert ",".join(rows[0]) == f"{head},code,message"
    assert [row["seq"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    configuration = json.loads(rows[0]["message"])
    assert configuration["objects"][0] | {"mapping": "?"} == {
        "object": "Orders",
        "dataset": "custdataset_orders",
        "template": "NetSuite Orders",
        "mapping": "?",
        "columns": 15,
    }
    assert len(configuration["objects"][0]["mapping"]) == 12
    assert (rows[-1]["task"], rows[-1]["status"], rows[-1]["rows_out"]) == ("Result", "SUCCESS", "5")
    answers = [row["message"] for row in rows if row["file_request_id"]]
    assert len(answers) == 2 and all("Data Staged Successfully" in text and "file_log" in text for text in answers)


@rules(
    "12.subject",
    "12.content.1",
    "12.content.2",
    "12.content.3",
    "12.content.4",
    "12.content.5",
    "12.attachment",
    "12.ingested",
    "7.task.12",
)
def test_the_mail_and_its_attachment(world: RevenueWorld) -> None:
    load(world)
    output = world.run("mailed")
    (mail,) = world.mails()
    day = f"{world.clock.moment:%Y-%m-%d}"
    assert mail["Subject"] == f"[Test] Revenue connector NetSuite - Daily - SUCCESS - {day} 08:00 UTC"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Orders: 3 of 3 rows staged" in text and "Is it safe to press the button?" in text
    attached, page = mail.iter_attachments()
    assert (page.get_filename(), page.get_content_type()) == ("report.html", "text/html")
    assert attached.get_filename() == "revenue_connector_Daily_mailed.csv"
    rows = list(csv.DictReader(io.StringIO(attached.get_content())))
    assert [(r["object_type"], r["transactions_ingested"], r["object_status"]) for r in rows] == [
        ("Orders", "3", "STAGED"),
        ("Invoices", "2", "STAGED"),
    ]
    first = rows[0]
    assert first["upload_file_name"] == output["objects"][0]["files"][0]["name"] and first["file_request_id"]
    assert (first["execution_status"], first["template_name"], first["template_date_format"]) == (
        "SUCCESS",
        "NetSuite Orders",
        "DD-MON-YYYY",
    )
    assert (first["dataset_id"], first["dataset_name"], first["rows_read"]) == ("custdataset_orders", "ZR Orders", "3")
    assert (first["template_column_count"], first["mapped_field_count"]) == ("16", "15") and first["template_id"]
    assert "doc_line_id -> Doc Line Id (doc_line_id)" in first["mapped_fields"].split("; ")


@rules("3.3.mail.success", "3.3.mail.warning", "3.3.mail.failure")
@pytest.mark.parametrize(("success", "warning", "expected"), [(False, False, ["FAILED"]), (True, False, ["SUCCESS", "FAILED"])])
def test_a_failure_is_mailed_always_success_only_where_it_is_switched_on(
    world: RevenueWorld, success: bool, warning: bool, expected: list[str]
) -> None:
    world.config["notifications"] |= {"on_success": success, "on_warning": warning}
    load(world)
    world.objects(line("Orders"))
    world.run()
    world.objects(line("Orders", mapping=line("Orders")["mapping"][:-1]))
    assert world.run()["outcome"] == "WARNING"
    world.objects(line("Orders", dataset="custdataset_none"))
    world.run()
    assert [m["Subject"].split(" - ")[2] for m in world.mails()] == expected


@rules("3.3.mail.warning", "10.status.warning")
def test_a_warning_is_mailed_where_that_is_switched_on(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders", mapping=line("Orders")["mapping"][:-1]))
    assert world.run()["outcome"] == "WARNING"
    (mail,) = world.mails()
    assert "WARNING" in mail["Subject"] and "MANDATORY_EMPTY" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@rules("3.3.recipients")
def test_a_run_without_recipients_completes_and_says_so(world: RevenueWorld) -> None:
    world.config["notifications"]["recipients"] = []
    world.store()
    load(world)
    assert world.run("lonely")["outcome"] == "SUCCESS"
    task = world.task("lonely", "mail")
    assert (task.status, task.code) == ("WARNING", "NO_RECIPIENT") and not world.mails()


@rules("12.delivery")
def test_the_mail_is_sent_once_to_all_without_showing_them_and_tried_three_times(world: RevenueWorld) -> None:
    world.config["notifications"]["recipients"] = [RECIPIENT, "second@example.com"]
    world.store()
    load(world)
    tries: list[dict[str, object]] = []

    class Failing:
        def send_raw_email(self, **mail: object) -> None:
            tries.append(mail)
            if len(tries) < 3:
                raise ConnectionError("throttled")

    world.memory.mailer = Failing()
    assert world.run("mailed")["outcome"] == "SUCCESS"
    assert len(tries) == 3 and tries[2]["Destinations"] == [RECIPIENT, "second@example.com"]
    assert b"second@example.com" not in tries[2]["RawMessage"]["Data"]  # type: ignore[index]
    assert world.task("mailed", "mail").status == "SUCCESS"


@rules("12.delivery", "7.task.12")
def test_a_mail_that_cannot_be_sent_is_recorded_and_changes_nothing(world: RevenueWorld) -> None:
    load(world)

    class Failing:
        def send_raw_email(self, **mail: object) -> None:
            raise ConnectionError("no such identity")

    world.memory.mailer = Failing()
    assert world.run("mute")["outcome"] == "SUCCESS"
    task = world.task("mute", "mail")
    assert (task.status, task.code) == ("ERROR", "MAIL_FAILED") and "no such identity" in task.message
    assert world.wiring().runs().read("mute")["outcome"] == "SUCCESS"


@rules("12.delivery")
def test_a_large_attachment_is_replaced_by_its_place(world: RevenueWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallybridge.revenue.closing.MAX_ATTACHMENT", 100)
    load(world)
    world.run("big")
    (mail,) = world.mails()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["report.html"]
    assert "runs/big/revenue_connector_Daily_big.csv" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@rules("15.rule.3", "7.task.10", "13.4.warnings", "10.status.warning")
def test_lines_with_stage_errors_are_warnings_named_by_line_and_in_the_line_results(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1), order(2, cstmr_nm=""), order(3)])
    world.objects(line("Orders", key_column="doc_line_id"))
    output = world.run("errored")
    assert output["outcome"] == "WARNING" and output["objects"][0]["staged"] == 3
    assert {"STAGE_ERRORS", "RPRO-00003"} <= world.codes("errored", "WARNING")
    assert any("row 2, key SO2-1" in row["message"] for row in world.log("errored"))
    rows = list(csv.DictReader(io.StringIO(world.report_file("errored", "line_results_1.csv"))))
    assert [(r["key"], r["object"], r["result"], r["codes"]) for r in rows] == [
        ("SO1-1", "Orders", "STAGED", ""),
        ("SO2-1", "Orders", "STAGED_WITH_ERROR", "RPRO-00003"),
        ("SO3-1", "Orders", "STAGED", ""),
    ]
    assert {r["file_name"] for r in rows} == {world.files("errored")[0].name}


@rules("7.task.10")
@pytest.mark.parametrize("number", [1, 2], ids=["the same line, which was corrected", "another line"])
def test_stage_errors_of_other_lines_and_older_ones_are_not_this_runs(world: RevenueWorld, number: int) -> None:
    world.load_rows(orders=[order(1, cstmr_nm="")])
    world.objects(line("Orders"))
    world.run()
    world.clock.advance(hours=2)
    world.load_rows(orders=[order(number)])
    assert world.run("second")["outcome"] == "SUCCESS"


@rules("7.task.10")
def test_stage_errors_that_cannot_be_read_are_a_warning(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": "/stage/error", "status": 400, "body": {}})
    output = world.run("unread")
    assert output["outcome"] == "WARNING" and "STAGE_ERRORS_UNREAD" in world.codes("unread", "WARNING")


@rules("11.rule.5", "3.1.field.netsuite-consumer-key-consumer-secret", "3.1.field.netsuite-token-id-token-secret")
@rules("3.1.field.revenue-user-name-password")
def test_nothing_that_a_run_leaves_holds_a_secret(world: RevenueWorld) -> None:
    load(world)
    world.run("quiet")
    secrets = [v for part in world.credentials.values() for k, v in part.items() if k != "user"]
    left = b"".join(world.memory.objects.content.values()) + b"".join(m.as_bytes() for m in world.mails())
    left += json.dumps(list(world.memory.runs.items.values()), default=str).encode()
    assert not [secret for secret in secrets if secret.encode() in left]


def test_credentials_that_end_soon_are_told_once(world: RevenueWorld) -> None:
    load(world)
    day = (world.clock.now() + timedelta(days=20)).date().isoformat()
    world.credentials["revenue"]["expires_on"] = day
    assert world.run("warned")["outcome"] == "WARNING"
    assert "CREDENTIALS-EXPIRE" in world.codes("warned", "WARNING")
    assert day in str(world.task("warned", "validate").warnings) and "rotate revenue" in str(world.task("warned", "validate").warnings)
    world.clock.advance(hours=24)
    world.run("later")
    assert "CREDENTIALS-EXPIRE" not in world.codes("later", "WARNING")


@rules("17.rule.3")
def test_a_second_run_sends_the_same_rows_again(world: RevenueWorld) -> None:
    load(world)
    world.run()
    world.clock.advance(hours=1)
    world.run()
    assert world.staged().count("SO1-1") == 2


@rules("17.rule.4", "17.rule.5", "17.rule.2", "1.rule.5")
def test_a_run_writes_nothing_to_netsuite_and_starts_no_collection(world: RevenueWorld) -> None:
    load(world)
    seen: list[str] = []

    class Watch:
        def before(self, call: object) -> None:
            seen.append(f"{call.method} {call.url.partition('//')[2].partition('/')[2]} {sorted(call.params)}")  # type: ignore[attr-defined]

        def after(self, call: object, status: int | None, seconds: float) -> None:
            return None

    world.observer = Watch()
    world.run()
    netsuite = [call for call in seen if "services/rest" in call]
    assert netsuite and all(
        call.startswith("GET services/rest/query/v1/dataset") and call.endswith("['limit', 'offset']") for call in netsuite
    )
    assert not [call for call in seen if "collection" in call or "job" in call]


@pytest.mark.parametrize("content", [[], [{"instance": "Daily"}], "Daily", 7, False])
def test_an_execution_input_that_is_no_object_is_refused(world: RevenueWorld, content: object) -> None:
    load(world)
    output = world.machine().run("no-object", content)  # type: ignore[arg-type]
    assert output["outcome"] != "SUCCESS"
    assert world.staged() == []
    assert "must be a JSON object" in json.dumps([t.message for t in world.result("no-object").tasks])
