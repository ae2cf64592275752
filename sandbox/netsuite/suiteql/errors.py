"""How SuiteQL refuses a query."""

from __future__ import annotations

from sandbox.netsuite.exceptions import NetSuiteError, invalid_parameter

PREFIX = "Invalid search query. Detailed unprocessed description follows. "


def search_error(text: str) -> NetSuiteError:
    """The query is understood but cannot be run."""
    return invalid_parameter(f"{PREFIX}Search error occurred: {text}", "q")


def unsupported(why: str = "") -> NetSuiteError:
    """The query is outside the dialect."""
    return search_error(f"Invalid or unsupported search. {why}".strip())


def unknown_table(name: str) -> NetSuiteError:
    return search_error(f"Record '{name}' was not found.")


def not_in_this_account(name: str) -> NetSuiteError:
    """The table belongs to a feature that is off."""
    return invalid_parameter(f"{PREFIX}Invalid search type: {name}.", "q")


def unknown_column(name: str, available: dict[str, str]) -> NetSuiteError:
    listed = ", ".join(f"{alias}={table}" for alias, table in sorted(available.items()))
    return search_error(f"Unknown identifier '{name}'. Available identifiers are: {{{listed}}}")
