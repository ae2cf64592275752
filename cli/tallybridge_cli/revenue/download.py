"""The files of a run of the revenue connector: summary log, attachment, line results, upload files, and what else it told people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError

from tallybridge.errors import ConfigurationError
from tallybridge.revenue.closing import keys_of
from tallybridge.revenue.result import gather
from tallybridge_cli.revenue.site import Site

NOT_THERE = ("NoSuchKey", "404", "AccessDenied")
"""Codes with which S3 says that an object is not there; the last one to a login that may not list the bucket."""


def download(site: Site, run_id: str, into: Path) -> list[Path]:
    """Copy them to a folder; answers those that there were. Raises `ConfigurationError` RUN-NO-FILES when there is none."""
    copied = []
    for bucket, key in dict.fromkeys(_places(site, run_id)):
        content = _content(site, bucket, key)
        if content is None:
            continue
        path = into / run_id / key.rsplit("/", 1)[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        copied.append(path)
    if not copied:
        advice = "It ended before it wrote any, or their retention time has passed; `tallybridge revenue show` says how it ended."
        raise ConfigurationError(f"Run {run_id} has left no files.", place="run", code="RUN-NO-FILES", advice=advice)
    return copied


def _places(site: Site, run_id: str) -> Iterator[tuple[str, str]]:
    """Bucket and key of everything that the run may have left; a run that resumes another one sends the other's files."""
    try:
        result = gather(site, run_id)
    except FileNotFoundError:  # it never got so far
        return
    reports = site.target["REPORTS_BUCKET"]
    keys = {**keys_of(result, site.folder(run_id).key), **site.runs().read(run_id).get("keys", {})}
    yield from ((reports, str(key)) for key in keys.values() if key)
    yield from ((site.target["UPLOADS_BUCKET"], f.key) for f in site.files(result.run.origin).all())


def _content(site: Site, bucket: str, key: str) -> bytes | None:
    try:
        return bytes(site.objects().get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as missing:
        if missing.response.get("Error", {}).get("Code") in NOT_THERE:
            return None
        raise
