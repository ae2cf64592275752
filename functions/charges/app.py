"""Lambda of the sync step charges."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("charges")
