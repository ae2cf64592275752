"""Lambda of the sync step invoices."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("invoices")
