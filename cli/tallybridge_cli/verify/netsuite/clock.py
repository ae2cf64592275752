"""Times, and what datasets look like: read from what the account has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tallybridge.netsuite.datasets import PATH as DATASETS
from tallybridge_cli.verify.netsuite.books import RECORDS, first, told
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.world import World

COMMON = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Halifax",
    "America/Sao_Paulo",
    "Pacific/Honolulu",
    "Etc/GMT",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Brisbane",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
)
"""Zones in the order in which they are taken for an offset; then all others by name."""
FORM = "%Y-%m-%d %H:%M:%S"
MONTHS = ("01", "07")
"""One has summer time where there is any, the other has not."""
SAMPLE_DATASETS, SAMPLE_ROWS = 5, 100
SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}")
OTHER_DATES = {"DD-Mon-YYYY": re.compile(r"\d{1,2}-[A-Z][a-z]{2}-\d{4}"), "YYYY-MM-DD": re.compile(r"\d{4}-\d{2}-\d{2}")}
LAST_MONTH = 12
FORBIDDEN = 403


def _zone(world: World) -> str:
    """The zone whose clock shows what queries show, by customers that were changed in different seasons."""
    moments = [found for month in MONTHS for found in _moment(world, f"WHERE TO_CHAR(lastmodifieddate, 'MM') = '{month}'")]
    moments = moments or list(_moment(world, ""))
    if not moments:
        raise NotTestable("There is no customer whose times could be compared.")
    zones = (*COMMON, *sorted(available_timezones() - set(COMMON)))
    for zone in zones:
        if all(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown for moment, shown in moments):
            return zone
    raise NotTestable("The times of queries and of records differ by no offset of a known zone.")


def _moment(world: World, where: str) -> Iterable[tuple[datetime, datetime]]:
    """When a customer was changed: as its record tells it (UTC), and as a query shows it."""
    q = f"SELECT id, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS shown FROM customer {where} ORDER BY lastmodifieddate DESC"
    if row := first(world, q):
        reply = world.netsuite.ask("GET", f"{RECORDS}/customer/{row['id']}", params={"fields": "lastModifiedDate"})
        if reply.ok:
            moment = datetime.fromisoformat(str(reply["lastModifiedDate"])).astimezone(UTC).replace(microsecond=0)
            yield moment, datetime.strptime(row["shown"], FORM)  # noqa: DTZ007 - it is compared without a zone


def _permitted(world: World) -> bool:
    reply = world.netsuite.ask("GET", f"{DATASETS}/", params={"limit": "1", "offset": "0"}, quiet=True)
    if not reply.ok and "feature" in told(reply):
        raise NotTestable(f"The feature is off: {told(reply)}")
    return reply.ok


def _feature(world: World) -> bool:
    reply = world.netsuite.ask("GET", f"{DATASETS}/", params={"limit": "1", "offset": "0"}, quiet=True)
    return reply.ok or "feature" not in told(reply)


def _samples(world: World) -> list[dict[str, Any]]:
    """Rows of the first datasets."""

    def ask() -> list[dict[str, Any]]:
        listed = world.netsuite.ask("GET", f"{DATASETS}/", params={"limit": "1000", "offset": "0"}, quiet=True)
        if not listed.ok:
            raise NotTestable(f"Datasets cannot be listed: {told(listed)}")
        found: list[dict[str, Any]] = []
        for dataset in listed["items"][:SAMPLE_DATASETS]:
            place = {"limit": str(SAMPLE_ROWS), "offset": "0"}
            reply = world.netsuite.ask("GET", f"{DATASETS}/{dataset['id']}/result", params=place, quiet=True)
            found += reply["items"] if reply.ok else []
        if not found:
            raise NotTestable("The role sees no dataset with rows.")
        return [{name: value for name, value in row.items() if name != "links"} for row in found]

    return world.once("dataset rows", ask)


def _keys(world: World) -> str:
    return "lower" if all(name == name.lower() for row in _samples(world) for name in row) else "alias"


def _dates(world: World) -> str:
    values = [str(value) for row in _samples(world) for value in row.values()]
    for name, form in OTHER_DATES.items():
        if any(form.fullmatch(value) for value in values):
            return name
    slashed = [found for value in values if (found := SLASHES.fullmatch(value))]
    if any(int(found[2]) > LAST_MONTH for found in slashed):
        return "M/D/YYYY"
    if any(int(found[1]) > LAST_MONTH for found in slashed):
        return "D/M/YYYY"
    raise NotTestable("No row of a dataset has a date that tells day from month.")


def _texts(world: World) -> bool:
    return all(isinstance(value, str) for row in _samples(world) for value in row.values())


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.time-zone",
        NS,
        "On which clock are the times of queries?",
        _zone,
        "America/Los_Angeles",
        sentence("Queries show the time of {}, or of a zone with the same offsets."),
        sentence("Nothing: times of queries are compared with times of queries alone ({})."),
        option="time_zone",
    ),
    Probe(
        "netsuite.dataset-permission",
        NS,
        "May the role read datasets?",
        _permitted,
        True,
        words(yes="It may.", no="It may not."),
        words(no="The revenue connector cannot read; give the role SuiteAnalytics Workbook."),
        option="datasets.permission",
    ),
    Probe(
        "netsuite.dataset-feature",
        NS,
        "Is the feature SuiteAnalytics Workbook on?",
        _feature,
        True,
        words(yes="It is on.", no="It is off."),
        words(no="The revenue connector cannot read; switch the feature on."),
        option="datasets.suite_analytics_workbook",
    ),
    Probe(
        "netsuite.datasets",
        NS,
        "Are keys of dataset rows in lower case, or as the alias is spelled?",
        _keys,
        "lower",
        words(lower="They are in lower case.", alias="They are as the alias is spelled."),
        words(alias="Nothing: columns are matched without regard to case."),
        option="datasets.key_style",
    ),
    Probe(
        "netsuite.dataset-dates",
        NS,
        "In which format do datasets show dates?",
        _dates,
        "M/D/YYYY",
        sentence("Dates look like {}."),
        sentence("Set the date format of the revenue connector's connection to {}."),
        option="datasets.date_format",
    ),
    Probe(
        "netsuite.dataset-values",
        NS,
        "Are all values of dataset rows text?",
        _texts,
        True,
        words(yes="They are.", no="Some are numbers."),
        words(no="Nothing: numbers are read with all their digits."),
    ),
)
