"""Lambda of the sync step netsuite_credit_memos."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("netsuite_credit_memos")
