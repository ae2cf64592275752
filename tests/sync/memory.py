"""A world without sockets and without the embedded AWS, so that a whole run takes a fraction of a second: tables and bucket are
dictionaries, and requests go straight into the stand-ins. `tests/unit/sync` runs the ledger on this table and on the embedded DynamoDB."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import re
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, ClassVar

import requests
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tallybridge.http import Http
from tallybridge.tokens import ProcessTokens
from tallybridge.wiring import Invocation, Wiring, parse_credentials
from tests.straight import straight_into
from tests.sync.world import INVOCATION_SECONDS, SETTINGS, World

RESERVED = frozenset(ReservedKeywords.get_reserved_keywords())
INDEXES = {"waiting": ("attention", "place"), "number": ("number", "id"), "period": ("period", "updated")}
"""The keys of the indexes of the tables."""


class ConditionFailed(Exception):
    """A conditional write was refused."""


class MemoryTable:
    """The part of a DynamoDB table that the product uses; raises on an expression it does not know."""

    RANGE = re.compile(r"(?:begins_with\((?P<begins>\w+), |(?P<least>\w+) >= |(?P<below>\w+) < )(?P<value>:\w+)\)?")
    TERM = re.compile(r"(?P<missing>attribute_not_exists)\((?P<key>\w+)\)|(?P<name>#?\w+) (?P<sign>[=<]) (?P<value>:\w+)")

    def __init__(self, name: str, *keys: str) -> None:
        self.name = name
        self.keys = keys
        self.items: dict[tuple[str, ...], dict[str, Any]] = {}
        self.guard = threading.Lock()
        exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionFailed)
        self.meta = SimpleNamespace(client=SimpleNamespace(exceptions=exceptions, batch_get_item=self._batch_get))

    def get_item(self, *, Key: Mapping[str, str], ConsistentRead: bool = False) -> dict[str, Any]:
        with self.guard:
            found = self.items.get(self._key(Key))
            return {"Item": _copied(found)} if found else {}

    def put_item(self, *, Item: Mapping[str, Any], **condition: Any) -> dict[str, Any]:
        with self.guard:
            self._check(self._key(Item), condition)
            self.items[self._key(Item)] = _stored(Item)
        return {}

    def delete_item(self, *, Key: Mapping[str, str], **condition: Any) -> dict[str, Any]:
        with self.guard:
            self._check(self._key(Key), condition)
            self.items.pop(self._key(Key), None)
        return {}

    def update_item(self, *, Key: Mapping[str, str], UpdateExpression: str, **more: Any) -> dict[str, Any]:
        sets, _, removes = UpdateExpression.removeprefix("SET ").partition(" REMOVE ")
        names, values = more.get("ExpressionAttributeNames", {}), more["ExpressionAttributeValues"]
        with self.guard:
            self._check(self._key(Key), more)
            item = self.items.setdefault(self._key(Key), dict(Key))
            for part in sets.split(", "):
                name, value = part.split(" = ")
                item[names.get(name, name)] = _value(values[value])
            for name in filter(None, removes.split(", ")):
                item.pop(names.get(name, name), None)
        return {}

    def query(self, *, KeyConditionExpression: str, ExpressionAttributeValues: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        whole, _, range_of = KeyConditionExpression.partition(" AND ")
        keys = INDEXES.get(more.get("IndexName", ""), self.keys)
        name, value = whole.split(" = ")
        name = _name(name, more.get("ExpressionAttributeNames", {}))
        wanted, after = ExpressionAttributeValues[value], more.get("ExclusiveStartKey")
        with self.guard:
            found = [_copied(i) for i in self.items.values() if i.get(name) == wanted and keys[-1] in i]
        if range_of:
            match = self.RANGE.fullmatch(range_of)
            assert match, range_of
            name, value = match["begins"] or match["least"] or match["below"], ExpressionAttributeValues[match["value"]]
            holds = str.startswith if match["begins"] else str.__ge__ if match["least"] else str.__lt__
            found = [i for i in found if holds(i[name], value)]
        found.sort(key=lambda i: [i[k] for k in (*keys, *self.keys)], reverse=not more.get("ScanIndexForward", True))
        if after:
            places = [[i[k] for k in (*keys, *self.keys)] for i in found]
            found = found[places.index([after[k] for k in (*keys, *self.keys)]) + 1 :]
        page = found[: more.get("Limit")]
        end = {"LastEvaluatedKey": {k: page[-1][k] for k in {*keys, *self.keys}}} if len(page) < len(found) else {}
        return {"Items": page, **end}

    def _batch_get(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        keys = RequestItems[self.name]["Keys"]
        with self.guard:
            return {"Responses": {self.name: [_copied(self.items[self._key(k)]) for k in keys if self._key(k) in self.items]}}

    def _key(self, item: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(item[k] for k in self.keys)

    def _check(self, key: tuple[str, ...], condition: Mapping[str, Any]) -> None:
        text = condition.get("ConditionExpression")
        if text and not any(self._holds(term, self.items.get(key) or {}, condition) for term in text.split(" OR ")):
            raise ConditionFailed(text)

    def _holds(self, term: str, item: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
        match = self.TERM.fullmatch(term)
        assert match, term
        if match["missing"]:
            return match["key"] not in item
        name = _name(match["name"], condition.get("ExpressionAttributeNames", {}))
        if name not in item:
            return False
        wanted = condition["ExpressionAttributeValues"][match["value"]]
        return bool(item[name] == wanted if match["sign"] == "=" else item[name] < wanted)


def _name(name: str, names: Mapping[str, str]) -> str:
    """The attribute that a name in an expression stands for; words that DynamoDB reserves cannot stand there themselves."""
    assert name.upper() not in RESERVED, f'DynamoDB reserves the word "{name}"'
    return names.get(name, name)


def _value(value: Any) -> Any:
    """As DynamoDB gives it back: numbers as Decimal."""
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, float):
        raise TypeError("DynamoDB takes no floats")
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Mapping):
        return _stored(value)
    return [_value(v) for v in value] if isinstance(value, list | tuple) else value


def _copied(value: Any) -> Any:
    """What is stored, by itself: maps and lists of values that do not change."""
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return [_copied(v) for v in value] if isinstance(value, list) else value


def _stored(item: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _value(v) for k, v in item.items()}


class PreconditionFailed(Exception):
    """S3 has an object of this key already."""

    response: ClassVar = {"Error": {"Code": "PreconditionFailed"}}


class NoSuchKey(Exception):
    """S3 has no object of this key."""


class NoSuchUpload(Exception):
    """S3 has no upload in parts of this id."""

    response: ClassVar = {"Error": {"Code": "NoSuchUpload"}}


class Keys(dict[str, bytes]):
    """Objects by key, which are also there in the order of their keys."""

    _order: list[str] | None = None

    def __setitem__(self, key: str, body: bytes) -> None:
        if key not in self and self._order is not None:
            insort(self._order, key)
        super().__setitem__(key, body)

    def __delitem__(self, key: str) -> None:
        self._order = None
        super().__delitem__(key)

    def in_order(self) -> list[str]:
        """All keys."""
        if self._order is None or len(self._order) != len(self):
            self._order = sorted(self)
        return self._order


class MemoryObjects:
    """The part of the S3 client that the product uses, for one bucket."""

    def __init__(self) -> None:
        self.content = Keys()
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.numbers = itertools.count(1)
        self.guard = threading.Lock()

    def put_object(self, *, Key: str, Body: Any, IfNoneMatch: str = "", **_: Any) -> dict[str, Any]:
        body = bytes(Body) if isinstance(Body, bytes | bytearray) else Body.read()
        with self.guard:
            if IfNoneMatch == "*" and Key in self.content:
                raise PreconditionFailed(Key)
            self.content[Key] = body
        return {}

    def get_object(self, *, Key: str, Range: str = "", **_: Any) -> dict[str, Any]:
        if Key not in self.content:
            raise NoSuchKey(Key)
        content = self.content[Key]
        if Range:
            begin, end = Range.removeprefix("bytes=").split("-")
            content = content[int(begin) : int(end) + 1]
        return {"Body": io.BytesIO(content)}

    def list_objects_v2(self, *, Prefix: str, MaxKeys: int = 1000, ContinuationToken: str = "", **_: Any) -> dict[str, Any]:
        with self.guard:
            keys = self.content.in_order()
            begin = max(bisect_left(keys, Prefix), bisect_right(keys, ContinuationToken))
            some = keys[begin : begin + MaxKeys + 1]
        found = [k for k in some if k.startswith(Prefix)]
        page = found[:MaxKeys]
        more = {"IsTruncated": True, "NextContinuationToken": page[-1]} if len(found) > MaxKeys else {}
        return {"KeyCount": len(page), "Contents": [{"Key": k} for k in page], **more}

    def create_multipart_upload(self, *, Key: str, **_: Any) -> dict[str, Any]:
        upload = f"{Key}#{next(self.numbers)}"
        self.uploads[upload] = {}
        return {"UploadId": upload}

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: bytes, **_: Any) -> dict[str, Any]:
        if UploadId not in self.uploads:
            raise NoSuchUpload(UploadId)
        self.uploads[UploadId][PartNumber] = Body
        return {"ETag": hashlib.md5(Body, usedforsecurity=False).hexdigest()}

    def complete_multipart_upload(self, *, Key: str, UploadId: str, MultipartUpload: Any, **_: Any) -> dict[str, Any]:
        if UploadId not in self.uploads:
            raise NoSuchUpload(UploadId)
        sent = self.uploads.pop(UploadId)
        named = {part["PartNumber"]: part["ETag"] for part in MultipartUpload["Parts"]}
        assert named == {number: hashlib.md5(sent[number], usedforsecurity=False).hexdigest() for number in named}
        with self.guard:
            self.content[Key] = b"".join(sent[number] for number in sorted(named))
        return {}


class ParameterNotFound(Exception):
    """The Parameter Store has no such parameter."""


class MemoryParameters:
    """The part of the SSM client that the product uses, for one parameter. Tests set `text`; None means that there is none."""

    def __init__(self, text: str | None = "{}") -> None:
        self._text, self._version = text, 1

    @property
    def text(self) -> str | None:
        return self._text

    @text.setter
    def text(self, text: str | None) -> None:
        self._text, self._version = text, self._version + 1

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        if self._text is None:
            raise ParameterNotFound(Name)
        return {"Parameter": {"Name": Name, "Value": self._text, "Version": self._version}}

    def put_parameter(self, *, Value: str, **_: Any) -> None:
        self.text = Value


@dataclass
class MemoryMailer:
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send_raw_email(self, **mail: Any) -> None:
        self.sent.append(mail)


@dataclass
class Memory:
    """What outlives a worker: tables, bucket, settings, mails."""

    tables: dict[str, MemoryTable] = field(
        default_factory=lambda: {"STATUS_TABLE": MemoryTable("status", "id"), "RUNS_TABLE": MemoryTable("runs", "pk", "sk")}
    )
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    mailer: MemoryMailer = field(default_factory=MemoryMailer)
    parameters: MemoryParameters = field(default_factory=MemoryParameters)

    @property
    def settings(self) -> str:
        """The settings document, as it stands in its parameter."""
        return self.parameters.text or ""

    @settings.setter
    def settings(self, document: str) -> None:
        self.parameters.text = document


_parsed = lru_cache(maxsize=8)(parse_credentials)


class MemoryWiring(Wiring):
    """The product's clients on stores in memory. `world` is set by `MemoryWorld`."""

    world: MemoryWorld

    def table(self, name: str) -> Any:
        return self.world.memory.tables[name]

    def objects(self) -> Any:
        return self.world.memory.objects

    def mailer(self) -> Any:
        return self.world.memory.mailer

    def parameters(self) -> Any:
        return self.world.memory.parameters

    def credentials(self) -> dict[str, dict[str, str]]:
        return _parsed(json.dumps(self.world.credentials))

    def http(self) -> Http:
        clock = self.clock
        session = self.world.session
        http = Http(observer=self.observer(), clock=lambda: clock.now().timestamp(), sleep=clock.sleep, session=session)
        http.deadline, http.pressure = self.invocation.deadline, self.pressure
        return http

    def tokens(self) -> ProcessTokens:
        return self.world.tokens


