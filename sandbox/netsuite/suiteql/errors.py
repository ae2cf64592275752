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
    """No account has such a table."""
    return invalid_parameter(f"{PREFIX}Invalid search type: {name}.", "q")


def hidden_table(name: str) -> NetSuiteError:
    """The table exists, but the role does not see it or the feature is off."""
    return search_error(f"Record '{name}' was not found.")


def unknown_column(name: str, available: dict[str, str]) -> NetSuiteError:
    listed = ", ".join(f"{alias}={table}" for alias, table in sorted(available.items()))
    return search_error(f"Unknown identifier '{name}'. Available identifiers are: {{{listed}}}")
