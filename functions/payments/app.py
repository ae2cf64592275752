"""Lambda of the sync step payments."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("payments")
