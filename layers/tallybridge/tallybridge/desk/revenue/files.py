"""The files of a run of the revenue connector: summary log, attachment, line results, upload files, and what else it told people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from tallybridge.desk.revenue.site import Site
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.closing import keys_of
from tallybridge.revenue.result import gather

NOT_THERE = ("NoSuchKey", "404", "AccessDenied")
"""Codes with which S3 says that an object is not there; the last one to a login that may not list the bucket."""


@dataclass(frozen=True)
class Place:
    """Where a file lies; `what` it is: "summary_csv", "attachment", "report", "mail", "line_results_1", "upload"."""

    what: str
    bucket: str
    key: str

    @property
    def name(self) -> str:
        return self.key.rsplit("/", 1)[-1]


def told(site: Site, run_id: str) -> Iterator[Place]:
    """What a run has left for people to read, as far as it is kept."""
    try:
        result = gather(site, run_id)
    except FileNotFoundError:  # it never got so far
        return
    keys = {**keys_of(result, site.folder(run_id).key), **site.runs().read(run_id).get("keys", {})}
    folders = [site.folder(each) for each in dict.fromkeys((run_id, result.run.origin))]
    kept = {folder.key(name) for folder in folders for name in folder.names("")}
    yield from (Place(what, site.target["REPORTS_BUCKET"], str(key)) for what, key in keys.items() if key in kept)


def uploads(site: Site, run_id: str) -> Iterator[Place]:
    """The upload files of a run; one that resumes another run sends the other's files."""
    try:
        origin = gather(site, run_id).run.origin
    except FileNotFoundError:
        return
    yield from (Place("upload", site.target["UPLOADS_BUCKET"], f.key) for f in site.files(origin).all())


def content(site: Site, place: Place) -> bytes | None:
    """What a file holds, None where it is not there."""
    try:
        return bytes(site.objects().get_object(Bucket=place.bucket, Key=place.key)["Body"].read())
    except ClientError as missing:
        if missing.response.get("Error", {}).get("Code") in NOT_THERE:
            return None
        raise


def no_files(run_id: str) -> ConfigurationError:
    """A run has left none."""
    advice = "It ended before it wrote any, or their retention time has passed; `tallybridge revenue show` says how it ended."
    return ConfigurationError(f"Run {run_id} has left no files.", place="run", code="RUN-NO-FILES", advice=advice)
