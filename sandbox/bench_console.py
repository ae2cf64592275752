"""`make bench-console`: how long the console's pages take where very many records are held.

After a run of the demo tenant the ledger is given PROBLEMS records that are held (four codes in three steps, one half with one code),
counted as a run counts them. Every page is asked for several times through the console's own application, as a browser would ask, over the
embedded AWS; what is printed is the shortest and the longest time, the least processor time, and the size of the page. Nothing waits: AWS
answers as fast as this machine can.

Options as environment variables: PROBLEMS (10000), TIMES (5).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

from werkzeug.test import Client, TestResponse

from sandbox.host import Sandbox, SandboxOptions
from tallybridge import money
from tallybridge.clock import Clock
from tallybridge.console.app import Console
from tallybridge.console.site import OwnMachine
from tallybridge.desk.periods import months_to_close
from tallybridge.desk.target import Target
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge.sync.periods import SETTLES, make_ready
from tallybridge.sync.problems import counted
from tallybridge_cli.console import Loopback, site_of

KINDS = (
    ("invoices", "Invoice", "INV-V2", 0.5, ""),
    ("invoices", "Invoice", "INV-PERIOD", 0.1, ""),
    ("payments", "Payment", "PAY-V2", 0.3, "invoice {number}"),
    ("credit_memos", "CreditMemo", "CM-V1", 0.1, ""),
)
"""Step, object, code, share of all, and what a record waits for."""
TEXT = 'Invoice {number}: charge "Seats, annual" of product Workspace has no Item Type; the invoice cannot be sent before it has one.'
PORT = 7004


def main() -> int:
    """Measure and print; 0 when every page was there."""
    problems, times = int(os.environ.get("PROBLEMS", "10000")), int(os.environ.get("TIMES", "5"))
    with tempfile.TemporaryDirectory() as out, Sandbox(SandboxOptions(data="demo", out=Path(out))) as sandbox:
        sandbox.aws.run("BillingSyncArn", {"trigger": "manual"})
        target = Target(sandbox.env, "the bench")
        hold(target, problems, target.clock)
        site = site_of(target, PORT, "approver", "bench")
        browser = Client(Loopback(Console(site).handle))
        assert isinstance(site.entrance, OwnMachine)

        def ask(page: str) -> TestResponse:
            return browser.get(page, base_url=site.address)

        ask(f"/enter?key={site.entrance.key}")
        page = "/problems/alike?step=invoices&code=INV-V2"
        view = money.loads(ask(f"{page}&format=json").text)
        pages = ["/", "/problems", page, view["further"], f"/record?name={quote(view['records'][0]['number'])}", "/month-end"]
        print(f"{problems:,} records held; each page {times} times", flush=True)
        print("page                                            shortest    longest  processor       size", flush=True)
        there = [shown(each, partial(ask, each), times) for each in (*pages, "/runs", "/audit")]
        return 0 if all(there) else 1


def hold(target: Target, problems: int, clock: Clock) -> None:
    """Put held records into the ledger, all dated in the month before this one, and count them as a run does."""
    table, month = target.table("STATUS_TABLE"), months_to_close(clock.now())[0]
    for step, kind, code, share, waits_for in KINDS:
        book = Ledger(table, clock, Owner("bench", f"{step}/1", "bench"), 0)
        for n in range(int(problems * share)):
            number = f"{code}-{n:06d}"
            about = {
                "document_date": f"{month.key}-{n % 28 + 1:02}",
                "record_type": kind,
                "currency": ("USD", "EUR")[n % 2],
                "amount": f"{n % 900}.25",
            }
            told, waits = TEXT.format(number=number), waits_for.format(number=f"INV-V2-{n:06d}")
            book.held(Ledger.key("zuora", kind, f"{code}{n:026d}"), step, number, code, told, waits, None, about)
    for step in {each[0] for each in KINDS}:
        target.problems.keep(step, "bench", counted(target.ledger, step))
    clock.sleep(SETTLES.total_seconds())
    make_ready(target.ledger, target.runs, lambda: None)


def shown(page: str, ask: Callable[[], TestResponse], times: int) -> bool:
    """Time a page; answers whether it was there."""
    took, worked = [], []
    for _ in range(times):
        begun, at_work = time.perf_counter(), time.process_time()
        answer = ask()
        took.append(time.perf_counter() - begun)
        worked.append(time.process_time() - at_work)
    there = answer.status_code == 200
    size = f"{len(answer.data) / 1024:>7.0f} KB{'' if there else '  NOT THERE'}"
    print(f"{page[:46]:<46} {min(took):>7.2f} s {max(took):>8.2f} s {min(worked):>8.2f} s {size}", flush=True)
    return there


if __name__ == "__main__":
    raise SystemExit(main())
