"""The revenue connector: NetSuite datasets into the inbound staging of Zuora Revenue, all or none (revenue-connector.md)."""
