"""Stand-in ids: what a dry run puts in the place of the ids that records would get."""

from __future__ import annotations

import hashlib
import re

STAND_IN = re.compile(r"\b9[0-9]{15}\b")


def stand_in_id(source_id: str) -> str:
    """Stands for the internal id that a record would get: digits, as every internal id of NetSuite, and longer than any of them."""
    return f"9{int(hashlib.sha256(source_id.encode()).hexdigest()[:12], 16) % 10**15:015d}"
