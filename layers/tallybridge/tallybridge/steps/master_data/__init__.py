"""What the steps of accounts, catalogue and orders share: mapping of customers and items, families, addresses."""
