"""What a run costs on AWS by its price list: time of functions, states, calls to tables and buckets. Prices are those of `sandbox.volume`.
Time of functions includes waiting for vendors and for AWS."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.bench_measure import Measured
from sandbox.volume import GET, LAMBDA_GB_SECOND, LAMBDA_REQUEST, PUT, PUTS, READS, TABLE_READ, TABLE_WRITE, TRANSITION, WRITES

PRICES = {
    "DynamoDB": {
        **dict.fromkeys(WRITES, TABLE_WRITE),
        "TransactWriteItems": 2 * TABLE_WRITE,
        **dict.fromkeys(READS, TABLE_READ),
    },
    "S3": {**dict.fromkeys(PUTS, PUT), "GetObject": GET},
    "Secrets Manager": {"GetSecretValue": 0.05 / 1e4},
}
"""By call. An item is one unit: the ledger's are below a kilobyte."""
PER = 100_000


def cost(measured: Measured) -> dict[str, float]:
    """US dollars of a run, by service."""
    functions = measured.gigabyte_seconds * LAMBDA_GB_SECOND + measured.invocations * LAMBDA_REQUEST
    amounts = {"Lambda": functions, "Step Functions": measured.states * TRANSITION}
    for service, prices in PRICES.items():
        amounts[service] = sum(measured.aws.get(operation, 0) * price for operation, price in prices.items())
    return amounts


def cost_of(records: int, few: Measured, many: Measured) -> dict[str, float]:
    """US dollars of a run with so many records, by service: what a run takes whatever it does, and what each further record adds, from two
    runs of the same step."""
    least, most = cost(few), cost(many)
    added = {service: (most[service] - least[service]) / (many.records - few.records) for service in least}
    return {service: least[service] + each * (records - few.records) for service, each in added.items()}


def in_words(amounts: Mapping[str, float]) -> str:
    parts = ", ".join(f"{service} {amount:.2f}" for service, amount in amounts.items())
    return f"Cost of {PER:,} invoices in one run by AWS's price list, waiting included: USD {sum(amounts.values()):.2f} ({parts})"
