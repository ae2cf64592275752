"""Client of NetSuite's SuiteTalk REST web services: login, records, SuiteQL, metadata, errors. Knows no sync."""

from tallybridge.netsuite.client import NetSuite
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.metadata import FieldInfo, RecordSchema
from tallybridge.slots import LocalSlots, Slots

__all__ = ["FieldInfo", "LocalSlots", "NetSuite", "NetSuiteConnection", "RecordSchema", "Slots"]
