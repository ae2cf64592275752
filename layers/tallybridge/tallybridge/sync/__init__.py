"""The engine: statuses, ledger, batches, run log and totals. Knows no object type and no vendor."""
