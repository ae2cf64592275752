"""Lambda of the sync step products."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("products")
