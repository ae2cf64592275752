"""Lambda notify, see tallybridge.tasks.notify."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from tallybridge.tasks.notify import notify
from tallybridge.wiring import Wiring

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = notify(event, Wiring.of(context))
    logger.info("done", answer=answer)
    return answer
