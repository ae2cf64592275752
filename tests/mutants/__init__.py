"""Breaks the product in every way of `mutants.toml`, one at a time, and expects the default suite to see it."""