class MemoryWorld(World):
    """A started world whose stores are in memory; `wiring_class` must be a `MemoryWiring`."""

    memory: Memory
    session: requests.Session
    tokens: ProcessTokens
    invocation_seconds: float = INVOCATION_SECONDS

    @classmethod
    def of(cls, world: World, wiring_class: type[MemoryWiring] = MemoryWiring) -> MemoryWorld:
        own = cls(**{**vars(world), "wiring_class": wiring_class})
        servers = {"zuora": world.zuora_control, "netsuite": world.netsuite_control}
        own.session = straight_into({world.credentials[name]["base_url"]: app for name, app in servers.items()})
        own.reset()
        return own

    def reset(self, **settings: Any) -> None:
        self.zuora_control.reset()
        self.netsuite_control.reset()
        self.clock.advance(days=1)
        self.memory = Memory()
        self.tokens = ProcessTokens()
        self.settings(**settings)

    def settings(self, **changes: Any) -> None:
        self.set_up_for(changes)
        self.memory.settings = json.dumps({**SETTINGS, **changes})

    def wiring(self) -> Wiring:
        wiring = self.wiring_class(
            Invocation(f"invocation-{next(self.counter)}", self.clock.now().timestamp() + self.invocation_seconds), self.clock
        )
        assert isinstance(wiring, MemoryWiring)
        wiring.world = self
        return wiring

    def object(self, key: str) -> bytes:
        return self.memory.objects.content[key]

    def reported(self, *steps: str, **how: Any) -> dict[str, Any]:
        """One run of some steps, half an hour later: its summary, with the log's lines under "log" and "tiedOut" as the run has it."""
        self.clock.advance(minutes=30)
        output = self.run(steps=steps, **how)
        lines = gzip.decompress(self.object(output["keys"]["log"])).splitlines()
        return {**self.summary(output), "log": [json.loads(line) for line in lines], "tiedOut": output["tiedOut"]}

    def calls(self) -> dict[str, dict[str, int]]:
        """Calls since the last look, by system and operation."""
        controls = {"zuora": self.zuora_control, "netsuite": self.netsuite_control}
        counted = {name: dict(control.stats()["calls"]) for name, control in controls.items()}
        for control in controls.values():
            control.clear_stats()
        return counted
