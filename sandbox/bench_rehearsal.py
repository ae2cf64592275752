"""`python -m sandbox.bench_rehearsal [RECORDS]`: what a batch of a dry run takes that comes after so many rehearsed invoices and as many
accounts (100,000): how long, how much memory, and how much is read."""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.bench_close_worker import Folder
from tallybridge.parallel import streamed_parts
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.stand_ins import stand_in_id
from tallybridge.tasks.drawers import Drawer, put
from tallybridge.tasks.folded import by_key
from tallybridge.tasks.rehearsal import Rehearsal

RECORDS = 100_000
IN_A_PIECE = 40_000
BATCH = 100
BUCKET_SECONDS = 0.02
"""How long a call to the bucket takes."""
KINDS = ("Account", "Invoice")


def entries(kind: str, count: int) -> Iterator[dict[str, Any]]:
    """What a step would make."""
    for n in range(count):
        customer = stand_in_id(source("Account", n % 1_000))
        names = {"number": f"{kind}{n:08d}", "name": f"Customer {n} Incorporated", "customer": customer, "currency": "USD"}
        record = {"object": kind, "source": source(kind, n), "id": stand_in_id(source(kind, n)), "key": f"zuora#{kind}#{source(kind, n)}"}
        yield {**record, **names, "amount": "1234.56", "accounts": {}, "links": []}


def source(kind: str, number: int) -> str:
    return f"8ad0{KINDS.index(kind)}{number:027d}"


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with tempfile.TemporaryDirectory() as place:
        store: Any = Folder(Path(place), 0)
        folder = RunFolder(store, "bucket", "run")
        names: list[str] = []
        for kind in KINDS:
            for piece in streamed_parts(entries(kind, count), IN_A_PIECE):
                names.append(f"{kind}-{len(names):05d}")
                put(folder, names[-1], by_key(piece))
        store.seconds, store.calls = BUCKET_SECONDS, 0
        wanted = [source("Invoice", n * 997 % count) for n in range(min(BATCH, count))]
        tracemalloc.start()
        began = time.perf_counter()
        rehearsal = Rehearsal([Drawer(folder, name) for name in names])
        rehearsal.know(wanted, map(stand_in_id, wanted))
        seconds, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    print(f"{count:,} accounts and as many invoices rehearsed before; a batch of {len(wanted)} that refers to invoices:")
    reads = f"{store.calls} reads of {BUCKET_SECONDS * 1000:.0f} ms"
    print(f"  {seconds:.2f} s, {reads}, {peak / 1e6:.1f} MB at most; {len(rehearsal.made)} found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
