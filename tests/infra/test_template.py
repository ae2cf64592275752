"""The template fits the code, and everything in it is protected, logged and watched."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Any

import pytest
from cfnlint.api import lint_file

from sandbox.aws import definitions
from sandbox.aws.translate import load_template
from tallybridge.sync.ledger import ATTENTION_INDEX, NUMBER_INDEX, PERIOD_INDEX
from tallybridge.sync.runs import RETENTION
from tests.infra import reach
from tests.infra.conftest import REPOSITORY, TEMPLATE
from tests.infra.scripted import STEPS, camel

FOLDERS = sorted(path.parent.name for path in (REPOSITORY / "functions").glob("*/app.py"))
OUTPUTS = {
    "BillingSyncArn",
    "RevenueIngestArn",
    "RevenueSettingsParameter",
    "StatusTable",
    "RunsTable",
    "ReportsBucket",
    "UploadsBucket",
    "SettingsParameter",
    "CredentialsSecret",
}
"""Names that operators and the sandbox rely on."""
METRICS_OF_AN_ALARM = 10
"""CloudWatch takes no more in an alarm on an expression."""


@cache
def template() -> dict[str, Any]:
    return load_template(TEMPLATE)


def resources(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == kind}


def functions() -> dict[str, dict[str, Any]]:
    """The properties of the functions by folder, with what stands under Globals."""
    usual = template()["Globals"]["Function"]
    found = {}
    for each in resources("AWS::Serverless::Function").values():
        properties = {**usual, **each["Properties"]}
        variables = {**usual["Environment"]["Variables"], **each["Properties"].get("Environment", {}).get("Variables", {})}
        found[properties["CodeUri"].removeprefix("functions/")] = {**properties, "Variables": variables}
    return found


def test_cfn_lint_finds_nothing() -> None:
    matches = lint_file(TEMPLATE)
    assert [f"{match.rule.id} {match.message}" for match in matches] == []


def test_every_folder_is_a_function_of_the_template_and_the_other_way_round() -> None:
    assert sorted(functions()) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_has_the_handler_that_the_template_names(folder: str) -> None:
    file, _, name = functions()[folder]["Handler"].rpartition(".")
    tree = ast.parse((REPOSITORY / "functions" / folder / f"{file}.py").read_text())
    if folder in STEPS:
        (made,) = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name]
        assert ast.unparse(made.value) == f"step_handler({folder!r})"
    else:
        (handler,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        assert [argument.arg for argument in handler.args.args] == ["event", "context"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_gets_the_variables_that_its_code_reads_and_no_others(folder: str) -> None:
    usual = set(template()["Globals"]["Function"]["Environment"]["Variables"])
    assert set(functions()[folder]["Variables"]) - usual == reach.reached_by(folder).variables


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_has_a_role_and_a_log_group_of_its_own(folder: str) -> None:
    name = camel(folder)
    properties = functions()[folder]
    assert properties["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Logs"}}
    assert template()["Resources"][f"{name}Logs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties["Tracing"] == "Active"


def test_names_fit_the_console() -> None:
    names = [each["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-") for each in functions().values()]
    assert sorted(names) == [folder.replace("_", "-") for folder in FOLDERS]


KEPT = ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::Cognito::UserPool"]


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_kept_survives_the_stack_and_a_first_deployment_that_failed_can_be_repeated(kind: str) -> None:
    """The console's secret is nothing that anybody would miss: a new one ends its sessions."""
    for name, each in resources(kind).items():
        if name == "ConsoleSecret":
            assert "DeletionPolicy" not in each and "Name" not in each["Properties"], "it has to go, and to come again"
            continue
        assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), name


def test_nothing_that_people_edit_is_a_property_of_the_stack() -> None:
    """CloudFormation writes a parameter's value at any update of the resource, a tag included."""
    assert resources("AWS::SSM::Parameter") == {}


