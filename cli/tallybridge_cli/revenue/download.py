"""The files of a run of the revenue connector, brought to this machine."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from tallybridge.desk.revenue.files import content, no_files, told, uploads
from tallybridge.desk.revenue.site import Site


def download(site: Site, run_id: str, into: Path) -> list[Path]:
    """Copy them to a folder; answers those that there were. Raises `ConfigurationError` RUN-NO-FILES when there is none."""
    copied = []
    for place in {place.key: place for place in chain(told(site, run_id), uploads(site, run_id))}.values():
        found = content(site, place)
        if found is None:
            continue
        path = into / run_id / place.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found)
        copied.append(path)
    if not copied:
        raise no_files(run_id)
    return copied
