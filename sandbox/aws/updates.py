"""What CloudFormation does to a stack that exists: new resources are made, changed ones updated, those no longer named deleted or left.

What matters most is what an update does beside what was asked for. The handler of `AWS::SSM::Parameter` writes the template's value at any
update of the resource, a stack tag included, whatever the value has become meanwhile.

A resource counts as changed when its resolved properties differ, or when the stack's tags do and its type takes tags. A type that is not in
`HANDLERS` is refused if a property changes that is honoured here: it would have to be written first. Nothing is rolled back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda_simple.models import lambda_simple_backends
from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import ResourceMap, clean_json
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.scheduler.models import scheduler_backends
from moto.ssm.models import ssm_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from sandbox.aws.properties import LEFT_OUT
from sandbox.aws.repairs import definition_of
from sandbox.aws.resources import Alarm

Properties = dict[str, Any]
KEPT = ("Retain", "RetainExceptOnCreate")
"""Deletion policies under which a resource that has left the template stays."""


class NotUpdated(RuntimeError):
    """A change that AWS would make and that is not made here."""


class Place:
    """Account and region of a stack."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region

    def of(self, backends: Any) -> Any:
        """The backend of a regional service."""
        return backends[self.account][self.region]


def update(stack: Stack, template: Mapping[str, Any], parameters: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    """Brings a stack to a translated template, parameters and tags; returns what was done by logical id: CREATE, UPDATE, DELETE or RETAIN.
    Raises NotUpdated."""
    resources: ResourceMap = stack.resource_map
    old, before = dict(resources._resource_json_map), _resolved(resources)
    retagged = dict(tags) != dict(stack.tags)
    stack.template = json.dumps(template)
    stack._parse_template()
    stack.parameters, stack.tags = dict(parameters), dict(tags)
    resources._template = stack.template_dict
    resources.input_parameters, resources.tags = stack.parameters, dict(tags)
    resources._resource_json_map = stack.template_dict["Resources"]
    resources.load_mapping()
    resources.load_parameters()
    resources.load_conditions()
    wanted = {name for name in resources._resource_json_map if _exists(resources, name)}
    for name in wanted - before.keys():
        resources._parsed_resources.pop(name, None)
    done = {name: "CREATE" for name in wanted - before.keys() if resources[name] is not None}
    after, place = _resolved(resources), Place(resources._account_id, resources._region_name)
    for name in sorted(wanted & before.keys()):
        kind = resources._resource_json_map[name]["Type"]
        if kind != old[name]["Type"]:
            raise NotUpdated(f"{name}: {old[name]['Type']} is not replaced by {kind} here")
        changed = {key for key in {*before[name], *after[name]} if before[name].get(key) != after[name].get(key)}
        if changed or (retagged and kind in TAGGED):
            _change(place, name, kind, resources[name], after[name], changed)
            done[name] = "UPDATE"
    for name in sorted(before.keys() - wanted):
        resource = resources._parsed_resources.pop(name)
        done[name] = "RETAIN" if old[name].get("DeletionPolicy") in KEPT else "DELETE"
        if done[name] == "DELETE":
            resources._delete_resource(resource, old[name])
    stack.output_map = stack._create_output_map()
    stack.status = "UPDATE_COMPLETE"
    return done


def _exists(resources: ResourceMap, name: str) -> bool:
    condition = resources._resource_json_map[name].get("Condition")
    return not condition or bool(resources.lazy_condition_map[condition])


def _resolved(resources: ResourceMap) -> dict[str, Properties]:
    """The properties of every resource that exists, as CloudFormation compares them."""
    named = resources._resource_json_map
    return {name: clean_json(each.get("Properties", {}), resources) for name, each in named.items() if _exists(resources, name)}


def _change(place: Place, name: str, kind: str, resource: Any, properties: Properties, changed: set[str]) -> None:
    handler = HANDLERS.get(kind)
    if handler is not None:
        handler(place, resource, properties)
    elif seen := changed - LEFT_OUT.get(kind, {}).keys():
        raise NotUpdated(f"{name}: {', '.join(sorted(seen))} of {kind} cannot be changed here")


def _parameter(place: Place, resource: Any, properties: Properties) -> None:
    place.of(ssm_backends).put_parameter(
        name=resource.name,
        description=properties.get("Description"),
        value=properties["Value"],
        parameter_type=properties["Type"],
        allowed_pattern=properties.get("AllowedPattern"),
        keyid=None,
        overwrite=True,
        tags=None,
        data_type="text",
        tier=properties.get("Tier"),
        policies=None,
    )


def _function(place: Place, resource: Any, properties: Properties) -> None:
    function = place.of(lambda_simple_backends).get_function(resource.physical_resource_id)
    left_out = LEFT_OUT["AWS::Lambda::Function"]
    function.update_configuration({key: value for key, value in properties.items() if key not in left_out})
    function.code = properties["Code"]


def _state_machine(place: Place, resource: Any, properties: Properties) -> None:
    """Executions that run go on by the definition that they were started with."""
    machine = place.of(stepfunctions_parser_backends).describe_state_machine(resource.physical_resource_id)
    machine.update(definition=definition_of(properties), roleArn=properties["RoleArn"])


def _schedule(place: Place, resource: Any, properties: Properties) -> None:
    place.of(scheduler_backends).update_schedule(
        name=resource.physical_resource_id,
        group_name="default",
        description=properties.get("Description", ""),
        start_date=properties.get("StartDate"),
        end_date=properties.get("EndDate"),
        flexible_time_window=properties["FlexibleTimeWindow"],
        kms_key_arn="",
        schedule_expression=properties["ScheduleExpression"],
        schedule_expression_timezone=properties.get("ScheduleExpressionTimezone", "UTC"),
        state=properties.get("State", "ENABLED"),
        target=properties["Target"],
    )


def _role(place: Place, resource: Any, properties: Properties) -> None:
    role = iam_backends[place.account]["aws"].get_role(resource.physical_resource_id)
    role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
    role.policies = {each["PolicyName"]: json.dumps(each["PolicyDocument"]) for each in properties.get("Policies", [])}


def _managed_policy(place: Place, resource: Any, properties: Properties) -> None:
    policy = iam_backends[place.account]["aws"].get_policy(resource.physical_resource_id)
    for version in policy.versions:
        if version.is_default:
            version.document = json.dumps(properties["PolicyDocument"])


def _alarm(place: Place, resource: Any, properties: Properties) -> None:
    Alarm.create(resource.physical_resource_id, properties, place.account, place.region)


def _log_group(place: Place, resource: Any, properties: Properties) -> None:
    place.of(logs_backends).put_retention_policy(resource.physical_resource_id, properties.get("RetentionInDays"))


HANDLERS: dict[str, Callable[[Place, Any, Properties], None]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SSM::Parameter": _parameter,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
TAGGED = HANDLERS.keys() - {"AWS::Scheduler::Schedule", "AWS::IAM::ManagedPolicy"} | {
    *("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"),
}
"""Types whose resources take the stack's tags, so that a changed tag is an update of the resource."""
