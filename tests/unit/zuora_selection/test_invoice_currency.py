"""Whether invoices have a currency of their own is told by a query that names the field, once a run."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import Refused
from tallybridge.zuora.invoice_currency import InvoiceCurrency


class Shelf:
    def __init__(self) -> None:
        self.files: dict[str, Any] = {}

    def read_json_or(self, name: str) -> Any:
        return self.files.get(name)

    def write_json(self, name: str, value: Any) -> str:
        self.files[name] = value
        return name


class Tenant:
    """Answers counts, and refuses the field where it has none; `code` is what it refuses with."""

    def __init__(self, known: bool, code: str = "INVALID_FIELD") -> None:
        self.known, self.code, self.asked = known, code, list[str]()

    def count(self, zoql: str) -> int:
        self.asked.append(zoql)
        if "Currency" in zoql and not self.known:
            raise Refused("no", service="Zuora", service_code=self.code)
        return 7


@pytest.mark.parametrize("known", [True, False])
def test_the_count_itself_tells_it_for_all_workers_of_the_run(known: bool) -> None:
    tenant, shelf = Tenant(known), Shelf()
    asked = InvoiceCurrency(tenant, shelf)
    assert asked.ask(lambda fields: tenant.count(" ".join(("count", *fields)))) == 7
    assert asked.known() == (("Currency",) if known else ())
    calls = len(tenant.asked)
    assert InvoiceCurrency(tenant, shelf).known() == asked.known()
    assert (calls, len(tenant.asked)) == ((1, 1) if known else (2, 2))


@pytest.mark.parametrize("known", [True, False])
def test_without_such_a_count_it_is_asked(known: bool) -> None:
    tenant = Tenant(known)
    assert InvoiceCurrency(tenant, Shelf()).known() == (("Currency",) if known else ())
    assert tenant.asked[0].startswith("select Id, Currency from Invoice where ")


def test_another_refusal_tells_nothing() -> None:
    tenant, shelf = Tenant(False, "REQUEST_EXCEEDED_RATE"), Shelf()
    with pytest.raises(Refused):
        InvoiceCurrency(tenant, shelf).known()
    assert shelf.files == {}
