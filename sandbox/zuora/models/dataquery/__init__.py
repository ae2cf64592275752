"""Data Query: SQL jobs over a copy of the store that lags behind it (spec section 10)."""
