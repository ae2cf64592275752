"""The table of a mapping: which field of the destination holds what.

    HEADER = Fields("invoices.5.mapping.", {
        "invoice-duedate-to-duedate": ("dueDate", "2026-10-31"),
        "invoice-id-to-zuora-id": ("custbodyzuoraid", zid("INV1")),
        "invoice-id-to-zuora-id, external": ("externalId", zid("INV1"), "sequence-and-status.5.2.rule.1"),
        "currency is the customer's": ("currency", "1"),
    })

A row is called by the rule that it proves, and a comma with more where a rule has several fields; what stands behind the value are further
rules. A name with a space before any comma is no rule's. Of a reference the id counts; a field with the value None is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.sync.builders import Objects

IN_THE_RUN = "2026-11-"
"""The month of all runs: what begins with it was written by one."""


@dataclass(frozen=True)
class Fields:
    """Rows by name: (field, value, further rules ...). `prefix` stands before the rules by which rows are called."""

    prefix: str
    rows: Mapping[str, tuple[Any, ...]]

    def cases(self) -> list[Any]:
        """The names as parameters, each with the rules of its row."""
        return [pytest.param(name, marks=pytest.mark.rule(*self._rules(name)), id=name) for name in self.rows]

    def _rules(self, name: str) -> tuple[str, ...]:
        rule, also = name.partition(", ")[0], self.rows[name][2:]
        return also if " " in rule else (self.prefix + rule, *also)

    def check(self, name: str, record: Mapping[Any, Any], **parts: str) -> None:
        """Whether the record holds what the row says; `parts` stand for what a text has in braces."""
        field, expected = self.rows[name][:2]
        expected = expected.format(**parts) if parts and isinstance(expected, str) else expected
        found = plain(record.get(field))
        if expected is IN_THE_RUN:
            assert found.startswith(IN_THE_RUN)
        else:
            assert found == plain(expected)

    @property
    def names(self) -> set[str]:
        """The fields."""
        return {field for field, *_ in self.rows.values()}


def plain(value: Any) -> Any:
    """A value, of a reference its id."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


@dataclass(frozen=True)
class Variant:
    """What else stands in the body of a record: these objects are in the world, with these settings; `fields` of the body hold this then.
    None stands for a field that is not sent."""

    given: Sequence[Objects]
    fields: Mapping[str, Any]
    rules: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self, body: Mapping[str, Any]) -> None:
        assert {name: plain(body.get(name)) for name in self.fields} == dict(self.fields)


def variants(cases: Mapping[str, Variant]) -> list[Any]:
    """The variants as parameters, each under its name and with its rules."""
    return [pytest.param(case, marks=pytest.mark.rule(*case.rules), id=name) for name, case in cases.items()]
