"""Lambda of the sync step refunds."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("refunds")
