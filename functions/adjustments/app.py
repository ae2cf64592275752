"""Lambda of the sync step adjustments."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("adjustments")
