"""Lambda of the sync step rate_plans."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("rate_plans")
