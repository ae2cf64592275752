"""The names under which NetSuite knows what came from Zuora: external ids and document numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

EXTERNAL_ID_PREFIX = {
    "Account": "ZACC-",
    "Product": "ZITM-",
    "ProductRatePlan": "ZITM-",
    "ProductRatePlanCharge": "ZITM-",
    "Invoice": "ZINV-",
    "DebitMemo": "ZDM-",
    "CreditMemo": "ZCM-",
    "Payment": "ZPMT-",
    "Refund": "ZREF-",
    "InvoiceItemAdjustment": "ZADJ-",
}
NUMBERS = "SELECT id, tranid FROM transaction WHERE id IN {in}"


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql_in(self, q: str, values: Iterable[str], params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...


def renumbered(netsuite: Lookup, wanted: Mapping[str, str]) -> dict[str, str]:
    """Documents by internal id that have another number than the wanted one: theirs. One call per 1,000."""
    found = {row["id"]: row.get("tranid", "") for row in netsuite.suiteql_in(NUMBERS, sorted(wanted))}
    return {i: found[i] for i, number in wanted.items() if i in found and found[i] != number}
