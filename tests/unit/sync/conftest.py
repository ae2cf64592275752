from __future__ import annotations

from tests.second_aws import ministack
from tests.unit.sync.tables import runs, table

__all__ = ["ministack", "runs", "table"]
