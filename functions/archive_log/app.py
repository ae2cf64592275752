"""Lambda archive_log, see tallybridge.tasks.archive_log."""

from __future__ import annotations

from typing import Any

from tallybridge.tasks.archive_log import archive_log
from tallybridge.technical import masked_errors, technical_logger
from tallybridge.wiring import Wiring

logger = technical_logger()


@masked_errors
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = archive_log(event, Wiring.of(context))
    logger.info("done", answer=answer)
    return answer
