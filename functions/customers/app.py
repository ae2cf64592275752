"""Lambda of the sync step customers."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("customers")
