"""How an account behaves where NetSuite publishes nothing, or where its pages and its clients disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Habits:
    """Each has the inconvenient side as its default, or what was reported; `tallybridge verify` tells those of a real account."""

    payment_needed: bool = True
    """A payment needs its amount; off: it is what is applied."""
    payment_raised: bool = False
    """A payment is raised to what is applied; off: applying more than it has is refused."""
    equal_apply_lines: Literal["last", "sum", "refused"] = "last"
    """What counts of several application lines for one document."""
    applies_by_itself: bool = False
    """A new credit memo without applications is applied to the oldest invoices."""
    applying_touches: bool = True
    """An application changes the time of change of the document it is applied to."""
    rounding: Literal["half up", "half even"] = "half up"
    """How lines are rounded."""
    base_rate: Literal["refused", "kept", "ignored"] = "refused"
    """What becomes of a rate other than 1 in the base currency."""
    unknown_line: Literal["added", "refused", "ignored"] = "added"
    """What an update of a line does that does not exist."""
    duplicate_numbers: Literal["refused", "taken"] = "refused"
    """What becomes of a document whose number another one of its type has. The preference *Duplicate Number Warnings* is for people."""
    tax_schedule_required: bool = True
    """Items need a tax schedule (advanced taxes)."""
    null_income_account: Literal["empty", "default", "refused"] = "empty"
    """What becomes of an item created with `"incomeAccount": null`; another connector documents that its items are emptied so."""
    external_id_case: bool = False
    """External ids that differ by case alone are different; off: the second one is taken."""
    read_only_ignored: bool = False
    """Properties that the server works out are ignored when sent; off: refused."""
    empty_text_clears: bool = False
    """An empty text clears a date, a number or a reference, as it clears texts; off: it is a bad value."""
    sourced_in_queries: bool = True
    """Fields sourced from another record have a value in queries."""
    ledger_signs: bool = True
    """Amounts in queries have the sign of the ledger; off: none."""
    status_filter: Literal["compound", "letter"] = "compound"
    """The form in which queries compare a status: `'CustInvc:A'` or `letter`."""
    query_case: bool = True
    """`=` and `LIKE` tell upper from lower case."""
    async_query: Literal["refused", "answered"] = "refused"
    """A query with `respond-async`: the help says that this is not supported; `answered`: at once."""
    key_must_be_uuid: bool = True
    """Idempotency keys that are no UUID are refused."""
    batch_in_order: bool = False
    """Items of a batch take effect in their order unless `batch-processing="parallel"` is asked for, as newer pages say; off: in any order,
    as older ones do."""
    job_location: Literal["relative", "absolute"] = "relative"
    """The form of `Location` of a job: the pages show both."""
