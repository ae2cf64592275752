"""Reversing what a run has created in NetSuite: planned, approved by a second person, carried out by a run of its own."""
