"""Lambda revenue_open, see tallybridge.revenue.opening."""

from __future__ import annotations

from typing import Any

from tallybridge.revenue.opening import open_run
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.technical import masked_errors, technical_logger

logger = technical_logger()


@masked_errors
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` = {"input", "execution"}."""
    answer = open_run(event, RevenueWiring.of(context))
    logger.info("done", answer=answer)
    return answer
