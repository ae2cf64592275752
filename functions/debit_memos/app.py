"""Lambda of the sync step debit_memos."""

from tallybridge.tasks.handler import step_handler

handler = step_handler("debit_memos")
