"""Bulk reads with Export ZOQL: AQuA jobs, data source exports and the files they leave (spec section 11)."""
