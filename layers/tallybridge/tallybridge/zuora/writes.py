"""Writing many objects with few calls: each object gets its own result, and one that fails does not fail the others (section 12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tallybridge.errors import BadAnswer, LoginRefused, Refused, ServiceError
from tallybridge.http import Effect
from tallybridge.parallel import parts, side_by_side
from tallybridge.zuora.calls import POLICY, ZuoraCalls
from tallybridge.zuora.faults import SERVICE, Fault, Repeat, error_for, faults_in

GROUP = 50
"""Objects in one call: Actions, `PUT /v1/invoices` and the memo bulk calls alike (section 6)."""
OBJECT_TRIES = 4
"""Sends of one object whose own result says that it may pass."""

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """What became of one object. `id` is the object's; `code` ("ZUORA-..."), `message` and `advice` only if it failed, and
    `passing` says that the failure is not the object's fault and may be gone next time."""

    id: str
    ok: bool
    code: str = ""
    message: str = ""
    advice: str = ""
    passing: bool = False


class Writes:
    """Updates and creates. Results come in the order of the objects. Only a refused login raises; everything else is a result."""

    def __init__(self, calls: ZuoraCalls, reject_unknown: bool = False) -> None:
        self._calls = calls
        self._params = {"rejectUnknownFields": "true"} if reject_unknown else {}

    def update(self, object_type: str, objects: Sequence[Object]) -> list[Written]:
        """`action/update`: fields in PascalCase with `Id`. Repeats only those objects whose own result may pass."""
        return self._in_groups(objects, lambda group: self._patiently(group, lambda part: self._update(object_type, part)))

    def create(self, object_type: str, objects: Sequence[Object], key: str) -> list[Written]:
        """`action/create` of at most 50 objects in one call under an idempotency key. A lost answer raises `OutcomeUnknown`.

        The key must differ for each attempt that follows an answered failure (`ServiceError.kept`), because Zuora replays that answer for
        24 hours.
        """
        if len(objects) > GROUP:
            raise ValueError(f"at most {GROUP} objects in one create, not {len(objects)}")
        answer = self._calls.json("POST", "/v1/action/create", Effect.ONCE, body={"type": object_type, "objects": list(objects)}, key=key)
        return results_of(answer, [""] * len(objects))

    def update_invoices(self, objects: Sequence[Object]) -> list[Written]:
        """`PUT /v1/invoices`: fields in camelCase with `id`. The bulk answer does not say which one failed, so a group that
        fails is written one by one."""
        return self._in_groups(objects, self._update_invoices)

    def update_memos(self, kind: str, objects: Sequence[Object]) -> list[Written]:
        """`PUT /v1/credit-memos/bulk` or `/v1/debit-memos/bulk`; `kind` is "credit" or "debit"; fields in camelCase with `id`."""
        return self._in_groups(objects, lambda group: self._patiently(group, lambda part: self._update_memos(kind, part)))

    def put(self, path: str, object_id: str, fields: Object) -> Written:
        """One PUT of fixed values to one object."""
        try:
            self._calls.json("PUT", path, Effect.REPEATABLE, body=dict(fields), operation=f"PUT {path.rsplit('/', 1)[0]}")
        except LoginRefused:
            raise
        except ServiceError as error:
            return failed(object_id, error)
        return Written(object_id, True)

    def _in_groups(self, objects: Sequence[Object], write: Callable[[Sequence[Object]], list[Written]]) -> list[Written]:
        """The groups side by side; a group whose call fails says so for each of its objects."""

        def attempt(group: Sequence[Object]) -> list[Written]:
            try:
                return write(group)
            except LoginRefused:
                raise
            except ServiceError as error:
                return [failed(object_id(o), error) for o in group]

        return [w for group in side_by_side(attempt, list(parts(objects, GROUP))) for w in group]

    def _patiently(self, group: Sequence[Object], write: Callable[[Sequence[Object]], list[Written]]) -> list[Written]:
        """Writes a group, then again those of it whose result may pass."""
        results = write(group)
        http = self._calls.http
        for tries_done in range(1, OBJECT_TRIES):
            open_ = [n for n, r in enumerate(results) if r.passing]
            pause = POLICY.pause(tries_done, http.luck(), None)
            if not open_ or pause > http.seconds_left():
                break
            http.sleep(pause)
            for n, result in zip(open_, write([group[n] for n in open_]), strict=True):
                results[n] = result
        return results

    def _update(self, object_type: str, group: Sequence[Object]) -> list[Written]:
        body = {"type": object_type, "objects": list(group)}
        answer = self._calls.json(
            "POST", "/v1/action/update", Effect.REPEATABLE, params=self._params, body=body, operation=f"update {object_type}"
        )
        return results_of(answer, [object_id(o) for o in group])

    def _update_invoices(self, group: Sequence[Object]) -> list[Written]:
        answer = self._calls.send("PUT", "/v1/invoices", Effect.REPEATABLE, body={"invoices": list(group)}, operation="PUT invoices")
        faults = faults_in(answer.json_or_none())
        if answer.status < 300 and not faults:
            return [Written(object_id(o), True) for o in group]
        if answer.status in (401, 429) or answer.status >= 500:
            faults = faults or [Fault(str(answer.status), "no reason given")]
            raise error_for(faults, answer.status, "PUT invoices", Effect.REPEATABLE)
        return [self.put(f"/v1/invoices/{quote(object_id(o), safe='')}", object_id(o), _without_id(o)) for o in group]

    def _update_memos(self, kind: str, group: Sequence[Object]) -> list[Written]:
        answer = self._calls.json(
            "PUT", f"/v1/{kind}-memos/bulk", Effect.REPEATABLE, body={"memos": list(group)}, operation=f"PUT {kind} memos"
        )
        return results_of(answer.get("memos"), [object_id(o) for o in group])


def results_of(answer: Any, ids: Sequence[str]) -> list[Written]:
    """One result per object, from an array in the order of the request. Raises `BadAnswer` when it has another length."""
    if not isinstance(answer, list) or len(answer) != len(ids):
        raise BadAnswer(f"Zuora answered {len(ids)} objects with {str(answer)[:200]}", service=SERVICE)
    return [_result(entry, given) for entry, given in zip(answer, ids, strict=True)]


def _result(entry: Any, given: str) -> Written:
    if not isinstance(entry, Mapping):
        raise BadAnswer(f"Zuora's result of one object is {str(entry)[:200]}", service=SERVICE)
    faults = faults_in(entry)
    if not faults:
        return Written(str(entry.get("Id") or entry.get("id") or given), True)
    first, text = faults[0], "; ".join(dict.fromkeys(f.text for f in faults))
    advice = error_for(faults, 200, "the change", Effect.REPEATABLE).advice
    return Written(given, False, f"ZUORA-{first.code}", text, advice, first.repeat is not Repeat.NEVER)


def failed(object_id: str, error: ServiceError) -> Written:
    """The result of an object whose whole call failed."""
    return Written(object_id, False, error.code, error.detail or error.message, error.advice, not isinstance(error, (Refused, BadAnswer)))


def object_id(fields: Object) -> str:
    """`Id` (Actions) or `id` (v1) of an object to be written."""
    return str(fields.get("Id") or fields.get("id") or "")


def _without_id(fields: Object) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k not in ("Id", "id")}
