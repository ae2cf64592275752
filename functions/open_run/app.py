"""Lambda open_run, see tallybridge.tasks.open_run."""

from __future__ import annotations

from typing import Any

from tallybridge.tasks.open_run import open_run
from tallybridge.technical import masked_errors, technical_logger
from tallybridge.wiring import Wiring

logger = technical_logger()


@masked_errors
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = open_run(event, Wiring.of(context))
    logger.info("done", answer=answer)
    return answer
