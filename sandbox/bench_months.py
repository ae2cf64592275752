"""`make bench-months`: how long month-end takes over a month of many documents, on the embedded DynamoDB.

Prints the seconds that it takes to count the month anew, to answer the page of a month that is counted, and to write its export; how many
items of the ledger were read for each, by how much the memory of the process grew, and the export's size.

Options as environment variables: DOCUMENTS (100000), PROBLEMS (10000, of them held).
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from moto import mock_aws

from sandbox.aws import patch, store_repairs
from tallybridge.clock import stamp
from tallybridge.desk.export import export
from tallybridge.desk.month_end import month_end
from tallybridge.desk.periods import month_of
from tallybridge.desk.sign_off import signed
from tallybridge.desk.target import Target
from tallybridge.sync.ledger import place_of

REGION, MONTH = "us-east-1", "2026-11"
AT_A_TIME = 25
"""Items in one BatchWriteItem."""
INDEXES = {"waiting": ("attention", "place"), "number": ("number", "id"), "period": ("period", "updated")}
BEGAN = datetime(2026, 12, 1, tzinfo=UTC)


class Clock:
    """Stands an hour after the last document was moved."""

    def now(self) -> datetime:
        return BEGAN + timedelta(days=2)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Reads:
    """The ledger's table, which counts what queries answer."""

    def __init__(self, table: Any) -> None:
        self.table, self.items = table, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    def query(self, **given: Any) -> Any:
        answer = self.table.query(**given)
        self.items += len(answer["Items"])
        return answer


def main() -> None:
    documents, problems = (int(os.environ.get(name, default)) for name, default in (("DOCUMENTS", "100000"), ("PROBLEMS", "10000")))
    patch.apply(store_repairs.REPAIRS)
    with mock_aws():
        target = _installation()
        table = target.table("STATUS_TABLE")
        with table.batch_writer() as writer:
            for item in _items(documents, problems):
                writer.put_item(Item=item)
        reads = Reads(table)
        target.ledger.table = reads
        period = month_of(MONTH)
        print(f"{documents:,} documents, {problems:,} of them held")
        _measured("counted anew", reads, lambda: month_end(target, period))
        now = _measured("the page, counted before", reads, lambda: month_end(target, period))
        _measured("its sign-off", reads, lambda: signed(target, now))
        with tempfile.TemporaryFile() as file:
            _measured("the export", reads, lambda: export(target, now, "bench", file))
            print(f"{'':26}{file.seek(0, os.SEEK_END) / 1e6:9.1f} MB")


def _measured(what: str, reads: Reads, act: Callable[[], Any]) -> Any:
    reads.items, began = 0, time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = act()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{what:26}{time.perf_counter() - began:9.2f} s {reads.items:10,} items read, {grown:7.1f} MB more memory")
    return made


def _items(documents: int, problems: int) -> Iterator[dict[str, Any]]:
    """A month of invoices in three currencies, every so many of them held."""
    each = max(1, documents // max(1, problems))
    for n in range(documents):
        moved = stamp(BEGAN + timedelta(seconds=n / 3))
        item = {
            "id": f"zuora#Invoice#8ad08e0{n:025d}",
            "number": f"INV{n:08d}",
            "step": "invoices",
            "state": "DONE",
            "version": 4,
            "document_date": f"{MONTH}-{n % 30 + 1:02d}",
            "period": MONTH,
            "updated": moved,
            "currency": ("USD", "EUR", "GBP")[n % 3],
            "amount": f"{n % 10_000}.25",
            "customer": str(n % 500),
            "customer_name": f"A{n % 500:08d} Customer {n % 500}",
            "record_type": "invoice",
            "destination_id": str(n),
            "run_id": "20261201T000000Z-abcdef",
            "run_by": "schedule",
            "settings_version": "12/0123456789abcdef",
            "request_hash": f"{n * 2654435761 % 2**128:032x}",
            "compared": f"{('USD', 'EUR', 'GBP')[n % 3]} {n % 10_000}.25",
            "held_amount": f"{n % 10_000}.25",
            "history": [{"state": "DONE", "run": "20261201T000000Z-abcdef", "at": moved}],
        }
        if n % each == 0 and n // each < problems:
            text = f"Invoice INV{n:08d}: The accounting period of {item['document_date']} is closed."
            item |= {"state": "HELD", "code": "INV-PERIOD", "message": text, "since": moved, "attempts": 3}
            item |= {"attention": "HELD#invoices", "place": place_of(item)}
            del item["destination_id"], item["compared"], item["held_amount"]
        yield item


def _installation() -> Target:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    clients: dict[str, Any] = {"dynamodb": session.client("dynamodb"), "s3": session.client("s3"), "tables": session.resource("dynamodb")}
    clients["s3"].create_bucket(Bucket="reports")
    for name, keys, indexes in (("status", ("id",), INDEXES), ("runs", ("pk", "sk"), {}), ("audit", ("pk", "sk"), {})):
        _make(clients["dynamodb"], name, keys, indexes)
    names = {"STATUS_TABLE": "status", "RUNS_TABLE": "runs", "AUDIT_TABLE": "audit", "REPORTS_BUCKET": "reports"}
    return Target(names, "the bench", Clock(), clients)


def _make(client: Any, name: str, keys: tuple[str, ...], indexes: dict[str, tuple[str, str]]) -> None:
    kinds = ("HASH", "RANGE")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": n, "AttributeType": "S"} for n in sorted({*keys, *(k for of in indexes.values() for k in of)})
        ],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)],
        **(
            {
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": index,
                        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in zip(of, kinds, strict=True)],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                    for index, of in indexes.items()
                ]
            }
            if indexes
            else {}
        ),
    )


if __name__ == "__main__":
    main()
