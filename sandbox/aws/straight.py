"""The calls that there are most of, about items of a table, objects of a bucket and secrets, go straight from the client's method to moto's
stores.

Between them lie an HTTP request and an HTTP answer that nobody here looks at: endpoint, headers, signature, retries. What a caller sees is
the same: arguments are checked and changed as before, and whatever is refused is asked once more in the long way, which words the refusal,
but for a missing object.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from botocore.exceptions import ParamValidationError
from botocore.response import StreamingBody
from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import FakeKey, s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from werkzeug.exceptions import HTTPException

from sandbox.aws.store_repairs import objects

AWS = ".amazonaws.com"
OF_ITEMS = frozenset({"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"})
PLAIN = frozenset({"Bucket", "Key", "Body", "ContentType", "ContentEncoding", "IfNoneMatch"})
LISTED = frozenset({"Bucket", "Prefix", "MaxKeys", "ContinuationToken", "EncodingType"})
MOST_KEYS = 1_000
JSON = {"Content-Type": "application/x-amz-json-1.0"}

Parameters = Mapping[str, Any]
Way = Callable[[Any, str, Parameters], dict[str, Any] | None]
"""The answer of a call, None where it has to go the long way."""


def straight(before: Callable[[Any, str, Any], Any]) -> Callable[[Any, str, Any], Any]:
    """In the place of a client's `_make_api_call`."""
    validator = ParamValidator()

    def call(client: Any, operation: str, given: Any) -> Any:
        way = WAYS.get((client.meta.service_model.service_name, operation))
        if way is None or not client.meta.endpoint_url.endswith(AWS):
            return before(client, operation, given)
        model = client.meta.service_model.operation_model(operation)
        context = {"client_region": client.meta.region_name, "client_config": client.meta.config}
        parameters = client._emit_api_params(api_params=given, operation_model=model, context=context)
        report = validator.validate(parameters, model.input_shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        answer = way(client, operation, parameters)
        if answer is None:
            return before(client, operation, given)
        answer["ResponseMetadata"] = {"RequestId": "sandbox", "HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        event = f"after-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
        client.meta.events.emit(event, http_response=SimpleNamespace(status_code=200), parsed=answer, model=model, context=context)
        return answer

    return call


def _of_items(client: Any, operation: str, parameters: Parameters) -> dict[str, Any] | None:
    """Binary values, which are kept in another form than they are sent, go the long way."""
    handler = DynamoHandler()
    try:
        handler.params = json.loads(json.dumps(parameters))
    except TypeError:
        return None
    handler.headers = {"x-amz-target": f"DynamoDB_20120810.{operation}", **JSON}
    handler.region, handler.access_key, handler.current_account = client.meta.region_name, "sandbox", DEFAULT_ACCOUNT_ID
    handler.querystring, handler.uri_match, handler.response_headers = {}, {}, {}
    try:
        status, _, body = handler.call_action()
    except HTTPException:
        return None
    return dict(json.loads(body, object_hook=_with_bytes)) if int(status) == 200 else None


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute value as a client has it: what is binary travels as text."""
    if isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    if isinstance(value.get("BS"), list):
        return {"BS": [base64.b64decode(each) for each in value["BS"]]}
    return value


def _read(client: Any, operation: str, parameters: Parameters) -> dict[str, Any] | None:
    """A whole object in its newest version."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if parameters.keys() - {"ChecksumMode"} != {"Bucket", "Key"} or parameters["Bucket"] not in backend.buckets:
        return None
    found = backend.get_object(parameters["Bucket"], parameters["Key"])
    if found is None:
        raise _missing(client, operation, parameters["Key"])
    if not isinstance(found, FakeKey):
        return None
    content = found.value
    headers = {name.lower(): value for name, value in found.metadata.items()}
    more = {} if found.version_id in (None, "null") else {"VersionId": found.version_id}
    more |= {"ContentEncoding": headers["content-encoding"]} if "content-encoding" in headers else {}
    return {
        "Body": StreamingBody(io.BytesIO(content), len(content)),
        "ContentLength": len(content),
        "ContentType": headers.get("content-type", "binary/octet-stream"),
        "ETag": found.etag,
        "LastModified": _moment(found),
        "AcceptRanges": "bytes",
        "Metadata": {name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if name.startswith("x-amz-meta-")},
        **more,
    }


def _missing(client: Any, operation: str, key: str) -> Exception:
    """How S3 words that there is no such object, which is asked for more often than anything else that is refused."""
    told = {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": key}
    answer = {"Error": told, "ResponseMetadata": {"RequestId": "sandbox", "HTTPStatusCode": 404, "HTTPHeaders": {}, "RetryAttempts": 0}}
    return cast(Exception, client.exceptions.from_code("NoSuchKey")(answer, operation))


def _moment(found: FakeKey) -> datetime:
    """When it was written, in whole seconds as S3 tells it."""
    return found.last_modified.replace(tzinfo=UTC, microsecond=0)


def _write(client: Any, operation: str, parameters: Parameters) -> dict[str, Any] | None:
    """An object with nothing but its content and the type of it; with `IfNoneMatch` one that there is not yet."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    bucket = backend.buckets.get(parameters["Bucket"])
    if bucket is None or bucket.object_lock_enabled or not parameters.keys() <= PLAIN:
        return None
    with objects:
        if "IfNoneMatch" in parameters and backend.get_object(bucket.name, parameters["Key"]) is not None:
            return None
        body = parameters.get("Body", b"")
        content = body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes | bytearray) else body.read()
        made = backend.put_object(bucket.name, parameters["Key"], content, "STANDARD")
    encoding = {"Content-Encoding": parameters["ContentEncoding"]} if "ContentEncoding" in parameters else {}
    made.set_metadata({"Content-Type": parameters.get("ContentType", "binary/octet-stream"), **encoding})
    made.set_acl(bucket.acl)
    return {"ETag": made.etag, **({} if made.version_id == "null" else {"VersionId": made.version_id})}


def _list(client: Any, operation: str, parameters: Parameters) -> dict[str, Any] | None:
    """Keys below a prefix."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    bucket = backend.buckets.get(parameters["Bucket"])
    if bucket is None or not parameters.keys() <= LISTED or not parameters.get("ContinuationToken", "-"):
        return None
    prefix, token, most = parameters.get("Prefix", ""), parameters.get("ContinuationToken"), parameters.get("MaxKeys", MOST_KEYS)
    keys, more, following = _page(backend, bucket, prefix, token, most)
    found = [
        {"Key": k.name, "LastModified": _moment(k), "ETag": k.etag, "Size": k.size, "StorageClass": k.storage_class}
        for k in keys
        if isinstance(k, FakeKey)
    ]
    told = {"Name": bucket.name, "Prefix": prefix, "MaxKeys": most, "KeyCount": len(found), "IsTruncated": bool(more)}
    return {**told, **({"Contents": found} if found else {}), **({"NextContinuationToken": following} if following else {})}


def _page(backend: Any, bucket: Any, prefix: str, token: str | None, most: int) -> tuple[list[Any], bool, str | None]:
    """As `list_objects_v2` of moto, which looks at each version of each object for it: what is on the page, whether more follows, where."""
    names = sorted(name for name in list(dict.keys(bucket.keys)) if name.startswith(prefix))
    if token or len(names) > most:
        keys, more, following = backend.list_objects_v2(bucket, prefix, None, token, None, most)
        return list(keys), bool(more), following
    return [bucket.keys[name] for name in names if name in bucket.keys], False, None


def _secret(client: Any, operation: str, parameters: Parameters) -> dict[str, Any] | None:
    """A secret in its current version."""
    backend = secretsmanager_backends[DEFAULT_ACCOUNT_ID][client.meta.region_name]
    if parameters.keys() != {"SecretId"}:
        return None
    try:
        told: dict[str, Any] = backend.get_secret_value(parameters["SecretId"], None, None)  # type: ignore[arg-type]
    except (HTTPException, KeyError):
        return None
    return {**told, "VersionStages": list(told["VersionStages"]), "CreatedDate": parse_timestamp(told["CreatedDate"])}


WAYS: dict[tuple[str, str], Way] = {
    **{("dynamodb", name): _of_items for name in OF_ITEMS},
    ("secretsmanager", "GetSecretValue"): _secret,
    ("s3", "GetObject"): _read,
    ("s3", "PutObject"): _write,
    ("s3", "ListObjectsV2"): _list,
}
