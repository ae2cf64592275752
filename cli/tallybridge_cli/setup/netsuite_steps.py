"""The steps of the set-up that are done in NetSuite, for `tallybridge setup`."""

from __future__ import annotations

from tallybridge.fields.netsuite import NETSUITE
from tallybridge_cli.setup.netsuite import AFTERWARDS, FEATURES
from tallybridge_cli.setup.steps import Seen, Standing, State, Step, Who, of_checks

HIDDEN = "shown once a login works"
FIELDS = (*(f"fields of {record_type}" for record_type in NETSUITE), "sourced fields")


def logged_in(seen: Seen) -> Standing:
    """Done when a login with the installation's credentials goes well: then feature, user, integration and certificate are right."""
    if seen.works("NetSuite"):
        return Standing(State.DONE, "a login went well")
    found = seen.of("NetSuite", "login")
    return Standing(State.OPEN, found[0].detail) if found else Standing(State.HIDDEN, HIDDEN)


def deployed(seen: Seen) -> Standing:
    """Done when no record type lacks a field that a step needs."""
    return of_checks(seen.of("NetSuite", *FIELDS) if seen.works("NetSuite") else [], HIDDEN)


def permitted(seen: Seen) -> Standing:
    """Done when the role is not refused anything that can be asked for."""
    return of_checks(seen.of("NetSuite", "permissions", "deleted records") if seen.works("NetSuite") else [], HIDDEN)


STEPS = (
    Step("netsuite.features", "Enable NetSuite's features", Who.NETSUITE, 5, FEATURES[0], logged_in, by_hand=True),
    Step(
        "netsuite.project",
        "Deploy fields, lists and role",
        Who.NETSUITE,
        15,
        "tallybridge setup netsuite --all (later, with a login: --stack {stack}), and the commands that it prints",
        deployed,
    ),
    Step("netsuite.user", "Give the role to the integration's user", Who.NETSUITE, 5, AFTERWARDS[0], logged_in, by_hand=True),
    Step("netsuite.integration", "Make the integration record", Who.NETSUITE, 5, AFTERWARDS[1], logged_in, by_hand=True),
    Step("netsuite.certificate", "Map the certificate", Who.NETSUITE, 5, AFTERWARDS[2], logged_in, by_hand=True),
    Step("netsuite.permissions", "Complete the role", Who.NETSUITE, 5, "tallybridge doctor --stack {stack}", permitted, by_hand=True),
)
