from __future__ import annotations

from tests.unit.sync.tables import runs, table

__all__ = ["runs", "table"]
