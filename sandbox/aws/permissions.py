"""Holds every function to its IAM role: a call that the template does not allow is refused here too, as on AWS.

A missing S3 object is told as missing (404) only to a role that may list the whole bucket; to every other the answer is 403 AccessDenied
(Amazon S3 API reference, GetObject and HeadObject, "Permissions"). Whether a list permission with a condition, for example on the prefix,
is enough for the 404 is not documented; here it is not.

Only calls made inside an invocation are looked at; tests, the command line and the state machines call freely.
"""

from __future__ import annotations

import fnmatch
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from sandbox.aws.environ import current_invocation
from sandbox.aws.patch import put

Parameters = Mapping[str, Any]
MOST_KNOWN = 1_000
"""Decisions about one function that are remembered: objects of a bucket have a new name each time."""


@dataclass(frozen=True)
class Need:
    """What a call needs: an action on any one of `resources`, in a request with these condition keys."""

    action: str
    resources: tuple[str, ...]
    context: dict[str, str] = field(default_factory=dict)


class Roles:
    """The policies of the functions' roles, and what the functions were seen to use of them."""

    def __init__(self, account: str, region: str) -> None:
        self._at = f"{region}:{account}"
        self._statements: dict[str, list[dict[str, Any]]] = {}
        self._known: dict[str, tuple[list[dict[str, Any]], dict[Any, bool]]] = {}
        """What was decided before by a function's statements: most calls are about the same few tables."""
        self.used: defaultdict[str, set[str]] = defaultdict(set)
        self._call: Any = None

    def grant(self, function: str, policies: Mapping[str, Any]) -> None:
        """Gives a function (its name) the statements of its role's policies: documents, or their JSON texts, by name."""
        documents = [json.loads(policy) if isinstance(policy, str) else policy for policy in policies.values()]
        self._statements[function] = [statement for document in documents for statement in _listed(document["Statement"])]

    def install(self) -> None:
        """Looks at every call of a boto3 client from now on."""
        call, check = vars(BaseClient)["_make_api_call"], self._check
        self._call = call

        def checked(client: Any, operation: str, parameters: Any) -> Any:
            invocation = current_invocation()
            if invocation is not None:
                invocation.check()
                function = invocation.variables[b"AWS_LAMBDA_FUNCTION_NAME"].decode()
                check(function, client, operation, parameters)
            try:
                return call(client, operation, parameters)
            except ClientError as failed:
                if invocation is not None and _missing_object(client, operation, failed):
                    self._check_told(function, parameters["Bucket"], operation)
                raise

        put(BaseClient, "_make_api_call", checked)

    def remove(self) -> None:
        put(BaseClient, "_make_api_call", self._call)

    def _check(self, function: str, client: Any, operation: str, parameters: Parameters) -> None:
        for need in needs(client.meta.service_model.service_name, operation, parameters, self._at):
            self.used[function].add(need.action)
            if not self.allows(function, need):
                message = f"{function} may not perform {need.action} on {' or '.join(need.resources)}: its role does not allow it"
                raise _denied(need.action, message, operation)

    def _check_told(self, function: str, bucket: str, operation: str) -> None:
        """Raises AccessDenied where the function's role may not learn that an object is missing."""
        if not self.allows(function, Need("s3:ListBucket", (f"arn:aws:s3:::{bucket}",))):
            message = f"{function} may not learn that an object is missing: its role lacks s3:ListBucket, without a condition, on {bucket}"
            raise _denied("s3:ListBucket", message, operation) from None

    def allows(self, function: str, need: Need) -> bool:
        """Whether a statement of the function's role allows the call."""
        statements = self._statements.get(function, [])
        of, known = self._known.get(function, ([], {}))
        if of is not statements or len(known) >= MOST_KNOWN:
            known = {}
            self._known[function] = (statements, known)
        asked = (need.action, need.resources, *need.context.items())
        if asked not in known:
            known[asked] = any(_allows(statement, need) for statement in statements)
        return known[asked]

    def granted(self, function: str) -> set[str]:
        """All actions that the function's role allows."""
        return {action for statement in self._statements[function] for action in _listed(statement["Action"])}


def _missing_object(client: Any, operation: str, failed: ClientError) -> bool:
    of_an_object = client.meta.service_model.service_name == "s3" and operation in ("GetObject", "HeadObject")
    return of_an_object and failed.response["Error"]["Code"] in ("NoSuchKey", "404")


