"""Validations that invoices, debit memos and credit memos share (invoices.md section 3; memos.md D and C): all failures of one document
are reported together. Each kind says which of them it makes, and under which number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tallybridge import money
from tallybridge.ids import netsuite_id
from tallybridge.steps.documents.document_lines import DocumentData, DocumentLines, charge_id_of
from tallybridge.steps.documents.rounding import Sums
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS
from tallybridge.steps.shared.currencies import BY_HAND, told_once
from tallybridge.steps.shared.problems import CORRECT_ID, no_id
from tallybridge.sync.step import Candidate, Problem, SourceRecord
from tallybridge.zuora.selection import Selected
from tallybridge.zuora.source import NO_ID

CHARGE_FIELDS = (
    "Name",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "RevRecCode",
    "RevRecStart__NS",
    "RevRecEnd__NS",
    "RevRecTemplateType__NS",
)


Reread = tuple[Selected, dict[str, Any], dict[str, dict[str, Any]]]


class DocumentChecks(DocumentLines):
    """What keeps a document from being sent."""

    rules: Mapping[str, int]
    """Number of each validation in the table of the kind, by "account", "charge", "tax code" (has none), "tax item" (is no NetSuite id),
    "jurisdiction", "project", "location", "class", "department", "lines" (none is left), "sum"; one without a number is not made."""
    in_order = False
    """Documents of one account are written one after the other."""
    plain_texts = True
    """Messages about charges without their id, about tax codes without the consequence."""

    # -- reading -----------------------------------------------------------------------------------------------------

    def parent_fields(self, object_type: str) -> Sequence[str]:
        return ACCOUNT_FIELDS

    def reread_with_charges(self, candidates: Sequence[Candidate]) -> tuple[list[Reread], dict[str, dict[str, Any]]]:
        """The heads that still qualify with their parents, and the product charges of the selected items by id."""
        charge_ids = {charge_id_of(i) for c in candidates for i in c.data["children"].get("items", ())}
        with ThreadPoolExecutor(max_workers=1) as pool:  # the charges are read while the heads are
            reading = pool.submit(self.context.source.reread, "ProductRatePlanCharge", charge_ids, CHARGE_FIELDS)
            return list(self.reread(candidates)), reading.result()

    def add_charges(self, found: Sequence[DocumentData], known: Mapping[str, dict[str, Any]]) -> None:
        """Give each document the product charges of its items; `known` are those that have been read."""
        missing = {charge_id_of(i) for d in found for i in d.items} - known.keys()
        charges = {**known, **self.context.source.reread("ProductRatePlanCharge", missing, CHARGE_FIELDS)}
        for data in found:
            data.charges = charges

    def record(self, data: DocumentData) -> SourceRecord:
        """The document as the engine knows it."""
        record = self.transaction_record(data, self.number_field, self.date_field, self.amount_to_send(data))
        return replace(record, group=record.group if self.in_order else "", destination=self.record_type(data))

    # -- validations -------------------------------------------------------------------------------------------------

    def problems(self, data: DocumentData) -> list[Problem]:
        """All failures of one document together."""
        parts = (
            self._parents,
            self._charge_problems,
            self._project_problems,
            self._tax_problems,
            self._classifications,
            self._sums,
        )
        return told_once([problem for part in parts for problem in part(data)], self._currencies(data))

    def problem(self, rule: str, data: DocumentData, text: str, advice: str, waits_for: str = "", cause: str = "") -> Problem:
        """The problem of a validation, under its code and the document's name."""
        return Problem(f"{self.code}-V{self.rules[rule]}", f"{self.label(data)}: {text}", advice, waits_for, cause)

    def not_synced(self, rule: str, data: DocumentData, name: str, row: Mapping[str, Any]) -> Problem:
        """The validation's problem with a record, `row`, that has not been synced; its kind is called as the validation is."""
        return self.not_synced_parent(f"{self.code}-V{self.rules[rule]}", self.label(data), name, rule, row)

    def _parents(self, data: DocumentData) -> Iterator[Problem]:
        if not data.account.get("IntegrationId__NS"):
            name = f"account {data.account.get('AccountNumber', '')}"
            yield self.not_synced("account", data, name, data.account)

    def _charge_problems(self, data: DocumentData) -> Iterator[Problem]:
        reported = set()
        for item in data.items:
            charge_id = charge_id_of(item)
            charge = data.charges.get(charge_id, {})
            if self.item_id(data, item) or (charge_id in reported and charge_id):
                continue
            reported.add(charge_id)
            name = charge.get("Name") or item.get("ChargeName") or ""
            advice = "It syncs by itself once the charge has been synced; see the charge's own message."
            if not charge_id:
                advice = "The item has no product charge behind it: set default_item_id to the NetSuite item for standalone charges."
            named = f'charge "{name}"' if self.plain_texts else f'charge "{name}" ({charge_id})'
            if wrong := charge.get(NO_ID):
                yield self.problem("charge", data, f"{named} {no_id(wrong)}", CORRECT_ID)
                continue
            if charge_id and self.stays_behind("charge", charge):
                yield self.not_synced_parent(f"{self.code}-V{self.rules['charge']}", self.label(data), named, "charge", charge)
                continue
            yield self.problem("charge", data, f"{named} has not been synced to NetSuite.", advice, f'charge "{name}"')

    def _project_problems(self, data: DocumentData) -> Iterator[Problem]:
        if not self.settings.netsuite_use_revenue_recognition or "project" not in self.rules:
            return
        without = [i for i in data.items if self.is_variable(data, i) and not i.get("Subscription.Project__NS")]
        for name, subscription in dict.fromkeys((data.charge_of(i).get("Name"), i.get("Subscription.Name", "")) for i in without):
            text = f'charge "{name}" uses a variable revenue template but subscription {subscription} has no NetSuite Project.'
            yield self.problem("project", data, text, "Enter the NetSuite project on the subscription.")

    def _tax_problems(self, data: DocumentData) -> Iterator[Problem]:
        reported = set()
        for tax in self.taxes(data):
            code, item = tax.get("TaxCode", ""), str(tax.get("AccountingCode") or "")
            if code not in reported and not item:
                reported.add(code)
                advice = "Create the tax item in NetSuite and an accounting code whose name is its id; set that on the tax code."
                why = "" if self.plain_texts else ", so no NetSuite item can be found for its tax line"
                cause = f'tax code "{code}" has no accounting code.'
                yield self.problem("tax code", data, f'tax code "{code}" has no accounting code{why}.', advice, cause=cause)
            elif code not in reported and not netsuite_id(item):
                reported.add(code)
                advice = "The name of the accounting code must be the internal id of the NetSuite tax item."
                text = f'tax code "{code}" has accounting code "{item}", which is not a NetSuite item id.'
                yield self.problem("tax item", data, text, advice, cause=text)
        if "jurisdiction" in self.rules and any(not t.get("Jurisdiction") for t in self.taxes(data)):
            advice = "Complete the tax data in Zuora (tax engine or rate)."
            yield self.problem("jurisdiction", data, "a tax line has no jurisdiction; not sent.", advice)

    def _classifications(self, data: DocumentData) -> list[Problem]:
        numbers = (self.rules["location"], self.rules["class"], self.rules["department"])
        return classification.problems_of_account(self.code, numbers, self.label(data), self.reference, data.account)

    def _sums(self, data: DocumentData) -> Iterator[Problem]:
        """The lines as NetSuite will keep them add up to the total; where only rounding separates the two, a setting decides."""
        kind = self.object_label.split()[-1].lower()
        if "lines" in self.rules and not self.items(data) and not self.taxes(data):
            advice = f"Check the {kind}'s items in Zuora; one of 0 is set aside by itself."
            yield self.problem("lines", data, "no line left to send after removing zero amounts; not sent.", advice)
            return
        sums, amount, currency = self.sums(data), self.amount_to_send(data), self.currency_of(data)
        if sums.differ:
            advice = f"Compare the {kind} with its items and tax lines in Zuora; if they are right there, ask for help with this number."
            text = f"lines add up to {money.text(sums.exact, currency)} but the {kind} amount is {money.text(amount, currency)}; not sent."
            yield self.problem("sum", data, text, advice)
        elif problem := self.booking.inexact(self.label(data), (amount,), currency):
            yield problem
        elif sums.rest and not self.rounds(sums):
            yield self._rounding(data, sums, currency)

    def _rounding(self, data: DocumentData, sums: Sums, currency: str) -> Problem:
        kept, total, off = (money.text(a, currency) for a in (sums.kept, sums.amount, abs(sums.rest)))
        said = (
            f"{self.label(data)}: NetSuite keeps {self.booking.booked(currency)} with {sums.digits} digits after the point; its "
            f"{sums.count} lines, rounded one by one, add up to {kept} instead of {total}, {off} {'less' if sums.rest > 0 else 'more'}; "
            "not sent."
        )
        advice = (
            'Set rounding_difference to "line" and rounding_item_id to a NetSuite item: the next run then sends it, with the difference '
            f"on a line of its own. {BY_HAND}"
        )
        return Problem(f"{self.code}-ROUNDING", said, advice)

    def _currencies(self, data: DocumentData) -> Iterator[Problem]:
        return self.currency_problems(self.label(data), data, self.amount_to_send(data))
