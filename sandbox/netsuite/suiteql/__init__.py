"""SuiteQL: queries are translated to SQLite and run against tables that follow the records."""

from sandbox.netsuite.suiteql.engine import QueryEngine

__all__ = ["QueryEngine"]
