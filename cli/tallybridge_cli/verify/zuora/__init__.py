"""The probes of Zuora."""

from __future__ import annotations

from tallybridge_cli.verify.probe import Probe

__all__ = ["PROBES"]

PROBES: tuple[Probe, ...] = ()
