"""The record types that the stand-in knows, with every property, its type and its rule."""

from sandbox.netsuite.schema.fields import Field, Fields, LineShape, RecordType
from sandbox.netsuite.schema.registry import GROUP_TARGETS, LINE_SHAPES, RECORD_TYPES, SUBRECORDS, record_type

__all__ = ["GROUP_TARGETS", "LINE_SHAPES", "RECORD_TYPES", "SUBRECORDS", "Field", "Fields", "LineShape", "RecordType", "record_type"]
