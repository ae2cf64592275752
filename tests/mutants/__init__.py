"""Breaks the product in every way of `areas`, one at a time, and expects the default suite to see it."""
