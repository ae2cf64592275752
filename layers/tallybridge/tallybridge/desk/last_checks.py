"""The checks of the set-up as somebody made them last, kept in the runs table: pk "console#doctor", sk "last"."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.doctor.examine import examine
from tallybridge.desk.target import Target

SECONDS = timedelta(seconds=20)
"""How long checks may take where somebody waits for a page; what is left is made by `tallybridge doctor`."""


def make(target: Target, who: str) -> dict[str, Any]:
    """Make the checks and keep what they found: {"at", "by", "whole", "checks"}; "whole" says whether there was time for all."""
    began, checks, whole = target.clock.now(), [], True
    for check in examine(target):
        checks.append(check.to_json())
        if target.clock.now() - began > SECONDS:
            whole = False
            break
    found = {"at": stamp(began), "by": who, "whole": whole, "checks": checks}
    target.runs.keep_checks(json.dumps(found))
    return found


def read(target: Target) -> dict[str, Any]:
    """What the last checks found; "at" is "" before the first."""
    text = target.runs.checks()
    found: dict[str, Any] = json.loads(text) if text else {"at": "", "by": "", "whole": True, "checks": []}
    return found
