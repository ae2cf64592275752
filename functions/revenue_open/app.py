"""Lambda revenue_open, see tallybridge.revenue.opening."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from tallybridge.revenue.opening import open_run
from tallybridge.revenue.wiring import RevenueWiring

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` = {"input", "execution"}."""
    answer = open_run(event, RevenueWiring.of(context))
    logger.info("done", answer=answer)
    return answer
