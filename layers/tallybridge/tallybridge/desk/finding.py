"""A run by what a person calls it."""

from __future__ import annotations

from tallybridge.errors import ConfigurationError
from tallybridge.sync.runs import Runs

RECENT = 200
"""Runs that are looked through for one by its beginning."""


def find_run(runs: Runs, name: str, listed_by: str) -> str:
    """A run of this job by its id, its beginning, or "last". Raises `ConfigurationError` RUN-UNKNOWN; `listed_by` is the command that lists
    the runs."""
    record = runs.read(name)
    if record and record.get("job", runs.job) == runs.job:
        return name
    recent = [str(r["run_id"]) for r in runs.recent(RECENT)]
    found = recent[:1] if name == "last" else [r for r in recent if name and r.startswith(name)]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} runs begin with" if found else "There is no run"
    raise ConfigurationError(f'{problem} "{name}".', place="run", code="RUN-UNKNOWN", advice=f"`{listed_by}` lists them.")
