"""Lambda of the sync step netsuite_payments."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("netsuite_payments")
