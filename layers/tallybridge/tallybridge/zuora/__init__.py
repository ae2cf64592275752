"""Client of the Zuora Billing REST API: login, queries, writes, errors. Knows no sync."""

from tallybridge.zuora.client import Zuora
from tallybridge.zuora.connection import ZuoraConnection
from tallybridge.zuora.literals import sql_literal, zoql_literal
from tallybridge.zuora.metadata import Field
from tallybridge.zuora.writes import Written

__all__ = ["Field", "Written", "Zuora", "ZuoraConnection", "sql_literal", "zoql_literal"]
