"""What the workers of a run keep for each other: tables of the account, and what was learnt of the tenants."""

from __future__ import annotations

from typing import Any, Protocol


class Shelf(Protocol):
    """The run's folder, as far as it is used."""

    def read_json_or(self, name: str) -> Any: ...
    def write_json(self, name: str, value: Any) -> str: ...


class NoShelf:
    """Keeps nothing, for one who works alone."""

    def read_json_or(self, name: str) -> Any:
        return None

    def write_json(self, name: str, value: Any) -> str:
        return name
