"""Lambda of the sync step sales_orders."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("sales_orders")
