"""The steps of the set-up that a Zuora administrator takes, in their order."""

from __future__ import annotations

from tallybridge.desk.doctor.zuora import SUFFIX_NEXT
from tallybridge_cli.setup.steps import Seen, Standing, State, Step, Who, of_checks

AREA, BOTH = "Zuora", "Both sides"
NO_LOGIN = "The fields are seen once the login of the API user works; until then `tallybridge setup zuora` shows them."


def login(seen: Seen) -> Standing:
    """Role, user and client show in a login that works."""
    if seen.target is None:
        return Standing(State.HIDDEN, "Nothing is deployed yet that could log in.")
    checks = seen.of(AREA, "login")
    if not checks:
        return Standing(State.OPEN, "The credentials of Zuora are not in the secret yet.")
    return of_checks(checks)


def fields(seen: Seen) -> Standing:
    """Every object has the fields that the running steps need."""
    own = [c for c in seen.of(AREA) if c.name.startswith("fields of ")]
    standing = of_checks(own, NO_LOGIN)
    if suffix := next((c for c in own if c.next in SUFFIX_NEXT.values()), None):
        return Standing(State.OPEN, suffix.detail, suffix.next)
    return Standing(State.DONE, f"{len(own)} objects have their fields") if standing.state is State.DONE else standing


def taxes(seen: Seen) -> Standing:
    return of_checks(seen.of(BOTH, "tax items"), "Seen once both logins work, and only of tax codes that Zuora has used.")


def methods(seen: Seen) -> Standing:
    checks = seen.of(BOTH, "tenant-wide payment methods")
    if not checks and seen.works(AREA) and seen.works("NetSuite"):
        return Standing(State.DONE, "not needed: no NetSuite payments are sent to Zuora")
    return of_checks(checks, "Seen once both logins work.")


STEPS: tuple[Step, ...] = (
    Step(
        "zuora.fields",
        "The connector's fields in Zuora",
        Who.ZUORA,
        10,
        "tallybridge setup zuora --create --stack {stack}",
        fields,
    ),
    Step(
        "zuora.user",
        "Role, user and OAuth client of the connector in Zuora",
        Who.ZUORA,
        15,
        "Settings > Administration > Manage User Roles, then Manage Users; `tallybridge setup zuora --stack {stack}` lists the permissions",
        login,
        by_hand=True,
    ),
    Step(
        "zuora.tax-codes",
        "Accounting codes on Zuora's tax codes, named after NetSuite items",
        Who.ZUORA,
        10,
        'tallybridge setup zuora --create --tax-item "TAXCODE=internal id" --stack {stack}',
        taxes,
    ),
    Step(
        "zuora.payment-methods",
        "Payment methods without account, for NetSuite payments",
        Who.ZUORA,
        5,
        "tallybridge setup zuora --create --payment-type Check --stack {stack}",
        methods,
    ),
)
