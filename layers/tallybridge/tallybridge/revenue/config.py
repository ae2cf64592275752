"""The revenue connector's configuration: one JSON document (revenue-connector.md sections 3 to 6), validated as a whole.

Secrets are not part of it: consumer and token keys, user and password stand in the credentials secret.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tallybridge.errors import ConfigurationError
from tallybridge.revenue.dates import checked_source_format
from tallybridge.revenue.schedule import Schedule

MAX_INSTANCES = 50
MAX_OBJECTS = 20
MAX_COLUMNS = 250
MAX_RECIPIENTS = 50
MAX_ROWS = 1_000_000
CSV_ENDPOINT_ROWS = 20_000
"""Most lines that `csv/upload` takes in one request (api-zuora-revenue.md section 5)."""
STANDARD_OBJECTS = ("Orders", "Invoices", "Credit Memos")
"""In the order in which they are processed, since invoices refer to orders; custom objects follow."""
ADDRESS = re.compile(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+\.[^\s@<>,;:\"\\]+", re.ASCII)
LOOPBACK = ("127.0.0.1", "localhost")


def _web_address(text: str) -> str:
    parts = urlsplit(text.strip())
    loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    if text and not (parts.hostname and (parts.scheme == "https" or loopback)):
        raise ValueError("must be a full https address")
    return f"{parts.scheme}://{parts.netloc}" if text else ""


def _dataset_id(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9_]+", text):
        raise ValueError("a dataset id has letters, digits and _ only, such as custdataset17")
    return text


WebAddress = Annotated[str, AfterValidator(_web_address)]
SourceFormat = Annotated[str, AfterValidator(checked_source_format)]
DatasetId = Annotated[str, AfterValidator(_dataset_id)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, str_strip_whitespace=True)


class NetSuiteSide(_Part):
    """Where the datasets are."""

    account_id: str = ""
    """For example 1234567 or 1234567_SB1."""
    services_url: WebAddress = ""
    """The SuiteTalk address of Company URLs; derived from the account id when left out."""
    auth_method: Literal["tba", "oauth2_m2m"] = "tba"
    """Token-based authentication, or OAuth 2.0 client credentials."""
    source_date_format: SourceFormat = "M/D/YYYY"
    """How dates come out of the datasets; ISO dates are always understood."""
    max_concurrency: Annotated[int, Field(ge=1, le=50)] = 5
    """Slots of the account, shared with the billing sync. The connector itself uses one at a time."""

    @model_validator(mode="after")
    def _host_fits(self) -> NetSuiteSide:
        host = urlsplit(self.services_url).hostname or ""
        label = self.account_id.lower().replace("_", "-")
        if host and host not in LOOPBACK and host.partition(".")[0] != label:
            raise ValueError(f"services_url: the host {host} does not belong to account {self.account_id or '(none)'}")
        return self


class RevenueSide(_Part):
    """Where the upload templates are."""

    host: WebAddress = ""
    """For example https://acme.revprooncloud.com."""
    api_prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._-]+)+$")] = "/api/integration/v1"
    """Path before every call."""
    auth_method: Literal["token", "oauth2"] = "token"
    """User and password for a token, or OneID client credentials."""
    token_url: WebAddress = ""
    """Host of OneID for `oauth2`; https://one.zuora.com when left out."""
    role: Annotated[str, Field(min_length=1)] = "API Role"
    """Role of the API user."""
    client_name: Annotated[str, Field(min_length=1)] = "Default"
    """Client name."""


class Connection(_Part):
    """Both sides."""

    netsuite: NetSuiteSide = NetSuiteSide()
    revenue: RevenueSide = RevenueSide()


