"""Two programs to compare with, each in a process of its own: what a bare loop reaches, and what a simple writer does.

`bare`: threads, as many as there are slots, send the same bodies over one pool of connections, and nothing else: no look-up, no status, no
ledger, no check. Nothing that keeps a promise can be faster; it is what the machine and the stand-in let through.

`peer`: one call in flight, and two a record, as simple connectors do it: a look-up by external id, then the create.

Both read `{"kind", "slots", "account", "consumer": [key, secret], "token": [id, secret], "records": [[method, address, body], ...]}` from
their input and print `{"seconds", "calls", "failed"}`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import requests
from requests.adapters import HTTPAdapter
from requests_oauthlib.oauth1_auth import OAuth1

CREATED = (200, 201, 204)
NOT_FOUND = 404
LOOP_SECONDS = 3_600.0
CALL_SECONDS = 60.0
Kind = Literal["bare", "peer"]


@dataclass(frozen=True)
class Task:
    """What is to be sent, by whom and how."""

    kind: Kind
    slots: int
    account: str
    consumer: tuple[str, str]
    token: tuple[str, str]
    records: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Figures:
    """Seconds from the first call to the last answer, calls, and records that were not created."""

    seconds: float
    calls: int
    failed: int


def measured(task: Task) -> Figures:
    """Run a program in a process of its own. Raises RuntimeError with what it said, if it failed."""
    command = [sys.executable, "-m", "sandbox.bench_loops"]
    ended = subprocess.run(command, input=json.dumps(asdict(task)), capture_output=True, text=True, timeout=LOOP_SECONDS, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2000:])
    return Figures(**json.loads(ended.stdout))


def run(task: Task) -> Figures:
    """Send everything from this process."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=task.slots))
    session.auth = OAuth1(*task.consumer, *task.token, signature_method="HMAC-SHA256", realm=task.account)  # type: ignore[no-untyped-call]
    session.headers["Content-Type"] = "application/json"

    def bare(record: tuple[str, str, str]) -> tuple[int, bool]:
        method, url, body = record
        return 1, session.request(method, url, data=body, timeout=CALL_SECONDS).status_code in CREATED

    def peer(record: tuple[str, str, str]) -> tuple[int, bool]:
        method, url, body = record
        named = url if "/eid:" in url else f"{url.partition('?')[0]}/eid:{json.loads(body)['externalId']}"
        found = session.get(named, timeout=CALL_SECONDS).status_code
        return 2, found == NOT_FOUND and session.request(method, url, data=body, timeout=CALL_SECONDS).status_code in CREATED

    one = {"bare": bare, "peer": peer}[task.kind]
    begun = time.perf_counter()
    with ThreadPoolExecutor(task.slots if task.kind == "bare" else 1) as threads:
        done = list(threads.map(one, task.records))
    return Figures(time.perf_counter() - begun, sum(calls for calls, _ in done), sum(not created for _, created in done))


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    records = [(method, url, body) for method, url, body in given.pop("records")]
    given |= {"consumer": tuple(given["consumer"]), "token": tuple(given["token"])}
    print(json.dumps(asdict(run(Task(records=records, **given)))))


if __name__ == "__main__":
    main()
