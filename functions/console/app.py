"""Lambda console: the operator's console, see tallybridge.console.app; behind an HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tallybridge.technical import masked_errors, technical_logger

if TYPE_CHECKING:
    from tallybridge.console.app import Console

logger = technical_logger()
consoles: list[Console] = []
"""The console of this process, once it was asked for."""


@masked_errors
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` is that of an HTTP API in payload format 2.0, and so is the answer."""
    if not consoles:
        consoles.append(made())
    return consoles[0].handle(event, context)


def made() -> Console:
    """The console of the stack, at first use: it needs boto3, which is Lambda's own."""
    from tallybridge.console.app import Console
    from tallybridge.console.deployed import deployed

    return Console(deployed(), lambda error: logger.exception("a fault", error=type(error).__name__))
