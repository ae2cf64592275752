"""Payments, credit memos and refunds with Invoice Settlement: parts, applications and balances (spec 10.3, 12.4, 12.5, 12.9, 12.10)."""
