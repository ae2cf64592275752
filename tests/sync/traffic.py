"""What went over the wire in two runs of the full world and in one in which NetSuite is the master of customers."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tallybridge import money
from tests.sync.full_world import FullWorld, customers_world, full_world
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

SCRIPT_ID = re.compile(r"\bcust(?:body|item|entity|col)\w+")
ZOQL = re.compile(r"^select (?P<fields>.+?) from (?P<object>\w+)", re.IGNORECASE)
READS = ("action/query", "query/jobs", "object-query", "oauth", "describe")
Fields = dict[str, set[str]]


@dataclass
class Traffic:
    """`read`: Zuora's fields by object, of all that was asked by key; `written`: NetSuite's custom fields by record type; `lines`: those
    of item lines; `asked`: custom fields in SuiteQL; `to_zuora`: the text of every change in Zuora; `zuora`, `netsuite`: what both hold
    in the end; `world`: what was loaded."""

    world: FullWorld
    read: Fields = field(default_factory=lambda: defaultdict(set))
    written: Fields = field(default_factory=lambda: defaultdict(set))
    lines: Fields = field(default_factory=lambda: defaultdict(set))
    asked: set[str] = field(default_factory=set)
    to_zuora: list[str] = field(default_factory=list)
    zuora: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    netsuite: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def listen(self, method: str, url: str, body: str) -> None:
        """Take down one request."""
        if "/record/v1/" in url:
            self._to_netsuite(method, url, body)
        elif "suiteql" in url:
            self.asked.update(SCRIPT_ID.findall(body))
        elif "/action/query" in url and (found := ZOQL.match(json.loads(body).get("queryString", ""))):
            self.read[found["object"]] |= set(found["fields"].split(", "))
        elif method in ("POST", "PUT") and "/services/" not in url and not any(r in url for r in READS):
            self.to_zuora.append(body)

    def _to_netsuite(self, method: str, url: str, body: str) -> None:
        record_type = url.split("/record/v1/")[1].split("/")[0].split("?")[0]
        if method in ("POST", "PATCH"):
            content = money.loads(body)
            self.written[record_type] |= set(SCRIPT_ID.findall(" ".join(content)))
            for line in (content.get("item") or {}).get("items", []):
                self.lines[record_type] |= set(SCRIPT_ID.findall(" ".join(line)))


def watched(mode: str, **more: Any) -> Traffic:
    """All traffic of mode "A", "B", or "B" with NetSuite as the master of customers ("customers"). `more`: fields added to every first
    record of a Zuora object, by its name."""
    traffic = Traffic(customers_world() if mode == "customers" else full_world(mode))
    for name, fields in more.items():
        traffic.world.first_zuora[name][0] |= fields
    world = MemoryWorld.of(unserved_world(settlement=mode != "A"))
    _listen_to(world, traffic)
    world.reset(default_subsidiary="Parent Company", **traffic.world.settings)
    world.load(traffic.world.first_zuora, traffic.world.first_netsuite)
    outcomes = [world.run()["outcome"]]
    if traffic.world.second:
        world.clock.advance(minutes=30)
        world.load(netsuite=traffic.world.second)
        outcomes.append(world.run()["outcome"])
    assert set(outcomes) == {"completed"}
    traffic.zuora, traffic.netsuite = world.zuora.dump(), world.netsuite.dump()
    return traffic


def _listen_to(world: MemoryWorld, traffic: Traffic) -> None:
    send = world.session.send

    def listen(request: Any, **how: Any) -> Any:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        traffic.listen(request.method, request.url, body)
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
