"""What a state machine says of a task that failed."""

from __future__ import annotations

from typing import Any

from tallybridge import money


def failure_text(error: Any) -> str:
    """What a state machine's error object says: the class, and the message from its cause when that is JSON."""
    if not isinstance(error, dict):
        return str(error)[:500]
    cause = str(error.get("Cause", ""))
    try:
        parsed = money.loads(cause)
        cause = str(parsed.get("errorMessage", cause)) if isinstance(parsed, dict) else cause
    except ValueError:
        pass
    return f"{cause[:500]} ({error.get('Error', 'unknown error')})"
