"""The NetSuite client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallybridge.errors import BadAnswer, OutcomeUnknown, Refused
from tallybridge.http import Answer, Effect, Http
from tallybridge.ids import netsuite_id
from tallybridge.netsuite import jobs, suiteql
from tallybridge.netsuite.bodies import Body, checked_external_id, name_of, repeats_safely
from tallybridge.netsuite.calls import NetSuiteCalls
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.faults import SERVICE
from tallybridge.netsuite.metadata import RecordSchema, schema_in
from tallybridge.rounds import Kept
from tallybridge.slots import LocalSlots, Slots
from tallybridge.tokens import ProcessTokens, TokenCache

RECORDS = "/services/rest/record/v1"
SYSTEM = "/services/rest/system/v1"
DEFAULT_SLOTS = 5
"""The least that any account has."""


@dataclass(frozen=True)
class GovernanceLimits:
    """Calls in flight: of the account, not reserved by any integration, and reserved for this one (None: nothing is reserved)."""

    account: int
    unallocated: int | None
    integration: int | None
    kind: str


class NetSuite:
    """One account. Threads may share it.

    Raises `LoginRefused` when a person must correct credentials or role; `NotSent` (and `Throttled`) when nothing was done;
    `OutcomeUnknown` when a write may have been done and must be looked up; `Refused`, `AlreadyExists`, `NotFound` when NetSuite declined;
    `BadAnswer` otherwise.
    """

    def __init__(
        self,
        connection: NetSuiteConnection,
        http: Http,
        slots: Slots | None = None,
        *,
        tokens: TokenCache | None = None,
        property_names: str = "error",
        kept: Kept | None = None,
    ) -> None:
        """`property_names` ("error", "warning", "ignore") says what NetSuite does with property names it does not know; `kept` keeps what
        is read, for a task in rounds."""
        slots = slots or LocalSlots(DEFAULT_SLOTS, http.clock)
        self._calls = NetSuiteCalls(connection, http, slots, tokens or ProcessTokens(), property_names, kept)

    @property
    def slowest(self) -> float:
        """Seconds of the slowest call so far."""
        return self._calls.http.slowest

    # Queries

    def suiteql(self, q: str, params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        """The rows of a query: every value is text, keys are lower case, columns that are null are left out.

        `params` fill the `?` in order. At most 100,000 rows: select by windows (keyset) beyond that; raises `TooManyRows` otherwise.
        """
        return suiteql.rows(self._calls, q, params)

    def suiteql_in(self, q: str, values: Iterable[str], params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        """As `suiteql`, once per thousand different `values`, which take the place of `{in}`: `... WHERE externalid IN {in}`.

        `params` fill the other `?`, wherever they stand. No values, no call.
        """
        return suiteql.rows_in(self._calls, q, values, params)

    # Records

    def create(self, record_type: str, body: Body, *, record: str = "") -> str:
        """Creates a record and returns its internal id. Never repeated when it may have been applied.

        `record` names it in messages (default: its number or name). Raises `AlreadyExists` when the external id or name is taken,
        `OutcomeUnknown` when the answer is lost, a server error, or without the new id.
        """
        _check_body(body)
        return self._write("POST", record_type, _path(record_type), Effect.ONCE, body, (), record)

    def update(self, record_type: str, id: str, body: Body, replace: Sequence[str] = (), *, record: str = "") -> str:
        """Changes the given fields of a record and returns its id. `id` is an internal id or `eid:` with an external one.

        `replace` names sublists whose lines the body replaces. Repeated after a lost answer only if that cannot double lines.
        """
        effect = Effect.REPEATABLE if repeats_safely(body, replace) else Effect.ONCE
        return self._write(
            "PATCH", record_type, f"{_path(record_type)}/{_id(id)}", effect, body, replace, record or name_of(body) or id, known_id=id
        )

    def upsert(self, record_type: str, external_id: str, body: Body, replace: Sequence[str] = (), *, record: str = "") -> str:
        """Creates or changes the record with the external id, and returns its internal id. `replace`, and repeats, as for `update`."""
        path = f"{_path(record_type)}/eid:{checked_external_id(external_id)}"
        effect = Effect.REPEATABLE if repeats_safely(body, replace) else Effect.ONCE
        return self._write("PUT", record_type, path, effect, body, replace, record or name_of(body) or external_id)

    def transform(self, record_type: str, id: str, target: str, body: Body, *, record: str = "") -> str:
        """Builds a `target` record from another one (deposit application from a deposit) and returns its id. Not repeatable."""
        _check_body(body)
        path = f"{_path(record_type)}/{_id(id)}/!transform/{_type(target)}"
        return self._write("POST", target, path, Effect.ONCE, body, (), record)

    def submit(self, record_type: str, bodies: Sequence[Body], key: str, *, update: bool = False) -> str:
        """Hands over creates of up to 100 records of a type, or with `update` changes of records named by `id`, as a job that is carried
        out later, in no order; returns the job's id. `key` is a UUID: submitting under it again is safe, and names the first job. Raises
        `Refused` where the account or its role takes no jobs."""
        for body in bodies:
            _check_body(body)
        method = "PATCH" if update else "POST"
        return jobs.submitted(self._calls, method, _path(record_type), f"{method} {record_type} job", bodies, key)

    def job_is_over(self, job: str) -> bool:
        """Whether a job has been carried out, whatever became of its records."""
        return jobs.is_over(self._calls, job)

    def read(self, record_type: str, id: str, expand: bool = False, fields: Sequence[str] = ()) -> dict[str, Any]:
        """A record; `expand` brings the lines of its sublists, `fields` restricts the body fields. Prefer SuiteQL for many."""
        params = {"expandSubResources": "true"} if expand else {}
        if fields:
            params["fields"] = ",".join(fields)
        path = f"{_path(record_type)}/{_id(id)}"
        return self._object(self._calls.json("GET", path, Effect.READ, operation=f"read {record_type}", params=params, record=""))

    # About the account

    def metadata(self, record_type: str) -> RecordSchema:
        """The fields and sublists of a record type as the account has them."""
        path, accept = f"{RECORDS}/metadata-catalog/{_type(record_type)}", {"Accept": "application/schema+json"}
        operation = f"metadata {record_type}"
        return self._calls.parsed(
            lambda answer: schema_in(answer.body, record_type), "GET", path, Effect.READ, operation=operation, headers=accept
        )

    def governance_limits(self) -> GovernanceLimits:
        """How many calls may be in flight; NetSuite tells administrators only (others get `Refused`)."""
        limits = self._object(self._calls.json("GET", f"{SYSTEM}/governanceLimits", Effect.READ, operation="governance limits"))
        try:
            return GovernanceLimits(
                account=int(limits["accountConcurrencyLimit"]),
                unallocated=_number(limits.get("accountUnallocatedConcurrencyLimit")),
                integration=_number(limits.get("integrationConcurrencyLimit")),
                kind=str(limits.get("integrationLimitType") or ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(f"NetSuite's limits cannot be read: {str(limits)[:200]}", service=SERVICE) from error

    def server_time(self) -> datetime:
        """NetSuite's own clock, in UTC."""
        answer = self._object(self._calls.json("GET", f"{SYSTEM}/serverTime", Effect.READ, operation="server time"))
        try:
            return datetime.fromisoformat(str(answer["serverTime"]))
        except (KeyError, ValueError) as error:
            raise BadAnswer(f"NetSuite's time cannot be read: {str(answer)[:200]}", service=SERVICE) from error

    def _write(
        self,
        method: str,
        record_type: str,
        path: str,
        effect: Effect,
        body: Body,
        replace: Sequence[str],
        record: str,
        known_id: str = "",
    ) -> str:
        operation = f"{method} {record_type}"
        params = {"replace": ",".join(replace)} if replace else {}
        answer = self._calls.send(
            method, path, effect, operation=operation, params=params, body=body, record=record or name_of(body) or record_type
        )
        return id_in(answer) or _internal(known_id) or _no_id(operation, answer)

    @staticmethod
    def _object(answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise BadAnswer(f"NetSuite answered with {str(answer)[:200]} where an object is due.", service=SERVICE)
        return answer


def id_in(answer: Answer) -> str:
    """The internal id at the end of `Location`, or nothing."""
    found = re.search(r"/([0-9]+)/?(?:[?#].*)?$", answer.headers.get("Location", ""))
    return found.group(1) if found else ""


def _no_id(operation: str, answer: Answer) -> str:
    raise OutcomeUnknown(
        f"NetSuite accepted {operation} but did not name the record's id; it is looked up.",
        service=SERVICE,
        status=answer.status,
        service_code="NO-LOCATION",
    )


def _internal(id: str) -> str:
    return netsuite_id(id)


def _path(record_type: str) -> str:
    return f"{RECORDS}/{_type(record_type)}"


def _type(record_type: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", record_type):
        raise ValueError(f"{record_type!r} is not a record type")
    return record_type


def _id(id: str) -> str:
    if id.startswith("eid:"):
        return f"eid:{checked_external_id(id.removeprefix('eid:'))}"
    if not id:
        raise ValueError("an id is needed")
    if not netsuite_id(id):
        text = f"{id!r} is no internal id of NetSuite; nothing was sent."
        raise Refused(text, service=SERVICE, service_code="ID", advice="Correct the Integration ID in Zuora that says so.")
    return id


def _check_body(body: Mapping[str, Any]) -> None:
    if isinstance(body.get("externalId"), str):
        checked_external_id(body["externalId"])


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
