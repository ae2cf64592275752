"""How long the credentials still hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tallybridge.desk.doctor.check import Check, State
from tallybridge.desk.target import Target
from tallybridge.expiry import EXPIRES, NAMES, PREVIOUS, by_certificate, endings
from tallybridge.wiring import parse_secret

AREA = "Credentials"


def checks(target: Target) -> Iterator[Check]:
    """One check for each side that says when it ends, and one for a certificate of which nobody has said it."""
    text = target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"]
    given = parse_secret(text)
    for end in endings(given, target.clock.now().date()):
        name = f"last day of {NAMES[end.system]}"
        if not end.is_due:
            yield Check(AREA, name, State.OK, str(end.day))
        else:
            yield Check(AREA, name, State.FAIL if end.left < 0 else State.WARN, end.text, end.advice)
    yield from _unsaid(given)
    if before := given.get("netsuite", {}).get(PREVIOUS):
        text = f"the one before, {before}, still works: a change is not finished"
        yield Check(AREA, "certificate", State.NOTE, text, "Once a run has gone well: `tallybridge rotate netsuite --finish`.")


def _unsaid(given: Mapping[str, Mapping[str, str]]) -> Iterator[Check]:
    of_netsuite = given.get("netsuite", {})
    if by_certificate("netsuite", of_netsuite) and EXPIRES not in of_netsuite:
        text = "nobody has said when the certificate ends, so that nobody is warned"
        advice = "Look up its last day in NetSuite and give it alone: `tallybridge rotate netsuite` (all else stays when left empty)."
        yield Check(AREA, f"last day of {NAMES['netsuite']}", State.NOTE, text, advice)
