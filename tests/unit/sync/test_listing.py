"""All files of a run by one listing: what there is, and what begins how."""

from __future__ import annotations

from typing import Any

from tallybridge.sync.folder import RunFolder
from tests.sync.memory import MemoryObjects


def test_a_listing_tells_of_a_folder_what_single_questions_tell() -> None:
    objects: Any = MemoryObjects()
    folder = RunFolder(objects, "reports", "run-1")
    names = ["invoices/log/000001.jsonl.gz", "invoices/log/lost.jsonl.gz", "invoices/manifest.json", "invoices_x/log/1", "run.json"]
    for name in reversed(names):
        folder.write(name, b"")
    RunFolder(objects, "reports", "run-10").write("elsewhere.json", b"")
    listing = folder.listing()
    assert list(listing.names("")) == list(folder.names("")) == names
    for prefix in ("invoices/log/", "invoices/", "invoices", "run.json", "run", "elsewhere", "a", "z", "invoices/manifest.json.old"):
        assert list(listing.names(prefix)) == list(folder.names(prefix))
        assert listing.has(prefix) == folder.has(prefix)


def test_a_listing_stays_as_the_files_were() -> None:
    objects: Any = MemoryObjects()
    folder = RunFolder(objects, "reports", "run-1")
    listing = folder.listing()
    folder.write("run.json", b"")
    assert not listing.has("run.json")
    assert folder.listing().has("run.json")
