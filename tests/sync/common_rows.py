"""The rows that every kind of transaction has, and that its page of the specification repeats: the same words, other numbers.

`make(number, **fields)` makes a record; `of` is its account. Numbers of records begin with `code`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sync.table import Row, held, left, sent
from tests.sync.words import Part, an_account

Rules = tuple[str, ...]
ELIGIBLE: Rules = ("sequence-and-status.7.6.eligibility",)
IGNORED: Rules = ("sequence-and-status.4.1.rule.8", "sequence-and-status.4.3.transition.any-ignore-or-ignore-any-next-run")
READ: Rules = ("settings.key.zuora.read_path",)
"""All of these pages are read in both ways."""
NULL: Rules = ("sequence-and-status.5.3.null-tta",)


def taken_by_state(
    code: str,
    make: Callable[..., Part],
    *,
    account: int,
    transferred: int,
    date: tuple[int, str, str, str],
    doing: str,
    ignored: int = 0,
    cutover: Rules = (),
) -> list[Row]:
    """Selection rules by number: `account`, whose Sync To NetSuite counts; `transferred` to accounting; `date` = (rule, field, cutover
    date, the day before); `ignored`, 0 where the status Ignore has no number of its own. `doing`: the end of the status texts."""
    rule, field, cutover_date, before = date
    yes, no = an_account("YES", SynctoNetSuite__NS="Yes"), an_account("NO", SynctoNetSuite__NS="No")
    error = {"TransferredToAccounting": "Error", "IntegrationStatus__NS": f"Error Creating {doing}"}
    under_way = {"TransferredToAccounting": "Processing", "IntegrationStatus__NS": f"Creating {doing}"}
    by_status = f"selection.{ignored}: status" if ignored else "status"
    return [
        sent(f"selection.{account}: Sync To NetSuite Yes", make(f"{code}YES", of=yes), also=ELIGIBLE),
        sent(f"selection.{account}: Sync To NetSuite empty", make(f"{code}A1"), also=(*ELIGIBLE, *READ)),
        left(f"selection.{account}: Sync To NetSuite No", make(f"{code}NO", of=no), also=ELIGIBLE),
        sent(f"selection.{transferred}: transferred null", make(f"{code}T0", TransferredToAccounting=None), also=NULL),
        sent(f"selection.{transferred}: transferred No", make(f"{code}TN", TransferredToAccounting="No")),
        sent(f"selection.{transferred}: transferred Error", make(f"{code}TE", **error)),
        sent(f"selection.{transferred}: transferred Processing", make(f"{code}TP", **under_way)),
        left(f"selection.{transferred}: transferred Yes", make(f"{code}TY", TransferredToAccounting="Yes")),
        left(f"selection.{transferred}: transferred Ignore", make(f"{code}TI", TransferredToAccounting="Ignore"), also=IGNORED),
        sent(f"selection.{rule}: dated on the cutover date", make(f"{code}DON", **{field: cutover_date}), also=cutover),
        left(f"selection.{rule}: dated before the cutover date", make(f"{code}DB", **{field: before}), also=cutover),
        sent(f"{by_status} Something else", make(f"{code}SO", IntegrationStatus__NS="Something else")),
        left(f"{by_status} Ignore", make(f"{code}SI", IntegrationStatus__NS="Ignore"), also=IGNORED),
    ]


def held_for_the_account(
    code: str, make: Callable[..., Part], *, location: int, class_: int, department: int, amount: str, also: Rules = ()
) -> list[Row]:
    """Validations by number: a location, class or department of the account that NetSuite does not have. And a currency that the customer
    does not have."""
    values = {"location": ("Mars", "LOC", location), "class": ("Toys", "CLS", class_), "department": ("Americas:East", "DEP", department)}
    return [
        *(
            held(
                f"validation.{number}",
                make(f"{code}{owner}", of=an_account(owner, **dict[str, Any]({f"{field.capitalize()}__NS": value}))),
                f'{code}-V{number}: {field} "{value}" of account {owner} does not exist in NetSuite.',
                also=also,
            )
            for field, (value, owner, number) in values.items()
        ),
        held(
            "sequence-and-status.7.3.differs",
            make(f"{code}EUR", of=an_account("EURO", there="9104", currency="EUR")),
            f'{code}-CURRENCY of EUR {amount}: NetSuite customer "Customer EURO" (9104) has USD, not EUR; not sent.',
        ),
    ]
