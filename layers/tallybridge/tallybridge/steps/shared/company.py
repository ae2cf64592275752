"""What the mappings of transactions need to know: settings, NetSuite's tables, and how NetSuite books amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tallybridge.clock import Clock
from tallybridge.settings import NumberMapping, Settings
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.currencies import Booking
from tallybridge.steps.shared.fitting import Fitting, fitted
from tallybridge.steps.shared.numbers import EXTERNAL_ID_PREFIX
from tallybridge.steps.shared.parents import Stays, stays
from tallybridge.steps.shared.periods import Posting, posting
from tallybridge.steps.shared.problems import not_synced
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Problem


@dataclass(frozen=True)
class Company:
    """The NetSuite company as a step sees it. `code` is the prefix of the step's messages; `dropped` collects fields that the account
    lacks; `settlement_on`: the Zuora tenant has Invoice Settlement."""

    settings: Settings
    reference: Reference
    booking: Booking
    clock: Clock
    code: str
    settlement_on: bool
    dropped: set[str] = field(default_factory=set)

    def existing(self, record_type: str, fields: Mapping[str, Any], *, line: bool = False) -> dict[str, Any]:
        """The fields that have a value and that the account knows; what it lacks is noted once and left out."""
        kept = {}
        for name, value in fields.items():
            if value is None or value == "":
                continue
            if self.reference.has_field(record_type, name, line=line):
                kept[name] = value
            else:
                self.dropped.add(f"{record_type}.{'item.' if line else ''}{name}")
        return kept

    def named(self, record_type: str, custom: Mapping[str, Any], *, line: bool = False) -> dict[str, Any]:
        """Values of Zuora fields, given by label, under the script ids that the account has for them."""
        return {self.reference.custom(record_type, label, line=line): value for label, value in custom.items()}

    def fit(self, record_type: str, body: Mapping[str, Any]) -> Fitting:
        """The body of a NetSuite record of a type as this account takes it, and what had to be done to it."""
        return fitted(body, lambda path: self.reference.limit(record_type, path))

    def external_id(self, kind: str, zuora_id: str) -> str:
        """The deterministic external id: the plain Zuora id, or with the prefix of its kind where a setting asks for it. `kind` is the
        object's name in Zuora."""
        return f"{EXTERNAL_ID_PREFIX[kind]}{zuora_id}" if self.settings.external_id_prefixes else zuora_id

    def number(self, zuora_number: Any) -> Any:
        """The document number to send, None where NetSuite numbers by itself."""
        return zuora_number if self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER else None

    def classified(self, account: Mapping[str, Any]) -> dict[str, Any]:
        """Class, department and location of a header."""
        return classification.header(self.settings, self.reference, account)

    def posting(self, record_type: str, date: str, label: str) -> Posting:
        """How a document of that type and date (YYYY-MM-DD) is posted. `label` names it."""
        return posting(self.settings, self.reference, record_type, date, self.code, label)

    def not_synced(self, code: str, label: str, name: str, kind: str, row: Mapping[str, Any]) -> Problem:
        """A record that this one refers to is not in NetSuite: it follows by itself, or it never does, and why. `kind` is what people call
        its kind, `row` what was read of it."""
        return not_synced(code, label, name, kind, row, self.stays_behind(kind, row))

    def stays_behind(self, kind: str, row: Mapping[str, Any]) -> Stays | None:
        """Why a record that another one refers to will not be sent by itself. `kind` is what people call its kind."""
        return stays(kind, row, self.settings, settlement_on=self.settlement_on)
