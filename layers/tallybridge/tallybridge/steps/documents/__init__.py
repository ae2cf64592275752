"""What the steps of invoices, memos and adjustments share: lines, checks, revenue dates, and their mapping tables."""
