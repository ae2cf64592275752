"""How requests go to Zuora (steps/shared/writers.py): which are never repeated, and by what a repeated create is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tallybridge.steps.shared.writers import KEY_LIMIT, NOT_REPEATABLE, ZuoraWriter, idempotency_key
from tallybridge.sync.step import Request


@dataclass
class Calls:
    """Zuora's client, as far as updates use it: notes how each was made."""

    made: list[tuple[str, str]] = field(default_factory=list)

    def put(self, path: str, body: Any, record: str = "") -> None:
        self.made.append(("may be repeated", path))

    def put_once(self, path: str, body: Any, record: str = "") -> None:
        self.made.append(("once", path))


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/v1/payments/{id}/apply", "once"),
        ("/v1/payments/{id}/unapply", "once"),
        ("/v1/payments/{id}", "may be repeated"),
        ("/v1/invoices/{id}", "may be repeated"),
    ],
)
def test_what_moves_money_when_it_is_repeated_is_sent_once(path: str, how: str) -> None:
    """Its answer may be lost although it was done; done again it would move the money twice."""
    zuora = Calls()
    ZuoraWriter(cast(Any, zuora)).update(Request(path, {}, "p1"))
    assert zuora.made == [(how, path.replace("{id}", "p1"))]
    assert NOT_REPEATABLE == ("/apply", "/unapply")


def key(generation: int = 0, of: str = "payment-7", **body: Any) -> str:
    return idempotency_key(
        Request("Payment", {"Amount": 10, "SyncDate__NS": "2026-11-04T08:00:00Z", **body}, key=of, generation=generation)
    )


def test_a_create_that_is_repeated_later_has_the_key_that_it_had() -> None:
    assert key() == key(SyncDate__NS="2026-11-04T09:00:00Z")


@pytest.mark.parametrize(
    "other",
    [{"generation": 1}, {"of": "payment-8"}, {"Amount": 11}, {"lines": [{"Amount": 1}]}],
    ids=["after a final answer", "another record", "another amount", "more lines"],
)
def test_what_is_another_write_has_another_key(other: dict[str, Any]) -> None:
    assert key() != key(**other)


def test_what_tells_a_long_key_from_others_is_never_cut() -> None:
    long = "payment-" + "7" * KEY_LIMIT
    assert len(key(of=long)) == KEY_LIMIT and key(of=long) != key(of=long, generation=1)
