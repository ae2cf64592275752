"""The Zuora client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tallybridge.errors import BadAnswer, Refused
from tallybridge.http import Effect, Http
from tallybridge.rounds import Kept
from tallybridge.slots import LocalSlots, Slots
from tallybridge.tokens import ProcessTokens, TokenCache
from tallybridge.zuora.calls import ZuoraCalls
from tallybridge.zuora.connection import ZuoraConnection
from tallybridge.zuora.dataquery import NO_JOB, DataQuery, Row, open_jobs
from tallybridge.zuora.faults import SERVICE
from tallybridge.zuora.metadata import Field, fields_from_xml
from tallybridge.zuora.writes import Object, Writes, Written

PARALLEL_CALLS = 8
"""Of the 40 that a tenant has for everybody."""
ZOQL_PAGE = 2_000
MAX_ZOQL_PAGES = 5_000
OBJECT_QUERY_PAGE = 99
MAX_OBJECT_QUERY_PAGES = 10_000
FEATURE_MISSING = frozenset({"10", "30"})
"""Categories of the reasons with which a tenant without Invoice Settlement declines the reading of credit memos."""


class Zuora:
    """One tenant. Threads may share it.

    Raises `LoginRefused` when a person must correct the credentials; `NotSent` (and `Throttled`) when nothing was done; `OutcomeUnknown`
    when a write may have been done; `Refused`, `AlreadyExists`, `NotFound` when Zuora declined; `BadAnswer` otherwise.
    """

    def __init__(
        self,
        connection: ZuoraConnection,
        http: Http,
        *,
        tokens: TokenCache | None = None,
        slots: Slots | None = None,
        track_id: str = "",
        reject_unknown: bool = False,
        kept: Kept | None = None,
    ) -> None:
        """`kept` keeps what is read, for a task in rounds; queries that are not ready then end the round."""
        slots = slots or LocalSlots(PARALLEL_CALLS, http.clock)
        self._calls = ZuoraCalls(connection, http, tokens or ProcessTokens(), slots, track_id, kept)
        self._writes = Writes(self._calls, reject_unknown)
        self._jobs = DataQuery(self._calls)

    @property
    def slowest(self) -> float:
        """Seconds of the slowest call so far."""
        return self._calls.http.slowest

    def invoice_settlement_enabled(self) -> bool:
        """Whether the tenant works with credit and debit memos (mode B): whether it lets them be read.

        Only a missing permission or feature counts as "no"; an outage or a wrong address raises.
        """
        try:
            self._calls.json("GET", "/v1/credit-memos", Effect.READ, params={"pageSize": "1"}, operation="Invoice Settlement check")
        except Refused as declined:
            coded = declined.service_code.isdecimal() and len(declined.service_code) == 8
            if declined.status == 403 or (coded and declined.service_code[-2:] in FEATURE_MISSING):
                return False
            raise
        return True

    # Reading

    def query(self, zoql: str) -> Iterator[Row]:
        """The records of a ZOQL query; fields that are null are left out; the order is not defined."""
        page = self._action("query", {"queryString": zoql, "conf": {"batchSize": ZOQL_PAGE}})
        for _ in range(MAX_ZOQL_PAGES):
            yield from page.get("records") or []
            if page.get("done", True):
                return
            page = self._action("queryMore", {"queryLocator": page["queryLocator"], "conf": {"batchSize": ZOQL_PAGE}})
        raise BadAnswer(f"The query has more than {MAX_ZOQL_PAGES} pages.", service=SERVICE)

    def count(self, zoql: str) -> int:
        """How many records a ZOQL query has, by one call."""
        return int(self._action("query", {"queryString": zoql, "conf": {"batchSize": 1}})["size"])

    def data_query(self, sql: str) -> Iterator[Row]:
        """The rows of an SQL query on the query copy, in constant memory; keys are column names in lower case."""
        return self._jobs.rows(sql)

    def cancel_data_queries(self, jobs: Kept) -> None:
        """Cancel what tasks in rounds have submitted and not seen to end, as far as it is kept there, see `Kept.under_way`."""
        for name, job_id in open_jobs(jobs):
            if self._jobs.cancel(job_id):
                jobs.replace(name, NO_JOB)

    def describe_table(self, table: str) -> dict[str, str]:
        """Column name (lower case) -> type of a table. `table` must be a plain name."""
        if not table.replace("_", "").isalnum():
            raise ValueError(f"{table!r} is not a table name")
        return {_column(row, "column").lower(): _column(row, "type") for row in self.data_query(f"DESCRIBE {table}")}

    def describe(self, object_type: str) -> list[Field]:
        """The fields of an object as the tenant has them, custom ones included."""
        xml = self._calls.text(f"/v1/describe/{quote(object_type, safe='')}", f"describe {object_type}")
        return fields_from_xml(xml, object_type)

    def object_query(
        self, plural: str, filters: Sequence[str] = (), fields: Sequence[str] = (), expand: Sequence[str] = ()
    ) -> Iterator[Row]:
        """Point reads (`credit-memos`, ...); `filters` such as "id.IN:[a,b]" (at most 99 ids); `expand` brings related objects in lower
        case, at most 99 of a list. Names are camelCase."""
        given = [("filter[]", quote(f, safe=".:,")) for f in filters]
        given += [(name, quote(v, safe="")) for name, values in (("fields[]", fields), ("expand[]", expand)) for v in values]
        path = f"/object-query/{plural}?pageSize={OBJECT_QUERY_PAGE}" + "".join(f"&{name}={value}" for name, value in given)
        cursor = ""
        for _ in range(MAX_OBJECT_QUERY_PAGES):
            page = self._calls.json("GET", path + cursor, Effect.READ, operation=f"object query {plural}")
            yield from page.get("data") or []
            if not page.get("nextPage"):
                return
            cursor = f"&cursor={quote(page['nextPage'], safe='')}"
        raise BadAnswer(f"The object query has more than {MAX_OBJECT_QUERY_PAGES} pages.", service=SERVICE)

    def get_payment_parts(self, key: str) -> list[Row]:
        """What a payment is applied to now (mode B): `{id, invoiceId, debitMemoId, amount, ...}`; the unapplied rest has neither id."""
        return list(self.get(f"/v1/payments/{quote(key, safe='')}/parts").get("parts") or [])

    def get_refund_parts(self, key: str) -> list[Row]:
        """What a refund was taken from (mode B): `{id, paymentId, creditMemoId, amount}`."""
        return list(self.get(f"/v1/refunds/{quote(key, safe='')}/parts").get("parts") or [])

    def get_credit_memo_parts(self, key: str) -> list[Row]:
        """What a credit memo is applied to now (mode B): `{id, invoiceId, debitMemoId, amount}`."""
        return list(self.get(f"/v1/credit-memos/{quote(key, safe='')}/parts").get("parts") or [])

    # Writing

    def update(self, object_type: str, objects: Sequence[Object]) -> list[Written]:
        """Sets fields (PascalCase, with `Id`) of any number of objects, 50 a call; results in order. Clear a field by `fieldsToNull`."""
        return self._writes.update(object_type, objects)

    def create(self, object_type: str, objects: Sequence[Object], key: str) -> list[Written]:
        """Creates at most 50 objects under an idempotency key; results in order, with the new ids. May raise `OutcomeUnknown`."""
        return self._writes.create(object_type, objects, key)

    def update_invoices(self, objects: Sequence[Object]) -> list[Written]:
        """Sets fields (camelCase, with `id`) of any number of invoices, 50 a call, one by one where a group fails."""
        return self._writes.update_invoices(objects)

    def update_memos(self, kind: str, objects: Sequence[Object]) -> list[Written]:
        """Sets fields (camelCase, with `id`) of any number of memos, 50 a call; `kind` is "credit" or "debit"."""
        return self._writes.update_memos(kind, objects)

    def update_payment(self, key: str, fields: Mapping[str, Any]) -> Written:
        """Sets fields of one payment (mode B): `__NS` fields at the top, `financeInformation.transferredToAccounting`."""
        return self._writes.put(f"/v1/payments/{quote(key, safe='')}", key, fields)

    def update_refund(self, key: str, fields: Mapping[str, Any]) -> Written:
        """Sets fields of one refund (mode B), as `update_payment`."""
        return self._writes.put(f"/v1/refunds/{quote(key, safe='')}", key, fields)

    # Any other v1 operation

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Row:
        """One v1 read."""
        return self._object(self._calls.json("GET", path, Effect.READ, params=params))

    def put(self, path: str, body: Mapping[str, Any], record: str = "") -> Row:
        """One v1 PUT that may be sent twice without harm. `record` names the record in an error's message."""
        return self._object(self._calls.json("PUT", path, Effect.REPEATABLE, body=dict(body), record=record))

    def put_once(self, path: str, body: Mapping[str, Any], record: str = "") -> Row:
        """One v1 PUT that must not be sent twice, such as `.../apply`, `.../unapply`: a lost answer raises `OutcomeUnknown`."""
        return self._object(self._calls.json("PUT", path, Effect.ONCE, body=dict(body), record=record))

    def post(self, path: str, body: Mapping[str, Any], key: str, record: str = "") -> Row:
        """One v1 create under an idempotency key (see `create` for the choice of keys). May raise `OutcomeUnknown`."""
        return self._object(self._calls.json("POST", path, Effect.ONCE, body=dict(body), key=key, record=record))

    def _action(self, name: str, body: Mapping[str, Any]) -> Row:
        return self._object(self._calls.json("POST", f"/v1/action/{name}", Effect.READ, body=body, operation="ZOQL"))

    @staticmethod
    def _object(answer: Any) -> Row:
        if not isinstance(answer, dict):
            raise BadAnswer(f"Zuora answered with {str(answer)[:200]} where an object is due.", service=SERVICE)
        return answer


def _column(row: Row, name: str) -> str:
    return next((str(v) for k, v in row.items() if k.lower() == name), "")
