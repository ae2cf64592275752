"""A tenant as data: objects by type for both stand-ins, settings, and what a run is expected to stop at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Objects = dict[str, list[dict[str, Any]]]
"""Records by type, in the form that the stand-ins' `load` takes."""

DATA_FILE = Path(__file__).with_name("tenant.json")
SETTLEMENT_TYPES = ("PaymentPart",)
"""Types of the tenant that exist only with Invoice Settlement."""


@dataclass(frozen=True)
class Planted:
    """A record that does not reach NetSuite. `expect` is what becomes of it: held, refused, or left (alone, until it changes);
    `wrong` says why, for people; `mode` "A" or "B" where that holds only without or with Invoice Settlement."""

    object: str
    number: str
    expect: str
    wrong: str
    mode: str = ""


@dataclass
class Tenant:
    """`zuora` and `netsuite` are loaded on top of what the stand-ins start with; `settings` on top of the sandbox's."""

    zuora: Objects
    netsuite: Objects
    settings: dict[str, Any] = field(default_factory=dict)
    planted: list[Planted] = field(default_factory=list)
    about: list[str] = field(default_factory=list)

    def without_settlement(self) -> Objects:
        """The Zuora objects as a tenant without Invoice Settlement has them: payments with invoice payments, none without an account."""
        payments = [p for p in self.zuora.get("Payment", []) if "AccountId" in p]
        kept = {p["Id"] for p in payments}
        parts = [p for p in self.zuora.get("PaymentPart", []) if p["PaymentId"] in kept and "InvoiceId" in p]
        objects = {name: rows for name, rows in self.zuora.items() if name not in SETTLEMENT_TYPES}
        return {**objects, "Payment": payments, "InvoicePayment": parts} if parts else {**objects, "Payment": payments}

    def expected(self, mode: str) -> list[Planted]:
        """The records that do not reach NetSuite in a tenant of this mode ("A" or "B")."""
        return [p for p in self.planted if p.mode in ("", mode)]

    def text(self) -> str:
        """The tenant as a file: JSON with one record a line."""
        parts = [
            f'"about": {_lines(self.about)}',
            f'"planted": {_lines({k: v for k, v in asdict(p).items() if v} for p in self.planted)}',
            f'"settings": {json.dumps(self.settings, indent=4, ensure_ascii=False)}',
            f'"netsuite": {_types(self.netsuite)}',
            f'"zuora": {_types(self.zuora)}',
        ]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @classmethod
    def parse(cls, text: str) -> Tenant:
        """The tenant that `text` wrote. Raises `ValueError` when it is not one."""
        content = json.loads(text)
        if unknown := set(content) - {"about", "planted", "settings", "netsuite", "zuora"}:
            raise ValueError(f"a tenant has no {sorted(unknown)[0]!r}")
        planted = [Planted(**p) for p in content.get("planted", [])]
        return cls(content["zuora"], content["netsuite"], content.get("settings", {}), planted, content.get("about", []))


def load_tenant(path: Path = DATA_FILE) -> Tenant:
    """The tenant of a file."""
    return Tenant.parse(path.read_text(encoding="utf-8"))


def _lines(rows: Iterable[Any]) -> str:
    return "[\n" + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n]"


def _types(objects: Objects) -> str:
    return "{\n" + ",\n".join(f'"{name}": {_lines(rows)}' for name, rows in objects.items()) + "\n}"
