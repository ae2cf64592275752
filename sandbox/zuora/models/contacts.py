"""What a contact must keep to, whichever API writes it (vendor's page "Country, State, and Province Codes", published POST_Account)."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.schema.places import country_names, region_names

MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+\Z")
MAILS = ("WorkEmail", "PersonalEmail")
NAMES = ("FirstName", "LastName")
Refuse = Callable[[str], Exception]


def settled(tenant: Tenant, old: Record, changes: Record, refuse: Refuse) -> Record:
    """The changes of a contact (`old` is empty for a new one) as they are stored: names of country and state in place of codes. Raises what
    `refuse` makes of a text."""
    for name in MAILS:
        if changes.get(name) and not MAIL.match(changes[name]):
            raise refuse(f"The value {changes[name]!r} of field {name} is not a mail address.")
    for name in NAMES:
        if name in changes and not changes[name]:
            raise refuse(f"The field {name} of a contact cannot be cleared.")
    known = country_names() | {name: name for name in tenant.options.countries}
    stored = dict(changes)
    if country := changes.get("Country"):
        if country not in known:
            raise refuse(f"The country {country!r} is not a valid country name or code.")
        stored["Country"] = known[country]
    new = {**old, **stored}
    if new.get("State") and ("Country" in changes or "State" in changes):
        country = known.get(new.get("Country") or "", "")
        regions = region_names(country)
        if regions and new["State"] not in regions:
            raise refuse(f"The state {new['State']!r} is not a valid state or province of {country}.")
        stored["State"] = regions.get(new["State"], new["State"])
    return stored
