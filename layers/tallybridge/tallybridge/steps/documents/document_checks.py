"""Validations that kinds of documents share (invoices.md section 3; memos.md D and C; adjustments.md A1): all failures of one document are
told together. Each kind lists those that it makes, in their order, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallybridge import money
from tallybridge.ids import netsuite_id
from tallybridge.steps.documents.document_lines import amount_to_send, is_variable, item_id, rounds, sums
from tallybridge.steps.documents.kind import D, Kind, charge_id_of
from tallybridge.steps.documents.rounding import Sums
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.currencies import BY_HAND, told_once
from tallybridge.steps.shared.problems import CORRECT_ID, no_id
from tallybridge.sync.step import Problem
from tallybridge.zuora.source import NO_ID


def problems(kind: Kind[D], company: Company, data: D) -> list[Problem]:
    """All failures of one document together."""
    own = company.booking.problem(kind.name(data), amount_to_send(kind, company, data), kind.currency(data), data.account, data.customer)
    return told_once((problem for check in kind.checks for problem in check(kind, company, data)), [own] if own else [])


def problem(kind: Kind[D], rule: str, data: D, text: str, advice: str, waits_for: str = "", cause: str = "") -> Problem:
    """The problem of a validation, under its code and the document's name."""
    return Problem(code_of(kind, rule), f"{kind.name(data)}: {text}", advice, waits_for, cause)


def code_of(kind: Kind[D], rule: str) -> str:
    """The code of a validation."""
    return f"{kind.code}-V{kind.rules[rule]}"


def parent_not_synced(kind: Kind[D], company: Company, rule: str, data: D, name: str, row: Mapping[str, Any], code: str = "") -> Problem:
    """The validation's problem with a record, `row`, that has not been synced; its kind is called as the validation is. `code`: another
    than the validation's."""
    return company.not_synced(code or code_of(kind, rule), kind.name(data), name, rule, row)


# -- the checks ----------------------------------------------------------------------------------------------------------


def account_is_synced(kind: Kind[D], company: Company, data: D) -> Iterator[Problem]:
    """Its account has a NetSuite customer."""
    if not data.account.get("IntegrationId__NS"):
        name = f"account {data.account.get('AccountNumber', '')}"
        yield parent_not_synced(kind, company, "account", data, name, data.account)


def charges_are_synced(kind: Kind[D], company: Company, data: D) -> Iterator[Problem]:
    """Every item's charge has a NetSuite item, which standalone items take from the settings."""
    reported = set()
    for item in data.items:
        charge_id = charge_id_of(item)
        charge = data.charges.get(charge_id, {})
        if item_id(company, data, item) or (charge_id in reported and charge_id):
            continue
        reported.add(charge_id)
        name = charge.get("Name") or item.get("ChargeName") or ""
        advice = "It syncs by itself once the charge has been synced; see the charge's own message."
        if not charge_id:
            advice = "The item has no product charge behind it: set default_item_id to the NetSuite item for standalone charges."
        named = f'charge "{name}"' if kind.plain_texts else f'charge "{name}" ({charge_id})'
        if wrong := charge.get(NO_ID):
            yield problem(kind, "charge", data, f"{named} {no_id(wrong)}", CORRECT_ID)
            continue
        if charge_id and company.stays_behind("charge", charge):
            yield parent_not_synced(kind, company, "charge", data, named, charge)
            continue
        yield problem(kind, "charge", data, f"{named} has not been synced to NetSuite.", advice, f'charge "{name}"')


def projects_are_known(kind: Kind[D], company: Company, data: D) -> Iterator[Problem]:
    """A charge with a variable revenue template belongs to a subscription with a NetSuite project."""
    if not company.settings.netsuite_use_revenue_recognition or "project" not in kind.rules:
        return
    without = [i for i in data.items if is_variable(data, i) and not i.get("Subscription.Project__NS")]
    for name, subscription in dict.fromkeys((data.charge_of(i).get("Name"), i.get("Subscription.Name", "")) for i in without):
        text = f'charge "{name}" uses a variable revenue template but subscription {subscription} has no NetSuite Project.'
        yield problem(kind, "project", data, text, "Enter the NetSuite project on the subscription.")


