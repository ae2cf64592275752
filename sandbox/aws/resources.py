"""CloudFormation models for resource types that moto's CloudFormation passes over with a mere warning."""

from __future__ import annotations

import json
import secrets
import string
from typing import Any, cast

from moto.cloudformation import parsing
from moto.cloudwatch.models import MetricDataQuery, MetricStat, cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.scheduler.models import scheduler_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends

Properties = dict[str, Any]


class _Resource(CloudFormationModel):
    """A resource that exists after its creation under `physical_resource_id` and is not updated in place."""

    type_name = ""
    name_property = ""

    def __init__(self, physical_resource_id: str) -> None:
        self.physical_resource_id = physical_resource_id

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        """Creates the resource and returns its physical id."""
        raise NotImplementedError

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        return cls(cls.create(resource_name, cloudformation_json["Properties"], account_id, region_name))

    @classmethod
    def update_from_cloudformation_json(cls, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"the embedded AWS makes every stack anew; it does not update {cls.type_name}")

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        """Resources go with the embedded AWS."""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return False

    def is_created(self) -> bool:
        return True


class Secret(_Resource):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        answer = secretsmanager_backends[account][region].create_secret(
            name=name,
            secret_string=properties["SecretString"]
            if "SecretString" in properties
            else cls._generated(properties["GenerateSecretString"]),
            secret_binary=None,
            description=properties.get("Description"),
            tags=None,
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return str(json.loads(answer)["ARN"])

    @staticmethod
    def _generated(wanted: Properties) -> str:
        """A secret that nobody has chosen: the template with one more key."""
        content = json.loads(wanted["SecretStringTemplate"])
        letters = string.ascii_letters + string.digits
        content[wanted["GenerateStringKey"]] = "".join(secrets.choice(letters) for _ in range(int(wanted["PasswordLength"])))
        return json.dumps(content)


class Schedule(_Resource):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Scheduler::Schedule"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        scheduler_backends[account][region].create_schedule(
            name=name,
            description=properties.get("Description", ""),
            start_date=properties.get("StartDate"),  # type: ignore[arg-type]
            end_date=properties.get("EndDate"),  # type: ignore[arg-type]
            flexible_time_window=properties["FlexibleTimeWindow"],
            group_name="default",
            kms_key_arn="",
            schedule_expression=properties["ScheduleExpression"],
            schedule_expression_timezone=properties.get("ScheduleExpressionTimezone", "UTC"),
            state=properties.get("State", "ENABLED"),
            target=properties["Target"],
            action_after_completion=None,
        )
        return name


class Alarm(_Resource):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "AlarmName"

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        cloudwatch_backends[account][region].put_metric_alarm(
            name=name,
            namespace=properties.get("Namespace", ""),
            metric_name=properties.get("MetricName", ""),
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=int(properties["EvaluationPeriods"]),
            period=int(properties.get("Period", 0)),
            threshold=float(properties["Threshold"]),
            statistic=properties.get("Statistic", ""),
            description=properties.get("AlarmDescription", ""),
            dimensions=properties.get("Dimensions", []),
            alarm_actions=properties.get("AlarmActions", []),
            insufficient_data_actions=properties.get("InsufficientDataActions", []),
            metric_data_queries=[_query(each) for each in properties["Metrics"]] if "Metrics" in properties else None,
            datapoints_to_alarm=properties.get("DatapointsToAlarm"),
            treat_missing_data=properties.get("TreatMissingData"),
        )
        return name


class BucketPolicy(_Resource):
    """Kept, not enforced: moto enforces policies without their conditions, so that a TLS-only policy would deny everything."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        return str(properties["Bucket"])


class QueuePolicy(_Resource):
    """Kept, not enforced, as for buckets."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SQS::QueuePolicy"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        return name


class Subscription(_Resource):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SNS::Subscription"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        return str(sns_backends[account][region].subscribe(properties["TopicArn"], properties["Endpoint"], properties["Protocol"]).arn)


class _OfAnApi(_Resource):
    """Kept by its name: the API is served by `sandbox.aws.http_api`."""

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def create(cls, name: str, properties: Properties, account: str, region: str) -> str:
        return name


class HttpApi(_OfAnApi):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGatewayV2::Api"


class Integration(_OfAnApi):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGatewayV2::Integration"


class Route(_OfAnApi):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGatewayV2::Route"


class Stage(_OfAnApi):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ApiGatewayV2::Stage"


MODELS: tuple[type[_Resource], ...] = (
    *(Secret, Schedule, Alarm, BucketPolicy, QueuePolicy, Subscription),
    *(HttpApi, Integration, Route, Stage),
)


def register() -> None:
    """Makes moto's CloudFormation know the models above. Doing it again changes nothing."""
    known = parsing.get_model_map()
    names = parsing.get_name_type_map()
    for model in MODELS:
        known[model.cloudformation_type()] = model
        names[model.cloudformation_type()] = model.cloudformation_name_type()


def supported(resource_type: str) -> bool:
    """Whether a stack can hold resources of this type."""
    register()
    return resource_type in parsing.get_model_map()


def _query(query: Properties) -> MetricDataQuery:
    stat, no_period = query.get("MetricStat"), cast(str, None)
    return MetricDataQuery(
        query_id=query["Id"],
        label=query.get("Label", ""),
        period=no_period,
        return_data=str(query.get("ReturnData", True)).lower(),
        expression=query.get("Expression"),
        metric_stat=None
        if stat is None
        else MetricStat(metric=_metric(stat["Metric"]), period=str(stat["Period"]), stat=stat["Stat"], unit=""),
    )


def _metric(metric: Properties) -> Any:
    from moto.cloudwatch.models import Dimension, Metric

    dimensions = [Dimension(each["Name"], each["Value"]) for each in metric.get("Dimensions", [])]
    return Metric(metric_name=metric["MetricName"], namespace=metric["Namespace"], dimensions=dimensions)