def _denied(action: str, message: str, operation: str) -> ClientError:
    """The refusal with the code of the service: the older protocols spell it shorter."""
    code = "AccessDenied" if action.partition(":")[0] in ("s3", "ses") else "AccessDeniedException"
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, operation)


def managed_documents(role: Any) -> dict[str, str]:
    """The documents, in their default versions, of the managed policies that are attached to a role, by ARN."""
    return {arn: version.document for arn, policy in role.managed_policies.items() for version in policy.versions if version.is_default}


def needs(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    """What a call of a boto3 client needs. `at` = "<region>:<account>"; a service without a rule needs the action on everything."""
    yield from _RULES.get(service, _anything)(service, operation, parameters, at)


def _anything(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    yield Need(f"{_PREFIXES.get(service, service)}:{operation}", ("*",))


_PREFIXES = {"sesv2": "ses"}
"""Services whose actions go by the name of another."""


def _dynamodb(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    tables = parameters["RequestItems"] if operation.startswith("Batch") else [parameters["TableName"]]
    for table in tables:
        arn = f"arn:aws:dynamodb:{at}:table/{table.rpartition('/')[2]}"
        yield Need(f"dynamodb:{operation}", (f"{arn}/index/{parameters['IndexName']}" if "IndexName" in parameters else arn,))


def _s3(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    bucket = f"arn:aws:s3:::{parameters.get('Bucket', '')}"
    if operation in ("ListObjectsV2", "ListObjects", "HeadBucket"):
        yield Need("s3:ListBucket", (bucket,), {"s3:prefix": parameters.get("Prefix", "")})
    else:
        yield Need(f"s3:{_OBJECT_ACTIONS.get(operation, operation)}", (f"{bucket}/{parameters.get('Key', '')}",))


_OBJECT_ACTIONS = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
"""Operations on objects whose action has another name."""


def _ssm(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    yield Need(f"ssm:{operation}", (f"arn:aws:ssm:{at}:parameter/{parameters.get('Name', '').lstrip('/')}",))


def _secrets(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    secret = parameters.get("SecretId", "")
    yield Need(f"secretsmanager:{operation}", (secret if secret.startswith("arn:") else f"arn:aws:secretsmanager:{at}:secret:{secret}",))


def _ses(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    if operation != "SendRawEmail":
        yield Need(f"ses:{operation}", ("*",))
        return
    sender = parseaddr(parameters.get("Source", ""))[1]
    identities = (f"arn:aws:ses:{at}:identity/{sender}", f"arn:aws:ses:{at}:identity/{sender.rpartition('@')[2]}")
    yield Need(f"ses:{operation}", identities, {"ses:FromAddress": sender})


def _scheduler(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    named = f"arn:aws:scheduler:{at}:schedule/{parameters.get('GroupName', 'default')}/{parameters.get('Name', '')}"
    yield Need(f"scheduler:{operation}", ("*" if operation == "ListSchedules" else named,))
    if "Target" in parameters:
        yield Need("iam:PassRole", (parameters["Target"]["RoleArn"],), {"iam:PassedToService": "scheduler.amazonaws.com"})


def _states(service: str, operation: str, parameters: Parameters, at: str) -> Iterator[Need]:
    resource = parameters.get("executionArn") or parameters.get("stateMachineArn") or "*"
    yield Need(f"states:{operation}", (resource,))


_RULES: dict[str, Callable[[str, str, Parameters, str], Iterator[Need]]] = {
    "dynamodb": _dynamodb,
    "s3": _s3,
    "scheduler": _scheduler,
    "ssm": _ssm,
    "secretsmanager": _secrets,
    "ses": _ses,
    "stepfunctions": _states,
}


def _allows(statement: dict[str, Any], need: Need) -> bool:
    if statement["Effect"] != "Allow" or not any(fnmatch.fnmatchcase(need.action, each) for each in _listed(statement["Action"])):
        return False
    if not any(fnmatch.fnmatchcase(resource, each) for each in _listed(statement["Resource"]) for resource in need.resources):
        return False
    for operator, conditions in statement.get("Condition", {}).items():
        if operator not in ("StringEquals", "StringLike"):
            return False
        for key, wanted in conditions.items():
            value = need.context.get(key)
            like = fnmatch.fnmatchcase if operator == "StringLike" else str.__eq__
            if value is None or not any(like(value, each) for each in _listed(wanted)):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