@pytest.mark.parametrize("name", sorted(resources("AWS::DynamoDB::Table")))
def test_a_table_is_encrypted_and_can_be_restored(name: str) -> None:
    properties = template()["Resources"][name]["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] is True


def test_the_tables_have_the_keys_that_the_stores_use() -> None:
    status, runs = (template()["Resources"][name]["Properties"] for name in ("StatusTable", "RunsTable"))
    assert [key["AttributeName"] for key in status["KeySchema"]] == ["id"]
    indexes = {index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]] for index in status["GlobalSecondaryIndexes"]}
    assert indexes == {ATTENTION_INDEX: ["attention", "place"], NUMBER_INDEX: ["number", "id"], PERIOD_INDEX: ["period", "updated"]}
    assert [key["AttributeName"] for key in runs["KeySchema"]] == ["pk", "sk"]
    assert runs["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


@pytest.mark.parametrize("name", sorted(resources("AWS::S3::Bucket")))
def test_a_bucket_is_private_encrypted_versioned_and_tls_only(name: str) -> None:
    properties = template()["Resources"][name]["Properties"]
    assert "ServerSideEncryptionConfiguration" in properties["BucketEncryption"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (statement,) = template()["Resources"][f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_only_what_belongs_to_a_run_expires() -> None:
    """The configuration of the revenue connector may lie in the reports bucket, for as long as nobody changes it."""
    for name, each in resources("AWS::S3::Bucket").items():
        (rule,) = each["Properties"]["LifecycleConfiguration"]["Rules"]
        assert rule["Prefix"] == "runs/", name


def test_no_statement_allows_every_action_or_an_unnamed_resource() -> None:
    """Tracing, log delivery, lists of schedules and questions about the mail account know no resources; everything else names them."""
    without_resources = re.compile(r"xray:|logs:\w*(LogDeliver|ResourcePolic|DescribeLogGroups)|scheduler:ListSchedules$|ses:Get\w+$")
    inline = [(name, policy) for name, role in resources("AWS::IAM::Role").items() for policy in role["Properties"]["Policies"]]
    managed = [(name, each["Properties"]) for name, each in resources("AWS::IAM::ManagedPolicy").items()]
    assert [name for name, _ in managed] == ["SyncStepPolicy"]
    for name, policy in (*inline, *managed):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action], name
            if statement["Resource"] == "*":
                assert all(without_resources.match(action) for action in actions), name


def test_the_state_machines_may_call_exactly_the_functions_they_name() -> None:
    billing = definitions.substitutions((REPOSITORY / "statemachine" / "billing_sync.asl.json").read_text())
    called = {name.removesuffix("FunctionArn") for name in billing if name.endswith("FunctionArn")}
    steps = {camel(step) for step in STEPS}
    assert _invoked("SyncStepRole") == steps
    assert _invoked("RunEndedRole") == {"CloseRun", "ArchiveLog", "Notify"}
    assert _invoked("RevenueEndedRole") == {"RevenueClose"}
    assert _invoked("BillingSyncRole") == called - steps | {"Payments", "Refunds"}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_may_do_what_all_steps_may_and_write_its_own_log(step: str) -> None:
    role = template()["Resources"][f"{camel(step)}Role"]["Properties"]
    assert role["ManagedPolicyArns"] == [{"Ref": "SyncStepPolicy"}]
    ((statement,),) = [policy["PolicyDocument"]["Statement"] for policy in role["Policies"]]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == {"Fn::GetAtt": [f"{camel(step)}Logs", "Arn"]}


def _invoked(role: str) -> set[str]:
    (policy,) = template()["Resources"][role]["Properties"]["Policies"]
    (statement,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Action"] == "lambda:InvokeFunction"]
    return {arn["Fn::GetAtt"][0].removesuffix("Function") for arn in statement["Resource"]}


@pytest.mark.parametrize("name", sorted(resources("AWS::Serverless::StateMachine")))
def test_a_state_machine_is_logged_and_traced_without_its_data(name: str) -> None:
    properties = template()["Resources"][name]["Properties"]
    assert properties["Type"] == "STANDARD"
    assert properties["Tracing"] == {"Enabled": True}
    assert (properties["Logging"]["Level"], properties["Logging"]["IncludeExecutionData"]) == ("ALL", False)


def test_the_schedule_is_off_until_somebody_turns_it_on() -> None:
    properties = template()["Resources"]["BillingSyncSchedule"]["Properties"]
    assert properties["State"] == {"Ref": "ScheduleState"}
    assert template()["Parameters"]["ScheduleState"]["Default"] == "DISABLED"
    assert properties["FlexibleTimeWindow"] == {"Mode": "OFF"}


def _attribute(name: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def _statements(role: str) -> list[dict[str, Any]]:
    return [each for policy in template()["Resources"][role]["Properties"]["Policies"] for each in policy["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize(("kind", "role"), [("BillingSync", "BillingSyncScheduleRole"), ("RevenueIngest", "RevenueScheduleRole")])
def test_a_scheduled_start_that_fails_is_kept_as_a_dead_letter(kind: str, role: str) -> None:
    """The schedules of the revenue connector are made by the command line, which `tests/revenue` looks at."""
    queue = _attribute("ScheduleDeadLetters", "Arn")
    assert {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue} in _statements(role)
    schedules = {name: each["Properties"]["Target"] for name, each in resources("AWS::Scheduler::Schedule").items()}
    watched = schedules.pop("WatchRunsSchedule")
    assert "DeadLetterConfig" not in watched, "the next look follows in a quarter of an hour"
    assert {name: each["DeadLetterConfig"] for name, each in schedules.items()} == {"BillingSyncSchedule": {"Arn": queue}}


@pytest.mark.parametrize("rule", sorted(resources("AWS::Events::Rule")))
def test_an_end_that_cannot_be_handed_to_its_clean_up_is_kept_as_a_dead_letter(rule: str) -> None:
    (target,) = template()["Resources"][rule]["Properties"]["Targets"]
    queue = _attribute("CleanUpDeadLetters", "Arn")
    assert target["DeadLetterConfig"] == {"Arn": queue}
    machine = "RevenueEnded" if rule.startswith("Revenue") else "RunEnded"
    assert (target["Arn"], target["RoleArn"]) == ({"Ref": machine}, _attribute("CleanUpRole", "Arn"))
    (allowed,) = _statements("CleanUpRole")
    assert allowed["Action"] == "states:StartExecution" and {"Ref": machine} in allowed["Resource"]
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    allowed = next(each for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"} and allowed["Resource"] == queue
    assert _attribute(rule, "Arn") in allowed["Condition"]["ArnEquals"]["aws:SourceArn"]


@pytest.mark.parametrize("machine", ["RunEnded", "RevenueEnded"])
def test_a_clean_up_that_does_not_succeed_raises_an_alarm(machine: str) -> None:
    _, *watched = template()["Resources"]["CleanUpFailedAlarm"]["Properties"]["Metrics"]
    metrics = [each["MetricStat"]["Metric"] for each in watched]
    found = {m["MetricName"] for m in metrics if m["Dimensions"] == [{"Name": "StateMachineArn", "Value": {"Ref": machine}}]}
    assert found == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}


@pytest.mark.parametrize("name", sorted(resources("AWS::SQS::Queue")))
def test_a_dead_letter_is_encrypted_kept_for_two_weeks_and_watched(name: str) -> None:
    properties = template()["Resources"][name]["Properties"]
    assert (properties["SqsManagedSseEnabled"], properties["MessageRetentionPeriod"]) == (True, 14 * 24 * 3600)
    alarm = template()["Resources"][f"{name}Alarm"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": _attribute(name, "QueueName")}]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "ApproximateNumberOfMessagesVisible",
        0,
        "GreaterThanThreshold",
    )
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    denied = next(each for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Deny")
    assert _attribute(name, "Arn") in denied["Resource"] and denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {"Ref": name} in policy["Properties"]["Queues"]


def test_alarms_are_encrypted_with_a_key_that_cloudwatch_may_use() -> None:
    """With the key that AWS manages for SNS, CloudWatch could not publish: its policy cannot be changed."""
    (topic,) = resources("AWS::SNS::Topic").values()
    key = template()["Resources"][topic["Properties"]["KmsMasterKeyId"]["Ref"]]
    assert key["Type"] == "AWS::KMS::Key" and key["Properties"]["EnableKeyRotation"] is True
    used = [each for each in key["Properties"]["KeyPolicy"]["Statement"] if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert [each["Action"] for each in used] == [["kms:Decrypt", "kms:GenerateDataKey*"]]
    assert used[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_alarms_and_dashboard_watch_metrics_that_the_functions_count() -> None:
    code = "".join(path.read_text() for path in (REPOSITORY / "functions").glob("*/app.py"))
    counted = set(re.findall(r'add_metric\(\s*(?:name=)?"(\w+)"', code))
    alarms = {each["Properties"].get("MetricName") for each in resources("AWS::CloudWatch::Alarm").values() if _own(each)}
    body = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert alarms == {"RunFailed", "RunOutOfBalance", "RevenueRunFailed", "MailFailed", "RunsMissing", "RevenueRunsMissing"}
    assert alarms | set(re.findall(r'\["Tallybridge", "(\w+)"', body)) <= counted


def _own(alarm: dict[str, Any]) -> bool:
    usual = template()["Globals"]["Function"]["Environment"]["Variables"]
    return bool(alarm["Properties"].get("Namespace") == usual["POWERTOOLS_METRICS_NAMESPACE"])


def test_every_function_counts_into_one_error_alarm() -> None:
    with_several = [
        each["Properties"]["Metrics"] for each in resources("AWS::CloudWatch::Alarm").values() if "Metrics" in each["Properties"]
    ]
    alarms = [metrics for metrics in with_several if metrics[1]["MetricStat"]["Metric"]["Namespace"] == "AWS/Lambda"]
    watched = [each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for metrics in alarms for each in metrics[1:]]
    assert sorted(watched) == sorted(resources("AWS::Serverless::Function"))
    assert all(len(metrics) <= METRICS_OF_AN_ALARM for metrics in alarms)


def test_every_function_shows_on_the_dashboard() -> None:
    body = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for metric in ("Errors", "Duration"):
        shown = re.findall(rf'\["AWS/Lambda", "{metric}", "FunctionName", "\$\{{(\w+)\}}"\]', body)
        assert sorted(shown) == sorted(n for n, each in resources("AWS::Serverless::Function").items() if "Condition" not in each)


def test_every_alarm_tells_the_topic() -> None:
    for name, each in resources("AWS::CloudWatch::Alarm").items():
        assert each["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name


def test_the_outputs_keep_their_names() -> None:
    assert set(template()["Outputs"]) >= OUTPUTS


# -- the console -------------------------------------------------------------------------------------------------------


def test_the_console_is_off_until_somebody_switches_it_on() -> None:
    assert template()["Parameters"]["ConsoleEnabled"]["Default"] == "false"
    assert template()["Conditions"]["HasConsole"] == {"Fn::Equals": [{"Ref": "ConsoleEnabled"}, "true"]}
    own = {name: each.get("Condition") for name, each in template()["Resources"].items() if name.startswith("Console")}
    assert set(own.values()) == {"HasConsole", "HasConsoleUsers"} and len(own) >= 18
    others = [name for name, each in template()["Resources"].items() if "Condition" in each and name not in own]
    assert {template()["Resources"][name]["Condition"] for name in others} == {"MailsAlarms", "SignsExports"}


def test_the_key_of_exports_is_there_on_demand_and_outlives_the_stack() -> None:
    """An auditor may want to check an export years later."""
    key = template()["Resources"]["ExportKey"]
    assert (key["Condition"], template()["Parameters"]["SignExports"]["Default"]) == ("SignsExports", "false")
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert (key["Properties"]["KeyUsage"], key["Properties"]["KeySpec"]) == ("SIGN_VERIFY", "RSA_3072")
    signing = [each for each in _statements("ConsoleRole") if "kms:Sign" in each["Action"]]
    assert [each["Resource"]["Fn::If"][:2] for each in signing] == [["SignsExports", _attribute("ExportKey", "Arn")]]


def test_what_is_evidence_is_kept_for_years_and_what_proves_it_for_good() -> None:
    """Nothing takes items out of the ledger and the audit; the list of runs is kept as long as any stack keeps what they have left."""
    parameters, tables = template()["Parameters"], resources("AWS::DynamoDB::Table")
    assert parameters["ReportRetentionDays"]["Default"] >= 7 * 365
    assert RETENTION.days >= parameters["ReportRetentionDays"]["MaxValue"]
    assert [name for name, each in tables.items() if "TimeToLiveSpecification" in each["Properties"]] == ["RunsTable"]


def test_the_consoles_api_is_throttled_and_logged_without_the_codes_of_sign_ins() -> None:
    stage = template()["Resources"]["ConsoleStage"]["Properties"]
    assert set(stage["DefaultRouteSettings"]) == {"ThrottlingBurstLimit", "ThrottlingRateLimit"}
    assert template()["Resources"]["ConsoleAccessLogs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert not re.search(r"sourceIp|querystring|authorizer|Cookie", stage["AccessLogSettings"]["Format"])


def test_people_of_the_consoles_own_pool_are_invited_have_a_second_factor_and_a_role_by_their_group() -> None:
    pool = template()["Resources"]["ConsoleUsers"]["Properties"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert sorted(each["Properties"]["GroupName"] for each in resources("AWS::Cognito::UserPoolGroup").values()) == [
        *("approver", "operator", "viewer")
    ]
    client = template()["Resources"]["ConsoleClient"]["Properties"]
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)


def test_the_console_hands_on_the_roles_of_schedules_alone_and_to_one_service() -> None:
    (handed,) = [each for each in _statements("ConsoleRole") if each["Action"] == "iam:PassRole"]
    assert handed["Resource"] == [_attribute(role, "Arn") for role in ("BillingSyncScheduleRole", "RevenueScheduleRole")]
    assert handed["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