class Notifications(_Part):
    """Who is mailed. A failed run is always mailed (section 3.3)."""

    recipients: list[str] = Field(default_factory=list)
    """Mail addresses, at most 50; one list for all instances."""
    sender: str = ""
    """Sender of the mails; the one of the deployment when empty."""
    on_success: bool = False
    """Mail after a run without remarks."""
    on_warning: bool = False
    """Mail after a run with warnings, and for skipped and cancelled runs."""

    @model_validator(mode="after")
    def _addresses(self) -> Notifications:
        kept: dict[str, str] = {}
        for number, address in enumerate(self.recipients):
            if not ADDRESS.fullmatch(address.strip()):
                raise ValueError(f'recipients.{number}: "{address}" is not a mail address')
            kept.setdefault(address.strip().lower(), address.strip())
        if self.sender and not ADDRESS.fullmatch(self.sender):
            raise ValueError(f'sender: "{self.sender}" is not a mail address')
        if len(kept) > MAX_RECIPIENTS:
            raise ValueError(f"recipients: at most {MAX_RECIPIENTS}, not {len(kept)}")
        object.__setattr__(self, "recipients", list(kept.values()))
        return self


class Options(_Part):
    """How datasets become files and files are sent."""

    large_dataset_mode: Literal["chunked", "single", "refuse"] = "chunked"
    """More rows than fit into one file: send parts one after the other, send one file all the same, or send nothing."""
    max_rows_per_file: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 60_000
    """Up to so many rows a dataset goes as exactly one file."""
    rows_per_part: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 50_000
    """Rows of one part in `chunked` mode."""
    max_file_mb: Annotated[int, Field(ge=1, le=1_000)] = 100
    """Largest file."""
    max_rows: Annotated[int, Field(ge=1, le=MAX_ROWS)] = MAX_ROWS
    """Most rows of a dataset."""
    sanitize_leading_chars: bool = False
    """Strip = + @ at the beginning of a value, with a warning, instead of refusing the file."""
    ascii_only: bool = False
    """Refuse characters outside printable ASCII."""
    strict_mandatory: bool = False
    """An empty mandatory column is an error instead of a warning."""
    warn_on_empty_dataset: bool = False
    """A dataset without rows is a warning."""
    continue_after_object_failure: bool = False
    """Send later objects although an earlier one could not be staged."""
    upload_endpoint: Literal["file", "csv"] = "file"
    """`upload/file`, or `csv/upload` where the former is not available (at most 20,000 lines a file)."""
    poll_first_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    """First pause before Revenue is asked again whether a file is staged."""
    poll_most_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    """Longest such pause."""
    staging_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    """How long a file may take to be staged."""

    @model_validator(mode="after")
    def _fits_endpoint(self) -> Options:
        largest = max(self.max_rows_per_file, self.rows_per_part)
        if self.upload_endpoint == "csv" and largest > CSV_ENDPOINT_ROWS:
            raise ValueError(
                f"upload_endpoint: csv takes at most {CSV_ENDPOINT_ROWS} rows a file; lower max_rows_per_file and rows_per_part"
            )
        if self.rows_per_part > self.max_rows_per_file:
            raise ValueError("rows_per_part: must not be above max_rows_per_file")
        return self


class MappingLine(_Part):
    """One source column (alias in the dataset) to one target column (staging column of the template)."""

    source: Annotated[str, Field(min_length=1, max_length=200)]
    target: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _not_links(self) -> MappingLine:
        if self.source.lower() == "links":
            raise ValueError('source: a column cannot be called "links"')
        return self


