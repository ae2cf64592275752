"""Query results kept for `queryMore` (spec section 8.1)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sandbox.zuora.exceptions import ZoqlFault
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.values import Record
from sandbox.zuora.models.zoql import Selection, select

MAX_PAGE = 2_000
MAX_KEPT = 500


@dataclass
class KeptResult:
    selection: Selection
    records: list[Record]
    used: float


class Locators:
    """Runs queries page by page. A locator dies after 15 minutes without use."""

    def __init__(self, store: Store, zone: Any, life_s: float, any_case: bool = False) -> None:
        self.store = store
        self.zone = zone
        self.life_s = life_s
        self.any_case = any_case
        self.kept: OrderedDict[str, KeptResult] = OrderedDict()
        self.made = 0

    def query(self, text: object, page: int, wsdl: int) -> dict[str, Any]:
        selection, records = select(self.store, text, self.zone, wsdl, self.any_case)
        if len(records) <= page:
            return {"records": [selection.show(r) for r in records], "size": len(records), "done": True}
        self.made += 1
        key = f"8ad08c8a8f4c1a5e{self.made:016x}"
        self.kept[key] = KeptResult(selection, records, self.store.clock().timestamp())
        if len(self.kept) > MAX_KEPT:
            self.kept.popitem(last=False)
        return self.page(key, 0, page)

    def more(self, locator: object, page: int) -> dict[str, Any]:
        key, _, start = locator.partition("-") if isinstance(locator, str) else ("", "", "")
        result = self.kept.get(key)
        now = self.store.clock().timestamp()
        if result is None or not start.isdigit() or now - result.used > self.life_s:
            self.kept.pop(key, None)
            raise ZoqlFault("INVALID_QUERY_LOCATOR", "The query locator is invalid or has expired.")
        result.used = now
        return self.page(key, int(start), page)

    def page(self, key: str, start: int, size: int) -> dict[str, Any]:
        result = self.kept[key]
        end = start + size
        answer: dict[str, Any] = {
            "records": [result.selection.show(r) for r in result.records[start:end]],
            "size": len(result.records),
            "done": end >= len(result.records),
        }
        if not answer["done"]:
            answer["queryLocator"] = f"{key}-{end}"
        return answer

    def expire_all(self) -> None:
        """Make every locator unusable, as the service does after 15 minutes."""
        self.kept.clear()
