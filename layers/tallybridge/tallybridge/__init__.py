"""Tallybridge keeps Zuora and NetSuite in step."""

__version__ = "0.1.0"
