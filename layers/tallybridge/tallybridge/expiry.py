"""When the credentials of a side end, as the person who has made them says: no vendor's API tells it. Runs and the doctor look ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

EXPIRES = "expires_on"
"""The key of the secret that holds the last day (YYYY-MM-DD) of a side's credentials."""
PREVIOUS, CHANGED = "previous_certificate_id", "certificate_changed_at"
"""Keys for the certificate that a new one has replaced and that NetSuite still takes, and for when it was replaced (ISO 8601)."""
NAMES = {"zuora": "Zuora", "netsuite": "NetSuite", "revenue": "Zuora Revenue"}
CODE = "CREDENTIALS-EXPIRE"
STAGES = (60, 30, 14, 7, 3, 1, 0)
"""Days before the last one at which people are mailed; at the first of them the doctor and the console begin to say so."""


@dataclass(frozen=True)
class Ending:
    """Credentials that end: of which side, their last day, and how many days are left, below 0 once it is over."""

    system: str
    day: date
    left: int
    certificate: bool

    @property
    def stage(self) -> str:
        """How near it is, and that of which day: what was told at one stage is told anew at the next."""
        passed = [days for days in STAGES if self.left <= days]
        return f"{self.day} {'over' if self.left < 0 else min(passed, default='')}"

    @property
    def text(self) -> str:
        return f"The credentials of {NAMES[self.system]} {'expire' if self.left >= 0 else 'expired'} on {self.day}."

    @property
    def is_due(self) -> bool:
        return self.left <= STAGES[0]

    @property
    def advice(self) -> str:
        if self.certificate:
            return "Put a new certificate in force: `tallybridge rotate netsuite --certificate`."
        return f"Make new ones there and exchange them: `tallybridge rotate {self.system}`."


def endings(credentials: Mapping[str, Mapping[str, str]], today: date) -> Iterator[Ending]:
    """Of each side of the secret that says a last day, how long it still is; one that is no day says nothing."""
    for system, given in credentials.items():
        try:
            day = date.fromisoformat(given.get(EXPIRES, ""))
        except ValueError:
            continue
        if system in NAMES:
            yield Ending(system, day, (day - today).days, by_certificate(system, given))


def to_tell(
    credentials: Mapping[str, Mapping[str, str]], today: date, is_first: Callable[[str, str], bool]
) -> Iterator[tuple[Ending, bool]]:
    """What a run tells of its credentials, and whether it is the first to do so at this stage, so that people are mailed. `is_first` notes
    what is told, and its stage."""
    for end in endings(credentials, today):
        if end.is_due:
            yield end, is_first(f"{CODE} {end.system}", end.stage)


def by_certificate(system: str, given: Mapping[str, str]) -> bool:
    """Whether a side's login is one by a certificate, which never lasts longer than two years."""
    return system == "netsuite" and given.get("auth_method", "oauth2_m2m") == "oauth2_m2m" and bool(given.get("certificate_id"))
