"""What changed on one side after a record was synced: which records may have, and whether the two sides still agree."""
