"""Lambda of the sync step netsuite_customers."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("netsuite_customers")
