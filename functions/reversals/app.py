"""Lambda of the sync step reversals."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("reversals")
