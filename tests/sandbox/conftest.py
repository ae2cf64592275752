"""What the tests of the sandbox share."""

GUARD_SECONDS = 300
"""Of the machine."""