def taxes_have_items(kind: Kind[D], company: Company, data: D) -> Iterator[Problem]:
    """Every tax code's accounting code is the id of a NetSuite item, and tax lines say where they are due."""
    reported = set()
    taxes = kind.taxes(company, data)
    for tax in taxes:
        code, item = tax.get("TaxCode", ""), str(tax.get("AccountingCode") or "")
        if code not in reported and not item:
            reported.add(code)
            advice = "Create the tax item in NetSuite and an accounting code whose name is its id; set that on the tax code."
            why = "" if kind.plain_texts else ", so no NetSuite item can be found for its tax line"
            cause = f'tax code "{code}" has no accounting code.'
            yield problem(kind, "tax code", data, f'tax code "{code}" has no accounting code{why}.', advice, cause=cause)
        elif code not in reported and not netsuite_id(item):
            reported.add(code)
            advice = "The name of the accounting code must be the internal id of the NetSuite tax item."
            text = f'tax code "{code}" has accounting code "{item}", which is not a NetSuite item id.'
            yield problem(kind, "tax item", data, text, advice, cause=text)
    if "jurisdiction" in kind.rules and any(not t.get("Jurisdiction") for t in taxes):
        advice = "Complete the tax data in Zuora (tax engine or rate)."
        yield problem(kind, "jurisdiction", data, "a tax line has no jurisdiction; not sent.", advice)


def classifications_exist(kind: Kind[D], company: Company, data: D) -> list[Problem]:
    """NetSuite has the account's class, department and location."""
    numbers = (kind.rules["location"], kind.rules["class"], kind.rules["department"])
    return classification.problems_of_account(kind.code, numbers, kind.name(data), company.reference, data.account)


def lines_add_up(kind: Kind[D], company: Company, data: D) -> Iterator[Problem]:
    """The lines as NetSuite will keep them add up to the total; where only rounding separates the two, a setting decides."""
    word = kind.label.split()[-1].lower()
    if "lines" in kind.rules and not kind.items(company, data) and not kind.taxes(company, data):
        advice = f"Check the {word}'s items in Zuora; one of 0 is set aside by itself."
        yield problem(kind, "lines", data, "no line left to send after removing zero amounts; not sent.", advice)
        return
    found, amount, currency = sums(kind, company, data), amount_to_send(kind, company, data), kind.currency(data)
    if found.differ:
        advice = f"Compare the {word} with its items and tax lines in Zuora; if they are right there, ask for help with this number."
        text = f"lines add up to {money.text(found.exact, currency)} but the {word} amount is {money.text(amount, currency)}; not sent."
        yield problem(kind, "sum", data, text, advice)
    elif inexact := company.booking.inexact(kind.name(data), (amount,), currency):
        yield inexact
    elif found.rest and not rounds(company, found):
        yield _rounding(kind, company, data, found)


def _rounding(kind: Kind[D], company: Company, data: D, found: Sums) -> Problem:
    currency = kind.currency(data)
    kept, total, off = (money.text(a, currency) for a in (found.kept, found.amount, abs(found.rest)))
    said = (
        f"{kind.name(data)}: NetSuite keeps {company.booking.booked(currency)} with {found.digits} digits after the point; its "
        f"{found.count} lines, rounded one by one, add up to {kept} instead of {total}, {off} {'less' if found.rest > 0 else 'more'}; "
        "not sent."
    )
    advice = (
        'Set rounding_difference to "line" and rounding_item_id to a NetSuite item: the next run then sends it, with the difference '
        f"on a line of its own. {BY_HAND}"
    )
    return Problem(f"{kind.code}-ROUNDING", said, advice)


OF_LINES = (charges_are_synced, projects_are_known, taxes_have_items, classifications_exist, lines_add_up)
"""What every kind checks of its lines, after what it refers to."""
