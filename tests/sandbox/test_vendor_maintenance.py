"""Maintenance windows and bursts of other integrations' calls, on the virtual clock: a run ends in good order with one cause, or waits, and
the next one goes on where it stood."""
