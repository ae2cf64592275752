"""How an account behaves where NetSuite publishes nothing, or where accounts differ by preferences that nobody can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Habits:
    """Each has the inconvenient side as its default, or what was reported; `tallybridge verify` tells those of a real account.

    `closed_date`: a document dated in a closed period is refused, or moved into the next open one (*Default Posting Period When Transaction
    Date in Closed Period*). `payment_needed`: a payment needs its amount; else it is what is applied. `payment_raised`: a payment is raised
    to what is applied; else more than it has is refused. `equal_apply_lines`: what counts of several application lines for one document.
    `applies_by_itself`: credit memos without applications are applied to the oldest invoices. `applying_touches`: an application changes
    the time of change of the document. `rounding` of lines. `base_rate`: what becomes of a rate other than 1 in the base currency.
    `unknown_line`: what an update of a line does that does not exist. `tax_schedule_required`: advanced taxes are on, so that items need
    one. `null_income_account`: what becomes of an item whose income account is given as null. `external_id_case`: external ids that differ
    by case are different. `read_only_ignored`: properties that the server works out are ignored; else they are refused.
    `sourced_in_queries`: fields sourced from another record are columns with a value. `ledger_signs`: amounts in queries have the sign of
    the ledger; else none. `status_filter`: the form in which queries compare a status. `query_case`: queries tell upper from lower case.
    `async_query`: what becomes of a query with `respond-async`. `key_must_be_uuid`: other idempotency keys are refused.
    """

    closed_date: Literal["refused", "moved"] = "refused"
    payment_needed: bool = True
    payment_raised: bool = False
    equal_apply_lines: Literal["last", "sum", "refused"] = "last"
    applies_by_itself: bool = False
    applying_touches: bool = True
    rounding: Literal["half up", "half even"] = "half up"
    base_rate: Literal["kept", "ignored", "refused"] = "kept"
    unknown_line: Literal["added", "refused", "ignored"] = "added"
    tax_schedule_required: bool = False
    null_income_account: Literal["empty", "default", "refused"] = "empty"
    external_id_case: bool = True
    read_only_ignored: bool = True
    sourced_in_queries: bool = True
    ledger_signs: bool = True
    status_filter: Literal["compound", "letter"] = "compound"
    query_case: bool = True
    async_query: Literal["answered", "refused"] = "answered"
    key_must_be_uuid: bool = True
