"""The profile: options with which the stand-ins behave as the tenant does, as far as that was seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tallybridge_cli.verify.probe import Finding, Probe

FORMAT = 1


def profile(run: str, findings: Iterable[Finding], probes: Iterable[Probe]) -> dict[str, Any]:
    """{"format", "run", "options": {"netsuite": {"time_zone": ...}, ...}, "unknown": {"netsuite": ["slots", ...]}}. `unknown` are options
    that a probe would tell, and none has told: the stand-in keeps its own value, the inconvenient one."""
    options: dict[str, dict[str, Any]] = {}
    for finding in findings:
        for option, value in finding.options.items():
            options.setdefault(str(finding.probe.system), {})[option] = value
    unknown: dict[str, list[str]] = {}
    for probe in probes:
        if probe.option and probe.option not in options.get(str(probe.system), {}):
            unknown.setdefault(str(probe.system), []).append(probe.option)
    return {"format": FORMAT, "run": run, "options": options, "unknown": unknown}