class InstanceObject(_Part):
    """One line of a solution instance."""

    object: Annotated[str, Field(min_length=1, max_length=80)]
    """Orders, Invoices, Credit Memos, or the name of a custom object."""
    enabled: bool = True
    """Whether runs take it."""
    dataset: DatasetId = ""
    """Id of the NetSuite dataset."""
    dataset_name: str = ""
    """Its name, for reports."""
    template: str = ""
    """Name of the upload template in Revenue."""
    sequence: int | None = None
    """Place in the order of processing; Orders, Invoices, Credit Memos, custom when left out."""
    key_column: str = ""
    """Dataset column that identifies a line; used to find duplicates and to name rows."""
    source_date_format: SourceFormat = ""
    """In place of the connection's."""
    mapping: Annotated[list[MappingLine], Field(max_length=MAX_COLUMNS)] = Field(default_factory=list)
    """Lines of source and target column."""

    @model_validator(mode="after")
    def _targets_once(self) -> InstanceObject:
        for target, count in Counter(line.target.lower() for line in self.mapping).items():
            if count > 1:
                raise ValueError(f'mapping: target "{target}" is used {count} times')
        return self

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the order of processing."""
        usual = STANDARD_OBJECTS.index(self.object) if self.object in STANDARD_OBJECTS else len(STANDARD_OBJECTS)
        return (usual if self.sequence is None else self.sequence, usual)

    @property
    def mapping_version(self) -> str:
        """A short fingerprint of the mapping; it stands in every summary log."""
        return hashlib.sha256(json.dumps([[line.source, line.target] for line in self.mapping]).encode()).hexdigest()[:12]


class Instance(_Part):
    """A solution instance: objects that run together."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    objects: Annotated[list[InstanceObject], Field(min_length=1, max_length=MAX_OBJECTS)]
    schedule: Schedule | None = None
    """When it runs by itself; none means on demand only."""

    @model_validator(mode="after")
    def _types_once(self) -> Instance:
        for name, count in Counter(line.object.lower() for line in self.objects).items():
            if count > 1:
                raise ValueError(f'objects: "{name}" stands in it {count} times')
        return self

    @property
    def enabled_objects(self) -> list[InstanceObject]:
        """The objects that a run takes, in the order of processing."""
        return sorted((line for line in self.objects if line.enabled), key=lambda line: line.place)

    @property
    def key(self) -> str:
        """The name as locks use it: unique without regard to case."""
        return self.name.lower()


class RevenueConfig(_Part):
    """The whole document. An empty one means: not connected, switched off."""

    enabled: bool = False
    """The integration toggle (section 3.2)."""
    connection: Connection = Connection()
    notifications: Notifications = Notifications()
    options: Options = Options()
    instances: Annotated[list[Instance], Field(max_length=MAX_INSTANCES)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_once(self) -> RevenueConfig:
        for name, count in Counter(instance.key for instance in self.instances).items():
            if count > 1:
                raise ValueError(f'instances: the name "{name}" is used {count} times')
        return self

    def instance(self, name: str) -> Instance | None:
        """The instance of this name, whatever its case; None when there is none."""
        return next((i for i in self.instances if i.key == name.strip().lower()), None)

    @property
    def version(self) -> str:
        """A short fingerprint of the document, stored with every run."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def parse_config(document: str) -> RevenueConfig:
    """The configuration from its JSON text. Raises `ConfigurationError` REVENUE-SETTINGS that names the place of every fault, such as
    instances.0.objects.1.mapping.3.target."""
    try:
        content = json.loads(document or "{}")
    except ValueError as wrong:
        raise _unusable(f"document: it is not valid JSON: {wrong}", "document") from wrong
    if not isinstance(content, dict):
        raise _unusable("document: it must be one JSON object", "document")
    try:
        return RevenueConfig.model_validate(content)
    except ValidationError as wrong:
        faults = [_explained(error) for error in wrong.errors()]
        raise _unusable("; ".join(f"{place}: {text}" for place, text in faults), ", ".join(place for place, _ in faults)) from wrong


def _unusable(text: str, place: str) -> ConfigurationError:
    advice = "Correct these places and store the document again; the next run takes the change."
    return ConfigurationError(f"The revenue configuration is not usable: {text}", place=place, code="REVENUE-SETTINGS", advice=advice)


def _explained(error: Any) -> tuple[str, str]:
    """Place and text of one fault. Rules over several fields name the place below their own in front of the text."""
    loc: Sequence[Any] = error["loc"]
    text = "is not a setting" if error["type"] == "extra_forbidden" else str(error["msg"]).removeprefix("Value error, ")
    place = ".".join(map(str, loc))
    if error["type"] == "value_error" and (named := re.match(r"([a-z_]+(?:\.\d+)?): ", text)):
        place, text = ".".join(filter(None, [place, named[1]])), text[named.end() :]
    return place or "document", text
