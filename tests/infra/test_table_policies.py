"""Nobody changes or deletes what stands in the audit, whatever he may do elsewhere."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.local import LocalAws
from tallybridge.clock import SystemClock
from tallybridge.desk.audit import Audit

KEY = {"pk": {"S": "audit"}, "sk": {"S": "000000000001"}}
ATTEMPTS: dict[str, dict[str, Any]] = {
    "delete_item": {"Key": KEY},
    "update_item": {"Key": KEY, "UpdateExpression": "SET who = :who", "ExpressionAttributeValues": {":who": {"S": "eve"}}},
}


@pytest.fixture
def table(aws: LocalAws) -> str:
    name = aws.outputs["AuditTable"]
    Audit(boto3.resource("dynamodb").Table(name), SystemClock()).note("mara", "retry", "Invoice INV1")
    return name


@pytest.mark.parametrize("operation", ATTEMPTS)
def test_an_entry_is_neither_changed_nor_deleted(table: str, operation: str) -> None:
    client = boto3.client("dynamodb")
    with pytest.raises(ClientError, match="explicit deny"):
        getattr(client, operation)(TableName=table, **ATTEMPTS[operation])
    assert client.get_item(TableName=table, Key=KEY)["Item"]["who"] == {"S": "mara"}


def test_nor_by_a_batch_or_a_statement(table: str) -> None:
    client = boto3.client("dynamodb")
    with pytest.raises(ClientError, match="explicit deny"):
        client.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": KEY}}]})
    with pytest.raises(ClientError, match="explicit deny"):
        client.execute_statement(Statement=f"DELETE FROM \"{table}\" WHERE pk = 'audit' AND sk = '000000000001'")
    with pytest.raises(ClientError, match="DeleteItem with an explicit deny"):
        client.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": KEY}}])
    assert client.get_item(TableName=table, Key=KEY)["Item"]["who"] == {"S": "mara"}


def test_the_table_itself_is_protected(table: str) -> None:
    with pytest.raises(ClientError, match="DeletionProtectionEnabled"):
        boto3.client("dynamodb").delete_table(TableName=table)


def test_tables_without_a_policy_are_written_as_before(aws: LocalAws) -> None:
    runs = boto3.resource("dynamodb").Table(aws.outputs["RunsTable"])
    runs.put_item(Item={"pk": "run#1", "sk": "record"})
    runs.delete_item(Key={"pk": "run#1", "sk": "record"})
    assert "Item" not in runs.get_item(Key={"pk": "run#1", "sk": "record"})
