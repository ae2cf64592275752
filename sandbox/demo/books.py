"""What the later documents of a tenant refer to: its accounts, special invoices and payments, by what is special about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sandbox.demo.accounts import Profile
from sandbox.demo.billing import Invoice
from sandbox.demo.memos import Memo
from sandbox.demo.payments import Payment
from sandbox.demo.subscriptions import Subscribed
from sandbox.demo.tenant import Objects, Planted


@dataclass
class Books:
    """`invoices` and `payments` by what is special about them; a payment comes with its place in the sequence of numbers."""

    chosen: list[Profile]
    subscribed: list[Subscribed]
    methods: dict[str, int]
    invoices: dict[str, list[Invoice]] = field(default_factory=dict)
    payments: dict[str, list[tuple[int, Payment]]] = field(default_factory=dict)
    memos: dict[str, Memo] = field(default_factory=dict)

    def invoice(self, story: str, place: int = 0) -> Invoice:
        return self.invoices[story][place]

    def payment(self, story: str) -> tuple[int, Payment]:
        return self.payments[story][0]

    def profile(self, account: int) -> Profile:
        return self.chosen[account - 1]

    def memo(self, kind: str, n: int, account: int, day: date, story: str, refers_to: Invoice | None = None) -> Memo:
        """An empty memo of an account; `story` says what it is for, and finds it again among `memos`."""
        made = Memo(n, account, self.profile(account), self.subscribed[account - 1], day, kind=kind, story=story, refers_to=refers_to)
        self.memos[story] = made
        return made


@dataclass
class Chapter:
    """Objects of one kind of tenant, and which of them were planted."""

    objects: Objects = field(default_factory=dict)
    planted: list[Planted] = field(default_factory=list)

    def add(self, objects: Objects) -> None:
        for name, rows in objects.items():
            self.objects.setdefault(name, []).extend(rows)

    def together(self, others: Iterable[Chapter]) -> None:
        for other in others:
            self.add(other.objects)
            self.planted += other.planted
