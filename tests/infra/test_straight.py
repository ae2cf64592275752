"""Calls that go straight to moto's stores answer what they answer in the long way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from sandbox.aws import straight
from sandbox.aws.inprocess import InProcess

REGION, TABLE, BUCKET = "eu-west-1", "items", "objects"
KEYS = {
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
}
ITEM = {"pk": "a", "sk": "1", "n": 7, "text": "x", "list": [1, {"b": b"\x00"}], "set": {"p", "q"}, "bytes": b"\xff", "none": None}

Told = Callable[[], Any]


@pytest.fixture
def aws() -> Iterator[None]:
    process = InProcess(REGION)
    process.start()
    try:
        boto3.client("dynamodb").create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **KEYS)
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield
    finally:
        process.stop()


def long_way(monkeypatch: pytest.MonkeyPatch, ask: Told) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(straight, "WAYS", {})
        return ask()


def plain(answer: Any) -> Any:
    """An answer without what belongs to HTTP; a body as what is in it."""
    kept = {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "ServerSideEncryption", "ChecksumType", "ChecksumCRC32")}
    return {**kept, "Body": kept["Body"].read()} if "Body" in kept else kept


def refusal(ask: Told) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        ask()
    return refused.value.response["Error"]["Code"], refused.value.operation_name


def items() -> dict[str, Told]:
    table: Any = boto3.resource("dynamodb").Table(TABLE)
    key = {"pk": "a", "sk": "1"}
    more = {"ExpressionAttributeValues": {":pk": "a"}, "KeyConditionExpression": "pk = :pk"}
    change = {"UpdateExpression": "SET n = :n REMOVE gone", "ExpressionAttributeValues": {":n": 8}, "ReturnValues": "ALL_NEW"}
    return {
        "put": lambda: table.put_item(Item=ITEM),
        "get": lambda: table.get_item(Key=key, ConsistentRead=True),
        "nothing": lambda: table.get_item(Key={"pk": "b", "sk": "1"}),
        "update": lambda: table.update_item(Key=key, **change),
        "query": lambda: table.query(**more, Limit=1),
        "scan": lambda: table.scan(),
        "batch": lambda: table.meta.client.batch_get_item(RequestItems={TABLE: {"Keys": [key]}}),
        "old": lambda: table.put_item(Item={**ITEM, "n": 9}, ReturnValues="ALL_OLD"),
    }


@pytest.mark.parametrize("name", ["get", "nothing", "update", "query", "scan", "batch"])
def test_items_are_answered_alike(aws: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asks = items()
    long_way(monkeypatch, asks["put"])
    assert plain(asks[name]()) == plain(long_way(monkeypatch, asks[name]))


def test_what_is_replaced_is_told(aws: None) -> None:
    asks = items()
    asks["put"]()
    assert asks["old"]()["Attributes"] == asks["get"]()["Item"] | {"n": 7}


def test_pages_go_on_where_the_one_before_ended(aws: None) -> None:
    table: Any = boto3.resource("dynamodb").Table(TABLE)
    for number in range(5):
        table.put_item(Item={"pk": "a", "sk": str(number)})
    asked: dict[str, Any] = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "a"}, "Limit": 2}
    found = []
    while True:
        page = table.query(**asked)
        found.append([item["sk"] for item in page["Items"]])
        if "LastEvaluatedKey" not in page:
            break
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert found == [["0", "1"], ["2", "3"], ["4"]]


def test_a_refusal_is_the_same_and_nothing_is_done_twice(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    table: Any = boto3.resource("dynamodb").Table(TABLE)
    table.put_item(Item={"pk": "a", "sk": "1", "n": 1})
    held = {"Key": {"pk": "a", "sk": "1"}, "UpdateExpression": "ADD n :one"}
    table.update_item(**held, ConditionExpression="n = :one", ExpressionAttributeValues={":one": 1})

    def ask() -> Any:
        return table.update_item(**held, ConditionExpression="n = :one", ExpressionAttributeValues={":one": 1})

    assert refusal(ask) == long_way(monkeypatch, lambda: refusal(ask)) == ("ConditionalCheckFailedException", "UpdateItem")
    assert table.get_item(Key={"pk": "a", "sk": "1"})["Item"]["n"] == 2
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException):
        ask()


def test_secrets_are_answered_alike(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("secretsmanager")
    arn = client.create_secret(Name="s", SecretString="one")["ARN"]
    for text in ("two", "three"):
        for name in ("s", arn):
            ask = partial(client.get_secret_value, SecretId=name)
            assert plain(ask()) == plain(long_way(monkeypatch, ask))
        client.put_secret_value(SecretId="s", SecretString=text)
    assert client.get_secret_value(SecretId="s")["SecretString"] == "three"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId="nothing")
    client.delete_secret(SecretId="s")
    with pytest.raises(client.exceptions.InvalidRequestException):
        client.get_secret_value(SecretId="s")


def test_objects_are_listed_alike(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/2", "a/1", "a/3", "b/1", "a/1"):
        client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    client.delete_object(Bucket=BUCKET, Key="a/2")
    wanted: list[dict[str, Any]] = [{}, {"Prefix": "a/"}, {"Prefix": "c"}, {"Prefix": "a/", "MaxKeys": 1}]
    for asked in wanted:
        ask = partial(client.list_objects_v2, Bucket=BUCKET, **asked)
        straight_on, long = plain(ask()), plain(long_way(monkeypatch, ask))
        assert [k["Key"] for k in straight_on.get("Contents", [])] == [k["Key"] for k in long.get("Contents", [])]
        assert straight_on["KeyCount"] == long["KeyCount"] and straight_on["IsTruncated"] == long["IsTruncated"]


def test_arguments_that_there_are_not_are_refused_as_before(aws: None) -> None:
    with pytest.raises(ParamValidationError, match="Unknown parameter"):
        boto3.client("s3").get_object(Bucket=BUCKET, Key="k", Nothing="x")


@pytest.mark.parametrize("body", [b"some", "text", bytearray(b"more"), b""])
def test_objects_are_answered_alike(aws: None, monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    client = boto3.client("s3")
    put: dict[str, Any] = {"Bucket": BUCKET, "Key": "a/b c+d/ü.json", "Body": body, "ContentType": "application/json"}
    assert plain(client.put_object(**put)) == plain(long_way(monkeypatch, lambda: client.put_object(**put)))
    client.put_object(**put)
    asked = {"Bucket": BUCKET, "Key": put["Key"]}
    assert plain(client.get_object(**asked)) == plain(long_way(monkeypatch, lambda: client.get_object(**asked)))
    client.put_object(**put, ContentEncoding="gzip")
    assert plain(client.get_object(**asked)) == plain(long_way(monkeypatch, lambda: client.get_object(**asked)))
    assert client.get_object(**asked)["ContentEncoding"] == "gzip"


def test_a_missing_object_is_told_alike(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("s3")

    def ask() -> Any:
        with pytest.raises(client.exceptions.NoSuchKey) as missing:
            client.get_object(Bucket=BUCKET, Key="a/b")
        return missing.value.response["Error"], missing.value.operation_name, str(missing.value)

    assert ask() == long_way(monkeypatch, ask)


def test_a_part_of_an_object_goes_the_long_way(aws: None) -> None:
    client = boto3.client("s3")
    client.put_object(Bucket=BUCKET, Key="k", Body=b"0123456789")
    assert client.get_object(Bucket=BUCKET, Key="k", Range="bytes=2-4")["Body"].read() == b"234"


def test_an_object_that_is_there_stays(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("s3")
    client.put_object(Bucket=BUCKET, Key="k", Body=b"first", IfNoneMatch="*")

    def ask() -> Any:
        return client.put_object(Bucket=BUCKET, Key="k", Body=b"second", IfNoneMatch="*")

    assert refusal(ask) == long_way(monkeypatch, lambda: refusal(ask)) == ("PreconditionFailed", "PutObject")
    assert client.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"first"


@pytest.mark.parametrize("asked", [{"Bucket": BUCKET, "Key": "none"}, {"Bucket": "nowhere", "Key": "k"}])
def test_what_is_not_there_is_told_alike(aws: None, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]) -> None:
    client = boto3.client("s3")

    def ask() -> Any:
        return client.get_object(**asked)

    assert refusal(ask) == long_way(monkeypatch, lambda: refusal(ask))


def test_a_deleted_object_is_not_there_in_a_bucket_with_versions(aws: None) -> None:
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=BUCKET, Key="k", Body=b"1")["VersionId"]
    second = client.put_object(Bucket=BUCKET, Key="k", Body=b"2")["VersionId"]
    assert first != second and client.get_object(Bucket=BUCKET, Key="k")["VersionId"] == second
    assert client.get_object(Bucket=BUCKET, Key="k", VersionId=first)["Body"].read() == b"1"
    client.delete_object(Bucket=BUCKET, Key="k")
    assert refusal(lambda: client.get_object(Bucket=BUCKET, Key="k"))[0] == "NoSuchKey"
    assert "Contents" not in client.list_objects_v2(Bucket=BUCKET, Prefix="k")


def test_lists_are_answered_alike(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("s3")
    for number in range(5):
        client.put_object(Bucket=BUCKET, Key=f"a/{number} ü+", Body=b"x" * number)
    client.put_object(Bucket=BUCKET, Key="b/1", Body=b"")

    def pages() -> list[Any]:
        found: list[Any] = []
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="a/", PaginationConfig={"PageSize": 2}):
            found.append([(each["Key"], each["Size"], each["ETag"], each["LastModified"]) for each in page["Contents"]])
        return found

    assert pages() == long_way(monkeypatch, pages)
    assert [len(page) for page in pages()] == [2, 2, 1]
    assert "Contents" not in client.list_objects_v2(Bucket=BUCKET, Prefix="c/")
