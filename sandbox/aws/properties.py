"""Which properties of the template the embedded AWS honours, and which it leaves out because nothing here could tell the difference.

A property that stands in neither table is refused when the stack is loaded: silent leaving out is the main danger of a local AWS.
"""

from __future__ import annotations

from typing import Any

HONOURED: dict[str, set[str]] = {
    "AWS::CloudWatch::Alarm": {
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluationPeriods",
        "InsufficientDataActions",
        "MetricName",
        "Metrics",
        "Namespace",
        "Period",
        "Statistic",
        "Threshold",
        "TreatMissingData",
    },
    "AWS::CloudWatch::Dashboard": {"DashboardBody", "DashboardName"},
    "AWS::DynamoDB::Table": {
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "SSESpecification",
        "PointInTimeRecoverySpecification",
        "ResourcePolicy",
        "TimeToLiveSpecification",
    },
    "AWS::Events::Rule": {"Description", "EventPattern", "Name", "State", "Targets"},
    "AWS::IAM::ManagedPolicy": {"Description", "PolicyDocument"},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies"},
    "AWS::KMS::Key": {"Description", "EnableKeyRotation", "KeyPolicy", "KeySpec", "KeyUsage"},
    "AWS::Lambda::Function": {
        "Code",
        "DeadLetterConfig",
        "Environment",
        "FunctionName",
        "Handler",
        "LoggingConfig",
        "MemorySize",
        "Role",
        "Runtime",
        "Timeout",
    },
    "AWS::Lambda::LayerVersion": {"CompatibleArchitectures", "CompatibleRuntimes", "Content", "Description", "LayerName"},
    "AWS::Lambda::Permission": {"Action", "FunctionName", "Principal", "SourceArn"},
    "AWS::Logs::LogGroup": {"LogGroupName", "RetentionInDays"},
    "AWS::S3::Bucket": {"BucketEncryption", "VersioningConfiguration"},
    "AWS::SNS::Subscription": {"Endpoint", "Protocol", "TopicArn"},
    "AWS::SNS::Topic": {"KmsMasterKeyId", "TopicName"},
    "AWS::SQS::Queue": {"MessageRetentionPeriod", "QueueName", "SqsManagedSseEnabled"},
    "AWS::SSM::Parameter": {"Description", "Name", "Tier", "Type", "Value"},
    "AWS::Scheduler::Schedule": {
        "Description",
        "FlexibleTimeWindow",
        "Name",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "State",
        "Target",
    },
    "AWS::SecretsManager::Secret": {"Description", "GenerateSecretString", "Name", "SecretString"},
    "AWS::StepFunctions::StateMachine": {
        "DefinitionString",
        "DefinitionSubstitutions",
        "LoggingConfiguration",
        "RoleArn",
        "StateMachineName",
        "StateMachineType",
        "TracingConfiguration",
    },
}

LEFT_OUT: dict[str, dict[str, str]] = {
    "AWS::ApiGatewayV2::Api": dict.fromkeys(("Description", "Name", "ProtocolType"), "sandbox.aws.http_api is the one API here"),
    "AWS::ApiGatewayV2::Integration": dict.fromkeys(
        ("ApiId", "IntegrationType", "IntegrationUri", "PayloadFormatVersion"), "sandbox.aws.http_api calls the function in format 2.0"
    ),
    "AWS::ApiGatewayV2::Route": dict.fromkeys(("ApiId", "AuthorizationType", "RouteKey", "Target"), "every path is the one route"),
    "AWS::ApiGatewayV2::Stage": dict.fromkeys(
        ("AccessLogSettings", "ApiId", "AutoDeploy", "DefaultRouteSettings", "StageName"), "one person works here"
    ),
    "AWS::Lambda::Function": {
        "Architectures": "this machine's own is used",
        "Description": "text for people",
        "Layers": "the library is imported from where this process finds it",
        "Tags": "set by SAM, read by nobody here",
        "TracingConfig": "there is no X-Ray here",
    },
    "AWS::S3::Bucket": {
        "LifecycleConfiguration": "works in days",
        "OwnershipControls": "there is one account",
        "PublicAccessBlockConfiguration": "only loopback can reach it",
    },
    "AWS::S3::BucketPolicy": {"Bucket": "policies are not enforced here", "PolicyDocument": "policies are not enforced here"},
    "AWS::SQS::QueuePolicy": {"PolicyDocument": "policies are not enforced here", "Queues": "policies are not enforced here"},
    "AWS::StepFunctions::StateMachine": {"Tags": "set by SAM, read by nobody here"},
}
ATTRIBUTES = {"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
TARGET_FIELDS = {"Id", "Arn", "RoleArn", "RetryPolicy", "DeadLetterConfig"}
"""Of the target of an event rule; input transformers are not honoured. Handing an event to a function never fails here; what cannot be
started goes to the rule's dead letters without another try, and what a function fails on to the function's own queue."""


def faults(template: dict[str, Any]) -> list[str]:
    """What of a translated template the embedded AWS would ignore, in words."""
    found = []
    for logical_id, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind not in HONOURED and kind not in LEFT_OUT:
            found.append(f"{logical_id}: resources of type {kind} are not part of the embedded AWS")
            continue
        known = HONOURED.get(kind, set()) | set(LEFT_OUT.get(kind, {}))
        found += [f"{logical_id}: {name} of {kind} is not honoured here" for name in sorted(set(resource.get("Properties", {})) - known)]
        found += [f"{logical_id}: attribute {name} is not honoured here" for name in sorted(set(resource) - ATTRIBUTES)]
        if kind == "AWS::Events::Rule":
            for target in resource["Properties"].get("Targets", []):
                found += [f"{logical_id}: {name} of a target is not honoured here" for name in sorted(set(target) - TARGET_FIELDS)]
    return found
