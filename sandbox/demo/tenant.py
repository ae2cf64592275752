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
MODE_A_FILE = Path(__file__).with_name("tenant_mode_a.json")
SETTLEMENT_TYPES = frozenset(
    {"CreditMemo", "CreditMemoItem", "CreditMemoPart", "CreditTaxationItem", "DebitMemo", "DebitMemoItem", "DebitTaxationItem"}
    | {"Payment", "PaymentPart", "Refund", "RefundPart"}
)
"""Types of the tenant that are there only with Invoice Settlement, or are others without it."""
PARTS = ("about", "planted", "settings", "netsuite", "zuora", "later")
PARTS_A = ("about", "planted", "zuora", "later")
LATER, FROM_NETSUITE = "later", "customers from NetSuite"


@dataclass(frozen=True)
class Planted:
    """A record that does not reach the other system. `expect` is what becomes of it: held, refused, left (alone, until it changes), or
    drift (it did, and was changed on one side afterwards);
    `wrong` says why, for people; `mode` "A" or "B" where that holds only without or with Invoice Settlement; `code` is the code of the
    message, "" where no particular one is asked for. `when` is `LATER` for records that are loaded after the first run, and `FROM_NETSUITE`
    for customers that are looked at only if NetSuite is the master of customers."""

    object: str
    number: str
    expect: str
    wrong: str
    mode: str = ""
    code: str = ""
    when: str = ""


@dataclass
class Tenant:
    """`zuora` and `netsuite` are loaded on top of what the stand-ins start with; `settings` on top of the sandbox's; `later` into NetSuite
    after the first run. That is a tenant with Invoice Settlement; the members with `_a` say what is otherwise without it."""

    zuora: Objects
    netsuite: Objects
    settings: dict[str, Any] = field(default_factory=dict)
    planted: list[Planted] = field(default_factory=list)
    about: list[str] = field(default_factory=list)
    later: Objects = field(default_factory=dict)
    zuora_a: Objects = field(default_factory=dict)
    later_a: Objects = field(default_factory=dict)
    about_a: list[str] = field(default_factory=list)

    def without_settlement(self) -> Objects:
        """The Zuora objects as a tenant without Invoice Settlement has them."""
        kept = {name: rows for name, rows in self.zuora.items() if name not in SETTLEMENT_TYPES}
        return {**kept, **self.zuora_a}

    def in_mode(self, mode: str) -> Objects:
        """The Zuora objects of mode "A" or "B"."""
        return self.without_settlement() if mode == "A" else self.zuora

    def later_in(self, mode: str) -> Objects:
        """What is loaded into NetSuite after the first run. It refers to what that run created by external id, which is the Zuora id."""
        return self.later_a if mode == "A" else self.later

    def expected(self, mode: str, when: str = "") -> list[Planted]:
        """The records that a run stops at in a tenant of this mode ("A" or "B"): those there from the start, or those of `when` alone."""
        return [p for p in self.planted if p.mode in ("", mode) and p.when == when]

    def text(self) -> str:
        """The tenant as a file: JSON with one record a line."""
        parts = [
            f'"about": {_lines(self.about)}',
            f'"planted": {_planted(p for p in self.planted if p.mode != "A")}',
            f'"settings": {json.dumps(self.settings, indent=4, ensure_ascii=False)}',
            f'"netsuite": {_types(self.netsuite)}',
            f'"zuora": {_types(self.zuora)}',
            f'"later": {_types(self.later)}',
        ]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    def text_a(self) -> str:
        """What is otherwise without Invoice Settlement, as a file of the same form."""
        parts = [
            f'"about": {_lines(self.about_a)}',
            f'"planted": {_planted(p for p in self.planted if p.mode == "A")}',
            f'"zuora": {_types(self.zuora_a)}',
            f'"later": {_types(self.later_a)}',
        ]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @classmethod
    def parse(cls, text: str, text_a: str = "{}") -> Tenant:
        """The tenant that `text` and `text_a` wrote. Raises `ValueError` when they are not one."""
        content, content_a = json.loads(text), json.loads(text_a)
        for given, known in ((content, PARTS), (content_a, PARTS_A)):
            if unknown := set(given) - set(known):
                raise ValueError(f"a tenant has no {sorted(unknown)[0]!r}")
        return cls(
            content["zuora"],
            content["netsuite"],
            content.get("settings", {}),
            [Planted(**p) for p in [*content.get("planted", []), *content_a.get("planted", [])]],
            content.get("about", []),
            content.get("later", {}),
            content_a.get("zuora", {}),
            content_a.get("later", {}),
            content_a.get("about", []),
        )


def load_tenant(path: Path = DATA_FILE, path_a: Path = MODE_A_FILE) -> Tenant:
    """The tenant of two files: what it has, and what is otherwise without Invoice Settlement."""
    return Tenant.parse(path.read_text(encoding="utf-8"), path_a.read_text(encoding="utf-8"))


def _planted(planted: Iterable[Planted]) -> str:
    return _lines({k: v for k, v in asdict(p).items() if v} for p in planted)


def _lines(rows: Iterable[Any]) -> str:
    return "[\n" + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n]"


def _types(objects: Objects) -> str:
    return "{\n" + ",\n".join(f'"{name}": {_lines(rows)}' for name, rows in objects.items()) + "\n}"
