"""The DynamoDB tables of an installation for `create_table`: keys and index are those of the template."""

from __future__ import annotations

from typing import Any

STATUS: dict[str, Any] = {
    "TableName": "status",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": n, "AttributeType": "S"} for n in ("id", "attention", "place", "number", "period", "updated")
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "waiting",
            "KeySchema": [{"AttributeName": "attention", "KeyType": "HASH"}, {"AttributeName": "place", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "number",
            "KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "period",
            "KeySchema": [{"AttributeName": "period", "KeyType": "HASH"}, {"AttributeName": "updated", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        },
    ],
}
RUNS: dict[str, Any] = {
    "TableName": "runs",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
}
AUDIT: dict[str, Any] = {**RUNS, "TableName": "audit"}
