"""Lambda of the sync step credit_memos."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("credit_memos")
